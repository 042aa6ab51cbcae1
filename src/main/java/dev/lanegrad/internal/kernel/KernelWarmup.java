package dev.lanegrad.internal.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.locks.LockSupport;

/**
 * The thread that runs vector loops on scratch memory until the JVM has compiled them, those of primitives and those that it
 * emits: before that each vector is an object on the heap, and a call takes a hundred times as long. It rests as long
 * as it runs, since the compilers need the core that the program leaves.
 */
final class KernelWarmup {
    /**
     * Bytes of an operand in a call that is there to be counted. The JVM compiles after 5,000 calls, or fewer with many
     * turns; one vector a call is the least work, but a loop that is short enough to be unrolled must have shown that
     * it makes turns.
     */
    private static final int SHORT = 64;
    private static final int LONGER = 16 * 64;
    private static final int UNROLLED = 8;
    /** Bytes by which an operand is short of whole groups of lanes. */
    private static final int REST = 2 * Double.BYTES;
    /** Bytes of an operand in a call that is timed. */
    private static final int TIMED = 16 * 64;
    /** The same of a loop that sums, in which the end of a call must not count. */
    private static final int LONG_TIMED = 16 * TIMED;
    /** Calls between two looks at the clock. */
    private static final int CALLS = 200;
    /** A vector takes less than this for each instruction, load and store when compiled, and several times as long before. */
    private static final long NANOS = 6;
    /**
     * A loop that is not compiled after this time, or so many times longer as it has been tried, is emitted again as another
     * class. For C2 wants a profile by C1, which refuses long methods ("out of virtual registers"); a method that C1 has
     * compiled without a profile before, since C2 was busy, then stays as it is for good.
     */
    private static final long PATIENCE = 2_000_000_000L;
    /**
     * So long after the first kernel has been in use for a while nothing is done: the JVM's compilers are busy with
     * everything else then, and a loop that runs until they come to it would take a core from them.
     */
    private static final long SETTLING = 2_000_000_000L;
    private static final int ATTEMPTS = 5;
    /** Looks at the clock in a row that must find a loop compiled. */
    private static final int STEADY = 8;
    /** So many times longer it takes at least while it is interpreted. */
    private static final int NOT_COMPILED = 30;
    /** A short call of a loop that takes less is of a compiled one; it takes many times as long before. */
    private static final long COMPILED = 400;
    /** Operands of a primitive, with its result. */
    private static final int PLACES = 4;
    /** What has come to use, and waits for its vector loops: one loop, and several. */
    private static final Queue<MapKernel> PRIMITIVES = new ArrayDeque<>();
    private static final Queue<MapKernel> STARTED = new ArrayDeque<>();
    /** What became hot last comes first: it is wanted now, and others may have had their time. */
    private static final ArrayDeque<HotLoop> HOT = new ArrayDeque<>();
    /** Loops of folds that have come to use. */
    private static final Queue<Fold> FOLDS = new ArrayDeque<>();
    private static Thread thread;
    private static long begin;

    /**
     * What has become of an emitted loop. One that takes about as long as what runs now is as good: so small a difference is
     * noise, and the emitted loop reads scalars once.
     */
    private enum Outcome { FASTER, NO_FASTER, NOT_COMPILED }

    /** A loop of a fold. */
    private record Fold(FoldLoops loops, FoldCall call) {
    }

    /** A short call of a loop, and what is to be done when it is compiled or has had its time. */
    private record Turn(Runnable call, Runnable done) {
    }

    private KernelWarmup() {
    }

    /** Has {@code kernel} run by vector loops when these are compiled. */
    static synchronized void start(MapKernel kernel) {
        (kernel.primitives().size() == 1 ? PRIMITIVES : STARTED).add(kernel);
        wake();
    }

    /** Has a loop of a fold run until it is compiled. */
    static synchronized void start(FoldLoops loops, FoldCall call) {
        FOLDS.add(new Fold(loops, call));
        wake();
    }

    /** Has the loop of {@code hot} emitted, and put in its place when it is compiled. */
    static synchronized void queue(HotLoop hot) {
        HOT.addFirst(hot);
        wake();
    }

    private static void wake() {
        if (thread == null) {
            begin = System.nanoTime() + SETTLING;
            thread = Thread.ofPlatform().name("lanegrad-warmup").daemon(true).start(KernelWarmup::work);
        }
        KernelWarmup.class.notifyAll();
    }

    // Emitted loops need no loops of primitives, but for a kernel that is one primitive they are all there is.
    private static synchronized Runnable next() throws InterruptedException {
        while (true) {
            long left = (begin - System.nanoTime()) / 1_000_000;
            if (left > 0) {
                KernelWarmup.class.wait(left + 1);
            } else if (!FOLDS.isEmpty()) {
                List<Fold> folds = List.copyOf(FOLDS);
                FOLDS.clear();
                return () -> compileFolds(folds);
            } else if (!PRIMITIVES.isEmpty() || HOT.isEmpty() && !STARTED.isEmpty()) {
                Queue<MapKernel> queue = PRIMITIVES.isEmpty() ? STARTED : PRIMITIVES;
                List<MapKernel> kernels = List.copyOf(queue);
                queue.clear();
                return () -> compile(kernels);
            } else if (!HOT.isEmpty()) {
                HotLoop hot = HOT.removeFirst();
                return () -> emit(hot);
            } else {
                KernelWarmup.class.wait();
            }
        }
    }

    private static void work() {
        while (true) {
            try {
                Runnable job = next();
                Spread.useVectors();
                job.run();
            } catch (InterruptedException e) {
                return;
            } catch (RuntimeException | LinkageError e) {
                // The kernel goes on as it runs now; the others may still get loops of their own.
                System.getLogger("dev.lanegrad").log(System.Logger.Level.WARNING, "A kernel stays slow.", e);
            }
        }
    }

    private static void emit(HotLoop hot) {
        if (hot.emitted && hot.attempts == 0) {
            return;
        }
        hot.emitted = true;
        List<MapKernel.Variant> rivals = rivals(hot);
        for (MapKernel.Variant rival : rivals) {
            if (rival != hot && sums(hot) > 0 && !rival.emitted && !rival.kernel.isSingle()) {
                // A loop that makes an object of each sum is faster than an interpreter, but not than the loop that stores.
                emit(rival);
            }
        }
        Loop loop = hot.emit();
        if (loop == null) {
            return;
        }
        switch (compile(hot, loop, rivals)) {
            case FASTER -> hot.publish(loop);
            case NO_FASTER -> { }
            case NOT_COMPILED -> {
                if (++hot.attempts < ATTEMPTS) {
                    synchronized (KernelWarmup.class) {
                        HOT.addLast(hot);
                    }
                }
            }
        }
    }

    /** What takes about as long together, or runs now: a loop that sums has nothing but loops that store to compare with. */
    private static List<MapKernel.Variant> rivals(HotLoop hot) {
        return switch (hot) {
            case MapKernel.Variant variant -> List.of(variant.kernel.variant(variant.scalars));
            case RowKernel rows -> rows.chain.steps().stream().map(step ->
                    MapKernel.of(step.code()).variant(rows.chain.scalars(step) << step.code().outputs().size())).toList();
        };
    }

    /** Sums that a call makes. */
    private static int sums(HotLoop hot) {
        return switch (hot) {
            case MapKernel.Variant variant -> Long.bitCount(variant.folds);
            case RowKernel rows -> (int) rows.chain.steps().stream().flatMap(step -> step.summed().stream())
                    .filter(operand -> operand >= 0).count();
        };
    }

    /** Runs the loops of primitives until they are compiled, or have run for long: the turn of those comes when they are used. */
    private static void compile(List<MapKernel> kernels) {
        MemorySegment memory = Arena.ofAuto().allocate((long) PLACES * (TIMED + Loop.ENTRY), 64);
        long frame = memory.address() + (long) PLACES * TIMED;
        for (int p = 0; p < PLACES; p++) {
            Workspace.place(frame, p, memory.address() + (long) p * TIMED, -1);
        }
        run(kernels.stream().flatMap(kernel -> kernel.primitives().stream()).filter(loop -> !loop.compiled).distinct()
                .map(loop -> new Turn(() -> loop.run(frame, TIMED), () -> loop.compiled = true)).toList());
        kernels.forEach(MapKernel::startVectors);
        Reference.reachabilityFence(memory);
    }

    /** Runs loops of folds until they are compiled, or have run for long. */
    private static void compileFolds(List<Fold> folds) {
        MemorySegment memory = Arena.ofAuto().allocate(FoldCall.BYTES, 64);
        long address = memory.address();
        run(folds.stream().map(fold -> new Turn(() -> fold.call().run(fold.loops(), address), () -> { })).toList());
        Reference.reachabilityFence(memory);
    }

    /** Runs the calls in turns, so that the compilers always have the next one to do. */
    private static void run(List<Turn> turns) {
        List<Turn> open = new ArrayList<>(turns);
        long deadline = System.nanoTime() + PATIENCE;
        while (!open.isEmpty()) {
            long start = System.nanoTime();
            boolean late = start > deadline;
            List<Turn> ended = new ArrayList<>();
            for (Turn turn : open) {
                for (int i = 0; i < CALLS; i++) {
                    turn.call().run();
                }
                if (late || time(turn.call()) < COMPILED) {
                    turn.done().run();
                    ended.add(turn);
                }
            }
            open.removeAll(ended);
            LockSupport.parkNanos(System.nanoTime() - start);
        }
    }

    /** Runs {@code loop} until it is compiled, and compares it with the {@code rivals}, one after the other. */
    private static Outcome compile(HotLoop hot, Loop loop, List<MapKernel.Variant> rivals) {
        boolean sums = sums(hot) > 0;
        int timed = sums ? LONG_TIMED : TIMED;
        int work = rivals.stream().mapToInt(rival -> rival.kernel.code().insts().size() + operands(rival)).sum();
        List<Frame> against = rivals.stream().map(rival -> new Frame(rival, timed)).toList();
        Frame own = hot instanceof RowKernel rows ? new Frame(rows.chain, timed) : against.getFirst();
        long before = Long.MAX_VALUE;
        long deadline = System.nanoTime() + (hot.attempts + 1) * PATIENCE;
        long best = Long.MAX_VALUE;
        int steady = 0;
        int turn = rivals.getFirst().kernel.code().insts().size() > UNROLLED && !sums ? SHORT : LONGER;
        long compiled = NANOS * work * timed / SHORT;
        while (steady < STEADY && (steady > 0 || System.nanoTime() < deadline)) {
            long start = System.nanoTime();
            for (int i = 0; i < CALLS; i++) {
                // What is no whole group of lanes is summed behind the loop, by code that must be compiled too.
                loop.run(own.address, sums && i % 2 != 0 ? turn - REST : turn);
            }
            LockSupport.parkNanos(System.nanoTime() - start);
            long all = 0;
            for (int i = 0; i < rivals.size(); i++) {
                all += against.get(i).time(rivals.get(i));
            }
            before = Math.min(before, all);
            long now = own.time(loop);
            steady = now < compiled ? steady + 1 : 0;
            best = Math.min(best, now);
        }
        if (steady < STEADY && (hot.attempts < ATTEMPTS - 1 || best >= NOT_COMPILED * compiled)) {
            return Outcome.NOT_COMPILED;
        }
        double folded = sums ? before / 4 + sums(hot) * (timed >> rivals.getFirst().kernel.shift) * MapCall.FOLDED_NANOS : 0;
        if (best < before + before / 4 + folded) {
            return Outcome.FASTER;
        }
        // Where C2 had no profile of the sums, each is an object: the same loop as another class may have more luck.
        return sums && hot.attempts < ATTEMPTS - 1 ? Outcome.NOT_COMPILED : Outcome.NO_FASTER;
    }

    private static int operands(MapKernel.Variant variant) {
        return variant.kernel.outputs + variant.kernel.code().inputs();
    }

    /** Memory for calls that are there to be timed, over {@code bytes} bytes of each operand, and a frame for them. */
    private static final class Frame {
        private final int bytes;
        private final MemorySegment memory;
        final long address;

        Frame(MapKernel.Variant variant, int bytes) {
            this(operands(variant), bytes);
            for (int p = 0; p < operands(variant); p++) {
                Workspace.place(address, p, memory.address() + (long) p * bytes, (variant.scalars >> p & 1) != 0 ? 0 : -1);
            }
        }

        Frame(RowChain chain, int bytes) {
            // Behind the operands accumulators, and the row that some loops touch.
            this(chain.operands().size() + 2, bytes);
            for (int p = 0; p < chain.operands().size() + 2; p++) {
                Workspace.place(address, p, memory.address() + (long) p * bytes, -1);
            }
        }

        private Frame(int operands, int bytes) {
            this.bytes = bytes;
            memory = Arena.ofAuto().allocate((long) operands * (bytes + Loop.ENTRY) + 128, 64);
            address = memory.address() + (long) operands * bytes + 64;
        }

        long time(MapKernel.Variant variant) {
            Workspace.current().reserve(variant.kernel, address);
            return time(variant.loop);
        }

        long time(Loop loop) {
            long time = KernelWarmup.time(() -> loop.run(address, bytes));
            Reference.reachabilityFence(memory);
            return time;
        }
    }

    private static long time(Runnable call) {
        long best = Long.MAX_VALUE;
        for (int i = 0; i < 3; i++) {
            long start = System.nanoTime();
            call.run();
            best = Math.min(best, System.nanoTime() - start);
        }
        return best;
    }
}

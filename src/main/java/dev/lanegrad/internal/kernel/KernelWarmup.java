package dev.lanegrad.internal.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.concurrent.LinkedBlockingDeque;

/**
 * The thread that emits loops and runs them on scratch memory until the JVM has compiled them: before that each vector
 * is an object on the heap, and a call takes a hundred times as long.
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
    /** Bytes of an operand in a call that is timed. */
    private static final int TIMED = 16 * 64;
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
     * So long after the first kernel has become hot nothing is emitted: the JVM's compilers are busy with everything else
     * then, and a loop that runs until they come to it would take a core from them.
     */
    private static final long SETTLING = 2_000_000_000L;
    private static final int ATTEMPTS = 5;
    /** So many times longer it takes at least while it is interpreted. */
    private static final int NOT_COMPILED = 30;
    /** What became hot last comes first: it is wanted now, and others may have had their time. */
    private static final LinkedBlockingDeque<MapKernel.Variant> QUEUE = new LinkedBlockingDeque<>();
    private static boolean started;

    private KernelWarmup() {
    }

    /** Has the loop of {@code variant} emitted, and put in its place when it is compiled. */
    static void queue(MapKernel.Variant variant) {
        QUEUE.addFirst(variant);
        start();
    }

    private static synchronized void start() {
        if (!started) {
            started = true;
            Thread.ofPlatform().name("lanegrad-warmup").daemon(true).start(KernelWarmup::work);
        }
    }

    private static void work() {
        long begin = System.nanoTime() + SETTLING;
        while (true) {
            try {
                Thread.sleep(Math.max(0, begin - System.nanoTime()) / 1_000_000);
                MapKernel.Variant variant = QUEUE.take();
                Loop loop = variant.emit();
                if (loop != null && isFaster(variant, loop)) {
                    variant.publish(loop);
                } else if (loop != null && ++variant.attempts < ATTEMPTS) {
                    QUEUE.addLast(variant);
                }
            } catch (InterruptedException e) {
                return;
            } catch (RuntimeException | LinkageError e) {
                // The kernel goes on in the interpreter; the others may still get loops of their own.
                System.getLogger("dev.lanegrad").log(System.Logger.Level.WARNING, "A kernel stays interpreted.", e);
            }
        }
    }

    /** Runs {@code loop} until it is compiled; true if it is then faster than what runs now. */
    private static boolean isFaster(MapKernel.Variant variant, Loop loop) {
        MapKernel kernel = variant.kernel;
        Workspace workspace = Workspace.current();
        workspace.begin(kernel);
        int operands = kernel.outputs + kernel.code().inputs();
        MemorySegment memory = Arena.ofAuto().allocate((long) operands * TIMED + 64, 64);
        for (int p = 0; p < operands; p++) {
            Workspace.place(workspace.frame(), p, memory.address() + (long) p * TIMED,
                    (variant.scalars >> p & 1) != 0 ? 0 : -1);
        }
        long before = Long.MAX_VALUE;
        long deadline = System.nanoTime() + (variant.attempts + 1) * PATIENCE;
        long best = Long.MAX_VALUE;
        int steady = 0;
        boolean sums = variant.folds != 0;
        int turn = kernel.code().insts().size() > UNROLLED && !sums ? SHORT : LONGER;
        // A loop that sums has no other to be compared with but the one that stores, and does more.
        Loop rival = sums ? kernel.variant(variant.scalars).loop : variant.loop;
        long compiled = NANOS * (kernel.code().insts().size() + operands) * TIMED / SHORT;
        while (steady < 8 && (steady > 0 || System.nanoTime() < deadline)) {
            for (int i = 0; i < CALLS; i++) {
                loop.run(workspace.frame(), turn);
            }
            before = Math.min(before, time(rival, workspace.frame()) * (sums ? 2 : 1));
            long now = time(loop, workspace.frame());
            steady = now < before && now < compiled ? steady + 1 : 0;
            best = Math.min(best, now);
        }
        Reference.reachabilityFence(memory);
        return steady == 8 || variant.attempts == ATTEMPTS - 1 && best < Math.min(before, NOT_COMPILED * compiled);
    }

    private static long time(Loop loop, long frame) {
        long best = Long.MAX_VALUE;
        for (int i = 0; i < 3; i++) {
            long start = System.nanoTime();
            loop.run(frame, TIMED);
            best = Math.min(best, System.nanoTime() - start);
        }
        return best;
    }
}

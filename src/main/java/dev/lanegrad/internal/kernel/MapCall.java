package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.memory.Raw;
import dev.lanegrad.internal.shape.Layout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import java.util.List;

/**
 * A call of a kernel that is made again and again on operands of the same layouts: all decisions are made once, and a call
 * writes a few addresses and runs the loop. Outputs may be folded as they come, block by block, without ever lying in
 * memory as a whole. One thread at a time may run it; it takes others to help if there is much to do. Nothing is
 * checked, and nothing is kept alive.
 */
public final class MapCall implements Workers.Shared {
    /** Bytes of one turn on operands that are not folded. */
    private static final int TURN = 32 << 10;
    /** Nanoseconds in which an element is folded. */
    static final double FOLDED_NANOS = 0.05;
    private static final MemorySegment ALL = Raw.ALL;

    private final MapKernel kernel;
    private final Layout result;
    private final int operands;
    private final boolean flat;
    /** The plan of a call that is not flat; null if it is, or if there is nothing to do. */
    private final MapPlan plan;
    private final long scalars;
    private final long[] addresses;
    private final long[] masks;
    private final ChunkFold[] folds;
    private final int[] folded;
    private final long[] foldResults;
    private final MapKernel.Variant variant;
    /** The version that sums on the way, or null if something else is folded. */
    private final MapKernel.Variant sums;
    private final MemorySegment memory;
    private final long frame;
    private final long spreads;
    private final int turn;
    private final double nanos;
    /** For each fold the results of all turns, if those have ever been shared. */
    private MemorySegment turns;

    /**
     * A call over the elements of {@code result}.
     *
     * @param cells   the types of the operands, outputs before inputs
     * @param layouts the arrangements of the inputs
     * @param ops     for each output its fold over all elements, or null if it is stored; only if the call is flat
     */
    public MapCall(MapKernel kernel, Layout result, List<Cell> cells, List<Layout> layouts, List<FoldOp> ops) {
        this.kernel = kernel;
        this.result = result;
        operands = cells.size();
        flat = isFlat(kernel, result, cells, layouts);
        plan = flat || result.count() == 0 ? null : plan(kernel, result, cells, layouts);
        addresses = new long[operands];
        masks = new long[operands];
        long set = 0;
        for (int p = 0; p < operands; p++) {
            boolean scalar = p >= kernel.outputs && layouts.get(p - kernel.outputs).count() == 1 && result.count() != 1;
            masks[p] = scalar ? 0 : -1;
            set |= scalar ? 1L << p : 0;
        }
        scalars = set;
        variant = kernel.variant(scalars);
        folded = java.util.stream.IntStream.range(0, ops.size()).filter(o -> ops.get(o) != null).toArray();
        folds = new ChunkFold[folded.length];
        foldResults = new long[folded.length];
        int scratch = ChunkFold.CHUNK << kernel.shift;
        long table = (long) operands * Loop.ENTRY + 64;
        memory = Arena.ofAuto().allocate(256 + table + operands * 64L + folded.length * (scratch + 64L), 64);
        frame = memory.address() + 64;
        spreads = frame + table + 63 & -64;
        for (int f = 0; f < folded.length; f++) {
            folds[f] = new ChunkFold(ops.get(folded[f]), kernel.code().lane());
            addresses[folded[f]] = spreads + operands * 64L + f * (scratch + 64L);
            masks[folded[f]] = 0;
        }
        for (int p = 0; p < operands; p++) {
            Workspace.place(frame, p, addresses[p], (scalars >> p & 1) != 0 ? 0 : -1);
            if ((scalars >> p & 1) != 0) {
                Workspace.place(frame, p, spreads + p * 64L, 0);
            }
        }
        turn = folded.length > 0 ? scratch : TURN;
        sums = folded.length > 0 && result.count() >= FoldLoops.LANES && ops.stream().allMatch(op -> op == null
                || op == FoldOp.SUM) ? kernel.sums(scalars, set(folded)) : null;
        nanos = kernel.work(result.count(), folded.length);
    }

    private static MapPlan plan(MapKernel kernel, Layout result, List<Cell> cells, List<Layout> layouts) {
        Layout[] all = new Layout[cells.size()];
        for (int p = kernel.outputs; p < all.length; p++) {
            all[p] = layouts.get(p - kernel.outputs);
        }
        return new MapPlan(kernel, cells.toArray(Cell[]::new), all, result);
    }

    private static long set(int[] places) {
        long set = 0;
        for (int place : places) {
            set |= 1L << place;
        }
        return set;
    }

    /** True if each operand is one number or lies as the result does, so that outputs can be folded as they come. */
    public static boolean isFlat(MapKernel kernel, Layout result, List<Cell> cells, List<Layout> layouts) {
        for (int p = 0; p < cells.size(); p++) {
            Layout layout = p < kernel.outputs ? result : layouts.get(p - kernel.outputs);
            if (cells.get(p) != kernel.cell || !layout.isContiguous()
                    || layout.count() != 1 && layout.count() != result.count()) {
                return false;
            }
        }
        return true;
    }

    /** Sets where operand {@code p} begins, outputs counted before inputs; for a folded output, where the result goes. */
    public void place(int p, long address) {
        for (int f = 0; f < folded.length; f++) {
            if (folded[f] == p) {
                foldResults[f] = address;
                return;
            }
        }
        addresses[p] = address;
        if ((scalars >> p & 1) == 0) {
            Workspace.place(frame, p, address, -1);
        }
    }

    /** Computes all outputs. */
    public void run() {
        if (flat) {
            runFlat();
        } else if (plan != null) {
            plan.run(Workspace.current(), addresses);
        }
        Reference.reachabilityFence(memory);
    }

    private void runFlat() {
        for (long left = scalars; left != 0; left &= left - 1) {
            spread(Long.numberOfTrailingZeros(left));
        }
        Loop loop = variant.loop;
        if (loop instanceof BlockInterpreter) {
            Workspace.current().reserve(kernel, frame);
        }
        long bytes = result.count() << kernel.shift;
        if (bytes <= turn) {
            one(loop, (int) bytes);
        } else if (Workers.helps(nanos)) {
            shared(bytes);
        } else {
            many(loop, bytes);
        }
        if (variant.counting) {
            variant.count(result.count());
        }
        if (sums != null && sums.counting) {
            sums.count(result.count());
        }
    }

    private void one(Loop loop, int bytes) {
        Loop summing = sums == null ? null : sums.loop;
        if (summing != null) {
            for (int f = 0; f < folds.length; f++) {
                folds[f].begin();
                aim(folded[f], folds[f].next());
            }
            summing.run(frame, bytes);
            for (int f = 0; f < folds.length; f++) {
                folds[f].only(foldResults[f]);
            }
            return;
        }
        for (int f = 0; f < folds.length; f++) {
            aim(folded[f], addresses[folded[f]]);
        }
        loop.run(frame, bytes);
        for (int f = 0; f < folds.length; f++) {
            folds[f].only(addresses[folded[f]], bytes >> kernel.shift, foldResults[f]);
        }
    }

    private void many(Loop loop, long bytes) {
        for (ChunkFold fold : folds) {
            fold.begin();
        }
        for (long done = 0; done < bytes; done += turn) {
            int now = (int) Math.min(turn, bytes - done);
            for (int p = 0; p < operands; p++) {
                if (masks[p] != 0) {
                    aim(p, addresses[p] + done);
                }
            }
            Loop summing = sums == null ? null : sums.loop;
            for (int f = 0; f < folds.length; f++) {
                aim(folded[f], summing != null ? folds[f].next() : addresses[folded[f]]);
            }
            (summing != null ? summing : loop).run(frame, now);
            for (int f = 0; f < folds.length; f++) {
                if (summing != null) {
                    folds[f].took();
                } else {
                    folds[f].chunk(addresses[folded[f]], now >> kernel.shift);
                }
            }
        }
        for (int f = 0; f < folds.length; f++) {
            folds[f].end(foldResults[f]);
        }
        for (int p = 0; p < operands; p++) {
            if (masks[p] != 0) {
                aim(p, addresses[p]);
            }
        }
    }

    private void aim(int p, long address) {
        Workspace.aim(frame, p, address);
    }

    private void shared(long bytes) {
        long units = Math.ceilDiv(bytes, turn);
        if (turns == null) {
            turns = Arena.ofAuto().allocate(folded.length * (units * Double.BYTES + 64), 64);
        }
        Workers.shareNow(this, units, nanos);
        for (int f = 0; f < folds.length; f++) {
            FoldRows.pairs(folds[f].loops(), 1 << kernel.shift, turns(f), (int) units);
            FoldPlan.copyLine(1 << kernel.shift, turns(f), 0, foldResults[f], 0, 1);
        }
    }

    private long turns(int f) {
        return turns.address() + f * (turns.byteSize() / folded.length);
    }

    /** Runs turns, each thread in the frame and the scratch memory of its own workspace. */
    @Override
    public void share(long from, long to) {
        Workspace workspace = Workspace.current();
        workspace.begin(kernel);
        long bytes = result.count() << kernel.shift;
        long own = workspace.blockFrame();
        for (int p = 0; p < operands; p++) {
            boolean scalar = (scalars >> p & 1) != 0;
            Workspace.place(own, p, scalar ? spreads + p * 64L : addresses[p], scalar ? 0 : -1);
        }
        long chunks = workspace.scratch(folded.length * (turn + 64));
        for (int f = 0; f < folded.length; f++) {
            Workspace.place(own, folded[f], chunks + f * (turn + 64L), -1);
        }
        for (long unit = from; unit < to; unit++) {
            int now = (int) Math.min(turn, bytes - unit * turn);
            for (int p = 0; p < operands; p++) {
                if (masks[p] != 0) {
                    Workspace.aim(own, p, addresses[p] + unit * turn);
                }
            }
            Loop summing = sums == null ? null : sums.loop;
            (summing != null ? summing : variant.loop).run(own, now);
            for (int f = 0; f < folded.length; f++) {
                foldTurn(f, chunks + f * (turn + 64L), now, summing != null, turns(f) + (unit << kernel.shift));
            }
        }
    }

    /** Folds the elements of a turn, or if it has been {@code summed} already, the one vector that is left of it. */
    private void foldTurn(int f, long at, int bytes, boolean summed, long to) {
        FoldScratch scratch = FoldScratch.ofThread();
        if (summed) {
            folds[f].loops().rows(at, FoldLoops.VBYTES, FoldLoops.VBYTES >> kernel.shift, 1, scratch.results);
        } else {
            FoldRows.chunk(folds[f].loops(), scratch, 1 << kernel.shift, at, bytes >> kernel.shift, scratch.results);
        }
        // One element and no more: the next one may be another thread's, and there already.
        FoldPlan.copyLine(1 << kernel.shift, scratch.results, 0, to, 0, 1);
    }

    private void spread(int p) {
        Spread.value(kernel.shift, spreads + p * 64L, kernel.shift == 2
                ? ALL.get(ValueLayout.JAVA_FLOAT_UNALIGNED, addresses[p])
                : ALL.get(ValueLayout.JAVA_DOUBLE_UNALIGNED, addresses[p]));
    }
}

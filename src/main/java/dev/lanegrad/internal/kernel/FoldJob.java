package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.memory.Raw;
import java.lang.foreign.MemorySegment;

/**
 * A fold as work that several threads may share: results, blocks of columns, or the chunks of a long sequence. The
 * loops write whole vectors, so the last results of a share go through the scratch memory of the thread that computes
 * them.
 */
final class FoldJob implements Workers.Shared {
    /** Results that are more than a vector of any type. */
    private static final int LAST = 16;
    /** The least bytes of a block of columns that is shared: the rows of a narrow one are slow to fetch. */
    private static final int NARROW = 512;
    /** Nanoseconds for a byte that is read in order, and for one that has to be brought into order. */
    private static final double NANOS = 0.016;
    private static final double GATHERED = 0.1;

    private enum Unit { RESULT, CHUNK, COLUMNS, CHUNK_OF_COLUMNS, INDEX, INDEX_COLUMNS }

    private FoldLoops loops;
    private FoldPlan plan;
    private long in;
    private long out;
    private boolean gather;
    private Unit unit;
    private long units;
    /** Columns of a block. */
    private int block;
    /** Number of the first chunk, and columns of each. */
    private long first;
    private int width;

    /** Takes a fold. */
    void set(FoldLoops loops, FoldPlan plan, long in, long out, boolean gather) {
        this.loops = loops;
        this.plan = plan;
        this.in = in;
        this.out = out;
        this.gather = gather;
    }

    /** Computes it by results, or, where there are few of long sequences, by their chunks. */
    void rows(FoldScratch scratch) {
        double nanos = work(plan.folded * plan.kept, gather);
        if (nanos < Workers.LEAST) {
            FoldRows.range(loops, scratch, plan, in, gather, 0, plan.kept, out);
        } else if (plan.folded <= FoldRows.CHUNK || plan.kept >= 4L * Workers.threads()) {
            unit = Unit.RESULT;
            units = plan.kept;
            Workers.share(this, units, nanos);
        } else {
            unit = Unit.CHUNK;
            long base = in;
            long to = out;
            for (long row = 0; row < plan.kept; row++) {
                FoldRows.one(loops, scratch, plan, base + plan.keptOffset(row), plan.folded, gather, this,
                        to + row * plan.cell);
            }
        }
    }

    /** Computes {@code count} chunks of the sequence that begins at {@code from}, and writes their results. */
    void chunks(long from, long first, int count, long to) {
        this.first = first;
        in = from;
        out = to;
        units = count;
        Workers.share(this, units, work((long) count * FoldRows.CHUNK, gather));
    }

    /** Computes {@code count} chunks of a block of columns that begins at {@code from}, and writes their results. */
    void chunksOfColumns(long from, long first, int count, int width, long to) {
        this.first = first;
        this.width = width;
        in = from;
        out = to;
        units = count;
        Workers.share(this, units, work((long) count * FoldRows.CHUNK * width, plan.columnStride != plan.cell));
    }

    /** Computes it by blocks of columns, which are set apart in the plan. */
    void columns(FoldScratch scratch) {
        double nanos = work(plan.folded * plan.kept * plan.columns, plan.columnStride != plan.cell);
        int threads = nanos < Workers.LEAST ? 1 : Workers.threads();
        unit = Unit.COLUMNS;
        chooseBlocks(threads);
        if (threads == 1) {
            columns(scratch, 0, units, null);
        } else if (units < 2L * threads && plan.folded > 2 * FoldRows.CHUNK) {
            unit = Unit.CHUNK_OF_COLUMNS;
            long all = units;
            columns(scratch, 0, all, this);
        } else {
            Workers.share(this, units, nanos);
        }
    }

    private void chooseBlocks(int threads) {
        int bytes = FoldScratch.COLUMN_BYTES;
        if (threads > 1 && plan.kept < 4L * threads) {
            long each = Math.ceilDiv(plan.columns * plan.cell, 2 * threads);
            bytes = Math.clamp(each + FoldLoops.WIDE - 1 & -FoldLoops.WIDE, NARROW, bytes);
        }
        block = bytes / plan.cell;
        units = plan.kept * Math.ceilDiv(plan.columns, block);
    }

    /** Finds where extremes stand: by results, or in one long sequence by chunks. */
    void indices(FoldScratch scratch) {
        double nanos = work(plan.folded * plan.kept, gather);
        if (nanos >= Workers.LEAST && plan.folded > FoldRows.CHUNK && plan.kept < 4L * Workers.threads()) {
            unit = Unit.CHUNK;
            ArgFold.range(loops, scratch, plan, in, gather, 0, plan.kept, this, out);
            return;
        }
        unit = Unit.INDEX;
        units = plan.kept;
        Workers.share(this, units, nanos);
    }

    /** Finds where extremes stand by blocks of columns, which are set apart in the plan. */
    void indicesInColumns() {
        long bytes = plan.folded * plan.kept * plan.columns * plan.cell;
        double nanos = Workers.work(2 * NANOS * bytes, bytes);
        unit = Unit.INDEX_COLUMNS;
        chooseBlocks(nanos < Workers.LEAST ? 1 : Workers.threads());
        Workers.share(this, units, nanos);
    }

    private double work(long elements, boolean gathered) {
        return Workers.work((gathered ? GATHERED : NANOS) * elements * plan.cell, elements * plan.cell);
    }

    @Override
    public void share(long from, long to) {
        FoldScratch scratch = FoldScratch.ofThread();
        switch (unit) {
            case RESULT, CHUNK -> exactly(scratch, from, to);
            case COLUMNS -> columns(scratch, from, to, null);
            case INDEX -> ArgFold.range(loops, scratch, plan, in, gather, from, to, null, out);
            case INDEX_COLUMNS -> ArgFold.columns(loops, scratch, plan, in, block, from, to, out);
            case CHUNK_OF_COLUMNS -> FoldColumns.chunks(loops, scratch, plan, in, width, first + from, first + to,
                    out + from * FoldColumns.bytes(plan, width));
        }
    }

    private void exactly(FoldScratch scratch, long from, long to) {
        long end = to == units ? to : Math.max(from, to - LAST);
        results(scratch, from, end, out);
        if (end < to) {
            long at = scratch.columns;
            results(scratch, end, to, at - end * plan.cell);
            MemorySegment.copy(Raw.ALL, at, Raw.ALL, out + end * plan.cell, (to - end) * plan.cell);
        }
    }

    private void columns(FoldScratch scratch, long from, long to, FoldJob job) {
        FoldColumns.range(loops, scratch, plan, in, out, block, from, to, to < units, job);
    }

    private void results(FoldScratch scratch, long from, long to, long base) {
        if (unit == Unit.RESULT) {
            FoldRows.range(loops, scratch, plan, in, gather, from, to, base);
        } else {
            FoldRows.chunks(loops, scratch, plan, in, gather, first + from, first + to, base + from * plan.cell);
        }
    }
}

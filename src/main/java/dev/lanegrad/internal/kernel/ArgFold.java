package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.memory.Raw;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Where extremes stand: first the extremes themselves, by a fold, then the first element equal to each. Both passes are
 * plain vector loops, and the second ends at the element, or, in a long sequence, reads one chunk.
 */
final class ArgFold {
    private static final MemorySegment ALL = Raw.ALL;
    private static final ArgFoldLoops FLOATS = new ArgFoldFloat();
    private static final ArgFoldLoops DOUBLES = new ArgFoldDouble();
    private static final int CHUNK = FoldRows.CHUNK;
    private static final int INDEX = Long.BYTES;
    /** Most elements of one call of the search in columns. */
    private static final int CALL = 16 << 10;

    private ArgFold() {
    }

    /** Writes the index in its sequence, as an int64, of the first extreme of each sequence of a plan. */
    static void run(FoldLoops extremes, FoldScratch scratch, FoldPlan plan, long in, long out) {
        boolean gather = !plan.oneRun() || plan.foldStride() != plan.cell;
        scratch.job.set(extremes, plan, in, out, gather);
        if (gather && plan.oneRun() && plan.leastKeptStride() == plan.cell) {
            plan.takeColumns();
            scratch.job.indicesInColumns();
        } else {
            scratch.job.indices(scratch);
        }
    }

    /**
     * Does so for the sequences from number {@code first} to number {@code to}, and writes nothing else; with a job,
     * the chunks of long ones are shared.
     */
    static void range(FoldLoops extremes, FoldScratch scratch, FoldPlan plan, long in, boolean gather, long first,
            long to, FoldJob job, long out) {
        ArgFoldLoops find = find(plan);
        if (plan.folded > CHUNK) {
            for (long row = first; row < to; row++) {
                one(extremes, find, scratch, plan, in + plan.keptOffset(row), gather, job, out + row * INDEX);
            }
        } else if (gather) {
            gathering(extremes, find, scratch, plan, in, first, to, out);
        } else {
            direct(extremes, find, scratch, plan, in, first, to, out);
        }
    }

    private static ArgFoldLoops find(FoldPlan plan) {
        return plan.cell == Float.BYTES ? FLOATS : DOUBLES;
    }

    private static void direct(FoldLoops extremes, ArgFoldLoops find, FoldScratch scratch, FoldPlan plan, long in,
            long first, long to, long out) {
        int block = FoldRows.block((int) plan.folded);
        long rows = plan.rows();
        long stride = plan.rowStride();
        int count;
        for (long row = first; row < to; row += count) {
            count = (int) Math.min(Math.min(block, rows - row % rows), to - row);
            few(extremes, find, scratch, plan, in + plan.keptOffset(row), stride, count, out + row * INDEX);
        }
    }

    private static void gathering(FoldLoops extremes, ArgFoldLoops find, FoldScratch scratch, FoldPlan plan, long in,
            long first, long to, long out) {
        int n = (int) plan.folded;
        int block = Math.min(FoldRows.block(n), CHUNK / n);
        long stride = (long) n * plan.cell;
        for (long row = first; row < to; row += block) {
            int count = (int) Math.min(block, to - row);
            for (int k = 0; k < count; k++) {
                plan.gather(in + plan.keptOffset(row + k), 0, n, scratch.gathered + k * stride);
            }
            few(extremes, find, scratch, plan, scratch.gathered, stride, count, out + row * INDEX);
        }
    }

    private static void few(FoldLoops extremes, ArgFoldLoops find, FoldScratch scratch, FoldPlan plan, long in,
            long stride, int rows, long out) {
        FoldRows.few(extremes, scratch, plan.cell, in, stride, (int) plan.folded, rows, scratch.accumulators);
        find.rows(in, stride, rows, scratch.accumulators, 0, out);
    }

    private static void one(FoldLoops extremes, ArgFoldLoops find, FoldScratch scratch, FoldPlan plan, long in,
            boolean gather, FoldJob job, long out) {
        int cell = plan.cell;
        long extreme = scratch.accumulators;
        long best = 0;
        long chunk = 0;
        long chunks = (plan.folded + CHUNK - 1) / CHUNK;
        while (chunk < chunks) {
            int count = (int) Math.min(job == null ? FoldRows.BATCH : FoldRows.MANY, chunks - chunk);
            if (job == null) {
                FoldRows.chunks(extremes, scratch, plan, in, gather, chunk, chunk + count, scratch.results);
            } else {
                job.chunks(in, chunk, count, scratch.results);
            }
            for (int k = 0; k < count; k++, chunk++) {
                long result = scratch.results + (long) k * cell;
                if (chunk == 0) {
                    FoldPlan.copyLine(cell, result, cell, extreme, cell, 1);
                    continue;
                }
                // The fold keeps the earlier of equal ones, also of two NaNs; only a zero's sign may differ.
                extremes.joinNarrow(extreme, 0, result, 0, extreme + 64, 0, 1);
                double before = value(cell, extreme);
                double after = value(cell, extreme + 64);
                if (before != after && before == before) {
                    best = chunk;
                    FoldPlan.copyLine(cell, extreme + 64, cell, extreme, cell, 1);
                }
            }
        }
        long from = in + best * CHUNK * cell;
        if (gather) {
            from = scratch.gathered;
            plan.gather(in, best * CHUNK, (int) Math.min(CHUNK, plan.folded - best * CHUNK), from);
        }
        find.rows(from, 0, 1, extreme, best * CHUNK, out);
    }

    private static double value(int cell, long at) {
        return cell == Float.BYTES ? ALL.get(ValueLayout.JAVA_FLOAT_UNALIGNED, at)
                : ALL.get(ValueLayout.JAVA_DOUBLE_UNALIGNED, at);
    }

    /** As {@link #range} for blocks of {@code block} columns, which are set apart in the plan and lie side by side. */
    static void columns(FoldLoops extremes, FoldScratch scratch, FoldPlan plan, long in, int block, long from, long to,
            long out) {
        int cell = plan.cell;
        long step = plan.columnOut / cell * INDEX;
        long blocks = (plan.columns + block - 1) / block;
        for (long number = from; number < to; number++) {
            long outer = number / blocks;
            long first = (number - outer * blocks) * block;
            int width = (int) Math.min(block, plan.columns - first);
            long at = in + plan.keptOffset(outer) + first * cell;
            long index = out + plan.outOffset(outer) / cell * INDEX + first * step;
            FoldColumns.block(extremes, scratch, plan, at, width, null, scratch.columns);
            search(find(plan), scratch, plan, at, width);
            for (int c = 0; c < width; c++) {
                long found = scratch.gathered + (long) c * cell;
                ALL.set(ValueLayout.JAVA_LONG_UNALIGNED, index + c * step, cell == Float.BYTES
                        ? ALL.get(ValueLayout.JAVA_INT_UNALIGNED, found) : ALL.get(ValueLayout.JAVA_LONG_UNALIGNED, found));
            }
        }
    }

    /** Leaves the indices of a block of columns in {@code scratch.gathered}: rows are searched from the last one up. */
    private static void search(ArgFoldLoops find, FoldScratch scratch, FoldPlan plan, long in, int width) {
        int rows = CALL / width;
        for (long end = plan.folded; end > 0; end -= rows) {
            int first = (int) Math.max(0, end - rows);
            find.columns(in + first * plan.foldStride(), plan.foldStride(), first, (int) (end - first),
                    width * plan.cell, scratch.columns, scratch.gathered);
        }
    }
}

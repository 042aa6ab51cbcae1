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
        ArgFoldLoops find = plan.cell == Float.BYTES ? FLOATS : DOUBLES;
        boolean gather = !plan.oneRun() || plan.foldStride() != plan.cell;
        if (gather && plan.oneRun() && plan.leastKeptStride() == plan.cell) {
            plan.takeColumns();
            columns(extremes, find, scratch, plan, in, out);
        } else if (plan.folded > CHUNK) {
            for (long row = 0; row < plan.kept; row++) {
                one(extremes, find, scratch, plan, in + plan.keptOffset(row), gather, out + row * INDEX);
            }
        } else if (gather) {
            gathering(extremes, find, scratch, plan, in, out);
        } else {
            direct(extremes, find, scratch, plan, in, out);
        }
    }

    private static void direct(FoldLoops extremes, ArgFoldLoops find, FoldScratch scratch, FoldPlan plan, long in,
            long out) {
        int n = (int) plan.folded;
        int block = FoldRows.block(n);
        long rows = plan.rows();
        long stride = plan.rowStride();
        for (long outer = 0; outer < plan.kept; outer += rows) {
            long from = in + plan.keptOffset(outer);
            for (long row = 0; row < rows; row += block) {
                int count = (int) Math.min(block, rows - row);
                few(extremes, find, scratch, plan, from + row * stride, stride, count, out + (outer + row) * INDEX);
            }
        }
    }

    private static void gathering(FoldLoops extremes, ArgFoldLoops find, FoldScratch scratch, FoldPlan plan, long in,
            long out) {
        int n = (int) plan.folded;
        int block = Math.min(FoldRows.block(n), CHUNK / n);
        long stride = (long) n * plan.cell;
        for (long row = 0; row < plan.kept; row += block) {
            int count = (int) Math.min(block, plan.kept - row);
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
            boolean gather, long out) {
        int cell = plan.cell;
        long extreme = scratch.accumulators;
        long best = 0;
        long chunk = 0;
        long chunks = (plan.folded + CHUNK - 1) / CHUNK;
        while (chunk < chunks) {
            int count = (int) Math.min(FoldRows.BATCH, chunks - chunk);
            FoldRows.chunks(extremes, scratch, plan, in, gather, chunk, chunk + count, scratch.results);
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
        return cell == Float.BYTES ? ALL.get(ValueLayout.JAVA_FLOAT, at) : ALL.get(ValueLayout.JAVA_DOUBLE, at);
    }

    private static void columns(FoldLoops extremes, ArgFoldLoops find, FoldScratch scratch, FoldPlan plan, long in,
            long out) {
        int cell = plan.cell;
        int block = FoldScratch.COLUMN_BYTES / cell;
        long step = plan.columnOut / cell * INDEX;
        for (long outer = 0; outer < plan.kept; outer++) {
            long from = in + plan.keptOffset(outer);
            long to = out + plan.outOffset(outer) / cell * INDEX;
            for (long first = 0; first < plan.columns; first += block) {
                int width = (int) Math.min(block, plan.columns - first);
                FoldColumns.block(extremes, scratch, plan, from + first * cell, width, null, scratch.columns);
                search(find, scratch, plan, from + first * cell, width);
                for (int c = 0; c < width; c++) {
                    long at = scratch.gathered + (long) c * cell;
                    ALL.set(ValueLayout.JAVA_LONG, to + (first + c) * step, cell == Float.BYTES
                            ? ALL.get(ValueLayout.JAVA_INT, at) : ALL.get(ValueLayout.JAVA_LONG, at));
                }
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

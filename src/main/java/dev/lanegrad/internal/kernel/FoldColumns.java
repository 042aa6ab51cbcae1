package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.memory.Raw;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Folds of many sequences side by side: each vector lane is a result of its own, and the 64 accumulators of the law are
 * 64 rows of a block of columns in scratch.
 */
final class FoldColumns {
    private static final MemorySegment ALL = Raw.ALL;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final VectorSpecies<Byte> S = ByteVector.SPECIES_PREFERRED;
    private static final int VBYTES = FoldLoops.VBYTES;
    private static final int CHUNK = FoldRows.CHUNK;
    private static final int LANES = FoldLoops.LANES;
    /** Blocks of as little as one column that the vector behind the results of a block may reach. */
    private static final int REACH = 17;

    /**
     * Rows up to which a vector of columns is folded as a whole, as 64 accumulators in memory cost most where there are
     * few rows, and bytes of the first-level cache in which the rows may lie: strides of large powers of two leave few of
     * its sets to all of them. 128 x 64 of 32 KB take 0.055 ns an element and 0.091 by accumulators in memory, 100 x
     * 1,000 0.042 and 0.105; but 512 x 128 0.11 and 0.05.
     */
    private static final int DEEP = 512;
    private static final int PAGE = 4 << 10;
    private static final int SETS = 64 << 10;

    private FoldColumns() {
    }

    /**
     * Folds the blocks of {@code block} columns from number {@code from} to number {@code to} of a plan whose columns
     * are set apart; they need not lie side by side. Where it is to be {@code exact} it writes nothing behind the
     * results. With a job, the chunks of each block are shared.
     */
    static void range(FoldLoops loops, FoldScratch scratch, FoldPlan plan, long in, long out, int block, long from,
            long to, boolean exact, FoldJob job) {
        long blocks = (plan.columns + block - 1) / block;
        for (long number = from; number < to; number++) {
            long outer = number / blocks;
            long first = (number - outer * blocks) * block;
            int width = (int) Math.min(block, plan.columns - first);
            long at = out + plan.outOffset(outer) + first * plan.columnOut;
            boolean whole = plan.columnsLast && !(exact && to - number <= REACH && width * plan.cell % VBYTES != 0);
            block(loops, scratch, plan, in + plan.keptOffset(outer) + first * plan.columnStride, width,
                    job, whole ? at : scratch.columns);
            if (!plan.columnsLast) {
                FoldPlan.copyLine(plan.cell, scratch.columns, plan.cell, at, plan.columnOut, width);
            } else if (!whole) {
                MemorySegment.copy(ALL, scratch.columns, ALL, at, (long) width * plan.cell);
            }
        }
    }

    /**
     * Folds {@code width} columns, at most {@link FoldScratch#COLUMN_BYTES}, and writes whole vectors; with a job, the
     * chunks are shared.
     */
    static void block(FoldLoops loops, FoldScratch scratch, FoldPlan plan, long in, int width, FoldJob job, long out) {
        int bytes = bytes(plan, width);
        if (plan.folded <= CHUNK) {
            chunk(loops, scratch, plan, in, 0, width, bytes, out);
            return;
        }
        long chunks = (plan.folded + CHUNK - 1) / CHUNK;
        int size = job == null ? 1 : FoldRows.BATCH;
        long groups = (chunks + size - 1) / size;
        for (long k = 0; k < groups; k++) {
            int level = Long.numberOfTrailingZeros(~k);
            long to = pending(scratch, level);
            if (job == null) {
                chunk(loops, scratch, plan, in, k * CHUNK, width, bytes, to);
            } else {
                int count = (int) Math.min(size, chunks - k * size);
                job.chunksOfColumns(in, k * size, count, width, scratch.table());
                pairs(loops, scratch.table(), count, bytes);
                copy(scratch.table(), 0, to, 0, 1, bytes);
            }
            for (int l = 0; l < level; l++) {
                join(loops, pending(scratch, l), 0, to, 0, to, 0, 1, bytes);
            }
        }
        int level = Long.numberOfTrailingZeros(groups);
        long result = pending(scratch, level);
        for (level++; groups >> level != 0; level++) {
            if ((groups >> level & 1) != 0) {
                join(loops, pending(scratch, level), 0, result, 0, scratch.columns, 0, 1, bytes);
                result = scratch.columns;
            }
        }
        if (result != out) {
            copy(result, 0, out, 0, 1, bytes);
        }
    }

    /** Folds the chunks from number {@code first} to number {@code to} of a block of columns, each to a row. */
    static void chunks(FoldLoops loops, FoldScratch scratch, FoldPlan plan, long in, int width, long first, long to,
            long out) {
        int bytes = bytes(plan, width);
        for (long k = first; k < to; k++) {
            chunk(loops, scratch, plan, in, k * CHUNK, width, bytes, out + (k - first) * bytes);
        }
    }

    /** Bytes of a row of so many columns, in whole vectors. */
    static int bytes(FoldPlan plan, int width) {
        return width * plan.cell + VBYTES - 1 & -VBYTES;
    }

    /** Joins adjacent pairs of rows level by level, an odd one being carried, until one is left, the first. */
    private static void pairs(FoldLoops loops, long at, int count, int bytes) {
        for (int n = count; n > 1; n = n + 1 >> 1) {
            join(loops, at, 2L * bytes, at + bytes, 2L * bytes, at, bytes, n >> 1, bytes);
            if ((n & 1) != 0) {
                copy(at + (n - 1L) * bytes, 0, at + (n >> 1) * (long) bytes, 0, 1, bytes);
            }
        }
    }

    private static long pending(FoldScratch scratch, int level) {
        return scratch.pendingColumns + level * FoldScratch.COLUMN_BYTES;
    }

    private static void chunk(FoldLoops loops, FoldScratch scratch, FoldPlan plan, long in, long first, int width,
            int bytes, long out) {
        int n = (int) Math.min(CHUNK, plan.folded - first);
        long to = scratch.accumulators;
        if (!plan.oneRun() || plan.columnStride != plan.cell) {
            pieces(loops, scratch, plan, in, first, n, width, bytes);
            tree(loops, to, bytes, Math.min(n, LANES), to, bytes, out);
            return;
        }
        long stride = plan.foldStride();
        long from = in + first * stride;
        if (n <= DEEP && n * Math.min(PAGE, Long.lowestOneBit(stride)) <= SETS
                && deep(loops, from, stride, n, to, bytes, out)) {
            return;
        }
        if (n <= LANES) {
            tree(loops, from, stride, n, to, bytes, out);
            return;
        }
        int rows = Math.min(n - LANES, LANES);
        join(loops, from, stride, from + LANES * stride, stride, to, bytes, rows, bytes);
        copy(from + rows * stride, stride, to + rows * bytes, bytes, LANES - rows, bytes);
        int i = 2 * LANES;
        for (; i + 4 * LANES <= n; i += 4 * LANES) {
            loops.uses(bytes == VBYTES ? FoldCall.JOIN_FOUR_NARROW : FoldCall.JOIN_FOUR);
            if (bytes == VBYTES) {
                loops.joinFourNarrow(to, bytes, from + i * stride, stride, LANES * stride, LANES);
            } else {
                loops.joinFour(to, bytes, from + i * stride, stride, LANES * stride, LANES, bytes);
            }
        }
        for (; i < n; i += LANES) {
            join(loops, to, bytes, from + i * stride, stride, to, bytes, Math.min(n - i, LANES), bytes);
        }
        tree(loops, to, bytes, LANES, to, bytes, out);
    }

    /** Folds one vector of columns after the other; false if there may be a NaN that it missed. */
    private static boolean deep(FoldLoops loops, long in, long stride, int n, long work, int bytes, long out) {
        loops.uses(FoldCall.COLUMN);
        for (int d = 0; d < bytes; d += VBYTES) {
            if (!loops.column(in + d, stride, n, work, out + d)) {
                return false;
            }
        }
        return true;
    }

    /** Accumulates {@code n} rows that are not in one run, or whose elements do not lie side by side. */
    private static void pieces(FoldLoops loops, FoldScratch scratch, FoldPlan plan, long in, long first, int n,
            int width, int bytes) {
        boolean gather = plan.columnStride != plan.cell;
        long length = plan.runLength();
        int most = gather ? FoldScratch.GATHER_BYTES / bytes : LANES;
        long stride = plan.foldStride();
        int rows;
        for (int i = 0; i < n; i += rows) {
            long run = (first + i) / length;
            long within = first + i - run * length;
            rows = (int) Math.min(Math.min(most, LANES - i % LANES), Math.min(n - i, length - within));
            long from = in + plan.runOffset(run) + within * stride;
            if (gather) {
                for (int row = 0; row < rows; row++) {
                    FoldPlan.copyLine(plan.cell, from + row * stride, plan.columnStride,
                            scratch.gathered + (long) row * bytes, plan.cell, width);
                }
                from = scratch.gathered;
            }
            long fromStride = gather ? bytes : stride;
            long to = scratch.accumulators + i % LANES * bytes;
            if (i < LANES) {
                copy(from, fromStride, to, bytes, rows, bytes);
            } else {
                join(loops, to, bytes, from, fromStride, to, bytes, rows, bytes);
            }
        }
    }

    /** Halves {@code n} rows, at most 64, down to the one at {@code out}; lanes that do not exist are passed over. */
    static void tree(FoldLoops loops, long in, long stride, int n, long work, int workStride, long out) {
        long from = in;
        long fromStride = stride;
        int live = n;
        for (int w = Integer.highestOneBit(2 * n - 1) >> 1; w > 1; w >>= 1) {
            join(loops, from, fromStride, from + w * fromStride, fromStride, work, workStride, live - w, workStride);
            if (from != work) {
                copy(from + (live - w) * fromStride, fromStride, work + (live - w) * workStride, workStride,
                        2 * w - live, workStride);
            }
            live = w;
            from = work;
            fromStride = workStride;
        }
        if (live == 1) {
            copy(from, 0, out, 0, 1, workStride);
        } else {
            join(loops, from, 0, from + fromStride, 0, out, 0, 1, workStride);
        }
    }

    static void join(FoldLoops loops, long a, long aStride, long b, long bStride, long out, long outStride,
            int rows, int bytes) {
        loops.uses(bytes == VBYTES ? FoldCall.JOIN_NARROW : FoldCall.JOIN);
        if (bytes == VBYTES) {
            loops.joinNarrow(a, aStride, b, bStride, out, outStride, rows);
        } else {
            loops.join(a, aStride, b, bStride, out, outStride, rows, bytes);
        }
    }

    static void copy(long in, long inStride, long out, long outStride, int rows, int bytes) {
        for (int row = 0; row < rows; row++) {
            for (int d = 0; d < bytes; d += VBYTES) {
                ByteVector.fromMemorySegment(S, ALL, in + row * inStride + d, ORDER)
                        .intoMemorySegment(ALL, out + row * outStride + d, ORDER);
            }
        }
    }
}

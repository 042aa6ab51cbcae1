package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.memory.Raw;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Folds of sequences whose elements lie side by side, or are brought side by side a chunk at a time. */
final class FoldRows {
    /** Elements of a chunk: part of what a fold means. */
    static final int CHUNK = 4096;
    /** Most elements that one call of a loop reads: it must return often, to be compiled as a whole method. */
    private static final int CALL = 4 * CHUNK;
    /** Chunks whose results are joined at a time. */
    static final int BATCH = 64;
    /** The same where the chunks are shared: enough work for each thread. */
    static final int MANY = 4096;
    private static final MemorySegment ALL = Raw.ALL;

    private FoldRows() {
    }

    /**
     * Folds the sequences from number {@code first} to number {@code to}; those that are not one run without gaps,
     * where {@code gather} says so, some at a time or by chunks after their elements have been brought together. The
     * result of sequence 0 would go to {@code out}.
     */
    static void range(FoldLoops loops, FoldScratch scratch, FoldPlan plan, long in, boolean gather, long first, long to,
            long out) {
        if (plan.folded > CHUNK) {
            for (long row = first; row < to; row++) {
                one(loops, scratch, plan, in + plan.keptOffset(row), plan.folded, gather, null, out + row * plan.cell);
            }
        } else if (gather) {
            gathering(loops, scratch, plan, in, first, to, out);
        } else {
            long rows = plan.rows();
            long n;
            for (long row = first; row < to; row += n) {
                n = Math.min(rows - row % rows, to - row);
                many(loops, scratch, plan, in + plan.keptOffset(row), plan.rowStride(), n, out + row * plan.cell);
            }
        }
    }

    private static void many(FoldLoops loops, FoldScratch scratch, FoldPlan plan, long in, long stride, long rows,
            long out) {
        int n = (int) plan.folded;
        int block = n == 1 && stride == plan.cell ? CALL : block(n);
        for (long row = 0; row < rows; row += block) {
            if (block == CALL) {
                FoldPlan.copyLine(plan.cell, in + row * stride, plan.cell, out + row * plan.cell, plan.cell,
                        (int) Math.min(block, rows - row));
                continue;
            }
            few(loops, scratch, plan.cell, in + row * stride, stride, n, (int) Math.min(block, rows - row),
                    out + row * plan.cell);
        }
    }

    private static void gathering(FoldLoops loops, FoldScratch scratch, FoldPlan plan, long in, long first, long to,
            long out) {
        int n = (int) plan.folded;
        int block = Math.min(block(n), CHUNK / n);
        for (long row = first; row < to; row += block) {
            int rows = (int) Math.min(block, to - row);
            for (int k = 0; k < rows; k++) {
                plan.gather(in + plan.keptOffset(row + k), 0, n, scratch.gathered + (long) k * n * plan.cell);
            }
            few(loops, scratch, plan.cell, scratch.gathered, (long) n * plan.cell, n, rows, out + row * plan.cell);
        }
    }

    /** The number of rows of {@code n} elements, at most a chunk, that {@link #few} may be given. */
    static int block(int n) {
        return Math.min(FoldScratch.LANE_BYTES / FoldLoops.VBYTES, CALL / n);
    }

    /** Folds up to {@link #block} rows of up to a chunk. */
    static void few(FoldLoops loops, FoldScratch scratch, int cell, long in, long stride, int n, int rows, long out) {
        if (n * cell <= FoldLoops.SHORT * FoldLoops.VBYTES) {
            loops.uses(FoldCall.rows(n * cell));
            loops.rows(in, stride, n, rows, out);
        } else {
            loops.uses(FoldCall.LANES);
            loops.uses(FoldCall.ROWS_1);
            loops.lanes(in, stride, n, rows, scratch.lanes, scratch.work);
            loops.rows(scratch.lanes, FoldLoops.VBYTES, FoldLoops.VBYTES / cell, rows, out);
        }
    }

    /** Folds one sequence of any length above 0; with a job, the chunks are shared. */
    static void one(FoldLoops loops, FoldScratch scratch, FoldPlan plan, long in, long n, boolean gather, FoldJob job,
            long out) {
        int size = job == null ? BATCH : MANY;
        long chunks = (n + CHUNK - 1) / CHUNK;
        long batches = (chunks + size - 1) / size;
        for (long batch = 0; batch < batches; batch++) {
            int count = (int) Math.min(size, chunks - batch * size);
            if (job == null) {
                chunks(loops, scratch, plan, in, gather, batch * size, batch * size + count, scratch.results);
            } else {
                job.chunks(in, batch * size, count, scratch.results);
            }
            take(loops, scratch, batch, count);
        }
        end(loops, scratch, batches, out);
    }

    /** Joins the {@code count} results in scratch, which are batch number {@code batch} of a sequence's chunks. */
    static void take(FoldLoops loops, FoldScratch scratch, long batch, int count) {
        pairs(loops, loops.cell, scratch.results, count);
        int level = 0;
        for (; (batch >> level & 1) != 0; level++) {
            loops.joinNarrow(scratch.pending + level * 64, 0, scratch.results, 0, scratch.results, 0, 1);
        }
        move(scratch.results, scratch.pending + level * 64);
    }

    /** Writes the result of a sequence, all of whose {@code batches} batches have been taken. */
    static void end(FoldLoops loops, FoldScratch scratch, long batches, long out) {
        int level = Long.numberOfTrailingZeros(batches);
        long result = scratch.pending + level * 64;
        for (level++; batches >> level != 0; level++) {
            if ((batches >> level & 1) != 0) {
                loops.joinNarrow(scratch.pending + level * 64, 0, result, 0, scratch.results, 0, 1);
                result = scratch.results;
            }
        }
        FoldPlan.copyLine(loops.cell, result, loops.cell, out, 0, 1);
    }

    /** Folds the chunks from number {@code first} to number {@code to} of a sequence, and writes their results. */
    static void chunks(FoldLoops loops, FoldScratch scratch, FoldPlan plan, long in, boolean gather, long first,
            long to, long out) {
        for (long chunk = first; chunk < to; chunk++) {
            int size = (int) Math.min(CHUNK, plan.folded - chunk * CHUNK);
            long from = in + chunk * CHUNK * plan.cell;
            if (gather) {
                from = scratch.gathered;
                plan.gather(in, chunk * CHUNK, size, from);
            }
            chunk(loops, scratch, plan.cell, from, size, out + (chunk - first) * plan.cell);
        }
    }

    /** Folds one sequence of up to a chunk. */
    static void chunk(FoldLoops loops, FoldScratch scratch, int cell, long in, int n, long out) {
        boolean whole = n % FoldLoops.LANES == 0 && FoldLoops.VBYTES == FoldLoops.WIDE;
        if (whole) {
            loops.uses(FoldCall.WHOLE);
        }
        if (!whole || !loops.whole(in, n * cell, out)) {
            few(loops, scratch, cell, in, 0, n, 1, out);
        }
    }

    /** Joins adjacent pairs level by level, an odd one being carried, until one is left, the first. */
    static void pairs(FoldLoops loops, int cell, long at, int count) {
        for (int n = count; n > 1; n = n + 1 >> 1) {
            int pairs = n >> 1;
            long odd = ALL.get(ValueLayout.JAVA_LONG_UNALIGNED, at + (n - 1) * cell);
            loops.rows(at, 2L * cell, 2, pairs, at);
            if ((n & 1) != 0) {
                ALL.set(ValueLayout.JAVA_LONG_UNALIGNED, at + pairs * cell, odd);
            }
        }
    }

    static void move(long from, long to) {
        ALL.set(ValueLayout.JAVA_LONG_UNALIGNED, to, ALL.get(ValueLayout.JAVA_LONG_UNALIGNED, from));
    }
}

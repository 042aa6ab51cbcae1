package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.lane.Lane;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The fold of one sequence that comes in chunks of {@link #CHUNK} elements, the last of which may be shorter: the meaning
 * is that of {@link Folds}, bit for bit. The chunks need not lie together, so what computes them can do so in memory that
 * stays in the first level of cache.
 */
final class ChunkFold {
    /** Elements of a chunk. */
    static final int CHUNK = FoldRows.CHUNK;
    private static final int GAP = 128;

    private final FoldLoops loops;
    private final int cell;
    private final MemorySegment memory;
    private final long lanes;
    private final long work;
    private final long results;
    private final long pending;
    private int waiting;
    private long batches;

    ChunkFold(FoldOp op, Lane lane) {
        loops = Folds.loops(op, lane);
        cell = lane.bytes();
        int laneBytes = FoldRows.BATCH * FoldLoops.VBYTES;
        int workAt = laneBytes + FoldLoops.LANES * Double.BYTES;
        int resultsAt = workAt + FoldLoops.WORK_BYTES;
        int pendingAt = resultsAt + FoldRows.BATCH * Double.BYTES + GAP;
        memory = Arena.ofAuto().allocate(pendingAt + FoldScratch.LEVELS * 64L, 64);
        lanes = memory.address();
        work = lanes + workAt;
        results = lanes + resultsAt;
        pending = lanes + pendingAt;
    }

    /** Folds {@code count} elements, at most a chunk, that are all there are. */
    void only(long in, int count, long out) {
        if (count * cell <= FoldLoops.SHORT * FoldLoops.VBYTES) {
            loops.uses(FoldCall.rows(count * cell));
            loops.rows(in, 0, count, 1, out);
        } else {
            loops.lanes(in, 0, count, 1, lanes, work);
            loops.rows(lanes, FoldLoops.VBYTES, FoldLoops.VBYTES / cell, 1, out);
        }
    }

    /** The loops of the fold. */
    FoldLoops loops() {
        return loops;
    }

    /** Begins a sequence. */
    void begin() {
        loops.uses(FoldCall.LANES);
        loops.uses(FoldCall.ROWS_1);
        waiting = 0;
        batches = 0;
    }

    /** Takes the next chunk; all but the last are whole. */
    void chunk(long in, int count) {
        loops.lanes(in, 0, count, 1, lanes + (long) waiting * FoldLoops.VBYTES, work);
        if (++waiting == FoldRows.BATCH) {
            batch();
        }
    }

    /**
     * Where the next chunk's vector of halved accumulators goes, if the caller makes it; then {@link #took}. There is room
     * for all 64.
     */
    long next() {
        return lanes + (long) waiting * FoldLoops.VBYTES;
    }

    /** The vector at {@link #next} has been made. */
    void took() {
        if (++waiting == FoldRows.BATCH) {
            batch();
        }
    }

    /** Writes the result of the vector at {@link #next}, which is of the only chunk. */
    void only(long out) {
        loops.rows(next(), FoldLoops.VBYTES, FoldLoops.VBYTES / cell, 1, out);
    }

    private void batch() {
        loops.rows(lanes, FoldLoops.VBYTES, FoldLoops.VBYTES / cell, waiting, results);
        FoldRows.pairs(loops, cell, results, waiting);
        waiting = 0;
        int level = 0;
        for (; (batches >> level & 1) != 0; level++) {
            loops.joinNarrow(pending + level * 64L, 0, results, 0, results, 0, 1);
        }
        FoldRows.move(results, pending + level * 64L);
        batches++;
    }

    /** Writes the result of all chunks, of which there has been one at least. */
    void end(long out) {
        if (waiting > 0) {
            batch();
        }
        int level = Long.numberOfTrailingZeros(batches);
        long result = pending + level * 64L;
        for (level++; batches >> level != 0; level++) {
            if ((batches >> level & 1) != 0) {
                loops.joinNarrow(pending + level * 64L, 0, result, 0, results, 0, 1);
                result = results;
            }
        }
        FoldPlan.copyLine(cell, result, cell, out, cell, 1);
    }

    /** Fences the memory. */
    void keep() {
        java.lang.ref.Reference.reachabilityFence(memory);
    }
}

package dev.lanegrad.internal.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** What a thread's folds write in passing: one block of native memory, made at the first fold and then kept. */
final class FoldScratch {
    /** Bytes for the vectors that the rows of a block are folded to. */
    static final int LANE_BYTES = 16 << 10;
    /** Bytes of the widest block of columns: a page, and its 64 accumulators stay in the second-level cache. */
    static final int COLUMN_BYTES = 4 << 10;
    /** Bytes of the elements that are brought side by side at a time. */
    static final int GATHER_BYTES = 32 << 10;
    /** Levels of the tree over the chunks: enough for 2^60 elements. */
    static final int LEVELS = 48;
    private static final int GAP = 128;
    private static final ThreadLocal<FoldScratch> OF_THREAD = ThreadLocal.withInitial(FoldScratch::new);

    /** Vectors that {@link FoldLoops#lanes} leaves, and their halves, with room for 64 lanes at the last. */
    final long lanes;
    /** For {@link FoldLoops#lanes}. */
    final long work;
    /** Results of up to {@link FoldRows#MANY} chunks. */
    final long results;
    /** Results of complete subtrees over the chunks, one level every 64 bytes. */
    final long pending;
    /** Elements brought side by side. */
    final long gathered;
    /** The accumulators of a block of columns. */
    final long accumulators;
    /** As {@link #pending} for a block of columns, one level every {@link #COLUMN_BYTES}. */
    final long pendingColumns;
    /** The result of a block of columns. */
    final long columns;
    /** The dimensions of the fold at hand. */
    final FoldPlan plan = new FoldPlan();
    /** The fold at hand, as work that may be shared. */
    final FoldJob job = new FoldJob();
    private final MemorySegment block;
    private MemorySegment table;

    private FoldScratch() {
        int workAt = LANE_BYTES + FoldLoops.LANES * Double.BYTES;
        int resultsAt = workAt + FoldLoops.WORK_BYTES;
        int pendingAt = resultsAt + FoldRows.MANY * Double.BYTES + GAP;
        int gatheredAt = pendingAt + LEVELS * 64;
        int accumulatorsAt = gatheredAt + GATHER_BYTES + GAP;
        int pendingColumnsAt = accumulatorsAt + FoldLoops.LANES * COLUMN_BYTES + GAP;
        int columnsAt = pendingColumnsAt + LEVELS * COLUMN_BYTES;
        block = Arena.ofAuto().allocate(columnsAt + COLUMN_BYTES + GAP, 64);
        lanes = block.address();
        work = lanes + workAt;
        results = lanes + resultsAt;
        pending = lanes + pendingAt;
        gathered = lanes + gatheredAt;
        accumulators = lanes + accumulatorsAt;
        pendingColumns = lanes + pendingColumnsAt;
        columns = lanes + columnsAt;
    }

    /** As many rows of columns as there are chunks in a batch. */
    long table() {
        if (table == null) {
            table = Arena.ofAuto().allocate(FoldRows.BATCH * (long) COLUMN_BYTES + GAP, 64);
        }
        return table.address();
    }

    /** The calling thread's, which the thread keeps alive. */
    static FoldScratch ofThread() {
        return OF_THREAD.get();
    }
}

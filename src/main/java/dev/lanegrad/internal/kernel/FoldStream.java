package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.lane.Lane;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/**
 * A fold whose elements come piece by piece, so that what computes them can do so in memory that stays in the first levels
 * of cache. The meaning is that of {@link Folds}, bit for bit. For one thread at a time.
 */
public abstract sealed class FoldStream {
    /** Begins anew. */
    public abstract void begin();

    /** Takes the next {@code rows} rows, which lie one after the other without gaps. */
    public abstract void feed(long address, int rows);

    /** Writes the result of all rows, of which there has been one at least; whole vectors are written. */
    public abstract void end(long out);

    /** The fold of all elements of rows of {@code width} elements to one. */
    public static FoldStream total(FoldOp op, Lane lane, int width) {
        return new Total(op, lane, width);
    }

    /** The folds of {@code width} columns, of at most {@code rows} rows. */
    public static FoldStream columns(FoldOp op, Lane lane, int width, long rows) {
        return new Columns(op, lane, width, rows);
    }

    /** Collects chunks, and folds each when it is whole. */
    private static final class Total extends FoldStream {
        private final ChunkFold fold;
        private final int cell;
        private final int width;
        private final MemorySegment memory;
        private int collected;

        Total(FoldOp op, Lane lane, int width) {
            this.fold = new ChunkFold(op, lane);
            this.cell = lane.bytes();
            this.width = width;
            this.memory = Arena.ofAuto().allocate((long) ChunkFold.CHUNK * cell + 128, 64);
        }

        @Override
        public void begin() {
            fold.begin();
            collected = 0;
        }

        @Override
        public void feed(long address, int rows) {
            int left = rows * width;
            long from = address;
            while (left > 0) {
                if (collected == 0 && left >= ChunkFold.CHUNK) {
                    fold.chunk(from, ChunkFold.CHUNK);
                    from += (long) ChunkFold.CHUNK * cell;
                    left -= ChunkFold.CHUNK;
                    continue;
                }
                int n = Math.min(left, ChunkFold.CHUNK - collected);
                MemorySegment.copy(dev.lanegrad.internal.memory.Raw.ALL, from, memory, (long) collected * cell, (long) n * cell);
                collected += n;
                from += (long) n * cell;
                left -= n;
                if (collected == ChunkFold.CHUNK) {
                    fold.chunk(memory.address(), collected);
                    collected = 0;
                }
            }
            Reference.reachabilityFence(memory);
        }

        @Override
        public void end(long out) {
            if (collected > 0) {
                fold.chunk(memory.address(), collected);
                collected = 0;
            }
            fold.end(out);
            Reference.reachabilityFence(memory);
            Reference.reachabilityFence(fold);
        }
    }

    /** Keeps the 64 accumulators of the law for each column. */
    private static final class Columns extends FoldStream {
        private final FoldLoops loops;
        private final int bytes;
        private final int stride;
        private final MemorySegment memory;
        private final long accumulators;
        private final long pending;
        private int inChunk;
        private long chunks;

        Columns(FoldOp op, Lane lane, int width, long rows) {
            loops = Folds.loops(op, lane);
            stride = width * lane.bytes();
            bytes = stride + FoldLoops.VBYTES - 1 & -FoldLoops.VBYTES;
            int levels = 2 + Long.SIZE - Long.numberOfLeadingZeros(rows / FoldRows.CHUNK);
            memory = Arena.ofAuto().allocate((long) bytes * (FoldLoops.LANES + levels + 1) + 128, 64);
            accumulators = memory.address();
            pending = accumulators + (long) bytes * FoldLoops.LANES;
        }

        @Override
        public void begin() {
            inChunk = 0;
            chunks = 0;
        }

        @Override
        public void feed(long address, int rows) {
            long from = address;
            int left = rows;
            while (left > 0) {
                int lane = inChunk % FoldLoops.LANES;
                int n = Math.min(left, FoldLoops.LANES - lane);
                long to = accumulators + (long) lane * bytes;
                if (inChunk < FoldLoops.LANES) {
                    FoldColumns.copy(from, stride, to, bytes, n, bytes);
                } else {
                    FoldColumns.join(loops, to, bytes, from, stride, to, bytes, n, bytes);
                }
                from += (long) n * stride;
                left -= n;
                inChunk += n;
                if (inChunk == FoldRows.CHUNK) {
                    chunk();
                }
            }
            Reference.reachabilityFence(memory);
        }

        private void chunk() {
            int level = Long.numberOfTrailingZeros(~chunks);
            long to = pending + (long) level * bytes;
            FoldColumns.tree(loops, accumulators, bytes, Math.min(inChunk, FoldLoops.LANES), accumulators, bytes, to);
            for (int l = 0; l < level; l++) {
                FoldColumns.join(loops, pending + (long) l * bytes, 0, to, 0, to, 0, 1, bytes);
            }
            inChunk = 0;
            chunks++;
        }

        @Override
        public void end(long out) {
            if (inChunk > 0) {
                chunk();
            }
            int level = Long.numberOfTrailingZeros(chunks);
            long result = pending + (long) level * bytes;
            for (level++; chunks >> level != 0; level++) {
                if ((chunks >> level & 1) != 0) {
                    FoldColumns.join(loops, pending + (long) level * bytes, 0, result, 0, accumulators, 0, 1, bytes);
                    result = accumulators;
                }
            }
            FoldColumns.copy(result, 0, out, 0, 1, bytes);
            Reference.reachabilityFence(memory);
        }
    }
}

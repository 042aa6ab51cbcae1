package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.lane.Lane;
import dev.lanegrad.internal.memory.Raw;
import dev.lanegrad.internal.shape.Dims;
import dev.lanegrad.internal.shape.Layout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The dimensions of a fold, folded and kept apart, each side with as few dimensions as its strides allow: neighbours
 * that one stride describes become one. Strides are in bytes. Reused, so that a fold allocates nothing.
 */
final class FoldPlan {
    private static final MemorySegment ALL = Raw.ALL;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final VectorSpecies<Byte> S = ByteVector.SPECIES_PREFERRED;
    private static final int VBYTES = FoldLoops.VBYTES;

    /** Bytes of an element. */
    int cell;
    /** Number of elements that make one result. */
    long folded;
    /** Number of results, without those of other columns. */
    long kept;
    /** Elements of the dimension that is set apart by {@link #takeColumns}. */
    long columns;
    /** Bytes between columns in the input. */
    long columnStride;
    /** Bytes between columns in the result. */
    long columnOut;
    /** True if the columns are the fastest dimension of the result. */
    boolean columnsLast;
    private int foldRank;
    private int keptRank;
    private final long[] foldSize = new long[Dims.MAX_RANK + 1];
    private final long[] foldStride = new long[Dims.MAX_RANK + 1];
    private final long[] keptSize = new long[Dims.MAX_RANK + 1];
    private final long[] keptStride = new long[Dims.MAX_RANK + 1];
    private final long[] keptOut = new long[Dims.MAX_RANK + 1];

    /** Takes the dimensions of {@code layout}, those in the set {@code dims} as folded. */
    void set(Lane lane, Layout layout, int dims) {
        cell = lane.bytes();
        folded = 1;
        kept = 1;
        foldRank = 0;
        keptRank = 0;
        columns = 1;
        for (int d = 0; d < layout.rank(); d++) {
            long size = layout.size(d);
            long stride = layout.stride(d) * cell;
            if ((dims >> d & 1) != 0) {
                folded *= size;
                foldRank = size == 1 ? foldRank : append(foldSize, foldStride, foldRank, size, stride);
            } else {
                kept *= size;
                keptRank = size == 1 ? keptRank : append(keptSize, keptStride, keptRank, size, stride);
            }
        }
        long step = cell;
        for (int k = keptRank - 1; k >= 0; k--) {
            keptOut[k] = step;
            step *= keptSize[k];
        }
    }

    private static int append(long[] sizes, long[] strides, int rank, long size, long stride) {
        if (rank > 0 && strides[rank - 1] == size * stride) {
            sizes[rank - 1] *= size;
            strides[rank - 1] = stride;
            return rank;
        }
        sizes[rank] = size;
        strides[rank] = stride;
        return rank + 1;
    }

    /** True if one stride describes all folded elements. */
    boolean oneRun() {
        return foldRank <= 1;
    }

    /** Bytes between neighbours of the sequence that makes a result, within a run. */
    long foldStride() {
        return foldRank == 0 ? cell : foldStride[foldRank - 1];
    }

    /** Number of elements of a run. */
    long runLength() {
        return foldRank == 0 ? 1 : foldSize[foldRank - 1];
    }

    /** Number of results whose sequences begin in equal distances, {@link #rowStride}. */
    long rows() {
        return keptRank == 0 ? 1 : keptSize[keptRank - 1];
    }

    /** Bytes between the beginnings of the sequences of neighbouring results. */
    long rowStride() {
        return keptRank == 0 ? 0 : keptStride[keptRank - 1];
    }

    /** The smallest stride of a kept dimension, but one element if some has that; the largest number without any. */
    long leastKeptStride() {
        return keptRank == 0 ? Long.MAX_VALUE : keptStride[bestColumns()];
    }

    private int bestColumns() {
        int at = keptRank - 1;
        for (int k = keptRank - 2; k >= 0; k--) {
            if (keptStride[at] != cell && (keptStride[k] == cell || keptStride[k] < keptStride[at])) {
                at = k;
            }
        }
        return at;
    }

    /** Sets the kept dimension with the least stride apart as the columns. */
    void takeColumns() {
        int at = bestColumns();
        columns = keptSize[at];
        columnStride = keptStride[at];
        columnOut = keptOut[at];
        columnsLast = at == keptRank - 1;
        kept /= columns;
        keptRank--;
        for (int k = at; k < keptRank; k++) {
            keptSize[k] = keptSize[k + 1];
            keptStride[k] = keptStride[k + 1];
            keptOut[k] = keptOut[k + 1];
        }
    }

    /** Bytes from the first element of the input to the first one of the result with row-major index {@code index}. */
    long keptOffset(long index) {
        return offset(keptSize, keptStride, keptRank, index);
    }

    /** Bytes from the first result to the one of row-major index {@code index}. */
    long outOffset(long index) {
        return offset(keptSize, keptOut, keptRank, index);
    }

    /** Bytes from the first element of a sequence to the first of run {@code run}. */
    long runOffset(long run) {
        return offset(foldSize, foldStride, foldRank - 1, run);
    }

    private static long offset(long[] sizes, long[] strides, int rank, long index) {
        long offset = 0;
        for (int k = rank - 1; k > 0; k--) {
            long left = index / sizes[k];
            offset += (index - left * sizes[k]) * strides[k];
            index = left;
        }
        return rank <= 0 ? 0 : offset + index * strides[0];
    }

    /**
     * Copies {@code count} elements of the sequence that begins at {@code base}, from its element {@code first} on; may
     * write one vector behind them.
     */
    void gather(long base, long first, int count, long to) {
        long length = runLength();
        long stride = foldStride();
        long run = first / length;
        long within = first - run * length;
        int n;
        for (int done = 0; done < count; done += n) {
            n = (int) Math.min(length - within, count - done);
            copyLine(cell, base + runOffset(run) + within * stride, stride, to + (long) done * cell, cell, n);
            run++;
            within = 0;
        }
    }

    /** Copies {@code n} elements of {@code cell} bytes between two strides; adjacent ones as whole vectors. */
    static void copyLine(int cell, long from, long fromStride, long to, long toStride, int n) {
        if (fromStride == cell && toStride == cell) {
            int bytes = n * cell;
            for (int d = 0; d < bytes; d += VBYTES) {
                ByteVector.fromMemorySegment(S, ALL, from + d, ORDER).intoMemorySegment(ALL, to + d, ORDER);
            }
        } else if (cell == Float.BYTES) {
            for (int i = 0; i < n; i++) {
                int element = ALL.get(ValueLayout.JAVA_INT_UNALIGNED, from + i * fromStride);
                ALL.set(ValueLayout.JAVA_INT_UNALIGNED, to + i * toStride, element);
            }
        } else {
            for (int i = 0; i < n; i++) {
                long element = ALL.get(ValueLayout.JAVA_LONG_UNALIGNED, from + i * fromStride);
                ALL.set(ValueLayout.JAVA_LONG_UNALIGNED, to + i * toStride, element);
            }
        }
    }
}

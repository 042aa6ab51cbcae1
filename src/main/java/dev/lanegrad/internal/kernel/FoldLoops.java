package dev.lanegrad.internal.kernel;

import jdk.incubator.vector.FloatVector;

/**
 * The vector loops of one fold operation on one type. Addresses and strides are in bytes. Every method may read up to
 * one vector behind the last element of its input and write up to one vector behind the last element of its output.
 */
abstract sealed class FoldLoops permits FoldFloatSum, FoldFloatProd, FoldFloatMax, FoldFloatMin,
        FoldDoubleSum, FoldDoubleProd, FoldDoubleMax, FoldDoubleMin {
    /** Logical accumulators of a chunk: part of what a fold means, and the same at every vector width. */
    static final int LANES = 64;
    /** Bytes of a vector. */
    static final int VBYTES = FloatVector.SPECIES_PREFERRED.vectorByteSize();
    /** The most vectors in a row that {@link #rows} folds. */
    static final int SHORT = 4;
    /** Bytes of the vectors that {@link #whole} is for: 4 of floats, and 8 of doubles, are 64 accumulators. */
    static final int WIDE = 64;
    /** Bytes that {@link #lanes} needs at {@code work}: 64 elements of the last group, and 64 accumulators. */
    static final int WORK_BYTES = 2 * LANES * Double.BYTES;

    /** Bytes of an element. */
    final int cell;
    /** What has been used: bit i is {@link FoldCall} i. A race costs a second warm-up. */
    private int used;

    FoldLoops(int cell) {
        this.cell = cell;
    }

    /** Sees to it that the JVM compiles the loop of {@code call}, which is about to be used. */
    final void uses(FoldCall call) {
        int bit = 1 << call.ordinal();
        if ((used & bit) == 0) {
            used |= bit;
            KernelWarmup.start(this, call);
        }
    }

    /**
     * Folds each row of {@code n} elements, 1 to 4,096 side by side, into its 64 lanes and these, by halving, into one
     * vector, which goes to {@code out}; one vector after the other.
     */
    abstract void lanes(long in, long rowStride, int n, int rows, long out, long work);

    /**
     * Folds one sequence of {@code bytes} bytes, at most a chunk of whole groups of 64 elements, to the element at
     * {@code out}; only where vectors have {@link #WIDE} bytes. False if there may be a NaN that it missed: then the
     * result is to be found with {@link #lanes}.
     */
    abstract boolean whole(long in, int bytes, long out);

    /**
     * Folds each row of {@code n} elements, 1 to as many as {@link #SHORT} vectors hold, to one element; these lie side
     * by side, and {@code out} may be {@code in}.
     */
    abstract void rows(long in, long rowStride, int n, int rows, long out);

    /**
     * Folds one vector of columns: of each of {@code n} rows, at most a chunk, the vector at its beginning, into one at
     * {@code out}. Eight vectors at {@code work} are written in passing. False as for {@link #whole}.
     */
    abstract boolean column(long in, long stride, int n, long work, long out);

    /**
     * Joins each row at {@code to}, in this order, with the row at {@code in} and those {@code far}, {@code 2 * far}
     * and {@code 3 * far} bytes behind it.
     */
    abstract void joinFour(long to, long toStride, long in, long inStride, long far, int rows, int bytes);

    /** As {@link #joinFour} for rows of one vector. */
    abstract void joinFourNarrow(long to, long toStride, long in, long inStride, long far, int rows);

    /** Joins rows of {@code bytes} bytes, element by element; {@code out} may be {@code a}. */
    abstract void join(long a, long aStride, long b, long bStride, long out, long outStride, int rows, int bytes);

    /** As {@link #join} for rows of one vector. */
    abstract void joinNarrow(long a, long aStride, long b, long bStride, long out, long outStride, int rows);

    /** Fills with the identity. */
    abstract void fill(long out, int bytes);
}

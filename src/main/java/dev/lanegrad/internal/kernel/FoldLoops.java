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
    /** Bytes that {@link #lanes} needs at {@code work}: 64 elements of the last group, and 64 accumulators. */
    static final int WORK_BYTES = 2 * LANES * Double.BYTES;

    /**
     * Folds each row of {@code n} elements, 1 to 4,096 side by side, into its 64 lanes and these, by halving, into one
     * vector, which goes to {@code out}; one vector after the other.
     */
    abstract void lanes(long in, long rowStride, int n, int rows, long out, long work);

    /** Copies rows of {@code n} elements, at most a vector, one every {@code pitch} bytes, the identity behind each. */
    abstract void pad(long in, long rowStride, int n, int rows, long out, int pitch);

    /**
     * Halves runs of {@code 2w} elements that lie side by side, at most a vector each, where {@code w} is {@code 1 <<
     * level}: element {@code j} of a run is joined with element {@code j + w}. {@code bytes} is the size of the result,
     * and {@code out} may be {@code in}.
     */
    abstract void halve(long in, int bytes, int level, long out);

    /** Halves the vector at {@code lanes} down to one element, which becomes the first of the vector at {@code out}. */
    abstract void tree(long lanes, long out);

    /** Folds {@code n} elements, at most a vector; the result becomes the first of the vector at {@code out}. */
    abstract void small(long in, int n, long out);

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

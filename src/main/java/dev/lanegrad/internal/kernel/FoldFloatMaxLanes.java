package dev.lanegrad.internal.kernel;

import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.NE;

import dev.lanegrad.internal.memory.Raw;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Maxima of rows of floats by lanes. Written by src/build/java/FoldSources.java: change it there.
 *
 * <p>Each loop is one method: accumulators live in registers only as locals. They begin as broadcasts, not as
 * the constant ID, because the compiler cannot merge a constant object with vectors around a loop but by
 * boxing all of them.
 */
final class FoldFloatMaxLanes {
    private static final MemorySegment ALL = Raw.ALL;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final Class<?> TYPE = S.vectorType();
    private static final int V = S.length();
    private static final int VB = S.vectorByteSize();
    private static final int BYTES = Float.BYTES;
    private static final int LANES = FoldLoops.LANES;
    private static final int GROUP = LANES * BYTES;
    private static final float IDENTITY = Float.NEGATIVE_INFINITY;
    private static final FloatVector ID = FloatVector.broadcast(S, IDENTITY);
    private static final FloatVector IOTA = FloatVector.zero(S).addIndex(1);

    private FoldFloatMaxLanes() {
    }

    /** As {@link #lanes4} for numbers, from row {@code first} on: the first row that may hold a NaN, or {@code rows}. */
    static int numbers4(long in, long rowStride, int n, int first, int rows, long out) {
        int whole = (n & -LANES) * BYTES;
        int rest = n & LANES - 1;
        for (int row = first; row < rows; row++) {
            long p = in + row * rowStride;
            FloatVector a0 = FloatVector.broadcast(S, IDENTITY);
            FloatVector a1 = FloatVector.broadcast(S, IDENTITY);
            FloatVector a2 = FloatVector.broadcast(S, IDENTITY);
            FloatVector a3 = FloatVector.broadcast(S, IDENTITY);
            FloatVector s0 = FloatVector.broadcast(S, 0);
            FloatVector s1 = FloatVector.broadcast(S, 0);
            long end = p + whole;
            for (long d = p; d != end; d += GROUP) {
                FloatVector x0 = FloatVector.fromMemorySegment(S, ALL, d, ORDER);
                a0 = ((FloatVector) TYPE.cast(a0)).blend(x0, ((FloatVector) TYPE.cast(a0)).compare(LT, x0));
                s0 = ((FloatVector) TYPE.cast(s0)).add(x0);
                FloatVector x1 = FloatVector.fromMemorySegment(S, ALL, d + VB, ORDER);
                a1 = ((FloatVector) TYPE.cast(a1)).blend(x1, ((FloatVector) TYPE.cast(a1)).compare(LT, x1));
                s1 = ((FloatVector) TYPE.cast(s1)).add(x1);
                FloatVector x2 = FloatVector.fromMemorySegment(S, ALL, d + 2 * VB, ORDER);
                a2 = ((FloatVector) TYPE.cast(a2)).blend(x2, ((FloatVector) TYPE.cast(a2)).compare(LT, x2));
                s0 = ((FloatVector) TYPE.cast(s0)).add(x2);
                FloatVector x3 = FloatVector.fromMemorySegment(S, ALL, d + 3 * VB, ORDER);
                a3 = ((FloatVector) TYPE.cast(a3)).blend(x3, ((FloatVector) TYPE.cast(a3)).compare(LT, x3));
                s1 = ((FloatVector) TYPE.cast(s1)).add(x3);
            }
            if (rest > 0) {
                FloatVector x0 = FloatVector.fromMemorySegment(S, ALL, p + whole, ORDER);
                x0 = ID.blend(x0, IOTA.compare(VectorOperators.LT, (float) rest));
                a0 = ((FloatVector) TYPE.cast(a0)).blend(x0, ((FloatVector) TYPE.cast(a0)).compare(LT, x0));
                s0 = ((FloatVector) TYPE.cast(s0)).add(x0);
            }
            if (rest > V) {
                FloatVector x1 = FloatVector.fromMemorySegment(S, ALL, p + whole + VB, ORDER);
                x1 = ID.blend(x1, IOTA.compare(VectorOperators.LT, (float) (rest - V)));
                a1 = ((FloatVector) TYPE.cast(a1)).blend(x1, ((FloatVector) TYPE.cast(a1)).compare(LT, x1));
                s1 = ((FloatVector) TYPE.cast(s1)).add(x1);
            }
            if (rest > 2 * V) {
                FloatVector x2 = FloatVector.fromMemorySegment(S, ALL, p + whole + 2 * VB, ORDER);
                x2 = ID.blend(x2, IOTA.compare(VectorOperators.LT, (float) (rest - 2 * V)));
                a2 = ((FloatVector) TYPE.cast(a2)).blend(x2, ((FloatVector) TYPE.cast(a2)).compare(LT, x2));
                s0 = ((FloatVector) TYPE.cast(s0)).add(x2);
            }
            if (rest > 3 * V) {
                FloatVector x3 = FloatVector.fromMemorySegment(S, ALL, p + whole + 3 * VB, ORDER);
                x3 = ID.blend(x3, IOTA.compare(VectorOperators.LT, (float) (rest - 3 * V)));
                a3 = ((FloatVector) TYPE.cast(a3)).blend(x3, ((FloatVector) TYPE.cast(a3)).compare(LT, x3));
                s1 = ((FloatVector) TYPE.cast(s1)).add(x3);
            }
            a0 = ((FloatVector) TYPE.cast(a0)).blend(a2, ((FloatVector) TYPE.cast(a0)).compare(LT, a2));
            a1 = ((FloatVector) TYPE.cast(a1)).blend(a3, ((FloatVector) TYPE.cast(a1)).compare(LT, a3));
            a0 = ((FloatVector) TYPE.cast(a0)).blend(a1, ((FloatVector) TYPE.cast(a0)).compare(LT, a1));
            ((FloatVector) TYPE.cast(a0)).intoMemorySegment(ALL, out + (long) row * VB, ORDER);
            if (((FloatVector) TYPE.cast(s0)).add(s1).test(VectorOperators.IS_NAN).anyTrue()) {
                return row;
            }
        }
        return rows;
    }

    /** As {@link FoldLoops#lanes}, where 4 vectors hold the lanes. */
    static void lanes4(long in, long rowStride, int n, int rows, long out) {
        int whole = (n & -LANES) * BYTES;
        int rest = n & LANES - 1;
        for (int row = 0; row < rows; row++) {
            long p = in + row * rowStride;
            FloatVector a0 = FloatVector.broadcast(S, IDENTITY);
            FloatVector a1 = FloatVector.broadcast(S, IDENTITY);
            FloatVector a2 = FloatVector.broadcast(S, IDENTITY);
            FloatVector a3 = FloatVector.broadcast(S, IDENTITY);
            long end = p + whole;
            for (long d = p; d != end; d += GROUP) {
                FloatVector x0 = FloatVector.fromMemorySegment(S, ALL, d, ORDER);
                a0 = ((FloatVector) TYPE.cast(a0)).blend(x0, ((FloatVector) TYPE.cast(a0)).compare(LT, x0).or(x0.compare(NE, x0)));
                FloatVector x1 = FloatVector.fromMemorySegment(S, ALL, d + VB, ORDER);
                a1 = ((FloatVector) TYPE.cast(a1)).blend(x1, ((FloatVector) TYPE.cast(a1)).compare(LT, x1).or(x1.compare(NE, x1)));
                FloatVector x2 = FloatVector.fromMemorySegment(S, ALL, d + 2 * VB, ORDER);
                a2 = ((FloatVector) TYPE.cast(a2)).blend(x2, ((FloatVector) TYPE.cast(a2)).compare(LT, x2).or(x2.compare(NE, x2)));
                FloatVector x3 = FloatVector.fromMemorySegment(S, ALL, d + 3 * VB, ORDER);
                a3 = ((FloatVector) TYPE.cast(a3)).blend(x3, ((FloatVector) TYPE.cast(a3)).compare(LT, x3).or(x3.compare(NE, x3)));
            }
            if (rest > 0) {
                FloatVector x0 = FloatVector.fromMemorySegment(S, ALL, p + whole, ORDER);
                x0 = ID.blend(x0, IOTA.compare(VectorOperators.LT, (float) rest));
                a0 = ((FloatVector) TYPE.cast(a0)).blend(x0, ((FloatVector) TYPE.cast(a0)).compare(LT, x0).or(x0.compare(NE, x0)));
            }
            if (rest > V) {
                FloatVector x1 = FloatVector.fromMemorySegment(S, ALL, p + whole + VB, ORDER);
                x1 = ID.blend(x1, IOTA.compare(VectorOperators.LT, (float) (rest - V)));
                a1 = ((FloatVector) TYPE.cast(a1)).blend(x1, ((FloatVector) TYPE.cast(a1)).compare(LT, x1).or(x1.compare(NE, x1)));
            }
            if (rest > 2 * V) {
                FloatVector x2 = FloatVector.fromMemorySegment(S, ALL, p + whole + 2 * VB, ORDER);
                x2 = ID.blend(x2, IOTA.compare(VectorOperators.LT, (float) (rest - 2 * V)));
                a2 = ((FloatVector) TYPE.cast(a2)).blend(x2, ((FloatVector) TYPE.cast(a2)).compare(LT, x2).or(x2.compare(NE, x2)));
            }
            if (rest > 3 * V) {
                FloatVector x3 = FloatVector.fromMemorySegment(S, ALL, p + whole + 3 * VB, ORDER);
                x3 = ID.blend(x3, IOTA.compare(VectorOperators.LT, (float) (rest - 3 * V)));
                a3 = ((FloatVector) TYPE.cast(a3)).blend(x3, ((FloatVector) TYPE.cast(a3)).compare(LT, x3).or(x3.compare(NE, x3)));
            }
            a0 = ((FloatVector) TYPE.cast(a0)).blend(a2, ((FloatVector) TYPE.cast(a0)).compare(LT, a2).or(((FloatVector) TYPE.cast(a2)).compare(NE, a2)));
            a1 = ((FloatVector) TYPE.cast(a1)).blend(a3, ((FloatVector) TYPE.cast(a1)).compare(LT, a3).or(((FloatVector) TYPE.cast(a3)).compare(NE, a3)));
            a0 = ((FloatVector) TYPE.cast(a0)).blend(a1, ((FloatVector) TYPE.cast(a0)).compare(LT, a1).or(((FloatVector) TYPE.cast(a1)).compare(NE, a1)));
            ((FloatVector) TYPE.cast(a0)).intoMemorySegment(ALL, out + (long) row * VB, ORDER);
        }
    }

    /** As {@link #lanes8} for numbers, from row {@code first} on: the first row that may hold a NaN, or {@code rows}. */
    static int numbers8(long in, long rowStride, int n, int first, int rows, long out) {
        int whole = (n & -LANES) * BYTES;
        int rest = n & LANES - 1;
        for (int row = first; row < rows; row++) {
            long p = in + row * rowStride;
            FloatVector a0 = FloatVector.broadcast(S, IDENTITY);
            FloatVector a1 = FloatVector.broadcast(S, IDENTITY);
            FloatVector a2 = FloatVector.broadcast(S, IDENTITY);
            FloatVector a3 = FloatVector.broadcast(S, IDENTITY);
            FloatVector a4 = FloatVector.broadcast(S, IDENTITY);
            FloatVector a5 = FloatVector.broadcast(S, IDENTITY);
            FloatVector a6 = FloatVector.broadcast(S, IDENTITY);
            FloatVector a7 = FloatVector.broadcast(S, IDENTITY);
            FloatVector s0 = FloatVector.broadcast(S, 0);
            FloatVector s1 = FloatVector.broadcast(S, 0);
            FloatVector s2 = FloatVector.broadcast(S, 0);
            FloatVector s3 = FloatVector.broadcast(S, 0);
            long end = p + whole;
            for (long d = p; d != end; d += GROUP) {
                FloatVector x0 = FloatVector.fromMemorySegment(S, ALL, d, ORDER);
                a0 = ((FloatVector) TYPE.cast(a0)).blend(x0, ((FloatVector) TYPE.cast(a0)).compare(LT, x0));
                s0 = ((FloatVector) TYPE.cast(s0)).add(x0);
                FloatVector x1 = FloatVector.fromMemorySegment(S, ALL, d + VB, ORDER);
                a1 = ((FloatVector) TYPE.cast(a1)).blend(x1, ((FloatVector) TYPE.cast(a1)).compare(LT, x1));
                s1 = ((FloatVector) TYPE.cast(s1)).add(x1);
                FloatVector x2 = FloatVector.fromMemorySegment(S, ALL, d + 2 * VB, ORDER);
                a2 = ((FloatVector) TYPE.cast(a2)).blend(x2, ((FloatVector) TYPE.cast(a2)).compare(LT, x2));
                s2 = ((FloatVector) TYPE.cast(s2)).add(x2);
                FloatVector x3 = FloatVector.fromMemorySegment(S, ALL, d + 3 * VB, ORDER);
                a3 = ((FloatVector) TYPE.cast(a3)).blend(x3, ((FloatVector) TYPE.cast(a3)).compare(LT, x3));
                s3 = ((FloatVector) TYPE.cast(s3)).add(x3);
                FloatVector x4 = FloatVector.fromMemorySegment(S, ALL, d + 4 * VB, ORDER);
                a4 = ((FloatVector) TYPE.cast(a4)).blend(x4, ((FloatVector) TYPE.cast(a4)).compare(LT, x4));
                s0 = ((FloatVector) TYPE.cast(s0)).add(x4);
                FloatVector x5 = FloatVector.fromMemorySegment(S, ALL, d + 5 * VB, ORDER);
                a5 = ((FloatVector) TYPE.cast(a5)).blend(x5, ((FloatVector) TYPE.cast(a5)).compare(LT, x5));
                s1 = ((FloatVector) TYPE.cast(s1)).add(x5);
                FloatVector x6 = FloatVector.fromMemorySegment(S, ALL, d + 6 * VB, ORDER);
                a6 = ((FloatVector) TYPE.cast(a6)).blend(x6, ((FloatVector) TYPE.cast(a6)).compare(LT, x6));
                s2 = ((FloatVector) TYPE.cast(s2)).add(x6);
                FloatVector x7 = FloatVector.fromMemorySegment(S, ALL, d + 7 * VB, ORDER);
                a7 = ((FloatVector) TYPE.cast(a7)).blend(x7, ((FloatVector) TYPE.cast(a7)).compare(LT, x7));
                s3 = ((FloatVector) TYPE.cast(s3)).add(x7);
            }
            if (rest > 0) {
                FloatVector x0 = FloatVector.fromMemorySegment(S, ALL, p + whole, ORDER);
                x0 = ID.blend(x0, IOTA.compare(VectorOperators.LT, (float) rest));
                a0 = ((FloatVector) TYPE.cast(a0)).blend(x0, ((FloatVector) TYPE.cast(a0)).compare(LT, x0));
                s0 = ((FloatVector) TYPE.cast(s0)).add(x0);
            }
            if (rest > V) {
                FloatVector x1 = FloatVector.fromMemorySegment(S, ALL, p + whole + VB, ORDER);
                x1 = ID.blend(x1, IOTA.compare(VectorOperators.LT, (float) (rest - V)));
                a1 = ((FloatVector) TYPE.cast(a1)).blend(x1, ((FloatVector) TYPE.cast(a1)).compare(LT, x1));
                s1 = ((FloatVector) TYPE.cast(s1)).add(x1);
            }
            if (rest > 2 * V) {
                FloatVector x2 = FloatVector.fromMemorySegment(S, ALL, p + whole + 2 * VB, ORDER);
                x2 = ID.blend(x2, IOTA.compare(VectorOperators.LT, (float) (rest - 2 * V)));
                a2 = ((FloatVector) TYPE.cast(a2)).blend(x2, ((FloatVector) TYPE.cast(a2)).compare(LT, x2));
                s2 = ((FloatVector) TYPE.cast(s2)).add(x2);
            }
            if (rest > 3 * V) {
                FloatVector x3 = FloatVector.fromMemorySegment(S, ALL, p + whole + 3 * VB, ORDER);
                x3 = ID.blend(x3, IOTA.compare(VectorOperators.LT, (float) (rest - 3 * V)));
                a3 = ((FloatVector) TYPE.cast(a3)).blend(x3, ((FloatVector) TYPE.cast(a3)).compare(LT, x3));
                s3 = ((FloatVector) TYPE.cast(s3)).add(x3);
            }
            if (rest > 4 * V) {
                FloatVector x4 = FloatVector.fromMemorySegment(S, ALL, p + whole + 4 * VB, ORDER);
                x4 = ID.blend(x4, IOTA.compare(VectorOperators.LT, (float) (rest - 4 * V)));
                a4 = ((FloatVector) TYPE.cast(a4)).blend(x4, ((FloatVector) TYPE.cast(a4)).compare(LT, x4));
                s0 = ((FloatVector) TYPE.cast(s0)).add(x4);
            }
            if (rest > 5 * V) {
                FloatVector x5 = FloatVector.fromMemorySegment(S, ALL, p + whole + 5 * VB, ORDER);
                x5 = ID.blend(x5, IOTA.compare(VectorOperators.LT, (float) (rest - 5 * V)));
                a5 = ((FloatVector) TYPE.cast(a5)).blend(x5, ((FloatVector) TYPE.cast(a5)).compare(LT, x5));
                s1 = ((FloatVector) TYPE.cast(s1)).add(x5);
            }
            if (rest > 6 * V) {
                FloatVector x6 = FloatVector.fromMemorySegment(S, ALL, p + whole + 6 * VB, ORDER);
                x6 = ID.blend(x6, IOTA.compare(VectorOperators.LT, (float) (rest - 6 * V)));
                a6 = ((FloatVector) TYPE.cast(a6)).blend(x6, ((FloatVector) TYPE.cast(a6)).compare(LT, x6));
                s2 = ((FloatVector) TYPE.cast(s2)).add(x6);
            }
            if (rest > 7 * V) {
                FloatVector x7 = FloatVector.fromMemorySegment(S, ALL, p + whole + 7 * VB, ORDER);
                x7 = ID.blend(x7, IOTA.compare(VectorOperators.LT, (float) (rest - 7 * V)));
                a7 = ((FloatVector) TYPE.cast(a7)).blend(x7, ((FloatVector) TYPE.cast(a7)).compare(LT, x7));
                s3 = ((FloatVector) TYPE.cast(s3)).add(x7);
            }
            a0 = ((FloatVector) TYPE.cast(a0)).blend(a4, ((FloatVector) TYPE.cast(a0)).compare(LT, a4));
            a1 = ((FloatVector) TYPE.cast(a1)).blend(a5, ((FloatVector) TYPE.cast(a1)).compare(LT, a5));
            a2 = ((FloatVector) TYPE.cast(a2)).blend(a6, ((FloatVector) TYPE.cast(a2)).compare(LT, a6));
            a3 = ((FloatVector) TYPE.cast(a3)).blend(a7, ((FloatVector) TYPE.cast(a3)).compare(LT, a7));
            a0 = ((FloatVector) TYPE.cast(a0)).blend(a2, ((FloatVector) TYPE.cast(a0)).compare(LT, a2));
            a1 = ((FloatVector) TYPE.cast(a1)).blend(a3, ((FloatVector) TYPE.cast(a1)).compare(LT, a3));
            a0 = ((FloatVector) TYPE.cast(a0)).blend(a1, ((FloatVector) TYPE.cast(a0)).compare(LT, a1));
            ((FloatVector) TYPE.cast(a0)).intoMemorySegment(ALL, out + (long) row * VB, ORDER);
            if (((FloatVector) TYPE.cast(s0)).add(s1).add(s2).add(s3).test(VectorOperators.IS_NAN).anyTrue()) {
                return row;
            }
        }
        return rows;
    }

    /** As {@link FoldLoops#lanes}, where 8 vectors hold the lanes. */
    static void lanes8(long in, long rowStride, int n, int rows, long out) {
        int whole = (n & -LANES) * BYTES;
        int rest = n & LANES - 1;
        for (int row = 0; row < rows; row++) {
            long p = in + row * rowStride;
            FloatVector a0 = FloatVector.broadcast(S, IDENTITY);
            FloatVector a1 = FloatVector.broadcast(S, IDENTITY);
            FloatVector a2 = FloatVector.broadcast(S, IDENTITY);
            FloatVector a3 = FloatVector.broadcast(S, IDENTITY);
            FloatVector a4 = FloatVector.broadcast(S, IDENTITY);
            FloatVector a5 = FloatVector.broadcast(S, IDENTITY);
            FloatVector a6 = FloatVector.broadcast(S, IDENTITY);
            FloatVector a7 = FloatVector.broadcast(S, IDENTITY);
            long end = p + whole;
            for (long d = p; d != end; d += GROUP) {
                FloatVector x0 = FloatVector.fromMemorySegment(S, ALL, d, ORDER);
                a0 = ((FloatVector) TYPE.cast(a0)).blend(x0, ((FloatVector) TYPE.cast(a0)).compare(LT, x0).or(x0.compare(NE, x0)));
                FloatVector x1 = FloatVector.fromMemorySegment(S, ALL, d + VB, ORDER);
                a1 = ((FloatVector) TYPE.cast(a1)).blend(x1, ((FloatVector) TYPE.cast(a1)).compare(LT, x1).or(x1.compare(NE, x1)));
                FloatVector x2 = FloatVector.fromMemorySegment(S, ALL, d + 2 * VB, ORDER);
                a2 = ((FloatVector) TYPE.cast(a2)).blend(x2, ((FloatVector) TYPE.cast(a2)).compare(LT, x2).or(x2.compare(NE, x2)));
                FloatVector x3 = FloatVector.fromMemorySegment(S, ALL, d + 3 * VB, ORDER);
                a3 = ((FloatVector) TYPE.cast(a3)).blend(x3, ((FloatVector) TYPE.cast(a3)).compare(LT, x3).or(x3.compare(NE, x3)));
                FloatVector x4 = FloatVector.fromMemorySegment(S, ALL, d + 4 * VB, ORDER);
                a4 = ((FloatVector) TYPE.cast(a4)).blend(x4, ((FloatVector) TYPE.cast(a4)).compare(LT, x4).or(x4.compare(NE, x4)));
                FloatVector x5 = FloatVector.fromMemorySegment(S, ALL, d + 5 * VB, ORDER);
                a5 = ((FloatVector) TYPE.cast(a5)).blend(x5, ((FloatVector) TYPE.cast(a5)).compare(LT, x5).or(x5.compare(NE, x5)));
                FloatVector x6 = FloatVector.fromMemorySegment(S, ALL, d + 6 * VB, ORDER);
                a6 = ((FloatVector) TYPE.cast(a6)).blend(x6, ((FloatVector) TYPE.cast(a6)).compare(LT, x6).or(x6.compare(NE, x6)));
                FloatVector x7 = FloatVector.fromMemorySegment(S, ALL, d + 7 * VB, ORDER);
                a7 = ((FloatVector) TYPE.cast(a7)).blend(x7, ((FloatVector) TYPE.cast(a7)).compare(LT, x7).or(x7.compare(NE, x7)));
            }
            if (rest > 0) {
                FloatVector x0 = FloatVector.fromMemorySegment(S, ALL, p + whole, ORDER);
                x0 = ID.blend(x0, IOTA.compare(VectorOperators.LT, (float) rest));
                a0 = ((FloatVector) TYPE.cast(a0)).blend(x0, ((FloatVector) TYPE.cast(a0)).compare(LT, x0).or(x0.compare(NE, x0)));
            }
            if (rest > V) {
                FloatVector x1 = FloatVector.fromMemorySegment(S, ALL, p + whole + VB, ORDER);
                x1 = ID.blend(x1, IOTA.compare(VectorOperators.LT, (float) (rest - V)));
                a1 = ((FloatVector) TYPE.cast(a1)).blend(x1, ((FloatVector) TYPE.cast(a1)).compare(LT, x1).or(x1.compare(NE, x1)));
            }
            if (rest > 2 * V) {
                FloatVector x2 = FloatVector.fromMemorySegment(S, ALL, p + whole + 2 * VB, ORDER);
                x2 = ID.blend(x2, IOTA.compare(VectorOperators.LT, (float) (rest - 2 * V)));
                a2 = ((FloatVector) TYPE.cast(a2)).blend(x2, ((FloatVector) TYPE.cast(a2)).compare(LT, x2).or(x2.compare(NE, x2)));
            }
            if (rest > 3 * V) {
                FloatVector x3 = FloatVector.fromMemorySegment(S, ALL, p + whole + 3 * VB, ORDER);
                x3 = ID.blend(x3, IOTA.compare(VectorOperators.LT, (float) (rest - 3 * V)));
                a3 = ((FloatVector) TYPE.cast(a3)).blend(x3, ((FloatVector) TYPE.cast(a3)).compare(LT, x3).or(x3.compare(NE, x3)));
            }
            if (rest > 4 * V) {
                FloatVector x4 = FloatVector.fromMemorySegment(S, ALL, p + whole + 4 * VB, ORDER);
                x4 = ID.blend(x4, IOTA.compare(VectorOperators.LT, (float) (rest - 4 * V)));
                a4 = ((FloatVector) TYPE.cast(a4)).blend(x4, ((FloatVector) TYPE.cast(a4)).compare(LT, x4).or(x4.compare(NE, x4)));
            }
            if (rest > 5 * V) {
                FloatVector x5 = FloatVector.fromMemorySegment(S, ALL, p + whole + 5 * VB, ORDER);
                x5 = ID.blend(x5, IOTA.compare(VectorOperators.LT, (float) (rest - 5 * V)));
                a5 = ((FloatVector) TYPE.cast(a5)).blend(x5, ((FloatVector) TYPE.cast(a5)).compare(LT, x5).or(x5.compare(NE, x5)));
            }
            if (rest > 6 * V) {
                FloatVector x6 = FloatVector.fromMemorySegment(S, ALL, p + whole + 6 * VB, ORDER);
                x6 = ID.blend(x6, IOTA.compare(VectorOperators.LT, (float) (rest - 6 * V)));
                a6 = ((FloatVector) TYPE.cast(a6)).blend(x6, ((FloatVector) TYPE.cast(a6)).compare(LT, x6).or(x6.compare(NE, x6)));
            }
            if (rest > 7 * V) {
                FloatVector x7 = FloatVector.fromMemorySegment(S, ALL, p + whole + 7 * VB, ORDER);
                x7 = ID.blend(x7, IOTA.compare(VectorOperators.LT, (float) (rest - 7 * V)));
                a7 = ((FloatVector) TYPE.cast(a7)).blend(x7, ((FloatVector) TYPE.cast(a7)).compare(LT, x7).or(x7.compare(NE, x7)));
            }
            a0 = ((FloatVector) TYPE.cast(a0)).blend(a4, ((FloatVector) TYPE.cast(a0)).compare(LT, a4).or(((FloatVector) TYPE.cast(a4)).compare(NE, a4)));
            a1 = ((FloatVector) TYPE.cast(a1)).blend(a5, ((FloatVector) TYPE.cast(a1)).compare(LT, a5).or(((FloatVector) TYPE.cast(a5)).compare(NE, a5)));
            a2 = ((FloatVector) TYPE.cast(a2)).blend(a6, ((FloatVector) TYPE.cast(a2)).compare(LT, a6).or(((FloatVector) TYPE.cast(a6)).compare(NE, a6)));
            a3 = ((FloatVector) TYPE.cast(a3)).blend(a7, ((FloatVector) TYPE.cast(a3)).compare(LT, a7).or(((FloatVector) TYPE.cast(a7)).compare(NE, a7)));
            a0 = ((FloatVector) TYPE.cast(a0)).blend(a2, ((FloatVector) TYPE.cast(a0)).compare(LT, a2).or(((FloatVector) TYPE.cast(a2)).compare(NE, a2)));
            a1 = ((FloatVector) TYPE.cast(a1)).blend(a3, ((FloatVector) TYPE.cast(a1)).compare(LT, a3).or(((FloatVector) TYPE.cast(a3)).compare(NE, a3)));
            a0 = ((FloatVector) TYPE.cast(a0)).blend(a1, ((FloatVector) TYPE.cast(a0)).compare(LT, a1).or(((FloatVector) TYPE.cast(a1)).compare(NE, a1)));
            ((FloatVector) TYPE.cast(a0)).intoMemorySegment(ALL, out + (long) row * VB, ORDER);
        }
    }

    /** As {@link FoldLoops#lanes}, with narrow vectors: some lanes at a time, and what is left of a row beside it. */
    static void parts(long in, long rowStride, int n, int rows, long out, long work) {
        int whole = (n & -LANES) * BYTES;
        int rest = n & LANES - 1;
        long slabs = work + GROUP;
        if (rest > 0) {
            for (int d = 0; d < GROUP; d += VB) {
                ID.intoMemorySegment(ALL, work + d, ORDER);
            }
        }
        for (int row = 0; row < rows; row++) {
            long p = in + row * rowStride;
            for (int i = 0; i < rest; i += V) {
                FloatVector x = FloatVector.fromMemorySegment(S, ALL, p + whole + i * BYTES, ORDER);
                x = ID.blend(x, IOTA.compare(VectorOperators.LT, (float) (rest - i)));
                x.intoMemorySegment(ALL, work + i * BYTES, ORDER);
            }
            for (int s = 0; s < GROUP; s += 8 * VB) {
                FloatVector a0 = FloatVector.broadcast(S, IDENTITY);
                FloatVector a1 = FloatVector.broadcast(S, IDENTITY);
                FloatVector a2 = FloatVector.broadcast(S, IDENTITY);
                FloatVector a3 = FloatVector.broadcast(S, IDENTITY);
                FloatVector a4 = FloatVector.broadcast(S, IDENTITY);
                FloatVector a5 = FloatVector.broadcast(S, IDENTITY);
                FloatVector a6 = FloatVector.broadcast(S, IDENTITY);
                FloatVector a7 = FloatVector.broadcast(S, IDENTITY);
                for (int part = 0; part < 2; part++) {
                    long q = s + (part == 0 ? p : work);
                    int bytes = part == 0 ? whole : rest == 0 ? 0 : GROUP;
                    for (int d = 0; d < bytes; d += GROUP) {
                        FloatVector x0 = FloatVector.fromMemorySegment(S, ALL, q + d, ORDER);
                        a0 = ((FloatVector) TYPE.cast(a0)).blend(x0, ((FloatVector) TYPE.cast(a0)).compare(LT, x0).or(x0.compare(NE, x0)));
                        FloatVector x1 = FloatVector.fromMemorySegment(S, ALL, q + d + VB, ORDER);
                        a1 = ((FloatVector) TYPE.cast(a1)).blend(x1, ((FloatVector) TYPE.cast(a1)).compare(LT, x1).or(x1.compare(NE, x1)));
                        FloatVector x2 = FloatVector.fromMemorySegment(S, ALL, q + d + 2 * VB, ORDER);
                        a2 = ((FloatVector) TYPE.cast(a2)).blend(x2, ((FloatVector) TYPE.cast(a2)).compare(LT, x2).or(x2.compare(NE, x2)));
                        FloatVector x3 = FloatVector.fromMemorySegment(S, ALL, q + d + 3 * VB, ORDER);
                        a3 = ((FloatVector) TYPE.cast(a3)).blend(x3, ((FloatVector) TYPE.cast(a3)).compare(LT, x3).or(x3.compare(NE, x3)));
                        FloatVector x4 = FloatVector.fromMemorySegment(S, ALL, q + d + 4 * VB, ORDER);
                        a4 = ((FloatVector) TYPE.cast(a4)).blend(x4, ((FloatVector) TYPE.cast(a4)).compare(LT, x4).or(x4.compare(NE, x4)));
                        FloatVector x5 = FloatVector.fromMemorySegment(S, ALL, q + d + 5 * VB, ORDER);
                        a5 = ((FloatVector) TYPE.cast(a5)).blend(x5, ((FloatVector) TYPE.cast(a5)).compare(LT, x5).or(x5.compare(NE, x5)));
                        FloatVector x6 = FloatVector.fromMemorySegment(S, ALL, q + d + 6 * VB, ORDER);
                        a6 = ((FloatVector) TYPE.cast(a6)).blend(x6, ((FloatVector) TYPE.cast(a6)).compare(LT, x6).or(x6.compare(NE, x6)));
                        FloatVector x7 = FloatVector.fromMemorySegment(S, ALL, q + d + 7 * VB, ORDER);
                        a7 = ((FloatVector) TYPE.cast(a7)).blend(x7, ((FloatVector) TYPE.cast(a7)).compare(LT, x7).or(x7.compare(NE, x7)));
                    }
                }
                ((FloatVector) TYPE.cast(a0)).intoMemorySegment(ALL, slabs + s, ORDER);
                ((FloatVector) TYPE.cast(a1)).intoMemorySegment(ALL, slabs + s + VB, ORDER);
                ((FloatVector) TYPE.cast(a2)).intoMemorySegment(ALL, slabs + s + 2 * VB, ORDER);
                ((FloatVector) TYPE.cast(a3)).intoMemorySegment(ALL, slabs + s + 3 * VB, ORDER);
                ((FloatVector) TYPE.cast(a4)).intoMemorySegment(ALL, slabs + s + 4 * VB, ORDER);
                ((FloatVector) TYPE.cast(a5)).intoMemorySegment(ALL, slabs + s + 5 * VB, ORDER);
                ((FloatVector) TYPE.cast(a6)).intoMemorySegment(ALL, slabs + s + 6 * VB, ORDER);
                ((FloatVector) TYPE.cast(a7)).intoMemorySegment(ALL, slabs + s + 7 * VB, ORDER);
            }
            for (int w = GROUP / 2; w >= VB; w >>= 1) {
                for (int d = 0; d < w; d += VB) {
                    FloatVector x = FloatVector.fromMemorySegment(S, ALL, slabs + d, ORDER);
                    FloatVector y = FloatVector.fromMemorySegment(S, ALL, slabs + d + w, ORDER);
                    x = x.blend(y, x.compare(LT, y).or(y.compare(NE, y)));
                    x.intoMemorySegment(ALL, w == VB ? out + (long) row * VB : slabs + d, ORDER);
                }
            }
        }
    }
}

package dev.lanegrad.internal.kernel;

import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.NE;

import dev.lanegrad.internal.memory.Raw;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Minima of rows of doubles by lanes. Written by src/build/java/FoldSources.java: change it there.
 *
 * <p>Each loop is one method: accumulators live in registers only as locals. They begin as broadcasts, not as
 * the constant ID, because the compiler cannot merge a constant object with vectors around a loop but by
 * boxing all of them.
 */
final class FoldDoubleMinLanes {
    private static final MemorySegment ALL = Raw.ALL;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final VectorSpecies<Double> S = DoubleVector.SPECIES_PREFERRED;
    private static final Class<?> TYPE = S.vectorType();
    private static final int V = S.length();
    private static final int VB = S.vectorByteSize();
    private static final int BYTES = Double.BYTES;
    private static final int LANES = FoldLoops.LANES;
    private static final int GROUP = LANES * BYTES;
    private static final double IDENTITY = Double.POSITIVE_INFINITY;
    private static final DoubleVector ID = DoubleVector.broadcast(S, IDENTITY);
    private static final DoubleVector IOTA = DoubleVector.zero(S).addIndex(1);

    private FoldDoubleMinLanes() {
    }

    /** As {@link #lanes8} for numbers, from row {@code first} on: the first row that may hold a NaN, or {@code rows}. */
    static int numbers8(long in, long rowStride, int n, int first, int rows, long out) {
        int whole = (n & -LANES) * BYTES;
        int rest = n & LANES - 1;
        for (int row = first; row < rows; row++) {
            long p = in + row * rowStride;
            DoubleVector a0 = DoubleVector.broadcast(S, IDENTITY);
            DoubleVector a1 = DoubleVector.broadcast(S, IDENTITY);
            DoubleVector a2 = DoubleVector.broadcast(S, IDENTITY);
            DoubleVector a3 = DoubleVector.broadcast(S, IDENTITY);
            DoubleVector a4 = DoubleVector.broadcast(S, IDENTITY);
            DoubleVector a5 = DoubleVector.broadcast(S, IDENTITY);
            DoubleVector a6 = DoubleVector.broadcast(S, IDENTITY);
            DoubleVector a7 = DoubleVector.broadcast(S, IDENTITY);
            DoubleVector s0 = DoubleVector.broadcast(S, 0);
            DoubleVector s1 = DoubleVector.broadcast(S, 0);
            DoubleVector s2 = DoubleVector.broadcast(S, 0);
            DoubleVector s3 = DoubleVector.broadcast(S, 0);
            long end = p + whole;
            for (long d = p; d != end; d += GROUP) {
                DoubleVector x0 = DoubleVector.fromMemorySegment(S, ALL, d, ORDER);
                a0 = ((DoubleVector) TYPE.cast(a0)).blend(x0, x0.compare(LT, a0));
                s0 = ((DoubleVector) TYPE.cast(s0)).add(x0);
                DoubleVector x1 = DoubleVector.fromMemorySegment(S, ALL, d + VB, ORDER);
                a1 = ((DoubleVector) TYPE.cast(a1)).blend(x1, x1.compare(LT, a1));
                s1 = ((DoubleVector) TYPE.cast(s1)).add(x1);
                DoubleVector x2 = DoubleVector.fromMemorySegment(S, ALL, d + 2 * VB, ORDER);
                a2 = ((DoubleVector) TYPE.cast(a2)).blend(x2, x2.compare(LT, a2));
                s2 = ((DoubleVector) TYPE.cast(s2)).add(x2);
                DoubleVector x3 = DoubleVector.fromMemorySegment(S, ALL, d + 3 * VB, ORDER);
                a3 = ((DoubleVector) TYPE.cast(a3)).blend(x3, x3.compare(LT, a3));
                s3 = ((DoubleVector) TYPE.cast(s3)).add(x3);
                DoubleVector x4 = DoubleVector.fromMemorySegment(S, ALL, d + 4 * VB, ORDER);
                a4 = ((DoubleVector) TYPE.cast(a4)).blend(x4, x4.compare(LT, a4));
                s0 = ((DoubleVector) TYPE.cast(s0)).add(x4);
                DoubleVector x5 = DoubleVector.fromMemorySegment(S, ALL, d + 5 * VB, ORDER);
                a5 = ((DoubleVector) TYPE.cast(a5)).blend(x5, x5.compare(LT, a5));
                s1 = ((DoubleVector) TYPE.cast(s1)).add(x5);
                DoubleVector x6 = DoubleVector.fromMemorySegment(S, ALL, d + 6 * VB, ORDER);
                a6 = ((DoubleVector) TYPE.cast(a6)).blend(x6, x6.compare(LT, a6));
                s2 = ((DoubleVector) TYPE.cast(s2)).add(x6);
                DoubleVector x7 = DoubleVector.fromMemorySegment(S, ALL, d + 7 * VB, ORDER);
                a7 = ((DoubleVector) TYPE.cast(a7)).blend(x7, x7.compare(LT, a7));
                s3 = ((DoubleVector) TYPE.cast(s3)).add(x7);
            }
            if (rest > 0) {
                DoubleVector x0 = DoubleVector.fromMemorySegment(S, ALL, p + whole, ORDER);
                x0 = ID.blend(x0, IOTA.compare(VectorOperators.LT, (double) rest));
                a0 = ((DoubleVector) TYPE.cast(a0)).blend(x0, x0.compare(LT, a0));
                s0 = ((DoubleVector) TYPE.cast(s0)).add(x0);
            }
            if (rest > V) {
                DoubleVector x1 = DoubleVector.fromMemorySegment(S, ALL, p + whole + VB, ORDER);
                x1 = ID.blend(x1, IOTA.compare(VectorOperators.LT, (double) (rest - V)));
                a1 = ((DoubleVector) TYPE.cast(a1)).blend(x1, x1.compare(LT, a1));
                s1 = ((DoubleVector) TYPE.cast(s1)).add(x1);
            }
            if (rest > 2 * V) {
                DoubleVector x2 = DoubleVector.fromMemorySegment(S, ALL, p + whole + 2 * VB, ORDER);
                x2 = ID.blend(x2, IOTA.compare(VectorOperators.LT, (double) (rest - 2 * V)));
                a2 = ((DoubleVector) TYPE.cast(a2)).blend(x2, x2.compare(LT, a2));
                s2 = ((DoubleVector) TYPE.cast(s2)).add(x2);
            }
            if (rest > 3 * V) {
                DoubleVector x3 = DoubleVector.fromMemorySegment(S, ALL, p + whole + 3 * VB, ORDER);
                x3 = ID.blend(x3, IOTA.compare(VectorOperators.LT, (double) (rest - 3 * V)));
                a3 = ((DoubleVector) TYPE.cast(a3)).blend(x3, x3.compare(LT, a3));
                s3 = ((DoubleVector) TYPE.cast(s3)).add(x3);
            }
            if (rest > 4 * V) {
                DoubleVector x4 = DoubleVector.fromMemorySegment(S, ALL, p + whole + 4 * VB, ORDER);
                x4 = ID.blend(x4, IOTA.compare(VectorOperators.LT, (double) (rest - 4 * V)));
                a4 = ((DoubleVector) TYPE.cast(a4)).blend(x4, x4.compare(LT, a4));
                s0 = ((DoubleVector) TYPE.cast(s0)).add(x4);
            }
            if (rest > 5 * V) {
                DoubleVector x5 = DoubleVector.fromMemorySegment(S, ALL, p + whole + 5 * VB, ORDER);
                x5 = ID.blend(x5, IOTA.compare(VectorOperators.LT, (double) (rest - 5 * V)));
                a5 = ((DoubleVector) TYPE.cast(a5)).blend(x5, x5.compare(LT, a5));
                s1 = ((DoubleVector) TYPE.cast(s1)).add(x5);
            }
            if (rest > 6 * V) {
                DoubleVector x6 = DoubleVector.fromMemorySegment(S, ALL, p + whole + 6 * VB, ORDER);
                x6 = ID.blend(x6, IOTA.compare(VectorOperators.LT, (double) (rest - 6 * V)));
                a6 = ((DoubleVector) TYPE.cast(a6)).blend(x6, x6.compare(LT, a6));
                s2 = ((DoubleVector) TYPE.cast(s2)).add(x6);
            }
            if (rest > 7 * V) {
                DoubleVector x7 = DoubleVector.fromMemorySegment(S, ALL, p + whole + 7 * VB, ORDER);
                x7 = ID.blend(x7, IOTA.compare(VectorOperators.LT, (double) (rest - 7 * V)));
                a7 = ((DoubleVector) TYPE.cast(a7)).blend(x7, x7.compare(LT, a7));
                s3 = ((DoubleVector) TYPE.cast(s3)).add(x7);
            }
            a0 = ((DoubleVector) TYPE.cast(a0)).blend(a4, ((DoubleVector) TYPE.cast(a4)).compare(LT, a0));
            a1 = ((DoubleVector) TYPE.cast(a1)).blend(a5, ((DoubleVector) TYPE.cast(a5)).compare(LT, a1));
            a2 = ((DoubleVector) TYPE.cast(a2)).blend(a6, ((DoubleVector) TYPE.cast(a6)).compare(LT, a2));
            a3 = ((DoubleVector) TYPE.cast(a3)).blend(a7, ((DoubleVector) TYPE.cast(a7)).compare(LT, a3));
            a0 = ((DoubleVector) TYPE.cast(a0)).blend(a2, ((DoubleVector) TYPE.cast(a2)).compare(LT, a0));
            a1 = ((DoubleVector) TYPE.cast(a1)).blend(a3, ((DoubleVector) TYPE.cast(a3)).compare(LT, a1));
            a0 = ((DoubleVector) TYPE.cast(a0)).blend(a1, ((DoubleVector) TYPE.cast(a1)).compare(LT, a0));
            ((DoubleVector) TYPE.cast(a0)).intoMemorySegment(ALL, out + (long) row * VB, ORDER);
            if (((DoubleVector) TYPE.cast(s0)).add(s1).add(s2).add(s3).test(VectorOperators.IS_NAN).anyTrue()) {
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
            DoubleVector a0 = DoubleVector.broadcast(S, IDENTITY);
            DoubleVector a1 = DoubleVector.broadcast(S, IDENTITY);
            DoubleVector a2 = DoubleVector.broadcast(S, IDENTITY);
            DoubleVector a3 = DoubleVector.broadcast(S, IDENTITY);
            DoubleVector a4 = DoubleVector.broadcast(S, IDENTITY);
            DoubleVector a5 = DoubleVector.broadcast(S, IDENTITY);
            DoubleVector a6 = DoubleVector.broadcast(S, IDENTITY);
            DoubleVector a7 = DoubleVector.broadcast(S, IDENTITY);
            long end = p + whole;
            for (long d = p; d != end; d += GROUP) {
                DoubleVector x0 = DoubleVector.fromMemorySegment(S, ALL, d, ORDER);
                a0 = ((DoubleVector) TYPE.cast(a0)).blend(x0, x0.compare(LT, a0).or(x0.compare(NE, x0)));
                DoubleVector x1 = DoubleVector.fromMemorySegment(S, ALL, d + VB, ORDER);
                a1 = ((DoubleVector) TYPE.cast(a1)).blend(x1, x1.compare(LT, a1).or(x1.compare(NE, x1)));
                DoubleVector x2 = DoubleVector.fromMemorySegment(S, ALL, d + 2 * VB, ORDER);
                a2 = ((DoubleVector) TYPE.cast(a2)).blend(x2, x2.compare(LT, a2).or(x2.compare(NE, x2)));
                DoubleVector x3 = DoubleVector.fromMemorySegment(S, ALL, d + 3 * VB, ORDER);
                a3 = ((DoubleVector) TYPE.cast(a3)).blend(x3, x3.compare(LT, a3).or(x3.compare(NE, x3)));
                DoubleVector x4 = DoubleVector.fromMemorySegment(S, ALL, d + 4 * VB, ORDER);
                a4 = ((DoubleVector) TYPE.cast(a4)).blend(x4, x4.compare(LT, a4).or(x4.compare(NE, x4)));
                DoubleVector x5 = DoubleVector.fromMemorySegment(S, ALL, d + 5 * VB, ORDER);
                a5 = ((DoubleVector) TYPE.cast(a5)).blend(x5, x5.compare(LT, a5).or(x5.compare(NE, x5)));
                DoubleVector x6 = DoubleVector.fromMemorySegment(S, ALL, d + 6 * VB, ORDER);
                a6 = ((DoubleVector) TYPE.cast(a6)).blend(x6, x6.compare(LT, a6).or(x6.compare(NE, x6)));
                DoubleVector x7 = DoubleVector.fromMemorySegment(S, ALL, d + 7 * VB, ORDER);
                a7 = ((DoubleVector) TYPE.cast(a7)).blend(x7, x7.compare(LT, a7).or(x7.compare(NE, x7)));
            }
            if (rest > 0) {
                DoubleVector x0 = DoubleVector.fromMemorySegment(S, ALL, p + whole, ORDER);
                x0 = ID.blend(x0, IOTA.compare(VectorOperators.LT, (double) rest));
                a0 = ((DoubleVector) TYPE.cast(a0)).blend(x0, x0.compare(LT, a0).or(x0.compare(NE, x0)));
            }
            if (rest > V) {
                DoubleVector x1 = DoubleVector.fromMemorySegment(S, ALL, p + whole + VB, ORDER);
                x1 = ID.blend(x1, IOTA.compare(VectorOperators.LT, (double) (rest - V)));
                a1 = ((DoubleVector) TYPE.cast(a1)).blend(x1, x1.compare(LT, a1).or(x1.compare(NE, x1)));
            }
            if (rest > 2 * V) {
                DoubleVector x2 = DoubleVector.fromMemorySegment(S, ALL, p + whole + 2 * VB, ORDER);
                x2 = ID.blend(x2, IOTA.compare(VectorOperators.LT, (double) (rest - 2 * V)));
                a2 = ((DoubleVector) TYPE.cast(a2)).blend(x2, x2.compare(LT, a2).or(x2.compare(NE, x2)));
            }
            if (rest > 3 * V) {
                DoubleVector x3 = DoubleVector.fromMemorySegment(S, ALL, p + whole + 3 * VB, ORDER);
                x3 = ID.blend(x3, IOTA.compare(VectorOperators.LT, (double) (rest - 3 * V)));
                a3 = ((DoubleVector) TYPE.cast(a3)).blend(x3, x3.compare(LT, a3).or(x3.compare(NE, x3)));
            }
            if (rest > 4 * V) {
                DoubleVector x4 = DoubleVector.fromMemorySegment(S, ALL, p + whole + 4 * VB, ORDER);
                x4 = ID.blend(x4, IOTA.compare(VectorOperators.LT, (double) (rest - 4 * V)));
                a4 = ((DoubleVector) TYPE.cast(a4)).blend(x4, x4.compare(LT, a4).or(x4.compare(NE, x4)));
            }
            if (rest > 5 * V) {
                DoubleVector x5 = DoubleVector.fromMemorySegment(S, ALL, p + whole + 5 * VB, ORDER);
                x5 = ID.blend(x5, IOTA.compare(VectorOperators.LT, (double) (rest - 5 * V)));
                a5 = ((DoubleVector) TYPE.cast(a5)).blend(x5, x5.compare(LT, a5).or(x5.compare(NE, x5)));
            }
            if (rest > 6 * V) {
                DoubleVector x6 = DoubleVector.fromMemorySegment(S, ALL, p + whole + 6 * VB, ORDER);
                x6 = ID.blend(x6, IOTA.compare(VectorOperators.LT, (double) (rest - 6 * V)));
                a6 = ((DoubleVector) TYPE.cast(a6)).blend(x6, x6.compare(LT, a6).or(x6.compare(NE, x6)));
            }
            if (rest > 7 * V) {
                DoubleVector x7 = DoubleVector.fromMemorySegment(S, ALL, p + whole + 7 * VB, ORDER);
                x7 = ID.blend(x7, IOTA.compare(VectorOperators.LT, (double) (rest - 7 * V)));
                a7 = ((DoubleVector) TYPE.cast(a7)).blend(x7, x7.compare(LT, a7).or(x7.compare(NE, x7)));
            }
            a0 = ((DoubleVector) TYPE.cast(a0)).blend(a4, ((DoubleVector) TYPE.cast(a4)).compare(LT, a0).or(((DoubleVector) TYPE.cast(a4)).compare(NE, a4)));
            a1 = ((DoubleVector) TYPE.cast(a1)).blend(a5, ((DoubleVector) TYPE.cast(a5)).compare(LT, a1).or(((DoubleVector) TYPE.cast(a5)).compare(NE, a5)));
            a2 = ((DoubleVector) TYPE.cast(a2)).blend(a6, ((DoubleVector) TYPE.cast(a6)).compare(LT, a2).or(((DoubleVector) TYPE.cast(a6)).compare(NE, a6)));
            a3 = ((DoubleVector) TYPE.cast(a3)).blend(a7, ((DoubleVector) TYPE.cast(a7)).compare(LT, a3).or(((DoubleVector) TYPE.cast(a7)).compare(NE, a7)));
            a0 = ((DoubleVector) TYPE.cast(a0)).blend(a2, ((DoubleVector) TYPE.cast(a2)).compare(LT, a0).or(((DoubleVector) TYPE.cast(a2)).compare(NE, a2)));
            a1 = ((DoubleVector) TYPE.cast(a1)).blend(a3, ((DoubleVector) TYPE.cast(a3)).compare(LT, a1).or(((DoubleVector) TYPE.cast(a3)).compare(NE, a3)));
            a0 = ((DoubleVector) TYPE.cast(a0)).blend(a1, ((DoubleVector) TYPE.cast(a1)).compare(LT, a0).or(((DoubleVector) TYPE.cast(a1)).compare(NE, a1)));
            ((DoubleVector) TYPE.cast(a0)).intoMemorySegment(ALL, out + (long) row * VB, ORDER);
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
                DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, p + whole + i * BYTES, ORDER);
                x = ID.blend(x, IOTA.compare(VectorOperators.LT, (double) (rest - i)));
                x.intoMemorySegment(ALL, work + i * BYTES, ORDER);
            }
            for (int s = 0; s < GROUP; s += 8 * VB) {
                DoubleVector a0 = DoubleVector.broadcast(S, IDENTITY);
                DoubleVector a1 = DoubleVector.broadcast(S, IDENTITY);
                DoubleVector a2 = DoubleVector.broadcast(S, IDENTITY);
                DoubleVector a3 = DoubleVector.broadcast(S, IDENTITY);
                DoubleVector a4 = DoubleVector.broadcast(S, IDENTITY);
                DoubleVector a5 = DoubleVector.broadcast(S, IDENTITY);
                DoubleVector a6 = DoubleVector.broadcast(S, IDENTITY);
                DoubleVector a7 = DoubleVector.broadcast(S, IDENTITY);
                for (int part = 0; part < 2; part++) {
                    long q = s + (part == 0 ? p : work);
                    int bytes = part == 0 ? whole : rest == 0 ? 0 : GROUP;
                    for (int d = 0; d < bytes; d += GROUP) {
                        DoubleVector x0 = DoubleVector.fromMemorySegment(S, ALL, q + d, ORDER);
                        a0 = ((DoubleVector) TYPE.cast(a0)).blend(x0, x0.compare(LT, a0).or(x0.compare(NE, x0)));
                        DoubleVector x1 = DoubleVector.fromMemorySegment(S, ALL, q + d + VB, ORDER);
                        a1 = ((DoubleVector) TYPE.cast(a1)).blend(x1, x1.compare(LT, a1).or(x1.compare(NE, x1)));
                        DoubleVector x2 = DoubleVector.fromMemorySegment(S, ALL, q + d + 2 * VB, ORDER);
                        a2 = ((DoubleVector) TYPE.cast(a2)).blend(x2, x2.compare(LT, a2).or(x2.compare(NE, x2)));
                        DoubleVector x3 = DoubleVector.fromMemorySegment(S, ALL, q + d + 3 * VB, ORDER);
                        a3 = ((DoubleVector) TYPE.cast(a3)).blend(x3, x3.compare(LT, a3).or(x3.compare(NE, x3)));
                        DoubleVector x4 = DoubleVector.fromMemorySegment(S, ALL, q + d + 4 * VB, ORDER);
                        a4 = ((DoubleVector) TYPE.cast(a4)).blend(x4, x4.compare(LT, a4).or(x4.compare(NE, x4)));
                        DoubleVector x5 = DoubleVector.fromMemorySegment(S, ALL, q + d + 5 * VB, ORDER);
                        a5 = ((DoubleVector) TYPE.cast(a5)).blend(x5, x5.compare(LT, a5).or(x5.compare(NE, x5)));
                        DoubleVector x6 = DoubleVector.fromMemorySegment(S, ALL, q + d + 6 * VB, ORDER);
                        a6 = ((DoubleVector) TYPE.cast(a6)).blend(x6, x6.compare(LT, a6).or(x6.compare(NE, x6)));
                        DoubleVector x7 = DoubleVector.fromMemorySegment(S, ALL, q + d + 7 * VB, ORDER);
                        a7 = ((DoubleVector) TYPE.cast(a7)).blend(x7, x7.compare(LT, a7).or(x7.compare(NE, x7)));
                    }
                }
                ((DoubleVector) TYPE.cast(a0)).intoMemorySegment(ALL, slabs + s, ORDER);
                ((DoubleVector) TYPE.cast(a1)).intoMemorySegment(ALL, slabs + s + VB, ORDER);
                ((DoubleVector) TYPE.cast(a2)).intoMemorySegment(ALL, slabs + s + 2 * VB, ORDER);
                ((DoubleVector) TYPE.cast(a3)).intoMemorySegment(ALL, slabs + s + 3 * VB, ORDER);
                ((DoubleVector) TYPE.cast(a4)).intoMemorySegment(ALL, slabs + s + 4 * VB, ORDER);
                ((DoubleVector) TYPE.cast(a5)).intoMemorySegment(ALL, slabs + s + 5 * VB, ORDER);
                ((DoubleVector) TYPE.cast(a6)).intoMemorySegment(ALL, slabs + s + 6 * VB, ORDER);
                ((DoubleVector) TYPE.cast(a7)).intoMemorySegment(ALL, slabs + s + 7 * VB, ORDER);
            }
            for (int w = GROUP / 2; w >= VB; w >>= 1) {
                for (int d = 0; d < w; d += VB) {
                    DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, slabs + d, ORDER);
                    DoubleVector y = DoubleVector.fromMemorySegment(S, ALL, slabs + d + w, ORDER);
                    x = x.blend(y, y.compare(LT, x).or(y.compare(NE, y)));
                    x.intoMemorySegment(ALL, w == VB ? out + (long) row * VB : slabs + d, ORDER);
                }
            }
        }
    }
}

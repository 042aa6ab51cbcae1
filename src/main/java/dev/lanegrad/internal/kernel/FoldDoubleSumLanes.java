package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.memory.Raw;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Sums of rows of doubles by lanes. Written by src/build/java/FoldSources.java: change it there.
 *
 * <p>Each loop is one method: accumulators live in registers only as locals. They begin as broadcasts, not as
 * the constant ID, because the compiler cannot merge a constant object with vectors around a loop but by
 * boxing all of them.
 */
final class FoldDoubleSumLanes {
    private static final MemorySegment ALL = Raw.ALL;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final VectorSpecies<Double> S = DoubleVector.SPECIES_PREFERRED;
    private static final Class<?> TYPE = S.vectorType();
    private static final int V = S.length();
    private static final int VB = S.vectorByteSize();
    private static final int BYTES = Double.BYTES;
    private static final int LANES = FoldLoops.LANES;
    private static final int GROUP = LANES * BYTES;
    private static final double IDENTITY = -0d;
    private static final DoubleVector ID = DoubleVector.broadcast(S, IDENTITY);
    private static final DoubleVector IOTA = DoubleVector.zero(S).addIndex(1);

    private FoldDoubleSumLanes() {
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
                a0 = ((DoubleVector) TYPE.cast(a0)).add(x0);
                DoubleVector x1 = DoubleVector.fromMemorySegment(S, ALL, d + VB, ORDER);
                a1 = ((DoubleVector) TYPE.cast(a1)).add(x1);
                DoubleVector x2 = DoubleVector.fromMemorySegment(S, ALL, d + 2 * VB, ORDER);
                a2 = ((DoubleVector) TYPE.cast(a2)).add(x2);
                DoubleVector x3 = DoubleVector.fromMemorySegment(S, ALL, d + 3 * VB, ORDER);
                a3 = ((DoubleVector) TYPE.cast(a3)).add(x3);
                DoubleVector x4 = DoubleVector.fromMemorySegment(S, ALL, d + 4 * VB, ORDER);
                a4 = ((DoubleVector) TYPE.cast(a4)).add(x4);
                DoubleVector x5 = DoubleVector.fromMemorySegment(S, ALL, d + 5 * VB, ORDER);
                a5 = ((DoubleVector) TYPE.cast(a5)).add(x5);
                DoubleVector x6 = DoubleVector.fromMemorySegment(S, ALL, d + 6 * VB, ORDER);
                a6 = ((DoubleVector) TYPE.cast(a6)).add(x6);
                DoubleVector x7 = DoubleVector.fromMemorySegment(S, ALL, d + 7 * VB, ORDER);
                a7 = ((DoubleVector) TYPE.cast(a7)).add(x7);
            }
            if (rest > 0) {
                DoubleVector x0 = DoubleVector.fromMemorySegment(S, ALL, p + whole, ORDER);
                x0 = ID.blend(x0, IOTA.compare(VectorOperators.LT, (double) rest));
                a0 = ((DoubleVector) TYPE.cast(a0)).add(x0);
            }
            if (rest > V) {
                DoubleVector x1 = DoubleVector.fromMemorySegment(S, ALL, p + whole + VB, ORDER);
                x1 = ID.blend(x1, IOTA.compare(VectorOperators.LT, (double) (rest - V)));
                a1 = ((DoubleVector) TYPE.cast(a1)).add(x1);
            }
            if (rest > 2 * V) {
                DoubleVector x2 = DoubleVector.fromMemorySegment(S, ALL, p + whole + 2 * VB, ORDER);
                x2 = ID.blend(x2, IOTA.compare(VectorOperators.LT, (double) (rest - 2 * V)));
                a2 = ((DoubleVector) TYPE.cast(a2)).add(x2);
            }
            if (rest > 3 * V) {
                DoubleVector x3 = DoubleVector.fromMemorySegment(S, ALL, p + whole + 3 * VB, ORDER);
                x3 = ID.blend(x3, IOTA.compare(VectorOperators.LT, (double) (rest - 3 * V)));
                a3 = ((DoubleVector) TYPE.cast(a3)).add(x3);
            }
            if (rest > 4 * V) {
                DoubleVector x4 = DoubleVector.fromMemorySegment(S, ALL, p + whole + 4 * VB, ORDER);
                x4 = ID.blend(x4, IOTA.compare(VectorOperators.LT, (double) (rest - 4 * V)));
                a4 = ((DoubleVector) TYPE.cast(a4)).add(x4);
            }
            if (rest > 5 * V) {
                DoubleVector x5 = DoubleVector.fromMemorySegment(S, ALL, p + whole + 5 * VB, ORDER);
                x5 = ID.blend(x5, IOTA.compare(VectorOperators.LT, (double) (rest - 5 * V)));
                a5 = ((DoubleVector) TYPE.cast(a5)).add(x5);
            }
            if (rest > 6 * V) {
                DoubleVector x6 = DoubleVector.fromMemorySegment(S, ALL, p + whole + 6 * VB, ORDER);
                x6 = ID.blend(x6, IOTA.compare(VectorOperators.LT, (double) (rest - 6 * V)));
                a6 = ((DoubleVector) TYPE.cast(a6)).add(x6);
            }
            if (rest > 7 * V) {
                DoubleVector x7 = DoubleVector.fromMemorySegment(S, ALL, p + whole + 7 * VB, ORDER);
                x7 = ID.blend(x7, IOTA.compare(VectorOperators.LT, (double) (rest - 7 * V)));
                a7 = ((DoubleVector) TYPE.cast(a7)).add(x7);
            }
            a0 = ((DoubleVector) TYPE.cast(a0)).add(a4);
            a1 = ((DoubleVector) TYPE.cast(a1)).add(a5);
            a2 = ((DoubleVector) TYPE.cast(a2)).add(a6);
            a3 = ((DoubleVector) TYPE.cast(a3)).add(a7);
            a0 = ((DoubleVector) TYPE.cast(a0)).add(a2);
            a1 = ((DoubleVector) TYPE.cast(a1)).add(a3);
            a0 = ((DoubleVector) TYPE.cast(a0)).add(a1);
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
                        a0 = ((DoubleVector) TYPE.cast(a0)).add(x0);
                        DoubleVector x1 = DoubleVector.fromMemorySegment(S, ALL, q + d + VB, ORDER);
                        a1 = ((DoubleVector) TYPE.cast(a1)).add(x1);
                        DoubleVector x2 = DoubleVector.fromMemorySegment(S, ALL, q + d + 2 * VB, ORDER);
                        a2 = ((DoubleVector) TYPE.cast(a2)).add(x2);
                        DoubleVector x3 = DoubleVector.fromMemorySegment(S, ALL, q + d + 3 * VB, ORDER);
                        a3 = ((DoubleVector) TYPE.cast(a3)).add(x3);
                        DoubleVector x4 = DoubleVector.fromMemorySegment(S, ALL, q + d + 4 * VB, ORDER);
                        a4 = ((DoubleVector) TYPE.cast(a4)).add(x4);
                        DoubleVector x5 = DoubleVector.fromMemorySegment(S, ALL, q + d + 5 * VB, ORDER);
                        a5 = ((DoubleVector) TYPE.cast(a5)).add(x5);
                        DoubleVector x6 = DoubleVector.fromMemorySegment(S, ALL, q + d + 6 * VB, ORDER);
                        a6 = ((DoubleVector) TYPE.cast(a6)).add(x6);
                        DoubleVector x7 = DoubleVector.fromMemorySegment(S, ALL, q + d + 7 * VB, ORDER);
                        a7 = ((DoubleVector) TYPE.cast(a7)).add(x7);
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
                    x = x.add(y);
                    x.intoMemorySegment(ALL, w == VB ? out + (long) row * VB : slabs + d, ORDER);
                }
            }
        }
    }
}

package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.memory.Raw;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The main tiles of doubles where both factors are packed: all distances are constants, so addresses take no
 * arithmetic. Written by src/build/java/MatMulSources.java: change it there.
 */
final class MatMulPackedDouble {
    private static final MemorySegment ALL = Raw.ALL;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final ValueLayout.OfDouble ONE = ValueLayout.JAVA_DOUBLE_UNALIGNED;
    private static final VectorSpecies<Double> S = DoubleVector.SPECIES_PREFERRED;
    private static final int VB = S.vectorByteSize();
    // What a loop carries from turn to turn is of unknown width to the compiler until it is cast to this.
    private static final Class<?> TYPE = S.vectorType();
    private static final long ADDRESS = Raw.ADDRESS;

    private MatMulPackedDouble() {
    }

    /** See {@link MatMulTiles#packed}. */
    static void tile(long a, long b, int k, long init, long initRow, long c, long cRow) {
        if (MatMulTiles.ROWS == 8) {
            tile8x2(a, b, k, init, initRow, c, cRow);
        } else {
            tile6x2(a, b, k, init, initRow, c, cRow);
        }
    }

    private static void tile8x2(long a, long b, int k, long init, long initRow, long c, long cRow) {
        long q = init;
        long end = b + k * (2L * VB);
        DoubleVector c0_0 = DoubleVector.fromMemorySegment(S, ALL, q, ORDER);
        DoubleVector c0_1 = DoubleVector.fromMemorySegment(S, ALL, q + VB, ORDER);
        q += initRow;
        DoubleVector c1_0 = DoubleVector.fromMemorySegment(S, ALL, q, ORDER);
        DoubleVector c1_1 = DoubleVector.fromMemorySegment(S, ALL, q + VB, ORDER);
        q += initRow;
        DoubleVector c2_0 = DoubleVector.fromMemorySegment(S, ALL, q, ORDER);
        DoubleVector c2_1 = DoubleVector.fromMemorySegment(S, ALL, q + VB, ORDER);
        q += initRow;
        DoubleVector c3_0 = DoubleVector.fromMemorySegment(S, ALL, q, ORDER);
        DoubleVector c3_1 = DoubleVector.fromMemorySegment(S, ALL, q + VB, ORDER);
        q += initRow;
        DoubleVector c4_0 = DoubleVector.fromMemorySegment(S, ALL, q, ORDER);
        DoubleVector c4_1 = DoubleVector.fromMemorySegment(S, ALL, q + VB, ORDER);
        q += initRow;
        DoubleVector c5_0 = DoubleVector.fromMemorySegment(S, ALL, q, ORDER);
        DoubleVector c5_1 = DoubleVector.fromMemorySegment(S, ALL, q + VB, ORDER);
        q += initRow;
        DoubleVector c6_0 = DoubleVector.fromMemorySegment(S, ALL, q, ORDER);
        DoubleVector c6_1 = DoubleVector.fromMemorySegment(S, ALL, q + VB, ORDER);
        q += initRow;
        DoubleVector c7_0 = DoubleVector.fromMemorySegment(S, ALL, q, ORDER);
        DoubleVector c7_1 = DoubleVector.fromMemorySegment(S, ALL, q + VB, ORDER);
        for (; b != end; b += 2 * VB) {
            long u = a & ADDRESS;
            long v = b & ADDRESS;
            DoubleVector b0 = DoubleVector.fromMemorySegment(S, ALL, v, ORDER);
            DoubleVector b1 = DoubleVector.fromMemorySegment(S, ALL, v + VB, ORDER);
            DoubleVector x0 = DoubleVector.broadcast(S, ALL.get(ONE, u));
            c0_0 = b0.fma(x0, c0_0);
            c0_1 = b1.fma(x0, c0_1);
            DoubleVector x1 = DoubleVector.broadcast(S, ALL.get(ONE, u + Double.BYTES));
            c1_0 = b0.fma(x1, c1_0);
            c1_1 = b1.fma(x1, c1_1);
            DoubleVector x2 = DoubleVector.broadcast(S, ALL.get(ONE, u + 2 * Double.BYTES));
            c2_0 = b0.fma(x2, c2_0);
            c2_1 = b1.fma(x2, c2_1);
            DoubleVector x3 = DoubleVector.broadcast(S, ALL.get(ONE, u + 3 * Double.BYTES));
            c3_0 = b0.fma(x3, c3_0);
            c3_1 = b1.fma(x3, c3_1);
            DoubleVector x4 = DoubleVector.broadcast(S, ALL.get(ONE, u + 4 * Double.BYTES));
            c4_0 = b0.fma(x4, c4_0);
            c4_1 = b1.fma(x4, c4_1);
            DoubleVector x5 = DoubleVector.broadcast(S, ALL.get(ONE, u + 5 * Double.BYTES));
            c5_0 = b0.fma(x5, c5_0);
            c5_1 = b1.fma(x5, c5_1);
            DoubleVector x6 = DoubleVector.broadcast(S, ALL.get(ONE, u + 6 * Double.BYTES));
            c6_0 = b0.fma(x6, c6_0);
            c6_1 = b1.fma(x6, c6_1);
            DoubleVector x7 = DoubleVector.broadcast(S, ALL.get(ONE, u + 7 * Double.BYTES));
            c7_0 = b0.fma(x7, c7_0);
            c7_1 = b1.fma(x7, c7_1);
            a += 8 * Double.BYTES;
        }
        q = c;
        ((DoubleVector) TYPE.cast(c0_0)).intoMemorySegment(ALL, q, ORDER);
        ((DoubleVector) TYPE.cast(c0_1)).intoMemorySegment(ALL, q + VB, ORDER);
        q += cRow;
        ((DoubleVector) TYPE.cast(c1_0)).intoMemorySegment(ALL, q, ORDER);
        ((DoubleVector) TYPE.cast(c1_1)).intoMemorySegment(ALL, q + VB, ORDER);
        q += cRow;
        ((DoubleVector) TYPE.cast(c2_0)).intoMemorySegment(ALL, q, ORDER);
        ((DoubleVector) TYPE.cast(c2_1)).intoMemorySegment(ALL, q + VB, ORDER);
        q += cRow;
        ((DoubleVector) TYPE.cast(c3_0)).intoMemorySegment(ALL, q, ORDER);
        ((DoubleVector) TYPE.cast(c3_1)).intoMemorySegment(ALL, q + VB, ORDER);
        q += cRow;
        ((DoubleVector) TYPE.cast(c4_0)).intoMemorySegment(ALL, q, ORDER);
        ((DoubleVector) TYPE.cast(c4_1)).intoMemorySegment(ALL, q + VB, ORDER);
        q += cRow;
        ((DoubleVector) TYPE.cast(c5_0)).intoMemorySegment(ALL, q, ORDER);
        ((DoubleVector) TYPE.cast(c5_1)).intoMemorySegment(ALL, q + VB, ORDER);
        q += cRow;
        ((DoubleVector) TYPE.cast(c6_0)).intoMemorySegment(ALL, q, ORDER);
        ((DoubleVector) TYPE.cast(c6_1)).intoMemorySegment(ALL, q + VB, ORDER);
        q += cRow;
        ((DoubleVector) TYPE.cast(c7_0)).intoMemorySegment(ALL, q, ORDER);
        ((DoubleVector) TYPE.cast(c7_1)).intoMemorySegment(ALL, q + VB, ORDER);
    }

    private static void tile6x2(long a, long b, int k, long init, long initRow, long c, long cRow) {
        long q = init;
        long end = b + k * (2L * VB);
        DoubleVector c0_0 = DoubleVector.fromMemorySegment(S, ALL, q, ORDER);
        DoubleVector c0_1 = DoubleVector.fromMemorySegment(S, ALL, q + VB, ORDER);
        q += initRow;
        DoubleVector c1_0 = DoubleVector.fromMemorySegment(S, ALL, q, ORDER);
        DoubleVector c1_1 = DoubleVector.fromMemorySegment(S, ALL, q + VB, ORDER);
        q += initRow;
        DoubleVector c2_0 = DoubleVector.fromMemorySegment(S, ALL, q, ORDER);
        DoubleVector c2_1 = DoubleVector.fromMemorySegment(S, ALL, q + VB, ORDER);
        q += initRow;
        DoubleVector c3_0 = DoubleVector.fromMemorySegment(S, ALL, q, ORDER);
        DoubleVector c3_1 = DoubleVector.fromMemorySegment(S, ALL, q + VB, ORDER);
        q += initRow;
        DoubleVector c4_0 = DoubleVector.fromMemorySegment(S, ALL, q, ORDER);
        DoubleVector c4_1 = DoubleVector.fromMemorySegment(S, ALL, q + VB, ORDER);
        q += initRow;
        DoubleVector c5_0 = DoubleVector.fromMemorySegment(S, ALL, q, ORDER);
        DoubleVector c5_1 = DoubleVector.fromMemorySegment(S, ALL, q + VB, ORDER);
        for (; b != end; b += 2 * VB) {
            long u = a & ADDRESS;
            long v = b & ADDRESS;
            DoubleVector b0 = DoubleVector.fromMemorySegment(S, ALL, v, ORDER);
            DoubleVector b1 = DoubleVector.fromMemorySegment(S, ALL, v + VB, ORDER);
            DoubleVector x0 = DoubleVector.broadcast(S, ALL.get(ONE, u));
            c0_0 = b0.fma(x0, c0_0);
            c0_1 = b1.fma(x0, c0_1);
            DoubleVector x1 = DoubleVector.broadcast(S, ALL.get(ONE, u + Double.BYTES));
            c1_0 = b0.fma(x1, c1_0);
            c1_1 = b1.fma(x1, c1_1);
            DoubleVector x2 = DoubleVector.broadcast(S, ALL.get(ONE, u + 2 * Double.BYTES));
            c2_0 = b0.fma(x2, c2_0);
            c2_1 = b1.fma(x2, c2_1);
            DoubleVector x3 = DoubleVector.broadcast(S, ALL.get(ONE, u + 3 * Double.BYTES));
            c3_0 = b0.fma(x3, c3_0);
            c3_1 = b1.fma(x3, c3_1);
            DoubleVector x4 = DoubleVector.broadcast(S, ALL.get(ONE, u + 4 * Double.BYTES));
            c4_0 = b0.fma(x4, c4_0);
            c4_1 = b1.fma(x4, c4_1);
            DoubleVector x5 = DoubleVector.broadcast(S, ALL.get(ONE, u + 5 * Double.BYTES));
            c5_0 = b0.fma(x5, c5_0);
            c5_1 = b1.fma(x5, c5_1);
            a += 6 * Double.BYTES;
        }
        q = c;
        ((DoubleVector) TYPE.cast(c0_0)).intoMemorySegment(ALL, q, ORDER);
        ((DoubleVector) TYPE.cast(c0_1)).intoMemorySegment(ALL, q + VB, ORDER);
        q += cRow;
        ((DoubleVector) TYPE.cast(c1_0)).intoMemorySegment(ALL, q, ORDER);
        ((DoubleVector) TYPE.cast(c1_1)).intoMemorySegment(ALL, q + VB, ORDER);
        q += cRow;
        ((DoubleVector) TYPE.cast(c2_0)).intoMemorySegment(ALL, q, ORDER);
        ((DoubleVector) TYPE.cast(c2_1)).intoMemorySegment(ALL, q + VB, ORDER);
        q += cRow;
        ((DoubleVector) TYPE.cast(c3_0)).intoMemorySegment(ALL, q, ORDER);
        ((DoubleVector) TYPE.cast(c3_1)).intoMemorySegment(ALL, q + VB, ORDER);
        q += cRow;
        ((DoubleVector) TYPE.cast(c4_0)).intoMemorySegment(ALL, q, ORDER);
        ((DoubleVector) TYPE.cast(c4_1)).intoMemorySegment(ALL, q + VB, ORDER);
        q += cRow;
        ((DoubleVector) TYPE.cast(c5_0)).intoMemorySegment(ALL, q, ORDER);
        ((DoubleVector) TYPE.cast(c5_1)).intoMemorySegment(ALL, q + VB, ORDER);
    }
}

package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.memory.Raw;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorSpecies;

/** The tiles of few rows of doubles. Written by src/build/java/MatMulSources.java: change it there. */
final class MatMulLowDouble {
    private static final MemorySegment ALL = Raw.ALL;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final ValueLayout.OfDouble ONE = ValueLayout.JAVA_DOUBLE_UNALIGNED;
    private static final VectorSpecies<Double> S = DoubleVector.SPECIES_PREFERRED;
    private static final int VB = S.vectorByteSize();
    // What a loop carries from turn to turn is of unknown width to the compiler until it is cast to this.
    private static final Class<?> TYPE = S.vectorType();
    private static final long ADDRESS = Raw.ADDRESS;

    private MatMulLowDouble() {
    }

    /** See {@link MatMulTiles#tile}. */
    static void tile(int rows, int vectors, long a, long aRow, long aCol, long b, long bRow, int k,
            long init, long initRow, long c, long cRow) {
        switch (rows << 4 | vectors) {
            case 4 << 4 | 2 -> tile4x2(a, aRow, aCol, b, bRow, k, init, initRow, c, cRow);
            case 4 << 4 | 1 -> tile4x1(a, aRow, aCol, b, bRow, k, init, initRow, c, cRow);
            case 2 << 4 | 4 -> tile2x4(a, aRow, aCol, b, bRow, k, init, initRow, c, cRow);
            case 2 << 4 | 2 -> tile2x2(a, aRow, aCol, b, bRow, k, init, initRow, c, cRow);
            case 2 << 4 | 1 -> tile2x1(a, aRow, aCol, b, bRow, k, init, initRow, c, cRow);
            case 1 << 4 | 8 -> tile1x8(a, aRow, aCol, b, bRow, k, init, initRow, c, cRow);
            case 1 << 4 | 4 -> tile1x4(a, aRow, aCol, b, bRow, k, init, initRow, c, cRow);
            case 1 << 4 | 2 -> tile1x2(a, aRow, aCol, b, bRow, k, init, initRow, c, cRow);
            case 1 << 4 | 1 -> tile1x1(a, aRow, aCol, b, bRow, k, init, initRow, c, cRow);
            default -> throw new IllegalArgumentException(
                    "There is no tile of " + rows + " rows and " + vectors + " vectors.");
        }
    }

    private static void tile4x2(long a, long aRow, long aCol, long b, long bRow, int k,
            long init, long initRow, long c, long cRow) {
        long r1 = aRow & ADDRESS;
        long r2 = 2 * aRow & ADDRESS;
        long r3 = 3 * aRow & ADDRESS;
        long q = init;
        long end = b + k * bRow;
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
        for (; b != end; b += bRow) {
            long u = a & ADDRESS;
            long v = b & ADDRESS;
            DoubleVector b0 = DoubleVector.fromMemorySegment(S, ALL, v, ORDER);
            DoubleVector b1 = DoubleVector.fromMemorySegment(S, ALL, v + VB, ORDER);
            DoubleVector x0 = DoubleVector.broadcast(S, ALL.get(ONE, u));
            c0_0 = b0.fma(x0, c0_0);
            c0_1 = b1.fma(x0, c0_1);
            DoubleVector x1 = DoubleVector.broadcast(S, ALL.get(ONE, u + r1));
            c1_0 = b0.fma(x1, c1_0);
            c1_1 = b1.fma(x1, c1_1);
            DoubleVector x2 = DoubleVector.broadcast(S, ALL.get(ONE, u + r2));
            c2_0 = b0.fma(x2, c2_0);
            c2_1 = b1.fma(x2, c2_1);
            DoubleVector x3 = DoubleVector.broadcast(S, ALL.get(ONE, u + r3));
            c3_0 = b0.fma(x3, c3_0);
            c3_1 = b1.fma(x3, c3_1);
            a += aCol;
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
    }

    private static void tile4x1(long a, long aRow, long aCol, long b, long bRow, int k,
            long init, long initRow, long c, long cRow) {
        long r1 = aRow & ADDRESS;
        long r2 = 2 * aRow & ADDRESS;
        long r3 = 3 * aRow & ADDRESS;
        long q = init;
        long end = b + k * bRow;
        DoubleVector c0_0 = DoubleVector.fromMemorySegment(S, ALL, q, ORDER);
        q += initRow;
        DoubleVector c1_0 = DoubleVector.fromMemorySegment(S, ALL, q, ORDER);
        q += initRow;
        DoubleVector c2_0 = DoubleVector.fromMemorySegment(S, ALL, q, ORDER);
        q += initRow;
        DoubleVector c3_0 = DoubleVector.fromMemorySegment(S, ALL, q, ORDER);
        for (; b != end; b += bRow) {
            long u = a & ADDRESS;
            long v = b & ADDRESS;
            DoubleVector b0 = DoubleVector.fromMemorySegment(S, ALL, v, ORDER);
            DoubleVector x0 = DoubleVector.broadcast(S, ALL.get(ONE, u));
            c0_0 = b0.fma(x0, c0_0);
            DoubleVector x1 = DoubleVector.broadcast(S, ALL.get(ONE, u + r1));
            c1_0 = b0.fma(x1, c1_0);
            DoubleVector x2 = DoubleVector.broadcast(S, ALL.get(ONE, u + r2));
            c2_0 = b0.fma(x2, c2_0);
            DoubleVector x3 = DoubleVector.broadcast(S, ALL.get(ONE, u + r3));
            c3_0 = b0.fma(x3, c3_0);
            a += aCol;
        }
        q = c;
        ((DoubleVector) TYPE.cast(c0_0)).intoMemorySegment(ALL, q, ORDER);
        q += cRow;
        ((DoubleVector) TYPE.cast(c1_0)).intoMemorySegment(ALL, q, ORDER);
        q += cRow;
        ((DoubleVector) TYPE.cast(c2_0)).intoMemorySegment(ALL, q, ORDER);
        q += cRow;
        ((DoubleVector) TYPE.cast(c3_0)).intoMemorySegment(ALL, q, ORDER);
    }

    private static void tile2x4(long a, long aRow, long aCol, long b, long bRow, int k,
            long init, long initRow, long c, long cRow) {
        long r1 = aRow & ADDRESS;
        long q = init;
        long end = b + k * bRow;
        DoubleVector c0_0 = DoubleVector.fromMemorySegment(S, ALL, q, ORDER);
        DoubleVector c0_1 = DoubleVector.fromMemorySegment(S, ALL, q + VB, ORDER);
        DoubleVector c0_2 = DoubleVector.fromMemorySegment(S, ALL, q + 2 * VB, ORDER);
        DoubleVector c0_3 = DoubleVector.fromMemorySegment(S, ALL, q + 3 * VB, ORDER);
        q += initRow;
        DoubleVector c1_0 = DoubleVector.fromMemorySegment(S, ALL, q, ORDER);
        DoubleVector c1_1 = DoubleVector.fromMemorySegment(S, ALL, q + VB, ORDER);
        DoubleVector c1_2 = DoubleVector.fromMemorySegment(S, ALL, q + 2 * VB, ORDER);
        DoubleVector c1_3 = DoubleVector.fromMemorySegment(S, ALL, q + 3 * VB, ORDER);
        for (; b != end; b += bRow) {
            long u = a & ADDRESS;
            long v = b & ADDRESS;
            DoubleVector b0 = DoubleVector.fromMemorySegment(S, ALL, v, ORDER);
            DoubleVector b1 = DoubleVector.fromMemorySegment(S, ALL, v + VB, ORDER);
            DoubleVector b2 = DoubleVector.fromMemorySegment(S, ALL, v + 2 * VB, ORDER);
            DoubleVector b3 = DoubleVector.fromMemorySegment(S, ALL, v + 3 * VB, ORDER);
            DoubleVector x0 = DoubleVector.broadcast(S, ALL.get(ONE, u));
            c0_0 = b0.fma(x0, c0_0);
            c0_1 = b1.fma(x0, c0_1);
            c0_2 = b2.fma(x0, c0_2);
            c0_3 = b3.fma(x0, c0_3);
            DoubleVector x1 = DoubleVector.broadcast(S, ALL.get(ONE, u + r1));
            c1_0 = b0.fma(x1, c1_0);
            c1_1 = b1.fma(x1, c1_1);
            c1_2 = b2.fma(x1, c1_2);
            c1_3 = b3.fma(x1, c1_3);
            a += aCol;
        }
        q = c;
        ((DoubleVector) TYPE.cast(c0_0)).intoMemorySegment(ALL, q, ORDER);
        ((DoubleVector) TYPE.cast(c0_1)).intoMemorySegment(ALL, q + VB, ORDER);
        ((DoubleVector) TYPE.cast(c0_2)).intoMemorySegment(ALL, q + 2 * VB, ORDER);
        ((DoubleVector) TYPE.cast(c0_3)).intoMemorySegment(ALL, q + 3 * VB, ORDER);
        q += cRow;
        ((DoubleVector) TYPE.cast(c1_0)).intoMemorySegment(ALL, q, ORDER);
        ((DoubleVector) TYPE.cast(c1_1)).intoMemorySegment(ALL, q + VB, ORDER);
        ((DoubleVector) TYPE.cast(c1_2)).intoMemorySegment(ALL, q + 2 * VB, ORDER);
        ((DoubleVector) TYPE.cast(c1_3)).intoMemorySegment(ALL, q + 3 * VB, ORDER);
    }

    private static void tile2x2(long a, long aRow, long aCol, long b, long bRow, int k,
            long init, long initRow, long c, long cRow) {
        long r1 = aRow & ADDRESS;
        long q = init;
        long end = b + k * bRow;
        DoubleVector c0_0 = DoubleVector.fromMemorySegment(S, ALL, q, ORDER);
        DoubleVector c0_1 = DoubleVector.fromMemorySegment(S, ALL, q + VB, ORDER);
        q += initRow;
        DoubleVector c1_0 = DoubleVector.fromMemorySegment(S, ALL, q, ORDER);
        DoubleVector c1_1 = DoubleVector.fromMemorySegment(S, ALL, q + VB, ORDER);
        for (; b != end; b += bRow) {
            long u = a & ADDRESS;
            long v = b & ADDRESS;
            DoubleVector b0 = DoubleVector.fromMemorySegment(S, ALL, v, ORDER);
            DoubleVector b1 = DoubleVector.fromMemorySegment(S, ALL, v + VB, ORDER);
            DoubleVector x0 = DoubleVector.broadcast(S, ALL.get(ONE, u));
            c0_0 = b0.fma(x0, c0_0);
            c0_1 = b1.fma(x0, c0_1);
            DoubleVector x1 = DoubleVector.broadcast(S, ALL.get(ONE, u + r1));
            c1_0 = b0.fma(x1, c1_0);
            c1_1 = b1.fma(x1, c1_1);
            a += aCol;
        }
        q = c;
        ((DoubleVector) TYPE.cast(c0_0)).intoMemorySegment(ALL, q, ORDER);
        ((DoubleVector) TYPE.cast(c0_1)).intoMemorySegment(ALL, q + VB, ORDER);
        q += cRow;
        ((DoubleVector) TYPE.cast(c1_0)).intoMemorySegment(ALL, q, ORDER);
        ((DoubleVector) TYPE.cast(c1_1)).intoMemorySegment(ALL, q + VB, ORDER);
    }

    private static void tile2x1(long a, long aRow, long aCol, long b, long bRow, int k,
            long init, long initRow, long c, long cRow) {
        long r1 = aRow & ADDRESS;
        long q = init;
        long end = b + k * bRow;
        DoubleVector c0_0 = DoubleVector.fromMemorySegment(S, ALL, q, ORDER);
        q += initRow;
        DoubleVector c1_0 = DoubleVector.fromMemorySegment(S, ALL, q, ORDER);
        for (; b != end; b += bRow) {
            long u = a & ADDRESS;
            long v = b & ADDRESS;
            DoubleVector b0 = DoubleVector.fromMemorySegment(S, ALL, v, ORDER);
            DoubleVector x0 = DoubleVector.broadcast(S, ALL.get(ONE, u));
            c0_0 = b0.fma(x0, c0_0);
            DoubleVector x1 = DoubleVector.broadcast(S, ALL.get(ONE, u + r1));
            c1_0 = b0.fma(x1, c1_0);
            a += aCol;
        }
        q = c;
        ((DoubleVector) TYPE.cast(c0_0)).intoMemorySegment(ALL, q, ORDER);
        q += cRow;
        ((DoubleVector) TYPE.cast(c1_0)).intoMemorySegment(ALL, q, ORDER);
    }

    private static void tile1x8(long a, long aRow, long aCol, long b, long bRow, int k,
            long init, long initRow, long c, long cRow) {
        long q = init;
        long end = b + k * bRow;
        DoubleVector c0_0 = DoubleVector.fromMemorySegment(S, ALL, q, ORDER);
        DoubleVector c0_1 = DoubleVector.fromMemorySegment(S, ALL, q + VB, ORDER);
        DoubleVector c0_2 = DoubleVector.fromMemorySegment(S, ALL, q + 2 * VB, ORDER);
        DoubleVector c0_3 = DoubleVector.fromMemorySegment(S, ALL, q + 3 * VB, ORDER);
        DoubleVector c0_4 = DoubleVector.fromMemorySegment(S, ALL, q + 4 * VB, ORDER);
        DoubleVector c0_5 = DoubleVector.fromMemorySegment(S, ALL, q + 5 * VB, ORDER);
        DoubleVector c0_6 = DoubleVector.fromMemorySegment(S, ALL, q + 6 * VB, ORDER);
        DoubleVector c0_7 = DoubleVector.fromMemorySegment(S, ALL, q + 7 * VB, ORDER);
        for (; b != end; b += bRow) {
            long u = a & ADDRESS;
            long v = b & ADDRESS;
            DoubleVector b0 = DoubleVector.fromMemorySegment(S, ALL, v, ORDER);
            DoubleVector b1 = DoubleVector.fromMemorySegment(S, ALL, v + VB, ORDER);
            DoubleVector b2 = DoubleVector.fromMemorySegment(S, ALL, v + 2 * VB, ORDER);
            DoubleVector b3 = DoubleVector.fromMemorySegment(S, ALL, v + 3 * VB, ORDER);
            DoubleVector b4 = DoubleVector.fromMemorySegment(S, ALL, v + 4 * VB, ORDER);
            DoubleVector b5 = DoubleVector.fromMemorySegment(S, ALL, v + 5 * VB, ORDER);
            DoubleVector b6 = DoubleVector.fromMemorySegment(S, ALL, v + 6 * VB, ORDER);
            DoubleVector b7 = DoubleVector.fromMemorySegment(S, ALL, v + 7 * VB, ORDER);
            DoubleVector x0 = DoubleVector.broadcast(S, ALL.get(ONE, u));
            c0_0 = b0.fma(x0, c0_0);
            c0_1 = b1.fma(x0, c0_1);
            c0_2 = b2.fma(x0, c0_2);
            c0_3 = b3.fma(x0, c0_3);
            c0_4 = b4.fma(x0, c0_4);
            c0_5 = b5.fma(x0, c0_5);
            c0_6 = b6.fma(x0, c0_6);
            c0_7 = b7.fma(x0, c0_7);
            a += aCol;
        }
        q = c;
        ((DoubleVector) TYPE.cast(c0_0)).intoMemorySegment(ALL, q, ORDER);
        ((DoubleVector) TYPE.cast(c0_1)).intoMemorySegment(ALL, q + VB, ORDER);
        ((DoubleVector) TYPE.cast(c0_2)).intoMemorySegment(ALL, q + 2 * VB, ORDER);
        ((DoubleVector) TYPE.cast(c0_3)).intoMemorySegment(ALL, q + 3 * VB, ORDER);
        ((DoubleVector) TYPE.cast(c0_4)).intoMemorySegment(ALL, q + 4 * VB, ORDER);
        ((DoubleVector) TYPE.cast(c0_5)).intoMemorySegment(ALL, q + 5 * VB, ORDER);
        ((DoubleVector) TYPE.cast(c0_6)).intoMemorySegment(ALL, q + 6 * VB, ORDER);
        ((DoubleVector) TYPE.cast(c0_7)).intoMemorySegment(ALL, q + 7 * VB, ORDER);
    }

    private static void tile1x4(long a, long aRow, long aCol, long b, long bRow, int k,
            long init, long initRow, long c, long cRow) {
        long q = init;
        long end = b + k * bRow;
        DoubleVector c0_0 = DoubleVector.fromMemorySegment(S, ALL, q, ORDER);
        DoubleVector c0_1 = DoubleVector.fromMemorySegment(S, ALL, q + VB, ORDER);
        DoubleVector c0_2 = DoubleVector.fromMemorySegment(S, ALL, q + 2 * VB, ORDER);
        DoubleVector c0_3 = DoubleVector.fromMemorySegment(S, ALL, q + 3 * VB, ORDER);
        for (; b != end; b += bRow) {
            long u = a & ADDRESS;
            long v = b & ADDRESS;
            DoubleVector b0 = DoubleVector.fromMemorySegment(S, ALL, v, ORDER);
            DoubleVector b1 = DoubleVector.fromMemorySegment(S, ALL, v + VB, ORDER);
            DoubleVector b2 = DoubleVector.fromMemorySegment(S, ALL, v + 2 * VB, ORDER);
            DoubleVector b3 = DoubleVector.fromMemorySegment(S, ALL, v + 3 * VB, ORDER);
            DoubleVector x0 = DoubleVector.broadcast(S, ALL.get(ONE, u));
            c0_0 = b0.fma(x0, c0_0);
            c0_1 = b1.fma(x0, c0_1);
            c0_2 = b2.fma(x0, c0_2);
            c0_3 = b3.fma(x0, c0_3);
            a += aCol;
        }
        q = c;
        ((DoubleVector) TYPE.cast(c0_0)).intoMemorySegment(ALL, q, ORDER);
        ((DoubleVector) TYPE.cast(c0_1)).intoMemorySegment(ALL, q + VB, ORDER);
        ((DoubleVector) TYPE.cast(c0_2)).intoMemorySegment(ALL, q + 2 * VB, ORDER);
        ((DoubleVector) TYPE.cast(c0_3)).intoMemorySegment(ALL, q + 3 * VB, ORDER);
    }

    private static void tile1x2(long a, long aRow, long aCol, long b, long bRow, int k,
            long init, long initRow, long c, long cRow) {
        long q = init;
        long end = b + k * bRow;
        DoubleVector c0_0 = DoubleVector.fromMemorySegment(S, ALL, q, ORDER);
        DoubleVector c0_1 = DoubleVector.fromMemorySegment(S, ALL, q + VB, ORDER);
        for (; b != end; b += bRow) {
            long u = a & ADDRESS;
            long v = b & ADDRESS;
            DoubleVector b0 = DoubleVector.fromMemorySegment(S, ALL, v, ORDER);
            DoubleVector b1 = DoubleVector.fromMemorySegment(S, ALL, v + VB, ORDER);
            DoubleVector x0 = DoubleVector.broadcast(S, ALL.get(ONE, u));
            c0_0 = b0.fma(x0, c0_0);
            c0_1 = b1.fma(x0, c0_1);
            a += aCol;
        }
        q = c;
        ((DoubleVector) TYPE.cast(c0_0)).intoMemorySegment(ALL, q, ORDER);
        ((DoubleVector) TYPE.cast(c0_1)).intoMemorySegment(ALL, q + VB, ORDER);
    }

    private static void tile1x1(long a, long aRow, long aCol, long b, long bRow, int k,
            long init, long initRow, long c, long cRow) {
        long q = init;
        long end = b + k * bRow;
        DoubleVector c0_0 = DoubleVector.fromMemorySegment(S, ALL, q, ORDER);
        for (; b != end; b += bRow) {
            long u = a & ADDRESS;
            long v = b & ADDRESS;
            DoubleVector b0 = DoubleVector.fromMemorySegment(S, ALL, v, ORDER);
            DoubleVector x0 = DoubleVector.broadcast(S, ALL.get(ONE, u));
            c0_0 = b0.fma(x0, c0_0);
            a += aCol;
        }
        q = c;
        ((DoubleVector) TYPE.cast(c0_0)).intoMemorySegment(ALL, q, ORDER);
    }
}

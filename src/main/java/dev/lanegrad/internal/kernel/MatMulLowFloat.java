package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.memory.Raw;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** The tiles of few rows of floats. Written by src/build/java/MatMulSources.java: change it there. */
final class MatMulLowFloat {
    private static final MemorySegment ALL = Raw.ALL;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final ValueLayout.OfFloat ONE = ValueLayout.JAVA_FLOAT_UNALIGNED;
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final int VB = S.vectorByteSize();
    // What a loop carries from turn to turn is of unknown width to the compiler until it is cast to this.
    private static final Class<?> TYPE = S.vectorType();
    private static final long ADDRESS = Raw.ADDRESS;

    private MatMulLowFloat() {
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
        FloatVector c0_0 = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
        FloatVector c0_1 = FloatVector.fromMemorySegment(S, ALL, q + VB, ORDER);
        q += initRow;
        FloatVector c1_0 = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
        FloatVector c1_1 = FloatVector.fromMemorySegment(S, ALL, q + VB, ORDER);
        q += initRow;
        FloatVector c2_0 = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
        FloatVector c2_1 = FloatVector.fromMemorySegment(S, ALL, q + VB, ORDER);
        q += initRow;
        FloatVector c3_0 = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
        FloatVector c3_1 = FloatVector.fromMemorySegment(S, ALL, q + VB, ORDER);
        for (; b != end; b += bRow) {
            long u = a & ADDRESS;
            long v = b & ADDRESS;
            FloatVector b0 = FloatVector.fromMemorySegment(S, ALL, v, ORDER);
            FloatVector b1 = FloatVector.fromMemorySegment(S, ALL, v + VB, ORDER);
            FloatVector x0 = FloatVector.broadcast(S, ALL.get(ONE, u));
            c0_0 = b0.fma(x0, c0_0);
            c0_1 = b1.fma(x0, c0_1);
            FloatVector x1 = FloatVector.broadcast(S, ALL.get(ONE, u + r1));
            c1_0 = b0.fma(x1, c1_0);
            c1_1 = b1.fma(x1, c1_1);
            FloatVector x2 = FloatVector.broadcast(S, ALL.get(ONE, u + r2));
            c2_0 = b0.fma(x2, c2_0);
            c2_1 = b1.fma(x2, c2_1);
            FloatVector x3 = FloatVector.broadcast(S, ALL.get(ONE, u + r3));
            c3_0 = b0.fma(x3, c3_0);
            c3_1 = b1.fma(x3, c3_1);
            a += aCol;
        }
        q = c;
        ((FloatVector) TYPE.cast(c0_0)).intoMemorySegment(ALL, q, ORDER);
        ((FloatVector) TYPE.cast(c0_1)).intoMemorySegment(ALL, q + VB, ORDER);
        q += cRow;
        ((FloatVector) TYPE.cast(c1_0)).intoMemorySegment(ALL, q, ORDER);
        ((FloatVector) TYPE.cast(c1_1)).intoMemorySegment(ALL, q + VB, ORDER);
        q += cRow;
        ((FloatVector) TYPE.cast(c2_0)).intoMemorySegment(ALL, q, ORDER);
        ((FloatVector) TYPE.cast(c2_1)).intoMemorySegment(ALL, q + VB, ORDER);
        q += cRow;
        ((FloatVector) TYPE.cast(c3_0)).intoMemorySegment(ALL, q, ORDER);
        ((FloatVector) TYPE.cast(c3_1)).intoMemorySegment(ALL, q + VB, ORDER);
    }

    private static void tile4x1(long a, long aRow, long aCol, long b, long bRow, int k,
            long init, long initRow, long c, long cRow) {
        long r1 = aRow & ADDRESS;
        long r2 = 2 * aRow & ADDRESS;
        long r3 = 3 * aRow & ADDRESS;
        long q = init;
        long end = b + k * bRow;
        FloatVector c0_0 = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
        q += initRow;
        FloatVector c1_0 = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
        q += initRow;
        FloatVector c2_0 = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
        q += initRow;
        FloatVector c3_0 = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
        for (; b != end; b += bRow) {
            long u = a & ADDRESS;
            long v = b & ADDRESS;
            FloatVector b0 = FloatVector.fromMemorySegment(S, ALL, v, ORDER);
            FloatVector x0 = FloatVector.broadcast(S, ALL.get(ONE, u));
            c0_0 = b0.fma(x0, c0_0);
            FloatVector x1 = FloatVector.broadcast(S, ALL.get(ONE, u + r1));
            c1_0 = b0.fma(x1, c1_0);
            FloatVector x2 = FloatVector.broadcast(S, ALL.get(ONE, u + r2));
            c2_0 = b0.fma(x2, c2_0);
            FloatVector x3 = FloatVector.broadcast(S, ALL.get(ONE, u + r3));
            c3_0 = b0.fma(x3, c3_0);
            a += aCol;
        }
        q = c;
        ((FloatVector) TYPE.cast(c0_0)).intoMemorySegment(ALL, q, ORDER);
        q += cRow;
        ((FloatVector) TYPE.cast(c1_0)).intoMemorySegment(ALL, q, ORDER);
        q += cRow;
        ((FloatVector) TYPE.cast(c2_0)).intoMemorySegment(ALL, q, ORDER);
        q += cRow;
        ((FloatVector) TYPE.cast(c3_0)).intoMemorySegment(ALL, q, ORDER);
    }

    private static void tile2x4(long a, long aRow, long aCol, long b, long bRow, int k,
            long init, long initRow, long c, long cRow) {
        long r1 = aRow & ADDRESS;
        long q = init;
        long end = b + k * bRow;
        FloatVector c0_0 = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
        FloatVector c0_1 = FloatVector.fromMemorySegment(S, ALL, q + VB, ORDER);
        FloatVector c0_2 = FloatVector.fromMemorySegment(S, ALL, q + 2 * VB, ORDER);
        FloatVector c0_3 = FloatVector.fromMemorySegment(S, ALL, q + 3 * VB, ORDER);
        q += initRow;
        FloatVector c1_0 = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
        FloatVector c1_1 = FloatVector.fromMemorySegment(S, ALL, q + VB, ORDER);
        FloatVector c1_2 = FloatVector.fromMemorySegment(S, ALL, q + 2 * VB, ORDER);
        FloatVector c1_3 = FloatVector.fromMemorySegment(S, ALL, q + 3 * VB, ORDER);
        for (; b != end; b += bRow) {
            long u = a & ADDRESS;
            long v = b & ADDRESS;
            FloatVector b0 = FloatVector.fromMemorySegment(S, ALL, v, ORDER);
            FloatVector b1 = FloatVector.fromMemorySegment(S, ALL, v + VB, ORDER);
            FloatVector b2 = FloatVector.fromMemorySegment(S, ALL, v + 2 * VB, ORDER);
            FloatVector b3 = FloatVector.fromMemorySegment(S, ALL, v + 3 * VB, ORDER);
            FloatVector x0 = FloatVector.broadcast(S, ALL.get(ONE, u));
            c0_0 = b0.fma(x0, c0_0);
            c0_1 = b1.fma(x0, c0_1);
            c0_2 = b2.fma(x0, c0_2);
            c0_3 = b3.fma(x0, c0_3);
            FloatVector x1 = FloatVector.broadcast(S, ALL.get(ONE, u + r1));
            c1_0 = b0.fma(x1, c1_0);
            c1_1 = b1.fma(x1, c1_1);
            c1_2 = b2.fma(x1, c1_2);
            c1_3 = b3.fma(x1, c1_3);
            a += aCol;
        }
        q = c;
        ((FloatVector) TYPE.cast(c0_0)).intoMemorySegment(ALL, q, ORDER);
        ((FloatVector) TYPE.cast(c0_1)).intoMemorySegment(ALL, q + VB, ORDER);
        ((FloatVector) TYPE.cast(c0_2)).intoMemorySegment(ALL, q + 2 * VB, ORDER);
        ((FloatVector) TYPE.cast(c0_3)).intoMemorySegment(ALL, q + 3 * VB, ORDER);
        q += cRow;
        ((FloatVector) TYPE.cast(c1_0)).intoMemorySegment(ALL, q, ORDER);
        ((FloatVector) TYPE.cast(c1_1)).intoMemorySegment(ALL, q + VB, ORDER);
        ((FloatVector) TYPE.cast(c1_2)).intoMemorySegment(ALL, q + 2 * VB, ORDER);
        ((FloatVector) TYPE.cast(c1_3)).intoMemorySegment(ALL, q + 3 * VB, ORDER);
    }

    private static void tile2x2(long a, long aRow, long aCol, long b, long bRow, int k,
            long init, long initRow, long c, long cRow) {
        long r1 = aRow & ADDRESS;
        long q = init;
        long end = b + k * bRow;
        FloatVector c0_0 = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
        FloatVector c0_1 = FloatVector.fromMemorySegment(S, ALL, q + VB, ORDER);
        q += initRow;
        FloatVector c1_0 = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
        FloatVector c1_1 = FloatVector.fromMemorySegment(S, ALL, q + VB, ORDER);
        for (; b != end; b += bRow) {
            long u = a & ADDRESS;
            long v = b & ADDRESS;
            FloatVector b0 = FloatVector.fromMemorySegment(S, ALL, v, ORDER);
            FloatVector b1 = FloatVector.fromMemorySegment(S, ALL, v + VB, ORDER);
            FloatVector x0 = FloatVector.broadcast(S, ALL.get(ONE, u));
            c0_0 = b0.fma(x0, c0_0);
            c0_1 = b1.fma(x0, c0_1);
            FloatVector x1 = FloatVector.broadcast(S, ALL.get(ONE, u + r1));
            c1_0 = b0.fma(x1, c1_0);
            c1_1 = b1.fma(x1, c1_1);
            a += aCol;
        }
        q = c;
        ((FloatVector) TYPE.cast(c0_0)).intoMemorySegment(ALL, q, ORDER);
        ((FloatVector) TYPE.cast(c0_1)).intoMemorySegment(ALL, q + VB, ORDER);
        q += cRow;
        ((FloatVector) TYPE.cast(c1_0)).intoMemorySegment(ALL, q, ORDER);
        ((FloatVector) TYPE.cast(c1_1)).intoMemorySegment(ALL, q + VB, ORDER);
    }

    private static void tile2x1(long a, long aRow, long aCol, long b, long bRow, int k,
            long init, long initRow, long c, long cRow) {
        long r1 = aRow & ADDRESS;
        long q = init;
        long end = b + k * bRow;
        FloatVector c0_0 = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
        q += initRow;
        FloatVector c1_0 = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
        for (; b != end; b += bRow) {
            long u = a & ADDRESS;
            long v = b & ADDRESS;
            FloatVector b0 = FloatVector.fromMemorySegment(S, ALL, v, ORDER);
            FloatVector x0 = FloatVector.broadcast(S, ALL.get(ONE, u));
            c0_0 = b0.fma(x0, c0_0);
            FloatVector x1 = FloatVector.broadcast(S, ALL.get(ONE, u + r1));
            c1_0 = b0.fma(x1, c1_0);
            a += aCol;
        }
        q = c;
        ((FloatVector) TYPE.cast(c0_0)).intoMemorySegment(ALL, q, ORDER);
        q += cRow;
        ((FloatVector) TYPE.cast(c1_0)).intoMemorySegment(ALL, q, ORDER);
    }

    private static void tile1x8(long a, long aRow, long aCol, long b, long bRow, int k,
            long init, long initRow, long c, long cRow) {
        long q = init;
        long end = b + k * bRow;
        FloatVector c0_0 = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
        FloatVector c0_1 = FloatVector.fromMemorySegment(S, ALL, q + VB, ORDER);
        FloatVector c0_2 = FloatVector.fromMemorySegment(S, ALL, q + 2 * VB, ORDER);
        FloatVector c0_3 = FloatVector.fromMemorySegment(S, ALL, q + 3 * VB, ORDER);
        FloatVector c0_4 = FloatVector.fromMemorySegment(S, ALL, q + 4 * VB, ORDER);
        FloatVector c0_5 = FloatVector.fromMemorySegment(S, ALL, q + 5 * VB, ORDER);
        FloatVector c0_6 = FloatVector.fromMemorySegment(S, ALL, q + 6 * VB, ORDER);
        FloatVector c0_7 = FloatVector.fromMemorySegment(S, ALL, q + 7 * VB, ORDER);
        for (; b != end; b += bRow) {
            long u = a & ADDRESS;
            long v = b & ADDRESS;
            FloatVector b0 = FloatVector.fromMemorySegment(S, ALL, v, ORDER);
            FloatVector b1 = FloatVector.fromMemorySegment(S, ALL, v + VB, ORDER);
            FloatVector b2 = FloatVector.fromMemorySegment(S, ALL, v + 2 * VB, ORDER);
            FloatVector b3 = FloatVector.fromMemorySegment(S, ALL, v + 3 * VB, ORDER);
            FloatVector b4 = FloatVector.fromMemorySegment(S, ALL, v + 4 * VB, ORDER);
            FloatVector b5 = FloatVector.fromMemorySegment(S, ALL, v + 5 * VB, ORDER);
            FloatVector b6 = FloatVector.fromMemorySegment(S, ALL, v + 6 * VB, ORDER);
            FloatVector b7 = FloatVector.fromMemorySegment(S, ALL, v + 7 * VB, ORDER);
            FloatVector x0 = FloatVector.broadcast(S, ALL.get(ONE, u));
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
        ((FloatVector) TYPE.cast(c0_0)).intoMemorySegment(ALL, q, ORDER);
        ((FloatVector) TYPE.cast(c0_1)).intoMemorySegment(ALL, q + VB, ORDER);
        ((FloatVector) TYPE.cast(c0_2)).intoMemorySegment(ALL, q + 2 * VB, ORDER);
        ((FloatVector) TYPE.cast(c0_3)).intoMemorySegment(ALL, q + 3 * VB, ORDER);
        ((FloatVector) TYPE.cast(c0_4)).intoMemorySegment(ALL, q + 4 * VB, ORDER);
        ((FloatVector) TYPE.cast(c0_5)).intoMemorySegment(ALL, q + 5 * VB, ORDER);
        ((FloatVector) TYPE.cast(c0_6)).intoMemorySegment(ALL, q + 6 * VB, ORDER);
        ((FloatVector) TYPE.cast(c0_7)).intoMemorySegment(ALL, q + 7 * VB, ORDER);
    }

    private static void tile1x4(long a, long aRow, long aCol, long b, long bRow, int k,
            long init, long initRow, long c, long cRow) {
        long q = init;
        long end = b + k * bRow;
        FloatVector c0_0 = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
        FloatVector c0_1 = FloatVector.fromMemorySegment(S, ALL, q + VB, ORDER);
        FloatVector c0_2 = FloatVector.fromMemorySegment(S, ALL, q + 2 * VB, ORDER);
        FloatVector c0_3 = FloatVector.fromMemorySegment(S, ALL, q + 3 * VB, ORDER);
        for (; b != end; b += bRow) {
            long u = a & ADDRESS;
            long v = b & ADDRESS;
            FloatVector b0 = FloatVector.fromMemorySegment(S, ALL, v, ORDER);
            FloatVector b1 = FloatVector.fromMemorySegment(S, ALL, v + VB, ORDER);
            FloatVector b2 = FloatVector.fromMemorySegment(S, ALL, v + 2 * VB, ORDER);
            FloatVector b3 = FloatVector.fromMemorySegment(S, ALL, v + 3 * VB, ORDER);
            FloatVector x0 = FloatVector.broadcast(S, ALL.get(ONE, u));
            c0_0 = b0.fma(x0, c0_0);
            c0_1 = b1.fma(x0, c0_1);
            c0_2 = b2.fma(x0, c0_2);
            c0_3 = b3.fma(x0, c0_3);
            a += aCol;
        }
        q = c;
        ((FloatVector) TYPE.cast(c0_0)).intoMemorySegment(ALL, q, ORDER);
        ((FloatVector) TYPE.cast(c0_1)).intoMemorySegment(ALL, q + VB, ORDER);
        ((FloatVector) TYPE.cast(c0_2)).intoMemorySegment(ALL, q + 2 * VB, ORDER);
        ((FloatVector) TYPE.cast(c0_3)).intoMemorySegment(ALL, q + 3 * VB, ORDER);
    }

    private static void tile1x2(long a, long aRow, long aCol, long b, long bRow, int k,
            long init, long initRow, long c, long cRow) {
        long q = init;
        long end = b + k * bRow;
        FloatVector c0_0 = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
        FloatVector c0_1 = FloatVector.fromMemorySegment(S, ALL, q + VB, ORDER);
        for (; b != end; b += bRow) {
            long u = a & ADDRESS;
            long v = b & ADDRESS;
            FloatVector b0 = FloatVector.fromMemorySegment(S, ALL, v, ORDER);
            FloatVector b1 = FloatVector.fromMemorySegment(S, ALL, v + VB, ORDER);
            FloatVector x0 = FloatVector.broadcast(S, ALL.get(ONE, u));
            c0_0 = b0.fma(x0, c0_0);
            c0_1 = b1.fma(x0, c0_1);
            a += aCol;
        }
        q = c;
        ((FloatVector) TYPE.cast(c0_0)).intoMemorySegment(ALL, q, ORDER);
        ((FloatVector) TYPE.cast(c0_1)).intoMemorySegment(ALL, q + VB, ORDER);
    }

    private static void tile1x1(long a, long aRow, long aCol, long b, long bRow, int k,
            long init, long initRow, long c, long cRow) {
        long q = init;
        long end = b + k * bRow;
        FloatVector c0_0 = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
        for (; b != end; b += bRow) {
            long u = a & ADDRESS;
            long v = b & ADDRESS;
            FloatVector b0 = FloatVector.fromMemorySegment(S, ALL, v, ORDER);
            FloatVector x0 = FloatVector.broadcast(S, ALL.get(ONE, u));
            c0_0 = b0.fma(x0, c0_0);
            a += aCol;
        }
        q = c;
        ((FloatVector) TYPE.cast(c0_0)).intoMemorySegment(ALL, q, ORDER);
    }
}

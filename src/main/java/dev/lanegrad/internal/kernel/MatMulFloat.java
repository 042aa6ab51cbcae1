package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.memory.Raw;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Tiles of products of floats. Written by src/build/java/MatMulSources.java: change it there. */
final class MatMulFloat extends MatMulTiles {
    private static final MemorySegment ALL = Raw.ALL;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final ValueLayout.OfFloat ONE = ValueLayout.JAVA_FLOAT_UNALIGNED;
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final int VB = S.vectorByteSize();
    // What a loop carries from turn to turn is of unknown width to the compiler until it is cast to this.
    private static final Class<?> TYPE = S.vectorType();
    private static final long ADDRESS = Raw.ADDRESS;
    // Rows of C that are written before those below them, so that what is written lies together.
    private static final int SOME = 64;

    @Override
    void tile(int rows, int vectors, long a, long aRow, long aCol, long b, long bRow, int k,
            long init, long initRow, long c, long cRow) {
        switch (rows << 4 | vectors) {
            case 8 << 4 | 2 -> tile8x2(a, aRow, aCol, b, bRow, k, init, initRow, c, cRow);
            case 8 << 4 | 1 -> tile8x1(a, aRow, aCol, b, bRow, k, init, initRow, c, cRow);
            case 6 << 4 | 2 -> tile6x2(a, aRow, aCol, b, bRow, k, init, initRow, c, cRow);
            case 6 << 4 | 1 -> tile6x1(a, aRow, aCol, b, bRow, k, init, initRow, c, cRow);
            default -> MatMulLowFloat.tile(rows, vectors, a, aRow, aCol, b, bRow, k, init, initRow, c, cRow);
        }
    }

    @Override
    void packed(long a, long b, int k, long init, long initRow, long c, long cRow) {
        MatMulPackedFloat.tile(a, b, k, init, initRow, c, cRow);
    }

    @Override
    void outer(long a, long aRow, int rows, long b, int vectors, long c, long cRow) {
        for (int i = 0; i < rows; i += SOME) {
            int some = Math.min(SOME, rows - i);
            long x = a + i * aRow;
            long to = c + i * cRow;
            int j = 0;
            for (; j < vectors - 3; j += 4) {
                outer4(x, aRow, some, b + j * VB, to + j * VB, cRow);
            }
            if ((vectors & 2) != 0) {
                outer2(x, aRow, some, b + j * VB, to + j * VB, cRow);
                j += 2;
            }
            if (j < vectors) {
                outer1(x, aRow, some, b + j * VB, to + j * VB, cRow);
            }
        }
    }

    @Override
    void transpose(long from, long row, long column, long to, long pitch, int rows, int columns) {
        int j = 0;
        for (; j < columns - 3; j += 4) {
            fourColumns(from + j * column, row, column, to + j * Float.BYTES, pitch, rows);
        }
        for (; j < columns; j++) {
            oneColumn(from + j * column, row, to + j * Float.BYTES, pitch, rows);
        }
    }

    @Override
    void square(int lanes, long from, long column, long to, long pitch) {
        MatMulSquareFloat.transpose(lanes, from, column, to, pitch);
    }

    private static void fourColumns(long from, long row, long column, long to, long pitch, int rows) {
        for (int i = 0; i < rows; i++) {
            long p = from + i * row;
            long q = to + i * pitch;
            float x0 = ALL.get(ONE, p);
            float x1 = ALL.get(ONE, p + column);
            float x2 = ALL.get(ONE, p + 2 * column);
            float x3 = ALL.get(ONE, p + 3 * column);
            ALL.set(ONE, q, x0);
            ALL.set(ONE, q + Float.BYTES, x1);
            ALL.set(ONE, q + 2 * Float.BYTES, x2);
            ALL.set(ONE, q + 3 * Float.BYTES, x3);
        }
    }

    private static void oneColumn(long from, long row, long to, long pitch, int rows) {
        for (int i = 0; i < rows; i++) {
            ALL.set(ONE, to + i * pitch, ALL.get(ONE, from + i * row));
        }
    }

    private static void outer4(long a, long aRow, int rows, long b, long c, long cRow) {
        FloatVector zero = FloatVector.zero(S);
        FloatVector b0 = FloatVector.fromMemorySegment(S, ALL, b, ORDER);
        FloatVector b1 = FloatVector.fromMemorySegment(S, ALL, b + VB, ORDER);
        FloatVector b2 = FloatVector.fromMemorySegment(S, ALL, b + 2 * VB, ORDER);
        FloatVector b3 = FloatVector.fromMemorySegment(S, ALL, b + 3 * VB, ORDER);
        for (int i = 0; i < rows; i++) {
            FloatVector x = FloatVector.broadcast(S, ALL.get(ONE, a));
            long q = c & ADDRESS;
            b0.fma(x, zero).intoMemorySegment(ALL, q, ORDER);
            b1.fma(x, zero).intoMemorySegment(ALL, q + VB, ORDER);
            b2.fma(x, zero).intoMemorySegment(ALL, q + 2 * VB, ORDER);
            b3.fma(x, zero).intoMemorySegment(ALL, q + 3 * VB, ORDER);
            a += aRow;
            c += cRow;
        }
    }

    private static void outer2(long a, long aRow, int rows, long b, long c, long cRow) {
        FloatVector zero = FloatVector.zero(S);
        FloatVector b0 = FloatVector.fromMemorySegment(S, ALL, b, ORDER);
        FloatVector b1 = FloatVector.fromMemorySegment(S, ALL, b + VB, ORDER);
        for (int i = 0; i < rows; i++) {
            FloatVector x = FloatVector.broadcast(S, ALL.get(ONE, a));
            long q = c & ADDRESS;
            b0.fma(x, zero).intoMemorySegment(ALL, q, ORDER);
            b1.fma(x, zero).intoMemorySegment(ALL, q + VB, ORDER);
            a += aRow;
            c += cRow;
        }
    }

    private static void outer1(long a, long aRow, int rows, long b, long c, long cRow) {
        FloatVector zero = FloatVector.zero(S);
        FloatVector b0 = FloatVector.fromMemorySegment(S, ALL, b, ORDER);
        for (int i = 0; i < rows; i++) {
            FloatVector x = FloatVector.broadcast(S, ALL.get(ONE, a));
            long q = c & ADDRESS;
            b0.fma(x, zero).intoMemorySegment(ALL, q, ORDER);
            a += aRow;
            c += cRow;
        }
    }

    private static void tile8x2(long a, long aRow, long aCol, long b, long bRow, int k,
            long init, long initRow, long c, long cRow) {
        long r1 = aRow & ADDRESS;
        long r2 = 2 * aRow & ADDRESS;
        long r3 = 3 * aRow & ADDRESS;
        long r4 = 4 * aRow & ADDRESS;
        long r5 = 5 * aRow & ADDRESS;
        long r6 = 6 * aRow & ADDRESS;
        long r7 = 7 * aRow & ADDRESS;
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
        q += initRow;
        FloatVector c4_0 = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
        FloatVector c4_1 = FloatVector.fromMemorySegment(S, ALL, q + VB, ORDER);
        q += initRow;
        FloatVector c5_0 = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
        FloatVector c5_1 = FloatVector.fromMemorySegment(S, ALL, q + VB, ORDER);
        q += initRow;
        FloatVector c6_0 = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
        FloatVector c6_1 = FloatVector.fromMemorySegment(S, ALL, q + VB, ORDER);
        q += initRow;
        FloatVector c7_0 = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
        FloatVector c7_1 = FloatVector.fromMemorySegment(S, ALL, q + VB, ORDER);
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
            FloatVector x4 = FloatVector.broadcast(S, ALL.get(ONE, u + r4));
            c4_0 = b0.fma(x4, c4_0);
            c4_1 = b1.fma(x4, c4_1);
            FloatVector x5 = FloatVector.broadcast(S, ALL.get(ONE, u + r5));
            c5_0 = b0.fma(x5, c5_0);
            c5_1 = b1.fma(x5, c5_1);
            FloatVector x6 = FloatVector.broadcast(S, ALL.get(ONE, u + r6));
            c6_0 = b0.fma(x6, c6_0);
            c6_1 = b1.fma(x6, c6_1);
            FloatVector x7 = FloatVector.broadcast(S, ALL.get(ONE, u + r7));
            c7_0 = b0.fma(x7, c7_0);
            c7_1 = b1.fma(x7, c7_1);
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
        q += cRow;
        ((FloatVector) TYPE.cast(c4_0)).intoMemorySegment(ALL, q, ORDER);
        ((FloatVector) TYPE.cast(c4_1)).intoMemorySegment(ALL, q + VB, ORDER);
        q += cRow;
        ((FloatVector) TYPE.cast(c5_0)).intoMemorySegment(ALL, q, ORDER);
        ((FloatVector) TYPE.cast(c5_1)).intoMemorySegment(ALL, q + VB, ORDER);
        q += cRow;
        ((FloatVector) TYPE.cast(c6_0)).intoMemorySegment(ALL, q, ORDER);
        ((FloatVector) TYPE.cast(c6_1)).intoMemorySegment(ALL, q + VB, ORDER);
        q += cRow;
        ((FloatVector) TYPE.cast(c7_0)).intoMemorySegment(ALL, q, ORDER);
        ((FloatVector) TYPE.cast(c7_1)).intoMemorySegment(ALL, q + VB, ORDER);
    }

    private static void tile8x1(long a, long aRow, long aCol, long b, long bRow, int k,
            long init, long initRow, long c, long cRow) {
        long r1 = aRow & ADDRESS;
        long r2 = 2 * aRow & ADDRESS;
        long r3 = 3 * aRow & ADDRESS;
        long r4 = 4 * aRow & ADDRESS;
        long r5 = 5 * aRow & ADDRESS;
        long r6 = 6 * aRow & ADDRESS;
        long r7 = 7 * aRow & ADDRESS;
        long q = init;
        long end = b + k * bRow;
        FloatVector c0_0 = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
        q += initRow;
        FloatVector c1_0 = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
        q += initRow;
        FloatVector c2_0 = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
        q += initRow;
        FloatVector c3_0 = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
        q += initRow;
        FloatVector c4_0 = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
        q += initRow;
        FloatVector c5_0 = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
        q += initRow;
        FloatVector c6_0 = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
        q += initRow;
        FloatVector c7_0 = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
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
            FloatVector x4 = FloatVector.broadcast(S, ALL.get(ONE, u + r4));
            c4_0 = b0.fma(x4, c4_0);
            FloatVector x5 = FloatVector.broadcast(S, ALL.get(ONE, u + r5));
            c5_0 = b0.fma(x5, c5_0);
            FloatVector x6 = FloatVector.broadcast(S, ALL.get(ONE, u + r6));
            c6_0 = b0.fma(x6, c6_0);
            FloatVector x7 = FloatVector.broadcast(S, ALL.get(ONE, u + r7));
            c7_0 = b0.fma(x7, c7_0);
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
        q += cRow;
        ((FloatVector) TYPE.cast(c4_0)).intoMemorySegment(ALL, q, ORDER);
        q += cRow;
        ((FloatVector) TYPE.cast(c5_0)).intoMemorySegment(ALL, q, ORDER);
        q += cRow;
        ((FloatVector) TYPE.cast(c6_0)).intoMemorySegment(ALL, q, ORDER);
        q += cRow;
        ((FloatVector) TYPE.cast(c7_0)).intoMemorySegment(ALL, q, ORDER);
    }

    private static void tile6x2(long a, long aRow, long aCol, long b, long bRow, int k,
            long init, long initRow, long c, long cRow) {
        long r1 = aRow & ADDRESS;
        long r2 = 2 * aRow & ADDRESS;
        long r3 = 3 * aRow & ADDRESS;
        long r4 = 4 * aRow & ADDRESS;
        long r5 = 5 * aRow & ADDRESS;
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
        q += initRow;
        FloatVector c4_0 = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
        FloatVector c4_1 = FloatVector.fromMemorySegment(S, ALL, q + VB, ORDER);
        q += initRow;
        FloatVector c5_0 = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
        FloatVector c5_1 = FloatVector.fromMemorySegment(S, ALL, q + VB, ORDER);
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
            FloatVector x4 = FloatVector.broadcast(S, ALL.get(ONE, u + r4));
            c4_0 = b0.fma(x4, c4_0);
            c4_1 = b1.fma(x4, c4_1);
            FloatVector x5 = FloatVector.broadcast(S, ALL.get(ONE, u + r5));
            c5_0 = b0.fma(x5, c5_0);
            c5_1 = b1.fma(x5, c5_1);
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
        q += cRow;
        ((FloatVector) TYPE.cast(c4_0)).intoMemorySegment(ALL, q, ORDER);
        ((FloatVector) TYPE.cast(c4_1)).intoMemorySegment(ALL, q + VB, ORDER);
        q += cRow;
        ((FloatVector) TYPE.cast(c5_0)).intoMemorySegment(ALL, q, ORDER);
        ((FloatVector) TYPE.cast(c5_1)).intoMemorySegment(ALL, q + VB, ORDER);
    }

    private static void tile6x1(long a, long aRow, long aCol, long b, long bRow, int k,
            long init, long initRow, long c, long cRow) {
        long r1 = aRow & ADDRESS;
        long r2 = 2 * aRow & ADDRESS;
        long r3 = 3 * aRow & ADDRESS;
        long r4 = 4 * aRow & ADDRESS;
        long r5 = 5 * aRow & ADDRESS;
        long q = init;
        long end = b + k * bRow;
        FloatVector c0_0 = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
        q += initRow;
        FloatVector c1_0 = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
        q += initRow;
        FloatVector c2_0 = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
        q += initRow;
        FloatVector c3_0 = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
        q += initRow;
        FloatVector c4_0 = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
        q += initRow;
        FloatVector c5_0 = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
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
            FloatVector x4 = FloatVector.broadcast(S, ALL.get(ONE, u + r4));
            c4_0 = b0.fma(x4, c4_0);
            FloatVector x5 = FloatVector.broadcast(S, ALL.get(ONE, u + r5));
            c5_0 = b0.fma(x5, c5_0);
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
        q += cRow;
        ((FloatVector) TYPE.cast(c4_0)).intoMemorySegment(ALL, q, ORDER);
        q += cRow;
        ((FloatVector) TYPE.cast(c5_0)).intoMemorySegment(ALL, q, ORDER);
    }
}

package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.memory.Raw;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The register tiles of the double matrix product, written by {@code src/build/python/matmul_tiles.py} and not by
 * hand. Every element of C is one accumulator, to which products are added with k ascending, each by one fused
 * multiply-add. A is packed by {@link #pack}; rows of B are {@code bStep} bytes apart, rows of C {@code cStep}.
 */
final class DoubleTiles {
    static final VectorSpecies<Double> S = DoubleVector.SPECIES_PREFERRED;
    static final int VBYTES = S.vectorByteSize();
    private static final MemorySegment ALL = Raw.ALL;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final ValueLayout.OfDouble LAYOUT = ValueLayout.JAVA_DOUBLE;

    private DoubleTiles() {
    }

    /** One tile of 1 vector a row: {@code rows} rows of C, to which products are added. */
    static void run1(int rows, int k, long a, long b, long bStep, long c, long cStep) {
        switch (rows) {
            case 8 -> tile8x1(k, a, b, bStep, c, cStep);
            case 6 -> tile6x1(k, a, b, bStep, c, cStep);
            case 4 -> tile4x1(k, a, b, bStep, c, cStep);
            default -> tile1x1(k, a, b, bStep, c, cStep);
        }
    }

    /** One tile of 2 vectors a row: {@code rows} rows of C, to which products are added. */
    static void run2(int rows, int k, long a, long b, long bStep, long c, long cStep) {
        switch (rows) {
            case 8 -> tile8x2(k, a, b, bStep, c, cStep);
            case 6 -> tile6x2(k, a, b, bStep, c, cStep);
            case 4 -> tile4x2(k, a, b, bStep, c, cStep);
            default -> tile1x2(k, a, b, bStep, c, cStep);
        }
    }

    /** Lays {@code rows} rows of A side by side: element (r, p) goes to place p * rows + r. */
    static void pack(int rows, int k, long a, long aRow, long aCol, long to) {
        switch (rows) {
            case 8 -> pack8(k, a, aRow, aCol, to);
            case 6 -> pack6(k, a, aRow, aCol, to);
            case 4 -> pack4(k, a, aRow, aCol, to);
            default -> pack1(k, a, aRow, aCol, to);
        }
    }

    static void tile8x2(int k, long a, long b, long bStep, long c, long cStep) {
        long t0 = c;
        long t1 = c + 1 * cStep;
        long t2 = c + 2 * cStep;
        long t3 = c + 3 * cStep;
        long t4 = c + 4 * cStep;
        long t5 = c + 5 * cStep;
        long t6 = c + 6 * cStep;
        long t7 = c + 7 * cStep;
        DoubleVector c0x = DoubleVector.fromMemorySegment(S, ALL, t0, ORDER);
        DoubleVector c0y = DoubleVector.fromMemorySegment(S, ALL, t0 + VBYTES, ORDER);
        DoubleVector c1x = DoubleVector.fromMemorySegment(S, ALL, t1, ORDER);
        DoubleVector c1y = DoubleVector.fromMemorySegment(S, ALL, t1 + VBYTES, ORDER);
        DoubleVector c2x = DoubleVector.fromMemorySegment(S, ALL, t2, ORDER);
        DoubleVector c2y = DoubleVector.fromMemorySegment(S, ALL, t2 + VBYTES, ORDER);
        DoubleVector c3x = DoubleVector.fromMemorySegment(S, ALL, t3, ORDER);
        DoubleVector c3y = DoubleVector.fromMemorySegment(S, ALL, t3 + VBYTES, ORDER);
        DoubleVector c4x = DoubleVector.fromMemorySegment(S, ALL, t4, ORDER);
        DoubleVector c4y = DoubleVector.fromMemorySegment(S, ALL, t4 + VBYTES, ORDER);
        DoubleVector c5x = DoubleVector.fromMemorySegment(S, ALL, t5, ORDER);
        DoubleVector c5y = DoubleVector.fromMemorySegment(S, ALL, t5 + VBYTES, ORDER);
        DoubleVector c6x = DoubleVector.fromMemorySegment(S, ALL, t6, ORDER);
        DoubleVector c6y = DoubleVector.fromMemorySegment(S, ALL, t6 + VBYTES, ORDER);
        DoubleVector c7x = DoubleVector.fromMemorySegment(S, ALL, t7, ORDER);
        DoubleVector c7y = DoubleVector.fromMemorySegment(S, ALL, t7 + VBYTES, ORDER);
        for (int p = 0; p < k; p++) {
            long from = b + p * bStep;
            long left = a + (p * 64L);
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, from, ORDER);
            DoubleVector y = DoubleVector.fromMemorySegment(S, ALL, from + VBYTES, ORDER);
            DoubleVector a0 = DoubleVector.broadcast(S, ALL.get(LAYOUT, left));
            c0x = a0.fma(x, c0x);
            c0y = a0.fma(y, c0y);
            DoubleVector a1 = DoubleVector.broadcast(S, ALL.get(LAYOUT, left + 8));
            c1x = a1.fma(x, c1x);
            c1y = a1.fma(y, c1y);
            DoubleVector a2 = DoubleVector.broadcast(S, ALL.get(LAYOUT, left + 16));
            c2x = a2.fma(x, c2x);
            c2y = a2.fma(y, c2y);
            DoubleVector a3 = DoubleVector.broadcast(S, ALL.get(LAYOUT, left + 24));
            c3x = a3.fma(x, c3x);
            c3y = a3.fma(y, c3y);
            DoubleVector a4 = DoubleVector.broadcast(S, ALL.get(LAYOUT, left + 32));
            c4x = a4.fma(x, c4x);
            c4y = a4.fma(y, c4y);
            DoubleVector a5 = DoubleVector.broadcast(S, ALL.get(LAYOUT, left + 40));
            c5x = a5.fma(x, c5x);
            c5y = a5.fma(y, c5y);
            DoubleVector a6 = DoubleVector.broadcast(S, ALL.get(LAYOUT, left + 48));
            c6x = a6.fma(x, c6x);
            c6y = a6.fma(y, c6y);
            DoubleVector a7 = DoubleVector.broadcast(S, ALL.get(LAYOUT, left + 56));
            c7x = a7.fma(x, c7x);
            c7y = a7.fma(y, c7y);
        }
        c0x.intoMemorySegment(ALL, t0, ORDER);
        c0y.intoMemorySegment(ALL, t0 + VBYTES, ORDER);
        c1x.intoMemorySegment(ALL, t1, ORDER);
        c1y.intoMemorySegment(ALL, t1 + VBYTES, ORDER);
        c2x.intoMemorySegment(ALL, t2, ORDER);
        c2y.intoMemorySegment(ALL, t2 + VBYTES, ORDER);
        c3x.intoMemorySegment(ALL, t3, ORDER);
        c3y.intoMemorySegment(ALL, t3 + VBYTES, ORDER);
        c4x.intoMemorySegment(ALL, t4, ORDER);
        c4y.intoMemorySegment(ALL, t4 + VBYTES, ORDER);
        c5x.intoMemorySegment(ALL, t5, ORDER);
        c5y.intoMemorySegment(ALL, t5 + VBYTES, ORDER);
        c6x.intoMemorySegment(ALL, t6, ORDER);
        c6y.intoMemorySegment(ALL, t6 + VBYTES, ORDER);
        c7x.intoMemorySegment(ALL, t7, ORDER);
        c7y.intoMemorySegment(ALL, t7 + VBYTES, ORDER);
    }

    static void tile8x1(int k, long a, long b, long bStep, long c, long cStep) {
        long t0 = c;
        long t1 = c + 1 * cStep;
        long t2 = c + 2 * cStep;
        long t3 = c + 3 * cStep;
        long t4 = c + 4 * cStep;
        long t5 = c + 5 * cStep;
        long t6 = c + 6 * cStep;
        long t7 = c + 7 * cStep;
        DoubleVector c0x = DoubleVector.fromMemorySegment(S, ALL, t0, ORDER);
        DoubleVector c1x = DoubleVector.fromMemorySegment(S, ALL, t1, ORDER);
        DoubleVector c2x = DoubleVector.fromMemorySegment(S, ALL, t2, ORDER);
        DoubleVector c3x = DoubleVector.fromMemorySegment(S, ALL, t3, ORDER);
        DoubleVector c4x = DoubleVector.fromMemorySegment(S, ALL, t4, ORDER);
        DoubleVector c5x = DoubleVector.fromMemorySegment(S, ALL, t5, ORDER);
        DoubleVector c6x = DoubleVector.fromMemorySegment(S, ALL, t6, ORDER);
        DoubleVector c7x = DoubleVector.fromMemorySegment(S, ALL, t7, ORDER);
        for (int p = 0; p < k; p++) {
            long from = b + p * bStep;
            long left = a + (p * 64L);
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, from, ORDER);
            DoubleVector a0 = DoubleVector.broadcast(S, ALL.get(LAYOUT, left));
            c0x = a0.fma(x, c0x);
            DoubleVector a1 = DoubleVector.broadcast(S, ALL.get(LAYOUT, left + 8));
            c1x = a1.fma(x, c1x);
            DoubleVector a2 = DoubleVector.broadcast(S, ALL.get(LAYOUT, left + 16));
            c2x = a2.fma(x, c2x);
            DoubleVector a3 = DoubleVector.broadcast(S, ALL.get(LAYOUT, left + 24));
            c3x = a3.fma(x, c3x);
            DoubleVector a4 = DoubleVector.broadcast(S, ALL.get(LAYOUT, left + 32));
            c4x = a4.fma(x, c4x);
            DoubleVector a5 = DoubleVector.broadcast(S, ALL.get(LAYOUT, left + 40));
            c5x = a5.fma(x, c5x);
            DoubleVector a6 = DoubleVector.broadcast(S, ALL.get(LAYOUT, left + 48));
            c6x = a6.fma(x, c6x);
            DoubleVector a7 = DoubleVector.broadcast(S, ALL.get(LAYOUT, left + 56));
            c7x = a7.fma(x, c7x);
        }
        c0x.intoMemorySegment(ALL, t0, ORDER);
        c1x.intoMemorySegment(ALL, t1, ORDER);
        c2x.intoMemorySegment(ALL, t2, ORDER);
        c3x.intoMemorySegment(ALL, t3, ORDER);
        c4x.intoMemorySegment(ALL, t4, ORDER);
        c5x.intoMemorySegment(ALL, t5, ORDER);
        c6x.intoMemorySegment(ALL, t6, ORDER);
        c7x.intoMemorySegment(ALL, t7, ORDER);
    }

    static void pack8(int k, long a, long aRow, long aCol, long to) {
        long r0 = a;
        long r1 = a + 1 * aRow;
        long r2 = a + 2 * aRow;
        long r3 = a + 3 * aRow;
        long r4 = a + 4 * aRow;
        long r5 = a + 5 * aRow;
        long r6 = a + 6 * aRow;
        long r7 = a + 7 * aRow;
        for (int p = 0; p < k; p++) {
            long at = p * aCol;
            long target = to + (p * 64L);
            ALL.set(LAYOUT, target + 0, ALL.get(LAYOUT, r0 + at));
            ALL.set(LAYOUT, target + 8, ALL.get(LAYOUT, r1 + at));
            ALL.set(LAYOUT, target + 16, ALL.get(LAYOUT, r2 + at));
            ALL.set(LAYOUT, target + 24, ALL.get(LAYOUT, r3 + at));
            ALL.set(LAYOUT, target + 32, ALL.get(LAYOUT, r4 + at));
            ALL.set(LAYOUT, target + 40, ALL.get(LAYOUT, r5 + at));
            ALL.set(LAYOUT, target + 48, ALL.get(LAYOUT, r6 + at));
            ALL.set(LAYOUT, target + 56, ALL.get(LAYOUT, r7 + at));
        }
    }

    static void tile6x2(int k, long a, long b, long bStep, long c, long cStep) {
        long t0 = c;
        long t1 = c + 1 * cStep;
        long t2 = c + 2 * cStep;
        long t3 = c + 3 * cStep;
        long t4 = c + 4 * cStep;
        long t5 = c + 5 * cStep;
        DoubleVector c0x = DoubleVector.fromMemorySegment(S, ALL, t0, ORDER);
        DoubleVector c0y = DoubleVector.fromMemorySegment(S, ALL, t0 + VBYTES, ORDER);
        DoubleVector c1x = DoubleVector.fromMemorySegment(S, ALL, t1, ORDER);
        DoubleVector c1y = DoubleVector.fromMemorySegment(S, ALL, t1 + VBYTES, ORDER);
        DoubleVector c2x = DoubleVector.fromMemorySegment(S, ALL, t2, ORDER);
        DoubleVector c2y = DoubleVector.fromMemorySegment(S, ALL, t2 + VBYTES, ORDER);
        DoubleVector c3x = DoubleVector.fromMemorySegment(S, ALL, t3, ORDER);
        DoubleVector c3y = DoubleVector.fromMemorySegment(S, ALL, t3 + VBYTES, ORDER);
        DoubleVector c4x = DoubleVector.fromMemorySegment(S, ALL, t4, ORDER);
        DoubleVector c4y = DoubleVector.fromMemorySegment(S, ALL, t4 + VBYTES, ORDER);
        DoubleVector c5x = DoubleVector.fromMemorySegment(S, ALL, t5, ORDER);
        DoubleVector c5y = DoubleVector.fromMemorySegment(S, ALL, t5 + VBYTES, ORDER);
        for (int p = 0; p < k; p++) {
            long from = b + p * bStep;
            long left = a + (p * 48L);
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, from, ORDER);
            DoubleVector y = DoubleVector.fromMemorySegment(S, ALL, from + VBYTES, ORDER);
            DoubleVector a0 = DoubleVector.broadcast(S, ALL.get(LAYOUT, left));
            c0x = a0.fma(x, c0x);
            c0y = a0.fma(y, c0y);
            DoubleVector a1 = DoubleVector.broadcast(S, ALL.get(LAYOUT, left + 8));
            c1x = a1.fma(x, c1x);
            c1y = a1.fma(y, c1y);
            DoubleVector a2 = DoubleVector.broadcast(S, ALL.get(LAYOUT, left + 16));
            c2x = a2.fma(x, c2x);
            c2y = a2.fma(y, c2y);
            DoubleVector a3 = DoubleVector.broadcast(S, ALL.get(LAYOUT, left + 24));
            c3x = a3.fma(x, c3x);
            c3y = a3.fma(y, c3y);
            DoubleVector a4 = DoubleVector.broadcast(S, ALL.get(LAYOUT, left + 32));
            c4x = a4.fma(x, c4x);
            c4y = a4.fma(y, c4y);
            DoubleVector a5 = DoubleVector.broadcast(S, ALL.get(LAYOUT, left + 40));
            c5x = a5.fma(x, c5x);
            c5y = a5.fma(y, c5y);
        }
        c0x.intoMemorySegment(ALL, t0, ORDER);
        c0y.intoMemorySegment(ALL, t0 + VBYTES, ORDER);
        c1x.intoMemorySegment(ALL, t1, ORDER);
        c1y.intoMemorySegment(ALL, t1 + VBYTES, ORDER);
        c2x.intoMemorySegment(ALL, t2, ORDER);
        c2y.intoMemorySegment(ALL, t2 + VBYTES, ORDER);
        c3x.intoMemorySegment(ALL, t3, ORDER);
        c3y.intoMemorySegment(ALL, t3 + VBYTES, ORDER);
        c4x.intoMemorySegment(ALL, t4, ORDER);
        c4y.intoMemorySegment(ALL, t4 + VBYTES, ORDER);
        c5x.intoMemorySegment(ALL, t5, ORDER);
        c5y.intoMemorySegment(ALL, t5 + VBYTES, ORDER);
    }

    static void tile6x1(int k, long a, long b, long bStep, long c, long cStep) {
        long t0 = c;
        long t1 = c + 1 * cStep;
        long t2 = c + 2 * cStep;
        long t3 = c + 3 * cStep;
        long t4 = c + 4 * cStep;
        long t5 = c + 5 * cStep;
        DoubleVector c0x = DoubleVector.fromMemorySegment(S, ALL, t0, ORDER);
        DoubleVector c1x = DoubleVector.fromMemorySegment(S, ALL, t1, ORDER);
        DoubleVector c2x = DoubleVector.fromMemorySegment(S, ALL, t2, ORDER);
        DoubleVector c3x = DoubleVector.fromMemorySegment(S, ALL, t3, ORDER);
        DoubleVector c4x = DoubleVector.fromMemorySegment(S, ALL, t4, ORDER);
        DoubleVector c5x = DoubleVector.fromMemorySegment(S, ALL, t5, ORDER);
        for (int p = 0; p < k; p++) {
            long from = b + p * bStep;
            long left = a + (p * 48L);
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, from, ORDER);
            DoubleVector a0 = DoubleVector.broadcast(S, ALL.get(LAYOUT, left));
            c0x = a0.fma(x, c0x);
            DoubleVector a1 = DoubleVector.broadcast(S, ALL.get(LAYOUT, left + 8));
            c1x = a1.fma(x, c1x);
            DoubleVector a2 = DoubleVector.broadcast(S, ALL.get(LAYOUT, left + 16));
            c2x = a2.fma(x, c2x);
            DoubleVector a3 = DoubleVector.broadcast(S, ALL.get(LAYOUT, left + 24));
            c3x = a3.fma(x, c3x);
            DoubleVector a4 = DoubleVector.broadcast(S, ALL.get(LAYOUT, left + 32));
            c4x = a4.fma(x, c4x);
            DoubleVector a5 = DoubleVector.broadcast(S, ALL.get(LAYOUT, left + 40));
            c5x = a5.fma(x, c5x);
        }
        c0x.intoMemorySegment(ALL, t0, ORDER);
        c1x.intoMemorySegment(ALL, t1, ORDER);
        c2x.intoMemorySegment(ALL, t2, ORDER);
        c3x.intoMemorySegment(ALL, t3, ORDER);
        c4x.intoMemorySegment(ALL, t4, ORDER);
        c5x.intoMemorySegment(ALL, t5, ORDER);
    }

    static void pack6(int k, long a, long aRow, long aCol, long to) {
        long r0 = a;
        long r1 = a + 1 * aRow;
        long r2 = a + 2 * aRow;
        long r3 = a + 3 * aRow;
        long r4 = a + 4 * aRow;
        long r5 = a + 5 * aRow;
        for (int p = 0; p < k; p++) {
            long at = p * aCol;
            long target = to + (p * 48L);
            ALL.set(LAYOUT, target + 0, ALL.get(LAYOUT, r0 + at));
            ALL.set(LAYOUT, target + 8, ALL.get(LAYOUT, r1 + at));
            ALL.set(LAYOUT, target + 16, ALL.get(LAYOUT, r2 + at));
            ALL.set(LAYOUT, target + 24, ALL.get(LAYOUT, r3 + at));
            ALL.set(LAYOUT, target + 32, ALL.get(LAYOUT, r4 + at));
            ALL.set(LAYOUT, target + 40, ALL.get(LAYOUT, r5 + at));
        }
    }

    static void tile4x2(int k, long a, long b, long bStep, long c, long cStep) {
        long t0 = c;
        long t1 = c + 1 * cStep;
        long t2 = c + 2 * cStep;
        long t3 = c + 3 * cStep;
        DoubleVector c0x = DoubleVector.fromMemorySegment(S, ALL, t0, ORDER);
        DoubleVector c0y = DoubleVector.fromMemorySegment(S, ALL, t0 + VBYTES, ORDER);
        DoubleVector c1x = DoubleVector.fromMemorySegment(S, ALL, t1, ORDER);
        DoubleVector c1y = DoubleVector.fromMemorySegment(S, ALL, t1 + VBYTES, ORDER);
        DoubleVector c2x = DoubleVector.fromMemorySegment(S, ALL, t2, ORDER);
        DoubleVector c2y = DoubleVector.fromMemorySegment(S, ALL, t2 + VBYTES, ORDER);
        DoubleVector c3x = DoubleVector.fromMemorySegment(S, ALL, t3, ORDER);
        DoubleVector c3y = DoubleVector.fromMemorySegment(S, ALL, t3 + VBYTES, ORDER);
        for (int p = 0; p < k; p++) {
            long from = b + p * bStep;
            long left = a + (p * 32L);
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, from, ORDER);
            DoubleVector y = DoubleVector.fromMemorySegment(S, ALL, from + VBYTES, ORDER);
            DoubleVector a0 = DoubleVector.broadcast(S, ALL.get(LAYOUT, left));
            c0x = a0.fma(x, c0x);
            c0y = a0.fma(y, c0y);
            DoubleVector a1 = DoubleVector.broadcast(S, ALL.get(LAYOUT, left + 8));
            c1x = a1.fma(x, c1x);
            c1y = a1.fma(y, c1y);
            DoubleVector a2 = DoubleVector.broadcast(S, ALL.get(LAYOUT, left + 16));
            c2x = a2.fma(x, c2x);
            c2y = a2.fma(y, c2y);
            DoubleVector a3 = DoubleVector.broadcast(S, ALL.get(LAYOUT, left + 24));
            c3x = a3.fma(x, c3x);
            c3y = a3.fma(y, c3y);
        }
        c0x.intoMemorySegment(ALL, t0, ORDER);
        c0y.intoMemorySegment(ALL, t0 + VBYTES, ORDER);
        c1x.intoMemorySegment(ALL, t1, ORDER);
        c1y.intoMemorySegment(ALL, t1 + VBYTES, ORDER);
        c2x.intoMemorySegment(ALL, t2, ORDER);
        c2y.intoMemorySegment(ALL, t2 + VBYTES, ORDER);
        c3x.intoMemorySegment(ALL, t3, ORDER);
        c3y.intoMemorySegment(ALL, t3 + VBYTES, ORDER);
    }

    static void tile4x1(int k, long a, long b, long bStep, long c, long cStep) {
        long t0 = c;
        long t1 = c + 1 * cStep;
        long t2 = c + 2 * cStep;
        long t3 = c + 3 * cStep;
        DoubleVector c0x = DoubleVector.fromMemorySegment(S, ALL, t0, ORDER);
        DoubleVector c1x = DoubleVector.fromMemorySegment(S, ALL, t1, ORDER);
        DoubleVector c2x = DoubleVector.fromMemorySegment(S, ALL, t2, ORDER);
        DoubleVector c3x = DoubleVector.fromMemorySegment(S, ALL, t3, ORDER);
        for (int p = 0; p < k; p++) {
            long from = b + p * bStep;
            long left = a + (p * 32L);
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, from, ORDER);
            DoubleVector a0 = DoubleVector.broadcast(S, ALL.get(LAYOUT, left));
            c0x = a0.fma(x, c0x);
            DoubleVector a1 = DoubleVector.broadcast(S, ALL.get(LAYOUT, left + 8));
            c1x = a1.fma(x, c1x);
            DoubleVector a2 = DoubleVector.broadcast(S, ALL.get(LAYOUT, left + 16));
            c2x = a2.fma(x, c2x);
            DoubleVector a3 = DoubleVector.broadcast(S, ALL.get(LAYOUT, left + 24));
            c3x = a3.fma(x, c3x);
        }
        c0x.intoMemorySegment(ALL, t0, ORDER);
        c1x.intoMemorySegment(ALL, t1, ORDER);
        c2x.intoMemorySegment(ALL, t2, ORDER);
        c3x.intoMemorySegment(ALL, t3, ORDER);
    }

    static void pack4(int k, long a, long aRow, long aCol, long to) {
        long r0 = a;
        long r1 = a + 1 * aRow;
        long r2 = a + 2 * aRow;
        long r3 = a + 3 * aRow;
        for (int p = 0; p < k; p++) {
            long at = p * aCol;
            long target = to + (p * 32L);
            ALL.set(LAYOUT, target + 0, ALL.get(LAYOUT, r0 + at));
            ALL.set(LAYOUT, target + 8, ALL.get(LAYOUT, r1 + at));
            ALL.set(LAYOUT, target + 16, ALL.get(LAYOUT, r2 + at));
            ALL.set(LAYOUT, target + 24, ALL.get(LAYOUT, r3 + at));
        }
    }

    static void tile1x2(int k, long a, long b, long bStep, long c, long cStep) {
        long t0 = c;
        DoubleVector c0x = DoubleVector.fromMemorySegment(S, ALL, t0, ORDER);
        DoubleVector c0y = DoubleVector.fromMemorySegment(S, ALL, t0 + VBYTES, ORDER);
        for (int p = 0; p < k; p++) {
            long from = b + p * bStep;
            long left = a + (p * 8L);
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, from, ORDER);
            DoubleVector y = DoubleVector.fromMemorySegment(S, ALL, from + VBYTES, ORDER);
            DoubleVector a0 = DoubleVector.broadcast(S, ALL.get(LAYOUT, left));
            c0x = a0.fma(x, c0x);
            c0y = a0.fma(y, c0y);
        }
        c0x.intoMemorySegment(ALL, t0, ORDER);
        c0y.intoMemorySegment(ALL, t0 + VBYTES, ORDER);
    }

    static void tile1x1(int k, long a, long b, long bStep, long c, long cStep) {
        long t0 = c;
        DoubleVector c0x = DoubleVector.fromMemorySegment(S, ALL, t0, ORDER);
        for (int p = 0; p < k; p++) {
            long from = b + p * bStep;
            long left = a + (p * 8L);
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, from, ORDER);
            DoubleVector a0 = DoubleVector.broadcast(S, ALL.get(LAYOUT, left));
            c0x = a0.fma(x, c0x);
        }
        c0x.intoMemorySegment(ALL, t0, ORDER);
    }

    static void pack1(int k, long a, long aRow, long aCol, long to) {
        long r0 = a;
        for (int p = 0; p < k; p++) {
            long at = p * aCol;
            long target = to + (p * 8L);
            ALL.set(LAYOUT, target + 0, ALL.get(LAYOUT, r0 + at));
        }
    }
}

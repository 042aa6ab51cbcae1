package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.memory.Raw;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The register tiles of the float matrix product, written by {@code src/build/python/matmul_tiles.py} and not by
 * hand. Every element of C is one accumulator, to which products are added with k ascending, each by one fused
 * multiply-add. A is packed by {@link #pack}; rows of B are {@code bStep} bytes apart, rows of C {@code cStep}.
 */
final class FloatTiles {
    static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    static final int VBYTES = S.vectorByteSize();
    private static final MemorySegment ALL = Raw.ALL;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final ValueLayout.OfFloat LAYOUT = ValueLayout.JAVA_FLOAT;

    private FloatTiles() {
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
        FloatVector c0x = FloatVector.fromMemorySegment(S, ALL, t0, ORDER);
        FloatVector c0y = FloatVector.fromMemorySegment(S, ALL, t0 + VBYTES, ORDER);
        FloatVector c1x = FloatVector.fromMemorySegment(S, ALL, t1, ORDER);
        FloatVector c1y = FloatVector.fromMemorySegment(S, ALL, t1 + VBYTES, ORDER);
        FloatVector c2x = FloatVector.fromMemorySegment(S, ALL, t2, ORDER);
        FloatVector c2y = FloatVector.fromMemorySegment(S, ALL, t2 + VBYTES, ORDER);
        FloatVector c3x = FloatVector.fromMemorySegment(S, ALL, t3, ORDER);
        FloatVector c3y = FloatVector.fromMemorySegment(S, ALL, t3 + VBYTES, ORDER);
        FloatVector c4x = FloatVector.fromMemorySegment(S, ALL, t4, ORDER);
        FloatVector c4y = FloatVector.fromMemorySegment(S, ALL, t4 + VBYTES, ORDER);
        FloatVector c5x = FloatVector.fromMemorySegment(S, ALL, t5, ORDER);
        FloatVector c5y = FloatVector.fromMemorySegment(S, ALL, t5 + VBYTES, ORDER);
        FloatVector c6x = FloatVector.fromMemorySegment(S, ALL, t6, ORDER);
        FloatVector c6y = FloatVector.fromMemorySegment(S, ALL, t6 + VBYTES, ORDER);
        FloatVector c7x = FloatVector.fromMemorySegment(S, ALL, t7, ORDER);
        FloatVector c7y = FloatVector.fromMemorySegment(S, ALL, t7 + VBYTES, ORDER);
        for (int p = 0; p < k; p++) {
            long from = b + p * bStep;
            long left = a + (p * 32L);
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, from, ORDER);
            FloatVector y = FloatVector.fromMemorySegment(S, ALL, from + VBYTES, ORDER);
            FloatVector a0 = FloatVector.broadcast(S, ALL.get(LAYOUT, left));
            c0x = a0.fma(x, c0x);
            c0y = a0.fma(y, c0y);
            FloatVector a1 = FloatVector.broadcast(S, ALL.get(LAYOUT, left + 4));
            c1x = a1.fma(x, c1x);
            c1y = a1.fma(y, c1y);
            FloatVector a2 = FloatVector.broadcast(S, ALL.get(LAYOUT, left + 8));
            c2x = a2.fma(x, c2x);
            c2y = a2.fma(y, c2y);
            FloatVector a3 = FloatVector.broadcast(S, ALL.get(LAYOUT, left + 12));
            c3x = a3.fma(x, c3x);
            c3y = a3.fma(y, c3y);
            FloatVector a4 = FloatVector.broadcast(S, ALL.get(LAYOUT, left + 16));
            c4x = a4.fma(x, c4x);
            c4y = a4.fma(y, c4y);
            FloatVector a5 = FloatVector.broadcast(S, ALL.get(LAYOUT, left + 20));
            c5x = a5.fma(x, c5x);
            c5y = a5.fma(y, c5y);
            FloatVector a6 = FloatVector.broadcast(S, ALL.get(LAYOUT, left + 24));
            c6x = a6.fma(x, c6x);
            c6y = a6.fma(y, c6y);
            FloatVector a7 = FloatVector.broadcast(S, ALL.get(LAYOUT, left + 28));
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
        FloatVector c0x = FloatVector.fromMemorySegment(S, ALL, t0, ORDER);
        FloatVector c1x = FloatVector.fromMemorySegment(S, ALL, t1, ORDER);
        FloatVector c2x = FloatVector.fromMemorySegment(S, ALL, t2, ORDER);
        FloatVector c3x = FloatVector.fromMemorySegment(S, ALL, t3, ORDER);
        FloatVector c4x = FloatVector.fromMemorySegment(S, ALL, t4, ORDER);
        FloatVector c5x = FloatVector.fromMemorySegment(S, ALL, t5, ORDER);
        FloatVector c6x = FloatVector.fromMemorySegment(S, ALL, t6, ORDER);
        FloatVector c7x = FloatVector.fromMemorySegment(S, ALL, t7, ORDER);
        for (int p = 0; p < k; p++) {
            long from = b + p * bStep;
            long left = a + (p * 32L);
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, from, ORDER);
            FloatVector a0 = FloatVector.broadcast(S, ALL.get(LAYOUT, left));
            c0x = a0.fma(x, c0x);
            FloatVector a1 = FloatVector.broadcast(S, ALL.get(LAYOUT, left + 4));
            c1x = a1.fma(x, c1x);
            FloatVector a2 = FloatVector.broadcast(S, ALL.get(LAYOUT, left + 8));
            c2x = a2.fma(x, c2x);
            FloatVector a3 = FloatVector.broadcast(S, ALL.get(LAYOUT, left + 12));
            c3x = a3.fma(x, c3x);
            FloatVector a4 = FloatVector.broadcast(S, ALL.get(LAYOUT, left + 16));
            c4x = a4.fma(x, c4x);
            FloatVector a5 = FloatVector.broadcast(S, ALL.get(LAYOUT, left + 20));
            c5x = a5.fma(x, c5x);
            FloatVector a6 = FloatVector.broadcast(S, ALL.get(LAYOUT, left + 24));
            c6x = a6.fma(x, c6x);
            FloatVector a7 = FloatVector.broadcast(S, ALL.get(LAYOUT, left + 28));
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
            long target = to + (p * 32L);
            ALL.set(LAYOUT, target + 0, ALL.get(LAYOUT, r0 + at));
            ALL.set(LAYOUT, target + 4, ALL.get(LAYOUT, r1 + at));
            ALL.set(LAYOUT, target + 8, ALL.get(LAYOUT, r2 + at));
            ALL.set(LAYOUT, target + 12, ALL.get(LAYOUT, r3 + at));
            ALL.set(LAYOUT, target + 16, ALL.get(LAYOUT, r4 + at));
            ALL.set(LAYOUT, target + 20, ALL.get(LAYOUT, r5 + at));
            ALL.set(LAYOUT, target + 24, ALL.get(LAYOUT, r6 + at));
            ALL.set(LAYOUT, target + 28, ALL.get(LAYOUT, r7 + at));
        }
    }

    static void tile6x2(int k, long a, long b, long bStep, long c, long cStep) {
        long t0 = c;
        long t1 = c + 1 * cStep;
        long t2 = c + 2 * cStep;
        long t3 = c + 3 * cStep;
        long t4 = c + 4 * cStep;
        long t5 = c + 5 * cStep;
        FloatVector c0x = FloatVector.fromMemorySegment(S, ALL, t0, ORDER);
        FloatVector c0y = FloatVector.fromMemorySegment(S, ALL, t0 + VBYTES, ORDER);
        FloatVector c1x = FloatVector.fromMemorySegment(S, ALL, t1, ORDER);
        FloatVector c1y = FloatVector.fromMemorySegment(S, ALL, t1 + VBYTES, ORDER);
        FloatVector c2x = FloatVector.fromMemorySegment(S, ALL, t2, ORDER);
        FloatVector c2y = FloatVector.fromMemorySegment(S, ALL, t2 + VBYTES, ORDER);
        FloatVector c3x = FloatVector.fromMemorySegment(S, ALL, t3, ORDER);
        FloatVector c3y = FloatVector.fromMemorySegment(S, ALL, t3 + VBYTES, ORDER);
        FloatVector c4x = FloatVector.fromMemorySegment(S, ALL, t4, ORDER);
        FloatVector c4y = FloatVector.fromMemorySegment(S, ALL, t4 + VBYTES, ORDER);
        FloatVector c5x = FloatVector.fromMemorySegment(S, ALL, t5, ORDER);
        FloatVector c5y = FloatVector.fromMemorySegment(S, ALL, t5 + VBYTES, ORDER);
        for (int p = 0; p < k; p++) {
            long from = b + p * bStep;
            long left = a + (p * 24L);
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, from, ORDER);
            FloatVector y = FloatVector.fromMemorySegment(S, ALL, from + VBYTES, ORDER);
            FloatVector a0 = FloatVector.broadcast(S, ALL.get(LAYOUT, left));
            c0x = a0.fma(x, c0x);
            c0y = a0.fma(y, c0y);
            FloatVector a1 = FloatVector.broadcast(S, ALL.get(LAYOUT, left + 4));
            c1x = a1.fma(x, c1x);
            c1y = a1.fma(y, c1y);
            FloatVector a2 = FloatVector.broadcast(S, ALL.get(LAYOUT, left + 8));
            c2x = a2.fma(x, c2x);
            c2y = a2.fma(y, c2y);
            FloatVector a3 = FloatVector.broadcast(S, ALL.get(LAYOUT, left + 12));
            c3x = a3.fma(x, c3x);
            c3y = a3.fma(y, c3y);
            FloatVector a4 = FloatVector.broadcast(S, ALL.get(LAYOUT, left + 16));
            c4x = a4.fma(x, c4x);
            c4y = a4.fma(y, c4y);
            FloatVector a5 = FloatVector.broadcast(S, ALL.get(LAYOUT, left + 20));
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
        FloatVector c0x = FloatVector.fromMemorySegment(S, ALL, t0, ORDER);
        FloatVector c1x = FloatVector.fromMemorySegment(S, ALL, t1, ORDER);
        FloatVector c2x = FloatVector.fromMemorySegment(S, ALL, t2, ORDER);
        FloatVector c3x = FloatVector.fromMemorySegment(S, ALL, t3, ORDER);
        FloatVector c4x = FloatVector.fromMemorySegment(S, ALL, t4, ORDER);
        FloatVector c5x = FloatVector.fromMemorySegment(S, ALL, t5, ORDER);
        for (int p = 0; p < k; p++) {
            long from = b + p * bStep;
            long left = a + (p * 24L);
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, from, ORDER);
            FloatVector a0 = FloatVector.broadcast(S, ALL.get(LAYOUT, left));
            c0x = a0.fma(x, c0x);
            FloatVector a1 = FloatVector.broadcast(S, ALL.get(LAYOUT, left + 4));
            c1x = a1.fma(x, c1x);
            FloatVector a2 = FloatVector.broadcast(S, ALL.get(LAYOUT, left + 8));
            c2x = a2.fma(x, c2x);
            FloatVector a3 = FloatVector.broadcast(S, ALL.get(LAYOUT, left + 12));
            c3x = a3.fma(x, c3x);
            FloatVector a4 = FloatVector.broadcast(S, ALL.get(LAYOUT, left + 16));
            c4x = a4.fma(x, c4x);
            FloatVector a5 = FloatVector.broadcast(S, ALL.get(LAYOUT, left + 20));
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
            long target = to + (p * 24L);
            ALL.set(LAYOUT, target + 0, ALL.get(LAYOUT, r0 + at));
            ALL.set(LAYOUT, target + 4, ALL.get(LAYOUT, r1 + at));
            ALL.set(LAYOUT, target + 8, ALL.get(LAYOUT, r2 + at));
            ALL.set(LAYOUT, target + 12, ALL.get(LAYOUT, r3 + at));
            ALL.set(LAYOUT, target + 16, ALL.get(LAYOUT, r4 + at));
            ALL.set(LAYOUT, target + 20, ALL.get(LAYOUT, r5 + at));
        }
    }

    static void tile4x2(int k, long a, long b, long bStep, long c, long cStep) {
        long t0 = c;
        long t1 = c + 1 * cStep;
        long t2 = c + 2 * cStep;
        long t3 = c + 3 * cStep;
        FloatVector c0x = FloatVector.fromMemorySegment(S, ALL, t0, ORDER);
        FloatVector c0y = FloatVector.fromMemorySegment(S, ALL, t0 + VBYTES, ORDER);
        FloatVector c1x = FloatVector.fromMemorySegment(S, ALL, t1, ORDER);
        FloatVector c1y = FloatVector.fromMemorySegment(S, ALL, t1 + VBYTES, ORDER);
        FloatVector c2x = FloatVector.fromMemorySegment(S, ALL, t2, ORDER);
        FloatVector c2y = FloatVector.fromMemorySegment(S, ALL, t2 + VBYTES, ORDER);
        FloatVector c3x = FloatVector.fromMemorySegment(S, ALL, t3, ORDER);
        FloatVector c3y = FloatVector.fromMemorySegment(S, ALL, t3 + VBYTES, ORDER);
        for (int p = 0; p < k; p++) {
            long from = b + p * bStep;
            long left = a + (p * 16L);
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, from, ORDER);
            FloatVector y = FloatVector.fromMemorySegment(S, ALL, from + VBYTES, ORDER);
            FloatVector a0 = FloatVector.broadcast(S, ALL.get(LAYOUT, left));
            c0x = a0.fma(x, c0x);
            c0y = a0.fma(y, c0y);
            FloatVector a1 = FloatVector.broadcast(S, ALL.get(LAYOUT, left + 4));
            c1x = a1.fma(x, c1x);
            c1y = a1.fma(y, c1y);
            FloatVector a2 = FloatVector.broadcast(S, ALL.get(LAYOUT, left + 8));
            c2x = a2.fma(x, c2x);
            c2y = a2.fma(y, c2y);
            FloatVector a3 = FloatVector.broadcast(S, ALL.get(LAYOUT, left + 12));
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
        FloatVector c0x = FloatVector.fromMemorySegment(S, ALL, t0, ORDER);
        FloatVector c1x = FloatVector.fromMemorySegment(S, ALL, t1, ORDER);
        FloatVector c2x = FloatVector.fromMemorySegment(S, ALL, t2, ORDER);
        FloatVector c3x = FloatVector.fromMemorySegment(S, ALL, t3, ORDER);
        for (int p = 0; p < k; p++) {
            long from = b + p * bStep;
            long left = a + (p * 16L);
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, from, ORDER);
            FloatVector a0 = FloatVector.broadcast(S, ALL.get(LAYOUT, left));
            c0x = a0.fma(x, c0x);
            FloatVector a1 = FloatVector.broadcast(S, ALL.get(LAYOUT, left + 4));
            c1x = a1.fma(x, c1x);
            FloatVector a2 = FloatVector.broadcast(S, ALL.get(LAYOUT, left + 8));
            c2x = a2.fma(x, c2x);
            FloatVector a3 = FloatVector.broadcast(S, ALL.get(LAYOUT, left + 12));
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
            long target = to + (p * 16L);
            ALL.set(LAYOUT, target + 0, ALL.get(LAYOUT, r0 + at));
            ALL.set(LAYOUT, target + 4, ALL.get(LAYOUT, r1 + at));
            ALL.set(LAYOUT, target + 8, ALL.get(LAYOUT, r2 + at));
            ALL.set(LAYOUT, target + 12, ALL.get(LAYOUT, r3 + at));
        }
    }

    static void tile1x2(int k, long a, long b, long bStep, long c, long cStep) {
        long t0 = c;
        FloatVector c0x = FloatVector.fromMemorySegment(S, ALL, t0, ORDER);
        FloatVector c0y = FloatVector.fromMemorySegment(S, ALL, t0 + VBYTES, ORDER);
        for (int p = 0; p < k; p++) {
            long from = b + p * bStep;
            long left = a + (p * 4L);
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, from, ORDER);
            FloatVector y = FloatVector.fromMemorySegment(S, ALL, from + VBYTES, ORDER);
            FloatVector a0 = FloatVector.broadcast(S, ALL.get(LAYOUT, left));
            c0x = a0.fma(x, c0x);
            c0y = a0.fma(y, c0y);
        }
        c0x.intoMemorySegment(ALL, t0, ORDER);
        c0y.intoMemorySegment(ALL, t0 + VBYTES, ORDER);
    }

    static void tile1x1(int k, long a, long b, long bStep, long c, long cStep) {
        long t0 = c;
        FloatVector c0x = FloatVector.fromMemorySegment(S, ALL, t0, ORDER);
        for (int p = 0; p < k; p++) {
            long from = b + p * bStep;
            long left = a + (p * 4L);
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, from, ORDER);
            FloatVector a0 = FloatVector.broadcast(S, ALL.get(LAYOUT, left));
            c0x = a0.fma(x, c0x);
        }
        c0x.intoMemorySegment(ALL, t0, ORDER);
    }

    static void pack1(int k, long a, long aRow, long aCol, long to) {
        long r0 = a;
        for (int p = 0; p < k; p++) {
            long at = p * aCol;
            long target = to + (p * 4L);
            ALL.set(LAYOUT, target + 0, ALL.get(LAYOUT, r0 + at));
        }
    }
}

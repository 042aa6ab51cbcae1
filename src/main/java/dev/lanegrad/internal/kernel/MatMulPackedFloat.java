package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.memory.Raw;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The main tiles of floats where both factors are packed: all distances are constants, so addresses take no
 * arithmetic. Written by src/build/java/MatMulSources.java: change it there.
 */
final class MatMulPackedFloat {
    private static final MemorySegment ALL = Raw.ALL;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final ValueLayout.OfFloat ONE = ValueLayout.JAVA_FLOAT_UNALIGNED;
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final int VB = S.vectorByteSize();
    // What a loop carries from turn to turn is of unknown width to the compiler until it is cast to this.
    private static final Class<?> TYPE = S.vectorType();
    private static final long ADDRESS = Raw.ADDRESS;

    private MatMulPackedFloat() {
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
        for (; b != end; b += 2 * VB) {
            long u = a & ADDRESS;
            long v = b & ADDRESS;
            FloatVector b0 = FloatVector.fromMemorySegment(S, ALL, v, ORDER);
            FloatVector b1 = FloatVector.fromMemorySegment(S, ALL, v + VB, ORDER);
            FloatVector x0 = FloatVector.broadcast(S, ALL.get(ONE, u));
            c0_0 = b0.fma(x0, c0_0);
            c0_1 = b1.fma(x0, c0_1);
            FloatVector x1 = FloatVector.broadcast(S, ALL.get(ONE, u + Float.BYTES));
            c1_0 = b0.fma(x1, c1_0);
            c1_1 = b1.fma(x1, c1_1);
            FloatVector x2 = FloatVector.broadcast(S, ALL.get(ONE, u + 2 * Float.BYTES));
            c2_0 = b0.fma(x2, c2_0);
            c2_1 = b1.fma(x2, c2_1);
            FloatVector x3 = FloatVector.broadcast(S, ALL.get(ONE, u + 3 * Float.BYTES));
            c3_0 = b0.fma(x3, c3_0);
            c3_1 = b1.fma(x3, c3_1);
            FloatVector x4 = FloatVector.broadcast(S, ALL.get(ONE, u + 4 * Float.BYTES));
            c4_0 = b0.fma(x4, c4_0);
            c4_1 = b1.fma(x4, c4_1);
            FloatVector x5 = FloatVector.broadcast(S, ALL.get(ONE, u + 5 * Float.BYTES));
            c5_0 = b0.fma(x5, c5_0);
            c5_1 = b1.fma(x5, c5_1);
            FloatVector x6 = FloatVector.broadcast(S, ALL.get(ONE, u + 6 * Float.BYTES));
            c6_0 = b0.fma(x6, c6_0);
            c6_1 = b1.fma(x6, c6_1);
            FloatVector x7 = FloatVector.broadcast(S, ALL.get(ONE, u + 7 * Float.BYTES));
            c7_0 = b0.fma(x7, c7_0);
            c7_1 = b1.fma(x7, c7_1);
            a += 8 * Float.BYTES;
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

    private static void tile6x2(long a, long b, int k, long init, long initRow, long c, long cRow) {
        long q = init;
        long end = b + k * (2L * VB);
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
        for (; b != end; b += 2 * VB) {
            long u = a & ADDRESS;
            long v = b & ADDRESS;
            FloatVector b0 = FloatVector.fromMemorySegment(S, ALL, v, ORDER);
            FloatVector b1 = FloatVector.fromMemorySegment(S, ALL, v + VB, ORDER);
            FloatVector x0 = FloatVector.broadcast(S, ALL.get(ONE, u));
            c0_0 = b0.fma(x0, c0_0);
            c0_1 = b1.fma(x0, c0_1);
            FloatVector x1 = FloatVector.broadcast(S, ALL.get(ONE, u + Float.BYTES));
            c1_0 = b0.fma(x1, c1_0);
            c1_1 = b1.fma(x1, c1_1);
            FloatVector x2 = FloatVector.broadcast(S, ALL.get(ONE, u + 2 * Float.BYTES));
            c2_0 = b0.fma(x2, c2_0);
            c2_1 = b1.fma(x2, c2_1);
            FloatVector x3 = FloatVector.broadcast(S, ALL.get(ONE, u + 3 * Float.BYTES));
            c3_0 = b0.fma(x3, c3_0);
            c3_1 = b1.fma(x3, c3_1);
            FloatVector x4 = FloatVector.broadcast(S, ALL.get(ONE, u + 4 * Float.BYTES));
            c4_0 = b0.fma(x4, c4_0);
            c4_1 = b1.fma(x4, c4_1);
            FloatVector x5 = FloatVector.broadcast(S, ALL.get(ONE, u + 5 * Float.BYTES));
            c5_0 = b0.fma(x5, c5_0);
            c5_1 = b1.fma(x5, c5_1);
            a += 6 * Float.BYTES;
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
}

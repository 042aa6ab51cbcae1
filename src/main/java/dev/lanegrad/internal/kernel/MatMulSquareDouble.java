package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.memory.Raw;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Transposes squares of doubles. Written by src/build/java/MatMulSources.java: change it there.
 *
 * <p>A step exchanges one bit of the numbers of row and column: of two rows that differ in it, the upper
 * gives its elements in columns with the bit set for those of the lower in columns without.
 */
final class MatMulSquareDouble {
    private static final MemorySegment ALL = Raw.ALL;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final VectorSpecies<Long> S2 = LongVector.SPECIES_128;
    private static final Class<?> TYPE2 = S2.vectorType();
    private static final VectorShuffle<Long> OTHER2_1 = other(S2, 1);
    private static final VectorMask<Long> SET2_1 = set(S2, 1);
    private static final VectorSpecies<Long> S4 = LongVector.SPECIES_256;
    private static final Class<?> TYPE4 = S4.vectorType();
    private static final VectorShuffle<Long> OTHER4_1 = other(S4, 1);
    private static final VectorMask<Long> SET4_1 = set(S4, 1);
    private static final VectorShuffle<Long> OTHER4_2 = other(S4, 2);
    private static final VectorMask<Long> SET4_2 = set(S4, 2);
    private static final VectorSpecies<Long> S8 = LongVector.SPECIES_512;
    private static final Class<?> TYPE8 = S8.vectorType();
    private static final LongVector LOWER8_1 = LongVector.fromArray(S8, chosen(8, 1, false), 0);
    private static final LongVector UPPER8_1 = LongVector.fromArray(S8, chosen(8, 1, true), 0);
    private static final LongVector LOWER8_2 = LongVector.fromArray(S8, chosen(8, 2, false), 0);
    private static final LongVector UPPER8_2 = LongVector.fromArray(S8, chosen(8, 2, true), 0);
    private static final LongVector LOWER8_4 = LongVector.fromArray(S8, chosen(8, 4, false), 0);
    private static final LongVector UPPER8_4 = LongVector.fromArray(S8, chosen(8, 4, true), 0);

    private MatMulSquareDouble() {
    }

    private static VectorShuffle<Long> other(VectorSpecies<Long> species, int bit) {
        return VectorShuffle.fromOp(species, i -> (i ^ bit) & species.length() - 1);
    }

    private static VectorMask<Long> set(VectorSpecies<Long> species, int bit) {
        long bits = 0;
        for (int i = 0; i < species.length(); i++) {
            bits |= (i & bit) != 0 ? 1L << i : 0;
        }
        return VectorMask.fromLong(species, bits);
    }

    // Of two rows, the second of which is counted on, what becomes one of them: two steps in one instruction.
    private static long[] chosen(int lanes, int bit, boolean upper) {
        long[] from = new long[lanes];
        for (int i = 0; i < lanes; i++) {
            boolean set = (i & bit) != 0;
            from[i] = (set == upper ? i : i ^ bit) + (set ? lanes : 0);
        }
        return from;
    }

    /** See {@link MatMulTiles#square}. */
    static void transpose(int lanes, long from, long column, long to, long pitch) {
        switch (lanes) {
            case 2 -> square2(from, column, to, pitch);
            case 4 -> square4(from, column, to, pitch);
            case 8 -> square8(from, column, to, pitch);
            default -> throw new IllegalStateException("There are no squares of " + lanes + " elements.");
        }
    }

    private static void square2(long from, long column, long to, long pitch) {
        LongVector t;
        LongVector x0 = LongVector.fromMemorySegment(S2, ALL, from, ORDER);
        LongVector x1 = LongVector.fromMemorySegment(S2, ALL, from + column, ORDER);
        t = x0.rearrange(OTHER2_1).blend(x1, SET2_1);
        x0 = x0.blend(x1.rearrange(OTHER2_1), SET2_1);
        x1 = t;
        ((LongVector) TYPE2.cast(x0)).intoMemorySegment(ALL, to, ORDER);
        ((LongVector) TYPE2.cast(x1)).intoMemorySegment(ALL, to + pitch, ORDER);
    }

    private static void square4(long from, long column, long to, long pitch) {
        LongVector t;
        LongVector x0 = LongVector.fromMemorySegment(S4, ALL, from, ORDER);
        LongVector x1 = LongVector.fromMemorySegment(S4, ALL, from + column, ORDER);
        LongVector x2 = LongVector.fromMemorySegment(S4, ALL, from + 2 * column, ORDER);
        LongVector x3 = LongVector.fromMemorySegment(S4, ALL, from + 3 * column, ORDER);
        t = x0.rearrange(OTHER4_1).blend(x1, SET4_1);
        x0 = x0.blend(x1.rearrange(OTHER4_1), SET4_1);
        x1 = t;
        t = x2.rearrange(OTHER4_1).blend(x3, SET4_1);
        x2 = x2.blend(x3.rearrange(OTHER4_1), SET4_1);
        x3 = t;
        t = x0.rearrange(OTHER4_2).blend(x2, SET4_2);
        x0 = x0.blend(x2.rearrange(OTHER4_2), SET4_2);
        x2 = t;
        t = x1.rearrange(OTHER4_2).blend(x3, SET4_2);
        x1 = x1.blend(x3.rearrange(OTHER4_2), SET4_2);
        x3 = t;
        ((LongVector) TYPE4.cast(x0)).intoMemorySegment(ALL, to, ORDER);
        ((LongVector) TYPE4.cast(x1)).intoMemorySegment(ALL, to + pitch, ORDER);
        ((LongVector) TYPE4.cast(x2)).intoMemorySegment(ALL, to + 2 * pitch, ORDER);
        ((LongVector) TYPE4.cast(x3)).intoMemorySegment(ALL, to + 3 * pitch, ORDER);
    }

    private static void square8(long from, long column, long to, long pitch) {
        LongVector t;
        LongVector x0 = LongVector.fromMemorySegment(S8, ALL, from, ORDER);
        LongVector x1 = LongVector.fromMemorySegment(S8, ALL, from + column, ORDER);
        LongVector x2 = LongVector.fromMemorySegment(S8, ALL, from + 2 * column, ORDER);
        LongVector x3 = LongVector.fromMemorySegment(S8, ALL, from + 3 * column, ORDER);
        LongVector x4 = LongVector.fromMemorySegment(S8, ALL, from + 4 * column, ORDER);
        LongVector x5 = LongVector.fromMemorySegment(S8, ALL, from + 5 * column, ORDER);
        LongVector x6 = LongVector.fromMemorySegment(S8, ALL, from + 6 * column, ORDER);
        LongVector x7 = LongVector.fromMemorySegment(S8, ALL, from + 7 * column, ORDER);
        t = UPPER8_1.selectFrom(x0, x1);
        x0 = LOWER8_1.selectFrom(x0, x1);
        x1 = t;
        t = UPPER8_1.selectFrom(x2, x3);
        x2 = LOWER8_1.selectFrom(x2, x3);
        x3 = t;
        t = UPPER8_1.selectFrom(x4, x5);
        x4 = LOWER8_1.selectFrom(x4, x5);
        x5 = t;
        t = UPPER8_1.selectFrom(x6, x7);
        x6 = LOWER8_1.selectFrom(x6, x7);
        x7 = t;
        t = UPPER8_2.selectFrom(x0, x2);
        x0 = LOWER8_2.selectFrom(x0, x2);
        x2 = t;
        t = UPPER8_2.selectFrom(x1, x3);
        x1 = LOWER8_2.selectFrom(x1, x3);
        x3 = t;
        t = UPPER8_2.selectFrom(x4, x6);
        x4 = LOWER8_2.selectFrom(x4, x6);
        x6 = t;
        t = UPPER8_2.selectFrom(x5, x7);
        x5 = LOWER8_2.selectFrom(x5, x7);
        x7 = t;
        t = UPPER8_4.selectFrom(x0, x4);
        x0 = LOWER8_4.selectFrom(x0, x4);
        x4 = t;
        t = UPPER8_4.selectFrom(x1, x5);
        x1 = LOWER8_4.selectFrom(x1, x5);
        x5 = t;
        t = UPPER8_4.selectFrom(x2, x6);
        x2 = LOWER8_4.selectFrom(x2, x6);
        x6 = t;
        t = UPPER8_4.selectFrom(x3, x7);
        x3 = LOWER8_4.selectFrom(x3, x7);
        x7 = t;
        ((LongVector) TYPE8.cast(x0)).intoMemorySegment(ALL, to, ORDER);
        ((LongVector) TYPE8.cast(x1)).intoMemorySegment(ALL, to + pitch, ORDER);
        ((LongVector) TYPE8.cast(x2)).intoMemorySegment(ALL, to + 2 * pitch, ORDER);
        ((LongVector) TYPE8.cast(x3)).intoMemorySegment(ALL, to + 3 * pitch, ORDER);
        ((LongVector) TYPE8.cast(x4)).intoMemorySegment(ALL, to + 4 * pitch, ORDER);
        ((LongVector) TYPE8.cast(x5)).intoMemorySegment(ALL, to + 5 * pitch, ORDER);
        ((LongVector) TYPE8.cast(x6)).intoMemorySegment(ALL, to + 6 * pitch, ORDER);
        ((LongVector) TYPE8.cast(x7)).intoMemorySegment(ALL, to + 7 * pitch, ORDER);
    }
}

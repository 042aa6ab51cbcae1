package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.memory.Raw;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Transposes squares of floats. Written by src/build/java/MatMulSources.java: change it there.
 *
 * <p>A step exchanges one bit of the numbers of row and column: of two rows that differ in it, the upper
 * gives its elements in columns with the bit set for those of the lower in columns without.
 */
final class MatMulSquareFloat {
    private static final MemorySegment ALL = Raw.ALL;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final VectorSpecies<Integer> S4 = IntVector.SPECIES_128;
    private static final Class<?> TYPE4 = S4.vectorType();
    private static final VectorShuffle<Integer> OTHER4_1 = other(S4, 1);
    private static final VectorMask<Integer> SET4_1 = set(S4, 1);
    private static final VectorShuffle<Integer> OTHER4_2 = other(S4, 2);
    private static final VectorMask<Integer> SET4_2 = set(S4, 2);
    private static final VectorSpecies<Integer> S8 = IntVector.SPECIES_256;
    private static final Class<?> TYPE8 = S8.vectorType();
    private static final VectorShuffle<Integer> OTHER8_1 = other(S8, 1);
    private static final VectorMask<Integer> SET8_1 = set(S8, 1);
    private static final VectorShuffle<Integer> OTHER8_2 = other(S8, 2);
    private static final VectorMask<Integer> SET8_2 = set(S8, 2);
    private static final VectorShuffle<Integer> OTHER8_4 = other(S8, 4);
    private static final VectorMask<Integer> SET8_4 = set(S8, 4);
    private static final VectorSpecies<Integer> S16 = IntVector.SPECIES_512;
    private static final Class<?> TYPE16 = S16.vectorType();
    private static final IntVector LOWER16_1 = IntVector.fromArray(S16, chosen(16, 1, false), 0);
    private static final IntVector UPPER16_1 = IntVector.fromArray(S16, chosen(16, 1, true), 0);
    private static final IntVector LOWER16_2 = IntVector.fromArray(S16, chosen(16, 2, false), 0);
    private static final IntVector UPPER16_2 = IntVector.fromArray(S16, chosen(16, 2, true), 0);
    private static final IntVector LOWER16_4 = IntVector.fromArray(S16, chosen(16, 4, false), 0);
    private static final IntVector UPPER16_4 = IntVector.fromArray(S16, chosen(16, 4, true), 0);
    private static final IntVector LOWER16_8 = IntVector.fromArray(S16, chosen(16, 8, false), 0);
    private static final IntVector UPPER16_8 = IntVector.fromArray(S16, chosen(16, 8, true), 0);

    private MatMulSquareFloat() {
    }

    private static VectorShuffle<Integer> other(VectorSpecies<Integer> species, int bit) {
        return VectorShuffle.fromOp(species, i -> (i ^ bit) & species.length() - 1);
    }

    private static VectorMask<Integer> set(VectorSpecies<Integer> species, int bit) {
        long bits = 0;
        for (int i = 0; i < species.length(); i++) {
            bits |= (i & bit) != 0 ? 1L << i : 0;
        }
        return VectorMask.fromLong(species, bits);
    }

    // Of two rows, the second of which is counted on, what becomes one of them: two steps in one instruction.
    private static int[] chosen(int lanes, int bit, boolean upper) {
        int[] from = new int[lanes];
        for (int i = 0; i < lanes; i++) {
            boolean set = (i & bit) != 0;
            from[i] = (set == upper ? i : i ^ bit) + (set ? lanes : 0);
        }
        return from;
    }

    /** See {@link MatMulTiles#square}. */
    static void transpose(int lanes, long from, long column, long to, long pitch) {
        switch (lanes) {
            case 4 -> square4(from, column, to, pitch);
            case 8 -> square8(from, column, to, pitch);
            case 16 -> square16(from, column, to, pitch);
            default -> throw new IllegalStateException("There are no squares of " + lanes + " elements.");
        }
    }

    private static void square4(long from, long column, long to, long pitch) {
        IntVector t;
        IntVector x0 = IntVector.fromMemorySegment(S4, ALL, from, ORDER);
        IntVector x1 = IntVector.fromMemorySegment(S4, ALL, from + column, ORDER);
        IntVector x2 = IntVector.fromMemorySegment(S4, ALL, from + 2 * column, ORDER);
        IntVector x3 = IntVector.fromMemorySegment(S4, ALL, from + 3 * column, ORDER);
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
        ((IntVector) TYPE4.cast(x0)).intoMemorySegment(ALL, to, ORDER);
        ((IntVector) TYPE4.cast(x1)).intoMemorySegment(ALL, to + pitch, ORDER);
        ((IntVector) TYPE4.cast(x2)).intoMemorySegment(ALL, to + 2 * pitch, ORDER);
        ((IntVector) TYPE4.cast(x3)).intoMemorySegment(ALL, to + 3 * pitch, ORDER);
    }

    private static void square8(long from, long column, long to, long pitch) {
        IntVector t;
        IntVector x0 = IntVector.fromMemorySegment(S8, ALL, from, ORDER);
        IntVector x1 = IntVector.fromMemorySegment(S8, ALL, from + column, ORDER);
        IntVector x2 = IntVector.fromMemorySegment(S8, ALL, from + 2 * column, ORDER);
        IntVector x3 = IntVector.fromMemorySegment(S8, ALL, from + 3 * column, ORDER);
        IntVector x4 = IntVector.fromMemorySegment(S8, ALL, from + 4 * column, ORDER);
        IntVector x5 = IntVector.fromMemorySegment(S8, ALL, from + 5 * column, ORDER);
        IntVector x6 = IntVector.fromMemorySegment(S8, ALL, from + 6 * column, ORDER);
        IntVector x7 = IntVector.fromMemorySegment(S8, ALL, from + 7 * column, ORDER);
        t = x0.rearrange(OTHER8_1).blend(x1, SET8_1);
        x0 = x0.blend(x1.rearrange(OTHER8_1), SET8_1);
        x1 = t;
        t = x2.rearrange(OTHER8_1).blend(x3, SET8_1);
        x2 = x2.blend(x3.rearrange(OTHER8_1), SET8_1);
        x3 = t;
        t = x4.rearrange(OTHER8_1).blend(x5, SET8_1);
        x4 = x4.blend(x5.rearrange(OTHER8_1), SET8_1);
        x5 = t;
        t = x6.rearrange(OTHER8_1).blend(x7, SET8_1);
        x6 = x6.blend(x7.rearrange(OTHER8_1), SET8_1);
        x7 = t;
        t = x0.rearrange(OTHER8_2).blend(x2, SET8_2);
        x0 = x0.blend(x2.rearrange(OTHER8_2), SET8_2);
        x2 = t;
        t = x1.rearrange(OTHER8_2).blend(x3, SET8_2);
        x1 = x1.blend(x3.rearrange(OTHER8_2), SET8_2);
        x3 = t;
        t = x4.rearrange(OTHER8_2).blend(x6, SET8_2);
        x4 = x4.blend(x6.rearrange(OTHER8_2), SET8_2);
        x6 = t;
        t = x5.rearrange(OTHER8_2).blend(x7, SET8_2);
        x5 = x5.blend(x7.rearrange(OTHER8_2), SET8_2);
        x7 = t;
        t = x0.rearrange(OTHER8_4).blend(x4, SET8_4);
        x0 = x0.blend(x4.rearrange(OTHER8_4), SET8_4);
        x4 = t;
        t = x1.rearrange(OTHER8_4).blend(x5, SET8_4);
        x1 = x1.blend(x5.rearrange(OTHER8_4), SET8_4);
        x5 = t;
        t = x2.rearrange(OTHER8_4).blend(x6, SET8_4);
        x2 = x2.blend(x6.rearrange(OTHER8_4), SET8_4);
        x6 = t;
        t = x3.rearrange(OTHER8_4).blend(x7, SET8_4);
        x3 = x3.blend(x7.rearrange(OTHER8_4), SET8_4);
        x7 = t;
        ((IntVector) TYPE8.cast(x0)).intoMemorySegment(ALL, to, ORDER);
        ((IntVector) TYPE8.cast(x1)).intoMemorySegment(ALL, to + pitch, ORDER);
        ((IntVector) TYPE8.cast(x2)).intoMemorySegment(ALL, to + 2 * pitch, ORDER);
        ((IntVector) TYPE8.cast(x3)).intoMemorySegment(ALL, to + 3 * pitch, ORDER);
        ((IntVector) TYPE8.cast(x4)).intoMemorySegment(ALL, to + 4 * pitch, ORDER);
        ((IntVector) TYPE8.cast(x5)).intoMemorySegment(ALL, to + 5 * pitch, ORDER);
        ((IntVector) TYPE8.cast(x6)).intoMemorySegment(ALL, to + 6 * pitch, ORDER);
        ((IntVector) TYPE8.cast(x7)).intoMemorySegment(ALL, to + 7 * pitch, ORDER);
    }

    private static void square16(long from, long column, long to, long pitch) {
        IntVector t;
        IntVector x0 = IntVector.fromMemorySegment(S16, ALL, from, ORDER);
        IntVector x1 = IntVector.fromMemorySegment(S16, ALL, from + column, ORDER);
        IntVector x2 = IntVector.fromMemorySegment(S16, ALL, from + 2 * column, ORDER);
        IntVector x3 = IntVector.fromMemorySegment(S16, ALL, from + 3 * column, ORDER);
        IntVector x4 = IntVector.fromMemorySegment(S16, ALL, from + 4 * column, ORDER);
        IntVector x5 = IntVector.fromMemorySegment(S16, ALL, from + 5 * column, ORDER);
        IntVector x6 = IntVector.fromMemorySegment(S16, ALL, from + 6 * column, ORDER);
        IntVector x7 = IntVector.fromMemorySegment(S16, ALL, from + 7 * column, ORDER);
        IntVector x8 = IntVector.fromMemorySegment(S16, ALL, from + 8 * column, ORDER);
        IntVector x9 = IntVector.fromMemorySegment(S16, ALL, from + 9 * column, ORDER);
        IntVector x10 = IntVector.fromMemorySegment(S16, ALL, from + 10 * column, ORDER);
        IntVector x11 = IntVector.fromMemorySegment(S16, ALL, from + 11 * column, ORDER);
        IntVector x12 = IntVector.fromMemorySegment(S16, ALL, from + 12 * column, ORDER);
        IntVector x13 = IntVector.fromMemorySegment(S16, ALL, from + 13 * column, ORDER);
        IntVector x14 = IntVector.fromMemorySegment(S16, ALL, from + 14 * column, ORDER);
        IntVector x15 = IntVector.fromMemorySegment(S16, ALL, from + 15 * column, ORDER);
        t = UPPER16_1.selectFrom(x0, x1);
        x0 = LOWER16_1.selectFrom(x0, x1);
        x1 = t;
        t = UPPER16_1.selectFrom(x2, x3);
        x2 = LOWER16_1.selectFrom(x2, x3);
        x3 = t;
        t = UPPER16_1.selectFrom(x4, x5);
        x4 = LOWER16_1.selectFrom(x4, x5);
        x5 = t;
        t = UPPER16_1.selectFrom(x6, x7);
        x6 = LOWER16_1.selectFrom(x6, x7);
        x7 = t;
        t = UPPER16_1.selectFrom(x8, x9);
        x8 = LOWER16_1.selectFrom(x8, x9);
        x9 = t;
        t = UPPER16_1.selectFrom(x10, x11);
        x10 = LOWER16_1.selectFrom(x10, x11);
        x11 = t;
        t = UPPER16_1.selectFrom(x12, x13);
        x12 = LOWER16_1.selectFrom(x12, x13);
        x13 = t;
        t = UPPER16_1.selectFrom(x14, x15);
        x14 = LOWER16_1.selectFrom(x14, x15);
        x15 = t;
        t = UPPER16_2.selectFrom(x0, x2);
        x0 = LOWER16_2.selectFrom(x0, x2);
        x2 = t;
        t = UPPER16_2.selectFrom(x1, x3);
        x1 = LOWER16_2.selectFrom(x1, x3);
        x3 = t;
        t = UPPER16_2.selectFrom(x4, x6);
        x4 = LOWER16_2.selectFrom(x4, x6);
        x6 = t;
        t = UPPER16_2.selectFrom(x5, x7);
        x5 = LOWER16_2.selectFrom(x5, x7);
        x7 = t;
        t = UPPER16_2.selectFrom(x8, x10);
        x8 = LOWER16_2.selectFrom(x8, x10);
        x10 = t;
        t = UPPER16_2.selectFrom(x9, x11);
        x9 = LOWER16_2.selectFrom(x9, x11);
        x11 = t;
        t = UPPER16_2.selectFrom(x12, x14);
        x12 = LOWER16_2.selectFrom(x12, x14);
        x14 = t;
        t = UPPER16_2.selectFrom(x13, x15);
        x13 = LOWER16_2.selectFrom(x13, x15);
        x15 = t;
        t = UPPER16_4.selectFrom(x0, x4);
        x0 = LOWER16_4.selectFrom(x0, x4);
        x4 = t;
        t = UPPER16_4.selectFrom(x1, x5);
        x1 = LOWER16_4.selectFrom(x1, x5);
        x5 = t;
        t = UPPER16_4.selectFrom(x2, x6);
        x2 = LOWER16_4.selectFrom(x2, x6);
        x6 = t;
        t = UPPER16_4.selectFrom(x3, x7);
        x3 = LOWER16_4.selectFrom(x3, x7);
        x7 = t;
        t = UPPER16_4.selectFrom(x8, x12);
        x8 = LOWER16_4.selectFrom(x8, x12);
        x12 = t;
        t = UPPER16_4.selectFrom(x9, x13);
        x9 = LOWER16_4.selectFrom(x9, x13);
        x13 = t;
        t = UPPER16_4.selectFrom(x10, x14);
        x10 = LOWER16_4.selectFrom(x10, x14);
        x14 = t;
        t = UPPER16_4.selectFrom(x11, x15);
        x11 = LOWER16_4.selectFrom(x11, x15);
        x15 = t;
        t = UPPER16_8.selectFrom(x0, x8);
        x0 = LOWER16_8.selectFrom(x0, x8);
        x8 = t;
        t = UPPER16_8.selectFrom(x1, x9);
        x1 = LOWER16_8.selectFrom(x1, x9);
        x9 = t;
        t = UPPER16_8.selectFrom(x2, x10);
        x2 = LOWER16_8.selectFrom(x2, x10);
        x10 = t;
        t = UPPER16_8.selectFrom(x3, x11);
        x3 = LOWER16_8.selectFrom(x3, x11);
        x11 = t;
        t = UPPER16_8.selectFrom(x4, x12);
        x4 = LOWER16_8.selectFrom(x4, x12);
        x12 = t;
        t = UPPER16_8.selectFrom(x5, x13);
        x5 = LOWER16_8.selectFrom(x5, x13);
        x13 = t;
        t = UPPER16_8.selectFrom(x6, x14);
        x6 = LOWER16_8.selectFrom(x6, x14);
        x14 = t;
        t = UPPER16_8.selectFrom(x7, x15);
        x7 = LOWER16_8.selectFrom(x7, x15);
        x15 = t;
        ((IntVector) TYPE16.cast(x0)).intoMemorySegment(ALL, to, ORDER);
        ((IntVector) TYPE16.cast(x1)).intoMemorySegment(ALL, to + pitch, ORDER);
        ((IntVector) TYPE16.cast(x2)).intoMemorySegment(ALL, to + 2 * pitch, ORDER);
        ((IntVector) TYPE16.cast(x3)).intoMemorySegment(ALL, to + 3 * pitch, ORDER);
        ((IntVector) TYPE16.cast(x4)).intoMemorySegment(ALL, to + 4 * pitch, ORDER);
        ((IntVector) TYPE16.cast(x5)).intoMemorySegment(ALL, to + 5 * pitch, ORDER);
        ((IntVector) TYPE16.cast(x6)).intoMemorySegment(ALL, to + 6 * pitch, ORDER);
        ((IntVector) TYPE16.cast(x7)).intoMemorySegment(ALL, to + 7 * pitch, ORDER);
        ((IntVector) TYPE16.cast(x8)).intoMemorySegment(ALL, to + 8 * pitch, ORDER);
        ((IntVector) TYPE16.cast(x9)).intoMemorySegment(ALL, to + 9 * pitch, ORDER);
        ((IntVector) TYPE16.cast(x10)).intoMemorySegment(ALL, to + 10 * pitch, ORDER);
        ((IntVector) TYPE16.cast(x11)).intoMemorySegment(ALL, to + 11 * pitch, ORDER);
        ((IntVector) TYPE16.cast(x12)).intoMemorySegment(ALL, to + 12 * pitch, ORDER);
        ((IntVector) TYPE16.cast(x13)).intoMemorySegment(ALL, to + 13 * pitch, ORDER);
        ((IntVector) TYPE16.cast(x14)).intoMemorySegment(ALL, to + 14 * pitch, ORDER);
        ((IntVector) TYPE16.cast(x15)).intoMemorySegment(ALL, to + 15 * pitch, ORDER);
    }
}

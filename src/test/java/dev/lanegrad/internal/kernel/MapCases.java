package dev.lanegrad.internal.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.lanegrad.internal.lane.Lane;
import dev.lanegrad.internal.lane.LaneBuilder;
import dev.lanegrad.internal.lane.LaneCode;
import dev.lanegrad.internal.lane.LaneValue;
import dev.lanegrad.internal.lane.Prim;
import dev.lanegrad.internal.lane.ScalarInterpreter;
import dev.lanegrad.internal.memory.Raw;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Codes, numbers and comparisons for the tests of map kernels. */
final class MapCases {
    private static final double[] SPECIAL = {0, -0.0, 1, -1, 0.5, Double.NaN, Double.POSITIVE_INFINITY,
        Double.NEGATIVE_INFINITY, Float.MIN_VALUE, Double.MIN_VALUE, Float.MAX_VALUE, Double.MAX_VALUE, 3.7, -1e-3};

    private MapCases() {
    }

    /** An element of a memory as a lane's bits. */
    static long bitsAt(Lane lane, long address, long i) {
        return lane == Lane.FLOAT ? Raw.ALL.get(ValueLayout.JAVA_INT, address + i * 4)
                : Raw.ALL.get(ValueLayout.JAVA_LONG, address + i * 8);
    }

    static void setBits(Lane lane, long address, long i, long bits) {
        if (lane == Lane.FLOAT) {
            Raw.ALL.set(ValueLayout.JAVA_INT, address + i * 4, (int) bits);
        } else {
            Raw.ALL.set(ValueLayout.JAVA_LONG, address + i * 8, bits);
        }
    }

    /** A 64-byte aligned buffer with its padding, filled with special and ordinary numbers. */
    static long numbers(Arena arena, Lane lane, int n, Random random) {
        long address = arena.allocate((long) n * lane.bytes() + 128, 64).address();
        for (int i = 0; i < n + 64 / lane.bytes(); i++) {
            setBits(lane, address, i, switch (random.nextInt(8)) {
                case 0 -> lane.bits(SPECIAL[random.nextInt(SPECIAL.length)]);
                case 1 -> lane == Lane.FLOAT ? random.nextInt() : random.nextLong();
                default -> lane.bits(random.nextGaussian() * 3);
            });
        }
        return address;
    }

    /** Fails unless the two are the same bits, or both NaN: which NaN a sum of two is, no processor promises. */
    static void assertSame(Lane lane, long expected, long actual, String what) {
        if (expected != actual && !(Double.isNaN(lane.value(expected)) && Double.isNaN(lane.value(actual)))) {
            assertEquals(lane.value(expected) + " 0x" + Long.toHexString(expected),
                    lane.value(actual) + " 0x" + Long.toHexString(actual), what);
        }
    }

    /** Fails unless the outputs hold what the scalar interpreter computes from the rows of bits. */
    static void check(LaneCode code, long[][] inputs, long[] outputs, String what) {
        int n = inputs[0].length;
        for (int i = 0; i < n; i++) {
            long[] row = new long[inputs.length];
            for (int p = 0; p < row.length; p++) {
                row[p] = inputs[p][i];
            }
            long[] expected = ScalarInterpreter.run(code, row);
            for (int o = 0; o < outputs.length; o++) {
                assertSame(code.lane(), expected[o], bitsAt(code.lane(), outputs[o], i), what + ", output " + o
                        + ", element " + i + " of " + n + ", " + code);
            }
        }
    }

    /** The code that is one primitive of inputs; bits and truth values are made from numbers and made numbers again. */
    static LaneCode one(Lane lane, Prim prim) {
        LaneBuilder b = new LaneBuilder(lane);
        LaneValue x = b.input(0);
        LaneValue y = b.input(1);
        LaneValue z = b.input(2);
        LaneValue p = x.toBits();
        LaneValue q = y.toBits();
        LaneValue result = switch (prim) {
            case INPUT -> x;
            case CONST -> b.constant(1.25);
            case CONST_BITS -> b.bits(0x3f80_0001).fromBits();
            case ADD -> x.add(y);
            case SUB -> x.sub(y);
            case MUL -> x.mul(y);
            case DIV -> x.div(y);
            case FMA -> x.fma(y, z);
            case SQRT -> x.sqrt();
            case NEG -> x.neg();
            case ABS -> x.abs();
            case LT -> x.lt(y).select(x, z);
            case LE -> x.le(y).select(x, z);
            case EQ -> x.eq(y).select(x, z);
            case MASK_AND -> x.lt(y).and(y.lt(z)).select(x, z);
            case MASK_OR -> x.lt(y).or(y.lt(z)).select(x, z);
            case MASK_NOT -> x.lt(y).not().select(x, z);
            case SELECT -> x.lt(y).select(x, z);
            case TO_BITS, FROM_BITS -> x.toBits().fromBits();
            case BITS_ADD -> p.add(q).fromBits();
            case BITS_SUB -> p.sub(q).fromBits();
            case BITS_AND -> p.and(q).fromBits();
            case BITS_OR -> p.or(q).fromBits();
            case BITS_XOR -> p.xor(q).fromBits();
            case BITS_SHL -> p.shl(5).fromBits();
            case BITS_SHR -> p.shr(7).fromBits();
            case BITS_USHR -> p.ushr(lane.fractionBits()).fromBits();
            case BITS_LT -> p.lt(q).select(x, z);
            case BITS_EQ -> p.eq(q).select(x, z);
        };
        return b.build(3, result);
    }

    /** A code of up to about {@code length} instructions with {@code outputs} outputs. */
    static LaneCode random(Lane lane, int inputs, int length, int outputs, Random random) {
        LaneBuilder b = new LaneBuilder(lane);
        // Bits are only taken of numbers whose bits are known even where they are NaN.
        List<LaneValue> exact = new ArrayList<>();
        List<LaneValue> reals = new ArrayList<>();
        List<LaneValue> bits = new ArrayList<>(List.of(b.bits(random.nextInt()), b.bits(1)));
        List<LaneValue> masks = new ArrayList<>();
        for (int i = 0; i < inputs; i++) {
            exact.add(b.input(i));
            reals.add(b.input(i));
        }
        reals.add(b.constant(random.nextGaussian()));
        masks.add(reals.getFirst().lt(reals.getLast()));
        for (int i = 0; i < length; i++) {
            step(random, exact, reals, bits, masks);
        }
        LaneValue[] results = new LaneValue[outputs];
        for (int o = 0; o < outputs; o++) {
            results[o] = o == 0 ? reals.getLast() : pick(random, reals);
        }
        return b.build(inputs, results);
    }

    private static void step(Random random, List<LaneValue> exact, List<LaneValue> reals, List<LaneValue> bits,
            List<LaneValue> masks) {
        LaneValue x = pick(random, reals);
        LaneValue y = pick(random, reals);
        LaneValue p = pick(random, bits);
        LaneValue q = pick(random, bits);
        LaneValue m = pick(random, masks);
        switch (random.nextInt(26)) {
            case 0, 1 -> reals.add(x.add(y));
            case 2 -> reals.add(x.sub(y));
            case 3 -> reals.add(x.mul(y));
            case 4 -> reals.add(x.div(y));
            case 5, 6 -> reals.add(x.fma(y, pick(random, reals)));
            case 7 -> reals.add(x.sqrt());
            case 8 -> reals.add(x.neg());
            case 9 -> reals.add(x.abs());
            case 10 -> masks.add(x.lt(y));
            case 11 -> masks.add(x.le(y));
            case 12 -> masks.add(x.eq(y));
            case 13 -> masks.add(m.and(pick(random, masks)));
            case 14 -> masks.add(m.or(pick(random, masks)));
            case 15 -> masks.add(m.not());
            case 16 -> reals.add(m.select(x, y));
            case 17 -> bits.add(pick(random, exact).toBits());
            case 18 -> {
                exact.add(p.fromBits());
                reals.add(exact.getLast());
            }
            case 19 -> bits.add(random.nextBoolean() ? p.add(q) : p.sub(q));
            case 20 -> bits.add(random.nextBoolean() ? p.and(q) : p.or(q));
            case 21 -> bits.add(p.xor(q));
            case 22 -> bits.add(p.shl(random.nextInt(8)));
            case 23 -> bits.add(random.nextBoolean() ? p.shr(random.nextInt(31)) : p.ushr(random.nextInt(31)));
            case 24 -> masks.add(p.lt(q));
            default -> masks.add(p.eq(q));
        }
    }

    private static LaneValue pick(Random random, List<LaneValue> values) {
        return values.get(random.nextInt(values.size()));
    }
}

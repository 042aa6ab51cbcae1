package dev.lanegrad.internal.lane;

import dev.lanegrad.internal.lane.LaneCode.Inst;

/**
 * Runs a code lane by lane in plain Java, as {@link ScalarFloats} and {@link ScalarDoubles} say what primitives mean. It is
 * what the vector executions are tested against, and what runs until the JVM has compiled those: plain loops are fast
 * within milliseconds of their first use, loops on vectors are not for a second.
 */
public final class ScalarInterpreter {
    private ScalarInterpreter() {
    }

    /** The first result of {@code code} for {@code inputs}, each rounded to the lane's type first. */
    public static double evaluate(LaneCode code, double... inputs) {
        long[] bits = new long[inputs.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = code.lane().bits(inputs[i]);
        }
        return code.lane().value(run(code, bits)[0]);
    }

    /** The bits of all results of {@code code} for operands with the bits {@code inputs}. Masks are 1 and 0. */
    public static long[] run(LaneCode code, long... inputs) {
        Inst[] insts = code.insts().toArray(Inst[]::new);
        return code.lane() == Lane.FLOAT ? ofFloats(code, insts, inputs) : ofDoubles(code, insts, inputs);
    }

    private static long[] ofFloats(LaneCode code, Inst[] insts, long[] inputs) {
        ScalarFloats values = new ScalarFloats(1);
        for (int i = 0; i < insts.length; i++) {
            if (insts[i].prim() == Prim.INPUT) {
                values.reals(i)[0] = Float.intBitsToFloat((int) inputs[(int) insts[i].bits()]);
            }
        }
        values.constants(insts, 1);
        values.run(insts, 1);
        return code.outputs().stream().mapToLong(output -> switch (insts[output].prim().result()) {
            case REAL -> Float.floatToRawIntBits(values.reals(output)[0]);
            case BITS -> values.bits(output)[0];
            case MASK -> values.bits(output)[0] & 1;
        }).toArray();
    }

    private static long[] ofDoubles(LaneCode code, Inst[] insts, long[] inputs) {
        ScalarDoubles values = new ScalarDoubles(1);
        for (int i = 0; i < insts.length; i++) {
            if (insts[i].prim() == Prim.INPUT) {
                values.reals(i)[0] = Double.longBitsToDouble(inputs[(int) insts[i].bits()]);
            }
        }
        values.constants(insts, 1);
        values.run(insts, 1);
        return code.outputs().stream().mapToLong(output -> switch (insts[output].prim().result()) {
            case REAL -> Double.doubleToRawLongBits(values.reals(output)[0]);
            case BITS -> values.bits(output)[0];
            case MASK -> values.bits(output)[0] & 1;
        }).toArray();
    }
}

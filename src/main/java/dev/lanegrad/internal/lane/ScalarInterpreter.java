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
        int[][] values = new int[insts.length][1];
        for (int i = 0; i < insts.length; i++) {
            values[i][0] = insts[i].prim() == Prim.INPUT ? (int) inputs[(int) insts[i].bits()] : 0;
        }
        run(insts, values, 1);
        return code.outputs().stream().mapToLong(output -> values[output][0]).toArray();
    }

    private static long[] ofDoubles(LaneCode code, Inst[] insts, long[] inputs) {
        long[][] values = new long[insts.length][1];
        for (int i = 0; i < insts.length; i++) {
            values[i][0] = insts[i].prim() == Prim.INPUT ? inputs[(int) insts[i].bits()] : 0;
        }
        run(insts, values, 1);
        return code.outputs().stream().mapToLong(output -> values[output][0]).toArray();
    }

    /** Computes {@code n} lanes of all values of a code on floats; those of its inputs are there, as bits. */
    public static void run(Inst[] insts, int[][] values, int n) {
        for (int i = 0; i < insts.length; i++) {
            ScalarFloats.step(insts, i, values, n);
        }
    }

    /** Computes {@code n} lanes of all values of a code on doubles; those of its inputs are there, as bits. */
    public static void run(Inst[] insts, long[][] values, int n) {
        for (int i = 0; i < insts.length; i++) {
            ScalarDoubles.step(insts, i, values, n);
        }
    }
}

package dev.lanegrad.internal.lane;

import dev.lanegrad.internal.lane.LaneCode.Inst;

/**
 * The meaning of the primitives, one lane at a time on plain Java arithmetic; what the vector executions are tested
 * against. Slow on purpose: it is to be read.
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
        long[] values = new long[code.insts().size()];
        for (int i = 0; i < values.length; i++) {
            Inst inst = code.insts().get(i);
            long a = inst.a() < 0 ? 0 : values[inst.a()];
            long b = inst.b() < 0 ? 0 : values[inst.b()];
            long c = inst.c() < 0 ? 0 : values[inst.c()];
            values[i] = inst.prim() == Prim.INPUT ? inputs[(int) inst.bits()]
                    : code.lane() == Lane.FLOAT ? floatStep(inst, (int) a, (int) b, (int) c)
                    : doubleStep(inst, a, b, c);
        }
        return code.outputs().stream().mapToLong(index -> values[index]).toArray();
    }

    private static int floatStep(Inst inst, int ia, int ib, int ic) {
        float a = Float.intBitsToFloat(ia);
        float b = Float.intBitsToFloat(ib);
        return switch (inst.prim()) {
            case INPUT -> throw new AssertionError("inputs are read by run");
            case CONST, CONST_BITS -> (int) inst.bits();
            case ADD -> Float.floatToRawIntBits(a + b);
            case SUB -> Float.floatToRawIntBits(a - b);
            case MUL -> Float.floatToRawIntBits(a * b);
            case DIV -> Float.floatToRawIntBits(a / b);
            case FMA -> Float.floatToRawIntBits(Math.fma(a, b, Float.intBitsToFloat(ic)));
            case SQRT -> Float.floatToRawIntBits((float) Math.sqrt(a));
            case NEG -> ia ^ Integer.MIN_VALUE;
            case ABS -> ia & Integer.MAX_VALUE;
            case LT -> a < b ? 1 : 0;
            case LE -> a <= b ? 1 : 0;
            case EQ -> a == b ? 1 : 0;
            case MASK_AND, BITS_AND -> ia & ib;
            case MASK_OR, BITS_OR -> ia | ib;
            case MASK_NOT -> ia ^ 1;
            case SELECT -> ia != 0 ? ib : ic;
            case TO_BITS, FROM_BITS -> ia;
            case BITS_ADD -> ia + ib;
            case BITS_SUB -> ia - ib;
            case BITS_XOR -> ia ^ ib;
            case BITS_SHL -> ia << inst.bits();
            case BITS_SHR -> ia >> inst.bits();
            case BITS_USHR -> ia >>> inst.bits();
            case BITS_LT -> ia < ib ? 1 : 0;
            case BITS_EQ -> ia == ib ? 1 : 0;
        };
    }

    private static long doubleStep(Inst inst, long ia, long ib, long ic) {
        double a = Double.longBitsToDouble(ia);
        double b = Double.longBitsToDouble(ib);
        return switch (inst.prim()) {
            case INPUT -> throw new AssertionError("inputs are read by run");
            case CONST, CONST_BITS -> inst.bits();
            case ADD -> Double.doubleToRawLongBits(a + b);
            case SUB -> Double.doubleToRawLongBits(a - b);
            case MUL -> Double.doubleToRawLongBits(a * b);
            case DIV -> Double.doubleToRawLongBits(a / b);
            case FMA -> Double.doubleToRawLongBits(Math.fma(a, b, Double.longBitsToDouble(ic)));
            case SQRT -> Double.doubleToRawLongBits(Math.sqrt(a));
            case NEG -> ia ^ Long.MIN_VALUE;
            case ABS -> ia & Long.MAX_VALUE;
            case LT -> a < b ? 1 : 0;
            case LE -> a <= b ? 1 : 0;
            case EQ -> a == b ? 1 : 0;
            case MASK_AND, BITS_AND -> ia & ib;
            case MASK_OR, BITS_OR -> ia | ib;
            case MASK_NOT -> ia ^ 1;
            case SELECT -> ia != 0 ? ib : ic;
            case TO_BITS, FROM_BITS -> ia;
            case BITS_ADD -> ia + ib;
            case BITS_SUB -> ia - ib;
            case BITS_XOR -> ia ^ ib;
            case BITS_SHL -> ia << inst.bits();
            case BITS_SHR -> ia >> inst.bits();
            case BITS_USHR -> ia >>> inst.bits();
            case BITS_LT -> ia < ib ? 1 : 0;
            case BITS_EQ -> ia == ib ? 1 : 0;
        };
    }
}

package dev.lanegrad.internal.lane;

import java.util.List;

/**
 * A function of one lane as straight-line code: instruction {@code i} defines value {@code i} from earlier values, without
 * duplicates and without dead code. A value object; equal codes give equal bits, so it is the key of the kernel cache.
 *
 * @param lane    what the arithmetic is done in
 * @param inputs  number of operands; an operand may be unused
 * @param insts   the instructions in order
 * @param outputs indices of the values that are the results, at least one, each of kind REAL
 */
public record LaneCode(Lane lane, int inputs, List<Inst> insts, List<Integer> outputs) {
    /**
     * One instruction.
     *
     * @param prim what it does
     * @param a    index of the first operand, or -1; {@code b} and {@code c} alike
     * @param bits the constant, the number of the input or the shift distance; otherwise 0
     */
    public record Inst(Prim prim, int a, int b, int c, long bits) {
        /** The operand at {@code position} 0 to 2. */
        public int operand(int position) {
            return position == 0 ? a : position == 1 ? b : c;
        }

        // What a record has of itself is linked at its first use, and the first of a starting JVM costs 25 ms.
        @Override
        public boolean equals(Object other) {
            return other instanceof Inst inst && prim == inst.prim && a == inst.a && b == inst.b && c == inst.c
                    && bits == inst.bits;
        }

        @Override
        public int hashCode() {
            return (((prim.ordinal() * 31 + a) * 31 + b) * 31 + c) * 31 + Long.hashCode(bits);
        }
    }

    /** Number of instructions that compute something: all but operands and constants. */
    public int operations() {
        int operations = 0;
        for (Inst inst : insts) {
            operations += inst.prim().operands().isEmpty() ? 0 : 1;
        }
        return operations;
    }

    /** Copies the lists, and checks that every operand is an earlier value of the right kind. */
    public LaneCode {
        insts = List.copyOf(insts);
        outputs = List.copyOf(outputs);
        for (int i = 0; i < insts.size(); i++) {
            Inst inst = insts.get(i);
            for (int p = 0; p < 3; p++) {
                boolean present = p < inst.prim().operands().size();
                int operand = inst.operand(p);
                if (present ? operand < 0 || operand >= i || insts.get(operand).prim().result() != inst.prim().operands().get(p)
                        : operand != -1) {
                    throw new IllegalArgumentException("LaneCode: operand " + p + " of instruction " + i + " (" + inst
                            + ") is not an earlier value of the right kind.");
                }
            }
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof LaneCode code && lane == code.lane && inputs == code.inputs && insts.equals(code.insts)
                && outputs.equals(code.outputs);
    }

    @Override
    public int hashCode() {
        return ((lane.ordinal() * 31 + inputs) * 31 + insts.hashCode()) * 31 + outputs.hashCode();
    }
}

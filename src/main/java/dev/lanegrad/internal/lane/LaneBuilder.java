package dev.lanegrad.internal.lane;

import dev.lanegrad.internal.lane.LaneCode.Inst;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Builds a {@link LaneCode}: the values it hands out are written like formulas, and equal instructions become one.
 * For one thread, and for one code.
 */
public final class LaneBuilder {
    private final Lane lane;
    private final List<Inst> insts = new ArrayList<>();
    private final Map<Inst, Integer> known = new HashMap<>();
    private int inputs;

    /** A builder of code in {@code lane}. */
    public LaneBuilder(Lane lane) {
        this.lane = lane;
    }

    /** What the arithmetic is done in. */
    public Lane lane() {
        return lane;
    }

    /** Operand {@code index} of the code, from 0. */
    public LaneValue input(int index) {
        inputs = Math.max(inputs, index + 1);
        return value(Prim.INPUT, -1, -1, -1, index);
    }

    /** The number {@code value}, rounded to the lane's type. */
    public LaneValue constant(double value) {
        return value(Prim.CONST, -1, -1, -1, lane.bits(value));
    }

    /** The integer {@code bits}, cut to the lane's width. */
    public LaneValue bits(long bits) {
        return value(Prim.CONST_BITS, -1, -1, -1, lane == Lane.FLOAT ? (int) bits : bits);
    }

    /** The results of {@code code} for these operands: its instructions become some of this code. */
    public List<LaneValue> inline(LaneCode code, List<LaneValue> operands) {
        LaneValue[] values = new LaneValue[code.insts().size()];
        for (int i = 0; i < values.length; i++) {
            Inst inst = code.insts().get(i);
            values[i] = inst.prim() == Prim.INPUT ? operands.get((int) inst.bits()) : value(inst.prim(),
                    index(values, inst.a()), index(values, inst.b()), index(values, inst.c()), inst.bits());
        }
        return code.outputs().stream().map(output -> values[output]).toList();
    }

    private static int index(LaneValue[] values, int i) {
        return i < 0 ? -1 : values[i].index();
    }

    /** The code of {@code outputs} for at least {@code inputs} operands; instructions that no output needs are left out. */
    public LaneCode build(int inputs, LaneValue... outputs) {
        boolean[] live = new boolean[insts.size()];
        for (LaneValue output : outputs) {
            live[output.index()] = true;
        }
        for (int i = insts.size() - 1; i >= 0; i--) {
            if (live[i]) {
                mark(live, insts.get(i));
            }
        }
        int[] renamed = new int[insts.size()];
        List<Inst> kept = new ArrayList<>();
        for (int i = 0; i < live.length; i++) {
            if (live[i]) {
                Inst inst = insts.get(i);
                renamed[i] = kept.size();
                kept.add(new Inst(inst.prim(), renamed(renamed, inst.a()), renamed(renamed, inst.b()),
                        renamed(renamed, inst.c()), inst.bits()));
            }
        }
        List<Integer> results = new ArrayList<>();
        for (LaneValue output : outputs) {
            results.add(renamed[output.index()]);
        }
        return new LaneCode(lane, Math.max(inputs, this.inputs), kept, results);
    }

    private static void mark(boolean[] live, Inst inst) {
        for (int p = 0; p < inst.prim().operands().size(); p++) {
            live[inst.operand(p)] = true;
        }
    }

    private static int renamed(int[] names, int index) {
        return index < 0 ? -1 : names[index];
    }

    LaneValue value(Prim prim, int a, int b, int c, long bits) {
        int truth = truthBehind(prim, a, b);
        if (truth >= 0) {
            return prim == Prim.EQ ? value(Prim.MASK_NOT, truth, -1, -1, 0) : new LaneValue(this, Prim.Kind.MASK, truth);
        }
        int index = known.computeIfAbsent(new Inst(prim, a, b, c, bits), inst -> {
            insts.add(inst);
            return insts.size() - 1;
        });
        return new LaneValue(this, prim.result(), index);
    }

    /**
     * The mask that decides this comparison or negation: {@code (m ? 1 : 0) == 0} is {@code not m}, and {@code not not m}
     * is {@code m}. So a condition that is stated as a number costs nothing more than a mask. -1 for anything else.
     */
    private int truthBehind(Prim prim, int a, int b) {
        if (prim == Prim.MASK_NOT && insts.get(a).prim() == Prim.MASK_NOT) {
            return insts.get(a).a();
        }
        if (prim == Prim.EQ && insts.get(a).prim() == Prim.SELECT && isConstant(b, 0)
                && isConstant(insts.get(a).b(), 1) && isConstant(insts.get(a).c(), 0)) {
            return insts.get(a).a();
        }
        return -1;
    }

    private boolean isConstant(int index, double value) {
        return insts.get(index).prim() == Prim.CONST && lane.value(insts.get(index).bits()) == value;
    }
}

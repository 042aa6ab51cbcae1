package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.lane.LaneCode;
import dev.lanegrad.internal.lane.LaneCode.Inst;
import dev.lanegrad.internal.lane.Prim;
import java.util.Locale;

/** Prints codes as formulas, for profilers, stack traces and messages. */
final class LaneText {
    /** Longer formulas are cut. */
    private static final int LONGEST = 400;

    private LaneText() {
    }

    /** The outputs of {@code code} as formulas of the inputs x0, x1, ...; cut where they get long. */
    static String of(LaneCode code) {
        StringBuilder text = new StringBuilder(code.lane().name().toLowerCase(Locale.ROOT)).append(' ');
        for (int o = 0; o < code.outputs().size(); o++) {
            text.append(o == 0 ? "" : "; ");
            append(text, code, code.outputs().get(o));
        }
        return text.length() > LONGEST ? text.substring(0, LONGEST) + "..." : text.toString();
    }

    private static void append(StringBuilder text, LaneCode code, int i) {
        // A shared value is printed at each use, so the whole text can be exponentially long.
        if (text.length() > LONGEST) {
            return;
        }
        Inst inst = code.insts().get(i);
        if (inst.prim() == Prim.INPUT) {
            text.append('x').append(inst.bits());
        } else if (inst.prim() == Prim.CONST) {
            text.append(code.lane().value(inst.bits()));
        } else if (inst.prim() == Prim.CONST_BITS) {
            text.append("0x").append(Long.toHexString(inst.bits()));
        } else {
            text.append(inst.prim().name().toLowerCase(Locale.ROOT)).append('(');
            for (int p = 0; p < inst.prim().operands().size(); p++) {
                text.append(p == 0 ? "" : ", ");
                append(text, code, inst.operand(p));
            }
            text.append(inst.prim().isShift() ? ", " + inst.bits() : "").append(')');
        }
    }
}

package dev.lanegrad.internal.graph;

import java.util.BitSet;
import java.util.Set;

/** What results were computed from, as far back as a given record. */
public final class ForwardReach {
    private ForwardReach() {
    }

    /** The number of the next record: what is recorded from now on has this number or a larger one. */
    public static int mark() {
        return Context.current().nodes.count();
    }

    /**
     * True if {@code result} was computed from something that requires grad and neither was recorded since {@code mark}
     * nor is one of {@code own}.
     */
    public static boolean beyond(Value result, int mark, Set<Value> own) {
        Context context = Context.current();
        if (!result.requiresGrad() || own.contains(result)) {
            return false;
        }
        if (context.scope() == null || result.isLeaf()) {
            return true;
        }
        Nodes nodes = context.nodes;
        int last = nodes.operand(result);
        if (last < mark) {
            return true;
        }
        BitSet reached = new BitSet(last - mark + 1);
        reached.set(last - mark);
        for (int at = reached.length() - 1; at >= 0; at = at == 0 ? -1 : reached.previousSetBit(at - 1)) {
            int id = at + mark;
            if (nodes.opcode(id) == Nodes.LEAF ? !own.contains(nodes.leaf(id)) : reach(nodes, id, mark, reached)) {
                return true;
            }
        }
        return false;
    }

    /** Marks the operands of {@code id} that need gradients; true if one lies below {@code floor}. */
    private static boolean reach(Nodes nodes, int id, int floor, BitSet reached) {
        boolean below = false;
        int operands = nodes.operands(id);
        for (int i = 0; i < operands; i++) {
            int operand = nodes.anyOperand(id, i);
            if (operand >= floor && nodes.has(operand, Nodes.NEEDS_GRAD)) {
                reached.set(operand - floor);
            } else if (operand >= 0) {
                below |= nodes.has(operand, Nodes.NEEDS_GRAD);
            }
        }
        return below;
    }
}

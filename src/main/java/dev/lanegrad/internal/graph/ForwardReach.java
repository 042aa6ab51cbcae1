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
        if (context.scope() == null || !result.recorded) {
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

    /** The records from {@code floor} on that {@code outputs} were computed from, less {@code floor}. */
    static BitSet between(Nodes nodes, Value[] outputs, int floor) {
        BitSet reached = new BitSet();
        for (Value output : outputs) {
            int id = output.requiresGrad() ? nodes.operand(output) : -1;
            if (id >= floor) {
                reached.set(id - floor);
            }
        }
        for (int at = reached.length() - 1; at >= 0; at = at == 0 ? -1 : reached.previousSetBit(at - 1)) {
            if (nodes.opcode(at + floor) != Nodes.LEAF) {
                reach(nodes, at + floor, floor, reached);
            }
        }
        return reached;
    }

    /** Marks the operands of {@code id} that need gradients; true if one lies below {@code floor}. */
    private static boolean reach(Nodes nodes, int id, int floor, BitSet reached) {
        boolean below = false;
        if (nodes.opcode(id) == Nodes.STRUCTURAL) {
            for (int operand : nodes.structural(id).operands()) {
                below |= mark(nodes, operand, floor, reached);
            }
        } else {
            int arity = nodes.elementwise(id).arity();
            for (int i = 0; i < arity; i++) {
                below |= mark(nodes, nodes.operand(id, i), floor, reached);
            }
        }
        return below;
    }

    private static boolean mark(Nodes nodes, int operand, int floor, BitSet reached) {
        if (operand < 0 || !nodes.has(operand, Nodes.NEEDS_GRAD)) {
            return false;
        }
        if (operand >= floor) {
            reached.set(operand - floor);
        }
        return operand < floor;
    }
}

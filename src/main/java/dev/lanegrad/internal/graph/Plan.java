package dev.lanegrad.internal.graph;

import dev.lanegrad.internal.op.Derivative;
import dev.lanegrad.internal.op.Elementwise;
import java.util.Arrays;

/**
 * Which records a backward walk visits, in descending order, found and checked before anything is changed. The walk
 * takes the largest number waiting, so its cost follows the records reached and not the length of the tape, and no
 * recursion limits the depth.
 */
final class Plan {
    private final Nodes nodes;
    private int[] order = new int[256];
    private int size;
    private int[] heap = new int[64];
    private int waiting;

    Plan(Nodes nodes) {
        this.nodes = nodes;
    }

    /** Number of records in the plan. */
    int size() {
        return size;
    }

    /** Record number {@code i} of the walk. */
    int id(int i) {
        return order[i];
    }

    /** Begins a plan. */
    void clear() {
        size = 0;
        waiting = 0;
    }

    /** Makes record {@code id} a start of the walk. */
    void root(int id) {
        reach(id);
    }

    /** Finds all records; false if what one of them needs has been released. Records are left unmarked. */
    boolean complete() {
        boolean whole = true;
        while (waiting > 0) {
            int id = takeLargest();
            append(id);
            if (nodes.opcode(id) != Nodes.LEAF) {
                whole &= !nodes.has(id, Nodes.FREED);
                reachOperands(id);
            }
        }
        for (int i = 0; i < size; i++) {
            nodes.clear(order[i], Nodes.REACHED);
        }
        return whole;
    }

    private void reachOperands(int id) {
        if (nodes.opcode(id) == Nodes.STRUCTURAL) {
            for (int operand : nodes.structural(id).operands()) {
                reach(operand);
            }
        } else {
            int arity = nodes.elementwise(id).arity();
            for (int i = 0; i < arity; i++) {
                reach(nodes.operand(id, i));
            }
        }
    }

    private void reach(int id) {
        if (id >= 0 && nodes.has(id, Nodes.NEEDS_GRAD) && !nodes.has(id, Nodes.REACHED)) {
            nodes.set(id, Nodes.REACHED);
            push(id);
        }
    }

    private void append(int id) {
        if (size == order.length) {
            order = Arrays.copyOf(order, 2 * size);
        }
        order[size++] = id;
    }

    private void push(int id) {
        if (waiting == heap.length) {
            heap = Arrays.copyOf(heap, 2 * waiting);
        }
        int at = waiting++;
        while (at > 0 && heap[(at - 1) / 2] < id) {
            heap[at] = heap[(at - 1) / 2];
            at = (at - 1) / 2;
        }
        heap[at] = id;
    }

    private int takeLargest() {
        int largest = heap[0];
        int moved = heap[--waiting];
        int at = 0;
        while (2 * at + 1 < waiting) {
            int child = 2 * at + 1;
            if (child + 1 < waiting && heap[child + 1] > heap[child]) {
                child++;
            }
            if (heap[child] <= moved) {
                break;
            }
            heap[at] = heap[child];
            at = child;
        }
        heap[at] = moved;
        return largest;
    }

    /** Marks what the walk has used up as released; a record that kept nothing stays as it is. */
    void release() {
        for (int i = 0; i < size; i++) {
            if (keepsSomething(order[i])) {
                nodes.set(order[i], Nodes.FREED);
            }
        }
    }

    private boolean keepsSomething(int id) {
        int opcode = nodes.opcode(id);
        if (opcode == Nodes.LEAF) {
            return false;
        }
        if (opcode == Nodes.STRUCTURAL) {
            return nodes.structural(id).op().saves() != 0;
        }
        Elementwise op = nodes.elementwise(id);
        int saved = 0;
        int tensors = 1 << 3;
        for (int i = 0; i < op.arity(); i++) {
            int operand = nodes.operand(id, i);
            if (operand >= 0) {
                tensors |= 1 << i;
                if (nodes.has(operand, Nodes.NEEDS_GRAD)) {
                    Derivative derivative = op.derivative(i);
                    saved |= derivative == null ? 0 : derivative.saved();
                }
            }
        }
        return (saved & tensors) != 0;
    }
}

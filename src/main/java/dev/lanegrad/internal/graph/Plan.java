package dev.lanegrad.internal.graph;

import dev.lanegrad.internal.memory.TapeScope;
import java.util.Arrays;

/**
 * Which records a backward walk visits, in descending order, found and checked before anything is changed. The walk
 * takes the largest number waiting, so its cost follows the records reached and not the length of the tape, and no
 * recursion limits the depth.
 */
final class Plan {
    static final String TWICE = "Trying to backward through the graph a second time (or directly access saved tensors "
            + "after they have already been freed). Saved intermediate values of the graph are freed when you call .backward() "
            + "or autograd.grad(). Specify retain_graph=True if you need to backward through the graph a second time or if you "
            + "need to access saved tensors after calling backward. In Java: backward(gradient, true), or recompute the part "
            + "that both results share (the record freed is of ";

    /** The tape that the walk runs in. */
    TapeScope scope;
    private final Nodes nodes;
    private final Versions versions;
    private int[] order = new int[256];
    /** For each record in the order, whether it passes a gradient on; all but leaves do, if there are no targets. */
    private boolean[] leads = new boolean[256];
    private int size;
    // The leaves among them.
    private int[] leaves = new int[16];
    private int leafCount;
    private int[] heap = new int[64];
    private int waiting;
    // What a walk inside this one must not see: the gradients under way.
    private long[] gradients;
    private byte[] flags;

    Plan(Nodes nodes, Versions versions) {
        this.nodes = nodes;
        this.versions = versions;
    }

    /** Number of records in the plan. */
    int size() {
        return size;
    }

    /** Record number {@code i} of the walk. */
    int id(int i) {
        return order[i];
    }

    /** Number of leaves among the records, once it is complete. */
    int leafCount() {
        return leafCount;
    }

    /** The record of leaf number {@code i}, in the order of the walk. */
    int leaf(int i) {
        return leaves[i];
    }

    /** Begins a plan. */
    void clear() {
        size = 0;
        leafCount = 0;
        waiting = 0;
    }

    /** Makes record {@code id} a start of the walk. */
    void root(int id) {
        reach(id);
    }

    /**
     * Finds all records on the way to a leaf, or to one of {@code targets}, and marks them as wanted, until
     * {@link #end}. Fails with {@code IllegalStateException} if what one of them needs has been released or changed.
     */
    void complete(String label, Value[] targets) {
        while (waiting > 0) {
            int id = takeLargest();
            boolean leaf = nodes.opcode(id) == Nodes.LEAF;
            append(id, !leaf);
            if (leaf) {
                addLeaf(id);
            } else {
                reachOperands(id);
                if (targets == null) {
                    requireSaved(label, id);
                }
            }
        }
        if (targets != null) {
            keepWaysTo(targets);
            for (int i = 0; i < size; i++) {
                if (leads[i]) {
                    requireSaved(label, order[i]);
                }
            }
        }
    }

    private void reachOperands(int id) {
        if (nodes.isElementwise(id)) {
            reach(nodes.operand(id, 0));
            reach(nodes.operand(id, 1));
            reach(nodes.operand(id, 2));
        } else {
            int operands = nodes.operands(id);
            for (int i = 0; i < operands; i++) {
                reach(nodes.anyOperand(id, i));
            }
        }
    }

    private void addLeaf(int id) {
        if (leafCount == leaves.length) {
            leaves = Arrays.copyOf(leaves, 2 * leafCount);
        }
        leaves[leafCount++] = id;
    }

    private void keepWaysTo(Value[] targets) {
        for (int i = size - 1; i >= 0; i--) {
            leads[i] = leads[i] && leadsOn(order[i]);
            if (!leads[i] && !isTarget(order[i], targets)) {
                nodes.clear(order[i], Nodes.WANTED);
            }
        }
        int kept = 0;
        for (int i = 0; i < size; i++) {
            if (nodes.has(order[i], Nodes.WANTED)) {
                leads[kept] = leads[i];
                order[kept++] = order[i];
            }
        }
        size = kept;
        kept = 0;
        for (int i = 0; i < leafCount; i++) {
            if (nodes.has(leaves[i], Nodes.WANTED)) {
                leaves[kept++] = leaves[i];
            }
        }
        leafCount = kept;
    }

    private boolean leadsOn(int id) {
        int operands = nodes.operands(id);
        for (int i = 0; i < operands; i++) {
            int operand = nodes.anyOperand(id, i);
            if (operand >= 0 && nodes.has(operand, Nodes.WANTED)) {
                return true;
            }
        }
        return false;
    }

    private boolean isTarget(int id, Value[] targets) {
        for (Value target : targets) {
            if (nodes.isOf(target, id)) {
                return true;
            }
        }
        return false;
    }

    private void requireSaved(String label, int id) {
        if (nodes.has(id, Nodes.FREED)) {
            throw new IllegalStateException(TWICE + nodes.label(id) + ").");
        }
        if (!versions.isEmpty()) {
            int saved = nodes.saved(id);
            for (int i = 0; i <= 3 && !nodes.has(id, Nodes.PACKED); i++) {
                if ((saved >> i & 1) != 0) {
                    requireUnchanged(label, id, i == 3 ? id : nodes.anyOperand(id, i));
                }
            }
            if (nodes.opcode(id) == Nodes.FUNCTION) {
                nodes.structural(id).function().requireUnchanged(label, versions);
            }
        }
    }

    private void requireUnchanged(String label, int id, int saved) {
        if (saved < 0 || nodes.isAway(saved) || !versions.changedSince(nodes.address(saved), extent(saved), id)) {
            return;
        }
        boolean leaf = nodes.opcode(saved) == Nodes.LEAF;
        int now = versions.versionAt(nodes.address(saved), Integer.MAX_VALUE);
        throw new IllegalStateException(label + ": one of the variables needed for gradient computation has been modified by an "
                + "inplace operation: [" + nodes.cell(saved) + " " + nodes.layout(saved) + "]"
                + (leaf ? "" : ", which is output 0 of " + nodes.label(saved) + ",") + " is at version " + now
                + "; expected version " + versions.versionAt(nodes.address(saved), id) + " instead. The derivative of "
                + nodes.label(id) + " needs it; change a clone() instead, or change it after backward.");
    }

    private long extent(int id) {
        return nodes.layout(id).extent() * nodes.cell(id).bytes();
    }

    private void reach(int id) {
        if (id >= 0 && nodes.want(id)) {
            if (nodes.opcode(id) == Nodes.LEAF && nodes.leaf(id).leaf == null) {
                nodes.clear(id, Nodes.WANTED); // It does not require grad any more.
            } else {
                push(id);
            }
        }
    }

    private void append(int id, boolean leadsOn) {
        if (size == order.length) {
            order = Arrays.copyOf(order, 2 * size);
            leads = Arrays.copyOf(leads, 2 * size);
        }
        leads[size] = leadsOn;
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

    /** Ends the walk, and marks what it has used up as released; a record that kept nothing stays as it is. */
    void release() {
        for (int i = 0; i < size; i++) {
            int id = order[i];
            nodes.change(id, Nodes.WANTED, leads[i] && releases(id) ? Nodes.FREED : 0);
        }
        size = 0;
    }

    private boolean releases(int id) {
        return nodes.opcode(id) == Nodes.FUNCTION ? nodes.structural(id).function().release() : nodes.saved(id) != 0;
    }

    /** Takes the marks off all records of the plan. */
    void end() {
        while (waiting > 0) {
            nodes.clear(takeLargest(), Nodes.WANTED);
        }
        for (int i = 0; i < size; i++) {
            nodes.clear(order[i], Nodes.WANTED);
        }
    }

    /** Takes marks and gradients off the records while another walk runs inside this one. */
    void suspend() {
        gradients = new long[size];
        flags = new byte[size];
        for (int i = 0; i < size; i++) {
            gradients[i] = nodes.gradient(order[i]);
            flags[i] = (byte) nodes.flags(order[i], Nodes.WANTED | Nodes.UNIFORM | Nodes.LENT | Nodes.SHARED);
            nodes.setGradient(order[i], 0);
            nodes.clear(order[i], Nodes.WANTED | Nodes.UNIFORM | Nodes.LENT | Nodes.SHARED);
        }
    }

    /** Puts back what {@link #suspend} took. */
    void resume() {
        for (int i = 0; i < size; i++) {
            nodes.setGradient(order[i], gradients[i]);
            nodes.set(order[i], flags[i]);
        }
        gradients = null;
        flags = null;
    }
}

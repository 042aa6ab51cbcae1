package dev.lanegrad.internal.graph;

import dev.lanegrad.internal.memory.TapeScope;
import dev.lanegrad.internal.shape.Layout;
import java.util.HashMap;
import java.util.Map;

/**
 * The gradients under way in a walk, by record: where each lies, how, and who else has the block. One whose elements are
 * all the same, as behind a sum, is one element; one that an op passes on unchanged, repeated along other dimensions or
 * in another order, stays where it is. Blocks go back to the tape with the last record that has them.
 */
final class Gradients {
    private final Nodes nodes;
    private final TapeScope scope;
    private final Context context;
    private SharedGradients shared;
    /** How those lie that are neither contiguous nor one element; null while there is none. */
    private Map<Integer, Layout> arranged;

    Gradients(Context context) {
        this.context = context;
        nodes = context.nodes;
        scope = context.scope();
    }

    /** How the gradient of record {@code id} lies in its block: in the sizes of the record, or as one element. */
    Layout layout(int id) {
        if (nodes.has(id, Nodes.UNIFORM)) {
            return Layout.SCALAR;
        }
        Layout own = arranged == null ? null : arranged.get(id);
        return own != null ? own : Pointwise.contiguous(nodes.layout(id));
    }

    /** True if its elements lie one after the other. */
    boolean isWhole(int id) {
        return !nodes.has(id, Nodes.UNIFORM) && (arranged == null || !arranged.containsKey(id));
    }

    /** True if its elements lie one after the other in a block of the tape's that nobody else has. */
    boolean isOwn(int id) {
        return !nodes.has(id, Nodes.SHARED | Nodes.LENT) && isWhole(id);
    }

    /** Makes a block the gradient of {@code id}: contiguous, or one element for all if {@code uniform}. */
    void set(int id, long address, boolean uniform) {
        nodes.setGradient(id, address);
        if (uniform) {
            nodes.set(id, Nodes.UNIFORM);
        } else {
            nodes.clear(id, Nodes.UNIFORM);
        }
        if (arranged != null) {
            arranged.remove(id);
        }
    }

    private void set(int id, long address, Layout layout) {
        boolean uniform = layout.count() != 1 && layout.extent() == 1;
        set(id, address, uniform);
        if (!uniform && !layout.isContiguous()) {
            arranged = arranged == null ? new HashMap<>() : arranged;
            arranged.put(id, layout);
        }
    }

    /** Makes the gradient of {@code id}, which nobody needs after this, that of {@code operand}, which has its sizes. */
    void pass(int id, int operand) {
        if (nodes.has(id, Nodes.UNIFORM)) {
            set(operand, nodes.gradient(id), true);
        } else {
            set(operand, nodes.gradient(id), layout(id));
        }
        moved(id, operand);
    }

    /** Makes the gradient of {@code id}, which is one element, that of each element of {@code operand}. */
    void passToAll(int id, int operand) {
        set(operand, nodes.gradient(id), nodes.layout(operand).count() != 1);
        moved(id, operand);
    }

    private void moved(int id, int operand) {
        if (nodes.has(id, Nodes.SHARED)) {
            nodes.set(operand, Nodes.SHARED);
            nodes.clear(id, Nodes.SHARED);
        }
        set(id, 0, false);
    }

    /** Makes the gradient of {@code id} that of {@code operand} too, which has its sizes. */
    void share(int id, int operand) {
        share(id);
        if (nodes.has(id, Nodes.UNIFORM)) {
            set(operand, nodes.gradient(id), true);
        } else {
            set(operand, nodes.gradient(id), layout(id));
        }
        nodes.set(operand, Nodes.SHARED);
    }

    /** Makes the gradient of {@code id} that of {@code operand} too, where it lies in {@code layout} in the same block. */
    void share(int id, int operand, Layout layout) {
        share(id);
        set(operand, nodes.gradient(id), layout);
        nodes.set(operand, Nodes.SHARED);
    }

    private void share(int id) {
        shared().share(nodes.gradient(id));
        nodes.set(id, Nodes.SHARED);
    }

    /** Never gives the block of {@code id} back: it is the user's, or will be. */
    void borrow(int id) {
        shared().borrow(nodes.gradient(id));
        nodes.set(id, Nodes.SHARED);
    }

    private SharedGradients shared() {
        shared = shared == null ? context.takeSharedGradients() : shared;
        return shared;
    }

    /** Takes the gradient of {@code id}, which nobody needs after this, out of the walk: its block is the caller's. */
    void take(int id) {
        set(id, 0, false);
    }

    /** Ends the walk: there are no gradients any more. */
    void end() {
        if (shared != null) {
            context.giveBack(shared);
            shared = null;
        }
    }

    /** A block for the gradient of {@code id}, contiguous. */
    long allocate(int id) {
        return scope.allocate(nodes.layout(id).count() * nodes.cell(id).bytes());
    }

    /** Where the first contribution to the gradient of {@code id} is written: a block, or the buffer of its leaf. */
    long place(int id, boolean lends) {
        if (lends && nodes.opcode(id) == Nodes.LEAF) {
            Value buffer = nodes.leaf(id).leaf.lend();
            if (buffer != null) {
                nodes.set(id, Nodes.LENT);
                return buffer.address;
            }
        }
        return allocate(id);
    }

    /** Where a sum with the gradient of {@code id} is written: in its place, or to a new block if others have it too. */
    long writable(int id) {
        return nodes.has(id, Nodes.SHARED) ? allocate(id) : nodes.gradient(id);
    }

    /** Makes the block {@code sum} the gradient of {@code id} in place of what was. */
    void replace(int id, long sum) {
        if (nodes.gradient(id) != sum) {
            free(id);
            set(id, sum, false);
        }
    }

    /** Forgets the gradient of {@code id}, and gives its block back if nobody else has it. */
    void free(int id) {
        long gradient = nodes.gradient(id);
        if (gradient != 0) {
            if (nodes.has(id, Nodes.LENT)) {
                nodes.leaf(id).leaf.takeBack(false);
                nodes.clear(id, Nodes.LENT);
            } else if (!nodes.has(id, Nodes.SHARED) || shared.release(gradient)) {
                scope.free(gradient, layout(id).extent() * nodes.cell(id).bytes());
            }
            nodes.clear(id, Nodes.SHARED);
            set(id, 0, false);
        }
    }
}

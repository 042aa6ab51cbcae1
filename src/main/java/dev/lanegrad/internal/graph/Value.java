package dev.lanegrad.internal.graph;

import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.memory.Home;
import dev.lanegrad.internal.memory.Symbolic;
import dev.lanegrad.internal.op.Op;
import dev.lanegrad.internal.shape.Layout;

/**
 * A tensor's insides: where its elements are, how long they stay there, and what the tape knows of it. Rules are stated
 * on values; the public tensor wraps one and adds names.
 */
public final class Value {
    final Home home;
    final int stamp;
    final long address;
    final Layout layout;
    final Cell cell;
    /** What makes this a leaf that requires grad, or what keeps the gradient of another that retains it; or null. */
    Leaf leaf;
    /** What this shares memory with, or null if it is an arrangement of its own. */
    View view;
    // The number of its record plus one, and whether it was computed by that: one field keeps a value in 48 bytes.
    private int record;

    Value(Home home, int stamp, long address, Layout layout, Cell cell) {
        this.home = home;
        this.stamp = stamp;
        this.address = address;
        this.layout = layout;
        this.cell = cell;
    }

    /** Sizes and strides. */
    public Layout layout() {
        return layout;
    }

    /** What the elements are. */
    public Cell cell() {
        return cell;
    }

    /** Address of the first element; only with {@link #check} just before and a fence on this value after the access. */
    public long address() {
        return address;
    }

    /** Number of elements. */
    public long count() {
        return layout.count();
    }

    /** The record of this value when it was last recorded, or -1; whether it still is, {@link Nodes} finds out. */
    int node() {
        return (record >>> 1) - 1;
    }

    /** True if it was computed by a recorded op from something that requires grad. */
    boolean recorded() {
        return (record & 1) != 0;
    }

    /** Remembers the record: that of the op that computed this if {@code computed}, else one as an operand; -1 for none. */
    void setNode(int id, boolean computed) {
        record = id + 1 << 1 | (computed ? 1 : 0);
    }

    /** True if its record is older than a recorded change in place of what it is a view of. */
    boolean isStale() {
        return view != null && view.isTracked() && view.base.recorded() && view.base.node() > node();
    }

    /** The value whose memory this is an arrangement of: itself, unless it is a view. */
    Value root() {
        return view == null || view.base == null ? this : view.base;
    }

    /** True if gradients flow into it. */
    public boolean requiresGrad() {
        return recorded() || leaf != null || isStale();
    }

    /** True if it was not computed by a recorded op. */
    public boolean isLeaf() {
        return !recorded() && !isStale();
    }

    /** True if it shares memory with another value that it was made from, and changes with it. */
    public boolean isView() {
        return view != null && view.isTracked();
    }

    /**
     * Makes it a leaf that gradients are gathered in, or an ordinary value again. Fails with
     * {@code IllegalStateException} if it was computed by a recorded op, with {@code IllegalArgumentException} if its
     * elements are not floating-point numbers.
     */
    public void requireGrad(boolean required) {
        check("requiresGrad");
        if (!isLeaf()) {
            if (required) {
                return;
            }
            throw new IllegalStateException("you can only change requires_grad flags of leaf variables. If you want to use a "
                    + "computed variable in a subgraph that doesn't require differentiation use detach().");
        }
        if (required && !cell.isReal()) {
            throw new IllegalArgumentException("only Tensors of floating point dtype can require gradients, and this one is "
                    + cell.name().toLowerCase(java.util.Locale.ROOT) + "; convert it with to(DType.FLOAT32) first.");
        }
        if (required && view != null && view.has(View.INFERENCE)) {
            throw new IllegalStateException("requiresGrad: Setting requires_grad=True on inference tensor outside InferenceMode is "
                    + "not allowed; make a clone() of it there.");
        }
        if (required == (leaf == null)) {
            leaf = required ? new Leaf() : null;
            setNode(-1, false);
        }
    }

    /** The gradient gathered so far, or null. */
    public Value grad() {
        check("grad");
        return leaf == null ? null : leaf.exposed();
    }

    /** Replaces the gradient: another value of the same sizes and type, or null. */
    public void setGrad(Value grad) {
        check("grad");
        if (grad == null) {
            if (leaf != null) {
                leaf.clear();
            }
            return;
        }
        if (leaf == null) {
            throw new IllegalStateException("grad: only a leaf that requires grad has a gradient to assign; call "
                    + "requiresGrad(true) first.");
        }
        if (grad == this) {
            throw new IllegalArgumentException("can't assign Variable as its own grad");
        }
        if (!grad.layout.sameSizes(layout)) {
            throw new IllegalArgumentException("attempting to assign a gradient of size '" + grad.layout
                    + "' to a tensor of size '" + layout + "'. Please ensure that the gradient and the tensor are the same size");
        }
        if (grad.cell != cell) {
            throw new IllegalArgumentException("attempting to assign a gradient with dtype '" + grad.cell
                    + "' to a tensor with dtype '" + cell + "'; convert it with to(...) first.");
        }
        leaf.assign(grad);
    }

    /** Fails with {@code IllegalStateException} if the elements are gone or belong to another thread. */
    public Value check(String label) {
        if (!home.isAlive(stamp)) {
            if (home instanceof Symbolic symbolic) {
                throw new IllegalStateException(label + ": this tensor is " + symbolic.kind() + " and the function it belongs to "
                        + "has returned" + CallerLine.text() + "; return it as a result instead of keeping it.");
            }
            throw new IllegalStateException(label + ": this tensor was computed inside a tape that has been closed or reset "
                    + "since, and its values are gone; keep() it before, or compute it outside a tape.");
        }
        Thread owner = home.owner();
        if (owner != null && owner != Thread.currentThread()) {
            throw new IllegalStateException(label + ": this tensor lives in a tape of thread '" + owner.getName()
                    + "' and was used from thread '" + Thread.currentThread().getName()
                    + "'; keep() it in its own thread and hand over the copy.");
        }
        return this;
    }

    /** As {@link #check(String)}, with the name of {@code op} if it fails: to ask for it costs more than the checks. */
    Value check(Op op) {
        Thread owner = home.owner();
        return home.isAlive(stamp) && (owner == null || owner == Thread.currentThread()) ? this : check(op.label());
    }

    /** A value without memory, which an interpreter gives a meaning. */
    static Value symbolic(Symbolic home, Layout layout, Cell cell) {
        return new Value(home, home.generation(), 0, layout, cell);
    }

    /** True if it has no elements to read. */
    boolean isSymbolic() {
        return home instanceof Symbolic;
    }

    /** Fails with {@code IllegalStateException} if this has no elements to read because it is symbolic. */
    Value readable(String label) {
        if (home instanceof Symbolic symbolic) {
            throw new IllegalStateException(label + ": this tensor is " + symbolic.kind() + ", it has no value that can be read "
                    + "here (shape " + layout + ")" + CallerLine.text() + "; compute with tensors only, for example with where "
                    + "instead of if.");
        }
        return this;
    }

    /** A value of the same elements in the same arrangement, without a record and shared with nobody. */
    Value arranged() {
        return new Value(home, stamp, address, layout, cell);
    }

    /** A value of the same elements in another arrangement; it lives as long as they do. */
    Value view(long elementOffset, Layout arranged) {
        Value value = new Value(home, stamp, address + elementOffset * cell.bytes(), arranged, cell);
        value.view = new View(root(), view == null ? 0 : view.flags & View.INFERENCE);
        return value;
    }

    /** The same elements, outside the graph: changing them in place changes this, and no gradient flows. */
    public Value detach() {
        check("detach");
        Value value = view(0, layout);
        value.view.flags |= View.DETACHED;
        return value;
    }
}

package dev.lanegrad.internal.graph;

import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.memory.Home;
import dev.lanegrad.internal.memory.Symbolic;
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
    /** The record of this value when it was last recorded, or -1; whether it still is, {@link Nodes} finds out. */
    int node = -1;
    /** What makes this a leaf that requires grad, or null. */
    Leaf leaf;
    /** True if it was computed by a recorded op from something that requires grad. */
    boolean recorded;

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

    /** True if gradients flow into it. */
    public boolean requiresGrad() {
        return recorded || leaf != null;
    }

    /** True if it was not computed by a recorded op. */
    public boolean isLeaf() {
        return !recorded;
    }

    /**
     * Makes it a leaf that gradients are gathered in, or an ordinary value again. Fails with
     * {@code IllegalStateException} if it was computed by a recorded op, with {@code IllegalArgumentException} if its
     * elements are not floating-point numbers.
     */
    public void requireGrad(boolean required) {
        check("requiresGrad");
        if (recorded) {
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
        if (required == (leaf == null)) {
            leaf = required ? new Leaf() : null;
            node = -1;
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

    /** A value without memory, which an interpreter gives a meaning. */
    static Value symbolic(Symbolic home, Layout layout, Cell cell) {
        return new Value(home, home.generation(), 0, layout, cell);
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

    /** A value of the same elements in another arrangement; it lives as long as they do. */
    Value view(long elementOffset, Layout arranged) {
        return new Value(home, stamp, address + elementOffset * cell.bytes(), arranged, cell);
    }

    /** The same elements, outside the graph. */
    public Value detach() {
        check("detach");
        return view(0, layout);
    }
}

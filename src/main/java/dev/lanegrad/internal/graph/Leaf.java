package dev.lanegrad.internal.graph;

/** The gradient of a leaf: null until something is added. A cleared buffer that nobody has seen is used again. */
final class Leaf {
    private Value grad;
    private Value spare;
    private boolean seen;

    /** The gradient, or null; from now on its buffer may be known outside. */
    Value exposed() {
        seen |= grad != null;
        return grad;
    }

    /** The gradient for the engine and the optimisers, who do not hold on to it. */
    Value grad() {
        return grad;
    }

    /** A buffer to write the first gradient to, or null if there is none to use again. */
    Value spare() {
        return spare;
    }

    /** Keeps {@code buffer} for the first gradient. */
    void reserve(Value buffer) {
        spare = buffer;
    }

    /** Makes {@code value} the gradient. */
    void set(Value value) {
        grad = value;
        spare = null;
        seen = false;
    }

    /** Makes a value the user holds the gradient. */
    void assign(Value value) {
        set(value);
        seen = true;
    }

    /** No gradient; its buffer is kept if only this leaf knows it. */
    void clear() {
        if (grad != null && !seen && !grad.requiresGrad()) {
            spare = grad;
        }
        grad = null;
    }
}

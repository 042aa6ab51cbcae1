package dev.lanegrad;

import java.util.List;
import java.util.function.Function;

/**
 * The values of a function at a point, and its gradients there for any gradients of the values: the product of a vector
 * and the Jacobian, without making the Jacobian. It can be applied as often as wanted.
 *
 * <p>Made inside a {@link Tape} it uses what was recorded there, and ends with the tape. Made without one it runs the
 * function again at each call.
 */
public final class Pullback {
    private final Function<List<Tensor>, List<Tensor>> function;
    private final List<Tensor> inputs;
    private final Linearization recorded;
    private final List<Tensor> values;

    Pullback(Function<List<Tensor>, List<Tensor>> function, List<Tensor> inputs) {
        this.function = function;
        this.inputs = List.copyOf(inputs);
        try (Recording recording = Recording.open()) {
            Linearization linearization = new Linearization(recording, function, inputs);
            this.values = linearization.values();
            this.recorded = recording.isInside() ? linearization : null;
        }
    }

    /** The only value, or the first. */
    public Tensor value() {
        return values.getFirst();
    }

    /** All values. */
    public List<Tensor> values() {
        return values;
    }

    /** The gradient by the first input, for the gradient {@code cotangent} of the only value. */
    public Tensor apply(Tensor cotangent) {
        return apply(List.of(cotangent)).getFirst();
    }

    /** The gradients by all inputs, for one gradient (or null for none) of each value. */
    public List<Tensor> apply(List<Tensor> cotangents) {
        if (recorded != null) {
            return recorded.pull(cotangents);
        }
        try (Recording recording = Recording.open()) {
            return recording.out(new Linearization(recording, function, inputs).pull(cotangents));
        }
    }
}

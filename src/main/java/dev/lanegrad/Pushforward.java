package dev.lanegrad;

import java.util.List;
import java.util.function.Function;

/**
 * The values of a function at a point, and its linear approximation there: the change of the values for any small
 * change of the inputs, the product of the Jacobian and a vector. It can be applied as often as wanted.
 *
 * <p>Made inside a {@link Tape} it uses what was recorded there, and ends with the tape. Made without one it runs the
 * function again at each call.
 */
public final class Pushforward {
    private final Function<List<Tensor>, List<Tensor>> function;
    private final List<Tensor> inputs;
    private final Linearization recorded;
    private final List<Tensor> values;

    Pushforward(Function<List<Tensor>, List<Tensor>> function, List<Tensor> inputs) {
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

    /** The tangent of the first value, for the tangent of the only input. */
    public Tensor apply(Tensor tangent) {
        return apply(List.of(tangent)).getFirst();
    }

    /** The tangents of all values, for one tangent (or null for zeros) of each input. */
    public List<Tensor> apply(List<Tensor> tangents) {
        if (recorded != null) {
            return recorded.push(tangents);
        }
        try (Recording recording = Recording.open()) {
            return recording.out(new Linearization(recording, function, inputs).push(tangents));
        }
    }
}

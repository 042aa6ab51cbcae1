package dev.lanegrad.internal.graph;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** Gradients that cannot be derived again: they stay in the graph, and a walk that reaches them fails. */
final class Once {
    private Once() {
    }

    /** {@code found}, as results of a function of {@code gradients} and {@code inputs} whose derivative is an error. */
    static Value[] guarded(String label, Value[] found, Value[] gradients, Value[] inputs) {
        Value[] operands = Stream.concat(Arrays.stream(gradients), Arrays.stream(inputs)).filter(Objects::nonNull)
                .toArray(Value[]::new);
        Value[] results = new Value[found.length];
        for (int i = 0; i < found.length; i++) {
            if (found[i] != null) {
                results[i] = Structures.copy(Context.current(), found[i], found[i].cell, Pointwise.contiguous(found[i].layout));
                guard(label, results[i], operands);
            }
        }
        return results;
    }

    private static void guard(String label, Value result, Value[] operands) {
        Context context = Context.current();
        boolean before = context.setGradEnabled(true);
        try {
            new CustomFunction(label + "Backward", gradients -> {
                throw new IllegalStateException(label + ": trying to differentiate twice a function that was marked with "
                        + "once_differentiable; state its backward in differentiable ops and do not mark it.");
            }, List.of(), true, false, new Value[] {result}).record(new Value[] {result}, operands);
        } finally {
            context.setGradEnabled(before);
        }
    }
}

package dev.lanegrad;

import dev.lanegrad.internal.graph.CustomFunction;
import dev.lanegrad.internal.graph.FunctionCall;
import dev.lanegrad.internal.graph.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A function of tensors whose derivative the user states: {@link #forward} computes without being recorded,
 * {@link #backward} gives the gradients of the inputs for those of the results. Made of differentiable ops, backward can
 * be derived again.
 *
 * <pre>{@code
 * final class Cube extends DifferentiableFunction {
 *     protected List<Tensor> forward(Call call, List<Tensor> inputs) {
 *         call.saveForBackward(inputs.get(0));
 *         return List.of(inputs.get(0).pow(3));
 *     }
 *     protected List<Tensor> backward(Call call, List<Tensor> gradients) {
 *         return List.of(gradients.get(0).mul(3).mul(call.savedTensors().get(0).square()));
 *     }
 * }
 * }</pre>
 */
public abstract class DifferentiableFunction {
    /** For subclasses. */
    protected DifferentiableFunction() {
    }

    /** One call of the function: what passes from its forward to its backward. */
    public static final class Call {
        private final String label;
        private final boolean[] needed;
        private final List<Value> saved = new ArrayList<>();
        private final List<Value> constant = new ArrayList<>();
        private final List<Value> dirty = new ArrayList<>();
        private boolean materialized = true;
        private boolean once;
        private CustomFunction recorded;

        private Call(String label, boolean[] needed) {
            this.label = label;
            this.needed = needed;
        }

        /**
         * Keeps inputs, results or others for backward, in this order; nulls stay nulls. They are released with the graph, and a
         * backward after one of them was changed in place fails.
         */
        public void saveForBackward(Tensor... tensors) {
            for (Tensor tensor : tensors) {
                saved.add(tensor == null ? null : tensor.value);
            }
        }

        /** What was kept. Fails with {@code IllegalStateException} if the graph has been freed. */
        public List<Tensor> savedTensors() {
            Value[] values = recorded == null ? saved.toArray(Value[]::new) : recorded.saved();
            List<Tensor> tensors = new ArrayList<>();
            for (Value value : values) {
                tensors.add(value == null ? null : new Tensor(value));
            }
            return tensors;
        }

        /** No gradient flows through these results. */
        public void markNonDifferentiable(Tensor... results) {
            for (Tensor result : results) {
                constant.add(result.value);
            }
        }

        /** These inputs have been changed in place by forward, and are returned as results. */
        public void markDirty(Tensor... inputs) {
            for (Tensor input : inputs) {
                dirty.add(input.value);
            }
        }

        /** Whether the gradient of a result that was not used is zeros, which is the default, or null. */
        public void setMaterializeGrads(boolean materialize) {
            materialized = materialize;
        }

        /** The gradients cannot be derived again: a second derivative is an error instead of a wrong number. */
        public void onceDifferentiable() {
            once = true;
        }

        /** True if the gradient of input {@code index} is wanted; for others backward may give null. */
        public boolean needsInputGrad(int index) {
            return needed[index];
        }
    }

    /** Computes the results from the inputs; nothing in it is recorded. */
    protected abstract List<Tensor> forward(Call call, List<Tensor> inputs);

    /**
     * The gradients of the inputs, in their order, null for those without, given the gradients of the results. Fails unless it
     * is overridden: the function has no derivative then.
     */
    protected List<Tensor> backward(Call call, List<Tensor> gradients) {
        throw new IllegalStateException("derivative for " + call.label + " is not implemented. You must implement the backward "
                + "method for your DifferentiableFunction to use it with backward mode AD.");
    }

    /** The name in messages: that of the class, unless overridden. */
    public String name() {
        String simple = getClass().getSimpleName();
        return simple.isEmpty() ? "function" : simple;
    }

    /** The results of the function, part of the graph if an input requires grad. */
    public final List<Tensor> apply(Tensor... inputs) {
        Value[] operands = Grad.values(List.of(inputs));
        boolean[] needed = new boolean[operands.length];
        for (int i = 0; i < needed.length; i++) {
            needed[i] = operands[i].requiresGrad() && GradMode.isEnabled();
        }
        Call call = new Call(name(), needed);
        FunctionCall frame = new FunctionCall(name(), operands);
        List<Tensor> given;
        try (GradMode off = GradMode.noGrad()) {
            given = forward(call, List.of(inputs));
        }
        Value[] results = frame.results(Grad.values(given), call.dirty);
        call.recorded = frame.record(results, call.constant, call.dirty, Grad.values(given), call.saved, call.materialized,
                call.once, gradients -> {
                    List<Tensor> arrived = new ArrayList<>();
                    for (Value gradient : gradients) {
                        arrived.add(gradient == null ? null : new Tensor(gradient));
                    }
                    List<Tensor> found = backward(call, arrived);
                    return found.stream().map(tensor -> tensor == null ? null : tensor.value).toArray(Value[]::new);
                });
        return Arrays.stream(results).map(Tensor::new).toList();
    }

    /** The first result of {@link #apply}. */
    public final Tensor of(Tensor... inputs) {
        return apply(inputs).getFirst();
    }
}

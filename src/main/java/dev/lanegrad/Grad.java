package dev.lanegrad;

import dev.lanegrad.internal.graph.Backward;
import dev.lanegrad.internal.graph.Value;
import java.util.List;

/** Gradients as results, and backward from several roots. */
public final class Grad {
    private Grad() {
    }

    /**
     * Adds the gradients of all {@code roots} to the leaves, in one walk.
     *
     * @param gradients   one for each root, of its shape; null for ones, if the root has one element
     * @param retainGraph keeps what was saved, so that the walk can be repeated
     * @param createGraph records the walk, so that gradients can be derived again
     * @throws IllegalStateException if a root does not require grad or the graph has been freed
     */
    public static void backward(List<Tensor> roots, List<Tensor> gradients, boolean retainGraph, boolean createGraph) {
        Backward.run(values(roots), gradients == null ? null : values(gradients), retainGraph, createGraph);
    }

    /**
     * The gradients of {@code outputs} by {@code inputs}, in the order of the inputs, which may be leaves or not. The
     * {@code grad()} of leaves is left alone.
     *
     * @throws IllegalStateException if the outputs do not depend on an input, or the graph has been freed
     */
    public static List<Tensor> grad(List<Tensor> outputs, List<Tensor> inputs, List<Tensor> gradOutputs, boolean retainGraph,
            boolean createGraph) {
        if (inputs.isEmpty()) {
            throw new IllegalArgumentException("grad requires non-empty inputs.");
        }
        Value[] found = Backward.gradients(values(outputs), gradOutputs == null ? null : values(gradOutputs),
                values(inputs), retainGraph, createGraph);
        for (int i = 0; i < found.length; i++) {
            if (found[i] == null) {
                throw new IllegalStateException("The differentiated Tensor at index " + i + " appears to not have been used in "
                        + "the graph. Set allow_unused=True if this is the desired behavior: leave it out of the inputs.");
            }
        }
        return java.util.Arrays.stream(found).map(Tensor::new).toList();
    }

    /** The gradient of the one-element {@code output} by {@code input}, recorded if {@code createGraph}. */
    public static Tensor grad(Tensor output, Tensor input, boolean createGraph) {
        return grad(List.of(output), List.of(input), null, createGraph, createGraph).getFirst();
    }

    /** The gradients of one output with the graph retained; zeros for inputs it does not depend on. */
    static List<Tensor> gradOrZero(Tensor output, List<Tensor> inputs, Tensor gradient) {
        if (!output.requiresGrad()) {
            return inputs.stream().map(Tensor::zerosLike).toList();
        }
        Value[] found = Backward.gradients(values(List.of(output)), values(List.of(gradient)), values(inputs), true, false);
        List<Tensor> gradients = new java.util.ArrayList<>();
        for (int i = 0; i < found.length; i++) {
            gradients.add(found[i] == null ? inputs.get(i).zerosLike() : new Tensor(found[i]));
        }
        return gradients;
    }

    static Value[] values(List<Tensor> tensors) {
        return tensors.stream().map(tensor -> tensor == null ? null : tensor.value).toArray(Value[]::new);
    }
}

package dev.lanegrad;

import dev.lanegrad.internal.graph.Backward;
import dev.lanegrad.internal.graph.Batch;
import dev.lanegrad.internal.graph.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * Gradients as results, and functions of functions: derivatives, products with Jacobians, batches.
 *
 * <p>The transforms ({@code grad(f, x)}, {@code jacobian(f, x)}, {@code vmap(f, x)}, ...) need no tape and no
 * {@code requiresGrad}: inside an open {@link Tape} their results live there and are part of the graph of what they
 * were computed from, without one they live as long as they are reachable. So they nest in any order. The function must
 * be pure; it may use tensors from outside, which are constants to the transform. Where something involved requires
 * grad inside a tape, gradients are recorded as they are computed; {@link GradMode#noGrad()} around the call avoids it.
 */
public final class Grad {
    private Grad() {
    }

    /**
     * A value that is differentiated, and what else the function wants to hand out.
     *
     * @param value one element
     * @param aux   results that are not differentiated
     */
    public record WithAux(Tensor value, List<Tensor> aux) {
    }

    /**
     * A value with its gradients.
     *
     * @param value     what the function gave
     * @param gradients one for each chosen input, in their order
     * @param aux       what else the function gave
     */
    public record Result(Tensor value, List<Tensor> gradients, List<Tensor> aux) {
        /** The gradient by the first chosen input. */
        public Tensor gradient() {
            return gradients.getFirst();
        }
    }

    /**
     * Values with their tangents.
     *
     * @param values   what the function gave
     * @param tangents one for each value
     */
    public record Jvp(List<Tensor> values, List<Tensor> tangents) {
        /** The first value. */
        public Tensor value() {
            return values.getFirst();
        }

        /** The tangent of the first value. */
        public Tensor tangent() {
            return tangents.getFirst();
        }
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
    public static List<Tensor> grad(List<Tensor> outputs, List<Tensor> inputs, List<Tensor> gradOutputs,
            boolean retainGraph, boolean createGraph) {
        return grad(outputs, inputs, gradOutputs, retainGraph, createGraph, false, false);
    }

    /**
     * The gradients of {@code outputs} by {@code inputs}, in the order of the inputs, which may be leaves or not and
     * may be named twice. The {@code grad()} of leaves is left alone. As PyTorch's, a gradient may share memory with one
     * of {@code gradOutputs} or with another gradient, and may be {@linkplain Movement#expand expanded} or permuted: clone
     * it before changing it in place.
     *
     * @param gradOutputs one for each output, of its shape; null for ones, if the output has one element
     * @param retainGraph keeps what was saved, so that it can be done again; {@code createGraph} does so too
     * @param createGraph records the walk, so that the gradients can be derived again
     * @param allowUnused null stands for the gradient by an input that the outputs do not depend on, else an error
     * @param materialize zeros stand for it; they require grad with {@code createGraph}
     * @throws IllegalStateException    if the outputs do not depend on an input, or the graph has been freed
     * @throws IllegalArgumentException for {@code materialize} without {@code allowUnused}
     */
    public static List<Tensor> grad(List<Tensor> outputs, List<Tensor> inputs, List<Tensor> gradOutputs,
            boolean retainGraph, boolean createGraph, boolean allowUnused, boolean materialize) {
        if (inputs.isEmpty()) {
            throw new IllegalArgumentException("grad requires non-empty inputs.");
        }
        if (materialize && !allowUnused) {
            throw new IllegalArgumentException("Expected allow_unused to be True or not passed when "
                    + "materialize_grads=True, but got: allow_unused=False. Pass true for allowUnused as well.");
        }
        Value[] found = Batch.gradients(values(outputs), gradOutputs == null ? null : values(gradOutputs),
                values(inputs), retainGraph, createGraph);
        List<Tensor> gradients = new ArrayList<>();
        for (int i = 0; i < found.length; i++) {
            if (found[i] == null && !allowUnused) {
                throw new IllegalStateException("The differentiated Tensor at index " + i + " appears to not have been "
                        + "used in the graph. Set allow_unused=True if this is the desired behavior: pass true for "
                        + "allowUnused.");
            }
            gradients.add(found[i] != null ? new Tensor(found[i])
                    : materialize ? inputs.get(i).zerosLike().requiresGrad(createGraph) : null);
        }
        return Collections.unmodifiableList(gradients);
    }

    /** The gradient of the one-element {@code output} by {@code input}, recorded if {@code createGraph}. */
    public static Tensor grad(Tensor output, Tensor input, boolean createGraph) {
        return grad(List.of(output), List.of(input), null, createGraph, createGraph).getFirst();
    }

    /** The gradient of the one-element {@code function} at {@code x}. */
    public static Tensor grad(Function<Tensor, Tensor> function, Tensor x) {
        return valueAndGrad(function, x).gradient();
    }

    /** The gradients of the one-element {@code function} by the {@code xs} that {@code argnums} names, or by all. */
    public static List<Tensor> grad(Function<List<Tensor>, Tensor> function, List<Tensor> xs, int... argnums) {
        return valueAndGrad(function, xs, argnums).gradients();
    }

    /** The one-element value of {@code function} at {@code x}, and its gradient. */
    public static Result valueAndGrad(Function<Tensor, Tensor> function, Tensor x) {
        return valueAndGrad(xs -> function.apply(xs.getFirst()), List.of(x));
    }

    /** The one-element value at {@code xs}, and its gradients by those that {@code argnums} names; by all if none. */
    public static Result valueAndGrad(Function<List<Tensor>, Tensor> function, List<Tensor> xs, int... argnums) {
        return valueAndGradWithAux(inputs -> new WithAux(function.apply(inputs), List.of()), xs, argnums);
    }

    /** {@link #valueAndGrad} of a function that hands out more than its value. */
    public static Result valueAndGradWithAux(Function<List<Tensor>, WithAux> function, List<Tensor> xs,
            int... argnums) {
        try (Recording recording = Recording.open()) {
            List<Tensor> inputs = new ArrayList<>(xs);
            int[] chosen = argnums.length > 0 ? argnums : java.util.stream.IntStream.range(0, xs.size()).toArray();
            for (int i = 0; i < chosen.length; i++) {
                int own = java.util.Objects.checkIndex(chosen[i] < 0 ? chosen[i] + xs.size() : chosen[i], xs.size());
                chosen[i] = own;
                inputs.set(own, inputs.get(own) == xs.get(own) ? recording.variable(xs.get(own), true)
                        : inputs.get(own));
            }
            WithAux result = function.apply(Collections.unmodifiableList(inputs));
            Tensor value = requireScalar("grad", result.value());
            List<Tensor> variables = Arrays.stream(chosen).mapToObj(inputs::get).toList();
            boolean connected = recording.isConnected(List.of(value));
            List<Tensor> gradients = value.requiresGrad() && !variables.isEmpty()
                    ? grad(List.of(value), variables, null, true, connected, true, true)
                    : variables.stream().map(Tensor::zerosLike).toList();
            return new Result(recording.out(value, connected), recording.out(gradients), recording.out(result.aux()));
        }
    }

    static Tensor requireScalar(String label, Tensor value) {
        if (value.numel() != 1) {
            throw new IllegalArgumentException(label + "(f): Expected f(*args) to return a scalar Tensor, got tensor "
                    + "with " + value.dim() + " dims (shape " + Arrays.toString(value.shape()) + "). Maybe you wanted "
                    + "to use the vjp or jacrev APIs instead? Reduce it with sum() or mean() for the gradient of "
                    + "that.");
        }
        return value;
    }

    /** The value of {@code function} at {@code x}, and its gradients there for any gradient of the value. */
    public static Pullback vjp(Function<Tensor, Tensor> function, Tensor x) {
        return new Pullback(single(function), List.of(x));
    }

    /** The values of {@code function} at {@code xs}, and its gradients there for any gradients of the values. */
    public static Pullback vjp(Function<List<Tensor>, List<Tensor>> function, List<Tensor> xs) {
        return new Pullback(function, xs);
    }

    /** The value of {@code function} at {@code x} and its change for the change {@code tangent}, in forward mode. */
    public static Jvp jvp(Function<Tensor, Tensor> function, Tensor x, Tensor tangent) {
        return jvp(single(function), List.of(x), List.of(tangent));
    }

    /**
     * The values of {@code function} at {@code xs} and their changes for the changes {@code tangents}, of which null is
     * zero, in forward mode.
     */
    public static Jvp jvp(Function<List<Tensor>, List<Tensor>> function, List<Tensor> xs, List<Tensor> tangents) {
        try (Recording recording = Recording.open()) {
            Linearization graph = new Linearization(recording, function, xs);
            return new Jvp(graph.values(), recording.out(graph.push(tangents)));
        }
    }

    /** The value of {@code function} at {@code x}, and its linear approximation there. */
    public static Pushforward linearize(Function<Tensor, Tensor> function, Tensor x) {
        return new Pushforward(single(function), List.of(x));
    }

    /** The values of {@code function} at {@code xs}, and its linear approximation there. */
    public static Pushforward linearize(Function<List<Tensor>, List<Tensor>> function, List<Tensor> xs) {
        return new Pushforward(function, xs);
    }

    private static Function<List<Tensor>, List<Tensor>> single(Function<Tensor, Tensor> function) {
        return xs -> List.of(function.apply(xs.getFirst()));
    }

    /**
     * All partial derivatives of {@code function} at {@code x}, with the sizes of the result and then those of
     * {@code x}; in forward mode if {@code x} has fewer elements than the result, else in reverse mode.
     */
    public static Tensor jacobian(Function<Tensor, Tensor> function, Tensor x) {
        return Jacobians.of(Jacobians.Mode.SHORTER, xs -> function.apply(xs.getFirst()), List.of(x)).getFirst();
    }

    /** All partial derivatives at {@code xs}, for each with the sizes of the result and then its own. */
    public static List<Tensor> jacobian(Function<List<Tensor>, Tensor> function, List<Tensor> xs) {
        return Jacobians.of(Jacobians.Mode.SHORTER, function, xs);
    }

    /** The {@link #jacobian} in reverse mode: a walk back for each element of the result. */
    public static Tensor jacrev(Function<Tensor, Tensor> function, Tensor x) {
        return Jacobians.of(Jacobians.Mode.REVERSE, xs -> function.apply(xs.getFirst()), List.of(x)).getFirst();
    }

    /** The {@link #jacobian} in forward mode: a sweep for each element of {@code x}. */
    public static Tensor jacfwd(Function<Tensor, Tensor> function, Tensor x) {
        return Jacobians.of(Jacobians.Mode.FORWARD, xs -> function.apply(xs.getFirst()), List.of(x)).getFirst();
    }

    /** The second derivatives of the one-element {@code function} at {@code x}, with the sizes of {@code x} twice. */
    public static Tensor hessian(Function<Tensor, Tensor> function, Tensor x) {
        return hessian(xs -> function.apply(xs.getFirst()), List.of(x)).getFirst().getFirst();
    }

    /**
     * The second derivatives by all pairs of {@code xs}: row {@code i}, column {@code j} is by {@code i} and then by
     * {@code j}.
     */
    public static List<List<Tensor>> hessian(Function<List<Tensor>, Tensor> function, List<Tensor> xs) {
        List<List<Tensor>> rows = new ArrayList<>();
        for (int i = 0; i < xs.size(); i++) {
            int own = i;
            rows.add(Jacobians.of(Jacobians.Mode.FORWARD,
                    inputs -> grad(requiringOne(function), inputs, own).getFirst(), xs));
        }
        return rows;
    }

    private static Function<List<Tensor>, Tensor> requiringOne(Function<List<Tensor>, Tensor> function) {
        return xs -> {
            Tensor value = function.apply(xs);
            if (value.numel() != 1) {
                throw new IllegalArgumentException("hessian: The Tensor returned by the function given to hessian "
                        + "should contain a single element, but it has shape " + Arrays.toString(value.shape()) + "; "
                        + "reduce it with sum() or mean(), or take jacobian twice.");
            }
            return value;
        };
    }

    /** The Hessian of the one-element {@code function} at {@code x} times {@code v}, forward over reverse. */
    public static Tensor hvp(Function<Tensor, Tensor> function, Tensor x, Tensor v) {
        return jvp(y -> grad(function, y), x, v).tangent();
    }

    /** {@code v} times the Hessian of the one-element {@code function} at {@code x}, reverse over reverse. */
    public static Tensor vhp(Function<Tensor, Tensor> function, Tensor x, Tensor v) {
        try (Recording recording = Recording.open()) {
            Linearization graph = new Linearization(recording, single(y -> grad(function, y)), List.of(x));
            return recording.out(graph.pull(List.of(v)).getFirst());
        }
    }

    /**
     * The gradients of a loss by {@code parameters} for each example alone: for each parameter a tensor with the
     * examples along dimension 0.
     *
     * @param loss  the one-element loss of one example, from the parameters and what {@code batch} has for it
     * @param batch tensors with the examples along dimension 0
     */
    public static List<Tensor> perSampleGrad(BiFunction<List<Tensor>, List<Tensor>, Tensor> loss,
            List<Tensor> parameters, List<Tensor> batch) {
        return vmap(example -> grad(ps -> loss.apply(ps, example), parameters), batch,
                Collections.nCopies(batch.size(), 0), List.of(0));
    }

    /** {@code function} of each slice of {@code x} along dimension 0, the results side by side along dimension 0. */
    public static Tensor vmap(Function<Tensor, Tensor> function, Tensor x) {
        return vmap(function, x, 0, 0);
    }

    /**
     * {@code function} of each slice of {@code x} along {@code inDim}, the results side by side along {@code outDim}.
     */
    public static Tensor vmap(Function<Tensor, Tensor> function, Tensor x, int inDim, int outDim) {
        return vmap(single(function), List.of(x), List.of(inDim), List.of(outDim)).getFirst();
    }

    /** {@code function} of each slice of all {@code xs} along dimension 0, the results side by side along it. */
    public static Tensor vmap(Function<List<Tensor>, Tensor> function, List<Tensor> xs) {
        return vmap(inputs -> List.of(function.apply(inputs)), xs, Collections.nCopies(xs.size(), 0), List.of(0))
                .getFirst();
    }

    /**
     * {@code function} of each slice of {@code xs} along {@code inDims}, computed for all slices at once: inside, a
     * tensor stands for one slice, its sizes are those of the slice, and its elements cannot be read. Gradients taken
     * inside are those of each slice. {@code Tensor.rand} gives the same numbers to all slices.
     *
     * @param inDims  for each input the dimension to slice, or null for an input that every slice uses whole
     * @param outDims for each result, or one for all, the dimension along which the results stand side by side
     */
    public static List<Tensor> vmap(Function<List<Tensor>, List<Tensor>> function, List<Tensor> xs,
            List<Integer> inDims, List<Integer> outDims) {
        try (Recording recording = Recording.unchanged()) {
            Value[] results = Batch.map(examples -> values(function.apply(tensors(examples))), values(xs), dims(inDims),
                    dims(outDims));
            return tensors(results).stream().map(result -> recording.isInside() ? result : result.keep()).toList();
        }
    }

    private static int[] dims(List<Integer> dims) {
        return dims.stream().mapToInt(dim -> dim == null ? Batch.NONE : dim).toArray();
    }

    /** The elements of {@code x} as a constant: no derivative flows through it. */
    public static Tensor stopGradient(Tensor x) {
        return x.detach();
    }

    static List<Tensor> tensors(Value[] values) {
        return Arrays.stream(values).map(Tensor::new).toList();
    }

    // A stream takes longer than the gradient of a small op.
    static Value[] values(List<Tensor> tensors) {
        Value[] values = new Value[tensors.size()];
        for (int i = 0; i < values.length; i++) {
            Tensor tensor = tensors.get(i);
            values[i] = tensor == null ? null : tensor.value;
        }
        return values;
    }
}

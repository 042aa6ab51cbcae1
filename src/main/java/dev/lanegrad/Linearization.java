package dev.lanegrad;

import dev.lanegrad.internal.graph.Batch;
import dev.lanegrad.internal.graph.Context;
import dev.lanegrad.internal.graph.Value;
import dev.lanegrad.internal.graph.Values;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/** A function as recorded at one point, through which gradients are pulled and tangents pushed. */
final class Linearization {
    private final Recording recording;
    private final List<Tensor> variables;
    private final List<Tensor> outputs;
    private final boolean connected;

    /** Records {@code function} at {@code inputs}. */
    Linearization(Recording recording, Function<List<Tensor>, List<Tensor>> function, List<Tensor> inputs) {
        this.recording = recording;
        this.variables = inputs.stream().map(input -> recording.variable(input, true)).toList();
        this.outputs = List.copyOf(function.apply(variables));
        this.connected = recording.isConnected(outputs);
    }

    /** The results as they were recorded. */
    List<Tensor> outputs() {
        return outputs;
    }

    /** The results for the user. */
    List<Tensor> values() {
        return recording.out(outputs);
    }

    private boolean records(List<Tensor> seeds) {
        boolean seeded = seeds.stream().anyMatch(seed -> seed != null && seed.requiresGrad());
        return Context.current().gradEnabled() && (connected || seeded);
    }

    /** The gradients by the inputs for gradients of the outputs, of which null is "none". */
    List<Tensor> pull(List<Tensor> cotangents) {
        requireFit("vjp", "output", outputs, cotangents);
        List<Value> roots = new ArrayList<>();
        List<Value> seeds = new ArrayList<>();
        for (int i = 0; i < outputs.size(); i++) {
            if (outputs.get(i).requiresGrad() && cotangents.get(i) != null) {
                roots.add(outputs.get(i).value);
                seeds.add(cotangents.get(i).value);
            }
        }
        Value[] found = roots.isEmpty() ? new Value[variables.size()] : Batch.gradients(roots.toArray(Value[]::new),
                seeds.toArray(Value[]::new), Grad.values(variables), true, records(cotangents));
        return filled(found, variables);
    }

    /** The tangents of the outputs for tangents of the inputs, of which null is "zero". */
    List<Tensor> push(List<Tensor> tangents) {
        requireFit("jvp", "input", variables, tangents);
        List<Value> inputs = new ArrayList<>();
        List<Value> seeds = new ArrayList<>();
        for (int i = 0; i < variables.size(); i++) {
            if (tangents.get(i) != null) {
                inputs.add(variables.get(i).value);
                seeds.add(tangents.get(i).to(variables.get(i).dtype()).value);
            }
        }
        Value[] found = inputs.isEmpty() ? new Value[outputs.size()] : Batch.tangents(inputs.toArray(Value[]::new),
                seeds.toArray(Value[]::new), Grad.values(outputs), records(tangents));
        return filled(found, outputs);
    }

    private static List<Tensor> filled(Value[] found, List<Tensor> like) {
        List<Tensor> all = new ArrayList<>();
        for (int i = 0; i < found.length; i++) {
            all.add(found[i] == null ? like.get(i).zerosLike() : new Tensor(found[i]));
        }
        return all;
    }

    private static void requireFit(String label, String kind, List<Tensor> tensors, List<Tensor> seeds) {
        if (tensors.size() != seeds.size()) {
            throw new IllegalArgumentException(label + ": got " + seeds.size() + " vectors for " + tensors.size() + " "
                    + kind + "s; give one (or null for zeros) for each.");
        }
        for (int i = 0; i < tensors.size(); i++) {
            if (seeds.get(i) != null && !Arrays.equals(seeds.get(i).shape(), tensors.get(i).shape())) {
                throw new IllegalArgumentException(label + ": Mismatch in shape: the vector for " + kind + " " + i
                        + " has a shape of " + Arrays.toString(seeds.get(i).shape()) + " and the " + kind
                        + " has a shape of "
                        + Arrays.toString(tensors.get(i).shape()) + "; vectors have the shape of what they belong to.");
            }
        }
    }

    /** Element by element, tensors of the sizes of {@code like} that are 1 there and 0 elsewhere: rows of a batch. */
    static Tensor units(Tensor like, int from, int to) {
        int count = (int) like.numel();
        int[] sizes = new int[like.dim() + 1];
        sizes[0] = to - from;
        System.arraycopy(like.shape(), 0, sizes, 1, like.dim());
        Tensor units = Tensor.full(0, like.dtype(), sizes);
        for (int i = from; i < to; i++) {
            Values.set(units.value, (long) (i - from) * count + i, 1);
        }
        return units;
    }
}

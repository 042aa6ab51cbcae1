package dev.lanegrad;

import dev.lanegrad.internal.graph.Batch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** All partial derivatives of a function: a row for each element of the result, or a column for each of the inputs. */
final class Jacobians {
    /** The most rows or columns that are computed together. */
    private static final int CHUNK = 64;

    /** From which side a Jacobian is computed. */
    enum Mode { REVERSE, FORWARD, SHORTER }

    private Jacobians() {
    }

    /** For each input a tensor of the sizes of the result and then of the input. */
    static List<Tensor> of(Mode mode, Function<List<Tensor>, Tensor> function, List<Tensor> inputs) {
        try (Recording recording = Recording.open()) {
            Linearization graph = new Linearization(recording, xs -> List.of(function.apply(xs)), inputs);
            Tensor output = graph.outputs().getFirst();
            long columns = inputs.stream().mapToLong(Tensor::numel).sum();
            boolean forward = mode == Mode.FORWARD || mode == Mode.SHORTER && columns < output.numel();
            return recording.out(forward ? columns(graph, output, inputs) : rows(graph, output, inputs));
        }
    }

    private static List<Tensor> rows(Linearization graph, Tensor output, List<Tensor> inputs) {
        List<Tensor> found = batched(output, seed -> graph.pull(List.of(seed)));
        List<Tensor> jacobians = new ArrayList<>();
        for (int i = 0; i < inputs.size(); i++) {
            Tensor input = inputs.get(i);
            int[] sizes = sizes(output, input);
            jacobians.add(found == null ? Tensor.full(0, input.dtype(), sizes) : found.get(i).reshape(sizes));
        }
        return jacobians;
    }

    private static List<Tensor> columns(Linearization graph, Tensor output, List<Tensor> inputs) {
        List<Tensor> jacobians = new ArrayList<>();
        for (int i = 0; i < inputs.size(); i++) {
            int own = i;
            List<Tensor> found = batched(inputs.get(i), seed -> {
                Tensor[] seeds = new Tensor[inputs.size()];
                seeds[own] = seed;
                return graph.push(Arrays.asList(seeds));
            });
            int[] sizes = sizes(output, inputs.get(i));
            jacobians.add(found == null ? Tensor.full(0, output.dtype(), sizes) : toEnd(found.getFirst())
                    .reshape(sizes));
        }
        return jacobians;
    }

    private static Tensor toEnd(Tensor x) {
        int[] order = new int[x.dim()];
        Arrays.setAll(order, d -> d == x.dim() - 1 ? 0 : d + 1);
        return x.permute(order);
    }

    private static int[] sizes(Tensor output, Tensor input) {
        int[] sizes = Arrays.copyOf(output.shape(), output.dim() + input.dim());
        System.arraycopy(input.shape(), 0, sizes, output.dim(), input.dim());
        return sizes;
    }

    /** What {@code product} gives for each unit vector of the sizes of {@code like}, along a new first dimension. */
    private static List<Tensor> batched(Tensor like, Function<Tensor, List<Tensor>> product) {
        List<List<Tensor>> chunks = new ArrayList<>();
        int step = Batch.isUnderWay() ? 1 : CHUNK;
        for (int from = 0; from < like.numel(); from += step) {
            Tensor units = Linearization.units(like, from, (int) Math.min(from + step, like.numel()));
            chunks.add(step == 1 ? product.apply(units.select(0, 0)).stream().map(row -> row.unsqueeze(0)).toList()
                    : mapped(product, units));
        }
        if (chunks.isEmpty()) {
            return null;
        }
        List<Tensor> whole = new ArrayList<>();
        for (int i = 0; i < chunks.getFirst().size(); i++) {
            int own = i;
            whole.add(chunks.size() == 1 ? chunks.getFirst().get(i)
                    : Tensor.cat(0, chunks.stream().map(chunk -> chunk.get(own)).toArray(Tensor[]::new)));
        }
        return whole;
    }

    private static List<Tensor> mapped(Function<Tensor, List<Tensor>> product, Tensor units) {
        UnaryOperator<dev.lanegrad.internal.graph.Value[]> values =
                seeds -> Grad.values(product.apply(new Tensor(seeds[0])));
        return Arrays.stream(Batch.map(values, Grad.values(List.of(units)), new int[] {0}, new int[] {0}))
                .map(Tensor::new).toList();
    }
}

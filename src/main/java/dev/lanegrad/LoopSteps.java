package dev.lanegrad;

import dev.lanegrad.internal.graph.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;

/** Loops done step by step, with ordinary ops, and loops of loops that keep the carries of the outer one only. */
final class LoopSteps {
    private LoopSteps() {
    }

    /** The last carries, and the other results of all steps. */
    static Value[] run(UnaryOperator<Value[]> body, Value[] init, Value[] xs, Loop.Options options) {
        List<List<Tensor>> rows = Grad.tensors(xs).stream().map(LoopSteps::rows).toList();
        int length = options.length();
        int every = options.checkpointEvery() == 0 ? length : options.checkpointEvery();
        Value[] carry = init;
        List<List<Tensor>> ys = new ArrayList<>();
        for (int from = 0; from < length; from += every) {
            int to = Math.min(length, from + every);
            carry = every < length ? checkpointed(body, carry, rows, ys, options, from, to)
                    : steps(body, carry, rows, ys, options, from, to);
        }
        Value[] results = Arrays.copyOf(carry, carry.length + ys.size());
        for (int j = 0; j < ys.size(); j++) {
            results[carry.length + j] = stacked(ys.get(j), options.reverse()).value;
        }
        return results;
    }

    private static Tensor stacked(List<Tensor> ys, boolean reverse) {
        return Tensor.stack(0, (reverse ? ys.reversed() : ys).toArray(Tensor[]::new));
    }

    // Rows of pieces: the gradient of a row is then as long as a piece, and that of a piece as long as everything.
    private static List<Tensor> rows(Tensor x) {
        int piece = (int) Math.max(1, Math.ceil(Math.sqrt(x.size(0))));
        return x.split(piece, 0).stream().flatMap(part -> part.unbind(0).stream()).toList();
    }

    private static Value[] steps(UnaryOperator<Value[]> body, Value[] init, List<List<Tensor>> rows,
            List<List<Tensor>> ys, Loop.Options options, int from, int to) {
        Value[] carry = init;
        for (int i = from; i < to; i++) {
            Value[] inputs = Arrays.copyOf(carry, carry.length + rows.size());
            for (int x = 0; x < rows.size(); x++) {
                inputs[carry.length + x] = rows.get(x).get(options.reverse() ? options.length() - 1 - i : i).value;
            }
            Value[] results = body.apply(inputs);
            while (ys.size() < results.length - carry.length) {
                ys.add(new ArrayList<>());
            }
            for (int j = carry.length; j < results.length; j++) {
                ys.get(j - carry.length).add(new Tensor(results[j]));
            }
            carry = Arrays.copyOf(results, carry.length);
        }
        return carry;
    }

    private static Value[] checkpointed(UnaryOperator<Value[]> body, Value[] init, List<List<Tensor>> rows,
            List<List<Tensor>> ys, Loop.Options options, int from, int to) {
        List<int[]> shapes = new ArrayList<>();
        Tensor packed = Checkpoint.run(() -> {
            List<List<Tensor>> own = new ArrayList<>();
            List<Tensor> all = new ArrayList<>(Grad.tensors(steps(body, init, rows, own, options, from, to)));
            own.forEach(all::addAll);
            shapes.clear();
            all.forEach(tensor -> shapes.add(tensor.shape()));
            requireOneType(all);
            return all.size() == 1 ? all.getFirst()
                    : Tensor.cat(0, all.stream().map(Tensor::flatten).toArray(Tensor[]::new));
        });
        List<Tensor> parts = new ArrayList<>();
        int begin = 0;
        for (int[] shape : shapes) {
            int size = Arrays.stream(shape).reduce(1, Math::multiplyExact);
            parts.add(shapes.size() == 1 ? packed : packed.slice(0, begin, begin + size).reshape(shape));
            begin += size;
        }
        int each = (parts.size() - init.length) / (to - from);
        for (int j = 0; j < each; j++) {
            if (from == 0) {
                ys.add(new ArrayList<>());
            }
            ys.get(j).addAll(parts.subList(init.length + j * (to - from), init.length + (j + 1) * (to - from)));
        }
        return Grad.values(parts.subList(0, init.length));
    }

    private static void requireOneType(List<Tensor> tensors) {
        for (Tensor tensor : tensors) {
            if (tensor.dtype() != tensors.getFirst().dtype()) {
                throw new IllegalArgumentException("scan: checkpointEvery outside of a program needs carries and "
                        + "results of one dtype, "
                        + "but got " + tensors.getFirst().dtype() + " and " + tensor.dtype()
                        + "; convert them with to(...), or "
                        + "leave checkpointEvery out.");
            }
        }
    }

    /**
     * A loop in a program whose steps are loops of {@code checkpointEvery} steps, and one for the steps that are left.
     */
    static Value[] chunked(UnaryOperator<Value[]> body, Value[] init, Value[] xs, Loop.Options options) {
        int every = options.checkpointEvery();
        int length = options.length();
        int whole = length - length % every;
        int begin = options.reverse() ? length - whole : 0;
        Value[] chunks = new Value[xs.length];
        for (int x = 0; x < xs.length; x++) {
            Tensor rows = new Tensor(xs[x]).slice(0, begin, begin + whole);
            chunks[x] = rows.reshape(shape(rows.shape(), 1, whole / every, every)).value;
        }
        Loop.Options inner = options.checkpointEvery(0).length(every);
        Value[] results = Loop.traced(inputs -> Loop.traced(body, Arrays.copyOf(inputs, init.length),
                Arrays.copyOfRange(inputs, init.length, inputs.length), inner), init, chunks,
                inner.length(whole / every));
        for (int j = init.length; j < results.length; j++) {
            Tensor ys = new Tensor(results[j]);
            results[j] = ys.reshape(shape(ys.shape(), 2, whole)).value;
        }
        return whole == length ? results : rest(body, results, xs, inner.length(length - whole), init.length, whole);
    }

    private static Value[] rest(UnaryOperator<Value[]> body, Value[] before, Value[] xs, Loop.Options options,
            int carries, int whole) {
        int begin = options.reverse() ? 0 : whole;
        Value[] rows = Arrays.stream(xs).map(x -> new Tensor(x).slice(0, begin, begin + options.length()).value)
                .toArray(Value[]::new);
        Value[] results = Loop.traced(body, Arrays.copyOf(before, carries), rows, options);
        for (int j = carries; j < results.length; j++) {
            Tensor first = new Tensor(options.reverse() ? results[j] : before[j]);
            Tensor second = new Tensor(options.reverse() ? before[j] : results[j]);
            results[j] = Tensor.cat(0, first, second).value;
        }
        return results;
    }

    /** {@code sizes} with {@code first} in place of the first {@code replaced}. */
    private static int[] shape(int[] sizes, int replaced, int... first) {
        int[] shape = Arrays.copyOf(first, first.length + sizes.length - replaced);
        System.arraycopy(sizes, replaced, shape, first.length, sizes.length - replaced);
        return shape;
    }
}

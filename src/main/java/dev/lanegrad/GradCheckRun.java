package dev.lanegrad;

import dev.lanegrad.internal.graph.Batch;
import dev.lanegrad.internal.graph.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * One run of {@link GradCheck}. Jacobians have a row for each element of the input, a column for each of the output.
 */
final class GradCheckRun {
    private static final System.Logger LOG = System.getLogger("dev.lanegrad.GradCheck");
    private static final long SEED = 20;
    private static final int BATCH = 4;

    private final Function<List<Tensor>, List<Tensor>> function;
    private final List<Tensor> inputs;
    private final GradCheck.Options options;
    /** Numbers of the inputs that require grad, each tensor once. */
    private final List<Integer> tracked = new ArrayList<>();

    GradCheckRun(Function<List<Tensor>, List<Tensor>> function, List<Tensor> inputs, GradCheck.Options options) {
        this.function = function;
        this.inputs = inputs;
        this.options = options;
    }

    /** Fails with {@code AssertionError} at the first disagreement. */
    void check() {
        requireInputs();
        List<Integer> differentiable = new ArrayList<>();
        List<Integer> reals = new ArrayList<>();
        try (Tape tape = Tape.open()) {
            List<Tensor> outputs = function.apply(inputs);
            for (int o = 0; o < outputs.size(); o++) {
                if (outputs.get(o).requiresGrad()) {
                    differentiable.add(o);
                } else if (outputs.get(o).dtype().isFloatingPoint()) {
                    reals.add(o);
                }
            }
        }
        if (differentiable.isEmpty()) {
            requireNoDependence(reals);
            return;
        }
        if (options.fastMode()) {
            new GradCheckFast(this, options).check(differentiable);
        } else {
            compareAll(differentiable);
        }
        if (options.checkBatchedGrad()) {
            compareBatched(differentiable);
        }
        if (options.checkBackwardAd()) {
            requireProduct(differentiable, "backward not multiplied by grad_output: with zeros as the gradient of the "
                    + "results, the gradient of input ");
        }
        if (options.checkBackwardAd() && options.checkUndefinedGrad()) {
            for (int output : differentiable) {
                requireProduct(List.of(output), "Expected backward function to handle undefined output grads: with a "
                        + "gradient of zeros for output " + output + " alone, the gradient of input ");
            }
        }
    }

    List<Integer> tracked() {
        return tracked;
    }

    Tensor input(int i) {
        return inputs.get(i);
    }

    private void requireInputs() {
        for (int i = 0; i < inputs.size(); i++) {
            Tensor input = inputs.get(i);
            if (!input.requiresGrad()) {
                continue;
            }
            if (input.dtype() != DType.FLOAT64) {
                LOG.log(System.Logger.Level.WARNING, "Input #" + i + " requires gradient and is not a double precision "
                        + "floating point or complex. This check will likely fail if all the inputs are not of double "
                        + "precision floating point or complex.");
            }
            for (int d = 0; d < input.dim(); d++) {
                if (input.size(d) > 1 && input.value.layout().stride(d) == 0) {
                    throw new IllegalArgumentException("The " + i + "th input has a dimension with stride 0. gradcheck "
                            + "only supports inputs that are non-overlapping to be able to compute the numerical "
                            + "gradients correctly. You should call keep() on the input before passing it to "
                            + "gradcheck.");
                }
            }
            if (tracked.stream().noneMatch(other -> inputs.get(other) == input)) {
                tracked.add(i);
            }
        }
        if (tracked.isEmpty()) {
            throw new IllegalArgumentException("gradcheck expects at least one input tensor to require gradient, but "
                    + "none of them have requires_grad=True.");
        }
    }

    private void requireNoDependence(List<Integer> reals) {
        for (int i : tracked) {
            for (double[][] jacobian : numerical(i, reals)) {
                if (Arrays.stream(jacobian).flatMapToDouble(Arrays::stream).anyMatch(x -> x != 0)) {
                    throw new AssertionError("Numerical gradient for function expected to be zero: no result requires "
                            + "grad, but the numbers depend on input " + i + ",\nnumerical:" + text(jacobian));
                }
            }
        }
    }

    /** Compares whole Jacobians; the first that disagrees is an error. */
    void compareAll(List<Integer> differentiable) {
        double[][][][] numerical = new double[tracked.size()][][][];
        for (int t = 0; t < numerical.length; t++) {
            numerical[t] = numerical(tracked.get(t), differentiable);
        }
        for (int o = 0; o < differentiable.size(); o++) {
            int output = differentiable.get(o);
            if (options.checkBackwardAd()) {
                double[][][] first = analytical(output);
                requireSame(first, analytical(output));
                for (int t = 0; t < first.length; t++) {
                    compare("Jacobian mismatch", output, tracked.get(t), numerical[t][o], first[t]);
                }
            }
            if (options.checkForwardAd()) {
                double[][][] forward = forward(output);
                for (int t = 0; t < forward.length; t++) {
                    compare("Jacobian computed with forward mode mismatch", output, tracked.get(t), numerical[t][o],
                            forward[t]);
                }
            }
        }
    }

    private void requireSame(double[][][] first, double[][][] second) {
        for (int t = 0; t < first.length; t++) {
            for (int r = 0; r < first[t].length; r++) {
                for (int c = 0; c < first[t][r].length; c++) {
                    requireReentrant(first[t][r][c], second[t][r][c]);
                }
            }
        }
    }

    /** Fails if the same element of two walks differs too much. */
    void requireReentrant(double first, double second) {
        if (Math.abs(first - second) > options.nondetTol()) {
            throw new AssertionError("Backward is not reentrant, i.e., running backward with same input and "
                    + "grad_output multiple times gives different values, although analytical gradient matches "
                    + "numerical gradient. The tolerance for nondeterminism was " + options.nondetTol()
                    + ", the values " + first + " and " + second + ".");
        }
    }

    private void compare(String what, int output, int input, double[][] numerical, double[][] analytical) {
        for (int r = 0; r < numerical.length; r++) {
            for (int c = 0; c < numerical[r].length; c++) {
                double difference = Math.abs(analytical[r][c] - numerical[r][c]);
                if (!(difference <= options.atol() + options.rtol() * Math.abs(numerical[r][c]))) {
                    throw new AssertionError(what + " for output " + output + " with respect to input " + input
                            + ",\nnumerical:" + text(numerical) + "\nanalytical:" + text(analytical)
                            + "\nThe first such element is [" + r + ", " + c + "]: " + numerical[r][c] + " and "
                            + analytical[r][c] + ".");
                }
            }
        }
    }

    static String text(double[][] jacobian) {
        double[] numbers = Arrays.stream(jacobian).flatMapToDouble(Arrays::stream).toArray();
        return Tensor.of(numbers, jacobian.length, jacobian.length == 0 ? 0 : jacobian[0].length).toString();
    }

    private double[][][] numerical(int index, List<Integer> outputs) {
        double[] numbers = inputs.get(index).toDoubleArray();
        double[][][] jacobians = new double[outputs.size()][numbers.length][];
        for (int d = 0; d < numbers.length; d++) {
            double[] step = new double[numbers.length];
            step[d] = options.eps();
            double[][] column = difference(index, step, outputs);
            for (int o = 0; o < column.length; o++) {
                jacobians[o][d] = column[o];
            }
        }
        return jacobians;
    }

    /** The central difference of {@code outputs} for a step of an input, over twice eps. */
    double[][] difference(int index, double[] step, List<Integer> outputs) {
        Moved below = moved(index, step, -1, outputs);
        Moved above = moved(index, step, 1, outputs);
        double[][] slopes = new double[outputs.size()][];
        for (int o = 0; o < slopes.length; o++) {
            requireSameKind(outputs.get(o), below, above, o);
            slopes[o] = new double[above.numbers[o].length];
            for (int c = 0; c < slopes[o].length; c++) {
                slopes[o][c] = (above.numbers[o][c] - below.numbers[o][c]) / (2 * options.eps());
            }
        }
        return slopes;
    }

    /** Results at a moved input. */
    private record Moved(double[][] numbers, int[][] shapes, DType[] dtypes) {
    }

    private static void requireSameKind(int output, Moved a, Moved b, int o) {
        String same = !Arrays.equals(a.shapes[o], b.shapes[o]) ? "shape" : a.dtypes[o] != b.dtypes[o] ? "dtype" : null;
        if (same != null) {
            throw new AssertionError("Expected `fn` to return outputs with the same " + same + " when inputs are "
                    + "perturbed, but got outputs at index " + output + " with " + same + "s " + (same.equals("shape")
                    ? Arrays.toString(a.shapes[o]) + " and " + Arrays.toString(b.shapes[o]) : a.dtypes[o] + " and "
                    + b.dtypes[o]) + ".");
        }
    }

    private Moved moved(int index, double[] step, double sign, List<Integer> outputs) {
        Tensor input = inputs.get(index);
        double[] numbers = input.toDoubleArray();
        for (int d = 0; d < numbers.length; d++) {
            numbers[d] += sign * step[d];
        }
        Tensor other = Tensor.of(numbers, input.shape()).to(input.dtype()).requiresGrad(true);
        List<Tensor> arguments = inputs.stream().map(each -> each == input ? other : each).toList();
        try (Tape tape = Tape.open()) {
            List<Tensor> results = function.apply(arguments);
            List<Tensor> chosen = outputs.stream().map(results::get).toList();
            return new Moved(chosen.stream().map(Tensor::toDoubleArray).toArray(double[][]::new),
                    chosen.stream().map(Tensor::shape).toArray(int[][]::new),
                    chosen.stream().map(Tensor::dtype).toArray(DType[]::new));
        }
    }

    private Value[] targets() {
        return tracked.stream().map(i -> inputs.get(i).value).toArray(Value[]::new);
    }

    /** The gradients of one output, null where there is none; sizes and types are checked. */
    Value[] gradients(Tensor output, Tensor gradient) {
        Value[] found = Batch.gradients(new Value[] {output.value}, new Value[] {gradient.value}, targets(), true,
                false);
        for (int t = 0; t < found.length; t++) {
            Tensor input = inputs.get(tracked.get(t));
            if (found[t] != null && !found[t].layout().sameSizes(input.value.layout())) {
                throw new AssertionError("Analytical gradient has incorrect size: " + found[t].layout() + " for input "
                        + tracked.get(t) + " of shape " + input.value.layout());
            }
            if (found[t] != null && options.checkGradDtypes() && found[t].cell() != input.value.cell()) {
                throw new AssertionError("Analytical gradient has dtype mismatch: " + found[t].cell() + " for input "
                        + tracked.get(t) + " of " + input.dtype());
            }
        }
        return found;
    }

    private double[][][] analytical(int output) {
        try (Tape tape = Tape.open()) {
            Tensor result = function.apply(inputs).get(output);
            int columns = (int) result.numel();
            double[][][] jacobians = zeros(columns);
            for (int c = 0; c < columns; c++) {
                Value[] found = gradients(result, Linearization.units(result, c, c + 1).select(0, 0));
                for (int t = 0; t < found.length; t++) {
                    double[] numbers = found[t] == null ? new double[0] : new Tensor(found[t]).toDoubleArray();
                    for (int d = 0; d < numbers.length; d++) {
                        jacobians[t][d][c] = numbers[d];
                    }
                }
            }
            return jacobians;
        }
    }

    private double[][][] zeros(int columns) {
        return tracked.stream().map(i -> new double[(int) inputs.get(i).numel()][columns]).toArray(double[][][]::new);
    }

    private double[][][] forward(int output) {
        try (Tape tape = Tape.open()) {
            Tensor result = function.apply(inputs).get(output);
            double[][][] jacobians = zeros((int) result.numel());
            for (int t = 0; t < jacobians.length; t++) {
                Tensor input = inputs.get(tracked.get(t));
                for (int d = 0; d < jacobians[t].length; d++) {
                    Tensor tangent = tangent(input, Linearization.units(input, d, d + 1).select(0, 0), result);
                    jacobians[t][d] = tangent == null ? jacobians[t][d] : tangent.toDoubleArray();
                }
            }
            return jacobians;
        }
    }

    /** The tangent of {@code result}, or null for zeros. */
    static Tensor tangent(Tensor input, Tensor seed, Tensor result) {
        Value found = Batch.tangents(new Value[] {input.value}, new Value[] {seed.value}, new Value[] {result.value},
                false)[0];
        return found == null ? null : new Tensor(found);
    }

    List<Tensor> outputs() {
        return function.apply(inputs);
    }

    private void requireProduct(List<Integer> outputs, String message) {
        try (Tape tape = Tape.open()) {
            List<Tensor> results = function.apply(inputs);
            Value[] roots = outputs.stream().map(o -> results.get(o).value).toArray(Value[]::new);
            Value[] zeros = outputs.stream().map(o -> results.get(o).zerosLike().value).toArray(Value[]::new);
            Value[] found = Batch.gradients(roots, zeros, targets(), true, false);
            for (int t = 0; t < found.length; t++) {
                double[] numbers = found[t] == null ? new double[0] : new Tensor(found[t]).toDoubleArray();
                for (double number : numbers) {
                    if (number != 0) {
                        throw new AssertionError(message + tracked.get(t) + " has the "
                                + "element " + number + " instead of 0.");
                    }
                }
            }
        }
    }

    private void compareBatched(List<Integer> outputs) {
        Rng rng = new Rng(SEED);
        for (int output : outputs) {
            try (Tape tape = Tape.open()) {
                Tensor result = function.apply(inputs).get(output);
                int[] sizes = IntStream.concat(IntStream.of(BATCH), Arrays.stream(result.shape())).toArray();
                Tensor seeds = Tensor.randn(rng, sizes).to(result.dtype());
                List<Tensor> batched = Grad.vmap(seed -> filled(gradients(result, seed.getFirst())), List.of(seeds),
                        List.of(0), List.of(0));
                for (int b = 0; b < BATCH; b++) {
                    List<Tensor> alone = filled(gradients(result, seeds.select(0, b)));
                    for (int t = 0; t < alone.size(); t++) {
                        requireClose(alone.get(t), batched.get(t).select(0, b), output, tracked.get(t));
                    }
                }
            }
        }
    }

    private List<Tensor> filled(Value[] found) {
        List<Tensor> all = new ArrayList<>();
        for (int t = 0; t < found.length; t++) {
            all.add(found[t] == null ? inputs.get(tracked.get(t)).zerosLike() : new Tensor(found[t]));
        }
        return all;
    }

    private void requireClose(Tensor alone, Tensor batched, int output, int input) {
        double[] expected = alone.toDoubleArray();
        double[] actual = batched.toDoubleArray();
        for (int d = 0; d < expected.length; d++) {
            if (!(Math.abs(actual[d] - expected[d]) <= options.atol() + options.rtol() * Math.abs(expected[d]))) {
                throw new AssertionError("gradcheck failed while testing batched gradient computation for output "
                        + output + " with respect to input " + input + ",\nexpected:" + alone + "\nbatched:" + batched);
            }
        }
    }
}

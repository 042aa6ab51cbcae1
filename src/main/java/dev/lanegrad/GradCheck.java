package dev.lanegrad;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/**
 * Compares gradients with finite differences: usable from any unit test.
 *
 * <p>The numerical Jacobian is taken by central differences {@code (f(x + eps) - f(x - eps)) / (2 eps)}, the analytical one
 * by one backward walk for each element of the result, twice. They must agree within {@code atol + rtol * |numerical|}.
 * The algorithm and the tolerances are those of PyTorch's {@code gradcheck}.
 */
public final class GradCheck {
    private static final double EPSILON = 1e-6;
    private static final double ABSOLUTE = 1e-5;
    private static final double RELATIVE = 1e-3;

    private final Function<List<Tensor>, Tensor> function;
    private final double atol;
    private final double rtol;

    private GradCheck(Function<List<Tensor>, Tensor> function, double atol, double rtol) {
        this.function = function;
        this.atol = atol;
        this.rtol = rtol;
    }

    /**
     * Checks the first derivative of {@code function} at {@code inputs}, which are float64 and of which at least one
     * requires grad. The inputs are left as they were.
     *
     * @throws AssertionError           if a Jacobian does not agree; the message shows both
     * @throws IllegalArgumentException if no input requires grad, or one that does is not float64
     */
    public static void check(Function<List<Tensor>, Tensor> function, Tensor... inputs) {
        check(function, ABSOLUTE, RELATIVE, inputs);
    }

    /** Checks the first derivative within {@code atol + rtol * |numerical|}. */
    public static void check(Function<List<Tensor>, Tensor> function, double atol, double rtol, Tensor... inputs) {
        new GradCheck(function, atol, rtol).run(inputs);
    }

    /** Checks the second derivative: the first derivative of the gradient, weighted with seeded numbers. */
    public static void checkSecond(Function<List<Tensor>, Tensor> function, Tensor... inputs) {
        checkSecond(function, ABSOLUTE, RELATIVE, inputs);
    }

    /** Checks the second derivative within {@code atol + rtol * |numerical|}. */
    public static void checkSecond(Function<List<Tensor>, Tensor> function, double atol, double rtol, Tensor... inputs) {
        Rng rng = new Rng(20);
        int[] shape;
        try (Tape tape = Tape.open()) {
            shape = function.apply(List.of(inputs)).shape();
        }
        Tensor weights = Tensor.rand(rng, shape).mul(2).sub(1).to(DType.FLOAT64).keep().requiresGrad(true);
        Tensor[] extended = Arrays.copyOf(inputs, inputs.length + 1);
        extended[inputs.length] = weights;
        List<Integer> tracked = new ArrayList<>();
        for (int i = 0; i < inputs.length; i++) {
            if (inputs[i].requiresGrad()) {
                tracked.add(i);
            }
        }
        check(all -> {
            Tensor result = function.apply(all.subList(0, inputs.length));
            List<Tensor> gradients = Grad.grad(List.of(result), tracked.stream().map(all::get).toList(),
                    List.of(all.getLast()), true, true);
            return Tensor.cat(0, gradients.stream().map(Tensor::flatten).toArray(Tensor[]::new));
        }, atol, rtol, extended);
    }

    private void run(Tensor[] inputs) {
        boolean any = false;
        for (Tensor input : inputs) {
            any |= input.requiresGrad();
            if (input.requiresGrad() && input.dtype() != DType.FLOAT64) {
                throw new IllegalArgumentException("GradCheck: an input that requires grad is " + input.dtype()
                        + "; only FLOAT64 is precise enough for finite differences.");
            }
        }
        if (!any) {
            throw new IllegalArgumentException("gradcheck expects at least one input tensor to require gradient, but none of "
                    + "them have requires_grad=True.");
        }
        double[][][] first = analytical(inputs);
        double[][][] second = analytical(inputs);
        for (int i = 0; i < inputs.length; i++) {
            if (inputs[i].requiresGrad()) {
                double[][] numerical = numerical(inputs, i);
                compare(i, numerical, first[i]);
                if (!Arrays.deepEquals(first[i], second[i])) {
                    throw new AssertionError("Backward is not reentrant: the Jacobian by input " + i
                            + " differs between two walks.\nfirst:\n" + text(first[i]) + "second:\n" + text(second[i]));
                }
            }
        }
    }

    private void compare(int input, double[][] numerical, double[][] analytical) {
        for (int r = 0; r < numerical.length; r++) {
            for (int c = 0; c < numerical[r].length; c++) {
                double difference = Math.abs(analytical[r][c] - numerical[r][c]);
                if (!(difference <= atol + rtol * Math.abs(numerical[r][c]))) {
                    throw new AssertionError("Jacobian mismatch for output 0 with respect to input " + input + " at element " + r
                            + " of the input and " + c + " of the output,\nnumerical:\n" + text(numerical) + "analytical:\n"
                            + text(analytical));
                }
            }
        }
    }

    private static String text(double[][] jacobian) {
        StringBuilder text = new StringBuilder();
        for (double[] row : jacobian) {
            text.append(Arrays.toString(row)).append('\n');
        }
        return text.toString();
    }

    /** Rows are elements of the input, columns elements of the result. */
    private double[][] numerical(Tensor[] inputs, int index) {
        double[] numbers = inputs[index].toDoubleArray();
        double[][] jacobian = new double[numbers.length][];
        for (int d = 0; d < numbers.length; d++) {
            double[] above = shifted(inputs, index, numbers, d, EPSILON);
            double[] below = shifted(inputs, index, numbers, d, -EPSILON);
            jacobian[d] = new double[above.length];
            for (int c = 0; c < above.length; c++) {
                jacobian[d][c] = (above[c] - below[c]) / (2 * EPSILON);
            }
        }
        return jacobian;
    }

    private double[] shifted(Tensor[] inputs, int index, double[] numbers, int d, double step) {
        double[] moved = numbers.clone();
        moved[d] += step;
        Tensor[] arguments = inputs.clone();
        arguments[index] = Tensor.of(moved, inputs[index].shape()).requiresGrad(true);
        try (Tape tape = Tape.open()) {
            return function.apply(List.of(arguments)).toDoubleArray();
        }
    }

    private double[][][] analytical(Tensor[] inputs) {
        List<Tensor> tracked = Arrays.stream(inputs).filter(Tensor::requiresGrad).toList();
        double[][][] jacobians = new double[inputs.length][][];
        try (Tape tape = Tape.open()) {
            Tensor result = function.apply(List.of(inputs));
            int columns = (int) result.numel();
            for (int i = 0; i < inputs.length; i++) {
                jacobians[i] = new double[(int) inputs[i].numel()][columns];
            }
            for (int c = 0; c < columns; c++) {
                double[] unit = new double[columns];
                unit[c] = 1;
                fill(jacobians, inputs, tracked, result, Tensor.of(unit, result.shape()), c);
            }
        }
        return jacobians;
    }

    private static void fill(double[][][] jacobians, Tensor[] inputs, List<Tensor> tracked, Tensor result, Tensor unit, int c) {
        List<Tensor> gradients = Grad.gradOrZero(result, tracked, unit);
        for (int i = 0; i < inputs.length; i++) {
            int own = tracked.indexOf(inputs[i]);
            if (own >= 0) {
                double[] numbers = gradients.get(own).toDoubleArray();
                for (int d = 0; d < numbers.length; d++) {
                    jacobians[i][d][c] = numbers[d];
                }
            }
        }
    }
}

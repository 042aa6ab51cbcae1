package dev.lanegrad;

import dev.lanegrad.internal.graph.Value;
import java.util.List;

/**
 * The fast mode of {@link GradCheck}: of every Jacobian one number, its product with random vectors of length 1 and no
 * negative element from both sides.
 */
final class GradCheckFast {
    private static final long SEED = 21;

    private final GradCheckRun run;
    private final GradCheck.Options options;
    private final Rng rng = new Rng(SEED);

    GradCheckFast(GradCheckRun run, GradCheck.Options options) {
        this.run = run;
        this.options = options;
    }

    private double[] direction(long count) {
        double[] u = new double[(int) count];
        double square = 0;
        for (int i = 0; i < u.length; i++) {
            u[i] = rng.nextUniform();
            square += u[i] * u[i];
        }
        for (int i = 0; i < u.length; i++) {
            u[i] /= Math.sqrt(square);
        }
        return u;
    }

    /** Fails with {@code AssertionError} at the first disagreement. */
    void check(List<Integer> outputs) {
        List<Integer> tracked = run.tracked();
        double[][] us = tracked.stream().map(i -> direction(run.input(i).numel())).toArray(double[][]::new);
        double[][][] slopes = new double[us.length][][];
        for (int t = 0; t < us.length; t++) {
            double[] step = new double[us[t].length];
            for (int d = 0; d < step.length; d++) {
                step[d] = options.eps() * us[t][d];
            }
            slopes[t] = run.difference(tracked.get(t), step, outputs);
        }
        for (int o = 0; o < outputs.size(); o++) {
            double[] v = direction(slopes[0][o].length);
            double[] backward = options.checkBackwardAd() ? backward(outputs.get(o), us, v) : null;
            double[] again = options.checkBackwardAd() ? backward(outputs.get(o), us, v) : null;
            double[] forward = options.checkForwardAd() ? forward(outputs.get(o), us, v) : null;
            for (int t = 0; t < us.length; t++) {
                double numerical = dot(slopes[t][o], v);
                double scale = sum(us[t]) * sum(v);
                if (backward != null) {
                    run.requireReentrant(backward[t], again[t]);
                    compare("Jacobian mismatch", outputs, o, tracked.get(t), numerical, backward[t], scale);
                }
                if (forward != null) {
                    compare("Jacobian computed with forward mode mismatch", outputs, o, tracked.get(t), numerical,
                            forward[t], scale);
                }
            }
        }
    }

    private void compare(String what, List<Integer> outputs, int o, int input, double numerical, double analytical,
            double scale) {
        if (!(Math.abs(analytical - numerical) <= options.atol() * scale + options.rtol() * Math.abs(numerical))) {
            run.compareAll(List.of(outputs.get(o)));
            throw new AssertionError(what + " for output " + outputs.get(o) + " with respect to input " + input
                    + ",\nnumerical:" + numerical + "\nanalytical:" + analytical + "\nThe above quantities relating "
                    + "the numerical and analytical jacobians are computed in fast mode. The slow mode finds no "
                    + "difference, so this one is near the tolerance: check with fastMode off, or a larger atol.");
        }
    }

    private double[] backward(int output, double[][] us, double[] v) {
        try (Tape tape = Tape.open()) {
            Tensor result = run.outputs().get(output);
            Value[] found = run.gradients(result, Tensor.of(v, result.shape()).to(result.dtype()));
            double[] products = new double[us.length];
            for (int t = 0; t < us.length; t++) {
                products[t] = found[t] == null ? 0 : dot(new Tensor(found[t]).toDoubleArray(), us[t]);
            }
            return products;
        }
    }

    private double[] forward(int output, double[][] us, double[] v) {
        try (Tape tape = Tape.open()) {
            Tensor result = run.outputs().get(output);
            double[] products = new double[us.length];
            for (int t = 0; t < us.length; t++) {
                Tensor input = run.input(run.tracked().get(t));
                Tensor tangent = GradCheckRun.tangent(input, Tensor.of(us[t], input.shape()).to(input.dtype()), result);
                products[t] = tangent == null ? 0 : dot(tangent.toDoubleArray(), v);
            }
            return products;
        }
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    private static double sum(double[] a) {
        double sum = 0;
        for (double x : a) {
            sum += x;
        }
        return sum;
    }
}

package dev.lanegrad.examples;

import dev.lanegrad.DType;
import dev.lanegrad.Tape;
import dev.lanegrad.Tensor;
import java.util.function.Consumer;

/** The first things one tries with automatic differentiation, cell by cell, each value printed with its expression. */
public final class Notebook {
    private Notebook() {
    }

    /** Runs all cells; it takes no arguments. */
    public static void main(String[] arguments) {
        run(System.out::println);
    }

    /** Runs all cells and hands each printed line to {@code out}. */
    public static void run(Consumer<String> out) {
        try (Tape tape = Tape.open()) {
            leavesAndResults(out);
            tape.reset();
            weightedSum(out);
            tape.reset();
            chainOfMatrices(out);
            tape.reset();
            weightedBackward(out);
            tape.reset();
            sharedGraphs(out);
            tape.reset();
            secondDerivative(out);
        }
    }

    private static void leavesAndResults(Consumer<String> out) {
        out.accept("# a. gradients flow into what requires them");
        Tensor x = Tensor.scalar(3).requiresGrad(true);
        Tensor y = Tensor.scalar(4);
        Tensor z = x.square().add(y.square());
        out.accept("requiresGrad of x, y, z: " + x.requiresGrad() + ", " + y.requiresGrad() + ", " + z.requiresGrad());
        z.backward();
        out.accept("x.grad = " + x.grad() + ", y.grad = " + (y.grad() == null ? "none" : y.grad()));
    }

    private static void weightedSum(Consumer<String> out) {
        out.accept("# b. a weighted sum");
        Tensor x = Tensor.of(1.5f, 2f, 3f);
        Tensor w = Tensor.of(0.1f, 0.2f, 0.3f).requiresGrad(true);
        Tensor b = Tensor.scalar(0.111).requiresGrad(true);
        Tensor y = x.mul(w).add(b).sum();
        out.accept("y = " + y.detach());
        y.backward();
        out.accept("w.grad = " + w.grad() + ", b.grad = " + b.grad());
    }

    private static void chainOfMatrices(Consumer<String> out) {
        out.accept("# c. a chain");
        Tensor x = matrix();
        Tensor y = x.add(1);
        Tensor z = y.square().mul(2);
        Tensor f = z.mean();
        out.accept("requiresGrad of x, y, z, f: " + x.requiresGrad() + ", " + y.requiresGrad() + ", " + z.requiresGrad() + ", "
                + f.requiresGrad());
        f.backward();
        out.accept("x.grad = " + x.grad());
    }

    private static void weightedBackward(Consumer<String> out) {
        out.accept("# d. several results: a gradient for each");
        Tensor x = matrix();
        Tensor y = x.add(x.square());
        y.backward(y.onesLike(), true);
        out.accept("x.grad = " + x.grad());
        x.zeroGrad();
        y.backward(Tensor.of(new float[] {1, 100, 1, 1, 1, 1}, 2, 3), true);
        out.accept("x.grad = " + x.grad());
        out.accept("a gradient of another shape: " + error(() -> y.backward(Tensor.ones(3), true)));
        out.accept("no gradient: " + error(y::backward));
    }

    private static void sharedGraphs(Consumer<String> out) {
        out.accept("# e. the graph is freed after backward");
        Tensor x = Tensor.scalar(0.5).requiresGrad(true);
        Tensor p = x.exp().square();
        Tensor q = x.sin().square();
        p.backward();
        q.backward();
        out.accept("nothing shared: x.grad = " + x.grad());

        x.zeroGrad();
        Tensor y = x.exp();
        Tensor shared = y.square();
        Tensor other = y.sin();
        shared.backward();
        out.accept("y shared: " + error(other::backward));

        x.zeroGrad();
        Tensor again = x.exp();
        Tensor first = again.square();
        Tensor second = again.sin();
        first.backward(null, true);
        second.backward();
        out.accept("y shared and retained: x.grad = " + x.grad());
    }

    private static void secondDerivative(Consumer<String> out) {
        out.accept("# f. derivatives of derivatives");
        Tensor x = Tensor.scalar(2, DType.FLOAT64).requiresGrad(true);
        x.pow(3).backward(null, true, true);
        Tensor slope = x.grad();
        out.accept("d x^3 / dx at 2 = " + slope.detach());
        x.zeroGrad();
        slope.backward();
        out.accept("d2 x^3 / dx2 at 2 = " + x.grad());
    }

    private static Tensor matrix() {
        return Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3).requiresGrad(true);
    }

    private static String error(Runnable wrong) {
        try {
            wrong.run();
        } catch (IllegalArgumentException | IllegalStateException e) {
            return e.getMessage();
        }
        throw new AssertionError("no error");
    }
}

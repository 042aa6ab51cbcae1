package dev.lanegrad;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Ops along the last dimensions of large tensors, which are done in blocks of rows: each row is what it is alone. */
class RowBlocksTest {
    private static final long SEED = 42;
    private static final int FEW = 5;

    private record Op(String name, UnaryOperator<Tensor> function) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Op> ops() {
        return Stream.of(new Op("softmax", x -> x.softmax(-1)), new Op("logSoftmax", x -> x.logSoftmax(-1)),
                new Op("logSumExp", x -> x.logSumExp(-1)), new Op("logSumExp of two", x -> x.logSumExp(true, 1, 2)),
                new Op("var", x -> x.var(-1)), new Op("var of two", x -> x.var(0, true, 1, 2)),
                new Op("norm", x -> x.norm(-1)), new Op("norm of two", x -> x.norm(true, 1, 2)));
    }

    @AfterEach
    void oneThread() {
        Lanegrad.threads(1);
    }

    @ParameterizedTest
    @MethodSource("ops")
    void rowsAreWhatTheyAreAlone(Op op) {
        System.out.println("RowBlocksTest: seed " + SEED);
        for (DType dtype : List.of(DType.FLOAT32, DType.FLOAT64)) {
            for (int[] shape : new int[][] {{1003, 2, 100}, {517, 4, 256}, {70_001, 1, 3}}) {
                Tensor x = numbers(dtype, shape);
                double[] alone = alone(op, x);
                for (int threads : new int[] {1, 2, 3}) {
                    Lanegrad.threads(threads);
                    assertArrayEquals(alone, valueAndGradient(op, x), op + " of " + dtype + ", " + threads + " threads");
                }
                Lanegrad.threads(1);
            }
        }
    }

    /** The sum of the products of a repeated operand's gradient, made in blocks, is the fold of the products. */
    @ParameterizedTest
    @EnumSource(value = DType.class, names = {"FLOAT32", "FLOAT64"})
    void gradientsOfRepeatedOperandsAreSumsOfProducts(DType dtype) {
        for (int[] shape : new int[][] {{1003, 768}, {2051, 2, 300}, {70, 10_007}}) {
            Tensor x = Tensor.randn(new Rng(SEED), dtype, shape);
            Tensor g = Tensor.randn(new Rng(SEED + 1), dtype, shape);
            int[] row = shape.clone();
            row[shape.length - 1] = 1;
            int[] first = new int[shape.length];
            java.util.Arrays.fill(first, 1);
            first[0] = shape[0];
            for (int[] own : new int[][] {row, first, {}}) {
                Tensor c = Tensor.rand(new Rng(SEED + 2), dtype, own).add(1);
                for (int threads : new int[] {1, 2, 3}) {
                    Lanegrad.threads(threads);
                    Tensor leaf = c.clone().requiresGrad(true);
                    Tensor whole = c.expand(shape).clone().requiresGrad(true);
                    try (Tape tape = Tape.open()) {
                        x.div(leaf).backward(g);
                        x.div(whole).backward(g);
                        Tensor products = whole.grad();
                        Tensor sum = own.length == 0 ? products.sum() : own == row ? products.sum(true, -1)
                                : products.view(shape[0], -1).sum(1).view(own);
                        assertArrayEquals(numbers(sum), numbers(leaf.grad()), List.of(own) + ", " + threads + " threads");
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(value = DType.class, names = {"FLOAT32", "FLOAT64"})
    void ofAllElementsTheFormulasHold(DType dtype) {
        for (int[] shape : new int[][] {{1003, 768}, {512, 8, 100}, {200_001}}) {
            Tensor x = Tensor.randn(new Rng(SEED), dtype, shape);
            Tensor centred = x.sub(x.mean());
            for (int threads : new int[] {1, 2, 3}) {
                Lanegrad.threads(threads);
                assertArrayEquals(numbers(x.square().sum().sqrt()), numbers(x.norm()), threads + " threads");
                assertArrayEquals(numbers(centred.square().sum().div(x.numel() - 1.0)), numbers(x.var()), threads + " threads");
            }
        }
    }

    private static Tensor numbers(DType dtype, int... shape) {
        Tensor x = Tensor.randn(new Rng(SEED), dtype, shape);
        double[] special = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, 1e30, -0.0};
        for (int i = 0; i < special.length; i++) {
            x.select(0, 7 + 31 * i).select(0, 0).narrow(0, 0, 1).mul_(0).add_(special[i]);
        }
        x.select(0, shape[0] - 1).mul_(0).add_(Double.NEGATIVE_INFINITY);
        return x;
    }

    /** Values and gradients of a few rows at a time, which are too few for blocks. */
    private static double[] alone(Op op, Tensor x) {
        List<double[]> values = new ArrayList<>();
        List<double[]> gradients = new ArrayList<>();
        for (int row = 0; row < x.size(0); row += FEW) {
            Tensor few = x.narrow(0, row, Math.min(FEW, x.size(0) - row)).clone().requiresGrad(true);
            try (Tape tape = Tape.open()) {
                Tensor y = op.function().apply(few);
                y.backward(weights(y, row));
                values.add(numbers(y));
                gradients.add(numbers(few.grad()));
            }
        }
        values.addAll(gradients);
        return concatenated(values);
    }

    private static double[] valueAndGradient(Op op, Tensor x) {
        Tensor leaf = x.clone().requiresGrad(true);
        try (Tape tape = Tape.open()) {
            Tensor y = op.function().apply(leaf);
            y.backward(weights(y, 0));
            return concatenated(List.of(numbers(y), numbers(leaf.grad())));
        }
    }

    /** A gradient whose every row is another, and that of row {@code first} the first. */
    private static Tensor weights(Tensor y, int first) {
        int each = (int) (y.numel() / y.size(0));
        Tensor numbers = Tensor.arange(first * (double) each, (first + y.size(0)) * (double) each, 1, y.dtype());
        return numbers.mul(0.37).sin().view(y.shape());
    }

    private static double[] numbers(Tensor x) {
        return x.detach().to(DType.FLOAT64).toDoubleArray();
    }

    private static double[] concatenated(List<double[]> arrays) {
        double[] all = new double[arrays.stream().mapToInt(a -> a.length).sum()];
        int at = 0;
        for (double[] array : arrays) {
            System.arraycopy(array, 0, all, at, array.length);
            at += array.length;
        }
        return all;
    }
}

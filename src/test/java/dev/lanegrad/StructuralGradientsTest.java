package dev.lanegrad;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** First, second and third derivatives of every op that moves or combines elements agree with finite differences. */
class StructuralGradientsTest {
    private static final Tensor INDEX = Tensor.of(2L, 0L, 2L);
    private static final Tensor PLACES = Tensor.of(new long[] {0, 2, 1, 1}, 2, 2);

    static Tensor leaf(long seed, int... shape) {
        return Tensor.rand(new Rng(seed), shape).to(DType.FLOAT64).mul(2).sub(0.9).keep().requiresGrad(true);
    }

    static final Map<String, Function<Tensor, Tensor>> OF_A_MATRIX = new TreeMap<>(Map.ofEntries(
            Map.entry("sum", x -> x.sum(0)), Map.entry("sum all", x -> x.sum()),
            Map.entry("mean", x -> x.mean(true, 1)),
            Map.entry("prod", x -> x.prod(1)), Map.entry("prod all", x -> x.prod()), Map.entry("amax", x -> x.amax(0)),
            Map.entry("amin", x -> x.amin(1)), Map.entry("var", x -> x.var(1)), Map.entry("std", x -> x.std(0)),
            Map.entry("norm", x -> x.norm(1)), Map.entry("norm all", x -> x.norm()),
            Map.entry("logSumExp", x -> x.logSumExp(1)), Map.entry("logSumExp all", x -> x.logSumExp()),
            Map.entry("softmax", x -> x.softmax(0)), Map.entry("logSoftmax", x -> x.logSoftmax(1)),
            Map.entry("reshape", x -> x.t().reshape(2, 3).square()), Map.entry("permute", x -> x.permute(1, 0).exp()),
            Map.entry("expand", x -> x.unsqueeze(0).expand(2, 2, 3).square()), Map.entry("squeeze", x -> x.unsqueeze(1)
                    .squeeze(1).square()), Map.entry("slice", x -> x.slice(1, 0, 3, 2).exp()),
            Map.entry("select", x -> x.select(0, -1).square()), Map.entry("cat", x -> Tensor.cat(1, x, x.square())),
            Map.entry("diagonal", x -> x.t().diagonal().exp()), Map.entry("view", x -> x.view(3, 2).square()),
            Map.entry("clone", x -> x.clone().square()), Map.entry("index", x -> x.index(INDEX.slice(0, 1, 2), INDEX).exp()),
            Map.entry("chunk", x -> x.chunk(2, 1).getFirst().exp()), Map.entry("unbind", x -> x.unbind(0).getLast().square()),
            Map.entry("stack", x -> Tensor.stack(1, x, x.exp())), Map.entry("matmul", x -> x.matmul(x.t())),
            Map.entry("matmul of vectors", x -> x.select(0, 0).matmul(x.select(0, 1))),
            Map.entry("batched matmul", x -> x.expand(2, 2, 3).matmul(x.t())),
            Map.entry("indexSelect", x -> x.indexSelect(1, INDEX).square()),
            Map.entry("gather", x -> x.gather(1, PLACES).square()),
            Map.entry("gather of fewer", x -> x.gather(0, Tensor.of(new long[] {1, 0}, 1, 2)).square()),
            Map.entry("crossEntropy", x -> x.crossEntropy(Tensor.of(2L, 0L))),
            Map.entry("mse", x -> x.mse(x.detach().mul(0.5))), Map.entry("to", x -> x.square().to(DType.FLOAT64))));

    @Test
    void changesInPlace() {
        Function<List<Tensor>, Tensor> function = in -> {
            Tensor y = in.getFirst().mul(1);
            y.select(0, 1).mul_(y.select(0, 0).exp());
            return y.square();
        };
        GradCheck.check(function, leaf(3, 2, 3));
        GradCheck.checkSecond(function, leaf(4, 2, 3));
        GradCheck.check(in -> OpContractTest.second(in, function.apply(in)), leaf(5, 2, 3));
    }

    /** Powers of two, whose products are exact, and zeros, which no quotient would survive. */
    @Test
    void gradientsOfProductsAreTheProductsOfTheOthers() {
        double[] factors = {2, -1, 0.5, 4, -0.25, 1, -2};
        for (DType dtype : List.of(DType.FLOAT32, DType.FLOAT64)) {
            for (int n = 1; n < 70; n++) {
                for (int zeros = 0; zeros < Math.min(3, n); zeros++) {
                    double[] values = new double[n];
                    for (int i = 0; i < n; i++) {
                        values[i] = i < zeros ? 0 : factors[i % factors.length];
                    }
                    double[] expected = new double[n];
                    for (int i = 0; i < n; i++) {
                        expected[i] = 1;
                        for (int k = 0; k < n; k++) {
                            expected[i] *= k == i ? 1 : values[k];
                        }
                        expected[i] += 0.0;
                    }
                    Tensor x = Tensor.of(values).to(dtype).keep().requiresGrad(true);
                    try (Tape tape = Tape.open()) {
                        x.prod().backward();
                        double[] found = x.grad().to(DType.FLOAT64).add(0).toDoubleArray();
                        int count = n;
                        assertArrayEquals(expected, found, () -> dtype + ", " + count + " elements");
                    }
                }
            }
        }
    }

    /** Around the lengths of vectors: what is picked gets what came, everything between gets zero. */
    @Test
    void gradientsOfSlicesLieWhereTheyWereTaken() {
        for (DType dtype : List.of(DType.FLOAT32, DType.FLOAT64)) {
            for (int columns = 1; columns < 70; columns++) {
                for (int start = 0; start < Math.min(columns, 4); start++) {
                    for (int step = 1; step < 4; step++) {
                        checkSlice(dtype, columns, start, step);
                    }
                }
            }
            checkSlice(dtype, 9000, 1, 2);
        }
    }

    private static void checkSlice(DType dtype, int columns, int start, int step) {
        Tensor x = Tensor.ones(3, columns).to(dtype).keep().requiresGrad(true);
        int picked = (columns - start + step - 1) / step;
        double[] expected = new double[3 * columns];
        for (int i = 0; i < 3 * picked; i++) {
            expected[i / picked * columns + start + i % picked * step] = i + 1;
        }
        try (Tape tape = Tape.open()) {
            Tensor weights = Tensor.arange(1, 3 * picked + 1, 1, dtype).reshape(3, picked);
            x.slice(1, start, columns, step).mul(weights).sum().backward();
            assertArrayEquals(expected, x.grad().to(DType.FLOAT64).toDoubleArray(),
                    () -> dtype + ", " + columns + " columns from " + start + " by " + step);
        }
    }

    @TestFactory
    Stream<DynamicTest> derivativesAgreeWithFiniteDifferences() {
        return OF_A_MATRIX.entrySet().stream().map(entry -> DynamicTest.dynamicTest(entry.getKey(), () -> {
            Function<List<Tensor>, Tensor> function = in -> entry.getValue().apply(in.getFirst());
            if (!entry.getKey().equals("mse")) { // the detached target would move with the finite difference
                GradCheck.check(function, leaf(3, 2, 3));
                GradCheck.checkSecond(function, leaf(4, 2, 3));
                GradCheck.check(in -> OpContractTest.second(in, function.apply(in)), leaf(5, 2, 3));
            } else {
                Tensor target = leaf(5, 2, 3).detach();
                GradCheck.check(in -> in.getFirst().mse(target), leaf(3, 2, 3));
                GradCheck.checkSecond(in -> in.getFirst().mse(target), leaf(4, 2, 3));
            }
        }));
    }
}

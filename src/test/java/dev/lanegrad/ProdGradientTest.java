package dev.lanegrad;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The gradient of a product is the product of the others, in the order that its law states, however the elements lie. */
@Tag("widths")
class ProdGradientTest {
    private static final long SEED = 11;
    private static final int COLUMNS = 64;
    private static final int[][] SHAPES = {{}, {1}, {2}, {5}, {63}, {64}, {65}, {130}, {9001}, {3, 4}, {100, 3}, {3, 100},
        {3, 600}, {700, 20}, {2, 33, 5}, {4, 7, 20}, {2, 70, 17}, {2, 200, 33}, {5, 6, 7, 8}, {129, 40}, {600, 2},
        {40, 3, 300}};

    @AfterEach
    void oneThread() {
        Lanegrad.threads(1);
    }

    @Test
    void theBitsAreThoseOfTheLaw() {
        System.out.println("ProdGradientTest: seed " + SEED);
        Rng rng = new Rng(SEED);
        for (DType dtype : List.of(DType.FLOAT32, DType.FLOAT64)) {
            for (int[] shape : SHAPES) {
                Tensor x = Tensor.rand(rng, dtype, shape).mul(0.6).add(0.7);
                if (x.numel() > 3) {
                    x.view(-1).select(0, 2).mul_(0);
                }
                for (int set = 1; set < 1 << Math.max(1, shape.length); set++) {
                    int[] dims = dims(set, shape.length);
                    double[] law = law(dtype, x.to(DType.FLOAT64).toDoubleArray(), shape, set);
                    for (int threads = 1; threads <= 3; threads += 2) {
                        Lanegrad.threads(threads);
                        assertArrayEquals(law, gradient(x, dims), dtype + " " + Arrays.toString(shape) + " over "
                                + Arrays.toString(dims) + ", " + threads + " threads");
                    }
                }
            }
        }
    }

    @Test
    void programsHaveTheSameBits() {
        Rng rng = new Rng(SEED);
        for (int[] shape : new int[][] {{3, 600}, {40, 100}, {70, 33}, {3, 5, 40}, {0, 4}}) {
            Tensor x = Tensor.rand(rng, DType.FLOAT64, shape).add(0.5);
            for (int set = 1; set < 1 << shape.length; set++) {
                int[] dims = dims(set, shape.length);
                try (Program program = Program.valueAndGrad(in -> in.prod(dims).sum())) {
                    assertArrayEquals(gradient(x, dims), program.call(x).get(1).toDoubleArray(),
                            Arrays.toString(shape) + " over " + Arrays.toString(dims));
                }
            }
        }
    }

    @Test
    void stridedOperandsHaveTheGradientsOfTheirCopies() {
        Tensor x = Tensor.rand(new Rng(SEED), DType.FLOAT32, 40, 600).add(0.5);
        double[] copied = gradient(x.transpose(0, 1).clone(), new int[] {0});
        assertArrayEquals(copied, gradient(x.transpose(0, 1), new int[] {0}));
    }

    @Test
    void higherDerivativesLeaveOutMoreElements() {
        Tensor x = Tensor.of(2.0, 0.0, 3.0, 5.0).requiresGrad(true);
        try (Tape tape = Tape.open()) {
            Tensor first = Grad.grad(List.of(x.prod()), List.of(x), null, true, true).getFirst();
            assertArrayEquals(new double[] {0, 30, 0, 0}, first.detach().to(DType.FLOAT64).toDoubleArray());
            Tensor second = Grad.grad(List.of(first.select(0, 1)), List.of(x), null, true, true).getFirst();
            assertArrayEquals(new double[] {15, 0, 10, 6}, second.detach().to(DType.FLOAT64).toDoubleArray());
            Tensor third = Grad.grad(List.of(second.select(0, 0)), List.of(x), null, true, true).getFirst();
            assertArrayEquals(new double[] {0, 0, 5, 3}, third.detach().to(DType.FLOAT64).toDoubleArray());
            Tensor fourth = Grad.grad(List.of(third.select(0, 2)), List.of(x), null, false, false).getFirst();
            assertEquals(List.of(0.0, 0.0, 0.0, 1.0), Arrays.stream(fourth.to(DType.FLOAT64).toDoubleArray()).boxed().toList());
        }
    }

    private static int[] dims(int set, int rank) {
        List<Integer> dims = new ArrayList<>();
        for (int d = 0; d < rank; d++) {
            if ((set >> d & 1) != 0) {
                dims.add(d);
            }
        }
        return dims.stream().mapToInt(Integer::intValue).toArray();
    }

    private static double[] gradient(Tensor x, int[] dims) {
        Tensor leaf = x.detach().requiresGrad(true);
        try (Tape tape = Tape.open()) {
            leaf.prod(dims).sum().backward();
            return leaf.grad().to(DType.FLOAT64).toDoubleArray();
        }
    }

    /** The law, element by element. */
    private static double[] law(DType dtype, double[] x, int[] shape, int set) {
        TreeMap<Long, List<Integer>> sequences = new TreeMap<>();
        for (int i = 0; i < x.length; i++) {
            long key = 0;
            int rest = i;
            for (int d = shape.length - 1; d >= 0; d--) {
                key += (set >> d & 1) != 0 ? 0 : (rest % shape[d] + 1L) << 12 * d;
                rest /= shape[d];
            }
            sequences.computeIfAbsent(key, k -> new ArrayList<>()).add(i);
        }
        double[] result = new double[x.length];
        for (List<Integer> sequence : sequences.values()) {
            int columns = Math.min(COLUMNS, sequence.size());
            double[] whole = new double[columns];
            Arrays.fill(whole, 1);
            for (int k = 0; k < sequence.size(); k++) {
                result[sequence.get(k)] = whole[k % COLUMNS];
                whole[k % COLUMNS] = times(dtype, whole[k % COLUMNS], x[sequence.get(k)]);
            }
            double[] others = others(dtype, whole);
            for (int k = sequence.size() - 1; k >= 0; k--) {
                int i = sequence.get(k);
                result[i] = times(dtype, result[i], others[k % COLUMNS]);
                others[k % COLUMNS] = times(dtype, others[k % COLUMNS], x[i]);
            }
        }
        return result;
    }

    private static double[] others(DType dtype, double[] products) {
        if (products.length == 1) {
            return new double[] {1};
        }
        double[] pairs = new double[(products.length + 1) / 2];
        for (int i = 0; i < pairs.length; i++) {
            pairs[i] = 2 * i + 1 < products.length ? times(dtype, products[2 * i], products[2 * i + 1]) : products[2 * i];
        }
        double[] above = others(dtype, pairs);
        double[] result = new double[products.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = (i ^ 1) < products.length ? times(dtype, above[i / 2], products[i ^ 1]) : above[i / 2];
        }
        return result;
    }

    private static double times(DType dtype, double a, double b) {
        return dtype == DType.FLOAT32 ? (float) a * (float) b : a * b;
    }
}

package dev.lanegrad;

import dev.lanegrad.build.OwnJvm;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Programs that go through a row in one loop: each row has the bits that it has as one of a few, for which there is none. */
@Tag("slow")
class ProgramRowsTest {
    private static final long SEED = 11;
    private static final int FEW = 5;

    /** In vectors of at most so many bytes. */
    @ParameterizedTest
    @ValueSource(ints = {16, 32, 64})
    void rowsHaveTheBitsOfStepsOverAFew(int bytes) throws IOException, InterruptedException {
        OwnJvm.run(Rows.class, List.of("-Dlanegrad.tier=1", "-Dlanegrad.verify=true", "-XX:MaxVectorSize=" + bytes));
    }

    /** In vectors of at most so many bytes. */
    @ParameterizedTest
    @ValueSource(ints = 64)
    void rowsHaveTheSameBitsWhateverThreadComputesThem(int bytes) throws IOException, InterruptedException {
        OwnJvm.run(SharedRows.class, List.of("-Dlanegrad.tier=1", "-XX:MaxVectorSize=" + bytes));
    }

    /** Compares programs whose rows are shared by threads, and whose sums over all rows are not, with those of one thread. */
    static final class SharedRows {
        private static final int CALLS = 6;

        private SharedRows() {
        }

        public static void main(String[] arguments) {
            System.out.println("ProgramRowsTest: seed " + SEED);
            int shared = 0;
            for (Rows.Case each : Rows.cases()) {
                for (DType dtype : List.of(DType.FLOAT32, DType.FLOAT64)) {
                    for (int[] shape : new int[][] {{401, 777}, {512, 640}, {2100, 96}}) {
                        shared += check(each, dtype, shape) ? 1 : 0;
                    }
                }
            }
            for (DType dtype : List.of(DType.FLOAT32, DType.FLOAT64)) {
                check(new Rows.Case("one row", (x, w, c) -> x.add(1).mul(w)), dtype, new int[] {1, 400_003});
            }
            if (shared < Rows.cases().size() * 2 * 2) {
                throw new AssertionError("only " + shared + " programs are shared by threads");
            }
        }

        private static boolean check(Rows.Case each, DType dtype, int[] shape) {
            Tensor[] inputs = {Tensor.randn(new Rng(SEED), dtype, shape), Tensor.rand(new Rng(SEED + 1), dtype, shape[1]).add(0.5),
                Tensor.rand(new Rng(SEED + 2), dtype, shape[0], 1).add(0.5)};
            List<double[]> expected = run(each, inputs, 1).getFirst();
            boolean shared = false;
            for (int threads : new int[] {2, 3}) {
                for (List<double[]> actual : run(each, inputs, threads)) {
                    for (int i = 0; i < expected.size(); i++) {
                        int at = Arrays.mismatch(expected.get(i), actual.get(i));
                        if (at >= 0) {
                            throw new AssertionError(each.name() + " of " + dtype + " " + Arrays.toString(shape) + ", result " + i
                                    + ", element " + at + ", " + threads + " threads");
                        }
                    }
                }
                shared = explained.contains("by up to " + threads + " threads");
            }
            return shared;
        }

        private static String explained;

        /** What each of some calls gives: a sum over all rows, and its gradients by all, by columns and by rows. */
        private static List<List<double[]>> run(Rows.Case each, Tensor[] inputs, int threads) {
            Lanegrad.threads(threads);
            try (Program program = Program.valueAndGrad((x, w, c) -> each.function().apply(x, w, c).square().sum())) {
                List<List<double[]>> all = new ArrayList<>();
                for (int i = 0; i < (threads == 1 ? 1 : CALLS); i++) {
                    all.add(program.call(inputs).stream().map(Rows::numbers).toList());
                }
                explained = program.explain();
                return all;
            }
        }
    }

    /** Compares programs of many rows, all of whose loops are emitted at once. */
    static final class Rows {
        private Rows() {
        }

        /** A function of rows, of weights for each of their elements, and of a number for each row. */
        private record Case(String name, Function function) {
        }

        private interface Function {
            Tensor apply(Tensor x, Tensor w, Tensor c);
        }

        private static List<Case> cases() {
            UnaryOperator<Tensor> normalised = x -> {
                Tensor centred = x.sub(x.mean(true, 1));
                return centred.mul(centred.square().mean(true, 1).add(1e-5).rsqrt());
            };
            return List.of(
                    new Case("softmax", (x, w, c) -> x.softmax(1).mul(w)),
                    new Case("logSoftmax", (x, w, c) -> x.mul(c).logSoftmax(1).mul(w)),
                    new Case("logSumExp", (x, w, c) -> x.add(w).logSumExp(1).mul(c.squeeze(1))),
                    new Case("layer norm", (x, w, c) -> normalised.apply(x).mul(w).add(c).silu()),
                    new Case("sums of one row", (x, w, c) -> x.mul(w).exp().div(x.square().sum(true, 1)).sub(x.sum(true, 1))),
                    new Case("var", (x, w, c) -> x.mul(c).var(1)),
                    new Case("classes", (x, w, c) -> x.softmax(1).sub(
                            Tensor.arange(0, x.size(1), 1, DType.INT64).eq(c.mul(3).to(DType.INT64)).to(x.dtype()))),
                    new Case("slice", (x, w, c) -> x.slice(1, 1, x.size(1) - 3, 1).softmax(1)));
        }

        public static void main(String[] arguments) {
            System.out.println("ProgramRowsTest: seed " + SEED);
            int chained = 0;
            for (Case each : cases()) {
                for (DType dtype : List.of(DType.FLOAT32, DType.FLOAT64)) {
                    for (int[] shape : new int[][] {{40, 777}, {51, 640}, {9, 4096}, {300, 100}}) {
                        chained += check(each, dtype, shape) ? 1 : 0;
                    }
                }
            }
            if (chained < cases().size() * 2 * 3) {
                throw new AssertionError("only " + chained + " programs have a loop over rows");
            }
        }

        private static boolean check(Case each, DType dtype, int[] shape) {
            Tensor x = Tensor.randn(new Rng(SEED), dtype, shape);
            Tensor w = Tensor.rand(new Rng(SEED + 1), dtype, shape[1]).add(0.5);
            Tensor c = Tensor.rand(new Rng(SEED + 2), dtype, shape[0], 1).add(0.5);
            try (Program whole = program(each); Program few = program(each)) {
                List<Tensor> results = whole.call(x, w, c);
                for (int row = 0; row < shape[0]; row += FEW) {
                    int rows = Math.min(FEW, shape[0] - row);
                    List<Tensor> own = few.call(x.narrow(0, row, rows).contiguous(), w, c.narrow(0, row, rows).contiguous());
                    for (int i = 0; i < results.size(); i++) {
                        double[] expected = numbers(own.get(i));
                        double[] actual = numbers(results.get(i).narrow(0, row, rows));
                        if (!Arrays.equals(expected, actual)) {
                            throw new AssertionError(each.name() + " of " + dtype + " " + Arrays.toString(shape) + ", result " + i
                                    + ", rows from " + row + ": " + whole.explain());
                        }
                    }
                }
                return whole.explain().contains("row by row in one loop");
            }
        }

        /** The value, and its gradients by the rows and by what there is one of for each. */
        private static Program program(Case each) {
            return Program.ofList(in -> {
                Tensor x = in.get(0).detach().requiresGrad(true);
                Tensor c = in.get(2).detach().requiresGrad(true);
                Tensor y = each.function().apply(x, in.get(1), c);
                List<Tensor> results = new ArrayList<>(List.of(y));
                results.addAll(Grad.grad(List.of(y.mul(y.detach().cos()).sum()), List.of(x, c), null, false, false, true, false));
                return results.stream().filter(result -> result != null).toList();
            });
        }

        private static double[] numbers(Tensor x) {
            return x.to(DType.FLOAT64).toDoubleArray();
        }
    }
}

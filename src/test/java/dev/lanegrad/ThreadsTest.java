package dev.lanegrad;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.lanegrad.internal.graph.Pointwise;
import dev.lanegrad.internal.graph.Value;
import dev.lanegrad.internal.op.Binary;
import dev.lanegrad.internal.op.Elementwise;
import dev.lanegrad.internal.op.Ternary;
import dev.lanegrad.internal.op.Unary;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Results have the same bits for any number of threads; but which NaN a NaN is, is left open. */
class ThreadsTest {
    private static final int[] COUNTS = {2, 4, 3};
    private static final int ROWS = 1021;
    private static final int COLUMNS = 611;
    private static final Tensor NUMBERS = Tensor.randn(new Rng(20261125), 700_000).mul(2);
    private int before;

    @BeforeEach
    void remember() {
        before = Lanegrad.threads();
    }

    @AfterEach
    void restore() {
        Lanegrad.threads(before);
    }

    /** Computes the tensors with one thread and with several; fails unless they are the same. */
    private static void same(String what, Supplier<List<Tensor>> function) {
        Lanegrad.threads(1);
        List<Object> expected = function.get().stream().map(ThreadsTest::elements).toList();
        for (int threads : COUNTS) {
            Lanegrad.threads(threads);
            List<Object> actual = function.get().stream().map(ThreadsTest::elements).toList();
            for (int i = 0; i < expected.size(); i++) {
                int at = mismatch(expected.get(i), actual.get(i));
                assertEquals(-1, at, () -> what + ": first difference with " + threads + " threads");
            }
        }
    }

    private static void one(String what, Supplier<Tensor> function) {
        same(what, () -> List.of(function.get()));
    }

    private static Object elements(Tensor tensor) {
        return switch (tensor.dtype()) {
            case FLOAT32 -> tensor.toFloatArray();
            case FLOAT64 -> tensor.toDoubleArray();
            case INT64 -> tensor.toLongArray();
            case BOOL -> tensor.to(DType.INT64).toLongArray();
        };
    }

    private static int mismatch(Object a, Object b) {
        return switch (a) {
            case float[] x -> Arrays.mismatch(x, (float[]) b);
            case double[] x -> Arrays.mismatch(x, (double[]) b);
            case long[] x -> Arrays.mismatch(x, (long[]) b);
            default -> throw new AssertionError(a);
        };
    }

    static Stream<Elementwise> ops() {
        return Stream.of(Unary.values(), Binary.values(), Ternary.values()).flatMap(Arrays::stream);
    }

    private static Tensor apply(Elementwise op, List<Tensor> from) {
        Value[] values = new Value[op.arity()];
        for (int i = 0; i < values.length; i++) {
            values[i] = from.get(i % from.size()).value;
        }
        return new Tensor(Pointwise.apply(op, values));
    }

    /** A piece of the same normal numbers, which begins elsewhere for each shape. */
    private static Tensor numbers(int... shape) {
        int count = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
        return NUMBERS.narrow(0, Arrays.hashCode(shape) & 0xffff, count).clone().view(shape);
    }

    @ParameterizedTest
    @MethodSource("ops")
    void elementwiseOps(Elementwise op) {
        Tensor x = numbers(ROWS, COLUMNS);
        Tensor across = numbers(COLUMNS, ROWS).transpose(0, 1);
        Tensor column = numbers(ROWS, 1);
        Tensor row = numbers(COLUMNS);
        Tensor wide = numbers(ROWS, COLUMNS + 3).narrow(1, 1, COLUMNS);
        Tensor narrow = numbers(9001, 67);
        Tensor beside = numbers(67);
        Tensor down = numbers(9001, 1);
        one(op + " flat", () -> apply(op, List.of(x, x, x)));
        one(op + " transposed", () -> apply(op, List.of(across, x, wide)));
        one(op + " sliced", () -> apply(op, List.of(wide, wide, x)));
        one(op + " row, column", () -> apply(op, op.arity() == 1 ? List.of(wide) : List.of(x, column, row)));
        one(op + " column, row", () -> apply(op, op.arity() == 1 ? List.of(across) : List.of(column, row, x)));
        one(op + " narrow", () -> apply(op, op.arity() == 1 ? List.of(narrow) : List.of(narrow, down, beside)));
        one(op + " narrow, rows", () -> apply(op, op.arity() == 1 ? List.of(narrow) : List.of(beside, narrow, down)));
        Tensor doubles = x.to(DType.FLOAT64);
        one(op + " float64", () -> apply(op, List.of(doubles, doubles, doubles)));
        one(op + " float64, mixed", () -> apply(op, List.of(across.to(DType.FLOAT64), x, column.to(DType.FLOAT64))));
    }

    @Test
    void elementwiseOpsInPlace() {
        Rng rng = new Rng(7);
        Tensor x = Tensor.randn(rng, ROWS, COLUMNS);
        Tensor row = Tensor.randn(rng, COLUMNS);
        Tensor column = Tensor.randn(rng, ROWS, 1);
        Tensor across = Tensor.randn(rng, COLUMNS, ROWS).transpose(0, 1);
        for (Tensor y : List.of(row, column, across, x)) {
            one("in place", () -> {
                Tensor z = x.clone();
                z.mul_(y).add_(1).sub_(y);
                return z;
            });
        }
        one("into a view", () -> {
            Tensor z = x.clone();
            z.narrow(1, 3, 600).mul_(row.narrow(0, 0, 600));
            z.transpose(0, 1).add_(column.transpose(0, 1));
            return z;
        });
    }

    @Test
    void folds() {
        Rng rng = new Rng(11);
        int[][] shapes = {{1_300_007}, {3, 300_001}, {ROWS, COLUMNS}, {7, 203, 611}, {300_000, 3}, {70_001, 10},
            {5, 9001, 19}, {2, 3, 131_072}, {16, 65_536}, {40_000, 33}};
        for (int[] shape : shapes) {
            Tensor floats = Tensor.randn(rng, shape);
            for (Tensor x : List.of(floats, floats.to(DType.FLOAT64))) {
                for (Tensor y : shape.length == 1 ? List.of(x) : List.of(x, x.transpose(0, shape.length - 1))) {
                    String what = "fold of " + Arrays.toString(y.shape()) + " " + y.dtype();
                    for (int[] dims : dims(shape.length)) {
                        same(what + " over " + Arrays.toString(dims), () -> List.of(y.sum(dims), y.amax(dims), y.amin(dims),
                                y.mul(0.01).add(1).prod(dims), y.var(dims)));
                    }
                    same(what + ", positions", () -> List.of(y.argmax(), y.argmin(0), y.argmax(shape.length - 1)));
                }
            }
        }
    }

    /** Some sets of dimensions; the empty one is all. */
    private static List<int[]> dims(int rank) {
        List<int[]> dims = new ArrayList<>(List.of(new int[0]));
        for (int d = 0; d < rank; d++) {
            dims.add(new int[] {d});
        }
        if (rank > 2) {
            dims.add(new int[] {0, 2});
            dims.add(new int[] {0, 1});
        }
        return dims;
    }

    @Test
    void matrixProducts() {
        Rng rng = new Rng(13);
        int[][] sizes = {{512, 512, 512}, {128, 784, 256}, {131, 257, 263}, {1, 4096, 1024}, {4096, 1024, 1}, {2048, 3, 2048},
            {3000, 129, 5}, {5, 129, 3000}, {700, 700, 33}, {1000, 1, 1000}, {20_000, 16, 16}, {257, 300, 1030}};
        for (int[] s : sizes) {
            Tensor floats = Tensor.randn(rng, s[0], s[1]);
            Tensor others = Tensor.randn(rng, s[1], s[2]);
            for (DType dtype : List.of(DType.FLOAT32, DType.FLOAT64)) {
                Tensor a = floats.to(dtype);
                Tensor b = others.to(dtype);
                Tensor ta = a.transpose(0, 1).contiguous().transpose(0, 1);
                Tensor tb = b.transpose(0, 1).contiguous().transpose(0, 1);
                same("matmul " + Arrays.toString(s) + " " + dtype,
                        () -> List.of(a.matmul(b), ta.matmul(b), a.matmul(tb), ta.matmul(tb)));
            }
        }
    }

    @Test
    void manyMatrixProducts() {
        Rng rng = new Rng(17);
        Tensor a = Tensor.randn(rng, 64, 33, 40);
        Tensor b = Tensor.randn(rng, 64, 40, 31);
        Tensor one = Tensor.randn(rng, 40, 31);
        Tensor heads = Tensor.randn(rng, 3, 1, 65, 40).transpose(2, 3);
        Tensor big = Tensor.randn(rng, 3, 200, 300);
        Tensor vector = Tensor.randn(rng, 64, 40, 1);
        same("matmul of batches", () -> List.of(a.matmul(b), a.matmul(one), b.transpose(1, 2).matmul(a.transpose(1, 2)),
                heads.matmul(Tensor.ones(5, 65, 40)), big.matmul(big.transpose(1, 2)), a.matmul(vector)));
    }

    private static List<Tensor> trained() {
        Rng rng = new Rng(19);
        Tensor x = Tensor.randn(rng, 256, 784);
        Tensor w = Tensor.randn(rng, 784, 300).mul(0.05).requiresGrad(true);
        Tensor b = Tensor.randn(rng, 300).requiresGrad(true);
        Tensor v = Tensor.randn(rng, 300, 10).mul(0.1).requiresGrad(true);
        try (Tape tape = Tape.open()) {
            for (int step = 0; step < 3; step++) {
                x.matmul(w).add(b).tanh().matmul(v).logSoftmax(1).square().mean().backward();
                tape.reset();
            }
        }
        return List.of(w.grad(), b.grad(), v.grad());
    }

    @Test
    void gradients() {
        same("gradients", ThreadsTest::trained);
    }

    @Test
    void programs() {
        Rng rng = new Rng(23);
        Tensor x = Tensor.randn(rng, 1_000_003);
        Tensor y = Tensor.randn(rng, ROWS, COLUMNS);
        Tensor row = Tensor.randn(rng, COLUMNS);
        Program fused = Program.of(a -> a.square().mul(0.3).add(1).exp().neg().exp().sum());
        Program mapped = Program.of(a -> a.tanh().mul(a).sigmoid().add(2));
        Program slopes = Program.of(a -> Grad.grad(z -> z.sin().mul(z.exp()).sum(), a));
        Program rows = Program.of((a, b) -> a.mul(b).exp().sum(0));
        same("programs", () -> List.of(fused.apply(x), mapped.apply(x), slopes.apply(x), rows.apply(y, row)));
    }

    @Test
    void severalUsersAtOnceGetTheBitsOfOne() throws InterruptedException {
        Lanegrad.threads(1);
        Supplier<List<Tensor>> work = () -> {
            Tensor x = Tensor.randn(new Rng(29), 300, 1000);
            return List.of(x.exp(), x.sum(), x.sum(0), x.matmul(x.transpose(0, 1)), x.add(x.narrow(1, 0, 1)));
        };
        List<Object> expected = work.get().stream().map(ThreadsTest::elements).toList();
        Lanegrad.threads(3);
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread[] users = new Thread[6];
        for (int t = 0; t < users.length; t++) {
            users[t] = (t % 2 == 0 ? Thread.ofVirtual() : Thread.ofPlatform())
                    .uncaughtExceptionHandler((thread, e) -> failure.set(e)).start(() -> {
                        for (int i = 0; i < 5; i++) {
                            List<Object> actual = work.get().stream().map(ThreadsTest::elements).toList();
                            for (int k = 0; k < actual.size(); k++) {
                                assertEquals(-1, mismatch(expected.get(k), actual.get(k)), "result " + k);
                            }
                        }
                    });
        }
        for (Thread user : users) {
            user.join();
        }
        assertEquals(null, failure.get());
    }

    @Test
    void theNumberOfThreadsIsWhatWasSet() {
        Lanegrad.threads(3);
        assertEquals(3, Lanegrad.threads());
        String message = assertThrows(IllegalArgumentException.class, () -> Lanegrad.threads(0)).getMessage();
        assertTrue(message.contains("from 1 to 256, but got 0"), message);
        assertEquals(3, Lanegrad.threads());
    }
}

package dev.lanegrad;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.lanegrad.internal.op.Elementwise;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A batch at once is the examples one by one. */
class VmapTest {
    private static final long SEED = 20261124;
    private static final int BATCH = 3;

    static Stream<Elementwise> ops() {
        return OpContractTest.ops();
    }

    private static Tensor random(long seed, int... shape) {
        return Tensor.rand(new Rng(seed), shape).to(DType.FLOAT64).mul(2).sub(0.9).keep();
    }

    private static void assertSame(Tensor expected, Tensor actual, String what) {
        assertArrayEquals(expected.shape(), actual.shape(), what);
        assertEquals(expected.dtype(), actual.dtype(), what);
        assertArrayEquals(expected.toDoubleArray(), actual.toDoubleArray(), 1e-12, what + ", seed " + SEED);
    }

    /** The function for each example, one after the other. */
    private static Tensor looped(Function<List<Tensor>, Tensor> function, List<Tensor> xs, List<Integer> dims) {
        int size = IntStream.range(0, xs.size()).filter(i -> dims.get(i) != null).map(i -> xs.get(i).size(dims.get(i)))
                .findFirst().orElseThrow();
        return Tensor.stack(0, IntStream.range(0, size).mapToObj(b -> function.apply(IntStream.range(0, xs.size())
                .mapToObj(i -> dims.get(i) == null ? xs.get(i) : xs.get(i).select(dims.get(i), b)).toList()))
                .toArray(Tensor[]::new));
    }

    private static void check(String what, Function<List<Tensor>, Tensor> function, List<Tensor> xs,
            List<Integer> dims) {
        Tensor expected = looped(function, xs, dims);
        assertSame(expected, Grad.vmap(in -> List.of(function.apply(in)), xs, dims, List.of(0)).getFirst(), what);
        try (Tape tape = Tape.open()) {
            Tensor recorded = Grad.vmap(in -> List.of(function.apply(in)), xs, dims, List.of(-1)).getFirst();
            int[] back = IntStream.range(0, recorded.dim()).map(d -> d == 0 ? recorded.dim() - 1 : d - 1).toArray();
            assertSame(expected, recorded.permute(back), what + " along the last dimension");
        }
    }

    /** Every choice of batched and whole operands, and operands with and without dimensions of their own. */
    @ParameterizedTest
    @MethodSource("ops")
    void elementwiseOpsOfABatchAreThoseOfItsExamples(Elementwise op) {
        for (int batched = 1; batched < 1 << op.arity(); batched++) {
            for (int flat = 0; flat < 1 << op.arity(); flat++) {
                List<Tensor> samples = OpContractTest.samples(op, DType.FLOAT64, new Rng(SEED), BATCH, 4);
                List<Tensor> xs = new ArrayList<>();
                List<Integer> dims = new ArrayList<>();
                for (int i = 0; i < op.arity(); i++) {
                    Tensor sample = (flat >> i & 1) != 0 ? samples.get(i).select(1, 0) : samples.get(i);
                    boolean own = (batched >> i & 1) != 0;
                    xs.add(own ? sample : sample.select(0, 0));
                    dims.add(own ? 0 : null);
                }
                check(op.label() + " batched " + batched + " flat " + flat, in ->
                        OpContractTest.apply(op, in), xs, dims);
            }
        }
    }

    @Test
    void typesAreChosenForAnExampleAndNotForTheBatch() {
        Tensor f32 = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 3, 2);
        Tensor f64 = Tensor.of(1.0, 2.0, 3.0);
        check("an example without dimensions", in -> in.get(0).mul(in.get(1)), List.of(f32, f64), List.of(0, 0));
        check("a number from outside", in -> in.get(0).mul(in.get(1)),
                List.of(f32.select(1, 0), Tensor.scalar(2, DType.FLOAT64)), Arrays.asList(0, null));
        check("integers", in -> in.get(0).add(in.get(1)), List.of(Tensor.of(1L, 2L, 3L), f32), List.of(0, 0));
        check("integers and a real", in -> in.get(0).mul(1.5), List.of(Tensor.of(1L, 2L, 3L)), List.of(0));
    }

    private static final Tensor INDEX = Tensor.of(2L, 0L, 2L, 1L);
    private static final Tensor INDICES = Tensor.of(new long[] {2, 0, 1, 1, 1, 0, 0, 2, 2}, 3, 3);
    private static final Tensor PLACES = Tensor.of(new long[] {0, 2, 1, 1, 2, 2, 0, 1, 0, 0, 1, 2}, 3, 2, 2);

    private static final Map<String, Function<List<Tensor>, Tensor>> OF_TWO = new TreeMap<>(Map.ofEntries(
            Map.entry("matmul", in -> in.get(0).matmul(in.get(1).t())),
            Map.entry("batched matmul", in -> in.get(0).expand(4, 2, 3).matmul(in.get(1).t())),
            Map.entry("matmul of matrix and vector", in -> in.get(0).matmul(in.get(1).select(0, 1))),
            Map.entry("matmul of vector and matrix", in -> in.get(0).select(0, 1).matmul(in.get(1).t())),
            Map.entry("cat", in -> Tensor.cat(1, in.get(0), in.get(1), in.get(0))),
            Map.entry("cat along the first", in -> Tensor.cat(0, in.get(0), in.get(1))),
            Map.entry("stack", in -> Tensor.stack(-1, in.get(1), in.get(0)))));

    @TestFactory
    Stream<DynamicTest> structuralOpsOfTwoOperands() {
        return OF_TWO.entrySet().stream().map(entry -> DynamicTest.dynamicTest(entry.getKey(), () -> {
            Tensor x = random(1, BATCH, 2, 3);
            Tensor y = random(2, BATCH, 2, 3);
            check("both", entry.getValue(), List.of(x, y), List.of(0, 0));
            check("the first", entry.getValue(), List.of(x, y.select(0, 0)), Arrays.asList(0, null));
            check("the second", entry.getValue(), List.of(x.select(0, 0), y), Arrays.asList(null, 0));
            check("other dimensions", entry.getValue(), List.of(x.permute(1, 0, 2), y.permute(1, 2, 0)),
                    List.of(1, -1));
            gradients(entry.getValue(), List.of(x, y), List.of(0, 0));
            gradients(entry.getValue(), List.of(x, y.select(0, 0)), Arrays.asList(0, null));
            gradients(entry.getValue(), List.of(x.select(0, 0), y), Arrays.asList(null, 0));
        }));
    }

    /** The gradient of each example, by all inputs, also by those that are not of the batch. */
    private static void gradients(Function<List<Tensor>, Tensor> function, List<Tensor> xs, List<Integer> dims) {
        Function<List<Tensor>, Tensor> scalar = in -> function.apply(in).square().sum();
        for (int i = 0; i < xs.size(); i++) {
            int own = i;
            check("gradient by input " + i, in -> Grad.grad(scalar, in, own).getFirst(), xs, dims);
        }
    }

    @TestFactory
    Stream<DynamicTest> structuralOpsOfOneOperand() {
        Map<String, Function<Tensor, Tensor>> functions = new TreeMap<>(StructuralGradientsTest.OF_A_MATRIX);
        functions.remove("changed in place");
        functions.put("argmax", x -> x.argmax());
        functions.put("argmax along", x -> x.argmax(1));
        functions.put("argmin kept", x -> x.argmin(0, true));
        functions.put("amax all", x -> x.amax());
        functions.put("sum of booleans", x -> x.gt(0).sum(1));
        functions.put("fold without dimensions", x -> x.select(0, 1).select(0, 2).sum()
                .add(x.select(0, 0).select(0, 0).amax()));
        functions.put("softmax without dimensions", x -> x.select(0, 1).select(0, 2).softmax(0));
        functions.put("logSumExp without dimensions", x -> x.select(0, 1).select(0, 2).logSumExp());
        functions.put("argmax without dimensions", x -> x.select(0, 1).select(0, 2).argmax());
        functions.put("to float32", x -> x.to(DType.FLOAT32));
        return functions.entrySet().stream().map(entry -> DynamicTest.dynamicTest(entry.getKey(), () -> {
            Tensor x = random(3, BATCH, 2, 3);
            Function<List<Tensor>, Tensor> function = in -> entry.getValue().apply(in.getFirst());
            check(entry.getKey(), function, List.of(x), List.of(0));
            check(entry.getKey() + " along the last", function, List.of(x.permute(1, 2, 0)), List.of(2));
            if (entry.getValue().apply(x.select(0, 0)).dtype() == DType.FLOAT64) {
                gradients(function, List.of(x), List.of(0));
                check("hessian", in -> Grad.hessian(y -> entry.getValue().apply(y).exp().sum(), in.getFirst()),
                        List.of(x), List.of(0));
                check("tangent", in -> Grad.jvp(entry.getValue(), in.getFirst(), in.getLast()).tangent(),
                        List.of(x, random(8, BATCH, 2, 3)), List.of(0, 0));
            }
        }));
    }

    @Test
    void indicesMayBeOfTheBatchOrNot() {
        Tensor x = random(4, BATCH, 2, 3);
        Tensor table = random(5, 3, 4);
        Function<List<Tensor>, Tensor> select = in -> in.get(0).indexSelect(1, in.get(1)).square();
        Function<List<Tensor>, Tensor> gather = in -> in.get(0).gather(1, in.get(1)).square();
        check("select by one", select, List.of(x, INDEX), Arrays.asList(0, null));
        check("select by each", select, List.of(x, INDICES), List.of(0, 0));
        check("each selects from one", select, List.of(table.t(), INDICES), Arrays.asList(null, 0));
        check("each selects rows of one", in -> in.get(0).indexSelect(0, in.get(1)), List.of(table, INDICES),
                Arrays.asList(null, 0));
        check("gather by one", gather, List.of(x, PLACES.select(0, 0)), Arrays.asList(0, null));
        check("gather by each", gather, List.of(x, PLACES), List.of(0, 0));
        check("each gathers from one", gather, List.of(x.select(0, 0), PLACES), Arrays.asList(null, 0));
        for (Function<List<Tensor>, Tensor> f : List.of(select)) {
            check("gradient", in -> Grad.grad(y -> f.apply(List.of(y, in.get(1))).sum(), in.get(0)),
                    List.of(x, INDICES), List.of(0, 0));
            check("gradient", in -> Grad.grad(y -> f.apply(List.of(y, in.get(1))).sum(), in.get(0)), List.of(x, INDEX),
                    Arrays.asList(0, null));
            check("gradient", in -> Grad.grad(y -> f.apply(List.of(y, in.get(1))).sum(), in.get(0)),
                    List.of(table.t(), INDICES), Arrays.asList(null, 0));
        }
        check("gradient", in -> Grad.grad(y -> gather.apply(List.of(y, in.get(1))).sum(), in.get(0)),
                List.of(x, PLACES), List.of(0, 0));
    }

    @Test
    void batchesNest() {
        Tensor x = random(6, 2, 3, 4);
        Tensor y = random(7, 5, 4);
        Tensor products = Grad.vmap(a -> Grad.vmap(b -> Grad.vmap(c -> b.mul(c).sum(), y), a), x);
        assertSame(x.matmul(y.t()), products, "all pairs");
        Tensor inner = Grad.vmap(a -> Grad.vmap(b -> Grad.grad(z -> z.mul(a.sum()).square().sum(), b), a, 0, 1), x);
        Tensor expected = Tensor.stack(0, IntStream.range(0, 2).mapToObj(i -> x.select(0, i).mul(2)
                .mul(x.select(0, i).sum().square()).t()).toArray(Tensor[]::new));
        assertSame(expected, inner, "gradients in the inner batch");
        Tensor outer = Grad.vmap(a -> Grad.grad(z -> Grad.vmap(b -> b.mul(z.sum()).square().sum(), z).sum(), a), x);
        Tensor each = looped(in -> Grad.grad(z -> z.mul(z.sum()).square().sum(), in.getFirst()), List.of(x),
                List.of(0));
        assertSame(each, outer, "a batch inside the gradient inside a batch");
    }

    @Test
    void aGradientByWhatIsNotOfTheBatchIsAnErrorAndNotTheSum() {
        Tensor x = random(8, BATCH, 2);
        try (Tape tape = Tape.open()) {
            Tensor w = random(9, 2).requiresGrad(true);
            String message = assertThrows(IllegalStateException.class, () -> Grad.vmap(
                    each -> Grad.grad(each.mul(w).sum(), w, false), x)).getMessage();
            assertTrue(message.contains("would be the sum over all examples") && message.contains("perSampleGrad"),
                    message);
            Tensor gradients = Grad.vmap(each -> Grad.grad(v -> each.mul(v).sum(), w), x);
            assertSame(x, gradients, "by each example's own copy");
            Grad.vmap(each -> each.mul(w).sum(), x).sum().backward();
            assertSame(x.sum(0), w.grad(), "the sum, outside");
        }
    }

    @Test
    void backwardInsideABatchIsAnError() {
        try (Tape tape = Tape.open()) {
            Tensor x = random(8, BATCH, 2).requiresGrad(true);
            String message = assertThrows(IllegalStateException.class, () -> Grad.vmap(each -> {
                each.square().sum().backward();
                return each;
            }, x)).getMessage();
            assertTrue(message.contains("vmap") && message.contains("Grad.grad"), message);
        }
    }

    @Test
    void gradientsOfEachExampleByTheParameters() {
        Tensor w = random(10, 3, 2);
        Tensor b = random(11, 2);
        Tensor x = random(12, 5, 3);
        Tensor y = Tensor.of(0L, 1L, 1L, 0L, 1L);
        List<Tensor> all = Grad.perSampleGrad((p, in) -> in.get(0).unsqueeze(0).matmul(p.get(0)).add(p.get(1))
                .crossEntropy(in.get(1).unsqueeze(0)), List.of(w, b), List.of(x, y));
        assertArrayEquals(new int[] {5, 3, 2}, all.get(0).shape());
        for (int i = 0; i < 5; i++) {
            Tensor one = x.slice(0, i, i + 1);
            Tensor label = y.slice(0, i, i + 1);
            List<Tensor> expected = Grad.grad(p -> one.matmul(p.get(0)).add(p.get(1)).crossEntropy(label),
                    List.of(w, b));
            assertSame(expected.get(0), all.get(0).select(0, i), "weights of example " + i);
            assertSame(expected.get(1), all.get(1).select(0, i), "bias of example " + i);
        }
    }

    @Test
    void aTensorOfABatchCannotBeReadOrKept() {
        Tensor x = random(13, BATCH);
        String message = assertThrows(IllegalStateException.class, () ->
                Grad.vmap(each -> each.item() > 0 ? each : each.neg(), x)).getMessage();
        assertTrue(message.contains("one example of a batch") && message.contains("where instead of if"), message);
        Tensor[] escaped = new Tensor[1];
        Grad.vmap(each -> escaped[0] = each, x);
        assertTrue(assertThrows(IllegalStateException.class, () -> escaped[0].add(1)).getMessage()
                .contains("has returned"));
    }

    @Test
    void sizesAndDimensionsThatDoNotFitAreErrorsThatNameThem() {
        Tensor x = random(14, 3, 2);
        assertTrue(assertThrows(IllegalArgumentException.class, () -> Grad.vmap(in -> in.getFirst(), List.of(x, x.t())))
                .getMessage().contains("same size in the mapped dimension, got sizes 3 and 2"));
        assertTrue(assertThrows(IllegalArgumentException.class, () -> Grad.vmap(each -> each, Tensor.scalar(1)))
                .getMessage().contains("in_dim must be in the range"));
        assertThrows(IllegalArgumentException.class, () -> Grad.vmap(each -> each, x, 2, 0));
        assertThrows(IllegalArgumentException.class, () -> Grad.vmap(each -> each, x, 0, 3));
        assertTrue(assertThrows(IllegalArgumentException.class, () ->
                Grad.vmap(in -> in, List.of(x), Arrays.asList((Integer) null),
                List.of(0))).getMessage().contains("Expected at least one Tensor"));
        assertThrows(IllegalArgumentException.class, () -> Grad.vmap(in -> in, List.of(x), List.of(0),
                Arrays.asList((Integer) null)));
        assertThrows(IllegalArgumentException.class, () -> Grad.vmap(each -> each.add(Tensor.ones(3)), x));
        assertEquals(1, x.sum().sub(x.sum()).add(1).item(), "ops mean themselves again after an error");
    }

    @Test
    void resultsThatAreNotOfTheBatchAreRepeatedOrPassedOn() {
        Tensor x = random(15, BATCH, 2);
        Tensor c = random(16, 4);
        List<Tensor> both = Grad.vmap(in -> List.of(in.getFirst(), c, c), List.of(x), List.of(0),
                Arrays.asList(1, 0, null));
        assertSame(x.t(), both.get(0), "along the second");
        assertSame(c.expand(BATCH, 4), both.get(1), "repeated");
        assertSame(c, both.get(2), "passed on");
    }

    @Test
    void aBatchInsideATapeIsPartOfItsGraphAndFollowsNoGrad() {
        try (Tape tape = Tape.open()) {
            Tensor x = random(17, BATCH, 2).requiresGrad(true);
            Tensor y = Grad.vmap(each -> each.mul(each.sum()), x);
            y.sum().backward();
            assertSame(Grad.grad(z -> z.sum(1).square().sum(), x.detach()), x.grad(), "gradient through a batch");
            try (GradMode off = GradMode.noGrad()) {
                assertFalse(Grad.vmap(each -> each.mul(2), x).requiresGrad());
            }
        }
    }

    @Test
    void aBatchOfPullbacksAndPushforwardsMakesJacobians() {
        try (Tape tape = Tape.open()) {
            Tensor x = random(18, 3);
            Tensor eye = Tensor.of(new double[] {1, 0, 0, 0, 1, 0, 0, 0, 1}, 3, 3);
            Function<Tensor, Tensor> f = y -> y.exp().mul(y.sum());
            Pullback pullback = Grad.vjp(f, x);
            Pushforward pushforward = Grad.linearize(f, x);
            Tensor rows = Grad.vmap(pullback::apply, eye);
            Tensor columns = Grad.vmap(pushforward::apply, eye, 0, 1);
            assertSame(rows, columns, "both ways");
            assertSame(Grad.jacobian(f, x), rows, "the Jacobian");
        }
    }

    @Test
    void gradientsOfRecordedResultsInsideABatchAreThoseOfEachExample() {
        try (Tape tape = Tape.open()) {
            Tensor x = random(19, BATCH, 2).requiresGrad(true);
            Tensor gradients = Grad.vmap(each -> {
                Tensor middle = each.exp();
                Tensor result = middle.square().sum();
                List<Tensor> found = Grad.grad(List.of(result, middle), List.of(middle, each),
                        Arrays.asList(null, Tensor.ones(2)), true, true, true, false);
                return found.get(0).add(found.get(1).mul(10));
            }, x);
            Tensor e = x.detach().exp();
            assertSame(e.mul(2).add(1).add(e.square().mul(2).add(e).mul(10)), gradients,
                    "by a result and by the input");
            gradients.sum().backward();
            assertSame(e.mul(12).add(e.square().mul(40)), x.grad(), "derived again");
        }
    }

    @Test
    void aPullbackOfAnOuterBatchIsNotMappedByAnInnerOne() {
        Tensor x = random(22, BATCH, 2);
        Tensor eye = Tensor.of(new double[] {1, 0, 0, 1}, 2, 2);
        Function<Tensor, Tensor> f = y -> y.exp().mul(y.sum());
        assertTrue(assertThrows(IllegalStateException.class, () -> Grad.vmap(each -> {
            Pullback pullback = Grad.vjp(f, each);
            return Grad.vmap(pullback::apply, eye);
        }, x)).getMessage().contains("use jacobian"));
        assertSame(looped(in -> Grad.jacobian(f, in.getFirst()), List.of(x), List.of(0)),
                Grad.vmap(each -> Grad.jacobian(f, each), x), "Jacobians of a batch");
        Pullback outside = Grad.vjp(f, x.select(0, 0));
        assertSame(Grad.jacobian(f, x.select(0, 0)), Grad.vmap(outside::apply, eye), "a pullback that runs again");
    }

    @Test
    void anExampleOfABatchIsNotChangedInPlace() {
        Tensor x = random(23, BATCH, 2);
        double[] before = x.toDoubleArray();
        for (Function<Tensor, Tensor> change : List.<Function<Tensor, Tensor>>of(y -> y.mul_(2), y -> y.clone().add_(y),
                y -> Tensor.zeros(2).to(DType.FLOAT64).add_(y))) {
            assertTrue(assertThrows(IllegalStateException.class, () -> Grad.vmap(change, x)).getMessage()
                    .contains("one example of a batch in vmap"));
        }
        assertArrayEquals(before, x.toDoubleArray());
    }

    @Test
    void anEmptyBatchHasTheSizesOfNone() {
        Tensor x = Tensor.full(0, DType.FLOAT64, 0, 2);
        assertArrayEquals(new int[] {3, 0}, Grad.vmap(each -> each.sum().expand(3), x, 0, 1).shape());
        assertArrayEquals(new int[] {0, 2}, Grad.vmap(each -> Grad.grad(y -> y.square().sum(), each), x).shape());
    }

    @Test
    void aLayerAppliedToExamplesIsTheLayerAppliedToTheBatch() {
        Tensor x = random(20, 5, 3);
        Tensor w = random(21, 3, 4);
        assertArrayEquals(x.matmul(w).toDoubleArray(), Grad.vmap(each -> each.matmul(w), x).toDoubleArray());
        Tensor empty = Tensor.full(0, DType.FLOAT64, 5, 0);
        assertSame(Tensor.full(0, DType.FLOAT64, 5, 4), Grad.vmap(each -> each.matmul(w.slice(0, 0, 0)), empty),
                "no inner size");
    }
}

package dev.lanegrad;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.lanegrad.internal.op.Elementwise;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Forward mode: tangents are those of finite differences and of reverse mode, for every op, and can be derived again.
 */
class ForwardModeTest {
    private static final long SEED = 20261124;
    private static final GradCheck.Options BOTH = GradCheck.Options.DEFAULT.withCheckForwardAd(true);

    static Stream<Elementwise> differentiableOps() {
        return OpContractTest.differentiableOps();
    }

    private static Tensor random(long seed, int... shape) {
        return Tensor.randn(new Rng(seed), shape).to(DType.FLOAT64).keep();
    }

    private static double dot(Tensor a, Tensor b) {
        return a.mul(b).sum().item();
    }

    /** v.(J u) is the same from both sides. */
    private static void assertBothWaysEqual(Function<List<Tensor>, Tensor> function, List<Tensor> inputs, String what) {
        List<Tensor> u = new ArrayList<>();
        for (int i = 0; i < inputs.size(); i++) {
            u.add(random(SEED + i, inputs.get(i).shape()).to(inputs.get(i).dtype()));
        }
        Function<List<Tensor>, List<Tensor>> single = in -> List.of(function.apply(in));
        Grad.Jvp jvp = Grad.jvp(single, inputs, u);
        Tensor v = random(SEED - 1, jvp.value().shape());
        List<Tensor> gradients = Grad.vjp(single, inputs).apply(List.of(v));
        double forward = dot(v, jvp.tangent());
        double reverse = 0;
        for (int i = 0; i < u.size(); i++) {
            reverse += dot(gradients.get(i), u.get(i));
        }
        assertEquals(reverse, forward, 1e-9 * (1 + Math.abs(reverse)), what + ", seed " + SEED);
        assertArrayEquals(jvp.value().shape(), jvp.tangent().shape(), what);
        assertEquals(jvp.value().dtype(), jvp.tangent().dtype(), what);
    }

    @ParameterizedTest
    @MethodSource("differentiableOps")
    void tangentsOfElementwiseOpsAgreeWithDifferencesAndReverseMode(Elementwise op) {
        List<Tensor> samples = OpContractTest.samples(op, DType.FLOAT64, new Rng(SEED), 7);
        GradCheck.gradcheck(in -> List.of(OpContractTest.apply(op, in)), List.of(OpContractTest.tracked(op, samples)),
                BOTH);
        // A choice's condition is discrete: it is given from outside.
        boolean choice = op.derivative(0) == null;
        Tensor condition = samples.getFirst().gt(0).keep();
        List<Tensor> inputs = choice ? samples.subList(1, 3) : samples;
        assertBothWaysEqual(in -> {
            List<Tensor> all = new ArrayList<>(choice ? List.of(condition) : List.of());
            all.addAll(in);
            return OpContractTest.apply(op, all);
        }, inputs.stream().map(Tensor::detach).toList(), op.label());
    }

    @ParameterizedTest
    @MethodSource("differentiableOps")
    void recordedTangentsAreTheSameAndTheirGradientsAgreeWithDifferences(Elementwise op) {
        Tensor[] inputs = OpContractTest.tracked(op, OpContractTest.samples(op, DType.FLOAT64, new Rng(SEED + 5), 5));
        List<Integer> tracked = new ArrayList<>();
        for (int i = 0; i < inputs.length; i++) {
            if (inputs[i].requiresGrad()) {
                tracked.add(i);
            }
        }
        Function<List<Tensor>, Tensor> tangent = all -> {
            Function<List<Tensor>, List<Tensor>> function = some -> {
                Tensor[] whole = all.toArray(Tensor[]::new);
                for (int t = 0; t < tracked.size(); t++) {
                    whole[tracked.get(t)] = some.get(t);
                }
                return List.of(OpContractTest.apply(op, List.of(whole)));
            };
            List<Tensor> xs = tracked.stream().map(all::get).toList();
            List<Tensor> u = xs.stream().map(x -> Tensor.of(new double[] {0.3, -1.2, 0.5, 2, 1}, 5)).toList();
            return Grad.jvp(function, xs, u).tangent();
        };
        GradCheck.check(tangent, inputs);
        double[] fused = tangent.apply(List.of(inputs)).toDoubleArray();
        try (Tape tape = Tape.open()) {
            assertArrayEquals(fused, tangent.apply(List.of(inputs)).toDoubleArray(), 1e-12, op.label());
        }
    }

    @TestFactory
    Stream<DynamicTest> tangentsOfStructuralOpsAgreeWithDifferencesAndReverseMode() {
        return StructuralGradientsTest.OF_A_MATRIX.entrySet().stream().filter(entry -> !entry.getKey().equals("mse"))
                .map(entry -> DynamicTest.dynamicTest(entry.getKey(), () -> {
                    Function<List<Tensor>, Tensor> function = in -> entry.getValue().apply(in.getFirst());
                    Tensor x = StructuralGradientsTest.leaf(3, 2, 3);
                    GradCheck.gradcheck(in -> List.of(function.apply(in)), List.of(x), BOTH);
                    assertBothWaysEqual(function, List.of(x.detach()), entry.getKey());
                    Tensor u = random(9, 2, 3);
                    GradCheck.check(in -> Grad.jvp(entry.getValue(), in.getFirst(), u).tangent(), x);
                }));
    }

    @Test
    void tangentsFollowBroadcastingAndTypes() {
        Tensor x = Tensor.of(new float[] {1, 2, 3}, 3, 1);
        Tensor y = Tensor.of(4.0, 5.0);
        Grad.Jvp sum = Grad.jvp(z -> z.add(y), x, Tensor.ones(3, 1));
        assertEquals(DType.FLOAT64, sum.tangent().dtype());
        assertArrayEquals(new int[] {3, 2}, sum.tangent().shape());
        assertArrayEquals(new double[] {1, 1, 1, 1, 1, 1}, sum.tangent().toDoubleArray());
        try (Tape tape = Tape.open()) {
            Tensor w = Tensor.scalar(2, DType.FLOAT64).requiresGrad(true);
            Tensor tangent = Grad.jvp(z -> z.mul(y).mul(w), x, Tensor.ones(3, 1)).tangent();
            assertArrayEquals(new double[] {8, 10, 8, 10, 8, 10}, tangent.toDoubleArray());
            assertEquals(DType.FLOAT64, tangent.dtype());
            tangent.sum().backward();
            assertEquals(27, w.grad().item());
        }
    }

    @Test
    void aResultThatDoesNotDependOnTheInputHasTangentZero() {
        Tensor constant = Tensor.of(1.0, 2.0);
        Grad.Jvp jvp = Grad.jvp(x -> constant.mul(3), Tensor.of(5.0), Tensor.of(1.0));
        assertArrayEquals(new double[] {0, 0}, jvp.tangent().toDoubleArray());
        Grad.Jvp stopped = Grad.jvp(x -> Grad.stopGradient(x).mul(x), Tensor.of(5.0), Tensor.of(1.0));
        assertEquals(5, stopped.tangent().item());
    }

    @Test
    void theIdentityPassesItsTangent() {
        assertEquals(7, Grad.jvp(x -> x, Tensor.of(5.0), Tensor.of(7.0)).tangent().item());
    }

    @Test
    void aTangentOfAnotherShapeIsAnError() {
        String message = assertThrows(IllegalArgumentException.class,
                () -> Grad.jvp(Tensor::exp, Tensor.of(1.0, 2.0), Tensor.of(1.0))).getMessage();
        assertTrue(message.contains("Mismatch in shape") && message.contains("[1]") && message.contains("[2]"),
                message);
        assertThrows(IllegalArgumentException.class, () -> Grad.jvp(in -> in, List.of(Tensor.of(1.0)), List.of()));
    }

    @Test
    void anyNestingOfForwardAndReverseGivesTheSameThirdDerivative() {
        Function<Tensor, Tensor> f = x -> x.sin().mul(x.exp()).sum();
        Tensor x = Tensor.of(0.7);
        Tensor one = Tensor.of(1.0);
        Function<Function<Tensor, Tensor>, Function<Tensor, Tensor>> reverse = g -> y ->
                Grad.grad(z -> g.apply(z).sum(), y);
        Function<Function<Tensor, Tensor>, Function<Tensor, Tensor>> forward = g -> y -> Grad.jvp(g, y, one).tangent();
        double expected = 2 * Math.exp(0.7) * (Math.cos(0.7) - Math.sin(0.7)); // of e^x sin x
        for (int order = 0; order < 8; order++) {
            Function<Tensor, Tensor> third = y -> f.apply(y).reshape(1);
            for (int level = 0; level < 3; level++) {
                third = ((order >> level & 1) != 0 ? reverse : forward).apply(third);
            }
            assertEquals(expected, third.apply(x).item(), 1e-11, "order " + order);
        }
    }

    @Test
    void severalInputsAndOutputsAndNullForZero() {
        Function<List<Tensor>, List<Tensor>> f = in -> List.of(in.get(0).mul(in.get(1)), in.get(1).exp());
        List<Tensor> xs = List.of(Tensor.of(2.0), Tensor.of(0.5));
        Grad.Jvp jvp = Grad.jvp(f, xs, Arrays.asList(null, Tensor.of(1.0)));
        assertEquals(2, jvp.tangents().get(0).item());
        assertEquals(Math.exp(0.5), jvp.tangents().get(1).item(), 1e-15);
        Pushforward linear = Grad.linearize(f, xs);
        assertEquals(1, linear.value().item());
        for (int k = 1; k < 4; k++) {
            List<Tensor> moved = linear.apply(List.of(Tensor.of((double) k), Tensor.of(0.0)));
            assertEquals(0.5 * k, moved.get(0).item());
            assertEquals(0, moved.get(1).item());
        }
    }

    /** Changes in place, of a value and through a view, and a view that is read after its base has changed. */
    @Test
    void tangentsFollowChangesInPlace() {
        Function<Tensor, Tensor> f = x -> {
            Tensor y = x.mul(x);
            Tensor row = y.select(0, 0);
            y.slice(0, 1, 2).mul_(x.slice(0, 0, 1));
            y.select(0, 0).exp_();
            y.select(0, 1).copy_(x.sum(0));
            return y.sin().add(row.sum());
        };
        Tensor x = StructuralGradientsTest.leaf(3, 2, 3);
        GradCheck.gradcheck(in -> List.of(f.apply(in.getFirst())), List.of(x), BOTH.withCheckBatchedGrad(true));
        Tensor jacobian = Grad.jacrev(f, x.detach());
        assertArrayEquals(jacobian.toDoubleArray(), Grad.jacfwd(f, x.detach()).toDoubleArray(), 1e-12);
        Function<Tensor, Tensor> stale = z -> {
            Tensor y = z.mul(1);
            Tensor square = y.square();
            y.add_(1);
            return square;
        };
        assertTrue(assertThrows(IllegalStateException.class, () -> Grad.jvp(stale, x.detach(), x.detach())).getMessage()
                .contains("has been modified by an inplace operation"));
    }

    /** {@code x * y}, with the backward of a product or one that leaves the graph. */
    private static final class Product extends DifferentiableFunction {
        private final boolean leaves;

        Product(boolean leaves) {
            this.leaves = leaves;
        }

        @Override
        protected List<Tensor> forward(Call call, List<Tensor> inputs) {
            call.saveForBackward(inputs.get(0), inputs.get(1));
            return List.of(inputs.get(0).mul(inputs.get(1)));
        }

        @Override
        protected List<Tensor> backward(Call call, List<Tensor> gradients) {
            Tensor g = leaves ? gradients.getFirst().detach() : gradients.getFirst();
            return List.of(g.mul(call.savedTensors().get(1)), g.mul(call.savedTensors().get(0)));
        }
    }

    private static Tensor product(Tensor x, Tensor y, boolean leaves) {
        return new Product(leaves).of(x, y);
    }

    @Test
    void tangentsPassThroughStatedBackwards() {
        Function<List<Tensor>, List<Tensor>> f = in -> List.of(product(in.get(0).sin(), in.get(1), false).exp());
        Tensor x = Tensor.of(0.4, -0.7).requiresGrad(true);
        Tensor y = Tensor.of(1.3, 0.2).requiresGrad(true);
        GradCheck.gradcheck(f, List.of(x, y), BOTH);
        Function<Tensor, Tensor> square = z -> product(z, z, false).sum();
        assertArrayEquals(new double[] {2, 0, 0, 2}, Grad.hessian(square, x.detach()).toDoubleArray(), 1e-12);
        assertTrue(assertThrows(IllegalStateException.class, () ->
                Grad.jvp(z -> product(z, z, true), x.detach(), y.detach()))
                .getMessage().contains("not stated in differentiable ops"));
        assertTrue(assertThrows(IllegalStateException.class, () -> Grad.vmap(z -> product(z, z, false), x.detach()))
                .getMessage().contains("cannot be applied to one example of a batch in vmap"));
    }

    @Test
    void tangentsPassThroughCheckpointedFunctions() {
        int[] runs = new int[1];
        Function<Tensor, Tensor> f = x -> {
            Tensor inside = Checkpoint.run(() -> {
                runs[0]++;
                return x.mul(x.sin()).exp().mul(x);
            });
            return Checkpoint.run(() -> inside.mul(2).tanh().mul(inside)).add(inside);
        };
        Function<Tensor, Tensor> plain = x -> {
            Tensor inside = x.mul(x.sin()).exp().mul(x);
            return inside.mul(2).tanh().mul(inside).add(inside);
        };
        Tensor x = random(30, 4);
        Tensor u = random(31, 4);
        double[] expected = Grad.jvp(plain, x, u).tangent().toDoubleArray();
        assertArrayEquals(expected, Grad.jvp(f, x, u).tangent().toDoubleArray());
        assertEquals(2, runs[0], "computed twice");
        assertArrayEquals(Grad.hessian(y -> plain.apply(y).sum(), x).toDoubleArray(),
                Grad.hessian(y -> f.apply(y).sum(), x).toDoubleArray(), 1e-12);
        assertArrayEquals(Grad.vmap(y -> Grad.jvp(plain, y, y).tangent(), x).toDoubleArray(),
                Grad.vmap(y -> Grad.jvp(f, y, y).tangent(), x).toDoubleArray(), 1e-12);
    }
}

package dev.lanegrad;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Functions of functions: their values, where their results live, and that they nest. */
class FunctionalTest {
    private static Tensor random(long seed, int... shape) {
        return Tensor.randn(new Rng(seed), shape).to(DType.FLOAT64).keep();
    }

    private static void assertValues(Tensor tensor, double... expected) {
        assertArrayEquals(expected, tensor.toDoubleArray(), 1e-10);
    }

    private static <T extends Throwable> String message(Class<T> type, Runnable wrong) {
        return assertThrows(type, wrong::run).getMessage();
    }

    private static Tensor rosenbrock(Tensor x) {
        Tensor a = x.select(0, 0);
        Tensor b = x.select(0, 1);
        return a.neg().add(1).square().add(b.sub(a.square()).square().mul(100));
    }

    @Test
    void rosenbrockHasItsGradientAndHessian() {
        Tensor x = Tensor.of(-1.2, 1.0);
        Grad.Result result = Grad.valueAndGrad(FunctionalTest::rosenbrock, x);
        assertEquals(24.2, result.value().item(), 1e-12);
        assertValues(result.gradient(), -215.6, -88);
        assertValues(Grad.hessian(FunctionalTest::rosenbrock, x), 1330, 480, 480, 200);
        assertValues(Grad.hvp(FunctionalTest::rosenbrock, x, Tensor.of(1.0, -2.0)), 1330 - 960, 480 - 400);
        assertValues(Grad.vhp(FunctionalTest::rosenbrock, x, Tensor.of(1.0, -2.0)), 1330 - 960, 480 - 400);
    }

    @Test
    void thirdDerivativesOfACubeAndOfAProduct() {
        Function<Tensor, Tensor> cube = x -> x.pow(3).sum();
        Function<Tensor, Tensor> first = x -> Grad.grad(cube, x);
        Function<Tensor, Tensor> second = x -> Grad.grad(y -> first.apply(y).sum(), x);
        Function<Tensor, Tensor> third = x -> Grad.grad(y -> second.apply(y).sum(), x);
        Tensor x = Tensor.of(2.0, -3.0);
        assertValues(first.apply(x), 12, 27);
        assertValues(second.apply(x), 12, -18);
        assertValues(third.apply(x), 6, 6);
        Tensor all = Grad.jacobian(y -> Grad.hessian(z -> z.prod(), y), Tensor.of(2.0, 3.0, 5.0));
        double[] expected = new double[27];
        for (int i : new int[] {5, 7, 11, 15, 19, 21}) {
            expected[i] = 1;
        }
        assertValues(all, expected);
    }

    @Test
    void theJacobianOfAMatrixProductIsTheKroneckerProduct() {
        Tensor a = random(1, 2, 3);
        Tensor b = random(2, 3, 4);
        Tensor byA = Grad.jacobian(x -> x.matmul(b), a);
        assertArrayEquals(new int[] {2, 4, 2, 3}, byA.shape());
        List<Tensor> both = Grad.jacobian(in -> in.get(0).matmul(in.get(1)), List.of(a, b));
        for (int i = 0; i < 2; i++) {
            for (int j = 0; j < 4; j++) {
                for (int k = 0; k < 2; k++) {
                    for (int l = 0; l < 3; l++) {
                        assertEquals(i == k ? b.get(l, j) : 0, byA.get(i, j, k, l), 1e-15);
                        assertEquals(j == k ? a.get(i, l) : 0, both.get(1).get(i, j, l, k), 1e-15);
                    }
                }
            }
        }
        assertValues(both.get(0), byA.toDoubleArray());
        assertValues(Grad.jacrev(x -> x.matmul(b), a), byA.toDoubleArray());
        assertValues(Grad.jacfwd(x -> x.matmul(b), a), byA.toDoubleArray());
    }

    @Test
    void aJacobianOfManyRowsIsComputedInPieces() {
        Tensor x = random(3, 150);
        Tensor jacobian = Grad.jacrev(y -> y.square(), x);
        Tensor forward = Grad.jacfwd(y -> y.square(), x);
        for (int i = 0; i < 150; i += 37) {
            for (int j = 0; j < 150; j++) {
                assertEquals(i == j ? 2 * x.get(i) : 0, jacobian.get(i, j), 1e-15);
                assertEquals(i == j ? 2 * x.get(i) : 0, forward.get(i, j), 1e-15);
            }
        }
        assertArrayEquals(new int[] {0, 150}, Grad.jacrev(y -> y.slice(0, 0, 0), x).shape());
        assertArrayEquals(new int[] {3, 0}, Grad.jacobian(y -> y.sum().expand(3), Tensor.of(new double[0])).shape());
    }

    /** Covers the ops that only arise as gradients of others: the same second derivatives by every route. */
    @TestFactory
    Stream<DynamicTest> hessiansByEveryRouteAgree() {
        return StructuralGradientsTest.OF_A_MATRIX.entrySet().stream()
                .map(entry -> DynamicTest.dynamicTest(entry.getKey(), () -> {
            Tensor weights = random(5, 24);
            Function<Tensor, Tensor> f = x -> {
                Tensor y = entry.getValue().apply(x).flatten();
                return y.square().mul(weights.slice(0, 0, (int) y.numel())).sum();
            };
            Tensor x = StructuralGradientsTest.leaf(3, 2, 3).detach();
            Tensor v = random(6, 2, 3);
            Tensor hessian = Grad.hessian(f, x);
            assertValues(Grad.jacrev(y -> Grad.grad(f, y), x), hessian.toDoubleArray());
            assertValues(Grad.jacrev(y -> Grad.jacfwd(f, y), x), hessian.toDoubleArray());
            assertValues(Grad.jacfwd(y -> Grad.jacfwd(f, y), x), hessian.toDoubleArray());
            double[] product = hessian.reshape(6, 6).matmul(v.flatten()).toDoubleArray();
            assertValues(Grad.hvp(f, x, v), product);
            assertValues(Grad.vhp(f, x, v), product);
            assertValues(Grad.grad(y -> Grad.jvp(f, y, v).tangent(), x), product);
        }));
    }

    @Test
    void theHessianBySeveralInputsHasABlockForEachPair() {
        List<List<Tensor>> blocks = Grad.hessian(in -> in.get(0).square().mul(in.get(1).sum()).sum(),
                List.of(Tensor.of(1.0, 2.0), Tensor.of(3.0)));
        assertValues(blocks.get(0).get(0), 6, 0, 0, 6);
        assertValues(blocks.get(0).get(1), 2, 4);
        assertValues(blocks.get(1).get(0), 2, 4);
        assertValues(blocks.get(1).get(1), 0);
    }

    @Test
    void argumentsAreChosenAndAuxiliaryResultsHandedOut() {
        List<Tensor> xs = List.of(Tensor.of(2.0), Tensor.of(3L), Tensor.of(5.0));
        Function<List<Tensor>, Tensor> f = in -> in.get(0).mul(in.get(1)).mul(in.get(2)).sum();
        assertValues(Grad.grad(f, xs, 0).getFirst(), 15);
        List<Tensor> both = Grad.grad(f, xs, 2, 0);
        assertValues(both.get(0), 6);
        assertValues(both.get(1), 15);
        assertValues(Grad.grad(f, xs, -1).getFirst(), 6);
        assertThrows(IndexOutOfBoundsException.class, () -> Grad.grad(f, xs, 3));
        assertTrue(message(IllegalArgumentException.class, () -> Grad.grad(f, xs))
                .startsWith("only Tensors of floating point"));
        Grad.Result result = Grad.valueAndGradWithAux(in -> new Grad.WithAux(in.getFirst().square().sum(),
                List.of(in.getFirst().exp())), List.of(Tensor.of(1.0, 2.0)));
        assertValues(result.value(), 5);
        assertValues(result.gradient(), 2, 4);
        assertValues(result.aux().getFirst(), Math.exp(1), Math.exp(2));
    }

    @Test
    void aPullbackCanBeAppliedSeveralTimes() {
        Tensor x = Tensor.of(1.0, 2.0, 3.0);
        Function<List<Tensor>, List<Tensor>> f = in -> List.of(in.getFirst().square(), in.getFirst().sum());
        for (boolean inside : new boolean[] {false, true}) {
            try (Tape tape = inside ? Tape.open() : null) {
                Pullback pullback = Grad.vjp(f, List.of(x));
                assertValues(pullback.values().get(1), 6);
                for (int k = 1; k < 4; k++) {
                    Tensor g = Tensor.of((double) k, 0.0, 1.0);
                    assertValues(pullback.apply(List.of(g, Tensor.scalar(k))).getFirst(), 3 * k, k, 6 + k);
                }
                assertValues(pullback.apply(Arrays.asList(null, Tensor.scalar(1))).getFirst(), 1, 1, 1);
                assertTrue(message(IllegalArgumentException.class, () ->
                        pullback.apply(List.of(Tensor.of(1.0), Tensor.of(1.0)))).contains("Mismatch in shape"));
                assertFalse(pullback.value().requiresGrad());
            }
        }
        Pullback ended;
        try (Tape tape = Tape.open()) {
            ended = Grad.vjp(f, List.of(x));
        }
        assertThrows(IllegalStateException.class, () -> ended.apply(List.of(Tensor.ones(3), Tensor.scalar(1))));
    }

    @Test
    void withoutATapeResultsLiveAsLongAsTheyAreReachableAndNoTapeIsLeftOpen() {
        Tensor x = Tensor.of(3.0);
        Tensor gradient = Grad.grad(y -> y.square().sum(), x);
        assertEquals(6, gradient.item());
        assertFalse(gradient.requiresGrad());
        assertFalse(x.requiresGrad());
        assertFalse(Tensor.of(1.0).requiresGrad(true).mul(2).requiresGrad(), "a tape was left open");
        assertThrows(IllegalStateException.class, () -> Grad.grad(y -> {
            throw new IllegalStateException("body");
        }, x));
        assertFalse(Tensor.of(1.0).requiresGrad(true).mul(2).requiresGrad(), "a tape was left open by an error");
        assertTrue(GradMode.isEnabled());
    }

    @Test
    void insideATapeResultsArePartOfTheGraphOfWhatTheyCameFromAndOnlyOfThat() {
        try (Tape tape = Tape.open()) {
            Tensor w = Tensor.of(2.0).requiresGrad(true);
            Tensor x = Tensor.of(3.0);
            assertFalse(Grad.grad(y -> y.pow(3).sum(), x).requiresGrad(), "nothing requires grad");
            Grad.Result captured = Grad.valueAndGrad(y -> y.square().mul(w).sum(), x);
            assertTrue(captured.value().requiresGrad());
            captured.gradient().sum().backward(null, true);
            assertValues(w.grad(), 6);
            assertNull(x.grad());
            w.zeroGrad();
            Tensor own = Grad.grad(y -> y.pow(3).sum(), w);
            assertValues(own, 12);
            own.sum().backward();
            assertValues(w.grad(), 12);
            w.zeroGrad();
            Tensor computed = w.mul(5);
            Tensor hvp = Grad.hvp(y -> y.pow(4).sum(), computed, Tensor.of(1.0));
            assertValues(hvp, 1200);
            hvp.sum().backward();
            assertValues(w.grad(), 24 * 10 * 5);
            try (GradMode off = GradMode.noGrad()) {
                Tensor silent = Grad.grad(y -> y.square().mul(w).sum(), w);
                assertValues(silent, 8);
                assertFalse(silent.requiresGrad());
                assertFalse(GradMode.isEnabled());
            }
            captured.value().sum().backward();
        }
    }

    /** The inner derivative is by the inner variable alone (the classic of perturbation confusion). */
    @Test
    void variablesOfNestedDerivativesAreNotConfused() {
        Tensor one = Tensor.of(1.0);
        Function<Tensor, Tensor> inner = x -> Grad.grad(y -> x.add(y).sum(), one);
        assertValues(Grad.grad(x -> x.mul(inner.apply(x)).sum(), one), 1);
        assertValues(Grad.jvp(x -> x.mul(Grad.jvp(y -> x.add(y), one, one).tangent()), one, one).tangent(), 1);
        assertValues(Grad.grad(x -> x.mul(Grad.grad(y -> x.mul(y).sum(), x)).sum(), Tensor.of(5.0)), 10);
        assertValues(Grad.jvp(x -> x.mul(Grad.jvp(y -> x.mul(y), x, one).tangent()), Tensor.of(5.0), one).tangent(),
                10);
    }

    @Test
    void aConstantFunctionHasGradientZero() {
        assertValues(Grad.grad(x -> Tensor.scalar(3), Tensor.of(1.0, 2.0)), 0, 0);
        assertValues(Grad.grad(in -> in.get(1).sum(), List.of(Tensor.of(1.0), Tensor.of(2.0)), 0).getFirst(), 0);
        assertValues(Grad.grad(x -> Grad.stopGradient(x).mul(x).sum(), Tensor.of(4.0)), 4);
        assertValues(Grad.grad(x -> x.sum(), Tensor.of(4.0)), 1);
        assertValues(Grad.hessian(x -> x.sum(), Tensor.of(4.0, 5.0)), 0, 0, 0, 0);
        assertValues(Grad.vhp(x -> x.sum(), Tensor.of(4.0), Tensor.of(1.0)), 0);
        assertValues(Grad.grad(x -> x, Tensor.scalar(4)), 1);
    }

    @Test
    void aFunctionOfSeveralElementsHasNoGradientAndTheErrorSaysWhatHas() {
        String message = message(IllegalArgumentException.class, () -> Grad.grad(x -> x.exp(), Tensor.of(1.0, 2.0)));
        assertTrue(message.contains("Expected f(*args) to return a scalar Tensor, got tensor with 1 dims")
                && message.contains("Maybe you wanted to use the vjp or jacrev APIs instead?"), message);
        assertTrue(message(IllegalArgumentException.class, () -> Grad.hessian(x -> x.exp(), Tensor.of(1.0, 2.0)))
                .contains("The Tensor returned by the function given to hessian should contain a single element"));
    }

    @Test
    void transformsLeaveGradientsOfLeavesAlone() {
        try (Tape tape = Tape.open()) {
            Tensor x = Tensor.of(2.0).requiresGrad(true);
            x.square().sum().backward();
            Grad.grad(y -> y.pow(3).sum(), x);
            Grad.jacobian(y -> y.pow(3), x);
            Grad.hvp(y -> y.pow(3).sum(), x, Tensor.of(1.0));
            assertValues(x.grad(), 4);
        }
    }

    private static Tensor quadratic(Tensor x, Tensor y) {
        return x.square().add(y.mul(x)).add(y.square());
    }

    /** A10. */
    @Test
    void gradientsOfAGradientLeaveTheLeavesGradients() {
        try (Tape tape = Tape.open()) {
            Tensor x = random(1, 2, 2).requiresGrad(true);
            Tensor y = random(2, 2, 2).requiresGrad(true);
            Tensor z = quadratic(x, y);
            z.backward(z.onesLike(), true, true);
            double[] gx = x.mul(2).add(y).toDoubleArray();
            assertValues(x.grad(), gx);
            Tensor sum = x.grad().mul(2).add(y.grad());
            List<Tensor> found = Grad.grad(List.of(sum), List.of(x), List.of(sum.onesLike()), true, true);
            assertValues(found.getFirst(), 5, 5, 5, 5);
            assertValues(x.grad(), gx);
            String message = message(IllegalArgumentException.class,
                    () -> Grad.grad(List.of(sum), List.of(x), List.of(Tensor.ones(3, 3)), true, true));
            assertTrue(message.contains("Mismatch in shape: grad_output[0] has a shape of [3, 3]"), message);
        }
    }

    /** A11. */
    @Test
    void aHessianVectorProductByBackwardIsAdded() {
        try (Tape tape = Tape.open()) {
            Tensor x = random(1, 2, 2).requiresGrad(true);
            Tensor y = random(2, 2, 2).requiresGrad(true);
            Tensor z = quadratic(x, y);
            z.backward(z.onesLike(), true, true);
            Tensor sum = x.grad().mul(2).add(y.grad());
            sum.backward(sum.onesLike());
            assertValues(x.grad(), x.mul(2).add(y).add(5).toDoubleArray());
            assertValues(y.grad(), x.add(y.mul(2)).add(4).toDoubleArray());
        }
    }

    /** A12. */
    @Test
    void gradientsByComputedTensorsClimb() {
        try (Tape tape = Tape.open()) {
            Tensor start = random(3, 2, 2).requiresGrad(true);
            Tensor y = random(4, 2, 2).requiresGrad(true);
            Tensor x = start;
            double before = quadratic(x, y).sum().item();
            for (int step = 0; step < 5; step++) {
                Tensor value = quadratic(x, y);
                Tensor gradient = Grad.grad(List.of(value), List.of(x), List.of(value.onesLike()), true, true)
                        .getFirst();
                assertValues(gradient, x.mul(2).add(y).toDoubleArray());
                assertNull(start.grad());
                assertNull(y.grad());
                x = x.add(gradient.mul(0.05));
                double after = quadratic(x, y).sum().item();
                assertTrue(after > before);
                before = after;
            }
            Tensor weights = random(5, 2, 2);
            x.backward(weights);
            assertEquals(4, start.grad().numel());
            assertTrue(y.grad().square().sum().item() > 0);
        }
    }

    /** A13. */
    @Test
    void gradientsByPartsOfATensorDoNotReachIt() {
        try (Tape tape = Tape.open()) {
            Tensor x = random(6, 4, 2).requiresGrad(true);
            x.registerHook(gradient -> {
                throw new IllegalStateException("the walk went on to x");
            });
            Tensor a = x.chunk(2, 0).getFirst();
            Tensor b = x.chunk(2, 0).getLast();
            Tensor g = random(7, 2, 2);
            List<Tensor> found = Grad.grad(List.of(a.add(b.mul(2))), List.of(a, b), List.of(g), false, false);
            assertValues(found.get(0), g.toDoubleArray());
            assertValues(found.get(1), g.mul(2).toDoubleArray());
            assertNull(x.grad());
        }
    }

    /** A14. */
    @Test
    void aGradientByWhatIsNotReachedIsNullIfAllowedAndElseAnErrorThatNamesTheIndex() {
        try (Tape tape = Tape.open()) {
            Tensor x = Tensor.ones(1).requiresGrad(true);
            Tensor y = Tensor.ones(1).requiresGrad(true);
            Tensor z = x.mul(2);
            Tensor other = y.mul(2);
            List<Tensor> found = Grad.grad(List.of(z), List.of(x, y), null, true, false, true, false);
            assertValues(found.get(0), 2);
            assertNull(found.get(1));
            Tensor never = Tensor.ones(1).requiresGrad(true);
            assertNull(Grad.grad(List.of(z), List.of(x, never), null, true, false, true, false).get(1));
            assertTrue(message(IllegalStateException.class, () ->
                    Grad.grad(List.of(z), List.of(x, other), null, true, false))
                    .startsWith("The differentiated Tensor at index 1 appears to not have been used in the graph. Set "
                            + "allow_unused=True if this is the desired behavior"));
            assertTrue(message(IllegalArgumentException.class, () ->
                    Grad.grad(List.of(z), List.of(), null, true, false)).contains("grad requires non-empty inputs"));
        }
    }

    /** A16. */
    @Test
    void unreachedGradientsBecomeZerosThatCanBeDerivedAgain() {
        try (Tape tape = Tape.open()) {
            Tensor x = Tensor.scalar(0.5, DType.FLOAT64).requiresGrad(true);
            Tensor a = Tensor.scalar(1, DType.FLOAT64).requiresGrad(true);
            Tensor first = Grad.grad(x.mul(a), x, true);
            assertNull(Grad.grad(List.of(first), List.of(x), null, true, true, true, false).getFirst());
            Tensor second = Grad.grad(List.of(first), List.of(x), null, true, true, true, true).getFirst();
            assertValues(second, 0);
            assertTrue(second.requiresGrad());
            assertValues(Grad.grad(List.of(second), List.of(x), null, false, false, true, true).getFirst(), 0);
            assertTrue(message(IllegalArgumentException.class,
                    () -> Grad.grad(List.of(second), List.of(x), null, false, false, false, true))
                    .startsWith("Expected allow_unused to be True or not passed when materialize_grads=True"));
        }
    }

    @Test
    void theGradientByItselfIsOneAndDuplicatesCountEach() {
        try (Tape tape = Tape.open()) {
            Tensor x = Tensor.scalar(3, DType.FLOAT64).requiresGrad(true);
            Tensor z = x.square();
            assertValues(Grad.grad(List.of(z), List.of(z), null, true, false).getFirst(), 1);
            List<Tensor> found = Grad.grad(List.of(z), List.of(x, z, x), null, false, false);
            assertValues(found.get(0), 6);
            assertValues(found.get(1), 1);
            assertValues(found.get(2), 6);
            assertSame(DType.FLOAT64, found.get(0).dtype());
        }
    }
}

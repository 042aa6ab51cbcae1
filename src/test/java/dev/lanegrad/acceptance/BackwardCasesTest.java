package dev.lanegrad.acceptance;

import static dev.lanegrad.acceptance.Cases.fails;
import static dev.lanegrad.acceptance.Cases.leaf;
import static dev.lanegrad.acceptance.Cases.near;
import static dev.lanegrad.acceptance.Cases.numbers;
import static dev.lanegrad.acceptance.Cases.ones;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.lanegrad.DType;
import dev.lanegrad.DifferentiableFunction;
import dev.lanegrad.Grad;
import dev.lanegrad.GradMode;
import dev.lanegrad.Tape;
import dev.lanegrad.Tensor;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Backward, the freed graph and accumulation: the cases of PyTorch's own tests, with its values or formulas. */
class BackwardCasesTest {
    private Tape tape;

    @BeforeEach
    void open() {
        tape = Tape.open();
    }

    @AfterEach
    void close() {
        tape.close();
    }

    @Test // A01
    void gradientsOfAFormulaOfThreeLeaves() {
        Tensor v = leaf(1, 5, 5);
        v.backward(numbers(2, 5, 5));
        near(numbers(2, 5, 5), v.grad());
        Tensor x = leaf(3, 5, 5);
        Tensor y = Tensor.rand(new dev.lanegrad.Rng(4), 5, 5).add(0.1).to(DType.FLOAT64).requiresGrad(true);
        Tensor z = leaf(5, 5, 5);
        Tensor go = numbers(6, 5, 5);
        x.add(y.mul(z)).add(z.square().mul(4).mul(x).div(y)).backward(go);
        Tensor zz = z.detach().square().mul(4);
        near(zz.div(y.detach()).add(1).mul(go), x.grad());
        near(z.detach().sub(zz.mul(x.detach()).div(y.detach().square())).mul(go), y.grad());
        near(z.detach().mul(x.detach()).mul(8).div(y.detach()).add(y.detach()).mul(go), z.grad());
    }

    @Test // A02
    void oneRootIsAnAncestorOfTheOther() {
        Tensor x = leaf(1, 10);
        Tensor y = x.square();
        Tensor z = y.pow(3);
        Tensor gy = numbers(2, 10);
        Tensor gz = numbers(3, 10);
        Grad.backward(List.of(y, z), List.of(gy, gz), false, false);
        Tensor d = x.detach();
        near(d.mul(2).mul(gy).add(d.pow(5).mul(6).mul(gz)), x.grad());
    }

    @Test // A04
    void aRootWithoutGradFailsAndWritesNothing() {
        Tensor x = leaf(1, 5, 5);
        Tensor y = numbers(2, 5, 5);
        Tensor z = x.add(y);
        Tensor q = y.mul(2);
        fails("does not require grad", () -> Grad.backward(List.of(z, q), List.of(ones(5, 5), ones(5, 5)), false, false));
        assertNull(x.grad());
    }

    @Test // A05
    void theSameRootTwiceCountsTwice() {
        Tensor a = leaf(1, 5, 5);
        Tensor b = leaf(2, 5, 5);
        Tensor x = a.mul(b);
        Tensor g = numbers(3, 5, 5);
        Grad.backward(List.of(x, x), List.of(g, g), false, false);
        near(b.detach().mul(2).mul(g), a.grad());
        near(a.detach().mul(2).mul(g), b.grad());
    }

    @Test // A06
    void severalElementsNeedAGradient() {
        Tensor b = leaf(1, 5, 5).add(2);
        fails("grad can be implicitly created only for scalar outputs", b::backward);
    }

    @Test // A07
    void backwardOfWhatDoesNotRequireGrad() {
        fails("does not require grad and does not have a grad_fn", () -> ones(1).backward());
    }

    @Test // A08
    void gradOfWhatDoesNotRequireGrad() {
        Tensor x = numbers(1, 1);
        Tensor y = x.square();
        fails("does not require grad", () -> Grad.grad(List.of(x), List.of(y), null, false, false));
        fails("does not require grad", () -> Grad.grad(List.of(y), List.of(x), null, false, false));
        x.requiresGrad(true);
        Tensor again = x.square();
        near(x.detach().mul(2), Grad.grad(again, x, false));
    }

    @Test // A09
    void noInputs() {
        Tensor x = leaf(1, 1);
        fails(IllegalArgumentException.class, "non-empty inputs", () -> Grad.grad(List.of(x.square()), List.of(), null, false, false));
        fails(IllegalArgumentException.class, "cannot be empty", () -> x.square().backward(null, false, false, List.of()));
    }

    @Test // A17
    void backwardIntoInputsTouchesOnlyThose() {
        Tensor x = leaf(1, 2, 2);
        Tensor y = leaf(2, 2, 2);
        x.setGrad(Tensor.full(0, DType.FLOAT64, 2, 2));
        y.setGrad(Tensor.full(0, DType.FLOAT64, 2, 2));
        Tensor expectedX = x.detach().mul(2).add(y.detach());
        Tensor expectedY = x.detach().add(y.detach().mul(2));
        f(x, y).backward(ones(2, 2), false, false, List.of(x));
        near(expectedX, x.grad());
        near(Tensor.full(0, DType.FLOAT64, 2, 2), y.grad());
        f(x, y).backward(ones(2, 2), false, false, List.of(x, y));
        near(expectedX.mul(2), x.grad());
        near(expectedY, y.grad());
        f(x, y).backward(ones(2, 2), false, false, List.of(y));
        near(expectedX.mul(2), x.grad());
        near(expectedY.mul(2), y.grad());
    }

    private static Tensor f(Tensor x, Tensor y) {
        return x.square().add(y.mul(x)).add(y.square());
    }

    @Test // A18
    void backwardIntoAComputedTensor() {
        Tensor x = leaf(1, 2, 2);
        Tensor computed = x.mul(2);
        Tensor y = leaf(2, 2, 2);
        Tensor unused = leaf(3, 2, 2);
        f(computed, y).backward(ones(2, 2), false, false, List.of(computed, y, unused));
        near(computed.detach().mul(2).add(y.detach()), computed.grad());
        near(y.detach().mul(2).add(computed.detach()), y.grad());
        assertNull(x.grad());
        assertNull(unused.grad());
    }

    @Test // A19
    void chunksThatAreNotUsedGetZeros() {
        Tensor x = leaf(1, 10, 10);
        x.chunk(5, 0).get(2).mul(4).add(2).sum().backward();
        for (int row = 0; row < 10; row++) {
            assertEquals(row == 4 || row == 5 ? 4 : 0, x.grad().get(row, 3), "row " + row);
        }
        x.zeroGrad();
        Tensor g = numbers(2, 2, 10);
        x.chunk(5, 0).get(0).backward(g);
        near(g, x.grad().slice(0, 0, 2));
        assertEquals(0, x.grad().slice(0, 2, 10).abs().sum().item());
    }

    @Test // A22
    void anExceptionInABackwardPropagatesAndNothingIsKept() {
        Tensor t1 = leaf(1, 3);
        Tensor t2 = leaf(2, 3);
        DifferentiableFunction broken = new DifferentiableFunction() {
            @Override
            protected List<Tensor> forward(Call call, List<Tensor> inputs) {
                return List.of(inputs.getFirst().mul(1));
            }

            @Override
            protected List<Tensor> backward(Call call, List<Tensor> gradients) {
                throw new UnsupportedOperationException("on purpose");
            }
        };
        long live = tape.liveBytes();
        Tensor sum = t1.add(t2);
        Tensor loss = broken.of(sum).mul(sum).sum();
        long computed = tape.liveBytes();
        fails(UnsupportedOperationException.class, "on purpose", loss::backward);
        assertNull(t1.grad());
        assertTrue(tape.liveBytes() - computed <= computed - live, "gradients of the failed walk are given back");
        gradientsOfAFormulaOfThreeLeaves();
    }

    @Test // A23
    void anExceptionInAnInnerBackwardReachesTheOuterCall() {
        Tensor x = leaf(1, 3);
        x.registerHook(g -> {
            Tensor inner = leaf(5, 2);
            inner.registerHook(h -> {
                throw new UnsupportedOperationException("inner");
            });
            GradMode.enableGrad(() -> inner.square().sum()).backward();
            return null;
        });
        Tensor loss = x.square().sum();
        fails(UnsupportedOperationException.class, "inner", loss::backward);
        assertNull(x.grad());
        Tensor y = leaf(2, 3);
        y.square().sum().backward();
        near(y.detach().mul(2), y.grad());
    }

    @Test // A25
    void deeplyNestedBackwardsAreRefusedClearly() {
        fails("backward walks run inside each other", () -> nest(2000));
        Tensor y = leaf(2, 3);
        y.square().sum().backward();
        near(y.detach().mul(2), y.grad());
    }

    @Test // A25
    void nestedBackwardsWork() {
        Tensor innermost = nest(50);
        assertEquals(2, innermost.grad().item());
    }

    private static Tensor nest(int depth) {
        Tensor x = leaf(1.0);
        if (depth > 0) {
            x.registerHook(g -> {
                try (GradMode on = GradMode.enableGrad()) {
                    assertEquals(2, nest(depth - 1).grad().item());
                }
                return null;
            });
        }
        x.square().sum().backward();
        return x;
    }

    @Test // A26
    void aSecondBackwardThroughSavedValuesFails() {
        Tensor x = leaf(1, 3);
        for (Tensor y : List.of(x.square().sum(), x.mul(x).sum(), x.exp().sum())) {
            y.backward();
            Tensor before = x.grad().clone();
            fails("Trying to backward through the graph a second time", y::backward);
            near(before, x.grad());
        }
    }

    @Test // A27
    void aRetainedGraphCanBeWalkedAgain() {
        Tensor x = leaf(1, 3);
        Tensor y = x.square().sum();
        y.backward(null, true);
        y.backward();
        near(x.detach().mul(4), x.grad());
        fails("a second time", y::backward);
    }

    @Test // A28
    void nothingSavedNothingFreed() {
        Tensor b = leaf(1, 3);
        Tensor c = b.add(1);
        c.backward(ones(3));
        c.backward(ones(3));
        near(new double[] {2, 2, 2}, b.grad());
    }

    @Test // A29
    void savedValuesCannotBeHadAfterBackward() {
        DifferentiableFunction.Call[] calls = new DifferentiableFunction.Call[1];
        DifferentiableFunction square = new DifferentiableFunction() {
            @Override
            protected List<Tensor> forward(Call call, List<Tensor> inputs) {
                calls[0] = call;
                call.saveForBackward(inputs.getFirst());
                return List.of(inputs.getFirst().square());
            }

            @Override
            protected List<Tensor> backward(Call call, List<Tensor> gradients) {
                return List.of(gradients.getFirst().mul(2).mul(call.savedTensors().getFirst()));
            }
        };
        Tensor a = leaf(1.5, 2.5);
        square.of(a).sum().backward();
        fails("after they have already been freed", () -> calls[0].savedTensors());
        near(new double[] {1.5, 2.5}, a);
        near(new double[] {3, 5}, a.grad());
    }

    @Test // A32
    void retainGrad() {
        Tensor input = leaf(1, 1, 3);
        Tensor h1 = input.mul(3);
        Tensor out = h1.mul(h1).sum();
        h1.retainGrad().retainGrad();
        assertTrue(h1.retainsGrad());
        out.backward(null, true);
        near(h1.detach().mul(2), h1.grad());
        out.backward(null, true);
        near(h1.detach().mul(4), h1.grad());
        input.retainGrad();
        assertFalse(input.retainsGrad());
        near(input.detach().mul(36), input.grad());
        fails("can't retain_grad on Tensor that has requires_grad=False", () -> ones(1).retainGrad());
    }

    @Test // A33
    void aTensorThatRetainsItsGradCanBeCollected() throws InterruptedException {
        Tensor x = leaf(1, 3);
        Tensor[] z = new Tensor[1];
        java.lang.ref.WeakReference<Tensor> y = middle(x, z);
        for (int i = 0; i < 50 && y.get() != null; i++) {
            System.gc();
            Thread.sleep(10);
        }
        assertNull(y.get());
        z[0].sum().backward();
        near(new double[] {1, 1, 1}, x.grad());
    }

    private static java.lang.ref.WeakReference<Tensor> middle(Tensor x, Tensor[] z) {
        Tensor y = x.mul(2);
        y.retainGrad();
        z[0] = y.div(2);
        return new java.lang.ref.WeakReference<>(y);
    }

    @Test // A34
    void gradOfAComputedTensorIsNullUnlessRetained() {
        Tensor x = leaf(1, 3);
        Tensor y = x.mul(2);
        Tensor kept = x.mul(3).retainGrad();
        y.add(kept).sum().backward();
        assertNull(y.grad());
        near(new double[] {1, 1, 1}, kept.grad());
    }

    @Test // A35
    void aChainOf150000() {
        Tensor x = leaf(1.0);
        Tensor y = x;
        for (int i = 0; i < 150_000; i++) {
            y = y.add(y.mul(1e-6));
        }
        y.backward();
        assertEquals(1.1618341555764393, x.grad().item(), 1.1618341555764393e-9);
    }

    @Test // A37
    void whatBackwardDoesNotNeedIsNotAccountedAsSaved() {
        Tensor x = leaf(1, 1000);
        Tensor m = numbers(2, 1000);
        x.add(2).mul(m).sum();
        String saved = tape.explainSaved();
        assertTrue(saved.endsWith("8000 bytes in all\n"), saved);
        assertTrue(saved.contains("mul keeps its operand 1"), saved);
    }

    @Test // A39
    void choosingByAMaskSavesIndicesOnly() {
        Tensor x = leaf(1, 4);
        Tensor t = x.clone();
        Tensor mask = Tensor.of(1.0, 0, 1, 1).gt(0);
        t.indexPut_(t.index(mask), mask);
        t.sum().backward();
        near(new double[] {1, 1, 1, 1}, x.grad());
    }

    @Test // A40
    void nullsMayBeSaved() {
        DifferentiableFunction function = new DifferentiableFunction() {
            @Override
            protected List<Tensor> forward(Call call, List<Tensor> inputs) {
                call.saveForBackward(null, inputs.getFirst(), null);
                return List.of(inputs.getFirst().square());
            }

            @Override
            protected List<Tensor> backward(Call call, List<Tensor> gradients) {
                assertNull(call.savedTensors().get(0));
                assertNull(call.savedTensors().get(2));
                return List.of(gradients.getFirst().mul(2).mul(call.savedTensors().get(1)));
            }
        };
        Tensor x = leaf(1, 3);
        function.of(x).sum().backward();
        near(x.detach().mul(2), x.grad());
    }

    @Test // A41, A49, A50
    void whatACustomBackwardMayReturn() {
        Tensor x = leaf(1, 5, 5);
        returning(g -> java.util.Arrays.asList(g, null, null)).of(x).sum().backward();
        near(ones(5, 5), x.grad());
        fails("got [10] but expected shape compatible with [5, 5]", () -> returning(g -> List.of(ones(10))).of(x).sum().backward());
        fails("incorrect number of gradients (expected 1, got 2)", () -> returning(g -> List.of(g, g)).of(x).sum().backward());
        fails("incorrect number of gradients (expected 1, got 0)", () -> returning(g -> List.of()).of(x).sum().backward());
        Tensor y = leaf(2, 5, 5);
        returning(g -> java.util.Collections.singletonList(null)).of(y).pow(3).sum().backward();
        assertNull(y.grad());
    }

    private static DifferentiableFunction returning(java.util.function.Function<Tensor, List<Tensor>> gradients) {
        return new DifferentiableFunction() {
            @Override
            protected List<Tensor> forward(Call call, List<Tensor> inputs) {
                return List.of(inputs.getFirst().clone());
            }

            @Override
            protected List<Tensor> backward(Call call, List<Tensor> arrived) {
                return gradients.apply(arrived.getFirst());
            }
        };
    }

    @Test // A43
    void gradientsAccumulateInPlaceWithoutCreateGraph() {
        Tensor x = leaf(1, 5, 5);
        Tensor y = x.add(2);
        y.backward(ones(5, 5), true);
        Tensor first = x.grad();
        y.backward(ones(5, 5), true);
        near(ones(5, 5).mul(2), first);
        y.backward(ones(5, 5), true, true);
        near(ones(5, 5).mul(2), first);
        near(ones(5, 5).mul(3), x.grad());
    }

    @Test // A44
    void aPresetGradientIsAddedTo() {
        Tensor x = leaf(1.0, 2.0);
        Tensor grad = Tensor.of(1.5, 1.5);
        x.setGrad(grad);
        x.mul(1).backward(Tensor.of(1.5, 1.5));
        near(new double[] {3, 3}, grad);
        near(new double[] {3, 3}, x.grad());
    }

    @Test // A45
    void gradientsOfTensorsWithoutElements() {
        Tensor a = Tensor.full(1, DType.FLOAT64, 4, 0).requiresGrad(true);
        Tensor b = leaf(1, 4, 1);
        a.add(b).sum().backward();
        near(Tensor.full(0, DType.FLOAT64, 4, 1), b.grad());
        assertArrayEquals(new int[] {4, 0}, a.grad().shape());
    }

    @Test // A48
    void wrongGradientsCannotBeAssigned() {
        Tensor x = leaf(1, 5, 5);
        fails(IllegalArgumentException.class, "attempting to assign a gradient of size '[2, 2]'", () -> x.setGrad(ones(2, 2)));
        fails(IllegalArgumentException.class, "attempting to assign a gradient with dtype", () -> x.setGrad(Tensor.ones(5, 5)));
        fails(IllegalArgumentException.class, "can't assign Variable as its own grad", () -> x.setGrad(x));
        assertNull(x.grad());
    }

    @Test // A53, A54, A55
    void requiresGrad() {
        Tensor no = numbers(1, 5);
        Tensor yes = leaf(2, 5);
        assertFalse(no.add(no).requiresGrad());
        assertTrue(no.add(yes).requiresGrad());
        assertFalse(no.requiresGrad(true).requiresGrad(false).requiresGrad());
        fails("you can only change requires_grad flags of leaf variables", () -> yes.add(1).requiresGrad(false));
        Tensor ints = Tensor.of(1L, 2L);
        fails(IllegalArgumentException.class, "only Tensors of floating point", () -> ints.requiresGrad(true));
        assertFalse(ints.requiresGrad(false).requiresGrad());
        assertFalse(yes.gt(0).requiresGrad(false).requiresGrad());
    }

    @Test
    void aLeafThatNoLongerRequiresGradGetsNone() {
        Tensor x = leaf(1, 3);
        Tensor y = leaf(2, 3);
        Tensor loss = x.mul(y).sum();
        x.requiresGrad(false);
        loss.backward();
        assertNull(x.grad());
        near(x, y.grad());
    }

    @Test // A56
    void nothingIsRecordedWithoutGrad() {
        Tensor x = leaf(1, 5, 5);
        Tensor y = numbers(2, 5, 5);
        try (GradMode off = GradMode.noGrad()) {
            Tensor w = x.add(y);
            assertFalse(w.requiresGrad());
            assertTrue(w.isLeaf());
            fails("does not require grad", () -> w.backward(ones(5, 5)));
            try (GradMode on = GradMode.enableGrad()) {
                assertTrue(x.add(y).requiresGrad());
            }
            assertFalse(GradMode.isEnabled());
        }
        fails(UnsupportedOperationException.class, "x", () -> GradMode.noGrad(() -> {
            throw new UnsupportedOperationException("x");
        }));
        assertTrue(GradMode.isEnabled());
        x.registerHook(g -> {
            assertFalse(GradMode.isEnabled());
            return null;
        });
        x.square().sum().backward();
        assertTrue(GradMode.isEnabled());
    }

    @Test // A57, A58
    void discreteResultsDoNotRequireGrad() {
        Tensor x = leaf(1, 4, 4);
        for (Tensor discrete : List.of(x.argmax(), x.argmin(0), x.gt(0), x.eq(x), x.le(1), x.to(DType.INT64))) {
            assertFalse(discrete.requiresGrad(), discrete.dtype().toString());
        }
    }

    @Test // A59
    void detach() {
        Tensor x = leaf(1, 10, 10);
        Tensor y = x.mul(2).detach();
        assertFalse(y.requiresGrad());
        assertTrue(y.isLeaf());
        x.add(y).sum().backward();
        near(ones(10, 10), x.grad());
    }

    @Test // A63
    void exportedArraysAreCopies() {
        Tensor x = leaf(1.0, 2.0);
        double[] copy = x.toDoubleArray();
        copy[0] = 7;
        near(new double[] {1, 2}, x);
    }

    @Test // A64
    void resultsWrittenIntoAGivenTensorAreOutsideOfTheGraph() {
        Tensor a = leaf(1, 3);
        Tensor b = leaf(2, 3);
        Tensor x = numbers(3, 3);
        fails("functions with out=... arguments don't support automatic differentiation", () -> a.mul(b).into(x));
        assertSame(x, GradMode.noGrad(() -> a.mul(b).into(x)));
        near(a.detach().mul(b.detach()), x);
        fails("functions with out=", () -> x.mul(2).into(a));
    }

    @Test // A42
    void theJacobianByAnInputThatIsNotUsedIsZero() {
        dev.lanegrad.GradCheck.check(in -> in.get(0).mul(in.get(0)), leaf(1, 3), leaf(2, 3));
    }

    @Test // A100
    void aReleaseHappensOncePerGraph() {
        int[] walks = {0};
        Tensor x = leaf(1, 3, 3);
        Tensor copy = x.clone();
        Tensor view = copy.narrow(0, 1, 1);
        view.mul_(2);
        view.registerHook(g -> {
            walks[0]++;
            return null;
        });
        Tensor loss = view.exp().sum();
        loss.backward();
        fails("a second time", loss::backward);
        assertEquals(1, walks[0]);
        assertSame(x, x.zeroGrad());
    }
}

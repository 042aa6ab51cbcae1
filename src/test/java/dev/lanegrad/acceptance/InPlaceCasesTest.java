package dev.lanegrad.acceptance;

import static dev.lanegrad.acceptance.Cases.fails;
import static dev.lanegrad.acceptance.Cases.leaf;
import static dev.lanegrad.acceptance.Cases.near;
import static dev.lanegrad.acceptance.Cases.numbers;
import static dev.lanegrad.acceptance.Cases.ones;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.lanegrad.DType;
import dev.lanegrad.GradMode;
import dev.lanegrad.Tape;
import dev.lanegrad.Tensor;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Changes in place, versions, and views: the cases of PyTorch's own tests, with its values or formulas. */
class InPlaceCasesTest {
    private static final String MODIFIED =
            "one of the variables needed for gradient computation has been modified by an inplace operation";
    private static final String FORMULA = "no derivative of a leaf is changed";
    private Tape tape;

    @BeforeEach
    void open() {
        tape = Tape.open();
    }

    @AfterEach
    void close() {
        tape.close();
    }

    @Test // A60
    void aChangeOfADetachedTensorIsNoticed() {
        Tensor x = leaf(1, 3);
        Tensor y = x.square();
        x.detach().zero_();
        fails(MODIFIED, () -> y.backward(ones(3)));
        assertNull(x.grad(), FORMULA);
    }

    @Test // A61
    void aLeafAndItsViewsCannotBeChanged() {
        Tensor x = leaf(1, 3, 3);
        double[] before = x.toDoubleArray();
        fails("a leaf Variable that requires grad is being used in an in-place operation", () -> x.add_(1));
        fails("a view of a leaf Variable that requires grad is being used in an in-place operation", () -> x.select(0, 1).add_(1));
        fails("a view of a leaf", () -> x.narrow(0, 0, 2).set(ones(2, 3)));
        near(before, x);
        try (GradMode off = GradMode.noGrad()) {
            x.add_(1);
            x.select(0, 1).mul_(2);
        }
        assertEquals((before[4] + 1) * 2, x.get(1, 1), 1e-12);
    }

    @Test // A62
    void aChangeWithoutGradCountsToo() {
        Tensor x = leaf(1, 5);
        Tensor y = leaf(2, 5);
        Tensor z = x.mul(y).sum();
        try (GradMode off = GradMode.noGrad()) {
            x.mul_(2);
        }
        fails(MODIFIED, z::backward);
        assertNull(x.grad());
        assertNull(y.grad());
    }

    @Test // A65
    void whatSavedTheChangedValueFailsAndOtherPartsWork() {
        Tensor x = leaf(1, 5, 5);
        Tensor y = leaf(2, 5, 5);
        Tensor z = x.mul(y);
        Tensor q = z.add(y);
        Tensor w = z.mul(y);
        z.add_(2);
        q.backward(ones(5, 5), true);
        fails(MODIFIED, () -> w.backward(ones(5, 5)));
        assertTrue(z.requiresGrad());
    }

    @Test // A65
    void theErrorNamesTypeShapeOpAndVersions() {
        Tensor x = leaf(1, 3);
        Tensor z = x.exp();
        Tensor w = z.sum();
        z.add_(1);
        fails("[FLOAT64 [3]], which is output 0 of exp, is at version 1; expected version 0 instead", w::backward);
    }

    @Test // A65
    void gradientsThroughChanges() {
        Tensor x = leaf(1, 5, 5);
        Tensor z = x.div(2);
        Tensor q = z.square();
        Tensor r = z.add(1);
        z.exp_();
        r.backward(ones(5, 5), true);
        near(ones(5, 5).div(2), x.grad());
        z.backward(ones(5, 5), true);
        near(x.detach().div(2).exp().div(2).add(0.5), x.grad());
        fails(MODIFIED, () -> q.backward(ones(5, 5)));
        Tensor leaf = Tensor.full(1, DType.FLOAT64, 5, 5).requiresGrad(true);
        Tensor copy = leaf.clone();
        assertSame(copy, copy.add_(10));
        near(ones(5, 5).mul(11), copy);
        copy.add(2).backward(ones(5, 5));
        near(ones(5, 5), leaf.grad());
    }

    @Test // A65
    void everyChangeHasTheGradientOfItsOp() {
        record Change(String name, UnaryOperator<Tensor> plain, UnaryOperator<Tensor> changing) {
        }
        Tensor other = Tensor.of(1.5, -0.5, 2.0).requiresGrad(true);
        for (Change change : List.of(new Change("add", t -> t.add(other), t -> t.add_(other)),
                new Change("sub", t -> t.sub(other), t -> t.sub_(other)),
                new Change("mul", t -> t.mul(other), t -> t.mul_(other)),
                new Change("div", t -> t.div(other), t -> t.div_(other)),
                new Change("pow", t -> t.pow(other), t -> t.pow_(other)),
                new Change("pow 3", t -> t.pow(3), t -> t.pow_(3)),
                new Change("square", t -> t.square(), t -> t.pow_(2)),
                new Change("neg", t -> t.neg(), t -> t.neg_()), new Change("abs", t -> t.abs(), t -> t.abs_()),
                new Change("exp", t -> t.exp(), t -> t.exp_()), new Change("log", t -> t.log(), t -> t.log_()),
                new Change("sqrt", t -> t.sqrt(), t -> t.sqrt_()),
                new Change("reciprocal", t -> t.reciprocal(), t -> t.reciprocal_()),
                new Change("sin", t -> t.sin(), t -> t.sin_()), new Change("cos", t -> t.cos(), t -> t.cos_()),
                new Change("tanh", t -> t.tanh(), t -> t.tanh_()), new Change("sigmoid", t -> t.sigmoid(), t -> t.sigmoid_()),
                new Change("relu", t -> t.relu(), t -> t.relu_()),
                new Change("clamp", t -> t.clamp(1, 2), t -> t.clamp_(1, 2)),
                new Change("self", t -> t.mul(t), t -> t.mul_(t)))) {
            double[] numbers = {0.7, 1.9, 2.4};
            other.zeroGrad();
            Tensor x = leaf(numbers);
            change.plain.apply(x.mul(1)).square().sum().backward();
            Tensor expected = x.grad();
            Tensor expectedOther = other.grad();
            other.zeroGrad();
            Tensor y = leaf(numbers);
            Tensor working = y.mul(1);
            Tensor changed = change.changing.apply(working);
            assertSame(working, changed, change.name);
            changed.square().sum().backward();
            near(expected, y.grad());
            if (expectedOther != null) {
                near(expectedOther, other.grad());
            }
            // The same through a view that is not contiguous: the other elements keep their gradient.
            other.zeroGrad();
            Tensor wide = leaf(0.7, 5, 1.9, 6, 2.4, 7);
            Tensor base = wide.mul(1);
            change.changing.apply(base.slice(0, 0, 6, 2));
            base.square().sum().backward();
            near(expected, wide.grad().slice(0, 0, 6, 2));
            near(new double[] {10, 12, 14}, wide.grad().slice(0, 1, 6, 2));
        }
    }

    @Test // A65
    void aLeafChangedAfterItWasSaved() {
        Tensor x = leaf(1, 5);
        Tensor y = leaf(2, 5);
        Tensor z = x.mul(y).sum();
        GradMode.noGrad(() -> {
            x.add_(2);
        });
        fails(MODIFIED, z::backward);
    }

    @Test // A66
    void aVersionIsSharedByTheBaseAndAllViews() {
        Tensor x = numbers(1, 4, 4);
        assertEquals(0, x.version());
        Tensor view = x.slice(0, 1, 3).t();
        Tensor detached = view.detach();
        x.add_(1);
        assertEquals(List.of(1, 1, 1), List.of(x.version(), view.version(), detached.version()));
        view.mul_(2);
        detached.zero_();
        assertEquals(List.of(3, 3, 3), List.of(x.version(), view.version(), detached.version()));
        assertEquals(0, x.clone().version());
        try (GradMode off = GradMode.noGrad()) {
            view.select(0, 0).add_(1);
        }
        assertEquals(4, x.version());
    }

    @Test // A67
    void aChangedViewIsPartOfItsBase() {
        Tensor root = leaf(1, 2, 2);
        Tensor x = root.clone();
        x.narrow(0, 0, 1).mul_(2);
        x.sum().backward();
        near(new double[] {2, 2, 1, 1}, root.grad());
    }

    @Test // A67
    void manyChangedViews() {
        Tensor root = leaf(1, 2, 2);
        Tensor x = root.clone();
        Tensor v1 = x.narrow(0, 0, 1);
        Tensor v2 = x.narrow(1, 1, 1);
        v1.mul_(2);
        v2.mul_(2);
        near(root.detach().mul(Tensor.of(new double[] {2, 4, 1, 2}, 2, 2)), x);
        x.sum().backward();
        near(new double[] {2, 4, 1, 2}, root.grad());
    }

    @Test // A68
    void twoEqualViews() {
        Tensor root = leaf(1, 2, 2);
        Tensor x = root.clone();
        Tensor v1 = x.narrow(0, 0, 1);
        Tensor v2 = x.narrow(0, 0, 1);
        v1.mul_(2);
        v2.sum().backward();
        near(new double[] {2, 2, 0, 0}, root.grad());
    }

    @Test // A69
    void aViewOfAView() {
        Tensor root = leaf(1, 2, 2);
        Tensor x = root.clone();
        Tensor v1 = x.narrow(0, 0, 1);
        Tensor v2 = v1.narrow(1, 1, 1);
        v2.mul_(2);
        near(new double[] {root.get(0, 0), root.get(0, 1) * 2}, v1);
        v1.sum().backward();
        near(new double[] {1, 2, 0, 0}, root.grad());
    }

    @Test // A70
    void aViewOfWhatNeedsNoGradientMultipliedByWhatDoes() {
        Tensor a = Tensor.of(2.0, 5.0);
        Tensor b = leaf(3.0);
        Tensor result = a.narrow(0, 1, 1).mul_(b);
        result.sum().backward();
        near(new double[] {5}, b.grad());
        assertNull(a.grad());
    }

    @Test // A71
    void aChangedViewMakesItsBaseRequireGrad() {
        Tensor root = numbers(1, 2, 2);
        Tensor x = root.clone();
        Tensor other = leaf(2, 1, 2);
        Tensor before = x.select(0, 1);
        assertFalse(x.requiresGrad());
        x.narrow(0, 0, 1).mul_(other);
        assertTrue(x.requiresGrad());
        assertTrue(before.requiresGrad());
        x.sum().backward();
        near(root.slice(0, 0, 1), other.grad());
        assertFalse(root.requiresGrad());
    }

    @Test // A77
    void assignmentThroughSlicesAndMasks() {
        Tensor x = leaf(1, 4, 4);
        Tensor v = leaf(2, 2, 4);
        Tensor y = x.clone();
        y.narrow(0, 1, 2).set(v);
        Tensor go = numbers(3, 4, 4);
        y.backward(go);
        near(go.narrow(0, 1, 2), v.grad());
        near(Tensor.full(0, DType.FLOAT64, 2, 4), x.grad().narrow(0, 1, 2));
        near(go.select(0, 0), x.grad().select(0, 0));
        x.zeroGrad();
        Tensor mask = numbers(4, 4, 4).gt(0);
        Tensor w = leaf(5, 4, 4);
        Tensor z = x.clone();
        z.set(mask, w);
        z.backward(go);
        near(mask.where(go, Tensor.full(0, DType.FLOAT64, 4, 4)), w.grad());
        near(mask.where(Tensor.full(0, DType.FLOAT64, 4, 4), go), x.grad());
    }

    @Test // A77
    void assignmentByIndices() {
        Tensor x = leaf(1, 4, 3);
        Tensor v = leaf(2, 2, 3);
        Tensor y = x.clone();
        y.indexPut_(v, Tensor.of(3L, 1L));
        near(v.select(0, 0), y.select(0, 3));
        Tensor go = numbers(3, 4, 3);
        y.backward(go);
        near(go.select(0, 3), v.grad().select(0, 0));
        near(go.select(0, 1), v.grad().select(0, 1));
        near(new double[] {0, 0, 0}, x.grad().select(0, 1));
        near(go.select(0, 2), x.grad().select(0, 2));
    }

    @Test // A78
    void assignmentOfLeaves() {
        Tensor x = Tensor.full(0, DType.FLOAT64, 5, 5);
        Tensor y = leaf(1, 5);
        Tensor z = leaf(2, 5);
        x.select(0, 0).set(y);
        x.select(0, 1).set(z.mul(2));
        assertTrue(x.requiresGrad());
        x.sum().backward();
        near(new double[] {1, 1, 1, 1, 1}, y.grad());
        near(new double[] {2, 2, 2, 2, 2}, z.grad());
    }

    @Test
    void allKindsOfViewsShareMemoryAndKeepGradientsRight() {
        record Kind(String name, UnaryOperator<Tensor> view) {
        }
        for (Kind kind : List.of(new Kind("slice", t -> t.slice(1, 1, 4, 2)), new Kind("select", t -> t.select(1, 2)),
                new Kind("permute", t -> t.permute(1, 0)), new Kind("diagonal", Tensor::diagonal),
                new Kind("reshape", t -> t.reshape(2, 8)), new Kind("view", t -> t.view(16)),
                new Kind("reshape of a slice", t -> t.slice(0, 1, 3).reshape(4, 2)), new Kind("unsqueeze", t -> t.t().unsqueeze(1)),
                new Kind("squeeze", t -> t.slice(1, 1, 2).squeeze()), new Kind("narrow of t", t -> t.t().narrow(0, 1, 2)))) {
            Tensor root = leaf(7, 4, 4);
            Tensor base = root.clone();
            Tensor stale = base.select(0, 1);
            Tensor view = kind.view.apply(base);
            assertTrue(view.isView(), kind.name);
            Tensor factor = leaf(8, view.shape());
            view.mul_(factor);
            view.add_(1);
            Tensor go = numbers(9, 4, 4);
            base.mul(go).sum().add(stale.sum()).backward();
            // The same by plain ops: where the view lies, the elements are multiplied.
            Tensor plainRoot = root.detach().clone().requiresGrad(true);
            Tensor plainFactor = factor.detach().clone().requiresGrad(true);
            Tensor positions = kind.view.apply(Tensor.arange(0, 16, 1, DType.FLOAT64).reshape(4, 4)).to(DType.INT64).flatten();
            Tensor inside = plainRoot.flatten().index(positions).mul(plainFactor.flatten()).add(1);
            Tensor flat = plainRoot.flatten().clone();
            flat.indexPut_(inside, positions);
            Tensor plain = flat.reshape(4, 4);
            near(plain, base);
            plain.mul(go).sum().add(plain.select(0, 1).sum()).backward();
            near(plainRoot.grad(), root.grad());
            near(plainFactor.grad(), factor.grad());
        }
    }

    @Test
    void aViewOfAChangedBaseFollowsIt() {
        Tensor root = leaf(1, 4);
        Tensor base = root.clone();
        Tensor wide = base.slice(0, 1, 3).expand(2, 2);
        base.mul_(3);
        wide.sum().backward();
        near(new double[] {0, 6, 6, 0}, root.grad());
    }

    @Test
    void viewsThatCannotBeChanged() {
        Tensor x = leaf(1, 2, 2).clone();
        fails(IllegalArgumentException.class, "more than one element of the written-to tensor refers to a single memory location",
                () -> x.select(0, 0).expand(3, 2).add_(1));
        Tensor part = x.unbind(0).getFirst();
        fails("This view is the output of a function that returns multiple views", () -> part.mul_(2));
        Tensor quiet = GradMode.noGrad(() -> x.select(0, 0));
        fails("A view was created in no_grad mode and is being modified inplace with grad mode enabled", () -> quiet.mul_(2));
        fails(IllegalArgumentException.class, "output with shape [2] doesn't match the broadcast shape [2, 2]",
                () -> x.select(0, 0).add_(ones(2, 2)));
        fails(IllegalArgumentException.class, "can't be cast to the desired output type", () -> Tensor.of(1L, 2L).add_(1.5));
        fails(IllegalArgumentException.class, "view size is not compatible with input tensor's size and stride",
                () -> x.t().view(4));
    }

    @Test
    void aTensorFromOutsideTheTapeIsNotDrawnIntoItsGraph() {
        Tensor outside;
        tape.close();
        outside = Tensor.of(1.0, 2.0);
        tape = Tape.open();
        Tensor w = leaf(1, 2);
        fails("was made outside the innermost tape", () -> outside.mul_(w));
        near(new double[] {1, 2}, outside);
        outside.mul_(2);
        near(new double[] {2, 4}, outside);
    }

    @Test
    void retainedGradientsFollowAChange() {
        Tensor x = leaf(1, 3);
        Tensor y = x.mul(2).retainGrad();
        y.mul_(5);
        y.sum().backward();
        near(new double[] {1, 1, 1}, y.grad());
        near(new double[] {10, 10, 10}, x.grad());
    }

    @Test
    void inferenceTensorsStayOutOfGraphs() {
        Tensor w = leaf(1, 3);
        Tensor inferred = GradMode.inference(() -> w.mul(2));
        assertFalse(inferred.requiresGrad());
        fails("Inference tensors cannot be saved for backward", () -> inferred.mul(w));
        w.add(inferred).sum().backward();
        near(new double[] {1, 1, 1}, w.grad());
        fails("Inplace update to inference tensor outside InferenceMode is not allowed", () -> inferred.add_(1));
        fails("Setting requires_grad=True on inference tensor outside InferenceMode is not allowed",
                () -> inferred.requiresGrad(true));
        fails("Inference tensors do not track version counter", inferred::version);
        GradMode.inference(() -> inferred.add_(1));
        near(w.detach().mul(2).add(1), inferred.clone());
        inferred.clone().mul(w).sum().backward();
    }

    @Test
    void aChangeElsewhereInTheSameMemoryDoesNoHarm() {
        Tensor x = leaf(1, 4);
        Tensor y = x.mul(1);
        Tensor squares = y.slice(0, 0, 2).square();
        y.slice(0, 2, 4).mul_(3);
        squares.sum().add(y.sum()).backward();
        near(x.detach().slice(0, 0, 2).mul(2).add(1), x.grad().slice(0, 0, 2));
        near(new double[] {3, 3}, x.grad().slice(0, 2, 4));
    }

    @Test
    void optimiserStepsCountAsChanges() {
        Tensor w = leaf(1, 3);
        Tensor loss = w.square().sum();
        loss.backward(null, true);
        new dev.lanegrad.optim.Adam(List.of(w), 0.1).step();
        fails(MODIFIED, loss::backward);
    }
}

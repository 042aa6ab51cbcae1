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
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.lanegrad.Anomaly;
import dev.lanegrad.Checkpoint;
import dev.lanegrad.DType;
import dev.lanegrad.DifferentiableFunction;
import dev.lanegrad.Elementwise;
import dev.lanegrad.Grad;
import dev.lanegrad.GradCheck;
import dev.lanegrad.Hook;
import dev.lanegrad.Rng;
import dev.lanegrad.SavedTensors;
import dev.lanegrad.Tape;
import dev.lanegrad.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Hooks, functions with stated derivatives, checkpoints, saved tensors, and the search for anomalies. */
class FunctionCasesTest {
    private Tape tape;

    @BeforeEach
    void open() {
        tape = Tape.open();
    }

    @AfterEach
    void close() {
        tape.close();
    }

    @Test // A94
    void hooksAreCalledAndMayReplaceTheGradient() {
        int[] counter = {0};
        Tensor x = Tensor.full(1, DType.FLOAT64, 5, 5).requiresGrad(true);
        Tensor y = Tensor.full(4, DType.FLOAT64, 5, 5).requiresGrad(true);
        Tensor z = x.square().add(x.mul(2)).add(x.mul(y)).add(y);
        x.registerHook(g -> {
            counter[0]++;
            return null;
        });
        Hook second = z.registerHook(g -> {
            near(ones(5, 5), g);
            counter[0] += 3;
            return null;
        });
        z.backward(ones(5, 5), true);
        assertEquals(4, counter[0]);
        second.remove();
        second.remove();
        z.backward(ones(5, 5), true);
        assertEquals(5, counter[0]);
        Hook doubling = z.registerHook(g -> g.mul(2));
        y.zeroGrad();
        z.backward(ones(5, 5), true);
        near(x.detach().add(1).mul(2), y.grad());
        z.registerHook(g -> g.mul(2));
        y.zeroGrad();
        z.backward(ones(5, 5), true);
        near(x.detach().add(1).mul(4), y.grad());
        doubling.close();
        z.registerHook(g -> g.sum());
        fails("has changed the size of value", () -> z.backward(ones(5, 5), true));
        fails("cannot register a hook on a tensor that doesn't require gradient", () -> ones(1).registerHook(g -> null));
    }

    @Test
    void theOrderOfHooks() {
        List<String> calls = new ArrayList<>();
        Tensor x = leaf(1, 3);
        Tensor y = x.mul(2);
        x.registerPostAccumulateGradHook(leaf -> calls.add("accumulated " + leaf.grad().get(0)));
        x.registerHook(g -> {
            calls.add("leaf " + g.get(0));
            return null;
        });
        y.registerHook(g -> {
            calls.add("computed " + g.get(0));
            return null;
        });
        y.add(y).sum().backward();
        assertEquals(List.of("computed 2.0", "leaf 4.0", "accumulated 4.0"), calls);
        fails("post accumulate grad hooks cannot be registered on non-leaf tensors",
                () -> y.registerPostAccumulateGradHook(leaf -> { }));
    }

    @Test // A95
    void aHookOnAComputedTensor() {
        int[] counter = {0};
        Tensor x = leaf(1, 4, 2);
        Tensor y = x.mul(3);
        y.registerHook(g -> {
            counter[0]++;
            return g.mul(2);
        });
        Tensor z = y.square().sum();
        near(y.detach().mul(4), Grad.grad(z, y, true));
        assertEquals(1, counter[0]);
        z.backward();
        near(y.detach().mul(12), x.grad());
        assertEquals(2, counter[0]);
    }

    @Test // A13
    void hooksBehindTheTargetsAreNotCalled() {
        int[] counter = {0};
        Tensor x = leaf(1, 4, 2);
        List<Tensor> parts = x.chunk(2, 0);
        x.registerHook(g -> {
            counter[0]++;
            return null;
        });
        Tensor go = numbers(2, 2, 2);
        List<Tensor> found = Grad.grad(List.of(parts.get(0).add(parts.get(1).mul(2))), parts, List.of(go), false, false);
        near(go, found.get(0));
        near(go.mul(2), found.get(1));
        assertEquals(0, counter[0]);
        assertNull(x.grad());
    }

    /** {@code x * y} with both saved. */
    private static final class Product extends DifferentiableFunction {
        private final boolean once;

        Product(boolean once) {
            this.once = once;
        }

        @Override
        protected List<Tensor> forward(Call call, List<Tensor> inputs) {
            call.saveForBackward(inputs.get(0), inputs.get(1));
            if (once) {
                call.onceDifferentiable();
            }
            assertFalse(inputs.get(0).mul(2).requiresGrad());
            return List.of(inputs.get(0).mul(inputs.get(1)));
        }

        @Override
        protected List<Tensor> backward(Call call, List<Tensor> gradients) {
            List<Tensor> saved = call.savedTensors();
            return java.util.Arrays.asList(
                    call.needsInputGrad(0) ? gradients.getFirst().mul(saved.get(1)) : null,
                    call.needsInputGrad(1) ? gradients.getFirst().mul(saved.get(0)) : null);
        }
    }

    @Test
    void aStatedDerivativeIsDifferentiableToAnyOrder() {
        GradCheck.check(in -> new Product(false).of(in.get(0), in.get(1)), leaf(1, 3), leaf(2, 3));
        GradCheck.checkSecond(in -> new Product(false).of(in.get(0).exp(), in.get(1)).sin(), leaf(1, 3), leaf(2, 3));
        GradCheck.check(in -> new Product(false).of(in.get(0), in.get(1)), leaf(1, 3), numbers(2, 3));
        Tensor x = leaf(1, 3);
        Tensor y = leaf(2, 3);
        Tensor loss = new Product(false).of(x, y).sum();
        loss.backward();
        fails("a second time", loss::backward);
        Tensor changed = new Product(false).of(x.mul(1), y.mul(1)).sum();
        changed.backward();
    }

    @Test
    void aChangedSaveOfAFunctionFails() {
        Tensor x = leaf(1, 3);
        Tensor a = x.mul(2);
        Tensor loss = new Product(false).of(a, a).sum();
        a.add_(1);
        fails("one of the variables needed for gradient computation has been modified by an inplace operation: [FLOAT64 [3]], "
                + "saved by Product", loss::backward);
    }

    @Test
    void aFunctionThatIsDifferentiableOnce() {
        Tensor x = leaf(1, 3);
        Tensor y = leaf(2, 3);
        Tensor gradient = Grad.grad(new Product(true).of(x, y).sum(), x, true);
        near(y, gradient);
        fails("trying to differentiate twice a function that was marked with once_differentiable",
                () -> gradient.sum().backward());
    }

    @Test // A85
    void aFunctionWithoutABackward() {
        DifferentiableFunction floor = new DifferentiableFunction() {
            @Override
            protected List<Tensor> forward(Call call, List<Tensor> inputs) {
                return List.of(inputs.getFirst().to(DType.INT64).to(DType.FLOAT64));
            }

            @Override
            public String name() {
                return "floor";
            }
        };
        Tensor x = leaf(1.5);
        Tensor y = floor.of(x);
        assertEquals(1, y.item());
        fails("derivative for floor is not implemented", y::backward);
        assertNull(x.grad());
    }

    @Test
    void severalResultsAndUnusedOnes() {
        List<String> seen = new ArrayList<>();
        for (boolean materialize : new boolean[] {true, false}) {
            DifferentiableFunction both = new DifferentiableFunction() {
                @Override
                protected List<Tensor> forward(Call call, List<Tensor> inputs) {
                    call.setMaterializeGrads(materialize);
                    Tensor count = Tensor.of(1L);
                    Tensor constant = inputs.getFirst().mul(0);
                    call.markNonDifferentiable(constant);
                    return List.of(inputs.getFirst().mul(2), inputs.getFirst().mul(3), count, constant);
                }

                @Override
                protected List<Tensor> backward(Call call, List<Tensor> gradients) {
                    seen.add(gradients.get(1) == null ? "null" : gradients.get(1).toString());
                    Tensor second = gradients.get(1);
                    Tensor first = gradients.get(0).mul(2);
                    return List.of(second == null ? first : first.add(second.mul(3)));
                }
            };
            Tensor x = leaf(1, 2);
            List<Tensor> results = both.apply(x);
            assertTrue(results.get(1).requiresGrad());
            assertFalse(results.get(2).requiresGrad());
            assertFalse(results.get(3).requiresGrad());
            results.get(0).sum().backward();
            near(new double[] {2, 2}, x.grad());
            Tensor z = leaf(1, 2);
            List<Tensor> again = both.apply(z);
            again.get(0).add(again.get(1)).sum().backward();
            near(new double[] {5, 5}, z.grad());
        }
        assertEquals("tensor([0., 0.], dtype=float64)", seen.get(0));
        assertEquals("null", seen.get(2));
    }

    @Test
    void aFunctionThatChangesItsInput() {
        DifferentiableFunction doubling = new DifferentiableFunction() {
            @Override
            protected List<Tensor> forward(Call call, List<Tensor> inputs) {
                inputs.getFirst().mul_(2);
                call.markDirty(inputs.getFirst());
                return List.of(inputs.getFirst());
            }

            @Override
            protected List<Tensor> backward(Call call, List<Tensor> gradients) {
                return List.of(gradients.getFirst().mul(2));
            }
        };
        Tensor x = leaf(1, 4);
        Tensor y = x.mul(3);
        doubling.of(y);
        near(x.detach().mul(6), y);
        y.sum().backward();
        near(new double[] {6, 6, 6, 6}, x.grad());
        Tensor z = leaf(1, 4);
        Tensor base = z.mul(1);
        doubling.of(base.narrow(0, 1, 2));
        base.sum().backward();
        near(new double[] {1, 2, 2, 1}, z.grad());
    }

    @Test
    void elementwiseFunctionsFromFormulas() {
        Elementwise swish2 = Elementwise.define("swish2", x -> x.mul(x.mul(2).sigmoid()));
        Tensor x = leaf(1, 7);
        near(x.detach().mul(x.detach().mul(2).sigmoid()), swish2.apply(x));
        GradCheck.check(in -> swish2.apply(in.get(0)), leaf(1, 7));
        GradCheck.checkSecond(in -> swish2.apply(in.get(0)), leaf(1, 7));
        Elementwise call = Elementwise.define("softMax3",
                (a, b, c) -> a.maximum(b).exp().add(c.square()).log().where(a.mul(b), c.sub(a)));
        GradCheck.check(in -> call.apply(in.get(0), in.get(1), in.get(2)), leaf(1, 3, 1), leaf(2, 4), leaf(3, 3, 4));
        GradCheck.checkSecond(in -> call.apply(in.get(0), in.get(1), in.get(2)), leaf(1, 3, 1), leaf(2, 4), leaf(3, 3, 4));
        fails(IllegalArgumentException.class, "expected 3 operands, got 1", () -> call.apply(x));
        // Third derivatives by finite differences of the second.
        GradCheck.check(in -> {
            Tensor g = Grad.grad(swish2.apply(in.get(0)).sum(), in.get(0), true);
            return Grad.grad(g.mul(g).sum(), in.get(0), true);
        }, leaf(2, 5));
    }

    @Test
    void aStatedDerivativeOfAFormula() {
        Elementwise straight = Elementwise.define("straight", x -> x.gt(0).where(x.mul(0).add(1), x.mul(0)))
                .withDerivative(0, (in, r) -> Expr1.one());
        Tensor x = leaf(-1.0, 2.0);
        Tensor y = straight.apply(x);
        near(new double[] {0, 1}, y);
        y.sum().backward();
        near(new double[] {1, 1}, x.grad());
        Elementwise root = Elementwise.define("root", x0 -> x0.sqrt())
                .withDerivative(0, (in, r) -> r.mul(2).reciprocal());
        GradCheck.check(in -> root.apply(in.get(0)), leaf(1.5, 2.5));
        GradCheck.checkSecond(in -> root.apply(in.get(0)), leaf(1.5, 2.5));
        assertThrows(IndexOutOfBoundsException.class, () -> root.withDerivative(1, (in, r) -> r));
    }

    /** A constant formula. */
    private static final class Expr1 {
        static dev.lanegrad.Expr one() {
            return dev.lanegrad.Expr.of(1);
        }
    }

    private static Tensor block(Tensor x, Tensor w) {
        Tensor h = x;
        for (int i = 0; i < 4; i++) {
            h = h.matmul(w).tanh().add(h.mul(0.5)).add(Tensor.full(0.25, DType.FLOAT64, 5));
        }
        return h.square();
    }

    @Test // A99
    void checkpointedGradientsAreThoseOfThePlainFunction() {
        Tensor x = leaf(1, 5, 5);
        Tensor w = leaf(2, 5, 5);
        Tensor plain = block(x.exp(), w).sum();
        plain.backward();
        Tensor gx = x.grad();
        Tensor gw = w.grad();
        x.zeroGrad();
        w.zeroGrad();
        Tensor in = x.exp();
        Tensor checkpointed = Checkpoint.run(() -> block(in, w)).sum();
        assertArrayEquals(plain.toDoubleArray(), checkpointed.toDoubleArray());
        checkpointed.backward();
        assertArrayEquals(gx.toDoubleArray(), x.grad().toDoubleArray());
        assertArrayEquals(gw.toDoubleArray(), w.grad().toDoubleArray());
        fails("a second time", checkpointed::backward);
    }

    @Test
    void checkpointsNestInChainsAndGiveSecondDerivatives() {
        GradCheck.check(in -> {
            Tensor h = Checkpoint.run(() -> block(in.get(0), in.get(1)));
            Tensor first = h;
            return Checkpoint.run(() -> Checkpoint.run(() -> first.sin()).mul(first));
        }, leaf(1, 2, 5), numbers(2, 5, 5).mul(0.3).keep().requiresGrad(true));
        GradCheck.checkSecond(in -> Checkpoint.run(() -> in.get(0).sin().mul(in.get(0))), leaf(1, 4));
        Tensor x = leaf(1, 4);
        Tensor y = Checkpoint.run(() -> x.sin().exp()).sum();
        y.backward(null, true);
        Tensor once = x.grad().clone();
        y.backward();
        near(once.mul(2), x.grad());
    }

    @Test
    void aCheckpointKeepsLessMemory() {
        Tensor x = leaf(1, 1000);
        long before = tape.liveBytes();
        Tensor plain = x;
        for (int i = 0; i < 50; i++) {
            plain = plain.sin();
        }
        long kept = tape.liveBytes() - before;
        before = tape.liveBytes();
        Tensor y = Checkpoint.run(() -> {
            Tensor h = x;
            for (int i = 0; i < 50; i++) {
                h = h.sin();
            }
            return h;
        });
        long checkpointed = tape.liveBytes() - before;
        assertTrue(checkpointed * 20 < kept, checkpointed + " of " + kept + " bytes");
        long live = tape.liveBytes();
        y.sum().backward();
        assertTrue(tape.liveBytes() - live < 2 * 8192, "what was computed again is given back");
    }

    @Test
    void aTensorFromInsideACheckpointEndsWithIt() {
        Tensor x = leaf(1, 3);
        Tensor[] leaked = new Tensor[1];
        Tensor y = Checkpoint.run(() -> {
            leaked[0] = x.sin();
            return leaked[0].exp();
        });
        fails("its values are gone", () -> leaked[0].add(1));
        y.sum().backward();
        fails("its values are gone", () -> leaked[0].toDoubleArray());
    }

    @Test
    void randomNumbersOfACheckpointAreTheSame() {
        Rng rng = new Rng(5);
        Rng twin = rng.copy();
        Tensor x = leaf(1, 100);
        Tensor y = Checkpoint.run(() -> x.sin().mul(Tensor.rand(rng, 100).gt(0.5)), rng);
        double next = rng.copy().nextUniform();
        y.sum().backward();
        Tensor mask = Tensor.rand(twin, 100).gt(0.5);
        near(x.detach().cos().mul(mask.to(DType.FLOAT64)), x.grad());
        assertEquals(next, rng.nextUniform());
    }

    @Test
    void aCheckpointThatDivergesIsNoticed() {
        Tensor x = leaf(1, 3);
        int[] runs = {0};
        Tensor y = Checkpoint.run(() -> runs[0]++ == 0 ? x.sin().exp() : x.sin());
        fails("A different number of tensors was saved during the original forward and recomputation", () -> y.sum().backward());
        assertNull(x.grad());
        Tensor z = Checkpoint.run(() -> runs[0]++ == 2 ? x.sin().exp() : x.exp().sin());
        fails("recomputation", () -> z.sum().backward());
    }

    @Test
    void savedTensorsMayBePacked() {
        List<int[]> packed = new ArrayList<>();
        int[] unpacked = {0};
        Tensor x = leaf(1, 4);
        Tensor w = leaf(2, 4, 4);
        Tensor loss;
        try (SavedTensors hooks = SavedTensors.hooks(t -> {
            packed.add(t.shape());
            return t.to(DType.FLOAT32).keep();
        }, kept -> {
            unpacked[0]++;
            return ((Tensor) kept).to(DType.FLOAT64);
        })) {
            loss = x.exp().matmul(w).softmax(0).square().sum();
        }
        assertEquals(5, packed.size());
        loss.backward();
        assertEquals(5, unpacked[0]);
        Tensor exact = Grad.grad(x.exp().matmul(w).softmax(0).square().sum(), x, false);
        double[] a = exact.toDoubleArray();
        double[] b = x.grad().toDoubleArray();
        for (int i = 0; i < a.length; i++) {
            assertEquals(a[i], b[i], 1e-5 * Math.max(1, Math.abs(a[i])), "rounded to floats");
        }
    }

    @Test // A84
    void theOpAndTheLineOfTheFirstNaN() {
        Tensor x = Tensor.full(0, DType.FLOAT64, 3).requiresGrad(true);
        Tensor quiet = x.mul(0).sqrt().mul(0).sum();
        quiet.backward();
        assertTrue(Double.isNaN(x.grad().get(0)));
        x.zeroGrad();
        try (Anomaly search = Anomaly.detect()) {
            Tensor loss = x.mul(0).sqrt().mul(0).sum();
            fails("Function 'SqrtBackward0' returned nan values in its 0th output", loss::backward);
            fails("FunctionCasesTest.java", loss::backward);
            assertNull(x.grad());
            fails("log: the result of shape [3] has inf, and its operands are finite; computed at "
                    + FunctionCasesTest.class.getName(), () -> x.log());
        }
        x.log();
    }

    @Test
    void whatTheTapeKeepsAndHowItLooks() {
        Tensor x = leaf(1, 3);
        Tensor m = numbers(2, 3);
        try (Anomaly lines = Anomaly.rememberLines()) {
            x.add(2).mul(m).exp().sum();
        }
        String saved = tape.explainSaved();
        assertTrue(saved.contains("mul keeps its operand 1, float64 [3], 24 bytes, at " + FunctionCasesTest.class.getName()), saved);
        assertTrue(saved.contains("exp keeps its result, float64 [3], 24 bytes"), saved);
        assertTrue(saved.endsWith("48 bytes in all\n"), saved);
        String dot = tape.toDot();
        assertTrue(dot.startsWith("digraph tape {") && dot.contains("exp\\nfloat64 [3]") && dot.contains("->"), dot);
        String mermaid = tape.toMermaid();
        assertTrue(mermaid.startsWith("flowchart TD") && mermaid.contains("[\"exp<br>float64 [3]\"]") && mermaid.contains("-->"),
                mermaid);
    }
}

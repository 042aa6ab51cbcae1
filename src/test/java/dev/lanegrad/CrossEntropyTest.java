package dev.lanegrad;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Cross entropy is one pass over the scores: its values are those of the formula, and its gradients the softmax less 1. */
class CrossEntropyTest {
    private static final long SEED = 9;

    @AfterEach
    void oneThread() {
        Lanegrad.threads(1);
    }

    private static Tensor classes(int samples, int classes) {
        long[] chosen = new long[samples];
        for (int i = 0; i < samples; i++) {
            chosen[i] = i * 7L % classes;
        }
        return Tensor.of(chosen);
    }

    private static Tensor formula(Tensor scores, Tensor classes) {
        return scores.logSoftmax(1).gather(1, classes.unsqueeze(1)).neg().mean();
    }

    /** {@code (softmax - 1 at the class) / samples}. */
    private static Tensor gradient(Tensor scores, Tensor classes) {
        Tensor p = scores.softmax(1);
        Tensor one = classes.unsqueeze(1).eq(Tensor.arange(0, p.size(1), 1, DType.INT64)).to(p.dtype());
        return p.sub(one).mul(Tensor.scalar(1, p.dtype()).div(p.size(0)));
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "3, 2", "128, 10", "257, 1000", "5, 5000", "2, 300000"})
    void isTheFormula(int samples, int classes) {
        System.out.println("CrossEntropyTest: seed " + SEED);
        for (DType dtype : List.of(DType.FLOAT32, DType.FLOAT64)) {
            Tensor scores = Tensor.randn(new Rng(SEED), dtype, samples, classes).mul(20);
            Tensor named = classes(samples, classes);
            for (int threads = 1; threads <= 3; threads++) {
                Lanegrad.threads(threads);
                Tensor leaf = scores.detach().requiresGrad(true);
                try (Tape _ = Tape.open()) {
                    Tensor loss = leaf.crossEntropy(named);
                    assertEquals(formula(scores, named).item(), loss.item(), dtype + ", " + threads + " threads");
                    loss.backward();
                }
                assertEquals(formula(scores, named).item(), scores.crossEntropy(named).item());
                assertArrayEquals(gradient(scores, named).toDoubleArray(), leaf.grad().toDoubleArray(), dtype + ", " + threads);
            }
        }
    }

    @Test
    void stridedScoresAndClassesAreReadWhereTheyLie() {
        Tensor wide = Tensor.randn(new Rng(SEED), DType.FLOAT64, 6, 8);
        Tensor named = Tensor.of(new long[] {1, 0, 5, 0, 2, 0, 3, 0}, 4, 2).select(1, 0);
        Tensor scores = wide.transpose(0, 1).slice(0, 0, 8, 2);
        Tensor leaf = wide.detach().requiresGrad(true);
        try (Tape _ = Tape.open()) {
            Tensor loss = leaf.transpose(0, 1).slice(0, 0, 8, 2).crossEntropy(named);
            assertEquals(formula(scores.clone(), named.clone()).item(), loss.item());
            loss.backward();
        }
        assertArrayEquals(gradient(scores.clone(), named.clone()).toDoubleArray(),
                leaf.grad().transpose(0, 1).slice(0, 0, 8, 2).toDoubleArray());
    }

    @Test
    void scoresMayChangeOnceTheLossIsKnown() {
        Tensor scores = Tensor.randn(new Rng(SEED), 4, 3);
        Tensor named = classes(4, 3);
        Tensor leaf = scores.detach().requiresGrad(true);
        try (Tape _ = Tape.open()) {
            Tensor x = leaf.mul(1);
            Tensor loss = x.crossEntropy(named);
            x.mul_(2);
            loss.backward();
        }
        assertArrayEquals(gradient(scores, named).toFloatArray(), leaf.grad().toFloatArray());
    }

    @ParameterizedTest
    @EnumSource(value = DType.class, names = {"FLOAT32", "FLOAT64"})
    void extremeScoresHaveThePyTorchValues(DType dtype) {
        double inf = Double.POSITIVE_INFINITY;
        Tensor first = Tensor.of(0L);
        assertEquals(0, Tensor.of(new double[] {1000, 0}, 1, 2).to(dtype).crossEntropy(first).item(), Double.MIN_VALUE);
        assertEquals(1000, Tensor.of(new double[] {0, 1000}, 1, 2).to(dtype).crossEntropy(first).item());
        assertEquals(inf, Tensor.of(new double[] {-inf, 0}, 1, 2).to(dtype).crossEntropy(first).item());
        assertTrue(Double.isNaN(Tensor.of(new double[] {inf, 0}, 1, 2).to(dtype).crossEntropy(first).item()));
        assertTrue(Double.isNaN(Tensor.of(new double[] {-inf, -inf}, 1, 2).to(dtype).crossEntropy(first).item()));
        assertTrue(Double.isNaN(Tensor.full(0, dtype, 0, 2).crossEntropy(Tensor.of(new long[0])).item()));
    }

    @Test
    void higherDerivativesAreThoseOfTheFormula() {
        Tensor scores = Tensor.randn(new Rng(SEED), DType.FLOAT64, 3, 4);
        Tensor named = classes(3, 4);
        Tensor hessian = Grad.hessian(x -> x.crossEntropy(named), scores);
        assertArrayEquals(Grad.hessian(x -> formula(x, named), scores).toDoubleArray(), hessian.toDoubleArray(), 1e-15);
        Tensor moved = Tensor.randn(new Rng(SEED + 1), DType.FLOAT64, 3, 4);
        assertEquals(Grad.jvp(x -> formula(x, named), scores, moved).tangent().item(),
                Grad.jvp(x -> x.crossEntropy(named), scores, moved).tangent().item(), 1e-15);
        GradCheck.checkSecond(in -> in.getFirst().crossEntropy(named), scores.requiresGrad(true));
    }

    @Test
    void aClassThatIsNoneIsRefusedAndNothingIsRecorded() {
        Tensor leaf = Tensor.zeros(2, 3).requiresGrad(true);
        try (Tape tape = Tape.open()) {
            for (long none : new long[] {-1, 3}) {
                IndexOutOfBoundsException e = assertThrows(IndexOutOfBoundsException.class,
                        () -> leaf.crossEntropy(Tensor.of(0L, none)));
                assertTrue(e.getMessage().contains("crossEntropy: index " + none), e.getMessage());
            }
            assertThrows(IllegalArgumentException.class, () -> leaf.crossEntropy(Tensor.of(0f, 1f)));
        }
    }
}

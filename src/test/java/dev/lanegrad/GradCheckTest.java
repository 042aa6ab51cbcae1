package dev.lanegrad;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A checker that cannot fail is worth nothing. */
class GradCheckTest {
    private static final GradCheck.Options ALL = GradCheck.Options.DEFAULT.withCheckForwardAd(true)
            .withCheckBatchedGrad(true).withCheckGradDtypes(true);

    private static Tensor leaf() {
        return Tensor.of(0.5, 1.5).requiresGrad(true);
    }

    private static GradCheck.Options options(boolean fast) {
        return ALL.withFastMode(fast);
    }

    private static String failure(Function<List<Tensor>, List<Tensor>> function, GradCheck.Options options,
            Tensor... inputs) {
        assertFalse(GradCheck.gradcheck(function, List.of(inputs), options.withRaise(false)));
        return assertThrows(AssertionError.class, () -> GradCheck.gradcheck(function, List.of(inputs), options))
                .getMessage();
    }

    /** A86. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void passesARightGradientOfOneInput(boolean fast) {
        assertTrue(GradCheck.gradcheck(in -> List.of(in.getFirst().mul(5)), List.of(leaf()), options(fast)));
        GradCheck.check(in -> in.getFirst().mul(5), leaf());
    }

    /** A87. The function has a wrong derivative: part of the value does not count for it. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void findsAWrongGradientAndShowsBothJacobians(boolean fast) {
        String message = failure(in -> List.of(in.getFirst().detach().mul(0.01).add(in.getFirst().mul(2))),
                options(fast), leaf());
        assertTrue(message.startsWith("Jacobian mismatch for output 0 with respect to input 0,\nnumerical:tensor(["),
                message);
        assertTrue(message.contains("2.0100") && message.contains("\nanalytical:tensor([[2., 0.]"), message);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void namesTheOutputAndTheInput(boolean fast) {
        Tensor other = Tensor.of(2.0).requiresGrad(true);
        String message = failure(in -> List.of(in.get(0).mul(3), in.get(0)
                .add(in.get(1).detach().add(in.get(1)).mul(2))), options(fast), leaf(), other);
        assertTrue(message.startsWith("Jacobian mismatch for output 1 with respect to input 1,"), message);
    }

    /** A87, with a hook. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void findsAHookThatSpoilsTheGradient(boolean fast) {
        Function<List<Tensor>, List<Tensor>> spoiled = in -> {
            Tensor y = in.getFirst().mul(5);
            if (y.requiresGrad()) {
                y.registerHook(gradient -> gradient.add(1e-2));
            }
            return List.of(y.mul(1));
        };
        assertTrue(failure(spoiled, GradCheck.Options.DEFAULT.withFastMode(fast), leaf())
                .startsWith("Jacobian mismatch for output 0 with respect to input 0,\nnumerical:"));
    }

    @Test
    void findsAMissingDependence() {
        assertThrows(AssertionError.class, () -> GradCheck.check(in -> in.getFirst().detach().square(), leaf()));
    }

    /** A88: each call computes another multiple, so that two walks differ. */
    @Test
    void findsThatTwoWalksDifferAndAllowsIt() {
        int[] calls = new int[1];
        Function<List<Tensor>, List<Tensor>> jittering = in -> List.of(in.getFirst().mul(2 + 1e-7 * (calls[0]++ % 5)));
        String message = failure(jittering, GradCheck.Options.DEFAULT.withTolerance(1, 1), leaf());
        assertTrue(message.startsWith("Backward is not reentrant, i.e., running backward with same input and "
                + "grad_output multiple times gives different values, although analytical gradient matches numerical "
                + "gradient."), message);
        assertTrue(GradCheck.gradcheck(jittering, List.of(leaf()), GradCheck.Options.DEFAULT.withTolerance(1, 1)
                .withNondetTol(1e-5)));
    }

    /** A89. */
    @Test
    void inputsAreChecked() {
        assertTrue(assertThrows(IllegalArgumentException.class, () ->
                GradCheck.check(in -> in.getFirst(), Tensor.of(1.0)))
                .getMessage().startsWith("gradcheck expects at least one input tensor to require gradient, but none of "
                        + "them have requires_grad=True."));
        Tensor expanded = Tensor.of(1.0).expand(3).requiresGrad(true);
        assertTrue(assertThrows(IllegalArgumentException.class, () -> GradCheck.check(in -> in.getFirst(), expanded))
                .getMessage().startsWith("The 0th input has a dimension with stride 0."));
        assertEquals(1, warnings(() -> GradCheck.check(in ->
                in.getFirst().mul(2), 1, 1, Tensor.of(1f).requiresGrad(true))));
        assertEquals(0, warnings(() -> GradCheck.check(in -> in.getFirst().mul(2), leaf(), Tensor.of(1f))));
    }

    private static int warnings(Runnable body) {
        Logger logger = Logger.getLogger("dev.lanegrad.GradCheck");
        List<String> seen = new ArrayList<>();
        Handler handler = new Handler() {
            @Override
            public void publish(LogRecord entry) {
                seen.add(entry.getMessage());
            }

            @Override
            public void flush() {
            }

            @Override
            public void close() {
            }
        };
        logger.addHandler(handler);
        logger.setUseParentHandlers(false);
        try {
            body.run();
        } finally {
            logger.removeHandler(handler);
            logger.setUseParentHandlers(true);
        }
        return (int) seen.stream().filter(text -> text.startsWith("Input #0 requires gradient and is not a double "
                + "precision")).count();
    }

    /** A90. */
    @Test
    void withoutDifferentiableResultsTheNumbersMayNotDependOnTheInputs() {
        String message = failure(in -> List.of(in.getFirst().detach().mul(2)), GradCheck.Options.DEFAULT, leaf());
        assertTrue(message.startsWith("Numerical gradient for function expected to be zero"), message);
        Tensor constant = Tensor.of(3.0);
        assertTrue(GradCheck.gradcheck(in -> List.of(constant, in.getFirst().gt(0)), List.of(leaf()),
                GradCheck.Options.DEFAULT));
    }

    /** A91: the derivative of a root at 0 is infinite, and does not vanish with the gradient of the result. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void findsAGradientThatIsNotMultipliedByTheOutputs(boolean fast) {
        Tensor zero = Tensor.of(0.0).requiresGrad(true);
        GradCheck.Options loose = GradCheck.Options.DEFAULT.withTolerance(Double.POSITIVE_INFINITY, 0)
                .withFastMode(fast);
        String message = failure(in -> List.of(in.getFirst().clamp(0, 1).sqrt()), loose, zero);
        assertTrue(message.contains("ackward not multiplied by grad_output"), message);
    }

    /** A93. */
    @Test
    void resultsWhoseShapeOrTypeDependsOnTheValuesAreAnError() {
        Function<List<Tensor>, List<Tensor>> shaped = in -> List.of(
                in.getFirst().get(0) > 0.5 ? in.getFirst().mul(1) : in.getFirst().slice(0, 0, 1).mul(1));
        assertTrue(failure(shaped, GradCheck.Options.DEFAULT, leaf())
                .contains("return outputs with the same shape when inputs are perturbed, but got outputs at index 0 "
                + "with shapes "));
        Function<List<Tensor>, List<Tensor>> typed = in -> List.of(
                in.getFirst().get(0) > 0.5 ? in.getFirst().mul(1) : in.getFirst().to(DType.FLOAT32));
        assertTrue(failure(typed, GradCheck.Options.DEFAULT, leaf())
                .contains("return outputs with the same dtype when inputs are perturbed, but got outputs at index 0 "
                + "with dtypes "));
    }

    /** A42. */
    @Test
    void anInputThatDoesNotMatterHasAJacobianOfZeros() {
        for (boolean fast : new boolean[] {false, true}) {
            assertTrue(GradCheck.gradcheck(in -> List.of(in.get(0).mul(in.get(0))), List.of(leaf(), leaf()),
                    options(fast)));
        }
    }

    @Test
    void theSameTensorTwiceMovesTwice() {
        Tensor x = leaf();
        assertTrue(GradCheck.gradcheck(in -> List.of(in.get(0).mul(in.get(1))), List.of(x, x), ALL));
        assertNull(x.grad());
    }

    /** A91: a backward that gives ones whatever arrives. */
    @Test
    void findsABackwardThatIgnoresWhatArrives() {
        DifferentiableFunction ones = new DifferentiableFunction() {
            @Override
            protected List<Tensor> forward(Call call, List<Tensor> inputs) {
                return List.of(inputs.getFirst().sum());
            }

            @Override
            protected List<Tensor> backward(Call call, List<Tensor> gradients) {
                return List.of(Tensor.full(1, DType.FLOAT64, 2));
            }
        };
        assertTrue(failure(in -> List.of(ones.of(in.getFirst())), GradCheck.Options.DEFAULT, leaf())
                .startsWith("backward not multiplied by grad_output"));
    }

    @Test
    void severalResultsAndSecondDerivatives() {
        Function<List<Tensor>, List<Tensor>> f = in -> List.of(in.get(0).mul(in.get(1)).sin(), in.get(1).exp().sum(),
                in.get(0).gt(0));
        Tensor y = Tensor.of(0.3, -0.8).requiresGrad(true);
        for (boolean fast : new boolean[] {false, true}) {
            assertTrue(GradCheck.gradcheck(f, List.of(leaf(), y), options(fast)));
            assertTrue(GradCheck.gradgradcheck(f, List.of(leaf(), y), options(fast)));
        }
    }

    /** The first derivative is right and the second is not. */
    @Test
    void findsAWrongSecondDerivative() {
        Function<List<Tensor>, List<Tensor>> f = in -> {
            Tensor x = in.getFirst();
            return List.of(x.mul(x.detach()).mul(2).sub(x.detach().square()));
        };
        assertFalse(GradCheck.gradgradcheck(f, List.of(leaf()), GradCheck.Options.DEFAULT.withRaise(false)));
        assertDoesNotThrow(() -> GradCheck.gradcheck(f, List.of(leaf()), GradCheck.Options.DEFAULT));
    }

    @Test
    void insideATapeNothingIsLeftBehind() {
        try (Tape tape = Tape.open()) {
            Tensor x = leaf();
            long before = tape.liveBytes();
            GradCheck.check(in -> in.getFirst().exp(), x);
            assertTrue(tape.liveBytes() <= before + 4096, tape.liveBytes() + " bytes after " + before);
            assertNull(x.grad());
        }
    }
}

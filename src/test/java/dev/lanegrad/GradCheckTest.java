package dev.lanegrad;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** A checker that cannot fail is worth nothing. */
class GradCheckTest {
    private static Tensor leaf() {
        return Tensor.of(0.5, 1.5).requiresGrad(true);
    }

    @Test
    void passesARightGradient() {
        GradCheck.check(in -> in.getFirst().mul(5), leaf());
    }

    @Test
    void findsAWrongOne() {
        AssertionError error = assertThrows(AssertionError.class,
                () -> GradCheck.check(in -> in.getFirst().detach().add(in.getFirst().mul(2)), leaf()));
        assertTrue(error.getMessage().startsWith("Jacobian mismatch for output 0 with respect to input 0"));
    }

    @Test
    void findsAMissingDependence() {
        assertThrows(AssertionError.class, () -> GradCheck.check(in -> in.getFirst().detach().square(), leaf()));
    }

    @Test
    void needsAnInputThatRequiresGrad() {
        assertTrue(assertThrows(IllegalArgumentException.class, () -> GradCheck.check(in -> in.getFirst(), Tensor.of(1.0)))
                .getMessage().startsWith("gradcheck expects at least one input tensor to require gradient"));
    }
}

package dev.lanegrad.acceptance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.lanegrad.DType;
import dev.lanegrad.Rng;
import dev.lanegrad.Tensor;
import org.junit.jupiter.api.function.Executable;

/** What the acceptance cases share: seeded inputs and comparisons. */
final class Cases {
    private Cases() {
    }

    /** Seeded normal doubles that require grad. */
    static Tensor leaf(long seed, int... shape) {
        return numbers(seed, shape).requiresGrad(true);
    }

    /** Seeded normal doubles. */
    static Tensor numbers(long seed, int... shape) {
        return Tensor.randn(new Rng(seed), shape).to(DType.FLOAT64);
    }

    /** Doubles that require grad. */
    static Tensor leaf(double... values) {
        return Tensor.of(values).requiresGrad(true);
    }

    static Tensor ones(int... shape) {
        return Tensor.full(1, DType.FLOAT64, shape);
    }

    /** Equal sizes, and values within 1e-12 of those expected (relative above 1). */
    static void near(Tensor expected, Tensor actual) {
        assertArrayEquals(expected.shape(), actual.shape(), "shape");
        double[] wanted = expected.toDoubleArray();
        double[] got = actual.toDoubleArray();
        for (int i = 0; i < wanted.length; i++) {
            assertEquals(wanted[i], got[i], 1e-12 * Math.max(1, Math.abs(wanted[i])), "element " + i + " of " + actual);
        }
    }

    static void near(double[] expected, Tensor actual) {
        assertArrayEquals(expected, actual.toDoubleArray(), 1e-12);
    }

    /** The failure's message contains {@code part}. */
    static void fails(Class<? extends RuntimeException> type, String part, Executable body) {
        RuntimeException failure = assertThrows(type, body);
        assertTrue(failure.getMessage().contains(part), failure.getMessage());
    }

    /** An {@code IllegalStateException} whose message contains {@code part}. */
    static void fails(String part, Executable body) {
        fails(IllegalStateException.class, part, body);
    }
}

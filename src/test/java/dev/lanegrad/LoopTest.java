package dev.lanegrad;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** Loops in programs have the bits of Java loops, forward and backward, and are one step of the program. */
class LoopTest {
    private static final int[] LENGTHS = {0, 1, 2, 4, 5, 7, 16, 33};

    private static Tensor random(int seed, int... shape) {
        return Tensor.randn(new Rng(seed), shape).mul(0.4).keep();
    }

    private static long[] bits(Tensor tensor) {
        return Arrays.stream(tensor.toDoubleArray()).mapToLong(Double::doubleToRawLongBits).toArray();
    }

    private static void assertSame(String message, List<Tensor> expected, List<Tensor> actual) {
        assertEquals(expected.size(), actual.size(), message);
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i).shape(), actual.get(i).shape(), message + ", result " + i);
            assertEquals(expected.get(i).dtype(), actual.get(i).dtype(), message + ", result " + i);
            assertArrayEquals(bits(expected.get(i)), bits(actual.get(i)), message + ", result " + i);
        }
    }

    /** The value and gradients of eager computation, which those of a program must be bit for bit. */
    private static Program assertSameGradients(String message, Function<List<Tensor>, Tensor> function, Tensor... arguments) {
        List<Tensor> expected = new ArrayList<>();
        try (Tape tape = Tape.open()) {
            List<Tensor> leaves = Arrays.stream(arguments).map(argument -> argument.dtype().isFloatingPoint()
                    ? argument.detach().requiresGrad(true) : argument).toList();
            Tensor loss = function.apply(leaves);
            expected.add(loss.keep());
            loss.backward();
            leaves.stream().filter(Tensor::requiresGrad).forEach(leaf ->
                    expected.add(leaf.grad() == null ? leaf.zerosLike().keep() : leaf.grad()));
        }
        Program program = Program.valueAndGradList(function);
        for (int again = 0; again < 2; again++) {
            assertSame(message, expected, program.call(arguments));
        }
        return program;
    }

    private static Tensor recurrence(Tensor w, Tensor b, Tensor h, Tensor xs, Loop.Options options) {
        Loop.Single states = Loop.scan((carry, x) -> {
            Tensor next = carry.matmul(w).add(b).add(x).tanh();
            return new Loop.Single(next, next);
        }, h, xs, options);
        return states.ys().mul(0.5).square().sum().add(states.carry().sin().sum());
    }

    @Test
    void aRecurrenceWithClosedOverWeightsHasTheBitsOfEagerGradients() {
        for (int length : LENGTHS) {
            for (int width : new int[] {3, 16}) {
                for (Loop.Options options : List.of(Loop.Options.DEFAULT, Loop.Options.DEFAULT.backwards())) {
                    assertSameGradients("length " + length + ", width " + width + ", " + options,
                            in -> recurrence(in.get(0), in.get(1), in.get(2), in.get(3), options), random(1, width, width),
                            random(2, width), random(3, 2, width), random(4, length, 2, width)).close();
                }
            }
        }
    }
}

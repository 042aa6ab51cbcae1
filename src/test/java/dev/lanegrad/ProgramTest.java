package dev.lanegrad;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Programs compute what the function computes, bit for bit, and refuse by name what they cannot do. */
class ProgramTest {
    private static final int FUNCTIONS = 400;

    private static long[] bits(Tensor tensor) {
        return java.util.Arrays.stream(tensor.toDoubleArray()).mapToLong(Double::doubleToLongBits).toArray();
    }

    private static void assertSame(String message, List<Tensor> expected, List<Tensor> actual) {
        assertEquals(expected.size(), actual.size(), message);
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i).shape(), actual.get(i).shape(), message + ", result " + i);
            assertEquals(expected.get(i).dtype(), actual.get(i).dtype(), message + ", result " + i);
            assertArrayEquals(bits(expected.get(i)), bits(actual.get(i)), message + ", result " + i);
        }
    }

    @Test
    void randomFunctionsHaveTheBitsOfEagerComputation() {
        for (long seed = 0; seed < FUNCTIONS; seed++) {
            RandomFunction function = new RandomFunction(seed, 1 + (int) (seed % 14));
            try (Program program = Program.ofList(function)) {
                for (int again = 0; again < 2; again++) {
                    List<Tensor> arguments = RandomFunction.arguments(seed).stream()
                            .map(argument -> argument.mul(1).add(0.0)).toList();
                    assertSame("seed " + seed, function.apply(arguments), program.call(arguments.toArray(Tensor[]::new)));
                }
            }
        }
    }

    @Test
    void randomGradientsHaveTheBitsOfEagerGradients() {
        for (long seed = 0; seed < FUNCTIONS; seed++) {
            RandomFunction function = new RandomFunction(seed, 1 + (int) (seed % 12));
            List<Tensor> arguments = RandomFunction.arguments(seed);
            List<Tensor> expected = new ArrayList<>();
            try (Tape tape = Tape.open()) {
                List<Tensor> leaves = arguments.stream().map(argument -> argument.detach().requiresGrad(true)).toList();
                Tensor loss = loss(function.apply(leaves));
                expected.add(loss.keep());
                if (loss.requiresGrad()) {
                    loss.backward();
                }
                leaves.forEach(leaf -> expected.add(leaf.grad() == null ? leaf.zerosLike().keep() : leaf.grad()));
            }
            try (Program program = Program.valueAndGradList(inputs -> loss(function.apply(inputs)))) {
                assertSame("seed " + seed, expected, program.call(arguments.toArray(Tensor[]::new)));
            }
        }
    }

    private static Tensor loss(List<Tensor> results) {
        Tensor loss = results.getFirst().mul(0.5).sum();
        for (Tensor result : results) {
            loss = loss.add(result.sin().sum());
        }
        return loss;
    }
}

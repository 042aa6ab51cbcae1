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

    private static List<Tensor> gradients(Function<List<Tensor>, Tensor> function, Tensor... arguments) {
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
        return expected;
    }

    /** The program, whose value and gradients are bit for bit those of eager computation. */
    private static Program assertSameGradients(String message, Function<List<Tensor>, Tensor> function, Tensor... arguments) {
        List<Tensor> expected = gradients(function, arguments);
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

    @Test
    void severalCarriesAndRowsOfSeveralTypesHaveTheBitsOfEagerGradients() {
        Tensor classes = Tensor.of(new long[] {2, 0, 1, 1, 2, 0, 2}, 7);
        Program program = assertSameGradients("gated", in -> {
            Tensor w = in.get(0);
            Tensor u = in.get(1).transpose(0, 1);
            Loop.Result result = Loop.scan((carry, row) -> {
                Tensor h = carry.get(0);
                Tensor c = carry.get(1);
                Tensor gate = h.matmul(w).add(row.get(0).matmul(u)).sigmoid();
                Tensor cell = c.mul(gate).add(row.get(0).matmul(u).tanh().mul(gate.neg().add(1)));
                Tensor out = cell.tanh().mul(gate);
                Tensor loss = out.unsqueeze(0).crossEntropy(row.get(1).reshape(1));
                return new Loop.Result(List.of(out, cell, carry.get(2).add(1)), List.of(loss, c));
            }, List.of(in.get(2), in.get(3), Tensor.of(0L)), List.of(in.get(4), classes));
            return result.ys().get(0).sum().add(result.ys().get(1).square().mean()).add(result.carry().get(0).sum())
                    .add(result.carry().get(2).to(DType.FLOAT32).sum());
        }, random(1, 5, 5), random(2, 5, 4), random(3, 5), random(4, 5), random(5, 7, 4));
        String text = program.explain();
        assertTrue(text.contains("= loop of 7 ") && text.contains("= loop of 7 backwards"), text);
        assertTrue(program.toDot().contains("loop of 7") && program.toMermaid().contains("loop of 7"));
        program.close();
    }

    @Test
    void countedLoopsHaveTheBitsOfEagerGradients() {
        for (int count : LENGTHS) {
            assertSameGradients("count " + count, in -> Loop.forLoop(count, in.get(0), (i, x) ->
                    x.sin().mul(in.get(1)).add(i.to(DType.FLOAT32).mul(0.125))).sum(), random(1, 9), random(2, 9)).close();
        }
    }

    @Test
    void secondDerivativesAreThoseOfEagerComputation() {
        Function<List<Tensor>, Tensor> norm = in -> {
            List<Tensor> gradients = Grad.grad(inputs -> recurrence(inputs.get(0), inputs.get(1), inputs.get(2), inputs.get(3),
                    Loop.Options.DEFAULT), in);
            Tensor sum = gradients.getFirst().square().sum();
            for (Tensor gradient : gradients) {
                sum = sum.add(gradient.mul(gradient.sin()).sum());
            }
            return sum;
        };
        Tensor[] arguments = {random(1, 3, 3), random(2, 3), random(3, 2, 3), random(4, 6, 2, 3)};
        List<Tensor> expected = gradients(norm, arguments);
        try (Program program = Program.valueAndGradList(norm)) {
            List<Tensor> actual = program.call(arguments);
            for (int i = 0; i < expected.size(); i++) {
                // The sums of second derivatives are taken in another order.
                assertArrayEquals(expected.get(i).toDoubleArray(), actual.get(i).toDoubleArray(), 2e-5, "result " + i);
            }
        }
    }

    @Test
    void tangentsAndProductsWithTheHessianAreThoseOfEagerComputation() {
        Tensor w = random(1, 3, 3);
        Tensor h = random(3, 2, 3);
        Tensor xs = random(4, 6, 2, 3);
        Function<Tensor, Tensor> loss = b -> recurrence(w, b, h, xs, Loop.Options.DEFAULT);
        Tensor b = random(5, 3);
        Tensor v = random(6, 3);
        for (Function<Tensor, Tensor> derivative : List.<Function<Tensor, Tensor>>of(x -> Grad.jvp(loss, x, v).tangent(),
                x -> Grad.hvp(loss, x, v), x -> Grad.vhp(loss, x, v))) {
            try (Program program = Program.of(derivative::apply)) {
                double[] expected = derivative.apply(b).toDoubleArray();
                assertArrayEquals(expected, program.apply(b).toDoubleArray(), 1e-5);
            }
        }
    }

    @Test
    void checkpointedLoopsHaveTheValuesAndGradientsOfOthers() {
        for (int length : LENGTHS) {
            for (int every : new int[] {1, 5, 6}) {
                for (Loop.Options options : List.of(Loop.Options.DEFAULT, Loop.Options.DEFAULT.backwards())) {
                    Tensor[] arguments = {random(1, 3, 3), random(2, 3), random(3, 2, 3), random(4, length, 2, 3)};
                    Function<List<Tensor>, Tensor> whole = in -> recurrence(in.get(0), in.get(1), in.get(2), in.get(3), options);
                    Function<List<Tensor>, Tensor> pieces = in -> recurrence(in.get(0), in.get(1), in.get(2), in.get(3),
                            options.checkpointEvery(every));
                    String message = "length " + length + ", every " + every + ", " + options;
                    assertSameGradients(message, pieces, arguments).close();
                    try (Program one = Program.valueAndGradList(whole); Program other = Program.valueAndGradList(pieces)) {
                        List<Tensor> expected = one.call(arguments);
                        List<Tensor> actual = other.call(arguments);
                        assertSame(message, expected.subList(0, 1), actual.subList(0, 1));
                        for (int i = 1; i < expected.size(); i++) {
                            assertArrayEquals(expected.get(i).toDoubleArray(), actual.get(i).toDoubleArray(), 1e-5, message);
                        }
                    }
                }
            }
        }
    }

    @Test
    void weightsThatAreUsedAroundTheLoopTooHaveTheBitsOfEagerGradients() {
        assertSameGradients("around", in -> {
            Tensor w = in.get(0);
            Tensor before = in.get(1).matmul(w);
            Tensor once = Loop.forLoop(6, before, (i, h) -> h.matmul(w).sin());
            Tensor twice = Loop.forLoop(5, once.matmul(w), (i, h) -> h.matmul(w).tanh().matmul(w));
            return twice.matmul(w).square().sum();
        }, random(1, 4, 4), random(2, 3, 4)).close();
    }

    @Test
    void loopsInLoopsHaveTheBitsOfEagerGradients() {
        assertSameGradients("nested", in -> {
            Tensor w = in.get(0);
            return Loop.scan((h, x) -> {
                Tensor shifted = h.add(x);
                Tensor inner = Loop.forLoop(6, shifted, (i, z) -> z.matmul(w).tanh().add(x));
                return new Loop.Single(inner, inner.mul(h).sum());
            }, in.get(1), in.get(2)).ys().square().sum();
        }, random(1, 4, 4), random(2, 3, 4), random(3, 7, 3, 4)).close();
    }
}

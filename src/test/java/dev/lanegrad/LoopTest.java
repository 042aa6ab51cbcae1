package dev.lanegrad;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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
        return Arrays.stream(tensor.toDoubleArray()).mapToLong(Double::doubleToLongBits).toArray();
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
    private static Program assertSameGradients(String message, Function<List<Tensor>, Tensor> function,
            Tensor... arguments) {
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
                            in -> recurrence(in.get(0), in.get(1), in.get(2), in.get(3), options), random(1, width,
                            width),
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
        assertTrue(text.contains("= loop of 7 ") && text.contains("= loop of 6 backwards"), text);
        assertTrue(program.toDot().contains("loop of 7") && program.toMermaid().contains("loop of 7"));
        program.close();
    }

    @Test
    void whatIsTheSameInEachStepIsComputedBeforeTheLoopThatGoesBack() {
        Program program = assertSameGradients("same in each step", in -> Loop.forLoop(9, in.get(1), (i, x) -> {
            Tensor w = in.get(0).add(0.375);
            return x.matmul(w.transpose(0, 1)).mul(w.sum()).add(in.get(0).exp().select(0, 2)).tanh();
        }).square().sum(), random(1, 5, 5).mul(0.1), random(2, 1, 5));
        String back = program.explain().split("backwards", 2)[1].split("kernels", 2)[0];
        assertTrue(back.contains("matmul["), back);
        assertFalse(back.contains("0.375"), back);
        program.close();
    }

    @Test
    void whatIsTheSameInEachStepMayBeASumOfItselfManyTimesOver() {
        assertSameGradients("doubled", in -> Loop.forLoop(5, in.get(1), (i, x) -> {
            Tensor w = in.get(0);
            for (int k = 0; k < 60; k++) {
                w = w.add(w);
            }
            return x.mul(w.mul(0x1p-60)).tanh();
        }).sum(), random(1, 3), random(2, 3)).close();
    }

    @Test
    void countedLoopsHaveTheBitsOfEagerGradients() {
        for (int count : LENGTHS) {
            assertSameGradients("count " + count, in -> Loop.forLoop(count, in.get(0), (i, x) ->
                    x.sin().mul(in.get(1)).add(i.to(DType.FLOAT32).mul(0.125))).sum(), random(1, 9), random(2, 9))
                    .close();
        }
    }

    @Test
    void secondDerivativesAreThoseOfEagerComputation() {
        Function<List<Tensor>, Tensor> norm = in -> {
            List<Tensor> gradients = Grad.grad(inputs -> recurrence(inputs.get(0), inputs.get(1), inputs.get(2),
                    inputs.get(3),
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
        Function<Tensor, Tensor> states = b -> Loop.forLoop(6, h, (i, y) -> y.matmul(w).add(b).tanh());
        Tensor at = random(5, 3);
        Tensor v = random(6, 3);
        for (Function<Tensor, Tensor> derivative : List.<Function<Tensor, Tensor>>of(x -> Grad.jvp(loss, x, v)
                .tangent(),
                x -> Grad.hvp(loss, x, v), x -> Grad.vhp(loss, x, v), x -> Grad.hessian(loss, x),
                x -> Grad.jacrev(states, x), x -> Grad.jacfwd(states, x), x -> Grad.vmap(row -> Grad.grad(loss, row),
                        x.unsqueeze(0).expand(2, 3)))) {
            try (Program program = Program.of(derivative::apply)) {
                double[] expected = derivative.apply(at).toDoubleArray();
                assertArrayEquals(expected, program.apply(at).toDoubleArray(), 1e-5);
            }
        }
    }

    @Test
    void checkpointedLoopsHaveTheValuesAndGradientsOfOthers() {
        for (int length : LENGTHS) {
            for (int every : new int[] {1, 5, 6}) {
                for (Loop.Options options : List.of(Loop.Options.DEFAULT, Loop.Options.DEFAULT.backwards())) {
                    Tensor[] arguments = {random(1, 3, 3), random(2, 3), random(3, 2, 3), random(4, length, 2, 3)};
                    Function<List<Tensor>, Tensor> whole = in -> recurrence(in.get(0), in.get(1), in.get(2), in.get(3),
                            options);
                    Function<List<Tensor>, Tensor> pieces = in -> recurrence(in.get(0), in.get(1), in.get(2), in.get(3),
                            options.checkpointEvery(every));
                    String message = "length " + length + ", every " + every + ", " + options;
                    assertSameGradients(message, pieces, arguments).close();
                    try (Program one = Program.valueAndGradList(whole); Program other =
                            Program.valueAndGradList(pieces)) {
                        List<Tensor> expected = one.call(arguments);
                        List<Tensor> actual = other.call(arguments);
                        assertSame(message, expected.subList(0, 1), actual.subList(0, 1));
                        for (int i = 1; i < expected.size(); i++) {
                            assertArrayEquals(expected.get(i).toDoubleArray(), actual.get(i).toDoubleArray(), 1e-5,
                                    message);
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

    @Test
    void loopsByThemselvesDoWhatJavaLoopsDo() {
        Tensor h = Tensor.of(1.0, 2.0);
        Loop.Single sums = Loop.scan((carry, x) -> new Loop.Single(carry.add(x), carry.mul(x)), h,
                Tensor.of(new double[] {3, 4, 5, 6}, 2, 2));
        assertArrayEquals(new double[] {9, 12}, sums.carry().toDoubleArray());
        assertArrayEquals(new double[] {3, 8, 20, 36}, sums.ys().toDoubleArray());
        Loop.Single back = Loop.scan((carry, x) -> new Loop.Single(carry.add(x), carry.mul(x)), h,
                Tensor.of(new double[] {3, 4, 5, 6}, 2, 2), Loop.Options.DEFAULT.backwards());
        assertArrayEquals(new double[] {18, 32, 5, 12}, back.ys().toDoubleArray());
        assertEquals(120, Loop.forLoop(5, Tensor.of(1L), (i, product) -> product.mul(i.add(1))).item());
        Loop.Result none = Loop.scan((carry, rows) -> new Loop.Result(List.of(carry.get(0).mul(2)), List.of()),
                List.of(Tensor.of(1.0)), List.of(), Loop.Options.DEFAULT.length(10));
        assertEquals(1024, none.carry().getFirst().item());
        assertArrayEquals(new int[] {0, 3}, Loop.scan((carry, x) -> new Loop.Single(carry, x.mul(carry)),
                Tensor.of(1.0),
                Tensor.of(new double[0], 0, 3)).ys().shape());
    }

    @Test
    void batchesOfLoopsAndLoopsOfBatchesAreThoseOfTheirExamples() {
        Tensor w = random(1, 3, 3);
        Function<List<Tensor>, Tensor> one = in -> Loop.scan((h, x) -> {
            Tensor next = h.matmul(w).add(x).tanh();
            return new Loop.Single(next, next.sum());
        }, in.get(0), in.get(1)).ys();
        Tensor h = random(2, 4, 3);
        Tensor xs = random(3, 4, 6, 3);
        Tensor batched = Grad.vmap(one, List.of(h, xs));
        try (Program program = Program.of((a, b) -> Grad.vmap(one, List.of(a, b)))) {
            assertArrayEquals(bits(batched), bits(program.apply(h, xs)));
        }
        for (int example = 0; example < 4; example++) {
            assertArrayEquals(one.apply(List.of(h.select(0, example), xs.select(0, example))).toDoubleArray(),
                    batched.select(0, example).toDoubleArray(), 1e-6);
        }
    }

    @Test
    void gradientsAgreeWithFiniteDifferences() {
        Tensor w = random(1, 3, 3).to(DType.FLOAT64).keep();
        Tensor h = random(2, 3).to(DType.FLOAT64).keep();
        try (Program program = Program.valueAndGrad((a, b) -> Loop.forLoop(9, b, (i, x) -> x.matmul(a).sin()).sum())) {
            double[] gradient = program.call(w, h).get(1).toDoubleArray();
            for (int i = 0; i < gradient.length; i++) {
                double[] up = w.toDoubleArray();
                double[] down = w.toDoubleArray();
                up[i] += 1e-6;
                down[i] -= 1e-6;
                double slope = (program.call(Tensor.of(up, 3, 3), h).getFirst().item()
                        - program.call(Tensor.of(down, 3, 3), h).getFirst().item()) / 2e-6;
                assertEquals(slope, gradient[i], 1e-7, "element " + i);
            }
        }
    }

    @Test
    void aLongRecurrenceIsAFewKernels() {
        Tensor x = random(1, 8);
        Function<Tensor, Tensor> loss = a -> Loop.forLoop(100_000, a, (i, y) -> y.sin().add(a)).sum();
        try (Program program = Program.valueAndGrad(loss::apply)) {
            assertEquals(2, program.call(x).size());
            assertTrue(program.explain().lines().count() < 40, program.explain());
        }
    }

    @Test
    void checkpointsNeedLessMemory() {
        Tensor x = random(1, 256);
        long[] planned = new long[2];
        for (int i = 0; i < 2; i++) {
            Loop.Options options = Loop.Options.DEFAULT.checkpointEvery(i * 30);
            try (Program program = Program.valueAndGrad(a -> Loop.forLoop(900, List.of(a), (n, y) -> List.of(y.get(0)
                    .sin().add(a)),
                    options).getFirst().sum())) {
                program.call(x);
                planned[i] = program.plannedBytes();
            }
        }
        assertTrue(planned[0] > 900 * 1024 && planned[1] < 90 * 1024, Arrays.toString(planned));
    }

    private static String message(Class<? extends RuntimeException> type, Runnable action) {
        return assertThrows(type, action::run).getMessage();
    }

    @Test
    void wrongStepsAreRefusedByName() {
        Tensor x = random(1, 3);
        Tensor rows = random(2, 6, 3);
        for (boolean traced : new boolean[] {false, true}) {
            Function<Function<Tensor, Tensor>, Runnable> run = function -> () -> {
                if (traced) {
                    Program.of(function::apply).call(x);
                } else {
                    function.apply(x);
                }
            };
            String shape = message(IllegalStateException.class, run.apply(a -> Loop.forLoop(6, a, (i, y) -> y.sum())));
            assertTrue(shape.contains("carry 0 of shape [3]") && shape.contains("one of shape []"), shape);
            String type = message(IllegalStateException.class, run.apply(a -> Loop.forLoop(6, a, (i, y) ->
                    y.to(DType.FLOAT64))));
            assertTrue(type.contains("dtype FLOAT32 one") && type.contains("dtype FLOAT64"), type);
            assertTrue(message(IllegalStateException.class, run.apply(a -> Loop.forLoop(6, a, (i, y) -> null)))
                    .contains("null"));
            String count = message(IllegalStateException.class, run.apply(a -> Loop.scan((c, r) -> new Loop.Result(
                    List.of(), List.of()),
                    List.of(a), List.of(rows)).carry().getFirst()));
            assertTrue(count.contains("got 1 carries and returned 0"), count);
            String sizes = message(IllegalArgumentException.class, run.apply(a -> Loop.scan((c, r) -> new
                    Loop.Result(c, List.of()),
                    List.of(a), List.of(rows, a)).carry().getFirst()));
            assertTrue(sizes.contains("tensor 1 of shape [3] does not have 6 rows"), sizes);
            assertTrue(message(IllegalArgumentException.class, run.apply(a -> Loop.scan((c, r) -> new Loop.Result(c,
                    List.of()),
                    List.of(a), List.of()).carry().getFirst())).contains("Options.length"));
            assertTrue(message(IllegalArgumentException.class, run.apply(a -> Loop.forLoop(-1, a, (i, y) -> y)))
                    .contains("-1"));
        }
    }

    @Test
    void stepsThatReachOutOfATracedLoopAreRefusedByName() {
        Tensor x = random(1, 3);
        Tensor counter = Tensor.zeros(3).keep();
        Tensor leaf = random(2, 3).requiresGrad(true);
        Tensor[] leaked = new Tensor[1];
        assertTrue(message(IllegalStateException.class, () -> Program.of(a -> Loop.forLoop(6, a, (i, y) -> {
            counter.add_(1);
            return y;
        })).call(x)).contains("can change nothing outside"));
        assertTrue(message(IllegalStateException.class, () -> Program.of(a -> Loop.forLoop(6, a, (i, y) -> {
            y.mul(leaf).sum().backward();
            return y;
        })).call(x)).contains("no gradient outside"));
        assertTrue(message(IllegalStateException.class, () -> Program.of(a -> {
            Loop.forLoop(6, a, (i, y) -> leaked[0] = y.sin());
            return leaked[0];
        }).call(x)).contains("has returned"));
        assertTrue(message(IllegalStateException.class, () -> Program.of(a -> Loop.forLoop(6, a, (i, y) ->
                y.mul(i.item()))).call(x)).contains("LoopTest.java"));
        assertTrue(message(IllegalStateException.class, () -> Program.of(a -> Loop.forLoop(6, a, (i, y) ->
                Grad.grad(List.of(
                y.mul(leaf).sum()), List.of(leaf), null, true, true).getFirst())).call(x))
                .contains("make that a carry"));
        assertArrayEquals(new double[3], counter.toDoubleArray());
        assertEquals(null, leaf.grad());
    }

    @Test
    void stepsThatDrawNumbersAnewForTheGradientAreRefused() {
        Rng rng = new Rng(3);
        for (int count : new int[] {1, 5}) {
            try (Program program = Program.valueAndGrad(a -> Loop.forLoop(6, a, (i, y) -> y.mul(Tensor.rand(rng, count)
                    .add(1)))
                    .sum())) {
                assertTrue(message(IllegalStateException.class, () -> program.call(random(1, 5)))
                        .contains("random numbers"));
            }
        }
    }

    @Test
    void aJavaLoopThatIsTooLongToTraceNamesTheOneThatIsNot() {
        String text = message(IllegalStateException.class, () -> Program.of(x -> {
            Tensor y = x;
            for (int i = 0; i < 1_000_000; i++) {
                y = y.sin();
            }
            return y;
        }).call(random(1, 3)));
        assertTrue(text.contains("Loop.scan") && text.contains("LoopTest.java"), text);
    }

    /** A step with a derivative of its own, which reads a tensor from outside. */
    private static final class Scale extends DifferentiableFunction {
        @Override
        protected List<Tensor> forward(Call call, List<Tensor> inputs) {
            call.saveForBackward(inputs.get(0), inputs.get(1));
            return List.of(inputs.get(0).mul(inputs.get(1)));
        }

        @Override
        protected List<Tensor> backward(Call call, List<Tensor> gradients) {
            List<Tensor> saved = call.savedTensors();
            return List.of(gradients.get(0).mul(saved.get(1)), gradients.get(0).mul(saved.get(0)));
        }
    }

    @Test
    void stepsWithDerivativesOfTheirOwnHaveTheBitsOfEagerGradients() {
        assertSameGradients("function", in -> Loop.forLoop(6, in.get(0), (i, y) -> new Scale().of(y.sin(), in.get(1)))
                .sum(),
                random(1, 5), random(2, 5)).close();
        assertSameGradients("gradient in the step", in -> Loop.forLoop(6, in.get(0), (i, y) ->
                Grad.grad(z -> z.mul(in.get(1)).sin().sum(), y)).sum(), random(1, 5), random(2, 5)).close();
    }

    @Test
    void trainingStepsOfLoopsUpdateTheirParametersAsEagerOnesDo() {
        Tensor xs = random(4, 9, 2, 3);
        double[][] trained = new double[2][];
        for (int kind = 0; kind < 2; kind++) {
            Tensor w = random(1, 3, 3).requiresGrad(true);
            Tensor b = random(2, 3).requiresGrad(true);
            var adam = new dev.lanegrad.optim.Adam(List.of(w, b), 0.1);
            java.util.function.UnaryOperator<Tensor> step = h -> {
                Tensor loss = recurrence(w, b, h, xs, Loop.Options.DEFAULT);
                loss.backward();
                adam.step();
                adam.zeroGrad();
                return loss;
            };
            Program program = Program.of(step);
            for (int i = 0; i < 5; i++) {
                if (kind == 0) {
                    try (Tape tape = Tape.open()) {
                        step.apply(random(3, 2, 3));
                    }
                } else {
                    program.call(random(3, 2, 3));
                }
            }
            trained[kind] = w.toDoubleArray();
        }
        assertArrayEquals(trained[0], trained[1]);
    }

    /** A loop whose step is a random function of carries, a row and tensors from outside. */
    private static Tensor randomLoop(long seed, List<Tensor> in, Loop.Options options) {
        int carries = in.size() / 2;
        RandomFunction function = new RandomFunction(seed, 1 + (int) (seed % 9));
        Loop.Result result = Loop.scan((carry, rows) -> {
            List<Tensor> inputs = new ArrayList<>(carry);
            inputs.addAll(in.subList(carries, in.size() - 1));
            List<Tensor> given = function.apply(inputs);
            Tensor sum = rows.getFirst();
            for (Tensor one : given) {
                sum = sum.add(one.tanh().mean());
            }
            Tensor pull = sum;
            return new Loop.Result(carry.stream().map(old -> old.mul(0.3).add(pull.to(old.dtype())).tanh()).toList(),
                    given);
        }, in.subList(0, carries), List.of(in.getLast()), options);
        Tensor loss = result.carry().getFirst().sum();
        for (Tensor one : result.ys()) {
            loss = loss.add(one.sin().sum());
        }
        return seed % 3 == 0 ? loss.add(in.getFirst().square().sum()) : loss;
    }

    @Test
    void randomStepsHaveTheBitsOfEagerGradients() {
        for (long seed = 0; seed < 250; seed++) {
            long own = seed;
            List<Tensor> arguments = new ArrayList<>(RandomFunction.arguments(seed));
            arguments.addAll(List.copyOf(arguments).stream().map(argument -> argument.mul(0.7).keep()).toList());
            arguments.add(random((int) seed, 5 + (int) (seed % 3)));
            Loop.Options options = seed % 4 == 1 ? Loop.Options.DEFAULT.backwards() : Loop.Options.DEFAULT;
            assertSameGradients("seed " + seed, in -> randomLoop(own, in, options), arguments.toArray(Tensor[]::new))
                    .close();
        }
    }
}

package dev.lanegrad;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Programs compute what the function computes, bit for bit, and refuse by name what they cannot do. */
class ProgramTest {
    private static final int FUNCTIONS = 400;
    private static final int LARGE_FUNCTIONS = 150;

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
            assertSameGradients("seed " + seed, inputs -> loss(function.apply(inputs)), RandomFunction.arguments(seed));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void largeFunctionsByRowsHaveTheBitsOfEagerGradients(int threads) {
        int before = Lanegrad.threads();
        Lanegrad.threads(threads);
        try {
            for (long seed = 0; seed < LARGE_FUNCTIONS; seed++) {
                RandomFunction function = new RandomFunction(seed, 1 + (int) (seed % 12));
                assertSameGradients("seed " + seed, inputs -> loss(function.apply(inputs)), RandomFunction.largeArguments(seed));
            }
        } finally {
            Lanegrad.threads(before);
        }
    }

    /** Compares value and gradients of two calls with those without a program, which it returns explained. */
    private static String assertSameGradients(String message, Function<List<Tensor>, Tensor> function,
            List<Tensor> arguments) {
        List<Tensor> expected = new ArrayList<>();
        try (Tape tape = Tape.open()) {
            List<Tensor> leaves = arguments.stream().map(argument -> argument.detach().requiresGrad(true)).toList();
            Tensor loss = function.apply(leaves);
            expected.add(loss.keep());
            if (loss.requiresGrad()) {
                loss.backward();
            }
            leaves.forEach(leaf -> expected.add(leaf.grad() == null ? leaf.zerosLike().keep() : leaf.grad()));
        }
        try (Program program = Program.valueAndGradList(function)) {
            for (int again = 0; again < 2; again++) {
                assertSame(message, expected, program.call(arguments.toArray(Tensor[]::new)));
            }
            return program.explain();
        }
    }

    @Test
    void aTransposedFactorOfSeveralProductsIsPutInOrderOnce() {
        for (DType type : List.of(DType.FLOAT32, DType.FLOAT64)) {
            List<Tensor> arguments = List.of(Tensor.randn(new Rng(1), type, 3, 20), Tensor.randn(new Rng(2), type, 23, 20).mul(0.2));
            int[] orders = new int[4];
            for (int products = 1; products < orders.length; products++) {
                int count = products;
                String text = assertSameGradients(type + ", " + count, in -> {
                    // Sliced, so that it begins behind its memory, and read by others too.
                    Tensor w = in.get(1).slice(0, 2, 22).transpose(0, 1);
                    Tensor x = in.get(0);
                    for (int i = 0; i < count; i++) {
                        x = x.matmul(w).add(w.select(1, i)).tanh();
                    }
                    return x.sum().add(w.slice(0, 4, 9).square().sum());
                }, arguments);
                orders[products] = text.split("permute\\[%", -1).length - 1;
            }
            assertArrayEquals(new int[] {0, 0, 1, 1}, orders, type.toString());
        }
    }

    @Test
    void productsAreComputedWhereTheRowsLieInTheCache() {
        for (DType type : List.of(DType.FLOAT32, DType.FLOAT64)) {
            for (int[] sizes : new int[][] {{1_009, 40}, {11, 101, 37}, {640, 64}}) {
                Rng rng = new Rng(sizes[0]);
                int width = sizes[sizes.length - 1];
                List<Tensor> arguments = Stream.of(sizes, new int[] {width, 77}, new int[] {77}, new int[] {29, 77},
                        new int[] {29, 1}).map(shape -> Tensor.randn(rng, shape).mul(0.3).to(type)).toList();
                String explained = assertSameGradients(type + " " + Arrays.toString(sizes), in -> in.get(0).matmul(in.get(1))
                        .add(in.get(2)).gelu().matmul(in.get(3).t()).softmax(-1).matmul(in.get(4)).exp().mean(), arguments);
                // Forward and, with the second factor transposed, backward.
                long products = explained.lines().filter(line -> line.contains("| ") && line.contains("= matmul")).count();
                assertTrue(products >= 4, explained);
            }
        }
    }

    @Test
    void longFormulasOfManyElementsAreSeveralKernelsThatShareTheCache() {
        for (int[] sizes : new int[][] {{30_011}, {57, 1_009}, {7, 5_003}}) {
            List<Tensor> arguments = List.of(Tensor.randn(new Rng(31), sizes), Tensor.rand(new Rng(32), sizes).add(1),
                    Tensor.randn(new Rng(33), sizes[sizes.length - 1]));
            String explained = assertSameGradients(Arrays.toString(sizes), in -> in.get(0).gelu().mul(in.get(1).log())
                    .add(in.get(2).tanh()).softplus().mul(in.get(0).sigmoid()).sub(in.get(1).erf().exp()).sum(), arguments);
            assertTrue(explained.contains("rows at a time"), explained);
        }
    }

    private static Tensor loss(List<Tensor> results) {
        Tensor loss = results.getFirst().mul(0.5).sum();
        for (Tensor result : results) {
            loss = loss.add(result.sin().sum());
        }
        return loss;
    }

    private static Tensor[] parameters() {
        Rng rng = new Rng(7);
        return new Tensor[] {Tensor.randn(rng, 5, 8).requiresGrad(true), Tensor.randn(rng, 8).requiresGrad(true),
            Tensor.randn(rng, 8, 3).requiresGrad(true)};
    }

    private static Tensor step(Tensor[] p, dev.lanegrad.optim.Adam adam, Tensor x, Tensor classes) {
        Tensor loss = x.matmul(p[0]).add(p[1]).tanh().matmul(p[2]).crossEntropy(classes);
        loss.backward();
        adam.step();
        adam.zeroGrad();
        return loss;
    }

    @Test
    void aTrainingStepUpdatesItsParametersAsEagerTrainingDoes() {
        Tensor classes = Tensor.of(new long[] {0, 2, 1, 1}, 4);
        Tensor[] eager = parameters();
        Tensor[] compiled = parameters();
        var adamEager = new dev.lanegrad.optim.Adam(List.of(eager), 0.01);
        var adamCompiled = new dev.lanegrad.optim.Adam(List.of(compiled), 0.01);
        try (Program program = Program.of((x, y) -> step(compiled, adamCompiled, x, y))) {
            for (int i = 0; i < 30; i++) {
                Tensor x = Tensor.randn(new Rng(100 + i), 4, 5);
                double expected;
                try (Tape tape = Tape.open()) {
                    expected = step(eager, adamEager, x, classes).item();
                }
                assertEquals(expected, program.apply(x, classes).item(), "step " + i);
                for (int p = 0; p < eager.length; p++) {
                    assertArrayEquals(bits(eager[p]), bits(compiled[p]), "parameter " + p + " after step " + i);
                }
            }
            assertTrue(compiled[0].grad() == null);
        }
    }

    @Test
    void gradientsThatAreLeftReplaceThoseBefore() {
        Tensor w = Tensor.of(2f, 3f).requiresGrad(true);
        try (Program program = Program.of(x -> {
            Tensor loss = w.mul(x).sum();
            loss.backward();
            return loss;
        })) {
            for (int i = 1; i <= 3; i++) {
                assertEquals(5.0 * i, program.apply(Tensor.full(i, DType.FLOAT32, 2)).item());
                assertArrayEquals(new float[] {i, i}, w.grad().toFloatArray());
            }
        }
    }

    @Test
    void aParameterWithAGradientFromBeforeIsRefusedAndKeepsIt() {
        Tensor w = Tensor.of(2f).requiresGrad(true);
        w.setGrad(Tensor.of(7f));
        try (Program program = Program.of(x -> {
            Tensor loss = w.mul(x).sum();
            loss.backward();
            return loss;
        })) {
            assertThrows(IllegalStateException.class, () -> program.apply(Tensor.of(1f)));
        }
    }

    @Test
    void updatesSeeTheNewValueAndReadersBeforeTheOldOne() {
        Tensor w = Tensor.of(1f, 2f).requiresGrad(true);
        var adam = new dev.lanegrad.optim.Adam(List.of(w), 0.5);
        Tensor same = Tensor.of(1f, 2f).requiresGrad(true);
        var other = new dev.lanegrad.optim.Adam(List.of(same), 0.5);
        try (Program program = Program.ofList(in -> {
            Tensor before = w.mul(10);
            w.square().sum().backward();
            adam.step();
            adam.zeroGrad();
            return List.of(before, w.mul(10), w);
        })) {
            for (int i = 0; i < 3; i++) {
                List<Tensor> results = program.call();
                assertArrayEquals(same.mul(10).toFloatArray(), results.get(0).toFloatArray());
                try (Tape tape = Tape.open()) {
                    same.square().sum().backward();
                }
                other.step();
                other.zeroGrad();
                assertArrayEquals(same.mul(10).toFloatArray(), results.get(1).toFloatArray());
                assertArrayEquals(same.toFloatArray(), results.get(2).toFloatArray());
                assertArrayEquals(same.toFloatArray(), w.toFloatArray());
            }
        }
    }

    @Test
    void readingATracedTensorNamesTheLine() {
        try (Program program = Program.of(x -> x.sum().item() > 0 ? x : x.neg())) {
            IllegalStateException e = assertThrows(IllegalStateException.class, () -> program.apply(Tensor.of(1f)));
            assertTrue(e.getMessage().contains("traced") && e.getMessage().contains("ProgramTest.java:"), e.getMessage());
        }
    }

    @Test
    void aTracedTensorThatLeaksIsRefused() {
        List<Tensor> leaked = new ArrayList<>();
        try (Program program = Program.of(x -> {
            leaked.add(x.mul(2));
            return x.mul(3);
        })) {
            assertArrayEquals(new float[] {3}, program.apply(Tensor.of(1f)).toFloatArray());
            IllegalStateException e = assertThrows(IllegalStateException.class, () -> leaked.getFirst().add(1));
            assertTrue(e.getMessage().contains("has returned"), e.getMessage());
            assertThrows(IllegalStateException.class, () -> Program.of(x -> x.add(leaked.getFirst())).apply(Tensor.of(1f)));
        }
    }

    @Test
    void anErrorInTheFunctionLeavesTheThreadAsItWas() {
        Tensor w = Tensor.of(2f).requiresGrad(true);
        try (Program program = Program.of(x -> {
            w.mul(x).sum().backward();
            throw new IllegalArgumentException("on purpose");
        })) {
            assertThrows(IllegalArgumentException.class, () -> program.apply(Tensor.of(1f)));
        }
        assertEquals(null, w.grad());
        assertEquals(3, Tensor.of(1f).add(2).item());
        try (Tape tape = Tape.open()) {
            w.mul(3).sum().backward();
        }
        assertEquals(3, w.grad().item());
    }

    @Test
    void theCacheIsBoundedAndCounted() {
        try (Program program = Program.of(x -> x.mul(2)).limit(3)) {
            for (int n = 1; n <= 10; n++) {
                program.apply(Tensor.zeros(n));
                program.apply(Tensor.zeros(n));
            }
            assertEquals(new ProgramStatistics(10, 10, 7, 3), program.statistics());
            program.apply(Tensor.zeros(9));
            assertEquals(new ProgramStatistics(11, 10, 7, 3), program.statistics());
            program.limit(1);
            assertEquals(1, program.statistics().programs());
        }
    }

    @Test
    void aFixedProgramRefusesOtherSignatures() {
        try (Program program = Program.of(x -> x.mul(2)).fixed()) {
            program.apply(Tensor.zeros(2, 3));
            program.apply(Tensor.ones(2, 3));
            IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> program.apply(Tensor.zeros(3)));
            assertTrue(e.getMessage().contains("[2, 3]") && e.getMessage().contains("[3]"), e.getMessage());
            assertThrows(IllegalArgumentException.class, () -> program.apply(Tensor.zeros(2, 3).to(DType.FLOAT64)));
        }
    }

    @Test
    void aClosedProgramAndFreedArgumentsAreRefused() {
        Program program = Program.of(x -> x.mul(2));
        Tensor gone;
        try (Tape tape = Tape.open()) {
            gone = Tensor.of(1f).add(1);
        }
        assertThrows(IllegalStateException.class, () -> program.apply(gone));
        program.close();
        program.close();
        assertThrows(IllegalStateException.class, () -> program.apply(Tensor.of(1f)));
        assertThrows(IllegalStateException.class, program::explain);
    }

    @Test
    void outputsThatOverlapAreRefusedByName() {
        try (Program program = Program.of(x -> x.mul(2))) {
            Tensor x = Tensor.of(1f, 2f, 3f);
            Tensor[] in = {x};
            assertThrows(IllegalArgumentException.class, () -> program.run(in, new Tensor[] {x}));
            assertThrows(IllegalArgumentException.class, () -> program.run(in, new Tensor[] {Tensor.zeros(4)}));
            assertThrows(IllegalArgumentException.class, () -> program.run(in, new Tensor[0]));
            assertThrows(IllegalArgumentException.class,
                    () -> program.run(in, new Tensor[] {Tensor.zeros(3).to(DType.FLOAT64)}));
            assertArrayEquals(new float[] {1, 2, 3}, x.toFloatArray());
        }
    }

    @Test
    void resultsMayBeWrittenToViewsWithoutTouchingTheirNeighbours() {
        Tensor whole = Tensor.full(9, DType.FLOAT32, 4, 3);
        try (Program program = Program.of(x -> x.mul(2))) {
            program.run(new Tensor[] {Tensor.of(1f, 2f, 3f)}, new Tensor[] {whole.select(0, 1)});
        }
        assertArrayEquals(new float[] {9, 9, 9, 2, 4, 6, 9, 9, 9, 9, 9, 9}, whole.toFloatArray());
    }

    /** What a call need not look up again, since it is as before, is looked at all the same. */
    @Test
    void aCallThatIsRepeatedLooksAtItsTensors() {
        Tensor x = Tensor.of(1f, 2f, 3f);
        Tensor other = Tensor.of(4f, 5f, 6f);
        Tensor first = Tensor.zeros(3);
        Tensor second = Tensor.zeros(3);
        try (Program program = Program.of(a -> a.mul(2))) {
            for (int i = 0; i < 3; i++) {
                program.run(new Tensor[] {x}, new Tensor[] {first});
            }
            first.mul_(0);
            program.run(new Tensor[] {x}, new Tensor[] {second});
            assertArrayEquals(new float[] {0, 0, 0}, first.toFloatArray());
            assertArrayEquals(new float[] {2, 4, 6}, second.toFloatArray());
            program.run(new Tensor[] {other}, new Tensor[] {second});
            assertArrayEquals(new float[] {8, 10, 12}, second.toFloatArray());
            x.mul_(10);
            program.run(new Tensor[] {x}, new Tensor[] {second});
            program.run(new Tensor[] {x}, new Tensor[] {second});
            assertArrayEquals(new float[] {20, 40, 60}, second.toFloatArray());
            // The same memory as before, but less of it, or in another shape.
            assertThrows(IllegalArgumentException.class,
                    () -> program.run(new Tensor[] {x}, new Tensor[] {second.narrow(0, 0, 2)}));
            assertThrows(IllegalArgumentException.class,
                    () -> program.run(new Tensor[] {x.view(3, 1)}, new Tensor[] {second}));
            assertThrows(IllegalArgumentException.class, () -> program.run(new Tensor[] {x}, new Tensor[] {x}));
            Tensor column = Tensor.zeros(3, 1);
            program.run(new Tensor[] {x.view(3, 1)}, new Tensor[] {column});
            assertArrayEquals(new float[] {20, 40, 60}, column.toFloatArray());
            assertArrayEquals(new float[] {20, 40, 60}, second.toFloatArray());
        }
        Tensor[] in = {x};
        Tensor[] out = {second};
        Program closed = Program.of(a -> a.mul(2));
        closed.run(in, out);
        closed.run(in, out);
        closed.close();
        assertThrows(IllegalStateException.class, () -> closed.run(in, out));
    }

    @Test
    void argumentsInAnyArrangementGiveTheSame() {
        Tensor x = Tensor.randn(new Rng(3), 5, 7);
        try (Program program = Program.of(y -> y.exp().sum(0))) {
            assertArrayEquals(program.apply(x.transpose(0, 1).keep()).toFloatArray(),
                    program.apply(x.transpose(0, 1)).toFloatArray());
            assertEquals(1, program.statistics().traces());
        }
    }

    @Test
    void programsNestAndDeriveEachOther() {
        Program inner = Program.valueAndGrad(x -> x.square().mul(x).sum());
        try (Program second = Program.valueAndGrad(x -> inner.call(x).get(1).sum())) {
            List<Tensor> results = second.call(Tensor.of(2f, -3f));
            assertEquals(3 * 4 + 3 * 9, results.get(0).item());
            assertArrayEquals(new float[] {12, -18}, results.get(1).toFloatArray());
        }
    }

    @Test
    void randomNumbersOfAFunctionAreThoseOfItsTrace() {
        Rng rng = new Rng(1);
        try (Program program = Program.of(x -> x.add(Tensor.randn(rng, 4)))) {
            float[] first = program.apply(Tensor.zeros(4)).toFloatArray();
            assertArrayEquals(first, program.apply(Tensor.zeros(4)).toFloatArray());
        }
    }

    @Test
    void forwardAndBackwardOfAFormulaAreOneKernel() {
        try (Program program = Program.valueAndGrad((x, w) -> w.mul(x.square().neg().exp()).sum())) {
            program.call(Tensor.ones(100), Tensor.ones(100));
            assertTrue(program.explain().contains("1 kernels"), program.explain());
            assertTrue(program.toDot().startsWith("digraph"));
            assertTrue(program.toMermaid().startsWith("flowchart"));
            assertEquals(0, program.plannedBytes());
        }
    }

    @Test
    void aMaskOfWhatLiesInMemoryIsComputedAgainInsteadOfStored() {
        try (Program program = Program.valueAndGrad((x, w) -> x.matmul(w).add(1).relu().matmul(w).square().mean())) {
            program.call(Tensor.ones(32, 64), Tensor.ones(64, 64));
            assertTrue(program.explain().contains("where(le("), program.explain());
            assertTrue(program.explain().lines().noneMatch(line -> line.matches(" *%\\d+ = le\\(.*")), program.explain());
        }
    }

    @Test
    void changesInPlaceHappenAtEachCall() {
        Tensor mean = Tensor.of(0f, 0f);
        Tensor count = Tensor.scalar(0);
        try (Program program = Program.of(x -> {
            Tensor sum = Tensor.zeros(2);
            sum.add_(x).add_(x);
            mean.mul_(0.5).add_(x.mul(0.5));
            count.add_(1);
            return sum.add(mean).add(count);
        })) {
            float[] expected = {0, 0};
            for (int call = 1; call <= 4; call++) {
                for (int i = 0; i < 2; i++) {
                    expected[i] = expected[i] * 0.5f + (call + i) * 0.5f;
                }
                Tensor result = program.apply(Tensor.of((float) call, call + 1f));
                assertArrayEquals(expected, mean.toFloatArray(), "call " + call);
                assertEquals(call, count.item());
                assertArrayEquals(new float[] {2 * call + expected[0] + call, 2 * (call + 1) + expected[1] + call},
                        result.toFloatArray());
            }
        }
    }

    @Test
    void descentWrittenByHandMovesTheParameter() {
        Tensor w = Tensor.of(4f, -2f).requiresGrad(true);
        try (Program program = Program.ofList(in -> {
            Tensor loss = w.square().sum();
            loss.backward();
            GradMode.noGrad(() -> w.sub_(w.grad().mul(0.25)));
            w.zeroGrad();
            return List.of(loss);
        })) {
            assertEquals(20, program.apply().item());
            assertArrayEquals(new float[] {2, -1}, w.toFloatArray());
            assertEquals(5, program.apply().item());
            assertArrayEquals(new float[] {1, -0.5f}, w.toFloatArray());
        }
    }

    @Test
    void changesInPlaceThatWouldBeRecordedAreRefused() {
        Tensor outside = Tensor.zeros(2);
        Tensor w = Tensor.of(1f, 2f).requiresGrad(true);
        IllegalStateException e = assertThrows(IllegalStateException.class,
                () -> Program.of(x -> outside.add_(w.mul(x))).apply(Tensor.ones(2)));
        assertTrue(e.getMessage().contains("ProgramTest.java:"), e.getMessage());
        assertThrows(IllegalStateException.class, () -> Program.of(x -> x.mul(2).add_(x)).apply(Tensor.ones(2)));
        assertArrayEquals(new float[2], outside.toFloatArray());
    }

    @Test
    void anIndexOutOfRangeIsRefusedAtEachCall() {
        Tensor x = Tensor.randn(new Rng(1), 4, 3);
        try (Program program = Program.of((y, index) -> y.indexSelect(0, index).mul(2).add(y.gather(0, index.unsqueeze(1))))) {
            assertEquals(6, program.apply(x, Tensor.of(0L, 3L)).numel());
            IndexOutOfBoundsException e = assertThrows(IndexOutOfBoundsException.class,
                    () -> program.apply(x, Tensor.of(0L, 4L)));
            assertTrue(e.getMessage().contains("4 is out of bounds"), e.getMessage());
            assertEquals(6, program.apply(x, Tensor.of(1L, 2L)).numel());
        }
    }

    @Test
    void anyThreadMayCallAProgram() throws InterruptedException {
        Tensor w = Tensor.randn(new Rng(1), 300);
        List<Throwable> failures = java.util.Collections.synchronizedList(new ArrayList<>());
        try (Program program = Program.valueAndGrad(x -> x.mul(w).exp().sum())) {
            List<Thread> threads = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                Tensor x = Tensor.randn(new Rng(10 + t), 300);
                List<Tensor> expected = program.call(x);
                threads.add(Thread.ofPlatform().start(() -> {
                    try {
                        for (int i = 0; i < 300; i++) {
                            assertSame("call " + i, expected, program.call(x));
                        }
                    } catch (Throwable e) {
                        failures.add(e);
                    }
                }));
            }
            for (Thread thread : threads) {
                thread.join();
            }
        }
        assertEquals(List.of(), failures);
    }

    @Test
    void aTapeThatTheFunctionLeavesOpenEndsWithIt() {
        try (Tape outer = Tape.open(); Program program = Program.of(x -> {
            Tape.open();
            return x.mul(2).add(Tensor.ones(2));
        })) {
            assertArrayEquals(new float[] {3, 5}, program.apply(Tensor.of(1f, 2f)).toFloatArray());
            outer.reset();
            assertArrayEquals(new float[] {5, 7}, program.apply(Tensor.of(2f, 3f)).toFloatArray());
        }
    }
}

package dev.lanegrad;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Transforms inside a compiled program give what they give outside. */
class FunctionalProgramTest {
    private static Tensor f(Tensor x) {
        return x.sin().mul(x.exp()).add(x.sum()).square().sum();
    }

    private static final Map<String, UnaryOperator<Tensor>> TRANSFORMS = new TreeMap<>(Map.of(
            "grad", x -> Grad.grad(FunctionalProgramTest::f, x),
            "grad of grad", x -> Grad.grad(y -> Grad.grad(FunctionalProgramTest::f, y).square().sum(), x),
            "jvp", x -> Grad.jvp(y -> y.exp().mul(y.sum()), x, x.cos()).tangent(),
            "hvp", x -> Grad.hvp(FunctionalProgramTest::f, x, x),
            "hessian", x -> Grad.hessian(FunctionalProgramTest::f, x),
            "vmap", x -> Grad.vmap(row -> row.softmax(0).mul(row.sum()), x),
            "gradients of examples", x -> Grad.vmap(row -> Grad.grad(FunctionalProgramTest::f, row), x),
            "a batch in a gradient", x -> Grad.grad(y -> Grad.vmap(FunctionalProgramTest::f, y).sum(), x)));

    @TestFactory
    Stream<DynamicTest> transformsInsideAProgramGiveWhatTheyGiveOutside() {
        Tensor x = Tensor.randn(new Rng(7), 3, 4).to(DType.FLOAT64).keep();
        return TRANSFORMS.entrySet().stream().map(entry -> DynamicTest.dynamicTest(entry.getKey(), () -> {
            double[] expected = entry.getValue().apply(x).toDoubleArray();
            Program program = Program.of(entry.getValue());
            for (int call = 0; call < 2; call++) {
                assertArrayEquals(expected, program.call(x).getFirst().toDoubleArray(), 1e-11);
            }
        }));
    }
}

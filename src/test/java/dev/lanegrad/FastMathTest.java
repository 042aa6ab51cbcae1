package dev.lanegrad;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Algebra of real numbers is used where it was asked for, saves work, and changes no more than roundings. */
class FastMathTest {
    private static final int FUNCTIONS = 200;

    private static long flops(Program program) {
        String text = program.explain().strip();
        String[] parts = text.substring(text.lastIndexOf('\n') + 1).split("; ");
        return Long.parseLong(parts[parts.length - 1].split(" ")[0].replace(",", ""));
    }

    private static void assertClose(String message, Tensor expected, Tensor actual, double tolerance) {
        double[] wanted = expected.toDoubleArray();
        double[] got = actual.toDoubleArray();
        assertArrayEquals(expected.shape(), actual.shape(), message);
        for (int i = 0; i < wanted.length; i++) {
            assertEquals(wanted[i], got[i], tolerance * Math.max(1, Math.abs(wanted[i])), message + ", element " + i);
        }
    }

    private static Map<String, UnaryOperator<Tensor>> rules() {
        Map<String, UnaryOperator<Tensor>> rules = new LinkedHashMap<>();
        rules.put("x * 0", x -> x.tanh().mul(0).add(x.sin()));
        rules.put("0 / x", x -> x.exp().rdiv(0).add(x.sin()));
        rules.put("x - x", x -> x.tanh().sub(x.tanh()).add(x.sin()));
        rules.put("x / x", x -> x.tanh().div(x.tanh()).add(x.sin()));
        rules.put("x + 0", x -> x.sin().add(0));
        rules.put("0 - x", x -> x.rsub(0).add(1).sub(3));
        rules.put("x / a", x -> x.div(3).mul(7));
        rules.put("x * a * b", x -> x.mul(3).mul(0.7).neg());
        rules.put("x + a + b", x -> x.add(3).sub(0.7).rsub(2).add(4));
        rules.put("-(x - y)", x -> x.sub(x.sin()).neg());
        rules.put("exp(log(x))", x -> x.log().exp());
        rules.put("log(exp(x))", x -> x.exp().log());
        rules.put("expm1(log1p(x))", x -> x.log1p().expm1());
        rules.put("log1p(expm1(x))", x -> x.expm1().log1p());
        rules.put("square(sqrt(x))", x -> x.sqrt().square());
        rules.put("sqrt(square(x))", x -> x.square().sqrt());
        rules.put("1 / (1 / x)", x -> x.reciprocal().reciprocal());
        rules.put("sum(x * a)", x -> x.mul(3).sum());
        rules.put("sum(-x)", x -> x.neg().sum());
        rules.put("sum of equal numbers", x -> x.sum().expand(64).sum());
        return rules;
    }

    @Test
    void eachRuleSavesArithmeticAndKeepsTheResult() {
        Tensor x = Tensor.rand(new Rng(5), 50).add(0.25);
        rules().forEach((name, function) -> {
            try (Program exact = Program.of(function); Program fast = Program.of(function).fastMath()) {
                Tensor expected = exact.apply(x);
                assertArrayEquals(function.apply(x).toDoubleArray(), expected.toDoubleArray(), name);
                assertClose(name, expected, fast.apply(x), 2e-6);
                assertTrue(flops(fast) < flops(exact), name + ":\n" + fast.explain() + exact.explain());
            }
        });
    }

    @Test
    void gradientsBecomeShorterToo() {
        UnaryOperator<Tensor> function = x -> x.div(3).square().mul(0.5).neg().exp().mul(2).sum();
        Tensor x = Tensor.randn(new Rng(6), 1000);
        try (Program exact = Program.valueAndGrad(function); Program fast = Program.valueAndGrad(function).fastMath()) {
            List<Tensor> expected = exact.call(x);
            List<Tensor> actual = fast.call(x);
            assertClose("value", expected.get(0), actual.get(0), 2e-6);
            assertClose("gradient", expected.get(1), actual.get(1), 2e-6);
            assertTrue(flops(fast) < flops(exact), fast.explain() + exact.explain());
        }
    }

    @Test
    void randomFunctionsChangeByRoundingOnly() {
        int same = 0;
        for (long seed = 0; seed < FUNCTIONS; seed++) {
            RandomFunction function = new RandomFunction(seed, 1 + (int) (seed % 6));
            Tensor[] arguments = RandomFunction.arguments(seed).stream().map(x -> x.to(DType.FLOAT64))
                    .toArray(Tensor[]::new);
            try (Program exact = Program.ofList(function); Program fast = Program.ofList(function).fastMath()) {
                List<Tensor> expected = exact.call(arguments);
                List<Tensor> actual = fast.call(arguments);
                for (int i = 0; i < expected.size(); i++) {
                    assertEquals(expected.get(i).dtype(), actual.get(i).dtype(), "seed " + seed);
                    assertClose("seed " + seed, expected.get(i), actual.get(i), 1e-9);
                }
                same += fast.explain().equals(exact.explain()) ? 1 : 0;
            }
        }
        assertTrue(same < FUNCTIONS, "no function became simpler");
    }

    @Test
    void afterTheFirstCallItIsRefused() {
        try (Program program = Program.of((Tensor x) -> x.add(0))) {
            program.apply(Tensor.of(-0.0f));
            String message = assertThrows(IllegalStateException.class, program::fastMath).getMessage();
            assertTrue(message.contains("before the first call"), message);
            assertEquals(0L, Double.doubleToLongBits(program.apply(Tensor.of(-0.0f)).item()));
        }
    }
}

package dev.lanegrad;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Functions of a vector's single elements are few kernels, and have the bits of eager mode, zeros' signs included. */
class ScalarProgramTest {
    private static final int FUNCTIONS = 300;

    private static long[] bits(Tensor tensor) {
        return java.util.Arrays.stream(tensor.toDoubleArray()).mapToLong(Double::doubleToLongBits).toArray();
    }

    /** Calls the program of value and gradient, compares it with eager mode, and gives its number of kernels. */
    private static int kernels(String message, UnaryOperator<Tensor> function, Tensor x) {
        Tensor value;
        Tensor gradient;
        try (Tape tape = Tape.open()) {
            Tensor leaf = x.detach().requiresGrad(true);
            Tensor loss = function.apply(leaf);
            loss.backward();
            value = loss.detach().keep();
            gradient = leaf.grad();
        }
        try (Program program = Program.valueAndGrad(function)) {
            List<Tensor> results = program.call(x);
            assertArrayEquals(bits(value), bits(results.get(0)), message + ", value");
            assertArrayEquals(bits(gradient), bits(results.get(1)), message + ", gradient");
            return kernels(program);
        }
    }

    private static int kernels(Program program) {
        String[] lines = program.explain().strip().split("\n");
        return Integer.parseInt(lines[lines.length - 1].split(" ")[0]);
    }

    static Tensor rosenbrock(Tensor x) {
        Tensor sum = null;
        for (int i = 0; i + 1 < x.size(0); i++) {
            Tensor a = x.select(0, i);
            Tensor term = x.select(0, i + 1).sub(a.square()).square().mul(100).add(a.rsub(1).square());
            sum = sum == null ? term : sum.add(term);
        }
        return sum;
    }

    private static Tensor normal(Tensor x) {
        return x.div(Math.sqrt(2)).erf().add(1).mul(0.5);
    }

    /** The price of a call option: price of the share, strike, time, rate and volatility. */
    static Tensor blackScholes(List<Tensor> p) {
        Tensor deviation = p.get(4).mul(p.get(2).sqrt());
        Tensor drift = p.get(3).add(p.get(4).square().mul(0.5)).mul(p.get(2));
        Tensor up = p.get(0).div(p.get(1)).log().add(drift).div(deviation);
        Tensor discount = p.get(3).neg().mul(p.get(2)).exp();
        return p.get(0).mul(normal(up)).sub(p.get(1).mul(discount).mul(normal(up.sub(deviation))));
    }

    /** One step of Euler's method for four coupled equations. */
    static Tensor step(Tensor y) {
        Tensor a = y.select(0, 0);
        Tensor b = y.select(0, 1);
        Tensor c = y.select(0, 2);
        Tensor d = y.select(0, 3);
        return Tensor.stack(0, a.add(a.mul(b).neg().add(c.mul(0.5)).mul(0.01)), b.add(a.mul(b).sub(b.mul(d)).mul(0.01)),
                c.add(c.mul(-0.5).add(d.sin()).mul(0.01)), d.add(a.mul(c).sub(d).mul(0.01)));
    }

    @Test
    void rosenbrocksFunctionIsFewKernels() {
        for (int n = 2; n <= 10; n++) {
            Tensor x = Tensor.randn(new Rng(n), n);
            int kernels = kernels("n " + n, ScalarProgramTest::rosenbrock, x);
            assertTrue(kernels <= 3, n + " variables: " + kernels);
            kernels("double, n " + n, ScalarProgramTest::rosenbrock, x.to(DType.FLOAT64));
        }
    }

    @Test
    void anOptionOfOneVectorIsFewKernels() {
        int kernels = kernels("option", x -> blackScholes(x.unbind(0)), Tensor.of(100f, 95f, 1.5f, 0.03f, 0.2f));
        assertTrue(kernels <= 4, "kernels " + kernels);
    }

    @Test
    void stepsOfEquationsAreArithmeticOfScalarsWithOneStackAtTheEnd() {
        Tensor y = Tensor.of(0.5f, -1f, 0.25f, 2f);
        assertEquals(2, kernels("step", x -> step(x).square().sum(), y));
        int kernels = kernels("five steps", x -> step(step(step(step(step(x))))).square().mean(), y);
        assertTrue(kernels <= 8, "kernels " + kernels);
    }

    @Test
    void aBatchIsOneLoopAndOneStack() {
        assertBatch(ScalarProgramTest::rosenbrock, Tensor.randn(new Rng(1), 1000, 4), 2);
        assertBatch(y -> step(y).square().sum(), Tensor.randn(new Rng(2), 1000, 4), 2);
        assertBatch(x -> blackScholes(x.unbind(0)), Tensor.rand(new Rng(3), 1000, 5).add(0.1), 4);
    }

    private static void assertBatch(UnaryOperator<Tensor> function, Tensor x, int most) {
        UnaryOperator<Tensor> batch = rows -> Grad.vmap(row -> Grad.grad(function::apply, row), rows);
        try (Program program = Program.of(batch)) {
            assertArrayEquals(bits(batch.apply(x)), bits(program.apply(x)));
            assertTrue(kernels(program) <= most, program.explain());
        }
    }

    @Test
    void zerosKeepTheirSigns() {
        Tensor x = Tensor.of(-0.0f, 0f, -1f);
        kernels("alone", v -> v.select(0, 0).mul(-0.0), x);
        kernels("twice", v -> v.select(0, 0).mul(-0.0).add(v.select(0, 1).mul(-0.0)), x);
        kernels("again", v -> v.select(0, 0).mul(-0.0).add(v.select(0, 0).mul(-0.0)), x);
        kernels("all", v -> Tensor.stack(0, v.select(0, 0), v.select(0, 0).neg()).mul(0).sum(), x);
        kernels("negated", v -> Tensor.stack(0, v.select(0, 2).mul(0), v.select(0, 0).neg()).neg().sum(), x);
    }

    @Test
    void randomFunctionsOfElementsHaveTheBitsOfEagerMode() {
        for (long seed = 0; seed < FUNCTIONS; seed++) {
            int n = 1 + (int) (seed % 6);
            long own = seed;
            Tensor x = Tensor.randn(new Rng(seed), n);
            kernels("seed " + seed, v -> random(new Random(own), v), seed % 3 == 0 ? x.mul(0).neg() : x);
        }
    }

    private static Tensor random(Random random, Tensor v) {
        List<Tensor> known = new ArrayList<>(v.unbind(0));
        Tensor vector = v;
        for (int i = 0; i < 12; i++) {
            Tensor x = known.get(random.nextInt(known.size()));
            Tensor y = known.get(random.nextInt(known.size()));
            switch (random.nextInt(9)) {
                case 0 -> known.add(x.mul(y));
                case 1 -> known.add(x.sub(y));
                case 2 -> known.add(x.neg());
                case 3 -> known.add(x.mul(random.nextBoolean() ? -0.0 : 0.0));
                case 4 -> known.add(x.add(y).tanh());
                case 5 -> vector = Tensor.stack(0, x, y, x).mul(x);
                case 6 -> vector = Tensor.cat(0, vector, vector.slice(0, 0, 1).mul(2));
                case 7 -> known.add(vector.select(0, random.nextInt(vector.size(0))));
                default -> known.add(vector.sum());
            }
        }
        return known.getLast().add(vector.square().sum()).add(known.get(known.size() / 2));
    }
}

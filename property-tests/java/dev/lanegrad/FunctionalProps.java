package dev.lanegrad;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

/** Laws of derivatives and batches, for random functions that are smooth everywhere and cannot overflow. */
class FunctionalProps {
    private static final int TRIES = 60;
    private static final int WIDTH = 3;

    /** Steps of a random function of a matrix of three columns; each keeps these sizes, none grows faster than linearly. */
    private static final List<Function<Tensor, Tensor>> STEPS = List.of(
            Tensor::sin,
            Tensor::tanh,
            x -> x.mul(x.sum(true, 1).tanh()),
            x -> x.softmax(-1),
            x -> x.add(x.select(0, 0)),
            x -> x.matmul(x.t()).tanh().matmul(x),
            x -> x.mul(0.5).sub(1),
            x -> Tensor.cat(1, x.slice(1, 1, WIDTH), x.slice(1, 0, 1).sin().exp().neg().exp()),
            x -> x.logSumExp(true, 0).sigmoid().mul(x),
            x -> x.square().add(1).sqrt(),
            x -> x.sub(x.mean(true, 0)),
            x -> x.indexSelect(1, Tensor.of(2L, 0L, 2L)).sigmoid(),
            x -> x.div(x.square().sum(true, 1).add(1)),
            x -> x.unsqueeze(0).expand(2, x.size(0), WIDTH).sum(0).mul(0.3));

    @Provide
    Arbitrary<List<Integer>> programs() {
        return Arbitraries.integers().between(0, STEPS.size() - 1).list().ofMinSize(1).ofMaxSize(5);
    }

    private static Function<Tensor, Tensor> function(List<Integer> program) {
        return x -> {
            Tensor y = x;
            for (int step : program) {
                y = STEPS.get(step).apply(y);
            }
            return y;
        };
    }

    private static Tensor random(long seed, int... shape) {
        return Tensor.randn(new Rng(seed), shape).to(DType.FLOAT64).keep();
    }

    private static void assertClose(Tensor expected, Tensor actual) {
        assertArrayEquals(expected.shape(), actual.shape());
        double[] a = expected.toDoubleArray();
        double[] b = actual.toDoubleArray();
        double largest = Arrays.stream(a).map(Math::abs).max().orElse(0);
        assertArrayEquals(a, b, 1e-10 * (1 + largest));
    }

    @Property(tries = TRIES)
    void forwardAndReverseAreTransposed(@ForAll("programs") List<Integer> program,
            @ForAll @IntRange(min = 1, max = 4) int rows, @ForAll long seed) {
        Function<Tensor, Tensor> f = function(program);
        Tensor x = random(seed, rows, WIDTH);
        Tensor u = random(seed + 1, rows, WIDTH);
        Tensor v = random(seed + 2, rows, WIDTH);
        double forward = Grad.jvp(f, x, u).tangent().mul(v).sum().item();
        double reverse = Grad.vjp(f, x).apply(v).mul(u).sum().item();
        assertEquals(reverse, forward, 1e-10 * (1 + Math.abs(reverse)));
        assertClose(Grad.jacrev(f, x), Grad.jacfwd(f, x));
    }

    @Property(tries = TRIES)
    void tangentsAreLinearAndFollowTheChainRule(@ForAll("programs") List<Integer> first,
            @ForAll("programs") List<Integer> second, @ForAll long seed) {
        Function<Tensor, Tensor> f = function(first);
        Function<Tensor, Tensor> g = function(second);
        Tensor x = random(seed, 2, WIDTH);
        Tensor u = random(seed + 1, 2, WIDTH);
        Pushforward linear = Grad.linearize(f, x);
        assertClose(linear.apply(u).mul(3).sub(linear.apply(x)), linear.apply(u.mul(3).sub(x)));
        assertClose(Grad.jvp(g, linear.value(), linear.apply(u)).tangent(), Grad.jvp(f.andThen(g), x, u).tangent());
    }

    @Property(tries = TRIES)
    void aBatchIsItsExamples(@ForAll("programs") List<Integer> program, @ForAll @IntRange(max = 3) int size,
            @ForAll @IntRange(max = 2) int dim, @ForAll @IntRange(min = -3, max = 2) int out, @ForAll long seed) {
        Function<Tensor, Tensor> f = function(program);
        Tensor x = random(seed, size, 2, WIDTH);
        int[] order = IntStream.range(0, 3).map(d -> d == dim ? 0 : d < dim ? d + 1 : d).toArray();
        Function<Function<Tensor, Tensor>, Tensor> batch = h -> Grad.vmap(h, x.permute(order), dim, out);
        Function<Function<Tensor, Tensor>, Tensor> loop = h -> Tensor.stack(out, IntStream.range(0, size)
                .mapToObj(i -> h.apply(x.select(0, i))).toArray(Tensor[]::new));
        Function<Tensor, Tensor> gradient = y -> Grad.grad(z -> f.apply(z).square().sum(), y);
        if (size == 0) {
            assertEquals(0, batch.apply(f).numel());
            assertEquals(0, batch.apply(gradient).numel());
            return;
        }
        assertClose(loop.apply(f), batch.apply(f));
        assertClose(loop.apply(gradient), batch.apply(gradient));
    }

    @Property(tries = TRIES)
    void theHessianIsSymmetricAndItsProductsAreThoseOfTheMatrix(@ForAll("programs") List<Integer> program,
            @ForAll long seed) {
        Function<Tensor, Tensor> f = y -> function(program).apply(y).square().sum();
        Tensor x = random(seed, 2, WIDTH);
        Tensor v = random(seed + 1, 2, WIDTH);
        Tensor hessian = Grad.hessian(f, x).reshape(6, 6);
        assertClose(hessian, hessian.t());
        assertClose(hessian.matmul(v.flatten()).reshape(2, WIDTH), Grad.hvp(f, x, v));
        assertClose(Grad.hvp(f, x, v), Grad.vhp(f, x, v));
    }

    @Property(tries = TRIES)
    void insideATapeResultsHaveTheBitsOfThoseWithoutOne(@ForAll("programs") List<Integer> program, @ForAll long seed) {
        Function<Tensor, Tensor> f = y -> function(program).apply(y).square().sum();
        Tensor x = random(seed, 2, WIDTH);
        Tensor gradient = Grad.grad(f, x);
        Tensor product = Grad.hvp(f, x, x);
        try (Tape tape = Tape.open()) {
            assertArrayEquals(gradient.toDoubleArray(), Grad.grad(f, x).toDoubleArray());
            assertArrayEquals(product.toDoubleArray(), Grad.hvp(f, x, x).toDoubleArray());
            Tensor leaf = x.detach().requiresGrad(true);
            f.apply(leaf).backward();
            assertArrayEquals(leaf.grad().toDoubleArray(), gradient.toDoubleArray());
        }
    }
}

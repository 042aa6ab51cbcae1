package dev.lanegrad;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * A function of tensors that a seed determines: ops of all kinds on operands of random sizes. The same seed on tensors of the
 * same sizes and types always gives the same ops, whatever the elements are.
 */
final class RandomFunction implements Function<List<Tensor>, List<Tensor>> {
    private static final List<UnaryOperator<Tensor>> UNARY = List.of(Tensor::neg, Tensor::abs, Tensor::exp, Tensor::tanh,
            Tensor::sigmoid, Tensor::square, Tensor::relu, Tensor::sin, Tensor::softplus, Tensor::gelu, Tensor::erf,
            x -> x.add(1.5), x -> x.mul(-0.25), x -> x.mul(1), x -> x.rsub(2), x -> x.div(3), x -> x.abs().add(0.5).log(),
            x -> x.abs().sqrt(), x -> x.clamp(-0.5, 0.75), x -> x.maximum(0.1), x -> x.neg().neg(), Tensor::sign,
            x -> x.square().add(1).reciprocal(), x -> x.detach().add(x), Tensor::silu, x -> x.abs().add(0.1).pow(1.3));
    private static final List<BinaryOperator<Tensor>> BINARY = List.of(Tensor::add, Tensor::sub, Tensor::mul,
            (x, y) -> x.div(y.abs().add(0.5)), Tensor::maximum, Tensor::minimum, (x, y) -> x.lt(y).where(x, y.mul(2)),
            (x, y) -> x.gt(0).where(y, x), (x, y) -> x.le(y).mul(x), (x, y) -> x.add(y).add(x.mul(y)));

    private static final int MOST = 100_000;

    private final long seed;
    private final int length;

    RandomFunction(long seed, int length) {
        this.seed = seed;
        this.length = length;
    }

    /** Tensors that are too large for the first levels of cache, so that programs compute them by rows. */
    static List<Tensor> largeArguments(long seed) {
        Random random = new Random(seed);
        boolean shared = random.nextInt(3) == 0;
        int rows = 100 + random.nextInt(shared ? 1000 : 200);
        // Threads share rows of whole vectors.
        int columns = 100 + random.nextInt(200) & (shared ? -16 : -1);
        List<Tensor> arguments = new ArrayList<>(List.of(Tensor.randn(new Rng(seed), rows, columns)));
        if (random.nextBoolean()) {
            arguments.add(Tensor.randn(new Rng(seed + 1), random.nextBoolean() ? rows : 1, columns));
        }
        if (random.nextBoolean()) {
            arguments.add(Tensor.randn(new Rng(seed + 2), rows, 1));
        }
        return arguments;
    }

    /** Tensors of random sizes to call a random function with. */
    static List<Tensor> arguments(long seed) {
        Random random = new Random(seed);
        int[] sizes = new int[random.nextInt(4)];
        for (int d = 0; d < sizes.length; d++) {
            sizes[d] = random.nextInt(8) == 0 ? 67 : 1 + random.nextInt(6);
        }
        List<Tensor> arguments = new ArrayList<>();
        for (int i = 0; i <= random.nextInt(3); i++) {
            int from = sizes.length == 0 ? 0 : random.nextInt(sizes.length);
            int[] own = java.util.Arrays.copyOfRange(sizes, from, sizes.length);
            for (int d = 0; d < own.length; d++) {
                own[d] = random.nextInt(5) == 0 ? 1 : own[d];
            }
            Tensor argument = Tensor.randn(new Rng(seed + 31 * i), own);
            arguments.add(random.nextInt(5) == 0 ? argument.to(DType.FLOAT64) : argument);
        }
        return arguments;
    }

    @Override
    public List<Tensor> apply(List<Tensor> inputs) {
        Random random = new Random(seed * 7919 + 1);
        List<Tensor> known = new ArrayList<>(inputs);
        for (int i = 0; i < length; i++) {
            Tensor x = known.get(known.size() - 1 - random.nextInt(Math.min(known.size(), 4)));
            Tensor y = known.get(random.nextInt(known.size()));
            known.add(next(random, x, y));
        }
        List<Tensor> results = new ArrayList<>();
        for (int i = 0; i <= random.nextInt(3); i++) {
            results.add(known.get(known.size() - 1 - random.nextInt(Math.min(known.size(), 3))));
        }
        return results;
    }

    private static Tensor next(Random random, Tensor x, Tensor y) {
        return switch (random.nextInt(8)) {
            case 0, 1 -> UNARY.get(random.nextInt(UNARY.size())).apply(x);
            case 2, 3, 4 -> fits(x, y) ? BINARY.get(random.nextInt(BINARY.size())).apply(x, y)
                    : UNARY.get(random.nextInt(UNARY.size())).apply(y);
            case 5 -> fold(random, x);
            case 6 -> moved(random, x);
            default -> joined(random, x, y);
        };
    }

    private static boolean fits(Tensor x, Tensor y) {
        long most = 1;
        for (int d = 1; d <= Math.max(x.dim(), y.dim()); d++) {
            int a = d > x.dim() ? 1 : x.size(-d);
            int b = d > y.dim() ? 1 : y.size(-d);
            most *= Math.max(a, b);
            if (a != b && a != 1 && b != 1) {
                return false;
            }
        }
        return most < MOST;
    }

    private static Tensor fold(Random random, Tensor x) {
        int[] dims = x.dim() == 0 || random.nextBoolean() ? new int[0] : new int[] {random.nextInt(x.dim())};
        boolean keep = random.nextBoolean();
        int last = x.dim() == 0 ? 0 : random.nextInt(x.dim());
        return switch (random.nextInt(9)) {
            case 0 -> x.sum(keep, dims);
            case 1 -> x.mean(keep, dims);
            case 2 -> x.amax(keep, dims);
            case 3 -> x.amin(keep, dims);
            case 4 -> x.softmax(last);
            case 5 -> x.logSoftmax(last);
            case 6 -> x.logSumExp(keep, dims);
            case 7 -> x.var(0, keep, dims);
            default -> x.numel() < 100 ? x.tanh().prod(keep, dims) : x.sum(keep, dims);
        };
    }

    private static Tensor moved(Random random, Tensor x) {
        int rank = x.dim();
        return switch (random.nextInt(6)) {
            case 0 -> x.reshape((int) x.numel());
            case 1 -> x.unsqueeze(random.nextInt(rank + 1));
            case 2 -> rank > 1 ? x.transpose(random.nextInt(rank), random.nextInt(rank)) : x.reshape(1, -1);
            case 3 -> rank > 0 ? x.slice(rank - 1, random.nextInt(x.size(-1)), x.size(-1), 1 + random.nextInt(2)) : x;
            case 4 -> rank > 0 && rank < 4 && x.numel() < 1000 ? x.unsqueeze(0).expand(widened(x)) : x.squeeze();
            default -> rank > 1 ? x.transpose(0, rank - 1).reshape(x.size(0), -1) : x.mul(2);
        };
    }

    private static int[] widened(Tensor x) {
        int[] sizes = new int[x.dim() + 1];
        sizes[0] = 3;
        System.arraycopy(x.shape(), 0, sizes, 1, x.dim());
        return sizes;
    }

    private static Tensor joined(Random random, Tensor x, Tensor y) {
        int rank = x.dim();
        if (rank == 0) {
            return x.mul(y.sum().tanh());
        }
        return switch (random.nextInt(9)) {
            case 7 -> pieces(random, x);
            case 8 -> x.size(0) > 9 ? x : Tensor.stack(random.nextInt(rank), x.unbind(0).toArray(Tensor[]::new))
                    .mul(x.select(0, 0).sum());
            case 4 -> x.tanh().mul(2).gather(rank - 1, x.argmax(rank - 1, true));
            case 5 -> x.sub(x.sum(true, rank - 1)).gather(rank - 1, x.argmin(rank - 1, true));
            case 6 -> rank == 2 ? x.crossEntropy(x.argmin(1)) : x.softmax(0);
            case 0 -> x.numel() < 1000 ? Tensor.cat(rank - 1, x, x.mul(2)) : x;
            case 1 -> rank == 1 || x.size(-2) * (long) x.size(-2) > 5000 ? x : x.matmul(x.transpose(-2, -1)).mul(0.1);
            case 2 -> x.indexSelect(0, Tensor.of(0L, (long) x.size(0) - 1, 0L));
            default -> x.numel() < 1000 ? Tensor.stack(0, x, x.sin()) : x;
        };
    }

    /** Slices of size 1, some arithmetic, and a stack of the results that is added to something. */
    private static Tensor pieces(Random random, Tensor x) {
        int dim = random.nextInt(x.dim());
        Tensor first = x.select(dim, 0);
        Tensor last = x.select(dim, x.size(dim) - 1);
        Tensor[] parts = new Tensor[1 + random.nextInt(4)];
        for (int i = 0; i < parts.length; i++) {
            parts[i] = i % 2 == 0 ? first.mul(last).add(i) : last.neg().mul(0);
        }
        Tensor stack = Tensor.stack(dim, parts);
        return random.nextBoolean() ? stack.sub(stack.sum(true, dim)) : stack.add(stack.select(dim, 0).unsqueeze(dim).abs());
    }
}

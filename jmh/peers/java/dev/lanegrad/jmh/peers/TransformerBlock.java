package dev.lanegrad.jmh.peers;

import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;

/** One block of a transformer: attention with four heads, then two layers four times as wide between. */
final class TransformerBlock<T> {
    private static final int HEADS = 4;
    private static final int WIDER = 4;

    private final BinaryOperator<T> matmul;
    private final BinaryOperator<T> add;
    private final BinaryOperator<T> sub;
    private final BinaryOperator<T> mul;
    private final UnaryOperator<T> mean;
    private final UnaryOperator<T> var;
    private final UnaryOperator<T> epsilon;
    private final UnaryOperator<T> rsqrt;
    private final UnaryOperator<T> gelu;
    private final UnaryOperator<T> softmax;
    private final UnaryOperator<T> scale;
    private final UnaryOperator<T> split;
    private final UnaryOperator<T> exchanged;
    private final UnaryOperator<T> joined;
    private final UnaryOperator<T> transposed;
    private final UnaryOperator<T> square;
    private final UnaryOperator<T> total;

    TransformerBlock(Dialect<T> dialect, long[] sizes) {
        int batch = (int) sizes[0];
        int tokens = (int) sizes[1];
        int width = (int) sizes[2];
        matmul = dialect.matmul();
        add = dialect.binary("add");
        sub = dialect.binary("sub");
        mul = dialect.binary("mul");
        mean = dialect.kept("mean", 2);
        var = dialect.kept("var", 2);
        epsilon = dialect.withNumber("add", 1e-5);
        rsqrt = dialect.unary("rsqrt");
        gelu = dialect.unary("gelu");
        softmax = dialect.along("softmax", 3);
        scale = dialect.withNumber("mul", 1 / Math.sqrt((double) width / HEADS));
        split = dialect.reshaped(batch, tokens, HEADS, width / HEADS);
        exchanged = dialect.permuted(0, 2, 1, 3);
        joined = dialect.reshaped(batch, tokens, width);
        transposed = dialect.transposed(4);
        square = dialect.unary("square");
        total = dialect.fold("mean");
    }

    static List<Operand> operands(long[] sizes) {
        long width = sizes[2];
        Operand weights = StepFamily.scaled(width, width);
        return List.of(Operand.data(sizes), weights, weights, weights, weights, StepFamily.scaled(width, WIDER * width),
                StepFamily.scaled(WIDER * width, width));
    }

    static long flops(long[] sizes) {
        long rows = sizes[0] * sizes[1];
        return 2 * rows * sizes[2] * ((4 + 2 * WIDER) * sizes[2] + 2 * sizes[1]);
    }

    private T normal(T x) {
        T centered = sub.apply(x, mean.apply(x));
        return mul.apply(centered, rsqrt.apply(epsilon.apply(var.apply(x))));
    }

    private T heads(T x, T weights) {
        return exchanged.apply(split.apply(matmul.apply(x, weights)));
    }

    T apply(List<T> operands) {
        T x = operands.get(0);
        T normal = normal(x);
        T keys = transposed.apply(heads(normal, operands.get(2)));
        T weights = softmax.apply(scale.apply(matmul.apply(heads(normal, operands.get(1)), keys)));
        T mixed = joined.apply(exchanged.apply(matmul.apply(weights, heads(normal, operands.get(3)))));
        T attended = add.apply(x, matmul.apply(mixed, operands.get(4)));
        T wide = gelu.apply(matmul.apply(normal(attended), operands.get(5)));
        return total.apply(square.apply(add.apply(attended, matmul.apply(wide, operands.get(6)))));
    }
}

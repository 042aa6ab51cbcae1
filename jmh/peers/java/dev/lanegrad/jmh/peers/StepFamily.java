package dev.lanegrad.jmh.peers;

import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * Losses as they are trained, with their gradients by all parameters:
 * <ul>
 * <li>{@code squares} of n: {@code mean(2 (x + 1)^2)};
 * <li>{@code bell} of n: {@code sum(w exp(-(x w + b)^2))}, the gradients by w and b;
 * <li>{@code logisticRegression} of samples x features: the mean of {@code softplus(z) - y z} for {@code z = x w + b};
 * <li>{@code mlp} of batch x inputs x hidden x classes: two layers with tanh between, cross entropy;
 * <li>{@code block} of batch x tokens x width: a transformer's block with four heads, normalisation before attention
 * and before the layers with gelu, both with a residual; the mean of the squares. libtorch's fused normalisation is not
 * used.
 * </ul>
 */
record StepFamily() implements Family {
    @Override
    public String label() {
        return "step";
    }

    @Override
    public List<String> ops() {
        return List.of("squares", "bell", "logisticRegression", "mlp", "block");
    }

    @Override
    public boolean isDifferentiable(String op) {
        return true;
    }

    @Override
    public List<Operand> operands(Case of) {
        long[] s = Family.sizes(of.shape());
        return switch (of.op()) {
            case "squares" -> List.of(Operand.parameter(s));
            case "bell" -> List.of(Operand.data(s), Operand.parameter(s), Operand.parameter(s));
            case "logisticRegression" -> List.of(Operand.data(s), Operand.parameter(s[1], 1), Operand.parameter(1),
                    Operand.data(s[0], 1));
            case "block" -> TransformerBlock.operands(s);
            default -> List.of(Operand.data(s[0], s[1]), scaled(s[1], s[2]), bias(s[2]), scaled(s[2], s[3]),
                    bias(s[3]), new Operand(Operand.Kind.CLASSES, 0, s[3], s[0]));
        };
    }

    /** Weights as they are initialised, so that no tanh is saturated. */
    static Operand scaled(long inputs, long outputs) {
        double bound = 1 / Math.sqrt(inputs);
        return new Operand(Operand.Kind.PARAMETER, -bound, bound, inputs, outputs);
    }

    private static Operand bias(long outputs) {
        return new Operand(Operand.Kind.PARAMETER, -0.1, 0.1, outputs);
    }

    @Override
    public long[] result(Case of) {
        return new long[0];
    }

    @Override
    public <T> Function<List<T>, T> in(Dialect<T> dialect, Case of) {
        return switch (of.op()) {
            case "squares" -> squares(dialect);
            case "bell" -> bell(dialect);
            case "logisticRegression" -> logisticRegression(dialect);
            case "block" -> new TransformerBlock<>(dialect, Family.sizes(of.shape()))::apply;
            default -> mlp(dialect);
        };
    }

    private static <T> Function<List<T>, T> squares(Dialect<T> dialect) {
        UnaryOperator<T> one = dialect.withNumber("add", 1);
        UnaryOperator<T> square = dialect.unary("square");
        UnaryOperator<T> twice = dialect.withNumber("mul", 2);
        UnaryOperator<T> mean = dialect.fold("mean");
        return operands -> mean.apply(twice.apply(square.apply(one.apply(operands.get(0)))));
    }

    private static <T> Function<List<T>, T> bell(Dialect<T> dialect) {
        BinaryOperator<T> mul = dialect.binary("mul");
        BinaryOperator<T> add = dialect.binary("add");
        UnaryOperator<T> square = dialect.unary("square");
        UnaryOperator<T> neg = dialect.unary("neg");
        UnaryOperator<T> exp = dialect.unary("exp");
        UnaryOperator<T> sum = dialect.fold("sum");
        return operands -> {
            T w = operands.get(1);
            T z = add.apply(mul.apply(operands.get(0), w), operands.get(2));
            return sum.apply(mul.apply(w, exp.apply(neg.apply(square.apply(z)))));
        };
    }

    private static <T> Function<List<T>, T> logisticRegression(Dialect<T> dialect) {
        BinaryOperator<T> matmul = dialect.matmul();
        BinaryOperator<T> add = dialect.binary("add");
        BinaryOperator<T> sub = dialect.binary("sub");
        BinaryOperator<T> mul = dialect.binary("mul");
        UnaryOperator<T> softplus = dialect.unary("softplus");
        UnaryOperator<T> mean = dialect.fold("mean");
        return operands -> {
            T z = add.apply(matmul.apply(operands.get(0), operands.get(1)), operands.get(2));
            return mean.apply(sub.apply(softplus.apply(z), mul.apply(operands.get(3), z)));
        };
    }

    private static <T> Function<List<T>, T> mlp(Dialect<T> dialect) {
        BinaryOperator<T> matmul = dialect.matmul();
        BinaryOperator<T> add = dialect.binary("add");
        UnaryOperator<T> tanh = dialect.unary("tanh");
        BinaryOperator<T> crossEntropy = dialect.crossEntropy();
        return operands -> {
            T hidden = tanh.apply(add.apply(matmul.apply(operands.get(0), operands.get(1)), operands.get(2)));
            T scores = add.apply(matmul.apply(hidden, operands.get(3)), operands.get(4));
            return crossEntropy.apply(scores, operands.get(5));
        };
    }

    @Override
    public long flops(Case of) {
        long[] s = Family.sizes(of.shape());
        boolean backward = of.direction() == Direction.BACKWARD;
        return switch (of.op()) {
            case "logisticRegression" -> 2 * s[0] * s[1] * (backward ? 2 : 1);
            case "block" -> TransformerBlock.flops(s) * (backward ? 3 : 1);
            case "mlp" -> 2 * s[0] * (s[1] * s[2] * (backward ? 2 : 1) + s[2] * s[3] * (backward ? 3 : 1));
            default -> 0;
        };
    }
}

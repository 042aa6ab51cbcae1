package dev.lanegrad.jmh.peers;

import java.util.Arrays;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;

/** The text of a step in TorchScript: a tensor is the name of a variable, and every op adds a statement. */
final class ScriptDialect implements Dialect<String> {
    private final StringBuilder statements = new StringBuilder();
    private int variables;

    /** The statements so far, each with this indent. */
    String statements(String indent) {
        return statements.toString().indent(indent.length());
    }

    private String call(String label, Object... arguments) {
        String name = "t" + variables++;
        statements.append(name).append(" = torch.").append(TorchNames.of(label)).append('(')
                .append(String.join(", ", Arrays.stream(arguments).map(String::valueOf).toList())).append(")\n");
        return name;
    }

    @Override
    public UnaryOperator<String> unary(String label) {
        return x -> call(label, x);
    }

    @Override
    public BinaryOperator<String> binary(String label) {
        return (x, y) -> call(label, x, y);
    }

    @Override
    public TernaryOperator<String> ternary(String label) {
        return (x, y, z) -> call(label, x, y, z);
    }

    @Override
    public UnaryOperator<String> withNumber(String label, double number) {
        return x -> call(label, x, number);
    }

    @Override
    public UnaryOperator<String> fold(String label, int... dims) {
        return switch (label) {
            case "prod" -> x -> dims.length == 0 ? call(label, x) : call(label, x, dims[0]);
            case "var", "std" -> x -> dims.length == 0 ? call(label, x) : call(label, x, Arrays.toString(dims), "True");
            case "norm" -> x -> dims.length == 0 ? call(label, x) : call(label, x, 2, Arrays.toString(dims));
            case "logSumExp" -> x -> call(label, x, dims.length == 0 ? "list(range(" + x + ".dim()))"
                    : Arrays.toString(dims));
            default -> x -> dims.length == 0 ? call(label, x) : call(label, x, Arrays.toString(dims));
        };
    }

    @Override
    public UnaryOperator<String> kept(String label, int dim) {
        String dims = "[" + dim + "]";
        return label.equals("var") ? x -> call(label, x, dims, "True", "True") : x -> call(label, x, dims, "True");
    }

    @Override
    public UnaryOperator<String> reshaped(int... sizes) {
        return x -> call("reshape", x, Arrays.toString(sizes));
    }

    @Override
    public UnaryOperator<String> permuted(int... dims) {
        return x -> call("permute", x, Arrays.toString(dims));
    }

    @Override
    public UnaryOperator<String> along(String label, int dim) {
        return x -> call(label, x, dim);
    }

    @Override
    public BinaryOperator<String> matmul() {
        return (x, y) -> call("matmul", x, y);
    }

    @Override
    public BinaryOperator<String> crossEntropy() {
        return (x, y) -> call("crossEntropy", x, y);
    }

    @Override
    public UnaryOperator<String> transposed(int rank) {
        return x -> call("transpose", x, rank - 2, rank - 1);
    }

    @Override
    public UnaryOperator<String> everySecond(int dim, int size) {
        return x -> call("slice", x, dim, 0, size, 2);
    }
}

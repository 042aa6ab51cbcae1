package dev.lanegrad.jmh.peers;

import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * Ops of two operands of which one is laid out otherwise: {@code add.row} adds a row to every row of a matrix. The
 * shape is that of the matrix.
 */
record BroadcastFamily() implements Family {
    private static final List<String> BINARY = List.of("add", "mul", "div");
    private static final List<String> LAYOUTS = List.of("row", "column", "scalar", "transposed", "sliced");

    @Override
    public String label() {
        return "broadcast";
    }

    @Override
    public List<String> ops() {
        return BINARY.stream().flatMap(op -> LAYOUTS.stream().map(layout -> op + "." + layout)).toList();
    }

    @Override
    public boolean isDifferentiable(String op) {
        return true;
    }

    private static String layout(Case of) {
        return of.op().substring(of.op().indexOf('.') + 1);
    }

    @Override
    public List<Operand> operands(Case of) {
        long[] sizes = Family.sizes(of.shape());
        long[] second = switch (layout(of)) {
            case "row" -> new long[] {sizes[1]};
            case "column" -> new long[] {sizes[0], 1};
            case "scalar" -> new long[0];
            case "transposed" -> new long[] {sizes[1], sizes[0]};
            default -> new long[] {sizes[0], 2 * sizes[1]};
        };
        return List.of(Operand.parameter(sizes), new Operand(Operand.Kind.PARAMETER, 0.5, 1.5, second));
    }

    @Override
    public long[] result(Case of) {
        return Family.sizes(of.shape());
    }

    @Override
    public <T> Function<List<T>, T> in(Dialect<T> dialect, Case of) {
        BinaryOperator<T> op = dialect.binary(of.op().substring(0, of.op().indexOf('.')));
        UnaryOperator<T> view = switch (layout(of)) {
            case "transposed" -> dialect.transposed(2);
            case "sliced" -> dialect.everySecond(1, 2 * (int) Family.sizes(of.shape())[1]);
            default -> UnaryOperator.identity();
        };
        return operands -> op.apply(operands.get(0), view.apply(operands.get(1)));
    }
}

package dev.lanegrad.jmh.peers;

import dev.lanegrad.internal.op.Binary;
import dev.lanegrad.internal.op.Domain;
import dev.lanegrad.internal.op.Elementwise;
import dev.lanegrad.internal.op.Ternary;
import dev.lanegrad.internal.op.Unary;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * Every op of the library's tables; the shape is the number of elements. An op that is added to them is in the report.
 */
record ElementwiseFamily() implements Family {
    /** Found when first asked for, so that other families start without it. */
    private static final class Table {
        private static final Map<String, Elementwise> OPS = new TreeMap<>();

        static {
            Stream.<Elementwise[]>of(Unary.values(), Binary.values(), Ternary.values()).flatMap(Stream::of)
                    .filter(ElementwiseFamily::isPublic).forEach(op -> OPS.put(op.label(), op));
        }
    }

    /** Some ops are there for derivatives only: no method of a tensor has their name. */
    private static boolean isPublic(Elementwise op) {
        return EagerDialect.has(op.label(), op.arity());
    }

    @Override
    public String label() {
        return "elementwise";
    }

    @Override
    public List<String> ops() {
        return List.copyOf(Table.OPS.keySet());
    }

    @Override
    public boolean isDifferentiable(String op) {
        return !Table.OPS.get(op).isPredicate();
    }

    @Override
    public List<Operand> operands(Case of) {
        Elementwise op = Table.OPS.get(of.op());
        List<Operand> operands = new ArrayList<>();
        for (int i = 0; i < op.arity(); i++) {
            Domain domain = op.domain(i);
            Operand.Kind kind = op.isPredicate() ? Operand.Kind.DATA
                    : op.derivative(i) == null ? Operand.Kind.CONDITION : Operand.Kind.PARAMETER;
            operands.add(new Operand(kind, domain.low(), domain.high(), Long.parseLong(of.shape())));
        }
        return operands;
    }

    @Override
    public long[] result(Case of) {
        return new long[] {Long.parseLong(of.shape())};
    }

    @Override
    public <T> Function<List<T>, T> in(Dialect<T> dialect, Case of) {
        return switch (Table.OPS.get(of.op()).arity()) {
            case 1 -> {
                UnaryOperator<T> op = dialect.unary(of.op());
                yield operands -> op.apply(operands.get(0));
            }
            case 2 -> {
                BinaryOperator<T> op = dialect.binary(of.op());
                yield operands -> op.apply(operands.get(0), operands.get(1));
            }
            default -> {
                Dialect.TernaryOperator<T> op = dialect.ternary(of.op());
                yield operands -> op.apply(operands.get(0), operands.get(1), operands.get(2));
            }
        };
    }
}

package dev.lanegrad.jmh.peers;

import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/**
 * One line of the report: a step on operands of certain sizes.
 *
 * @param family    the kind of step
 * @param op        the step, as its family calls it
 * @param shape     the sizes, as its family writes them
 */
record Case(Family family, String op, String shape, Precision precision, Direction direction) {
    /** Its operands, in the order of its function. */
    List<Operand> operands() {
        return family.operands(this);
    }

    /** What it computes, in {@code dialect}. */
    <T> Function<List<T>, T> in(Dialect<T> dialect) {
        return family.in(dialect, this);
    }

    /** The sizes of its result; none for a single number. */
    long[] result() {
        return family.result(this);
    }

    /** Bytes that must be read or written at least. */
    long bytes() {
        long elements = count(result()) * (direction == Direction.BACKWARD && result().length > 0 ? 2 : 1);
        for (Operand operand : operands()) {
            boolean gradient = direction == Direction.BACKWARD && operand.kind() == Operand.Kind.PARAMETER;
            elements += operand.count() * (gradient ? 2L : 1L);
        }
        return elements * precision.bytes;
    }

    /** Floating-point operations of its matrix products; 0 if there are none. */
    long flops() {
        return family.flops(this);
    }

    static long count(long... sizes) {
        long count = 1;
        for (long size : sizes) {
            count *= size;
        }
        return count;
    }

    /** The gradient that arrives at a result of several elements. */
    Operand seed() {
        return new Operand(Operand.Kind.DATA, 0.5, 1.5, result());
    }

    @Override
    public String toString() {
        return String.join(" ", family.label(), op, shape, precision.name().toLowerCase(Locale.ROOT),
                direction.name().toLowerCase(Locale.ROOT));
    }
}

package dev.lanegrad;

import dev.lanegrad.internal.op.Binary;
import dev.lanegrad.internal.op.Ternary;
import dev.lanegrad.internal.op.Unary;

/** What an op of the tables means for a tensor, which is computed, and for an expression, which is a formula. */
final class Vocabulary {
    private Vocabulary() {
    }

    // Each type of the two is its own T: the casts hold by the bounds of the sealed interfaces.
    @SuppressWarnings("unchecked")
    static <T> T apply(Unary op, Object x) {
        return (T) (x instanceof Tensor tensor
                ? new Tensor(dev.lanegrad.internal.graph.Pointwise.apply(op, tensor.value)) : Expr.apply(op, x));
    }

    @SuppressWarnings("unchecked")
    static <T> T apply(Binary op, Object x, Object y) {
        return (T) (x instanceof Tensor tensor
                ? new Tensor(dev.lanegrad.internal.graph.Pointwise.apply(op, tensor.value, Tensor.value(y)))
                : Expr.apply(op, x, y));
    }

    @SuppressWarnings("unchecked")
    static <T> T apply(Binary op, Object x, double y) {
        return (T) (x instanceof Tensor tensor
                ? new Tensor(dev.lanegrad.internal.graph.Pointwise.apply(op, tensor.value, y)) : Expr.apply(op, x, Expr.of(y)));
    }

    @SuppressWarnings("unchecked")
    static <T> T apply(Binary op, double x, Object y) {
        return (T) (y instanceof Tensor tensor
                ? new Tensor(dev.lanegrad.internal.graph.Pointwise.apply(op, x, tensor.value)) : Expr.apply(op, Expr.of(x), y));
    }

    /** A null operand is a number, in the order of the scalars. */
    @SuppressWarnings("unchecked")
    static <T> T apply(Ternary op, Object x, Object y, Object z, double first, double second) {
        if (x instanceof Tensor tensor) {
            return (T) new Tensor(dev.lanegrad.internal.graph.Pointwise.apply(op, tensor.value,
                    y == null ? null : Tensor.value(y), z == null ? null : Tensor.value(z), first, second));
        }
        return (T) Expr.apply(op, x, y == null ? Expr.of(first) : y, z == null ? Expr.of(y == null ? second : first) : z);
    }
}

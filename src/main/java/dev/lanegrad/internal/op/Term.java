package dev.lanegrad.internal.op;

import java.util.List;

/**
 * A formula over the ops of the tables: how partial derivatives are stated. It is lowered to a kernel for the first
 * derivative and evaluated with recorded ops for higher ones. The factory methods drop what cannot change a result.
 */
public sealed interface Term {
    /** The first operand of the op whose partial is stated. */
    Term X = new Var(0);
    /** The second operand. */
    Term Y = new Var(1);
    /** The third operand. */
    Term Z = new Var(2);
    /** The result. */
    Term R = new Var(3);
    /** The gradient that arrives at the result. */
    Term G = new Var(4);
    /** 0. */
    Term ZERO = new Const(0);
    /** 1. */
    Term ONE = new Const(1);
    /** Number of different variables. */
    int VARIABLES = 5;

    /** A number. */
    record Const(double value) implements Term {
    }

    /** One of {@link #X}, {@link #Y}, {@link #Z}, {@link #R}, {@link #G}, by number. */
    record Var(int index) implements Term {
    }

    /** An op of the tables applied to terms. */
    record Apply(Elementwise op, List<Term> operands) implements Term {
    }

    /** The number {@code value}. */
    static Term of(double value) {
        return new Const(value);
    }

    /** {@code op} applied to {@code operands}. */
    static Term apply(Elementwise op, Term... operands) {
        return new Apply(op, List.of(operands));
    }

    /** {@code condition ? yes : no}, where a condition is any term and true if not 0. */
    static Term where(Term condition, Term yes, Term no) {
        return apply(Ternary.WHERE, condition, yes, no);
    }

    /**
     * {@code gradient * partial}, with the product moved into the branches of a choice and dropped at 0 and 1: an
     * infinite gradient must not meet the 0 of a branch that was not taken.
     */
    static Term times(Term gradient, Term partial) {
        return switch (partial) {
            case Const(double value) when value == 0 -> ZERO;
            case Const(double value) when value == 1 -> gradient;
            case Const(double value) when value == -1 -> gradient.neg();
            case Apply(Elementwise op, List<Term> o) when op == Ternary.WHERE ->
                where(o.get(0), times(gradient, o.get(1)), times(gradient, o.get(2)));
            case Apply(Elementwise op, List<Term> o) when op == Unary.NEG -> times(gradient, o.get(0)).neg();
            case Apply(Elementwise op, List<Term> o) when op == Binary.DIV && o.get(0).equals(ONE) ->
                gradient.div(o.get(1));
            case Const c -> gradient.mul(c);
            case Var v -> gradient.mul(v);
            case Apply a -> gradient.mul(a);
        };
    }

    /** True if variable {@code index} occurs. */
    default boolean mentions(int index) {
        return switch (this) {
            case Const c -> false;
            case Var v -> v.index() == index;
            case Apply a -> a.operands().stream().anyMatch(operand -> operand.mentions(index));
        };
    }

    /** {@code -this}. */
    default Term neg() {
        return apply(Unary.NEG, this);
    }

    /** {@code this + b}. */
    default Term add(Term b) {
        return apply(Binary.ADD, this, b);
    }

    /** {@code this - b}. */
    default Term sub(Term b) {
        return apply(Binary.SUB, this, b);
    }

    /** {@code this * b}. */
    default Term mul(Term b) {
        return apply(Binary.MUL, this, b);
    }

    /** {@code this * b}. */
    default Term mul(double b) {
        return mul(of(b));
    }

    /** {@code this / b}. */
    default Term div(Term b) {
        return apply(Binary.DIV, this, b);
    }

    /** {@code 1 / this}. */
    default Term recip() {
        return ONE.div(this);
    }

    /** {@code this * this}. */
    default Term square() {
        return apply(Unary.SQUARE, this);
    }

    /** {@code this} to the power of {@code b}. */
    default Term pow(Term b) {
        return apply(Binary.POW, this, b);
    }

    /** The unary {@code op} of this. */
    default Term then(Unary op) {
        return apply(op, this);
    }

    /** 1 where {@code this < b}, else 0. */
    default Term lt(Term b) {
        return apply(Binary.LT, this, b);
    }

    /** 1 where {@code this <= b}, else 0. */
    default Term le(Term b) {
        return apply(Binary.LE, this, b);
    }

    /** 1 where {@code this == b}, else 0. */
    default Term eq(Term b) {
        return apply(Binary.EQ, this, b);
    }
}

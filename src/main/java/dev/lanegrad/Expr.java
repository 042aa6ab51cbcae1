package dev.lanegrad;

import dev.lanegrad.internal.op.Term;
import java.util.Arrays;

/**
 * A formula of scalars: what {@link Elementwise} makes one kernel of. It has the element-wise methods of a
 * tensor, so the same Java text means a formula here and a computation there. Comparisons are 1 where they hold, else 0.
 */
public final class Expr implements Pointwise<Expr>, Comparisons<Expr> {
    final Term term;

    Expr(Term term) {
        this.term = term;
    }

    /** The number {@code value}. */
    public static Expr of(double value) {
        return new Expr(Term.of(value));
    }

    static Expr apply(dev.lanegrad.internal.op.Elementwise op, Object... operands) {
        return new Expr(Term.apply(op, Arrays.stream(operands).map(operand -> ((Expr) operand).term).toArray(Term[]::new)));
    }

    /** The formula, for messages. */
    @Override
    public String toString() {
        return term.toString();
    }
}

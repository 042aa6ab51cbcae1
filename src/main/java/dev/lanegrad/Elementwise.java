package dev.lanegrad;

import dev.lanegrad.internal.op.Composite;
import dev.lanegrad.internal.op.Term;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;

/**
 * An element-wise function of the user's: one fused kernel forward, one for each derivative, which is found from the
 * formula; differentiable to any order. Operands are broadcast and typed as those of the library's own ops.
 *
 * <pre>{@code
 * Elementwise swish2 = Elementwise.define("swish2", x -> x.mul(x.mul(2).sigmoid()));
 * Tensor y = swish2.apply(x);
 * }</pre>
 */
public final class Elementwise {
    private static final int LARGEST = 2000;

    private final String name;
    private final int arity;
    private final Term body;
    private final Term[] partials;
    private final Composite op;

    /** A formula of three operands. */
    @FunctionalInterface
    public interface Formula3 {
        /** The formula. */
        Expr of(Expr x, Expr y, Expr z);
    }

    /** A stated derivative, in the operands of the function and its result. */
    @FunctionalInterface
    public interface Partial {
        /** The formula of the derivative. */
        Expr of(List<Expr> operands, Expr result);
    }

    private Elementwise(String name, int arity, Term body, Term[] partials) {
        this.name = name;
        this.arity = arity;
        this.body = body;
        this.partials = partials;
        this.op = new Composite(name, arity, body, partials);
    }

    /** The function of one operand that {@code formula} states; {@code name} is for messages. */
    public static Elementwise define(String name, UnaryOperator<Expr> formula) {
        return define(name, 1, formula.apply(new Expr(Term.X)));
    }

    /** The function of two operands that {@code formula} states. */
    public static Elementwise define(String name, BinaryOperator<Expr> formula) {
        return define(name, 2, formula.apply(new Expr(Term.X), new Expr(Term.Y)));
    }

    /** The function of three operands that {@code formula} states. */
    public static Elementwise define(String name, Formula3 formula) {
        return define(name, 3, formula.of(new Expr(Term.X), new Expr(Term.Y), new Expr(Term.Z)));
    }

    private static Elementwise define(String name, int arity, Expr formula) {
        int size = Composite.size(formula.term);
        if (size > LARGEST) {
            throw new IllegalArgumentException("define: the formula of " + name + " has " + size + " ops, more than " + LARGEST
                    + " and than one kernel can hold; split it into several functions.");
        }
        return new Elementwise(name, arity, formula.term, new Term[arity]);
    }

    /**
     * The same function with a stated derivative by operand {@code index}, for where the one that follows from the formula
     * overflows, cancels, or is not wanted. Nobody checks that it is the derivative: {@link GradCheck} does.
     */
    public Elementwise withDerivative(int index, Partial partial) {
        if (index < 0 || index >= arity) {
            throw new IndexOutOfBoundsException("withDerivative: " + name + " has " + arity + " operands, and there is no operand "
                    + index + "; number them from 0.");
        }
        List<Expr> operands = List.of(new Expr(Term.X), new Expr(Term.Y), new Expr(Term.Z)).subList(0, arity);
        Term[] changed = partials.clone();
        changed[index] = partial.of(operands, new Expr(Term.R)).term;
        return new Elementwise(name, arity, body, changed);
    }

    /** The function of the operands, element by element. */
    public Tensor apply(Tensor... operands) {
        if (operands.length != arity) {
            throw new IllegalArgumentException(name + ": expected " + arity + " operands, got " + operands.length + ".");
        }
        return new Tensor(dev.lanegrad.internal.graph.Pointwise.apply(op, Grad.values(List.of(operands))));
    }

    /** The name it was defined with. */
    @Override
    public String toString() {
        return name;
    }
}

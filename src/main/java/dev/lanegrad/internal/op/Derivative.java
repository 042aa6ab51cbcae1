package dev.lanegrad.internal.op;

import java.util.ArrayList;
import java.util.List;

/**
 * The derivative of an op by one operand: its partial, and all that follows from it. The contribution to the operand's
 * gradient is {@code g * partial}; what the contribution mentions is what the tape keeps.
 */
public final class Derivative {
    /** The gradient that is added to, as a variable of the accumulating kernels. */
    private static final Term.Var ACCUMULATED = new Term.Var(Term.VARIABLES);

    private final Term contribution;
    private final int[] inputs;
    private final int saved;
    private final boolean identity;
    private final boolean zero;
    private final Kernels writing;
    private final Kernels adding;

    Derivative(Term partial) {
        this(null, Term.times(Term.G, partial));
    }

    /** The derivative that adds {@code contribution}, which is linear in the gradient. */
    static Derivative ofContribution(Term contribution) {
        return new Derivative(null, contribution);
    }

    private Derivative(Void whole, Term contribution) {
        this.contribution = contribution;
        List<Term.Var> mentioned = new ArrayList<>();
        for (int v = 0; v < Term.VARIABLES; v++) {
            if (contribution.mentions(v)) {
                mentioned.add(new Term.Var(v));
            }
        }
        inputs = mentioned.stream().mapToInt(Term.Var::index).toArray();
        identity = contribution.equals(Term.G);
        zero = contribution.equals(Term.ZERO);
        int mask = 0;
        for (int v : inputs) {
            mask |= 1 << v;
        }
        saved = mask & ~(1 << ((Term.Var) Term.G).index());
        writing = Kernels.of(List.of(contribution), mentioned.toArray(Term.Var[]::new));
        mentioned.add(ACCUMULATED);
        adding = Kernels.of(List.of(ACCUMULATED.add(contribution)), mentioned.toArray(Term.Var[]::new));
    }

    /** {@code g * partial}, in the variables of {@link Term}. */
    public Term contribution() {
        return contribution;
    }

    /** True if the contribution is the gradient of the result itself. */
    public boolean isIdentity() {
        return identity;
    }

    /** True if the contribution is 0 whatever the gradient. */
    public boolean isZero() {
        return zero;
    }

    /** Numbers of the variables that the kernels read, ascending. */
    public int[] inputs() {
        return inputs;
    }

    /** The variables that the tape must keep, as bits; the gradient is not among them. */
    public int saved() {
        return saved;
    }

    /** Kernels that write the contribution; their inputs are {@link #inputs}. */
    public Kernels writing() {
        return writing;
    }

    /** Kernels that add the contribution; their inputs are {@link #inputs}, then what is added to. */
    public Kernels adding() {
        return adding;
    }
}

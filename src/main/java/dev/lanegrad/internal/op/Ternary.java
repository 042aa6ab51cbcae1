package dev.lanegrad.internal.op;

import static dev.lanegrad.internal.op.Term.ONE;
import static dev.lanegrad.internal.op.Term.X;
import static dev.lanegrad.internal.op.Term.Y;
import static dev.lanegrad.internal.op.Term.Z;
import static dev.lanegrad.internal.op.Term.ZERO;
import static dev.lanegrad.internal.op.Term.where;

import dev.lanegrad.internal.lane.LaneValue;
import java.util.List;
import java.util.function.Supplier;

/** The element-wise functions of three operands, in the columns of {@link Binary}. A null partial: a discrete operand. */
public enum Ternary implements Elementwise {
    /** {@code y} where {@code x} is not 0, else {@code z}. */
    WHERE((x, y, z) -> x != 0 ? y : z, (x, y, z) -> x.eq(0).not().select(y, z),
            null, () -> where(X, ONE, ZERO), () -> where(X, ZERO, ONE)),
    /**
     * {@code x} moved into the interval from {@code y} to {@code z}; {@code z} if that is empty; NaN stays. The bounds
     * themselves pass the gradient to {@code x}.
     */
    CLAMP((x, y, z) -> Math.min(Math.max(x, y), z), (x, y, z) -> {
        LaneValue raised = x.lt(y).select(y, x);
        return z.lt(raised).select(z, raised);
    }, () -> where(Y.le(X), where(X.le(Z), ONE, ZERO), ZERO),
            () -> where(X.lt(Y), where(Y.lt(Z), ONE, ZERO), ZERO),
            () -> where(Z.lt(X), ONE, where(Z.lt(Y), ONE, ZERO)));

    /** A function of three numbers. */
    private interface Reference {
        double of(double x, double y, double z);
    }

    /** A lowering of three operands. */
    private interface Lowering {
        LaneValue of(LaneValue x, LaneValue y, LaneValue z);
    }

    private final Reference reference;
    private final Lowering lowering;
    private final List<Supplier<Term>> partials;
    private final Kernels kernels;
    private final String label = Op.camelCase(name());
    private final Derivative[] derivatives = new Derivative[3];

    Ternary(Reference reference, Lowering lowering, Supplier<Term> byX, Supplier<Term> byY, Supplier<Term> byZ) {
        this.reference = reference;
        this.lowering = lowering;
        this.partials = java.util.Arrays.asList(byX, byY, byZ);
        this.kernels = new Kernels(3, b -> new LaneValue[] {lowering.of(b.input(0), b.input(1), b.input(2))});
    }

    @Override
    public String label() {
        return label;
    }

    @Override
    public int arity() {
        return 3;
    }

    @Override
    public LaneValue lower(List<LaneValue> operands) {
        return lowering.of(operands.get(0), operands.get(1), operands.get(2));
    }

    @Override
    public Derivative derivative(int index) {
        if (derivatives[index] == null && partials.get(index) != null) {
            derivatives[index] = new Derivative(partials.get(index).get());
        }
        return derivatives[index];
    }

    @Override
    public boolean isPredicate() {
        return false;
    }

    @Override
    public Domain domain(int index) {
        return Domain.ALL;
    }

    @Override
    public double reference(double... operands) {
        return reference.of(operands[0], operands[1], operands[2]);
    }

    @Override
    public Kernels kernels() {
        return kernels;
    }
}

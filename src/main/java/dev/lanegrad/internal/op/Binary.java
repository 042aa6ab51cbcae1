package dev.lanegrad.internal.op;

import static dev.lanegrad.internal.op.Term.ONE;
import static dev.lanegrad.internal.op.Term.R;
import static dev.lanegrad.internal.op.Term.X;
import static dev.lanegrad.internal.op.Term.Y;
import static dev.lanegrad.internal.op.Term.ZERO;
import static dev.lanegrad.internal.op.Term.where;

import dev.lanegrad.internal.lane.LaneValue;
import dev.lanegrad.internal.lane.Lowerings;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.DoubleBinaryOperator;
import java.util.function.Supplier;

/**
 * The element-wise functions of two operands; one constant is one op. The columns: the function in exact doubles, where
 * each operand may be sampled, the lowering to primitives, and the derivatives by {@code X} and by {@code Y}, in terms of
 * both and of the result {@code R}. Predicates have no derivatives and give a truth value.
 */
public enum Binary implements Elementwise {
    /** {@code x + y}. */
    ADD(Double::sum, Domain.ALL, Domain.ALL, LaneValue::add, () -> ONE, () -> ONE),
    /** {@code x - y}. */
    SUB((x, y) -> x - y, Domain.ALL, Domain.ALL, LaneValue::sub, () -> ONE, () -> ONE.neg()),
    /** {@code x * y}. */
    MUL((x, y) -> x * y, Domain.ALL, Domain.ALL, LaneValue::mul, () -> Y, () -> X),
    /** {@code x / y}; the derivative by {@code y} is {@code -(x/y)/y}, which overflows later than {@code -x/y^2}. */
    DIV((x, y) -> x / y, Domain.ALL, Domain.POSITIVE, LaneValue::div, () -> Y.recip(), () -> R.div(Y).neg()),
    /** {@code x} to the power of {@code y}; 0 to the power of 0 is 1, with derivative 0 by either. */
    POW(Math::pow, Domain.POSITIVE, Domain.ALL, Lowerings::pow,
            () -> where(Y.eq(ZERO), ZERO, Y.mul(X.pow(Y.sub(ONE)))),
            () -> where(X.eq(ZERO), where(ZERO.le(Y), ZERO, R.mul(X.then(Unary.LOG))), R.mul(X.then(Unary.LOG)))),
    /** The larger; NaN if either is. A tie gives each half of the gradient, a NaN gives each all of it. */
    MAXIMUM(Math::max, Domain.ALL, Domain.ALL, (x, y) -> x.lt(y).or(y.isNaN()).select(y, x),
            () -> where(X.eq(Y), Term.of(0.5), where(X.lt(Y), ZERO, ONE)),
            () -> where(X.eq(Y), Term.of(0.5), where(Y.lt(X), ZERO, ONE))),
    /** The smaller; NaN if either is. Ties and NaN as in the maximum. */
    MINIMUM(Math::min, Domain.ALL, Domain.ALL, (x, y) -> y.lt(x).or(y.isNaN()).select(y, x),
            () -> where(X.eq(Y), Term.of(0.5), where(Y.lt(X), ZERO, ONE)),
            () -> where(X.eq(Y), Term.of(0.5), where(X.lt(Y), ZERO, ONE))),
    /** {@code x == y}; false at NaN. */
    EQ((x, y) -> x == y ? 1 : 0, (x, y) -> x.eq(y).select(1, x.constant(0))),
    /** {@code x != y}; true at NaN. */
    NE((x, y) -> x != y ? 1 : 0, (x, y) -> x.eq(y).select(0, x.constant(1))),
    /** {@code x < y}. */
    LT((x, y) -> x < y ? 1 : 0, (x, y) -> x.lt(y).select(1, x.constant(0))),
    /** {@code x <= y}. */
    LE((x, y) -> x <= y ? 1 : 0, (x, y) -> x.le(y).select(1, x.constant(0))),
    /** {@code x > y}. */
    GT((x, y) -> x > y ? 1 : 0, (x, y) -> y.lt(x).select(1, x.constant(0))),
    /** {@code x >= y}. */
    GE((x, y) -> x >= y ? 1 : 0, (x, y) -> y.le(x).select(1, x.constant(0)));

    private final DoubleBinaryOperator reference;
    private final Domain first;
    private final Domain second;
    private final BinaryOperator<LaneValue> lowering;
    private final Supplier<Term> byX;
    private final Supplier<Term> byY;
    private final Kernels kernels;
    private final String label = Op.camelCase(name());
    private final Derivative[] derivatives = new Derivative[2];

    Binary(DoubleBinaryOperator reference, BinaryOperator<LaneValue> predicate) {
        this(reference, Domain.ALL, Domain.ALL, predicate, null, null);
    }

    Binary(DoubleBinaryOperator reference, Domain first, Domain second, BinaryOperator<LaneValue> lowering,
            Supplier<Term> byX, Supplier<Term> byY) {
        this.reference = reference;
        this.first = first;
        this.second = second;
        this.lowering = lowering;
        this.byX = byX;
        this.byY = byY;
        this.kernels = new Kernels(2, b -> new LaneValue[] {lowering.apply(b.input(0), b.input(1))});
    }

    @Override
    public String label() {
        return label;
    }

    @Override
    public int arity() {
        return 2;
    }

    @Override
    public LaneValue lower(List<LaneValue> operands) {
        return lowering.apply(operands.get(0), operands.get(1));
    }

    @Override
    public Derivative derivative(int index) {
        if (derivatives[index] == null && !isPredicate()) {
            derivatives[index] = new Derivative((index == 0 ? byX : byY).get());
        }
        return derivatives[index];
    }

    @Override
    public boolean isPredicate() {
        return byX == null;
    }

    @Override
    public Domain domain(int index) {
        return index == 0 ? first : second;
    }

    @Override
    public double reference(double... operands) {
        return reference.applyAsDouble(operands[0], operands[1]);
    }

    @Override
    public Kernels kernels() {
        return kernels;
    }
}

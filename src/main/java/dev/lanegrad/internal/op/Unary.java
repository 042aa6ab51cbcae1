package dev.lanegrad.internal.op;

import static dev.lanegrad.internal.op.Term.ONE;
import static dev.lanegrad.internal.op.Term.ZERO;
import static dev.lanegrad.internal.op.Term.where;

import dev.lanegrad.internal.lane.LaneValue;
import dev.lanegrad.internal.lane.Lowerings;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;

/**
 * The element-wise functions of one operand; one constant is one op. The columns: the function in exact doubles, where it
 * is smooth, its lowering to primitives, and its derivative in terms of the operand {@code x} and the result {@code r}.
 */
public enum Unary implements Elementwise {
    /** {@code -x}. */
    NEG(x -> -x, Domain.ALL, LaneValue::neg, (x, r) -> ONE.neg()),
    /** {@code |x|}; the derivative at 0 is 0, at NaN 0. */
    ABS(Math::abs, Domain.ALL.kinks(0.0), LaneValue::abs, (x, r) -> Term.apply(sign(), x)),
    /** -1, 0 or 1; 0 at NaN; the derivative is 0. */
    SIGN(x -> x > 0 ? 1 : x < 0 ? -1 : 0, Domain.ALL.kinks(0.0), Lowerings::sign, (x, r) -> ZERO),
    /** {@code e^x}. */
    EXP(Math::exp, Domain.ALL, Lowerings::exp, (x, r) -> r),
    /** {@code e^x - 1}. */
    EXPM1(Math::expm1, Domain.ALL, Lowerings::expm1, (x, r) -> r.add(ONE)),
    /** Natural logarithm; the derivative is 1/x everywhere, also where the value is NaN. */
    LOG(Math::log, Domain.POSITIVE, Lowerings::log, (x, r) -> x.recip()),
    /** {@code log(1 + x)}. */
    LOG1P(Math::log1p, Domain.above(-1), Lowerings::log1p, (x, r) -> ONE.add(x).recip()),
    /** Square root; the derivative at 0 is infinite. */
    SQRT(Math::sqrt, Domain.POSITIVE, LaneValue::sqrt, (x, r) -> r.mul(2).recip()),
    /** Square root whose derivative at 0 is 0: that of a norm or a standard deviation. */
    NORM_ROOT(Math::sqrt, Domain.POSITIVE, LaneValue::sqrt, (x, r) -> where(r.eq(ZERO), ZERO, r.mul(2).recip())),
    /** {@code 1 / sqrt(x)}. */
    RSQRT(x -> 1 / Math.sqrt(x), Domain.POSITIVE, Lowerings::rsqrt, (x, r) -> r.mul(r).mul(r).mul(-0.5)),
    /** {@code 1 / x}. */
    RECIPROCAL(x -> 1 / x, Domain.POSITIVE, x -> x.constant(1).div(x), (x, r) -> r.square().neg()),
    /** {@code x * x}. */
    SQUARE(x -> x * x, Domain.ALL, x -> x.mul(x), (x, r) -> x.mul(2)),
    /** Sine, of radians. */
    SIN(Math::sin, Domain.ALL, Lowerings::sin, (x, r) -> Term.apply(cos(), x)),
    /** Cosine, of radians. */
    COS(Math::cos, Domain.ALL, Lowerings::cos, (x, r) -> Term.apply(SIN, x).neg()),
    /** Hyperbolic tangent. */
    TANH(Math::tanh, Domain.ALL, Lowerings::tanh, (x, r) -> ONE.sub(r.square())),
    /** {@code 1 / (1 + e^-x)}. */
    SIGMOID(x -> x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)), Domain.ALL, Lowerings::sigmoid,
            (x, r) -> r.mul(ONE.sub(r))),
    /** {@code max(x, 0)}; the derivative at 0 is 0, at NaN 1. */
    RELU(x -> x <= 0 ? 0 : x, Domain.ALL.kinks(0.0), x -> x.lt(0).select(0, x),
            (x, r) -> where(r.le(ZERO), ZERO, ONE)),
    /** {@code log(1 + e^x)}, and {@code x} itself above 20. */
    SOFTPLUS(x -> x > 20 ? x : Math.log1p(Math.exp(x)), Domain.ALL, Lowerings::softplus,
            (x, r) -> where(Term.of(20).lt(x), ONE, Term.apply(SIGMOID, x))),
    /** {@code x * sigmoid(x)}. */
    SILU(x -> x * SIGMOID.reference(x), Domain.ALL, Lowerings::silu, (x, r) -> {
        Term s = Term.apply(SIGMOID, x);
        return s.mul(ONE.add(x.mul(ONE.sub(s))));
    }),
    /** The error function. */
    ERF(Reference::erf, Domain.ALL, Lowerings::erf,
            (x, r) -> Term.apply(EXP, x.square().neg()).mul(2 / Math.sqrt(Math.PI))),
    /** The density of the normal distribution. */
    NORMAL_DENSITY(x -> Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI), Domain.ALL, Lowerings::normalDensity,
            (x, r) -> x.mul(r).neg()),
    /** The normal distribution function. */
    NDTR(x -> 0.5 * (1 + Reference.erf(x / Math.sqrt(2))), Domain.ALL, Lowerings::ndtr,
            (x, r) -> Term.apply(NORMAL_DENSITY, x)),
    /** {@code x} times the normal distribution function of {@code x}. */
    GELU(x -> x * NDTR.reference(x), Domain.ALL, Lowerings::gelu,
            (x, r) -> Term.apply(NDTR, x).add(x.mul(Term.apply(NORMAL_DENSITY, x))));

    private final DoubleUnaryOperator reference;
    private final Domain domain;
    private final UnaryOperator<LaneValue> lowering;
    private final BinaryOperator<Term> partial;
    private final Kernels kernels;
    private final String label = Op.camelCase(name());
    private Derivative derivative;

    Unary(DoubleUnaryOperator reference, Domain domain, UnaryOperator<LaneValue> lowering, BinaryOperator<Term> partial) {
        this.reference = reference;
        this.domain = domain;
        this.lowering = lowering;
        this.partial = partial;
        this.kernels = new Kernels(1, b -> new LaneValue[] {lowering.apply(b.input(0))});
    }

    // A constant's lambda may not name a later constant directly.
    private static Unary sign() {
        return SIGN;
    }

    private static Unary cos() {
        return COS;
    }

    @Override
    public String label() {
        return label;
    }

    @Override
    public int arity() {
        return 1;
    }

    @Override
    public LaneValue lower(List<LaneValue> operands) {
        return lowering.apply(operands.getFirst());
    }

    @Override
    public Derivative derivative(int index) {
        if (derivative == null) {
            derivative = new Derivative(partial.apply(Term.X, Term.R));
        }
        return derivative;
    }

    @Override
    public boolean isPredicate() {
        return false;
    }

    @Override
    public Domain domain(int index) {
        return domain;
    }

    @Override
    public double reference(double... operands) {
        return reference.applyAsDouble(operands[0]);
    }

    @Override
    public Kernels kernels() {
        return kernels;
    }
}

package dev.lanegrad.internal.lane;

/**
 * The functions of the library as expressions of primitives, each written once for float and for double lanes. The
 * bounds
 * stated are the largest errors seen over truth tables and dense samples, in units of the last place of the result.
 */
public final class Lowerings {
    private Lowerings() {
    }

    /** {@code e^x}, within 1 ulp; overflows to infinity, underflows gradually to 0. */
    public static LaneValue exp(LaneValue x) {
        return ExpLowerings.exp(x);
    }

    /** {@code e^x - 1}, within 1.3 ulp in float and 1.6 in double, accurate near 0 and keeping the sign of 0. */
    public static LaneValue expm1(LaneValue x) {
        return ExpLowerings.expm1(x);
    }

    /** Hyperbolic tangent, within 1.9 ulp; exactly odd. */
    public static LaneValue tanh(LaneValue x) {
        return ExpLowerings.tanh(x);
    }

    /**
     * {@code 1 / (1 + e^-x)}, within 1.8 ulp in float and 1.5 in double, on both sides down to the smallest
     * subnormal.
     */
    public static LaneValue sigmoid(LaneValue x) {
        return ExpLowerings.sigmoid(x);
    }

    /** {@code x / (1 + e^-x)}, within 1.8 ulp; NaN at negative infinity, as {@code x * sigmoid(x)} is. */
    public static LaneValue silu(LaneValue x) {
        return ExpLowerings.silu(x);
    }

    /** Natural logarithm, within 1 ulp; negative infinity at either 0, NaN below. */
    public static LaneValue log(LaneValue x) {
        return LogLowerings.log(x);
    }

    /** {@code log(1 + x)}, within 1.6 ulp, accurate near 0 and keeping the sign of 0. */
    public static LaneValue log1p(LaneValue x) {
        return LogLowerings.log1p(x);
    }

    /** {@code log(1 + e^x)}, and {@code x} itself above 20; within 2 ulp. */
    public static LaneValue softplus(LaneValue x) {
        return LogLowerings.softplus(x);
    }

    /** Sine of {@code x} radians, within 1.6 ulp; see {@link #cos} for the range. */
    public static LaneValue sin(LaneValue x) {
        return TrigLowerings.sin(x);
    }

    /**
     * Cosine of {@code x} radians, within 1.6 ulp where {@code |x|} is at most {@code 2^21} in float lanes and
     * {@code 2^50}
     * in double lanes. Beyond that the result says nothing about {@code x}: the operand counts as 0 (sine 0, cosine 1).
     * Infinities and NaN give NaN.
     */
    public static LaneValue cos(LaneValue x) {
        return TrigLowerings.cos(x);
    }

    /** The error function, within 1.2 ulp; exactly odd. */
    public static LaneValue erf(LaneValue x) {
        return ErfLowerings.erf(x);
    }

    /**
     * {@code x} times the normal distribution function of {@code x}, within 3.2 ulp in float and 2.7 in double, far into
     * the negative tail too; NaN at negative infinity, as the product is.
     */
    public static LaneValue gelu(LaneValue x) {
        return ErfLowerings.gelu(x);
    }

    /** The normal distribution function, within 3.5 ulp in float and 2.7 in double, far into the negative tail too. */
    public static LaneValue ndtr(LaneValue x) {
        return ErfLowerings.ndtr(x);
    }

    /** The density of the normal distribution, within 2.2 ulp in float and 2 in double. */
    public static LaneValue normalDensity(LaneValue x) {
        return ErfLowerings.normalDensity(x);
    }

    /**
     * {@code x} to the power of {@code y}, within 1 ulp, with the special cases of IEEE 754: 1 if {@code y} is 0 or
     * {@code x} is 1, whatever
     * the other; NaN for a negative {@code x} and a {@code y} that is no integer; the sign of {@code x} for odd
     * {@code y}.
     */
    public static LaneValue pow(LaneValue x, LaneValue y) {
        return PowLowerings.pow(x, y);
    }

    /** {@code 1 / sqrt(x)}, within 1.5 ulp: a square root and a division, each correctly rounded. */
    public static LaneValue rsqrt(LaneValue x) {
        return x.constant(1).div(x.sqrt());
    }

    /** {@code 1 / x}, correctly rounded. */
    public static LaneValue reciprocal(LaneValue x) {
        return x.constant(1).div(x);
    }

    /** {@code x * x}, correctly rounded. */
    public static LaneValue square(LaneValue x) {
        return x.mul(x);
    }

    /** -1, 0 or 1; 0 at NaN. */
    public static LaneValue sign(LaneValue x) {
        return x.gt(0).select(1, x.lt(0).select(-1, x.constant(0)));
    }

    /** The larger of {@code x} and 0; NaN and negative zero stay what they are. */
    public static LaneValue relu(LaneValue x) {
        return x.lt(0).select(0, x);
    }
}

package dev.lanegrad.internal.lane;

import static dev.lanegrad.internal.lane.Polynomials.bias;
import static dev.lanegrad.internal.lane.Polynomials.fraction;
import static dev.lanegrad.internal.lane.Polynomials.magic;
import static dev.lanegrad.internal.lane.Polynomials.polynomial;
import static dev.lanegrad.internal.lane.Polynomials.scaled;
import static dev.lanegrad.internal.lane.Polynomials.withSign;

/**
 * The exponential function and what is made of it. Coefficients: coefficients_exp.py.
 *
 * <p>With {@code x = n ln 2 + r} the result is {@code e^r * 2^n}. Where {@code 2^n} may exceed the range it is two
 * factors, of
 * half the exponent each, so that one formula reaches from the smallest subnormal to overflow. Taking
 * {@code x = 2 m ln 2 + r} and {@code 2^m} twice instead saves one instruction, but twice the rest costs half an ulp.
 */
final class ExpLowerings {
    private static final double LOG2_E = 1.4426950408889634;
    /** ln 2 as the sum of two floats, and of two doubles. */
    static final double[] LN2_FLOAT = {0.6931471824645996, -1.9046542121259336e-09};
    static final double[] LN2_DOUBLE = {0.6931471805599453, 2.3190468138462996e-17};

    /** {@code (e^r - 1 - r) / r^2} for {@code |r| <= ln 2 / 2}. */
    private static final double[] TAIL_FLOAT = {0.4999999701976776, 0.16666540503501892, 0.04166752099990845,
        0.008366872556507587, 0.0013863082276657224};
    private static final double[] TAIL_DOUBLE = {0.5000000000000006, 0.166666666666666, 0.041666666666573225,
        0.008333333333383547, 0.0013888888932596746, 0.00019841269731773673, 2.4801504102350027e-05,
        2.755739606665971e-06, 2.7626489929702735e-07, 2.5057498912294907e-08};

    private ExpLowerings() {
    }

    /**
     * An operand taken apart, {@code x = unit * n + rest}.
     *
     * @param rest     what is left, at most half a unit
     * @param exponent an integer whose lowest bits are {@code n} and what was added to it
     */
    record Parts(LaneValue rest, LaneValue exponent) {
        /** The number with {@code exponent} as its sign and exponent. */
        LaneValue power() {
            return exponent.shl(fraction(rest)).fromBits();
        }

        /** One half of the exponent, rounded down. */
        private LaneValue floorHalf() {
            return exponent.shr(1);
        }

        /** {@code 2^floor(n/2)}, if twice the bias was added to {@code n}. */
        LaneValue lowerPower() {
            return floorHalf().shl(fraction(rest)).fromBits();
        }

        /** {@code 2^ceil(n/2)}, if twice the bias was added to {@code n}. */
        LaneValue upperPower() {
            return exponent.sub(floorHalf()).shl(fraction(rest)).fromBits();
        }

        /** {@code 2^-floor(n/2)}, if twice the bias was added to {@code n}. */
        LaneValue inverseLowerPower() {
            long exponents = 2L * bias(rest) << fraction(rest);
            return rest.builder().bits(exponents).sub(floorHalf().shl(fraction(rest))).fromBits();
        }
    }

    /**
     * Takes the nearest multiple of {@code factor * ln 2} from {@code x}; {@code added} comes on top of the exponent.
     */
    static Parts reduce(LaneValue x, double factor, int added) {
        return reduce(x, null, factor, added);
    }

    /** The same for {@code x + low}, with a small {@code low} or none. */
    static Parts reduce(LaneValue x, LaneValue low, double factor, int added) {
        double[] ln2 = x.isFloat() ? LN2_FLOAT : LN2_DOUBLE;
        double rounder = magic(x) + added;
        LaneValue sum = x.fma(x.constant(LOG2_E / factor), rounder);
        LaneValue n = sum.sub(rounder);
        LaneValue high = n.fma(-ln2[0] * factor, x);
        double second = -ln2[1] * factor;
        LaneValue rest = low == null ? n.fma(second, high) : high.add(n.fma(second, low));
        return new Parts(rest, sum.toBits());
    }

    /** {@code (e^r - 1) / r} for {@code |r| <= ln 2 / 2}. */
    private static LaneValue slope(LaneValue r) {
        return polynomial(r, r.isFloat() ? TAIL_FLOAT : TAIL_DOUBLE).fma(r, 1);
    }

    /** {@code e^r} for {@code |r| <= ln 2 / 2}. */
    static LaneValue small(LaneValue r) {
        return slope(r).fma(r, 1);
    }

    /** {@code e^(r scale) - 1} for {@code |r scale| <= ln 2 / 2}. */
    static LaneValue smallLess1(LaneValue r, double scale) {
        double[] c = scaled(r.isFloat() ? TAIL_FLOAT : TAIL_DOUBLE, scale * scale, scale);
        return polynomial(r, c).fma(r, scale).mul(r);
    }

    /**
     * {@code e^(x + low)} for {@code x} up to a limit beyond the overflow, and 0 far below; {@code low} may be null.
     */
    static LaneValue expOrZero(LaneValue x, LaneValue low) {
        Parts parts = reduce(x, low, 1, 2 * bias(x));
        LaneValue y = small(parts.rest()).mul(parts.lowerPower()).mul(parts.upperPower());
        return x.lt(x.isFloat() ? -120 : -800).select(0, y);
    }

    static LaneValue exp(LaneValue x) {
        return exp(x, null);
    }

    /** {@code e^(x + low)}. */
    static LaneValue exp(LaneValue x, LaneValue low) {
        return x.gt(x.isFloat() ? 120 : 800).select(Double.POSITIVE_INFINITY, expOrZero(x, low));
    }

    /**
     * {@code 2 ((e^r - 1 - r) h + (r h + h - 1/2))}, where {@code h = 2^(n-1)} does not overflow before the result
     * does. The
     * sum is of two parts because {@code e^r - 1}, rounded, loses to the cancellation at {@code n = 1}.
     */
    static LaneValue expm1(LaneValue x) {
        boolean isFloat = x.isFloat();
        Parts parts = reduce(x, 1, bias(x) - 1);
        LaneValue power = parts.power();
        LaneValue r = parts.rest();
        LaneValue tail = polynomial(r, isFloat ? TAIL_FLOAT : TAIL_DOUBLE).mul(r.mul(r));
        LaneValue half = tail.fma(power, r.fma(power, power.sub(0.5)));
        LaneValue y = half.add(half);
        y = x.gt(isFloat ? 89 : 709.9).select(Double.POSITIVE_INFINITY, y);
        y = x.lt(isFloat ? -20 : -40).select(-1, y);
        return x.abs().lt(isFloat ? 0x1p-40 : 0x1p-60).select(x, y);
    }

    /**
     * With {@code n = (e^2|x| - 1) / 2} and {@code d = n + 1}: {@code n - n (n / d)} where that is below 1/2, and
     * {@code 1 - 1 / d} above, neither of which adds more than one rounding to those of the quotient. The sum n is
     * taken in
     * two parts as in {@link #expm1}.
     */
    static LaneValue tanh(LaneValue x) {
        LaneValue a = x.abs();
        Parts parts = reduce(a, 0.5, bias(x));
        LaneValue s = parts.power();
        LaneValue r = parts.rest();
        LaneValue tail = polynomial(r, scaled(x.isFloat() ? TAIL_FLOAT : TAIL_DOUBLE, 2, 2)).mul(r.mul(r));
        LaneValue n = tail.fma(s, r.fma(s, s.fma(x.constant(0.5), -0.5)));
        LaneValue d = n.add(1);
        LaneValue numerator = a.lt(0.55).select(n, 1);
        LaneValue y = numerator.div(d).neg().fma(numerator, numerator);
        return withSign(a.gt(x.isFloat() ? 10 : 20).select(1, y), x);
    }

    /** {@code s / (s + e^-x s)}, which neither overflows nor loses the negative tail. */
    static LaneValue sigmoid(LaneValue x) {
        Parts parts = reduce(x, 1, 2 * bias(x));
        LaneValue s = parts.upperPower();
        return saturated(x, s.div(onePlusExp(parts, s)), x.constant(1), x.constant(0));
    }

    /** The same times {@code x}: the product {@code x s} is exact. */
    static LaneValue silu(LaneValue x) {
        Parts parts = reduce(x, 1, 2 * bias(x));
        LaneValue s = parts.upperPower();
        return saturated(x, s.mul(x).div(onePlusExp(parts, s)), x, x.mul(0));
    }

    /**
     * {@code s + e^-x s}, where {@code e^-x s = e^-r u} with a power of two {@code u}: as {@code (s + u) + (e^-r -
     * 1) u}, for
     * two numbers that both were just above a power of two cost the quotient 2.5 ulp. The sum of {@code s} and
     * {@code u} is
     * inexact only far from 0, and only below it does that count.
     */
    private static LaneValue onePlusExp(Parts parts, LaneValue s) {
        LaneValue u = parts.inverseLowerPower();
        LaneValue sum = s.add(u);
        LaneValue error = u.sub(sum).add(s);
        return smallLess1(parts.rest(), -1).fma(u, error).add(sum);
    }

    private static LaneValue saturated(LaneValue x, LaneValue y, LaneValue above, LaneValue below) {
        LaneValue upper = x.gt(x.isFloat() ? 60 : 100).select(above, y);
        return x.lt(x.isFloat() ? -120 : -800).select(below, upper);
    }
}

package dev.lanegrad.internal.lane;

import static dev.lanegrad.internal.lane.Polynomials.bits;
import static dev.lanegrad.internal.lane.Polynomials.fraction;
import static dev.lanegrad.internal.lane.Polynomials.magic;
import static dev.lanegrad.internal.lane.Polynomials.polynomial;

/**
 * The power function: {@code e^(y log|x|)} with the logarithm and the product as unevaluated sums of two numbers,
 * for an
 * error in the exponent is multiplied by up to 745. Coefficients: coefficients_log.py.
 */
final class PowLowerings {
    /** {@code ((atanh(s) / s - 1) / s^2 - 1/3) / s^2} in powers of {@code s^2}. */
    private static final double[] SECOND_FLOAT = {0.20000076293945312, 0.14273545145988464, 0.11709826439619064};
    private static final double[] SECOND_DOUBLE = {0.1999999999999999, 0.142857142857219, 0.11111111108901565,
        0.0909090942108257, 0.07692279278021191, 0.06668129836766534, 0.05837937562893066, 0.0599050215352116};
    /** 1/3 as the sum of two floats, and of two doubles. */
    private static final double[] THIRD_FLOAT = {0.3333333432674408, -9.934107758624577e-09};
    private static final double[] THIRD_DOUBLE = {0.3333333333333333, 1.850371707708594e-17};
    /** ln 2 as the sum of two numbers, of which the first times an exponent is exact. */
    private static final double[] LN2_FLOAT = {0x1.62e4p-1, 0x1.7f7d1cp-20};
    private static final double[] LN2_DOUBLE = {0x1.62e42fefa38p-1, 0x1.ef35793c7673p-45};

    /** The sum of two numbers, the second at most about a last place of the first. */
    private record Pair(LaneValue high, LaneValue low) {
    }

    private PowLowerings() {
    }

    static LaneValue pow(LaneValue x, LaneValue y) {
        boolean isFloat = x.isFloat();
        // beyond this, the result is that of an infinite y; and an infinity would spoil the low halves
        double most = isFloat ? 0x1p33 : 0x1p64;
        LaneValue exponent = y.gt(most).select(most, y);
        exponent = exponent.lt(-most).select(-most, exponent);
        LaneValue magnitude = magnitude(x.abs(), exponent);

        // an odd integer is 1 away from the nearest even one; a number is rounded to that by a sum whose last place
        // is 2
        double shift = Math.scalb(1.0, fraction(x) + 1);
        LaneValue size = exponent.abs();
        LaneValue distance = size.sub(size.add(shift).sub(shift)).abs();
        LaneValue flip = distance.eq(1).select(x, 0).toBits().andBits(bits(x, -0.0));
        LaneValue signed = magnitude.toBits().or(flip).fromBits();

        LaneValue fractional = distance.gt(0).and(distance.lt(1));
        LaneValue negative = x.lt(0).and(x.gt(Double.NEGATIVE_INFINITY));
        LaneValue real = fractional.and(negative).select(Double.NaN, signed);
        return y.eq(0).or(x.eq(1)).select(1, real);
    }

    /** {@code a^y} for {@code a >= 0}. */
    private static LaneValue magnitude(LaneValue a, LaneValue y) {
        Pair log = log(a);
        LaneValue high = a.lt(Double.POSITIVE_INFINITY).select(log.high(), a);
        high = a.eq(0).select(Double.NEGATIVE_INFINITY, high);
        LaneValue e = y.mul(high);
        LaneValue low = y.fma(log.low(), y.fma(high, e.neg()));
        return ExpLowerings.exp(e, low);
    }

    /** The logarithm of finite {@code a > 0} to about twice the lane's precision. */
    private static Pair log(LaneValue a) {
        double[] ln2 = a.isFloat() ? LN2_FLOAT : LN2_DOUBLE;
        LogLowerings.Parts parts = LogLowerings.parts(a, Math.sqrt(0.5));
        LaneValue k = parts.exponent();
        Pair half = atanh(parts.fraction());
        LaneValue whole = k.mul(ln2[0]);
        LaneValue twice = half.high().add(half.high());
        LaneValue high = whole.add(twice);
        LaneValue error = whole.sub(high).add(twice);
        return new Pair(high, k.fma(ln2[1], half.low().fma(a.constant(2), error)));
    }

    /** {@code log(1 + f) / 2}, the inverse hyperbolic tangent of {@code s = f / (2 + f)}. */
    private static Pair atanh(LaneValue f) {
        boolean isFloat = f.isFloat();
        double[] third = isFloat ? THIRD_FLOAT : THIRD_DOUBLE;
        LaneValue d = f.add(2);
        LaneValue reciprocal = f.constant(1).div(d);
        LaneValue s = f.mul(reciprocal);
        LaneValue minus = s.neg();
        LaneValue sLow = minus.fma(f.sub(d.sub(2)), minus.fma(d, f)).mul(reciprocal);
        LaneValue z = s.mul(s);
        LaneValue zLow = s.add(s).fma(sLow, s.fma(s, z.neg()));
        LaneValue rest = polynomial(z, isFloat ? SECOND_FLOAT : SECOND_DOUBLE).mul(z);
        LaneValue p = rest.add(third[0]);
        LaneValue pLow = f.constant(third[0]).sub(p).add(rest).add(third[1]);
        LaneValue t = z.mul(p);
        LaneValue tLow = z.fma(p, t.neg()).add(z.fma(pLow, zLow.mul(p)));
        LaneValue u = s.mul(t);
        LaneValue uLow = s.fma(t, u.neg()).add(s.fma(tLow, sLow.mul(t)));
        LaneValue sum = s.add(u);
        return new Pair(sum, s.sub(sum).add(u).add(uLow.add(sLow)));
    }
}

package dev.lanegrad.internal.lane;

import static dev.lanegrad.internal.lane.ExpLowerings.LN2_DOUBLE;
import static dev.lanegrad.internal.lane.ExpLowerings.LN2_FLOAT;
import static dev.lanegrad.internal.lane.Polynomials.bits;
import static dev.lanegrad.internal.lane.Polynomials.fraction;
import static dev.lanegrad.internal.lane.Polynomials.magic;
import static dev.lanegrad.internal.lane.Polynomials.polynomial;

/**
 * The logarithm and what is made of it. Coefficients: coefficients_log.py.
 *
 * <p>{@code log(2^k (1 + f)) = k ln 2 + log(1 + f)}. In float lanes {@code log(1 + f)} is a polynomial; in double
 * lanes it is
 * {@code 2 atanh(s)} with {@code s = f / (2 + f)}, whose division costs less than the 14 more coefficients of a
 * polynomial.
 */
final class LogLowerings {
    /** {@code (log(1 + f) - f) / f^2} for {@code f} from -1/3 to 1/3. */
    private static final double[] TAIL_FLOAT = {-0.5, 0.3333320617675781, -0.24999888241291046, 0.20010842382907867,
        -0.16676394641399384, 0.13999894261360168, -0.12240665405988693, 0.14010196924209595, -0.12648329138755798};
    /**
     * {@code (2 atanh(s) - 2 s) / s^3} in powers of {@code s^2}, for {@code 1 + f} from the root of 1/2 to that of 2.
     */
    private static final double[] ATANH_DOUBLE = {0.6666666666666734, 0.3999999999941672, 0.28571428742017363,
        0.2222219860448978, 0.18183562992200142, 0.15314078079748386, 0.14795733972790467};

    private LogLowerings() {
    }

    /** The number from which on the fraction {@code 1 + f} is halved. */
    private static double lowest(LaneValue x) {
        return x.isFloat() ? 2.0 / 3 : Math.sqrt(0.5);
    }

    /**
     * The exponent of positive {@code y}, in place, such that the rest of {@code y} is from {@code lowest} to twice
     * that.
     */
    private static LaneValue exponent(LaneValue y, double lowest) {
        return y.toBits().addBits(-bits(y, lowest)).andBits(-1L << fraction(y));
    }

    /** The exponent as a number. */
    private static LaneValue number(LaneValue x, LaneValue exponent, LaneValue rounder) {
        return exponent.shr(fraction(x)).addBits(bits(x, magic(x))).fromBits().sub(rounder);
    }

    /** {@code k ln 2 + log(1 + f)}. */
    private static LaneValue sum(LaneValue k, LaneValue f) {
        if (k.isFloat()) {
            return k.fma(LN2_FLOAT[0], f.mul(f).fma(polynomial(f, TAIL_FLOAT), f));
        }
        LaneValue half = f.mul(0.5).mul(f);
        LaneValue s = f.div(f.add(2));
        LaneValue z = s.mul(s);
        LaneValue low = s.fma(z.fma(polynomial(z, ATANH_DOUBLE), half), k.mul(LN2_DOUBLE[1]));
        return k.fma(LN2_DOUBLE[0], f.sub(half.sub(low)));
    }

    /**
     * A number taken apart: {@code 2^exponent * (1 + fraction)}.
     *
     * @param exponent a whole number
     * @param fraction from {@code lowest - 1} to {@code 2 lowest - 1}
     */
    record Parts(LaneValue exponent, LaneValue fraction) {
    }

    /** Takes finite {@code x > 0} apart, subnormal or not. */
    static Parts parts(LaneValue x, double lowest) {
        double smallest = x.isFloat() ? Float.MIN_NORMAL : Double.MIN_NORMAL;
        int up = fraction(x) + 1;
        LaneValue subnormal = x.lt(smallest);
        LaneValue normal = subnormal.select(x.mul(Math.scalb(1.0, up)), x);
        LaneValue exponent = exponent(normal, lowest);
        LaneValue k = number(x, exponent, subnormal.select(magic(x) + up, x.constant(magic(x))));
        return new Parts(k, normal.toBits().sub(exponent).fromBits().sub(1));
    }

    static LaneValue log(LaneValue x) {
        Parts parts = parts(x, lowest(x));
        return specials(x, 0, sum(parts.exponent(), parts.fraction()));
    }

    /** {@code y}, but negative infinity at the pole, NaN below it, and {@code x} itself at infinity. */
    private static LaneValue specials(LaneValue x, double pole, LaneValue y) {
        LaneValue finite = x.lt(Double.POSITIVE_INFINITY).select(y, x);
        LaneValue outside = x.eq(pole).select(Double.NEGATIVE_INFINITY, x.constant(Double.NaN));
        return x.gt(pole).select(finite, outside);
    }

    /**
     * {@code log(1 + x)} for finite {@code x > -1}. The exponent is that of the rounded sum, but
     * {@code f = x 2^-k + (2^-k - 1)} is rounded once; a quarter of x is taken because 2^-k itself can be subnormal.
     */
    private static LaneValue log1pFinite(LaneValue x) {
        LaneValue exponent = exponent(x.add(1), lowest(x));
        LaneValue scale = x.builder().bits(bits(x, 4)).sub(exponent).fromBits();
        LaneValue f = x.mul(0.25).fma(scale, scale.fma(x.constant(0.25), -1));
        return sum(number(x, exponent, x.constant(magic(x))), f);
    }

    static LaneValue log1p(LaneValue x) {
        LaneValue y = x.abs().lt(x.isFloat() ? 0x1p-40 : 0x1p-60).select(x, log1pFinite(x));
        return specials(x, -1, y);
    }

    /**
     * {@code log(1 + e^x)} up to 20. There {@code 2^-k} is normal, and {@code f = e 2^-k + (2^-k - 1)} is {@code e} itself where
     * that is tiny; three constants less than {@link #log1p} needs, which do not all fit into registers.
     */
    static LaneValue softplus(LaneValue x) {
        LaneValue e = ExpLowerings.expOrZero(x, null);
        LaneValue exponent = exponent(e.add(1), lowest(x));
        LaneValue scale = x.builder().bits(bits(x, 1)).sub(exponent).fromBits();
        LaneValue f = e.fma(scale, scale.sub(1));
        return x.gt(20).select(x, sum(number(x, exponent, x.constant(magic(x))), f));
    }
}

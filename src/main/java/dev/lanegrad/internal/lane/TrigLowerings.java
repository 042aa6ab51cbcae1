package dev.lanegrad.internal.lane;

import static dev.lanegrad.internal.lane.Polynomials.bits;
import static dev.lanegrad.internal.lane.Polynomials.magic;
import static dev.lanegrad.internal.lane.Polynomials.polynomial;

/**
 * Sine and cosine. Coefficients: coefficients_trig.py.
 *
 * <p>The nearest multiple {@code n} of pi/2 is taken away in three fused steps. The first is exact, as the remainder
 * is below
 * 1 and a multiple of the last place of pi/2; so what is left is right to its last place even close to a zero.
 */
final class TrigLowerings {
    private static final double[] HALF_PI_FLOAT = {1.5707963705062866, -4.371138828673793e-08, -1.7151245100058819e-15};
    private static final double[] HALF_PI_DOUBLE = {1.5707963267948966, 6.123233995736766e-17, -1.4973849048591698e-33};
    /** {@code (sin(r) / r - 1) / r^2} in powers of {@code r^2}. */
    private static final double[] SIN_FLOAT = {-0.16666653752326965, 0.008332095108926296, -0.00019505441014189273};
    private static final double[] SIN_DOUBLE = {-0.16666666666666624, 0.008333333333320262, -0.00019841269827987804,
        2.755731303556223e-06, -2.50506523272193e-08, 1.589052493352354e-10};
    /** {@code (cos(r) - 1 + r^2 / 2) / r^4} in powers of {@code r^2}. */
    private static final double[] COS_FLOAT = {0.04166664183139801, -0.001388713950291276, 2.4413819119217806e-05};
    private static final double[] COS_DOUBLE = {0.041666666666666574, -0.0013888888888869716, 2.480158728672615e-05,
        -2.7557313556757366e-07, 2.0875615355248743e-09, -1.1354076827251586e-11};

    private TrigLowerings() {
    }

    /** The sine of |x|, with the sign of x. */
    static LaneValue sin(LaneValue x) {
        return quarterTurns(x, 0).xor(x.toBits().andBits(bits(x, -0.0))).fromBits();
    }

    static LaneValue cos(LaneValue x) {
        return quarterTurns(x, 1).fromBits();
    }

    /** The bits of {@code sin(|x| + turns pi / 2)}. */
    private static LaneValue quarterTurns(LaneValue operand, int turns) {
        boolean isFloat = operand.isFloat();
        LaneValue a = operand.abs();
        LaneValue x = a.le(isFloat ? 0x1p21 : 0x1p50).select(a, a.mul(0));
        LaneValue sum = x.fma(x.constant(2 / Math.PI), magic(x));
        LaneValue n = sum.sub(magic(x));
        LaneValue r = x;
        for (double part : isFloat ? HALF_PI_FLOAT : HALF_PI_DOUBLE) {
            r = n.fma(-part, r);
        }
        LaneValue z = r.mul(r);
        LaneValue sin = polynomial(z, isFloat ? SIN_FLOAT : SIN_DOUBLE).fma(r.mul(z), r);
        LaneValue cos = polynomial(z, isFloat ? COS_FLOAT : COS_DOUBLE).fma(z, -0.5).fma(z, 1);
        LaneValue quadrant = turns == 0 ? sum.toBits() : sum.toBits().addBits(turns);
        LaneValue even = quadrant.andBits(1).eq(x.builder().bits(0));
        LaneValue sign = quadrant.andBits(2).shl(isFloat ? Integer.SIZE - 2 : Long.SIZE - 2);
        return even.select(sin, cos).toBits().xor(sign);
    }
}

package dev.lanegrad.internal.lane;

import static dev.lanegrad.internal.lane.ExpLowerings.reduce;
import static dev.lanegrad.internal.lane.ExpLowerings.small;
import static dev.lanegrad.internal.lane.ExpLowerings.smallLess1;
import static dev.lanegrad.internal.lane.Polynomials.bias;
import static dev.lanegrad.internal.lane.Polynomials.horner;
import static dev.lanegrad.internal.lane.Polynomials.magic;
import static dev.lanegrad.internal.lane.Polynomials.polynomial;
import static dev.lanegrad.internal.lane.Polynomials.withSign;

/** The error function and what is made of it. Coefficients: coefficients_erf.py. */
final class ErfLowerings {
    /** {@code erf(x) / x - 1} in powers of {@code x^2}, for {@code |x|} up to 0.95, and up to 1. */
    private static final double[] CENTRE_FLOAT = {0.12837916612625122, -0.37612631916999817, 0.11283670365810394,
        -0.0268580112606287, 0.005197579972445965, -0.0008103583240881562, 8.205768972402439e-05};
    private static final double[] CENTRE_DOUBLE = {0.12837916709551256, -0.37612638903183454, 0.11283791670942439,
        -0.026866170642898545, 0.005223977604681768, -0.0008548325870239407, 0.00012055292019564854,
        -1.4924685422950407e-05, 1.6446829362719313e-06, -1.6204181661081905e-07, 1.3702410613840276e-08,
        -7.764497999867478e-10};
    /** {@code log(1 - erf(x))} from 0.9 to 4, and from 1 to 6. */
    private static final double[] LOG_FLOAT = {-0.00016654434148222208, -1.127797245979309, -0.6369751691818237,
        -0.10411552339792252, 0.022316746413707733, -0.0030660785268992186, 0.0001983053662115708};
    private static final double[] LOG_DOUBLE = {-1.7965392610959566e-07, -1.1283773288662433, -0.6366284909943474,
        -0.10274724567793539, 0.01907814154582016, 0.00028050971048777795, -0.0017690237089696423,
        0.0006411914847829764, -4.48338967220365e-05, -7.036153306818264e-05, 4.5035819336848644e-05,
        -1.6513700612784753e-05, 4.327082572507807e-06, -8.506110914140893e-07, 1.257165134778593e-07,
        -1.3628874490839872e-08, 1.0259564921010455e-09, -4.797791960595281e-11, 1.0501599603951e-12};
    /**
     * {@code (t + k) e^(t^2/2) Phi(-t)} in powers of {@code t / (t + k) - 3/8}, with k = 2.5 up to 15, and k = 4 up to 39.
     */
    private static final double[] TAIL_FLOAT = {
        0.8231226801872253, -0.9939488172531128, 0.47718799114227295, 0.1915249228477478, -0.19929540157318115,
        -0.13747936487197876, 0.06273980438709259, 0.1228581890463829, 0.012600401416420937, -0.08367280662059784};
    private static final double[] TAIL_DOUBLE = {
        0.934612123906818, -1.6806743330034237, 2.2024789694201465, -2.0026609185905158, 1.0517097193709357,
        -0.01300253812019129, -0.37207333570393686, 0.11394963441178173, 0.14473244104720007, -0.06259935096234921,
        -0.07571958046849296, 0.023968775065133396, 0.047460091684141864, -0.0008892914796583738,
        -0.029207979376678902, -0.011509368665048795, 0.013734090304977105, 0.016370639068780432,
        -0.0018201481898641781, -0.01713092758753957, -0.000981712232651377, 0.013147053311783886,
        -0.00503452083996797};
    /** 2 ln 2 as a number of so few bits that its multiples in a bell are exact, and the rest. */
    private static final double[] TWICE_LN2_FLOAT = {1.38629150390625, 2.857213530660374e-06};
    private static final double[] TWICE_LN2_DOUBLE = {1.3862943611197807, 1.0995846037416742e-13};

    private ErfLowerings() {
    }

    static LaneValue erf(LaneValue x) {
        boolean isFloat = x.isFloat();
        LaneValue a = x.abs();
        LaneValue centre = x.fma(polynomial(x.mul(x), isFloat ? CENTRE_FLOAT : CENTRE_DOUBLE), x);
        // the bias, and 256 or 2048 more: the shift that makes the power of two sets its sign bit too
        ExpLowerings.Parts parts = reduce(polynomial(a, isFloat ? LOG_FLOAT : LOG_DOUBLE), 1, 3 * bias(x) + 2);
        LaneValue outer = small(parts.rest()).fma(parts.power(), 1);
        outer = withSign(a.gt(isFloat ? 4 : 6).select(1, outer), x);
        return a.lt(isFloat ? 0.92 : 1).select(centre, outer);
    }

    /** {@code max(x, 0) - t Phi(-t)} with {@code t = |x|}, one formula for both sides. */
    static LaneValue gelu(LaneValue x) {
        Bell bell = Bell.of(x);
        LaneValue ratio = bell.t().div(bell.shifted());
        LaneValue tail = bell.tail(ratio).mul(ratio).mul(bell.power());
        return tail.fma(x.constant(-bell.scale()), x.lt(0).select(x.mul(0), x));
    }

    /** {@code Phi(-t)} where {@code x} is negative and {@code 1 - Phi(-t)} elsewhere. */
    static LaneValue ndtr(LaneValue x) {
        Bell bell = Bell.of(x);
        LaneValue inverse = x.constant(1).div(bell.shifted());
        LaneValue tail = bell.tail(bell.t().mul(inverse)).mul(inverse).mul(bell.power());
        return x.lt(0).select(tail.mul(bell.scale()), tail.fma(-bell.scale(), x.constant(1)));
    }

    /** {@code e^(-x^2/2) / sqrt(2 pi)}. */
    static LaneValue normalDensity(LaneValue x) {
        Bell bell = Bell.of(x);
        return bell.less1().fma(bell.power(), bell.power()).mul(bell.scale() / Math.sqrt(2 * Math.PI));
    }

    /**
     * {@code e^(-t^2/2)} for {@code t = |x|}, or for the end of the tail if that is smaller, as {@code (1 + less1) power
     * scale}. Multiples of 2 ln 2 are taken from the exact square. The power is no subnormal, so that results that are
     * subnormal are rounded once, by the product with the scale.
     */
    private record Bell(LaneValue t, LaneValue less1, LaneValue power) {
        static Bell of(LaneValue x) {
            double end = x.isFloat() ? 15 : 39;
            LaneValue a = x.abs();
            LaneValue t = a.gt(end).select(end, a);
            double[] unit = x.isFloat() ? TWICE_LN2_FLOAT : TWICE_LN2_DOUBLE;
            double rounder = magic(x) + bias(x) + (x.isFloat() ? 64 : 512);
            LaneValue sum = t.mul(t).fma(x.constant(-1 / (2 * Math.log(2))), rounder);
            LaneValue n = sum.sub(rounder);
            LaneValue rest = n.fma(unit[1], t.fma(t, n.mul(unit[0])));
            return new Bell(t, smallLess1(rest, -0.5), new ExpLowerings.Parts(rest, sum.toBits()).power());
        }

        double scale() {
            return t.isFloat() ? 0x1p-64 : 0x1p-512;
        }

        /** {@code t + k}. */
        LaneValue shifted() {
            return t.add(t.isFloat() ? 2.5 : 4);
        }

        /** {@code (t + k) Phi(-t)}, but for the power, where {@code ratio = t / (t + k)}. */
        LaneValue tail(LaneValue ratio) {
            LaneValue p = horner(ratio.sub(0.375), t.isFloat() ? TAIL_FLOAT : TAIL_DOUBLE);
            return less1.fma(p, p);
        }
    }
}

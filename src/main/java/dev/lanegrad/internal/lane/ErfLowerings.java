package dev.lanegrad.internal.lane;

import static dev.lanegrad.internal.lane.ExpLowerings.reduce;
import static dev.lanegrad.internal.lane.ExpLowerings.small;
import static dev.lanegrad.internal.lane.ExpLowerings.smallLess1;
import static dev.lanegrad.internal.lane.Polynomials.bias;
import static dev.lanegrad.internal.lane.Polynomials.polynomial;
import static dev.lanegrad.internal.lane.Polynomials.withSign;

import java.util.Arrays;

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
    /** {@code erf(x / sqrt 2) / (2 x)} in powers of {@code x^2}, for {@code |x|} up to 0.93. */
    private static final double[] GELU_FLOAT = {
        0.3989422917366028, -0.06649062782526016, 0.009975063614547253, -0.0011909502791240811,
        0.00011885332060046494, -9.92005425359821e-06};
    private static final double[] GELU_DOUBLE = {
        0.3989422804014327, -0.06649038006690683, 0.009973557010055457, -0.001187328215563341,
        0.00011543468737971663, -9.44465289048677e-06, 6.659562089077498e-07, -4.120005972721769e-08,
        2.2431458212925566e-09, -9.426217071354373e-11};
    /** {@code e^(t^2/2) t Phi(-t)} in powers of {@code t / (t + 4) - 1/2}, from 0.92 to 15, and to 39. */
    private static final double[] TAIL_FLOAT = {
        0.37764257192611694, 0.1473885178565979, -0.4415189325809479, 0.8024574518203735, -1.009017825126648,
        0.8459193706512451, -0.35141754150390625, -0.12215952575206757, 0.2046082764863968};
    private static final double[] TAIL_DOUBLE = {
        0.37764256520787576, 0.14738848844385932, -0.44151848245936315, 0.8024621711302733, -1.0090022645480539,
        0.8457021747787866, -0.3526362028588107, -0.11832792946688775, 0.2258128434425122, -0.025024196971199255,
        -0.11929791673125385, 0.03403523574729011, 0.07344959110876732, -0.021335473681862997, -0.05372457610124938,
        0.006693680442553185, 0.042883248969937365, 0.005503313763866638, -0.033495755474852645,
        -0.008950465690025227, 0.020119110644208012};

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

    /**
     * Near 0, {@code x / 2 + x^2 p(x^2)}. Elsewhere {@code max(x, 0) - t Phi(-t)} with {@code t = |x|}, one formula
     * for both
     * sides: the tail is {@code e^(-t^2/2)}, its exponent exact in two parts, times a polynomial of {@code t / (t +
     * 4)}.
     */
    static LaneValue gelu(LaneValue x) {
        boolean isFloat = x.isFloat();
        LaneValue a = x.abs();
        LaneValue t = a.lt(isFloat ? 15 : 39).select(a, isFloat ? 15 : 39);
        LaneValue square = t.mul(t);
        LaneValue centre = polynomial(square, isFloat ? GELU_FLOAT : GELU_DOUBLE).fma(square, x.mul(0.5));

        double[] c = isFloat ? TAIL_FLOAT : TAIL_DOUBLE;
        LaneValue u = t.div(t.add(4)).sub(0.5);
        LaneValue qRest = polynomial(u, Arrays.copyOfRange(c, 1, c.length)).mul(u);
        ExpLowerings.Parts parts = reduce(square, t.fma(t, square.neg()), -2, 2 * bias(x));
        LaneValue e = smallLess1(parts.rest(), -0.5);
        // (c[0] + qRest) (1 + e), with c[0] added last: the larger number is rounded once instead of twice
        LaneValue product = qRest.add(c[0]).fma(e, qRest).add(c[0]);
        LaneValue tail = product.mul(parts.lowerPower()).mul(parts.upperPower());
        LaneValue outer = x.lt(0).select(x.mul(0), x).sub(tail);
        return withSign(a.lt(0.92).select(centre, outer), x);
    }
}

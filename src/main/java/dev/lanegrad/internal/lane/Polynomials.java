package dev.lanegrad.internal.lane;

/** Polynomials and the bit patterns that the lowerings share. */
final class Polynomials {
    /** From this many coefficients on, two half-length chains and one more product replace one long chain. */
    private static final int LONG = 7;

    private Polynomials() {
    }

    /** {@code c[0] + c[1] x + c[2] x^2 + ...}. */
    static LaneValue polynomial(LaneValue x, double... c) {
        if (c.length < LONG) {
            return horner(x, c);
        }
        LaneValue square = x.mul(x);
        return x.fma(horner(square, c, 1, 2), horner(square, c, 0, 2));
    }

    /** The same as one chain however long: fewer instructions and roundings, for loops that have much else to do. */
    static LaneValue horner(LaneValue x, double... c) {
        return horner(x, c, 0, 1);
    }

    /** {@code c[first] + c[first + step] x + c[first + 2 step] x^2 + ...}. */
    private static LaneValue horner(LaneValue x, double[] c, int first, int step) {
        int i = first + (c.length - 1 - first) / step * step;
        LaneValue sum = x.constant(c[i]);
        for (i -= step; i >= first; i -= step) {
            sum = sum.fma(x, c[i]);
        }
        return sum;
    }

    /** The coefficients of {@code factor * p(scale * x)}, given those of {@code p}; exact if both are powers of two. */
    static double[] scaled(double[] c, double factor, double scale) {
        double[] result = new double[c.length];
        for (int i = 0; i < c.length; i++) {
            result[i] = c[i] * factor;
            factor *= scale;
        }
        return result;
    }

    /**
     * {@code 1.5 * 2^fractionBits}: added to a number of at most a quarter of that, it rounds it to an integer,
     * which then
     * stands in the lowest bits of the sum.
     */
    static double magic(LaneValue x) {
        return 1.5 * (1L << x.builder().lane().fractionBits());
    }

    /** What is added to the exponent in the bits of a number: 127 or 1023. */
    static int bias(LaneValue x) {
        return x.isFloat() ? Float.MAX_EXPONENT : Double.MAX_EXPONENT;
    }

    /** Bits of the fraction: 23 or 52. */
    static int fraction(LaneValue x) {
        return x.builder().lane().fractionBits();
    }

    /** The bits of {@code value} in the lane's type. */
    static long bits(LaneValue x, double value) {
        return x.builder().lane().bits(value);
    }

    /** {@code magnitude} with its sign bit set where that of {@code sign} is. */
    static LaneValue withSign(LaneValue magnitude, LaneValue sign) {
        return magnitude.toBits().or(sign.toBits().andBits(bits(sign, -0.0))).fromBits();
    }
}

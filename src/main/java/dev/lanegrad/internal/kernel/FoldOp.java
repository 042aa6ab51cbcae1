package dev.lanegrad.internal.kernel;

/** How a fold joins two elements; the left one always comes earlier in the sequence. */
public enum FoldOp {
    /** The sum; identity -0.0, which changes nothing, not even the sign of a zero. */
    SUM(-0.0),
    /** The product; identity 1. */
    PROD(1),
    /** The largest; NaN if one is NaN; the earlier of two equal ones, so the sign of a zero is the first one's. */
    AMAX(Double.NEGATIVE_INFINITY),
    /** The smallest; NaN if one is NaN; the earlier of two equal ones, so the sign of a zero is the first one's. */
    AMIN(Double.POSITIVE_INFINITY);

    private final double identity;

    FoldOp(double identity) {
        this.identity = identity;
    }

    /** The number that changes nothing. */
    public double identity() {
        return identity;
    }

    /** The fold of no element at all: the identity, but 0.0 for a sum. */
    public double empty() {
        return identity + 0.0;
    }
}

package dev.lanegrad.internal.op;

import java.util.List;

/**
 * Where an operand may be sampled: the open interval on which the function is smooth, less its kinks.
 *
 * @param low   no sample lies at or below it
 * @param high  no sample lies at or above it
 * @param kinks points without a derivative; samples keep away from them
 */
public record Domain(double low, double high, List<Double> kinks) {
    /** All numbers that a test needs. */
    public static final Domain ALL = new Domain(-4, 4, List.of());
    /** Positive numbers. */
    public static final Domain POSITIVE = new Domain(0.1, 4, List.of());

    /** Numbers above {@code low}. */
    public static Domain above(double low) {
        return new Domain(low + 0.1, low + 4, List.of());
    }

    /** The same interval without these points. */
    public Domain kinks(Double... points) {
        return new Domain(low, high, List.of(points));
    }
}

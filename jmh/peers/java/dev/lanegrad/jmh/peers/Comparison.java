package dev.lanegrad.jmh.peers;

import java.util.Map;

/** The figures of one case, by side. */
record Comparison(Map<String, Row> sides) {
    Case of() {
        return sides.values().iterator().next().asCase();
    }

    /** The step, as its family calls it. */
    String op() {
        return sides.values().iterator().next().op();
    }

    /** Nanoseconds of a step; NaN if that side was not measured. */
    double nanos(Side side) {
        Row row = row(side);
        return row == null ? Double.NaN : row.nanos();
    }

    Row row(Side side) {
        return sides.get(side.name().toLowerCase(java.util.Locale.ROOT));
    }

    /** How many times as long libtorch's own loop takes as {@code side}; NaN if one was not measured. */
    double ratio(Side side) {
        return nanos(Side.LOOP) / nanos(side);
    }

    /** The error of the ratio, in parts of it: that of both times. */
    double error(Side side) {
        return row(side) == null ? Double.NaN : part(row(side)) + part(row(Side.LOOP));
    }

    private static double part(Row row) {
        return Double.isNaN(row.error()) ? 0 : row.error() / row.nanos();
    }

    /** Nanoseconds of the loop by hand; NaN if there is none. */
    double byHand() {
        return sides.containsKey("hand") ? sides.get("hand").nanos() : Double.NaN;
    }
}

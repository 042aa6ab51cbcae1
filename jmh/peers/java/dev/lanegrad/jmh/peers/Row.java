package dev.lanegrad.jmh.peers;

import java.util.Locale;

/**
 * One figure.
 *
 * @param side  {@link Side} in lower case, {@code hand} for a loop by hand, {@code roof} for what the machine can do
 * @param nanos time of one step; of a byte or of a floating-point operation for a roof
 * @param error half of the interval that JMH gives with 99.9 %, or NaN
 * @param heap  bytes of heap allocated by one step, or NaN
 */
record Row(String family, String op, String shape, String precision, String direction, String side, double nanos,
        double error, double heap) {
    static final String HEADER = "family\top\tshape\tprecision\tdirection\tside\tnanos\terror\theap";

    static Row parse(String line) {
        String[] s = line.split("\t");
        return new Row(s[0], s[1], s[2], s[3], s[4], s[5], Double.parseDouble(s[6]), Double.parseDouble(s[7]),
                Double.parseDouble(s[8]));
    }

    String line() {
        return String.join("\t", family, op, shape, precision, direction, side, number(nanos), number(error),
                number(heap));
    }

    private static String number(double value) {
        return Double.isNaN(value) ? "NaN" : String.format(Locale.ROOT, "%.4g", value);
    }

    /** What it is a figure of, whoever computed it. */
    String key() {
        return String.join("\t", family, op, shape, precision, direction);
    }

    Case asCase() {
        return new Case(Family.named(family), op, shape, Precision.valueOf(precision.toUpperCase(Locale.ROOT)),
                Direction.valueOf(direction.toUpperCase(Locale.ROOT)));
    }
}

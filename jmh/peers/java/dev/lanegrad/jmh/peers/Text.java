package dev.lanegrad.jmh.peers;

import java.util.Locale;

/** Numbers as readers want them. */
final class Text {
    private static final double K = 1024;

    private Text() {
    }

    /** {@code 1.23 us}. */
    static String time(double nanos) {
        if (Double.isNaN(nanos)) {
            return "";
        }
        return nanos < 1e3 ? digits(nanos) + " ns" : nanos < 1e6 ? digits(nanos / 1e3) + " us"
                : digits(nanos / 1e6) + " ms";
    }

    /** {@code 3.1x}. */
    static String ratio(double ratio) {
        return Double.isNaN(ratio) ? "" : digits(ratio) + "x";
    }

    /** Three digits. */
    static String digits(double value) {
        if (Double.isNaN(value)) {
            return "";
        }
        int decimals = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
        return String.format(Locale.ROOT, "%." + decimals + "f", value);
    }

    /** {@code 65536} as {@code 64 K}; anything else as it is. */
    static String size(String shape) {
        if (!shape.matches("\\d+")) {
            return shape.replace("x", " x ");
        }
        double n = Double.parseDouble(shape);
        return n % (K * K) == 0 ? (long) (n / K / K) + " M" : n % K == 0 ? (long) (n / K) + " K" : shape;
    }

    /** {@code forward + backward}. */
    static String direction(Direction direction) {
        return direction == Direction.FORWARD ? "forward" : "forward + backward";
    }
}

package dev.lanegrad.internal.lane;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.zip.GZIPInputStream;

/**
 * Exact results of a function at chosen doubles: each row the operands, the correctly rounded result, and what the
 * exact
 * result is beyond that.
 */
final class UlpTable {
    /** One row. */
    record Row(double[] operands, double high, double low) {
        /**
         * How far {@code value} is from the exact result, in units of its last place; infinite if a special is
         * missed.
         */
        double ulps(double value) {
            if (high == 0 || Double.isInfinite(high) || Double.isNaN(high)) {
                boolean smallest = high == 0 && Math.abs(value) == Double.MIN_VALUE;
                return Double.doubleToLongBits(value) == Double.doubleToLongBits(high) ? 0
                        : smallest ? 1 : Double.POSITIVE_INFINITY;
            }
            double error = Math.abs(value - high - low) / Math.ulp(high);
            return Double.isNaN(error) ? Double.POSITIVE_INFINITY : error;
        }

        /** The same for a float. */
        double floatUlps(double value) {
            return UlpTable.floatUlps(value, high);
        }

        boolean isFloat() {
            return Arrays.stream(operands).allMatch(operand -> (float) operand == operand);
        }

        @Override
        public String toString() {
            return Arrays.toString(operands) + " -> " + high;
        }
    }

    private UlpTable() {
    }

    /**
     * How far the float {@code value} is from {@code exact}; overflow counts as a number one step above the largest.
     */
    static double floatUlps(double value, double exact) {
        if (Double.isNaN(exact) || Double.isNaN(value)) {
            return Double.isNaN(exact) && Double.isNaN(value) ? 0 : Double.POSITIVE_INFINITY;
        }
        if ((float) exact == value) {
            boolean rightSign = value != 0 || exact != 0 || Double.compare(value, exact) == 0;
            return !rightSign ? Double.POSITIVE_INFINITY : value == 0 || Double.isInfinite(value) ? 0
                    : Math.abs(value - exact) / Math.ulp((float) exact);
        }
        if (Double.isInfinite(exact)) {
            return Double.POSITIVE_INFINITY;
        }
        double finite = Double.isInfinite(value) ? Math.copySign(0x1p128, value) : value;
        return Math.abs(finite - exact) / Math.ulp((float) Math.clamp(exact, -Float.MAX_VALUE, Float.MAX_VALUE));
    }

    static List<Row> read(String name) {
        String path = "/truth/ulp/" + name + ".f64.tsv.gz";
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(new GZIPInputStream(
                Objects.requireNonNull(UlpTable.class.getResourceAsStream(path), path)), StandardCharsets.US_ASCII))) {
            return lines.lines().filter(line -> !line.isBlank()).map(UlpTable::row).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(path, e);
        }
    }

    private static Row row(String line) {
        double[] numbers = Arrays.stream(line.split("[\t,]"))
                .mapToDouble(hex -> Double.longBitsToDouble(Long.parseUnsignedLong(hex, 16))).toArray();
        int operands = numbers.length - 2;
        return new Row(Arrays.copyOf(numbers, operands), numbers[operands], numbers[operands + 1]);
    }
}

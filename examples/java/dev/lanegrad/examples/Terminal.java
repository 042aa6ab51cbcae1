package dev.lanegrad.examples;

import java.util.Locale;

/** Pictures and tables of the examples as text of a fixed-width font, in ASCII. Prints nothing by itself. */
final class Terminal {
    private static final String SHADES = " .:-=+*#%@";
    private static final int SIDE = 8;
    private static final int BAR = 24;

    private Terminal() {
    }

    /** The digit at {@code index} as 8 lines of 16 characters, two for each pixel, the brighter the denser. */
    static String digit(DigitsData data, int index) {
        return digits(data, index, 1);
    }

    /** {@code count} digits from {@code first} on, side by side, as 8 lines. */
    static String digits(DigitsData data, int first, int count) {
        StringBuilder text = new StringBuilder();
        for (int row = 0; row < SIDE; row++) {
            for (int i = first; i < first + count; i++) {
                text.append(i == first ? "" : "  ");
                for (int column = 0; column < SIDE; column++) {
                    char shade = shade(data.pixels()[i * DigitsData.PIXELS + row * SIDE + column]);
                    text.append(shade).append(shade);
                }
            }
            text.append('\n');
        }
        return text.toString();
    }

    /** The character for a brightness from 0 to 1; values outside are drawn as the nearer end. */
    private static char shade(float brightness) {
        int level = Math.round(brightness * (SHADES.length() - 1));
        return SHADES.charAt(Math.clamp(level, 0, SHADES.length() - 1));
    }

    /**
     * How often each class was taken for each: {@code counts[truth][guess]}, with the share of right ones at the end of
     * each row and below.
     */
    static String confusion(int[][] counts) {
        StringBuilder text = new StringBuilder("truth \\ guess");
        for (int guess = 0; guess < counts.length; guess++) {
            text.append(String.format(Locale.ROOT, "%6d", guess));
        }
        text.append("   right\n");
        long right = 0;
        long all = 0;
        for (int truth = 0; truth < counts.length; truth++) {
            text.append(String.format(Locale.ROOT, "%13d", truth));
            long row = 0;
            for (int count : counts[truth]) {
                text.append(count == 0 ? "     ." : String.format(Locale.ROOT, "%6d", count));
                row += count;
            }
            text.append(percent(counts[truth][truth], row)).append('\n');
            right += counts[truth][truth];
            all += row;
        }
        return text.append(" ".repeat(13 + 6 * counts.length)).append(percent(right, all)).append('\n').toString();
    }

    private static String percent(long part, long whole) {
        return whole == 0 ? "       -" : String.format(Locale.ROOT, "%6.1f %%", 100.0 * part / whole);
    }

    /** One line of progress: a bar, {@code done} of {@code total} steps, and what is to be told; no line end. */
    static String progress(int done, int total, String news) {
        int filled = total == 0 ? BAR : (int) ((long) BAR * done / total);
        int width = Integer.toString(total).length();
        return "[" + "#".repeat(filled) + ".".repeat(BAR - filled) + "] "
                + String.format(Locale.ROOT, "%" + width + "d/%d  %s", done, total, news);
    }
}

package dev.lanegrad.examples;

import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPInputStream;

/**
 * Handwritten digits as numbers: {@code pixels} holds 64 values from 0 to 1 for each digit (8 rows of 8, row after row,
 * digit after digit), {@code labels} its class from 0 to 9.
 *
 * <p>The arrays are not copied and must not be changed. The data are those of {@code examples/data/README.md}.
 */
public record DigitsData(float[] pixels, int[] labels) {
    /** Pixels of one digit: 8 rows of 8. */
    public static final int PIXELS = 64;
    /** Number of classes: the digits 0 to 9. */
    public static final int CLASSES = 10;
    /** Where the file lies, seen from the directory of the repository. */
    public static final Path FILE = Path.of("examples", "data", "digits.csv.gz");

    private static final int BRIGHTEST = 16;

    /** The digits in two parts, one to learn from and one to measure on. */
    public record Split(DigitsData train, DigitsData test) {
    }

    /** Fails with {@code IllegalArgumentException} if there are not 64 pixels for each label. */
    public DigitsData {
        if (pixels.length != labels.length * PIXELS) {
            throw new IllegalArgumentException("DigitsData: " + pixels.length + " pixels do not fit " + labels.length
                    + " labels; give " + PIXELS + " pixels for each label.");
        }
    }

    /** The 1,797 digits of {@link #FILE}, which must be reached from the current directory. */
    public static DigitsData load() throws IOException {
        if (!Files.isReadable(FILE)) {
            throw new IOException("DigitsData: no file " + FILE + " below " + Path.of("").toAbsolutePath()
                    + "; start the example in the directory of the repository.");
        }
        return load(FILE);
    }

    /**
     * The digits of a gzipped text file with one digit a line: 64 integers from 0 to 16 and the class, separated by
     * commas. A line of another form is an {@code IOException} with the file and the number of the line.
     */
    public static DigitsData load(Path file) throws IOException {
        List<int[]> rows = new ArrayList<>();
        try (var in = new BufferedReader(new InputStreamReader(
                new GZIPInputStream(new FileInputStream(file.toFile())), StandardCharsets.US_ASCII))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                rows.add(row(line, file, rows.size() + 1));
            }
        }
        float[] pixels = new float[rows.size() * PIXELS];
        int[] labels = new int[rows.size()];
        for (int i = 0; i < labels.length; i++) {
            int[] row = rows.get(i);
            for (int p = 0; p < PIXELS; p++) {
                pixels[i * PIXELS + p] = row[p] / (float) BRIGHTEST;
            }
            labels[i] = row[PIXELS];
        }
        return new DigitsData(pixels, labels);
    }

    private static int[] row(String line, Path file, int number) throws IOException {
        String[] fields = line.split(",", -1);
        int[] values = new int[PIXELS + 1];
        boolean good = fields.length == values.length;
        for (int i = 0; good && i < values.length; i++) {
            good = fields[i].matches("\\d{1,2}");
            values[i] = good ? Integer.parseInt(fields[i]) : -1;
            good &= values[i] <= (i < PIXELS ? BRIGHTEST : CLASSES - 1);
        }
        if (!good) {
            throw new IOException("DigitsData: line " + number + " of " + file + " is not " + PIXELS
                    + " integers from 0 to " + BRIGHTEST + " and a class from 0 to " + (CLASSES - 1)
                    + "; restore the file from the repository.");
        }
        return values;
    }

    /** Number of digits. */
    public int size() {
        return labels.length;
    }

    /** A copy in another order, which depends on the seed alone. */
    public DigitsData shuffled(long seed) {
        int[] order = new int[size()];
        // java.util.Random: its numbers are specified, so the order is the same on every JDK.
        Random random = new Random(seed);
        for (int i = 0; i < order.length; i++) {
            int j = random.nextInt(i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        float[] p = new float[pixels.length];
        int[] l = new int[labels.length];
        for (int i = 0; i < order.length; i++) {
            System.arraycopy(pixels, order[i] * PIXELS, p, i * PIXELS, PIXELS);
            l[i] = labels[order[i]];
        }
        return new DigitsData(p, l);
    }

    /** A copy of the digits from {@code from} (inclusive) to {@code to} (exclusive), for example one batch. */
    public DigitsData range(int from, int to) {
        if (from < 0 || to < from || to > size()) {
            throw new IndexOutOfBoundsException("DigitsData.range: " + from + " to " + to + " of " + size()
                    + " digits; choose 0 <= from <= to <= " + size() + ".");
        }
        return new DigitsData(Arrays.copyOfRange(pixels, from * PIXELS, to * PIXELS),
                Arrays.copyOfRange(labels, from, to));
    }

    /** The first {@code count} digits to learn from, the others to measure on. Shuffle first. */
    public Split split(int count) {
        return new Split(range(0, count), range(count, size()));
    }

    /** For each digit a row of ten values: 1 at its class, 0 elsewhere. */
    public float[] oneHot() {
        float[] rows = new float[size() * CLASSES];
        for (int i = 0; i < labels.length; i++) {
            rows[i * CLASSES + labels[i]] = 1;
        }
        return rows;
    }
}

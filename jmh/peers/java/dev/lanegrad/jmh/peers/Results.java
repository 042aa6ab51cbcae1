package dev.lanegrad.jmh.peers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The figures of one report, as they are kept: a text file with what they were measured on, the cases that did not
 * agree, and a line for each figure.
 *
 * @param facts   the machine, the JDK, the commit and the like
 * @param differs cases that were not timed, with the reason
 * @param rows    the best round of each figure, by {@link Row#key} and side
 */
record Results(Map<String, String> facts, List<String> differs, Map<String, Map<String, Row>> rows) {
    /** The family of times from the start of a JVM. */
    static final String START = "start";
    private static final String FACT = "# ";
    private static final String DIFFERS = "! ";

    static Results of(Map<String, String> facts, List<String> differs, Collection<Row> all) {
        Map<String, Map<String, Row>> rows = new LinkedHashMap<>();
        for (Row row : all) {
            if (differs.stream().noneMatch(line -> line.startsWith(name(row) + "\t"))) {
                rows.computeIfAbsent(row.key(), key -> new LinkedHashMap<>())
                        .merge(row.side(), row, (one, other) -> one.nanos() <= other.nanos() ? one : other);
            }
        }
        return new Results(facts, differs, rows);
    }

    private static String name(Row row) {
        return row.key().replace('\t', ' ');
    }

    void write(Path file) throws IOException {
        List<String> lines = new ArrayList<>();
        facts.forEach((name, fact) -> lines.add(FACT + name + ": " + fact));
        differs.forEach(line -> lines.add(DIFFERS + line));
        lines.add(Row.HEADER);
        rows.values().forEach(sides -> sides.values().forEach(row -> lines.add(row.line())));
        Files.createDirectories(file.getParent());
        Files.write(file, lines);
    }

    static Results read(Path file) throws IOException {
        Map<String, String> facts = new LinkedHashMap<>();
        List<String> differs = new ArrayList<>();
        List<Row> rows = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
            if (line.startsWith(FACT)) {
                int colon = line.indexOf(": ");
                facts.put(line.substring(FACT.length(), colon), line.substring(colon + 2));
            } else if (line.startsWith(DIFFERS)) {
                differs.add(line.substring(DIFFERS.length()));
            } else if (!line.equals(Row.HEADER)) {
                rows.add(Row.parse(line));
            }
        }
        return of(facts, differs, rows);
    }

    /**
     * What the machine can do at most, by {@code op}: bytes or floating-point operations a nanosecond; NaN if unknown.
     */
    double roof(String op) {
        return rows.values().stream().map(sides -> sides.get("roof")).filter(row -> row != null && row.op().equals(op))
                .mapToDouble(row -> 1 / row.nanos()).findFirst().orElse(Double.NaN);
    }

    /** Times from the start of a JVM, by what it did. */
    List<Comparison> starts() {
        return rows.values().stream().filter(sides -> sides.values().iterator().next().family().equals(START))
                .map(Comparison::new).toList();
    }

    /** All cases that the library and libtorch were measured on. */
    List<Comparison> comparisons() {
        return rows.values().stream().filter(sides -> sides.containsKey("loop")
                && (sides.containsKey("eager") || sides.containsKey("program"))).map(Comparison::new).toList();
    }
}

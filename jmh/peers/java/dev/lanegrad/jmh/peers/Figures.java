package dev.lanegrad.jmh.peers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The table of figures in README, between two marks: made from a report, never by hand. */
final class Figures {
    static final String START = "<!-- figures, made by mvn -Pjmh,peers verify -->";
    static final String END = "<!-- end of figures -->";

    private Figures() {
    }

    /** Puts the table in place of what lies between the marks. */
    static void write(Results results, Path readme) throws IOException {
        String text = Files.readString(readme);
        int start = text.indexOf(START);
        int end = text.indexOf(END);
        if (start < 0 || end < start) {
            System.out.println("README has no marks " + START + " and " + END + ": its figures stay as they are.");
            return;
        }
        Files.writeString(readme, text.substring(0, start + START.length()) + "\n" + markdown(results)
                + text.substring(end));
    }

    /** The table and what it was measured on. */
    static String markdown(Results results) {
        Map<String, String> facts = results.facts();
        List<String> lines = new ArrayList<>();
        lines.add("Measured on " + facts.get("machine") + ", " + facts.get("JDK") + ", " + facts.get("threads")
                + " thread(s), load " + facts.get("load") + " at the start; commit " + facts.get("commit") + ", "
                + facts.get("date") + ". libtorch (" + facts.get("libtorch") + ") runs in a loop of its own, so that "
                + "no binding is counted. The whole report, with every op: [figures](jmh/results/figures.tsv).");
        lines.add("");
        lines.add("| forward + backward | Lanegrad | as a program | libtorch | times as fast | program |");
        lines.add("|---|---|---|---|---|---|");
        results.comparisons().stream().map(comparison -> comparison.of().shape()).filter(shape -> shape.matches("\\d+"))
                .distinct().sorted(Comparator.comparingLong(Long::parseLong))
                .forEach(shape -> summary(results, shape, lines));
        results.comparisons().stream().filter(Figures::isShown).forEach(comparison -> lines.add(line(comparison)));
        lines.add("");
        return String.join("\n", lines);
    }

    private static boolean isShown(Comparison comparison) {
        Case of = comparison.of();
        return of.family() instanceof MatMulFamily && of.op().equals("matmul") && of.direction() == Direction.FORWARD
                || of.direction() == Direction.BACKWARD
                && (of.family() instanceof StepFamily || of.op().matches("crossEntropy|softmax"));
    }

    private static String line(Comparison comparison) {
        Case of = comparison.of();
        String name = "`" + of.op() + "` " + Text.size(of.shape().replaceFirst(":.*", ""))
                + (of.precision() == Precision.FLOAT32 ? "" : ", float64")
                + (of.direction() == Direction.FORWARD ? ", forward only" : "");
        return "| " + String.join(" | ", name, Text.time(comparison.nanos(Side.EAGER)),
                Text.time(comparison.nanos(Side.PROGRAM)), Text.time(comparison.nanos(Side.LOOP)),
                Text.ratio(comparison.ratio(Side.EAGER)), Text.ratio(comparison.ratio(Side.PROGRAM))) + " |";
    }

    /** One line for all element-wise ops of so many elements. */
    private static void summary(Results results, String shape, List<String> lines) {
        Map<String, Double> ratios = new TreeMap<>();
        for (Comparison comparison : results.comparisons()) {
            Case of = comparison.of();
            if (of.family() instanceof ElementwiseFamily && of.shape().equals(shape)
                    && of.direction() == Direction.BACKWARD && of.precision() == Precision.FLOAT32
                    && comparison.row(Side.EAGER) != null) {
                ratios.put(of.op(), comparison.ratio(Side.EAGER));
            }
        }
        if (!ratios.isEmpty()) {
            double mean = Math.exp(ratios.values().stream().mapToDouble(Math::log).average().orElseThrow());
            Map.Entry<String, Double> least = Collections.min(ratios.entrySet(), Map.Entry.comparingByValue());
            lines.add("| " + ratios.size() + " element-wise ops, " + Text.size(shape) + " elements | | | | "
                    + Text.ratio(mean) + " (least: `" + least.getKey() + "` " + Text.ratio(least.getValue()) + ") | |");
        }
    }
}

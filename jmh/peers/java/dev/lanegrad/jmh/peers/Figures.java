package dev.lanegrad.jmh.peers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

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
        Files.writeString(readme, text.substring(0, start + START.length()) + "\n" + markdown(results) + text.substring(end));
    }

    /** The table and what it was measured on. */
    static String markdown(Results results) {
        List<String> lines = new ArrayList<>();
        lines.add("Measured on " + results.facts().get("machine") + ", " + results.facts().get("JDK") + ", "
                + results.facts().get("threads") + " thread(s), load " + results.facts().get("load") + " at the start; commit "
                + results.facts().get("commit") + ", " + results.facts().get("date") + ". libtorch "
                + results.facts().get("libtorch") + " runs in a loop of its own, so that no binding is counted.");
        lines.add("");
        lines.add("| forward + backward | Lanegrad | as a program | libtorch | times as fast | program |");
        lines.add("|---|---|---|---|---|---|");
        results.comparisons().stream().map(comparison -> comparison.of().shape())
                .filter(shape -> shape.matches("\\d+")).distinct().sorted(Comparator.comparingLong(Long::parseLong))
                .forEach(shape -> summary(results, shape, lines));
        for (Comparison comparison : results.comparisons()) {
            Case of = comparison.of();
            boolean shown = of.family() instanceof StepFamily || of.family() instanceof MatMulFamily
                    || of.op().matches("crossEntropy|softmax");
            if (shown && (of.direction() == Direction.BACKWARD || of.family() instanceof MatMulFamily)) {
                lines.add(String.join(" | ", "| `" + of.op() + "` " + Text.size(of.shape().replaceFirst(":.*", ""))
                        + (of.direction() == Direction.FORWARD ? ", forward only" : ""), Text.time(comparison.nanos(Side.EAGER)),
                        Text.time(comparison.nanos(Side.PROGRAM)), Text.time(comparison.nanos(Side.LOOP)),
                        Text.ratio(comparison.ratio(Side.EAGER)), Text.ratio(comparison.ratio(Side.PROGRAM)) + " |"));
            }
        }
        lines.add("");
        return String.join("\n", lines);
    }

    /** One line for all element-wise ops of so many elements. */
    private static void summary(Results results, String shape, List<String> lines) {
        List<Comparison> comparisons = results.comparisons().stream().filter(comparison ->
                comparison.of().family() instanceof ElementwiseFamily && comparison.of().shape().equals(shape)
                        && comparison.of().direction() == Direction.BACKWARD
                        && comparison.of().precision() == Precision.FLOAT32 && comparison.row(Side.EAGER) != null).toList();
        if (comparisons.isEmpty()) {
            return;
        }
        double mean = Math.exp(comparisons.stream().mapToDouble(comparison -> Math.log(comparison.ratio(Side.EAGER))).average()
                .orElseThrow());
        Comparison least = comparisons.stream().min(Comparator.comparingDouble(comparison -> comparison.ratio(Side.EAGER)))
                .orElseThrow();
        lines.add(String.format(Locale.ROOT, "| %d element-wise ops, %s elements | | | | %s (least: `%s` %s) | |",
                comparisons.size(), Text.size(shape), Text.ratio(mean), least.of().op(), Text.ratio(least.ratio(Side.EAGER))));
    }
}

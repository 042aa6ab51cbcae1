package dev.lanegrad.jmh.peers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.bytedeco.pytorch.global.torch;

/**
 * Whether all sides compute the same: every case is run once by each of its sides, and results and gradients are
 * compared. What does not agree is not timed, but named in the report.
 */
final class Agreement {
    /** Elements of all operands of a case, above which a comparison would take longer than the measurement. */
    private static final long LARGEST = 8 << 20;

    private Agreement() {
    }

    /**
     * Writes the cases that do not agree, one a line with the reason, and the instructions that libtorch uses.
     *
     * @param args the plan, the patterns of families and ops, the files
     */
    public static void main(String[] args) throws IOException {
        List<String> failures = new ArrayList<>();
        int cases = 0;
        for (Block block : Plan.of(args[0], args[1], args[2])) {
            Set<Side> sides = new LinkedHashSet<>(List.of(Side.LOOP));
            sides.addAll(block.sides());
            for (Case of : block.cases()) {
                if (of.bytes() / of.precision().bytes <= LARGEST) {
                    cases++;
                    String failure = compare(of, List.copyOf(sides));
                    if (failure != null) {
                        failures.add(of + "\t" + failure);
                        System.out.println("differs: " + of + ": " + failure);
                    }
                }
            }
        }
        Files.write(Path.of(args[3]), failures);
        Files.writeString(Path.of(args[4]), torch.get_cpu_capability().getString());
        System.out.println(cases - failures.size() + " of " + cases + " cases agree.");
        // Threads that libraries left must not keep the JVM.
        System.exit(0);
    }

    /** Why the sides differ, or null. */
    private static String compare(Case of, List<Side> sides) {
        try {
            List<double[]> expected = results(of, sides.getFirst());
            double tolerance = of.precision().tolerance * of.family().slack(of);
            for (Side side : sides.subList(1, sides.size())) {
                String difference = difference(expected, results(of, side), tolerance);
                if (difference != null) {
                    return side + " and " + sides.getFirst() + ": " + difference;
                }
            }
            return null;
        } catch (RuntimeException e) {
            return String.valueOf(e.getMessage()).lines().findFirst().orElse(e.toString());
        }
    }

    private static List<double[]> results(Case of, Side side) {
        try (Step step = side.step(of)) {
            step.run();
            return step.results();
        }
    }

    private static String difference(List<double[]> expected, List<double[]> found, double tolerance) {
        if (expected.size() != found.size()) {
            return found.size() + " results instead of " + expected.size();
        }
        for (int r = 0; r < expected.size(); r++) {
            double[] e = expected.get(r);
            double[] f = found.get(r);
            if (e.length != f.length) {
                return "result " + r + " has " + f.length + " elements instead of " + e.length;
            }
            double largest = 0;
            for (double element : e) {
                largest = Math.max(largest, Math.abs(element));
            }
            for (int i = 0; i < e.length; i++) {
                // Not "greater": a NaN is a difference too.
                if (!(Math.abs(e[i] - f[i]) <= tolerance * largest)) {
                    return "result " + r + ", element " + i + ": " + f[i] + " and " + e[i];
                }
            }
        }
        return null;
    }
}

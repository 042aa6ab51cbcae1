package dev.lanegrad.jmh.peers;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a report was asked for.
 *
 * @param plan     quick, full, or render
 * @param families pattern of the families
 * @param ops      pattern of the ops
 * @param threads  threads that libtorch and OpenBLAS may use
 * @param forks    0: one JVM for each side measures all cases, after all were run in it; 1: a JVM for each case
 * @param rounds   how often each side is measured, in turns; the best round counts
 * @param mix      seconds that all cases may be run in turns before the first is measured
 * @param warm     milliseconds before a case is measured
 * @param measure  milliseconds of each of five measurements of a case
 */
record Settings(String plan, String families, String ops, int threads, int forks, int rounds, int mix, int warm,
        int measure) {
    /** From arguments such as {@code full threads=2 ops=exp|log}. */
    static Settings parse(String... args) {
        String plan = "quick";
        Map<String, String> options = new LinkedHashMap<>(Map.of("families", ".*", "ops", ".*", "threads", "1",
                "forks", "0", "rounds", "", "mix", "", "warm", "", "measure", ""));
        for (String arg : args) {
            int equals = arg.indexOf('=');
            if (equals < 0) {
                plan = arg;
            } else if (options.put(arg.substring(0, equals), arg.substring(equals + 1)) == null) {
                throw new IllegalArgumentException("There is no option " + arg + "; there are "
                        + options.keySet() + ".");
            }
        }
        boolean full = plan.equals("full");
        return new Settings(plan, options.get("families"), options.get("ops"), Integer.parseInt(options.get("threads")),
                Integer.parseInt(options.get("forks")), number(options.get("rounds"), full ? 2 : 1),
                number(options.get("mix"), full ? 300 : 90), number(options.get("warm"), full ? 400 : 250),
                number(options.get("measure"), full ? 150 : 70));
    }

    private static int number(String text, int otherwise) {
        return text.isEmpty() ? otherwise : Integer.parseInt(text);
    }

    /** As the arguments it is made from. */
    String[] args() {
        return new String[] {plan, "families=" + families, "ops=" + ops, "threads=" + threads, "forks=" + forks,
            "rounds=" + rounds, "mix=" + mix, "warm=" + warm, "measure=" + measure};
    }

    boolean isWhole() {
        return families.equals(".*") && ops.equals(".*");
    }
}

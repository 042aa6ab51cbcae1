package dev.lanegrad.jmh.peers;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a report was asked for.
 *
 * @param plan     quick, full, or render
 * @param families pattern of the families
 * @param ops      pattern of the ops
 * @param threads  threads that either side may use for one op, or all
 * @param forks    0: one JVM for each side measures all cases, after all were run in it; 1: a JVM for each case
 * @param rounds   how often each side is measured, in turns; the best round counts
 * @param mix      seconds that all cases may be run in turns before the first is measured
 * @param settle   seconds that a case may be run before it is measured, while the compiler works
 * @param warm     milliseconds of the measurement that is thrown away
 * @param measure  milliseconds of each of five measurements of a case
 */
record Settings(String plan, String families, String ops, int threads, int forks, int rounds, int mix, int settle,
        int warm, int measure) {
    /** From arguments such as {@code full threads=2 ops=exp|log}. */
    static Settings parse(String... args) {
        String plan = "quick";
        Map<String, String> options = new LinkedHashMap<>(Map.of("families", ".*", "ops", ".*", "threads", "1",
                "forks", "0", "rounds", "", "mix", "", "settle", "",
                "warm", "", "measure", ""));
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
        return new Settings(plan, options.get("families"), options.get("ops"), threads(options.get("threads")),
                Integer.parseInt(options.get("forks")), number(options.get("rounds"), full ? 2 : 1),
                number(options.get("mix"), full ? 300 : 60),
                number(options.get("settle"), full ? 20 : 3), number(options.get("warm"), full ? 150 : 50),
                number(options.get("measure"), full ? 150 : 70));
    }

    private static int threads(String text) {
        return text.equals("all") ? Runtime.getRuntime().availableProcessors() : Integer.parseInt(text);
    }

    private static int number(String text, int otherwise) {
        return text.isEmpty() ? otherwise : Integer.parseInt(text);
    }

    /** As the arguments it is made from. */
    String[] args() {
        return new String[] {plan, "families=" + families, "ops=" + ops, "threads=" + threads, "forks=" + forks,
            "rounds=" + rounds, "mix=" + mix, "settle=" + settle, "warm=" + warm, "measure=" + measure};
    }

    boolean isWhole() {
        return families.equals(".*") && ops.equals(".*");
    }
}

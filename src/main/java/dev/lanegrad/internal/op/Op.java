package dev.lanegrad.internal.op;

/** The vocabulary: everything a tape can record. */
public sealed interface Op permits Elementwise, Structural {
    /** The name a user knows it by, for messages: {@code logSumExp}. */
    String label();

    /** {@code LOG_SUM_EXP} as {@code logSumExp}. */
    static String camelCase(String constant) {
        StringBuilder text = new StringBuilder();
        for (String word : constant.split("_")) {
            text.append(text.isEmpty() ? word.toLowerCase(java.util.Locale.ROOT)
                    : word.charAt(0) + word.substring(1).toLowerCase(java.util.Locale.ROOT));
        }
        return text.toString();
    }
}

package dev.lanegrad.jmh.peers;

import java.util.Map;

/** What libtorch calls an op. */
final class TorchNames {
    /** Where it is not the library's name in snake case. */
    private static final Map<String, String> OTHERWISE = Map.of("logSumExp", "logsumexp", "crossEntropy",
            "cross_entropy_loss", "ndtr", "special_ndtr");

    private TorchNames() {
    }

    static String of(String label) {
        return OTHERWISE.getOrDefault(label, label.replaceAll("([A-Z])", "_$1").toLowerCase(java.util.Locale.ROOT));
    }
}

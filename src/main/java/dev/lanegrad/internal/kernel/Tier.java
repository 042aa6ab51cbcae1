package dev.lanegrad.internal.kernel;

/** How kernels run, by the system property {@code lanegrad.tier}. */
final class Tier {
    /** 0 never emits loops, 1 emits them at once, 2 and -1 ({@code auto}) emit what is hot. */
    static final int CHOSEN = tier(System.getProperty("lanegrad.tier", "auto"));

    private Tier() {
    }

    private static int tier(String property) {
        return switch (property) {
            case "0" -> 0;
            case "1" -> 1;
            case "2" -> 2;
            case "auto" -> -1;
            default -> throw new IllegalArgumentException("lanegrad.tier: the value is 0, 1, 2 or auto, but got "
                    + property + "; correct the system property.");
        };
    }
}

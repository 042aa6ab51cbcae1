package dev.lanegrad.internal.graph;

/** What a value shares memory with, and how it came to. */
final class View {
    /** Gradients do not follow. */
    static final int DETACHED = 1;
    /** Made while nothing was recorded. */
    static final int NO_GRAD = 2;
    /** One of several results of one op. */
    static final int ONE_OF_MANY = 4;
    /** Made in an inference scope: never part of a graph. */
    static final int INFERENCE = 8;

    /** The value that owns the memory, itself no view; null if this only carries flags. */
    final Value base;
    int flags;

    View(Value base, int flags) {
        this.base = base;
        this.flags = flags;
    }

    /** True if a recorded change of the base is one of the view. */
    boolean isTracked() {
        return base != null && (flags & (DETACHED | NO_GRAD)) == 0;
    }

    boolean has(int flag) {
        return (flags & flag) != 0;
    }
}

package dev.lanegrad;

import dev.lanegrad.internal.graph.Context;

/**
 * A change of whether ops are recorded, until it is closed: {@code try (var off = GradMode.noGrad()) { ... }}. It concerns
 * the current thread only, and nests.
 */
public final class GradMode implements AutoCloseable {
    private final boolean before;
    private final Thread thread = Thread.currentThread();
    private boolean open = true;

    private GradMode(boolean enabled) {
        before = Context.current().setGradEnabled(enabled);
    }

    /** Nothing is recorded until the result is closed: what is computed does not require grad. */
    public static GradMode noGrad() {
        return new GradMode(false);
    }

    /** Ops are recorded until the result is closed, also inside {@link #noGrad()}. */
    public static GradMode enableGrad() {
        return new GradMode(true);
    }

    /** Runs {@code body} without recording; the state before comes back, also after an exception. */
    public static void noGrad(Runnable body) {
        try (GradMode off = noGrad()) {
            body.run();
        }
    }

    /** True if ops on tensors that require grad are recorded while a tape is open. */
    public static boolean isEnabled() {
        return Context.current().gradEnabled();
    }

    /** Brings back the state before. Closing twice does nothing; from another thread it is an {@code IllegalStateException}. */
    @Override
    public void close() {
        if (thread != Thread.currentThread()) {
            throw new IllegalStateException("GradMode.close: opened in thread '" + thread.getName() + "' and closed in '"
                    + Thread.currentThread().getName() + "'; close it where it was opened.");
        }
        if (open) {
            open = false;
            Context.current().setGradEnabled(before);
        }
    }
}

package dev.lanegrad;

import dev.lanegrad.internal.graph.Context;
import java.util.function.Supplier;

/**
 * A change of whether ops are recorded, until it is closed: {@code try (var off = GradMode.noGrad()) { ... }}. It concerns
 * the current thread only, and nests.
 */
public final class GradMode implements AutoCloseable {
    private final boolean before;
    private final Thread thread = Thread.currentThread();
    private final boolean inferenceBefore;
    private boolean open = true;

    private GradMode(boolean enabled, boolean inference) {
        before = Context.current().setGradEnabled(enabled);
        inferenceBefore = Context.current().setInference(inference);
    }

    /** Nothing is recorded until the result is closed: what is computed does not require grad. */
    public static GradMode noGrad() {
        return new GradMode(false, Context.current().inference());
    }

    /** Ops are recorded until the result is closed, also inside {@link #noGrad()}. */
    public static GradMode enableGrad() {
        return new GradMode(true, false);
    }

    /** Runs {@code body} without recording; the state before comes back, also after an exception. */
    public static void noGrad(Runnable body) {
        try (GradMode off = noGrad()) {
            body.run();
        }
    }

    /**
     * Nothing is recorded until the result is closed, and what is computed can never become part of a graph: saving it for
     * backward, changing it in place outside, or asking it to require grad is an error.
     */
    public static GradMode inference() {
        return new GradMode(false, true);
    }

    /** The result of {@code body}, computed without recording; the state before comes back, also after an exception. */
    public static <T> T noGrad(Supplier<T> body) {
        try (GradMode off = noGrad()) {
            return body.get();
        }
    }

    /** The result of {@code body}, computed with recording; the state before comes back, also after an exception. */
    public static <T> T enableGrad(Supplier<T> body) {
        try (GradMode on = enableGrad()) {
            return body.get();
        }
    }

    /** The result of {@code body}, computed in an inference scope; the state before comes back, also after an exception. */
    public static <T> T inference(Supplier<T> body) {
        try (GradMode off = inference()) {
            return body.get();
        }
    }

    /** True inside an inference scope. */
    public static boolean isInference() {
        return Context.current().inference();
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
            Context.current().setInference(inferenceBefore);
        }
    }
}

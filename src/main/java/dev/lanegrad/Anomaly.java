package dev.lanegrad;

import dev.lanegrad.internal.graph.Context;
import dev.lanegrad.internal.graph.Diagnostics;

/**
 * A search for the op that makes the first NaN or infinity, until it is closed: such an op is an
 * {@code IllegalStateException} that names it and the Java line of its computation, forward and backward. It concerns the
 * current thread. Every op is looked at element by element: for debugging only.
 */
public final class Anomaly implements AutoCloseable {
    private final Diagnostics before;
    private boolean open = true;

    private Anomaly(Diagnostics wanted) {
        before = Context.current().setDiagnostics(wanted);
    }

    /** Begins to look at every op, and remembers the lines of recorded ones. */
    public static Anomaly detect() {
        return new Anomaly(new Diagnostics(true));
    }

    /** Remembers the lines of recorded ops, for {@link Tape#explainSaved} and later errors, and checks no numbers. */
    public static Anomaly rememberLines() {
        return new Anomaly(new Diagnostics(false));
    }

    /** Ends the search. Closing twice does nothing. */
    @Override
    public void close() {
        if (open) {
            open = false;
            Context.current().setDiagnostics(before);
        }
    }
}

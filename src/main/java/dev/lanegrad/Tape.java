package dev.lanegrad;

import dev.lanegrad.internal.graph.Context;
import dev.lanegrad.internal.memory.TapeScope;

/**
 * A stretch of computation: while it is open, everything computed in its thread lives in its memory, and what touches a
 * tensor that requires grad is recorded for {@link Tensor#backward()}.
 *
 * <p>{@link #close} and {@link #reset} end the life of all that was computed since; {@link Tensor#keep} copies a value
 * out before. The memory itself is used again, so a loop that resets its tape at every step allocates none. Tapes nest:
 * an inner one goes back to where it began. A tape belongs to the thread that opened it.
 *
 * <pre>{@code
 * try (Tape tape = Tape.open()) {
 *     for (int step = 0; step < steps; step++) {
 *         loss(parameters).backward();
 *         optimizer.step();
 *         tape.reset();
 *     }
 * }
 * }</pre>
 */
public final class Tape implements AutoCloseable {
    private final TapeScope scope;

    private Tape(TapeScope scope) {
        this.scope = scope;
    }

    /** A new tape of the current thread, inside those it has open. */
    public static Tape open() {
        return new Tape(Context.current().open());
    }

    /**
     * Ends the life of everything computed in this tape and leaves it open and empty. Fails with
     * {@code IllegalStateException} if it is closed, not the innermost, or of another thread.
     */
    public void reset() {
        Context.current().reset(scope);
    }

    /**
     * Ends the life of everything computed in this tape. Closing twice does nothing. Fails with
     * {@code IllegalStateException} if a tape opened later is still open, or from another thread.
     */
    @Override
    public void close() {
        Context.current().close(scope);
    }

    /** Bytes that values and gradients occupy in it now. */
    public long liveBytes() {
        return scope.liveBytes();
    }

    /** The most bytes that were occupied at once since it was opened. */
    public long peakBytes() {
        return scope.peakBytes();
    }
}

package dev.lanegrad;

import dev.lanegrad.internal.graph.Context;
import dev.lanegrad.internal.graph.TapeText;
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

    /**
     * What the tape keeps for backward, one line for each: the op, which of its tensors, type and shape, bytes that no line
     * above has counted, and the Java line if {@link Anomaly#rememberLines lines are remembered}; the sum at the end.
     */
    public String explainSaved() {
        requireOpen("explainSaved");
        StringBuilder text = new StringBuilder();
        long bytes = 0;
        for (TapeText.Saved saved : new TapeText(scope).saved()) {
            bytes += saved.bytes();
            text.append(saved.op()).append(" keeps its ").append(saved.what()).append(", ").append(saved.shape()).append(", ")
                    .append(saved.bytes()).append(" bytes")
                    .append(saved.line() == null ? "" : ", at " + saved.line()).append('\n');
        }
        return text.append(bytes).append(" bytes in all\n").toString();
    }

    /** The recorded graph with shapes, in the language of Graphviz. */
    public String toDot() {
        requireOpen("toDot");
        return new TapeText(scope).dot();
    }

    /** The recorded graph with shapes, in the language of Mermaid. */
    public String toMermaid() {
        requireOpen("toMermaid");
        return new TapeText(scope).mermaid();
    }

    private void requireOpen(String label) {
        if (!scope.isOpen() || scope.owner() != Thread.currentThread()) {
            throw new IllegalStateException(label + ": this tape is closed, or belongs to another thread.");
        }
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

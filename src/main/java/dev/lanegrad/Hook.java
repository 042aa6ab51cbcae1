package dev.lanegrad;

/** A hook as it was registered. */
public final class Hook implements AutoCloseable {
    private final Runnable removal;
    private boolean removed;

    Hook(Runnable removal) {
        this.removal = removal;
    }

    /** Removes the hook: it is not called any more. Twice does nothing. */
    public void remove() {
        if (!removed) {
            removed = true;
            removal.run();
        }
    }

    /** As {@link #remove}. */
    @Override
    public void close() {
        remove();
    }
}

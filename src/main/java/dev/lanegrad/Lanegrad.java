package dev.lanegrad;

import dev.lanegrad.internal.kernel.Workers;

/** Settings of the library, for the whole process. */
public final class Lanegrad {
    private Lanegrad() {
    }

    /**
     * The most threads that work on one operation, the caller's included: what {@code -Dlanegrad.threads} said at the
     * start or {@link #threads(int)} since, and 1 without either. One is the default because a library cannot know which
     * cores are its own: servers, test runners and data-parallel jobs already keep each core busy with a thread of theirs,
     * and more threads for an operation would only take turns with them.
     */
    public static int threads() {
        return Workers.threads();
    }

    /**
     * Sets {@link #threads()}, for operations that begin from now on. Results do not depend on it, bit for bit. Operations
     * that would take less than about 50 microseconds stay on the caller's thread, unless they are on 256 KB or more, or
     * matrix products of more than 10, and follow each other, since a sleeping thread is not awake before they are over; and
     * so do those of a thread that finds the workers busy with another's. Workers are daemon threads that spin for 50
     * microseconds after a piece of work and then sleep; they are started when they are first of use.
     *
     * <p>Fails with {@code IllegalArgumentException} if {@code count} is not from 1 to 256.
     */
    public static void threads(int count) {
        Workers.threads(count);
    }
}

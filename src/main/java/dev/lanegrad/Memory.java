package dev.lanegrad;

import dev.lanegrad.internal.memory.Slabs;

/** What the library holds of off-heap memory, in the whole process. */
public final class Memory {
    private Memory() {
    }

    /**
     * A moment of the memory in use, in bytes.
     *
     * @param live     what values and gradients occupy
     * @param peak     the most that was reserved at once
     * @param reserved what has been taken from the system, in use or kept for use
     */
    public record Stats(long live, long peak, long reserved) {
    }

    /** The memory in use now. {@code -Dlanegrad.maxMemory=2G} limits what may be reserved. */
    public static Stats stats() {
        var stats = Slabs.stats();
        return new Stats(stats.live(), stats.peak(), stats.reserved());
    }
}

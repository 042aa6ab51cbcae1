package dev.lanegrad.internal.memory;

import java.lang.foreign.MemorySegment;

/**
 * All memory as one segment, for access by address. Nothing is checked and nothing is kept alive: callers check bounds
 * and lifetimes once for each op, and fence the owners of what they touch.
 */
public final class Raw {
    /** Offset {@code a} of this segment is address {@code a}. */
    @SuppressWarnings("restricted")
    public static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private Raw() {
    }
}

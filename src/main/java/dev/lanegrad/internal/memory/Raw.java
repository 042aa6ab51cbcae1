package dev.lanegrad.internal.memory;

import java.lang.foreign.MemorySegment;

/**
 * All memory as one segment, for access by address. Nothing is checked and nothing is kept alive: callers check bounds
 * and lifetimes once for each op, and fence the owners of what they touch.
 */
public final class Raw {
    // Compiled code relies on native segments being the only kind there is until the JVM loads another one. That threw all
    // kernels away at once, and some were never compiled well again; so the other kinds are loaded before any kernel.
    static {
        MemorySegment.ofArray(new byte[0]);
        MemorySegment.ofArray(new short[0]);
        MemorySegment.ofArray(new char[0]);
        MemorySegment.ofArray(new int[0]);
        MemorySegment.ofArray(new long[0]);
        MemorySegment.ofArray(new float[0]);
        MemorySegment.ofArray(new double[0]);
    }

    /** Offset {@code a} of this segment is address {@code a}. */
    @SuppressWarnings("restricted")
    public static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private Raw() {
    }
}

package dev.lanegrad.internal.memory;

import java.lang.foreign.MemorySegment;

/**
 * All memory as one segment, for access by address. Nothing is checked and nothing is kept alive: callers check bounds
 * and lifetimes once for each op, and fence the owners of what they touch.
 *
 * <p>Numbers are read and written with the unaligned layouts, although all lie aligned: with the others each access tests
 * the address, which is most of its code. Small graphs run through more code than the first level of cache holds, and
 * {@code x.mul(x).sum().backward()} of 16 floats takes an eighth longer with them.
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

    /**
     * What is masked with this is an address that {@link #ALL} holds, and the compiler knows it: an access to any other number
     * is compared with the size of {@link #ALL}, which takes twice the code of the access itself. Where records and the
     * addresses of kernels' operands are masked, small graphs take a tenth less time; in folds and in the tiles of products
     * outside of their loops it changes nothing. No machine has such large addresses.
     */
    public static final long ADDRESS = (1L << 61) - 1;

    private Raw() {
    }
}

package dev.lanegrad.internal.memory;

import java.util.Arrays;

/** Blocks of a tape that are given back together, before the tape ends: their values end with it. */
public final class Region extends Home {
    private final TapeScope scope;
    private long[] addresses = new long[16];
    private long[] sizes = new long[16];
    private int count;

    /** An empty region of {@code scope}. */
    public Region(TapeScope scope) {
        super(scope.nextGeneration(), scope.owner());
        this.scope = scope;
    }

    /** The tape whose memory it takes. */
    public TapeScope scope() {
        return scope;
    }

    /** Makes a block of the tape one of the region. */
    public void add(long address, long bytes) {
        if (count == addresses.length) {
            addresses = Arrays.copyOf(addresses, 2 * count);
            sizes = Arrays.copyOf(sizes, 2 * count);
        }
        addresses[count] = address;
        sizes[count++] = bytes;
    }

    /** Gives all blocks back and ends the life of their values. */
    public void close() {
        age(-1);
        while (count > 0) {
            count--;
            scope.free(addresses[count], sizes[count]);
        }
    }
}

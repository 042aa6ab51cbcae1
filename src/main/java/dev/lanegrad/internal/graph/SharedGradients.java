package dev.lanegrad.internal.graph;

import java.util.Arrays;

/**
 * The blocks that are the gradient of several records at once, or are the user's, by address. They are read only; the last
 * record that has a block gives it back, and the user's are never given back.
 */
final class SharedGradients {
    private static final int FOREVER = 1 << 30;

    private long[] addresses = new long[8];
    private int[] holders = new int[8];
    private int size;

    /** Forgets all blocks. */
    void clear() {
        size = 0;
    }

    /** Enters a block that does not belong to the walk. */
    void borrow(long address) {
        int at = find(address);
        holders[at < 0 ? enter(address) : at] = FOREVER;
    }

    /** Counts one more record that has the block; at first there is one. */
    void share(long address) {
        int at = find(address);
        at = at < 0 ? enter(address) : at;
        holders[at]++;
    }

    /** Counts one record less; true if it was the last one, and the block is to be given back. */
    boolean release(long address) {
        int at = find(address);
        if (--holders[at] > 0) {
            return false;
        }
        size--;
        addresses[at] = addresses[size];
        holders[at] = holders[size];
        return true;
    }

    // There are few at a time: what is shared is given back soon.
    private int find(long address) {
        for (int i = size - 1; i >= 0; i--) {
            if (addresses[i] == address) {
                return i;
            }
        }
        return -1;
    }

    private int enter(long address) {
        if (size == addresses.length) {
            addresses = Arrays.copyOf(addresses, 2 * size);
            holders = Arrays.copyOf(holders, 2 * size);
        }
        addresses[size] = address;
        holders[size] = 1;
        return size++;
    }
}

package dev.lanegrad.internal.memory;

/** The sizes of blocks: what is asked for, rounded up to whole cache lines, and one line of padding for whole vectors. */
final class Blocks {
    static final int ALIGNMENT = 64;
    /** Sizes up to this are classes of their own, in steps of a cache line. */
    private static final int FINE = 4096;
    private static final int FINE_CLASSES = FINE / ALIGNMENT + 1;
    private static final int LOG2_FINE = 12;
    /** Number of size classes. */
    static final int CLASSES = FINE_CLASSES + 4 * (Long.SIZE - LOG2_FINE);

    private Blocks() {
    }

    /** Bytes of a block for {@code bytes}. Fails with {@code OutOfMemoryError} if that is over 2^62. */
    static long padded(long bytes) {
        if (bytes < 0 || bytes > 1L << 62) {
            throw new OutOfMemoryError("A block of " + bytes + " bytes cannot be allocated; choose smaller sizes.");
        }
        return (bytes + ALIGNMENT - 1 & -ALIGNMENT) + ALIGNMENT;
    }

    /** The class of a padded size: blocks of one class are interchangeable. */
    static int sizeClass(long padded) {
        if (padded <= FINE) {
            return (int) (padded / ALIGNMENT);
        }
        int log2 = Long.SIZE - 1 - Long.numberOfLeadingZeros(padded - 1);
        int quarter = (int) (padded - 1 >> log2 - 2) & 3;
        return FINE_CLASSES + 4 * (log2 - LOG2_FINE) + quarter;
    }

    /** The largest padded size of the class of {@code padded}: what is really taken. */
    static long rounded(long padded) {
        if (padded <= FINE) {
            return padded;
        }
        int log2 = Long.SIZE - 1 - Long.numberOfLeadingZeros(padded - 1);
        long step = 1L << log2 - 2;
        return padded + step - 1 & -step;
    }
}

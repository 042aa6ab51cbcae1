package dev.lanegrad.internal.memory;

/**
 * The sizes of blocks. Requests are rounded up to classes, whose blocks are interchangeable: whole cache lines up to 4
 * KiB, eighths of a power of two above. The padding comes on top of that, so that a power of two is not rounded up.
 */
final class Blocks {
    static final int ALIGNMENT = 64;
    /** Bytes behind what was asked for that kernels may touch. */
    static final int PADDING = 64;

    private static final int FINE = 4096;
    private static final int LOG2_FINE = 12;
    private static final int FINE_CLASSES = FINE / ALIGNMENT + 1;
    private static final int LOG2_EIGHTH = 3;
    private static final int LOG2_LARGEST = 46;
    /** Number of size classes. */
    static final int CLASSES = FINE_CLASSES + (LOG2_LARGEST - LOG2_FINE << LOG2_EIGHTH);

    private Blocks() {
    }

    /** The class of a request. Fails with {@code OutOfMemoryError} if it is over 2^46 bytes. */
    static int sizeClass(long bytes) {
        if (bytes >= 0 && bytes <= FINE) {
            return (int) bytes + ALIGNMENT - 1 >> 6;
        }
        return coarseClass(bytes);
    }

    private static int coarseClass(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("A block cannot have " + bytes + " bytes; the size must not be negative.");
        }
        if (bytes > 1L << LOG2_LARGEST) {
            throw new OutOfMemoryError("A block of " + bytes + " bytes cannot be allocated, the largest has 2^"
                    + LOG2_LARGEST + "; choose smaller sizes.");
        }
        int log2 = Long.SIZE - 1 - Long.numberOfLeadingZeros(bytes - 1);
        int eighth = (int) (bytes - 1 >> log2 - LOG2_EIGHTH) & 7;
        return FINE_CLASSES + (log2 - LOG2_FINE << LOG2_EIGHTH) + eighth;
    }

    /** Bytes of the blocks of a class, padding included. */
    static long blockBytes(int sizeClass) {
        if (sizeClass < FINE_CLASSES) {
            return ((long) sizeClass << 6) + PADDING;
        }
        int coarse = sizeClass - FINE_CLASSES;
        return ((coarse & 7) + 9L << (coarse >> LOG2_EIGHTH) + LOG2_FINE - LOG2_EIGHTH) + PADDING;
    }
}

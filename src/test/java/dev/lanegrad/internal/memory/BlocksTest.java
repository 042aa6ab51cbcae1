package dev.lanegrad.internal.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** Size classes: large enough, not much larger, whole cache lines, and in order. */
class BlocksTest {
    @Test
    void aBlockHoldsTheRequestAndItsPadding() {
        for (long bytes = 0; bytes <= 20_000; bytes++) {
            requireFit(bytes);
        }
        for (int log2 = 14; log2 <= 46; log2++) {
            for (long eighth = 8; eighth < 16; eighth++) {
                long bytes = eighth << log2 - 4;
                requireFit(bytes - 1);
                requireFit(bytes);
                if (bytes < 1L << 46) {
                    requireFit(bytes + 1);
                }
            }
        }
    }

    private static void requireFit(long bytes) {
        int sizeClass = Blocks.sizeClass(bytes);
        long size = Blocks.blockBytes(sizeClass);
        assertTrue(sizeClass >= 0 && sizeClass < Blocks.CLASSES, () -> bytes + " has class " + sizeClass);
        assertEquals(0, size % Blocks.ALIGNMENT, () -> "size of " + bytes);
        assertTrue(size >= bytes + Blocks.PADDING, () -> bytes + " in " + size);
        assertTrue(size - Blocks.PADDING <= Math.max(bytes + Blocks.ALIGNMENT - 1, bytes + bytes / 8),
                () -> bytes + " in " + size);
        assertEquals(sizeClass, Blocks.sizeClass(size - Blocks.PADDING), () -> "the largest of the class of " + bytes);
        assertTrue(sizeClass == 0 || Blocks.blockBytes(sizeClass - 1) - Blocks.PADDING < bytes,
                () -> bytes + " would fit in the class below");
    }

    @Test
    void aPowerOfTwoIsNotRoundedUp() {
        for (int log2 = 6; log2 <= 46; log2++) {
            assertEquals((1L << log2) + Blocks.PADDING, Blocks.blockBytes(Blocks.sizeClass(1L << log2)));
        }
    }

    @Test
    void impossibleSizesAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> Blocks.sizeClass(-1));
        assertThrows(IllegalArgumentException.class, () -> Blocks.sizeClass(Long.MIN_VALUE));
        assertThrows(OutOfMemoryError.class, () -> Blocks.sizeClass((1L << 46) + 1));
        assertThrows(OutOfMemoryError.class, () -> Blocks.sizeClass(Long.MAX_VALUE));
    }
}

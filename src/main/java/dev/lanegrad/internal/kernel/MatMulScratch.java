package dev.lanegrad.internal.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** What a thread's matrix products write in passing: native memory that grows to a bound and is then kept. */
final class MatMulScratch {
    /** What a square may write beyond the last panel. */
    private static final int GAP = 2 * MatMulTiles.VB * MatMulTiles.VB;

    /** A row of zeros as wide as the widest tile. */
    final long zeros;
    /** A tile. */
    final long tile;
    private final MemorySegment fixed;
    private MemorySegment panels;

    MatMulScratch() {
        int tileBytes = MatMulTiles.ROWS * 2 * MatMulTiles.VB;
        fixed = Arena.ofAuto().allocate(2L * MatMulTiles.WIDEST + tileBytes + GAP, 64);
        zeros = fixed.address();
        tile = zeros + MatMulTiles.WIDEST;
        panels = MemorySegment.NULL;
    }

    /** The address of so many bytes, and some more that may be written; what stood there is lost. */
    long panels(long bytes) {
        if (panels.byteSize() < bytes + GAP) {
            panels = Arena.ofAuto().allocate(Math.max(2 * panels.byteSize(), bytes + GAP), 64);
        }
        return panels.address();
    }
}

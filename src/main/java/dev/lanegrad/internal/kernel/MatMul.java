package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.lane.Lane;
import dev.lanegrad.internal.memory.Raw;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The matrix product, by packed panels and register tiles. Each element of C is a single chain of fused multiply-adds with
 * k ascending, begun at 0 or at what C
 * holds, so its bits depend on its row of A and its column of B and on nothing else: not on tiling, vector width,
 * strides or the path taken.
 */
public final class MatMul {
    /** Depth of a panel: panels of A and B of this depth stay in the second level of cache. */
    private static final int KC = 256;
    private static final int MC = 96;
    private static final int NC = 1024;
    /** Up to this many bytes of B its rows are read where they lie: packing would cost more than it saves. */
    private static final long DIRECT_BYTES = 128 << 10;

    private static final MemorySegment ALL = Raw.ALL;
    private static final ThreadLocal<MatMul> CURRENT = ThreadLocal.withInitial(MatMul::new);

    private final long panelsA;
    private final long panelB;
    private final long tile;
    @SuppressWarnings("unused") // keeps the memory of the panels reachable
    private final MemorySegment memory;

    // What the loops of one product share.
    private boolean floats;
    private int size;
    private int lanes;
    private int tallest;

    private MatMul() {
        long sizeA = (long) MC * KC * Double.BYTES;
        long sizeB = (long) (NC + 64) * KC * Double.BYTES;
        memory = Arena.ofAuto().allocate(sizeA + sizeB + 16 * 1024, 64);
        panelsA = memory.address();
        panelB = panelsA + sizeA;
        tile = panelB + sizeB;
    }

    /**
     * C[m, n], row-major without gaps, becomes A B, or C + A B if {@code accumulate}. Strides are in elements, and any are
     * allowed for A and B. With k = 0 the product is 0.
     */
    public static void run(Lane lane, int m, int n, int k, long a, long aRow, long aCol, long b, long bRow, long bCol, long c,
            boolean accumulate) {
        if (m == 0 || n == 0) {
            return;
        }
        int size = lane.bytes();
        // The tiles add to C: a choice between zero and a load in them would box every accumulator.
        if (!accumulate) {
            Indexing.fillZero(c, (long) m * n * size);
        }
        if (k > 0) {
            CURRENT.get().multiply(lane, m, n, k, a, aRow * size, aCol * size, b, bRow * size, bCol * size, c);
        }
    }

    private void multiply(Lane lane, int m, int n, int k, long a, long aRow, long aCol, long b, long bRow, long bCol, long c) {
        floats = lane == Lane.FLOAT;
        size = lane.bytes();
        int vectorBytes = floats ? FloatTiles.VBYTES : DoubleTiles.VBYTES;
        lanes = vectorBytes / size;
        // 8 x 2 accumulators suit the 32 registers of 512-bit vectors, 6 x 2 the 16 of narrower ones. A tile of 12 x 2 is no
        // faster once compiled, and too large for C1: it stays interpreted until C2 has it.
        tallest = vectorBytes >= 64 ? 8 : 6;
        long cRow = (long) n * size;
        for (int j = 0; j < n; j += NC) {
            int width = Math.min(NC, n - j);
            for (int p = 0; p < k; p += KC) {
                int depth = Math.min(KC, k - p);
                long bAt = b + p * bRow + j * bCol;
                boolean direct = bCol == size && (long) depth * width * size <= DIRECT_BYTES;
                if (!direct) {
                    packB(depth, width, bAt, bRow, bCol);
                }
                for (int i = 0; i < m; i += MC) {
                    int height = Math.min(MC, m - i);
                    packA(height, depth, a + i * aRow + p * aCol, aRow, aCol);
                    tiles(height, width, depth, direct ? bAt : 0, bRow, bCol, c + i * cRow + (long) j * size, cRow);
                }
            }
        }
    }

    private int rowsAt(int left) {
        return left >= tallest ? tallest : left >= 6 ? 6 : left >= 4 ? 4 : 1;
    }

    private void packA(int height, int depth, long a, long aRow, long aCol) {
        long to = panelsA;
        for (int i = 0; i < height;) {
            int rows = rowsAt(height - i);
            if (floats) {
                FloatTiles.pack(rows, depth, a + i * aRow, aRow, aCol, to);
            } else {
                DoubleTiles.pack(rows, depth, a + i * aRow, aRow, aCol, to);
            }
            to += (long) rows * depth * size;
            i += rows;
        }
    }

    /** Panels of two vectors a row, the last of one if that is enough, filled up with zeros. */
    private void packB(int depth, int width, long b, long bRow, long bCol) {
        long to = panelB;
        for (int j = 0; j < width;) {
            int columns = width - j <= lanes ? lanes : 2 * lanes;
            packPanel(depth, Math.min(columns, width - j), columns, b + j * bCol, bRow, bCol, to);
            to += (long) columns * depth * size;
            j += columns;
        }
    }

    private void packPanel(int depth, int real, int columns, long b, long bRow, long bCol, long to) {
        if (real < columns) {
            Indexing.fillZero(to, (long) columns * depth * size);
        }
        long step = (long) columns * size;
        if (bCol == size) {
            for (int p = 0; p < depth; p++) {
                MemorySegment.copy(ALL, b + p * bRow, ALL, to + p * step, (long) real * size);
            }
        } else {
            for (int j = 0; j < real; j++) {
                packColumn(depth, b + j * bCol, bRow, to + (long) j * size, step);
            }
        }
    }

    private void packColumn(int depth, long from, long fromStep, long to, long toStep) {
        if (floats) {
            for (int p = 0; p < depth; p++) {
                ALL.set(ValueLayout.JAVA_FLOAT, to + p * toStep, ALL.get(ValueLayout.JAVA_FLOAT, from + p * fromStep));
            }
        } else {
            for (int p = 0; p < depth; p++) {
                ALL.set(ValueLayout.JAVA_DOUBLE, to + p * toStep, ALL.get(ValueLayout.JAVA_DOUBLE, from + p * fromStep));
            }
        }
    }

    /** All tiles of one panel of A and one of B; {@code direct} is the address of B's rows, or 0 if they are packed. */
    private void tiles(int height, int width, int depth, long direct, long bRow, long bCol, long c, long cRow) {
        long packed = panelB;
        for (int j = 0; j < width;) {
            int vectors = width - j <= lanes ? 1 : 2;
            int columns = vectors * lanes;
            int real = Math.min(columns, width - j);
            long b = direct == 0 ? packed : direct + j * bCol;
            long bStep = direct == 0 ? (long) columns * size : bRow;
            if (direct != 0 && real < columns) {
                packPanel(depth, real, columns, b, bRow, bCol, panelB);
                b = panelB;
                bStep = (long) columns * size;
            }
            column(height, depth, vectors, real, b, bStep, c + (long) j * size, cRow);
            packed += (long) columns * depth * size;
            j += columns;
        }
    }

    private void column(int height, int depth, int vectors, int real, long b, long bStep, long c, long cRow) {
        long a = panelsA;
        for (int i = 0; i < height;) {
            int rows = rowsAt(height - i);
            long at = c + i * cRow;
            if (real == vectors * lanes) {
                tile(rows, vectors, depth, a, b, bStep, at, cRow);
            } else {
                edge(rows, vectors, real, depth, a, b, bStep, at, cRow);
            }
            a += (long) rows * depth * size;
            i += rows;
        }
    }

    private void tile(int rows, int vectors, int depth, long a, long b, long bStep, long c, long cStep) {
        if (floats) {
            if (vectors == 2) {
                FloatTiles.run2(rows, depth, a, b, bStep, c, cStep);
            } else {
                FloatTiles.run1(rows, depth, a, b, bStep, c, cStep);
            }
        } else if (vectors == 2) {
            DoubleTiles.run2(rows, depth, a, b, bStep, c, cStep);
        } else {
            DoubleTiles.run1(rows, depth, a, b, bStep, c, cStep);
        }
    }

    // The last columns: whole vectors would reach into the next row of C.
    private void edge(int rows, int vectors, int real, int depth, long a, long b, long bStep, long c, long cRow) {
        long step = (long) vectors * lanes * size;
        for (int r = 0; r < rows; r++) {
            MemorySegment.copy(ALL, c + r * cRow, ALL, tile + r * step, (long) real * size);
        }
        tile(rows, vectors, depth, a, b, bStep, tile, step);
        for (int r = 0; r < rows; r++) {
            MemorySegment.copy(ALL, tile + r * step, ALL, c + r * cRow, (long) real * size);
        }
    }
}

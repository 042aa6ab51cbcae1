package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.lane.Lane;

/**
 * The product of two matrices. Each element of the result is one chain of fused multiply-adds, the inner index
 * ascending, whatever tile it falls in; so its bits depend on its row of A and column of B alone.
 */
public final class MatMul {
    /** The most inner indices between two visits to C: with it a panel of B, two vectors wide, stays in L1. */
    private static final int INNER = 192;
    /** The most bytes in a row of what is packed of B at a time. */
    private static final int PACKED_ROW = 4096;
    /** Rows of A for which the packed panels are run through; a multiple of the rows of each tile. */
    private static final int OUTER = 384;
    /** The most bytes of B that are read where they lie by any number of rows of A: they stay in L2. */
    private static final long DIRECT_BYTES = 256 << 10;
    /** Fewer rows of A read B where it lies, whatever its size: packing would take longer than what it saves. */
    private static final int FEW_ROWS = 128;
    /** Inner indices between two visits to C where B is read where it lies: all of a small one, some of a large. */
    private static final int LONG = 4096;
    private static final int SHORT = 128;
    /** The most memory, in bytes, that the columns of a block of A span where A is read as it lies. */
    private static final long SPAN = 512 << 10;
    /** Bytes of a row of a panel of B. */
    private static final int PITCH = 2 * MatMulTiles.VB;
    private static final ThreadLocal<MatMul> OF_THREAD = ThreadLocal.withInitial(MatMul::new);

    private final MatMulScratch scratch = new MatMulScratch();
    // Set anew by each product: an object of its own for each would be garbage.
    private MatMulTiles tiles;
    private int shift;
    private int m;
    private int n;
    private int k;
    private long a;
    private long aRow;
    private long aCol;
    private long b;
    private long bRow;
    private long bCol;
    private long c;
    private long cRow;

    private MatMul() {
    }

    private void set(Lane lane, int m, int n, int k) {
        this.tiles = MatMulTiles.of(lane);
        this.shift = lane == Lane.FLOAT ? 2 : 3;
        this.m = m;
        this.n = n;
        this.k = k;
    }

    // The stride of a dimension of one element may be anything.
    private void setA(long address, long row, long column) {
        a = address;
        aRow = m == 1 ? 0 : row << shift;
        aCol = column << shift;
    }

    private void setB(long address, long row, long column) {
        b = address;
        bRow = k <= 1 ? 1L << shift : row << shift;
        bCol = n == 1 ? 1L << shift : column << shift;
    }

    private void setC(long address) {
        c = address;
        cRow = (long) n << shift;
    }

    /**
     * Writes A B to C, or adds it. Element {@code [i, j]} of C is {@code fma(a[i, p], b[p, j], ...)} for ascending
     * {@code p}, from zero or from what stands there. Strides are in elements; C is contiguous and shares no memory
     * with A and B.
     *
     * @param m rows of A and C
     * @param n columns of B and C
     * @param k columns of A and rows of B; where it is 0, A B is 0
     */
    public static void run(Lane lane, int m, int n, int k, long a, long aRow, long aCol, long b, long bRow, long bCol,
            long c, boolean accumulate) {
        if (m == 0 || n == 0) {
            return;
        }
        MatMul product = OF_THREAD.get();
        // A column of C lies in memory as a row, and is a row of the transposed product.
        if (n == 1 && aRow == 1) {
            product.set(lane, 1, m, k);
            product.setA(b, bCol, bRow);
            product.setB(a, aCol, aRow);
        } else {
            product.set(lane, m, n, k);
            product.setA(a, aRow, aCol);
            product.setB(b, bRow, bCol);
        }
        product.setC(c);
        product.run(accumulate);
    }

    private void run(boolean accumulate) {
        boolean contiguous = bCol == 1L << shift;
        boolean small = k * cRow <= DIRECT_BYTES;
        if (contiguous && (m < FEW_ROWS || small) && aRow >= 0 && bRow != 0) {
            direct(small ? LONG : SHORT, accumulate);
        } else {
            packed(contiguous, accumulate);
        }
    }

    // Rows of A outermost: a tile of few rows may be wide, and B, or so many rows of it, stays in the cache.
    private void direct(int step, boolean accumulate) {
        int p = 0;
        do {
            int depth = Math.min(step, k - p);
            boolean fresh = p == 0 && !accumulate;
            int rows;
            for (int i = 0; i < m; i += rows) {
                rows = MatMulTiles.next(m - i);
                long x = a + i * aRow + p * aCol;
                long y = b + p * bRow;
                int vectors;
                for (long d = 0; d < cRow; d += vectors * (long) MatMulTiles.VB) {
                    vectors = MatMulTiles.next(rows, cRow - d);
                    tile(fresh, rows, vectors, x, aRow, aCol, y + d, bRow, depth, c + i * cRow + d, cRow - d);
                }
            }
            p += depth;
        } while (p < k);
    }

    private void packed(boolean contiguous, boolean accumulate) {
        int step = Math.max(1, Math.ceilDiv(k, Math.ceilDiv(Math.max(1, k), INNER)));
        boolean packA = aRow < 0 || aCol != 1L << shift && Math.abs(aCol) * step > SPAN;
        long bBytes = Math.ceilDiv(Math.min(cRow, PACKED_ROW), PITCH) * PITCH * step;
        long aBytes = packA ? (long) Math.min(m, OUTER) * step << shift : 0;
        long panels = scratch.panels(bBytes + aBytes);
        for (long d = 0; d < cRow; d += PACKED_ROW) {
            int bytes = (int) Math.min(PACKED_ROW, cRow - d);
            int p = 0;
            do {
                int depth = Math.min(step, k - p);
                packB(contiguous, b + p * bRow + (d >> shift) * bCol, depth, bytes, panels);
                for (int i = 0; i < m; i += OUTER) {
                    int rows = Math.min(OUTER, m - i);
                    long x = a + i * aRow + p * aCol;
                    if (packA) {
                        packA(x, depth, rows, panels + bBytes);
                    }
                    block(p == 0 && !accumulate, packA ? panels + bBytes : x, packA, panels, depth, rows, bytes,
                            c + i * cRow + d);
                }
                p += depth;
            } while (p < k);
        }
    }

    // Panels of B outermost: one stays in the cache while the rows of A pass by.
    private void block(boolean fresh, long x, boolean packed, long y, int depth, int m, int bytes, long to) {
        for (int d = 0; d < bytes; d += PITCH) {
            int vectors = bytes - d > MatMulTiles.VB ? 2 : 1;
            int rows;
            for (int i = 0; i < m; i += rows) {
                rows = MatMulTiles.next(m - i);
                long element = 1L << shift;
                long xi = packed ? x + i * element * depth : x + i * aRow;
                tile(fresh, rows, vectors, xi, packed ? element : aRow, packed ? rows * element : aCol,
                        y + (long) d * depth, PITCH, depth, to + i * cRow + d, bytes - d);
            }
        }
    }

    private void packA(long from, int depth, int m, long to) {
        long element = 1L << shift;
        int rows;
        for (int i = 0; i < m; i += rows) {
            rows = MatMulTiles.next(m - i);
            long x = from + i * aRow;
            long q = to + i * element * depth;
            if (aRow == element) {
                MatMulTiles.copy(x, aCol, q, rows * element, depth, rows << shift);
            } else {
                tiles.transpose(x, aCol, aRow, q, rows * element, depth, rows);
            }
        }
    }

    private void packB(boolean contiguous, long from, int depth, int bytes, long to) {
        for (int d = 0; d < bytes; d += PITCH) {
            long q = to + (long) d * depth;
            int width = Math.min(PITCH, bytes - d);
            if (contiguous) {
                MatMulTiles.copyVectors(from + d, bRow, q, PITCH, depth, width);
            } else {
                if (width < PITCH) {
                    MatMulTiles.zero(q, PITCH * depth);
                }
                transposeB(from + (d >> shift) * bCol, depth, width >> shift, q);
            }
        }
    }

    // The last squares write more rows than there are: into the next panel, which is written later, or the gap behind.
    private void transposeB(long from, int depth, int columns, long to) {
        int lanes = MatMulTiles.VB >> shift;
        int j = 0;
        if (bRow == 1L << shift && lanes > 2) {
            for (; j <= columns - lanes; j += lanes) {
                for (int i = 0; i < depth; i += lanes) {
                    tiles.square(from + j * bCol + i * bRow, bCol, to + (long) i * PITCH + (j << shift), PITCH);
                }
            }
        }
        tiles.transpose(from + j * bCol, bRow, bCol, to + (j << shift), PITCH, depth, columns - j);
    }

    private void tile(boolean fresh, int rows, int vectors, long x, long xRow, long xCol, long y, long yRow, int depth,
            long to, long bytes) {
        long init = fresh ? scratch.zeros : to;
        long initRow = fresh ? 0 : cRow;
        int width = vectors * MatMulTiles.VB;
        if (width <= bytes) {
            tiles.tile(rows, vectors, x, xRow, xCol, y, yRow, depth, init, initRow, to, cRow);
        } else {
            tiles.tile(rows, vectors, x, xRow, xCol, y, yRow, depth, init, initRow, scratch.tile, width);
            MatMulTiles.copy(scratch.tile, width, to, cRow, rows, (int) bytes);
        }
    }
}

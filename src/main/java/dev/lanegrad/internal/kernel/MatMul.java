package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.lane.Lane;
import dev.lanegrad.internal.shape.Layout;

/**
 * The product of two matrices. Each element of the result is one chain of fused multiply-adds, the inner index
 * ascending, whatever tile it falls in; so its bits depend on its row of A and column of B alone.
 *
 * <p>Large products are cut into bands of columns or of rows, and many of them into runs of whole products, which
 * several threads may work on: a thread's bands are products of their own.
 */
public final class MatMul implements Workers.Shared {
    /** The most inner indices between two visits to C: with it a panel of B, two vectors wide, stays in L1. */
    private static final int INNER = 256;
    /** The most bytes in a row of what is packed of B at a time. */
    private static final int PACKED_ROW = 4096;
    /**
     * Rows of A for which the packed panels are run through; a multiple of the rows of each tile. What is visited of C
     * meanwhile stays in the cache with them: with 192, products of 1,024 whose factors and results are 24 MB took 8 % longer.
     */
    private static final int OUTER = 48;
    /** The most bytes of B that are read where they lie by any number of rows of A: in L2, packing gains less than it takes. */
    private static final long DIRECT_BYTES = 128 << 10;
    /** Fewer rows of A read B where it lies, whatever its size: packing would take longer than what it saves. */
    private static final int FEW_ROWS = 128;
    /** Inner indices between two visits to C where B is read where it lies: all of a small one, some of a large. */
    private static final int LONG = 4096;
    private static final int SHORT = 128;
    /** The most memory, in bytes, that the columns of a block of A span where A is read as it lies. */
    private static final long SPAN = 512 << 10;
    /** Bytes of a row of B from which on A is packed: over fewer columns, a tile that is a sixth faster gains less. */
    private static final int WIDE = 512;
    /** Elements of a column of C for which A is transposed: fewer do not fill a vector. */
    private static final int LONG_COLUMN = 16;
    /** Bytes of a row of a panel of B. */
    private static final int PITCH = 2 * MatMulTiles.VB;
    /**
     * Bytes of B that are laid out anew at a time for few rows of A, and of a row of these. As much as a tile of several rows
     * may write at once; with more, less of each page of B is read in one go.
     */
    private static final int PIECE = 16 << 10;
    private static final int STRIP = 4 * MatMulTiles.VB;
    /** Panels that are packed row by row: with fewer, each row is a page anew; more do not fit into L1. */
    private static final int TOGETHER = 8;
    /** Rows of a band: a multiple of the rows of each tile. */
    private static final int BAND = 24;
    /** The fewest rows of A for which B may be read once more: as many as fill a tile. */
    public static final int FEWEST = MatMulTiles.ROWS;
    /** Nanoseconds of a multiply-add of floats, and the rows that take the time in which an element of B is read. */
    private static final double NANOS = 0.022;
    private static final int READ_ROWS = 6;
    private static final ThreadLocal<MatMul> OF_THREAD = ThreadLocal.withInitial(MatMul::new);
    private static final ThreadLocal<MatMul> PART_OF_THREAD = ThreadLocal.withInitial(MatMul::new);

    /** What a unit of a product is. */
    private enum Cut { COLUMNS, ROWS, PRODUCTS }

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
    /** Bytes of a row of C that are written. */
    private long rowBytes;
    private boolean accumulate;
    /** True if B is read where it lies, {@code inner} inner indices at a time. */
    private boolean direct;
    private int inner;
    private Cut cut;
    /** Bytes of columns, or rows, of a unit. */
    private int unit;
    private Layout batchA;
    private Layout batchB;

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
        rowBytes = cRow;
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
        product.set(lane, m, n, k, a, aRow, aCol, b, bRow, bCol, c, accumulate);
        double nanos = product.nanos();
        if (nanos < Workers.LEAST) {
            product.run();
        } else {
            Workers.share(product, product.cut(), nanos);
        }
    }

    /**
     * Writes the products of many matrices, one after the other, to C. The last two dimensions of {@code a} and
     * {@code b} are the matrices; {@code batchA} and {@code batchB}, which have the same sizes, say where each begins.
     */
    public static void runMany(Lane lane, long a, Layout matrixA, Layout batchA, long b, Layout matrixB, Layout batchB,
            long c) {
        int rank = matrixA.rank();
        int m = matrixA.size(rank - 2);
        int k = matrixA.size(rank - 1);
        int n = matrixB.size(matrixB.rank() - 1);
        long count = batchA.count();
        if (m == 0 || n == 0 || count == 0) {
            return;
        }
        MatMul product = OF_THREAD.get();
        product.set(lane, m, n, k, a, matrixA.stride(rank - 2), matrixA.stride(rank - 1), b,
                matrixB.stride(matrixB.rank() - 2), matrixB.stride(matrixB.rank() - 1), c, false);
        double nanos = product.nanos();
        if (count == 1 || nanos >= Workers.LEAST && count < 2L * Workers.threads()) {
            for (long i = 0; i < count; i++) {
                run(lane, m, n, k, a + Indexing.offset(batchA, i) * lane.bytes(), matrixA.stride(rank - 2),
                        matrixA.stride(rank - 1), b + Indexing.offset(batchB, i) * lane.bytes(),
                        matrixB.stride(matrixB.rank() - 2), matrixB.stride(matrixB.rank() - 1),
                        c + i * m * n * lane.bytes(), false);
            }
            return;
        }
        product.cut = Cut.PRODUCTS;
        boolean swapped = isColumn(m, n, matrixA.stride(rank - 2));
        product.batchA = swapped ? batchB : batchA;
        product.batchB = swapped ? batchA : batchB;
        Workers.share(product, count, nanos * count);
    }

    /** True if a second factor of so many bytes is read where it lies by any number of rows of the first. */
    public static boolean staysInCache(long bytes) {
        return bytes <= DIRECT_BYTES;
    }

    /** Writes the rows of a matrix of two dimensions one behind the other; {@code to} shares no memory with it. */
    public static void lines(Lane lane, long from, Layout matrix, long to) {
        int shift = lane == Lane.FLOAT ? 2 : 3;
        long pitch = (long) matrix.size(1) << shift;
        long row = matrix.stride(0) << shift;
        long column = matrix.stride(1) << shift;
        MatMulTiles tiles = MatMulTiles.of(lane);
        int rows = row == 1L << shift ? matrix.size(0) & -(MatMulTiles.VB >> shift) : 0;
        int columns = squares(tiles, shift, from, row, column, to, pitch, rows, matrix.size(1));
        tiles.transpose(from + columns * column, row, column, to + ((long) columns << shift), pitch, rows,
                matrix.size(1) - columns);
        tiles.transpose(from + rows * row, row, column, to + rows * pitch, pitch, matrix.size(0) - rows, matrix.size(1));
    }

    private double nanos() {
        return NANOS * Math.max(m, READ_ROWS) * k * n * (1 << shift - 2);
    }

    // A column of C lies in memory as a row, and is a row of the transposed product, which fills whole vectors.
    private static boolean isColumn(int m, int n, long aRow) {
        return n == 1 && (aRow == 1 || m >= LONG_COLUMN);
    }

    private void set(Lane lane, int m, int n, int k, long a, long aRow, long aCol, long b, long bRow, long bCol, long c,
            boolean accumulate) {
        if (isColumn(m, n, aRow)) {
            set(lane, 1, m, k);
            setA(b, bCol, bRow);
            setB(a, aCol, aRow);
        } else {
            set(lane, m, n, k);
            setA(a, aRow, aCol);
            setB(b, bRow, bCol);
        }
        setC(c);
        this.accumulate = accumulate;
        boolean small = this.k * cRow <= DIRECT_BYTES;
        inner = small ? LONG : SHORT;
        direct = this.bCol == 1L << shift && (this.m < FEW_ROWS || small) && this.aRow >= 0 && this.bRow != 0;
    }

    private long cut() {
        int bands = Math.ceilDiv(m, BAND);
        int panels = (int) Math.ceilDiv(rowBytes, PITCH);
        // Columns, so that each is packed by one thread only; but a small B is read by all where it lies.
        boolean small = direct && inner == LONG && m >= FEW_ROWS;
        cut = bands < 2 || panels >= 4 && !small ? Cut.COLUMNS : Cut.ROWS;
        int most = 2 * Workers.threads();
        unit = cut == Cut.COLUMNS ? PITCH * Math.ceilDiv(panels, most) : BAND * Math.ceilDiv(bands, most);
        return cut == Cut.COLUMNS ? Math.ceilDiv(rowBytes, unit) : Math.ceilDiv(m, unit);
    }

    @Override
    public void share(long from, long to) {
        MatMul part = PART_OF_THREAD.get();
        part.take(this);
        switch (cut) {
            case COLUMNS -> part.columns(from * unit, Math.min(rowBytes, to * unit));
            case ROWS -> part.rows((int) from * unit, (int) Math.min(m, to * unit));
            case PRODUCTS -> part.products(this, from, to);
        }
    }

    private void take(MatMul whole) {
        tiles = whole.tiles;
        shift = whole.shift;
        m = whole.m;
        n = whole.n;
        k = whole.k;
        a = whole.a;
        aRow = whole.aRow;
        aCol = whole.aCol;
        b = whole.b;
        bRow = whole.bRow;
        bCol = whole.bCol;
        c = whole.c;
        cRow = whole.cRow;
        rowBytes = whole.rowBytes;
        accumulate = whole.accumulate;
        direct = whole.direct;
        inner = whole.inner;
    }

    private void columns(long from, long to) {
        b += (from >> shift) * bCol;
        c += from;
        rowBytes = to - from;
        run();
    }

    private void rows(int from, int to) {
        a += from * aRow;
        c += from * cRow;
        m = to - from;
        run();
    }

    private void products(MatMul whole, long from, long to) {
        for (long i = from; i < to; i++) {
            a = whole.a + (Indexing.offset(whole.batchA, i) << shift);
            b = whole.b + (Indexing.offset(whole.batchB, i) << shift);
            c = whole.c + (i * whole.m * whole.n << shift);
            run();
        }
    }

    private void run() {
        if (direct && k == 1 && !accumulate && rowBytes % MatMulTiles.VB == 0) {
            // What a tile does before and after its loop takes longer than the only turn.
            tiles.outer(a, aRow, m, b, (int) (rowBytes / MatMulTiles.VB), c, cRow);
        } else if (direct) {
            direct();
        } else if (m < FEWEST && bCol != 1L << shift && aRow >= 0) {
            pieces();
        } else {
            packed();
        }
    }

    // Rows of A outermost: a tile of few rows may be wide, and B, or so many rows of it, stays in the cache.
    private void direct() {
        int p = 0;
        do {
            int depth = Math.min(inner, k - p);
            strips(p, depth, b + p * bRow, bRow, 0, rowBytes);
            p += depth;
        } while (p < k);
    }

    // Few rows of A read a piece of B once: laid out anew it does not leave the first cache until then.
    private void pieces() {
        long piece = scratch.panels(PIECE);
        for (long d = 0; d < rowBytes; d += STRIP) {
            int bytes = (int) Math.min(STRIP, rowBytes - d);
            int pitch = bytes + MatMulTiles.VB - 1 & -MatMulTiles.VB;
            int p = 0;
            do {
                int depth = Math.min(PIECE / STRIP, k - p);
                if (bytes < pitch) {
                    MatMulTiles.zero(piece, pitch * depth);
                }
                transpose(b + p * bRow + (d >> shift) * bCol, bRow, bCol, piece, pitch, depth, bytes >> shift);
                strips(p, depth, piece, pitch, d, d + bytes);
                p += depth;
            } while (p < k);
        }
    }

    // Rows of C from byte to byte, by inner indices from p on.
    private void strips(int p, int depth, long y, long yRow, long from, long to) {
        boolean fresh = p == 0 && !accumulate;
        int rows;
        for (int i = 0; i < m; i += rows) {
            rows = MatMulTiles.next(m - i);
            long x = a + i * aRow + p * aCol;
            // A tile that is wider than the rows may write over what comes behind them, if that is written later.
            long behind = MatMulTiles.next(rows, rowBytes) * (long) MatMulTiles.VB - rowBytes;
            boolean over = behind >= 0 && behind <= (m - i - rows) * cRow && fresh && depth == k;
            int vectors;
            for (long d = from; d < to; d += vectors * (long) MatMulTiles.VB) {
                vectors = MatMulTiles.next(rows, to - d);
                tile(fresh, rows, vectors, x, aRow, aCol, y + d - from, yRow, depth, c + i * cRow + d,
                        over ? Long.MAX_VALUE : to - d);
            }
        }
    }

    private void packed() {
        boolean contiguous = bCol == 1L << shift;
        int step = Math.max(1, Math.ceilDiv(k, Math.ceilDiv(Math.max(1, k), INNER)));
        boolean packA = aRow < 0 || aCol != 1L << shift && Math.abs(aCol) * step > SPAN || rowBytes >= WIDE;
        long bBytes = Math.ceilDiv(Math.min(rowBytes, PACKED_ROW), PITCH) * PITCH * step;
        long aBytes = packA ? (long) Math.min(m, OUTER) * step << shift : 0;
        long panels = scratch.panels(bBytes + aBytes);
        for (long d = 0; d < rowBytes; d += PACKED_ROW) {
            int bytes = (int) Math.min(PACKED_ROW, rowBytes - d);
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
                if (packed && rows == MatMulTiles.ROWS && bytes - d >= PITCH) {
                    packedTile(fresh, xi, y + (long) d * depth, depth, to + i * cRow + d);
                    continue;
                }
                tile(fresh, rows, vectors, xi, packed ? element : aRow, packed ? rows * element : aCol,
                        y + (long) d * depth, PITCH, depth, to + i * cRow + d, bytes - d);
            }
        }
    }

    private void packA(long from, int depth, int m, long to) {
        long element = 1L << shift;
        int width = MatMulTiles.ROWS << shift;
        int whole = aRow == element && width % MatMulTiles.PIECE == 0 ? m - m % MatMulTiles.ROWS : 0;
        copyPanels(from, aCol, to, width, depth, whole << shift);
        int rows;
        for (int i = whole; i < m; i += rows) {
            rows = MatMulTiles.next(m - i);
            long x = from + i * aRow;
            long q = to + i * element * depth;
            if (aRow == element) {
                MatMulTiles.copy(x, aCol, q, rows * element, depth, rows << shift);
            } else {
                transpose(x, aCol, aRow, q, rows * element, depth, rows);
            }
        }
    }

    private void packB(boolean contiguous, long from, int depth, int bytes, long to) {
        if (contiguous) {
            copyPanels(from, bRow, to, PITCH, depth, bytes + MatMulTiles.VB - 1 & -MatMulTiles.VB);
            return;
        }
        for (int d = 0; d < bytes; d += PITCH) {
            long q = to + (long) d * depth;
            int width = Math.min(PITCH, bytes - d);
            if (width < PITCH) {
                MatMulTiles.zero(q, PITCH * depth);
            }
            transpose(from + (d >> shift) * bCol, bRow, bCol, q, PITCH, depth, width >> shift);
        }
    }

    private static void copyPanels(long from, long pitch, long to, int width, int rows, int bytes) {
        int step = TOGETHER * width;
        for (int d = 0; d < bytes; d += step) {
            MatMulTiles.copyPanels(from + d, pitch, to + (long) d * rows, width, rows, Math.min(step, bytes - d));
        }
    }

    // The last squares write more rows than there are: into the next panel, which is written later, or the gap behind.
    private void transpose(long from, long row, long column, long to, long pitch, int rows, int columns) {
        int j = squares(tiles, shift, from, row, column, to, pitch, rows, columns);
        tiles.transpose(from + j * column, row, column, to + (j << shift), pitch, rows, columns - j);
    }

    // Squares of columns that lie in memory as rows; returns how many columns they are. Rows are rounded up.
    private static int squares(MatMulTiles tiles, int shift, long from, long row, long column, long to, long pitch, int rows,
            int columns) {
        int j = 0;
        for (int lanes = row == 1L << shift ? MatMulTiles.VB >> shift : 0; lanes > 2; lanes /= 2) {
            for (; j <= columns - lanes; j += lanes) {
                for (int i = 0; i < rows; i += lanes) {
                    tiles.square(lanes, from + j * column + i * row, column, to + i * pitch + ((long) j << shift), pitch);
                }
            }
        }
        return j;
    }

    private void packedTile(boolean fresh, long x, long y, int depth, long to) {
        tiles.packed(x, y, depth, fresh ? scratch.zeros : to, fresh ? 0 : cRow, to, cRow);
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

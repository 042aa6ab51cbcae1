package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.lane.Lane;
import dev.lanegrad.internal.memory.Raw;
import dev.lanegrad.internal.shape.Dims;
import dev.lanegrad.internal.shape.Layout;
import java.lang.foreign.MemorySegment;

/**
 * For each element of a sequence the product of all others: never a quotient, so it is exact where elements are 0. What it
 * means is a law that names no layout, vector width or thread.
 *
 * <p>The sequence is {@code s[0..n)}; its elements {@code j, j + 64, ...} are column {@code j}.
 * <ol>
 * <li>{@code before} an element is the product of those of its column in front of it, in ascending order from 1 on.
 * <li>The products of whole columns are multiplied in adjacent pairs, level by level, an odd last one being carried, until
 *     one is left. The others of that are 1; those of a product are those of its pair's product times its neighbour, or,
 *     carried, just the former.
 * <li>{@code behind} an element is the others of its column times the elements of the column behind it, in descending order.
 * <li>The result is {@code before} times {@code behind}.
 * </ol>
 * One thread at a time may {@link #run} an object; it takes others to help if there is much to do.
 */
public final class ProdOfOthers implements Workers.Shared {
    /** Columns of a sequence. */
    private static final int COLUMNS = FoldLoops.LANES;
    /** Rows of columns that are done at a time, so that they stay in the first level of cache. */
    private static final int ROWS = 64;
    /** Vectors of sequences side by side that are done at a time: neighbours in the same lines and pages. */
    private static final int SIDE = 8;
    /** Elements of a sequence from which on it is taken alone; shorter ones are brought side by side, in so many bytes. */
    private static final int LONG = 512;
    private static final int PANEL = 64 << 10;
    private static final int VBYTES = FoldLoops.VBYTES;
    /** About what an element takes, in nanoseconds. */
    private static final double NANOS = 0.3;
    private static final MemorySegment ALL = Raw.ALL;

    private final Lane lane;
    private final long outer;
    private final long n;
    private final int inner;
    private final FoldLoops loops;
    /** Sequences that are brought side by side; 0 if they are not. */
    private final int panel;
    private long in;
    private long out;

    private ProdOfOthers(Lane lane, long outer, long n, int inner) {
        this.lane = lane;
        this.outer = outer;
        this.n = n;
        this.inner = inner;
        loops = Folds.loops(FoldOp.PROD, lane);
        boolean narrow = inner == 1 && n < LONG && outer > 1;
        panel = narrow ? Math.clamp(PANEL / (n * VBYTES), 1, SIDE) * VBYTES / lane.bytes() : 0;
    }

    /**
     * The products over the dimensions {@code dims} of a contiguous operand of {@code layout}, which has elements; null if
     * these dimensions are not neighbours, or the elements behind each of their indices are fewer than a vector's.
     */
    public static ProdOfOthers of(Lane lane, Layout layout, int dims) {
        int end = Integer.SIZE - Integer.numberOfLeadingZeros(dims);
        boolean neighbours = Integer.bitCount(dims) == end - Integer.numberOfTrailingZeros(dims);
        long inner = 1;
        for (int d = end; d < layout.rank(); d++) {
            inner *= layout.size(d);
        }
        boolean full = inner * lane.bytes() >= VBYTES && inner <= Integer.MAX_VALUE;
        long n = Dims.folded(layout, dims);
        return neighbours && (inner == 1 || full) ? new ProdOfOthers(lane, layout.count() / n / inner, n, (int) inner) : null;
    }

    /** The products over each of {@code rows} contiguous rows of {@code n} elements, 1 at least. */
    public static ProdOfOthers ofRows(Lane lane, long rows, long n) {
        return new ProdOfOthers(lane, rows, n, 1);
    }

    /** Writes the products of what lies at {@code in} to {@code out}, in the same order, and nothing else. */
    public void run(long in, long out) {
        this.in = in;
        this.out = out;
        Workers.share(this, panel == 0 ? outer : Math.ceilDiv(outer, panel), NANOS * outer * n * inner);
    }

    @Override
    public void share(long from, long to) {
        int products = (SIDE * COLUMNS + 5 * COLUMNS) * VBYTES + 4 * COLUMNS * Double.BYTES;
        int panelBytes = panel * (int) (panel == 0 ? 0 : n) * lane.bytes();
        long scratch = Workspace.current().scratch(products + 2 * panelBytes);
        loops.uses(FoldCall.JOIN_NARROW);
        for (long unit = from; unit < to; unit++) {
            long at = unit * n * (panel == 0 ? inner : panel) * lane.bytes();
            if (panel != 0) {
                panel(in + at, out + at, (int) Math.min(panel, outer - unit * panel), scratch, scratch + products);
            } else if (inner == 1) {
                sequence(in + at, out + at, scratch);
            } else {
                sideBySide(in + at, out + at, (long) inner * lane.bytes(), scratch);
            }
        }
    }

    /** Short sequences, which are brought side by side first; lanes that do not exist compute what nobody reads. */
    private void panel(long from, long to, int count, long products, long side) {
        int shift = lane == Lane.FLOAT ? 2 : 3;
        long row = (long) panel * lane.bytes();
        long length = n * lane.bytes();
        long result = side + n * row;
        Packing.transpose(shift, from, length, side, row, (int) n, count);
        sideBySide(side, result, row, products);
        Packing.transpose(shift, result, row, to, length, count, (int) n);
    }

    /** Sequences side by side, some vectors at a time; what is left begins within the last vector, and does it again. */
    private void sideBySide(long from, long to, long stride, long products) {
        long whole = stride / VBYTES;
        for (long first = 0; first < whole; first += SIDE) {
            block(from + first * VBYTES, to + first * VBYTES, stride, (int) Math.min(SIDE, whole - first), products);
        }
        if (stride % VBYTES != 0) {
            block(from + stride - VBYTES, to + stride - VBYTES, stride, 1, products);
        }
    }

    private void block(long from, long to, long stride, int vectors, long products) {
        long work = products + (long) SIDE * COLUMNS * VBYTES;
        int columns = (int) Math.min(n, COLUMNS);
        loops.fill(products, vectors * columns * VBYTES);
        pass(true, from, to, stride, vectors, columns, products);
        for (int v = 0; v < vectors; v++) {
            others(products + (long) v * columns * VBYTES, columns, work);
        }
        pass(false, from, to, stride, vectors, columns, products);
    }

    private void pass(boolean before, long from, long to, long stride, int vectors, int columns, long products) {
        for (int j = 0; j < columns; j++) {
            int rows = (int) ((n - j + COLUMNS - 1) / COLUMNS);
            for (int v = 0; v < vectors; v++) {
                long place = j * stride + (long) v * VBYTES;
                run(before, from + place, to + place, COLUMNS * stride, rows, products + ((long) v * columns + j) * VBYTES);
            }
        }
    }

    private void run(boolean before, long from, long to, long stride, int rows, long product) {
        switch (lane) {
            case FLOAT -> {
                if (before) {
                    RunningFloatProducts.before(from, stride, to, stride, rows, product);
                } else {
                    RunningFloatProducts.behind(from, stride, to, stride, rows, product);
                }
            }
            case DOUBLE -> {
                if (before) {
                    RunningDoubleProducts.before(from, stride, to, stride, rows, product);
                } else {
                    RunningDoubleProducts.behind(from, stride, to, stride, rows, product);
                }
            }
        }
    }

    /** One sequence, whose columns are lanes; the last row, if it is not whole, is completed by ones. */
    private void sequence(long from, long to, long spread) {
        int row = COLUMNS * lane.bytes();
        long work = spread + (long) COLUMNS * VBYTES;
        long products = work + 5L * COLUMNS * VBYTES;
        long last = products + row;
        long lastOut = last + row;
        long rows = n / COLUMNS;
        int rest = (int) (n % COLUMNS) * lane.bytes();
        loops.fill(products, row);
        for (long i = 0; i < rows; i += ROWS) {
            row(true, from + i * row, to + i * row, (int) Math.min(ROWS, rows - i), products);
        }
        if (rest > 0) {
            loops.fill(last, row);
            MemorySegment.copy(ALL, from + rows * row, ALL, last, rest);
            row(true, last, lastOut, 1, products);
        }
        int columns = (int) Math.min(n, COLUMNS);
        FoldPlan.copyLine(lane.bytes(), products, lane.bytes(), spread, VBYTES, columns);
        others(spread, columns, work);
        FoldPlan.copyLine(lane.bytes(), spread, VBYTES, products, lane.bytes(), columns);
        if (rest > 0) {
            row(false, last, lastOut, 1, products);
            MemorySegment.copy(ALL, lastOut, ALL, to + rows * row, rest);
        }
        for (long i = (rows - 1) / ROWS * ROWS; i >= 0 && rows > 0; i -= ROWS) {
            row(false, from + i * row, to + i * row, (int) Math.min(ROWS, rows - i), products);
        }
    }

    private void row(boolean before, long from, long to, int rows, long products) {
        int row = COLUMNS * lane.bytes();
        for (int d = 0; d < row; d += VBYTES) {
            run(before, from + d, to + d, row, rows, products + d);
        }
    }

    /** Replaces each of {@code count} vectors, at most 64, by the product of the others. */
    private void others(long at, int count, long work) {
        long level = at;
        long next = work;
        int size = count;
        int levels = 0;
        for (; size > 1; size = size + 1 >> 1, levels++) {
            loops.joinNarrow(level, 2L * VBYTES, level + VBYTES, 2L * VBYTES, next, VBYTES, size >> 1);
            if ((size & 1) != 0) {
                FoldColumns.copy(level + (size - 1L) * VBYTES, 0, next + (size >> 1) * (long) VBYTES, 0, 1, VBYTES);
            }
            level = next;
            next += (size + 1L >> 1) * VBYTES;
        }
        long even = work + 3L * COLUMNS * VBYTES;
        long odd = work + 4L * COLUMNS * VBYTES;
        long above = levels % 2 == 0 ? even : odd;
        loops.fill(above, VBYTES);
        for (int l = levels - 1; l >= 0; l--) {
            size = count + (1 << l) - 1 >> l;
            level = l == 0 ? at : level - (long) size * VBYTES;
            long below = l % 2 == 0 ? even : odd;
            loops.joinNarrow(above, VBYTES, level + VBYTES, 2L * VBYTES, below, 2L * VBYTES, size >> 1);
            loops.joinNarrow(above, VBYTES, level, 2L * VBYTES, below + VBYTES, 2L * VBYTES, size >> 1);
            if ((size & 1) != 0) {
                FoldColumns.copy(above + (size >> 1) * (long) VBYTES, 0, below + (size - 1L) * VBYTES, 0, 1, VBYTES);
            }
            above = below;
        }
        FoldColumns.copy(above, VBYTES, at, VBYTES, count, VBYTES);
    }
}

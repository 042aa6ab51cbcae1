package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.shape.Layout;

/**
 * A call of a kernel over operands that are not all contiguous lanes, or too many for one call of its loop. An operand
 * is <em>flat</em> if its lanes lie as those of the result do, <em>spread</em> if one value serves all, and otherwise
 * <em>packed</em>: it is copied and converted, block by block, to where it is flat.
 *
 * <p>A call is so many units: calls of the loop, rows, blocks or bands of tiles. Once prepared, a plan is only read, so
 * several threads may do units of it, each with its own {@link MapDriver}. It belongs to a workspace, and is made anew for
 * each call there, or to a {@link MapCall}, for which it is made once.
 */
final class MapPlan implements Workers.Shared {
    /** Bytes of one call on flat operands: short enough to be compiled as a method, not in the middle of a loop. */
    static final int CALL = 32 << 10;
    /** Bytes of the widest vector. */
    static final int VECTOR = 64;
    /** From this many elements on, a row is worth a call of its own. */
    private static final int LONG_ROW = 128;
    /** Rows and bytes of a line of a tile of a transposed operand: both at least a line of the cache. */
    static final int TILE_ROWS = 16;
    static final int TILE_BYTES = Workspace.BLOCK / TILE_ROWS;
    static final int MAX_RANK = 32;

    static final int FLAT = 0;
    static final int SPREAD = 1;
    static final int PACKED = 2;

    /** What a unit is. */
    enum Way { FLAT, ROWS, BLOCKS, TILES }

    final Cell[] cells;
    private final Layout[] layouts;
    final int[] sizes = new int[MAX_RANK];
    final int[] modes;
    final long[] bases;
    /** Bytes between neighbours of operand p along dimension d, at p * MAX_RANK + d. */
    final long[] strides;
    /** Set of the operands that are numbers, each of which stands in a vector already. */
    private long numbers;

    MapKernel kernel;
    Loop loop;
    private MapKernel.Variant variant;
    int operands;
    int outputs;
    int rank;
    long count;
    int shift;
    private boolean packed;
    boolean inPlace;
    Way way;
    long units;
    /** Elements of a block. */
    int blockSize;
    /** True if blocks are of whole rows. */
    boolean wholeRows;

    /** For calls of any kernel on the operands that stand in a workspace, whose arrays these are. */
    MapPlan(Cell[] cells, Layout[] layouts) {
        this.cells = cells;
        this.layouts = layouts;
        modes = new int[cells.length];
        bases = new long[cells.length];
        strides = new long[cells.length * MAX_RANK];
    }

    /** For calls of {@code kernel} on operands of these types and layouts, outputs first, which have none. */
    MapPlan(MapKernel kernel, Cell[] cells, Layout[] layouts, Layout result) {
        this(cells, layouts);
        prepare(kernel, cells.length, 0, result);
        choose();
    }

    /** Runs {@code kernel} on the operands that stand in {@code workspace}; there is at least one element. */
    void run(Workspace workspace, MapKernel kernel, int operands, Layout result) {
        prepare(kernel, operands, workspace.scalars, result);
        for (int p = 0; p < operands; p++) {
            bases[p] = Workspace.address(workspace.frame(), p);
        }
        inPlace = isInPlace();
        choose();
        run(workspace);
    }

    /** Runs the kernel it is prepared for on operands at these addresses; there is at least one element. */
    void run(Workspace workspace, long[] addresses) {
        workspace.begin(kernel);
        System.arraycopy(addresses, 0, bases, 0, operands);
        if (inPlace != isInPlace()) {
            inPlace = !inPlace;
            choose();
        }
        run(workspace);
    }

    private void run(Workspace workspace) {
        for (int p = outputs; p < operands; p++) {
            if (modes[p] == SPREAD && !isNumber(p)) {
                bases[p] = workspace.spread(p, Packing.one(cells[p], shift, bases[p]));
            }
        }
        loop = variant.loop;
        double nanos = kernel.work(count, 0);
        if (nanos < Workers.LEAST) {
            workspace.driver().run(this, 0, units);
        } else {
            Workers.share(this, units, nanos);
        }
        if (variant.counting) {
            variant.count(count);
        }
    }

    private void prepare(MapKernel kernel, int operands, long numbers, Layout result) {
        this.kernel = kernel;
        this.operands = operands;
        this.numbers = numbers;
        outputs = kernel.outputs;
        shift = kernel.shift;
        count = result.count();
        measure(result);
        coalesce();
        classify();
    }

    /** True if an input that is read where it lies, or packed, begins where an output does. */
    private boolean isInPlace() {
        for (int p = 1; p < operands; p++) {
            for (int o = 0; o < Math.min(p, outputs); o++) {
                if (bases[o] == bases[p] && modes[p] != SPREAD) {
                    return true;
                }
            }
        }
        return false;
    }

    @Override
    public void share(long from, long to) {
        Workspace.current().driver().run(this, from, to);
    }

    private void choose() {
        if (!packed) {
            way = Way.FLAT;
            units = Math.ceilDiv(count << shift, CALL);
        } else if (hasLongRows()) {
            way = Way.ROWS;
            units = count / sizes[rank - 1];
        } else if (!inPlace && hasTransposed()) {
            way = Way.TILES;
            units = count / ((long) sizes[rank - 2] * sizes[rank - 1]) * Math.ceilDiv(sizes[rank - 2], TILE_ROWS);
        } else {
            way = Way.BLOCKS;
            chooseBlocks();
        }
        variant = kernel.variant(way == Way.ROWS ? spreads() | columns() : spreads());
    }

    private void measure(Layout result) {
        rank = 0;
        for (int d = 0; d < result.rank(); d++) {
            int size = result.size(d);
            if (size == 1) {
                continue;
            }
            sizes[rank] = size;
            for (int p = outputs; p < operands; p++) {
                strides[p * MAX_RANK + rank] = isNumber(p) ? 0 : stride(layouts[p], d - result.rank())
                        * cells[p].bytes();
            }
            rank++;
        }
        if (rank == 0) {
            sizes[0] = 1;
            for (int p = outputs; p < operands; p++) {
                strides[p * MAX_RANK] = 0;
            }
            rank = 1;
        }
    }

    private boolean isNumber(int p) {
        return (numbers >> p & 1) != 0;
    }

    /** The stride along a dimension that is counted back from the end; 0 where the operand is repeated. */
    private static long stride(Layout layout, int fromEnd) {
        int d = layout.rank() + fromEnd;
        return d < 0 || layout.size(d) == 1 ? 0 : layout.stride(d);
    }

    private void coalesce() {
        int kept = 0;
        for (int d = 1; d < rank; d++) {
            if (mergeable(kept, d)) {
                sizes[kept] *= sizes[d];
            } else {
                kept++;
                sizes[kept] = sizes[d];
            }
            for (int p = outputs; p < operands; p++) {
                strides[p * MAX_RANK + kept] = strides[p * MAX_RANK + d];
            }
        }
        rank = kept + 1;
    }

    private boolean mergeable(int outer, int inner) {
        if ((long) sizes[outer] * sizes[inner] > Integer.MAX_VALUE) {
            return false;
        }
        for (int p = outputs; p < operands; p++) {
            if (strides[p * MAX_RANK + outer] != strides[p * MAX_RANK + inner] * sizes[inner]) {
                return false;
            }
        }
        return true;
    }

    /** Finds the mode of each operand, and whether one has to be packed. */
    private void classify() {
        packed = false;
        for (int p = 0; p < operands; p++) {
            boolean own = isNumber(p) || cells[p] == kernel.cell;
            modes[p] = p < outputs ? own ? FLAT : PACKED : isRepeated(p, rank) ? SPREAD
                    : own && isDense(p) ? FLAT : PACKED;
            packed |= modes[p] == PACKED;
        }
    }

    /** True if operand {@code p} does not change along the first {@code dims} dimensions. */
    boolean isRepeated(int p, int dims) {
        for (int d = 0; d < dims; d++) {
            if (strides[p * MAX_RANK + d] != 0) {
                return false;
            }
        }
        return true;
    }

    private boolean isDense(int p) {
        long step = 1L << shift;
        for (int d = rank - 1; d >= 0; d--) {
            if (strides[p * MAX_RANK + d] != step) {
                return false;
            }
            step *= sizes[d];
        }
        return true;
    }

    private long spreads() {
        long set = 0;
        for (int p = outputs; p < operands; p++) {
            set |= modes[p] == SPREAD ? 1L << p : 0;
        }
        return set;
    }

    /** The packed operands that are the same all along a row. */
    private long columns() {
        long set = 0;
        for (int p = outputs; p < operands; p++) {
            set |= modes[p] == PACKED && inner(p) == 0 ? 1L << p : 0;
        }
        return set;
    }

    long inner(int p) {
        return strides[p * MAX_RANK + rank - 1];
    }

    /** True if each row can be a call on the operands where they are. */
    private boolean hasLongRows() {
        int size = sizes[rank - 1];
        // The last vector of a row runs over the next row of an output, so that must not be an input still to be read.
        if (size < LONG_ROW || inPlace && ((long) size << shift & 63) != 0) {
            return false;
        }
        for (int p = 0; p < operands; p++) {
            if (modes[p] == PACKED && (p < outputs || inner(p) != 0
                    && (cells[p] != kernel.cell || inner(p) != 1L << shift))) {
                return false;
            }
        }
        return true;
    }

    private void chooseBlocks() {
        int room = Workspace.BLOCK >> shift;
        int row = sizes[rank - 1];
        // Blocks of whole rows, so that what all rows share is packed once; but in place, whole vectors, unless it is one.
        int rows = room / row;
        if (inPlace && (long) rows * row < count) {
            int lanes = VECTOR >> shift;
            rows -= rows % (lanes / Math.min(lanes, Integer.lowestOneBit(row)));
        }
        wholeRows = rank > 1 && rows > 0;
        blockSize = wholeRows ? rows * row : room;
        units = Math.ceilDiv(count, blockSize);
    }

    /** True if an operand lies column by column in the last two dimensions. */
    private boolean hasTransposed() {
        if (rank < 2 || sizes[rank - 2] < TILE_ROWS || sizes[rank - 1] < TILE_ROWS) {
            return false;
        }
        boolean found = false;
        for (int p = 0; p < operands; p++) {
            if (p < outputs && modes[p] == PACKED) {
                return false;
            }
            found |= isTransposed(p);
        }
        return found;
    }

    boolean isTransposed(int p) {
        return modes[p] == PACKED && p >= outputs && cells[p] == kernel.cell && inner(p) > 1L << shift
                && strides[p * MAX_RANK + rank - 2] == 1L << shift;
    }
}

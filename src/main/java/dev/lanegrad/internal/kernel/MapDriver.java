package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.memory.Raw;
import dev.lanegrad.internal.shape.Layout;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Runs a kernel over operands that are not all contiguous lanes, or too many for one call. An operand is <em>flat</em>
 * if its lanes lie as those of the result do, <em>spread</em> if one value serves all, and otherwise <em>packed</em>:
 * it is copied and converted, block by block, to where it is flat. Belongs to a workspace, and reuses its tables.
 */
final class MapDriver {
    /** Bytes of one call on flat operands: short enough to be compiled as a method, not in the middle of a loop. */
    private static final int CALL = 32 << 10;
    /** From this many elements on, a row is worth a call of its own. */
    private static final int LONG_ROW = 128;
    /** Rows and bytes of a line of a tile of a transposed operand: both at least a line of the cache. */
    private static final int TILE_ROWS = 16;
    private static final int TILE_BYTES = Workspace.BLOCK / TILE_ROWS;
    private static final int MAX_RANK = 32;

    private static final int FLAT = 0;
    private static final int SPREAD = 1;
    private static final int PACKED = 2;

    private final Workspace workspace;
    private final int[] sizes = new int[MAX_RANK];
    private final int[] index = new int[MAX_RANK];
    private final int[] walk = new int[MAX_RANK];
    private final int[] modes = new int[Workspace.MAX_OPERANDS];
    private final long[] bases = new long[Workspace.MAX_OPERANDS];
    private final long[] offsets = new long[Workspace.MAX_OPERANDS];
    // Bytes between neighbours of operand p along dimension d, at p * MAX_RANK + d.
    private final long[] strides = new long[Workspace.MAX_OPERANDS * MAX_RANK];

    private MapKernel kernel;
    private int operands;
    private int outputs;
    private int rank;
    private long count;
    private int shift;
    private boolean inPlace;

    MapDriver(Workspace workspace) {
        this.workspace = workspace;
    }

    /** Runs {@code kernel} on the operands that stand in the workspace; there is at least one element. */
    void run(MapKernel kernel, int operands, Layout result) {
        this.kernel = kernel;
        this.operands = operands;
        outputs = kernel.outputs;
        shift = kernel.shift;
        count = result.count();
        for (int p = 0; p < operands; p++) {
            bases[p] = Workspace.address(workspace.frame(), p);
        }
        measure(result);
        coalesce();
        boolean packed = classify();
        MapKernel.Variant variant = kernel.variant(!packed ? spreads() : spreads() | columns());
        if (!packed) {
            flat(variant.loop);
        } else if (hasLongRows()) {
            rows(variant.loop);
        } else {
            variant = kernel.variant(spreads());
            if (!inPlace && hasTransposed()) {
                tiles(variant.loop);
            } else {
                blocks(variant.loop);
            }
        }
        if (variant.counting) {
            variant.count(count);
        }
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
                strides[p * MAX_RANK + rank] = isSpread(p) ? 0 : stride(workspace.layouts[p], d - result.rank())
                        * workspace.cells[p].bytes();
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

    private boolean isSpread(int p) {
        return (workspace.scalars >> p & 1) != 0;
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

    /** Finds the mode of each operand; true if one has to be packed. */
    private boolean classify() {
        boolean packed = false;
        inPlace = false;
        for (int p = 0; p < operands; p++) {
            boolean own = isSpread(p) || workspace.cells[p] == kernel.cell;
            modes[p] = p < outputs ? own ? FLAT : PACKED : isRepeated(p, rank) ? SPREAD
                    : own && isDense(p) ? FLAT : PACKED;
            if (modes[p] == SPREAD && !isSpread(p)) {
                bases[p] = workspace.spread(p, Packing.one(workspace.cells[p], shift, bases[p]));
            }
            packed |= modes[p] == PACKED;
            for (int o = 0; o < Math.min(p, outputs); o++) {
                inPlace |= bases[o] == bases[p];
            }
        }
        return packed;
    }

    /** True if operand {@code p} does not change along the first {@code dims} dimensions. */
    private boolean isRepeated(int p, int dims) {
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

    private long inner(int p) {
        return strides[p * MAX_RANK + rank - 1];
    }

    private void flat(Loop loop) {
        for (long done = 0; done < count << shift; done += CALL) {
            for (int p = 0; p < operands; p++) {
                long mask = modes[p] == FLAT ? -1 : 0;
                Workspace.place(workspace.blockFrame(), p, bases[p] + (done & mask), mask);
            }
            loop.run(workspace.blockFrame(), (int) Math.min(CALL, (count << shift) - done));
        }
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
                    && (workspace.cells[p] != kernel.cell || inner(p) != 1L << shift))) {
                return false;
            }
        }
        return true;
    }

    private void rows(Loop loop) {
        long bytes = (long) sizes[rank - 1] << shift;
        start();
        for (long row = 0; row < count << shift; row += bytes) {
            for (long done = 0; done < bytes; done += CALL) {
                for (int p = 0; p < operands; p++) {
                    placeInRow(p, row, done);
                }
                loop.run(workspace.blockFrame(), (int) Math.min(CALL, bytes - done));
            }
            nextRow(rank - 2);
        }
    }

    private void placeInRow(int p, long row, long done) {
        if (modes[p] == FLAT) {
            Workspace.place(workspace.blockFrame(), p, bases[p] + row + done, -1);
        } else if (modes[p] == SPREAD) {
            Workspace.place(workspace.blockFrame(), p, bases[p], 0);
        } else if (inner(p) != 0) {
            Workspace.place(workspace.blockFrame(), p, bases[p] + offsets[p] + done, -1);
        } else if (done == 0) {
            Workspace.place(workspace.blockFrame(), p,
                    workspace.spread(p, Packing.one(workspace.cells[p], shift, bases[p] + offsets[p])), 0);
        }
    }

    private void start() {
        Arrays.fill(index, 0, rank, 0);
        Arrays.fill(offsets, 0, operands, 0);
    }

    /** Moves the index and all offsets by one along dimension {@code last} and, at its end, along those before. */
    private void nextRow(int last) {
        for (int d = last; d >= 0; d--) {
            boolean ends = ++index[d] == sizes[d];
            for (int p = outputs; p < operands; p++) {
                offsets[p] += strides[p * MAX_RANK + d] * (ends ? 1L - sizes[d] : 1);
            }
            if (!ends) {
                return;
            }
            index[d] = 0;
        }
    }

    private void blocks(Loop loop) {
        int room = Workspace.BLOCK >> shift;
        int row = sizes[rank - 1];
        // Blocks of whole rows, so that what all rows share is packed once; but in place, whole vectors.
        boolean wholeRows = rank > 1 && row <= room && !inPlace;
        int step = wholeRows ? room / row * row : room;
        start();
        for (long first = 0; first < count; first += step) {
            int n = (int) Math.min(step, count - first);
            for (int p = 0; p < operands; p++) {
                long at = modes[p] == SPREAD ? bases[p] : modes[p] == FLAT ? bases[p] + (first << shift)
                        : workspace.block(p);
                Workspace.place(workspace.blockFrame(), p, at, modes[p] == SPREAD ? 0 : -1);
                if (modes[p] == PACKED && p >= outputs) {
                    if (!wholeRows || !isRepeated(p, rank - 1)) {
                        pack(p, at, n);
                    } else if (first == 0) {
                        Packing.line(workspace.cells[p], shift, bases[p], inner(p), at, row);
                        Packing.repeat(at, row << shift, n << shift);
                    }
                }
            }
            loop.run(workspace.blockFrame(), n << shift);
            unpack(first, n);
            advance(n);
        }
    }

    private void unpack(long first, int n) {
        for (int p = 0; p < outputs; p++) {
            if (modes[p] == PACKED) {
                Cell cell = workspace.cells[p];
                Packing.unpack(cell, shift, workspace.block(p), bases[p] + first * cell.bytes(), n);
            }
        }
    }

    /** Packs {@code n} elements from the index on. */
    private void pack(int p, long to, int n) {
        int own = p * MAX_RANK;
        int last = rank - 1;
        long from = bases[p];
        for (int d = 0; d < rank; d++) {
            walk[d] = index[d];
            from += index[d] * strides[own + d];
        }
        long step = strides[own + last];
        int left = n;
        long at = to;
        while (left > 0) {
            int line = Math.min(left, sizes[last] - walk[last]);
            Packing.line(workspace.cells[p], shift, from, step, at, line);
            left -= line;
            at += (long) line << shift;
            from -= walk[last] * step;
            walk[last] = 0;
            for (int d = last - 1; d >= 0; d--) {
                from += strides[own + d];
                if (++walk[d] < sizes[d]) {
                    break;
                }
                walk[d] = 0;
                from -= strides[own + d] * sizes[d];
            }
        }
    }

    /** Moves the index by {@code n} elements. */
    private void advance(int n) {
        long carry = n;
        for (int d = rank - 1; d >= 0 && carry > 0; d--) {
            long at = index[d] + carry;
            index[d] = (int) (at % sizes[d]);
            carry = at / sizes[d];
        }
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

    private boolean isTransposed(int p) {
        return modes[p] == PACKED && p >= outputs && workspace.cells[p] == kernel.cell && inner(p) > 1L << shift
                && strides[p * MAX_RANK + rank - 2] == 1L << shift;
    }

    private void tiles(Loop loop) {
        int rows = sizes[rank - 2];
        int row = sizes[rank - 1];
        int width = TILE_BYTES >> shift;
        start();
        long matrices = count / ((long) rows * row);
        for (long m = 0; m < matrices; m++) {
            for (int i = 0; i < rows; i += TILE_ROWS) {
                for (int j = 0; j < row; j += width) {
                    tile(loop, m, i, j, Math.min(TILE_ROWS, rows - i), Math.min(width, row - j));
                }
            }
            nextRow(rank - 3);
        }
    }

    private void tile(Loop loop, long matrix, int i, int j, int height, int width) {
        for (int p = outputs; p < operands; p++) {
            if (modes[p] == PACKED) {
                packTile(p, i, j, height, width);
            }
        }
        // Only a piece of whole vectors can be written in place: what follows it in the row may be there already.
        boolean whole = (width << shift & 63) == 0;
        for (int r = 0; r < height; r++) {
            long flat = ((matrix * sizes[rank - 2] + i + r) * sizes[rank - 1] + j) << shift;
            long line = (long) r * TILE_BYTES;
            for (int p = 0; p < operands; p++) {
                long at = modes[p] == SPREAD ? bases[p] : modes[p] == PACKED || p < outputs && !whole
                        ? workspace.block(p) + line : bases[p] + flat;
                Workspace.place(workspace.blockFrame(), p, at, modes[p] == SPREAD ? 0 : -1);
            }
            loop.run(workspace.blockFrame(), width << shift);
            for (int p = 0; p < outputs && !whole; p++) {
                MemorySegment.copy(Raw.ALL, workspace.block(p) + line, Raw.ALL, bases[p] + flat, (long) width << shift);
            }
        }
    }

    private void packTile(int p, int i, int j, int height, int width) {
        long down = strides[p * MAX_RANK + rank - 2];
        long from = bases[p] + offsets[p] + i * down + j * inner(p);
        if (isTransposed(p)) {
            Packing.transpose(shift, from, inner(p), workspace.block(p), TILE_BYTES, height, width);
            return;
        }
        for (int r = 0; r < height; r++) {
            Packing.line(workspace.cells[p], shift, from + r * down, inner(p),
                    workspace.block(p) + (long) r * TILE_BYTES, width);
        }
    }
}

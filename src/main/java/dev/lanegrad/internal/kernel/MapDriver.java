package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.memory.Raw;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Runs a range of the units of a call that a {@link MapPlan} describes. A loop writes whole vectors, so the end of a
 * range that another one follows is written to scratch memory, and copied. Belongs to a workspace, and is used again.
 */
final class MapDriver {
    private final Workspace workspace;
    private final int[] index = new int[MapPlan.MAX_RANK];
    private final int[] walk = new int[MapPlan.MAX_RANK];
    private final long[] offsets = new long[Workspace.MAX_OPERANDS];
    /** Bytes from a row of each operand to the next. */
    private final long[] steps = new long[Workspace.MAX_OPERANDS];
    private MapPlan plan;

    MapDriver(Workspace workspace) {
        this.workspace = workspace;
    }

    /** Does the units from {@code from} to {@code to} of a call that is prepared, maybe by another thread. */
    void run(MapPlan call, long from, long to) {
        plan = call;
        if (workspace.plan() != call) {
            workspace.begin(call.kernel);
        }
        switch (plan.way) {
            case FLAT -> flat(from, to);
            case ROWS -> rows(from, to);
            case BLOCKS -> blocks(from, to);
            case TILES -> tiles(from, to);
        }
    }

    private void flat(long from, long to) {
        long end = Math.min(plan.count << plan.shift, to * MapPlan.CALL);
        for (long done = from * MapPlan.CALL; done < end; done += MapPlan.CALL) {
            for (int p = 0; p < plan.operands; p++) {
                long mask = plan.modes[p] == MapPlan.FLAT ? -1 : 0;
                Workspace.place(workspace.blockFrame(), p, plan.bases[p] + (done & mask), mask);
            }
            plan.loop.run(workspace.blockFrame(), (int) Math.min(MapPlan.CALL, end - done));
        }
    }

    private void rows(long first, long to) {
        long bytes = (long) plan.sizes[plan.rank - 1] << plan.shift;
        long apart = bytes > MapPlan.CALL ? first : to < plan.units ? to - 1 : to;
        rowsAtOnce(first, apart, (int) bytes);
        start(apart * plan.sizes[plan.rank - 1]);
        for (long row = apart; row < to; row++) {
            boolean exact = row == to - 1 && to < plan.units;
            int now;
            for (long done = 0; done < bytes; done += now) {
                now = (int) Math.min(MapPlan.CALL, bytes - done);
                now = exact && now > MapPlan.VECTOR ? now & -MapPlan.VECTOR : now;
                for (int p = 0; p < plan.operands; p++) {
                    placeInRow(p, row * bytes, done);
                }
                if (exact && now < MapPlan.VECTOR) {
                    exactly(row * bytes + done, now);
                } else {
                    plan.loop.run(workspace.blockFrame(), now);
                }
            }
            nextRow(plan.rank - 2);
        }
    }

    /** Rows of one call each, behind which more may be written than there is. */
    private void rowsAtOnce(long first, long to, int bytes) {
        int outer = plan.rank - 2;
        long run;
        for (long row = first; row < to; row += run) {
            start(row * plan.sizes[plan.rank - 1]);
            run = outer < 0 ? 1 : Math.min(plan.sizes[outer] - index[outer], to - row);
            long columns = 0;
            long moving = 0;
            for (int p = 0; p < plan.operands; p++) {
                placeInRow(p, row * bytes, 0);
                boolean packed = plan.modes[p] == MapPlan.PACKED;
                steps[p] = packed && outer >= 0 ? plan.strides[p * MapPlan.MAX_RANK + outer] : bytes;
                boolean column = packed && plan.inner(p) == 0;
                columns |= column && steps[p] != 0 ? 1L << p : 0;
                moving |= !column && plan.modes[p] != MapPlan.SPREAD ? 1L << p : 0;
            }
            plan.loop.run(workspace.blockFrame(), bytes);
            for (long left = run - 1; left > 0; left--) {
                moveRow(columns, moving);
                plan.loop.run(workspace.blockFrame(), bytes);
            }
        }
    }

    /** Goes to the next row along the last dimension of rows. */
    private void moveRow(long columns, long moving) {
        long frame = workspace.blockFrame();
        for (long left = moving; left != 0; left &= left - 1) {
            int p = Long.numberOfTrailingZeros(left);
            Workspace.place(frame, p, Workspace.address(frame, p) + steps[p], -1);
        }
        for (long left = columns; left != 0; left &= left - 1) {
            int p = Long.numberOfTrailingZeros(left);
            offsets[p] += steps[p];
            workspace.spread(p, Packing.one(plan.cells[p], plan.shift, plan.bases[p] + offsets[p]));
        }
    }

    /** Runs the loop on what is placed, and writes nothing behind its {@code bytes} bytes of flat outputs. */
    private void exactly(long at, int bytes) {
        for (int p = 0; p < plan.outputs; p++) {
            Workspace.place(workspace.blockFrame(), p, workspace.block(p), -1);
        }
        plan.loop.run(workspace.blockFrame(), bytes);
        for (int p = 0; p < plan.outputs; p++) {
            if (plan.modes[p] == MapPlan.FLAT) {
                MemorySegment.copy(Raw.ALL, workspace.block(p), Raw.ALL, plan.bases[p] + at, bytes);
            }
        }
    }

    private void placeInRow(int p, long row, long done) {
        if (plan.modes[p] == MapPlan.FLAT) {
            Workspace.place(workspace.blockFrame(), p, plan.bases[p] + row + done, -1);
        } else if (plan.modes[p] == MapPlan.SPREAD) {
            Workspace.place(workspace.blockFrame(), p, plan.bases[p], 0);
        } else if (plan.inner(p) != 0) {
            Workspace.place(workspace.blockFrame(), p, plan.bases[p] + offsets[p] + done, -1);
        } else if (done == 0) {
            Workspace.place(workspace.blockFrame(), p,
                    workspace.spread(p, Packing.one(plan.cells[p], plan.shift, plan.bases[p] + offsets[p])), 0);
        }
    }

    /** Sets the index, and the offsets, to element {@code first}. */
    private void start(long first) {
        Arrays.fill(index, 0, plan.rank, 0);
        Arrays.fill(offsets, 0, plan.operands, 0);
        if (first > 0) {
            advance(first);
            for (int p = plan.outputs; p < plan.operands; p++) {
                for (int d = 0; d < plan.rank; d++) {
                    offsets[p] += index[d] * plan.strides[p * MapPlan.MAX_RANK + d];
                }
            }
        }
    }

    /** Moves the index and all offsets by one along dimension {@code last} and, at its end, along those before. */
    private void nextRow(int last) {
        for (int d = last; d >= 0; d--) {
            boolean ends = ++index[d] == plan.sizes[d];
            for (int p = plan.outputs; p < plan.operands; p++) {
                offsets[p] += plan.strides[p * MapPlan.MAX_RANK + d] * (ends ? 1L - plan.sizes[d] : 1);
            }
            if (!ends) {
                return;
            }
            index[d] = 0;
        }
    }

    private void blocks(long from, long to) {
        int row = plan.sizes[plan.rank - 1];
        start(from * plan.blockSize);
        for (long block = from; block < to; block++) {
            long first = block * plan.blockSize;
            int n = (int) Math.min(plan.blockSize, plan.count - first);
            for (int p = 0; p < plan.operands; p++) {
                int mode = plan.modes[p];
                long at = mode == MapPlan.SPREAD ? plan.bases[p]
                        : mode == MapPlan.FLAT ? plan.bases[p] + (first << plan.shift) : workspace.block(p);
                Workspace.place(workspace.blockFrame(), p, at, mode == MapPlan.SPREAD ? 0 : -1);
                if (mode == MapPlan.PACKED && p >= plan.outputs) {
                    if (!plan.wholeRows || !plan.isRepeated(p, plan.rank - 1)) {
                        pack(p, at, n);
                    } else if (block == from) {
                        Packing.line(plan.cells[p], plan.shift, plan.bases[p], plan.inner(p), at, row);
                        Packing.repeat(at, row << plan.shift, n << plan.shift);
                    }
                }
            }
            boolean exact = block == to - 1 && to < plan.units;
            if (exact) {
                exactly(first << plan.shift, n << plan.shift);
            } else {
                plan.loop.run(workspace.blockFrame(), n << plan.shift);
            }
            unpack(first, n, exact);
            advance(n);
        }
    }

    private void unpack(long first, int n, boolean exact) {
        for (int p = 0; p < plan.outputs; p++) {
            if (plan.modes[p] == MapPlan.PACKED) {
                Cell cell = plan.cells[p];
                long to = plan.bases[p] + first * cell.bytes();
                long at = exact ? workspace.scratch(2 * Workspace.BLOCK) : to;
                Packing.unpack(cell, plan.shift, workspace.block(p), at, n);
                if (exact) {
                    MemorySegment.copy(Raw.ALL, at, Raw.ALL, to, (long) n * cell.bytes());
                }
            }
        }
    }

    /** Packs {@code n} elements from the index on. */
    private void pack(int p, long to, int n) {
        int own = p * MapPlan.MAX_RANK;
        int last = plan.rank - 1;
        long from = plan.bases[p];
        for (int d = 0; d < plan.rank; d++) {
            walk[d] = index[d];
            from += index[d] * plan.strides[own + d];
        }
        long step = plan.strides[own + last];
        int left = n;
        long at = to;
        while (left > 0) {
            int whole = step == 0 && last > 0 && walk[last] == 0
                    ? Math.min(left / plan.sizes[last], plan.sizes[last - 1] - walk[last - 1]) : 0;
            int lines = Math.max(whole, 1);
            int line = whole > 0 ? plan.sizes[last] : Math.min(left, plan.sizes[last] - walk[last]);
            if (whole > 0) {
                Packing.lines(plan.cells[p], plan.shift, from, plan.strides[own + last - 1], at, lines, line);
            } else {
                Packing.line(plan.cells[p], plan.shift, from, step, at, line);
            }
            left -= lines * line;
            at += (long) lines * line << plan.shift;
            from -= walk[last] * step;
            walk[last] = 0;
            for (int d = last - 1; d >= 0; d--) {
                int steps = d == last - 1 ? lines : 1;
                from += plan.strides[own + d] * steps;
                walk[d] += steps;
                if (walk[d] < plan.sizes[d]) {
                    break;
                }
                walk[d] = 0;
                from -= plan.strides[own + d] * plan.sizes[d];
            }
        }
    }

    /** Moves the index by {@code n} elements. */
    private void advance(long n) {
        long carry = n;
        for (int d = plan.rank - 1; d >= 0 && carry > 0; d--) {
            long at = index[d] + carry;
            index[d] = (int) (at % plan.sizes[d]);
            carry = at / plan.sizes[d];
        }
    }

    private void tiles(long from, long to) {
        int rows = plan.sizes[plan.rank - 2];
        int row = plan.sizes[plan.rank - 1];
        int width = MapPlan.TILE_BYTES >> plan.shift;
        int bands = Math.ceilDiv(rows, MapPlan.TILE_ROWS);
        long matrix = from / bands;
        int i = (int) (from - matrix * bands) * MapPlan.TILE_ROWS;
        start(matrix * rows * row);
        for (long band = from; band < to; band++) {
            for (int j = 0; j < row; j += width) {
                tile(matrix, i, j, Math.min(MapPlan.TILE_ROWS, rows - i), Math.min(width, row - j));
            }
            i += MapPlan.TILE_ROWS;
            if (i >= rows) {
                i = 0;
                matrix++;
                nextRow(plan.rank - 3);
            }
        }
    }

    private void tile(long matrix, int i, int j, int height, int width) {
        for (int p = plan.outputs; p < plan.operands; p++) {
            if (plan.modes[p] == MapPlan.PACKED) {
                packTile(p, i, j, height, width);
            }
        }
        // Only a piece of whole vectors can be written in place: what follows it in the row may be there already.
        boolean whole = (width << plan.shift & 63) == 0;
        for (int r = 0; r < height; r++) {
            long flat = ((matrix * plan.sizes[plan.rank - 2] + i + r) * plan.sizes[plan.rank - 1] + j) << plan.shift;
            long line = (long) r * MapPlan.TILE_BYTES;
            for (int p = 0; p < plan.operands; p++) {
                int mode = plan.modes[p];
                long at = mode == MapPlan.SPREAD ? plan.bases[p] : mode == MapPlan.PACKED || p < plan.outputs && !whole
                        ? workspace.block(p) + line : plan.bases[p] + flat;
                Workspace.place(workspace.blockFrame(), p, at, mode == MapPlan.SPREAD ? 0 : -1);
            }
            plan.loop.run(workspace.blockFrame(), width << plan.shift);
            for (int p = 0; p < plan.outputs && !whole; p++) {
                MemorySegment.copy(Raw.ALL, workspace.block(p) + line, Raw.ALL, plan.bases[p] + flat,
                        (long) width << plan.shift);
            }
        }
    }

    private void packTile(int p, int i, int j, int height, int width) {
        long down = plan.strides[p * MapPlan.MAX_RANK + plan.rank - 2];
        long from = plan.bases[p] + offsets[p] + i * down + j * plan.inner(p);
        if (plan.isTransposed(p)) {
            Packing.transpose(plan.shift, from, plan.inner(p), workspace.block(p), MapPlan.TILE_BYTES, height, width);
            return;
        }
        for (int r = 0; r < height; r++) {
            Packing.line(plan.cells[p], plan.shift, from + r * down, plan.inner(p),
                    workspace.block(p) + (long) r * MapPlan.TILE_BYTES, width);
        }
    }
}

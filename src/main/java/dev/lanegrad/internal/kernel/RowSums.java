package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.memory.Raw;
import dev.lanegrad.internal.shape.Layout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The sums of rows that a kernel computes, made in its own loop: what is summed need not be stored and loaded again. The
 * loop is emitted once the kernel has proved hot; until then, and for other rows, the output is written and folded. Either
 * way the bits are those of {@link Folds}. Belongs to a workspace, and is used again.
 */
final class RowSums {
    private static final MemorySegment ALL = Raw.ALL;
    /** The least elements of a row whose sum, of which nothing is stored, is worth a call of its own. */
    private static final int SHORT = 128;

    private final Workspace workspace;
    /** Bytes from row to row of each operand. */
    private final long[] steps = new long[Workspace.MAX_OPERANDS + 3];
    private MapKernel kernel;
    private int operands;
    private Layout rows;
    private int bytes;
    /** Set of the operands that are the same all along a row. */
    private long sameInRow;

    RowSums(Workspace workspace) {
        this.workspace = workspace;
    }

    /** See {@link Workspace#runSums}. */
    void run(MapKernel kernel, int operands, Layout rows, long sums) {
        MapKernel.Variant variant = take(kernel, operands, rows, SHORT) ? kernel.sums(sameInRow, 0b1) : null;
        if (variant != null && variant.loop != null) {
            sum(variant.loop, sums);
            return;
        }
        long out = Workspace.address(workspace.frame(), 0);
        workspace.run(rows);
        Folds.run(FoldOp.SUM, kernel.cell.lane(), out, rows, 0b10, sums);
        count(variant, rows);
    }

    /** See {@link Workspace#runRows}. */
    boolean run(MapKernel kernel, MapKernel then, int operands, Layout rows, boolean stored, long sums, long out, int ahead,
            long left) {
        if (!take(kernel, operands, rows, RowKernel.LONG) || isOverwritten(out)) {
            return false;
        }
        RowKernel both = kernel.rows(sameInRow, stored, then);
        if (both.loop == null) {
            count(both, rows);
            return false;
        }
        rows(both.loop, sums, out, ahead, left);
        return true;
    }

    private static void count(HotLoop hot, Layout rows) {
        if (hot != null && hot.counting) {
            hot.count(rows.count());
        }
    }

    /** Takes the call of {@code kernel} that is prepared in the workspace; false if it cannot go row by row, or does not pay. */
    private boolean take(MapKernel kernel, int operands, Layout rows, int shortest) {
        int length = rows.size(1);
        if (length < shortest || length > RowKernel.MOST || operands + 3 > workspace.width()) {
            return false;
        }
        this.kernel = kernel;
        this.operands = operands;
        this.rows = rows;
        bytes = length << kernel.shift;
        sameInRow = workspace.scalars;
        boolean fits = workspace.cells[0] == kernel.cell;
        for (int p = 1; p < operands && fits; p++) {
            if (!isNumber(p)) {
                boolean isRow = workspace.layouts[p].sameSizes(rows);
                sameInRow |= isRow ? 0 : 1L << p;
                fits = workspace.cells[p] == kernel.cell && (workspace.layouts[p].count() == 1
                        || workspace.layouts[p].isContiguous() && (isRow || isColumn(workspace.layouts[p])));
            }
        }
        return fits;
    }

    /** True if rows that are written to {@code out}, to whole vectors, would be written over an input still to be read. */
    private boolean isOverwritten(long out) {
        for (int p = 1; p < operands; p++) {
            if (Workspace.address(workspace.frame(), p) == out && bytes % FoldLoops.VBYTES != 0) {
                return true;
            }
        }
        return false;
    }

    private boolean isNumber(int p) {
        return (workspace.scalars >> p & 1) != 0;
    }

    private boolean isColumn(Layout layout) {
        return layout.rank() == 2 && layout.size(1) == 1 && layout.size(0) == rows.size(0);
    }

    private void sum(Loop loop, long sums) {
        FoldLoops loops = Folds.loops(FoldOp.SUM, kernel.cell.lane());
        long lanes = FoldScratch.ofThread().lanes;
        long frame = workspace.blockFrame();
        int most = FoldScratch.LANE_BYTES / FoldLoops.VBYTES;
        loops.uses(FoldCall.ROWS_1);
        for (int p = 1; p < operands; p++) {
            boolean spread = (sameInRow >> p & 1) != 0;
            Workspace.place(frame, p, spread ? spread(p, 0) : Workspace.address(workspace.frame(), p), spread ? 0 : -1);
        }
        for (int from = 0; from < rows.size(0); from += most) {
            int now = Math.min(most, rows.size(0) - from);
            for (int row = 0; row < now; row++) {
                Workspace.place(frame, 0, lanes + (long) row * FoldLoops.VBYTES, -1);
                loop.run(frame, bytes);
                next(from + row + 1);
            }
            loops.rows(lanes, FoldLoops.VBYTES, FoldLoops.VBYTES >> kernel.shift, now, sums + ((long) from << kernel.shift));
        }
    }

    /** Moves the inputs on to row {@code row}, if there is one. */
    private void next(int row) {
        long frame = workspace.blockFrame();
        for (int p = 1; p < operands && row < rows.size(0); p++) {
            if ((sameInRow >> p & 1) == 0) {
                Workspace.place(frame, p, Workspace.address(frame, p) + bytes, -1);
            } else if (step(p) != 0) {
                spread(p, row);
            }
        }
    }

    /** The vector of a number, or of the number of {@code row}. */
    private long spread(int p, int row) {
        long base = Workspace.address(workspace.frame(), p);
        if (isNumber(p)) {
            return base;
        }
        long at = base + row * step(p);
        return workspace.spread(p, kernel.shift == 2 ? ALL.get(ValueLayout.JAVA_FLOAT_UNALIGNED, at)
                : ALL.get(ValueLayout.JAVA_DOUBLE_UNALIGNED, at));
    }

    /** Bytes from row to row of input {@code p}. */
    private long step(int p) {
        return (sameInRow >> p & 1) == 0 ? bytes : isNumber(p) || workspace.layouts[p].count() == 1 ? 0 : 1L << kernel.shift;
    }

    /** Sums each row, and runs the code that follows while the row is in the first level of cache. */
    private void rows(Loop loop, long sums, long out, int ahead, long left) {
        long frame = workspace.blockFrame();
        Workspace.place(frame, 0, out, -1);
        Workspace.place(frame, 1, sums, -1);
        steps[0] = bytes;
        steps[1] = 1L << kernel.shift;
        for (int p = 1; p < operands; p++) {
            Workspace.place(frame, p + 1, Workspace.address(workspace.frame(), p), -1);
            steps[p + 1] = step(p);
        }
        Workspace.place(frame, operands + 1, FoldScratch.ofThread().work, -1);
        steps[operands + 1] = 0;
        steps[operands + 2] = bytes;
        boolean isRow = (sameInRow & 0b10) == 0;
        long touching = isRow ? Math.clamp(left - ahead, 0, rows.size(0)) : 0;
        Workspace.place(frame, operands + 2, Workspace.address(frame, 2) + (long) ahead * bytes, -1);
        RowKernel.run(loop, frame, bytes, touching, steps, operands + 3);
        // Where no row is wanted next, what is written here is touched: that is memory as long as a row in any case.
        Workspace.place(frame, operands + 2, Workspace.address(frame, 0), -1);
        RowKernel.run(loop, frame, bytes, rows.size(0) - touching, steps, operands + 3);
    }
}

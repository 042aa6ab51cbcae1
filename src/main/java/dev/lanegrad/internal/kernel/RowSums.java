package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.lane.Cell;
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
    /** The least elements of a row that is worth a call of its own. */
    private static final int LONG = 512;
    private static final MemorySegment ALL = Raw.ALL;

    private final Workspace workspace;
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
        MapKernel.Variant variant = take(kernel, operands, rows) ? kernel.sums(sameInRow, 0b1) : null;
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
        if (!take(kernel, operands, rows) || isOverwritten(out)) {
            return false;
        }
        MapKernel.Variant variant = kernel.rows(sameInRow, stored, then);
        if (variant.loop == null) {
            count(variant, rows);
            return false;
        }
        rows(variant.loop, sums, out, ahead, left);
        return true;
    }

    private static void count(MapKernel.Variant variant, Layout rows) {
        if (variant != null && variant.counting) {
            variant.count(rows.count());
        }
    }

    /** Takes the call of {@code kernel} that is prepared in the workspace; false if it cannot go row by row. */
    private boolean take(MapKernel kernel, int operands, Layout rows) {
        int length = rows.size(1);
        if (length < LONG || length > FoldRows.CHUNK || operands + 2 > workspace.width()) {
            return false;
        }
        this.kernel = kernel;
        this.operands = operands;
        this.rows = rows;
        bytes = length << kernel.shift;
        sameInRow = workspace.scalars;
        boolean fits = workspace.cells[0] == kernel.cell;
        for (int p = 1; p < operands && fits; p++) {
            if (!isScalar(p)) {
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

    private boolean isScalar(int p) {
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
        placeInputs(1);
        for (int from = 0; from < rows.size(0); from += most) {
            int now = Math.min(most, rows.size(0) - from);
            for (int row = 0; row < now; row++) {
                Workspace.place(frame, 0, lanes + (long) row * FoldLoops.VBYTES, -1);
                loop.run(frame, bytes);
                nextInputs(1, from + row + 1);
            }
            loops.rows(lanes, FoldLoops.VBYTES, FoldLoops.VBYTES >> kernel.shift, now, sums + ((long) from << kernel.shift));
        }
    }

    /** Sums a row, and runs the code that follows while the row is in the first level of cache. */
    private void rows(Loop loop, long sums, long out, int ahead, long left) {
        long lanes = FoldScratch.ofThread().lanes;
        long frame = workspace.blockFrame();
        boolean isRow = (sameInRow & 0b10) == 0;
        Workspace.place(frame, 1, lanes, -1);
        placeInputs(2);
        for (int row = 0; row < rows.size(0); row++) {
            long to = out + (long) row * bytes;
            Workspace.place(frame, 0, to, -1);
            // Where no row is wanted next, what is written here is touched: that is memory as long as a row in any case.
            boolean touches = isRow && row + ahead < left;
            Workspace.place(frame, operands + 1, touches ? Workspace.address(frame, 2) + (long) ahead * bytes : to, -1);
            loop.run(frame, bytes);
            FoldPlan.copyLine(1 << kernel.shift, lanes, 0, sums + ((long) row << kernel.shift), 0, 1);
            nextInputs(2, row + 1);
        }
    }

    private void placeInputs(int first) {
        long frame = workspace.blockFrame();
        for (int p = 1; p < operands; p++) {
            long base = Workspace.address(workspace.frame(), p);
            boolean same = (sameInRow >> p & 1) != 0;
            Workspace.place(frame, first + p - 1, same && !isScalar(p) ? spread(p, base) : base, same ? 0 : -1);
        }
    }

    /** Moves the inputs on to row {@code row}, if there is one. */
    private void nextInputs(int first, int row) {
        long frame = workspace.blockFrame();
        for (int p = 1; p < operands && row < rows.size(0); p++) {
            if ((sameInRow >> p & 1) == 0) {
                Workspace.place(frame, first + p - 1, Workspace.address(frame, first + p - 1) + bytes, -1);
            } else if (!isScalar(p) && workspace.layouts[p].count() != 1) {
                spread(p, Workspace.address(workspace.frame(), p) + ((long) row << kernel.shift));
            }
        }
    }

    private long spread(int p, long at) {
        return workspace.spread(p, kernel.shift == 2 ? ALL.get(ValueLayout.JAVA_FLOAT_UNALIGNED, at)
                : ALL.get(ValueLayout.JAVA_DOUBLE_UNALIGNED, at));
    }
}

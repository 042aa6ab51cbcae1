package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.memory.Raw;
import dev.lanegrad.internal.shape.Layout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The sums of rows that a kernel computes, made in its own loop: what is summed need not be stored and loaded again. The
 * loop is emitted once the kernel has proved hot; until then, and for other rows, the output is written and folded. Either
 * way the bits are those of {@link Folds}.
 */
final class RowSums {
    /** The least elements of a row that is worth a call of its own. */
    private static final int LONG = 512;
    private static final MemorySegment ALL = Raw.ALL;

    private final Workspace workspace;
    private final MapKernel kernel;
    private final int operands;
    private final Layout rows;
    private final int bytes;
    /** Set of the operands that are the same all along a row. */
    private final long sameInRow;

    private RowSums(Workspace workspace, MapKernel kernel, int operands, Layout rows) {
        this.workspace = workspace;
        this.kernel = kernel;
        this.operands = operands;
        this.rows = rows;
        bytes = rows.size(1) << kernel.shift;
        long set = workspace.scalars;
        for (int p = 1; p < operands; p++) {
            set |= isScalar(p) || workspace.layouts[p].sameSizes(rows) ? 0 : 1L << p;
        }
        sameInRow = set;
    }

    /** The call of {@code kernel} that is prepared in {@code workspace}, if it can go row by row; else null. */
    private static RowSums of(Workspace workspace, MapKernel kernel, int operands, Layout rows) {
        int length = rows.size(1);
        if (length < LONG || length > FoldRows.CHUNK || operands + 2 > workspace.width()) {
            return null;
        }
        RowSums call = new RowSums(workspace, kernel, operands, rows);
        return call.fits() ? call : null;
    }

    /** See {@link Workspace#runSums}. */
    static void run(Workspace workspace, MapKernel kernel, int operands, Layout rows, long sums) {
        RowSums call = of(workspace, kernel, operands, rows);
        MapKernel.Variant variant = call == null ? null : kernel.sums(call.sameInRow, 0b1);
        if (variant != null && variant.loop != null) {
            call.sum(variant.loop, sums);
            return;
        }
        long out = Workspace.address(workspace.frame(), 0);
        workspace.run(rows);
        Folds.run(FoldOp.SUM, kernel.cell.lane(), out, rows, 0b10, sums);
        count(variant, rows);
    }

    /** See {@link Workspace#runRows}. */
    static boolean run(Workspace workspace, MapKernel kernel, MapKernel then, int operands, Layout rows, boolean stored,
            long sums, long out, int ahead, long left) {
        RowSums call = of(workspace, kernel, operands, rows);
        if (call == null || call.isOverwritten(out)) {
            return false;
        }
        MapKernel.Variant variant = kernel.rows(call.sameInRow, stored, then);
        if (variant.loop == null) {
            count(variant, rows);
            return false;
        }
        call.rows(variant.loop, sums, out, ahead, left);
        return true;
    }

    private static void count(MapKernel.Variant variant, Layout rows) {
        if (variant != null && variant.counting) {
            variant.count(rows.count());
        }
    }

    /** True if each input is of the kernel's type, and one number, a number for each row, or rows. */
    private boolean fits() {
        for (int p = 0; p < operands; p++) {
            Cell cell = workspace.cells[p];
            Layout layout = workspace.layouts[p];
            if (p == 0 ? cell != kernel.cell : !isScalar(p) && (cell != kernel.cell || layout.count() != 1
                    && (!layout.isContiguous() || !layout.sameSizes(rows) && !isColumn(layout)))) {
                return false;
            }
        }
        return true;
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
        for (int from = 0; from < rows.size(0); from += most) {
            int now = Math.min(most, rows.size(0) - from);
            for (int row = 0; row < now; row++) {
                Workspace.place(frame, 0, lanes + (long) row * FoldLoops.VBYTES, -1);
                placeInputs(1, from + row);
                loop.run(frame, bytes);
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
        for (int row = 0; row < rows.size(0); row++) {
            Workspace.place(frame, 0, out + (long) row * bytes, -1);
            placeInputs(2, row);
            long touched = isRow && row + ahead < left ? (long) ahead * bytes : 0;
            Workspace.place(frame, operands + 1, Workspace.address(frame, 2) + touched, -1);
            loop.run(frame, bytes);
            FoldPlan.copyLine(1 << kernel.shift, lanes, 0, sums + ((long) row << kernel.shift), 0, 1);
        }
    }

    private void placeInputs(int first, int row) {
        long frame = workspace.blockFrame();
        for (int p = 1; p < operands; p++) {
            long base = Workspace.address(workspace.frame(), p);
            int at = first + p - 1;
            if (isScalar(p)) {
                Workspace.place(frame, at, base, 0);
            } else if (workspace.layouts[p].sameSizes(rows)) {
                Workspace.place(frame, at, base + (long) row * bytes, -1);
            } else {
                Workspace.place(frame, at, spread(p, workspace.layouts[p].count() == 1 ? base
                        : base + ((long) row << kernel.shift)), 0);
            }
        }
    }

    private long spread(int p, long at) {
        return workspace.spread(p, kernel.shift == 2 ? ALL.get(ValueLayout.JAVA_FLOAT_UNALIGNED, at)
                : ALL.get(ValueLayout.JAVA_DOUBLE_UNALIGNED, at));
    }
}

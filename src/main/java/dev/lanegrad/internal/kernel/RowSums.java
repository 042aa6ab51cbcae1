package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.memory.Raw;
import dev.lanegrad.internal.shape.Layout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The sums of rows that a kernel computes, made in its own loop: what is summed need not be stored and loaded again. The
 * loop is emitted for whole groups of lanes once the kernel has proved hot; until then, and for other rows, the output is
 * written and folded. Either way the bits are those of {@link Folds}.
 */
final class RowSums {
    /** The least elements of a row that is worth a call of its own. */
    private static final int LONG = 512;
    /**
     * Operations of a kernel beyond which storing is not what takes the time: a square with its sum takes 0.06 ns an
     * element instead of 0.15, but exponentials with theirs 0.34 instead of 0.31.
     */
    private static final int MOST = 10;
    private static final MemorySegment ALL = Raw.ALL;

    private RowSums() {
    }

    /** Runs the call of {@code kernel} that is prepared in {@code workspace}; see {@link Workspace#runSums}. */
    static void run(Workspace workspace, MapKernel kernel, int operands, Layout rows, long sums) {
        MapKernel.Variant variant = kernel.operations <= MOST && hasLongRows(rows)
                && fits(workspace, kernel, operands, rows) ? kernel.sums(sameInRow(workspace, operands, rows), 0b1) : null;
        Loop loop = variant == null ? null : variant.loop;
        if (loop != null) {
            inLoop(workspace, kernel, operands, rows, loop, sums);
            return;
        }
        long out = Workspace.address(workspace.frame(), 0);
        workspace.run(rows);
        Folds.run(FoldOp.SUM, kernel.cell.lane(), out, rows, 0b10, sums);
        if (variant != null && variant.counting) {
            variant.count(rows.count());
        }
    }

    private static boolean hasLongRows(Layout rows) {
        int length = rows.size(1);
        return length >= LONG && length <= FoldRows.CHUNK && length % FoldLoops.LANES == 0;
    }

    /** True if each input is of the kernel's type, and one number, a number for each row, or rows. */
    private static boolean fits(Workspace workspace, MapKernel kernel, int operands, Layout rows) {
        for (int p = 0; p < operands; p++) {
            Cell cell = workspace.cells[p];
            Layout layout = workspace.layouts[p];
            if (p == 0 ? cell != kernel.cell : !isScalar(workspace, p) && (cell != kernel.cell || layout.count() != 1
                    && (!layout.isContiguous() || !layout.sameSizes(rows) && !isColumn(layout, rows)))) {
                return false;
            }
        }
        return true;
    }

    private static boolean isScalar(Workspace workspace, int p) {
        return (workspace.scalars >> p & 1) != 0;
    }

    private static boolean isColumn(Layout layout, Layout rows) {
        return layout.rank() == 2 && layout.size(1) == 1 && layout.size(0) == rows.size(0);
    }

    private static long sameInRow(Workspace workspace, int operands, Layout rows) {
        long set = workspace.scalars;
        for (int p = 1; p < operands; p++) {
            set |= isScalar(workspace, p) || workspace.layouts[p].sameSizes(rows) ? 0 : 1L << p;
        }
        return set;
    }

    private static void inLoop(Workspace workspace, MapKernel kernel, int operands, Layout rows, Loop loop, long sums) {
        FoldLoops loops = Folds.loops(FoldOp.SUM, kernel.cell.lane());
        FoldScratch scratch = FoldScratch.ofThread();
        int bytes = rows.size(1) << kernel.shift;
        int most = FoldScratch.LANE_BYTES / FoldLoops.VBYTES;
        loops.uses(FoldCall.ROWS_1);
        for (int from = 0; from < rows.size(0); from += most) {
            int now = Math.min(most, rows.size(0) - from);
            for (int row = 0; row < now; row++) {
                Workspace.place(workspace.blockFrame(), 0, scratch.lanes + (long) row * FoldLoops.VBYTES, -1);
                for (int p = 1; p < operands; p++) {
                    place(workspace, kernel, rows, p, from + row, bytes);
                }
                loop.run(workspace.blockFrame(), bytes);
            }
            loops.rows(scratch.lanes, FoldLoops.VBYTES, FoldLoops.VBYTES >> kernel.shift, now,
                    sums + ((long) from << kernel.shift));
        }
    }

    private static void place(Workspace workspace, MapKernel kernel, Layout rows, int p, int row, int bytes) {
        long frame = workspace.blockFrame();
        long base = Workspace.address(workspace.frame(), p);
        if (isScalar(workspace, p)) {
            Workspace.place(frame, p, base, 0);
        } else if (workspace.layouts[p].sameSizes(rows)) {
            Workspace.place(frame, p, base + (long) row * bytes, -1);
        } else {
            long at = workspace.layouts[p].count() == 1 ? base : base + ((long) row << kernel.shift);
            Workspace.place(frame, p, workspace.spread(p, kernel.shift == 2 ? ALL.get(ValueLayout.JAVA_FLOAT, at)
                    : ALL.get(ValueLayout.JAVA_DOUBLE, at)), 0);
        }
    }
}

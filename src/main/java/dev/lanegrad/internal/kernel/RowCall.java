package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.memory.Raw;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.Arrays;

/**
 * Steps over rows that are taken again and again on operands which lie alike. One thread at a time may run it. Nothing is
 * checked, and nothing is kept alive.
 */
public final class RowCall {
    private final RowKernel kernel;
    private final int rows;
    private final int length;
    private final int bytes;
    private final int touched;
    private final long[] steps;
    /** The rows that are written which the last row's loop may not write behind, and where it writes them; or none. */
    private final int[] exact;
    private final long aside;
    private final long[] addresses;
    private final MemorySegment memory;
    private final long frame;

    /**
     * A call over {@code rows} rows of {@code length} elements; {@link #pays} of them.
     *
     * @param steps   for each operand the bytes from one row's to the next
     * @param touched the operand whose next row is touched, if the chain does that
     * @param exact   true if what lies behind the last row may have been computed already, by another thread
     */
    public RowCall(RowChain chain, int rows, int length, long[] steps, int touched, boolean exact) {
        kernel = RowKernel.of(chain);
        this.rows = rows;
        this.length = length;
        this.touched = chain.touches() ? touched : -1;
        this.steps = Arrays.copyOf(steps, steps.length + 2);
        this.steps[steps.length + 1] = touched < 0 ? 0 : steps[touched];
        bytes = length * chain.lane().bytes();
        addresses = new long[steps.length];
        this.exact = exact && bytes % MapPlan.VECTOR != 0 ? chain.stored().filter(p -> steps[p] != 0).toArray() : new int[0];
        long table = (long) (steps.length + 2) * Loop.ENTRY + 63 & -64;
        long own = RowEmitter.scratch(chain) + 63 & -64;
        memory = Arena.ofAuto().allocate(table + own + this.exact.length * pitch(), 64);
        frame = memory.address();
        aside = frame + table + own;
        Workspace.place(frame, steps.length, frame + table, -1);
    }

    /** True if a row of {@code length} elements is worth a call of its own, and short enough to be summed at once. */
    public static boolean pays(long length) {
        return RowKernel.pays(length);
    }

    private long pitch() {
        return bytes + MapPlan.VECTOR - 1 & -MapPlan.VECTOR;
    }

    /** True if there is a loop; it does not vanish again. */
    public boolean isHot() {
        return kernel.loop != null;
    }

    /** Sets where the first row of operand {@code p} begins, or the number for it. */
    public void place(int p, long address) {
        addresses[p] = address;
    }

    /** Takes the steps for each row; false if nothing has been done, since there is no loop yet. */
    public boolean run() {
        Loop loop = kernel.loop;
        if (loop == null) {
            if (kernel.counting) {
                kernel.count((long) rows * length);
            }
            return false;
        }
        for (int p = 0; p < addresses.length; p++) {
            Workspace.place(frame, p, addresses[p], -1);
        }
        if (touched < 0 && exact.length == 0) {
            RowKernel.run(loop, frame, bytes, rows, steps, addresses.length);
        } else {
            // There may be nothing behind the last row.
            Workspace.place(frame, steps.length - 1, touched < 0 ? 0 : addresses[touched] + steps[touched], -1);
            RowKernel.run(loop, frame, bytes, rows - 1, steps, steps.length);
            Workspace.place(frame, steps.length - 1, touched < 0 ? 0 : Workspace.address(frame, touched), -1);
            last(loop);
        }
        Reference.reachabilityFence(memory);
        return true;
    }

    private void last(Loop loop) {
        for (int e = 0; e < exact.length; e++) {
            Workspace.place(frame, exact[e], aside + e * pitch(), -1);
        }
        loop.run(frame, bytes);
        for (int e = 0; e < exact.length; e++) {
            int p = exact[e];
            MemorySegment.copy(Raw.ALL, aside + e * pitch(), Raw.ALL, addresses[p] + (rows - 1) * steps[p], bytes);
        }
    }
}

package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.lane.Lane;
import dev.lanegrad.internal.lane.LaneCode.Inst;
import dev.lanegrad.internal.lane.Prim;
import dev.lanegrad.internal.lane.ScalarInterpreter;
import dev.lanegrad.internal.memory.Raw;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * Runs a code in plain Java until the JVM has compiled the vector loops of its primitives, in which each vector is an
 * object until then. Once it has been of use a few times it asks for that. The operands of a block are copied to arrays,
 * since an element of an array is what the bytecode interpreter reads fastest.
 */
final class ScalarLoop extends Loop {
    /** Lanes of a block. */
    private static final int LANES = 256;
    /** From so many calls, or lanes, on vectors are worth having. */
    private static final int CALLS = 10;
    private static final long ENOUGH = 4096;
    private static final MemorySegment ALL = Raw.ALL;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final ThreadLocal<int[][]> FLOATS = ThreadLocal.withInitial(() -> new int[0][]);
    private static final ThreadLocal<long[][]> DOUBLES = ThreadLocal.withInitial(() -> new long[0][]);

    private final MapKernel kernel;
    private final Inst[] insts;
    private final int[] outputs;
    // Threads may lose a count, or ask twice: then it is asked for a little later, or found to be there.
    private int calls;
    private long lanes;

    ScalarLoop(MapKernel kernel) {
        this.kernel = kernel;
        insts = kernel.code().insts().toArray(Inst[]::new);
        outputs = kernel.code().outputs().stream().mapToInt(Integer::intValue).toArray();
    }

    @Override
    void run(long frame, int bytes) {
        if (kernel.code().lane() == Lane.FLOAT) {
            floats(frame, bytes);
        } else {
            doubles(frame, bytes);
        }
        lanes += bytes >> kernel.shift;
        if (++calls == CALLS || calls < CALLS && lanes >= ENOUGH) {
            calls = CALLS;
            KernelWarmup.start(kernel);
        }
    }

    private void floats(long frame, int bytes) {
        int[][] values = FLOATS.get();
        if (values.length < insts.length) {
            values = new int[insts.length][LANES];
            FLOATS.set(values);
        }
        for (int done = 0; done < bytes; done += LANES * Integer.BYTES) {
            int n = Math.min(LANES, (bytes - done) / Integer.BYTES);
            for (int i = 0; i < insts.length; i++) {
                if (insts[i].prim() == Prim.INPUT) {
                    long at = frame + (outputs.length + insts[i].bits()) * ENTRY;
                    if (ALL.get(LONG, at + 8) == 0) {
                        Arrays.fill(values[i], 0, n, ALL.get(INT, ALL.get(LONG, at)));
                    } else {
                        MemorySegment.copy(ALL, INT, ALL.get(LONG, at) + done, values[i], 0, n);
                    }
                }
            }
            ScalarInterpreter.run(insts, values, n);
            for (int o = 0; o < outputs.length; o++) {
                MemorySegment.copy(values[outputs[o]], 0, ALL, INT, Workspace.address(frame, o) + done, n);
            }
        }
    }

    private void doubles(long frame, int bytes) {
        long[][] values = DOUBLES.get();
        if (values.length < insts.length) {
            values = new long[insts.length][LANES];
            DOUBLES.set(values);
        }
        for (int done = 0; done < bytes; done += LANES * Long.BYTES) {
            int n = Math.min(LANES, (bytes - done) / Long.BYTES);
            for (int i = 0; i < insts.length; i++) {
                if (insts[i].prim() == Prim.INPUT) {
                    long at = frame + (outputs.length + insts[i].bits()) * ENTRY;
                    if (ALL.get(LONG, at + 8) == 0) {
                        Arrays.fill(values[i], 0, n, ALL.get(LONG, ALL.get(LONG, at)));
                    } else {
                        MemorySegment.copy(ALL, LONG, ALL.get(LONG, at) + done, values[i], 0, n);
                    }
                }
            }
            ScalarInterpreter.run(insts, values, n);
            for (int o = 0; o < outputs.length; o++) {
                MemorySegment.copy(values[outputs[o]], 0, ALL, LONG, Workspace.address(frame, o) + done, n);
            }
        }
    }
}

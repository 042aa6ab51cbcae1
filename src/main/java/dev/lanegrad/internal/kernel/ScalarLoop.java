package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.lane.Lane;
import dev.lanegrad.internal.lane.LaneCode.Inst;
import dev.lanegrad.internal.lane.Prim;
import dev.lanegrad.internal.lane.ScalarDoubles;
import dev.lanegrad.internal.lane.ScalarFloats;
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
    private static final int LANES = 512;
    /** From so many calls, or lanes, on vectors are worth having. */
    private static final int CALLS = 10;
    private static final long ENOUGH = 4096;
    private static final MemorySegment ALL = Raw.ALL;
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
    private static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final ThreadLocal<ScalarFloats> FLOATS = ThreadLocal.withInitial(() -> new ScalarFloats(LANES));
    private static final ThreadLocal<ScalarDoubles> DOUBLES = ThreadLocal.withInitial(() -> new ScalarDoubles(LANES));

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
        ScalarFloats values = FLOATS.get();
        values.constants(insts, Math.min(LANES, bytes / Integer.BYTES));
        for (int done = 0; done < bytes; done += LANES * Integer.BYTES) {
            int n = Math.min(LANES, (bytes - done) / Integer.BYTES);
            for (int i = 0; i < insts.length; i++) {
                if (insts[i].prim() == Prim.INPUT) {
                    long at = frame + (outputs.length + insts[i].bits()) * ENTRY;
                    if (ALL.get(LONG, at + 8) == 0) {
                        Arrays.fill(values.reals(i), 0, n, ALL.get(FLOAT, ALL.get(LONG, at)));
                    } else {
                        MemorySegment.copy(ALL, FLOAT, ALL.get(LONG, at) + done, values.reals(i), 0, n);
                    }
                }
            }
            values.run(insts, n);
            for (int o = 0; o < outputs.length; o++) {
                MemorySegment.copy(values.reals(outputs[o]), 0, ALL, FLOAT, Workspace.address(frame, o) + done, n);
            }
        }
    }

    private void doubles(long frame, int bytes) {
        ScalarDoubles values = DOUBLES.get();
        values.constants(insts, Math.min(LANES, bytes / Long.BYTES));
        for (int done = 0; done < bytes; done += LANES * Long.BYTES) {
            int n = Math.min(LANES, (bytes - done) / Long.BYTES);
            for (int i = 0; i < insts.length; i++) {
                if (insts[i].prim() == Prim.INPUT) {
                    long at = frame + (outputs.length + insts[i].bits()) * ENTRY;
                    if (ALL.get(LONG, at + 8) == 0) {
                        Arrays.fill(values.reals(i), 0, n, ALL.get(DOUBLE, ALL.get(LONG, at)));
                    } else {
                        MemorySegment.copy(ALL, DOUBLE, ALL.get(LONG, at) + done, values.reals(i), 0, n);
                    }
                }
            }
            values.run(insts, n);
            for (int o = 0; o < outputs.length; o++) {
                MemorySegment.copy(values.reals(outputs[o]), 0, ALL, DOUBLE, Workspace.address(frame, o) + done, n);
            }
        }
    }
}

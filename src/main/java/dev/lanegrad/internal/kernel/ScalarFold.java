package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.lane.Lane;
import dev.lanegrad.internal.memory.Raw;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * The first folds of a JVM, in plain Java: the classes of vectors take longer to begin with than they save on a few short
 * sequences. The law is that of {@link Folds}, bit for bit.
 */
final class ScalarFold {
    /** Elements after which vectors are worth having. */
    private static final int ENOUGH = 4096;
    private static final MemorySegment ALL = Raw.ALL;

    // Threads may lose some: then vectors come a little later.
    private static int folded;

    private ScalarFold() {
    }

    /** Folds one sequence of at most a chunk, at least one element, if it is still time for this; false if not. */
    static boolean run(FoldOp op, Lane lane, long in, int count, long out) {
        if (folded >= ENOUGH) {
            return false;
        }
        folded += count;
        fold(op, lane, in, count, out);
        return true;
    }

    static void fold(FoldOp op, Lane lane, long in, int count, long out) {
        double[] lanes = new double[FoldLoops.LANES];
        Arrays.fill(lanes, op.identity());
        for (int i = 0; i < count; i++) {
            double element = lane == Lane.FLOAT ? ALL.get(ValueLayout.JAVA_FLOAT_UNALIGNED, in + (long) Float.BYTES * i)
                    : ALL.get(ValueLayout.JAVA_DOUBLE_UNALIGNED, in + (long) Double.BYTES * i);
            lanes[i % lanes.length] = join(op, lane, lanes[i % lanes.length], element);
        }
        for (int width = lanes.length / 2; width > 0; width /= 2) {
            for (int j = 0; j < width; j++) {
                lanes[j] = join(op, lane, lanes[j], lanes[j + width]);
            }
        }
        switch (lane) {
            case FLOAT -> ALL.set(ValueLayout.JAVA_FLOAT_UNALIGNED, out, (float) lanes[0]);
            case DOUBLE -> ALL.set(ValueLayout.JAVA_DOUBLE_UNALIGNED, out, lanes[0]);
        }
    }

    // The sum or product of two floats, rounded to a double and then to a float, is the one rounded to a float at once.
    private static double join(FoldOp op, Lane lane, double a, double b) {
        double joined = switch (op) {
            case SUM -> a + b;
            case PROD -> a * b;
            case AMAX -> a != a || b <= a ? a : b;
            case AMIN -> a != a || b >= a ? a : b;
        };
        return lane == Lane.FLOAT ? (float) joined : joined;
    }
}

package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.memory.Raw;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Running products of floats, for {@link ProdOfOthers}. */
final class RunningFloatProducts {
    private static final MemorySegment ALL = Raw.ALL;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final Class<?> TYPE = S.vectorType();

    private RunningFloatProducts() {
    }

    /** Writes the product of the vectors before each row's, from the one at {@code product} on, which goes on. */
    static void before(long in, long inStride, long out, long outStride, int rows, long product) {
        FloatVector p = FloatVector.fromMemorySegment(S, ALL, product, ORDER);
        for (int row = 0; row < rows; row++) {
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, in + row * inStride, ORDER);
            ((FloatVector) TYPE.cast(p)).intoMemorySegment(ALL, out + row * outStride, ORDER);
            p = ((FloatVector) TYPE.cast(p)).mul(x);
        }
        ((FloatVector) TYPE.cast(p)).intoMemorySegment(ALL, product, ORDER);
    }

    /** From the last row to the first, multiplies what was written by that of the vectors behind. */
    static void behind(long in, long inStride, long out, long outStride, int rows, long product) {
        FloatVector p = FloatVector.fromMemorySegment(S, ALL, product, ORDER);
        for (int row = rows - 1; row >= 0; row--) {
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, in + row * inStride, ORDER);
            FloatVector before = FloatVector.fromMemorySegment(S, ALL, out + row * outStride, ORDER);
            before.mul(p).intoMemorySegment(ALL, out + row * outStride, ORDER);
            p = ((FloatVector) TYPE.cast(p)).mul(x);
        }
        ((FloatVector) TYPE.cast(p)).intoMemorySegment(ALL, product, ORDER);
    }
}

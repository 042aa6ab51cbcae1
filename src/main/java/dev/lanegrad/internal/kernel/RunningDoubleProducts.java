package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.memory.Raw;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorSpecies;

/** Running products of doubles, for {@link ProdOfOthers}. */
final class RunningDoubleProducts {
    private static final MemorySegment ALL = Raw.ALL;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final VectorSpecies<Double> S = DoubleVector.SPECIES_PREFERRED;
    private static final Class<?> TYPE = S.vectorType();

    private RunningDoubleProducts() {
    }

    /** Writes the product of the vectors before each row's, from the one at {@code product} on, which goes on. */
    static void before(long in, long inStride, long out, long outStride, int rows, long product) {
        DoubleVector p = DoubleVector.fromMemorySegment(S, ALL, product, ORDER);
        for (int row = 0; row < rows; row++) {
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, in + row * inStride, ORDER);
            ((DoubleVector) TYPE.cast(p)).intoMemorySegment(ALL, out + row * outStride, ORDER);
            p = ((DoubleVector) TYPE.cast(p)).mul(x);
        }
        ((DoubleVector) TYPE.cast(p)).intoMemorySegment(ALL, product, ORDER);
    }

    /** From the last row to the first, multiplies what was written by that of the vectors behind. */
    static void behind(long in, long inStride, long out, long outStride, int rows, long product) {
        DoubleVector p = DoubleVector.fromMemorySegment(S, ALL, product, ORDER);
        for (int row = rows - 1; row >= 0; row--) {
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, in + row * inStride, ORDER);
            DoubleVector before = DoubleVector.fromMemorySegment(S, ALL, out + row * outStride, ORDER);
            before.mul(p).intoMemorySegment(ALL, out + row * outStride, ORDER);
            p = ((DoubleVector) TYPE.cast(p)).mul(x);
        }
        ((DoubleVector) TYPE.cast(p)).intoMemorySegment(ALL, product, ORDER);
    }
}

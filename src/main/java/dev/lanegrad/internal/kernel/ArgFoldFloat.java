package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.memory.Raw;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Search for known extremes among floats. Written by src/build/java/FoldSources.java: change it there. */
final class ArgFoldFloat extends ArgFoldLoops {
    private static final MemorySegment ALL = Raw.ALL;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;
    private static final int V = S.length();
    private static final int VB = S.vectorByteSize();

    @Override
    void rows(long in, long rowStride, int rows, long extremes, long add, long out) {
        for (int row = 0; row < rows; row++) {
            float extreme = ALL.get(ValueLayout.JAVA_FLOAT_UNALIGNED, extremes + row * (long) Float.BYTES);
            FloatVector e = FloatVector.broadcast(S, extreme);
            long p = in + row * rowStride;
            int lane = V;
            int d = 0;
            for (; lane == V; d += VB) {
                FloatVector x = FloatVector.fromMemorySegment(S, ALL, p + d, ORDER);
                lane = x.compare(VectorOperators.EQ, e).or(x.compare(VectorOperators.NE, x)).firstTrue();
            }
            ALL.set(ValueLayout.JAVA_LONG_UNALIGNED, out + row * (long) Long.BYTES,
                    add + d / Float.BYTES - V + lane);
        }
    }

    @Override
    void columns(long in, long rowStride, int first, int rows, int bytes, long extremes, long indices) {
        for (int row = rows - 1; row >= 0; row--) {
            IntVector i = IntVector.broadcast(I, first + row);
            long p = in + row * rowStride;
            for (int d = 0; d < bytes; d += VB) {
                FloatVector x = FloatVector.fromMemorySegment(S, ALL, p + d, ORDER);
                FloatVector e = FloatVector.fromMemorySegment(S, ALL, extremes + d, ORDER);
                VectorMask<Float> found = x.compare(VectorOperators.EQ, e).or(x.compare(VectorOperators.NE, x));
                IntVector known = IntVector.fromMemorySegment(I, ALL, indices + d, ORDER);
                known.blend(i, found.cast(I)).intoMemorySegment(ALL, indices + d, ORDER);
            }
        }
    }
}

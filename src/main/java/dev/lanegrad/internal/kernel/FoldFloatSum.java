package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.memory.Raw;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/** Sums of floats. Written by src/build/java/FoldSources.java: change it there. */
final class FoldFloatSum extends FoldLoops {
    private static final MemorySegment ALL = Raw.ALL;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final Class<?> TYPE = S.vectorType();
    private static final int V = S.length();
    private static final int VB = S.vectorByteSize();
    private static final int BYTES = Float.BYTES;
    private static final int GROUP = LANES * BYTES;
    private static final float IDENTITY = -0f;
    private static final FloatVector ID = FloatVector.broadcast(S, IDENTITY);
    private static final FloatVector IOTA = FloatVector.zero(S).addIndex(1);
    private static final VectorShuffle<Float> BY_8 = VectorShuffle.iota(S, 8 % V, 1, true);
    private static final VectorShuffle<Float> BY_4 = VectorShuffle.iota(S, 4 % V, 1, true);
    private static final VectorShuffle<Float> BY_2 = VectorShuffle.iota(S, 2 % V, 1, true);
    private static final VectorShuffle<Float> BY_1 = VectorShuffle.iota(S, 1, 1, true);

    FoldFloatSum() {
        super(BYTES);
    }

    @Override
    void lanes(long in, long rowStride, int n, int rows, long out, long work) {
        if (4 * VB == GROUP) {
            FoldFloatSumLanes.lanes4(in, rowStride, n, rows, out);
            return;
        }
        if (8 * VB == GROUP) {
            FoldFloatSumLanes.lanes8(in, rowStride, n, rows, out);
        } else {
            FoldFloatSumLanes.parts(in, rowStride, n, rows, out, work);
        }
    }

    @Override
    boolean whole(long in, int bytes, long out) {
        FloatVector a0 = FloatVector.broadcast(S, IDENTITY);
        FloatVector a1 = FloatVector.broadcast(S, IDENTITY);
        FloatVector a2 = FloatVector.broadcast(S, IDENTITY);
        FloatVector a3 = FloatVector.broadcast(S, IDENTITY);
        for (int d = 0; d < bytes; d += GROUP) {
            FloatVector x0 = FloatVector.fromMemorySegment(S, ALL, in + d, ORDER);
            a0 = ((FloatVector) TYPE.cast(a0)).add(x0);
            FloatVector x1 = FloatVector.fromMemorySegment(S, ALL, in + d + VB, ORDER);
            a1 = ((FloatVector) TYPE.cast(a1)).add(x1);
            FloatVector x2 = FloatVector.fromMemorySegment(S, ALL, in + d + 2 * VB, ORDER);
            a2 = ((FloatVector) TYPE.cast(a2)).add(x2);
            FloatVector x3 = FloatVector.fromMemorySegment(S, ALL, in + d + 3 * VB, ORDER);
            a3 = ((FloatVector) TYPE.cast(a3)).add(x3);
        }
        a0 = ((FloatVector) TYPE.cast(a0)).add(a2);
        a1 = ((FloatVector) TYPE.cast(a1)).add(a3);
        FloatVector y;
        FloatVector x0 = ((FloatVector) TYPE.cast(a0)).add(a1);
        if (V > 8) {
            y = x0.rearrange(BY_8);
            x0 = x0.add(y);
        }
        if (V > 4) {
            y = x0.rearrange(BY_4);
            x0 = x0.add(y);
        }
        if (V > 2) {
            y = x0.rearrange(BY_2);
            x0 = x0.add(y);
        }
        y = x0.rearrange(BY_1);
        x0 = x0.add(y);
        ALL.set(ValueLayout.JAVA_FLOAT_UNALIGNED, out, x0.lane(0));
        return true;
    }

    @Override
    void rows(long in, long rowStride, int n, int rows, long out) {
        switch ((n - 1) / V) {
            case 0 -> rows1(in, rowStride, n, rows, out);
            case 1 -> rows2(in, rowStride, n, rows, out);
            case 2 -> rows3(in, rowStride, n, rows, out);
            default -> rows4(in, rowStride, n, rows, out);
        }
    }

    private static void rows1(long in, long rowStride, int n, int rows, long out) {
        VectorMask<Float> valid = IOTA.compare(VectorOperators.LT, (float) n);
        for (int row = 0; row < rows; row++) {
            long p = in + row * rowStride;
            FloatVector y;
            FloatVector x0 = FloatVector.fromMemorySegment(S, ALL, p, ORDER);
            x0 = ID.blend(x0, valid);
            if (V > 8) {
                y = x0.rearrange(BY_8);
                x0 = x0.add(y);
            }
            if (V > 4) {
                y = x0.rearrange(BY_4);
                x0 = x0.add(y);
            }
            if (V > 2) {
                y = x0.rearrange(BY_2);
                x0 = x0.add(y);
            }
            y = x0.rearrange(BY_1);
            x0 = x0.add(y);
            ALL.set(ValueLayout.JAVA_FLOAT_UNALIGNED, out + row * (long) BYTES, x0.lane(0));
        }
    }

    private static void rows2(long in, long rowStride, int n, int rows, long out) {
        VectorMask<Float> valid = IOTA.compare(VectorOperators.LT, (float) (n - V));
        for (int row = 0; row < rows; row++) {
            long p = in + row * rowStride;
            FloatVector y;
            FloatVector x0 = FloatVector.fromMemorySegment(S, ALL, p, ORDER);
            FloatVector x1 = FloatVector.fromMemorySegment(S, ALL, p + VB, ORDER);
            x1 = ID.blend(x1, valid);
            x0 = x0.add(x1);
            if (V > 8) {
                y = x0.rearrange(BY_8);
                x0 = x0.add(y);
            }
            if (V > 4) {
                y = x0.rearrange(BY_4);
                x0 = x0.add(y);
            }
            if (V > 2) {
                y = x0.rearrange(BY_2);
                x0 = x0.add(y);
            }
            y = x0.rearrange(BY_1);
            x0 = x0.add(y);
            ALL.set(ValueLayout.JAVA_FLOAT_UNALIGNED, out + row * (long) BYTES, x0.lane(0));
        }
    }

    private static void rows3(long in, long rowStride, int n, int rows, long out) {
        VectorMask<Float> valid = IOTA.compare(VectorOperators.LT, (float) (n - 2 * V));
        for (int row = 0; row < rows; row++) {
            long p = in + row * rowStride;
            FloatVector y;
            FloatVector x0 = FloatVector.fromMemorySegment(S, ALL, p, ORDER);
            FloatVector x1 = FloatVector.fromMemorySegment(S, ALL, p + VB, ORDER);
            FloatVector x2 = FloatVector.fromMemorySegment(S, ALL, p + 2 * VB, ORDER);
            x2 = ID.blend(x2, valid);
            x0 = x0.add(x2);
            x0 = x0.add(x1);
            if (V > 8) {
                y = x0.rearrange(BY_8);
                x0 = x0.add(y);
            }
            if (V > 4) {
                y = x0.rearrange(BY_4);
                x0 = x0.add(y);
            }
            if (V > 2) {
                y = x0.rearrange(BY_2);
                x0 = x0.add(y);
            }
            y = x0.rearrange(BY_1);
            x0 = x0.add(y);
            ALL.set(ValueLayout.JAVA_FLOAT_UNALIGNED, out + row * (long) BYTES, x0.lane(0));
        }
    }

    private static void rows4(long in, long rowStride, int n, int rows, long out) {
        VectorMask<Float> valid = IOTA.compare(VectorOperators.LT, (float) (n - 3 * V));
        for (int row = 0; row < rows; row++) {
            long p = in + row * rowStride;
            FloatVector y;
            FloatVector x0 = FloatVector.fromMemorySegment(S, ALL, p, ORDER);
            FloatVector x1 = FloatVector.fromMemorySegment(S, ALL, p + VB, ORDER);
            FloatVector x2 = FloatVector.fromMemorySegment(S, ALL, p + 2 * VB, ORDER);
            FloatVector x3 = FloatVector.fromMemorySegment(S, ALL, p + 3 * VB, ORDER);
            x3 = ID.blend(x3, valid);
            x0 = x0.add(x2);
            x1 = x1.add(x3);
            x0 = x0.add(x1);
            if (V > 8) {
                y = x0.rearrange(BY_8);
                x0 = x0.add(y);
            }
            if (V > 4) {
                y = x0.rearrange(BY_4);
                x0 = x0.add(y);
            }
            if (V > 2) {
                y = x0.rearrange(BY_2);
                x0 = x0.add(y);
            }
            y = x0.rearrange(BY_1);
            x0 = x0.add(y);
            ALL.set(ValueLayout.JAVA_FLOAT_UNALIGNED, out + row * (long) BYTES, x0.lane(0));
        }
    }

    @Override
    boolean column(long in, long stride, int n, long work, long out) {
        int whole = n & -LANES;
        long step = LANES / 8 * stride;
        for (int first = 0; first < LANES / 8; first++) {
            long p = in + first * stride;
            int rest = n - whole - first;
            FloatVector a0 = FloatVector.broadcast(S, IDENTITY);
            FloatVector a1 = FloatVector.broadcast(S, IDENTITY);
            FloatVector a2 = FloatVector.broadcast(S, IDENTITY);
            FloatVector a3 = FloatVector.broadcast(S, IDENTITY);
            FloatVector a4 = FloatVector.broadcast(S, IDENTITY);
            FloatVector a5 = FloatVector.broadcast(S, IDENTITY);
            FloatVector a6 = FloatVector.broadcast(S, IDENTITY);
            FloatVector a7 = FloatVector.broadcast(S, IDENTITY);
            for (int i = 0; i < whole; i += LANES) {
                long q = p + i * stride;
                FloatVector x0 = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
                a0 = ((FloatVector) TYPE.cast(a0)).add(x0);
                FloatVector x1 = FloatVector.fromMemorySegment(S, ALL, q + step, ORDER);
                a1 = ((FloatVector) TYPE.cast(a1)).add(x1);
                FloatVector x2 = FloatVector.fromMemorySegment(S, ALL, q + 2 * step, ORDER);
                a2 = ((FloatVector) TYPE.cast(a2)).add(x2);
                FloatVector x3 = FloatVector.fromMemorySegment(S, ALL, q + 3 * step, ORDER);
                a3 = ((FloatVector) TYPE.cast(a3)).add(x3);
                FloatVector x4 = FloatVector.fromMemorySegment(S, ALL, q + 4 * step, ORDER);
                a4 = ((FloatVector) TYPE.cast(a4)).add(x4);
                FloatVector x5 = FloatVector.fromMemorySegment(S, ALL, q + 5 * step, ORDER);
                a5 = ((FloatVector) TYPE.cast(a5)).add(x5);
                FloatVector x6 = FloatVector.fromMemorySegment(S, ALL, q + 6 * step, ORDER);
                a6 = ((FloatVector) TYPE.cast(a6)).add(x6);
                FloatVector x7 = FloatVector.fromMemorySegment(S, ALL, q + 7 * step, ORDER);
                a7 = ((FloatVector) TYPE.cast(a7)).add(x7);
            }
            long q = p + whole * stride;
            if (rest > 0) {
                FloatVector x0 = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
                a0 = ((FloatVector) TYPE.cast(a0)).add(x0);
            }
            if (rest > 8) {
                FloatVector x1 = FloatVector.fromMemorySegment(S, ALL, q + step, ORDER);
                a1 = ((FloatVector) TYPE.cast(a1)).add(x1);
            }
            if (rest > 16) {
                FloatVector x2 = FloatVector.fromMemorySegment(S, ALL, q + 2 * step, ORDER);
                a2 = ((FloatVector) TYPE.cast(a2)).add(x2);
            }
            if (rest > 24) {
                FloatVector x3 = FloatVector.fromMemorySegment(S, ALL, q + 3 * step, ORDER);
                a3 = ((FloatVector) TYPE.cast(a3)).add(x3);
            }
            if (rest > 32) {
                FloatVector x4 = FloatVector.fromMemorySegment(S, ALL, q + 4 * step, ORDER);
                a4 = ((FloatVector) TYPE.cast(a4)).add(x4);
            }
            if (rest > 40) {
                FloatVector x5 = FloatVector.fromMemorySegment(S, ALL, q + 5 * step, ORDER);
                a5 = ((FloatVector) TYPE.cast(a5)).add(x5);
            }
            if (rest > 48) {
                FloatVector x6 = FloatVector.fromMemorySegment(S, ALL, q + 6 * step, ORDER);
                a6 = ((FloatVector) TYPE.cast(a6)).add(x6);
            }
            if (rest > 56) {
                FloatVector x7 = FloatVector.fromMemorySegment(S, ALL, q + 7 * step, ORDER);
                a7 = ((FloatVector) TYPE.cast(a7)).add(x7);
            }
            a0 = ((FloatVector) TYPE.cast(a0)).add(a4);
            a1 = ((FloatVector) TYPE.cast(a1)).add(a5);
            a2 = ((FloatVector) TYPE.cast(a2)).add(a6);
            a3 = ((FloatVector) TYPE.cast(a3)).add(a7);
            a0 = ((FloatVector) TYPE.cast(a0)).add(a2);
            a1 = ((FloatVector) TYPE.cast(a1)).add(a3);
            a0 = ((FloatVector) TYPE.cast(a0)).add(a1);
            ((FloatVector) TYPE.cast(a0)).intoMemorySegment(ALL, work + first * (long) VB, ORDER);
        }
        FloatVector a0 = FloatVector.fromMemorySegment(S, ALL, work, ORDER);
        FloatVector a1 = FloatVector.fromMemorySegment(S, ALL, work + VB, ORDER);
        FloatVector a2 = FloatVector.fromMemorySegment(S, ALL, work + 2 * VB, ORDER);
        FloatVector a3 = FloatVector.fromMemorySegment(S, ALL, work + 3 * VB, ORDER);
        FloatVector a4 = FloatVector.fromMemorySegment(S, ALL, work + 4 * VB, ORDER);
        FloatVector a5 = FloatVector.fromMemorySegment(S, ALL, work + 5 * VB, ORDER);
        FloatVector a6 = FloatVector.fromMemorySegment(S, ALL, work + 6 * VB, ORDER);
        FloatVector a7 = FloatVector.fromMemorySegment(S, ALL, work + 7 * VB, ORDER);
        a0 = ((FloatVector) TYPE.cast(a0)).add(a4);
        a1 = ((FloatVector) TYPE.cast(a1)).add(a5);
        a2 = ((FloatVector) TYPE.cast(a2)).add(a6);
        a3 = ((FloatVector) TYPE.cast(a3)).add(a7);
        a0 = ((FloatVector) TYPE.cast(a0)).add(a2);
        a1 = ((FloatVector) TYPE.cast(a1)).add(a3);
        a0 = ((FloatVector) TYPE.cast(a0)).add(a1);
        ((FloatVector) TYPE.cast(a0)).intoMemorySegment(ALL, out, ORDER);
        return true;
    }

    @Override
    void joinFour(long to, long toStride, long in, long inStride, long far, int rows, int bytes) {
        for (int row = 0; row < rows; row++) {
            long p = to + row * toStride;
            long q = in + row * inStride;
            for (int d = 0; d < bytes; d += VB) {
                FloatVector a = FloatVector.fromMemorySegment(S, ALL, p + d, ORDER);
                FloatVector x0 = FloatVector.fromMemorySegment(S, ALL, q + d, ORDER);
                a = ((FloatVector) TYPE.cast(a)).add(x0);
                FloatVector x1 = FloatVector.fromMemorySegment(S, ALL, q + far + d, ORDER);
                a = ((FloatVector) TYPE.cast(a)).add(x1);
                FloatVector x2 = FloatVector.fromMemorySegment(S, ALL, q + 2 * far + d, ORDER);
                a = ((FloatVector) TYPE.cast(a)).add(x2);
                FloatVector x3 = FloatVector.fromMemorySegment(S, ALL, q + 3 * far + d, ORDER);
                a = ((FloatVector) TYPE.cast(a)).add(x3);
                ((FloatVector) TYPE.cast(a)).intoMemorySegment(ALL, p + d, ORDER);
            }
        }
    }

    @Override
    void joinFourNarrow(long to, long toStride, long in, long inStride, long far, int rows) {
        for (int row = 0; row < rows; row++) {
            long p = to + row * toStride;
            long q = in + row * inStride;
            FloatVector a = FloatVector.fromMemorySegment(S, ALL, p, ORDER);
            FloatVector x0 = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
            a = ((FloatVector) TYPE.cast(a)).add(x0);
            FloatVector x1 = FloatVector.fromMemorySegment(S, ALL, q + far, ORDER);
            a = ((FloatVector) TYPE.cast(a)).add(x1);
            FloatVector x2 = FloatVector.fromMemorySegment(S, ALL, q + 2 * far, ORDER);
            a = ((FloatVector) TYPE.cast(a)).add(x2);
            FloatVector x3 = FloatVector.fromMemorySegment(S, ALL, q + 3 * far, ORDER);
            a = ((FloatVector) TYPE.cast(a)).add(x3);
            ((FloatVector) TYPE.cast(a)).intoMemorySegment(ALL, p, ORDER);
        }
    }

    @Override
    void join(long a, long aStride, long b, long bStride, long out, long outStride, int rows, int bytes) {
        for (int row = 0; row < rows; row++) {
            long p = a + row * aStride;
            long q = b + row * bStride;
            long r = out + row * outStride;
            int d = 0;
            for (; d < bytes - 3 * VB; d += 4 * VB) {
                FloatVector x0 = FloatVector.fromMemorySegment(S, ALL, p + d, ORDER);
                FloatVector y0 = FloatVector.fromMemorySegment(S, ALL, q + d, ORDER);
                x0.add(y0).intoMemorySegment(ALL, r + d, ORDER);
                FloatVector x1 = FloatVector.fromMemorySegment(S, ALL, p + d + VB, ORDER);
                FloatVector y1 = FloatVector.fromMemorySegment(S, ALL, q + d + VB, ORDER);
                x1.add(y1).intoMemorySegment(ALL, r + d + VB, ORDER);
                FloatVector x2 = FloatVector.fromMemorySegment(S, ALL, p + d + 2 * VB, ORDER);
                FloatVector y2 = FloatVector.fromMemorySegment(S, ALL, q + d + 2 * VB, ORDER);
                x2.add(y2).intoMemorySegment(ALL, r + d + 2 * VB, ORDER);
                FloatVector x3 = FloatVector.fromMemorySegment(S, ALL, p + d + 3 * VB, ORDER);
                FloatVector y3 = FloatVector.fromMemorySegment(S, ALL, q + d + 3 * VB, ORDER);
                x3.add(y3).intoMemorySegment(ALL, r + d + 3 * VB, ORDER);
            }
            for (; d < bytes; d += VB) {
                FloatVector x = FloatVector.fromMemorySegment(S, ALL, p + d, ORDER);
                FloatVector y = FloatVector.fromMemorySegment(S, ALL, q + d, ORDER);
                x.add(y).intoMemorySegment(ALL, r + d, ORDER);
            }
        }
    }

    @Override
    void joinNarrow(long a, long aStride, long b, long bStride, long out, long outStride, int rows) {
        for (int row = 0; row < rows; row++) {
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, a + row * aStride, ORDER);
            FloatVector y = FloatVector.fromMemorySegment(S, ALL, b + row * bStride, ORDER);
            x.add(y).intoMemorySegment(ALL, out + row * outStride, ORDER);
        }
    }

    @Override
    void fill(long out, int bytes) {
        for (int d = 0; d < bytes; d += VB) {
            ID.intoMemorySegment(ALL, out + d, ORDER);
        }
    }
}

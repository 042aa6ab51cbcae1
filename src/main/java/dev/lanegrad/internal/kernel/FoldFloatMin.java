package dev.lanegrad.internal.kernel;

import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.NE;

import dev.lanegrad.internal.memory.Raw;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/** Minima of floats. Written by src/build/java/FoldSources.java: change it there. */
final class FoldFloatMin extends FoldLoops {
    private static final MemorySegment ALL = Raw.ALL;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final Class<?> TYPE = S.vectorType();
    private static final int V = S.length();
    private static final int VB = S.vectorByteSize();
    private static final int BYTES = Float.BYTES;
    private static final int GROUP = LANES * BYTES;
    private static final float IDENTITY = Float.POSITIVE_INFINITY;
    private static final FloatVector ID = FloatVector.broadcast(S, IDENTITY);
    private static final FloatVector IOTA = FloatVector.zero(S).addIndex(1);
    private static final VectorShuffle<Float> BY_8 = VectorShuffle.iota(S, 8 % V, 1, true);
    private static final VectorShuffle<Float> BY_4 = VectorShuffle.iota(S, 4 % V, 1, true);
    private static final VectorShuffle<Float> BY_2 = VectorShuffle.iota(S, 2 % V, 1, true);
    private static final VectorShuffle<Float> BY_1 = VectorShuffle.iota(S, 1, 1, true);

    FoldFloatMin() {
        super(BYTES);
    }

    @Override
    void lanes(long in, long rowStride, int n, int rows, long out, long work) {
        if (4 * VB == GROUP) {
            for (int row = 0; row < rows; row++) {
                row = FoldFloatMinLanes.numbers4(in, rowStride, n, row, rows, out);
                if (row < rows) {
                    FoldFloatMinLanes.lanes4(in + row * rowStride, rowStride, n, 1, out + (long) row * VB);
                }
            }
            return;
        }
        if (8 * VB == GROUP) {
            for (int row = 0; row < rows; row++) {
                row = FoldFloatMinLanes.numbers8(in, rowStride, n, row, rows, out);
                if (row < rows) {
                    FoldFloatMinLanes.lanes8(in + row * rowStride, rowStride, n, 1, out + (long) row * VB);
                }
            }
        } else {
            FoldFloatMinLanes.parts(in, rowStride, n, rows, out, work);
        }
    }

    @Override
    boolean whole(long in, int bytes, long out) {
        FloatVector a0 = FloatVector.broadcast(S, IDENTITY);
        FloatVector a1 = FloatVector.broadcast(S, IDENTITY);
        FloatVector a2 = FloatVector.broadcast(S, IDENTITY);
        FloatVector a3 = FloatVector.broadcast(S, IDENTITY);
        FloatVector s0 = FloatVector.broadcast(S, 0);
        FloatVector s1 = FloatVector.broadcast(S, 0);
        for (int d = 0; d < bytes; d += GROUP) {
            FloatVector x0 = FloatVector.fromMemorySegment(S, ALL, in + d, ORDER);
            a0 = ((FloatVector) TYPE.cast(a0)).blend(x0, x0.compare(LT, a0));
            s0 = ((FloatVector) TYPE.cast(s0)).add(x0);
            FloatVector x1 = FloatVector.fromMemorySegment(S, ALL, in + d + VB, ORDER);
            a1 = ((FloatVector) TYPE.cast(a1)).blend(x1, x1.compare(LT, a1));
            s1 = ((FloatVector) TYPE.cast(s1)).add(x1);
            FloatVector x2 = FloatVector.fromMemorySegment(S, ALL, in + d + 2 * VB, ORDER);
            a2 = ((FloatVector) TYPE.cast(a2)).blend(x2, x2.compare(LT, a2));
            s0 = ((FloatVector) TYPE.cast(s0)).add(x2);
            FloatVector x3 = FloatVector.fromMemorySegment(S, ALL, in + d + 3 * VB, ORDER);
            a3 = ((FloatVector) TYPE.cast(a3)).blend(x3, x3.compare(LT, a3));
            s1 = ((FloatVector) TYPE.cast(s1)).add(x3);
        }
        a0 = ((FloatVector) TYPE.cast(a0)).blend(a2, ((FloatVector) TYPE.cast(a2)).compare(LT, a0));
        a1 = ((FloatVector) TYPE.cast(a1)).blend(a3, ((FloatVector) TYPE.cast(a3)).compare(LT, a1));
        FloatVector y;
        FloatVector x0 = ((FloatVector) TYPE.cast(a0)).blend(a1, ((FloatVector) TYPE.cast(a1)).compare(LT, a0));
        if (V > 8) {
            y = x0.rearrange(BY_8);
            x0 = x0.blend(y, y.compare(LT, x0));
        }
        if (V > 4) {
            y = x0.rearrange(BY_4);
            x0 = x0.blend(y, y.compare(LT, x0));
        }
        if (V > 2) {
            y = x0.rearrange(BY_2);
            x0 = x0.blend(y, y.compare(LT, x0));
        }
        y = x0.rearrange(BY_1);
        x0 = x0.blend(y, y.compare(LT, x0));
        ALL.set(ValueLayout.JAVA_FLOAT_UNALIGNED, out, x0.lane(0));
        return !((FloatVector) TYPE.cast(s0)).add(s1).test(VectorOperators.IS_NAN).anyTrue();
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
            boolean nan = x0.compare(NE, x0).anyTrue();
            if (V > 8) {
                y = x0.rearrange(BY_8);
                x0 = x0.blend(y, y.compare(LT, x0));
            }
            if (V > 4) {
                y = x0.rearrange(BY_4);
                x0 = x0.blend(y, y.compare(LT, x0));
            }
            if (V > 2) {
                y = x0.rearrange(BY_2);
                x0 = x0.blend(y, y.compare(LT, x0));
            }
            y = x0.rearrange(BY_1);
            x0 = x0.blend(y, y.compare(LT, x0));
            ALL.set(ValueLayout.JAVA_FLOAT_UNALIGNED, out + row * (long) BYTES, nan ? Float.NaN : x0.lane(0));
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
            x0 = x0.blend(x1, x1.compare(LT, x0).or(x1.compare(NE, x1)));
            boolean nan = x0.compare(NE, x0).anyTrue();
            if (V > 8) {
                y = x0.rearrange(BY_8);
                x0 = x0.blend(y, y.compare(LT, x0));
            }
            if (V > 4) {
                y = x0.rearrange(BY_4);
                x0 = x0.blend(y, y.compare(LT, x0));
            }
            if (V > 2) {
                y = x0.rearrange(BY_2);
                x0 = x0.blend(y, y.compare(LT, x0));
            }
            y = x0.rearrange(BY_1);
            x0 = x0.blend(y, y.compare(LT, x0));
            ALL.set(ValueLayout.JAVA_FLOAT_UNALIGNED, out + row * (long) BYTES, nan ? Float.NaN : x0.lane(0));
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
            x0 = x0.blend(x2, x2.compare(LT, x0).or(x2.compare(NE, x2)));
            x0 = x0.blend(x1, x1.compare(LT, x0).or(x1.compare(NE, x1)));
            boolean nan = x0.compare(NE, x0).anyTrue();
            if (V > 8) {
                y = x0.rearrange(BY_8);
                x0 = x0.blend(y, y.compare(LT, x0));
            }
            if (V > 4) {
                y = x0.rearrange(BY_4);
                x0 = x0.blend(y, y.compare(LT, x0));
            }
            if (V > 2) {
                y = x0.rearrange(BY_2);
                x0 = x0.blend(y, y.compare(LT, x0));
            }
            y = x0.rearrange(BY_1);
            x0 = x0.blend(y, y.compare(LT, x0));
            ALL.set(ValueLayout.JAVA_FLOAT_UNALIGNED, out + row * (long) BYTES, nan ? Float.NaN : x0.lane(0));
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
            x0 = x0.blend(x2, x2.compare(LT, x0).or(x2.compare(NE, x2)));
            x1 = x1.blend(x3, x3.compare(LT, x1).or(x3.compare(NE, x3)));
            x0 = x0.blend(x1, x1.compare(LT, x0).or(x1.compare(NE, x1)));
            boolean nan = x0.compare(NE, x0).anyTrue();
            if (V > 8) {
                y = x0.rearrange(BY_8);
                x0 = x0.blend(y, y.compare(LT, x0));
            }
            if (V > 4) {
                y = x0.rearrange(BY_4);
                x0 = x0.blend(y, y.compare(LT, x0));
            }
            if (V > 2) {
                y = x0.rearrange(BY_2);
                x0 = x0.blend(y, y.compare(LT, x0));
            }
            y = x0.rearrange(BY_1);
            x0 = x0.blend(y, y.compare(LT, x0));
            ALL.set(ValueLayout.JAVA_FLOAT_UNALIGNED, out + row * (long) BYTES, nan ? Float.NaN : x0.lane(0));
        }
    }

    @Override
    boolean column(long in, long stride, int n, long work, long out) {
        int whole = n & -LANES;
        long step = LANES / 8 * stride;
        FloatVector s0 = FloatVector.broadcast(S, 0);
        FloatVector s1 = FloatVector.broadcast(S, 0);
        FloatVector s2 = FloatVector.broadcast(S, 0);
        FloatVector s3 = FloatVector.broadcast(S, 0);
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
                a0 = ((FloatVector) TYPE.cast(a0)).blend(x0, x0.compare(LT, a0));
                s0 = ((FloatVector) TYPE.cast(s0)).add(x0);
                FloatVector x1 = FloatVector.fromMemorySegment(S, ALL, q + step, ORDER);
                a1 = ((FloatVector) TYPE.cast(a1)).blend(x1, x1.compare(LT, a1));
                s1 = ((FloatVector) TYPE.cast(s1)).add(x1);
                FloatVector x2 = FloatVector.fromMemorySegment(S, ALL, q + 2 * step, ORDER);
                a2 = ((FloatVector) TYPE.cast(a2)).blend(x2, x2.compare(LT, a2));
                s2 = ((FloatVector) TYPE.cast(s2)).add(x2);
                FloatVector x3 = FloatVector.fromMemorySegment(S, ALL, q + 3 * step, ORDER);
                a3 = ((FloatVector) TYPE.cast(a3)).blend(x3, x3.compare(LT, a3));
                s3 = ((FloatVector) TYPE.cast(s3)).add(x3);
                FloatVector x4 = FloatVector.fromMemorySegment(S, ALL, q + 4 * step, ORDER);
                a4 = ((FloatVector) TYPE.cast(a4)).blend(x4, x4.compare(LT, a4));
                s0 = ((FloatVector) TYPE.cast(s0)).add(x4);
                FloatVector x5 = FloatVector.fromMemorySegment(S, ALL, q + 5 * step, ORDER);
                a5 = ((FloatVector) TYPE.cast(a5)).blend(x5, x5.compare(LT, a5));
                s1 = ((FloatVector) TYPE.cast(s1)).add(x5);
                FloatVector x6 = FloatVector.fromMemorySegment(S, ALL, q + 6 * step, ORDER);
                a6 = ((FloatVector) TYPE.cast(a6)).blend(x6, x6.compare(LT, a6));
                s2 = ((FloatVector) TYPE.cast(s2)).add(x6);
                FloatVector x7 = FloatVector.fromMemorySegment(S, ALL, q + 7 * step, ORDER);
                a7 = ((FloatVector) TYPE.cast(a7)).blend(x7, x7.compare(LT, a7));
                s3 = ((FloatVector) TYPE.cast(s3)).add(x7);
            }
            long q = p + whole * stride;
            if (rest > 0) {
                FloatVector x0 = FloatVector.fromMemorySegment(S, ALL, q, ORDER);
                a0 = ((FloatVector) TYPE.cast(a0)).blend(x0, x0.compare(LT, a0));
                s0 = ((FloatVector) TYPE.cast(s0)).add(x0);
            }
            if (rest > 8) {
                FloatVector x1 = FloatVector.fromMemorySegment(S, ALL, q + step, ORDER);
                a1 = ((FloatVector) TYPE.cast(a1)).blend(x1, x1.compare(LT, a1));
                s1 = ((FloatVector) TYPE.cast(s1)).add(x1);
            }
            if (rest > 16) {
                FloatVector x2 = FloatVector.fromMemorySegment(S, ALL, q + 2 * step, ORDER);
                a2 = ((FloatVector) TYPE.cast(a2)).blend(x2, x2.compare(LT, a2));
                s2 = ((FloatVector) TYPE.cast(s2)).add(x2);
            }
            if (rest > 24) {
                FloatVector x3 = FloatVector.fromMemorySegment(S, ALL, q + 3 * step, ORDER);
                a3 = ((FloatVector) TYPE.cast(a3)).blend(x3, x3.compare(LT, a3));
                s3 = ((FloatVector) TYPE.cast(s3)).add(x3);
            }
            if (rest > 32) {
                FloatVector x4 = FloatVector.fromMemorySegment(S, ALL, q + 4 * step, ORDER);
                a4 = ((FloatVector) TYPE.cast(a4)).blend(x4, x4.compare(LT, a4));
                s0 = ((FloatVector) TYPE.cast(s0)).add(x4);
            }
            if (rest > 40) {
                FloatVector x5 = FloatVector.fromMemorySegment(S, ALL, q + 5 * step, ORDER);
                a5 = ((FloatVector) TYPE.cast(a5)).blend(x5, x5.compare(LT, a5));
                s1 = ((FloatVector) TYPE.cast(s1)).add(x5);
            }
            if (rest > 48) {
                FloatVector x6 = FloatVector.fromMemorySegment(S, ALL, q + 6 * step, ORDER);
                a6 = ((FloatVector) TYPE.cast(a6)).blend(x6, x6.compare(LT, a6));
                s2 = ((FloatVector) TYPE.cast(s2)).add(x6);
            }
            if (rest > 56) {
                FloatVector x7 = FloatVector.fromMemorySegment(S, ALL, q + 7 * step, ORDER);
                a7 = ((FloatVector) TYPE.cast(a7)).blend(x7, x7.compare(LT, a7));
                s3 = ((FloatVector) TYPE.cast(s3)).add(x7);
            }
            a0 = ((FloatVector) TYPE.cast(a0)).blend(a4, ((FloatVector) TYPE.cast(a4)).compare(LT, a0));
            a1 = ((FloatVector) TYPE.cast(a1)).blend(a5, ((FloatVector) TYPE.cast(a5)).compare(LT, a1));
            a2 = ((FloatVector) TYPE.cast(a2)).blend(a6, ((FloatVector) TYPE.cast(a6)).compare(LT, a2));
            a3 = ((FloatVector) TYPE.cast(a3)).blend(a7, ((FloatVector) TYPE.cast(a7)).compare(LT, a3));
            a0 = ((FloatVector) TYPE.cast(a0)).blend(a2, ((FloatVector) TYPE.cast(a2)).compare(LT, a0));
            a1 = ((FloatVector) TYPE.cast(a1)).blend(a3, ((FloatVector) TYPE.cast(a3)).compare(LT, a1));
            a0 = ((FloatVector) TYPE.cast(a0)).blend(a1, ((FloatVector) TYPE.cast(a1)).compare(LT, a0));
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
        a0 = ((FloatVector) TYPE.cast(a0)).blend(a4, ((FloatVector) TYPE.cast(a4)).compare(LT, a0));
        a1 = ((FloatVector) TYPE.cast(a1)).blend(a5, ((FloatVector) TYPE.cast(a5)).compare(LT, a1));
        a2 = ((FloatVector) TYPE.cast(a2)).blend(a6, ((FloatVector) TYPE.cast(a6)).compare(LT, a2));
        a3 = ((FloatVector) TYPE.cast(a3)).blend(a7, ((FloatVector) TYPE.cast(a7)).compare(LT, a3));
        a0 = ((FloatVector) TYPE.cast(a0)).blend(a2, ((FloatVector) TYPE.cast(a2)).compare(LT, a0));
        a1 = ((FloatVector) TYPE.cast(a1)).blend(a3, ((FloatVector) TYPE.cast(a3)).compare(LT, a1));
        a0 = ((FloatVector) TYPE.cast(a0)).blend(a1, ((FloatVector) TYPE.cast(a1)).compare(LT, a0));
        ((FloatVector) TYPE.cast(a0)).intoMemorySegment(ALL, out, ORDER);
        return !((FloatVector) TYPE.cast(s0)).add(s1).add(s2).add(s3).test(VectorOperators.IS_NAN).anyTrue();
    }

    @Override
    void joinFour(long to, long toStride, long in, long inStride, long far, int rows, int bytes) {
        for (int row = 0; row < rows; row++) {
            long p = to + row * toStride;
            long q = in + row * inStride;
            for (int d = 0; d < bytes; d += VB) {
                FloatVector a = FloatVector.fromMemorySegment(S, ALL, p + d, ORDER);
                FloatVector x0 = FloatVector.fromMemorySegment(S, ALL, q + d, ORDER);
                a = ((FloatVector) TYPE.cast(a)).blend(x0, x0.compare(LT, a).or(x0.compare(NE, x0)));
                FloatVector x1 = FloatVector.fromMemorySegment(S, ALL, q + far + d, ORDER);
                a = ((FloatVector) TYPE.cast(a)).blend(x1, x1.compare(LT, a).or(x1.compare(NE, x1)));
                FloatVector x2 = FloatVector.fromMemorySegment(S, ALL, q + 2 * far + d, ORDER);
                a = ((FloatVector) TYPE.cast(a)).blend(x2, x2.compare(LT, a).or(x2.compare(NE, x2)));
                FloatVector x3 = FloatVector.fromMemorySegment(S, ALL, q + 3 * far + d, ORDER);
                a = ((FloatVector) TYPE.cast(a)).blend(x3, x3.compare(LT, a).or(x3.compare(NE, x3)));
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
            a = ((FloatVector) TYPE.cast(a)).blend(x0, x0.compare(LT, a).or(x0.compare(NE, x0)));
            FloatVector x1 = FloatVector.fromMemorySegment(S, ALL, q + far, ORDER);
            a = ((FloatVector) TYPE.cast(a)).blend(x1, x1.compare(LT, a).or(x1.compare(NE, x1)));
            FloatVector x2 = FloatVector.fromMemorySegment(S, ALL, q + 2 * far, ORDER);
            a = ((FloatVector) TYPE.cast(a)).blend(x2, x2.compare(LT, a).or(x2.compare(NE, x2)));
            FloatVector x3 = FloatVector.fromMemorySegment(S, ALL, q + 3 * far, ORDER);
            a = ((FloatVector) TYPE.cast(a)).blend(x3, x3.compare(LT, a).or(x3.compare(NE, x3)));
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
                x0.blend(y0, y0.compare(LT, x0).or(y0.compare(NE, y0))).intoMemorySegment(ALL, r + d, ORDER);
                FloatVector x1 = FloatVector.fromMemorySegment(S, ALL, p + d + VB, ORDER);
                FloatVector y1 = FloatVector.fromMemorySegment(S, ALL, q + d + VB, ORDER);
                x1.blend(y1, y1.compare(LT, x1).or(y1.compare(NE, y1))).intoMemorySegment(ALL, r + d + VB, ORDER);
                FloatVector x2 = FloatVector.fromMemorySegment(S, ALL, p + d + 2 * VB, ORDER);
                FloatVector y2 = FloatVector.fromMemorySegment(S, ALL, q + d + 2 * VB, ORDER);
                x2.blend(y2, y2.compare(LT, x2).or(y2.compare(NE, y2))).intoMemorySegment(ALL, r + d + 2 * VB, ORDER);
                FloatVector x3 = FloatVector.fromMemorySegment(S, ALL, p + d + 3 * VB, ORDER);
                FloatVector y3 = FloatVector.fromMemorySegment(S, ALL, q + d + 3 * VB, ORDER);
                x3.blend(y3, y3.compare(LT, x3).or(y3.compare(NE, y3))).intoMemorySegment(ALL, r + d + 3 * VB, ORDER);
            }
            for (; d < bytes; d += VB) {
                FloatVector x = FloatVector.fromMemorySegment(S, ALL, p + d, ORDER);
                FloatVector y = FloatVector.fromMemorySegment(S, ALL, q + d, ORDER);
                x.blend(y, y.compare(LT, x).or(y.compare(NE, y))).intoMemorySegment(ALL, r + d, ORDER);
            }
        }
    }

    @Override
    void joinNarrow(long a, long aStride, long b, long bStride, long out, long outStride, int rows) {
        for (int row = 0; row < rows; row++) {
            FloatVector x = FloatVector.fromMemorySegment(S, ALL, a + row * aStride, ORDER);
            FloatVector y = FloatVector.fromMemorySegment(S, ALL, b + row * bStride, ORDER);
            x.blend(y, y.compare(LT, x).or(y.compare(NE, y))).intoMemorySegment(ALL, out + row * outStride, ORDER);
        }
    }

    @Override
    void fill(long out, int bytes) {
        for (int d = 0; d < bytes; d += VB) {
            ID.intoMemorySegment(ALL, out + d, ORDER);
        }
    }
}

package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.memory.Raw;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * Contiguous elements of one type into another, a vector at a time: the last vector is whole, up to 64 bytes past the
 * end on either side. Results are those of Java's casts.
 */
final class Conversions {
    private static final MemorySegment ALL = Raw.ALL;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Double> D = DoubleVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Long> L = LongVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Integer> HALF_I = VectorSpecies.of(int.class, shape(D.vectorBitSize() / 2));
    private static final VectorSpecies<Float> HALF_F = VectorSpecies.of(float.class, shape(D.vectorBitSize() / 2));
    /** Bytes of a vector. */
    static final int VECTOR = F.vectorByteSize();
    private static final int F_LANES = F.length();
    private static final int D_LANES = D.length();
    /** True if a vector of floats has a vector of as many bytes, which is at least 64 bits; alike for doubles. */
    static final boolean BYTES_OF_FLOATS = F_LANES >= 8;
    static final boolean BYTES_OF_DOUBLES = D_LANES >= 8;
    /** True if the first of two elements is the lower half of both as a number: see {@link #everySecond}. */
    static final boolean LOW_FIRST = ORDER == ByteOrder.LITTLE_ENDIAN;
    private static final VectorSpecies<Byte> F_BYTES = VectorSpecies.of(byte.class, shape(Math.max(F_LANES * 8, 64)));
    private static final VectorSpecies<Byte> D_BYTES = VectorSpecies.of(byte.class, shape(Math.max(D_LANES * 8, 64)));
    private static final ByteVector F_FALSE = ByteVector.zero(F_BYTES);
    private static final ByteVector D_FALSE = ByteVector.zero(D_BYTES);
    private static final FloatVector F_ZERO = FloatVector.zero(F);
    private static final DoubleVector D_ZERO = DoubleVector.zero(D);

    private Conversions() {
    }

    private static VectorShape shape(int bits) {
        return VectorShape.forBitSize(bits);
    }

    static void copy(long from, long to, int bytes) {
        for (int d = 0; d < bytes; d += VECTOR) {
            FloatVector.fromMemorySegment(F, ALL, from + d, ORDER).intoMemorySegment(ALL, to + d, ORDER);
        }
    }

    /** Writes the vector at {@code from} again and again until there are {@code bytes}, rounded up to whole vectors. */
    static void repeat(long from, long to, int bytes) {
        FloatVector all = FloatVector.fromMemorySegment(F, ALL, from, ORDER);
        for (int d = 0; d < bytes; d += VECTOR) {
            all.intoMemorySegment(ALL, to + d, ORDER);
        }
    }

    /** Every second one of the elements of four bytes; none is read behind the last, but the one beside it. */
    static void everySecond(long from, long to, int n) {
        int i = 0;
        for (; i <= n - D_LANES; i += D_LANES) {
            ((IntVector) LongVector.fromMemorySegment(L, ALL, from + (long) i * Long.BYTES, ORDER)
                    .convertShape(VectorOperators.L2I, HALF_I, 0)).intoMemorySegment(ALL, to + (long) i * Integer.BYTES, ORDER);
        }
        for (; i < n; i++) {
            ALL.set(ValueLayout.JAVA_INT_UNALIGNED, to + (long) i * Integer.BYTES,
                    ALL.get(ValueLayout.JAVA_INT_UNALIGNED, from + (long) i * Long.BYTES));
        }
    }

    /** Elements of four bytes, each with four bytes of zeros behind it; nothing is written behind these. */
    static void apart(long from, long to, int n) {
        int i = 0;
        for (; i <= n - D_LANES; i += D_LANES) {
            ((LongVector) IntVector.fromMemorySegment(HALF_I, ALL, from + (long) i * Integer.BYTES, ORDER)
                    .convertShape(VectorOperators.ZERO_EXTEND_I2L, L, 0))
                    .intoMemorySegment(ALL, to + (long) i * Long.BYTES, ORDER);
        }
        for (; i < n; i++) {
            ALL.set(ValueLayout.JAVA_LONG_UNALIGNED, to + (long) i * Long.BYTES,
                    ALL.get(ValueLayout.JAVA_INT_UNALIGNED, from + (long) i * Integer.BYTES) & 0xffffffffL);
        }
    }

    /** Elements of four bytes in turns: one of the first, then one of the second; nothing is written behind these. */
    static void inTurns(long first, long second, long to, int n) {
        int i = 0;
        for (; i <= n - D_LANES; i += D_LANES) {
            ((LongVector) IntVector.fromMemorySegment(HALF_I, ALL, second + (long) i * Integer.BYTES, ORDER)
                    .convertShape(VectorOperators.ZERO_EXTEND_I2L, L, 0)).lanewise(VectorOperators.LSHL, Integer.SIZE)
                    .or(IntVector.fromMemorySegment(HALF_I, ALL, first + (long) i * Integer.BYTES, ORDER)
                            .convertShape(VectorOperators.ZERO_EXTEND_I2L, L, 0))
                    .intoMemorySegment(ALL, to + (long) i * Long.BYTES, ORDER);
        }
        for (; i < n; i++) {
            ALL.set(ValueLayout.JAVA_INT_UNALIGNED, to + (long) i * Long.BYTES,
                    ALL.get(ValueLayout.JAVA_INT_UNALIGNED, first + (long) i * Integer.BYTES));
            ALL.set(ValueLayout.JAVA_INT_UNALIGNED, to + (long) i * Long.BYTES + Integer.BYTES,
                    ALL.get(ValueLayout.JAVA_INT_UNALIGNED, second + (long) i * Integer.BYTES));
        }
    }

    static void fill(float value, long to, int n) {
        FloatVector all = FloatVector.broadcast(F, value);
        for (int i = 0; i < n; i += F_LANES) {
            all.intoMemorySegment(ALL, to + (long) i * Float.BYTES, ORDER);
        }
    }

    static void fill(double value, long to, int n) {
        DoubleVector all = DoubleVector.broadcast(D, value);
        for (int i = 0; i < n; i += D_LANES) {
            all.intoMemorySegment(ALL, to + (long) i * Double.BYTES, ORDER);
        }
    }

    /** Lines of {@code n} equal floats one behind the other, each of the next float of those {@code step} bytes apart. */
    static void repeatFloats(long from, long step, long to, int lines, int n) {
        for (int i = 0; i < lines; i++) {
            FloatVector all = FloatVector.broadcast(F, ALL.get(ValueLayout.JAVA_FLOAT_UNALIGNED, from + i * step));
            for (int j = 0; j < n; j += F_LANES) {
                all.intoMemorySegment(ALL, to + ((long) i * n + j) * Float.BYTES, ORDER);
            }
        }
    }

    /** Lines of {@code n} equal doubles one behind the other, each of the next double of those {@code step} bytes apart. */
    static void repeatDoubles(long from, long step, long to, int lines, int n) {
        for (int i = 0; i < lines; i++) {
            DoubleVector all = DoubleVector.broadcast(D, ALL.get(ValueLayout.JAVA_DOUBLE_UNALIGNED, from + i * step));
            for (int j = 0; j < n; j += D_LANES) {
                all.intoMemorySegment(ALL, to + ((long) i * n + j) * Double.BYTES, ORDER);
            }
        }
    }

    static void doublesToFloats(long from, long to, int n) {
        for (int i = 0; i < n; i += D_LANES) {
            ((FloatVector) DoubleVector.fromMemorySegment(D, ALL, from + (long) i * Double.BYTES, ORDER)
                    .convertShape(VectorOperators.D2F, HALF_F, 0))
                    .intoMemorySegment(ALL, to + (long) i * Float.BYTES, ORDER);
        }
    }

    static void floatsToDoubles(long from, long to, int n) {
        for (int i = 0; i < n; i += D_LANES) {
            ((DoubleVector) FloatVector.fromMemorySegment(HALF_F, ALL, from + (long) i * Float.BYTES, ORDER)
                    .convertShape(VectorOperators.F2D, D, 0))
                    .intoMemorySegment(ALL, to + (long) i * Double.BYTES, ORDER);
        }
    }

    static void longsToDoubles(long from, long to, int n) {
        for (int i = 0; i < n; i += D_LANES) {
            ((DoubleVector) LongVector.fromMemorySegment(L, ALL, from + (long) i * Long.BYTES, ORDER)
                    .convertShape(VectorOperators.L2D, D, 0))
                    .intoMemorySegment(ALL, to + (long) i * Double.BYTES, ORDER);
        }
    }

    static void bytesToFloats(long from, long to, int n) {
        for (int i = 0; i < n; i += F_LANES) {
            ((FloatVector) ByteVector.fromMemorySegment(F_BYTES, ALL, from + i, ORDER)
                    .convertShape(VectorOperators.B2F, F, 0))
                    .intoMemorySegment(ALL, to + (long) i * Float.BYTES, ORDER);
        }
    }

    static void bytesToDoubles(long from, long to, int n) {
        for (int i = 0; i < n; i += D_LANES) {
            ((DoubleVector) ByteVector.fromMemorySegment(D_BYTES, ALL, from + i, ORDER)
                    .convertShape(VectorOperators.B2D, D, 0))
                    .intoMemorySegment(ALL, to + (long) i * Double.BYTES, ORDER);
        }
    }

    /** A number is true if it is not zero; so NaN is. */
    static void floatsToBytes(long from, long to, int n) {
        for (int i = 0; i < n; i += F_LANES) {
            F_FALSE.blend(1, FloatVector.fromMemorySegment(F, ALL, from + (long) i * Float.BYTES, ORDER)
                    .compare(VectorOperators.NE, F_ZERO).cast(F_BYTES)).intoMemorySegment(ALL, to + i, ORDER);
        }
    }

    /** A number is true if it is not zero; so NaN is. */
    static void doublesToBytes(long from, long to, int n) {
        for (int i = 0; i < n; i += D_LANES) {
            D_FALSE.blend(1, DoubleVector.fromMemorySegment(D, ALL, from + (long) i * Double.BYTES, ORDER)
                    .compare(VectorOperators.NE, D_ZERO).cast(D_BYTES)).intoMemorySegment(ALL, to + i, ORDER);
        }
    }
}

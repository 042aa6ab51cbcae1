package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.lane.Prim;
import dev.lanegrad.internal.memory.Raw;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The primitives on floats, each a loop whose frame is the result and then the operands; those that work on bits are
 * in {@link FloatBits}. A truth value is a lane of all ones or all zeros. An operand that is the same for all lanes is
 * one vector, read again and again: its offset is masked to 0, which costs less than a second version of each loop.
 * Only with three operands does it pay to read a constant just once: loads are then what limits the loop.
 */
final class FloatPrims {
    private static final MemorySegment ALL = Raw.ALL;
    private static final long ADDRESS = Raw.ADDRESS;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;
    private static final int VBYTES = F.vectorByteSize();
    private static final IntVector NONE = IntVector.zero(I);

    private FloatPrims() {
    }

    /** Writes one vector whose lanes are all {@code value}. */
    static void spread(long address, float value) {
        FloatVector.broadcast(F, value).intoMemorySegment(ALL, address, ORDER);
    }

    /** Makes the loops; apart, because it needs no class of vectors, and these take a starting JVM long. */
    static final class Loops {
        private Loops() {
        }

        /**
         * A loop that does {@code prim}; operand b of a shift is the distance, the same for all lanes, and so are b and c
         * of other primitives where they are said to be constant.
         */
        static Loop of(Prim prim, boolean constantB, boolean constantC) {
            return switch (prim) {
                case ADD -> new Add();
                case SUB -> new Sub();
                case MUL -> new Mul();
                case DIV -> new Div();
                case FMA -> constantB ? constantC ? new FmaBC() : new FmaB() : constantC ? new FmaC() : new Fma();
                case SQRT -> new Sqrt();
                case LT -> new Lt();
                case LE -> new Le();
                case EQ -> new Eq();
                case NEG, ABS, MASK_AND, MASK_OR, MASK_NOT, SELECT, BITS_ADD, BITS_SUB, BITS_AND, BITS_OR, BITS_XOR,
                        BITS_SHL, BITS_SHR, BITS_USHR, BITS_LT, BITS_EQ, INPUT, CONST, CONST_BITS, TO_BITS, FROM_BITS ->
                    FloatBits.Loops.of(prim, constantB, constantC);
            };
        }
    }

    /** {@code a + b}. */
    private static final class Add extends Loop {
        @Override
        void run(long frame, int bytes) {
            long f = frame & ADDRESS;
            long o = ALL.get(LONG, f) & ADDRESS;
            long a = ALL.get(LONG, f + 16) & ADDRESS;
            long ma = ALL.get(LONG, f + 24);
            long b = ALL.get(LONG, f + 32) & ADDRESS;
            long mb = ALL.get(LONG, f + 40);
            for (int d = 0; d < bytes; d += VBYTES) {
                FloatVector.fromMemorySegment(F, ALL, a + (d & ma), ORDER)
                        .add(FloatVector.fromMemorySegment(F, ALL, b + (d & mb), ORDER))
                        .intoMemorySegment(ALL, o + d, ORDER);
            }
        }
    }

    /** {@code a - b}. */
    private static final class Sub extends Loop {
        @Override
        void run(long frame, int bytes) {
            long f = frame & ADDRESS;
            long o = ALL.get(LONG, f) & ADDRESS;
            long a = ALL.get(LONG, f + 16) & ADDRESS;
            long ma = ALL.get(LONG, f + 24);
            long b = ALL.get(LONG, f + 32) & ADDRESS;
            long mb = ALL.get(LONG, f + 40);
            for (int d = 0; d < bytes; d += VBYTES) {
                FloatVector.fromMemorySegment(F, ALL, a + (d & ma), ORDER)
                        .sub(FloatVector.fromMemorySegment(F, ALL, b + (d & mb), ORDER))
                        .intoMemorySegment(ALL, o + d, ORDER);
            }
        }
    }

    /** {@code a * b}. */
    private static final class Mul extends Loop {
        @Override
        void run(long frame, int bytes) {
            long f = frame & ADDRESS;
            long o = ALL.get(LONG, f) & ADDRESS;
            long a = ALL.get(LONG, f + 16) & ADDRESS;
            long ma = ALL.get(LONG, f + 24);
            long b = ALL.get(LONG, f + 32) & ADDRESS;
            long mb = ALL.get(LONG, f + 40);
            for (int d = 0; d < bytes; d += VBYTES) {
                FloatVector.fromMemorySegment(F, ALL, a + (d & ma), ORDER)
                        .mul(FloatVector.fromMemorySegment(F, ALL, b + (d & mb), ORDER))
                        .intoMemorySegment(ALL, o + d, ORDER);
            }
        }
    }

    /** {@code a / b}. */
    private static final class Div extends Loop {
        @Override
        void run(long frame, int bytes) {
            long f = frame & ADDRESS;
            long o = ALL.get(LONG, f) & ADDRESS;
            long a = ALL.get(LONG, f + 16) & ADDRESS;
            long ma = ALL.get(LONG, f + 24);
            long b = ALL.get(LONG, f + 32) & ADDRESS;
            long mb = ALL.get(LONG, f + 40);
            for (int d = 0; d < bytes; d += VBYTES) {
                FloatVector.fromMemorySegment(F, ALL, a + (d & ma), ORDER)
                        .div(FloatVector.fromMemorySegment(F, ALL, b + (d & mb), ORDER))
                        .intoMemorySegment(ALL, o + d, ORDER);
            }
        }
    }

    /** {@code a * b + c}. */
    private static final class Fma extends Loop {
        @Override
        void run(long frame, int bytes) {
            long f = frame & ADDRESS;
            long o = ALL.get(LONG, f) & ADDRESS;
            long a = ALL.get(LONG, f + 16) & ADDRESS;
            long ma = ALL.get(LONG, f + 24);
            long b = ALL.get(LONG, f + 32) & ADDRESS;
            long mb = ALL.get(LONG, f + 40);
            long c = ALL.get(LONG, f + 48) & ADDRESS;
            long mc = ALL.get(LONG, f + 56);
            for (int d = 0; d < bytes; d += VBYTES) {
                FloatVector.fromMemorySegment(F, ALL, a + (d & ma), ORDER)
                        .fma(FloatVector.fromMemorySegment(F, ALL, b + (d & mb), ORDER),
                                FloatVector.fromMemorySegment(F, ALL, c + (d & mc), ORDER))
                        .intoMemorySegment(ALL, o + d, ORDER);
            }
        }
    }

    /** {@code a * b + c}, where c is the same for all lanes. */
    private static final class FmaC extends Loop {
        @Override
        void run(long frame, int bytes) {
            long f = frame & ADDRESS;
            long o = ALL.get(LONG, f) & ADDRESS;
            long a = ALL.get(LONG, f + 16) & ADDRESS;
            long b = ALL.get(LONG, f + 32) & ADDRESS;
            long c = ALL.get(LONG, f + 48) & ADDRESS;
            long ma = ALL.get(LONG, f + 24);
            long mb = ALL.get(LONG, f + 40);
            FloatVector vc = FloatVector.fromMemorySegment(F, ALL, c, ORDER);
            for (int d = 0; d < bytes; d += VBYTES) {
                FloatVector.fromMemorySegment(F, ALL, a + (d & ma), ORDER)
                        .fma(FloatVector.fromMemorySegment(F, ALL, b + (d & mb), ORDER), vc)
                        .intoMemorySegment(ALL, o + d, ORDER);
            }
        }
    }

    /** {@code a * b + c}, where b is the same for all lanes. */
    private static final class FmaB extends Loop {
        @Override
        void run(long frame, int bytes) {
            long f = frame & ADDRESS;
            long o = ALL.get(LONG, f) & ADDRESS;
            long a = ALL.get(LONG, f + 16) & ADDRESS;
            long b = ALL.get(LONG, f + 32) & ADDRESS;
            long c = ALL.get(LONG, f + 48) & ADDRESS;
            long ma = ALL.get(LONG, f + 24);
            long mc = ALL.get(LONG, f + 56);
            FloatVector vb = FloatVector.fromMemorySegment(F, ALL, b, ORDER);
            for (int d = 0; d < bytes; d += VBYTES) {
                FloatVector.fromMemorySegment(F, ALL, a + (d & ma), ORDER)
                        .fma(vb, FloatVector.fromMemorySegment(F, ALL, c + (d & mc), ORDER))
                        .intoMemorySegment(ALL, o + d, ORDER);
            }
        }
    }

    /** {@code a * b + c}, where b and c are the same for all lanes. */
    private static final class FmaBC extends Loop {
        @Override
        void run(long frame, int bytes) {
            long f = frame & ADDRESS;
            long o = ALL.get(LONG, f) & ADDRESS;
            long a = ALL.get(LONG, f + 16) & ADDRESS;
            long b = ALL.get(LONG, f + 32) & ADDRESS;
            long c = ALL.get(LONG, f + 48) & ADDRESS;
            long ma = ALL.get(LONG, f + 24);
            FloatVector vb = FloatVector.fromMemorySegment(F, ALL, b, ORDER);
            FloatVector vc = FloatVector.fromMemorySegment(F, ALL, c, ORDER);
            for (int d = 0; d < bytes; d += VBYTES) {
                FloatVector.fromMemorySegment(F, ALL, a + (d & ma), ORDER)
                        .fma(vb, vc)
                        .intoMemorySegment(ALL, o + d, ORDER);
            }
        }
    }

    /** The square root of {@code a}. */
    private static final class Sqrt extends Loop {
        @Override
        void run(long frame, int bytes) {
            long f = frame & ADDRESS;
            long o = ALL.get(LONG, f) & ADDRESS;
            long a = ALL.get(LONG, f + 16) & ADDRESS;
            long ma = ALL.get(LONG, f + 24);
            for (int d = 0; d < bytes; d += VBYTES) {
                FloatVector.fromMemorySegment(F, ALL, a + (d & ma), ORDER)
                        .sqrt()
                        .intoMemorySegment(ALL, o + d, ORDER);
            }
        }
    }

    /** {@code a < b}. */
    private static final class Lt extends Loop {
        @Override
        void run(long frame, int bytes) {
            long f = frame & ADDRESS;
            long o = ALL.get(LONG, f) & ADDRESS;
            long a = ALL.get(LONG, f + 16) & ADDRESS;
            long ma = ALL.get(LONG, f + 24);
            long b = ALL.get(LONG, f + 32) & ADDRESS;
            long mb = ALL.get(LONG, f + 40);
            for (int d = 0; d < bytes; d += VBYTES) {
                VectorMask<Float> m = FloatVector.fromMemorySegment(F, ALL, a + (d & ma), ORDER)
                        .compare(VectorOperators.LT, FloatVector.fromMemorySegment(F, ALL, b + (d & mb), ORDER));
                NONE.blend(-1, m.cast(I)).intoMemorySegment(ALL, o + d, ORDER);
            }
        }
    }

    /** {@code a <= b}. */
    private static final class Le extends Loop {
        @Override
        void run(long frame, int bytes) {
            long f = frame & ADDRESS;
            long o = ALL.get(LONG, f) & ADDRESS;
            long a = ALL.get(LONG, f + 16) & ADDRESS;
            long ma = ALL.get(LONG, f + 24);
            long b = ALL.get(LONG, f + 32) & ADDRESS;
            long mb = ALL.get(LONG, f + 40);
            for (int d = 0; d < bytes; d += VBYTES) {
                VectorMask<Float> m = FloatVector.fromMemorySegment(F, ALL, a + (d & ma), ORDER)
                        .compare(VectorOperators.LE, FloatVector.fromMemorySegment(F, ALL, b + (d & mb), ORDER));
                NONE.blend(-1, m.cast(I)).intoMemorySegment(ALL, o + d, ORDER);
            }
        }
    }

    /** {@code a == b}. */
    private static final class Eq extends Loop {
        @Override
        void run(long frame, int bytes) {
            long f = frame & ADDRESS;
            long o = ALL.get(LONG, f) & ADDRESS;
            long a = ALL.get(LONG, f + 16) & ADDRESS;
            long ma = ALL.get(LONG, f + 24);
            long b = ALL.get(LONG, f + 32) & ADDRESS;
            long mb = ALL.get(LONG, f + 40);
            for (int d = 0; d < bytes; d += VBYTES) {
                VectorMask<Float> m = FloatVector.fromMemorySegment(F, ALL, a + (d & ma), ORDER)
                        .compare(VectorOperators.EQ, FloatVector.fromMemorySegment(F, ALL, b + (d & mb), ORDER));
                NONE.blend(-1, m.cast(I)).intoMemorySegment(ALL, o + d, ORDER);
            }
        }
    }
}

package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.lane.Prim;
import dev.lanegrad.internal.memory.Raw;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** The primitives on the bits of floats and on truth values; loops as in {@link FloatPrims}. */
final class FloatBits {
    private static final MemorySegment ALL = Raw.ALL;
    private static final long ADDRESS = Raw.ADDRESS;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;
    private static final int VBYTES = I.vectorByteSize();
    private static final IntVector NONE = IntVector.zero(I);
    private static final IntVector SIGN = IntVector.broadcast(I, Integer.MIN_VALUE);
    private static final IntVector MAGNITUDE = IntVector.broadcast(I, Integer.MAX_VALUE);

    private FloatBits() {
    }

    /** Makes the loops; apart, because it needs no class of vectors, and these take a starting JVM long. */
    static final class Loops {
        private Loops() {
        }

        /** The loop that copies its operand. */
        static Loop copy() {
            return new Copy();
        }

        static Loop of(Prim prim, boolean constantB, boolean constantC) {
            return switch (prim) {
                case NEG -> new Neg();
                case ABS -> new Abs();
                case MASK_AND, BITS_AND -> new And();
                case MASK_OR, BITS_OR -> new Or();
                case MASK_NOT -> new Not();
                case SELECT -> constantB ? new SelectB() : constantC ? new SelectC() : new Select();
                case BITS_ADD -> new Plus();
                case BITS_SUB -> new Minus();
                case BITS_XOR -> new Xor();
                case BITS_SHL -> new Shl();
                case BITS_SHR -> new Shr();
                case BITS_USHR -> new Ushr();
                case BITS_LT -> new Less();
                case BITS_EQ -> new Same();
                case ADD, SUB, MUL, DIV, FMA, SQRT, LT, LE, EQ, INPUT, CONST, CONST_BITS, TO_BITS, FROM_BITS ->
                    throw new AssertionError(prim + " is not a primitive on bits, or moves no lane");
            };
        }
    }

    /** {@code -a}. */
    private static final class Neg extends Loop {
        @Override
        void run(long frame, int bytes) {
            long f = frame & ADDRESS;
            long o = ALL.get(LONG, f) & ADDRESS;
            long a = ALL.get(LONG, f + 16) & ADDRESS;
            long ma = ALL.get(LONG, f + 24);
            for (int d = 0; d < bytes; d += VBYTES) {
                IntVector.fromMemorySegment(I, ALL, a + (d & ma), ORDER)
                        .lanewise(VectorOperators.XOR, SIGN)
                        .intoMemorySegment(ALL, o + d, ORDER);
            }
        }
    }

    /** {@code |a|}. */
    private static final class Abs extends Loop {
        @Override
        void run(long frame, int bytes) {
            long f = frame & ADDRESS;
            long o = ALL.get(LONG, f) & ADDRESS;
            long a = ALL.get(LONG, f + 16) & ADDRESS;
            long ma = ALL.get(LONG, f + 24);
            for (int d = 0; d < bytes; d += VBYTES) {
                IntVector.fromMemorySegment(I, ALL, a + (d & ma), ORDER)
                        .and(MAGNITUDE)
                        .intoMemorySegment(ALL, o + d, ORDER);
            }
        }
    }

    /** The opposite of truth value {@code a}. */
    private static final class Not extends Loop {
        @Override
        void run(long frame, int bytes) {
            long f = frame & ADDRESS;
            long o = ALL.get(LONG, f) & ADDRESS;
            long a = ALL.get(LONG, f + 16) & ADDRESS;
            long ma = ALL.get(LONG, f + 24);
            for (int d = 0; d < bytes; d += VBYTES) {
                IntVector.fromMemorySegment(I, ALL, a + (d & ma), ORDER)
                        .not()
                        .intoMemorySegment(ALL, o + d, ORDER);
            }
        }
    }

    /** {@code a ? b : c}. */
    private static final class Select extends Loop {
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
                IntVector no = IntVector.fromMemorySegment(I, ALL, c + (d & mc), ORDER);
                IntVector.fromMemorySegment(I, ALL, b + (d & mb), ORDER)
                        .lanewise(VectorOperators.XOR, no)
                        .and(IntVector.fromMemorySegment(I, ALL, a + (d & ma), ORDER))
                        .lanewise(VectorOperators.XOR, no)
                        .intoMemorySegment(ALL, o + d, ORDER);
            }
        }
    }

    /** {@code a}. */
    private static final class Copy extends Loop {
        @Override
        void run(long frame, int bytes) {
            long f = frame & ADDRESS;
            long o = ALL.get(LONG, f) & ADDRESS;
            long a = ALL.get(LONG, f + 16) & ADDRESS;
            long ma = ALL.get(LONG, f + 24);
            for (int d = 0; d < bytes; d += VBYTES) {
                IntVector.fromMemorySegment(I, ALL, a + (d & ma), ORDER)
                        .intoMemorySegment(ALL, o + d, ORDER);
            }
        }
    }

    /** {@code a + b}, on bits. */
    private static final class Plus extends Loop {
        @Override
        void run(long frame, int bytes) {
            long f = frame & ADDRESS;
            long o = ALL.get(LONG, f) & ADDRESS;
            long a = ALL.get(LONG, f + 16) & ADDRESS;
            long ma = ALL.get(LONG, f + 24);
            long b = ALL.get(LONG, f + 32) & ADDRESS;
            long mb = ALL.get(LONG, f + 40);
            for (int d = 0; d < bytes; d += VBYTES) {
                IntVector.fromMemorySegment(I, ALL, a + (d & ma), ORDER)
                        .add(IntVector.fromMemorySegment(I, ALL, b + (d & mb), ORDER))
                        .intoMemorySegment(ALL, o + d, ORDER);
            }
        }
    }

    /** {@code a - b}, on bits. */
    private static final class Minus extends Loop {
        @Override
        void run(long frame, int bytes) {
            long f = frame & ADDRESS;
            long o = ALL.get(LONG, f) & ADDRESS;
            long a = ALL.get(LONG, f + 16) & ADDRESS;
            long ma = ALL.get(LONG, f + 24);
            long b = ALL.get(LONG, f + 32) & ADDRESS;
            long mb = ALL.get(LONG, f + 40);
            for (int d = 0; d < bytes; d += VBYTES) {
                IntVector.fromMemorySegment(I, ALL, a + (d & ma), ORDER)
                        .sub(IntVector.fromMemorySegment(I, ALL, b + (d & mb), ORDER))
                        .intoMemorySegment(ALL, o + d, ORDER);
            }
        }
    }

    /** {@code a & b}, on bits and truth values. */
    private static final class And extends Loop {
        @Override
        void run(long frame, int bytes) {
            long f = frame & ADDRESS;
            long o = ALL.get(LONG, f) & ADDRESS;
            long a = ALL.get(LONG, f + 16) & ADDRESS;
            long ma = ALL.get(LONG, f + 24);
            long b = ALL.get(LONG, f + 32) & ADDRESS;
            long mb = ALL.get(LONG, f + 40);
            for (int d = 0; d < bytes; d += VBYTES) {
                IntVector.fromMemorySegment(I, ALL, a + (d & ma), ORDER)
                        .and(IntVector.fromMemorySegment(I, ALL, b + (d & mb), ORDER))
                        .intoMemorySegment(ALL, o + d, ORDER);
            }
        }
    }

    /** {@code a | b}, on bits and truth values. */
    private static final class Or extends Loop {
        @Override
        void run(long frame, int bytes) {
            long f = frame & ADDRESS;
            long o = ALL.get(LONG, f) & ADDRESS;
            long a = ALL.get(LONG, f + 16) & ADDRESS;
            long ma = ALL.get(LONG, f + 24);
            long b = ALL.get(LONG, f + 32) & ADDRESS;
            long mb = ALL.get(LONG, f + 40);
            for (int d = 0; d < bytes; d += VBYTES) {
                IntVector.fromMemorySegment(I, ALL, a + (d & ma), ORDER)
                        .or(IntVector.fromMemorySegment(I, ALL, b + (d & mb), ORDER))
                        .intoMemorySegment(ALL, o + d, ORDER);
            }
        }
    }

    /** {@code a ^ b}. */
    private static final class Xor extends Loop {
        @Override
        void run(long frame, int bytes) {
            long f = frame & ADDRESS;
            long o = ALL.get(LONG, f) & ADDRESS;
            long a = ALL.get(LONG, f + 16) & ADDRESS;
            long ma = ALL.get(LONG, f + 24);
            long b = ALL.get(LONG, f + 32) & ADDRESS;
            long mb = ALL.get(LONG, f + 40);
            for (int d = 0; d < bytes; d += VBYTES) {
                IntVector.fromMemorySegment(I, ALL, a + (d & ma), ORDER)
                        .lanewise(VectorOperators.XOR, IntVector.fromMemorySegment(I, ALL, b + (d & mb), ORDER))
                        .intoMemorySegment(ALL, o + d, ORDER);
            }
        }
    }

    /** {@code a << b}, where b is the same for all lanes. */
    private static final class Shl extends Loop {
        @Override
        void run(long frame, int bytes) {
            long f = frame & ADDRESS;
            long o = ALL.get(LONG, f) & ADDRESS;
            long a = ALL.get(LONG, f + 16) & ADDRESS;
            long ma = ALL.get(LONG, f + 24);
            int distance = ALL.get(INT, ALL.get(LONG, f + 32) & ADDRESS);
            for (int d = 0; d < bytes; d += VBYTES) {
                IntVector.fromMemorySegment(I, ALL, a + (d & ma), ORDER)
                        .lanewise(VectorOperators.LSHL, distance)
                        .intoMemorySegment(ALL, o + d, ORDER);
            }
        }
    }

    /** {@code a >> b}, where b is the same for all lanes. */
    private static final class Shr extends Loop {
        @Override
        void run(long frame, int bytes) {
            long f = frame & ADDRESS;
            long o = ALL.get(LONG, f) & ADDRESS;
            long a = ALL.get(LONG, f + 16) & ADDRESS;
            long ma = ALL.get(LONG, f + 24);
            int distance = ALL.get(INT, ALL.get(LONG, f + 32) & ADDRESS);
            for (int d = 0; d < bytes; d += VBYTES) {
                IntVector.fromMemorySegment(I, ALL, a + (d & ma), ORDER)
                        .lanewise(VectorOperators.ASHR, distance)
                        .intoMemorySegment(ALL, o + d, ORDER);
            }
        }
    }

    /** {@code a >>> b}, where b is the same for all lanes. */
    private static final class Ushr extends Loop {
        @Override
        void run(long frame, int bytes) {
            long f = frame & ADDRESS;
            long o = ALL.get(LONG, f) & ADDRESS;
            long a = ALL.get(LONG, f + 16) & ADDRESS;
            long ma = ALL.get(LONG, f + 24);
            int distance = ALL.get(INT, ALL.get(LONG, f + 32) & ADDRESS);
            for (int d = 0; d < bytes; d += VBYTES) {
                IntVector.fromMemorySegment(I, ALL, a + (d & ma), ORDER)
                        .lanewise(VectorOperators.LSHR, distance)
                        .intoMemorySegment(ALL, o + d, ORDER);
            }
        }
    }

    /** {@code a < b}, on bits. */
    private static final class Less extends Loop {
        @Override
        void run(long frame, int bytes) {
            long f = frame & ADDRESS;
            long o = ALL.get(LONG, f) & ADDRESS;
            long a = ALL.get(LONG, f + 16) & ADDRESS;
            long ma = ALL.get(LONG, f + 24);
            long b = ALL.get(LONG, f + 32) & ADDRESS;
            long mb = ALL.get(LONG, f + 40);
            for (int d = 0; d < bytes; d += VBYTES) {
                VectorMask<Integer> m = IntVector.fromMemorySegment(I, ALL, a + (d & ma), ORDER)
                        .compare(VectorOperators.LT, IntVector.fromMemorySegment(I, ALL, b + (d & mb), ORDER));
                NONE.blend(-1, m).intoMemorySegment(ALL, o + d, ORDER);
            }
        }
    }

    /** {@code a == b}, on bits. */
    private static final class Same extends Loop {
        @Override
        void run(long frame, int bytes) {
            long f = frame & ADDRESS;
            long o = ALL.get(LONG, f) & ADDRESS;
            long a = ALL.get(LONG, f + 16) & ADDRESS;
            long ma = ALL.get(LONG, f + 24);
            long b = ALL.get(LONG, f + 32) & ADDRESS;
            long mb = ALL.get(LONG, f + 40);
            for (int d = 0; d < bytes; d += VBYTES) {
                VectorMask<Integer> m = IntVector.fromMemorySegment(I, ALL, a + (d & ma), ORDER)
                        .compare(VectorOperators.EQ, IntVector.fromMemorySegment(I, ALL, b + (d & mb), ORDER));
                NONE.blend(-1, m).intoMemorySegment(ALL, o + d, ORDER);
            }
        }
    }

    /** {@code a ? b : c}, where b is the same for all lanes. */
    private static final class SelectB extends Loop {
        @Override
        void run(long frame, int bytes) {
            long f = frame & ADDRESS;
            long o = ALL.get(LONG, f) & ADDRESS;
            long a = ALL.get(LONG, f + 16) & ADDRESS;
            long ma = ALL.get(LONG, f + 24);
            long b = ALL.get(LONG, f + 32) & ADDRESS;
            long c = ALL.get(LONG, f + 48) & ADDRESS;
            long mc = ALL.get(LONG, f + 56);
            IntVector yes = IntVector.fromMemorySegment(I, ALL, b, ORDER);
            for (int d = 0; d < bytes; d += VBYTES) {
                IntVector no = IntVector.fromMemorySegment(I, ALL, c + (d & mc), ORDER);
                yes.lanewise(VectorOperators.XOR, no)
                        .and(IntVector.fromMemorySegment(I, ALL, a + (d & ma), ORDER))
                        .lanewise(VectorOperators.XOR, no)
                        .intoMemorySegment(ALL, o + d, ORDER);
            }
        }
    }

    /** {@code a ? b : c}, where c is the same for all lanes. */
    private static final class SelectC extends Loop {
        @Override
        void run(long frame, int bytes) {
            long f = frame & ADDRESS;
            long o = ALL.get(LONG, f) & ADDRESS;
            long a = ALL.get(LONG, f + 16) & ADDRESS;
            long ma = ALL.get(LONG, f + 24);
            long b = ALL.get(LONG, f + 32) & ADDRESS;
            long mb = ALL.get(LONG, f + 40);
            long c = ALL.get(LONG, f + 48) & ADDRESS;
            IntVector no = IntVector.fromMemorySegment(I, ALL, c, ORDER);
            for (int d = 0; d < bytes; d += VBYTES) {
                IntVector.fromMemorySegment(I, ALL, b + (d & mb), ORDER)
                        .lanewise(VectorOperators.XOR, no)
                        .and(IntVector.fromMemorySegment(I, ALL, a + (d & ma), ORDER))
                        .lanewise(VectorOperators.XOR, no)
                        .intoMemorySegment(ALL, o + d, ORDER);
            }
        }
    }
}

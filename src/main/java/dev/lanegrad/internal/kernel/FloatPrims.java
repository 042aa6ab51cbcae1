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
 * The primitives on floats, each a loop whose frame is the result and then the operands. A truth value is a lane of all
 * ones or all zeros. An operand that is the same for all lanes is one vector, read again and again: its offset is
 * masked to 0, which costs less than a second version of each loop would.
 */
final class FloatPrims {
    private static final MemorySegment ALL = Raw.ALL;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;
    private static final int VBYTES = F.vectorByteSize();
    private static final IntVector NONE = IntVector.zero(I);
    private static final IntVector SIGN = IntVector.broadcast(I, Integer.MIN_VALUE);
    private static final IntVector MAGNITUDE = IntVector.broadcast(I, Integer.MAX_VALUE);

    private FloatPrims() {
    }

    /** Writes one vector whose lanes are all {@code value}. */
    static void spread(long address, float value) {
        FloatVector.broadcast(F, value).intoMemorySegment(ALL, address, ORDER);
    }

    /** Writes one vector whose lanes all have the bits {@code bits}. */
    static void spreadBits(long address, int bits) {
        IntVector.broadcast(I, bits).intoMemorySegment(ALL, address, ORDER);
    }

    /** The loop that copies its operand. */
    static Loop copy() {
        return new Copy();
    }

    /** A loop that does {@code prim}; operand b of a shift is the distance, the same for all lanes. */
    static Loop of(Prim prim) {
        return switch (prim) {
            case ADD -> new Add();
            case SUB -> new Sub();
            case MUL -> new Mul();
            case DIV -> new Div();
            case FMA -> new Fma();
            case SQRT -> new Sqrt();
            case NEG -> new Neg();
            case ABS -> new Abs();
            case LT -> new Lt();
            case LE -> new Le();
            case EQ -> new Eq();
            case MASK_AND, BITS_AND -> new And();
            case MASK_OR, BITS_OR -> new Or();
            case MASK_NOT -> new Not();
            case SELECT -> new Select();
            case BITS_ADD -> new Plus();
            case BITS_SUB -> new Minus();
            case BITS_XOR -> new Xor();
            case BITS_SHL -> new Shl();
            case BITS_SHR -> new Shr();
            case BITS_USHR -> new Ushr();
            case BITS_LT -> new Less();
            case BITS_EQ -> new Same();
            case INPUT, CONST, CONST_BITS, TO_BITS, FROM_BITS ->
                throw new AssertionError(prim + " moves no lane, so it has no loop");
        };
    }

    /** {@code a + b}. */
    private static final class Add extends Loop {
        @Override
        void run(long frame, int bytes) {
            long o = ALL.get(LONG, frame);
            long a = ALL.get(LONG, frame + 16);
            long ma = ALL.get(LONG, frame + 24);
            long b = ALL.get(LONG, frame + 32);
            long mb = ALL.get(LONG, frame + 40);
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
            long o = ALL.get(LONG, frame);
            long a = ALL.get(LONG, frame + 16);
            long ma = ALL.get(LONG, frame + 24);
            long b = ALL.get(LONG, frame + 32);
            long mb = ALL.get(LONG, frame + 40);
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
            long o = ALL.get(LONG, frame);
            long a = ALL.get(LONG, frame + 16);
            long ma = ALL.get(LONG, frame + 24);
            long b = ALL.get(LONG, frame + 32);
            long mb = ALL.get(LONG, frame + 40);
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
            long o = ALL.get(LONG, frame);
            long a = ALL.get(LONG, frame + 16);
            long ma = ALL.get(LONG, frame + 24);
            long b = ALL.get(LONG, frame + 32);
            long mb = ALL.get(LONG, frame + 40);
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
            long o = ALL.get(LONG, frame);
            long a = ALL.get(LONG, frame + 16);
            long ma = ALL.get(LONG, frame + 24);
            long b = ALL.get(LONG, frame + 32);
            long mb = ALL.get(LONG, frame + 40);
            long c = ALL.get(LONG, frame + 48);
            long mc = ALL.get(LONG, frame + 56);
            for (int d = 0; d < bytes; d += VBYTES) {
                FloatVector.fromMemorySegment(F, ALL, a + (d & ma), ORDER)
                        .fma(FloatVector.fromMemorySegment(F, ALL, b + (d & mb), ORDER),
                                FloatVector.fromMemorySegment(F, ALL, c + (d & mc), ORDER))
                        .intoMemorySegment(ALL, o + d, ORDER);
            }
        }
    }

    /** The square root of {@code a}. */
    private static final class Sqrt extends Loop {
        @Override
        void run(long frame, int bytes) {
            long o = ALL.get(LONG, frame);
            long a = ALL.get(LONG, frame + 16);
            long ma = ALL.get(LONG, frame + 24);
            for (int d = 0; d < bytes; d += VBYTES) {
                FloatVector.fromMemorySegment(F, ALL, a + (d & ma), ORDER)
                        .sqrt()
                        .intoMemorySegment(ALL, o + d, ORDER);
            }
        }
    }

    /** {@code -a}. */
    private static final class Neg extends Loop {
        @Override
        void run(long frame, int bytes) {
            long o = ALL.get(LONG, frame);
            long a = ALL.get(LONG, frame + 16);
            long ma = ALL.get(LONG, frame + 24);
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
            long o = ALL.get(LONG, frame);
            long a = ALL.get(LONG, frame + 16);
            long ma = ALL.get(LONG, frame + 24);
            for (int d = 0; d < bytes; d += VBYTES) {
                IntVector.fromMemorySegment(I, ALL, a + (d & ma), ORDER)
                        .and(MAGNITUDE)
                        .intoMemorySegment(ALL, o + d, ORDER);
            }
        }
    }

    /** {@code a < b}. */
    private static final class Lt extends Loop {
        @Override
        void run(long frame, int bytes) {
            long o = ALL.get(LONG, frame);
            long a = ALL.get(LONG, frame + 16);
            long ma = ALL.get(LONG, frame + 24);
            long b = ALL.get(LONG, frame + 32);
            long mb = ALL.get(LONG, frame + 40);
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
            long o = ALL.get(LONG, frame);
            long a = ALL.get(LONG, frame + 16);
            long ma = ALL.get(LONG, frame + 24);
            long b = ALL.get(LONG, frame + 32);
            long mb = ALL.get(LONG, frame + 40);
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
            long o = ALL.get(LONG, frame);
            long a = ALL.get(LONG, frame + 16);
            long ma = ALL.get(LONG, frame + 24);
            long b = ALL.get(LONG, frame + 32);
            long mb = ALL.get(LONG, frame + 40);
            for (int d = 0; d < bytes; d += VBYTES) {
                VectorMask<Float> m = FloatVector.fromMemorySegment(F, ALL, a + (d & ma), ORDER)
                        .compare(VectorOperators.EQ, FloatVector.fromMemorySegment(F, ALL, b + (d & mb), ORDER));
                NONE.blend(-1, m.cast(I)).intoMemorySegment(ALL, o + d, ORDER);
            }
        }
    }

    /** The opposite of truth value {@code a}. */
    private static final class Not extends Loop {
        @Override
        void run(long frame, int bytes) {
            long o = ALL.get(LONG, frame);
            long a = ALL.get(LONG, frame + 16);
            long ma = ALL.get(LONG, frame + 24);
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
            long o = ALL.get(LONG, frame);
            long a = ALL.get(LONG, frame + 16);
            long ma = ALL.get(LONG, frame + 24);
            long b = ALL.get(LONG, frame + 32);
            long mb = ALL.get(LONG, frame + 40);
            long c = ALL.get(LONG, frame + 48);
            long mc = ALL.get(LONG, frame + 56);
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
            long o = ALL.get(LONG, frame);
            long a = ALL.get(LONG, frame + 16);
            long ma = ALL.get(LONG, frame + 24);
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
            long o = ALL.get(LONG, frame);
            long a = ALL.get(LONG, frame + 16);
            long ma = ALL.get(LONG, frame + 24);
            long b = ALL.get(LONG, frame + 32);
            long mb = ALL.get(LONG, frame + 40);
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
            long o = ALL.get(LONG, frame);
            long a = ALL.get(LONG, frame + 16);
            long ma = ALL.get(LONG, frame + 24);
            long b = ALL.get(LONG, frame + 32);
            long mb = ALL.get(LONG, frame + 40);
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
            long o = ALL.get(LONG, frame);
            long a = ALL.get(LONG, frame + 16);
            long ma = ALL.get(LONG, frame + 24);
            long b = ALL.get(LONG, frame + 32);
            long mb = ALL.get(LONG, frame + 40);
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
            long o = ALL.get(LONG, frame);
            long a = ALL.get(LONG, frame + 16);
            long ma = ALL.get(LONG, frame + 24);
            long b = ALL.get(LONG, frame + 32);
            long mb = ALL.get(LONG, frame + 40);
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
            long o = ALL.get(LONG, frame);
            long a = ALL.get(LONG, frame + 16);
            long ma = ALL.get(LONG, frame + 24);
            long b = ALL.get(LONG, frame + 32);
            long mb = ALL.get(LONG, frame + 40);
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
            long o = ALL.get(LONG, frame);
            long a = ALL.get(LONG, frame + 16);
            long ma = ALL.get(LONG, frame + 24);
            int distance = ALL.get(INT, ALL.get(LONG, frame + 32));
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
            long o = ALL.get(LONG, frame);
            long a = ALL.get(LONG, frame + 16);
            long ma = ALL.get(LONG, frame + 24);
            int distance = ALL.get(INT, ALL.get(LONG, frame + 32));
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
            long o = ALL.get(LONG, frame);
            long a = ALL.get(LONG, frame + 16);
            long ma = ALL.get(LONG, frame + 24);
            int distance = ALL.get(INT, ALL.get(LONG, frame + 32));
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
            long o = ALL.get(LONG, frame);
            long a = ALL.get(LONG, frame + 16);
            long ma = ALL.get(LONG, frame + 24);
            long b = ALL.get(LONG, frame + 32);
            long mb = ALL.get(LONG, frame + 40);
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
            long o = ALL.get(LONG, frame);
            long a = ALL.get(LONG, frame + 16);
            long ma = ALL.get(LONG, frame + 24);
            long b = ALL.get(LONG, frame + 32);
            long mb = ALL.get(LONG, frame + 40);
            for (int d = 0; d < bytes; d += VBYTES) {
                VectorMask<Integer> m = IntVector.fromMemorySegment(I, ALL, a + (d & ma), ORDER)
                        .compare(VectorOperators.EQ, IntVector.fromMemorySegment(I, ALL, b + (d & mb), ORDER));
                NONE.blend(-1, m).intoMemorySegment(ALL, o + d, ORDER);
            }
        }
    }
}

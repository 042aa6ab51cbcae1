package dev.lanegrad.internal.lane;

import dev.lanegrad.internal.lane.LaneCode.Inst;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * The meaning of the primitives on floats, whose bits are ints, in plain Java: loops over arrays, one for each primitive, so
 * that the JVM compiles what is in use and nothing else. Truth values are -1 and 0.
 *
 * <p>Numbers are in arrays of floats, bits in arrays of ints, and comparisons are arithmetic on bits: these the JVM makes
 * vectors of by itself, within milliseconds, but neither a number that is seen as bits inside a loop nor a choice.
 */
public final class ScalarFloats {
    /** Up to so many lanes a loop is faster than the copy of an array. */
    private static final int FEW = 16;
    private static final int INFINITY = Float.floatToRawIntBits(Float.POSITIVE_INFINITY);

    private final int lanes;
    private float[][] reals = new float[0][];
    private int[][] bits = new int[0][];
    private final float[] difference;
    private final int[] first;
    private final int[] second;

    /** Room for {@code lanes} lanes of any values. */
    public ScalarFloats(int lanes) {
        this.lanes = lanes;
        difference = new float[lanes];
        first = new int[lanes];
        second = new int[lanes];
    }

    /** The lanes of value {@code i}, a number. */
    public float[] reals(int i) {
        if (i >= reals.length) {
            reals = Arrays.copyOf(reals, 2 * i + 1);
        }
        float[] known = reals[i];
        return known != null ? known : (reals[i] = new float[lanes]);
    }

    /** The lanes of value {@code i}, bits or truth values. */
    public int[] bits(int i) {
        if (i >= bits.length) {
            bits = Arrays.copyOf(bits, 2 * i + 1);
        }
        int[] known = bits[i];
        return known != null ? known : (bits[i] = new int[lanes]);
    }

    /** Writes the first {@code n} lanes of the constants among the values: they stay until another code is run. */
    public void constants(Inst[] insts, int n) {
        for (int i = 0; i < insts.length; i++) {
            if (insts[i].prim() == Prim.CONST) {
                Arrays.fill(reals(i), 0, n, Float.intBitsToFloat((int) insts[i].bits()));
            } else if (insts[i].prim() == Prim.CONST_BITS) {
                Arrays.fill(bits(i), 0, n, (int) insts[i].bits());
            }
        }
    }

    /** Computes the first {@code n} lanes of all values of a code but its inputs and constants, which are there. */
    public void run(Inst[] insts, int n) {
        for (int i = 0; i < insts.length; i++) {
            step(insts[i], i, n);
        }
    }

    private void step(Inst inst, int i, int n) {
        int a = inst.a();
        int b = inst.b();
        int c = inst.c();
        switch (inst.prim()) {
            case INPUT, CONST, CONST_BITS -> { }
            case ADD -> add(reals(i), reals(a), reals(b), n);
            case SUB -> sub(reals(i), reals(a), reals(b), n);
            case MUL -> mul(reals(i), reals(a), reals(b), n);
            case DIV -> div(reals(i), reals(a), reals(b), n);
            case FMA -> fma(reals(i), reals(a), reals(b), reals(c), n);
            case SQRT -> sqrt(reals(i), reals(a), n);
            case NEG -> {
                toBits(first, reals(a), n);
                neg(first, first, n);
                toReals(reals(i), first, n);
            }
            case ABS -> {
                toBits(first, reals(a), n);
                abs(first, first, n);
                toReals(reals(i), first, n);
            }
            case LT -> {
                sub(difference, reals(b), reals(a), n);
                toBits(first, difference, n);
                positive(bits(i), first, n);
            }
            case LE -> le(bits(i), reals(a), reals(b), n);
            case EQ -> eq(bits(i), reals(a), reals(b), n);
            case MASK_AND, BITS_AND -> and(bits(i), bits(a), bits(b), n);
            case MASK_OR, BITS_OR -> or(bits(i), bits(a), bits(b), n);
            case MASK_NOT -> not(bits(i), bits(a), n);
            case SELECT -> {
                toBits(first, reals(b), n);
                toBits(second, reals(c), n);
                select(first, bits(a), first, second, n);
                toReals(reals(i), first, n);
            }
            case TO_BITS -> toBits(bits(i), reals(a), n);
            case FROM_BITS -> toReals(reals(i), bits(a), n);
            case BITS_ADD -> plus(bits(i), bits(a), bits(b), n);
            case BITS_SUB -> minus(bits(i), bits(a), bits(b), n);
            case BITS_XOR -> xor(bits(i), bits(a), bits(b), n);
            case BITS_SHL -> shl(bits(i), bits(a), (int) inst.bits(), n);
            case BITS_SHR -> shr(bits(i), bits(a), (int) inst.bits(), n);
            case BITS_USHR -> ushr(bits(i), bits(a), (int) inst.bits(), n);
            case BITS_LT -> less(bits(i), bits(a), bits(b), n);
            case BITS_EQ -> same(bits(i), bits(a), bits(b), n);
        }
    }

    private static void toBits(int[] r, float[] a, int n) {
        if (n > FEW) {
            MemorySegment.copy(MemorySegment.ofArray(a), 0, MemorySegment.ofArray(r), 0, (long) n * Float.BYTES);
            return;
        }
        for (int i = 0; i < n; i++) {
            r[i] = Float.floatToRawIntBits(a[i]);
        }
    }

    private static void toReals(float[] r, int[] a, int n) {
        if (n > FEW) {
            MemorySegment.copy(MemorySegment.ofArray(a), 0, MemorySegment.ofArray(r), 0, (long) n * Float.BYTES);
            return;
        }
        for (int i = 0; i < n; i++) {
            r[i] = Float.intBitsToFloat(a[i]);
        }
    }

    private static void add(float[] r, float[] a, float[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] + b[i];
        }
    }

    private static void sub(float[] r, float[] a, float[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] - b[i];
        }
    }

    private static void mul(float[] r, float[] a, float[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] * b[i];
        }
    }

    private static void div(float[] r, float[] a, float[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] / b[i];
        }
    }

    private static void fma(float[] r, float[] a, float[] b, float[] c, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = Math.fma(a[i], b[i], c[i]);
        }
    }

    private static void sqrt(float[] r, float[] a, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = (float) Math.sqrt(a[i]);
        }
    }

    private static void neg(int[] r, int[] a, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] ^ Integer.MIN_VALUE;
        }
    }

    private static void abs(int[] r, int[] a, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] & Integer.MAX_VALUE;
        }
    }

    /**
     * Truth where the number with bits {@code a} is above 0: they are, as an integer, and not above those of infinity. A
     * difference is above 0 just where its first operand is the larger one, as subnormals are not flushed.
     */
    private static void positive(int[] r, int[] a, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = (~a[i] & -a[i] & ~(INFINITY - a[i])) >> 31;
        }
    }

    private static void le(int[] r, float[] a, float[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] <= b[i] ? -1 : 0;
        }
    }

    private static void eq(int[] r, float[] a, float[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] == b[i] ? -1 : 0;
        }
    }

    private static void and(int[] r, int[] a, int[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] & b[i];
        }
    }

    private static void or(int[] r, int[] a, int[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] | b[i];
        }
    }

    private static void xor(int[] r, int[] a, int[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] ^ b[i];
        }
    }

    private static void plus(int[] r, int[] a, int[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] + b[i];
        }
    }

    private static void minus(int[] r, int[] a, int[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] - b[i];
        }
    }

    private static void not(int[] r, int[] a, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = ~a[i];
        }
    }

    private static void select(int[] r, int[] a, int[] b, int[] c, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = b[i] & a[i] | c[i] & ~a[i];
        }
    }

    private static void shl(int[] r, int[] a, int distance, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] << distance;
        }
    }

    private static void shr(int[] r, int[] a, int distance, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] >> distance;
        }
    }

    private static void ushr(int[] r, int[] a, int distance, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] >>> distance;
        }
    }

    private static void less(int[] r, int[] a, int[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = (a[i] & ~b[i] | ~(a[i] ^ b[i]) & a[i] - b[i]) >> 31;
        }
    }

    private static void same(int[] r, int[] a, int[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = ~((a[i] ^ b[i] | -(a[i] ^ b[i])) >> 31);
        }
    }
}

package dev.lanegrad.internal.lane;

import dev.lanegrad.internal.lane.LaneCode.Inst;
import java.util.Arrays;

/**
 * The meaning of the primitives on floats, whose bits are ints, in plain Java: loops over arrays, one for each primitive, so that
 * the JVM compiles what is in use and nothing else. Truth values are 1 and 0.
 */
final class ScalarFloats {
    private ScalarFloats() {
    }

    /** Computes the first {@code n} lanes of value {@code i} of a code whose earlier values and inputs are there. */
    static void step(Inst[] insts, int i, int[][] values, int n) {
        Inst inst = insts[i];
        int[] r = values[i];
        int[] a = values[Math.max(0, inst.a())];
        int[] b = values[Math.max(0, inst.b())];
        int[] c = values[Math.max(0, inst.c())];
        switch (inst.prim()) {
            case INPUT -> { }
            case CONST, CONST_BITS -> Arrays.fill(r, 0, n, (int) inst.bits());
            case ADD -> add(r, a, b, n);
            case SUB -> sub(r, a, b, n);
            case MUL -> mul(r, a, b, n);
            case DIV -> div(r, a, b, n);
            case FMA -> fma(r, a, b, c, n);
            case SQRT -> sqrt(r, a, n);
            case NEG -> neg(r, a, n);
            case ABS -> abs(r, a, n);
            case LT -> lt(r, a, b, n);
            case LE -> le(r, a, b, n);
            case EQ -> eq(r, a, b, n);
            case MASK_AND, BITS_AND -> and(r, a, b, n);
            case MASK_OR, BITS_OR -> or(r, a, b, n);
            case MASK_NOT -> not(r, a, n);
            case SELECT -> select(r, a, b, c, n);
            case TO_BITS, FROM_BITS -> System.arraycopy(a, 0, r, 0, n);
            case BITS_ADD -> plus(r, a, b, n);
            case BITS_SUB -> minus(r, a, b, n);
            case BITS_XOR -> xor(r, a, b, n);
            case BITS_SHL -> shl(r, a, (int) inst.bits(), n);
            case BITS_SHR -> shr(r, a, (int) inst.bits(), n);
            case BITS_USHR -> ushr(r, a, (int) inst.bits(), n);
            case BITS_LT -> less(r, a, b, n);
            case BITS_EQ -> same(r, a, b, n);
        }
    }

    private static void add(int[] r, int[] a, int[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = Float.floatToRawIntBits(Float.intBitsToFloat(a[i]) + Float.intBitsToFloat(b[i]));
        }
    }

    private static void sub(int[] r, int[] a, int[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = Float.floatToRawIntBits(Float.intBitsToFloat(a[i]) - Float.intBitsToFloat(b[i]));
        }
    }

    private static void mul(int[] r, int[] a, int[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = Float.floatToRawIntBits(Float.intBitsToFloat(a[i]) * Float.intBitsToFloat(b[i]));
        }
    }

    private static void div(int[] r, int[] a, int[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = Float.floatToRawIntBits(Float.intBitsToFloat(a[i]) / Float.intBitsToFloat(b[i]));
        }
    }

    private static void fma(int[] r, int[] a, int[] b, int[] c, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = Float.floatToRawIntBits(Math.fma(Float.intBitsToFloat(a[i]), Float.intBitsToFloat(b[i]),
                    Float.intBitsToFloat(c[i])));
        }
    }

    private static void sqrt(int[] r, int[] a, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = Float.floatToRawIntBits((float) Math.sqrt(Float.intBitsToFloat(a[i])));
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

    private static void lt(int[] r, int[] a, int[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = Float.intBitsToFloat(a[i]) < Float.intBitsToFloat(b[i]) ? 1 : 0;
        }
    }

    private static void le(int[] r, int[] a, int[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = Float.intBitsToFloat(a[i]) <= Float.intBitsToFloat(b[i]) ? 1 : 0;
        }
    }

    private static void eq(int[] r, int[] a, int[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = Float.intBitsToFloat(a[i]) == Float.intBitsToFloat(b[i]) ? 1 : 0;
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

    private static void not(int[] r, int[] a, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] ^ 1;
        }
    }

    private static void select(int[] r, int[] a, int[] b, int[] c, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] != 0 ? b[i] : c[i];
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
            r[i] = a[i] < b[i] ? 1 : 0;
        }
    }

    private static void same(int[] r, int[] a, int[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] == b[i] ? 1 : 0;
        }
    }
}

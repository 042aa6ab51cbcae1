package dev.lanegrad.internal.lane;

import dev.lanegrad.internal.lane.LaneCode.Inst;
import java.util.Arrays;

/**
 * The meaning of the primitives on doubles, whose bits are longs, in plain Java: loops over arrays, one for each primitive, so that
 * the JVM compiles what is in use and nothing else. Truth values are 1 and 0.
 */
final class ScalarDoubles {
    private ScalarDoubles() {
    }

    /** Computes the first {@code n} lanes of value {@code i} of a code whose earlier values and inputs are there. */
    static void step(Inst[] insts, int i, long[][] values, int n) {
        Inst inst = insts[i];
        long[] r = values[i];
        long[] a = values[Math.max(0, inst.a())];
        long[] b = values[Math.max(0, inst.b())];
        long[] c = values[Math.max(0, inst.c())];
        switch (inst.prim()) {
            case INPUT -> { }
            case CONST, CONST_BITS -> Arrays.fill(r, 0, n, inst.bits());
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

    private static void add(long[] r, long[] a, long[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = Double.doubleToRawLongBits(Double.longBitsToDouble(a[i]) + Double.longBitsToDouble(b[i]));
        }
    }

    private static void sub(long[] r, long[] a, long[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = Double.doubleToRawLongBits(Double.longBitsToDouble(a[i]) - Double.longBitsToDouble(b[i]));
        }
    }

    private static void mul(long[] r, long[] a, long[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = Double.doubleToRawLongBits(Double.longBitsToDouble(a[i]) * Double.longBitsToDouble(b[i]));
        }
    }

    private static void div(long[] r, long[] a, long[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = Double.doubleToRawLongBits(Double.longBitsToDouble(a[i]) / Double.longBitsToDouble(b[i]));
        }
    }

    private static void fma(long[] r, long[] a, long[] b, long[] c, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = Double.doubleToRawLongBits(Math.fma(Double.longBitsToDouble(a[i]), Double.longBitsToDouble(b[i]),
                    Double.longBitsToDouble(c[i])));
        }
    }

    private static void sqrt(long[] r, long[] a, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = Double.doubleToRawLongBits(Math.sqrt(Double.longBitsToDouble(a[i])));
        }
    }

    private static void neg(long[] r, long[] a, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] ^ Long.MIN_VALUE;
        }
    }

    private static void abs(long[] r, long[] a, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] & Long.MAX_VALUE;
        }
    }

    private static void lt(long[] r, long[] a, long[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = Double.longBitsToDouble(a[i]) < Double.longBitsToDouble(b[i]) ? 1 : 0;
        }
    }

    private static void le(long[] r, long[] a, long[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = Double.longBitsToDouble(a[i]) <= Double.longBitsToDouble(b[i]) ? 1 : 0;
        }
    }

    private static void eq(long[] r, long[] a, long[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = Double.longBitsToDouble(a[i]) == Double.longBitsToDouble(b[i]) ? 1 : 0;
        }
    }

    private static void and(long[] r, long[] a, long[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] & b[i];
        }
    }

    private static void or(long[] r, long[] a, long[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] | b[i];
        }
    }

    private static void xor(long[] r, long[] a, long[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] ^ b[i];
        }
    }

    private static void not(long[] r, long[] a, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] ^ 1;
        }
    }

    private static void select(long[] r, long[] a, long[] b, long[] c, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] != 0 ? b[i] : c[i];
        }
    }

    private static void plus(long[] r, long[] a, long[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] + b[i];
        }
    }

    private static void minus(long[] r, long[] a, long[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] - b[i];
        }
    }

    private static void shl(long[] r, long[] a, int distance, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] << distance;
        }
    }

    private static void shr(long[] r, long[] a, int distance, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] >> distance;
        }
    }

    private static void ushr(long[] r, long[] a, int distance, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] >>> distance;
        }
    }

    private static void less(long[] r, long[] a, long[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] < b[i] ? 1 : 0;
        }
    }

    private static void same(long[] r, long[] a, long[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] == b[i] ? 1 : 0;
        }
    }
}

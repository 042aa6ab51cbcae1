package dev.lanegrad.jmh.peers;

import java.util.SplittableRandom;

/**
 * One operand of a case: the same numbers for every library.
 *
 * @param kind what its elements mean
 * @param low  no element is below it
 * @param high no element is above it
 */
record Operand(Kind kind, double low, double high, long... sizes) {
    /** What elements mean. */
    enum Kind {
        /** Real numbers whose gradient is wanted. */
        PARAMETER,
        /** Real numbers without a gradient. */
        DATA,
        /** Truth values. */
        CONDITION,
        /** Integers from {@code low} to {@code high}, not including it. */
        CLASSES
    }

    /** A real operand from -1 to 1 whose gradient is wanted. */
    static Operand parameter(long... sizes) {
        return new Operand(Kind.PARAMETER, -1, 1, sizes);
    }

    /** A real operand from -1 to 1 without a gradient. */
    static Operand data(long... sizes) {
        return new Operand(Kind.DATA, -1, 1, sizes);
    }

    int count() {
        long count = 1;
        for (long size : sizes) {
            count *= size;
        }
        return Math.toIntExact(count);
    }

    int[] shape() {
        int[] shape = new int[sizes.length];
        for (int i = 0; i < shape.length; i++) {
            shape[i] = Math.toIntExact(sizes[i]);
        }
        return shape;
    }

    boolean isReal() {
        return kind == Kind.PARAMETER || kind == Kind.DATA;
    }

    /** The elements in row-major order; {@code place} is its place among the operands. */
    double[] elements(int place) {
        SplittableRandom random = new SplittableRandom(1000L + place);
        double[] elements = new double[count()];
        for (int i = 0; i < elements.length; i++) {
            double uniform = random.nextDouble();
            elements[i] = switch (kind) {
                // Multiples of 2^-20: the same numbers in both precisions.
                case PARAMETER, DATA -> Math.rint((low + uniform * (high - low)) * 0x1p20) * 0x1p-20;
                case CONDITION -> uniform < 0.5 ? 0 : 1;
                case CLASSES -> Math.floor(low + uniform * (high - low));
            };
        }
        return elements;
    }

    /** Elements as floats. */
    static float[] floats(double[] elements) {
        float[] floats = new float[elements.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) elements[i];
        }
        return floats;
    }

    /** Elements as integers. */
    static long[] longs(double[] elements) {
        long[] longs = new long[elements.length];
        for (int i = 0; i < longs.length; i++) {
            longs[i] = (long) elements[i];
        }
        return longs;
    }
}

package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.lane.Lane;
import dev.lanegrad.internal.memory.Raw;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Writes a number to all lanes of a vector in memory, for which there is room for the widest one. */
final class Spread {
    private static final MemorySegment ALL = Raw.ALL;

    /**
     * True once vector loops run. Until then no class of vectors is touched here: the first use of them takes a starting JVM
     * a tenth of a second. A thread that sees the change late writes the same lanes.
     */
    private static boolean vectors;

    private Spread() {
    }

    /** Says that vector loops run from now on. */
    static void useVectors() {
        vectors = true;
    }

    /** Writes {@code value}, rounded to the lane type whose bytes are {@code 1 << shift}. */
    static void value(int shift, long address, double value) {
        if (shift == 2) {
            if (vectors) {
                FloatPrims.spread(address, (float) value);
            } else {
                bits(Lane.FLOAT, address, Float.floatToRawIntBits((float) value));
            }
        } else if (vectors) {
            DoublePrims.spread(address, value);
        } else {
            bits(Lane.DOUBLE, address, Double.doubleToRawLongBits(value));
        }
    }

    /** Writes lanes with the bits {@code bits}, of which a float has the lower half. */
    static void bits(Lane lane, long address, long bits) {
        long twice = lane == Lane.FLOAT ? bits << 32 | bits & 0xFFFF_FFFFL : bits;
        for (int at = 0; at < MapPlan.VECTOR; at += Long.BYTES) {
            ALL.set(ValueLayout.JAVA_LONG_UNALIGNED, address + at, twice);
        }
    }
}

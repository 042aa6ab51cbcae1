package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.memory.Raw;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Lines of elements into contiguous lanes, and lanes back into elements. Conversions are Java's casts; a number becomes
 * a truth value by being other than zero. Lines of lanes end in a vector of padding.
 */
final class Packing {
    private static final MemorySegment ALL = Raw.ALL;
    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;
    private static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final VectorSpecies<Byte> B = ByteVector.SPECIES_PREFERRED;
    private static final int VBYTES = B.vectorByteSize();

    private Packing() {
    }

    /** The element at {@code address} as a float (shift 2) or double lane. */
    static double one(Cell cell, int shift, long address) {
        return switch (cell) {
            case FLOAT32 -> ALL.get(FLOAT, address);
            case FLOAT64 -> ALL.get(DOUBLE, address);
            case INT64 -> shift == 2 ? (float) ALL.get(LONG, address) : (double) ALL.get(LONG, address);
            case BOOL -> ALL.get(BYTE, address);
        };
    }

    /** Writes {@code n} elements that are {@code step} bytes apart as float (shift 2) or double lanes. */
    static void line(Cell cell, int shift, long from, long step, long to, int n) {
        if (step == 0) {
            if (shift == 2) {
                fill((float) one(cell, shift, from), to, n);
            } else {
                fill(one(cell, shift, from), to, n);
            }
        } else if (shift == 2) {
            switch (cell) {
                case FLOAT32 -> {
                    if (step == Float.BYTES) {
                        copy(from, to, n << 2);
                    } else {
                        copy4(from, step, to, n);
                    }
                }
                case FLOAT64 -> doublesToFloats(from, step, to, n);
                case INT64 -> longsToFloats(from, step, to, n);
                case BOOL -> bytesToFloats(from, step, to, n);
            }
        } else {
            switch (cell) {
                case FLOAT32 -> floatsToDoubles(from, step, to, n);
                case FLOAT64 -> {
                    if (step == Double.BYTES) {
                        copy(from, to, n << 3);
                    } else {
                        copy8(from, step, to, n);
                    }
                }
                case INT64 -> longsToDoubles(from, step, to, n);
                case BOOL -> bytesToDoubles(from, step, to, n);
            }
        }
    }

    /** Writes {@code n} float (shift 2) or double lanes as contiguous elements of another type. */
    static void unpack(Cell cell, int shift, long from, long to, int n) {
        if (shift == 2) {
            switch (cell) {
                case FLOAT32 -> MemorySegment.copy(ALL, from, ALL, to, (long) n << 2);
                case FLOAT64 -> floatsToDoubles(from, Float.BYTES, to, n);
                case INT64 -> floatsToLongs(from, to, n);
                case BOOL -> floatsToBytes(from, to, n);
            }
        } else {
            switch (cell) {
                case FLOAT32 -> doublesToFloats(from, Double.BYTES, to, n);
                case FLOAT64 -> MemorySegment.copy(ALL, from, ALL, to, (long) n << 3);
                case INT64 -> doublesToLongs(from, to, n);
                case BOOL -> doublesToBytes(from, to, n);
            }
        }
    }

    /**
     * Writes {@code rows} lines of {@code n} elements where neighbours in a line are {@code step} bytes apart and
     * neighbours in a column lie together; lines are written {@code pitch} bytes apart. Elements are lanes as they are.
     */
    static void transpose(int shift, long from, long step, long to, long pitch, int rows, int n) {
        if (shift == 2) {
            for (int j = 0; j < n; j++) {
                column4(from + j * step, to + (long) j * Float.BYTES, pitch, rows);
            }
        } else {
            for (int j = 0; j < n; j++) {
                column8(from + j * step, to + (long) j * Double.BYTES, pitch, rows);
            }
        }
    }

    private static void copy(long from, long to, int bytes) {
        // Whole vectors into the padding: for lines of a few vectors this is faster than a call of the JDK's copy.
        for (int d = 0; d < bytes; d += VBYTES) {
            ByteVector.fromMemorySegment(B, ALL, from + d, ORDER)
                    .intoMemorySegment(ALL, to + d, ORDER);
        }
    }

    private static void fill(float value, long to, int n) {
        for (int i = 0; i < n; i++) {
            ALL.set(FLOAT, to + (long) i * Float.BYTES, value);
        }
    }

    private static void fill(double value, long to, int n) {
        for (int i = 0; i < n; i++) {
            ALL.set(DOUBLE, to + (long) i * Double.BYTES, value);
        }
    }

    private static void copy4(long from, long step, long to, int n) {
        for (int i = 0; i < n; i++) {
            ALL.set(INT, to + (long) i * Integer.BYTES, ALL.get(INT, from + i * step));
        }
    }

    private static void copy8(long from, long step, long to, int n) {
        for (int i = 0; i < n; i++) {
            ALL.set(LONG, to + (long) i * Long.BYTES, ALL.get(LONG, from + i * step));
        }
    }

    private static void column4(long from, long to, long pitch, int n) {
        for (int i = 0; i < n; i++) {
            ALL.set(INT, to + i * pitch, ALL.get(INT, from + (long) i * Integer.BYTES));
        }
    }

    private static void column8(long from, long to, long pitch, int n) {
        for (int i = 0; i < n; i++) {
            ALL.set(LONG, to + i * pitch, ALL.get(LONG, from + (long) i * Long.BYTES));
        }
    }

    private static void doublesToFloats(long from, long step, long to, int n) {
        for (int i = 0; i < n; i++) {
            ALL.set(FLOAT, to + (long) i * Float.BYTES, (float) ALL.get(DOUBLE, from + i * step));
        }
    }

    private static void longsToFloats(long from, long step, long to, int n) {
        for (int i = 0; i < n; i++) {
            ALL.set(FLOAT, to + (long) i * Float.BYTES, (float) ALL.get(LONG, from + i * step));
        }
    }

    private static void bytesToFloats(long from, long step, long to, int n) {
        for (int i = 0; i < n; i++) {
            ALL.set(FLOAT, to + (long) i * Float.BYTES, ALL.get(BYTE, from + i * step));
        }
    }

    private static void floatsToDoubles(long from, long step, long to, int n) {
        for (int i = 0; i < n; i++) {
            ALL.set(DOUBLE, to + (long) i * Double.BYTES, ALL.get(FLOAT, from + i * step));
        }
    }

    private static void longsToDoubles(long from, long step, long to, int n) {
        for (int i = 0; i < n; i++) {
            ALL.set(DOUBLE, to + (long) i * Double.BYTES, ALL.get(LONG, from + i * step));
        }
    }

    private static void bytesToDoubles(long from, long step, long to, int n) {
        for (int i = 0; i < n; i++) {
            ALL.set(DOUBLE, to + (long) i * Double.BYTES, ALL.get(BYTE, from + i * step));
        }
    }

    private static void floatsToLongs(long from, long to, int n) {
        for (int i = 0; i < n; i++) {
            ALL.set(LONG, to + (long) i * Long.BYTES, (long) ALL.get(FLOAT, from + (long) i * Float.BYTES));
        }
    }

    private static void doublesToLongs(long from, long to, int n) {
        for (int i = 0; i < n; i++) {
            ALL.set(LONG, to + (long) i * Long.BYTES, (long) ALL.get(DOUBLE, from + (long) i * Double.BYTES));
        }
    }

    private static void floatsToBytes(long from, long to, int n) {
        for (int i = 0; i < n; i++) {
            // NaN is other than zero, so it is true; the comparison says so without a branch on it.
            ALL.set(BYTE, to + i, ALL.get(FLOAT, from + (long) i * Float.BYTES) == 0 ? (byte) 0 : 1);
        }
    }

    private static void doublesToBytes(long from, long to, int n) {
        for (int i = 0; i < n; i++) {
            ALL.set(BYTE, to + i, ALL.get(DOUBLE, from + (long) i * Double.BYTES) == 0 ? (byte) 0 : 1);
        }
    }
}

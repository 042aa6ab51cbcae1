package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.lane.Lane;
import dev.lanegrad.internal.memory.Raw;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Lines of elements into contiguous lanes, and lanes back into elements. Conversions are Java's casts; a number becomes
 * a truth value by being other than zero. What is written is followed by up to 64 bytes that may be overwritten.
 */
final class Packing {
    private static final MemorySegment ALL = Raw.ALL;
    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
    private static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED;

    private Packing() {
    }

    /** The element at {@code address} as a float (shift 2) or double lane. */
    static double one(Cell cell, int shift, long address) {
        return switch (cell) {
            case FLOAT32 -> ALL.get(FLOAT, address);
            case FLOAT64 -> shift == 2 ? (float) ALL.get(DOUBLE, address) : ALL.get(DOUBLE, address);
            case INT64 -> shift == 2 ? (float) ALL.get(LONG, address) : (double) ALL.get(LONG, address);
            case BOOL -> ALL.get(BYTE, address);
        };
    }

    /** Writes {@code n} elements that are {@code step} bytes apart as float (shift 2) or double lanes. */
    static void line(Cell cell, int shift, long from, long step, long to, int n) {
        if (step == 0) {
            if (shift == 2) {
                Conversions.fill((float) one(cell, shift, from), to, n);
            } else {
                Conversions.fill(one(cell, shift, from), to, n);
            }
        } else if (step != cell.bytes()) {
            apart(cell, shift, from, step, to, n);
        } else if (shift == 2) {
            floats(cell, from, to, n);
        } else {
            doubles(cell, from, to, n);
        }
    }

    /** Writes {@code lines} lines of {@code n} lanes that are equal: those of a line are the next of elements {@code step} apart. */
    static void lines(Cell cell, int shift, long from, long step, long to, int lines, int n) {
        if (shift == 2 && cell == Cell.FLOAT32) {
            Conversions.repeatFloats(from, step, to, lines, n);
        } else if (shift == 3 && cell == Cell.FLOAT64) {
            Conversions.repeatDoubles(from, step, to, lines, n);
        } else {
            for (int i = 0; i < lines; i++) {
                line(cell, shift, from + i * step, 0, to + ((long) i * n << shift), n);
            }
        }
    }

    /** Repeats the first {@code period} bytes until there are {@code bytes}. */
    static void repeat(long to, int period, int bytes) {
        for (int done = period; done < bytes; done += Math.min(done, bytes - done)) {
            Conversions.copy(to, to + done, Math.min(done, bytes - done));
        }
    }

    private static void floats(Cell cell, long from, long to, int n) {
        switch (cell) {
            case FLOAT32 -> Conversions.copy(from, to, n << 2);
            case FLOAT64 -> Conversions.doublesToFloats(from, to, n);
            case INT64 -> longsToFloats(from, Long.BYTES, to, n);
            case BOOL -> {
                if (Conversions.BYTES_OF_FLOATS) {
                    Conversions.bytesToFloats(from, to, n);
                } else {
                    bytesToFloats(from, 1, to, n);
                }
            }
        }
    }

    private static void doubles(Cell cell, long from, long to, int n) {
        switch (cell) {
            case FLOAT32 -> Conversions.floatsToDoubles(from, to, n);
            case FLOAT64 -> Conversions.copy(from, to, n << 3);
            case INT64 -> Conversions.longsToDoubles(from, to, n);
            case BOOL -> {
                if (Conversions.BYTES_OF_DOUBLES) {
                    Conversions.bytesToDoubles(from, to, n);
                } else {
                    bytesToDoubles(from, 1, to, n);
                }
            }
        }
    }

    private static void apart(Cell cell, int shift, long from, long step, long to, int n) {
        if (shift == 2) {
            switch (cell) {
                case FLOAT32 -> copy4(from, step, to, n);
                case FLOAT64 -> doublesToFloats(from, step, to, n);
                case INT64 -> longsToFloats(from, step, to, n);
                case BOOL -> bytesToFloats(from, step, to, n);
            }
        } else {
            switch (cell) {
                case FLOAT32 -> floatsToDoubles(from, step, to, n);
                case FLOAT64 -> copy8(from, step, to, n);
                case INT64 -> longsToDoubles(from, step, to, n);
                case BOOL -> bytesToDoubles(from, step, to, n);
            }
        }
    }

    /** Writes {@code n} float (shift 2) or double lanes as contiguous elements. */
    static void unpack(Cell cell, int shift, long from, long to, int n) {
        if (shift == 2) {
            switch (cell) {
                case FLOAT32 -> Conversions.copy(from, to, n << 2);
                case FLOAT64 -> Conversions.floatsToDoubles(from, to, n);
                case INT64 -> floatsToLongs(from, to, n);
                case BOOL -> {
                    if (Conversions.BYTES_OF_FLOATS) {
                        Conversions.floatsToBytes(from, to, n);
                    } else {
                        floatsToBytes(from, to, n);
                    }
                }
            }
        } else {
            switch (cell) {
                case FLOAT32 -> Conversions.doublesToFloats(from, to, n);
                case FLOAT64 -> Conversions.copy(from, to, n << 3);
                case INT64 -> doublesToLongs(from, to, n);
                case BOOL -> {
                    if (Conversions.BYTES_OF_DOUBLES) {
                        Conversions.doublesToBytes(from, to, n);
                    } else {
                        doublesToBytes(from, to, n);
                    }
                }
            }
        }
    }

    /**
     * Writes {@code rows} lines of {@code n} elements where neighbours in a line are {@code step} bytes apart and
     * neighbours in a column lie together; lines are written {@code pitch} bytes apart. Elements are lanes as they are.
     */
    static void transpose(int shift, long from, long step, long to, long pitch, int rows, int n) {
        MatMulTiles tiles = MatMulTiles.of(shift == 2 ? Lane.FLOAT : Lane.DOUBLE);
        int lanes = MatMulTiles.VB >> shift;
        int i = 0;
        for (; i <= rows - lanes; i += lanes) {
            long first = from + ((long) i << shift);
            int j = 0;
            for (; j <= n - lanes; j += lanes) {
                tiles.square(lanes, first + j * step, step, to + i * pitch + ((long) j << shift), pitch);
            }
            columns(shift, first, step, to + i * pitch, pitch, lanes, j, n);
        }
        columns(shift, from + ((long) i << shift), step, to + i * pitch, pitch, rows - i, 0, n);
    }

    private static void columns(int shift, long from, long step, long to, long pitch, int rows, int first, int n) {
        for (int i = 0; i < rows && first < n; i++) {
            long at = from + ((long) i << shift) + first * step;
            long next = to + i * pitch + ((long) first << shift);
            if (shift == 2) {
                copy4(at, step, next, n - first);
            } else {
                copy8(at, step, next, n - first);
            }
        }
    }

    private static void copy4(long from, long step, long to, int n) {
        if (step == 2 * Integer.BYTES && Conversions.LOW_FIRST) {
            Conversions.everySecond(from, to, n);
            return;
        }
        for (int i = 0; i < n; i++) {
            ALL.set(INT, to + (long) i * Integer.BYTES, ALL.get(INT, from + i * step));
        }
    }

    private static void copy8(long from, long step, long to, int n) {
        for (int i = 0; i < n; i++) {
            ALL.set(LONG, to + (long) i * Long.BYTES, ALL.get(LONG, from + i * step));
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
            ALL.set(BYTE, to + i, ALL.get(FLOAT, from + (long) i * Float.BYTES) == 0 ? (byte) 0 : 1);
        }
    }

    private static void doublesToBytes(long from, long to, int n) {
        for (int i = 0; i < n; i++) {
            ALL.set(BYTE, to + i, ALL.get(DOUBLE, from + (long) i * Double.BYTES) == 0 ? (byte) 0 : 1);
        }
    }
}

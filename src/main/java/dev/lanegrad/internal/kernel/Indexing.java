package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.lane.Lane;
import dev.lanegrad.internal.memory.Raw;
import dev.lanegrad.internal.shape.Layout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Loops that move single elements by index or by strides. They are bound by memory, not by arithmetic, so they are plain
 * loops; whole rows are copied at once where they lie together.
 */
public final class Indexing {
    private static final MemorySegment ALL = Raw.ALL;
    /** Elements of one call of a vector loop. */
    private static final int LINE = 4096;
    /** Bytes that are set by vectors; more by the JDK, which knows the widest stores. */
    private static final int SMALL = 1 << 16;
    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
    private static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED;

    private Indexing() {
    }

    /** Clears {@code bytes} bytes. */
    public static void fillZero(long address, long bytes) {
        if (bytes <= SMALL) {
            // A slice of memory is an object that the compiler does not always do away with.
            Conversions.fill(0f, address, (int) ((bytes + 3) / 4));
        } else {
            ALL.asSlice(address, bytes).fill((byte) 0);
        }
    }

    /** True if {@link #apart} and {@link #inTurns} can be used for elements of {@code size} bytes. */
    public static boolean hasPairs(int size) {
        return size == Integer.BYTES && Conversions.LOW_FIRST;
    }

    /** Writes {@code n} elements of four bytes of each source in turns; all lie without gaps. */
    public static void inTurns(long first, long second, long to, long n) {
        for (long done = 0; done < n; done += LINE) {
            Conversions.inTurns(first + done * Integer.BYTES, second + done * Integer.BYTES, to + done * Long.BYTES,
                    (int) Math.min(LINE, n - done));
        }
    }

    /**
     * Writes rows of {@code size} elements of four bytes: zeros but for {@code n} elements of the source at {@code start},
     * {@code start + 2}, ...; both lie row after row without gaps. In one pass, where zeros first would be two.
     */
    public static void apart(long from, long to, long rows, int n, int start, int size) {
        for (long row = 0; row < rows; row++) {
            // What is written too far is the beginning of the next row, and comes before it.
            long at = to + row * size * Integer.BYTES;
            fillZero(at, (long) start * Integer.BYTES);
            long source = from + row * n * Integer.BYTES;
            long target = at + (long) start * Integer.BYTES;
            for (int done = 0; done < n; done += LINE) {
                Conversions.apart(source + (long) done * Integer.BYTES, target + (long) done * Long.BYTES, Math.min(LINE, n - done));
            }
            long end = start + 2L * n;
            fillZero(at + end * Integer.BYTES, Math.max(0, size - end) * Integer.BYTES);
        }
    }

    /** Copies elements of {@code size} bytes between two layouts of the same sizes, which do not overlap. */
    public static void copyStrided(int size, long from, Layout source, long to, Layout target) {
        if (source.count() > 0) {
            copyDimension(size, from, source, to, target, 0);
        }
    }

    private static void copyDimension(int size, long from, Layout source, long to, Layout target, int d) {
        int left = source.rank() - d;
        while (left > 1 && source.size(d + left - 1) == 1) {
            left--;
        }
        if (left == 0) {
            MemorySegment.copy(ALL, from, ALL, to, size);
            return;
        }
        int n = source.size(d);
        if (left == 1) {
            if (source.stride(d) == 1 && target.stride(d) == 1) {
                MemorySegment.copy(ALL, from, ALL, to, (long) n * size);
            } else if (source.stride(d) == 0 && target.stride(d) == 1) {
                repeat(size, from, to, n);
            } else {
                copyLine(size, from, source.stride(d) * size, to, target.stride(d) * size, n);
            }
            return;
        }
        for (int i = 0; i < n; i++) {
            copyDimension(size, from + i * source.stride(d) * size, source, to + i * target.stride(d) * size, target, d + 1);
        }
    }

    // The last vector may lie over the one before: nothing is written behind the elements.
    private static void repeat(int size, long from, long to, int n) {
        long bytes = (long) n * size;
        long first = Math.min(bytes, Conversions.VECTOR);
        for (long d = 0; d < first; d += size) {
            copyOne(size, from, to + d);
        }
        long last = bytes - Conversions.VECTOR;
        for (long d = Conversions.VECTOR; d < last; d += LINE) {
            Conversions.repeat(to, to + d, (int) Math.min(LINE, last - d));
        }
        if (last > 0) {
            Conversions.copy(to, to + last, Conversions.VECTOR);
        }
    }

    // The size is looked at once for all elements of a line.
    private static void copyLine(int size, long from, long fromStep, long to, long toStep, int n) {
        switch (size) {
            case 1 -> {
                for (int i = 0; i < n; i++) {
                    ALL.set(BYTE, to + i * toStep, ALL.get(BYTE, from + i * fromStep));
                }
            }
            case 4 -> {
                for (int i = 0; i < n; i++) {
                    ALL.set(INT, to + i * toStep, ALL.get(INT, from + i * fromStep));
                }
            }
            default -> {
                for (int i = 0; i < n; i++) {
                    ALL.set(LONG, to + i * toStep, ALL.get(LONG, from + i * fromStep));
                }
            }
        }
    }

    private static void copyOne(int size, long from, long to) {
        switch (size) {
            case 1 -> ALL.set(BYTE, to, ALL.get(BYTE, from));
            case 4 -> ALL.set(INT, to, ALL.get(INT, from));
            default -> ALL.set(LONG, to, ALL.get(LONG, from));
        }
    }

    /** The number, in row-major order, of the first index that is not from 0 to {@code size - 1}; -1 if all are. */
    public static long firstOutside(long index, Layout layout, int size) {
        long[] at = {0, -1};
        if (layout.count() > 0) {
            findOutside(index, layout, 0, size, at);
        }
        return at[1];
    }

    // at: number of indices seen, and the first bad one.
    private static void findOutside(long index, Layout layout, int d, int size, long[] at) {
        if (d == layout.rank()) {
            long value = ALL.get(LONG, index);
            if ((value < 0 || value >= size) && at[1] < 0) {
                at[1] = at[0];
            }
            at[0]++;
            return;
        }
        for (int i = 0; i < layout.size(d) && at[1] < 0; i++) {
            findOutside(index + i * layout.stride(d) * Long.BYTES, layout, d + 1, size, at);
        }
    }

    /** The int64 element with this number in row-major order. */
    public static long elementAt(long address, Layout layout, long number) {
        return ALL.get(LONG, address + offset(layout, number) * Long.BYTES);
    }

    /** Elements from the first to the one with this number in row-major order. */
    public static long offset(Layout layout, long number) {
        long rest = number;
        long offset = 0;
        for (int d = layout.rank() - 1; d >= 0; d--) {
            offset += rest % layout.size(d) * layout.stride(d);
            rest /= layout.size(d);
        }
        return offset;
    }

    /**
     * Writes, to {@code target}, the contiguous layout of the sizes of {@code indices}, the element of {@code source} at
     * the same place but for {@code dim}, where the index says which. Indices are inside.
     */
    public static void gather(int size, long from, Layout source, long index, Layout indices, int dim, long to, Layout target) {
        if (indices.count() > 0) {
            gatherDimension(size, from, source, index, indices, dim, to, target, 0);
        }
    }

    /** True if all indices are from 0 to {@code size - 1}. */
    public static boolean areInside(long index, Layout layout, int size) {
        return layout.count() == 0 || (layout.count() == 1 ? isInside(index, size) : areInside(index, layout, 0, size));
    }

    private static boolean isInside(long index, int size) {
        long value = ALL.get(LONG, index);
        return value >= 0 && value < size;
    }

    private static boolean areInside(long index, Layout layout, int d, int size) {
        long step = layout.stride(d) * Long.BYTES;
        boolean last = isOneBelow(layout, d);
        for (int i = 0; i < layout.size(d); i++) {
            if (!(last ? isInside(index + i * step, size) : areInside(index + i * step, layout, d + 1, size))) {
                return false;
            }
        }
        return true;
    }

    private static void gatherDimension(int size, long from, Layout source, long index, Layout indices, int dim, long to,
            Layout target, int d) {
        int n = indices.size(d);
        long fromStep = source.stride(d) * size;
        long indexStep = indices.stride(d) * Long.BYTES;
        long toStep = target.stride(d) * size;
        boolean last = isOneBelow(indices, d);
        for (int i = 0; i < n; i++) {
            long nextFrom = d == dim ? from : from + i * fromStep;
            long nextIndex = index + i * indexStep;
            if (last) {
                copyOne(size, nextFrom + ALL.get(LONG, nextIndex) * source.stride(dim) * size
                        , to + i * toStep);
            } else if (d == dim && constantBelow(indices, d)) {
                // One index for all below: a block of the source moves as it is.
                copyDimension(size, nextFrom + ALL.get(LONG, nextIndex) * fromStep, source, to + i * toStep, target, d + 1);
            } else {
                gatherDimension(size, nextFrom, source, nextIndex, indices, dim, to + i * toStep, target, d + 1);
            }
        }
    }

    /** True if there is one element for each index of dimension {@code d}. */
    private static boolean isOneBelow(Layout indices, int d) {
        for (int i = d + 1; i < indices.rank(); i++) {
            if (indices.size(i) != 1) {
                return false;
            }
        }
        return true;
    }

    private static boolean constantBelow(Layout indices, int d) {
        for (int i = d + 1; i < indices.rank(); i++) {
            if (indices.stride(i) != 0) {
                return false;
            }
        }
        return true;
    }

    /**
     * Adds each element of {@code source} to the element of {@code target} at the same place but for {@code dim}, where
     * the index says which; in row-major order of the source, so equal indices add up in a fixed order.
     */
    public static void scatterAdd(Lane lane, long from, Layout source, long index, Layout indices, int dim, long to,
            Layout target) {
        if (indices.count() > 0) {
            scatterDimension(lane, from, source, index, indices, dim, to, target, 0);
        }
    }

    /**
     * For each row of a contiguous matrix the element at the index of the row, less the element of the row in {@code minus}
     * and that in {@code less}, negated.
     */
    public static void losses(Lane lane, long from, int rows, int length, long index, long minus, long less, long to) {
        int size = lane.bytes();
        for (int i = 0; i < rows; i++) {
            long at = from + ((long) i * length + ALL.get(LONG, index + (long) i * Long.BYTES)) * size;
            long column = (long) i * size;
            if (lane == Lane.FLOAT) {
                ALL.set(FLOAT, to + column, -(ALL.get(FLOAT, at) - ALL.get(FLOAT, minus + column) - ALL.get(FLOAT, less + column)));
            } else {
                ALL.set(DOUBLE, to + column,
                        -(ALL.get(DOUBLE, at) - ALL.get(DOUBLE, minus + column) - ALL.get(DOUBLE, less + column)));
            }
        }
    }

    /**
     * In each row of a contiguous matrix, the element at the index of the row becomes what it is in {@code from}, less 1,
     * times the row's factor.
     */
    public static void lessOne(Lane lane, long from, int rows, int length, long index, long factor, long step, long to) {
        int size = lane.bytes();
        for (int i = 0; i < rows; i++) {
            long at = ((long) i * length + ALL.get(LONG, index + (long) i * Long.BYTES)) * size;
            long of = factor + i * step * size;
            if (lane == Lane.FLOAT) {
                ALL.set(FLOAT, to + at, ALL.get(FLOAT, of) * (ALL.get(FLOAT, from + at) - 1));
            } else {
                ALL.set(DOUBLE, to + at, ALL.get(DOUBLE, of) * (ALL.get(DOUBLE, from + at) - 1));
            }
        }
    }

    private static void scatterDimension(Lane lane, long from, Layout source, long index, Layout indices, int dim, long to,
            Layout target, int d) {
        int size = lane.bytes();
        for (int i = 0; i < indices.size(d); i++) {
            long nextFrom = from + i * source.stride(d) * size;
            long nextIndex = index + i * indices.stride(d) * Long.BYTES;
            long nextTo = d == dim ? to : to + i * target.stride(d) * size;
            if (d == indices.rank() - 1) {
                long at = nextTo + ALL.get(LONG, nextIndex) * target.stride(dim) * size;
                if (lane == Lane.FLOAT) {
                    ALL.set(FLOAT, at, ALL.get(FLOAT, at) + ALL.get(FLOAT, nextFrom));
                } else {
                    ALL.set(DOUBLE, at, ALL.get(DOUBLE, at) + ALL.get(DOUBLE, nextFrom));
                }
            } else {
                scatterDimension(lane, nextFrom, source, nextIndex, indices, dim, nextTo, target, d + 1);
            }
        }
    }
}

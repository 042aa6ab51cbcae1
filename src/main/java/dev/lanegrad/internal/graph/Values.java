package dev.lanegrad.internal.graph;

import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.memory.Raw;
import dev.lanegrad.internal.shape.Layout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;

/** Elements in and out, and values made from nothing. */
public final class Values {
    private static final MemorySegment ALL = Raw.ALL;

    private Values() {
    }

    /** A contiguous value whose elements are undefined until they are set. */
    public static Value allocate(Cell cell, Layout layout) {
        return Context.current().allocate(cell, layout);
    }

    /** Sets all elements of the contiguous {@code value}. */
    public static Value fill(Value value, double number) {
        long count = value.count();
        if (number == 0 && 1 / number > 0) {
            dev.lanegrad.internal.kernel.Indexing.fillZero(value.address, count * value.cell.bytes());
        } else {
            for (long i = 0; i < count; i++) {
                set(value, i, number);
            }
        }
        Reference.reachabilityFence(value);
        return value;
    }

    /** Sets element {@code i} of the contiguous {@code value}, counted row-major. */
    public static void set(Value value, long i, double number) {
        set(value.address + i * value.cell.bytes(), value.cell, number);
    }

    /** Writes an element of type {@code cell} to {@code at}. */
    static void set(long at, Cell cell, double number) {
        switch (cell) {
            case FLOAT32 -> ALL.set(ValueLayout.JAVA_FLOAT_UNALIGNED, at, (float) number);
            case FLOAT64 -> ALL.set(ValueLayout.JAVA_DOUBLE_UNALIGNED, at, number);
            case INT64 -> ALL.set(ValueLayout.JAVA_LONG_UNALIGNED, at, (long) number);
            case BOOL -> ALL.set(ValueLayout.JAVA_BYTE, at, (byte) (number != 0 ? 1 : 0));
        }
    }

    /** Element {@code i}, counted row-major, as a double. */
    public static double get(Value value, long i) {
        long at = at(value.readable("get"), i);
        double number = switch (value.cell) {
            case FLOAT32 -> ALL.get(ValueLayout.JAVA_FLOAT_UNALIGNED, at);
            case FLOAT64 -> ALL.get(ValueLayout.JAVA_DOUBLE_UNALIGNED, at);
            case INT64 -> ALL.get(ValueLayout.JAVA_LONG_UNALIGNED, at);
            case BOOL -> ALL.get(ValueLayout.JAVA_BYTE, at);
        };
        Reference.reachabilityFence(value);
        return number;
    }

    /** True if no element is NaN or infinite. */
    static boolean isFinite(Value value) {
        return notFinite(value) == null;
    }

    /** What messages call the first element that is not finite: "nan" or "inf"; null if all are. */
    static String notFinite(Value value) {
        if (!value.cell.isReal() || value.isSymbolic()) {
            return null;
        }
        for (long i = 0; i < value.count(); i++) {
            double number = get(value, i);
            if (!Double.isFinite(number)) {
                return Double.isNaN(number) ? "nan" : "inf";
            }
        }
        return null;
    }

    /** Element {@code i} of an int64 value, counted row-major. */
    public static long getLong(Value value, long i) {
        long number = ALL.get(ValueLayout.JAVA_LONG_UNALIGNED, at(value.readable("get"), i));
        Reference.reachabilityFence(value);
        return number;
    }

    private static long at(Value value, long i) {
        long offset = value.layout.isContiguous() ? i
                : dev.lanegrad.internal.kernel.Indexing.offset(value.layout, i);
        return value.address + offset * value.cell.bytes();
    }

    /** Copies all bytes of the contiguous {@code value} from {@code source}. */
    public static Value copyFrom(Value value, MemorySegment source) {
        MemorySegment.copy(source, 0, ALL, value.address, value.count() * value.cell.bytes());
        Reference.reachabilityFence(value);
        return value;
    }

    /** Copies all elements, row-major, to {@code target}, which has room for them. */
    public static void copyTo(Value value, MemorySegment target) {
        Value dense = value.readable("toArray");
        if (!value.layout.isContiguous()) {
            dense = Context.managed(value.cell, Layout.contiguous(value.layout.sizes()));
            Structures.copyInto(Context.current(), value, dense);
        }
        MemorySegment.copy(ALL, dense.address, target, 0, dense.count() * dense.cell.bytes());
        Reference.reachabilityFence(dense);
        Reference.reachabilityFence(value);
    }

    /** A copy that lives outside all tapes, as long as it is reachable; not part of the graph. */
    public static Value keep(Value value) {
        value.check("keep").readable("keep");
        Value kept = Context.managed(value.cell, Layout.contiguous(value.layout.sizes()));
        Structures.copyInto(Context.current(), value, kept);
        return kept;
    }
}

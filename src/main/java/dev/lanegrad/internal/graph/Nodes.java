package dev.lanegrad.internal.graph;

import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.memory.Raw;
import dev.lanegrad.internal.memory.Symbolic;
import dev.lanegrad.internal.memory.TapeScope;
import dev.lanegrad.internal.memory.ThreadArena;
import dev.lanegrad.internal.op.Binary;
import dev.lanegrad.internal.op.Elementwise;
import dev.lanegrad.internal.op.Structural;
import dev.lanegrad.internal.op.Ternary;
import dev.lanegrad.internal.op.Unary;
import dev.lanegrad.internal.shape.Layout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The records of a thread's tapes, one stack for all nested ones: 64 bytes off-heap for each recorded op, leaf and
 * constant operand, numbered in the order of recording, so that operands come before what is computed from them. What a
 * record cannot hold (layouts, leaves, attributes of structural ops) stands in side tables, named by number.
 */
final class Nodes {
    /** Codes of what is not an element-wise op. */
    static final int LEAF = 250;
    static final int STRUCTURAL = 251;
    /** The value needs a gradient. */
    static final int NEEDS_GRAD = 1;
    /** What backward needs has been released. */
    static final int FREED = 2;
    /** Reached by the walk under way. */
    static final int REACHED = 4;

    private static final List<Elementwise> ELEMENTWISE = elementwise();
    private static final int BINARY = Unary.values().length;
    private static final int TERNARY = BINARY + Binary.values().length;
    private static final Cell[] CELLS = Cell.values();

    private static final MemorySegment ALL = Raw.ALL;
    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE;
    // Offsets in a record.
    private static final int OPCODE = 0;
    private static final int CELL = 1;
    private static final int FLAGS = 2;
    private static final int LAYOUT = 4;
    private static final int OPERAND = 8;
    private static final int SIDE = 20;
    private static final int ADDRESS = 24;
    private static final int GRADIENT = 32;
    private static final int SCALAR = 40;
    private static final int BYTES_LOG2 = 6;
    private static final int CHUNK_LOG2 = 12;
    private static final int CHUNK_MASK = (1 << CHUNK_LOG2) - 1;

    private final ThreadArena arena;
    private long[] chunks = new long[4];
    private int chunkCount;
    private int count;
    private Layout[] layouts = new Layout[64];
    private int layoutCount;
    private Value[] leaves = new Value[64];
    private int leafCount;
    private Recorded[] recorded = new Recorded[64];
    private int recordedCount;
    private final List<Mark> marks = new ArrayList<>();
    /** Results without memory, by the number of their record: they cannot be made again from an address. */
    private final Map<Integer, Value> symbols = new HashMap<>();

    /** A structural op as it was recorded. */
    record Recorded(Structural op, int[] operands) {
    }

    /** Where the records of a scope begin. */
    private record Mark(TapeScope scope, int count, int layouts, int leaves, int recorded) {
    }

    Nodes(ThreadArena arena) {
        this.arena = arena;
    }

    private static List<Elementwise> elementwise() {
        List<Elementwise> all = new ArrayList<>(List.of(Unary.values()));
        all.addAll(List.of(Binary.values()));
        all.addAll(List.of(Ternary.values()));
        return List.copyOf(all);
    }

    /** Number of records. */
    int count() {
        return count;
    }

    /** Records from here on belong to {@code scope}. */
    void open(TapeScope scope) {
        marks.add(new Mark(scope, count, layoutCount, leafCount, recordedCount));
    }

    /** Forgets the records of the innermost scope. */
    void reset() {
        Mark mark = marks.getLast();
        count = mark.count;
        Arrays.fill(layouts, mark.layouts, layoutCount, null);
        layoutCount = mark.layouts;
        Arrays.fill(leaves, mark.leaves, leafCount, null);
        leafCount = mark.leaves;
        Arrays.fill(recorded, mark.recorded, recordedCount, null);
        recordedCount = mark.recorded;
        if (!symbols.isEmpty()) {
            symbols.keySet().removeIf(id -> id >= count);
        }
    }

    /** Forgets the records of the innermost scope and the scope. */
    void close() {
        reset();
        marks.removeLast();
    }

    /** The scope in which record {@code id} was made. */
    TapeScope scope(int id) {
        int i = marks.size() - 1;
        while (marks.get(i).count > id) {
            i--;
        }
        return marks.get(i).scope;
    }

    /** The record of {@code value} here, or -1. Another thread may write a leaf's number, so it is read once. */
    private int find(Value value) {
        int id = value.node;
        return id >= 0 && id < count && (value.recorded || opcode(id) == LEAF && leaves[side(id)] == value) ? id : -1;
    }

    /** The record of {@code value} as an operand, made if there is none. */
    int operand(Value value) {
        int id = find(value);
        if (id < 0) {
            id = append(LEAF, value, value.requiresGrad() ? NEEDS_GRAD : 0);
            if (leafCount == leaves.length) {
                leaves = Arrays.copyOf(leaves, 2 * leafCount);
            }
            leaves[leafCount] = value;
            ALL.set(INT, at(id) + SIDE, leafCount++);
            value.node = id;
        }
        return id;
    }

    /** True if record {@code id} is one of {@code value}. */
    boolean isOf(Value value, int id) {
        return opcode(id) == LEAF ? leaf(id) == value : value.recorded && value.node == id;
    }

    /** Records an element-wise op; a scalar operand is null and has its number in {@code scalars}. */
    void record(Elementwise op, Value result, Value x, Value y, Value z, double s0, double s1) {
        int a = x == null ? -1 : operand(x);
        int b = y == null ? -1 : operand(y);
        int c = z == null ? -1 : operand(z);
        int id = append(code(op), result, NEEDS_GRAD);
        long at = at(id);
        ALL.set(INT, at + OPERAND, a);
        ALL.set(INT, at + OPERAND + 4, b);
        ALL.set(INT, at + OPERAND + 8, c);
        ALL.set(DOUBLE, at + SCALAR, s0);
        ALL.set(DOUBLE, at + SCALAR + 8, s1);
        result.node = id;
        result.recorded = true;
    }

    /** Records a structural op. */
    void record(Structural op, Value result, Value... operands) {
        int[] ids = new int[operands.length];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = operand(operands[i]);
        }
        int id = append(STRUCTURAL, result, NEEDS_GRAD);
        if (recordedCount == recorded.length) {
            recorded = Arrays.copyOf(recorded, 2 * recordedCount);
        }
        recorded[recordedCount] = new Recorded(op, ids);
        ALL.set(INT, at(id) + SIDE, recordedCount++);
        result.node = id;
        result.recorded = true;
    }

    private static int code(Elementwise op) {
        return switch (op) {
            case Unary u -> u.ordinal();
            case Binary b -> BINARY + b.ordinal();
            case Ternary t -> TERNARY + t.ordinal();
        };
    }

    private int append(int opcode, Value value, int flags) {
        if (marks.isEmpty()) {
            throw new IllegalStateException("record: no tape is open.");
        }
        int id = count;
        if (id >> CHUNK_LOG2 == chunkCount) {
            grow();
        }
        count++;
        long at = at(id);
        ALL.set(INT, at, opcode | value.cell.ordinal() << 8 | flags << 16);
        ALL.set(INT, at + LAYOUT, layoutNumber(value.layout));
        ALL.set(LONG, at + ADDRESS, value.address);
        ALL.set(LONG, at + GRADIENT, 0L);
        if (value.home instanceof Symbolic) {
            symbols.put(id, value);
        }
        return id;
    }

    private void grow() {
        if (chunkCount == chunks.length) {
            chunks = Arrays.copyOf(chunks, 2 * chunkCount);
        }
        chunks[chunkCount] = arena.recordChunk();
        chunkCount++;
    }

    // The last few are where nearly every op finds its own; a layout that is named twice does no harm.
    private int layoutNumber(Layout layout) {
        int oldest = Math.max(0, layoutCount - 8);
        for (int i = layoutCount - 1; i >= oldest; i--) {
            if (layouts[i] == layout) {
                return i;
            }
        }
        if (layoutCount == layouts.length) {
            layouts = Arrays.copyOf(layouts, 2 * layoutCount);
        }
        layouts[layoutCount] = layout;
        return layoutCount++;
    }

    private long at(int id) {
        return chunks[id >> CHUNK_LOG2] + ((long) (id & CHUNK_MASK) << BYTES_LOG2);
    }

    int opcode(int id) {
        return ALL.get(BYTE, at(id) + OPCODE) & 0xff;
    }

    Elementwise elementwise(int id) {
        return ELEMENTWISE.get(opcode(id));
    }

    Recorded structural(int id) {
        return recorded[side(id)];
    }

    Value leaf(int id) {
        return leaves[side(id)];
    }

    Cell cell(int id) {
        return CELLS[ALL.get(BYTE, at(id) + CELL)];
    }

    Layout layout(int id) {
        return layouts[ALL.get(INT, at(id) + LAYOUT)];
    }

    long address(int id) {
        return ALL.get(LONG, at(id) + ADDRESS);
    }

    /** Operand {@code index} of an element-wise op; -1 for a scalar. */
    int operand(int id, int index) {
        return ALL.get(INT, at(id) + OPERAND + 4L * index);
    }

    /** The scalar in place of operand {@code index}: the first scalar operand has the first place. */
    double scalar(int id, int index) {
        int earlier = 0;
        for (int i = 0; i < index; i++) {
            earlier += operand(id, i) < 0 ? 1 : 0;
        }
        return ALL.get(DOUBLE, at(id) + SCALAR + 8L * earlier);
    }

    long gradient(int id) {
        return ALL.get(LONG, at(id) + GRADIENT);
    }

    void setGradient(int id, long address) {
        ALL.set(LONG, at(id) + GRADIENT, address);
    }

    boolean has(int id, int flag) {
        return (ALL.get(BYTE, at(id) + FLAGS) & flag) != 0;
    }

    void set(int id, int flag) {
        ALL.set(BYTE, at(id) + FLAGS, (byte) (ALL.get(BYTE, at(id) + FLAGS) | flag));
    }

    void clear(int id, int flag) {
        ALL.set(BYTE, at(id) + FLAGS, (byte) (ALL.get(BYTE, at(id) + FLAGS) & ~flag));
    }

    /** The value of record {@code id}, as it was recorded. */
    Value value(int id) {
        if (opcode(id) == LEAF) {
            return leaf(id);
        }
        if (!symbols.isEmpty() && symbols.get(id) instanceof Value symbol) {
            return symbol;
        }
        TapeScope scope = scope(id);
        Value value = new Value(scope, scope.generation(), address(id), layout(id), cell(id));
        value.node = id;
        value.recorded = true;
        return value;
    }

    private int side(int id) {
        return ALL.get(INT, at(id) + SIDE);
    }
}

package dev.lanegrad.internal.graph;

import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.memory.Raw;
import dev.lanegrad.internal.memory.ThreadArena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/** Records of 64 bytes off-heap, and their fields: the plain numbers of what {@link Nodes} gives a meaning. */
abstract sealed class Records permits Nodes {
    /** Codes of what is not an element-wise op of the tables. */
    static final int LEAF = 250;
    static final int STRUCTURAL = 251;
    /** A function of the user's with all its results, and one of these results. */
    static final int FUNCTION = 252;
    static final int RESULT = 253;
    /** An element-wise function of the user's. */
    static final int COMPOSITE = 254;
    /** The value needs a gradient. */
    static final int NEEDS_GRAD = 1;
    /** What backward needs has been released. */
    static final int FREED = 2;
    /** Wanted by the walk under way. */
    static final int WANTED = 4;
    /** The user watches its gradient. */
    static final int HOOKED = 8;
    /** Its gradient is one element that stands for all. */
    static final int UNIFORM = 16;
    /** Its gradient lies in the buffer of the leaf, which nobody else knows yet. */
    static final int LENT = 64;
    /** What it saved was given to the user's hooks, and is to be asked from them. */
    static final int PACKED = 32;

    /** Its gradient is that of other records too, or the user's, and must not be written to. */
    static final int SHARED = 128;

    private static final Cell[] CELLS = Cell.values();

    private static final MemorySegment ALL = Raw.ALL;
    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED;
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
    /** The first of them: that of most tapes. */
    private long first;
    private int chunkCount;
    private int count;

    Records(ThreadArena arena) {
        this.arena = arena;
    }

    /** Number of records. */
    int count() {
        return count;
    }

    /** Forgets the records from {@code first} on. */
    final void truncate(int first) {
        count = first;
    }

    /** A new record, without operands. */
    final int append(int opcode, Cell cell, int flags, int layout, long address) {
        int id = count;
        if (id >> CHUNK_LOG2 == chunkCount) {
            grow();
        }
        count++;
        long at = at(id);
        ALL.set(INT, at, opcode | cell.ordinal() << 8 | flags << 16);
        ALL.set(INT, at + LAYOUT, layout);
        ALL.set(LONG, at + ADDRESS, address);
        ALL.set(LONG, at + GRADIENT, 0L);
        return id;
    }

    private void grow() {
        if (chunkCount == chunks.length) {
            chunks = Arrays.copyOf(chunks, 2 * chunkCount);
        }
        chunks[chunkCount] = arena.recordChunk();
        first = chunks[0];
        chunkCount++;
    }

    private long at(int id) {
        return (id <= CHUNK_MASK ? first + ((long) id << BYTES_LOG2) : beyond(id)) & Raw.ADDRESS;
    }

    private long beyond(int id) {
        return chunks[id >> CHUNK_LOG2] + ((long) (id & CHUNK_MASK) << BYTES_LOG2);
    }

    int opcode(int id) {
        return ALL.get(BYTE, at(id) + OPCODE) & 0xff;
    }

    Cell cell(int id) {
        return CELLS[ALL.get(BYTE, at(id) + CELL)];
    }

    final int layoutNumber(int id) {
        return ALL.get(INT, at(id) + LAYOUT);
    }

    final void setAddress(int id, long address) {
        ALL.set(LONG, at(id) + ADDRESS, address);
    }

    final void setOperands(int id, int a, int b, int c, double s0, double s1) {
        long at = at(id);
        ALL.set(INT, at + OPERAND, a);
        ALL.set(INT, at + OPERAND + 4, b);
        ALL.set(INT, at + OPERAND + 8, c);
        ALL.set(DOUBLE, at + SCALAR, s0);
        ALL.set(DOUBLE, at + SCALAR + 8, s1);
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

    /** Those of {@code flags} that record {@code id} has. */
    int flags(int id, int flags) {
        return ALL.get(BYTE, at(id) + FLAGS) & flags;
    }

    boolean has(int id, int flag) {
        return (ALL.get(BYTE, at(id) + FLAGS) & flag) != 0;
    }

    void set(int id, int flag) {
        change(id, 0, flag);
    }

    void clear(int id, int flag) {
        change(id, flag, 0);
    }

    /** Takes the flags {@code cleared} off record {@code id}, and then gives it those in {@code set}. */
    final void change(int id, int cleared, int set) {
        long at = at(id) + FLAGS;
        ALL.set(BYTE, at, (byte) (ALL.get(BYTE, at) & ~cleared | set));
    }

    /** Marks record {@code id} as wanted; false if it needs no gradient, or is marked already. */
    final boolean want(int id) {
        long at = at(id) + FLAGS;
        byte flags = ALL.get(BYTE, at);
        if ((flags & (NEEDS_GRAD | WANTED)) != NEEDS_GRAD) {
            return false;
        }
        ALL.set(BYTE, at, (byte) (flags | WANTED));
        return true;
    }

    /** Number of the record in its side table. */
    final int side(int id) {
        return ALL.get(INT, at(id) + SIDE);
    }

    final void setSide(int id, int number) {
        ALL.set(INT, at(id) + SIDE, number);
    }
}

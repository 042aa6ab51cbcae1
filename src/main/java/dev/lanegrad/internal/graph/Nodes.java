package dev.lanegrad.internal.graph;

import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.memory.Symbolic;
import dev.lanegrad.internal.memory.TapeScope;
import dev.lanegrad.internal.memory.ThreadArena;
import dev.lanegrad.internal.op.Binary;
import dev.lanegrad.internal.op.Composite;
import dev.lanegrad.internal.op.Derivative;
import dev.lanegrad.internal.op.Elementwise;
import dev.lanegrad.internal.op.Structural;
import dev.lanegrad.internal.op.Ternary;
import dev.lanegrad.internal.op.Unary;
import dev.lanegrad.internal.shape.Layout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * The records of a thread's tapes, one stack for all nested ones: for each recorded op, leaf and constant operand one,
 * numbered in the order of recording, so that operands come before what is computed from them. What a record cannot hold
 * (layouts, leaves, attributes of structural ops) stands in side tables, named by number.
 */
final class Nodes extends Records {
    private static final List<Elementwise> ELEMENTWISE = elementwise();
    private static final int BINARY = Unary.values().length;
    private static final int TERNARY = BINARY + Binary.values().length;
    /** The derivatives that have been asked for, by code and operand: an op is of one of four classes, an array of one. */
    private static final Derivative[] DERIVATIVES = new Derivative[3 * ELEMENTWISE.size()];
    /** What the derivatives by each operand read, four bits each, by code; {@link #SAVES_UNKNOWN} if nobody has asked. */
    private static final int[] SAVES = new int[ELEMENTWISE.size()];
    private static final int SAVES_UNKNOWN = -1;
    /** Entries of side tables that a reset leaves there. */
    private static final int KEPT = 1024;

    private Layout[] layouts = new Layout[64];
    private int layoutCount;
    private Value[] leaves = new Value[64];
    private int leafCount;
    private Recorded[] recorded = new Recorded[64];
    private int recordedCount;
    /** True once a function of the user's has been recorded. */
    private boolean hasFunctions;
    /** The Java lines of records, where they are remembered; null if they never were. */
    private String[] lines;
    private Replay replay;
    private final List<Composite> composites = new ArrayList<>();
    private final List<Mark> marks = new ArrayList<>();
    /** Results without memory, by the number of their record: they cannot be made again from an address. */
    private final Map<Integer, Value> symbols = new HashMap<>();

    private final Map<Integer, Attached> attached = new HashMap<>();

    static {
        Arrays.fill(SAVES, SAVES_UNKNOWN);
    }

    /** A structural op, or a function of the user's, as it was recorded. */
    record Recorded(Structural op, int[] operands, CustomFunction function) {
        private boolean isSame(Structural op, int[] operands, CustomFunction function) {
            return this.function == null && function == null && this.op.equals(op) && Arrays.equals(this.operands, operands);
        }
    }

    /** What is fastened to single records. */
    static final class Attached {
        final List<UnaryOperator<Value>> hooks = new ArrayList<>();
        /** Where the gradient is kept, or null. */
        Leaf retained;
        /** What the user's hooks keep for each saved variable, or null. */
        Object[] packed;
    }

    /** Where the records of a scope begin. */
    private record Mark(TapeScope scope, int count, int layouts, int leaves, int recorded, int composites) {
    }

    /** Which records' values are not there now. */
    private java.util.function.IntPredicate away = id -> false;

    Nodes(ThreadArena arena) {
        super(arena);
    }

    void setAway(java.util.function.IntPredicate away) {
        this.away = away;
    }

    /** True if the value of record {@code id} is not there now. */
    boolean isAway(int id) {
        return away.test(id);
    }

    private static List<Elementwise> elementwise() {
        List<Elementwise> all = new ArrayList<>(List.of(Unary.values()));
        all.addAll(List.of(Binary.values()));
        all.addAll(List.of(Ternary.values()));
        return List.copyOf(all);
    }

    /** Records from here on belong to {@code scope}. */
    void open(TapeScope scope) {
        marks.add(new Mark(scope, count(), layoutCount, leafCount, recordedCount,
                composites.size()));
    }

    /** Forgets the records of the innermost scope. */
    void reset() {
        Mark mark = marks.getLast();
        truncate(mark.count);
        forget(layouts, KEPT, mark.layouts, layoutCount);
        layoutCount = mark.layouts;
        Arrays.fill(leaves, mark.leaves, leafCount, null);
        leafCount = mark.leaves;
        forget(recorded, hasFunctions ? 0 : KEPT, mark.recorded, recordedCount);
        recordedCount = mark.recorded;
        if (composites.size() > mark.composites) {
            composites.subList(mark.composites, composites.size()).clear();
        }
        if (!attached.isEmpty()) {
            attached.keySet().removeIf(id -> id >= mark.count);
        }
        if (!symbols.isEmpty()) {
            symbols.keySet().removeIf(id -> id >= mark.count);
        }
    }

    // The first ones stay for loops that record the same again: a store of a reference in these old arrays costs a fence
    // and a card with G1. They are sizes and attributes, never values or what users made.
    private static void forget(Object[] table, int kept, int from, int to) {
        if (to > kept) {
            Arrays.fill(table, Math.max(from, kept), to, null);
        }
    }

    /** Forgets the records of the innermost scope and the scope. */
    void close() {
        reset();
        marks.removeLast();
    }

    /** The first record of {@code scope}, which is open. */
    int first(TapeScope scope) {
        for (Mark mark : marks) {
            if (mark.scope == scope) {
                return mark.count;
            }
        }
        return count();
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
        int id = value.node();
        return id >= 0 && id < count() && (value.recorded() || opcode(id) == LEAF && leaves[side(id)] == value) ? id : -1;
    }

    /** The record of {@code value} as an operand, made if there is none. */
    int operand(Value value) {
        if (value.isStale()) {
            renew(value);
        }
        int id = find(value);
        if (id < 0 && replay != null && replay.isOf(marks)) {
            return replay.constant(value);
        }
        if (id < 0) {
            id = append(LEAF, value, value.requiresGrad() ? NEEDS_GRAD : 0);
            if (leafCount == leaves.length) {
                leaves = Arrays.copyOf(leaves, 2 * leafCount);
            }
            leaves[leafCount] = value;
            setSide(id, leafCount++);
            value.setNode(id, false);
        }
        return id;
    }

    // What it is a view of has been changed by a recorded op since: it becomes a view of the changed value.
    private void renew(Value view) {
        Value base = view.view.base;
        Leaf retained = view.leaf;
        record(new Structural.Window((view.address - base.address) / view.cell.bytes(), view.layout), view, base);
        if (retained != null) {
            attach(view.node()).retained = retained;
        }
    }

    /** True if record {@code id} is one of {@code value}. */
    boolean isOf(Value value, int id) {
        return opcode(id) == LEAF ? leaf(id) == value : value.recorded() && value.node() == id;
    }

    /** Remembers where record {@code id} comes from. */
    void setLine(int id, String line) {
        if (lines == null || id >= lines.length) {
            lines = lines == null ? new String[Math.max(64, 2 * id)] : Arrays.copyOf(lines, 2 * id);
        }
        lines[id] = line;
    }

    /** Where record {@code id} comes from, or null if that was not remembered. */
    String line(int id) {
        return lines == null || id >= lines.length ? null : lines[id];
    }

    /** What is fastened to record {@code id}, to which something will be added. */
    Attached attach(int id) {
        set(id, HOOKED);
        return attached.computeIfAbsent(id, key -> new Attached());
    }

    /** What is fastened to record {@code id}, or null. */
    Attached attached(int id) {
        return attached.get(id);
    }

    /** Records an element-wise op; a scalar operand is null and has its number in {@code scalars}. */
    void record(Elementwise op, Value result, Value x, Value y, Value z, double s0, double s1) {
        if (Inference.isOf(x) || Inference.isOf(y) || Inference.isOf(z)) {
            Inference.requireUnsaved(op, x, y, z);
        }
        int a = x == null ? -1 : operand(x);
        int b = y == null ? -1 : operand(y);
        int c = z == null ? -1 : operand(z);
        int code = code(op);
        int id = append(code, result, NEEDS_GRAD);
        if (code == COMPOSITE && (replay == null || !replay.isOf(marks))) {
            setSide(id, composites.size());
            composites.add((Composite) op);
        }
        setOperands(id, a, b, c, s0, s1);
        result.setNode(id, true);
    }

    /** Records a structural op. */
    void record(Structural op, Value result, Value... operands) {
        for (Value operand : operands) {
            if (Inference.isOf(operand)) {
                Inference.requireUnsaved(op, operands);
            }
        }
        append(STRUCTURAL, op, operands(operands), null, result);
    }

    /** Records a function of the user's and its results, those that are not null; returns its record. */
    int record(CustomFunction function, Value[] results, Value... operands) {
        hasFunctions = true;
        Value none = new Value(null, 0, 0, Layout.SCALAR, Cell.FLOAT32);
        append(FUNCTION, null, operands(operands), function, none);
        for (int i = 0; i < results.length; i++) {
            if (results[i] != null) {
                append(RESULT, null, new int[] {none.node(), i}, function, results[i]);
            }
        }
        return none.node();
    }

    private int[] operands(Value[] operands) {
        int[] ids = new int[operands.length];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = operand(operands[i]);
        }
        return ids;
    }

    private void append(int opcode, Structural op, int[] operands, CustomFunction function, Value result) {
        int id = append(opcode, result, NEEDS_GRAD);
        if (replay != null && replay.isOf(marks)) {
            recorded[side(id)] = new Recorded(op, operands, function);
            result.setNode(id, true);
            return;
        }
        if (recordedCount == recorded.length) {
            recorded = Arrays.copyOf(recorded, 2 * recordedCount);
        }
        Recorded known = recorded[recordedCount];
        if (known == null || !known.isSame(op, operands, function)) {
            recorded[recordedCount] = new Recorded(op, operands, function);
        }
        setSide(id, recordedCount++);
        result.setNode(id, true);
    }

    private static int code(Elementwise op) {
        return switch (op) {
            case Unary u -> u.ordinal();
            case Binary b -> BINARY + b.ordinal();
            case Ternary t -> TERNARY + t.ordinal();
            case Composite c -> COMPOSITE;
        };
    }

    private int append(int opcode, Value value, int flags) {
        if (replay != null && replay.isOf(marks)) {
            return replay.next(opcode, value);
        }
        if (marks.isEmpty()) {
            throw new IllegalStateException("record: no tape is open.");
        }
        int id = append(opcode, value.cell, flags, layoutNumber(value.layout), value.address);
        if (lines != null && id < lines.length) {
            lines[id] = null;
        }
        if (value.home instanceof Symbolic) {
            symbols.put(id, value);
        }
        return id;
    }

    /** Records from here on are those from {@code from} to {@code to} again, with new addresses. */
    void beginReplay(int from, int to) {
        replay = new Replay(this, from, to, marks.size());
    }

    /** Fails with {@code IllegalStateException} if not all records have been met again. */
    void requireReplayed() {
        replay.requireDone();
    }

    /** Records are new ones again. */
    void endReplay() {
        replay = null;
    }

    /** Gives record {@code id} another place. */
    void move(int id, Value value) {
        setAddress(id, value.address);
        if (opcode(id) == LEAF) {
            leaves[side(id)] = value;
        }
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
        if (layouts[layoutCount] != layout) {
            layouts[layoutCount] = layout;
        }
        return layoutCount++;
    }

    Elementwise elementwise(int id) {
        int opcode = opcode(id);
        return opcode == COMPOSITE ? composites.get(side(id)) : ELEMENTWISE.get(opcode);
    }

    /** The derivative of record {@code id}, an element-wise op, by operand {@code index}; null if there is none. */
    Derivative derivative(int id, int index) {
        int opcode = opcode(id);
        Derivative known = opcode == COMPOSITE ? null : DERIVATIVES[3 * opcode + index];
        return known != null ? known : find(id, opcode, index);
    }

    // Threads may find the same one at the same time; each is immutable.
    private Derivative find(int id, int opcode, int index) {
        Elementwise op = elementwise(id);
        Derivative derivative = index < op.arity() ? op.derivative(index) : null;
        if (opcode != COMPOSITE) {
            DERIVATIVES[3 * opcode + index] = derivative;
        }
        return derivative;
    }

    /** True if record {@code id} is an element-wise op. */
    boolean isElementwise(int id) {
        int opcode = opcode(id);
        return opcode < LEAF || opcode == COMPOSITE;
    }

    /** The structural op or function of record {@code id}; of a result, its function and then its number. */
    Recorded structural(int id) {
        return recorded[side(id)];
    }

    /** Number of places for operands in record {@code id}; those that are not used have the number -1. */
    int operands(int id) {
        return switch (opcode(id)) {
            case LEAF -> 0;
            case RESULT -> 1;
            case STRUCTURAL, FUNCTION -> structural(id).operands().length;
            default -> 3;
        };
    }

    /** The record of operand {@code index} of record {@code id}; -1 for a scalar. */
    int anyOperand(int id, int index) {
        return isElementwise(id) ? operand(id, index) : structural(id).operands()[index];
    }

    /** What messages call record {@code id}. */
    String label(int id) {
        return switch (opcode(id)) {
            case LEAF -> "leaf";
            case STRUCTURAL -> structural(id).op().label();
            case FUNCTION, RESULT -> structural(id).function().label();
            default -> elementwise(id).label();
        };
    }

    /** The variables that the derivative of record {@code id} reads: bit i its operand i, bit 3 its result. */
    int saved(int id) {
        int opcode = opcode(id);
        return switch (opcode) {
            case LEAF, RESULT, FUNCTION -> 0;
            case STRUCTURAL -> structural(id).op().saves();
            default -> elementwiseSaved(id, opcode);
        };
    }

    private int elementwiseSaved(int id, int opcode) {
        int possible = opcode == COMPOSITE ? SAVES_UNKNOWN : SAVES[opcode];
        if (possible == SAVES_UNKNOWN) {
            possible = savedIfAllNeedGrad(id, opcode);
        }
        if (possible == 0) {
            return 0;
        }
        int saved = 0;
        int tensors = 1 << 3;
        for (int i = 0; i < 3; i++) {
            int operand = operand(id, i);
            if (operand >= 0) {
                tensors |= 1 << i;
                saved |= has(operand, NEEDS_GRAD) ? possible >> 4 * i & 15 : 0;
            }
        }
        return saved & tensors;
    }

    // Four bits for each operand. Threads may find the same at the same time.
    private int savedIfAllNeedGrad(int id, int opcode) {
        int saved = 0;
        for (int i = 0; i < elementwise(id).arity(); i++) {
            Derivative derivative = derivative(id, i);
            saved |= derivative == null ? 0 : derivative.saved() << 4 * i;
        }
        if (opcode != COMPOSITE) {
            SAVES[opcode] = saved;
        }
        return saved;
    }

    Value leaf(int id) {
        return leaves[side(id)];
    }

    Layout layout(int id) {
        return layouts[layoutNumber(id)];
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
        value.setNode(id, true);
        return value;
    }


}

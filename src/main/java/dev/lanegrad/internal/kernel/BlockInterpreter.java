package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.lane.Lane;
import dev.lanegrad.internal.lane.LaneCode;
import dev.lanegrad.internal.lane.LaneCode.Inst;
import dev.lanegrad.internal.lane.Prim;
import dev.lanegrad.internal.memory.Raw;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Runs a code as a list of loops, one for each primitive, block by block over values in scratch memory. The loops are
 * shared by all codes, so they are compiled soon after the start, and a code never seen before runs at speed at once.
 */
final class BlockInterpreter extends Loop {
    private static final MemorySegment ALL = Raw.ALL;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    /** Operands of a step: the result and three more. */
    private static final int PLACES = 4;

    /** More bytes than the table of a code has, and less than any address. */
    private static final long LARGEST_TABLE = 64 << 10;
    /** The loops of the primitives that are in use: what is known of one is known to all codes. */
    private static final Map<Class<?>, Loop> SHARED = new ConcurrentHashMap<>();

    private final MemorySegment pool;
    private final Loop[] loops;
    private final long[] places;
    private final int slots;
    private final int operands;

    private BlockInterpreter(MemorySegment pool, Loop[] loops, long[] places, int slots, int operands) {
        this.pool = pool;
        this.loops = loops;
        this.places = places;
        this.slots = slots;
        this.operands = operands;
    }

    /** An interpreter of {@code code}. */
    static BlockInterpreter of(LaneCode code) {
        return new Assembler(code).assemble();
    }

    /** The loop of a code that is one primitive of its inputs in their order; null for any other. */
    static Loop single(LaneCode code) {
        int last = code.insts().size() - 1;
        if (last != code.inputs() || !code.outputs().equals(List.of(last))) {
            return null;
        }
        Inst inst = code.insts().get(last);
        for (int p = 0; p < last; p++) {
            Inst input = code.insts().get(p);
            if (input.prim() != Prim.INPUT || input.bits() != p || inst.operand(p) != p) {
                return null;
            }
        }
        return last != inst.prim().operands().size() || last == 0 ? null : loop(code.lane(), inst.prim(), false, false);
    }

    /** Blocks of scratch memory that a call needs: for the values, and for the table of their places. */
    int blocks() {
        return slots + 1 + ((operands + slots + PLACES) * ENTRY - 1) / Workspace.BLOCK;
    }

    /** The loops that each block passes. */
    List<Loop> steps() {
        return List.of(loops);
    }

    @Override
    void run(long frame, int bytes) {
        long scratch = ALL.get(LONG, frame - 8);
        long step = scratch + (long) slots * Workspace.BLOCK;
        long table = step + (long) PLACES * ENTRY;
        for (int s = 0; s < slots; s++) {
            Workspace.place(table, operands + s, scratch + (long) s * Workspace.BLOCK, -1);
        }
        for (int done = 0; done < bytes; done += Workspace.BLOCK) {
            for (int p = 0; p < operands; p++) {
                long mask = ALL.get(LONG, frame + (long) p * ENTRY + 8);
                Workspace.place(table, p, ALL.get(LONG, frame + (long) p * ENTRY) + (done & mask), mask);
            }
            block(step, table, Math.min(bytes - done, Workspace.BLOCK));
        }
        Reference.reachabilityFence(this);
    }

    private void block(long step, long table, int bytes) {
        long[] from = places;
        Loop[] steps = loops;
        for (int s = 0; s < steps.length; s++) {
            // Always four operands, and no branch on where one is: the calls below are hard enough to predict.
            long o = entry(table, from[s * PLACES]);
            long a = entry(table, from[s * PLACES + 1]);
            long b = entry(table, from[s * PLACES + 2]);
            long c = entry(table, from[s * PLACES + 3]);
            ALL.set(LONG, step, ALL.get(LONG, o));
            ALL.set(LONG, step + 16, ALL.get(LONG, a));
            ALL.set(LONG, step + 24, ALL.get(LONG, a + 8));
            ALL.set(LONG, step + 32, ALL.get(LONG, b));
            ALL.set(LONG, step + 40, ALL.get(LONG, b + 8));
            ALL.set(LONG, step + 48, ALL.get(LONG, c));
            ALL.set(LONG, step + 56, ALL.get(LONG, c + 8));
            steps[s].run(step, bytes);
        }
    }

    /** A place is the offset of an entry in the table, or, as constants have entries of their own, an address. */
    private static long entry(long table, long place) {
        return place + (table & place - LARGEST_TABLE >> 63);
    }

    private static Loop loop(Lane lane, Prim prim, boolean constantB, boolean constantC) {
        return shared(lane == Lane.FLOAT ? FloatPrims.Loops.of(prim, constantB, constantC)
                : DoublePrims.Loops.of(prim, constantB, constantC));
    }

    /** The one loop of its class. */
    private static Loop shared(Loop loop) {
        Loop before = SHARED.putIfAbsent(loop.getClass(), loop);
        return before != null ? before : loop;
    }

    /** Finds the steps of a code and the places of its values. */
    private static final class Assembler {
        private final LaneCode code;
        private final int outputs;
        private final List<Loop> loops = new ArrayList<>();
        private final List<long[]> steps = new ArrayList<>();
        private final Map<Long, Long> constants = new HashMap<>();
        private final MemorySegment pool;
        private final long[] place;
        private final int[] lastUse;
        private final List<Long> free = new ArrayList<>();
        private int slots;

        Assembler(LaneCode code) {
            this.code = code;
            this.outputs = code.outputs().size();
            this.place = new long[code.insts().size()];
            this.lastUse = new int[place.length];
            // A constant's entry, and then its vector; each instruction needs at most one.
            this.pool = Arena.ofAuto().allocate(place.length * 2L * MapPlan.VECTOR, MapPlan.VECTOR);
            Arrays.fill(place, -1);
            Arrays.fill(lastUse, -1);
        }

        BlockInterpreter assemble() {
            findLastUses();
            if (outputs > 1) {
                saveInputs();
            }
            int lastRead = lastReadOfInput();
            for (int i = 0; i < place.length; i++) {
                int at = target(i);
                if (at == i && !isFree(i)) {
                    // An output may be the memory of an input, so it is not written while one is still to be read.
                    step(i, i >= lastRead ? output(i) : -1);
                }
            }
            for (int o = 0; o < outputs; o++) {
                long from = place[code.outputs().get(o)];
                if (from != operand(o)) {
                    add(copy(), operand(o), from, from, from);
                }
            }
            long[] all = steps.stream().flatMapToLong(Arrays::stream).toArray();
            return new BlockInterpreter(pool, loops.toArray(Loop[]::new), all, slots, outputs + code.inputs());
        }

        /** The value whose lanes value {@code i} has: itself, unless it only sees bits as a number or back. */
        private int target(int i) {
            Prim prim = code.insts().get(i).prim();
            if (prim != Prim.TO_BITS && prim != Prim.FROM_BITS) {
                return i;
            }
            int same = target(code.insts().get(i).a());
            place[i] = place[same];
            return same;
        }

        private long operand(int number) {
            return (long) number * ENTRY;
        }

        private long newSlot() {
            return operand(outputs + code.inputs() + slots++);
        }

        private boolean isSlot(long at) {
            return at >= operand(outputs + code.inputs()) && at < LARGEST_TABLE;
        }

        /** The place of the first output that is value {@code i}; -1 if there is none. */
        private long output(int i) {
            for (int o = 0; o < outputs; o++) {
                if (source(code.outputs().get(o)) == i) {
                    return operand(o);
                }
            }
            return -1;
        }

        /** Inputs and constants have a place of their own, and no step. */
        private boolean isFree(int i) {
            Inst inst = code.insts().get(i);
            return switch (inst.prim()) {
                case INPUT -> {
                    if (place[i] < 0) {
                        place[i] = operand(outputs + (int) inst.bits());
                    }
                    yield true;
                }
                case CONST, CONST_BITS -> {
                    place[i] = pooled(inst.bits());
                    yield true;
                }
                case ADD, SUB, MUL, DIV, FMA, SQRT, NEG, ABS, LT, LE, EQ, MASK_AND, MASK_OR, MASK_NOT, SELECT, TO_BITS,
                        FROM_BITS, BITS_ADD, BITS_SUB, BITS_AND, BITS_OR, BITS_XOR, BITS_SHL, BITS_SHR, BITS_USHR,
                        BITS_LT, BITS_EQ -> false;
            };
        }

        private long pooled(long bits) {
            return constants.computeIfAbsent(bits, key -> {
                long entry = pool.address() + constants.size() * 2L * MapPlan.VECTOR;
                Workspace.place(entry, 0, entry + MapPlan.VECTOR, 0);
                Spread.bits(code.lane(), entry + MapPlan.VECTOR, bits);
                return entry;
            });
        }

        private void findLastUses() {
            for (int i = 0; i < place.length; i++) {
                Inst inst = code.insts().get(i);
                for (int p = 0; p < inst.prim().operands().size(); p++) {
                    lastUse[source(inst.operand(p))] = i;
                }
            }
            for (int output : code.outputs()) {
                lastUse[source(output)] = Integer.MAX_VALUE;
            }
        }

        private int source(int i) {
            Prim prim = code.insts().get(i).prim();
            return prim == Prim.TO_BITS || prim == Prim.FROM_BITS ? source(code.insts().get(i).a()) : i;
        }

        private int lastReadOfInput() {
            int last = 0;
            for (int i = 0; i < place.length; i++) {
                Inst inst = code.insts().get(i);
                boolean moves = inst.prim() != Prim.TO_BITS && inst.prim() != Prim.FROM_BITS;
                for (int p = 0; moves && p < inst.prim().operands().size(); p++) {
                    if (code.insts().get(source(inst.operand(p))).prim() == Prim.INPUT) {
                        last = i;
                    }
                }
            }
            return last;
        }

        /** Copies the inputs that are outputs as they are: another output may overwrite them before they are copied. */
        private void saveInputs() {
            for (int output : code.outputs()) {
                int from = source(output);
                Inst inst = code.insts().get(from);
                if (inst.prim() == Prim.INPUT && place[from] < 0) {
                    long input = operand(outputs + (int) inst.bits());
                    place[from] = newSlot();
                    add(copy(), place[from], input, input, input);
                }
            }
        }

        private void step(int i, long output) {
            Inst inst = code.insts().get(i);
            int arity = inst.prim().operands().size();
            long[] from = new long[3];
            for (int p = 0; p < 3; p++) {
                from[p] = place[inst.operand(p < arity ? p : 0)];
            }
            if (inst.prim().isShift()) {
                from[1] = pooled(inst.bits());
            }
            if (inst.prim() == Prim.FMA && isConstant(from[0])) {
                long constant = from[0];
                from[0] = from[1];
                from[1] = constant;
            }
            for (int p = 0; p < arity; p++) {
                int value = source(inst.operand(p));
                boolean again = p > 0 && value == source(inst.a()) || p > 1 && value == source(inst.b());
                if (!again && lastUse[value] == i && isSlot(place[value])) {
                    free.add(place[value]);
                }
            }
            // The result may take the place of an operand: each vector is read before it is written.
            place[i] = output >= 0 ? output : free.isEmpty() ? newSlot() : free.removeLast();
            add(loop(code.lane(), inst.prim(), arity > 1 && isConstant(from[1]), arity > 2 && isConstant(from[2])),
                    place[i], from[0], from[1], from[2]);
        }

        private static boolean isConstant(long at) {
            return at >= LARGEST_TABLE;
        }

        private void add(Loop loop, long to, long a, long b, long c) {
            loops.add(loop);
            steps.add(new long[] {to, a, b, c});
        }

        private Loop copy() {
            return shared(code.lane() == Lane.FLOAT ? FloatBits.Loops.copy() : DoubleBits.Loops.copy());
        }
    }
}

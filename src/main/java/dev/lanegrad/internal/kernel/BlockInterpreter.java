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

/**
 * Runs a code as a list of loops, one for each primitive, block by block over values in scratch memory. The loops are
 * shared by all codes, so they are compiled soon after the start, and a code never seen before runs at speed at once.
 */
final class BlockInterpreter extends Loop {
    private static final MemorySegment ALL = Raw.ALL;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    /** Bytes of the constants' vectors: as wide as any. */
    private static final int VECTOR = 64;
    /** Operands of a step: the result and three more. */
    private static final int PLACES = 4;

    // Where a value is: the kind in the low two bits, the number above them.
    private static final int SLOT = 0;
    private static final int POOLED = 1;
    private static final int OPERAND = 2;

    private final MemorySegment pool;
    private final Loop[] loops;
    private final int[] places;
    private final int slots;

    private BlockInterpreter(MemorySegment pool, Loop[] loops, int[] places, int slots) {
        this.pool = pool;
        this.loops = loops;
        this.places = places;
        this.slots = slots;
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
        return last != inst.prim().operands().size() || last == 0 ? null : loop(code.lane(), inst.prim());
    }

    /** Blocks of scratch memory that a call needs. */
    int slots() {
        return slots;
    }

    /** Loops that one block passes. */
    int steps() {
        return loops.length;
    }

    @Override
    void run(long frame, int bytes) {
        long scratch = ALL.get(LONG, frame - 8);
        long steps = scratch + (long) slots * Workspace.BLOCK;
        for (int done = 0; done < bytes; done += Workspace.BLOCK) {
            int size = Math.min(bytes - done, Workspace.BLOCK);
            for (int s = 0; s < loops.length; s++) {
                for (int p = 0; p < PLACES; p++) {
                    place(steps + p * ENTRY, places[s * PLACES + p], frame, scratch, done);
                }
                loops[s].run(steps, size);
            }
        }
        Reference.reachabilityFence(this);
    }

    private void place(long entry, int place, long frame, long scratch, int done) {
        int number = place >> 2;
        int kind = place & 3;
        if (kind == SLOT) {
            ALL.set(LONG, entry, scratch + (long) number * Workspace.BLOCK);
            ALL.set(LONG, entry + 8, -1L);
        } else if (kind == POOLED) {
            ALL.set(LONG, entry, pool.address() + (long) number * VECTOR);
            ALL.set(LONG, entry + 8, 0L);
        } else {
            long mask = ALL.get(LONG, frame + (long) number * ENTRY + 8);
            ALL.set(LONG, entry, ALL.get(LONG, frame + (long) number * ENTRY) + (done & mask));
            ALL.set(LONG, entry + 8, mask);
        }
    }

    private static Loop loop(Lane lane, Prim prim) {
        return lane == Lane.FLOAT ? FloatPrims.of(prim) : DoublePrims.of(prim);
    }

    /** Finds the steps of a code and the places of its values. */
    private static final class Assembler {
        private final LaneCode code;
        private final int outputs;
        private final List<Loop> loops = new ArrayList<>();
        private final List<int[]> steps = new ArrayList<>();
        private final Map<Long, Integer> constants = new HashMap<>();
        private final int[] place;
        private final int[] lastUse;
        private final List<Integer> free = new ArrayList<>();
        private int slots;

        Assembler(LaneCode code) {
            this.code = code;
            this.outputs = code.outputs().size();
            this.place = new int[code.insts().size()];
            this.lastUse = new int[place.length];
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
                    // An output may be the memory of an input: nothing is written to it while an input is still to be read.
                    step(i, i >= lastRead ? output(i) : -1);
                }
            }
            for (int o = 0; o < outputs; o++) {
                int from = place[code.outputs().get(o)];
                if (from != operand(o)) {
                    add(copy(), operand(o), from, from, from);
                }
            }
            int[] all = steps.stream().flatMapToInt(Arrays::stream).toArray();
            return new BlockInterpreter(pool(), loops.toArray(Loop[]::new), all, slots);
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

        private int operand(int number) {
            return number << 2 | OPERAND;
        }

        /** The place of the first output that is value {@code i}; -1 if there is none. */
        private int output(int i) {
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
                        FROM_BITS, BITS_ADD, BITS_SUB, BITS_AND, BITS_OR, BITS_XOR, BITS_SHL, BITS_SHR, BITS_USHR, BITS_LT,
                        BITS_EQ -> false;
            };
        }

        private int pooled(long bits) {
            Integer known = constants.putIfAbsent(bits, constants.size());
            return (known == null ? constants.size() - 1 : known) << 2 | POOLED;
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
                    int input = operand(outputs + (int) inst.bits());
                    place[from] = slots++ << 2 | SLOT;
                    add(copy(), place[from], input, input, input);
                }
            }
        }

        private void step(int i, int output) {
            Inst inst = code.insts().get(i);
            int[] from = new int[3];
            int arity = inst.prim().operands().size();
            for (int p = 0; p < 3; p++) {
                from[p] = p < arity ? place[inst.operand(p)] : place[inst.a()];
            }
            if (inst.prim().isShift()) {
                from[1] = pooled(inst.bits());
            }
            for (int p = 0; p < arity; p++) {
                int value = source(inst.operand(p));
                boolean again = p > 0 && value == source(inst.a()) || p > 1 && value == source(inst.b());
                if (!again && lastUse[value] == i && (place[value] & 3) == SLOT) {
                    free.add(place[value]);
                }
            }
            // The result may take the place of an operand: each vector is read before it is written.
            place[i] = output >= 0 ? output : free.isEmpty() ? slots++ << 2 | SLOT : free.removeLast();
            add(loop(code.lane(), inst.prim()), place[i], from[0], from[1], from[2]);
        }

        private void add(Loop loop, int to, int a, int b, int c) {
            loops.add(loop);
            steps.add(new int[] {to, a, b, c});
        }

        private Loop copy() {
            return code.lane() == Lane.FLOAT ? FloatPrims.copy() : DoublePrims.copy();
        }

        private MemorySegment pool() {
            MemorySegment pool = Arena.ofAuto().allocate((long) Math.max(constants.size(), 1) * VECTOR, VECTOR);
            constants.forEach((bits, number) -> {
                long at = pool.address() + (long) number * VECTOR;
                if (code.lane() == Lane.FLOAT) {
                    FloatPrims.spreadBits(at, (int) (long) bits);
                } else {
                    DoublePrims.spreadBits(at, bits);
                }
            });
            return pool;
        }
    }
}

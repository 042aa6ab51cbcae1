package dev.lanegrad.internal.program;

import dev.lanegrad.internal.memory.Managed;
import dev.lanegrad.internal.memory.Raw;
import dev.lanegrad.internal.program.Node.Looped;
import dev.lanegrad.internal.program.Node.Part;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A loop: its body is a program of its own, whose arguments and results are moved on before each run. A carry goes back
 * and forth between two places; if it is wanted at all times, each is computed where it stays. The operands are those
 * of the node, and then its live parts.
 */
final class LoopStep extends Step {
    private static final long ALIGNMENT = 64;
    private static final int NONE = -1;

    private final Compiled body;
    private final int length;
    private final boolean reverse;
    private final int walked;
    private final int operands;
    private final long[] at;
    private final Managed scratch;
    private final long scratchBytes;

    /**
     * Bytes of each carry; where it is now; its two places; where it is wanted in the end and at all times among the
     * operands, or {@link #NONE}.
     */
    private final long[] bytes;
    private final long[] now;
    private final long[] even;
    private final long[] odd;
    private final int[] last;
    private final int[] all;
    /** Bytes of a row of each tensor walked along. */
    private final long[] rows;
    /** Bytes of each other result of the body, which of the operands it goes to, and where it is computed, or 0. */
    private final long[] stacked;
    private final int[] stack;
    private final long[] staged;

    /** The step of {@code loop} of {@code from}, whose {@code parts} somebody reads. */
    LoopStep(Looped loop, List<Node> from, List<Node> parts) {
        int carries = loop.carries();
        length = loop.length();
        reverse = loop.reverse();
        walked = loop.walked();
        operands = from.size();
        at = new long[operands + parts.size()];
        List<Node> outputs = new ArrayList<>(loop.body().outputs().subList(0, carries));
        bytes = outputs.stream().mapToLong(LoopStep::bytes).toArray();
        now = new long[carries];
        even = new long[carries];
        odd = new long[carries];
        last = filled(carries);
        all = filled(carries);
        rows = from.subList(carries, carries + walked).stream().mapToLong(node -> bytes(node) / length).toArray();
        List<Integer> stacks = new ArrayList<>();
        for (int p = 0; p < parts.size(); p++) {
            Part part = (Part) parts.get(p).origin();
            switch (part.kind()) {
                case LAST -> last[part.index()] = operands + p;
                case ALL -> all[part.index()] = operands + p;
                case EACH -> {
                    stacks.add(operands + p);
                    outputs.add(loop.body().graph().get(part.index()));
                }
            }
        }
        stack = stacks.stream().mapToInt(Integer::intValue).toArray();
        stacked = outputs.stream().skip(carries).mapToLong(LoopStep::bytes).toArray();
        staged = new long[stack.length];
        body = Builder.build(loop.body().with(outputs));
        scratchBytes = scratchBytes();
        scratch = Managed.allocate(scratchBytes);
        divide(scratch.address());
    }

    private static int[] filled(int size) {
        int[] filled = new int[size];
        Arrays.fill(filled, NONE);
        return filled;
    }

    private static long bytes(Node node) {
        return node.layout().count() * node.cell().bytes();
    }

    private static long room(long bytes) {
        return (bytes + ALIGNMENT - 1 & -ALIGNMENT) + ALIGNMENT;
    }

    // Whole vectors are written, and walking backwards what lies behind is there already.
    private boolean isDirect(long row) {
        return !reverse || row % ALIGNMENT == 0;
    }

    private long scratchBytes() {
        long sum = ALIGNMENT;
        for (long carry : bytes) {
            sum += 2 * room(carry);
        }
        for (long row : stacked) {
            sum += isDirect(row) ? 0 : room(row);
        }
        return sum;
    }

    private void divide(long begin) {
        long next = begin;
        for (int k = 0; k < bytes.length; k++) {
            even[k] = next;
            odd[k] = next + room(bytes[k]);
            next += 2 * room(bytes[k]);
        }
        for (int j = 0; j < stacked.length; j++) {
            staged[j] = isDirect(stacked[j]) ? 0 : next;
            next += isDirect(stacked[j]) ? 0 : room(stacked[j]);
        }
    }

    /** Bytes of the body's block and of what lies between its runs. */
    long bytes() {
        return body.plannedBytes() + scratchBytes;
    }

    /** What one run of the body does. */
    Explanation body() {
        return body.explanation();
    }

    @Override
    void place(int p, long address) {
        at[p] = address;
    }

    @Override
    void run() {
        int carries = bytes.length;
        for (int k = 0; k < carries; k++) {
            now[k] = at[k];
        }
        for (int p = carries + walked; p < operands; p++) {
            body.move(1 + p, at[p]);
        }
        for (int i = 0; i < length; i++) {
            int row = reverse ? length - 1 - i : i;
            for (int k = 0; k < carries; k++) {
                carry(k, i, row);
            }
            for (int x = 0; x < walked; x++) {
                body.move(1 + carries + x, at[carries + x] + row * rows[x]);
            }
            for (int j = 0; j < stack.length; j++) {
                body.move(1 + operands + carries + j, staged[j] != 0 ? staged[j] : at[stack[j]] + row * stacked[j]);
            }
            body.runSteps();
            for (int k = 0; k < carries; k++) {
                keep(k, i, row);
            }
            for (int j = 0; j < stack.length; j++) {
                if (staged[j] != 0) {
                    copy(staged[j], at[stack[j]] + row * stacked[j], stacked[j]);
                }
            }
        }
    }

    /** Tells the body where carry {@code k} is and where the next one goes. */
    private void carry(int k, int i, int row) {
        long before = now[k];
        if (all[k] != NONE && i == 0) {
            copy(before, at[all[k]] + (reverse ? row + 1 : row) * bytes[k], bytes[k]);
        }
        if (all[k] != NONE && isDirect(bytes[k])) {
            now[k] = at[all[k]] + (reverse ? row : row + 1) * bytes[k];
        } else if (i == length - 1 && last[k] != NONE) {
            now[k] = at[last[k]];
        } else {
            // In one place it stays in the first level of cache.
            now[k] = (i & 1) == 0 || body.mayReplace(k) ? even[k] : odd[k];
        }
        body.move(1 + k, before);
        body.move(1 + operands + k, now[k]);
    }

    /** Copies carry {@code k} to where else it is wanted. */
    private void keep(int k, int i, int row) {
        if (all[k] != NONE && !isDirect(bytes[k])) {
            copy(now[k], at[all[k]] + (reverse ? row : row + 1) * bytes[k], bytes[k]);
        }
        if (i == length - 1 && last[k] != NONE && now[k] != at[last[k]]) {
            copy(now[k], at[last[k]], bytes[k]);
        }
    }

    private static void copy(long from, long to, long bytes) {
        MemorySegment.copy(Raw.ALL, from, Raw.ALL, to, bytes);
    }
}

package dev.lanegrad.internal.graph;

import java.util.List;

/** A second run of a checkpointed function: its ops meet their records again and give them new addresses. */
final class Replay {
    private final Nodes nodes;
    private final int from;
    private final int to;
    private final int depth;
    private int cursor;

    Replay(Nodes nodes, int from, int to, int depth) {
        this.nodes = nodes;
        this.from = from;
        this.to = to;
        this.depth = depth;
        this.cursor = from;
    }

    /** True if records of the innermost tape are met: those of a tape opened in the function are its own. */
    boolean isOf(List<?> tapes) {
        return tapes.size() == depth;
    }

    /** The record of a constant that the function makes anew. */
    int constant(Value value) {
        for (int id = cursor; id < to && nodes.opcode(id) == Nodes.LEAF; id++) {
            Value before = nodes.leaf(id);
            if (!before.home.isAlive(before.stamp) && before.cell == value.cell && before.layout.sameSizes(value.layout)) {
                nodes.move(id, value);
                value.setNode(id, false);
                return id;
            }
        }
        throw diverged("a constant of shape " + value.layout + " that was not there before");
    }

    /** The record of the next op, which must be the one that was recorded. */
    int next(int opcode, Value value) {
        while (cursor < to && nodes.opcode(cursor) == Nodes.LEAF) {
            cursor++;
        }
        if (cursor == to || nodes.opcode(cursor) != opcode || nodes.cell(cursor) != value.cell
                || !nodes.layout(cursor).sameSizes(value.layout)) {
            throw diverged(cursor == to ? "another op after the last one" : "an op of shape " + value.layout + " where "
                    + nodes.label(cursor) + " of shape " + nodes.layout(cursor) + " was recorded");
        }
        nodes.move(cursor, value);
        return cursor++;
    }

    void requireDone() {
        while (cursor < to && nodes.opcode(cursor) == Nodes.LEAF) {
            cursor++;
        }
        if (cursor < to) {
            throw diverged("fewer ops: " + nodes.label(cursor) + " is missing");
        }
    }

    private IllegalStateException diverged(String difference) {
        return new IllegalStateException("checkpoint: A different number of tensors was saved during the original forward and "
                + "recomputation (" + (to - from) + " records, number " + (cursor - from) + " differs): the function did "
                + difference + ". It must do the same each time: let nothing outside decide what it computes, and name its random "
                + "generators.");
    }
}

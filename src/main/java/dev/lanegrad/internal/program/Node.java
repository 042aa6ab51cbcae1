package dev.lanegrad.internal.program;

import dev.lanegrad.internal.graph.Value;
import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.lane.Lane;
import dev.lanegrad.internal.lane.LaneCode;
import dev.lanegrad.internal.op.Elementwise;
import dev.lanegrad.internal.op.Structural;
import dev.lanegrad.internal.shape.Layout;
import java.util.List;

/**
 * One value of a program: what it is computed by and from, its sizes and its type. Operands come earlier and have smaller
 * numbers.
 *
 * @param id       its number in the graph
 * @param origin   what computes it
 * @param operands what it is computed from
 * @param layout   its sizes, contiguous
 * @param cell     the type of its elements
 */
record Node(int id, Origin origin, List<Node> operands, Layout layout, Cell cell) {
    /** What computes a node. */
    sealed interface Origin {
    }

    /** An argument of the program, by number. */
    record Input(int index) implements Origin {
    }

    /** A tensor outside the program that it reads, and may write at its end. */
    record Captured(Value value) implements Origin {
    }

    /** The same number everywhere. */
    record Fill(long bits, double number) implements Origin {
        Fill(double number) {
            this(Double.doubleToRawLongBits(number), number);
        }
    }

    /** An element-wise op, computed in {@code lane}; operands are broadcast. */
    record Mapped(Elementwise op, Lane lane) implements Origin {
    }

    /** A result of a code, element by element; operands are broadcast. */
    record Coded(LaneCode code, int output) implements Origin {
    }

    /** A structural op. */
    record Shaped(Structural op) implements Origin {
    }

    /** The index of the first extreme along a dimension, or among all elements if it is negative. */
    record Extreme(boolean max, int dim) implements Origin {
    }

    /**
     * A loop. Its operands are the carries it begins with, tensors it walks along, and what the body needs from around it,
     * in the order of the body's arguments; its results are {@link Part}s, it has no memory itself.
     *
     * @param body    what is done each time; its first results are the next carries
     * @param length  how often
     * @param reverse whether it walks from the end to the beginning
     * @param carries number of carries
     * @param walked  number of tensors it walks along
     */
    record Looped(Trace body, int length, boolean reverse, int carries, int walked) implements Origin {
        // Two loops are the same only if they are one.
        @Override
        public boolean equals(Object other) {
            return this == other;
        }

        @Override
        public int hashCode() {
            return System.identityHashCode(body);
        }
    }

    /** A result of a loop, of the carry or the node of the body with a number. */
    record Part(Kind kind, int index) implements Origin {
        /** Which result. */
        enum Kind {
            /** A carry in the end. */
            LAST,
            /** A carry at all times, before the first step too, in the order of rows. */
            ALL,
            /** What a node of the body was each time. */
            EACH
        }
    }

    /** The arithmetic it is computed in element by element; null if it is not computed so. */
    Lane lane() {
        return switch (origin) {
            case Mapped mapped -> mapped.lane();
            case Coded coded -> coded.code().lane();
            case Input input -> null;
            case Captured captured -> null;
            case Fill fill -> null;
            case Shaped shaped -> null;
            case Extreme extreme -> null;
            case Looped looped -> null;
            case Part part -> null;
        };
    }

    /** True if it is computed element by element. */
    boolean isElementwise() {
        return lane() != null;
    }

    /** True if it is one number everywhere. */
    boolean isFill() {
        return origin instanceof Fill;
    }

    /** The structural op that computes it, or null. */
    Structural structural() {
        return origin instanceof Shaped(Structural op) ? op : null;
    }

    /** The only operand, or the first. */
    Node operand() {
        return operands.getFirst();
    }

    /** True if its elements lie in the memory of its operand. */
    boolean isView() {
        Structural op = structural();
        return op instanceof Structural.Permute || op instanceof Structural.Expand || op instanceof Structural.Slice
                || op instanceof Structural.Reshape;
    }

    /** What is written in formulas. */
    String label() {
        return switch (origin) {
            case Input(int index) -> "in" + index;
            case Captured captured -> "captured" + id;
            case Fill fill -> Double.toString(fill.number());
            case Mapped mapped -> mapped.op().label();
            case Coded coded -> coded.code().outputs().size() == 1 && coded.code().insts().size() == 1 ? "to" : "update";
            case Shaped shaped -> shaped.op().label();
            case Extreme extreme -> extreme.max() ? "argmax" : "argmin";
            case Looped looped -> "loop of " + looped.length();
            case Part(Part.Kind kind, int index) -> kind.name().toLowerCase(java.util.Locale.ROOT)
                    + (kind == Part.Kind.EACH ? " %" : " carry ") + index;
        };
    }

    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return id;
    }

    @Override
    public String toString() {
        return "%" + id;
    }
}

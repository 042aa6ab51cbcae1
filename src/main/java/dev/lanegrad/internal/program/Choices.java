package dev.lanegrad.internal.program;

import dev.lanegrad.internal.graph.Context;
import dev.lanegrad.internal.graph.Value;
import dev.lanegrad.internal.graph.Values;
import dev.lanegrad.internal.kernel.FoldOp;
import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.lane.Lane;
import dev.lanegrad.internal.op.Binary;
import dev.lanegrad.internal.op.Structural;
import dev.lanegrad.internal.op.Structural.Gather;
import dev.lanegrad.internal.op.Structural.Reduce;
import dev.lanegrad.internal.op.Structural.ScatterAdd;
import dev.lanegrad.internal.op.Ternary;
import dev.lanegrad.internal.shape.Layout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Simpler forms of choosing one element of each row and of its derivative, as a loss over classes does. Choosing from what
 * is computed element by element is computing from what is chosen; and zeros with one element of each row set are a
 * comparison of the index with 0, 1, 2, ..., which can be computed in one pass with everything else.
 */
final class Choices {
    /** Up to this number all whole numbers are floats. */
    private static final int EXACT = 1 << 24;
    /** How many times fewer elements must be chosen than there are. */
    private static final int FEW = 4;

    private final Graph graph;
    private final Map<Node, OneOfRow> made = new HashMap<>();
    private final Map<List<Object>, Value> counted = new HashMap<>();

    /** What a node of zeros with one element of each row set was made of. */
    private record OneOfRow(Node source, int dim) {
    }

    Choices(Graph graph) {
        this.graph = graph;
    }

    /** An equal node that is computed in fewer passes, or null. */
    Node simpler(Structural op, List<Node> operands, Layout layout) {
        Node x = operands.getFirst();
        if (op instanceof Gather(int dim) && layout.count() * FEW <= x.layout().count()) {
            return chosen(x, operands.get(1), dim, layout);
        } else if (op instanceof ScatterAdd scatter && operands.get(1).layout().size(scatter.dim()) == 1) {
            return placed(x, operands.get(1), scatter, layout);
        } else if (op instanceof Reduce reduce && reduce.fold() == FoldOp.SUM && made.get(x) instanceof OneOfRow one
                && reduce.dims() == 1 << one.dim) {
            return graph.reshape(one.source, layout);
        }
        return null;
    }

    private Node chosen(Node x, Node index, int dim, Layout layout) {
        if (!x.isElementwise()) {
            return null;
        }
        List<Node> operands = new ArrayList<>();
        for (Node operand : x.operands()) {
            if (operand.isFill() || isSameAlong(operand, x, index, dim)) {
                operands.add(operand);
            } else if (operand.layout().sameSizes(x.layout())) {
                operands.add(graph.shape(new Gather(dim), List.of(operand, index), layout, operand.cell()));
            } else {
                return null;
            }
        }
        return switch (x.origin()) {
            case Node.Mapped mapped -> graph.map(mapped.op(), mapped.lane(), operands, layout, x.cell());
            case Node.Coded coded -> graph.code(coded.code(), coded.output(), operands, layout, x.cell());
            case Node.Input input -> null;
            case Node.Captured captured -> null;
            case Node.Fill fill -> null;
            case Node.Shaped shaped -> null;
            case Node.Extreme extreme -> null;
            case Node.Looped looped -> null;
            case Node.Part part -> null;
        };
    }

    /** True if {@code operand} does not change along {@code dim}, and the index takes all of it along the others. */
    private static boolean isSameAlong(Node operand, Node x, Node index, int dim) {
        int own = dim - (x.layout().rank() - operand.layout().rank());
        if (own >= 0 && operand.layout().size(own) != 1) {
            return false;
        }
        for (int d = 0; d < x.layout().rank(); d++) {
            if (d != dim && index.layout().size(d) != x.layout().size(d)) {
                return false;
            }
        }
        return true;
    }

    // Only with an index that has been checked, since a comparison does not notice one that is out of range.
    private Node placed(Node source, Node index, ScatterAdd op, Layout layout) {
        Lane lane = source.cell().lane();
        if (!source.cell().isReal() || op.size() >= EXACT || !source.layout().sameSizes(index.layout())
                || !graph.isGathered(index, op.dim(), op.size())) {
            return null;
        }
        Node numbers = graph.add(new Node.Captured(numbers(op, layout.rank(), source.cell())), List.of(),
                along(op, layout.rank()), source.cell());
        Node here = graph.map(Binary.EQ, lane, List.of(index, numbers), layout, Cell.BOOL);
        Node added = graph.map(Binary.ADD, lane, List.of(source, graph.fill(0, Layout.SCALAR, source.cell())),
                source.layout(), source.cell());
        Node whole = graph.map(Ternary.WHERE, lane, List.of(here, added, graph.fill(0, Layout.SCALAR, source.cell())),
                layout, source.cell());
        made.put(whole, new OneOfRow(added, op.dim()));
        return whole;
    }

    private Value numbers(ScatterAdd op, int rank, Cell cell) {
        return counted.computeIfAbsent(List.of(op, rank, cell), key -> {
            Value numbers = Context.managed(cell, along(op, rank));
            for (int i = 0; i < op.size(); i++) {
                Values.set(numbers, i, i);
            }
            return numbers;
        });
    }

    private static Layout along(ScatterAdd op, int rank) {
        int[] sizes = new int[rank];
        java.util.Arrays.fill(sizes, 1);
        sizes[op.dim()] = op.size();
        return Layout.contiguous(sizes);
    }
}

package dev.lanegrad.internal.program;

import dev.lanegrad.internal.kernel.FoldOp;
import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.lane.Lane;
import dev.lanegrad.internal.op.Elementwise;
import dev.lanegrad.internal.op.Structural;
import dev.lanegrad.internal.op.Structural.Cat;
import dev.lanegrad.internal.op.Structural.Embed;
import dev.lanegrad.internal.op.Structural.Expand;
import dev.lanegrad.internal.op.Structural.Reduce;
import dev.lanegrad.internal.op.Structural.Reshape;
import dev.lanegrad.internal.op.Structural.Slice;
import dev.lanegrad.internal.shape.Dims;
import dev.lanegrad.internal.shape.Layout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Simpler forms of what is stacked from slices of size 1, and of zeros with one such slice set, as functions of a
 * vector's single elements and their derivatives make them. An element-wise op of stacks is the stack of the op on their
 * slices, so everything in between is arithmetic on slices, which fuses, and one stack is left at the end. A zero that is
 * added stays an addition: {@code -0 + 0} is {@code 0}.
 */
final class Pieces {
    /** Slices beyond which a stack is left as it is. */
    private static final int MOST = 64;
    /** Primitives that one op of a whole may become. */
    private static final int MOST_PRIMITIVES = 96;
    /** Elements up to which any whole may be cut into slices for the sake of a stack that it meets. */
    private static final int FEW = 256;

    private final Graph graph;
    private final Map<Node, Stack> known = new HashMap<>();

    /** Slices along a dimension {@code dim}, which they do not have. */
    private record Stack(int dim, List<Node> slices) {
    }

    Pieces(Graph graph) {
        this.graph = graph;
    }

    /** The stack that {@code x} is, or null. */
    private Stack stack(Node x) {
        if (known.containsKey(x)) {
            return known.get(x);
        }
        Stack stack = null;
        if (x.structural() instanceof Cat(int dim) && x.operands().size() <= MOST
                && x.operands().stream().allMatch(part -> part.layout().size(dim) == 1)) {
            stack = new Stack(dim, x.operands().stream()
                    .map(part -> graph.reshape(part, without(part.layout(), dim))).toList());
        } else if (x.structural() instanceof Embed embed && embed.size() <= MOST
                && x.operand().layout().size(embed.dim()) == 1) {
            Layout slice = without(x.layout(), embed.dim());
            List<Node> slices = new ArrayList<>(Collections.nCopies(embed.size(), graph.fill(0, slice, x.cell())));
            slices.set(embed.start(), graph.reshape(x.operand(), slice));
            stack = new Stack(embed.dim(), slices);
        }
        known.put(x, stack);
        return stack;
    }

    private static Layout without(Layout layout, int dim) {
        return Dims.without(layout, 1 << dim, false);
    }

    /** An element-wise op of stacks as a stack, or null. */
    Node map(Elementwise op, Lane lane, List<Node> operands, Layout layout, Cell cell) {
        Stack first = null;
        for (Node operand : operands) {
            Stack own = operand.layout().sameSizes(layout) ? stack(operand) : null;
            first = first == null ? own : first;
        }
        if (first == null || layout.count() > FEW && first.dim != layout.rank() - 1) {
            return null;
        }
        List<List<Node>> cut = new ArrayList<>();
        for (Node operand : operands) {
            List<Node> slices = cut(operand, layout, first);
            if (slices == null) {
                return null;
            }
            cut.add(slices);
        }
        int count = first.slices.size();
        int computed = 0;
        for (int i = 0; i < count; i++) {
            int at = i;
            computed += cut.stream().allMatch(slices -> slices.get(at).isFill()) ? 0 : 1;
        }
        int each = op.kernels().in(lane).code().insts().size() - op.arity();
        if (computed > 1 && computed * each > MOST_PRIMITIVES) {
            return null;
        }
        Layout slice = without(layout, first.dim);
        List<Node> results = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int at = i;
            results.add(graph.map(op, lane, cut.stream().map(slices -> slices.get(at)).toList(), slice, cell));
        }
        return joined(new Stack(first.dim, results), layout, cell);
    }

    /** What each slice of a result of {@code layout} needs of {@code operand}, which is broadcast; null if unknown. */
    private List<Node> cut(Node operand, Layout layout, Stack like) {
        int count = like.slices.size();
        int dim = like.dim - (layout.rank() - operand.layout().rank());
        if (operand.isFill()) {
            double number = operand.origin() instanceof Node.Fill fill ? fill.number() : 0;
            return Collections.nCopies(count, graph.fill(number, Layout.SCALAR, operand.cell()));
        } else if (dim < 0) {
            return Collections.nCopies(count, operand);
        } else if (operand.layout().size(dim) == 1) {
            return Collections.nCopies(count, graph.reshape(operand, without(operand.layout(), dim)));
        }
        Stack own = stack(operand);
        if (own != null && own.dim == dim) {
            return own.slices;
        }
        if (layout.count() > FEW) {
            return null;
        }
        List<Node> slices = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            slices.add(slice(operand, dim, i));
        }
        return slices;
    }

    private Node slice(Node x, int dim, int index) {
        int[] sizes = x.layout().sizes();
        sizes[dim] = 1;
        Node one = graph.shape(new Slice(dim, index, 1, 1), List.of(x), Layout.contiguous(sizes), x.cell());
        return graph.reshape(one, without(x.layout(), dim));
    }

    private Node joined(Stack stack, Layout layout, Cell cell) {
        int[] sizes = layout.sizes();
        sizes[stack.dim] = 1;
        Layout part = Layout.contiguous(sizes);
        int set = -1;
        int others = 0;
        for (int i = 0; i < stack.slices.size(); i++) {
            if (!Graph.is(stack.slices.get(i), 0.0)) {
                set = i;
                others++;
            }
        }
        List<Node> parts = stack.slices.stream().map(slice -> graph.reshape(slice, part)).toList();
        Node first = parts.getFirst();
        Node whole;
        if (first.isFill() && parts.stream().allMatch(one -> one == first)) {
            whole = graph.fill(((Node.Fill) first.origin()).number(), layout, cell);
        } else if (others == 1) {
            whole = graph.add(new Node.Shaped(new Embed(stack.dim, set, 1, parts.size())), List.of(parts.get(set)),
                    layout, cell);
        } else {
            whole = graph.add(new Node.Shaped(new Cat(stack.dim)), parts, layout, cell);
        }
        known.putIfAbsent(whole, stack);
        return whole;
    }

    /** A structural op of a stack, or of what is repeated, without the whole of it; null if there is no such form. */
    Node shape(Structural op, Node x, Layout layout, Cell cell) {
        if (op instanceof Slice slice) {
            return sliced(slice, x, layout);
        } else if (op instanceof Reduce reduce && reduce.fold() == FoldOp.SUM && stack(x) instanceof Stack stack
                && reduce.dims() == 1 << stack.dim && cell.isReal()) {
            return graph.reshape(sum(stack.slices, without(x.layout(), stack.dim), cell), layout);
        }
        return null;
    }

    private Node sliced(Slice op, Node x, Layout layout) {
        if (x.structural() instanceof Expand) {
            int dim = op.dim() - (x.layout().rank() - x.operand().layout().rank());
            if (dim < 0 || x.operand().layout().size(dim) == 1) {
                return graph.shape(new Expand(layout), List.of(x.operand()), layout, x.cell());
            }
        } else if (x.structural() instanceof Cat(int dim) && dim == op.dim()) {
            int start = 0;
            for (Node part : x.operands()) {
                int end = start + part.layout().size(dim);
                if (op.size() > 0 && op.start() >= start && op.start() + (op.size() - 1) * op.step() < end) {
                    Slice within = new Slice(dim, op.start() - start, op.step(), op.size());
                    return graph.shape(within, List.of(part), layout, x.cell());
                }
                start = end;
            }
        } else if (x.structural() instanceof Embed embed && embed.dim() == op.dim() && op.size() == 1) {
            int from = op.start() - embed.start();
            int index = from / embed.step();
            return from < 0 || from % embed.step() != 0 || index >= x.operand().layout().size(op.dim())
                    ? graph.fill(0, layout, x.cell())
                    : graph.shape(new Slice(op.dim(), index, 1, 1), List.of(x.operand()), layout, x.cell());
        }
        return null;
    }

    /** The sum in the order of {@code Folds}: element {@code i} is accumulator {@code i}, and those are halved. */
    private Node sum(List<Node> slices, Layout layout, Cell cell) {
        List<Node> left = new ArrayList<>(slices);
        for (int width = MOST / 2; width > 0; width /= 2) {
            for (int i = width; i < left.size(); i++) {
                left.set(i - width, graph.map(dev.lanegrad.internal.op.Binary.ADD, cell.lane(),
                        List.of(left.get(i - width), left.get(i)), layout, cell));
            }
            left = new ArrayList<>(left.subList(0, Math.min(width, left.size())));
        }
        return left.getFirst();
    }
}

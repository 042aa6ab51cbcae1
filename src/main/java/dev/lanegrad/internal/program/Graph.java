package dev.lanegrad.internal.program;

import dev.lanegrad.internal.graph.CallerLine;
import dev.lanegrad.internal.kernel.FoldOp;
import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.lane.Lane;
import dev.lanegrad.internal.lane.LaneBuilder;
import dev.lanegrad.internal.lane.LaneCode;
import dev.lanegrad.internal.lane.LaneValue;
import dev.lanegrad.internal.lane.ScalarInterpreter;
import dev.lanegrad.internal.op.Binary;
import dev.lanegrad.internal.op.Elementwise;
import dev.lanegrad.internal.op.Structural;
import dev.lanegrad.internal.op.Unary;
import dev.lanegrad.internal.program.Node.Coded;
import dev.lanegrad.internal.program.Node.Fill;
import dev.lanegrad.internal.program.Node.Mapped;
import dev.lanegrad.internal.program.Node.Origin;
import dev.lanegrad.internal.program.Node.Shaped;
import dev.lanegrad.internal.shape.Dims;
import dev.lanegrad.internal.shape.Layout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The values of a program in the order in which they can be computed. Nodes are simplified while they are added: equal ones
 * become one, constants are computed, movements that undo each other vanish, and so does arithmetic that cannot change
 * a bit of a number ({@code x * 1}, {@code x - 0}, {@code -(-x)}; never {@code x * 0}, and {@code x + 0} only where
 * {@code x} cannot be {@code -0}). {@code Pieces} and {@code Choices} see to elements that are taken out of wholes.
 */
final class Graph {
    private static final Map<Lane, LaneCode> COPIES = Map.of(Lane.FLOAT, copy(Lane.FLOAT), Lane.DOUBLE, copy(Lane.DOUBLE));

    /** Far more than functions have; so many take seconds to be fused. */
    private static final int MOST_NODES = 100_000;

    private final List<Node> nodes = new ArrayList<>();
    private final Map<Key, Node> known = new HashMap<>();
    private final Choices choices = new Choices(this);
    private final Pieces pieces = new Pieces(this);
    private Approximations approximations;

    /** What makes two nodes the same. */
    private record Key(Object origin, List<Node> operands, List<Integer> sizes, Cell cell) {
    }

    private static LaneCode copy(Lane lane) {
        LaneBuilder builder = new LaneBuilder(lane);
        return builder.build(1, builder.input(0));
    }

    /** Lets nodes become simpler from now on whose results are equal in real arithmetic only. */
    void approximate() {
        approximations = new Approximations(this);
    }

    /** True if nodes are simplified so. */
    boolean isApproximate() {
        return approximations != null;
    }

    /** The node with this number. */
    Node get(long id) {
        return nodes.get((int) id);
    }

    /** Number of nodes. */
    int size() {
        return nodes.size();
    }

    /** An element-wise op of operands of any sizes that broadcast to {@code layout}. */
    Node map(Elementwise op, Lane lane, List<Node> operands, Layout layout, Cell cell) {
        List<Node> narrow = operands.stream().map(this::withoutRepetition).toList();
        Node same = unchanged(op, lane, narrow, layout, cell);
        same = same != null || approximations == null ? same : approximations.simpler(op, lane, narrow, layout, cell);
        same = same != null ? same : pieces.map(op, lane, narrow, layout, cell);
        if (same != null) {
            return same;
        }
        return folded(op.kernels().in(lane).code(), 0, new Mapped(op, lane), narrow, layout, cell);
    }

    /** One result of {@code code}. */
    Node code(LaneCode code, int output, List<Node> operands, Layout layout, Cell cell) {
        return folded(code, output, new Coded(code, output), operands.stream().map(this::withoutRepetition).toList(),
                layout, cell);
    }

    /** The code of a copy. */
    static LaneCode copying(Lane lane) {
        return COPIES.get(lane);
    }

    /** The same numbers in another type. */
    Node cast(Node x, Cell to) {
        return x.cell() == to ? x : code(COPIES.get((x.cell().bytes() == 8 ? x.cell() : to).lane()), 0, List.of(x),
                x.layout(), to);
    }

    /** A copy that lies in memory of its own. */
    Node copy(Node x) {
        return add(new Coded(COPIES.get(x.cell().lane()), 0), List.of(x), x.layout(), x.cell());
    }

    /** {@code x}, or a copy of it, that lies contiguous in memory. */
    Node dense(Node x) {
        return place(x).layout().isContiguous() ? x
                : add(new Shaped(new Structural.Cat(0)), List.of(x), x.layout(), x.cell());
    }

    private static Place place(Node node) {
        Place view = node.isView() ? place(node.operand()).view(node) : null;
        return view != null ? view : Place.own(node);
    }

    /** A number, rounded to {@code cell}. */
    Node fill(double number, Layout layout, Cell cell) {
        double rounded = switch (cell) {
            case FLOAT32 -> (float) number;
            case FLOAT64 -> number;
            case INT64 -> (double) (long) number;
            case BOOL -> number != 0 ? 1 : 0;
        };
        return add(new Fill(rounded), List.of(), layout, cell);
    }

    /** Any other node, or a simpler one that is equal. */
    Node shape(Structural op, List<Node> operands, Layout layout, Cell cell) {
        Node x = operands.getFirst();
        if (op instanceof Structural.Reshape) {
            return reshape(x, layout);
        } else if (op instanceof Structural.Expand) {
            return expand(x, layout);
        } else if (op instanceof Structural.Permute(int[] order)) {
            return permute(x, order, layout);
        } else if (op instanceof Structural.Cast(Cell to)) {
            return cast(x, to);
        } else if (op instanceof Structural.Slice && (x.isFill() || x.layout().sameSizes(layout))) {
            return x.isFill() ? fill(((Fill) x.origin()).number(), layout, cell) : x;
        } else if (op instanceof Structural.Embed && x.layout().sameSizes(layout)) {
            return x;
        } else if (op instanceof Structural.Reduce reduce && isTrivial(reduce, x)) {
            return reshape(x, layout);
        }
        Node simpler = choices.simpler(op, operands, layout);
        simpler = simpler != null || approximations == null ? simpler : approximations.sum(op, x, layout, cell);
        simpler = simpler != null ? simpler : pieces.shape(op, x, layout, cell);
        if (simpler != null) {
            return simpler;
        }
        return add(new Shaped(op), operands, layout, cell);
    }

    // A fold of single elements; the sum of nothing but -0 would begin with -0 too.
    private static boolean isTrivial(Structural.Reduce op, Node x) {
        return Dims.folded(x.layout(), op.dims()) == 1 && x.layout().count() > 0 && op.fold() != FoldOp.PROD;
    }

    /** The same elements in other sizes. */
    Node reshape(Node x, Layout layout) {
        if (x.layout().sameSizes(layout)) {
            return x;
        }
        if (x.isFill()) {
            return fill(((Fill) x.origin()).number(), layout, x.cell());
        }
        Node from = x.structural() instanceof Structural.Reshape ? x.operand() : x;
        return from.layout().sameSizes(layout) ? from
                : add(new Shaped(new Structural.Reshape(layout)), List.of(from), layout, x.cell());
    }

    private Node expand(Node x, Layout layout) {
        if (x.layout().sameSizes(layout)) {
            return x;
        }
        if (x.isFill()) {
            return fill(((Fill) x.origin()).number(), layout, x.cell());
        }
        Node from = x.structural() instanceof Structural.Expand ? x.operand() : x;
        return add(new Shaped(new Structural.Expand(layout)), List.of(from), layout, x.cell());
    }

    private Node permute(Node x, int[] order, Layout layout) {
        if (x.isFill()) {
            return fill(((Fill) x.origin()).number(), layout, x.cell());
        }
        int[] whole = order;
        Node from = x;
        if (x.structural() instanceof Structural.Permute(int[] earlier)) {
            whole = new int[order.length];
            for (int d = 0; d < order.length; d++) {
                whole[d] = earlier[order[d]];
            }
            from = x.operand();
        }
        boolean identity = true;
        for (int d = 0; d < whole.length; d++) {
            identity &= whole[d] == d;
        }
        return identity ? from : add(new Shaped(new Structural.Permute(whole)), List.of(from), layout, x.cell());
    }

    /** What {@code x} repeats, if the consumer repeats it again by broadcasting. */
    private Node withoutRepetition(Node x) {
        return x.structural() instanceof Structural.Expand ? withoutRepetition(x.operand()) : x;
    }

    /** An operand that the op passes on as it is, or null. */
    private Node unchanged(Elementwise op, Lane lane, List<Node> o, Layout layout, Cell cell) {
        Node x = o.getFirst();
        Node same = null;
        if (op == Unary.NEG && x.origin() instanceof Mapped(Elementwise inner, Lane of) && inner == Unary.NEG && of == lane) {
            same = x.operand();
        } else if (op == Binary.MUL && is(o.get(1), 1) || op == Binary.DIV && is(o.get(1), 1)
                || op == Binary.SUB && is(o.get(1), 0.0) || op == Binary.ADD && isNoChange(o.get(1), x)) {
            same = x;
        } else if (op == Binary.MUL && is(x, 1) || op == Binary.ADD && isNoChange(x, o.get(1))) {
            same = o.get(1);
        }
        return same != null && same.cell() == cell && cell.isReal() && same.layout().sameSizes(layout) ? same : null;
    }

    /** True if {@code x} plus {@code zero} is {@code x}, its sign included. */
    private static boolean isNoChange(Node zero, Node x) {
        return is(zero, -0.0) || is(zero, 0.0) && isNeverNegativeZero(x, 4);
    }

    // A sum is -0 only if all its terms are, a difference only if its first number is.
    private static boolean isNeverNegativeZero(Node x, int depth) {
        if (x.origin() instanceof Fill fill) {
            return fill.bits() != Double.doubleToRawLongBits(-0.0);
        }
        if (depth == 0 || !(x.origin() instanceof Mapped(Elementwise op, Lane lane)) || !x.cell().isReal()) {
            return false;
        }
        return op == Unary.SQUARE || op == Unary.ABS || op == Unary.EXP
                || (op == Binary.ADD || op == Binary.SUB) && isNeverNegativeZero(x.operand(), depth - 1)
                || op == Binary.ADD && isNeverNegativeZero(x.operands().get(1), depth - 1);
    }

    /** True if {@code node} is this number everywhere, with this sign. */
    static boolean is(Node node, double number) {
        return node.origin() instanceof Fill fill && fill.bits() == Double.doubleToRawLongBits(number);
    }

    private Node folded(LaneCode code, int output, Origin origin, List<Node> operands, Layout layout, Cell cell) {
        long[] bits = new long[operands.size()];
        for (int i = 0; i < bits.length; i++) {
            if (!(operands.get(i).origin() instanceof Fill fill)) {
                return add(origin, operands, layout, cell);
            }
            bits[i] = code.lane().bits(fill.number());
        }
        return fill(code.lane().value(ScalarInterpreter.run(code, bits)[output]), layout, cell);
    }

    /** A node as it is; the one that is there if it is equal. */
    Node add(Origin origin, List<Node> operands, Layout layout, Cell cell) {
        Object kind = origin instanceof Shaped(Structural.Permute(int[] order)) ? Arrays.stream(order).boxed().toList()
                : origin instanceof Shaped(Structural op) && (op instanceof Structural.Reshape
                        || op instanceof Structural.Expand) ? op.getClass() : origin;
        Key key = new Key(kind, operands, Arrays.stream(layout.sizes()).boxed().toList(), cell);
        return known.computeIfAbsent(key, unknown -> {
            if (nodes.size() == MOST_NODES) {
                throw new IllegalStateException("trace: this function is more than " + MOST_NODES + " ops long" + CallerLine.text()
                        + ", since a Java loop is traced again and again; use Loop.scan or Loop.forLoop, which is traced once.");
            }
            Node node = new Node(nodes.size(), origin, operands, layout, cell);
            nodes.add(node);
            return node;
        });
    }

    /** The numbers that are known beforehand, in order: tensors, and what is the same everywhere. */
    List<Node> constants() {
        return nodes.stream().filter(node -> node.isFill() || node.origin() instanceof Node.Captured).toList();
    }

    /** True if something of {@code size} along {@code dim} is gathered by {@code index}, which is checked by that. */
    boolean isGathered(Node index, int dim, int size) {
        return nodes.stream().anyMatch(node -> node.structural() instanceof Structural.Gather(int own) && own == dim
                && node.operands().get(1) == index && node.operand().layout().size(dim) == size);
    }

    /** The results of {@code code} as lane values of {@code builder}. */
    static LaneValue lower(LaneBuilder builder, Node node, List<LaneValue> operands) {
        return switch (node.origin()) {
            case Mapped mapped -> mapped.op().lower(operands);
            case Coded coded -> builder.inline(coded.code(), operands).get(coded.output());
            case Fill fill -> builder.constant(fill.number());
            case Node.Input input -> throw new IllegalArgumentException("lower: an argument has no code.");
            case Node.Captured captured -> throw new IllegalArgumentException("lower: a captured tensor has no code.");
            case Shaped shaped -> throw new IllegalArgumentException("lower: " + shaped.op().label() + " has no code.");
            case Node.Extreme extreme -> throw new IllegalArgumentException("lower: an index has no code.");
            case Node.Looped looped -> throw new IllegalArgumentException("lower: a loop has no code.");
            case Node.Part part -> throw new IllegalArgumentException("lower: a loop has no code.");
        };
    }
}

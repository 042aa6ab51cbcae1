package dev.lanegrad.internal.program;

import dev.lanegrad.internal.kernel.FoldOp;
import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.lane.Lane;
import dev.lanegrad.internal.op.Binary;
import dev.lanegrad.internal.op.Elementwise;
import dev.lanegrad.internal.op.Structural;
import dev.lanegrad.internal.op.Unary;
import dev.lanegrad.internal.shape.Dims;
import dev.lanegrad.internal.shape.Layout;
import java.util.List;

/**
 * Algebra of real numbers, which floating-point numbers obey but for rounding, the sign of a zero, and what is infinite
 * or not a number. Only for programs that were told so; {@code Program.fastMath} lists the rules.
 */
final class Approximations {
    private final Graph graph;

    Approximations(Graph graph) {
        this.graph = graph;
    }

    /** How a node is computed: its arithmetic, sizes and type. */
    private record Site(Lane lane, Layout layout, Cell cell) {
    }

    /** A simpler node that is equal in real arithmetic, or null. */
    Node simpler(Elementwise op, Lane lane, List<Node> operands, Layout layout, Cell cell) {
        if (!cell.isReal() || operands.stream().allMatch(Node::isFill)
                || operands.stream().anyMatch(operand -> !operand.isFill() && operand.cell() != cell)) {
            return null;
        }
        Site site = new Site(lane, layout, cell);
        Node x = operands.getFirst();
        return op instanceof Unary unary ? unary(unary, x, site)
                : op instanceof Binary binary ? binary(binary, x, operands.get(1), site) : null;
    }

    private Node unary(Unary op, Node x, Site at) {
        Elementwise inner = op(x, at);
        if (op == Unary.NEG && inner == Binary.MUL && isNumber(x.operands().get(1))) {
            return times(x.operand(), -number(x.operands().get(1)), at);
        } else if (op == Unary.NEG && inner == Binary.SUB) {
            return graph.map(Binary.SUB, at.lane, x.operands().reversed(), at.layout, at.cell);
        } else if (op == Unary.SQRT && inner == Unary.SQUARE) {
            return graph.map(Unary.ABS, at.lane, x.operands(), at.layout, at.cell);
        } else if (op == Unary.SQUARE && inner == Unary.SQRT || op == Unary.EXP && inner == Unary.LOG
                || op == Unary.LOG && inner == Unary.EXP || op == Unary.EXPM1 && inner == Unary.LOG1P
                || op == Unary.LOG1P && inner == Unary.EXPM1 || op == Unary.RECIPROCAL && inner == Unary.RECIPROCAL) {
            return repeated(x.operand(), at);
        }
        return null;
    }

    private Node binary(Binary op, Node x, Node y, Site at) {
        if (op == Binary.MUL) {
            return isNumber(y) ? product(x, number(y), at) : isNumber(x) ? product(y, number(x), at) : null;
        } else if (op == Binary.ADD) {
            return isNumber(y) ? sum(x, number(y), at) : isNumber(x) ? sum(y, number(x), at) : null;
        } else if (op == Binary.SUB) {
            return x == y ? graph.fill(0, at.layout, at.cell) : isNumber(y) ? sum(x, -number(y), at)
                    : isNumber(x) ? rest(number(x), y, at) : null;
        } else if (op == Binary.DIV) {
            return quotient(x, y, at);
        }
        return null;
    }

    private Node quotient(Node x, Node y, Site at) {
        if (x == y) {
            return graph.fill(1, at.layout, at.cell);
        } else if (isNumber(y) && number(y) != 0) {
            double inverse = 1 / number(y);
            boolean normal = Math.abs(inverse) >= Float.MIN_NORMAL && Math.abs(inverse) <= Float.MAX_VALUE;
            return normal ? times(x, inverse, at) : null;
        }
        return isNumber(x) && number(x) == 0 ? graph.fill(0, at.layout, at.cell) : null;
    }

    // x * c
    private Node product(Node x, double c, Site at) {
        Elementwise inner = op(x, at);
        if (c == 0) {
            return graph.fill(0, at.layout, at.cell);
        } else if (c == -1) {
            return graph.map(Unary.NEG, at.lane, List.of(x), at.layout, at.cell);
        } else if (inner == Unary.NEG) {
            return times(x.operand(), -c, at);
        } else if (inner == Binary.MUL && isNumber(x.operands().get(1))
                && isFinite(c * number(x.operands().get(1)), at)) {
            return times(x.operand(), c * number(x.operands().get(1)), at);
        } else if (inner == Binary.MUL && isNumber(x.operand()) && isFinite(c * number(x.operand()), at)) {
            return times(x.operands().get(1), c * number(x.operand()), at);
        }
        return null;
    }

    // x + c
    private Node sum(Node x, double c, Site at) {
        Elementwise inner = op(x, at);
        if (c == 0) {
            return repeated(x, at);
        } else if (inner == Binary.ADD && isNumber(x.operands().get(1))) {
            return plus(x.operand(), c + number(x.operands().get(1)), at);
        } else if (inner == Binary.ADD && isNumber(x.operand())) {
            return plus(x.operands().get(1), c + number(x.operand()), at);
        } else if (inner == Binary.SUB && isNumber(x.operands().get(1))) {
            return plus(x.operand(), c - number(x.operands().get(1)), at);
        } else if (inner == Binary.SUB && isNumber(x.operand())) {
            return minus(c + number(x.operand()), x.operands().get(1), at);
        }
        return null;
    }

    // c - x
    private Node rest(double c, Node x, Site at) {
        Elementwise inner = op(x, at);
        if (c == 0) {
            return graph.map(Unary.NEG, at.lane, List.of(x), at.layout, at.cell);
        } else if (inner == Binary.ADD && isNumber(x.operands().get(1))) {
            return minus(c - number(x.operands().get(1)), x.operand(), at);
        } else if (inner == Binary.ADD && isNumber(x.operand())) {
            return minus(c - number(x.operand()), x.operands().get(1), at);
        } else if (inner == Binary.SUB && isNumber(x.operands().get(1))) {
            return minus(c + number(x.operands().get(1)), x.operand(), at);
        } else if (inner == Binary.SUB && isNumber(x.operand())) {
            return plus(x.operands().get(1), c - number(x.operand()), at);
        }
        return null;
    }

    /** The sum of {@code x * c} as {@code c} times the sum of {@code x}, and that of equal numbers; or null. */
    Node sum(Structural op, Node x, Layout layout, Cell cell) {
        if (!(op instanceof Structural.Reduce reduce) || reduce.fold() != FoldOp.SUM || !cell.isReal()
                || x.cell() != cell) {
            return null;
        }
        Site inside = new Site(cell.lane(), x.layout(), cell);
        Site at = new Site(cell.lane(), layout, cell);
        Elementwise inner = op(x, inside);
        long count = Dims.folded(x.layout(), reduce.dims());
        if (x.isFill()) {
            return graph.fill(number(x) * count, layout, cell);
        } else if (x.structural() instanceof Structural.Expand && x.operand().layout().count() == 1) {
            return times(repeated(graph.reshape(x.operand(), Layout.SCALAR), at), count, at);
        } else if (inner == Binary.MUL && isNumber(x.operands().get(1))) {
            return times(sum(reduce, x.operand(), inside, at), number(x.operands().get(1)), at);
        } else if (inner == Binary.MUL && isNumber(x.operand())) {
            return times(sum(reduce, x.operands().get(1), inside, at), number(x.operand()), at);
        } else if (inner == Unary.NEG) {
            return graph.map(Unary.NEG, at.lane, List.of(sum(reduce, x.operand(), inside, at)), layout, cell);
        }
        return null;
    }

    private Node sum(Structural.Reduce op, Node x, Site inside, Site at) {
        return graph.shape(op, List.of(repeated(x, inside)), at.layout, at.cell);
    }

    /** What computes {@code x}, if in the arithmetic and type of {@code at}; or null. */
    private static Elementwise op(Node x, Site at) {
        boolean same = x.origin() instanceof Node.Mapped mapped && mapped.lane() == at.lane && x.cell() == at.cell
                && x.operands().stream().allMatch(operand -> operand.isFill() || operand.cell() == at.cell);
        return same && x.origin() instanceof Node.Mapped mapped ? mapped.op() : null;
    }

    private static boolean isNumber(Node x) {
        return x.isFill() && isFinite(number(x));
    }

    private static boolean isFinite(double x) {
        return Math.abs(x) <= Double.MAX_VALUE;
    }

    private static boolean isFinite(double product, Site at) {
        double least = at.cell == Cell.FLOAT32 ? Float.MIN_NORMAL : Double.MIN_NORMAL;
        double most = at.cell == Cell.FLOAT32 ? Float.MAX_VALUE : Double.MAX_VALUE;
        return Math.abs(product) >= least && Math.abs(product) <= most;
    }

    private static double number(Node x) {
        return x.origin() instanceof Node.Fill fill ? fill.number() : Double.NaN;
    }

    private Node times(Node x, double c, Site at) {
        return graph.map(Binary.MUL, at.lane, List.of(x, graph.fill(c, Layout.SCALAR, at.cell)), at.layout, at.cell);
    }

    private Node plus(Node x, double c, Site at) {
        return graph.map(Binary.ADD, at.lane, List.of(x, graph.fill(c, Layout.SCALAR, at.cell)), at.layout, at.cell);
    }

    private Node minus(double c, Node x, Site at) {
        return graph.map(Binary.SUB, at.lane, List.of(graph.fill(c, Layout.SCALAR, at.cell), x), at.layout, at.cell);
    }

    private Node repeated(Node x, Site at) {
        return graph.shape(new Structural.Expand(at.layout), List.of(x), at.layout, at.cell);
    }
}

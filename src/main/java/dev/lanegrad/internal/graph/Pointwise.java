package dev.lanegrad.internal.graph;

import dev.lanegrad.internal.kernel.Workspace;
import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.lane.Lane;
import dev.lanegrad.internal.lane.LaneCode;
import dev.lanegrad.internal.op.Binary;
import dev.lanegrad.internal.op.Elementwise;
import dev.lanegrad.internal.op.Ternary;
import dev.lanegrad.internal.op.Unary;
import dev.lanegrad.internal.shape.Broadcasting;
import dev.lanegrad.internal.shape.Layout;
import java.lang.ref.Reference;

/** Computes element-wise ops on values, and records them. */
public final class Pointwise {
    private Pointwise() {
    }

    /** {@code op} of {@code x}. */
    public static Value apply(Unary op, Value x) {
        return run(Context.current(), op, x, null, null, 0, 0);
    }

    /** {@code op} of {@code x} and {@code y}, broadcast to common sizes. */
    public static Value apply(Binary op, Value x, Value y) {
        return run(Context.current(), op, x, y, null, 0, 0);
    }

    /** {@code op} of {@code x} and a number. */
    public static Value apply(Binary op, Value x, double y) {
        return run(Context.current(), op, x, null, null, y, 0);
    }

    /** {@code op} of a number and {@code y}. */
    public static Value apply(Binary op, double x, Value y) {
        return run(Context.current(), op, null, y, null, x, 0);
    }

    /** {@code op} of three values, broadcast to common sizes; a null operand is a number, in the order of the scalars. */
    public static Value apply(Ternary op, Value x, Value y, Value z, double firstScalar, double secondScalar) {
        return run(Context.current(), op, x, y, z, firstScalar, secondScalar);
    }

    /** {@code op} of all its operands. */
    public static Value apply(Elementwise op, Value... operands) {
        return run(Context.current(), op, operands[0], op.arity() > 1 ? operands[1] : null,
                op.arity() > 2 ? operands[2] : null, 0, 0);
    }

    private static Value run(Context context, Elementwise op, Value x, Value y, Value z, double s0, double s1) {
        if (context.interprets()) {
            Value other = context.interpreter().apply(op, x, y, z, s0, s1);
            if (other != null) {
                return other;
            }
        }
        Layout layout = layout(op, x, y, z);
        Cell computed = computed(op, x, y, z, s0, s1);
        // Ops are of four classes, and each question to one is a call that cannot be inlined: ask once.
        int arity = op.arity();
        boolean predicate = op.isPredicate();
        Value result = context.allocate(predicate ? Cell.BOOL : computed, layout);
        Workspace workspace = context.workspace;
        workspace.begin(op.kernels().in(computed.lane()));
        workspace.output(result.address, result.cell);
        double scalar = s0;
        for (int i = 0; i < arity; i++) {
            Value operand = i == 0 ? x : i == 1 ? y : z;
            if (operand != null) {
                workspace.input(operand.address, operand.cell, operand.layout);
            } else {
                workspace.input(scalar);
                scalar = s1;
            }
        }
        workspace.run(layout);
        if (context.records() && !predicate && (needs(x) || needs(y) || needs(z)) && result.cell.isReal()) {
            context.nodes.record(op, result, x, y, z, s0, s1);
            context.recorded(result);
        }
        if (context.diagnoses()) {
            context.diagnostics().computed(op, result, x, y, z);
        }
        Reference.reachabilityFence(x);
        Reference.reachabilityFence(y);
        Reference.reachabilityFence(z);
        return result;
    }

    private static boolean needs(Value operand) {
        return operand != null && operand.requiresGrad();
    }

    /** The sizes of the result; operands are checked. */
    static Layout layout(Elementwise op, Value x, Value y, Value z) {
        Layout layout = null;
        int arity = op.arity();
        for (int i = 0; i < arity; i++) {
            Value operand = i == 0 ? x : i == 1 ? y : z;
            if (operand != null) {
                operand.check(op);
                layout = layout == null ? contiguous(operand.layout)
                        : layout == operand.layout ? layout : Broadcasting.common(op.label(), layout, operand.layout);
            }
        }
        return layout;
    }

    static Layout contiguous(Layout layout) {
        return layout.isContiguous() ? layout : Layout.contiguous(layout.sizes());
    }

    /**
     * The type the op is computed in: the widest kind of its operands (truth values, integers, reals); among reals
     * float64, unless only tensors without dimensions have it; for integers themselves if the op maps integers to
     * integers, else float32. Numbers that are not tensors only make integers real when they are not whole.
     */
    static Cell computed(Elementwise op, Value x, Value y, Value z, double s0, double s1) {
        int arity = op.arity();
        if (arity == 1) {
            return x.cell.isReal() ? x.cell : integers(op, Cell.INT64, false);
        }
        if (arity == 2 && x != null && y != null && x.cell == y.cell && x.cell.isReal()) {
            return x.cell;
        }
        Cell dimensioned = null;
        Cell scalar = null;
        boolean discrete = op == Ternary.WHERE;
        for (int i = discrete ? 1 : 0; i < arity; i++) {
            Value operand = i == 0 ? x : i == 1 ? y : z;
            if (operand != null && operand.layout.rank() > 0) {
                dimensioned = wider(dimensioned, operand.cell);
            } else if (operand != null) {
                scalar = wider(scalar, operand.cell);
            }
        }
        Cell cell = dimensioned == null ? scalar
                : scalar == null || dimensioned.isReal() || !scalar.isReal() ? dimensioned : scalar;
        if (cell == null) {
            return Cell.FLOAT32;
        }
        return cell.isReal() ? cell : integers(op, cell, s0 != Math.rint(s0) || s1 != Math.rint(s1));
    }

    private static Cell wider(Cell a, Cell b) {
        return a == null ? b : rank(a) >= rank(b) ? a : b;
    }

    private static int rank(Cell cell) {
        return switch (cell) {
            case BOOL -> 0;
            case INT64 -> 1;
            case FLOAT32 -> 2;
            case FLOAT64 -> 3;
        };
    }

    private static Cell integers(Elementwise op, Cell cell, boolean fractions) {
        if (op.isPredicate()) {
            return Cell.FLOAT64;
        }
        if (op == Ternary.WHERE && !fractions) {
            return cell;
        }
        return fractions || !mapsIntegers(op.kernels().in(Lane.DOUBLE).code()) ? Cell.FLOAT32 : Cell.INT64;
    }

    // Sums, differences, products and choices of whole numbers are whole; nothing else is known to be.
    private static boolean mapsIntegers(LaneCode code) {
        for (LaneCode.Inst inst : code.insts()) {
            boolean whole = switch (inst.prim()) {
                case INPUT, ADD, SUB, MUL, NEG, ABS, LT, LE, EQ, MASK_AND, MASK_OR, MASK_NOT, SELECT -> true;
                case CONST -> code.lane().value(inst.bits()) == Math.rint(code.lane().value(inst.bits()));
                case CONST_BITS, DIV, FMA, SQRT, TO_BITS, FROM_BITS, BITS_ADD, BITS_SUB, BITS_AND, BITS_OR, BITS_XOR,
                        BITS_SHL, BITS_SHR, BITS_USHR, BITS_LT, BITS_EQ -> false;
            };
            if (!whole) {
                return false;
            }
        }
        return true;
    }
}

package dev.lanegrad.internal.graph;

import dev.lanegrad.internal.kernel.FoldOp;
import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.memory.Managed;
import dev.lanegrad.internal.memory.Symbolic;
import dev.lanegrad.internal.memory.TapeScope;
import dev.lanegrad.internal.op.Elementwise;
import dev.lanegrad.internal.op.Structural;
import dev.lanegrad.internal.op.Structural.Cat;
import dev.lanegrad.internal.op.Structural.Embed;
import dev.lanegrad.internal.op.Structural.Permute;
import dev.lanegrad.internal.op.Structural.Reduce;
import dev.lanegrad.internal.op.Structural.Slice;
import dev.lanegrad.internal.shape.Broadcasting;
import dev.lanegrad.internal.shape.Dims;
import dev.lanegrad.internal.shape.Layout;

/**
 * What an interpreter that computes nothing needs of values and ops: sizes, types and records of results. A value of it
 * carries a number in place of an address, by which the interpreter knows it again.
 */
public final class Symbols {
    private Symbols() {
    }

    /** True if ops mean something else in this thread now than to be computed. */
    public static boolean isInterpreting() {
        return Context.current().interprets();
    }

    /** What ops mean in this thread now, or null: to be computed. */
    public static Interpreter meaning() {
        return Context.current().interpreter();
    }

    /** True if what is computed from something that requires grad is recorded now. */
    public static boolean isRecording() {
        return Context.current().records();
    }

    /** A value without memory, known by {@code number}. */
    public static Value make(Symbolic home, long number, Layout layout, Cell cell) {
        return new Value(home, home.generation(), number, layout, cell);
    }

    /** True if {@code value} was made with {@code home}. */
    public static boolean isOf(Value value, Symbolic home) {
        return value.home == home;
    }

    /** The number a value was made with. */
    public static long number(Value value) {
        return value.address;
    }

    /** True if {@code value} has no memory. */
    public static boolean isSymbolic(Value value) {
        return value.home instanceof Symbolic;
    }

    /** True if {@code value} lives in {@code tape} or in one inside it. */
    public static boolean isIn(Value value, TapeScope tape) {
        TapeScope scope = value.home instanceof TapeScope own ? own : null;
        while (scope != null && scope != tape) {
            scope = scope.parent();
        }
        return scope == tape && tape != null;
    }

    /** True if {@code value} lives as long as it is reachable. */
    public static boolean isManaged(Value value) {
        return value.home instanceof Managed;
    }

    /**
     * True if {@code value} is contiguous and has a block outside all tapes to itself, so that whole vectors may be written
     * to its end.
     */
    public static boolean isWhole(Value value) {
        return value.home instanceof Managed block && value.address == block.address() && value.layout.isContiguous()
                && (value.count() * value.cell.bytes() + 63 & -64) + 64 >= block.bytes();
    }

    /** True if both have the same elements in the same arrangement. */
    public static boolean isSame(Value a, Value b) {
        return a.home == b.home && a.stamp == b.stamp && a.address == b.address && a.cell == b.cell
                && a.layout.sameSizes(b.layout) && java.util.Arrays.equals(a.layout.strides(), b.layout.strides());
    }

    /** True if both live in the same block, so that writing one may change the other. */
    public static boolean shareMemory(Value a, Value b) {
        return a.home == b.home && a.address < b.address + b.layout.extent() * b.cell.bytes()
                && b.address < a.address + a.layout.extent() * a.cell.bytes();
    }

    /** The sizes of an element-wise result; operands are checked, and a null one is a number. */
    public static Layout sizes(Elementwise op, Value x, Value y, Value z) {
        return Pointwise.layout(op, x, y, z);
    }

    /** The type an element-wise op is computed in. */
    public static Cell computed(Elementwise op, Value x, Value y, Value z, double s0, double s1) {
        return Pointwise.computed(op, x, y, z, s0, s1);
    }

    /** {@code result}, recorded if gradients flow into an operand. */
    public static Value record(Elementwise op, Value result, Value x, Value y, Value z, double s0, double s1) {
        Context context = Context.current();
        boolean needs = x != null && x.requiresGrad() || y != null && y.requiresGrad() || z != null && z.requiresGrad();
        if (needs && context.records() && !op.isPredicate() && result.cell.isReal()) {
            context.nodes.record(op, result, x, y, z, s0, s1);
        }
        return result;
    }

    /** {@code result}, recorded if gradients flow into an operand. */
    public static Value record(Structural op, Value result, Value... operands) {
        Context context = Context.current();
        boolean needs = false;
        for (Value operand : operands) {
            needs |= operand.requiresGrad();
        }
        if (needs && context.records() && result.cell.isReal()) {
            context.nodes.record(op, result, operands);
        }
        return result;
    }

    /** The contiguous layout of the result of {@code op}, whose arguments have been checked. */
    public static Layout sizes(Structural op, Value[] o) {
        Layout x = o[0].layout;
        return switch (op) {
            case Reduce r -> Dims.without(x, r.dims(), r.keepDim());
            case Structural.ProdOfOthers p -> Layout.contiguous(x.sizes());
            case Structural.Reshape r -> Layout.contiguous(r.sizes().sizes());
            case Permute p -> permuted(x, p.order());
            case Structural.Expand e -> Layout.contiguous(e.sizes().sizes());
            case Slice s -> with(x, s.dim(), s.size());
            case Embed e -> with(x, e.dim(), e.size());
            case Cat c -> with(x, c.dim(), total(c, o));
            case Structural.Matmul m -> product(x, o[1].layout);
            case Structural.Gather g -> Layout.contiguous(o[1].layout.sizes());
            case Structural.ScatterAdd s -> with(x, s.dim(), s.size());
            case Structural.IndexSelect i -> with(x, i.dim(), o[1].layout.size(0));
            case Structural.IndexAdd i -> with(x, i.dim(), i.size());
            case Structural.Softmax s -> Layout.contiguous(x.sizes());
            case Structural.LogSoftmax s -> Layout.contiguous(x.sizes());
            case Structural.CrossEntropy c -> Layout.contiguous(x.size(0));
            case Structural.LogSumExp l -> Dims.without(x, l.dims(), l.keepDim());
            case Structural.Var v -> Dims.without(x, v.dims(), v.keepDim());
            case Structural.Norm n -> Dims.without(x, n.dims(), n.keepDim());
            case Structural.Cast c -> Layout.contiguous(x.sizes());
            case Structural.Window w -> Layout.contiguous(w.layout().sizes());
            case Structural.Unwindow u -> u.sizes();
            case Structural.Overwrite w -> Layout.contiguous(x.sizes());
            case Structural.Diagonal d -> Layout.contiguous(d.in(x).sizes());
            case Structural.Clone c -> Layout.contiguous(x.sizes());
        };
    }

    /** The type of the result of {@code op}. */
    public static Cell cell(Structural op, Value[] operands) {
        Cell cell = operands[0].cell;
        return switch (op) {
            case Structural.Cast cast -> cast.to();
            case Reduce r -> cell.isReal() || r.fold() == FoldOp.AMAX || r.fold() == FoldOp.AMIN ? cell : Cell.INT64;
            case Structural.ProdOfOthers _, Structural.Reshape _, Permute _, Structural.Expand _, Slice _, Embed _,
                    Structural.Window _, Structural.Unwindow _, Structural.Overwrite _, Structural.Diagonal _,
                    Structural.Clone _, Cat _, Structural.Matmul _, Structural.Gather _, Structural.ScatterAdd _,
                    Structural.IndexSelect _, Structural.IndexAdd _, Structural.Softmax _, Structural.LogSoftmax _,
                    Structural.CrossEntropy _, Structural.LogSumExp _, Structural.Var _, Structural.Norm _ -> cell;
        };
    }

    /**
     * The result of an op that is composed of others, by these, which the interpreter sees one by one; null if {@code op}
     * is not. Nothing is recorded: the op has a rule of its own.
     */
    public static Value composed(Structural op, Value[] operands) {
        Context context = Context.current();
        boolean before = context.setGradEnabled(false);
        try {
            return Structures.composed(op, operands);
        } finally {
            context.setGradEnabled(before);
        }
    }

    /**
     * Computes {@code op} on values that have memory and writes the result to {@code target}, which is contiguous in its
     * sizes; nothing is recorded.
     */
    public static void compute(Structural op, Value[] operands, Value target) {
        Context context = Context.current();
        boolean before = context.setGradEnabled(false);
        Interpreter meaning = context.interpret(null);
        TapeScope scope = context.open();
        try {
            Structures.copyInto(context, Structures.apply(op, operands), target);
        } finally {
            context.close(scope);
            context.interpret(meaning);
            context.setGradEnabled(before);
        }
    }

    /** Copies the elements of {@code from} as they are to {@code to}, of the same sizes and type. */
    public static void copy(Value from, Value to) {
        dev.lanegrad.internal.kernel.Indexing.copyStrided(from.cell.bytes(), from.address, from.layout, to.address, to.layout);
        java.lang.ref.Reference.reachabilityFence(from);
        java.lang.ref.Reference.reachabilityFence(to);
    }

    /** A value of {@code cell} at {@code address}, in memory that lives as long as {@code keeper}. */
    public static Value at(Managed keeper, long address, Layout layout, Cell cell) {
        return new Value(keeper, keeper.generation(), address, layout, cell);
    }

    /** The gradient of a leaf, without making it known outside; null if it has none. */
    public static Value gradient(Value leaf) {
        return leaf.leaf == null ? null : leaf.leaf.grad();
    }

    /** Takes symbolic gradients away from a leaf: what it has and what it keeps to use again. */
    public static void forgetGradient(Value leaf) {
        if (leaf.leaf != null && (isSymbolicOrNull(leaf.leaf.grad()) || leaf.leaf.spare() != null
                && isSymbolic(leaf.leaf.spare()))) {
            leaf.leaf.set(null);
        }
    }

    private static boolean isSymbolicOrNull(Value gradient) {
        return gradient == null || isSymbolic(gradient);
    }

    /** Makes {@code gradient}, or null, the gradient of a leaf, whatever it is. */
    public static void setGradient(Value leaf, Value gradient) {
        leaf.leaf.set(gradient);
    }

    private static Layout permuted(Layout x, int[] order) {
        int[] sizes = new int[order.length];
        java.util.Arrays.setAll(sizes, d -> x.size(order[d]));
        return Layout.contiguous(sizes);
    }

    private static Layout with(Layout x, int dim, int size) {
        int[] sizes = x.sizes();
        sizes[dim] = size;
        return Layout.contiguous(sizes);
    }

    private static int total(Cat cat, Value[] parts) {
        int total = 0;
        for (Value part : parts) {
            total = Math.addExact(total, part.layout.size(cat.dim()));
        }
        return total;
    }

    private static Layout product(Layout a, Layout b) {
        Layout batch = Broadcasting.common("matmul", Structures.leading(a), Structures.leading(b));
        int[] sizes = java.util.Arrays.copyOf(batch.sizes(), batch.rank() + 2);
        sizes[batch.rank()] = a.size(a.rank() - 2);
        sizes[batch.rank() + 1] = b.size(b.rank() - 1);
        return Layout.contiguous(sizes);
    }
}

package dev.lanegrad.internal.graph;

import dev.lanegrad.internal.kernel.FoldOp;
import dev.lanegrad.internal.kernel.MatMul;
import dev.lanegrad.internal.kernel.Workspace;
import dev.lanegrad.internal.op.Binary;
import dev.lanegrad.internal.op.Kernels;
import dev.lanegrad.internal.op.Structural;
import dev.lanegrad.internal.op.Structural.LogSoftmax;
import dev.lanegrad.internal.op.Structural.LogSumExp;
import dev.lanegrad.internal.op.Structural.Matmul;
import dev.lanegrad.internal.op.Structural.Norm;
import dev.lanegrad.internal.op.Structural.Reduce;
import dev.lanegrad.internal.op.Structural.Softmax;
import dev.lanegrad.internal.op.Structural.Var;
import dev.lanegrad.internal.op.Term;
import dev.lanegrad.internal.op.Unary;
import dev.lanegrad.internal.shape.Dims;
import dev.lanegrad.internal.shape.Layout;
import java.lang.ref.Reference;
import java.util.List;

/**
 * Ops that are composed of others, and their first derivatives, in as few passes over memory as their folds allow. The
 * bits are those of the ops one by one, as {@link Structures#composed} and {@link Rules#product} have them.
 */
final class Fusions {
    private static final Term.Var A = new Term.Var(0);
    private static final Term.Var B = new Term.Var(1);
    private static final Term.Var C = new Term.Var(2);
    private static final Term.Var D = new Term.Var(3);
    /** {@code exp(x - m)}. */
    static final Kernels EXP = Kernels.of(List.of(A.sub(B).then(Unary.EXP)), A, B);
    /** {@code m}, or 0 where it is infinite. */
    static final Kernels FINITE = Kernels.of(List.of(Term.where(A.then(Unary.ABS).eq(Term.of(Double.POSITIVE_INFINITY)),
            Term.ZERO, A)), A);
    /** {@code log(s) + m}. */
    static final Kernels LOG_PLUS = Kernels.of(List.of(A.then(Unary.LOG).add(B)), A, B);
    /** {@code x - m - l}. */
    static final Kernels LOG_SOFTMAX = Kernels.of(List.of(A.sub(B).sub(C)), A, B, C);
    /** {@code x - m - log(s)}. */
    static final Kernels LOG_SOFTMAX_OF_SUM = Kernels.of(List.of(A.sub(B).sub(C.then(Unary.LOG))), A, B, C);
    /** {@code e (1 / s)}. */
    static final Kernels SCALE = Kernels.of(List.of(A.mul(B.then(Unary.RECIPROCAL))), A, B);
    /** {@code r (g - t)}. */
    static final Kernels SOFTMAX_BACK = Kernels.of(List.of(B.mul(A.sub(C))), A, B, C);
    /** {@code g}. */
    static final Kernels FIRST = Kernels.of(List.of(A), A, B);
    /** {@code g - exp(r) t}. */
    static final Kernels LOG_SOFTMAX_BACK = Kernels.of(List.of(A.sub(B.then(Unary.EXP).mul(C))), A, B, C);
    /** {@code g exp(x - r)}. */
    private static final Kernels LOG_SUM_EXP_BACK = Kernels.of(List.of(A.mul(B.sub(C).then(Unary.EXP))), A, B, C);
    /** {@code (x - m)^2}. */
    static final Kernels SQUARE = Kernels.of(List.of(A.sub(B).square()), A, B);
    /** {@code g ((x - m) c)}. */
    private static final Kernels VAR_BACK = Kernels.of(List.of(A.mul(B.sub(C).mul(D))), A, B, C, D);

    /** {@code g / r}, and 0 where {@code r} is. */
    private static final Kernels DIRECTION = Kernels.of(List.of(Term.where(B.eq(Term.ZERO), Term.ZERO, A.div(B))), A, B);
    /** 1 where {@code x = r}, else 0. */
    private static final Kernels EQUAL = Kernels.of(List.of(A.eq(B)), A, B);
    /** {@code g (e / n)}. */
    private static final Kernels EXTREME_BACK = Kernels.of(List.of(A.mul(B.div(C))), A, B, C);

    private Fusions() {
    }

    /** The result of {@code op}, computed here and now; null if it is none of these, or has no elements. */
    static Value forward(Context context, Structural op, Value x) {
        if (x.count() == 0 || context.interprets()) {
            return null;
        }
        Value byRows = RowFusions.forward(context, op, x);
        if (byRows != null) {
            return byRows;
        } else if (op instanceof Softmax(int dim)) {
            Value e = run(context, EXP, x.layout, x, fold(FoldOp.AMAX, x, 1 << dim));
            Value factor = Pointwise.apply(Unary.RECIPROCAL, fold(FoldOp.SUM, e, 1 << dim));
            return into(context, Binary.MUL.kernels(), e, e, factor);
        } else if (op instanceof LogSoftmax(int dim)) {
            Value max = fold(FoldOp.AMAX, x, 1 << dim);
            Value sum = fold(FoldOp.SUM, run(context, EXP, x.layout, x, max), 1 << dim);
            return run(context, LOG_SOFTMAX, x.layout, x, max, Pointwise.apply(Unary.LOG, sum));
        } else if (op instanceof LogSumExp(int dims, boolean keepDim)) {
            Value shift = Structures.finite(fold(FoldOp.AMAX, x, dims));
            Value sum = fold(FoldOp.SUM, run(context, EXP, x.layout, x, shift), dims);
            Value result = Pointwise.apply(Binary.ADD, Pointwise.apply(Unary.LOG, sum), shift);
            return result.view(0, Dims.without(x.layout, dims, keepDim));
        } else if (op instanceof Var v) {
            long folded = Dims.folded(x.layout, v.dims());
            Value squares = run(context, SQUARE, x.layout, x, Structures.mean(x, v.dims()));
            return Pointwise.apply(Binary.DIV, Shaped.reduce(FoldOp.SUM, squares, v.dims(), v.keepDim()), v.divisor(folded));
        }
        return null;
    }

    /**
     * What {@code g} adds to the gradient of operand {@code index} of {@code op}, at {@code target} if there is one; null if
     * it is none of these, or has no elements.
     */
    static Value product(Context context, Structural op, int index, Value g, Value[] operands, Value r, Target target) {
        Value x = operands[0];
        if (x.count() == 0 || g.count() == 0 || context.interprets() || context.gradEnabled()) {
            return null;
        }
        if (op instanceof Matmul) {
            boolean flat = x.layout.rank() == 2 && operands[1].layout.rank() == 2;
            return !flat ? null : index == 0 ? left(context, g, operands[1], x, target) : right(context, x, g, operands[1], target);
        }
        if (op instanceof Structural.CrossEntropy) {
            boolean plain = g.cell == x.cell && operands[1].layout.isContiguous() && operands[2].layout.isContiguous();
            return plain ? RowFusions.crossEntropyProduct(context, g, operands[1], operands[2], target) : null;
        }
        Value byRows = RowFusions.product(context, op, g, x, r, target);
        if (byRows != null) {
            return byRows;
        } else if (op instanceof Softmax(int dim)) {
            return run(context, SOFTMAX_BACK, x.layout, target, g, r, fold(FoldOp.SUM, Pointwise.apply(Binary.MUL, g, r), 1 << dim));
        } else if (op instanceof LogSoftmax(int dim)) {
            return run(context, LOG_SOFTMAX_BACK, x.layout, target, g, r, fold(FoldOp.SUM, g, 1 << dim));
        } else if (op instanceof LogSumExp(int dims, boolean keepDim)) {
            return run(context, LOG_SUM_EXP_BACK, x.layout, target, Rules.kept(g, x, dims), x, Rules.kept(r, x, dims));
        } else if (op instanceof Var v) {
            Value factor = context.allocate(x.cell, Layout.SCALAR);
            Values.fill(factor, 2 / v.divisor(Dims.folded(x.layout, v.dims())));
            return run(context, VAR_BACK, x.layout, target, Rules.kept(g, x, v.dims()), x, Structures.mean(x, v.dims()), factor);
        } else if (op instanceof Norm(int dims, boolean keepDim)) {
            Value length = Rules.kept(r, x, dims);
            Value factor = run(context, DIRECTION, length.layout, Rules.kept(g, x, dims), length);
            return run(context, Binary.MUL.kernels(), x.layout, target, factor, x);
        } else if (op instanceof Reduce(FoldOp fold, int dims, boolean keepDim) && (fold == FoldOp.AMAX || fold == FoldOp.AMIN)) {
            Value equal = run(context, EQUAL, x.layout, target, x, Rules.kept(r, x, dims));
            return into(context, EXTREME_BACK, equal, Rules.kept(g, x, dims), equal, fold(FoldOp.SUM, equal, dims));
        }
        return null;
    }

    private static Value fold(FoldOp fold, Value x, int dims) {
        return Shaped.reduce(fold, x, dims, true);
    }

    /** {@code g y^T}, in the sizes of {@code x}. */
    private static Value left(Context context, Value g, Value y, Value x, Target target) {
        Value result = Target.in(context, target, g.cell, x.layout);
        MatMul.run(g.cell.lane(), g.layout.size(0), y.layout.size(0), y.layout.size(1), g.address, g.layout.stride(0),
                g.layout.stride(1), y.address, y.layout.stride(1), y.layout.stride(0), result.address, false);
        return result;
    }

    /** {@code x^T g}, in the sizes of {@code y}. */
    private static Value right(Context context, Value x, Value g, Value y, Target target) {
        Value result = Target.in(context, target, g.cell, y.layout);
        MatMul.run(g.cell.lane(), x.layout.size(1), g.layout.size(1), x.layout.size(0), x.address, x.layout.stride(1),
                x.layout.stride(0), g.address, g.layout.stride(0), g.layout.stride(1), result.address, false);
        return result;
    }

    private static Value run(Context context, Kernels kernels, Layout sizes, Value... inputs) {
        return run(context, kernels, sizes, null, inputs);
    }

    private static Value run(Context context, Kernels kernels, Layout sizes, Target target, Value... inputs) {
        return into(context, kernels, Target.in(context, target, inputs[0].cell, sizes), inputs);
    }

    /** Writes to {@code result}, which may be one of the inputs. */
    private static Value into(Context context, Kernels kernels, Value result, Value... inputs) {
        Workspace workspace = context.workspace;
        workspace.begin(kernels.in(result.cell.lane()));
        workspace.output(result.address, result.cell);
        for (Value input : inputs) {
            workspace.input(input.address, input.cell, input.layout);
        }
        workspace.run(result.layout);
        Reference.reachabilityFence(inputs);
        return result;
    }
}

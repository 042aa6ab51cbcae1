package dev.lanegrad.internal.graph;

import dev.lanegrad.internal.kernel.FoldOp;
import dev.lanegrad.internal.op.Binary;
import dev.lanegrad.internal.op.Structural;
import dev.lanegrad.internal.op.Structural.Cat;
import dev.lanegrad.internal.op.Structural.CrossEntropy;
import dev.lanegrad.internal.op.Structural.Embed;
import dev.lanegrad.internal.op.Structural.Expand;
import dev.lanegrad.internal.op.Structural.Gather;
import dev.lanegrad.internal.op.Structural.IndexAdd;
import dev.lanegrad.internal.op.Structural.IndexSelect;
import dev.lanegrad.internal.op.Structural.LogSoftmax;
import dev.lanegrad.internal.op.Structural.LogSumExp;
import dev.lanegrad.internal.op.Structural.Matmul;
import dev.lanegrad.internal.op.Structural.Permute;
import dev.lanegrad.internal.op.Structural.Reduce;
import dev.lanegrad.internal.op.Structural.Reshape;
import dev.lanegrad.internal.op.Structural.ScatterAdd;
import dev.lanegrad.internal.op.Structural.Slice;
import dev.lanegrad.internal.op.Structural.Softmax;
import dev.lanegrad.internal.op.Unary;

/** The Jacobian-vector products of the structural ops, stated in differentiable ops. */
final class ForwardRules {
    private ForwardRules() {
    }

    /**
     * The tangent of the result {@code r} of {@code op} from the tangents {@code t} of its operands {@code o}; null
     * stands for zeros, and not all are null.
     */
    static Value tangent(Structural op, Value[] o, Value[] t, Value r) {
        return switch (op) {
            case Reduce reduce -> reduce.fold() == FoldOp.SUM ? Structures.apply(reduce, t)
                    : folded(reduce, reduce.dims(), reduce.keepDim(), o, t, r);
            case Structural.ProdOfOthers p -> Products.change(o[0], t[0], p.dims());
            case CrossEntropy c -> folded(c, 0b10, false, o, t, r);
            case LogSumExp l -> folded(l, l.dims(), l.keepDim(), o, t, r);
            case Structural.Var v -> folded(v, v.dims(), v.keepDim(), o, t, r);
            case Structural.Norm n -> folded(n, n.dims(), n.keepDim(), o, t, r);
            case Cat cat -> Structures.apply(cat, completed(o, t));
            case Matmul matmul -> sum(t[0] == null ? null : Structures.apply(matmul, t[0], o[1]),
                    t[1] == null ? null : Structures.apply(matmul, o[0], t[1]));
            case Softmax s -> mul(r, sub(t[0], total(mul(t[0], r), 1 << s.dim())));
            case LogSoftmax s -> sub(t[0], total(mul(Pointwise.apply(Unary.EXP, r), t[0]), 1 << s.dim()));
            case Reshape linear -> Structures.apply(linear, t);
            case Permute linear -> Structures.apply(linear, t);
            case Expand linear -> Structures.apply(linear, t);
            case Slice linear -> Structures.apply(linear, t);
            case Embed linear -> Structures.apply(linear, t);
            case Structural.Window linear -> Structures.apply(linear, t);
            case Structural.Unwindow linear -> Structures.apply(linear, t);
            case Structural.Overwrite linear -> Structures.apply(linear, completed(o, t));
            case Structural.Diagonal linear -> Structures.apply(linear, t);
            case Structural.Clone linear -> Structures.apply(linear, t);
            case Structural.Cast linear -> Shaped.cast(t[0], linear.to());
            case Gather linear -> Structures.apply(linear, t[0], o[1]);
            case ScatterAdd linear -> Structures.apply(linear, t[0], o[1]);
            case IndexSelect linear -> Structures.apply(linear, t[0], o[1]);
            case IndexAdd linear -> Structures.apply(linear, t[0], o[1]);
        };
    }

    /**
     * A fold: every element goes into one result only, so that the product with ones is each element's partial, and the
     * tangent their sum weighted with the tangents.
     */
    private static Value folded(Structural op, int dims, boolean keepDim, Value[] o, Value[] t, Value r) {
        Value partials = Rules.product(op, 0, Rules.ones(r.cell, Pointwise.contiguous(r.layout)), o, r);
        return Shaped.reduce(FoldOp.SUM, mul(t[0], partials), dims, keepDim);
    }

    private static Value[] completed(Value[] o, Value[] t) {
        Value[] whole = t.clone();
        for (int i = 0; i < whole.length; i++) {
            if (whole[i] == null) {
                whole[i] = Values.fill(Values.allocate(o[i].cell, Pointwise.contiguous(o[i].layout)), 0);
            }
        }
        return whole;
    }

    private static Value sum(Value a, Value b) {
        return a == null ? b : b == null ? a : Pointwise.apply(Binary.ADD, a, b);
    }

    private static Value total(Value x, int dims) {
        return Shaped.reduce(FoldOp.SUM, x, dims, true);
    }

    private static Value mul(Value a, Value b) {
        return Pointwise.apply(Binary.MUL, a, b);
    }

    private static Value sub(Value a, Value b) {
        return Pointwise.apply(Binary.SUB, a, b);
    }
}

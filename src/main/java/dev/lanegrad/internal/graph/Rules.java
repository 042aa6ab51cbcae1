package dev.lanegrad.internal.graph;

import dev.lanegrad.internal.kernel.FoldOp;
import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.op.Binary;
import dev.lanegrad.internal.op.Structural;
import dev.lanegrad.internal.op.Structural.Cat;
import dev.lanegrad.internal.op.Structural.CrossEntropy;
import dev.lanegrad.internal.op.Structural.Embed;
import dev.lanegrad.internal.op.Structural.Gather;
import dev.lanegrad.internal.op.Structural.IndexAdd;
import dev.lanegrad.internal.op.Structural.IndexSelect;
import dev.lanegrad.internal.op.Structural.LogSoftmax;
import dev.lanegrad.internal.op.Structural.LogSumExp;
import dev.lanegrad.internal.op.Structural.Matmul;
import dev.lanegrad.internal.op.Structural.Permute;
import dev.lanegrad.internal.op.Structural.ProdOfOthers;
import dev.lanegrad.internal.op.Structural.Reduce;
import dev.lanegrad.internal.op.Structural.Reshape;
import dev.lanegrad.internal.op.Structural.ScatterAdd;
import dev.lanegrad.internal.op.Structural.Slice;
import dev.lanegrad.internal.op.Structural.Softmax;
import dev.lanegrad.internal.op.Ternary;
import dev.lanegrad.internal.op.Unary;
import dev.lanegrad.internal.shape.Dims;
import dev.lanegrad.internal.shape.Layout;

/**
 * The vector-Jacobian products of the structural ops, stated in differentiable ops: evaluated as they are they give the
 * first derivative, recorded they give all higher ones. Broadcasting, accumulation and dtypes are the engine's business.
 */
final class Rules {
    private Rules() {
    }

    /**
     * What the gradient {@code g} of the result {@code r} adds to operand {@code i} of {@code op}; its sizes may be those
     * the operand was broadcast to, or such that broadcast to the operand's: the engine sums or repeats.
     */
    static Value product(Structural op, int i, Value g, Value[] o, Value r) {
        Value x = o[0];
        return switch (op) {
            case Reduce reduce -> fold(reduce, g, x, r);
            case ProdOfOthers p -> Products.change(x, g, p.dims());
            case Reshape reshape -> Shaped.reshape(g, x.layout);
            case Permute permute -> Structures.apply(new Permute(inverse(permute.order())), g);
            case Structural.Expand expand -> Shaped.sumTo(g, x.layout);
            case Slice s -> Structures.apply(new Embed(s.dim(), s.start(), s.step(), x.layout.size(s.dim())), g);
            case Embed e -> Structures.apply(new Slice(e.dim(), e.start(), e.step(), x.layout.size(e.dim())), g);
            case Structural.Window w -> Structures.apply(new Structural.Unwindow(w.offset(), w.layout(),
                    Pointwise.contiguous(x.layout)), g);
            case Structural.Unwindow u -> Structures.apply(new Structural.Window(u.offset(), u.layout()), g);
            case Structural.Overwrite w -> i == 0
                    ? Structures.apply(w, g, Values.fill(Context.current().allocate(g.cell, Pointwise.contiguous(o[1].layout)), 0))
                    : Structures.apply(new Structural.Window(w.offset(), w.layout()), g);
            case Structural.Diagonal d -> {
                Layout whole = Layout.contiguous(x.layout.sizes());
                yield Structures.apply(new Structural.Unwindow(0, d.in(whole), whole), g);
            }
            case Structural.Clone c -> g;
            case Cat cat -> Structures.apply(new Slice(cat.dim(), start(cat, o, i), 1, o[i].layout.size(cat.dim())), g);
            case Matmul matmul -> i == 0
                    ? Shaped.sumTo(Structures.apply(new Matmul(), g, transposed(o[1])), x.layout)
                    : Shaped.sumTo(Structures.apply(new Matmul(), transposed(x), g), o[1].layout);
            case Gather gather -> embedded(Structures.apply(new ScatterAdd(gather.dim(), x.layout.size(gather.dim())), g, o[1]),
                    x.layout);
            case ScatterAdd scatter -> Structures.apply(new Gather(scatter.dim()), g, o[1]);
            case IndexSelect select -> Structures.apply(new IndexAdd(select.dim(), x.layout.size(select.dim())), g, o[1]);
            case IndexAdd add -> Structures.apply(new IndexSelect(add.dim()), g, o[1]);
            case Softmax s -> mul(r, sub(g, sum(mul(g, r), 1 << s.dim())));
            case LogSoftmax s -> sub(g, mul(exp(r), sum(g, 1 << s.dim())));
            case CrossEntropy c -> mul(Shaped.unsqueeze(g, 1), sub(o[2], ofClasses(o[1], o[2])));
            case LogSumExp l -> mul(kept(g, x, l.dims()), exp(sub(x, kept(r, x, l.dims()))));
            case Structural.Var v -> mul(kept(g, x, v.dims()), Pointwise.apply(Binary.MUL, Structures.centred(x, v.dims()),
                    2 / v.divisor(Dims.folded(x.layout, v.dims()))));
            case Structural.Norm n -> mul(direction(kept(g, x, n.dims()), kept(r, x, n.dims())), x);
            case Structural.Cast cast -> Shaped.cast(g, x.cell);
        };
    }

    /** {@code g / r}, and 0 where {@code r} is. */
    private static Value direction(Value g, Value r) {
        Value none = Pointwise.apply(Binary.EQ, r.detach(), 0.0);
        return Pointwise.apply(Ternary.WHERE, none, null, Pointwise.apply(Binary.DIV, g, r), 0, 0);
    }

    private static Value fold(Reduce op, Value g, Value x, Value r) {
        Value gradient = kept(g, x, op.dims());
        return switch (op.fold()) {
            case SUM -> gradient;
            case PROD -> mul(gradient, Structures.apply(new ProdOfOthers(op.dims()), x));
            case AMAX, AMIN -> {
                Value extreme = Pointwise.apply(Binary.EQ, x.detach(), kept(r.detach(), x, op.dims()));
                Value mask = Shaped.cast(extreme, x.cell);
                Value share = Pointwise.apply(Binary.DIV, mask, sum(mask, op.dims()));
                yield mul(gradient, share);
            }
        };
    }

    /** In the sizes of {@code like}, whose rows are samples: 1 at the class of each, 0 elsewhere. */
    private static Value ofClasses(Value classes, Value like) {
        return Structures.apply(new ScatterAdd(1, like.layout.size(1)), ones(like.cell, Layout.contiguous(like.layout.size(0), 1)),
                Shaped.unsqueeze(classes, 1));
    }

    /** A contiguous value of ones. */
    static Value ones(Cell cell, Layout layout) {
        Value ones = Context.current().allocate(cell, layout);
        Values.fill(ones, 1);
        return ones;
    }

    /** {@code g} so that it broadcasts to {@code x}: with the folded dimensions as size 1, or without any. */
    static Value kept(Value g, Value x, int dims) {
        return g.layout.rank() == 0 ? g : Shaped.reshape(g, Dims.without(x.layout, dims, true));
    }

    private static Value embedded(Value g, Layout sizes) {
        Value result = g;
        for (int d = 0; d < sizes.rank(); d++) {
            if (result.layout.size(d) != sizes.size(d)) {
                result = Structures.apply(new Embed(d, 0, 1, sizes.size(d)), result);
            }
        }
        return result;
    }

    private static int start(Cat cat, Value[] parts, int i) {
        int start = 0;
        for (int p = 0; p < i; p++) {
            start += parts[p].layout.size(cat.dim());
        }
        return start;
    }

    static int[] inverse(int[] order) {
        int[] inverse = new int[order.length];
        for (int d = 0; d < order.length; d++) {
            inverse[order[d]] = d;
        }
        return inverse;
    }

    private static Value transposed(Value x) {
        return Shaped.transpose(x, -2, -1);
    }

    private static Value mul(Value a, Value b) {
        return Pointwise.apply(Binary.MUL, a, b);
    }

    private static Value sub(Value a, Value b) {
        return Pointwise.apply(Binary.SUB, a, b);
    }

    private static Value exp(Value a) {
        return Pointwise.apply(Unary.EXP, a);
    }

    private static Value sum(Value a, int dims) {
        return Shaped.reduce(FoldOp.SUM, a, dims, true);
    }
}

package dev.lanegrad.internal.graph;

import dev.lanegrad.internal.kernel.Embedding;
import dev.lanegrad.internal.kernel.FoldOp;
import dev.lanegrad.internal.kernel.Folds;
import dev.lanegrad.internal.kernel.Indexing;
import dev.lanegrad.internal.kernel.MatMul;
import dev.lanegrad.internal.kernel.RowBlocks;
import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.op.Binary;
import dev.lanegrad.internal.op.Kernels;
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
import dev.lanegrad.internal.op.Structural.Reduce;
import dev.lanegrad.internal.op.Structural.Reshape;
import dev.lanegrad.internal.op.Structural.ScatterAdd;
import dev.lanegrad.internal.op.Structural.Slice;
import dev.lanegrad.internal.op.Structural.Softmax;
import dev.lanegrad.internal.op.Term;
import dev.lanegrad.internal.op.Ternary;
import dev.lanegrad.internal.op.Unary;
import dev.lanegrad.internal.shape.Broadcasting;
import dev.lanegrad.internal.shape.Dims;
import dev.lanegrad.internal.shape.Layout;
import java.lang.ref.Reference;
import java.util.List;

/** Computes structural ops on values, and records them; arguments have been checked by {@link Shaped}. */
final class Structures {
    private static final Kernels COPY = Kernels.of(List.of(Term.X), new Term.Var(0));

    private Structures() {
    }

    /** The result of {@code op}, recorded if an operand requires grad. */
    static Value apply(Structural op, Value... operands) {
        Context context = Context.current();
        if (context.interprets()) {
            Value other = context.interpreter().apply(op, operands);
            if (other != null) {
                return other;
            }
        }
        boolean records = context.records() && needsGrad(operands);
        int mark = context.watchTemporaries();
        boolean before = context.setGradEnabled(false);
        SavedHooks hooks = context.setSavedHooks(null);
        Diagnostics diagnostics = context.setDiagnostics(null);
        Value result = null;
        try {
            result = forward(context, op, operands);
        } finally {
            context.setGradEnabled(before);
            context.setSavedHooks(hooks);
            context.setDiagnostics(diagnostics);
            if (result == null) {
                context.release(mark);
            } else {
                context.releaseAllBut(result, mark);
            }
        }
        Reference.reachabilityFence(operands);
        if (result.view != null && (!before || context.scope() == null)) {
            result.view.flags |= View.NO_GRAD;
        }
        if (records && result.cell.isReal()) {
            Value owned = result;
            if (result.home != context.home()) {
                owned = new Value(context.home(), context.home().generation(), result.address, result.layout, result.cell);
                owned.view = result.view;
            }
            record(context, op, owned, operands);
            result = owned;
        }
        if (context.diagnoses()) {
            context.diagnostics().computed(op, result, operands);
        }
        return result;
    }

    private static void record(Context context, Structural op, Value result, Value... operands) {
        context.nodes.record(op, result, operands);
        context.recorded(result);
    }

    /**
     * For each row of {@code x} minus the logarithm of the softmax at the class that {@code classes} names: one pass over
     * blocks of rows for the loss and the softmax that its derivative needs, if that is wanted.
     */
    static Value crossEntropy(Value x, Value classes) {
        Context context = Context.current();
        boolean plain = !context.interprets();
        if (plain) {
            Gathering.requireInside("crossEntropy", classes, 1, x.layout.size(1));
        }
        if (!plain || x.count() == 0 || context.diagnoses() || !RowBlocks.fits(x.cell, x.layout.size(1))) {
            return apply(new CrossEntropy(), x, classes, apply(new Softmax(1), x));
        }
        Value rows = x.layout.isContiguous() ? x : apply(new Structural.Clone(), x);
        Value named = classes.layout.isContiguous() ? classes : apply(new Structural.Clone(), classes);
        if (!context.records() || !x.requiresGrad()) {
            return RowFusions.crossEntropy(context, rows, named, null);
        }
        int mark = context.watchTemporaries();
        Value softmax = null;
        Value losses = null;
        try {
            softmax = context.allocate(x.cell, Pointwise.contiguous(x.layout));
            losses = RowFusions.crossEntropy(context, rows, named, softmax);
        } finally {
            if (losses == null) {
                context.release(mark);
            } else {
                context.releaseAllBut(losses, softmax, mark);
            }
        }
        record(context, new Softmax(1), softmax, rows);
        record(context, new CrossEntropy(), losses, rows, named, softmax);
        return losses;
    }

    static boolean needsGrad(Value[] operands) {
        for (Value operand : operands) {
            if (operand.requiresGrad()) {
                return true;
            }
        }
        return false;
    }

    private static Value forward(Context context, Structural op, Value[] o) {
        Value x = o[0];
        return switch (op) {
            case Reduce r -> reduce(context, r, x);
            case Structural.ProdOfOthers p -> Products.others(context, x, p.dims());
            case Reshape r -> {
                Layout shared = x.layout.isContiguous() ? r.sizes() : x.layout.viewedAs(r.sizes().sizes());
                yield shared != null ? x.view(0, shared) : contiguous(context, x).view(0, r.sizes());
            }
            case Permute p -> x.view(0, permuted(x.layout, p.order()));
            case Structural.Expand e -> x.view(0, expanded(x.layout, e.sizes()));
            case Slice s -> x.view(s.start() * x.layout.stride(s.dim()), sliced(x.layout, s));
            case Embed e -> embed(context, e, x);
            case Structural.Window w -> contiguous(context, x).view(w.offset(), w.layout());
            case Structural.Unwindow u -> unwindow(context, u, x);
            case Structural.Overwrite w -> overwrite(context, w, x, o[1]);
            case Structural.Diagonal d -> x.view(0, d.in(x.layout));
            case Structural.Clone c -> copy(context, x, x.cell, Layout.contiguous(x.layout.sizes()));
            case Cat c -> cat(context, c, o);
            case Matmul m -> matmul(context, x, o[1]);
            case Gather g -> Gathering.gather(context, g.dim(), x, o[1]);
            case ScatterAdd s -> Gathering.scatterAdd(context, s.dim(), s.size(), x, o[1]);
            case IndexSelect i -> Gathering.indexSelect(context, i.dim(), x, o[1]);
            case IndexAdd i -> Gathering.indexAdd(context, i.dim(), i.size(), x, o[1]);
            case Softmax s -> fused(context, op, x);
            case LogSoftmax s -> fused(context, op, x);
            case LogSumExp l -> fused(context, op, x);
            case CrossEntropy c -> composed(op, o);
            case Structural.Var v -> fused(context, op, x);
            case Structural.Norm n -> fused(context, op, x);
            case Structural.Cast c -> copy(context, x, c.to(), Pointwise.contiguous(x.layout));
        };
    }

    private static Value fused(Context context, Structural op, Value x) {
        Value result = Fusions.forward(context, op, x);
        return result != null ? result : composed(op, new Value[] {x});
    }

    /** The result of an op that is computed by other ops, or null if {@code op} is none. */
    static Value composed(Structural op, Value[] o) {
        Value x = o[0];
        return switch (op) {
            case Softmax s -> softmax(x, 1 << s.dim());
            case LogSoftmax s -> logSoftmax(x, 1 << s.dim());
            case LogSumExp l -> logSumExp(x, l);
            case CrossEntropy c -> Pointwise.apply(Unary.NEG, Shaped.squeeze(apply(new Gather(1), logSoftmax(x, 0b10),
                    Shaped.unsqueeze(o[1], 1)), 1));
            case Structural.Var v -> variance(x, v);
            case Structural.Norm n -> Pointwise.apply(Unary.SQRT, Shaped.reduce(FoldOp.SUM,
                    Pointwise.apply(Unary.SQUARE, x), n.dims(), n.keepDim()));
            case Reduce _, Structural.ProdOfOthers _, Reshape _, Permute _, Structural.Expand _, Slice _, Embed _,
                    Structural.Window _, Structural.Unwindow _, Structural.Overwrite _, Structural.Diagonal _,
                    Structural.Clone _, Cat _, Matmul _, Gather _, ScatterAdd _, IndexSelect _, IndexAdd _,
                    Structural.Cast _ -> null;
        };
    }

    /** A contiguous copy in {@code cell}, broadcast to {@code layout}. */
    static Value copy(Context context, Value x, Cell cell, Layout layout) {
        Value result = context.allocate(cell, layout);
        copyInto(context, x, result);
        return result;
    }

    /** Writes {@code x}, broadcast and converted, to the contiguous {@code target}. */
    static void copyInto(Context context, Value x, Value target) {
        if (x.cell == target.cell && !x.cell.isReal()) {
            Indexing.copyStrided(x.cell.bytes(), x.address, expanded(x.layout, target.layout), target.address, target.layout);
            Reference.reachabilityFence(x);
            Reference.reachabilityFence(target);
            return;
        }
        context.workspace.begin(COPY.in((x.cell.bytes() == 8 ? x.cell : target.cell).lane()));
        context.workspace.output(target.address, target.cell);
        context.workspace.input(x.address, x.cell, x.layout);
        context.workspace.run(target.layout);
        Reference.reachabilityFence(x);
        Reference.reachabilityFence(target);
    }

    static Value contiguous(Context context, Value x) {
        return x.layout.isContiguous() ? x : copy(context, x, x.cell, Layout.contiguous(x.layout.sizes()));
    }

    private static Value reduce(Context context, Reduce op, Value x) {
        Value real = x.cell.isReal() ? x : copy(context, x, Cell.FLOAT64, Layout.contiguous(x.layout.sizes()));
        Value result = context.allocate(real.cell, Dims.without(x.layout, op.dims(), op.keepDim()));
        Folds.run(op.fold(), real.cell.lane(), real.address, real.layout, op.dims(), result.address);
        return x.cell.isReal() ? result
                : copy(context, result, op.fold() == FoldOp.SUM || op.fold() == FoldOp.PROD ? Cell.INT64 : x.cell, result.layout);
    }

    private static Layout permuted(Layout layout, int[] order) {
        int[] sizes = new int[order.length];
        long[] strides = new long[order.length];
        for (int d = 0; d < order.length; d++) {
            sizes[d] = layout.size(order[d]);
            strides[d] = layout.stride(order[d]);
        }
        return Layout.ofOwned(sizes, strides);
    }

    static Layout expanded(Layout layout, Layout target) {
        if (layout.sameSizes(target)) {
            return layout;
        }
        long[] strides = new long[target.rank()];
        for (int d = target.rank() - layout.rank(); d < strides.length; d++) {
            int own = d - (target.rank() - layout.rank());
            strides[d] = layout.size(own) == 1 && target.size(d) != 1 ? 0 : layout.stride(own);
        }
        return Layout.ofOwned(target.sizes(), strides);
    }

    private static Layout sliced(Layout layout, Slice slice) {
        int[] sizes = layout.sizes();
        long[] strides = layout.strides();
        sizes[slice.dim()] = slice.size();
        strides[slice.dim()] *= slice.step();
        return Layout.ofOwned(sizes, strides);
    }

    private static Value embed(Context context, Embed op, Value x) {
        int[] sizes = x.layout.sizes();
        sizes[op.dim()] = op.size();
        Value result = context.allocate(x.cell, Layout.contiguous(sizes));
        new Embedding(x.cell.bytes(), x.layout, result.layout, op.dim(), op.start(), op.step()).run(x.address, result.address);
        return result;
    }

    private static Value unwindow(Context context, Structural.Unwindow op, Value x) {
        Value result = context.allocate(x.cell, op.sizes());
        Indexing.fillZero(result.address, Context.bytes(result.cell, result.layout));
        // What was repeated gathers the sum of its repetitions.
        int repeated = 0;
        int[] sizes = op.layout().sizes();
        for (int d = 0; d < sizes.length; d++) {
            if (op.layout().stride(d) == 0 && sizes[d] > 1) {
                repeated |= 1 << d;
                sizes[d] = 1;
            }
        }
        Value summed = repeated == 0 ? x : Shaped.reduce(FoldOp.SUM, x, repeated, true);
        Indexing.copyStrided(x.cell.bytes(), summed.address, summed.layout, result.address + op.offset() * x.cell.bytes(),
                Layout.of(sizes, op.layout().strides()));
        return result;
    }

    private static Value overwrite(Context context, Structural.Overwrite op, Value x, Value inside) {
        Value result = copy(context, x, x.cell, Layout.contiguous(x.layout.sizes()));
        Indexing.copyStrided(x.cell.bytes(), inside.address, inside.layout, result.address + op.offset() * x.cell.bytes(),
                op.layout());
        return result;
    }

    private static Value cat(Context context, Cat op, Value[] parts) {
        int[] sizes = parts[0].layout.sizes();
        sizes[op.dim()] = 0;
        for (Value part : parts) {
            sizes[op.dim()] = Math.addExact(sizes[op.dim()], part.layout.size(op.dim()));
        }
        Value result = context.allocate(parts[0].cell, Layout.contiguous(sizes));
        if (parts.length == 2 && op.dim() == sizes.length - 1 && isColumn(parts[0]) && isColumn(parts[1])) {
            Indexing.inTurns(parts[0].address, parts[1].address, result.address, parts[0].count());
            return result;
        }
        int start = 0;
        for (Value part : parts) {
            Slice place = new Slice(op.dim(), start, 1, part.layout.size(op.dim()));
            Indexing.copyStrided(part.cell.bytes(), part.address, part.layout,
                    result.address + start * result.layout.stride(op.dim()) * part.cell.bytes(), sliced(result.layout, place));
            start += place.size();
        }
        return result;
    }

    private static boolean isColumn(Value part) {
        return part.layout.size(part.layout.rank() - 1) == 1 && part.layout.isContiguous() && Indexing.hasPairs(part.cell.bytes());
    }

    private static Value matmul(Context context, Value x, Value y) {
        Layout a = x.layout;
        Layout b = y.layout;
        int m = a.size(a.rank() - 2);
        int n = b.size(b.rank() - 1);
        if (a.rank() == 2 && b.rank() == 2) {
            Value result = context.allocate(x.cell, Layout.contiguous(m, n));
            MatMul.run(x.cell.lane(), m, n, a.size(1), x.address, a.stride(0), a.stride(1), y.address, b.stride(0), b.stride(1),
                    result.address, false);
            return result;
        }
        Layout batch = Broadcasting.common("matmul", leading(a), leading(b));
        int[] sizes = java.util.Arrays.copyOf(batch.sizes(), batch.rank() + 2);
        sizes[batch.rank()] = m;
        sizes[batch.rank() + 1] = n;
        Value result = context.allocate(x.cell, Layout.contiguous(sizes));
        MatMul.runMany(x.cell.lane(), x.address, a, expanded(leading(a), batch), y.address, b, expanded(leading(b), batch),
                result.address);
        return result;
    }

    static Layout leading(Layout layout) {
        return Layout.ofOwned(java.util.Arrays.copyOf(layout.sizes(), layout.rank() - 2),
                java.util.Arrays.copyOf(layout.strides(), layout.rank() - 2));
    }

    private static Value shifted(Value x, int dims) {
        return Pointwise.apply(Binary.SUB, x, Shaped.reduce(FoldOp.AMAX, x, dims, true));
    }

    private static Value softmax(Value x, int dims) {
        if (x.count() == 0) {
            return Pointwise.apply(Unary.NEG, x);
        }
        Value e = Pointwise.apply(Unary.EXP, shifted(x, dims));
        return Pointwise.apply(Binary.MUL, e, Pointwise.apply(Unary.RECIPROCAL, Shaped.reduce(FoldOp.SUM, e, dims, true)));
    }

    private static Value logSoftmax(Value x, int dims) {
        if (x.count() == 0) {
            return Pointwise.apply(Unary.NEG, x);
        }
        Value s = shifted(x, dims);
        Value sum = Shaped.reduce(FoldOp.SUM, Pointwise.apply(Unary.EXP, s), dims, true);
        return Pointwise.apply(Binary.SUB, s, Pointwise.apply(Unary.LOG, sum));
    }

    // An infinite maximum is replaced by 0, so that inf - inf does not arise.
    private static Value logSumExp(Value x, LogSumExp op) {
        if (Dims.folded(x.layout, op.dims()) == 0) {
            return Pointwise.apply(Unary.LOG, Shaped.reduce(FoldOp.SUM, x, op.dims(), op.keepDim()));
        }
        Value shift = finite(Shaped.reduce(FoldOp.AMAX, x, op.dims(), true));
        Value e = Pointwise.apply(Unary.EXP, Pointwise.apply(Binary.SUB, x, shift));
        Value sum = Shaped.reduce(FoldOp.SUM, e, op.dims(), true);
        Value result = Pointwise.apply(Binary.ADD, Pointwise.apply(Unary.LOG, sum), shift);
        return result.view(0, Dims.without(x.layout, op.dims(), op.keepDim()));
    }

    /** {@code x}, and 0 where it is infinite. */
    static Value finite(Value x) {
        Value infinite = Pointwise.apply(Binary.EQ, Pointwise.apply(Unary.ABS, x), Double.POSITIVE_INFINITY);
        return Pointwise.apply(Ternary.WHERE, infinite, null, x, 0, 0);
    }

    private static Value variance(Value x, Structural.Var op) {
        Value sum = Shaped.reduce(FoldOp.SUM, Pointwise.apply(Unary.SQUARE, centred(x, op.dims())), op.dims(), op.keepDim());
        return Pointwise.apply(Binary.DIV, sum, op.divisor(Dims.folded(x.layout, op.dims())));
    }

    /** {@code x} less its mean over {@code dims}. */
    static Value centred(Value x, int dims) {
        return Pointwise.apply(Binary.SUB, x, mean(x, dims));
    }

    /** The mean of {@code x} over {@code dims}, which stay as size 1. */
    static Value mean(Value x, int dims) {
        return Pointwise.apply(Binary.DIV, Shaped.reduce(FoldOp.SUM, x, dims, true), (double) Dims.folded(x.layout, dims));
    }
}

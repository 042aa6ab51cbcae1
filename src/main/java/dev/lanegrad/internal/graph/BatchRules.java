package dev.lanegrad.internal.graph;

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
import dev.lanegrad.internal.op.Structural.Overwrite;
import dev.lanegrad.internal.op.Structural.Permute;
import dev.lanegrad.internal.op.Structural.Reduce;
import dev.lanegrad.internal.op.Structural.Reshape;
import dev.lanegrad.internal.op.Structural.ScatterAdd;
import dev.lanegrad.internal.op.Structural.Slice;
import dev.lanegrad.internal.op.Structural.Softmax;
import dev.lanegrad.internal.op.Structural.Unwindow;
import dev.lanegrad.internal.op.Structural.Window;
import dev.lanegrad.internal.shape.Layout;
import java.util.Arrays;

/** What the structural ops are on whole values, whose first dimension is that of a batch. */
final class BatchRules {
    private BatchRules() {
    }

    /** The whole value of the result of {@code op}; at least one operand is of {@code batch}. */
    static Value whole(BatchInterpreter batch, Structural op, Value[] o) {
        Value x = o[0];
        return switch (op) {
            case Reduce r -> one(batch, new Reduce(r.fold(), r.dims() << 1, r.keepDim()), x);
            case Structural.ProdOfOthers p -> one(batch, new Structural.ProdOfOthers(p.dims() << 1), x);
            case LogSumExp l -> one(batch, new LogSumExp(l.dims() << 1, l.keepDim()), x);
            case Structural.Var v -> one(batch, new Structural.Var(v.dims() << 1, v.correction(), v.keepDim()), x);
            case Structural.Norm n -> one(batch, new Structural.Norm(n.dims() << 1, n.keepDim()), x);
            case Reshape r -> one(batch, new Reshape(sizes(batch, r.sizes())), x);
            case Permute p -> one(batch, new Permute(BatchInterpreter.with(0,
                    Arrays.stream(p.order()).map(d -> d + 1).toArray())), x);
            case Expand e -> Structures.apply(new Expand(sizes(batch, e.sizes())), batch.ranked(x, e.sizes().rank()));
            case Slice s -> one(batch, new Slice(s.dim() + 1, s.start(), s.step(), s.size()), x);
            case Embed e -> one(batch, new Embed(e.dim() + 1, e.start(), e.step(), e.size()), x);
            case Window w -> one(batch, new Window(w.offset(), window(batch, w.layout(), x.layout())), x);
            case Unwindow u -> one(batch, new Unwindow(u.offset(), window(batch, u.layout(), u.sizes()),
                    sizes(batch, u.sizes())), x);
            case Overwrite w -> Structures.apply(new Overwrite(w.offset(), window(batch, w.layout(), x.layout())),
                    raised(batch, o));
            case Structural.Diagonal d -> one(batch, new Structural.Diagonal(d.first() + 1, d.second() + 1), x);
            case Structural.Clone c -> one(batch, c, x);
            case Softmax s -> one(batch, new Softmax(s.dim() + 1), x);
            case LogSoftmax s -> one(batch, new LogSoftmax(s.dim() + 1), x);
            case CrossEntropy c -> crossEntropy(batch, raised(batch, o));
            case Structural.Cast c -> one(batch, c, x);
            case Cat c -> Structures.apply(new Cat(c.dim() + 1), raised(batch, o));
            case Matmul m -> matmul(batch, x, o[1]);
            case Gather g -> Structures.apply(new Gather(g.dim() + 1), raised(batch, o));
            case ScatterAdd s -> Structures.apply(new ScatterAdd(s.dim() + 1, s.size()), raised(batch, o));
            case IndexSelect i -> indexSelect(batch, i.dim(), x, o[1]);
            case IndexAdd i -> indexAdd(batch, i, x, o[1]);
        };
    }

    private static Value one(BatchInterpreter batch, Structural op, Value x) {
        return Structures.apply(op, batch.whole(x));
    }

    private static Value[] raised(BatchInterpreter batch, Value[] o) {
        return Arrays.stream(o).map(batch::raised).toArray(Value[]::new);
    }

    private static Layout sizes(BatchInterpreter batch, Layout own) {
        return Layout.contiguous(BatchInterpreter.with(batch.size(), own.sizes()));
    }

    /** The windows of all examples: {@code layout} in memory of {@code sizes}, one behind the other. */
    private static Layout window(BatchInterpreter batch, Layout layout, Layout sizes) {
        long[] strides = new long[layout.rank() + 1];
        strides[0] = sizes.count();
        System.arraycopy(layout.strides(), 0, strides, 1, layout.rank());
        return Layout.of(BatchInterpreter.with(batch.size(), layout.sizes()), strides);
    }

    // One matrix for all examples: their rows are one long matrix, which is packed once.
    private static Value matmul(BatchInterpreter batch, Value a, Value b) {
        int rank = Math.max(a.layout().rank(), b.layout().rank());
        if (batch.owns(a) && !batch.owns(b) && b.layout().rank() == 2) {
            Value whole = batch.whole(a);
            int[] sizes = whole.layout().sizes();
            int inner = sizes[sizes.length - 1];
            if (inner == 0) {
                return Structures.apply(new Matmul(), whole, b);
            }
            sizes[sizes.length - 1] = b.layout().size(1);
            Value rows = Shaped.reshape(whole, (int) (whole.count() / inner), inner);
            return Shaped.reshape(Structures.apply(new Matmul(), rows, b), Layout.contiguous(sizes));
        }
        return Structures.apply(new Matmul(), batch.owns(a) ? batch.ranked(a, rank) : a,
                batch.owns(b) ? batch.ranked(b, rank) : b);
    }

    // The samples of all examples, one below the other.
    private static Value crossEntropy(BatchInterpreter batch, Value[] o) {
        int samples = o[0].layout().size(1);
        int classes = o[0].layout().size(2);
        int rows = Math.multiplyExact(batch.size(), samples);
        Value losses = Structures.apply(new CrossEntropy(), Shaped.reshape(o[0], rows, classes), Shaped.reshape(o[1], rows),
                Shaped.reshape(o[2], rows, classes));
        return Shaped.reshape(losses, batch.size(), samples);
    }

    private static Value indexSelect(BatchInterpreter batch, int dim, Value x, Value index) {
        if (!batch.owns(index)) {
            return Structures.apply(new IndexSelect(dim + 1), batch.whole(x), index);
        }
        Value indices = batch.whole(index);
        int[] sizes = x.layout().sizes();
        sizes[dim] = index.layout().size(0);
        if (batch.owns(x)) {
            return Structures.apply(new Gather(dim + 1), batch.whole(x), along(batch, indices, dim, sizes));
        }
        // All slices of the one table at once, then the batch to the front.
        Value places = Shaped.reshape(indices, Layout.contiguous((int) indices.count()));
        Value all = Structures.apply(new IndexSelect(dim), x, places);
        int[] split = new int[sizes.length + 1];
        int[] order = new int[split.length];
        for (int d = 0; d < split.length; d++) {
            split[d] = d == dim ? batch.size() : sizes[d > dim ? d - 1 : d];
            order[d] = d == 0 ? dim : d <= dim ? d - 1 : d;
        }
        return Structures.apply(new Permute(order), Shaped.reshape(all, Layout.contiguous(split)));
    }

    private static Value indexAdd(BatchInterpreter batch, IndexAdd op, Value source, Value index) {
        if (!batch.owns(index)) {
            return Structures.apply(new IndexAdd(op.dim() + 1, op.size()), batch.whole(source), index);
        }
        Value indices = along(batch, batch.whole(index), op.dim(), source.layout().sizes());
        return Structures.apply(new ScatterAdd(op.dim() + 1, op.size()), batch.raised(source), indices);
    }

    /**
     * The vectors {@code indices}, one for each example, along {@code dim} of {@code sizes}, repeated along the others.
     */
    private static Value along(BatchInterpreter batch, Value indices, int dim, int[] sizes) {
        int[] narrow = new int[sizes.length + 1];
        Arrays.fill(narrow, 1);
        narrow[0] = batch.size();
        narrow[dim + 1] = sizes[dim];
        return Structures.apply(new Expand(Layout.contiguous(BatchInterpreter.with(batch.size(), sizes))),
                Shaped.reshape(indices, Layout.contiguous(narrow)));
    }
}

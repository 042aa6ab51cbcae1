package dev.lanegrad.internal.graph;

import dev.lanegrad.internal.kernel.FoldOp;
import dev.lanegrad.internal.kernel.Folds;
import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.op.Structural;
import dev.lanegrad.internal.op.Structural.Reduce;
import dev.lanegrad.internal.shape.Broadcasting;
import dev.lanegrad.internal.shape.Dims;
import dev.lanegrad.internal.shape.Layout;
import java.lang.ref.Reference;
import java.util.Arrays;

/** The structural ops as a user means them: arguments are checked here, before anything is computed. */
public final class Shaped {
    private Shaped() {
    }

    /** A fold over the dimensions whose bit is set. */
    static Value reduce(FoldOp fold, Value x, int dims, boolean keepDim) {
        return Structures.apply(new Reduce(fold, dims, keepDim), x);
    }

    /** A fold over {@code dims}, or over all if none is named. */
    public static Value reduce(FoldOp fold, Value x, int[] dims, boolean keepDim) {
        String label = label(fold);
        x.check(label);
        int set = Dims.set(label, dims, x.layout.rank());
        if ((fold == FoldOp.AMAX || fold == FoldOp.AMIN) && Dims.folded(x.layout, set) == 0) {
            throw new IllegalArgumentException(label + "(): Expected reduction dim to be specified for input.numel() == 0, "
                    + "and to have non-zero size (shape " + x.layout + ", dims " + Arrays.toString(dims)
                    + "); an empty set has no extreme.");
        }
        return reduce(fold, x, set, keepDim);
    }

    /** The same elements of memory in other sizes. */
    public static Value view(Value x, int... sizes) {
        x.check("view");
        Layout target = Dims.inferred(sizes, x.count());
        if (x.layout.viewedAs(target.sizes()) == null) {
            throw new IllegalArgumentException("view: view size is not compatible with input tensor's size and stride (at least one "
                    + "dimension spans across two contiguous subspaces; shape " + x.layout + " to " + target
                    + "). Use .reshape(...) instead.");
        }
        return Structures.apply(new Structural.Reshape(target), x);
    }

    /** The elements whose indices along {@code first} and {@code second} are equal, along a new last dimension. */
    public static Value diagonal(Value x, int first, int second) {
        x.check("diagonal");
        int a = Dims.one("diagonal", first, x.layout.rank());
        int b = Dims.one("diagonal", second, x.layout.rank());
        if (a == b || x.layout.rank() < 2) {
            throw new IllegalArgumentException("diagonal: diagonal dimensions cannot be identical " + first + ", " + second
                    + " (shape " + x.layout + "); name two different ones.");
        }
        return Structures.apply(new Structural.Diagonal(a, b), x);
    }

    /** Slices of {@code size} (the last may be smaller) one after the other along {@code dim}; of no dimension {@code dim} if {@code unbound}. */
    public static Value[] split(Value x, int size, int dim, boolean unbound) {
        String label = unbound ? "unbind" : "split";
        x.check(label);
        int d = Dims.one(label, dim, x.layout.rank());
        if (x.layout.rank() == 0) {
            throw new IllegalArgumentException(label + ": Dimension specified as " + dim + " but tensor has no dimensions");
        }
        if (size < 1) {
            throw new IllegalArgumentException(label + ": split expects split_size be positive, but got split_size=" + size + ".");
        }
        int whole = x.layout.size(d);
        Value[] parts = new Value[whole == 0 ? unbound ? 0 : 1 : (whole + size - 1) / size];
        for (int i = 0; i < parts.length; i++) {
            parts[i] = unbound ? select(x, d, i) : slice(x, d, i * size, Math.min(whole, (i + 1) * size), 1);
            if (parts[i].view != null) {
                parts[i].view.flags |= View.ONE_OF_MANY;
            }
        }
        return parts;
    }

    /**
     * The elements at the places that {@code indices} name along the first dimensions: int64 tensors that broadcast to common
     * sizes, negative numbers counting from the end, or truth values for one or more dimensions.
     */
    public static Value index(Value x, Value[] indices) {
        return Places.of("index", x, indices).read(x);
    }

    /** Writes {@code source} to the places that {@code indices} name; of several for one place, the last. */
    public static void indexPut(Value x, Value[] indices, Value source) {
        Places.of("indexPut_", x, indices).write(x, source);
    }

    /** The same elements in memory of their own. */
    public static Value clone(Value x) {
        x.check("clone");
        return Structures.apply(new Structural.Clone(), x);
    }

    private static String label(FoldOp fold) {
        return switch (fold) {
            case SUM -> "sum";
            case PROD -> "prod";
            case AMAX -> "amax";
            case AMIN -> "amin";
        };
    }

    /** The int64 index of the first extreme along {@code dim}, or among all elements if {@code dim} is null. */
    public static Value arg(boolean max, Value x, Integer dim, boolean keepDim) {
        String label = max ? "argmax" : "argmin";
        x.check(label);
        int d = dim == null ? -1 : Dims.one(label, dim, x.layout.rank());
        if (dim == null ? x.count() == 0 : x.layout.rank() > 0 && x.layout.size(d) == 0) {
            throw new IllegalArgumentException(label + "(): Expected reduction dim " + (dim == null ? "to be specified" : dim)
                    + " to have non-zero size (shape " + x.layout + ").");
        }
        Context context = Context.current();
        if (context.interprets()) {
            Value other = context.interpreter().arg(max, x, d, keepDim);
            if (other != null) {
                return other;
            }
        }
        Value real = x.cell.isReal() ? x : cast(x.detach(), Cell.FLOAT64);
        boolean all = dim == null || x.layout.rank() == 0;
        Layout sizes = Dims.without(x.layout, all ? Dims.all(x.layout.rank()) : 1 << d, keepDim && !all);
        Value result = context.allocate(Cell.INT64, sizes);
        Folds.arg(max, real.cell.lane(), real.address, real.layout, all ? -1 : d, result.address);
        Reference.reachabilityFence(real);
        return result;
    }

    /** The same elements in other sizes, one of which may be -1. */
    public static Value reshape(Value x, int... sizes) {
        x.check("reshape");
        return Structures.apply(new Structural.Reshape(Dims.inferred(sizes, x.count())), x);
    }

    static Value reshape(Value x, Layout sizes) {
        return x.layout.sameSizes(sizes) ? x : Structures.apply(new Structural.Reshape(
                Layout.contiguous(sizes.sizes())), x);
    }

    /** Dimension {@code d} of the result is dimension {@code order[d]} of {@code x}. */
    public static Value permute(Value x, int... order) {
        x.check("permute");
        int rank = x.layout.rank();
        if (order.length != rank) {
            throw new IllegalArgumentException("permute: number of dimensions in the tensor input does not match the length "
                    + "of the desired ordering of dimensions (" + rank + " and " + order.length + "); name each dimension once.");
        }
        int[] checked = new int[rank];
        int seen = 0;
        for (int d = 0; d < rank; d++) {
            checked[d] = Dims.one("permute", order[d], rank);
            seen |= 1 << checked[d];
        }
        if (seen != Dims.all(rank)) {
            throw new IllegalArgumentException("permute: duplicate dims are not allowed: " + Arrays.toString(order));
        }
        return Structures.apply(new Structural.Permute(checked), x);
    }

    /** Dimensions {@code a} and {@code b} exchanged. */
    public static Value transpose(Value x, int a, int b) {
        x.check("transpose");
        int rank = x.layout.rank();
        int from = Dims.one("transpose", a, rank);
        int to = Dims.one("transpose", b, rank);
        int[] order = new int[rank];
        Arrays.setAll(order, d -> d == from ? to : d == to ? from : d);
        return Structures.apply(new Structural.Permute(order), x);
    }

    /** Repeated without a copy to {@code sizes}, where -1 keeps a size. */
    public static Value expand(Value x, int... sizes) {
        x.check("expand");
        int added = sizes.length - x.layout.rank();
        int[] full = sizes.clone();
        for (int d = 0; d < full.length; d++) {
            if (full[d] == -1 && d >= added) {
                full[d] = x.layout.size(d - added);
            }
        }
        Layout target = Layout.contiguous(full);
        if (added < 0 || !Broadcasting.reaches(x.layout, target)) {
            throw new IllegalArgumentException("expand: The expanded size of the tensor must match the existing size at "
                    + "non-singleton dimensions (shape " + x.layout + " to " + Arrays.toString(sizes)
                    + "); only sizes of 1 can be repeated.");
        }
        return Structures.apply(new Structural.Expand(target), x);
    }

    /** Elements {@code start} (inclusive) to {@code end} (exclusive) along {@code dim}, every {@code step}-th. */
    public static Value slice(Value x, int dim, int start, int end, int step) {
        x.check("slice");
        int d = Dims.one("slice", dim, x.layout.rank());
        if (x.layout.rank() == 0) {
            throw new IllegalArgumentException("slice: slice() cannot be applied to a 0-dim tensor; reshape it to [1] first.");
        }
        if (step <= 0) {
            throw new IllegalArgumentException("slice: slice step must be positive, but got " + step + ".");
        }
        int size = x.layout.size(d);
        int from = Math.clamp(start < 0 ? start + (long) size : start, 0, size);
        int to = Math.clamp(end < 0 ? end + (long) size : end, from, size);
        return Structures.apply(new Structural.Slice(d, from, step, (int) ((to - (long) from + step - 1) / step)), x);
    }

    /** The elements at {@code index} along {@code dim}, which vanishes. */
    public static Value select(Value x, int dim, int index) {
        x.check("select");
        int d = Dims.one("select", dim, x.layout.rank());
        if (x.layout.rank() == 0) {
            throw new IndexOutOfBoundsException("select() cannot be applied to a 0-dim tensor.");
        }
        int size = x.layout.size(d);
        if (index < -size || index >= size) {
            throw new IndexOutOfBoundsException("select: index " + index + " is out of bounds for dimension " + d
                    + " with size " + size);
        }
        int from = index < 0 ? index + size : index;
        Value one = Structures.apply(new Structural.Slice(d, from, 1, 1), x);
        return squeezed(one, 1 << d);
    }

    /** Without the dimensions of {@code dims} that have size 1; without all such if none is named. */
    public static Value squeeze(Value x, int... dims) {
        x.check("squeeze");
        int set = Dims.set("squeeze", dims, x.layout.rank());
        for (int d = 0; d < x.layout.rank(); d++) {
            set &= x.layout.size(d) == 1 ? -1 : ~(1 << d);
        }
        return squeezed(x, set);
    }

    // A permutation moves the dimensions of size 1 to the end, where an expansion's inverse would need them; a view of
    // the remaining strides is all that is needed, and its rule is the reshape's.
    private static Value squeezed(Value x, int dims) {
        return reshape(x, Dims.without(x.layout, dims, false));
    }

    /** With a new dimension of size 1 at {@code dim}. */
    public static Value unsqueeze(Value x, int dim) {
        x.check("unsqueeze");
        int rank = x.layout.rank();
        int d = Dims.one("unsqueeze", dim, rank + 1);
        int[] sizes = new int[rank + 1];
        for (int i = 0; i <= rank; i++) {
            sizes[i] = i == d ? 1 : x.layout.size(i < d ? i : i - 1);
        }
        return reshape(x, Layout.contiguous(sizes));
    }

    /** The parts one after the other along {@code dim}. */
    public static Value cat(Value[] parts, int dim) {
        if (parts.length == 0) {
            throw new IllegalArgumentException("cat: expected a non-empty list of Tensors");
        }
        Value first = parts[0].check("cat");
        int d = Dims.one("cat", dim, first.layout.rank());
        if (first.layout.rank() == 0) {
            throw new IllegalArgumentException("cat: zero-dimensional tensor (at position 0) cannot be concatenated; use stack.");
        }
        for (int i = 1; i < parts.length; i++) {
            Value part = parts[i].check("cat");
            boolean fits = part.layout.rank() == first.layout.rank();
            for (int e = 0; fits && e < part.layout.rank(); e++) {
                if (e != d && part.layout.size(e) != first.layout.size(e)) {
                    throw new IllegalArgumentException("cat: Sizes of tensors must match except in dimension " + d
                            + ". Expected size " + first.layout.size(e) + " but got size " + part.layout.size(e)
                            + " for tensor number " + i + " in the list.");
                }
            }
            if (!fits || part.cell != first.cell) {
                throw new IllegalArgumentException("cat: all tensors must have the same number of dimensions and the same "
                        + "dtype, but tensor number " + i + " is " + part.layout + " of " + part.cell + " and the first "
                        + first.layout + " of " + first.cell + "; reshape or convert it.");
            }
        }
        return Structures.apply(new Structural.Cat(d), parts);
    }

    /** The parts side by side along a new dimension {@code dim}. */
    public static Value stack(Value[] parts, int dim) {
        if (parts.length == 0) {
            throw new IllegalArgumentException("stack: stack expects a non-empty TensorList");
        }
        Value[] raised = new Value[parts.length];
        for (int i = 0; i < parts.length; i++) {
            if (!parts[i].layout.sameSizes(parts[0].layout)) {
                throw new IllegalArgumentException("stack expects each tensor to be equal size, but got " + parts[0].layout
                        + " at entry 0 and " + parts[i].layout + " at entry " + i);
            }
            raised[i] = unsqueeze(parts[i], dim);
        }
        return cat(raised, Dims.one("stack", dim, parts[0].layout.rank() + 1));
    }

    /** The matrix product, with PyTorch's rules for vectors and batches. */
    public static Value matmul(Value x, Value y) {
        x.check("matmul");
        y.check("matmul");
        int rankX = x.layout.rank();
        int rankY = y.layout.rank();
        if (rankX == 0 || rankY == 0) {
            throw new IllegalArgumentException("matmul: both arguments to matmul need to be at least 1D, but they are " + rankX
                    + "D and " + rankY + "D; multiply by a number with mul.");
        }
        if (x.cell != y.cell || !x.cell.isReal()) {
            throw new IllegalArgumentException("matmul: expected m1 and m2 to have the same floating-point dtype, but got: "
                    + x.cell + " and " + y.cell + "; convert one with to(...).");
        }
        Value a = rankX == 1 ? unsqueeze(x, 0) : x;
        Value b = rankY == 1 ? unsqueeze(y, 1) : y;
        int inner = a.layout.size(a.layout.rank() - 1);
        if (inner != b.layout.size(b.layout.rank() - 2)) {
            throw new IllegalArgumentException("matmul: mat1 and mat2 shapes cannot be multiplied (" + matrix(a) + " and "
                    + matrix(b) + "; shapes " + x.layout + " and " + y.layout + "); the inner sizes must be equal.");
        }
        Value product = Structures.apply(new Structural.Matmul(), a, b);
        int rank = product.layout.rank();
        int vanish = (rankX == 1 ? 1 << rank - 2 : 0) | (rankY == 1 ? 1 << rank - 1 : 0);
        return vanish == 0 ? product : squeezed(product, vanish);
    }

    private static String matrix(Value x) {
        return x.layout.size(x.layout.rank() - 2) + "x" + x.layout.size(x.layout.rank() - 1);
    }

    /** The elements of {@code x} that {@code index} names along {@code dim}. */
    public static Value gather(Value x, int dim, Value index) {
        x.check("gather");
        requireIndex("gather", index);
        int rank = x.layout.rank();
        int d = Dims.one("gather", dim, rank);
        if (index.layout.rank() != rank) {
            throw new IllegalArgumentException("gather: Index tensor must have the same number of dimensions as input tensor ("
                    + index.layout + " and " + x.layout + ")");
        }
        if (rank == 0) {
            return reshape(gather(unsqueeze(x, 0), 0, unsqueeze(index, 0)), Layout.SCALAR);
        }
        for (int e = 0; e < rank; e++) {
            if (e != d && index.layout.size(e) > x.layout.size(e)) {
                throw new IllegalArgumentException("gather: Size does not match at dimension " + e + " expected index "
                        + index.layout + " to be no larger than self " + x.layout + " apart from dimension " + d);
            }
        }
        return Structures.apply(new Structural.Gather(d), x, index);
    }

    /** The slices of {@code x} along {@code dim} that the vector {@code index} names. */
    public static Value indexSelect(Value x, int dim, Value index) {
        x.check("indexSelect");
        requireIndex("indexSelect", index);
        int d = Dims.one("indexSelect", dim, x.layout.rank());
        if (index.layout.rank() != 1 || x.layout.rank() == 0) {
            throw new IllegalArgumentException("indexSelect: Index is supposed to be a vector, and the input to have "
                    + "dimensions, but they are " + index.layout + " and " + x.layout + "; reshape them.");
        }
        return Structures.apply(new Structural.IndexSelect(d), x, index);
    }

    private static void requireIndex(String label, Value index) {
        index.check(label);
        if (index.cell != Cell.INT64) {
            throw new IllegalArgumentException(label + "(): Expected dtype int64 for index, but got " + index.cell
                    + "; make it with Tensor.of(long...) or to(DType.INT64).");
        }
    }

    /** Exponentials along {@code dim}, divided by their sum; their logarithm if {@code log}. */
    public static Value softmax(Value x, int dim, boolean log) {
        String label = log ? "logSoftmax" : "softmax";
        requireReal(label, x);
        int d = Dims.one(label, dim, x.layout.rank());
        if (x.layout.rank() == 0) {
            return reshape(softmax(unsqueeze(x, 0), 0, log), Layout.SCALAR);
        }
        return Structures.apply(log ? new Structural.LogSoftmax(d) : new Structural.Softmax(d), x);
    }

    /** For each row of {@code scores} minus the logarithm of its softmax at the class that {@code classes} names. */
    public static Value crossEntropy(Value scores, Value classes) {
        requireReal("crossEntropy", scores);
        requireIndex("crossEntropy", classes);
        return Structures.crossEntropy(scores, classes);
    }

    /** The logarithm of the sum of exponentials over {@code dims}, or over all if none is named. */
    public static Value logSumExp(Value x, int[] dims, boolean keepDim) {
        requireReal("logSumExp", x);
        return Structures.apply(new Structural.LogSumExp(Dims.set("logSumExp", dims, x.layout.rank()), keepDim), x);
    }

    /** The mean squared distance from the mean over {@code dims}, or over all if none is named. */
    public static Value variance(Value x, double correction, boolean keepDim, int[] dims) {
        requireReal("var", x);
        return Structures.apply(new Structural.Var(Dims.set("var", dims, x.layout.rank()), correction, keepDim), x);
    }

    /** The root of the sum of squares over {@code dims}, or over all if none is named. */
    public static Value norm(Value x, boolean keepDim, int[] dims) {
        requireReal("norm", x);
        return Structures.apply(new Structural.Norm(Dims.set("norm", dims, x.layout.rank()), keepDim), x);
    }

    /** The same numbers in another type; the value itself if it has that type. */
    public static Value cast(Value x, Cell cell) {
        x.check("to");
        return x.cell == cell ? x : Structures.apply(new Structural.Cast(cell), x);
    }

    /** Fails unless {@code x} holds floating-point numbers. */
    public static void requireReal(String label, Value x) {
        x.check(label);
        if (!x.cell.isReal()) {
            throw new IllegalArgumentException(label + "(): could not infer output dtype. Input dtype must be a floating point "
                    + "dtype. Got: " + x.cell + "; convert it with to(DType.FLOAT32).");
        }
    }

    /** Sums {@code x} over what was repeated on the way from {@code sizes} to its own. */
    static Value sumTo(Value x, Layout sizes) {
        if (x.layout.sameSizes(sizes)) {
            return x;
        }
        int dims = Broadcasting.repeated(sizes, x.layout);
        return reshape(dims == 0 ? x : reduce(FoldOp.SUM, x, dims, true), sizes);
    }
}

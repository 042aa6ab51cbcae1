package dev.lanegrad;

import dev.lanegrad.internal.graph.Backward;
import dev.lanegrad.internal.graph.Hooks;
import dev.lanegrad.internal.graph.TensorAccess;
import dev.lanegrad.internal.graph.Value;
import dev.lanegrad.internal.graph.Values;
import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.shape.Dims;
import dev.lanegrad.internal.shape.Layout;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * Numbers in off-heap memory, with sizes along dimensions, that can carry gradients. Its methods are in the interfaces it
 * implements, by kind.
 *
 * <p>Inside an open {@link Tape} a new tensor lives in the tape; otherwise as long as it is reachable. Using one whose tape
 * has been closed or reset, or from a thread other than its tape's, is an {@code IllegalStateException}.
 */
public final class Tensor implements Pointwise<Tensor>, Comparisons<Tensor>, InPlace, Reductions, Movement,
        Indexing, LinearAlgebra, Losses {
    static {
        TensorAccess.set(Tensor::value);
    }

    final Value value;

    Tensor(Value value) {
        this.value = value;
    }

    // The interfaces are sealed: what implements them is a tensor.
    static Value value(Object self) {
        return ((Tensor) self).value;
    }

    static long folded(String label, Value value, int[] dims) {
        return Dims.folded(value.layout(), Dims.set(label, dims, value.layout().rank()));
    }

    /** The float32 vector of {@code values}; without dimensions if made by {@link #scalar}. */
    public static Tensor of(float... values) {
        return of(values, values.length);
    }

    /** The float64 vector of {@code values}. */
    public static Tensor of(double... values) {
        return of(values, values.length);
    }

    /** The int64 vector of {@code values}. */
    public static Tensor of(long... values) {
        return of(values, values.length);
    }

    /** The float32 tensor of {@code values}, row-major, with the given sizes. */
    public static Tensor of(float[] values, int... shape) {
        return copied(MemorySegment.ofArray(values), values.length, Cell.FLOAT32, shape);
    }

    /** The float64 tensor of {@code values}, row-major, with the given sizes. */
    public static Tensor of(double[] values, int... shape) {
        return copied(MemorySegment.ofArray(values), values.length, Cell.FLOAT64, shape);
    }

    /** The int64 tensor of {@code values}, row-major, with the given sizes. */
    public static Tensor of(long[] values, int... shape) {
        return copied(MemorySegment.ofArray(values), values.length, Cell.INT64, shape);
    }

    /** A copy of the elements in {@code segment}, row-major, in the machine's byte order. */
    public static Tensor of(MemorySegment segment, DType dtype, int... shape) {
        if (segment.byteSize() % dtype.bytes() != 0) {
            throw new IllegalArgumentException("of: a segment of " + segment.byteSize() + " bytes does not hold whole elements "
                    + "of " + dtype + " (" + dtype.bytes() + " bytes each).");
        }
        return copied(segment, segment.byteSize() / dtype.bytes(), dtype.cell(), shape);
    }

    private static Tensor copied(MemorySegment source, long count, Cell cell, int[] shape) {
        Layout layout = Layout.contiguous(shape);
        if (layout.count() != count) {
            throw new IllegalArgumentException("of: shape '" + layout + "' is invalid for input of size " + count
                    + "; the product of the sizes must be the number of values.");
        }
        return new Tensor(Values.copyFrom(Values.allocate(cell, layout), source));
    }

    /** The float32 tensor without dimensions that holds {@code value}. */
    public static Tensor scalar(double value) {
        return full(value, DType.FLOAT32);
    }

    /** The tensor without dimensions that holds {@code value}. */
    public static Tensor scalar(double value, DType dtype) {
        return full(value, dtype);
    }

    /** float32 zeros of the given sizes. */
    public static Tensor zeros(int... shape) {
        return full(0, DType.FLOAT32, shape);
    }

    /** float32 ones of the given sizes. */
    public static Tensor ones(int... shape) {
        return full(1, DType.FLOAT32, shape);
    }

    /** A tensor of the given sizes whose elements are all {@code value}. */
    public static Tensor full(double value, DType dtype, int... shape) {
        return new Tensor(Values.fill(Values.allocate(dtype.cell(), Layout.contiguous(shape)), value));
    }

    /** Zeros of the same sizes and type. */
    public Tensor zerosLike() {
        return full(0, dtype(), shape());
    }

    /** Ones of the same sizes and type. */
    public Tensor onesLike() {
        return full(1, dtype(), shape());
    }

    /** The float32 numbers {@code start}, {@code start + step}, ... below {@code end} (above it for a negative step). */
    public static Tensor arange(double start, double end, double step) {
        return arange(start, end, step, DType.FLOAT32);
    }

    /** The numbers {@code start}, {@code start + step}, ... below {@code end}, computed in doubles. */
    public static Tensor arange(double start, double end, double step, DType dtype) {
        double count = Math.ceil((end - start) / step);
        if (!(step != 0 && count >= 0 && count <= Integer.MAX_VALUE)) {
            throw new IllegalArgumentException("arange: from " + start + " to " + end + " in steps of " + step
                    + " is no range of 0 to 2^31 - 1 numbers; step must be nonzero and lead from start to end.");
        }
        return computed(dtype, (int) count, i -> start + i * step);
    }

    /** {@code count} float32 numbers from {@code start} to {@code end}, both included, at equal distances. */
    public static Tensor linspace(double start, double end, int count) {
        if (count < 0) {
            throw new IllegalArgumentException("linspace: number of steps must be non-negative, but got " + count + ".");
        }
        double step = count > 1 ? (end - start) / (count - 1) : 0;
        // From both ends, so that both are exact.
        return computed(DType.FLOAT32, count, i -> i < count / 2 || count == 1 ? start + i * step : end - (count - 1 - i) * step);
    }

    /** Uniform float32 numbers from 0 (inclusive) to 1 (exclusive), the next ones of {@code rng}. */
    public static Tensor rand(Rng rng, int... shape) {
        return rand(rng, DType.FLOAT32, shape);
    }

    /** Uniform numbers of a real type from 0 (inclusive) to 1 (exclusive), the next ones of {@code rng}. */
    public static Tensor rand(Rng rng, DType dtype, int... shape) {
        return filled("rand", dtype, Layout.contiguous(shape),
                dtype == DType.FLOAT64 ? rng::nextDouble : rng::nextUniform);
    }

    /** Normal float32 numbers of mean 0 and deviation 1, the next ones of {@code rng}. */
    public static Tensor randn(Rng rng, int... shape) {
        return randn(rng, DType.FLOAT32, shape);
    }

    /** Normal numbers of a real type, of mean 0 and deviation 1, the next ones of {@code rng}. */
    public static Tensor randn(Rng rng, DType dtype, int... shape) {
        return filled("randn", dtype, Layout.contiguous(shape), rng::nextNormal);
    }

    private static Tensor filled(String label, DType dtype, Layout layout, java.util.function.DoubleSupplier next) {
        if (!dtype.isFloatingPoint()) {
            throw new IllegalArgumentException(label + ": random numbers are of a floating-point type, not " + dtype
                    + "; make them of FLOAT32 and convert them with to(...).");
        }
        Value value = Values.allocate(dtype.cell(), layout);
        for (long i = 0; i < layout.count(); i++) {
            Values.set(value, i, next.getAsDouble());
        }
        return new Tensor(value);
    }

    private static Tensor computed(DType dtype, int count, java.util.function.IntToDoubleFunction element) {
        Value value = Values.allocate(dtype.cell(), Layout.contiguous(count));
        for (int i = 0; i < count; i++) {
            Values.set(value, i, element.applyAsDouble(i));
        }
        return new Tensor(value);
    }

    /** The tensors one after the other along {@code dim}. */
    public static Tensor cat(int dim, Tensor... tensors) {
        return Movement.cat(dim, tensors);
    }

    /** The tensors side by side along a new dimension {@code dim}. */
    public static Tensor stack(int dim, Tensor... tensors) {
        return Movement.stack(dim, tensors);
    }

    /** The type of the elements. */
    public DType dtype() {
        return DType.of(value.cell());
    }

    /** The sizes. */
    public int[] shape() {
        return value.layout().sizes();
    }

    /** Number of dimensions. */
    public int dim() {
        return value.layout().rank();
    }

    /** The size along {@code dim}; a negative one counts from the end. */
    public int size(int dim) {
        if (dim() == 0) {
            throw new IndexOutOfBoundsException("size: Dimension specified as " + dim + " but tensor has no dimensions");
        }
        return value.layout().size(Dims.one("size", dim, dim()));
    }

    /** Number of elements. */
    public long numel() {
        return value.count();
    }

    /** The same numbers in another type, differentiable between real types; this itself if it has the type. */
    public Tensor to(DType dtype) {
        return dtype == dtype() ? this : new Tensor(dev.lanegrad.internal.graph.Shaped.cast(value, dtype.cell()));
    }

    /** The only element, as a double. Fails with {@code IllegalStateException} if there are more or none. */
    public double item() {
        value.check("item");
        if (numel() != 1) {
            throw new IllegalStateException("item: a Tensor with " + numel() + " elements cannot be converted to Scalar (shape "
                    + value.layout() + "); select one or reduce first.");
        }
        return Values.get(value, 0);
    }

    /** The element at {@code index}, one number for each dimension, as a double. */
    public double get(int... index) {
        value.check("get");
        if (index.length != dim()) {
            throw new IndexOutOfBoundsException("get: " + index.length + " indices for a tensor of shape " + value.layout()
                    + "; give one for each dimension.");
        }
        long number = 0;
        for (int d = 0; d < index.length; d++) {
            if (index[d] < 0 || index[d] >= value.layout().size(d)) {
                throw new IndexOutOfBoundsException("get: index " + index[d] + " is out of bounds for dimension " + d
                        + " with size " + value.layout().size(d));
            }
            number = number * value.layout().size(d) + index[d];
        }
        return Values.get(value, number);
    }

    /** All elements, row-major, as floats. */
    public float[] toFloatArray() {
        Value reals = dev.lanegrad.internal.graph.Shaped.cast(value.detach(), Cell.FLOAT32);
        float[] array = new float[arrayLength()];
        Values.copyTo(reals, MemorySegment.ofArray(array));
        return array;
    }

    /** All elements, row-major, as doubles. */
    public double[] toDoubleArray() {
        Value reals = dev.lanegrad.internal.graph.Shaped.cast(value.detach(), Cell.FLOAT64);
        double[] array = new double[arrayLength()];
        Values.copyTo(reals, MemorySegment.ofArray(array));
        return array;
    }

    /** All elements, row-major, as longs; reals are cut towards 0. */
    public long[] toLongArray() {
        value.check("toLongArray");
        long[] array = new long[arrayLength()];
        for (int i = 0; i < array.length; i++) {
            array[i] = value.cell() == Cell.INT64 ? Values.getLong(value, i) : (long) Values.get(value, i);
        }
        return array;
    }

    private int arrayLength() {
        value.check("toArray");
        if (numel() > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException("toArray: " + numel() + " elements do not fit into a Java array; take slices.");
        }
        return (int) numel();
    }

    /** A copy of the elements in memory of its own; gradients flow back. It lives in the innermost tape, if one is open. */
    public Tensor clone() {
        return new Tensor(dev.lanegrad.internal.graph.Shaped.clone(value));
    }

    /** This itself if its elements lie row-major without gaps, else a copy that does. */
    public Tensor contiguous() {
        return value.layout().isContiguous() ? this : clone();
    }

    /** Whether gradients flow into this tensor. */
    public boolean requiresGrad() {
        return value.requiresGrad();
    }

    /**
     * Makes this a leaf whose gradient is gathered, or no longer; returns this. Only floating-point types can be
     * ({@code IllegalArgumentException}), and computed tensors always do what they came from
     * ({@code IllegalStateException}).
     */
    public Tensor requiresGrad(boolean required) {
        value.requireGrad(required);
        return this;
    }

    /** True unless this was computed by a recorded op. */
    public boolean isLeaf() {
        return value.isLeaf();
    }

    /** True if this shares memory with the tensor it was made from: a change in place of either is one of both. */
    public boolean isView() {
        return value.isView();
    }

    /** How often the memory of this tensor has been changed in place, by it or by what it shares the memory with. */
    public int version() {
        return Hooks.version(value);
    }

    /**
     * The gradient gathered so far; null before the first, and for what is no leaf, unless it {@linkplain #retainGrad retains}
     * its gradient. It lives where its tensor does.
     */
    public Tensor grad() {
        Value grad = value.grad();
        return grad == null ? null : new Tensor(grad);
    }

    /** Replaces the gradient; null for none. It must have the sizes and the type of this. */
    public void setGrad(Tensor grad) {
        value.setGrad(grad == null ? null : grad.value);
    }

    /** Forgets the gradient: {@link #grad} is null again. Returns this. */
    public Tensor zeroGrad() {
        value.setGrad(null);
        return this;
    }

    /** Gathers the gradient of this computed tensor too; nothing changes for a leaf. Returns this. */
    public Tensor retainGrad() {
        Hooks.retain(value);
        return this;
    }

    /** True if this is no leaf and gathers its gradient. */
    public boolean retainsGrad() {
        return !value.isLeaf() && Hooks.retains(value);
    }

    /**
     * Calls {@code hook} in each backward with the whole gradient of this, before anything uses it; what it returns takes
     * the gradient's place, null leaves it. Hooks run in the order of their registration, those of computed tensors before
     * those of the leaves behind them.
     *
     * @return what removes the hook
     * @throws IllegalStateException if this does not require grad
     */
    public Hook registerHook(UnaryOperator<Tensor> hook) {
        return new Hook(Hooks.onGradient(value, gradient -> {
            Tensor replaced = hook.apply(new Tensor(gradient));
            return replaced == null ? null : replaced.value;
        }));
    }

    /**
     * Calls {@code hook} with this leaf after each backward that has added to its gradient, when all leaves have theirs.
     *
     * @return what removes the hook
     * @throws IllegalStateException if this is no leaf or does not require grad
     */
    public Hook registerPostAccumulateGradHook(Consumer<Tensor> hook) {
        return new Hook(Hooks.onAccumulated(value, () -> hook.accept(this)));
    }

    /** The same elements in the same memory, outside the graph; a change in place of either is one of both. */
    public Tensor detach() {
        return new Tensor(value.detach());
    }

    /**
     * Writes the elements into {@code out}, which has the same sizes, and returns it; outside of the graph.
     *
     * @throws IllegalStateException if ops are recorded and this or {@code out} requires grad
     */
    public Tensor into(Tensor out) {
        if (GradMode.isEnabled() && (requiresGrad() || out.requiresGrad())) {
            throw new IllegalStateException("into: functions with out=... arguments don't support automatic differentiation, but one "
                    + "of the arguments requires grad. Use set() to record the copy, or GradMode.noGrad().");
        }
        if (!value.layout().sameSizes(out.value.layout())) {
            throw new IllegalArgumentException("into: output with shape " + out.value.layout() + " doesn't match the shape "
                    + value.layout() + " of the result; make out with the sizes of the result.");
        }
        return out.set(this);
    }

    /** A copy of the values that outlives the tape: it lives as long as it is reachable, and is not part of the graph. */
    public Tensor keep() {
        return new Tensor(Values.keep(value));
    }

    /**
     * Adds the gradients of this one-element tensor to the leaves it was computed from, then releases what was saved for
     * it: a second time fails, unless nothing was saved.
     *
     * @throws IllegalStateException if this has several elements, does not require grad, or the graph has been freed; no
     *     gradient has changed then
     */
    public void backward() {
        backward(null, false, false);
    }

    /** Adds the gradients of this tensor, weighted with {@code gradient} of the same sizes. */
    public void backward(Tensor gradient) {
        backward(gradient, false, false);
    }

    /** Adds gradients; {@code retainGraph} keeps what was saved, so that it can be done again. */
    public void backward(Tensor gradient, boolean retainGraph) {
        backward(gradient, retainGraph, false);
    }

    /**
     * Adds gradients; with {@code createGraph} the gradients are recorded themselves and can be derived again (the graph is
     * then retained, and the gradients live in the tape).
     */
    public void backward(Tensor gradient, boolean retainGraph, boolean createGraph) {
        Backward.run(new Value[] {value}, gradient == null ? null : new Value[] {gradient.value}, retainGraph, createGraph);
    }

    /** Adds gradients to those of {@code inputs} only, computed tensors among them. */
    public void backward(Tensor gradient, boolean retainGraph, boolean createGraph, List<Tensor> inputs) {
        Backward.into(new Value[] {value}, gradient == null ? null : new Value[] {gradient.value}, Grad.values(inputs),
                retainGraph, createGraph);
    }

    /** The elements and what they are, as PyTorch prints them, for example {@code tensor([1., 2.], requires_grad=True)}. */
    @Override
    public String toString() {
        return TensorText.of(this);
    }
}

package dev.lanegrad;

import dev.lanegrad.internal.graph.Shaped;
import dev.lanegrad.internal.graph.Value;
import dev.lanegrad.internal.kernel.FoldOp;
import dev.lanegrad.internal.op.Unary;

/**
 * Folds over dimensions: over those named, or over all if none is. Negative dimensions count from the end; one out of
 * range is an {@code IndexOutOfBoundsException}. Without {@code keepDim} the folded dimensions vanish, with it they have
 * size 1. Sums are pairwise in a fixed order: the same bits for every layout, vector width and number of threads.
 */
public sealed interface Reductions permits Tensor {
    /** The sum over {@code dims}; 0 of nothing; int64 of integers and truth values. */
    default Tensor sum(int... dims) {
        return sum(false, dims);
    }

    /** The sum over {@code dims}. */
    default Tensor sum(boolean keepDim, int... dims) {
        return new Tensor(Shaped.reduce(FoldOp.SUM, Tensor.value(this), dims, keepDim));
    }

    /** The product over {@code dims}; 1 of nothing. The derivative is exact at zeros. */
    default Tensor prod(int... dims) {
        return prod(false, dims);
    }

    /** The product over {@code dims}. */
    default Tensor prod(boolean keepDim, int... dims) {
        return new Tensor(Shaped.reduce(FoldOp.PROD, Tensor.value(this), dims, keepDim));
    }

    /** The largest element over {@code dims}, NaN if one is; equal largest ones share the gradient. Fails on nothing. */
    default Tensor amax(int... dims) {
        return amax(false, dims);
    }

    /** The largest element over {@code dims}. */
    default Tensor amax(boolean keepDim, int... dims) {
        return new Tensor(Shaped.reduce(FoldOp.AMAX, Tensor.value(this), dims, keepDim));
    }

    /** The smallest element over {@code dims}, NaN if one is; equal smallest ones share the gradient. Fails on nothing. */
    default Tensor amin(int... dims) {
        return amin(false, dims);
    }

    /** The smallest element over {@code dims}. */
    default Tensor amin(boolean keepDim, int... dims) {
        return new Tensor(Shaped.reduce(FoldOp.AMIN, Tensor.value(this), dims, keepDim));
    }

    /** The mean over {@code dims}; NaN of nothing. */
    default Tensor mean(int... dims) {
        return mean(false, dims);
    }

    /** The mean over {@code dims}. */
    default Tensor mean(boolean keepDim, int... dims) {
        Value value = Tensor.value(this);
        Shaped.requireReal("mean", value);
        return sum(keepDim, dims).div((double) Tensor.folded("mean", value, dims));
    }

    /** The variance over {@code dims}, divided by the number of elements less one; NaN of one element. */
    default Tensor var(int... dims) {
        return var(1, false, dims);
    }

    /** The variance over {@code dims}, divided by the number of elements less {@code correction}. */
    default Tensor var(double correction, boolean keepDim, int... dims) {
        return new Tensor(Shaped.variance(Tensor.value(this), correction, keepDim, dims));
    }

    /** The standard deviation over {@code dims}: the root of {@link #var}. Its derivative where it is 0 is 0. */
    default Tensor std(int... dims) {
        return std(1, false, dims);
    }

    /** The standard deviation over {@code dims}, with the divisor of {@link #var(double, boolean, int...)}. */
    default Tensor std(double correction, boolean keepDim, int... dims) {
        return Vocabulary.apply(Unary.NORM_ROOT, var(correction, keepDim, dims));
    }

    /**
     * The lengths of the vectors along {@code dims}, of all elements if none is named: roots of sums of squares. Its
     * derivative where it is 0 is 0.
     */
    default Tensor norm(int... dims) {
        return norm(false, dims);
    }

    /** The lengths of the vectors along {@code dims}; squares may overflow. The derivative where it is 0 is 0. */
    default Tensor norm(boolean keepDim, int... dims) {
        return new Tensor(Shaped.norm(Tensor.value(this), keepDim, dims));
    }

    /** {@code log(sum(exp(x)))} over {@code dims} without overflow; negative infinity of nothing. */
    default Tensor logSumExp(int... dims) {
        return logSumExp(false, dims);
    }

    /** {@code log(sum(exp(x)))} over {@code dims}. */
    default Tensor logSumExp(boolean keepDim, int... dims) {
        return new Tensor(Shaped.logSumExp(Tensor.value(this), dims, keepDim));
    }

    /** Exponentials along {@code dim} times the reciprocal of their sum, without overflow. */
    default Tensor softmax(int dim) {
        return new Tensor(Shaped.softmax(Tensor.value(this), dim, false));
    }

    /** The logarithm of {@link #softmax}, accurate where that is near 0 or 1. */
    default Tensor logSoftmax(int dim) {
        return new Tensor(Shaped.softmax(Tensor.value(this), dim, true));
    }

    /** The int64 index of the first largest element in row-major order, or of the first NaN. No gradient. */
    default Tensor argmax() {
        return new Tensor(Shaped.arg(true, Tensor.value(this), null, false));
    }

    /** The int64 index of the first largest element along {@code dim}. */
    default Tensor argmax(int dim) {
        return argmax(dim, false);
    }

    /** The int64 index of the first largest element along {@code dim}. */
    default Tensor argmax(int dim, boolean keepDim) {
        return new Tensor(Shaped.arg(true, Tensor.value(this), dim, keepDim));
    }

    /** The int64 index of the first smallest element in row-major order, or of the first NaN. No gradient. */
    default Tensor argmin() {
        return new Tensor(Shaped.arg(false, Tensor.value(this), null, false));
    }

    /** The int64 index of the first smallest element along {@code dim}. */
    default Tensor argmin(int dim) {
        return argmin(dim, false);
    }

    /** The int64 index of the first smallest element along {@code dim}. */
    default Tensor argmin(int dim, boolean keepDim) {
        return new Tensor(Shaped.arg(false, Tensor.value(this), dim, keepDim));
    }
}

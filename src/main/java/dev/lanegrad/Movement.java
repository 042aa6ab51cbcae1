package dev.lanegrad;

import dev.lanegrad.internal.graph.Shaped;
import java.util.Arrays;
import java.util.List;

/**
 * Other arrangements of the same elements. Views share memory with the tensor they come from; {@link #reshape} copies if
 * the elements do not lie together in order. Gradients flow back to their places.
 */
public sealed interface Movement permits Tensor {
    /** The same elements, row-major, in other sizes; one size may be -1 and is computed. */
    default Tensor reshape(int... sizes) {
        return new Tensor(Shaped.reshape(Tensor.value(this), sizes));
    }

    /** The same elements of memory, row-major, in other sizes; never a copy: where that is impossible it is an error. */
    default Tensor view(int... sizes) {
        return new Tensor(Shaped.view(Tensor.value(this), sizes));
    }

    /** The {@code length} slices from {@code start} along {@code dim}. A view. */
    default Tensor narrow(int dim, int start, int length) {
        return slice(dim, start, start + length);
    }

    /** Slices of {@code size} along {@code dim}, the last one smaller if they do not fit. Views. */
    default List<Tensor> split(int size, int dim) {
        return Arrays.stream(Shaped.split(Tensor.value(this), size, dim, false)).map(Tensor::new).toList();
    }

    /** At most {@code chunks} slices of equal size along {@code dim}, the last one smaller if they do not fit. Views. */
    default List<Tensor> chunk(int chunks, int dim) {
        int whole = ((Tensor) this).size(dim);
        if (chunks < 1) {
            throw new IllegalArgumentException("chunk: chunk expects `chunks` to be greater than 0, got: " + chunks + ".");
        }
        return split(Math.max(1, (whole + chunks - 1) / chunks), dim);
    }

    /** The slices along {@code dim}, which vanishes. Views. */
    default List<Tensor> unbind(int dim) {
        return Arrays.stream(Shaped.split(Tensor.value(this), 1, dim, true)).map(Tensor::new).toList();
    }

    /** The elements whose first two indices are equal, along a new last dimension. A view. */
    default Tensor diagonal() {
        return diagonal(0, 1);
    }

    /** The elements whose indices along {@code dim0} and {@code dim1} are equal, along a new last dimension. A view. */
    default Tensor diagonal(int dim0, int dim1) {
        return new Tensor(Shaped.diagonal(Tensor.value(this), dim0, dim1));
    }

    /** All elements in one dimension. */
    default Tensor flatten() {
        return reshape(-1);
    }

    /** Dimension {@code d} of the result is dimension {@code dims[d]} of this. A view. */
    default Tensor permute(int... dims) {
        return new Tensor(Shaped.permute(Tensor.value(this), dims));
    }

    /** The dimensions {@code dim0} and {@code dim1} exchanged. A view. */
    default Tensor transpose(int dim0, int dim1) {
        return new Tensor(Shaped.transpose(Tensor.value(this), dim0, dim1));
    }

    /** The last two dimensions exchanged. A view. */
    default Tensor t() {
        return transpose(-2, -1);
    }

    /** Repeated along new dimensions in front and those of size 1; -1 keeps a size. A view: nothing is copied. */
    default Tensor expand(int... sizes) {
        return new Tensor(Shaped.expand(Tensor.value(this), sizes));
    }

    /** Without those of {@code dims} that have size 1; without all such if none is named. */
    default Tensor squeeze(int... dims) {
        return new Tensor(Shaped.squeeze(Tensor.value(this), dims));
    }

    /** With a new dimension of size 1 at {@code dim}. */
    default Tensor unsqueeze(int dim) {
        return new Tensor(Shaped.unsqueeze(Tensor.value(this), dim));
    }

    /**
     * The elements from {@code start} (inclusive) to {@code end} (exclusive) along {@code dim}. A view. Negative ends count
     * from the end; ends outside are moved inside, as in Python.
     */
    default Tensor slice(int dim, int start, int end) {
        return slice(dim, start, end, 1);
    }

    /** Every {@code step}-th element from {@code start} to {@code end} along {@code dim}. A view. */
    default Tensor slice(int dim, int start, int end, int step) {
        return new Tensor(Shaped.slice(Tensor.value(this), dim, start, end, step));
    }

    /** The elements at {@code index} along {@code dim}, which vanishes; a negative index counts from the end. */
    default Tensor select(int dim, int index) {
        return new Tensor(Shaped.select(Tensor.value(this), dim, index));
    }

    /** The tensors one after the other along {@code dim}; other sizes and types must be equal. */
    static Tensor cat(int dim, Tensor... tensors) {
        return new Tensor(Shaped.cat(Grad.values(java.util.List.of(tensors)), dim));
    }

    /** The tensors, all of the same sizes, side by side along a new dimension {@code dim}. */
    static Tensor stack(int dim, Tensor... tensors) {
        return new Tensor(Shaped.stack(Grad.values(java.util.List.of(tensors)), dim));
    }
}

package dev.lanegrad;

import dev.lanegrad.internal.graph.Shaped;

/** Elements chosen by int64 tensors. An index that is negative or too large is an {@code IndexOutOfBoundsException}. */
public sealed interface Indexing permits Tensor {
    /**
     * For each element of {@code index}, the element of this at the same place, but with the index along {@code dim}.
     * Both have the same number of dimensions. Elements chosen more than once gather all their gradients.
     */
    default Tensor gather(int dim, Tensor index) {
        return new Tensor(Shaped.gather(Tensor.value(this), dim, index.value));
    }

    /**
     * The elements at the places that {@code indices} name along the first dimensions: int64 tensors that broadcast to common
     * sizes (negative numbers count from the end), or {@link DType#BOOL} ones that choose along as many dimensions as they
     * have. Elements chosen more than once gather all their gradients.
     */
    default Tensor index(Tensor... indices) {
        return new Tensor(Shaped.index(Tensor.value(this), Grad.values(java.util.List.of(indices))));
    }

    /**
     * Puts {@code source}, broadcast, in the place of the elements that {@code indices} name as in {@link #index}; of several
     * for one place the last counts. Returns this.
     */
    default Tensor indexPut_(Tensor source, Tensor... indices) {
        Shaped.indexPut(Tensor.value(this), Grad.values(java.util.List.of(indices)), source.value);
        return (Tensor) this;
    }

    /** The slices along {@code dim} that the vector {@code index} names, in its order. */
    default Tensor indexSelect(int dim, Tensor index) {
        return new Tensor(Shaped.indexSelect(Tensor.value(this), dim, index.value));
    }
}

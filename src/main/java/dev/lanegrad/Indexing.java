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

    /** The slices along {@code dim} that the vector {@code index} names, in its order. */
    default Tensor indexSelect(int dim, Tensor index) {
        return new Tensor(Shaped.indexSelect(Tensor.value(this), dim, index.value));
    }
}

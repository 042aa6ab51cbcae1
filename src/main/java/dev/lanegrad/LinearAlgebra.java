package dev.lanegrad;

import dev.lanegrad.internal.graph.Shaped;

/** Products of matrices. */
public sealed interface LinearAlgebra permits Tensor {
    /**
     * The matrix product of the last two dimensions, broadcast over the others. A vector on the left is a row, on the right
     * a column, and its dimension vanishes from the result. Both operands have the same floating-point type. Each element
     * is one chain of fused multiply-adds in ascending order, whatever the shapes and strides.
     */
    default Tensor matmul(Tensor other) {
        return new Tensor(Shaped.matmul(Tensor.value(this), other.value));
    }
}

package dev.lanegrad;

import dev.lanegrad.internal.op.Binary;
import dev.lanegrad.internal.op.Ternary;

/** Comparisons, which give {@link DType#BOOL} and no gradient, and choices by them. Operands are broadcast. */
public sealed interface Comparisons permits Tensor {
    /** Where {@code this == y}. False where either is NaN. */
    default Tensor eq(Tensor y) {
        return Tensor.apply(Binary.EQ, this, y);
    }

    /** Where {@code this == y}. False where either is NaN. */
    default Tensor eq(double y) {
        return Tensor.apply(Binary.EQ, this, y);
    }

    /** Where {@code this != y}. True where either is NaN. */
    default Tensor ne(Tensor y) {
        return Tensor.apply(Binary.NE, this, y);
    }

    /** Where {@code this != y}. True where either is NaN. */
    default Tensor ne(double y) {
        return Tensor.apply(Binary.NE, this, y);
    }

    /** Where {@code this < y}. False where either is NaN. */
    default Tensor lt(Tensor y) {
        return Tensor.apply(Binary.LT, this, y);
    }

    /** Where {@code this < y}. False where either is NaN. */
    default Tensor lt(double y) {
        return Tensor.apply(Binary.LT, this, y);
    }

    /** Where {@code this <= y}. False where either is NaN. */
    default Tensor le(Tensor y) {
        return Tensor.apply(Binary.LE, this, y);
    }

    /** Where {@code this <= y}. False where either is NaN. */
    default Tensor le(double y) {
        return Tensor.apply(Binary.LE, this, y);
    }

    /** Where {@code this > y}. False where either is NaN. */
    default Tensor gt(Tensor y) {
        return Tensor.apply(Binary.GT, this, y);
    }

    /** Where {@code this > y}. False where either is NaN. */
    default Tensor gt(double y) {
        return Tensor.apply(Binary.GT, this, y);
    }

    /** Where {@code this >= y}. False where either is NaN. */
    default Tensor ge(Tensor y) {
        return Tensor.apply(Binary.GE, this, y);
    }

    /** Where {@code this >= y}. False where either is NaN. */
    default Tensor ge(double y) {
        return Tensor.apply(Binary.GE, this, y);
    }

    /**
     * The elements of {@code yes} where this is true (not 0), else those of {@code no}. Each receives the gradient where it
     * was chosen and 0 elsewhere; a NaN that arises in the branch not taken still spoils that branch's own derivative
     * ({@code where(x > 0, sqrt(x), 0)} at 0), as in PyTorch: choose the argument first.
     */
    default Tensor where(Tensor yes, Tensor no) {
        return Tensor.apply(Ternary.WHERE, (Tensor) this, yes, no, 0, 0);
    }

    /** The elements of {@code yes} where this is true, else the number {@code no}. */
    default Tensor where(Tensor yes, double no) {
        return Tensor.apply(Ternary.WHERE, (Tensor) this, yes, null, no, 0);
    }

    /** The number {@code yes} where this is true, else the elements of {@code no}. */
    default Tensor where(double yes, Tensor no) {
        return Tensor.apply(Ternary.WHERE, (Tensor) this, null, no, yes, 0);
    }
}

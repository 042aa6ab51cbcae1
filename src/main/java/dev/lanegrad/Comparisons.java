package dev.lanegrad;

import dev.lanegrad.internal.op.Binary;
import dev.lanegrad.internal.op.Ternary;

/** Comparisons, which give {@link DType#BOOL} and no gradient, and choices by them. Operands are broadcast. */
public sealed interface Comparisons<T extends Comparisons<T>> permits Tensor, Expr {
    /** Where {@code this == y}. False where either is NaN. */
    default T eq(T y) {
        return Vocabulary.apply(Binary.EQ, this, y);
    }

    /** Where {@code this == y}. False where either is NaN. */
    default T eq(double y) {
        return Vocabulary.apply(Binary.EQ, this, y);
    }

    /** Where {@code this != y}. True where either is NaN. */
    default T ne(T y) {
        return Vocabulary.apply(Binary.NE, this, y);
    }

    /** Where {@code this != y}. True where either is NaN. */
    default T ne(double y) {
        return Vocabulary.apply(Binary.NE, this, y);
    }

    /** Where {@code this < y}. False where either is NaN. */
    default T lt(T y) {
        return Vocabulary.apply(Binary.LT, this, y);
    }

    /** Where {@code this < y}. False where either is NaN. */
    default T lt(double y) {
        return Vocabulary.apply(Binary.LT, this, y);
    }

    /** Where {@code this <= y}. False where either is NaN. */
    default T le(T y) {
        return Vocabulary.apply(Binary.LE, this, y);
    }

    /** Where {@code this <= y}. False where either is NaN. */
    default T le(double y) {
        return Vocabulary.apply(Binary.LE, this, y);
    }

    /** Where {@code this > y}. False where either is NaN. */
    default T gt(T y) {
        return Vocabulary.apply(Binary.GT, this, y);
    }

    /** Where {@code this > y}. False where either is NaN. */
    default T gt(double y) {
        return Vocabulary.apply(Binary.GT, this, y);
    }

    /** Where {@code this >= y}. False where either is NaN. */
    default T ge(T y) {
        return Vocabulary.apply(Binary.GE, this, y);
    }

    /** Where {@code this >= y}. False where either is NaN. */
    default T ge(double y) {
        return Vocabulary.apply(Binary.GE, this, y);
    }

    /**
     * The elements of {@code yes} where this is true (not 0), else those of {@code no}. Each receives the gradient where it
     * was chosen and 0 elsewhere; a NaN that arises in the branch not taken still spoils that branch's own derivative
     * ({@code where(x > 0, sqrt(x), 0)} at 0), as in PyTorch: choose the argument first.
     */
    default T where(T yes, T no) {
        return Vocabulary.apply(Ternary.WHERE, this, yes, no, 0, 0);
    }

    /** The elements of {@code yes} where this is true, else the number {@code no}. */
    default T where(T yes, double no) {
        return Vocabulary.apply(Ternary.WHERE, this, yes, null, no, 0);
    }

    /** The number {@code yes} where this is true, else the elements of {@code no}. */
    default T where(double yes, T no) {
        return Vocabulary.apply(Ternary.WHERE, this, null, no, yes, 0);
    }
}

package dev.lanegrad.jmh.peers;

import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;

/**
 * The ops a step may be made of, in one of the libraries: every step is stated once, in this interface. An op that the
 * library does not have is an {@link UnsupportedOperationException}. {@code T} is a tensor of that library.
 */
interface Dialect<T> {
    /** A function of three tensors. */
    interface TernaryOperator<T> {
        T apply(T x, T y, T z);
    }

    /** The element-wise op of one operand that the tables call {@code label}. */
    UnaryOperator<T> unary(String label);

    /** The element-wise op of two operands that the tables call {@code label}. */
    BinaryOperator<T> binary(String label);

    /** The element-wise op of three operands that the tables call {@code label}. */
    TernaryOperator<T> ternary(String label);

    /** The element-wise op {@code label} with {@code number} as its second operand. */
    UnaryOperator<T> withNumber(String label, double number);

    /** The fold {@code label} over {@code dims}, all of them if none is named. */
    UnaryOperator<T> fold(String label, int... dims);

    /** The fold {@code label} over {@code dim}, which stays with size 1. */
    UnaryOperator<T> kept(String label, int dim);

    /** The same elements in other sizes. */
    UnaryOperator<T> reshaped(int... sizes);

    /** The dimensions in another order. */
    UnaryOperator<T> permuted(int... dims);

    /** The function {@code label} of each line along {@code dim}, of the same sizes. */
    UnaryOperator<T> along(String label, int dim);

    /** The product of matrices. */
    BinaryOperator<T> matmul();

    /** The mean cross entropy of scores and classes. */
    BinaryOperator<T> crossEntropy();

    /** The last two of {@code rank} dimensions exchanged. */
    UnaryOperator<T> transposed(int rank);

    /** Every second element of those from 0 to {@code size} along {@code dim}. */
    UnaryOperator<T> everySecond(int dim, int size);
}

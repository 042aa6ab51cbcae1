package dev.lanegrad;

import dev.lanegrad.internal.op.Binary;
import dev.lanegrad.internal.op.Ternary;
import dev.lanegrad.internal.op.Unary;

/**
 * Element-wise arithmetic. Operands are broadcast to common sizes by NumPy's rules; sizes that do not fit are an
 * {@code IllegalArgumentException}. Reals stay what they are, float32 with float64 gives float64, and a tensor without
 * dimensions or a number does not widen another real; integers become float32 where the function leaves the integers.
 * float32 results are within 2 ulp of the exact value, float64 ones too, and the same bits on every machine.
 */
public sealed interface Pointwise<T extends Pointwise<T>> permits Tensor, Expr {
    /** {@code -x} of each element. */
    default T neg() {
        return Vocabulary.apply(Unary.NEG, this);
    }

    /** The absolute value of each element; the derivative at 0 is 0. */
    default T abs() {
        return Vocabulary.apply(Unary.ABS, this);
    }

    /** -1, 0 or 1 by the sign of each element, 0 at NaN; the derivative is 0. */
    default T sign() {
        return Vocabulary.apply(Unary.SIGN, this);
    }

    /** {@code e^x} of each element. */
    default T exp() {
        return Vocabulary.apply(Unary.EXP, this);
    }

    /** {@code e^x - 1} of each element, accurate near 0. */
    default T expm1() {
        return Vocabulary.apply(Unary.EXPM1, this);
    }

    /** The natural logarithm of each element; its derivative {@code 1/x} is also given where the value is NaN. */
    default T log() {
        return Vocabulary.apply(Unary.LOG, this);
    }

    /** {@code log(1 + x)} of each element, accurate near 0. */
    default T log1p() {
        return Vocabulary.apply(Unary.LOG1P, this);
    }

    /** The square root of each element; the derivative at 0 is infinite. */
    default T sqrt() {
        return Vocabulary.apply(Unary.SQRT, this);
    }

    /** {@code 1 / sqrt(x)} of each element. */
    default T rsqrt() {
        return Vocabulary.apply(Unary.RSQRT, this);
    }

    /** {@code 1 / x} of each element. */
    default T reciprocal() {
        return Vocabulary.apply(Unary.RECIPROCAL, this);
    }

    /** {@code x * x} of each element. */
    default T square() {
        return Vocabulary.apply(Unary.SQUARE, this);
    }

    /**
     * The sine of each element, in radians. Accurate up to 2^21 for float32 and 2^50 for float64; of larger numbers, which
     * are many turns apart from their neighbours, it is 0.
     */
    default T sin() {
        return Vocabulary.apply(Unary.SIN, this);
    }

    /** The cosine of each element, in radians. Accurate as far as {@link #sin}; of larger numbers it is 1. */
    default T cos() {
        return Vocabulary.apply(Unary.COS, this);
    }

    /** The hyperbolic tangent of each element. */
    default T tanh() {
        return Vocabulary.apply(Unary.TANH, this);
    }

    /** {@code 1 / (1 + e^-x)} of each element. */
    default T sigmoid() {
        return Vocabulary.apply(Unary.SIGMOID, this);
    }

    /** {@code max(x, 0)} of each element; the derivative at 0 is 0; NaN stays NaN. */
    default T relu() {
        return Vocabulary.apply(Unary.RELU, this);
    }

    /** {@code log(1 + e^x)} of each element, and {@code x} itself above 20. */
    default T softplus() {
        return Vocabulary.apply(Unary.SOFTPLUS, this);
    }

    /** {@code x * sigmoid(x)} of each element. */
    default T silu() {
        return Vocabulary.apply(Unary.SILU, this);
    }

    /** {@code x} times the normal distribution function of {@code x}, exactly (no tanh), for each element. */
    default T gelu() {
        return Vocabulary.apply(Unary.GELU, this);
    }

    /** The normal distribution function of each element: the probability of a smaller normal number. */
    default T ndtr() {
        return Vocabulary.apply(Unary.NDTR, this);
    }

    /** The error function of each element. */
    default T erf() {
        return Vocabulary.apply(Unary.ERF, this);
    }

    /** {@code this + y}, element by element. */
    default T add(T y) {
        return Vocabulary.apply(Binary.ADD, this, y);
    }

    /** {@code this + y}, for the number {@code y}. */
    default T add(double y) {
        return Vocabulary.apply(Binary.ADD, this, y);
    }

    /** {@code this - y}, element by element. */
    default T sub(T y) {
        return Vocabulary.apply(Binary.SUB, this, y);
    }

    /** {@code this - y}, for the number {@code y}. */
    default T sub(double y) {
        return Vocabulary.apply(Binary.SUB, this, y);
    }

    /** {@code x - this}, for the number {@code x}. */
    default T rsub(double x) {
        return Vocabulary.apply(Binary.SUB, x, this);
    }

    /** {@code this * y}, element by element. */
    default T mul(T y) {
        return Vocabulary.apply(Binary.MUL, this, y);
    }

    /** {@code this * y}, for the number {@code y}. */
    default T mul(double y) {
        return Vocabulary.apply(Binary.MUL, this, y);
    }

    /** {@code this / y}, element by element. */
    default T div(T y) {
        return Vocabulary.apply(Binary.DIV, this, y);
    }

    /** {@code this / y}, for the number {@code y}. */
    default T div(double y) {
        return Vocabulary.apply(Binary.DIV, this, y);
    }

    /** {@code x / this}, for the number {@code x}. */
    default T rdiv(double x) {
        return Vocabulary.apply(Binary.DIV, x, this);
    }

    /** {@code this} to the power of {@code y}; 0 to the power of 0 is 1, element by element. */
    default T pow(T y) {
        return Vocabulary.apply(Binary.POW, this, y);
    }

    /** {@code this} to the power of the number {@code y}; 2 is the square and 0.5 the square root. */
    default T pow(double y) {
        return y == 2 ? square() : y == 0.5 ? sqrt() : Vocabulary.apply(Binary.POW, this, y);
    }

    /** {@code x} to the power of this, for the number {@code x}. */
    default T rpow(double x) {
        return Vocabulary.apply(Binary.POW, x, this);
    }

    /** The larger of both, NaN if either is; a tie gives each half of the gradient, element by element. */
    default T maximum(T y) {
        return Vocabulary.apply(Binary.MAXIMUM, this, y);
    }

    /** The larger of both, NaN if either is; a tie gives each half of the gradient, for the number {@code y}. */
    default T maximum(double y) {
        return Vocabulary.apply(Binary.MAXIMUM, this, y);
    }

    /** The smaller of both, NaN if either is; a tie gives each half of the gradient, element by element. */
    default T minimum(T y) {
        return Vocabulary.apply(Binary.MINIMUM, this, y);
    }

    /** The smaller of both, NaN if either is; a tie gives each half of the gradient, for the number {@code y}. */
    default T minimum(double y) {
        return Vocabulary.apply(Binary.MINIMUM, this, y);
    }

    /**
     * Each element moved into the interval from {@code min} to {@code max}, whose ends pass the gradient on; {@code max}
     * if the interval is empty; NaN stays NaN.
     */
    default T clamp(double min, double max) {
        return Vocabulary.apply(Ternary.CLAMP, this, null, null, min, max);
    }

    /** Each element moved into the interval between the elements of {@code min} and {@code max}. */
    default T clamp(T min, T max) {
        return Vocabulary.apply(Ternary.CLAMP, this, min, max, 0, 0);
    }

    /** Each element, but at least {@code min}. */
    default T clampMin(double min) {
        return clamp(min, Double.POSITIVE_INFINITY);
    }

    /** Each element, but at most {@code max}. */
    default T clampMax(double max) {
        return clamp(Double.NEGATIVE_INFINITY, max);
    }
}

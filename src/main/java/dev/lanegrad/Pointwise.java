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
public sealed interface Pointwise permits Tensor {
    /** {@code -x} of each element. */
    default Tensor neg() {
        return Tensor.apply(Unary.NEG, this);
    }

    /** The absolute value of each element; the derivative at 0 is 0. */
    default Tensor abs() {
        return Tensor.apply(Unary.ABS, this);
    }

    /** -1, 0 or 1 by the sign of each element, 0 at NaN; the derivative is 0. */
    default Tensor sign() {
        return Tensor.apply(Unary.SIGN, this);
    }

    /** {@code e^x} of each element. */
    default Tensor exp() {
        return Tensor.apply(Unary.EXP, this);
    }

    /** {@code e^x - 1} of each element, accurate near 0. */
    default Tensor expm1() {
        return Tensor.apply(Unary.EXPM1, this);
    }

    /** The natural logarithm of each element; its derivative {@code 1/x} is also given where the value is NaN. */
    default Tensor log() {
        return Tensor.apply(Unary.LOG, this);
    }

    /** {@code log(1 + x)} of each element, accurate near 0. */
    default Tensor log1p() {
        return Tensor.apply(Unary.LOG1P, this);
    }

    /** The square root of each element; the derivative at 0 is infinite. */
    default Tensor sqrt() {
        return Tensor.apply(Unary.SQRT, this);
    }

    /** {@code 1 / sqrt(x)} of each element. */
    default Tensor rsqrt() {
        return Tensor.apply(Unary.RSQRT, this);
    }

    /** {@code 1 / x} of each element. */
    default Tensor reciprocal() {
        return Tensor.apply(Unary.RECIPROCAL, this);
    }

    /** {@code x * x} of each element. */
    default Tensor square() {
        return Tensor.apply(Unary.SQUARE, this);
    }

    /** The sine of each element, in radians. */
    default Tensor sin() {
        return Tensor.apply(Unary.SIN, this);
    }

    /** The cosine of each element, in radians. */
    default Tensor cos() {
        return Tensor.apply(Unary.COS, this);
    }

    /** The hyperbolic tangent of each element. */
    default Tensor tanh() {
        return Tensor.apply(Unary.TANH, this);
    }

    /** {@code 1 / (1 + e^-x)} of each element. */
    default Tensor sigmoid() {
        return Tensor.apply(Unary.SIGMOID, this);
    }

    /** {@code max(x, 0)} of each element; the derivative at 0 is 0; NaN stays NaN. */
    default Tensor relu() {
        return Tensor.apply(Unary.RELU, this);
    }

    /** {@code log(1 + e^x)} of each element, and {@code x} itself above 20. */
    default Tensor softplus() {
        return Tensor.apply(Unary.SOFTPLUS, this);
    }

    /** {@code x * sigmoid(x)} of each element. */
    default Tensor silu() {
        return Tensor.apply(Unary.SILU, this);
    }

    /** {@code x} times the normal distribution function of {@code x}, exactly (no tanh), for each element. */
    default Tensor gelu() {
        return Tensor.apply(Unary.GELU, this);
    }

    /** The error function of each element. */
    default Tensor erf() {
        return Tensor.apply(Unary.ERF, this);
    }

    /** {@code this + y}, element by element. */
    default Tensor add(Tensor y) {
        return Tensor.apply(Binary.ADD, this, y);
    }

    /** {@code this + y}, for the number {@code y}. */
    default Tensor add(double y) {
        return Tensor.apply(Binary.ADD, this, y);
    }

    /** {@code this - y}, element by element. */
    default Tensor sub(Tensor y) {
        return Tensor.apply(Binary.SUB, this, y);
    }

    /** {@code this - y}, for the number {@code y}. */
    default Tensor sub(double y) {
        return Tensor.apply(Binary.SUB, this, y);
    }

    /** {@code x - this}, for the number {@code x}. */
    default Tensor rsub(double x) {
        return Tensor.apply(Binary.SUB, x, this);
    }

    /** {@code this * y}, element by element. */
    default Tensor mul(Tensor y) {
        return Tensor.apply(Binary.MUL, this, y);
    }

    /** {@code this * y}, for the number {@code y}. */
    default Tensor mul(double y) {
        return Tensor.apply(Binary.MUL, this, y);
    }

    /** {@code this / y}, element by element. */
    default Tensor div(Tensor y) {
        return Tensor.apply(Binary.DIV, this, y);
    }

    /** {@code this / y}, for the number {@code y}. */
    default Tensor div(double y) {
        return Tensor.apply(Binary.DIV, this, y);
    }

    /** {@code x / this}, for the number {@code x}. */
    default Tensor rdiv(double x) {
        return Tensor.apply(Binary.DIV, x, this);
    }

    /** {@code this} to the power of {@code y}; 0 to the power of 0 is 1, element by element. */
    default Tensor pow(Tensor y) {
        return Tensor.apply(Binary.POW, this, y);
    }

    /** {@code this} to the power of the number {@code y}; 2 is the square and 0.5 the square root. */
    default Tensor pow(double y) {
        return y == 2 ? square() : y == 0.5 ? sqrt() : Tensor.apply(Binary.POW, this, y);
    }

    /** {@code x} to the power of this, for the number {@code x}. */
    default Tensor rpow(double x) {
        return Tensor.apply(Binary.POW, x, this);
    }

    /** The larger of both, NaN if either is; a tie gives each half of the gradient, element by element. */
    default Tensor maximum(Tensor y) {
        return Tensor.apply(Binary.MAXIMUM, this, y);
    }

    /** The larger of both, NaN if either is; a tie gives each half of the gradient, for the number {@code y}. */
    default Tensor maximum(double y) {
        return Tensor.apply(Binary.MAXIMUM, this, y);
    }

    /** The smaller of both, NaN if either is; a tie gives each half of the gradient, element by element. */
    default Tensor minimum(Tensor y) {
        return Tensor.apply(Binary.MINIMUM, this, y);
    }

    /** The smaller of both, NaN if either is; a tie gives each half of the gradient, for the number {@code y}. */
    default Tensor minimum(double y) {
        return Tensor.apply(Binary.MINIMUM, this, y);
    }

    /**
     * Each element moved into the interval from {@code min} to {@code max}, whose ends pass the gradient on; {@code max}
     * if the interval is empty; NaN stays NaN.
     */
    default Tensor clamp(double min, double max) {
        return Tensor.apply(Ternary.CLAMP, (Tensor) this, null, null, min, max);
    }

    /** Each element moved into the interval between the elements of {@code min} and {@code max}. */
    default Tensor clamp(Tensor min, Tensor max) {
        return Tensor.apply(Ternary.CLAMP, (Tensor) this, min, max, 0, 0);
    }

    /** Each element, but at least {@code min}. */
    default Tensor clampMin(double min) {
        return clamp(min, Double.POSITIVE_INFINITY);
    }

    /** Each element, but at most {@code max}. */
    default Tensor clampMax(double max) {
        return clamp(Double.NEGATIVE_INFINITY, max);
    }
}

package dev.lanegrad;

import dev.lanegrad.internal.op.Binary;
import dev.lanegrad.internal.op.Ternary;
import dev.lanegrad.internal.op.Unary;

/**
 * Changes in place: the result takes the place of the elements, and all views and {@link Tensor#detach detached} tensors
 * of the same memory show it. Sizes and type stay. Inside a tape a change is recorded as any op; gradients of views and
 * of what they are views of stay right. A leaf that requires grad can be changed inside {@link GradMode#noGrad()} only,
 * and a backward that needs what was there before fails with PyTorch's sentence.
 */
public sealed interface InPlace permits Tensor {
    private Tensor change(dev.lanegrad.internal.op.Elementwise op, Tensor y, Tensor z, double first, double second) {
        dev.lanegrad.internal.graph.InPlace.apply(op, Tensor.value(this), y == null ? null : y.value, z == null ? null : z.value,
                first, second);
        return (Tensor) this;
    }

    private Tensor change(Unary op) {
        return change(op, null, null, 0, 0);
    }

    /** Adds {@code y} to each element; returns this. */
    default Tensor add_(Tensor y) {
        return change(Binary.ADD, y, null, 0, 0);
    }

    /** Adds the number {@code y} to each element; returns this. */
    default Tensor add_(double y) {
        return change(Binary.ADD, null, null, y, 0);
    }

    /** Subtracts {@code y} from each element; returns this. */
    default Tensor sub_(Tensor y) {
        return change(Binary.SUB, y, null, 0, 0);
    }

    /** Subtracts the number {@code y} from each element; returns this. */
    default Tensor sub_(double y) {
        return change(Binary.SUB, null, null, y, 0);
    }

    /** Multiplies each element by {@code y}; returns this. */
    default Tensor mul_(Tensor y) {
        return change(Binary.MUL, y, null, 0, 0);
    }

    /** Multiplies each element by the number {@code y}; returns this. */
    default Tensor mul_(double y) {
        return change(Binary.MUL, null, null, y, 0);
    }

    /** Divides each element by {@code y}; returns this. */
    default Tensor div_(Tensor y) {
        return change(Binary.DIV, y, null, 0, 0);
    }

    /** Divides each element by the number {@code y}; returns this. */
    default Tensor div_(double y) {
        return change(Binary.DIV, null, null, y, 0);
    }

    /** Raises each element to the power of {@code y}; returns this. */
    default Tensor pow_(Tensor y) {
        return change(Binary.POW, y, null, 0, 0);
    }

    /** Raises each element to the power of the number {@code y}; returns this. */
    default Tensor pow_(double y) {
        return y == 2 ? change(Unary.SQUARE) : change(Binary.POW, null, null, y, 0);
    }

    /** Changes the sign of each element; returns this. */
    default Tensor neg_() {
        return change(Unary.NEG);
    }

    /** Puts the absolute value of each element in its place; returns this. */
    default Tensor abs_() {
        return change(Unary.ABS);
    }

    /** Puts {@code e^x} in the place of each element; returns this. */
    default Tensor exp_() {
        return change(Unary.EXP);
    }

    /** Puts the natural logarithm of each element in its place; returns this. */
    default Tensor log_() {
        return change(Unary.LOG);
    }

    /** Puts the square root of each element in its place; returns this. */
    default Tensor sqrt_() {
        return change(Unary.SQRT);
    }

    /** Puts {@code 1 / x} in the place of each element; returns this. */
    default Tensor reciprocal_() {
        return change(Unary.RECIPROCAL);
    }

    /** Puts the sine of each element in its place; returns this. */
    default Tensor sin_() {
        return change(Unary.SIN);
    }

    /** Puts the cosine of each element in its place; returns this. */
    default Tensor cos_() {
        return change(Unary.COS);
    }

    /** Puts the hyperbolic tangent of each element in its place; returns this. */
    default Tensor tanh_() {
        return change(Unary.TANH);
    }

    /** Puts {@code 1 / (1 + e^-x)} in the place of each element; returns this. */
    default Tensor sigmoid_() {
        return change(Unary.SIGMOID);
    }

    /** Puts {@code max(x, 0)} in the place of each element; returns this. */
    default Tensor relu_() {
        return change(Unary.RELU);
    }

    /** Moves each element into the interval from {@code min} to {@code max}; returns this. */
    default Tensor clamp_(double min, double max) {
        return change(Ternary.CLAMP, null, null, min, max);
    }

    /** Puts 0 in the place of each element; returns this. */
    default Tensor zero_() {
        return fill_(0);
    }

    /** Puts {@code value} in the place of each element; returns this. */
    default Tensor fill_(double value) {
        Tensor self = (Tensor) this;
        return set(Tensor.full(value, self.dtype()));
    }

    /** Puts {@code value} in the place of each element where {@code mask} is true; returns this. */
    default Tensor maskedFill_(Tensor mask, double value) {
        Tensor self = (Tensor) this;
        return set(mask.where(value, self));
    }

    /** Puts the elements of {@code source}, broadcast and converted, in the place of these; returns this. */
    default Tensor set(Tensor source) {
        dev.lanegrad.internal.graph.InPlace.set(Tensor.value(this), source.value);
        return (Tensor) this;
    }

    /** As {@link #set(Tensor)}, by PyTorch's name; returns this. */
    default Tensor copy_(Tensor source) {
        return set(source);
    }

    /** Puts {@code source} in the place of the elements where {@code mask} is true; returns this. */
    default Tensor set(Tensor mask, Tensor source) {
        Tensor self = (Tensor) this;
        return set(mask.where(source, self));
    }
}

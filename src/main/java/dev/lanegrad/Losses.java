package dev.lanegrad;

import dev.lanegrad.internal.graph.Shaped;

/** What training makes small; each loss is the mean over the samples. */
public sealed interface Losses permits Tensor {
    /**
     * The cross entropy of these scores and the class of each sample: the mean of {@code -logSoftmax(scores)[class]}.
     * Its derivative is {@code (softmax(scores) - 1 at the class) / samples}; the softmax is what is kept for it, so the
     * scores may change after this.
     *
     * @param classes int64, one for each row of this [samples, classes] tensor
     * @throws IndexOutOfBoundsException if a class is not from 0 to the number of classes less one
     */
    default Tensor crossEntropy(Tensor classes) {
        Tensor scores = (Tensor) this;
        if (scores.dim() != 2 || classes.dim() != 1 || classes.size(0) != scores.size(0)) {
            throw new IllegalArgumentException("crossEntropy: expected scores of shape [samples, classes] and one class for "
                    + "each sample, but got " + scores.value.layout() + " and " + classes.value.layout() + "; reshape them.");
        }
        return new Tensor(Shaped.crossEntropy(scores.value, classes.value)).mean();
    }

    /** The mean squared difference from {@code target}; both have the same sizes. */
    default Tensor mse(Tensor target) {
        Tensor self = (Tensor) this;
        if (!self.value.layout().sameSizes(target.value.layout())) {
            throw new IllegalArgumentException("mse: the input has shape " + self.value.layout() + " and the target "
                    + target.value.layout() + "; broadcasting them is rarely meant, so reshape or expand one first.");
        }
        return self.sub(target).square().mean();
    }
}

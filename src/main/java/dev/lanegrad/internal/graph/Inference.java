package dev.lanegrad.internal.graph;

import dev.lanegrad.internal.op.Derivative;
import dev.lanegrad.internal.op.Elementwise;
import dev.lanegrad.internal.op.Op;
import dev.lanegrad.internal.op.Structural;

/** The rule that values made in inference mode are never saved for a backward pass. */
final class Inference {
    private Inference() {
    }

    /** True if {@code value}, which may be null, was made in inference mode. */
    static boolean isOf(Value value) {
        return value != null && value.view != null && value.view.has(View.INFERENCE);
    }

    /** Fails with {@code IllegalStateException} if {@code op} would save an operand that was made in inference mode. */
    static void requireUnsaved(Op op, Value... operands) {
        int saved = op instanceof Structural structural ? structural.saves() : 0;
        for (int i = 0; op instanceof Elementwise elementwise && i < elementwise.arity(); i++) {
            Derivative derivative = operands[i] != null && operands[i].requiresGrad() ? elementwise.derivative(i) : null;
            saved |= derivative == null ? 0 : derivative.saved();
        }
        for (int i = 0; i < operands.length && i < 3; i++) {
            if ((saved >> i & 1) != 0 && isOf(operands[i])) {
                throw new IllegalStateException(op.label() + ": Inference tensors cannot be saved for backward. Please do not use "
                        + "Tensors created in inference mode in computation tracked by autograd. To work around this, you can make "
                        + "a clone() to get a normal tensor and use it in autograd, or use GradMode.noGrad() instead of "
                        + "GradMode.inference().");
            }
        }
    }
}

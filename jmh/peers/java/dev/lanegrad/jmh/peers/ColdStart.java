package dev.lanegrad.jmh.peers;

import dev.lanegrad.Tape;
import java.util.Locale;
import org.bytedeco.pytorch.global.torch;

/**
 * Question: how long does it take from the start of a JVM to the first gradient, and to the end of the first hundred
 * steps of a small training? {@link Report} starts this and takes the time until a line is printed.
 *
 * <p>What would refute the answer: a time that another program of these few lines does not need.
 */
final class ColdStart {
    /** What is timed: a name, which {@link #main} gets. */
    static final String FIRST = "firstGradient";
    /** Gradients of the perceptron with 784 inputs, 256 hidden units and 10 classes for a batch of 128. */
    static final String HUNDRED = "hundredSteps";
    private static final int STEPS = 100;

    private ColdStart() {
    }

    /**
     * Does it and prints a number.
     *
     * @param args what is timed, and the side
     */
    public static void main(String[] args) {
        Side side = Side.valueOf(args[1].toUpperCase(Locale.ROOT));
        System.out.println(args[0].equals(FIRST) ? first(side) : hundred(side));
        System.exit(0);
    }

    private static double first(Side side) {
        return side.isTorch() ? torchGradient() : gradient();
    }

    private static double gradient() {
        dev.lanegrad.Tensor x = dev.lanegrad.Tensor.of(1f, 2f, 3f).requiresGrad(true);
        try (Tape tape = Tape.open()) {
            x.exp().mul(x).sum().backward();
            return x.grad().get(0);
        }
    }

    private static double torchGradient() {
        org.bytedeco.pytorch.Tensor x = torch.tensor(1f, 2f, 3f).set_requires_grad(true);
        torch.sum(torch.mul(torch.exp(x), x)).backward();
        return x.grad().get(0).item_float();
    }

    private static double hundred(Side side) {
        Case of = new Case(new StepFamily(), "mlp", "128x784x256x10", Precision.FLOAT32, Direction.BACKWARD);
        try (Step step = side.step(of)) {
            for (int i = 0; i < STEPS - 1; i++) {
                step.run();
            }
            return step.results().get(1)[0];
        }
    }
}

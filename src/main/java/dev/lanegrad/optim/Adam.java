package dev.lanegrad.optim;

import dev.lanegrad.Tensor;
import dev.lanegrad.internal.graph.TensorAccess;
import dev.lanegrad.internal.graph.Updates;
import dev.lanegrad.internal.graph.Value;
import dev.lanegrad.internal.op.Kernels;
import dev.lanegrad.internal.op.Term;
import dev.lanegrad.internal.op.Unary;
import java.util.List;
import java.util.function.DoubleSupplier;

/**
 * Adam: steps along the running mean of the gradient, divided by the root of the running mean of its square.
 *
 * <p>The formulas are those of Kingma and Ba, <i>Adam: A Method for Stochastic Optimization</i>, 2015, algorithm 1. Each
 * parameter is updated in place by one fused kernel. Not for use by several threads.
 */
public final class Adam {
    private static final double BETA1 = 0.9;
    private static final double BETA2 = 0.999;
    private static final double EPSILON = 1e-8;
    private static final Kernels UPDATE = update();

    private final Value[] parameters;
    /** For each parameter what a step writes: itself, the mean of its gradient, and that of its square. */
    private final Value[][] moved;
    private int steps;
    // They are asked at each step, also where a program replays it.
    private final Runnable advance = () -> steps++;
    private final DoubleSupplier rate;
    private final DoubleSupplier root = () -> Math.sqrt(1 - Math.pow(BETA2, steps));

    /**
     * An optimiser of {@code parameters} with the usual decays 0.9 and 0.999.
     *
     * @throws IllegalArgumentException if there are no parameters, one is no contiguous leaf that requires grad, or the rate
     *     is negative
     */
    public Adam(List<Tensor> parameters, double learningRate) {
        if (parameters.isEmpty()) {
            throw new IllegalArgumentException("Adam: optimizer got an empty parameter list");
        }
        if (!(learningRate >= 0)) {
            throw new IllegalArgumentException("Adam: Invalid learning rate: " + learningRate + "; it is 0 or more.");
        }
        this.rate = () -> learningRate / (1 - Math.pow(BETA1, steps));
        this.parameters = parameters.stream().map(TensorAccess::value).toArray(Value[]::new);
        for (Value parameter : this.parameters) {
            if (!parameter.isLeaf() || !parameter.requiresGrad() || !parameter.layout().isContiguous()) {
                throw new IllegalArgumentException("Adam: can't optimize a non-leaf Tensor: every parameter must be a "
                        + "contiguous leaf with requiresGrad(true) (this one has shape " + parameter.layout() + ").");
            }
        }
        moved = java.util.Arrays.stream(this.parameters).map(parameter -> new Value[] {parameter,
            Updates.managedZeros(parameter), Updates.managedZeros(parameter)}).toArray(Value[][]::new);
    }

    // Inputs: parameter, gradient, mean, square, then the rate and the root of the second correction.
    private static Kernels update() {
        Term.Var[] in = new Term.Var[6];
        java.util.Arrays.setAll(in, Term.Var::new);
        Term mean = in[2].mul(BETA1).add(in[1].mul(1 - BETA1));
        Term square = in[3].mul(BETA2).add(in[1].square().mul(1 - BETA2));
        Term step = in[4].mul(mean).div(square.then(Unary.SQRT).div(in[5]).add(Term.of(EPSILON)));
        return Kernels.of(List.of(in[0].sub(step), mean, square), in);
    }

    /** Moves every parameter that has a gradient one step. */
    public void step() {
        Updates.each(advance);
        for (int i = 0; i < parameters.length; i++) {
            Value gradient = Updates.gradient(parameters[i]);
            if (gradient != null) {
                Updates.run(UPDATE, moved[i], new Value[] {parameters[i], gradient, moved[i][1], moved[i][2]}, rate, root);
            }
        }
    }

    /** Forgets the gradients of all parameters. */
    public void zeroGrad() {
        for (Value parameter : parameters) {
            parameter.setGrad(null);
        }
    }
}

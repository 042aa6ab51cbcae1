package dev.lanegrad;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Compares gradients with finite differences: usable from any unit test.
 *
 * <p>The numerical Jacobian is taken by central differences {@code (f(x + eps) - f(x - eps)) / (2 eps)}, the analytical
 * one by one backward walk for each element of the results, twice. They must agree within
 * {@code atol + rtol * |numerical|}. The algorithm, the tolerances and the messages are those of PyTorch's
 * {@code gradcheck}.
 */
public final class GradCheck {
    private GradCheck() {
    }

    /**
     * What is checked, and how closely; each {@code with} method gives changed options.
     *
     * @param eps                the step of the finite differences
     * @param atol               the difference allowed to any element
     * @param rtol               the difference allowed in proportion to the numerical element
     * @param nondetTol          the difference allowed between two backward walks
     * @param checkUndefinedGrad whether outputs alone, the others without a gradient, are walked from with zeros
     * @param checkGradDtypes    whether gradients must have the type of their input
     * @param checkBatchedGrad   whether a batch of gradients is walked at once and compared with walks one by one
     * @param checkForwardAd     whether the Jacobian of forward mode is compared too
     * @param checkBackwardAd    whether the Jacobian of backward walks is compared
     * @param fastMode           whether one random combination of elements stands for all
     * @param raise              whether a failure is an {@code AssertionError}, or false as result
     */
    public record Options(double eps, double atol, double rtol, double nondetTol, boolean checkUndefinedGrad,
            boolean checkGradDtypes, boolean checkBatchedGrad, boolean checkForwardAd, boolean checkBackwardAd,
            boolean fastMode, boolean raise) {
        /** PyTorch's defaults. */
        public static final Options DEFAULT = new Options(1e-6, 1e-5, 1e-3, 0, true, false, false, false, true, false,
                true);

        /** Another step. */
        public Options withEps(double step) {
            return new Options(step, atol, rtol, nondetTol, checkUndefinedGrad, checkGradDtypes, checkBatchedGrad,
                    checkForwardAd, checkBackwardAd, fastMode, raise);
        }

        /** Other tolerances. */
        public Options withTolerance(double absolute, double relative) {
            return new Options(eps, absolute, relative, nondetTol, checkUndefinedGrad, checkGradDtypes,
                    checkBatchedGrad, checkForwardAd, checkBackwardAd, fastMode, raise);
        }

        /** Another difference between two walks. */
        public Options withNondetTol(double tolerance) {
            return new Options(eps, atol, rtol, tolerance, checkUndefinedGrad, checkGradDtypes, checkBatchedGrad,
                    checkForwardAd, checkBackwardAd, fastMode, raise);
        }

        /** With or without walks from single outputs. */
        public Options withCheckUndefinedGrad(boolean check) {
            return new Options(eps, atol, rtol, nondetTol, check, checkGradDtypes, checkBatchedGrad, checkForwardAd,
                    checkBackwardAd, fastMode, raise);
        }

        /** With or without the types of gradients. */
        public Options withCheckGradDtypes(boolean check) {
            return new Options(eps, atol, rtol, nondetTol, checkUndefinedGrad, check, checkBatchedGrad, checkForwardAd,
                    checkBackwardAd, fastMode, raise);
        }

        /** With or without batches of gradients. */
        public Options withCheckBatchedGrad(boolean check) {
            return new Options(eps, atol, rtol, nondetTol, checkUndefinedGrad, checkGradDtypes, check, checkForwardAd,
                    checkBackwardAd, fastMode, raise);
        }

        /** With or without forward mode. */
        public Options withCheckForwardAd(boolean check) {
            return new Options(eps, atol, rtol, nondetTol, checkUndefinedGrad, checkGradDtypes, checkBatchedGrad, check,
                    checkBackwardAd, fastMode, raise);
        }

        /** With or without reverse mode. */
        public Options withCheckBackwardAd(boolean check) {
            return new Options(eps, atol, rtol, nondetTol, checkUndefinedGrad, checkGradDtypes, checkBatchedGrad,
                    checkForwardAd, check, fastMode, raise);
        }

        /** One random combination of elements, or all. */
        public Options withFastMode(boolean fast) {
            return new Options(eps, atol, rtol, nondetTol, checkUndefinedGrad, checkGradDtypes, checkBatchedGrad,
                    checkForwardAd, checkBackwardAd, fast, raise);
        }

        /** An error on failure, or false as result. */
        public Options withRaise(boolean error) {
            return new Options(eps, atol, rtol, nondetTol, checkUndefinedGrad, checkGradDtypes, checkBatchedGrad,
                    checkForwardAd, checkBackwardAd, fastMode, error);
        }
    }

    /**
     * Checks the first derivative of {@code function} at {@code inputs}, of which at least one requires grad. The
     * inputs are left as they were. Those that require grad should be float64: others are too coarse for finite
     * differences, and a warning says so.
     *
     * @throws AssertionError           if a Jacobian does not agree; the message shows both
     * @throws IllegalArgumentException if no input requires grad, or one that does is expanded
     */
    public static void check(Function<List<Tensor>, Tensor> function, Tensor... inputs) {
        gradcheck(single(function), List.of(inputs), Options.DEFAULT);
    }

    /** Checks the first derivative within {@code atol + rtol * |numerical|}. */
    public static void check(Function<List<Tensor>, Tensor> function, double atol, double rtol, Tensor... inputs) {
        gradcheck(single(function), List.of(inputs), Options.DEFAULT.withTolerance(atol, rtol));
    }

    /** Checks the second derivative: the first derivative of the gradient, weighted with seeded numbers. */
    public static void checkSecond(Function<List<Tensor>, Tensor> function, Tensor... inputs) {
        gradgradcheck(single(function), List.of(inputs), Options.DEFAULT);
    }

    /** Checks the second derivative within {@code atol + rtol * |numerical|}. */
    public static void checkSecond(Function<List<Tensor>, Tensor> function, double atol, double rtol,
            Tensor... inputs) {
        gradgradcheck(single(function), List.of(inputs), Options.DEFAULT.withTolerance(atol, rtol));
    }

    private static Function<List<Tensor>, List<Tensor>> single(Function<List<Tensor>, Tensor> function) {
        return inputs -> List.of(function.apply(inputs));
    }

    /**
     * Checks the first derivatives of all results of {@code function}; true if they agree.
     *
     * @throws AssertionError           if they do not, unless {@code options} ask for false
     * @throws IllegalArgumentException if no input requires grad, or one that does is expanded
     */
    public static boolean gradcheck(Function<List<Tensor>, List<Tensor>> function, List<Tensor> inputs,
            Options options) {
        GradCheckRun run = new GradCheckRun(function, inputs, options);
        try {
            run.check();
            return true;
        } catch (AssertionError e) {
            if (options.raise()) {
                throw e;
            }
            return false;
        }
    }

    /** Checks the derivatives of the gradients of all results, weighted with seeded numbers; true if they agree. */
    public static boolean gradgradcheck(Function<List<Tensor>, List<Tensor>> function, List<Tensor> inputs,
            Options options) {
        List<Tensor> extended = new ArrayList<>(inputs);
        Rng rng = new Rng(20);
        List<Integer> differentiable = new ArrayList<>();
        try (Tape tape = Tape.open()) {
            List<Tensor> outputs = function.apply(inputs);
            for (int o = 0; o < outputs.size(); o++) {
                if (outputs.get(o).requiresGrad()) {
                    differentiable.add(o);
                    extended.add(Tensor.rand(rng, outputs.get(o).shape()).mul(2).sub(1).to(outputs.get(o).dtype())
                            .keep().requiresGrad(true));
                }
            }
        }
        List<Integer> tracked = new ArrayList<>();
        for (int i = 0; i < inputs.size(); i++) {
            if (inputs.get(i).requiresGrad()) {
                tracked.add(i);
            }
        }
        return gradcheck(all -> {
            List<Tensor> outputs = function.apply(all.subList(0, inputs.size()));
            List<Tensor> chosen = differentiable.stream().map(outputs::get).toList();
            List<Tensor> gradients = Grad.grad(chosen, tracked.stream().map(all::get).toList(),
                    all.subList(inputs.size(), all.size()), true, true, true, false);
            return gradients.stream().filter(java.util.Objects::nonNull).toList();
        }, extended, options);
    }
}

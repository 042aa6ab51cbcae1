package dev.lanegrad.jmh.peers;

import dev.lanegrad.Grad;
import dev.lanegrad.Tape;
import dev.lanegrad.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** A case op by op in a tape that is reset after each step; gradients by {@code Grad.grad}, as the other side has them. */
final class EagerStep implements Step {
    private final Function<List<Tensor>, Tensor> function;
    private final boolean backward;
    private final List<Tensor> operands;
    private final List<Tensor> parameters;
    private final List<Tensor> seeds;
    private final Tape tape;

    EagerStep(Case of) {
        LanegradOperands made = LanegradOperands.of(of);
        function = of.in(new EagerDialect());
        backward = of.direction() == Direction.BACKWARD;
        operands = made.all();
        parameters = made.parameters();
        seeds = made.seed() == null ? null : List.of(made.seed());
        // After the operands, which outlive its resets.
        tape = Tape.open();
    }

    private List<Tensor> step() {
        Tensor result = function.apply(operands);
        if (!backward) {
            return List.of(result);
        }
        List<Tensor> all = new ArrayList<>(List.of(result));
        all.addAll(gradients(result));
        return all;
    }

    private List<Tensor> gradients(Tensor result) {
        return Grad.grad(List.of(result), parameters, seeds, false, false);
    }

    @Override
    public Object run() {
        Tensor result = function.apply(operands);
        Object last = backward ? gradients(result) : result;
        tape.reset();
        return last;
    }

    @Override
    public List<double[]> results() {
        List<double[]> results = step().stream().map(LanegradOperands::elements).toList();
        tape.reset();
        return results;
    }

    @Override
    public void close() {
        tape.close();
    }
}

package dev.lanegrad.jmh.peers;

import dev.lanegrad.Tape;
import dev.lanegrad.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** A case op by op in a tape that is reset after each step; gradients by {@code backward}. */
final class EagerStep implements Step {
    private final Function<List<Tensor>, Tensor> function;
    private final boolean backward;
    private final List<Tensor> operands;
    private final Tensor[] parameters;
    private final Tensor seed;
    private final Tape tape;

    EagerStep(Case of) {
        LanegradOperands made = LanegradOperands.of(of);
        function = of.in(new EagerDialect());
        backward = of.direction() == Direction.BACKWARD;
        operands = made.all();
        parameters = made.parameters().toArray(Tensor[]::new);
        seed = made.seed();
        // After the operands, which outlive its resets.
        tape = Tape.open();
    }

    private Tensor step() {
        Tensor result = function.apply(operands);
        if (backward) {
            for (Tensor parameter : parameters) {
                parameter.zeroGrad();
            }
            if (seed == null) {
                result.backward();
            } else {
                result.backward(seed);
            }
        }
        return result;
    }

    @Override
    public Object run() {
        Tensor result = step();
        tape.reset();
        return result;
    }

    @Override
    public List<double[]> results() {
        List<double[]> results = new ArrayList<>(List.of(LanegradOperands.elements(step())));
        for (Tensor parameter : parameters) {
            results.add(LanegradOperands.elements(parameter.grad()));
        }
        tape.reset();
        return results;
    }

    @Override
    public void close() {
        tape.close();
    }
}

package dev.lanegrad.jmh.peers;

import dev.lanegrad.Grad;
import dev.lanegrad.Program;
import dev.lanegrad.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** A case as one program, whose results are written to tensors made once. */
final class ProgramStep implements Step {
    private final Program program;
    private final Tensor[] inputs;
    private final Tensor[] outputs;

    ProgramStep(Case of) {
        Function<List<Tensor>, Tensor> function = of.in(new EagerDialect());
        Case forward = new Case(of.family(), of.op(), of.shape(), of.precision(), Direction.FORWARD);
        List<Tensor> operands = LanegradOperands.of(forward).all();
        List<Operand> kinds = of.operands();
        Tensor seed = LanegradOperands.of(of).seed();
        program = Program.ofList(traced -> {
            if (of.direction() == Direction.FORWARD) {
                return List.of(function.apply(traced));
            }
            List<Tensor> all = new ArrayList<>(traced);
            List<Tensor> parameters = new ArrayList<>();
            for (int i = 0; i < all.size(); i++) {
                if (kinds.get(i).kind() == Operand.Kind.PARAMETER) {
                    all.set(i, traced.get(i).detach().requiresGrad(true));
                    parameters.add(all.get(i));
                }
            }
            Tensor result = function.apply(all);
            List<Tensor> results = new ArrayList<>(List.of(result));
            results.addAll(Grad.grad(List.of(result), parameters, seed == null ? null : List.of(seed), false, false));
            return results;
        });
        inputs = operands.toArray(Tensor[]::new);
        outputs = program.call(inputs).toArray(Tensor[]::new);
    }

    @Override
    public Object run() {
        program.run(inputs, outputs);
        return outputs;
    }

    @Override
    public List<double[]> results() {
        run();
        List<double[]> results = new ArrayList<>();
        for (Tensor output : outputs) {
            results.add(LanegradOperands.elements(output));
        }
        return results;
    }

    @Override
    public void close() {
        program.close();
    }
}

package dev.lanegrad.jmh.peers;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** A case through JavaCPP's binding, in a scope that gives the tensors of each step back. */
final class BindingStep implements Step {
    private final TorchOperands operands;
    private final Function<List<Tensor>, Tensor> function;
    private final boolean backward;
    private final TensorVector parameters;
    private final TensorVector seeds;

    BindingStep(Case of) {
        operands = TorchOperands.of(of);
        function = of.in(new BindingDialect());
        backward = of.direction() == Direction.BACKWARD;
        parameters = new TensorVector(operands.parameters().toArray(Tensor[]::new));
        seeds = operands.seed() == null ? new TensorVector() : new TensorVector(operands.seed());
    }

    @Override
    public Object run() {
        try (PointerScope scope = new PointerScope()) {
            Tensor result = function.apply(operands.all());
            return backward ? gradients(result) : result;
        }
    }

    private TensorVector gradients(Tensor result) {
        return torch.grad(new TensorVector(result), parameters, seeds, new BoolOptional(), false, false);
    }

    @Override
    public List<double[]> results() {
        try (PointerScope scope = new PointerScope()) {
            Tensor result = function.apply(operands.all());
            List<double[]> results = new ArrayList<>(List.of(TorchOperands.elements(result)));
            if (backward) {
                for (Tensor gradient : gradients(result).get()) {
                    results.add(TorchOperands.elements(gradient));
                }
            }
            return results;
        }
    }

    @Override
    public void close() {
        parameters.close();
        seeds.close();
        operands.close();
    }
}

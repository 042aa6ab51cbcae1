package dev.lanegrad.jmh.peers;

import dev.lanegrad.Tensor;
import java.util.ArrayList;
import java.util.List;

/** The operands of a case as tensors of the library, outside all tapes. */
record LanegradOperands(List<Tensor> all, List<Tensor> parameters, Tensor seed) {
    static LanegradOperands of(Case of) {
        List<Tensor> all = new ArrayList<>();
        List<Tensor> parameters = new ArrayList<>();
        for (Operand operand : of.operands()) {
            Tensor tensor = tensor(operand, operand.elements(all.size()), of.precision());
            if (operand.kind() == Operand.Kind.PARAMETER && of.direction() == Direction.BACKWARD) {
                parameters.add(tensor.requiresGrad(true));
            }
            all.add(tensor);
        }
        Tensor seed = of.direction() == Direction.FORWARD || of.result().length == 0 ? null
                : tensor(of.seed(), of.seed().elements(all.size()), of.precision());
        return new LanegradOperands(all, parameters, seed);
    }

    private static Tensor tensor(Operand operand, double[] elements, Precision precision) {
        int[] shape = operand.shape();
        return switch (operand.kind()) {
            case PARAMETER, DATA -> precision == Precision.FLOAT64 ? Tensor.of(elements, shape)
                    : Tensor.of(Operand.floats(elements), shape);
            case CONDITION -> Tensor.of(elements, shape).gt(0);
            case CLASSES -> Tensor.of(Operand.longs(elements), shape);
        };
    }

    static double[] elements(Tensor tensor) {
        return tensor.to(dev.lanegrad.DType.FLOAT64).toDoubleArray();
    }
}

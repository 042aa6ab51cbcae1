package dev.lanegrad.jmh.peers;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

/** The operands of a case as tensors of libtorch. */
record TorchOperands(List<Tensor> all, List<Tensor> parameters, Tensor seed) {
    static TorchOperands of(Case of) {
        torch.set_num_threads(Integer.getInteger("lanegrad.threads", 1));
        List<Tensor> all = new ArrayList<>();
        List<Tensor> parameters = new ArrayList<>();
        for (Operand operand : of.operands()) {
            Tensor tensor = tensor(operand, operand.elements(all.size()), of.precision());
            if (operand.kind() == Operand.Kind.PARAMETER && of.direction() == Direction.BACKWARD) {
                tensor.set_requires_grad(true);
                parameters.add(tensor);
            }
            all.add(tensor);
        }
        Tensor seed = of.direction() == Direction.FORWARD || of.result().length == 0 ? null
                : tensor(of.seed(), of.seed().elements(all.size()), of.precision());
        return new TorchOperands(all, parameters, seed);
    }

    private static Tensor tensor(Operand operand, double[] elements, Precision precision) {
        return switch (operand.kind()) {
            case PARAMETER, DATA -> precision == Precision.FLOAT64
                    ? copy(new DoublePointer(elements), operand, torch.ScalarType.Double)
                    : copy(new FloatPointer(Operand.floats(elements)), operand, torch.ScalarType.Float);
            case CONDITION -> copy(new DoublePointer(elements), operand, torch.ScalarType.Double)
                    .to(torch.ScalarType.Bool);
            case CLASSES -> copy(new LongPointer(Operand.longs(elements)), operand, torch.ScalarType.Long);
        };
    }

    // A clone: memory of libtorch's own allocator, aligned as its own results are.
    private static Tensor copy(Pointer elements, Operand operand, torch.ScalarType type) {
        try (elements) {
            return torch.from_blob(elements, operand.sizes(), new TensorOptions(type)).clone();
        }
    }

    static double[] elements(Tensor tensor) {
        try (Tensor wide = tensor.detach().to(torch.ScalarType.Double).contiguous()) {
            double[] elements = new double[Math.toIntExact(wide.numel())];
            new DoublePointer(wide.data_ptr()).get(elements);
            return elements;
        }
    }

    void close() {
        all.forEach(Tensor::close);
        if (seed != null) {
            seed.close();
        }
    }
}

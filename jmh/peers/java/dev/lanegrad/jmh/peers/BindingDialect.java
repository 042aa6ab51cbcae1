package dev.lanegrad.jmh.peers;

import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import java.util.function.BiFunction;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** libtorch through JavaCPP's binding. */
final class BindingDialect implements Dialect<Tensor> {
    private static MethodHandle method(String label, Class<?>... operands) {
        MethodHandle method = Link.statically(torch.class, TorchNames.of(label), Tensor.class, operands);
        if (method == null) {
            throw new UnsupportedOperationException("The binding has no torch." + TorchNames.of(label) + " of "
                    + Arrays.toString(operands) + ".");
        }
        return method;
    }

    @Override
    public UnaryOperator<Tensor> unary(String label) {
        return Link.unary(method(label, Tensor.class));
    }

    @Override
    public BinaryOperator<Tensor> binary(String label) {
        return Link.binary(method(label, Tensor.class, Tensor.class));
    }

    @Override
    public TernaryOperator<Tensor> ternary(String label) {
        if (label.equals("clamp")) {
            return (x, low, high) -> torch.clamp(x, new TensorOptional(low), new TensorOptional(high));
        }
        return Link.ternary(method(label, Tensor.class, Tensor.class, Tensor.class));
    }

    @Override
    public UnaryOperator<Tensor> withNumber(String label, double number) {
        BiFunction<Tensor, Scalar, Tensor> op = Link.mixed(method(label, Tensor.class, Scalar.class));
        Scalar scalar = new Scalar(number);
        return x -> op.apply(x, scalar);
    }

    @Override
    public UnaryOperator<Tensor> fold(String label, int... dims) {
        long[] over = Arrays.stream(dims).asLongStream().toArray();
        boolean all = dims.length == 0;
        return switch (label) {
            case "sum" -> all ? torch::sum : x -> torch.sum(x, over);
            case "mean" -> all ? torch::mean : x -> torch.mean(x, over);
            case "prod" -> all ? torch::prod : x -> torch.prod(x, over[0], false, new ScalarTypeOptional());
            case "amax" -> all ? torch::amax : x -> torch.amax(x, over, false);
            case "amin" -> all ? torch::amin : x -> torch.amin(x, over, false);
            case "var" -> all ? torch::var : x -> torch.var(x, over, true, false);
            case "std" -> all ? torch::std : x -> torch.std(x, over, true, false);
            case "norm" -> all ? torch::norm : x -> torch.norm(x, new ScalarOptional(new Scalar(2.0)), over);
            case "logSumExp" -> all ? everything(torch::logsumexp) : x -> torch.logsumexp(x, over);
            default -> throw new UnsupportedOperationException(label);
        };
    }

    private static UnaryOperator<Tensor> everything(BiFunction<Tensor, long[], Tensor> fold) {
        return x -> {
            long[] dims = new long[(int) x.dim()];
            Arrays.setAll(dims, d -> d);
            return fold.apply(x, dims);
        };
    }

    @Override
    public UnaryOperator<Tensor> kept(String label, int dim) {
        return switch (label) {
            case "mean" -> x -> torch.mean(x, new long[] {dim}, true, new ScalarTypeOptional());
            case "var" -> x -> torch.var(x, new long[] {dim}, true, true);
            default -> throw new UnsupportedOperationException(label);
        };
    }

    @Override
    public UnaryOperator<Tensor> reshaped(int... sizes) {
        long[] wide = Arrays.stream(sizes).asLongStream().toArray();
        return x -> x.reshape(wide);
    }

    @Override
    public UnaryOperator<Tensor> permuted(int... dims) {
        long[] wide = Arrays.stream(dims).asLongStream().toArray();
        return x -> x.permute(wide);
    }

    @Override
    public UnaryOperator<Tensor> along(String label, int dim) {
        return switch (label) {
            case "softmax" -> x -> torch.softmax(x, dim);
            case "logSoftmax" -> x -> torch.log_softmax(x, dim);
            default -> throw new UnsupportedOperationException(label);
        };
    }

    @Override
    public BinaryOperator<Tensor> matmul() {
        return torch::matmul;
    }

    @Override
    public BinaryOperator<Tensor> crossEntropy() {
        return torch::cross_entropy_loss;
    }

    @Override
    public UnaryOperator<Tensor> transposed(int rank) {
        return x -> x.transpose(rank - 2, rank - 1);
    }

    @Override
    public UnaryOperator<Tensor> everySecond(int dim, int size) {
        return x -> x.slice(dim, new LongOptional(0), new LongOptional(size), 2);
    }
}

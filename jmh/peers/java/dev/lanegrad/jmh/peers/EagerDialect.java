package dev.lanegrad.jmh.peers;

import dev.lanegrad.Comparisons;
import dev.lanegrad.Pointwise;
import dev.lanegrad.Tensor;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import java.util.function.BiFunction;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;

/** The library. */
final class EagerDialect implements Dialect<Tensor> {
    /** Whether tensors have a method of this name for so many operands. */
    static boolean has(String label, int arity) {
        return method(label, arity) != null;
    }

    // The methods are inherited from interfaces whose own parameter is erased.
    private static MethodHandle method(String label, int arity) {
        for (Class<?> type : new Class<?>[] {Pointwise.class, Comparisons.class, Tensor.class}) {
            Class<?>[] parameters = new Class<?>[arity - 1];
            Arrays.fill(parameters, type);
            MethodHandle method = Link.virtually(Tensor.class, label, type, parameters);
            if (method != null) {
                return method.asType(method.type().changeParameterType(0, Tensor.class));
            }
        }
        return null;
    }

    private static MethodHandle required(String label, int arity) {
        MethodHandle method = method(label, arity);
        if (method == null) {
            throw new UnsupportedOperationException("Tensors have no method " + label + " of " + arity + " operands.");
        }
        return method;
    }

    @Override
    public UnaryOperator<Tensor> unary(String label) {
        return Link.unary(required(label, 1));
    }

    @Override
    public BinaryOperator<Tensor> binary(String label) {
        return Link.binary(required(label, 2));
    }

    @Override
    public TernaryOperator<Tensor> ternary(String label) {
        return Link.ternary(required(label, 3));
    }

    @Override
    public UnaryOperator<Tensor> withNumber(String label, double number) {
        BiFunction<Tensor, Double, Tensor> op = Link.mixed(Link.virtually(Tensor.class, label, Pointwise.class,
                double.class));
        Double boxed = number;
        return x -> op.apply(x, boxed);
    }

    @Override
    public UnaryOperator<Tensor> fold(String label, int... dims) {
        return switch (label) {
            case "sum" -> x -> x.sum(dims);
            case "mean" -> x -> x.mean(dims);
            case "prod" -> x -> x.prod(dims);
            case "amax" -> x -> x.amax(dims);
            case "amin" -> x -> x.amin(dims);
            case "var" -> x -> x.var(dims);
            case "std" -> x -> x.std(dims);
            case "norm" -> x -> x.norm(dims);
            case "logSumExp" -> x -> x.logSumExp(dims);
            default -> throw new UnsupportedOperationException(label);
        };
    }

    @Override
    public UnaryOperator<Tensor> kept(String label, int dim) {
        return switch (label) {
            case "mean" -> x -> x.mean(true, dim);
            case "var" -> x -> x.var(1, true, dim);
            default -> throw new UnsupportedOperationException(label);
        };
    }

    @Override
    public UnaryOperator<Tensor> reshaped(int... sizes) {
        return x -> x.reshape(sizes);
    }

    @Override
    public UnaryOperator<Tensor> permuted(int... dims) {
        return x -> x.permute(dims);
    }

    @Override
    public UnaryOperator<Tensor> along(String label, int dim) {
        return switch (label) {
            case "softmax" -> x -> x.softmax(dim);
            case "logSoftmax" -> x -> x.logSoftmax(dim);
            default -> throw new UnsupportedOperationException(label);
        };
    }

    @Override
    public BinaryOperator<Tensor> matmul() {
        return Tensor::matmul;
    }

    @Override
    public BinaryOperator<Tensor> crossEntropy() {
        return Tensor::crossEntropy;
    }

    @Override
    public UnaryOperator<Tensor> transposed(int rank) {
        return x -> x.transpose(rank - 2, rank - 1);
    }

    @Override
    public UnaryOperator<Tensor> everySecond(int dim, int size) {
        return x -> x.slice(dim, 0, size, 2);
    }
}

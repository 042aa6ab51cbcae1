package dev.lanegrad.jmh.peers;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * Folds, and what is computed of lines: {@code sum} of {@code 128x256x64:1} is over the middle dimension of three;
 * without a dimension it is over all of them.
 */
record FoldFamily() implements Family {
    private static final List<String> ALONG = List.of("softmax", "logSoftmax");
    private static final List<String> FOLDS = List.of("sum", "mean", "prod", "amax", "amin", "var", "std", "norm",
            "logSumExp");
    private static final String CROSS_ENTROPY = "crossEntropy";

    @Override
    public String label() {
        return "fold";
    }

    @Override
    public List<String> ops() {
        List<String> ops = new ArrayList<>(FOLDS);
        ops.addAll(ALONG);
        ops.add(CROSS_ENTROPY);
        return ops;
    }

    @Override
    public boolean isDifferentiable(String op) {
        return true;
    }

    private static long[] sizes(Case of) {
        return Family.sizes(of.shape().replaceFirst(":.*", ""));
    }

    /** The dimension, or -1 for all. */
    private static int dim(Case of) {
        int colon = of.shape().indexOf(':');
        return colon < 0 ? -1 : Integer.parseInt(of.shape().substring(colon + 1));
    }

    @Override
    public List<Operand> operands(Case of) {
        long[] sizes = sizes(of);
        if (of.op().equals(CROSS_ENTROPY)) {
            return List.of(Operand.parameter(sizes), new Operand(Operand.Kind.CLASSES, 0, sizes[1], sizes[0]));
        }
        // Near 1, so that a product of many neither vanishes nor overflows.
        return List.of(of.op().equals("prod") ? new Operand(Operand.Kind.PARAMETER, 0.999, 1.001, sizes)
                : Operand.parameter(sizes));
    }

    @Override
    public long[] result(Case of) {
        long[] sizes = sizes(of);
        if (ALONG.contains(of.op())) {
            return sizes;
        }
        if (of.op().equals(CROSS_ENTROPY) || dim(of) < 0) {
            return new long[0];
        }
        long[] kept = new long[sizes.length - 1];
        for (int d = 0; d < kept.length; d++) {
            kept[d] = sizes[d < dim(of) ? d : d + 1];
        }
        return kept;
    }

    @Override
    public <T> Function<List<T>, T> in(Dialect<T> dialect, Case of) {
        if (of.op().equals(CROSS_ENTROPY)) {
            BinaryOperator<T> op = dialect.crossEntropy();
            return operands -> op.apply(operands.get(0), operands.get(1));
        }
        UnaryOperator<T> op = ALONG.contains(of.op()) ? dialect.along(of.op(), dim(of))
                : dim(of) < 0 ? dialect.fold(of.op()) : dialect.fold(of.op(), dim(of));
        return operands -> op.apply(operands.get(0));
    }

    /** The errors of all partial products add up, on both sides. */
    @Override
    public double slack(Case of) {
        return of.op().equals("prod") ? 10 : 1;
    }
}

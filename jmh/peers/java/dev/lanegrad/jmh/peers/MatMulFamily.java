package dev.lanegrad.jmh.peers;

import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * Products of matrices, either of which may be a transposed one. The shape is rows x inner size x columns, with the
 * number of products before it if they come in a batch: {@code 64x32x32x32}.
 */
record MatMulFamily() implements Family {
    @Override
    public String label() {
        return "matmul";
    }

    @Override
    public List<String> ops() {
        return List.of("matmul", "matmul.leftTransposed", "matmul.rightTransposed");
    }

    @Override
    public boolean isDifferentiable(String op) {
        return true;
    }

    private static long[] batched(long[] sizes, long rows, long columns) {
        return sizes.length == 3 ? new long[] {rows, columns} : new long[] {sizes[0], rows, columns};
    }

    private static long size(Case of, int fromTheEnd) {
        long[] sizes = Family.sizes(of.shape());
        return sizes[sizes.length - fromTheEnd];
    }

    @Override
    public List<Operand> operands(Case of) {
        long[] sizes = Family.sizes(of.shape());
        long rows = size(of, 3);
        long inner = size(of, 2);
        long columns = size(of, 1);
        boolean left = of.op().endsWith("leftTransposed");
        boolean right = of.op().endsWith("rightTransposed");
        return List.of(Operand.parameter(left ? batched(sizes, inner, rows) : batched(sizes, rows, inner)),
                Operand.parameter(right ? batched(sizes, columns, inner) : batched(sizes, inner, columns)));
    }

    @Override
    public long[] result(Case of) {
        return batched(Family.sizes(of.shape()), size(of, 3), size(of, 1));
    }

    @Override
    public <T> Function<List<T>, T> in(Dialect<T> dialect, Case of) {
        BinaryOperator<T> matmul = dialect.matmul();
        int rank = Family.sizes(of.shape()).length - 1;
        UnaryOperator<T> left = of.op().endsWith("leftTransposed") ? dialect.transposed(rank)
                : UnaryOperator.identity();
        UnaryOperator<T> right = of.op().endsWith("rightTransposed") ? dialect.transposed(rank)
                : UnaryOperator.identity();
        return operands -> matmul.apply(left.apply(operands.get(0)), right.apply(operands.get(1)));
    }

    @Override
    public long flops(Case of) {
        return 2 * Case.count(Family.sizes(of.shape())) * (of.direction() == Direction.BACKWARD ? 3 : 1);
    }
}

package dev.lanegrad.internal.graph;

import dev.lanegrad.internal.kernel.FoldOp;
import dev.lanegrad.internal.kernel.Folds;
import dev.lanegrad.internal.kernel.Indexing;
import dev.lanegrad.internal.kernel.RowBlocks;
import dev.lanegrad.internal.kernel.RowBlocks.Spare;
import dev.lanegrad.internal.kernel.Workspace;
import dev.lanegrad.internal.op.Binary;
import dev.lanegrad.internal.op.Kernels;
import dev.lanegrad.internal.op.Structural;
import dev.lanegrad.internal.op.Structural.LogSoftmax;
import dev.lanegrad.internal.op.Structural.LogSumExp;
import dev.lanegrad.internal.op.Structural.Norm;
import dev.lanegrad.internal.op.Structural.Softmax;
import dev.lanegrad.internal.op.Structural.Var;
import dev.lanegrad.internal.op.Unary;
import dev.lanegrad.internal.shape.Dims;
import dev.lanegrad.internal.shape.Layout;
import java.lang.ref.Reference;

/**
 * The ops of {@link Fusions} along the last dimensions of large operands: the same steps with the same bits, block by
 * block of rows, so that what a step writes is still in the cache for the next.
 */
final class RowFusions {
    /** About what an element takes, in nanoseconds. */
    private static final double NANOS = 0.5;

    private RowFusions() {
    }

    /** The result of {@code op}; null if it is none of these, or {@code x} does not consist of many rows. */
    static Value forward(Context context, Structural op, Value x) {
        Operand rows = Operand.of(op, x);
        if (rows == null) {
            return op instanceof Norm(int dims, boolean keepDim) ? normOfAll(context, x, dims, keepDim)
                    : op instanceof Var v ? varianceOfAll(context, x, v) : null;
        } else if (op instanceof Softmax) {
            return rows.run(context, x.layout, null, rows::softmax);
        } else if (op instanceof LogSoftmax) {
            return rows.run(context, x.layout, null, rows::logSoftmax);
        } else if (op instanceof LogSumExp(int dims, boolean keepDim)) {
            return rows.run(context, Dims.without(x.layout, dims, keepDim), null, rows::logSumExp);
        } else if (op instanceof Var v) {
            double divisor = v.divisor(rows.length);
            return rows.run(context, Dims.without(x.layout, v.dims(), v.keepDim()), null,
                    (first, block, column, out, spare) -> rows.variance(first, block, column, out, spare, divisor));
        } else if (op instanceof Norm(int dims, boolean keepDim)) {
            return rows.run(context, Dims.without(x.layout, dims, keepDim), null, rows::norm);
        }
        return null;
    }

    private static boolean isOfAll(Value x, int dims) {
        return dims == Dims.all(x.layout.rank()) && x.layout.isContiguous() && RowBlocks.paysAsOne(x.cell, x.count());
    }

    private static Value normOfAll(Context context, Value x, int dims, boolean keepDim) {
        if (!isOfAll(x, dims)) {
            return null;
        }
        Operand chunks = new Operand(x, RowBlocks.CHUNK, RowBlocks.CHUNK * (long) x.cell.bytes());
        Value result = context.allocate(x.cell, Dims.without(x.layout, dims, keepDim));
        RowBlocks.sum(x.cell, x.count(), NANOS, result.address, (first, block, column, out, spare) ->
                chunks.sums(Unary.SQUARE.kernels(), block, spare.block(), out, x.address + first * chunks.bytes, block));
        chunks.map(Unary.SQRT.kernels(), Layout.SCALAR, result.address, result.address, Layout.SCALAR);
        Reference.reachabilityFence(x);
        Reference.reachabilityFence(result);
        return result;
    }

    private static Value varianceOfAll(Context context, Value x, Var op) {
        if (!isOfAll(x, op.dims())) {
            return null;
        }
        Operand chunks = new Operand(x, RowBlocks.CHUNK, RowBlocks.CHUNK * (long) x.cell.bytes());
        Value mean = Structures.mean(x, op.dims());
        Value result = context.allocate(x.cell, Dims.without(x.layout, op.dims(), op.keepDim()));
        RowBlocks.sum(x.cell, x.count(), NANOS, result.address, (first, block, column, out, spare) ->
                chunks.sums(Fusions.SQUARE, block, spare.block(), out, x.address + first * chunks.bytes, block, mean.address,
                        Layout.SCALAR));
        chunks.divide(Layout.SCALAR, result.address, op.divisor(x.count()));
        Reference.reachabilityFence(x);
        Reference.reachabilityFence(mean);
        Reference.reachabilityFence(result);
        return result;
    }

    /**
     * For each row of {@code x} minus the logarithm of its softmax at its class. All are contiguous, and the classes have
     * been checked.
     *
     * @param softmax where the softmax is written; null if it is not wanted
     */
    static Value crossEntropy(Context context, Value x, Value classes, Value softmax) {
        Operand rows = new Operand(x, x.layout.size(1), x.layout.size(1) * (long) x.cell.bytes());
        Value losses = context.allocate(x.cell, Layout.contiguous(x.layout.size(0)));
        RowBlocks.run(x.cell, x.layout.size(0), rows.length, softmax == null ? 0 : rows.length, NANOS,
                softmax == null ? 0 : softmax.address, (first, block, column, out, spare) ->
                rows.crossEntropy(first, block, column, out, spare, classes, losses, softmax != null));
        Reference.reachabilityFence(x);
        Reference.reachabilityFence(classes);
        Reference.reachabilityFence(softmax);
        Reference.reachabilityFence(losses);
        return losses;
    }

    /** What {@code g} adds to the gradient of the scores, whose softmax is {@code p}; all but {@code g} are contiguous. */
    static Value crossEntropyProduct(Context context, Value g, Value classes, Value p, Target target) {
        int rows = p.layout.size(0);
        Value result = Target.in(context, target, p.cell, p.layout);
        Workspace workspace = context.workspace;
        workspace.begin(Binary.MUL.kernels().in(p.cell.lane()));
        workspace.output(result.address, p.cell);
        workspace.input(g.address, g.cell, Layout.of(new int[] {rows, 1}, new long[] {g.layout.stride(0), 1}));
        workspace.input(p.address, p.cell, p.layout);
        workspace.run(p.layout);
        Indexing.lessOne(p.cell.lane(), p.address, rows, p.layout.size(1), classes.address, g.address, g.layout.stride(0),
                result.address);
        Reference.reachabilityFence(g);
        Reference.reachabilityFence(classes);
        Reference.reachabilityFence(p);
        return result;
    }

    /** What {@code g} adds to the gradient of {@code x}, at {@code target} if there is one; null as for {@link #forward}. */
    static Value product(Context context, Structural op, Value g, Value x, Value r, Target target) {
        Operand rows = Operand.of(op, x);
        if (rows == null || !g.layout.isContiguous() || g.cell != x.cell) {
            return null;
        } else if (op instanceof Softmax) {
            return rows.run(context, x.layout, target, (first, block, column, out, spare) -> {
                long from = first * rows.bytes;
                if (!rows.byRows(Binary.MUL.kernels(), Fusions.SOFTMAX_BACK, false, first, 1, block, spare.first(),
                        spare.block(), out, g.address + from, block, r.address + from, block)) {
                    rows.map(Binary.MUL.kernels(), block, spare.block(), g.address + from, block, r.address + from, block);
                    rows.fold(FoldOp.SUM, spare.block(), block, spare.first());
                    rows.map(Fusions.SOFTMAX_BACK, block, out, g.address + from, block, r.address + from, block,
                            spare.first(), column);
                }
            }, g, r);
        } else if (op instanceof LogSoftmax) {
            return rows.run(context, x.layout, target, (first, block, column, out, spare) -> {
                long from = first * rows.bytes;
                if (!rows.byRows(Fusions.FIRST, Fusions.LOG_SOFTMAX_BACK, false, first, 1, block, spare.first(),
                        spare.block(), out, g.address + from, block, r.address + from, block)) {
                    rows.fold(FoldOp.SUM, g.address + from, block, spare.first());
                    rows.map(Fusions.LOG_SOFTMAX_BACK, block, out, g.address + from, block, r.address + from, block,
                            spare.first(), column);
                }
            }, g, r);
        }
        return null;
    }

    /** An operand as rows of {@code length} elements, {@code bytes} bytes each, and the steps over a block of them. */
    private record Operand(Value x, int length, long bytes) {
        static Operand of(Structural op, Value x) {
            int dims = op instanceof Softmax(int dim) ? 1 << dim : op instanceof LogSoftmax(int dim) ? 1 << dim
                    : op instanceof LogSumExp(int set, boolean _) ? set : op instanceof Norm(int set, boolean _) ? set
                    : op instanceof Var v ? v.dims() : 0;
            boolean last = dims != 0 && dims + Integer.lowestOneBit(dims) == 1 << x.layout.rank();
            if (!last || !x.layout.isContiguous()) {
                return null;
            }
            long length = Dims.folded(x.layout, dims);
            return RowBlocks.pays(x.cell, x.count() / length, length)
                    ? new Operand(x, (int) length, length * x.cell.bytes()) : null;
        }

        Value run(Context context, Layout sizes, Target target, RowBlocks.Steps steps, Value... others) {
            long rows = x.count() / length;
            Value result = Target.in(context, target, x.cell, sizes);
            RowBlocks.run(x.cell, rows, length, (int) (result.count() / rows), NANOS, result.address, steps);
            Reference.reachabilityFence(x);
            Reference.reachabilityFence(others);
            return result;
        }

        void softmax(long first, Layout block, Layout column, long out, Spare spare) {
            long in = x.address + first * bytes;
            fold(FoldOp.AMAX, in, block, spare.first());
            softmax(first, block, column, in, out, spare);
        }

        /** Writes the softmax of rows whose greatest elements are known, and the sums of their exponentials. */
        private void softmax(long first, Layout block, Layout column, long in, long out, Spare spare) {
            if (!byRows(Fusions.EXP, Fusions.SCALE, true, first, block.size(0), block, spare.second(), out, out, in, block,
                    spare.first(), column)) {
                map(Fusions.EXP, block, out, in, block, spare.first(), column);
                fold(FoldOp.SUM, out, block, spare.second());
                map(Unary.RECIPROCAL.kernels(), column, spare.third(), spare.second(), column);
                map(Binary.MUL.kernels(), block, out, out, block, spare.third(), column);
            }
        }

        void logSoftmax(long first, Layout block, Layout column, long out, Spare spare) {
            long in = x.address + first * bytes;
            fold(FoldOp.AMAX, in, block, spare.first());
            if (!byRows(Fusions.EXP, Fusions.LOG_SOFTMAX_OF_SUM, false, first, block.size(0), block, spare.second(),
                    spare.block(), out, in, block, spare.first(), column)) {
                map(Fusions.EXP, block, spare.block(), in, block, spare.first(), column);
                fold(FoldOp.SUM, spare.block(), block, spare.second());
                map(Unary.LOG.kernels(), column, spare.second(), spare.second(), column);
                map(Fusions.LOG_SOFTMAX, block, out, in, block, spare.first(), column, spare.second(), column);
            }
        }

        void crossEntropy(long first, Layout block, Layout column, long out, Spare spare, Value classes, Value losses,
                boolean softmax) {
            long in = x.address + first * bytes;
            fold(FoldOp.AMAX, in, block, spare.first());
            if (softmax) {
                softmax(first, block, column, in, out, spare);
            } else {
                sums(Fusions.EXP, block, spare.block(), spare.second(), in, block, spare.first(), column);
            }
            map(Unary.LOG.kernels(), column, spare.third(), spare.second(), column);
            Indexing.losses(x.cell.lane(), in, block.size(0), length, classes.address + first * Long.BYTES, spare.first(),
                    spare.third(), losses.address + first * x.cell.bytes());
        }

        void logSumExp(long first, Layout block, Layout column, long out, Spare spare) {
            long in = x.address + first * bytes;
            fold(FoldOp.AMAX, in, block, spare.first());
            map(Fusions.FINITE, column, spare.first(), spare.first(), column);
            sums(Fusions.EXP, block, spare.block(), spare.second(), in, block, spare.first(), column);
            map(Fusions.LOG_PLUS, column, out, spare.second(), column, spare.first(), column);
        }

        void variance(long first, Layout block, Layout column, long out, Spare spare, double divisor) {
            long in = x.address + first * bytes;
            fold(FoldOp.SUM, in, block, spare.first());
            divide(column, spare.first(), length);
            sums(Fusions.SQUARE, block, spare.block(), out, in, block, spare.first(), column);
            divide(column, out, divisor);
        }

        void norm(long first, Layout block, Layout column, long out, Spare spare) {
            sums(Unary.SQUARE.kernels(), block, spare.block(), out, x.address + first * bytes, block);
            map(Unary.SQRT.kernels(), column, out, out, column);
        }

        void sums(Kernels kernels, Layout sizes, long spare, long out, long a, Layout la) {
            Workspace workspace = begin(kernels, spare);
            workspace.input(a, x.cell, la);
            workspace.runSums(sizes, out);
        }

        void sums(Kernels kernels, Layout sizes, long spare, long out, long a, Layout la, long b, Layout lb) {
            Workspace workspace = begin(kernels, spare);
            workspace.input(a, x.cell, la);
            workspace.input(b, x.cell, lb);
            workspace.runSums(sizes, out);
        }

        /**
         * Sums what {@code summed} makes of two operands, and runs {@code then} with the sums, row by row: see {@link
         * Workspace#runRows}. The first row is number {@code first} of the operand.
         */
        boolean byRows(Kernels summed, Kernels then, boolean stored, long first, int ahead, Layout block, long sums, long at,
                long out, long a, Layout la, long b, Layout lb) {
            Workspace workspace = Workspace.current();
            workspace.begin(summed.in(x.cell.lane()), then.in(x.cell.lane()));
            workspace.output(at, x.cell);
            workspace.input(a, x.cell, la);
            workspace.input(b, x.cell, lb);
            return workspace.runRows(block, stored, sums, out, ahead, x.count() / length - first);
        }

        void fold(FoldOp op, long in, Layout block, long out) {
            Folds.run(op, x.cell.lane(), in, block, 0b10, out);
        }

        private Workspace begin(Kernels kernels, long out) {
            Workspace workspace = Workspace.current();
            workspace.begin(kernels.in(x.cell.lane()));
            workspace.output(out, x.cell);
            return workspace;
        }

        private void divide(Layout column, long at, double divisor) {
            Workspace workspace = begin(Binary.DIV.kernels(), at);
            workspace.input(at, x.cell, column);
            workspace.input(divisor);
            workspace.run(column);
        }

        void map(Kernels kernels, Layout sizes, long out, long a, Layout la) {
            Workspace workspace = begin(kernels, out);
            workspace.input(a, x.cell, la);
            workspace.run(sizes);
        }

        void map(Kernels kernels, Layout sizes, long out, long a, Layout la, long b, Layout lb) {
            Workspace workspace = begin(kernels, out);
            workspace.input(a, x.cell, la);
            workspace.input(b, x.cell, lb);
            workspace.run(sizes);
        }

        void map(Kernels kernels, Layout sizes, long out, long a, Layout la, long b, Layout lb, long c, Layout lc) {
            Workspace workspace = begin(kernels, out);
            workspace.input(a, x.cell, la);
            workspace.input(b, x.cell, lb);
            workspace.input(c, x.cell, lc);
            workspace.run(sizes);
        }
    }
}

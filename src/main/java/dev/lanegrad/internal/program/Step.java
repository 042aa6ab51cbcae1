package dev.lanegrad.internal.program;

import dev.lanegrad.internal.graph.Symbols;
import dev.lanegrad.internal.graph.Value;
import dev.lanegrad.internal.kernel.FoldOp;
import dev.lanegrad.internal.kernel.Folds;
import dev.lanegrad.internal.kernel.Indexing;
import dev.lanegrad.internal.kernel.MapCall;
import dev.lanegrad.internal.kernel.MatMul;
import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.lane.Lane;
import dev.lanegrad.internal.memory.Managed;
import dev.lanegrad.internal.op.Structural;
import dev.lanegrad.internal.shape.Layout;
import java.util.List;

/** One call of a kernel whose operands are at known places. Each is told where they begin, and then run. */
abstract sealed class Step {
    /** Tells where operand {@code p} begins; outputs and inputs are counted as each kind of step says. */
    abstract void place(int p, long address);

    /** Computes. */
    abstract void run();

    /** A kernel over elements; outputs come before inputs. */
    static final class Map extends Step {
        private final MapCall call;

        Map(MapCall call) {
            this.call = call;
        }

        @Override
        void place(int p, long address) {
            call.place(p, address);
        }

        @Override
        void run() {
            call.run();
        }
    }

    /** Steps that know their operands by address only. */
    abstract static sealed class Addressed extends Step {
        final long[] at;

        Addressed(int operands) {
            at = new long[operands];
        }

        @Override
        void place(int p, long address) {
            at[p] = address;
        }
    }

    /** A fold: the result, and what is folded. */
    static final class Fold extends Addressed {
        private final FoldOp op;
        private final Lane lane;
        private final Layout layout;
        private final int dims;

        Fold(FoldOp op, Lane lane, Layout layout, int dims) {
            super(2);
            this.op = op;
            this.lane = lane;
            this.layout = layout;
            this.dims = dims;
        }

        @Override
        void run() {
            Folds.run(op, lane, at[1], layout, dims, at[0]);
        }
    }

    /** Indices of extremes: the result, and what they are sought in. */
    static final class Extreme extends Addressed {
        private final boolean max;
        private final Lane lane;
        private final Layout layout;
        private final int dim;

        Extreme(boolean max, Lane lane, Layout layout, int dim) {
            super(2);
            this.max = max;
            this.lane = lane;
            this.layout = layout;
            this.dim = dim;
        }

        @Override
        void run() {
            Folds.arg(max, lane, at[1], layout, dim, at[0]);
        }
    }

    /** Copies of elements as they are: the target, and the parts that are copied into it. */
    static final class Copy extends Addressed {
        private final int bytes;
        private final long cleared;
        private final List<Layout> from;
        private final List<Layout> to;
        private final long[] offsets;

        /**
         * Part {@code i} goes to the elements of {@code to.get(i)} that begin {@code offsets[i]} bytes behind the target's
         * first; before, {@code cleared} bytes are set to 0.
         */
        Copy(int bytes, long cleared, List<Layout> from, List<Layout> to, long[] offsets) {
            super(1 + from.size());
            this.bytes = bytes;
            this.cleared = cleared;
            this.from = from;
            this.to = to;
            this.offsets = offsets;
        }

        @Override
        void run() {
            if (cleared > 0) {
                Indexing.fillZero(at[0], cleared);
            }
            for (int i = 0; i < offsets.length; i++) {
                Indexing.copyStrided(bytes, at[i + 1], from.get(i), at[0] + offsets[i], to.get(i));
            }
        }
    }

    /** Matrix products: the result, and the factors. */
    static final class Matmul extends Addressed {
        private final Lane lane;
        private final Layout a;
        private final Layout b;
        private final Layout batchA;
        private final Layout batchB;

        /** Products of matrices that begin where two layouts of the same sizes say. */
        Matmul(Lane lane, Layout a, Layout b, Layout batchA, Layout batchB) {
            super(3);
            this.lane = lane;
            this.a = a;
            this.b = b;
            this.batchA = batchA;
            this.batchB = batchB;
        }

        @Override
        void run() {
            MatMul.runMany(lane, at[1], a, batchA, at[2], b, batchB, at[0]);
        }
    }

    /** Any other op, as it is computed without a program: the result, and the operands. */
    static final class Other extends Addressed {
        private final Structural op;
        private final Managed keeper;
        private final List<Layout> layouts;
        private final List<Cell> cells;

        /** Layouts and types stand in the order of the addresses. */
        Other(Structural op, Managed keeper, List<Layout> layouts, List<Cell> cells) {
            super(layouts.size());
            this.op = op;
            this.keeper = keeper;
            this.layouts = layouts;
            this.cells = cells;
        }

        @Override
        void run() {
            Value[] operands = new Value[at.length - 1];
            for (int i = 0; i < operands.length; i++) {
                operands[i] = Symbols.at(keeper, at[i + 1], layouts.get(i + 1), cells.get(i + 1));
            }
            Symbols.compute(op, operands, Symbols.at(keeper, at[0], layouts.get(0), cells.get(0)));
        }
    }
}

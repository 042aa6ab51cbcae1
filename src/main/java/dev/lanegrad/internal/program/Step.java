package dev.lanegrad.internal.program;

import dev.lanegrad.internal.graph.Symbols;
import dev.lanegrad.internal.graph.Value;
import dev.lanegrad.internal.kernel.Embedding;
import dev.lanegrad.internal.kernel.FoldOp;
import dev.lanegrad.internal.kernel.FoldStream;
import dev.lanegrad.internal.kernel.Folds;
import dev.lanegrad.internal.kernel.Indexing;
import dev.lanegrad.internal.kernel.MapCall;
import dev.lanegrad.internal.kernel.MatMul;
import dev.lanegrad.internal.kernel.OrderedBlocks;
import dev.lanegrad.internal.kernel.ProdOfOthers;
import dev.lanegrad.internal.kernel.RowCall;
import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.lane.Lane;
import dev.lanegrad.internal.memory.Managed;
import dev.lanegrad.internal.op.Structural;
import dev.lanegrad.internal.shape.Layout;
import java.util.List;

/** One call of a kernel whose operands are at known places. Each is told where they begin, and then run. */
abstract sealed class Step permits Step.Map, Step.Addressed, Step.Chained, Step.Rows, LoopStep {
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

    /** Products of others: the result, and the factors, both contiguous. */
    static final class Partials extends Addressed {
        private final ProdOfOthers products;

        Partials(ProdOfOthers products) {
            super(2);
            this.products = products;
        }

        @Override
        void run() {
            products.run(at[1], at[0]);
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
        private final List<Layout> from;
        private final List<Layout> to;
        private final long[] offsets;

        /** Part {@code i} goes to the elements of {@code to.get(i)} that begin {@code offsets[i]} bytes behind the target's first. */
        Copy(int bytes, List<Layout> from, List<Layout> to, long[] offsets) {
            super(1 + from.size());
            this.bytes = bytes;
            this.from = from;
            this.to = to;
            this.offsets = offsets;
        }

        @Override
        void run() {
            for (int i = 0; i < offsets.length; i++) {
                Indexing.copyStrided(bytes, at[i + 1], from.get(i), at[0] + offsets[i], to.get(i));
            }
        }
    }

    /** Elements among zeros: the result, and the elements. */
    static final class Embedded extends Addressed {
        private final Embedding embedding;

        Embedded(Embedding embedding) {
            super(2);
            this.embedding = embedding;
        }

        @Override
        void run() {
            embedding.run(at[1], at[0]);
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

    /** The rows of a matrix, one behind the other: the result, and the matrix. */
    static final class Lines extends Addressed {
        private final Lane lane;
        private final Layout matrix;

        Lines(Lane lane, Layout matrix) {
            super(2);
            this.lane = lane;
            this.matrix = matrix;
        }

        @Override
        void run() {
            MatMul.lines(lane, at[1], matrix, at[0]);
        }
    }

    /** Elements that an index names, or zeros with elements added there: the result, the elements and the index. */
    static final class Chosen extends Addressed {
        private final Structural op;
        private final Cell cell;
        private final Layout source;
        private final Layout index;
        private final Layout indices;
        private final Layout result;
        private final int dim;
        private final int bound;
        private final Other refusal;

        /** {@code refusal} is the same op, which fails with the right words. */
        Chosen(Structural op, Cell cell, Layout source, Layout index, Layout result, Other refusal) {
            super(3);
            this.op = op;
            this.cell = cell;
            this.source = source;
            this.index = index;
            this.result = result;
            this.refusal = refusal;
            dim = dim(op);
            bound = adds() ? result.size(dim) : source.size(dim);
            boolean slices = op instanceof Structural.IndexSelect || op instanceof Structural.IndexAdd;
            indices = slices ? along(index, dim, (adds() ? source : result).sizes()) : index;
        }

        /** The dimension along which {@code op} chooses; -1 if it is none of these. */
        static int dim(Structural op) {
            return op instanceof Structural.Gather gather ? gather.dim() : op instanceof Structural.IndexSelect select
                    ? select.dim() : op instanceof Structural.ScatterAdd scatter ? scatter.dim()
                    : op instanceof Structural.IndexAdd add ? add.dim() : -1;
        }

        private boolean adds() {
            return op instanceof Structural.ScatterAdd || op instanceof Structural.IndexAdd;
        }

        private static Layout along(Layout index, int dim, int[] sizes) {
            long[] strides = new long[sizes.length];
            strides[dim] = index.stride(0);
            return Layout.of(sizes, strides);
        }

        @Override
        void place(int p, long address) {
            super.place(p, address);
            refusal.place(p, address);
        }

        @Override
        void run() {
            if (!Indexing.areInside(at[2], index, bound)) {
                refusal.run();
            } else if (adds()) {
                Indexing.fillZero(at[0], result.count() * cell.bytes());
                Indexing.scatterAdd(cell.lane(), at[1], source, at[2], indices, dim, at[0], result);
            } else {
                Indexing.gather(cell.bytes(), at[1], source, at[2], indices, dim, at[0], result);
            }
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

    /** A piece of a fold that is fed on the way: where the result goes in the end, and the elements. */
    static final class Stream extends Addressed {
        private final FoldStream stream;
        private final int rows;

        Stream(FoldStream stream, int rows) {
            super(2);
            this.stream = stream;
            this.rows = rows;
        }

        @Override
        void run() {
            stream.feed(at[1], rows);
        }

        void begin() {
            stream.begin();
        }

        void end() {
            stream.end(at[0]);
        }
    }

    /** Steps over rows as one loop; as long as there is none, step by step. */
    static final class Chained extends Step {
        private final RowCall call;
        private final Step[] single;
        private final Step[] after;
        private final int operands;
        private final int[] step;
        private final int[] position;

        /**
         * Takes {@code single} if there is no loop, and {@code after} in any case. Behind the operands of the loop, {@code
         * operands} of them, stands operand {@code position[p]} of step {@code step[p]} of both.
         */
        Chained(RowCall call, List<Step> single, List<Step> after, int operands, int[] step, int[] position) {
            this.call = call;
            this.single = single.toArray(Step[]::new);
            this.after = after.toArray(Step[]::new);
            this.operands = operands;
            this.step = step;
            this.position = position;
        }

        @Override
        void place(int p, long address) {
            if (p < operands) {
                call.place(p, address);
                return;
            }
            int s = step[p - operands];
            (s < single.length ? single[s] : after[s - single.length]).place(position[p - operands], address);
        }

        /** True if there is a loop. */
        boolean isHot() {
            return call.isHot();
        }

        @Override
        void run() {
            if (!call.run()) {
                for (Step one : single) {
                    one.run();
                }
            }
            for (Step one : after) {
                one.run();
            }
        }
    }

    /** Steps that are run together, block by block, by several threads if that pays. An operand moves on with each block. */
    static final class Rows extends Step {
        private final Step[] first;
        private final Part[] parts;
        private final Step[] rest;
        private final OrderedBlocks ordered;
        private final int blocks;
        private final int[] step;
        private final int[] position;
        private final long[] move;
        private final long[] apart;
        private final long[] at;

        /**
         * Operand {@code p} is operand {@code position[p]} of steps {@code step[p]}, counted from -1 down in {@code first},
         * which are run before all blocks; it moves on by {@code move[p]} bytes with each block, and lies {@code apart[p]}
         * bytes further in each part. There is a part, the steps of a block, for each thread that may take part; {@code rest}
         * is empty or the last block. {@code work} is how much all of it is.
         */
        Rows(List<Step> first, List<List<Step>> parts, List<Step> rest, int blocks, double work, int[] step, int[] position,
                long[] move, long[] apart) {
            this.first = first.toArray(Step[]::new);
            this.parts = parts.stream().map(Part::new).toArray(Part[]::new);
            this.rest = rest.toArray(Step[]::new);
            this.ordered = new OrderedBlocks(this.parts, blocks, work);
            this.blocks = blocks;
            this.step = step;
            this.position = position;
            this.move = move;
            this.apart = apart;
            this.at = new long[step.length];
        }

        /** The steps of a block, and in memory of its own what only they need. */
        private final class Part implements OrderedBlocks.Part {
            private final Step[] all;
            private final Step[] computing;
            private final Stream[] feeding;
            private final Chained[] chains;

            Part(List<Step> steps) {
                all = steps.toArray(Step[]::new);
                computing = steps.stream().filter(one -> !(one instanceof Stream)).toArray(Step[]::new);
                feeding = steps.stream().filter(Stream.class::isInstance).toArray(Stream[]::new);
                chains = steps.stream().filter(Chained.class::isInstance).toArray(Chained[]::new);
            }

            // Step by step, whole vectors may be written over the first rows of the next block.
            private boolean isExact() {
                for (Chained chain : chains) {
                    if (!chain.isHot()) {
                        return false;
                    }
                }
                return true;
            }

            @Override
            public void compute(int block) {
                for (int p = 0; p < at.length; p++) {
                    if (move[p] != 0) {
                        all[step[p]].place(position[p], at[p] + block * move[p]);
                    }
                }
                for (Step one : computing) {
                    one.run();
                }
            }

            @Override
            public void take() {
                for (Stream stream : feeding) {
                    stream.run();
                }
            }
        }

        @Override
        void place(int p, long address) {
            at[p] = address;
            if (step[p] < 0) {
                first[-1 - step[p]].place(position[p], address);
                return;
            }
            for (int i = 0; i < parts.length; i++) {
                parts[i].all[step[p]].place(position[p], address + i * apart[p]);
            }
            if (rest.length > 0) {
                rest[step[p]].place(position[p], address + move[p] * blocks);
            }
        }

        @Override
        void run() {
            for (Step one : first) {
                one.run();
            }
            Part own = parts[0];
            for (Stream stream : own.feeding) {
                stream.begin();
            }
            ordered.run(parts.length > 1 && own.isExact());
            for (Step one : rest) {
                one.run();
            }
            for (Stream stream : own.feeding) {
                stream.end();
            }
        }
    }
}

package dev.lanegrad.internal.program;

import dev.lanegrad.internal.kernel.FoldOp;
import dev.lanegrad.internal.kernel.FoldStream;
import dev.lanegrad.internal.kernel.MapCall;
import dev.lanegrad.internal.kernel.MapKernel;
import dev.lanegrad.internal.kernel.RowCall;
import dev.lanegrad.internal.kernel.RowChain;
import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.op.Structural;
import dev.lanegrad.internal.shape.Layout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Makes the step of a band: the steps of its regions for a block of rows, and for the rows that are left in the end. */
final class BandSteps {
    private final Builder builder;
    private final Band band;
    private final List<Compiled.Operand> operands;
    private final int number;
    private final List<Step> first = new ArrayList<>();
    /** For each part, and behind these for the rows that are left. */
    private List<List<Step>> blocks;
    private final List<Integer> steps = new ArrayList<>();
    private final List<Integer> positions = new ArrayList<>();
    private final List<Long> moves = new ArrayList<>();
    private final List<Long> aparts = new ArrayList<>();
    private final int restRows;
    /** While the steps of a chain are made: its number, and where its operands go in these. */
    private int chained = -1;
    private int ownOperands;
    private final List<Integer> inSteps = new ArrayList<>();
    private final List<Integer> inPositions = new ArrayList<>();

    BandSteps(Builder builder, Band band, List<Compiled.Operand> operands, int number) {
        this.builder = builder;
        this.band = band;
        this.operands = operands;
        this.number = number;
        restRows = (int) (band.rows % band.block());
        blocks = none();
    }

    private List<List<Step>> none() {
        List<List<Step>> none = new ArrayList<>();
        for (int i = 0; i < band.parts() + (restRows > 0 ? 1 : 0); i++) {
            none.add(new ArrayList<>());
        }
        return none;
    }

    private int rows(int block) {
        return block < band.parts() ? band.block() : restRows;
    }

    Step build() {
        for (Region region : band.members) {
            Chain chain = band.chains.stream().filter(one -> one.members.contains(region)).findFirst().orElse(null);
            if (chain == null) {
                region(region);
            } else if (chain.members.getFirst() == region) {
                chain(chain);
            }
        }
        return new Step.Rows(first, blocks.subList(0, band.parts()), restRows > 0 ? blocks.getLast() : List.of(),
                (int) (band.rows / band.block()), band.work(), ints(steps), ints(positions), longs(moves), longs(aparts));
    }

    private static int[] ints(List<Integer> list) {
        return list.stream().mapToInt(Integer::intValue).toArray();
    }

    private static long[] longs(List<Long> list) {
        return list.stream().mapToLong(Long::longValue).toArray();
    }

    private void region(Region region) {
        if (region.isKernel()) {
            kernel(region);
        } else if (Band.isProduct(region)) {
            product(region.only(), band.isCopied(region));
        } else {
            fold(region.only());
        }
    }

    /** Adds a step, made for each part and number of rows. */
    private void add(java.util.function.IntFunction<Step> step) {
        for (int i = 0; i < blocks.size(); i++) {
            blocks.get(i).add(step.apply(rows(i)));
        }
    }

    private int count() {
        return blocks.getFirst().size();
    }

    private void operand(int position, long move, long apart, Compiled.Operand at) {
        operand(count() - 1, position, move, apart, at);
    }

    /** Operand {@code position} of a step is {@code move} bytes on in the next block, and {@code apart} bytes in the next part. */
    private void operand(int step, int position, long move, long apart, Compiled.Operand at) {
        if (chained >= 0) {
            inSteps.add(step);
            inPositions.add(position);
        }
        steps.add(chained >= 0 ? chained : step);
        positions.add(chained >= 0 ? ownOperands + inSteps.size() - 1 : position);
        moves.add(move);
        aparts.add(apart);
        operands.add(at);
    }

    private Compiled.Operand own(Node node) {
        return builder.operand(node, number, steps.size(), 0);
    }

    private long moveOf(Node base, long elements) {
        return band.local.contains(base) ? 0 : elements * band.block() * base.cell().bytes();
    }

    private long apartOf(Node base) {
        return band.local.contains(base) ? band.room(band.blockBytes(base)) : 0;
    }

    private void chain(Chain chain) {
        List<Chain.Operand> loop = new ArrayList<>();
        RowChain code = chain.steps(loop);
        chain.converted().forEach(row -> convert(chain, row));
        for (int p = 0; p < loop.size(); p++) {
            operand(count(), p, chain, loop.get(p));
        }
        List<List<Step>> outer = blocks;
        blocks = none();
        chained = outer.getFirst().size();
        ownOperands = loop.size();
        inSteps.clear();
        inPositions.clear();
        chain.members.forEach(this::region);
        int single = count();
        chain.columnsWanted.forEach(this::region);
        long[] rowSteps = loop.stream().mapToLong(operand -> chain.isPassing(operand) ? 0
                : operand.step() * operand.node().cell().bytes()).toArray();
        int touched = chain.touched(loop);
        for (int i = 0; i < outer.size(); i++) {
            RowCall call = new RowCall(code, rows(i), chain.width, rowSteps, touched, band.parts() > 1);
            outer.get(i).add(chained(call, blocks.get(i), single));
        }
        blocks = outer;
        chained = -1;
    }

    /** The step of a chain, whose first {@code single} steps are taken where there is no loop, and the others in any case. */
    private Step chained(RowCall call, List<Step> all, int single) {
        return new Step.Chained(call, all.subList(0, single), all.subList(single, all.size()), ownOperands,
                ints(inSteps), ints(inPositions));
    }

    private void operand(int step, int position, Chain chain, Chain.Operand operand) {
        Node node = operand.node();
        switch (operand.kind()) {
            case ROW, SUM -> operand(step, position, moveOf(node, operand.step()), apartOf(node), own(node));
            case GIVEN_ROW, GIVEN_NUMBER -> operand(step, position, moveOf(band.base(node), operand.step()),
                    apartOf(band.base(node)), at(node));
            case CONVERTED_ROW -> operand(step, position, 0, 0, builder.scratch(chain.key(node), number, steps.size()));
        }
    }

    /** Writes {@code row}, which serves all rows, once in the type of the chain's arithmetic. */
    private void convert(Chain chain, Node row) {
        Layout sizes = Layout.contiguous(1, chain.width);
        first.add(new Step.Map(new MapCall(MapKernel.of(Graph.copying(chain.lane())), sizes, List.of(chain.cell(), row.cell()),
                List.of(sizes), java.util.Collections.singletonList(null))));
        operand(-first.size(), 0, 0, 0, builder.scratch(chain.key(row), number, steps.size()));
        operand(-first.size(), 1, 0, 0, at(row));
    }

    private void kernel(Region region) {
        Map<Node, Place> places = builder.plan().places();
        List<Cell> cells = Fuser.cells(region, places);
        List<FoldOp> stored = new ArrayList<>();
        Fuser.outputs(region, places).forEach(node -> stored.add(null));
        add(rows -> new Step.Map(new MapCall(MapKernel.of(region.code), result(region.sizes, rows), cells,
                region.inputs.stream().map(node -> band.view(node, region.sizes).block(rows)).toList(), stored)));
        int position = 0;
        long width = band.width(region.sizes);
        for (Node node : region.stored) {
            operand(position++, moveOf(node, width), apartOf(node), own(node));
        }
        for (Node fold : region.folds) {
            operand(position++, 0, apartOf(fold, width), builder.scratch(fold, number, steps.size()));
        }
        for (Node input : region.inputs) {
            input(position++, input, region.sizes);
        }
        for (Node fold : region.folds) {
            Structural.Reduce reduce = (Structural.Reduce) fold.structural();
            FoldStream stream = FoldStream.total(reduce.fold(), fold.cell().lane(), (int) width);
            add(rows -> new Step.Stream(stream, rows));
            operand(0, 0, 0, own(fold));
            operand(1, 0, apartOf(fold, width), builder.scratch(fold, number, steps.size()));
        }
    }

    /** For a fold that is fed with rows of {@code width} elements. */
    private long apartOf(Node fold, long width) {
        return band.room(width * band.block() * fold.cell().bytes());
    }

    private Layout result(Layout sizes, int rows) {
        return Layout.contiguous(RowView.of(sizes, sizes, band.rows).block(rows).sizes());
    }

    private void input(int position, Node input, Layout sizes) {
        Node base = builder.plan().places().get(input).base();
        operand(position, moveOf(base, band.view(input, sizes).step()), apartOf(base), at(input));
    }

    private Compiled.Operand at(Node input) {
        Place place = builder.plan().places().get(input);
        return builder.operand(place.base(), number, steps.size(), place.offset() * place.base().cell().bytes());
    }

    private void product(Node node, boolean copied) {
        Node a = node.operands().get(0);
        Node b = node.operands().get(1);
        Layout from = builder.plan().places().get(b).layout();
        Layout rowsOfB = copied ? Layout.contiguous(from.sizes()) : from;
        if (copied) {
            first.add(new Step.Lines(node.cell().lane(), from));
            operand(-first.size(), 0, 0, 0, builder.scratch(node, number, steps.size()));
            operand(-first.size(), 1, 0, 0, at(b));
        }
        Layout none = Layout.SCALAR;
        add(rows -> new Step.Matmul(node.cell().lane(), band.view(a, a.layout()).block(rows), rowsOfB, none, none));
        operand(0, moveOf(node, band.width(node.layout())), apartOf(node), own(node));
        input(1, a, a.layout());
        operand(2, 0, 0, copied ? builder.scratch(node, number, steps.size()) : at(b));
    }

    private void fold(Node node) {
        Structural.Reduce reduce = (Structural.Reduce) node.structural();
        Layout sizes = node.operand().layout();
        Band.Along along = band.along(node);
        int width = (int) band.width(sizes);
        if (along == Band.Along.ROW) {
            RowView view = band.view(node.operand(), sizes);
            add(rows -> new Step.Fold(reduce.fold(), node.cell().lane(), view.block(rows), band.dims(node)));
            operand(0, moveOf(node, band.width(node.layout())), apartOf(node), own(node));
        } else {
            FoldStream stream = along == Band.Along.ALL
                    ? FoldStream.total(reduce.fold(), node.cell().lane(), width)
                    : FoldStream.columns(reduce.fold(), node.cell().lane(), width, band.rows);
            add(rows -> new Step.Stream(stream, rows));
            operand(0, 0, 0, own(node));
        }
        input(1, node.operand(), sizes);
    }
}

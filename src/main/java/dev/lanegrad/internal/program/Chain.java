package dev.lanegrad.internal.program;

import dev.lanegrad.internal.kernel.RowCall;
import dev.lanegrad.internal.kernel.RowChain;
import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.lane.Lane;
import dev.lanegrad.internal.lane.LaneBuilder;
import dev.lanegrad.internal.lane.LaneCode;
import dev.lanegrad.internal.lane.LaneValue;
import dev.lanegrad.internal.shape.Layout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Members of a band that one loop computes row by row once it is hot: kernels along the rows, sums of what they compute, and
 * kernels over the sums, which are computed where they are needed. What only these need is one row that stays in the first
 * level of cache.
 */
final class Chain {
    final List<Region> members = new ArrayList<>();
    /** Kernels over the sums whose results are read elsewhere, or by others of these. */
    final List<Region> columnsWanted = new ArrayList<>();
    final int width;
    private final Band band;
    private final Lane lane;
    private final List<Draft> drafts = new ArrayList<>();
    private final List<Operand> operands = new ArrayList<>();
    private final Map<Operand, Integer> numbers = new HashMap<>();
    private final Map<Node, Integer> sums = new HashMap<>();
    private final Map<Node, Region> columns = new HashMap<>();
    /** What computes the rows that are computed here. */
    private final Map<Node, Draft> made = new HashMap<>();
    /** Of these, what only members read. */
    private final Set<Node> inside = new HashSet<>();
    private int size;

    /** What an operand is: a row or a sum that is computed here, or a row or a number from elsewhere. */
    enum Kind { ROW, SUM, GIVEN_ROW, GIVEN_NUMBER, CONVERTED_ROW }

    /**
     * An operand of the loop.
     *
     * @param node what is computed here, or an input as a region has it
     * @param step elements from row to row
     */
    record Operand(Node node, Kind kind, long step) {
    }

    /**
     * A step of the loop, which may get sums later.
     *
     * @param inputs  numbers of operands, or complements of those of sums
     * @param outputs what is computed
     * @param summed  for each output the number of its sum, or -1
     */
    private record Draft(LaneCode code, List<Integer> inputs, List<Node> outputs, List<Integer> summed) {
    }

    private Chain(Band band, Lane lane, int width) {
        this.band = band;
        this.lane = lane;
        this.width = width;
    }

    /** Finds the chains among the members of {@code band}, and brings those of each together. */
    static List<Chain> of(Band band) {
        List<Chain> chains = new ArrayList<>();
        List<Region> ordered = new ArrayList<>();
        List<Region> left = new ArrayList<>(band.members);
        for (Region seed : band.members) {
            int length = left.contains(seed) ? band.summed(seed) : 0;
            if (!RowCall.pays(length)) {
                continue;
            }
            Chain chain = new Chain(band, seed.only().cell().lane(), length);
            List<Region> before = new ArrayList<>();
            List<Region> after = new ArrayList<>();
            chain.collect(left, before, after);
            if (!chain.sums.isEmpty() && !chain.made.isEmpty()) {
                chain.findInside();
                ordered.addAll(before);
                ordered.addAll(chain.members);
                left = after;
                chains.add(chain);
            }
        }
        ordered.addAll(left);
        band.members.clear();
        band.members.addAll(ordered);
        return chains;
    }

    private void collect(List<Region> regions, List<Region> before, List<Region> after) {
        Set<Node> late = new HashSet<>();
        for (Region region : regions) {
            List<Node> read = Band.reads(region).stream().map(band::base).toList();
            boolean waits = read.stream().anyMatch(late::contains);
            boolean follows = read.stream().anyMatch(node -> made.containsKey(node) || sums.containsKey(node)
                    || columns.containsKey(node));
            if (!waits && take(region, follows)) {
                members.add(region);
            } else if (waits || follows) {
                after.add(region);
                late.addAll(Band.writes(region));
            } else {
                before.add(region);
            }
        }
    }

    private boolean take(Region region, boolean follows) {
        if (!region.isKernel()) {
            return band.summed(region) == width && region.only().cell().lane() == lane && takeSum(region.only());
        }
        if (region.lane != lane || !region.folds.isEmpty() || !region.stored.stream().allMatch(node -> isLane(node.cell()))) {
            return false;
        }
        long elements = band.width(region.sizes);
        // What is not summed may be wanted before the sums, by the greatest elements, say.
        return elements == width ? (follows || isSummed(region)) && takeKernel(region)
                : elements == 1 && follows && takeColumns(region);
    }

    private boolean isSummed(Region region) {
        return band.members.stream().anyMatch(fold -> band.summed(fold) == width
                && region.stored.contains(band.base(fold.only().operand())));
    }

    private boolean isLane(Cell cell) {
        return cell == cell();
    }

    private boolean takeSum(Node fold) {
        Node row = fold.operand();
        Node base = band.base(row);
        Integer operand = reference(row, row.layout());
        if (operand == null || operands.get(operand).kind() == Kind.CONVERTED_ROW) {
            return false;
        }
        Draft draft = made.get(base);
        if (draft == null) {
            LaneBuilder builder = new LaneBuilder(lane);
            draft = new Draft(builder.build(1, builder.input(0)), List.of(operand), List.of(base),
                    new ArrayList<>(List.of(-1)));
            if (!takes(draft, true)) {
                return false;
            }
        }
        int output = draft.outputs.indexOf(base);
        if (draft.summed.get(output) >= 0) {
            return false;
        }
        draft.summed.set(output, number(new Operand(fold, Kind.SUM, 1)));
        sums.put(fold, draft.summed.get(output));
        return true;
    }

    /** Adds a step, which {@code sums} or will, if there is room for it. */
    private boolean takes(Draft draft, boolean sums) {
        int added = RowChain.size(draft.code, sums);
        boolean fits = RowChain.fits(size + added);
        if (fits) {
            size += added;
            drafts.add(draft);
        }
        return fits;
    }

    private boolean takeColumns(Region region) {
        if (!region.inputs.stream().allMatch(input -> reference(input, region.sizes) != null)) {
            return false;
        }
        region.stored.forEach(node -> columns.put(node, region));
        return true;
    }

    private boolean takeKernel(Region region) {
        Assembly assembly = new Assembly();
        List<LaneValue> results = assembly.results(region);
        if (results == null) {
            return false;
        }
        List<Integer> summed = new ArrayList<>();
        results.forEach(result -> summed.add(-1));
        Draft draft = new Draft(assembly.builder.build(assembly.inputs.size(), results.toArray(LaneValue[]::new)),
                List.copyOf(assembly.inputs.keySet()), List.copyOf(region.stored), summed);
        if (!takes(draft, isSummed(region))) {
            return false;
        }
        region.stored.forEach(node -> made.put(node, draft));
        return true;
    }

    /** Writes the codes of regions into one. */
    private final class Assembly {
        private final LaneBuilder builder = new LaneBuilder(lane);
        /** By their references. */
        private final Map<Integer, LaneValue> inputs = new LinkedHashMap<>();
        private final Map<Node, LaneValue> computed = new HashMap<>();

        /** What {@code region} stores; null if it cannot be computed by rows. */
        List<LaneValue> results(Region region) {
            List<LaneValue> values = new ArrayList<>();
            for (Node input : region.inputs) {
                Node base = band.base(input);
                Integer reference = reference(input, region.sizes);
                if (reference == null) {
                    return null;
                }
                if (columns.containsKey(base)) {
                    compute(columns.get(base));
                }
                values.add(computed.containsKey(base) ? computed.get(base)
                        : inputs.computeIfAbsent(reference, unknown -> builder.input(inputs.size())));
            }
            return builder.inline(region.code, values);
        }

        private void compute(Region column) {
            if (!computed.containsKey(column.stored.getFirst())) {
                List<LaneValue> results = results(column);
                for (int i = 0; i < column.stored.size(); i++) {
                    computed.put(column.stored.get(i), results.get(i));
                }
            }
        }
    }

    private int number(Operand operand) {
        return numbers.computeIfAbsent(operand, unknown -> {
            operands.add(operand);
            return operands.size() - 1;
        });
    }

    /**
     * What {@code input} of something of these sizes is to a step: the number of an operand, or the complement of that of a
     * sum; null if it is neither. What is computed from sums is no operand, but is here.
     */
    private Integer reference(Node input, Layout sizes) {
        RowView view = band.view(input, sizes);
        Node base = band.base(input);
        if (sums.containsKey(base) || columns.containsKey(base)) {
            return view.count() != 1 || view.step() != 1 ? null : Integer.valueOf(sums.containsKey(base) ? ~sums.get(base) : 0);
        }
        Operand operand = operand(input, base, view);
        return operand == null ? null : Integer.valueOf(number(operand));
    }

    private Operand operand(Node input, Node base, RowView view) {
        long count = view.count();
        boolean isRow = count == width && view.block(1).isContiguous();
        if (made.containsKey(base)) {
            return isRow && view.step() == width ? new Operand(base, Kind.ROW, width) : null;
        } else if (count == 1) {
            return isLane(input.cell()) || input.cell() == Cell.INT64
                    ? new Operand(input, Kind.GIVEN_NUMBER, view.step()) : null;
        } else if (isRow && isLane(input.cell())) {
            return new Operand(input, Kind.GIVEN_ROW, view.step());
        }
        return isRow && view.step() == 0 ? new Operand(input, Kind.CONVERTED_ROW, 0) : null;
    }

    private void findInside() {
        Set<Node> outside = new HashSet<>();
        band.members.stream().filter(region -> !members.contains(region)).forEach(region ->
                Band.reads(region).forEach(node -> outside.add(band.base(node))));
        made.keySet().stream().filter(node -> band.local.contains(node) && !outside.contains(node)).forEach(inside::add);
        Set<Node> wanted = new HashSet<>(outside);
        for (Region region : members.reversed()) {
            boolean isColumns = columns.containsValue(region);
            if (isColumns && region.stored.stream().anyMatch(node -> !band.local.contains(node) || wanted.contains(node))) {
                columnsWanted.addFirst(region);
                region.inputs.forEach(input -> wanted.add(band.base(input)));
            }
        }
    }

    /** True if {@code node} is a row that the loop stores where others read it. */
    boolean stores(Node node) {
        return made.containsKey(node);
    }

    /** The steps, and in {@code used} their operands in order. */
    RowChain steps(List<Operand> used) {
        List<RowChain.Step> steps = new ArrayList<>();
        Set<Integer> read = new HashSet<>();
        drafts.forEach(draft -> read.addAll(draft.inputs));
        Map<Integer, Integer> places = new HashMap<>();
        for (Draft draft : drafts) {
            List<Integer> stored = draft.outputs.stream().map(node -> {
                int row = made.get(node) == draft ? number(new Operand(node, Kind.ROW, width)) : -1;
                return row < 0 || inside.contains(node) && !read.contains(row) ? -1 : place(row, places, used);
            }).toList();
            steps.add(new RowChain.Step(draft.code,
                    draft.inputs.stream().map(p -> p < 0 ? ~place(~p, places, used) : place(p, places, used)).toList(),
                    stored, draft.summed.stream().map(p -> p < 0 ? -1 : place(p, places, used)).toList()));
        }
        List<RowChain.Operand> kinds = new ArrayList<>();
        used.forEach(operand -> kinds.add(switch (operand.kind()) {
            case ROW, GIVEN_ROW, CONVERTED_ROW -> new RowChain.Operand(cell(), true);
            case SUM -> new RowChain.Operand(cell(), false);
            case GIVEN_NUMBER -> new RowChain.Operand(operand.node().cell(), false);
        }));
        return new RowChain(steps, kinds, touched(used) >= 0);
    }

    /** Which operand is a row from elsewhere that the first step does not read, so that the next one may be fetched; or -1. */
    int touched(List<Operand> used) {
        Set<Integer> early = new HashSet<>(drafts.getFirst().inputs);
        for (int p = 0; p < used.size(); p++) {
            Operand operand = used.get(p);
            if (operand.kind() == Kind.GIVEN_ROW && operand.step() == width && !early.contains(numbers.get(operand))) {
                return p;
            }
        }
        return -1;
    }

    private int place(int number, Map<Integer, Integer> places, List<Operand> used) {
        return places.computeIfAbsent(number, unknown -> {
            used.add(operands.get(number));
            return used.size() - 1;
        });
    }

    /** True if {@code operand} is a row in memory for one row, since it is not wanted once the row is done. */
    boolean isPassing(Operand operand) {
        return operand.kind() == Kind.ROW && inside.contains(operand.node());
    }

    Lane lane() {
        return lane;
    }

    /** The type of the rows. */
    Cell cell() {
        return lane == Lane.FLOAT ? Cell.FLOAT32 : Cell.FLOAT64;
    }

    /** Bytes of a row. */
    long rowBytes() {
        return (long) width * lane.bytes();
    }

    /** The name of the memory for a converted row. */
    Object key(Node row) {
        return List.of(this, row);
    }

    /** The rows that have to be converted before. */
    List<Node> converted() {
        List<Operand> used = new ArrayList<>();
        steps(used);
        return used.stream().filter(operand -> operand.kind() == Kind.CONVERTED_ROW).map(Operand::node).toList();
    }
}

package dev.lanegrad.internal.program;

import dev.lanegrad.internal.graph.Context;
import dev.lanegrad.internal.graph.Symbols;
import dev.lanegrad.internal.graph.Value;
import dev.lanegrad.internal.graph.Values;
import dev.lanegrad.internal.kernel.Embedding;
import dev.lanegrad.internal.kernel.MapCall;
import dev.lanegrad.internal.kernel.MapKernel;
import dev.lanegrad.internal.kernel.ProdOfOthers;
import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.memory.Managed;
import dev.lanegrad.internal.op.Structural;
import dev.lanegrad.internal.program.Node.Captured;
import dev.lanegrad.internal.program.Node.Fill;
import dev.lanegrad.internal.program.Node.Input;
import dev.lanegrad.internal.program.Node.Shaped;
import dev.lanegrad.internal.program.Trace.Effect;
import dev.lanegrad.internal.shape.Layout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Makes the steps of a program and gives every value a place: in the block, in a result, or where it already lies. */
final class Builder {
    private final Trace trace;
    private final Fuser.Plan plan;
    private final Map<Node, Spot> spots = new HashMap<>();
    /** Where a fold that is fed on the way finds its elements, and a product its second factor row by row. */
    private final Map<Object, Spot> scratch = new HashMap<>();
    private final Map<Node, Integer> lastUse = new HashMap<>();
    private final List<Value> kept = new ArrayList<>();
    private final Memory memory = new Memory();
    private final List<Value> gradients = new ArrayList<>();
    private final Set<Effect> inPlace = new HashSet<>();
    private final Map<Node, LoopStep> loops = new HashMap<>();

    /** Where a node's memory begins: {@code offset} bytes behind a base, which is known by number. */
    private record Spot(int base, long offset) {
    }

    private Builder(Trace trace, Fuser.Plan plan) {
        this.trace = trace;
        this.plan = plan;
    }

    /** The program of {@code trace}. */
    static Compiled build(Trace trace) {
        return build(trace, Fuser.of(trace));
    }

    /** The program of {@code trace}, computed as {@code plan} says; nothing but these is shared with others. */
    static Compiled build(Trace trace, Fuser.Plan plan) {
        return new Builder(trace, plan).build();
    }

    private Compiled build() {
        findUses();
        placeResults();
        placeUpdates();
        List<Compiled.Operand> operands = new ArrayList<>();
        for (int i = 0; i < plan.bands().size(); i++) {
            Band band = plan.bands().get(i);
            if (band.isByRows()) {
                rows(i, band);
            } else {
                step(i, band.members.getFirst());
            }
        }
        List<Step> steps = new ArrayList<>();
        Managed block = Managed.allocate(Math.max(memory.peak(), 64));
        for (Band band : plan.bands()) {
            Region region = band.members.getFirst();
            steps.add(band.isByRows() ? new BandSteps(this, band, operands, steps.size()).build()
                    : region.isKernel() ? kernel(region, operands, steps.size()) : single(region, operands, steps.size(), block));
        }
        copies(steps, operands);
        long inLoops = loops.values().stream().mapToLong(LoopStep::bytes).sum();
        boolean[] replacing = new boolean[Math.min(trace.inputs(), trace.outputs().size())];
        for (int k = 0; k < replacing.length; k++) {
            replacing[k] = mayReplace(k);
        }
        return new Compiled(trace, steps, operands, kept, gradients, replacing, block,
                new Explanation(trace, plan, loops, memory.peak() + inLoops, memory.total() + inLoops));
    }

    private void findUses() {
        for (int i = 0; i < plan.bands().size(); i++) {
            for (Region region : plan.bands().get(i).members) {
                for (Node node : Band.reads(region)) {
                    lastUse.put(plan.places().get(node).base(), i);
                }
            }
        }
        for (Node root : trace.roots()) {
            lastUse.put(plan.places().get(root).base(), Integer.MAX_VALUE);
        }
    }

    /** A result that a region stores is stored where the caller wants it. */
    private void placeResults() {
        for (int j = 0; j < trace.outputs().size(); j++) {
            Node output = trace.outputs().get(j);
            if (plan.places().get(output).base() == output && !isGiven(output)) {
                spots.putIfAbsent(output, new Spot(outputBase(j), 0));
            }
        }
    }

    /** A new value of a tensor outside is stored there at once, if nobody reads the old one any more. */
    private void placeUpdates() {
        for (Effect effect : trace.effects()) {
            Node node = effect.node();
            for (int i = 0; i < plan.bands().size(); i++) {
                Band band = plan.bands().get(i);
                if (!band.isByRows() && band.members.getFirst().stored.contains(node) && !spots.containsKey(node)
                        && Symbols.isWhole(effect.target()) && isReadBefore(effect.target(), node, i)) {
                    spots.put(node, keep(effect.target()));
                    inPlace.add(effect);
                }
            }
        }
    }

    /** True if {@code target} is not read after region number {@code last}, and in it only as it is written. */
    private boolean isReadBefore(Value target, Node node, int last) {
        for (Map.Entry<Node, Integer> use : lastUse.entrySet()) {
            if (use.getKey().origin() instanceof Captured(Value value) && Symbols.shareMemory(value, target)) {
                Region region = plan.bands().get(last).members.getFirst();
                boolean aligned = region.inputs.stream().filter(input -> plan.places().get(input).base() == use.getKey())
                        .allMatch(input -> liesAs(input, node));
                if (use.getValue() > last || !aligned) {
                    return false;
                }
            }
        }
        return true;
    }

    /** True if result {@code k} may be written over argument {@code k}, whose elements have all been read by then. */
    private boolean mayReplace(int k) {
        Node result = trace.outputs().get(k);
        for (int i = 0; i < plan.bands().size(); i++) {
            Band band = plan.bands().get(i);
            Region region = band.members.getFirst();
            if (!band.isByRows() && region.stored.contains(result) && new Spot(outputBase(k), 0).equals(spots.get(result))) {
                int last = i;
                return lastUse.entrySet().stream().allMatch(use -> !new Input(k).equals(use.getKey().origin())
                        || use.getValue() <= last && region.inputs.stream()
                                .filter(input -> plan.places().get(input).base() == use.getKey())
                                .allMatch(input -> input.cell() == result.cell() && liesAs(input, result)));
            }
        }
        return false;
    }

    private static boolean isGiven(Node node) {
        return node.origin() instanceof Input || node.origin() instanceof Captured || node.isFill();
    }

    private int inputBase(int index) {
        return 1 + index;
    }

    private int outputBase(int index) {
        return 1 + trace.inputs() + index;
    }

    private int keptBase(int index) {
        return 1 + trace.inputs() + trace.outputs().size() + index;
    }

    /** Gives what region number {@code i} writes a place, and takes those back that nobody reads after it. */
    private void step(int i, Region region) {
        List<Node> written = region.isKernel() ? new ArrayList<>(region.stored) : region.results();
        List<Node> read = region.isKernel() ? region.inputs : region.only().operands();
        List<Node> dying = new ArrayList<>();
        for (Node node : read) {
            Node base = plan.places().get(node).base();
            if (lastUse.get(base) == i && spots.get(base) instanceof Spot spot && spot.base() == 0 && !dying.contains(base)) {
                dying.add(base);
            }
        }
        for (Node node : written) {
            if (!spots.containsKey(node)) {
                Node heir = region.isKernel() ? replaceable(node, region, dying) : null;
                if (heir != null) {
                    dying.remove(heir);
                }
                spots.put(node, heir != null ? spots.get(heir) : new Spot(0, memory.take(bytes(node))));
            }
        }
        for (Node fold : region.folds) {
            spots.computeIfAbsent(fold, f -> new Spot(0, memory.take(bytes(f))));
        }
        dying.forEach(node -> memory.release(spots.get(node).offset()));
        written.stream().filter(node -> node.origin() instanceof Node.Part && !lastUse.containsKey(node)).forEach(node ->
                memory.release(spots.get(node).offset()));
    }

    /** As {@link #step} for regions that are computed by rows: what only they need has a place for some rows. */
    private void rows(int i, Band band) {
        Set<Node> ending = new HashSet<>();
        List<Long> temporary = new ArrayList<>();
        for (Region region : band.members) {
            for (Node node : Band.reads(region)) {
                Node base = plan.places().get(node).base();
                if (lastUse.get(base) == i && spots.get(base) instanceof Spot spot && spot.base() == 0) {
                    ending.add(base);
                }
            }
        }
        for (Region region : band.members) {
            for (Node node : Band.writes(region)) {
                boolean few = band.local.contains(node);
                if (!spots.containsKey(node)) {
                    Spot spot = new Spot(0, memory.take(few ? band.room(band.blockBytes(node)) * band.parts() : bytes(node)));
                    spots.put(node, spot);
                    temporary.addAll(few ? List.of(spot.offset()) : List.of());
                }
            }
            for (Node fold : region.folds) {
                long elements = band.width(region.sizes) * band.block();
                temporary.add(scratch(fold, band.room(elements * fold.cell().bytes()) * band.parts()));
            }
            if (band.isCopied(region)) {
                temporary.add(scratch(region.only(), bytes(region.only().operands().get(1))));
            }
        }
        for (Chain chain : band.chains) {
            for (Node row : chain.converted()) {
                temporary.add(scratch(chain.key(row), chain.rowBytes()));
            }
        }
        temporary.forEach(memory::release);
        ending.forEach(node -> memory.release(spots.get(node).offset()));
    }

    private long scratch(Object key, long bytes) {
        scratch.put(key, new Spot(0, memory.take(bytes)));
        return scratch.get(key).offset();
    }

    /** A value that ends here and whose elements lie as those of {@code node} will, so that each is read before. */
    private Node replaceable(Node node, Region region, List<Node> dying) {
        for (Node old : dying) {
            if (old.cell() == node.cell() && old.layout().count() == node.layout().count()
                    && region.inputs.stream().filter(input -> plan.places().get(input).base() == old)
                            .allMatch(input -> liesAs(input, node))) {
                return old;
            }
        }
        return null;
    }

    private boolean liesAs(Node input, Node node) {
        Place place = plan.places().get(input);
        return place.offset() == 0 && place.layout().isContiguous() && place.layout().sameSizes(node.layout());
    }

    private static long bytes(Node node) {
        return node.layout().count() * node.cell().bytes();
    }

    /** Where the memory of a base begins; what the program keeps gets a number of its own. */
    private Spot spot(Node base) {
        return spots.computeIfAbsent(base, node -> switch (node.origin()) {
            case Input(int index) -> new Spot(inputBase(index), 0);
            case Captured(Value value) -> keep(value);
            case Fill(long bits, double number) -> keep(Values.fill(Context.managed(node.cell(), Layout.SCALAR), number));
            case Node.Mapped mapped -> throw new IllegalStateException("no place for " + node + " " + node.label());
            case Node.Coded coded -> throw new IllegalStateException("no place for " + node + " " + node.label());
            case Shaped shaped -> throw new IllegalStateException("no place for " + node + " " + node.label());
            case Node.Extreme extreme -> throw new IllegalStateException("no place for " + node + " " + node.label());
            case Node.Looped looped -> throw new IllegalStateException("no place for " + node + " " + node.label());
            case Node.Part part -> throw new IllegalStateException("no place for " + node + " " + node.label());
        });
    }

    private Spot keep(Value value) {
        kept.add(value);
        return new Spot(keptBase(kept.size() - 1), 0);
    }

    private void operand(List<Compiled.Operand> operands, int step, int position, Place place) {
        Spot spot = spot(place.base());
        operands.add(new Compiled.Operand(spot.base(), step, position,
                spot.offset() + place.offset() * place.base().cell().bytes()));
    }

    Fuser.Plan plan() {
        return plan;
    }

    /** The operand of a step at a node's own memory, {@code offset} bytes behind its beginning. */
    Compiled.Operand operand(Node base, int step, int position, long offset) {
        Spot spot = spot(base);
        return new Compiled.Operand(spot.base(), step, position, spot.offset() + offset);
    }

    /** The operand of a step at the rows that {@code key}, a fold, a product or a row of a chain, is fed with. */
    Compiled.Operand scratch(Object key, int step, int position) {
        return new Compiled.Operand(0, step, position, scratch.get(key).offset());
    }

    private Step kernel(Region region, List<Compiled.Operand> operands, int step) {
        int position = 0;
        for (Node node : region.stored) {
            operand(operands, step, position++, Place.own(node));
        }
        for (Node fold : region.folds) {
            operand(operands, step, position++, Place.own(fold));
        }
        for (Node input : region.inputs) {
            operand(operands, step, position++, plan.places().get(input));
        }
        return new Step.Map(new MapCall(MapKernel.of(region.code), region.sizes, Fuser.cells(region, plan.places()),
                Fuser.layouts(region, plan.places()), Fuser.ops(region)));
    }

    private Step single(Region region, List<Compiled.Operand> operands, int step, Managed block) {
        Node node = region.only();
        if (node.origin() instanceof Node.Looped looped) {
            return loop(looped, region, operands, step);
        }
        List<Place> from = node.operands().stream().map(operand -> plan.places().get(operand)).toList();
        operand(operands, step, 0, Place.own(node));
        for (int p = 0; p < from.size(); p++) {
            operand(operands, step, p + 1, from.get(p));
        }
        Node x = node.operand();
        if (node.origin() instanceof Node.Extreme(boolean max, int dim)) {
            return new Step.Extreme(max, x.cell().lane(), from.getFirst().layout(), dim);
        }
        Structural op = node.structural();
        if (op instanceof Structural.Reduce reduce) {
            return new Step.Fold(reduce.fold(), x.cell().lane(), from.getFirst().layout(), reduce.dims());
        } else if (op instanceof Structural.Matmul) {
            return matmul(x.cell(), from.get(0).layout(), from.get(1).layout(), node.layout());
        } else if (op instanceof Structural.Reshape) {
            return ordered(node, from.getFirst().layout());
        } else if (op instanceof Structural.Permute) {
            return ordered(node, from.getFirst().view(node).layout());
        } else if (op instanceof Structural.Embed embed) {
            return new Step.Embedded(new Embedding(x.cell().bytes(), from.getFirst().layout(), node.layout(), embed.dim(),
                    embed.start(), embed.step()));
        } else if (op instanceof Structural.Cat cat) {
            return joined(cat, node, from);
        } else if (op instanceof Structural.ProdOfOthers others && x.layout().count() > 0
                && from.getFirst().layout().isContiguous()) {
            ProdOfOthers products = ProdOfOthers.of(x.cell().lane(), x.layout(), others.dims());
            if (products != null) {
                return new Step.Partials(products);
            }
        }
        List<Layout> layouts = new ArrayList<>(List.of(node.layout()));
        List<Cell> cells = new ArrayList<>(List.of(node.cell()));
        for (int p = 0; p < from.size(); p++) {
            layouts.add(from.get(p).layout());
            cells.add(node.operands().get(p).cell());
        }
        Step.Other other = new Step.Other(op, block, layouts, cells);
        return Step.Chosen.dim(op) < 0 ? other
                : new Step.Chosen(op, x.cell(), layouts.get(1), layouts.get(2), node.layout(), other);
    }

    private Step loop(Node.Looped looped, Region region, List<Compiled.Operand> operands, int step) {
        int position = 0;
        for (Node operand : region.only().operands()) {
            operand(operands, step, position++, plan.places().get(operand));
        }
        for (Node part : region.results()) {
            operand(operands, step, position++, Place.own(part));
        }
        LoopStep loop = new LoopStep(looped, region.only().operands(), region.results());
        loops.put(region.only(), loop);
        return loop;
    }

    private static Step ordered(Node node, Layout source) {
        return new Step.Copy(node.cell().bytes(), List.of(source), List.of(Layout.contiguous(source.sizes())), new long[1]);
    }

    private static Step joined(Structural.Cat op, Node node, List<Place> parts) {
        List<Layout> from = parts.stream().map(Place::layout).toList();
        long[] offsets = new long[from.size()];
        long start = 0;
        for (int i = 0; i < offsets.length; i++) {
            offsets[i] = start * node.layout().stride(op.dim()) * node.cell().bytes();
            start += from.get(i).size(op.dim());
        }
        return new Step.Copy(node.cell().bytes(), from,
                from.stream().map(part -> Layout.of(part.sizes(), node.layout().strides())).toList(), offsets);
    }

    private static Step matmul(Cell cell, Layout a, Layout b, Layout result) {
        int batchRank = result.rank() - 2;
        int[] batch = Arrays.copyOf(result.sizes(), batchRank);
        return new Step.Matmul(cell.lane(), a, b, batch(a, batch), batch(b, batch));
    }

    /** Where each matrix begins, in the sizes {@code batch}. */
    private static Layout batch(Layout matrices, int[] batch) {
        long[] strides = new long[batch.length];
        int own = matrices.rank() - 2;
        for (int d = Math.max(0, batch.length - own); d < batch.length; d++) {
            int at = d - (batch.length - own);
            strides[d] = matrices.size(at) == 1 ? 0 : matrices.stride(at);
        }
        return Layout.of(batch, strides);
    }

    /** Copies results that lie elsewhere to where they are wanted; first those of the caller, who wants what was before. */
    private void copies(List<Step> steps, List<Compiled.Operand> operands) {
        for (int j = 0; j < trace.outputs().size(); j++) {
            Node output = trace.outputs().get(j);
            Place place = plan.places().get(output);
            Spot wanted = new Spot(outputBase(j), 0);
            if (!wanted.equals(spots.get(place.base())) || place.base() != output) {
                copy(steps, operands, place, output, wanted);
            }
        }
        for (Effect effect : trace.gradients()) {
            Value gradient = Context.managed(effect.node().cell(), effect.node().layout());
            gradients.add(gradient);
            copy(steps, operands, plan.places().get(effect.node()), effect.node(), keep(gradient));
        }
        for (Effect effect : trace.effects().stream().filter(effect -> !inPlace.contains(effect)).toList()) {
            copy(steps, operands, plan.places().get(effect.node()), effect.node(), keep(effect.target()));
        }
    }

    private void copy(List<Step> steps, List<Compiled.Operand> operands, Place from, Node node, Spot to) {
        operands.add(new Compiled.Operand(to.base(), steps.size(), 0, to.offset()));
        operand(operands, steps.size(), 1, from);
        steps.add(new Step.Copy(node.cell().bytes(), List.of(from.layout()), List.of(Layout.contiguous(node.layout().sizes())),
                new long[1]));
    }
}

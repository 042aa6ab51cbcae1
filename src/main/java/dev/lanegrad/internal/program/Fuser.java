package dev.lanegrad.internal.program;

import dev.lanegrad.internal.kernel.FoldOp;
import dev.lanegrad.internal.kernel.MapCall;
import dev.lanegrad.internal.kernel.MapKernel;
import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.op.Structural;
import dev.lanegrad.internal.shape.Dims;
import dev.lanegrad.internal.shape.Layout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Groups the nodes of a trace into regions that are computed in one pass each, in an order in which they can be. A node joins
 * the region of an operand, or any other of its sizes, unless what it needs would have to be computed after that region; so
 * forward and backward of a formula meet in one loop. Folds over all elements of a region are taken along.
 */
final class Fuser {
    /** Regions of the same sizes that are asked whether a node may join, the latest first. */
    private static final int ASKED = 16;
    private static final int MOST_OPERANDS = 60;
    /** Rows up to which a product takes little longer than putting the rows of its second factor in order. */
    private static final int FEW_ROWS = 32;

    private final Trace trace;
    private final Map<Node, Place> places = new HashMap<>();
    private final Map<Node, Region> owners = new HashMap<>();
    private final List<Region> regions = new ArrayList<>();
    private final Set<Node> live = new HashSet<>();
    private final Set<Node> wanted = new HashSet<>();
    /** Second factors of several products, each of which would put their rows in order for itself. */
    private final Set<Node> transposed = new HashSet<>();
    /** Nodes that lie in memory however the regions are computed. */
    private final Set<Node> inMemory = new HashSet<>();
    private final List<Region> ordered = new ArrayList<>();

    private Fuser(Trace trace) {
        this.trace = trace;
    }

    /** What {@link #of} finds: regions in order, in bands, and the place of each node that lies in memory. */
    record Plan(List<Band> bands, Map<Node, Place> places) {
        /** All regions in order. */
        List<Region> regions() {
            return bands.stream().flatMap(band -> band.members.stream()).toList();
        }
    }

    /** The regions of {@code trace}. */
    static Plan of(Trace trace) {
        Fuser fuser = new Fuser(trace);
        fuser.findLive();
        for (int id = 0; id < trace.graph().size(); id++) {
            Node node = trace.graph().get(id);
            if (fuser.live.contains(node)) {
                fuser.assign(node);
            }
        }
        fuser.order();
        fuser.assemble();
        Set<Node> roots = new HashSet<>();
        trace.roots().forEach(root -> roots.add(fuser.places.get(root).base()));
        return new Plan(Band.of(fuser.ordered, fuser.places, roots), fuser.places);
    }

    private void findLive() {
        Set<Node> once = new HashSet<>();
        live.addAll(trace.roots());
        for (int id = trace.graph().size() - 1; id >= 0; id--) {
            Node node = trace.graph().get(id);
            if (live.contains(node)) {
                live.addAll(node.operands());
                if (isReadAcross(node) && !once.add(node.operands().get(1))) {
                    transposed.add(node.operands().get(1));
                }
            }
        }
    }

    /** True if {@code node} is a product of few rows and a transposed matrix. */
    private static boolean isReadAcross(Node node) {
        return node.structural() instanceof Structural.Matmul && node.layout().rank() == 2
                && node.layout().size(0) <= FEW_ROWS && node.operands().get(1).structural() instanceof Structural.Permute;
    }

    private void assign(Node node) {
        Place view = node.isView() && !transposed.contains(node) ? places.get(node.operand()).view(node) : null;
        places.put(node, view != null ? view : Place.own(node));
        boolean given = node.origin() instanceof Node.Input || node.origin() instanceof Node.Captured || node.isFill();
        if (view != null || given) {
            return;
        }
        if (node.origin() instanceof Node.Part) {
            owner(node.operand()).add(node);
            owners.put(node, owner(node.operand()));
            return;
        }
        Region region = node.isElementwise() ? joinable(node) : null;
        if (region == null) {
            region = new Region(node);
            regions.add(region);
        }
        region.add(node);
        owners.put(node, region);
        for (Node operand : node.operands()) {
            Region needed = owner(operand);
            if (needed != null && needed != region) {
                region.need(needed);
            }
        }
    }

    private Region owner(Node node) {
        return owners.get(places.get(node).base());
    }

    private Region joinable(Node node) {
        int asked = 0;
        for (int i = regions.size() - 1; i >= 0 && asked < ASKED; i--) {
            Region region = regions.get(i);
            if (region.lane == node.lane() && region.sizes.sameSizes(node.layout())) {
                asked++;
                if (region.hasRoom(node) && mayJoin(node, region)) {
                    return region;
                }
            }
        }
        return null;
    }

    private boolean mayJoin(Node node, Region region) {
        for (Node operand : node.operands()) {
            Region owner = owner(operand);
            if (owner == region ? !owners.containsKey(operand) || !Region.isExact(operand, region.lane)
                    : owner != null && owner.reaches(region)) {
                return false;
            }
        }
        return true;
    }

    /** Puts what is needed first; among what may come next, what was traced first. */
    private void order() {
        Map<Region, Integer> missing = new HashMap<>();
        Map<Region, List<Region>> users = new HashMap<>();
        java.util.PriorityQueue<Region> ready = new java.util.PriorityQueue<>(
                java.util.Comparator.comparingInt(region -> region.members.getFirst().id()));
        for (Region region : regions) {
            missing.put(region, region.needs.size());
            region.needs.forEach(need -> users.computeIfAbsent(need, n -> new ArrayList<>()).add(region));
            if (region.needs.isEmpty()) {
                ready.add(region);
            }
        }
        while (!ready.isEmpty()) {
            Region region = ready.remove();
            ordered.add(region);
            for (Region user : users.getOrDefault(region, List.of())) {
                if (missing.merge(user, -1, Integer::sum) == 0) {
                    ready.add(user);
                }
            }
        }
    }

    /** From the last region to the first: what the later ones load is what the earlier ones store. */
    private void assemble() {
        for (Node root : trace.roots()) {
            wanted.add(places.get(root).base());
        }
        inMemory.addAll(wanted);
        for (Region region : ordered) {
            if (!region.isKernel() && candidate(region.only()) == null) {
                region.only().operands().forEach(operand -> inMemory.add(places.get(operand).base()));
            }
        }
        List<Region> backwards = new ArrayList<>();
        Map<Region, List<Node>> foldsOf = new HashMap<>();
        for (int i = ordered.size() - 1; i >= 0; i--) {
            Region region = ordered.get(i);
            if (region.isKernel()) {
                backwards.addAll(kernel(region, foldsOf.getOrDefault(region, List.of())));
            } else if (region.results().stream().anyMatch(wanted::contains)) {
                Node node = region.only();
                Region source = candidate(node);
                if (source != null) {
                    foldsOf.computeIfAbsent(source, s -> new ArrayList<>()).add(node);
                }
                if (source == null) {
                    want(node.operands());
                }
                backwards.add(region);
            }
        }
        Set<Region> taken = new HashSet<>();
        for (Region region : backwards) {
            region.folds.forEach(fold -> taken.add(owners.get(fold)));
        }
        ordered.clear();
        backwards.stream().filter(region -> !taken.contains(region)).forEach(ordered::add);
        Collections.reverse(ordered);
    }

    private void want(List<Node> nodes) {
        nodes.forEach(node -> wanted.add(places.get(node).base()));
    }

    /** The kernel that could fold {@code node} as it computes its operand, or null. */
    private Region candidate(Node node) {
        if (!(node.structural() instanceof Structural.Reduce reduce)) {
            return null;
        }
        Place place = places.get(node.operand());
        Layout whole = node.operand().layout();
        Region region = owners.get(place.base());
        boolean all = Dims.folded(whole, reduce.dims()) == whole.count() && whole.count() > 0;
        return region != null && region.isKernel() && all && place.offset() == 0 && place.layout().isContiguous()
                && place.base().layout().count() == whole.count() && Region.isExact(place.base(), region.lane)
                && place.base().cell() != Cell.BOOL ? region : null;
    }

    /** Makes the kernels of a region: one, or several if it has too many operands. The last comes first. */
    private List<Region> kernel(Region region, List<Node> folds) {
        List<Node> stored = region.members.stream().filter(wanted::contains).toList();
        if (stored.isEmpty() && folds.isEmpty()) {
            return List.of();
        }
        region.stored.clear();
        region.stored.addAll(stored);
        region.folds.addAll(folds);
        region.assemble(outputs(region), inMemory);
        if (region.inputs.size() + stored.size() + folds.size() > MOST_OPERANDS) {
            return split(region, folds);
        }
        if (!folds.isEmpty() && !isFlat(region)) {
            region.folds.clear();
            folds.forEach(fold -> want(fold.operands()));
            return kernel(region, List.of());
        }
        want(region.inputs);
        return List.of(region);
    }

    private List<Region> split(Region region, List<Node> folds) {
        folds.forEach(fold -> want(fold.operands()));
        int half = region.members.size() / 2;
        List<Region> halves = new ArrayList<>();
        for (List<Node> part : List.of(region.members.subList(half, region.members.size()), region.members.subList(0, half))) {
            Region one = new Region(part.getFirst());
            part.forEach(one::add);
            part.forEach(node -> owners.put(node, one));
            halves.addAll(kernel(one, List.of()));
        }
        return halves;
    }

    /** What the kernel of {@code region} computes: what is stored, and then what is folded, each once. */
    List<Node> outputs(Region region) {
        return outputs(region, places);
    }

    /** What the kernel of {@code region} computes: what is stored, and then the operand of each fold. */
    static List<Node> outputs(Region region, Map<Node, Place> places) {
        List<Node> outputs = new ArrayList<>(new LinkedHashSet<>(region.stored));
        region.folds.forEach(fold -> outputs.add(places.get(fold.operand()).base()));
        return outputs;
    }

    private boolean isFlat(Region region) {
        return MapCall.isFlat(MapKernel.of(region.code), region.sizes, cells(region, places), layouts(region, places));
    }

    /** The types of the operands of a region's kernel, outputs before inputs. */
    static List<Cell> cells(Region region, Map<Node, Place> places) {
        List<Cell> cells = new ArrayList<>();
        outputs(region, places).forEach(node -> cells.add(node.cell()));
        region.inputs.forEach(node -> cells.add(node.cell()));
        return cells;
    }

    /** The arrangements of the inputs of a region's kernel. */
    static List<Layout> layouts(Region region, Map<Node, Place> places) {
        return region.inputs.stream().map(node -> places.get(node).layout()).toList();
    }

    /** What each output of a region's kernel is folded by; null if it is stored. */
    static List<FoldOp> ops(Region region) {
        List<FoldOp> ops = new ArrayList<>();
        region.stored.forEach(node -> ops.add(null));
        region.folds.forEach(fold -> ops.add(((Structural.Reduce) fold.structural()).fold()));
        return ops;
    }
}

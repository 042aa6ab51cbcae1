package dev.lanegrad.internal.program;

import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.lane.Lane;
import dev.lanegrad.internal.lane.LaneBuilder;
import dev.lanegrad.internal.lane.LaneCode;
import dev.lanegrad.internal.lane.LaneValue;
import dev.lanegrad.internal.lane.Prim;
import dev.lanegrad.internal.op.Elementwise;
import dev.lanegrad.internal.shape.Layout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What is computed in one pass: element-wise nodes of the same sizes in the same arithmetic, which become one kernel, or a
 * single node of another kind.
 */
final class Region {
    /**
     * Primitives, without operands and constants, beyond which no node joins a region of many elements: C1 compiles a loop
     * of so many, and C2 in a tenth of a second. Loops of 300 were a third faster, but took C2 four seconds, and C1 refuses
     * them, see KernelWarmup.
     */
    private static final int MOST_OF_MANY = 72;
    /** As before, where a call costs as much as what it computes. */
    private static final int MOST_OF_FEW = 128;
    /** Primitives up to which a value is computed again instead of being stored and loaded. */
    private static final int CHEAP = 8;
    /** What a load counts beside a primitive. */
    private static final int LOAD = 4;
    /** What a division or a root counts besides, among many elements. */
    private static final int DIVISION = 8;

    final Lane lane;
    final Layout sizes;
    final List<Node> members = new ArrayList<>();
    /** The regions that must be computed before. */
    final Set<Region> needs = new java.util.LinkedHashSet<>();
    /** The regions that need this one. */
    final Set<Region> users = new java.util.LinkedHashSet<>();
    /** Greater than that of every region that must be computed before. */
    int level;
    /** Members that have to be stored. */
    final List<Node> stored = new ArrayList<>();
    /** Folds of members that are computed in the same pass. */
    final List<Node> folds = new ArrayList<>();
    int primitives;

    /** The operands of {@link #code} in order. */
    List<Node> inputs = List.of();
    LaneCode code;

    Region(Node first) {
        lane = first.lane();
        sizes = first.layout();
    }

    /** True if it stays short enough with {@code node}. */
    boolean hasRoom(Node node) {
        return primitivesWith(node) <= most();
    }

    private int most() {
        return sizes.count() < Band.WORTHWHILE ? MOST_OF_FEW : MOST_OF_MANY;
    }

    /** At most so many primitives it has with {@code node}: those that members share count once where it matters. */
    private int primitivesWith(Node node) {
        int sum = primitives + cost(node);
        if (sum <= most() || cost(node) > most()) {
            return sum;
        }
        List<Node> all = new ArrayList<>(members);
        all.add(node);
        Assembly assembly = new Assembly(all, Set.of());
        LaneValue[] results = all.stream().map(assembly::member).toArray(LaneValue[]::new);
        return assembly.builder.build(assembly.loaded.size(), results).operations();
    }

    /** True if it is a kernel. */
    boolean isKernel() {
        return lane != null;
    }

    /** The node of a region that is no kernel. */
    Node only() {
        return members.getFirst();
    }

    /** What a region that is no kernel writes. */
    List<Node> results() {
        return only().origin() instanceof Node.Looped ? members.subList(1, members.size()) : members;
    }

    /** Makes {@code needed} one of the regions that must be computed before. */
    void need(Region needed) {
        if (needs.add(needed)) {
            needed.users.add(this);
            List<Region> raised = new ArrayList<>(List.of(needed));
            while (!raised.isEmpty()) {
                Region region = raised.removeLast();
                for (Region user : region.users) {
                    if (user.level <= region.level) {
                        user.level = region.level + 1;
                        raised.add(user);
                    }
                }
            }
        }
    }

    /** True if {@code target} must be computed before this, or is this. */
    boolean reaches(Region target) {
        Set<Region> seen = new java.util.HashSet<>();
        List<Region> open = new ArrayList<>(List.of(this));
        while (!open.isEmpty()) {
            Region region = open.removeLast();
            if (region == target) {
                return true;
            }
            for (Region need : region.needs) {
                // What is at the level of the target, or below, does not need it.
                if ((need == target || need.level > target.level) && seen.add(need)) {
                    open.add(need);
                }
            }
        }
        return false;
    }

    /** Takes a node in. */
    void add(Node node) {
        primitives = isKernel() ? primitivesWith(node) : 0;
        members.add(node);
    }

    /** Primitives of an element-wise node. */
    static int cost(Node node) {
        return switch (node.origin()) {
            case Node.Mapped mapped -> mapped.op().kernels().in(mapped.lane()).code().operations();
            case Node.Coded coded -> coded.code().operations();
            case Node.Input input -> 0;
            case Node.Captured captured -> 0;
            case Node.Fill fill -> 0;
            case Node.Shaped shaped -> 0;
            case Node.Extreme extreme -> 0;
            case Node.Looped looped -> 0;
            case Node.Part part -> 0;
        };
    }

    private static int divisions(Node node) {
        if (!(node.origin() instanceof Node.Mapped(Elementwise op, Lane _))) {
            return 0;
        }
        return (int) op.kernels().in(node.lane()).code().insts().stream()
                .filter(inst -> inst.prim() == Prim.DIV || inst.prim() == Prim.SQRT).count();
    }

    /** True if what is computed in {@code lane} has the bits that it would have after a way through memory. */
    static boolean isExact(Node node, Lane lane) {
        return node.lane() == lane && (node.cell() == (lane == Lane.FLOAT ? Cell.FLOAT32 : Cell.FLOAT64)
                || node.cell() == Cell.BOOL && node.origin() instanceof Node.Mapped(var op, var in) && op.isPredicate());
    }

    /** Makes the code whose results are {@code outputs}, members of this; what is {@code inMemory} can be loaded. */
    void assemble(List<Node> outputs, Set<Node> inMemory) {
        Assembly assembly = new Assembly(members, inMemory);
        List<LaneValue> results = new ArrayList<>();
        for (Node output : outputs) {
            results.add(assembly.member(output));
        }
        inputs = List.copyOf(assembly.loaded.keySet());
        code = assembly.builder.build(inputs.size(), results.toArray(LaneValue[]::new));
    }

    /** Turns members into lane values. */
    private final class Assembly {
        private final LaneBuilder builder = new LaneBuilder(lane);
        private final Map<Node, LaneValue> known = new HashMap<>();
        private final Map<Node, LaneValue> loaded = new LinkedHashMap<>();
        private final Set<Node> own;
        private final Set<Node> inMemory;

        Assembly(List<Node> own, Set<Node> inMemory) {
            this.own = new java.util.HashSet<>(own);
            this.inMemory = inMemory;
        }

        private LaneValue member(Node node) {
            LaneValue value = known.get(node);
            if (value == null) {
                List<LaneValue> operands = new ArrayList<>();
                for (Node operand : node.operands()) {
                    operands.add(operand(operand));
                }
                value = Graph.lower(builder, node, operands);
                known.put(node, value);
            }
            return value;
        }

        private LaneValue operand(Node node) {
            if (node.isFill()) {
                return builder.constant(node.origin() instanceof Node.Fill fill ? fill.number() : 0);
            }
            if (isExact(node, lane) && (own.contains(node) || isCheap(node))) {
                return member(node);
            }
            return loaded.computeIfAbsent(node, unknown -> builder.input(loaded.size()));
        }

        /** True if it costs less to compute {@code node} here than to load it: it needs little, and nothing new. */
        private boolean isCheap(Node node) {
            return again(node, 0) <= CHEAP;
        }

        private int again(Node node, int before) {
            if (node.isFill() || known.containsKey(node) || loaded.containsKey(node)) {
                return before;
            }
            if (before > CHEAP || !isExact(node, lane)) {
                return node.isElementwise() ? CHEAP + 1 : node.layout().count() > 1 ? before + LOAD : before;
            }
            int cost = before + cost(node) + (sizes.count() < Band.WORTHWHILE ? 0 : DIVISION * divisions(node));
            for (Node operand : node.operands()) {
                int computed = again(operand, cost);
                cost = inMemory.contains(operand) ? Math.min(computed, cost + LOAD) : computed;
            }
            return cost;
        }
    }
}

package dev.lanegrad.internal.program;

import dev.lanegrad.internal.op.Structural;
import dev.lanegrad.internal.program.Node.Captured;
import dev.lanegrad.internal.program.Node.Input;
import dev.lanegrad.internal.program.Node.Looped;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The body of a loop that goes back, without what the loop before it has computed already: a value of each step that is
 * dear, and does not depend on gradients, is kept by the first loop and walked along. Tensors that are not read any
 * more are not walked along. What is the same in each step is computed once, before the loop.
 */
final class LoopSplit {
    /** Primitives up to which a value is computed again instead of being kept. */
    private static final int CHEAP = 8;

    private final Trace.Body back;
    private final int carries;
    private final List<Node> walked;
    private final Front front;
    private final Graph around;
    private final Set<Node> dependent = new HashSet<>();
    private final Set<Node> invariant = new HashSet<>();
    /** What is computed before the loop. */
    private final Set<Node> hoisted = new HashSet<>();
    /** The nodes around the loop that are those which are the same in each step. */
    private final Map<Node, Node> outside = new HashMap<>();
    private final Map<Node, Node> same = new HashMap<>();
    /** What is kept, and the node of the first body that is the same. */
    private final Map<Node, Node> kept = new LinkedHashMap<>();
    private final Set<Node> needed = new HashSet<>();

    /**
     * The loop before.
     *
     * @param loop  its node
     * @param body  its body
     * @param first number of the argument of the second body that stands for the first of the first body's
     * @param begin the first row that the second loop walks along
     * @param size  how many it walks along
     */
    record Front(Node loop, Trace.Body body, int first, int begin, int size) {
        int arguments() {
            return ((Looped) loop.origin()).carries() + ((Looped) loop.origin()).walked();
        }
    }

    /**
     * A body, the nodes it walks along, and those it reads besides.
     */
    record Split(Trace trace, List<Node> walked, List<Node> outer) {
    }

    private LoopSplit(Graph around, Trace.Body back, int carries, List<Node> walked, Front front) {
        this.around = around;
        this.back = back;
        this.carries = carries;
        this.walked = walked;
        this.front = front;
    }

    /** The split of {@code back}, a body that has {@code carries} carries and walks along {@code walked}. */
    static Split of(Graph around, Trace.Body back, int carries, List<Node> walked, Front front) {
        return new LoopSplit(around, back, carries, walked, front).split();
    }

    private Split split() {
        Graph graph = back.trace().graph();
        for (int id = 0; id < graph.size(); id++) {
            Node node = graph.get(id);
            boolean given = node.origin() instanceof Input(int index) && (index < front.first
                    || index >= front.first + front.arguments() && index < carries + walked.size());
            if (given || node.operands().stream().anyMatch(dependent::contains)) {
                dependent.add(node);
            }
            if (isInvariant(node)) {
                invariant.add(node);
            }
        }
        back.trace().outputs().forEach(this::need);
        hoist();
        return rewritten();
    }

    /** Finds what is needed, and what of it is kept. */
    private void need(Node root) {
        List<Node> open = new ArrayList<>(List.of(root));
        while (!open.isEmpty()) {
            Node node = open.removeLast();
            if (needed.add(node)) {
                if (isHoisted(node)) {
                    hoisted.add(node);
                } else if (!dependent.contains(node) && isDear(node) && counterpart(node) instanceof Node first) {
                    kept.put(node, first);
                } else {
                    open.addAll(node.operands());
                }
            }
        }
    }

    private boolean isInvariant(Node node) {
        return switch (node.origin()) {
            case Input(int index) -> index >= carries + walked.size();
            case Captured captured -> true;
            case Node.Fill fill -> true;
            case Node.Mapped mapped -> invariant.containsAll(node.operands());
            case Node.Coded coded -> invariant.containsAll(node.operands());
            case Node.Shaped shaped -> invariant.containsAll(node.operands());
            case Node.Extreme extreme -> invariant.containsAll(node.operands());
            case Looped looped -> false;
            case Node.Part part -> false;
        };
    }

    // Rows that lie one behind the other are worth a copy, since a product would order them anew in each step.
    private boolean isHoisted(Node node) {
        return invariant.contains(node) && !node.operands().isEmpty()
                && (!node.isView() || node.structural() instanceof Structural.Permute);
    }

    private void hoist() {
        Set<Node> all = new HashSet<>();
        List<Node> open = new ArrayList<>(hoisted);
        while (!open.isEmpty()) {
            Node node = open.removeLast();
            if (all.add(node)) {
                open.addAll(node.operands());
            }
        }
        for (Node node : inOrder(all)) {
            outside.put(node, node.origin() instanceof Input(int index) ? back.outer().get(index - carries - walked.size())
                    : around.add(node.origin(), node.operands().stream().map(outside::get).toList(), node.layout(), node.cell()));
        }
    }

    private static List<Node> inOrder(Set<Node> nodes) {
        return nodes.stream().sorted(java.util.Comparator.comparingInt(Node::id)).toList();
    }

    private static boolean isDear(Node node) {
        if (node.isElementwise()) {
            return Region.cost(node) > CHEAP;
        }
        Structural op = node.structural();
        return op instanceof Structural.Matmul || op instanceof Structural.Reduce
                || node.origin() instanceof Node.Extreme;
    }

    /** The node of the first body that is what {@code node} is, made if there is none; null if there cannot be one. */
    private Node counterpart(Node node) {
        Node known = same.get(node);
        if (known == null) {
            known = found(node);
            if (known != null) {
                same.put(node, known);
            }
        }
        return known;
    }

    private Node found(Node node) {
        Graph first = front.body.trace().graph();
        if (node.origin() instanceof Input(int index)) {
            int own = index - front.first;
            if (index >= carries + walked.size()) {
                int outer = front.body.outer().indexOf(back.outer().get(index - carries - walked.size()));
                own = outer < 0 ? -1 : front.arguments() + outer;
            }
            return own < 0 ? null : first.add(new Input(own), List.of(), node.layout(), node.cell());
        }
        if (node.origin() instanceof Captured || node.origin() instanceof Node.Looped) {
            return null;
        }
        List<Node> operands = new ArrayList<>();
        for (Node operand : node.operands()) {
            Node counterpart = counterpart(operand);
            if (counterpart == null) {
                return null;
            }
            operands.add(counterpart);
        }
        return first.add(node.origin(), operands, node.layout(), node.cell());
    }

    private Split rewritten() {
        int arguments = carries + walked.size();
        List<Node> rows = new ArrayList<>();
        List<Node> outer = new ArrayList<>();
        Graph graph = new Graph();
        Map<Node, Node> made = new HashMap<>();
        List<Node> order = inOrder(needed);
        int[] number = new int[arguments];
        for (Node node : order) {
            if (node.origin() instanceof Input(int index) && index >= carries && index < arguments) {
                number[index] = carries + rows.size();
                rows.add(walked.get(index - carries));
            }
        }
        for (Map.Entry<Node, Node> keep : kept.entrySet()) {
            made.put(keep.getKey(), graph.add(new Input(carries + rows.size()), List.of(), keep.getKey().layout(),
                    keep.getKey().cell()));
            Node each = Loops.each(around, front.loop, keep.getValue());
            rows.add(around.shape(new Structural.Slice(0, front.begin, 1, front.size), List.of(each),
                    Loops.rows(front.size, keep.getValue()), each.cell()));
        }
        for (Node node : order) {
            if (node.origin() instanceof Input(int index)) {
                int own = index < carries ? index : index < arguments ? number[index]
                        : carries + rows.size() + outer.size();
                if (index >= arguments) {
                    outer.add(back.outer().get(index - arguments));
                }
                made.put(node, graph.add(new Input(own), List.of(), node.layout(), node.cell()));
            } else if (hoisted.contains(node)) {
                made.put(node, graph.add(new Input(carries + rows.size() + outer.size()), List.of(), node.layout(), node.cell()));
                outer.add(outside.get(node));
            } else if (!made.containsKey(node)) {
                made.put(node, graph.add(node.origin(), node.operands().stream().map(made::get).toList(), node.layout(),
                        node.cell()));
            }
        }
        return new Split(back.trace().over(graph, carries + rows.size() + outer.size(),
                back.trace().outputs().stream().map(made::get).toList()), rows, outer);
    }
}

package dev.lanegrad.internal.graph;

import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.op.Binary;
import dev.lanegrad.internal.op.Derivative;
import dev.lanegrad.internal.op.Elementwise;
import dev.lanegrad.internal.op.Structural;
import dev.lanegrad.internal.op.Term;
import dev.lanegrad.internal.shape.Broadcasting;
import dev.lanegrad.internal.shape.Layout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reverse mode that leaves a graph: the same rules, evaluated with recorded ops, so that gradients can be derived again. */
final class RecordedWalk {
    private final Context context;
    private final Nodes nodes;
    private final Plan plan;
    private final Value[] targets;
    private final Map<Integer, Value> gradients = new HashMap<>();
    private final Visits visits;
    private final boolean create;

    RecordedWalk(Context context, Plan plan, Value[] targets, boolean create) {
        this.context = context;
        this.nodes = context.nodes;
        this.plan = plan;
        this.targets = targets;
        this.create = create;
        this.visits = new Visits(context);
    }

    /** Runs the plan; what {@link Backward#gradients} returns, or null if there are no targets. */
    Value[] run(Value[] roots, Value[] seeds) {
        for (int i = 0; i < roots.length; i++) {
            Value seed = seeds == null || seeds[i] == null
                    ? Rules.ones(roots[i].cell, Pointwise.contiguous(roots[i].layout)) : seeds[i];
            int id = nodes.operand(roots[i]);
            if (nodes.has(id, Nodes.WANTED)) {
                add(id, seed);
            }
        }
        List<Integer> leaves = new ArrayList<>();
        Value[] found = targets == null ? null : new Value[targets.length];
        for (int i = 0; i < plan.size(); i++) {
            visit(plan.id(i), found, leaves);
        }
        if (targets == null) {
            addToLeaves(leaves);
        }
        visits.finish();
        return found;
    }

    private void visit(int id, Value[] found, List<Integer> leaves) {
        if (!context.checkpoints.isEmpty()) {
            context.checkpoints.visit(id, true);
        }
        int opcode = nodes.opcode(id);
        if (opcode == Nodes.FUNCTION) {
            function(id);
            return;
        }
        Value gradient = gradients.get(id);
        if (gradient == null) {
            return;
        }
        if (nodes.has(id, Nodes.HOOKED) || opcode == Nodes.LEAF && nodes.leaf(id).leaf.hooks() != null) {
            gradient = visits.hooked(id, gradient);
            gradients.put(id, gradient);
        }
        capture(id, gradient, found);
        switch (opcode) {
            case Nodes.LEAF -> leaves.add(id);
            case Nodes.RESULT -> visits.result(id, gradient);
            case Nodes.STRUCTURAL -> structural(id, gradient);
            default -> elementwise(id, gradient);
        }
        if (opcode != Nodes.LEAF) {
            gradients.remove(id);
        }
    }

    private void function(int id) {
        Value[] contributions = visits.function(id, create, gradients::remove);
        if (contributions != null) {
            int sums = Math.min(nodes.structural(id).function().sumsFrom(), nodes.operands(id));
            add(id, contributions, sums, nodes.operands(id));
            add(id, contributions, 0, sums);
        }
    }

    private void add(int id, Value[] contributions, int from, int to) {
        for (int i = from; i < to; i++) {
            int operand = nodes.anyOperand(id, i);
            if (contributions[i] != null && operand >= 0 && nodes.has(operand, Nodes.WANTED)) {
                add(operand, contributions[i]);
            }
        }
    }

    private void capture(int id, Value gradient, Value[] found) {
        for (int i = 0; found != null && i < targets.length; i++) {
            if (nodes.isOf(targets[i], id)) {
                found[i] = found[i] == null ? gradient : Pointwise.apply(Binary.ADD, found[i], gradient);
            }
        }
    }

    private void addToLeaves(List<Integer> leaves) {
        Map<Value, Value> sums = new LinkedHashMap<>();
        for (int id : leaves) {
            Value leaf = nodes.leaf(id);
            Value old = leaf.leaf.grad();
            sums.put(leaf, old == null ? gradients.get(id) : Pointwise.apply(Binary.ADD, old, gradients.get(id)));
        }
        sums.forEach((leaf, sum) -> leaf.leaf.assign(sum));
        sums.keySet().forEach(leaf -> leaf.leaf.runAfterwards());
    }

    private void add(int id, Value contribution) {
        add(id, contribution, false);
    }

    /** {@code wide}: added in the contribution's own arithmetic, and rounded to the operand's type then. */
    private void add(int id, Value contribution, boolean wide) {
        Cell cell = nodes.cell(id);
        Layout sizes = nodes.layout(id);
        Value whole = contribution.layout.sameSizes(sizes) || !Broadcasting.reaches(contribution.layout, sizes) ? contribution
                : Structures.apply(new Structural.Expand(Pointwise.contiguous(sizes)), contribution);
        if (wide && whole.layout.sameSizes(sizes) && gradients.containsKey(id)) {
            gradients.put(id, Shaped.cast(Pointwise.apply(Binary.ADD, gradients.get(id), whole), cell));
            return;
        }
        Value own = Shaped.sumTo(Shaped.cast(whole, cell), sizes);
        gradients.merge(id, own, (a, b) -> Pointwise.apply(Binary.ADD, a, b));
    }

    private void elementwise(int id, Value gradient) {
        Elementwise op = nodes.elementwise(id);
        Value[] variables = new Value[Term.VARIABLES];
        for (int i = 0; i < op.arity(); i++) {
            int operand = nodes.operand(id, i);
            variables[i] = operand >= 0 ? nodes.value(operand) : number(nodes.scalar(id, i), nodes.cell(id));
        }
        variables[3] = nodes.value(id);
        variables[4] = gradient;
        if (nodes.has(id, Nodes.PACKED)) {
            variables[3] = visits.unpack(id, variables, variables[3]);
        }
        for (int i = 0; i < op.arity(); i++) {
            int operand = nodes.operand(id, i);
            Derivative derivative = op.derivative(i);
            if (operand >= 0 && nodes.has(operand, Nodes.WANTED) && derivative != null) {
                if (!derivative.isZero()) {
                    add(operand, TermEvaluator.evaluate(derivative.contribution(), variables), true);
                } else if (!gradients.containsKey(operand)) {
                    add(operand, number(0, nodes.cell(operand)));
                }
            }
        }
    }

    private Value number(double number, Cell cell) {
        return Values.fill(context.allocate(cell, Layout.SCALAR), number);
    }


    private void structural(int id, Value gradient) {
        Nodes.Recorded recorded = nodes.structural(id);
        Value[] operands = new Value[recorded.operands().length];
        for (int i = 0; i < operands.length; i++) {
            operands[i] = nodes.value(recorded.operands()[i]);
        }
        Value result = nodes.value(id);
        if (nodes.has(id, Nodes.PACKED)) {
            result = visits.unpack(id, operands, result);
        }
        for (int i = 0; i < operands.length; i++) {
            int operand = recorded.operands()[i];
            if (nodes.has(operand, Nodes.WANTED) && operands[i].cell.isReal() && recorded.op().reaches(i)) {
                add(operand, Rules.product(recorded.op(), i, gradient, operands, result));
            }
        }
    }
}

package dev.lanegrad.internal.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** A call of a function whose derivative the user states, on its way to the tape. */
public final class FunctionCall {
    private final String label;
    private final Value[] operands;
    private final int[] nodes;
    private final int[] roots;

    /** A call with {@code operands}, whose records are taken before the function may change them. */
    public FunctionCall(String label, Value[] operands) {
        this.label = label;
        this.operands = operands;
        this.nodes = new int[operands.length];
        this.roots = new int[operands.length];
        Context context = Context.current();
        if (context.interpreter() instanceof BatchInterpreter batch) {
            batch.refuse(label, operands);
        }
        for (int i = 0; i < operands.length; i++) {
            operands[i].check(label);
            if (context.scope() != null) {
                Interpreter meaning = context.interpreter();
                nodes[i] = context.nodes.operand(meaning == null ? operands[i] : meaning.own(operands[i]));
                roots[i] = operands[i].isView() ? context.nodes.operand(operands[i].root()) : -1;
            }
        }
    }

    /** Results of their own for those that the function gave: what shares memory with an operand is copied. */
    public Value[] results(Value[] given, List<Value> dirty) {
        Context context = Context.current();
        Value[] results = new Value[given.length];
        for (int i = 0; i < given.length; i++) {
            Value value = given[i].check(label);
            if (Symbols.isSymbolic(value)) {
                // Without memory there is nothing to share.
                results[i] = value.arranged();
                continue;
            }
            if (dirty.contains(value)) {
                results[i] = value;
                continue;
            }
            boolean shared = value.home != context.home() && context.home() != null || value.recorded() || value.leaf != null;
            for (Value operand : operands) {
                shared |= operand.root() == value.root();
            }
            results[i] = shared ? Structures.copy(context, value, value.cell, Pointwise.contiguous(value.layout)) : value.arranged();
        }
        return results;
    }

    /**
     * Records the call if an operand requires grad; the record, or null.
     *
     * @param constant values among {@code given} that are not differentiable
     * @param dirty    operands among {@code given} that were changed in place
     */
    public CustomFunction record(Value[] results, List<Value> constant, List<Value> dirty, Value[] given, List<Value> saved,
            boolean materialized, boolean once, UnaryOperator<Value[]> backward) {
        Context context = Context.current();
        if (!context.records() || !needsGrad(context)) {
            return null;
        }
        List<Value> kept = new ArrayList<>();
        for (Value value : saved) {
            int own = value == null ? -1 : List.of(given).indexOf(value);
            kept.add(own >= 0 ? results[own] : value);
        }
        Value[] recorded = new Value[results.length];
        for (int i = 0; i < results.length; i++) {
            boolean differentiable = results[i].cell.isReal() && !constant.contains(given[i]);
            recorded[i] = !differentiable ? null : dirty.contains(given[i]) ? results[i].arranged() : results[i];
        }
        for (Value changed : dirty) {
            InPlace.requireChangeable(context, label, changed, true);
        }
        CustomFunction function = new CustomFunction(label, backward, kept, materialized, once, results);
        Value[] before = new Value[operands.length];
        for (int i = 0; i < operands.length; i++) {
            before[i] = context.nodes.value(nodes[i]);
        }
        function.record(recorded, before);
        for (int i = 0; i < results.length; i++) {
            if (recorded[i] != null && dirty.contains(given[i])) {
                int operand = List.of(operands).indexOf(given[i]);
                InPlace.rebase(context, given[i], recorded[i], operand < 0 ? -1 : roots[operand]);
            }
        }
        return function;
    }

    private boolean needsGrad(Context context) {
        for (int node : nodes) {
            if (context.nodes.has(node, Nodes.NEEDS_GRAD)) {
                return true;
            }
        }
        return false;
    }
}

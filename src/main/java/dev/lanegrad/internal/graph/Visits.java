package dev.lanegrad.internal.graph;

import dev.lanegrad.internal.op.Binary;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;

/** What only some walks meet: hooks, gradients that are retained, functions of the user's, packed saves. */
final class Visits {
    private final Context context;
    private final Nodes nodes;
    private final Map<Integer, Value[]> results = new HashMap<>();
    private final Map<Integer, Object[]> unpacked = new HashMap<>();
    private final List<Runnable> atEnd = new ArrayList<>();

    Visits(Context context) {
        this.context = context;
        this.nodes = context.nodes;
    }

    /** What the hooks on record {@code id} make of its {@code gradient}; retained if wanted. */
    Value hooked(int id, Value gradient) {
        Value current = gradient;
        Nodes.Attached attached = nodes.attached(id);
        if (attached != null) {
            for (UnaryOperator<Value> hook : List.copyOf(attached.hooks)) {
                current = checked(hook, hook.apply(current), current);
            }
            if (attached.retained != null) {
                retain(attached.retained, current);
            }
        }
        List<UnaryOperator<Value>> own = nodes.opcode(id) == Nodes.LEAF ? nodes.leaf(id).leaf.hooks() : null;
        if (own != null) {
            for (UnaryOperator<Value> hook : own) {
                current = checked(hook, hook.apply(current), current);
            }
        }
        return current;
    }

    private static Value checked(Object hook, Value replaced, Value before) {
        if (replaced == null) {
            return before;
        }
        replaced.check("hook");
        if (!replaced.layout.sameSizes(before.layout)) {
            throw new IllegalStateException("hook '" + hook.getClass().getSimpleName() + "' has changed the size of value: it got "
                    + before.layout + " and returned " + replaced.layout + "; return a tensor of the same sizes, or null to keep "
                    + "the gradient.");
        }
        return Shaped.cast(replaced, before.cell);
    }

    // Retained gradients change when the whole walk has gone well.
    void retain(Leaf slot, Value gradient) {
        atEnd.add(() -> slot.assign(slot.grad() == null ? gradient : Pointwise.apply(Binary.ADD, slot.grad(), gradient)));
    }

    /** Runs what waits for the end of a walk. */
    void finish() {
        atEnd.forEach(Runnable::run);
    }

    /** Keeps the gradient of a result until its function is visited. */
    void result(int id, Value gradient) {
        Nodes.Recorded recorded = nodes.structural(id);
        results.computeIfAbsent(recorded.operands()[0], key -> new Value[recorded.function().results()])
                [recorded.operands()[1]] = gradient;
    }

    /** The gradients of the operands of the function of record {@code id}; null if no gradient has reached it. */
    Value[] function(int id, boolean create) {
        return function(id, create, operand -> null);
    }

    /** As {@link #function(int, boolean)}, where a function that sums takes gradients so far out of {@code before}. */
    Value[] function(int id, boolean create, IntFunction<Value> before) {
        Value[] gradients = results.remove(id);
        if (gradients == null) {
            return null;
        }
        Nodes.Recorded recorded = nodes.structural(id);
        CustomFunction function = recorded.function();
        Value[] operands = new Value[recorded.operands().length];
        Value[] sums = new Value[operands.length];
        for (int i = 0; i < operands.length; i++) {
            operands[i] = nodes.value(recorded.operands()[i]);
            sums[i] = i >= function.sumsFrom() ? before.apply(recorded.operands()[i]) : null;
        }
        boolean enabled = context.setGradEnabled(create && !function.isOnce());
        try {
            Value[] found = function.gradients(gradients, operands, sums);
            return create && function.isOnce() ? Once.guarded(function.label(), found, gradients, operands) : found;
        } finally {
            context.setGradEnabled(enabled);
        }
    }

    /** What the user's hooks kept of record {@code id}, asked for once. */
    Object[] unpacked(int id) {
        return unpacked.computeIfAbsent(id, key -> SavedHooks.unpacked(nodes.attached(key).packed));
    }

    /** Puts unpacked operands in their places and returns the result, unpacked if it was packed. */
    Value unpack(int id, Value[] operands, Value result) {
        Object[] values = unpacked(id);
        for (int i = 0; i < operands.length && i < 3; i++) {
            if (values[i] instanceof Value value) {
                operands[i] = value;
            }
        }
        return values[3] instanceof Value value ? value : result;
    }
}

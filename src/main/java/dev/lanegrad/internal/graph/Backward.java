package dev.lanegrad.internal.graph;

import dev.lanegrad.internal.memory.TapeScope;
import dev.lanegrad.internal.op.Binary;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Reverse mode: checks everything, plans the walk, runs it, and only then lets gradients out, so that an error leaves
 * leaves and tape as they were.
 */
public final class Backward {
    private Backward() {
    }

    /**
     * Adds the gradients of {@code roots}, weighted with {@code gradients} (null: ones, for one-element roots), to the
     * gradients of the leaves they were computed from.
     */
    public static void run(Value[] roots, Value[] gradients, boolean retainGraph, boolean createGraph) {
        if (Context.current().interpreter() instanceof BatchInterpreter batch) {
            batch.refuse(roots);
        }
        walk("backward", roots, gradients, null, retainGraph || createGraph, createGraph);
    }

    /**
     * The gradients of {@code roots} by {@code targets}, in their order; null for a target that the roots do not depend
     * on. Gradients of leaves are left alone.
     */
    public static Value[] gradients(Value[] roots, Value[] gradients, Value[] targets, boolean retainGraph,
            boolean createGraph) {
        Interpreter meaning = Context.current().interpreter();
        for (Value target : targets) {
            target.check("grad");
            if (meaning != null && meaning.own(target) != target) {
                throw new IllegalStateException("grad: the step of a loop in a program does not know how what it gets depends on a "
                        + "tensor from outside" + CallerLine.text() + "; make that a carry, or take the gradient after the loop.");
            }
            if (!target.requiresGrad()) {
                throw new IllegalStateException("grad: One of the differentiated Tensors does not require grad; call "
                        + "requiresGrad(true) on it before computing with it.");
            }
        }
        return walk("grad", roots, gradients, targets, retainGraph || createGraph, createGraph);
    }

    /** As {@link #run}, but only to the gradients of {@code targets}, which may have been computed themselves. */
    public static void into(Value[] roots, Value[] gradients, Value[] targets, boolean retainGraph, boolean createGraph) {
        if (targets.length == 0) {
            throw new IllegalArgumentException("backward: `inputs` argument to `backward()` cannot be empty; leave it out to reach "
                    + "all leaves.");
        }
        for (Value target : targets) {
            if (!target.check("backward").requiresGrad()) {
                throw new IllegalStateException("backward: One of the differentiated Tensors does not require grad; call "
                        + "requiresGrad(true) on it before computing with it.");
            }
        }
        Value[] found = walk("backward", roots, gradients, targets, retainGraph || createGraph, createGraph);
        Map<Value, Value> sums = new LinkedHashMap<>();
        for (int i = 0; i < targets.length; i++) {
            if (found[i] != null) {
                sums.put(targets[i], found[i]);
            }
        }
        addTo(Context.current(), sums, createGraph);
    }

    private static void addTo(Context context, Map<Value, Value> sums, boolean createGraph) {
        sums.forEach((target, sum) -> {
            target.leaf = target.leaf == null ? new Leaf() : target.leaf;
            if (!createGraph) {
                LeafSums.reserve(context, target, target.leaf);
            }
        });
        sums.forEach((target, sum) -> {
            if (createGraph) {
                Value old = target.leaf.grad();
                target.leaf.assign(old == null ? sum : Pointwise.apply(Binary.ADD, old, sum));
            } else {
                LeafSums.add(context, target.leaf, sum);
            }
        });
        sums.keySet().forEach(target -> target.leaf.runAfterwards());
    }

    private static Value[] walk(String label, Value[] roots, Value[] gradients, Value[] targets, boolean retain,
            boolean create) {
        Context context = Context.current();
        requireRoots(label, roots, gradients);
        TapeScope scope = context.scope();
        if (scope == null) {
            return withoutTape(label, roots, gradients, targets);
        }
        Plan plan = context.beginWalk(label);
        boolean before = context.setGradEnabled(create);
        boolean gathering = false;
        try {
            for (Value root : roots) {
                plan.root(context.nodes.operand(root));
            }
            plan.complete(label, targets);
            if (targets == null) {
                LeafSums.gather(label, context.nodes, plan);
                gathering = true;
            }
            Value[] found;
            if (create || context.interprets()) {
                found = new RecordedWalk(context, plan, targets, create).run(roots, gradients);
            } else {
                found = new Walk(context, plan, targets).run(roots, gradients);
                gathering = false;
            }
            if (!retain) {
                plan.release();
            }
            return found;
        } finally {
            if (gathering) {
                LeafSums.giveUp(context.nodes, plan, plan.leafCount());
            }
            context.endWalk();
            context.setGradEnabled(before);
        }
    }

    private static void requireRoots(String label, Value[] roots, Value[] gradients) {
        if (gradients != null && gradients.length != roots.length) {
            throw new IllegalArgumentException(label + ": got " + roots.length + " tensors and " + gradients.length
                    + " gradients; give one gradient (or null) for each.");
        }
        for (int i = 0; i < roots.length; i++) {
            Value root = roots[i].check(label);
            if (!root.requiresGrad()) {
                throw new IllegalStateException(label + ": element " + i + " of tensors does not require grad and does not have "
                        + "a grad_fn; compute it inside a tape (Tape.open()), outside noGrad, from something with "
                        + "requiresGrad(true).");
            }
            Value gradient = gradients == null ? null : gradients[i];
            if (gradient == null) {
                if (root.count() != 1) {
                    throw new IllegalStateException(label + ": grad can be implicitly created only for scalar outputs; this one "
                            + "has shape " + root.layout() + ". Reduce it with sum() or mean(), or pass a gradient of that "
                            + "shape.");
                }
            } else if (!gradient.check(label).layout().sameSizes(root.layout())) {
                throw new IllegalArgumentException(label + ": Mismatch in shape: grad_output[" + i + "] has a shape of "
                        + gradient.layout() + " and output[" + i + "] has a shape of " + root.layout() + ".");
            }
        }
    }

    // Without a tape nothing was recorded: what requires grad is a leaf, and its gradient is the one given.
    private static Value[] withoutTape(String label, Value[] roots, Value[] gradients, Value[] targets) {
        Value[] found = new Value[targets == null ? 0 : targets.length];
        for (int i = 0; i < roots.length; i++) {
            Value root = roots[i];
            Value gradient = gradients == null || gradients[i] == null
                    ? Rules.ones(root.cell(), Pointwise.contiguous(root.layout()))
                    : Shaped.cast(Values.keep(gradients[i].detach()), root.cell());
            if (targets == null) {
                if (root.leaf.gather() != null) {
                    throw new IllegalStateException(label + ": another thread is gathering gradients in this leaf; call zeroGrad() "
                            + "between them.");
                }
                Value sum = root.leaf.grad() == null ? gradient
                        : Pointwise.apply(Binary.ADD, root.leaf.grad().detach(), gradient.detach());
                root.leaf.set(sum);
                root.leaf.runAfterwards();
            } else {
                for (int t = 0; t < targets.length; t++) {
                    if (targets[t] == root) {
                        found[t] = found[t] == null ? gradient : Pointwise.apply(Binary.ADD, found[t], gradient);
                    }
                }
            }
        }
        return found;
    }
}

package dev.lanegrad.internal.graph;

import dev.lanegrad.internal.memory.TapeScope;
import java.util.Arrays;

/**
 * Reverse mode: checks everything, plans the walk, runs it, and only then lets gradients out, so that an error leaves
 * leaves and tape as they were.
 */
public final class Backward {
    private static final String TWICE = "Trying to backward through the graph a second time (or directly access saved tensors "
            + "after they have already been freed). Saved intermediate values of the graph are freed when you call .backward() "
            + "or autograd.grad(). Specify retain_graph=True if you need to backward through the graph a second time or if you "
            + "need to access saved tensors after calling backward. In Java: backward(gradient, true), or recompute the part "
            + "that both results share.";

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
        for (Value target : targets) {
            target.check("grad");
            if (!target.requiresGrad()) {
                throw new IllegalStateException("grad: One of the differentiated Tensors does not require grad; call "
                        + "requiresGrad(true) on it before computing with it.");
            }
        }
        return walk("grad", roots, gradients, targets, retainGraph || createGraph, createGraph);
    }

    private static Value[] walk(String label, Value[] roots, Value[] gradients, Value[] targets, boolean retain,
            boolean create) {
        Context context = Context.current();
        requireRoots(label, roots, gradients);
        TapeScope scope = context.scope();
        if (scope == null) {
            return withoutTape(roots, gradients, targets);
        }
        Plan plan = context.plan;
        plan.clear();
        for (Value root : roots) {
            plan.root(context.nodes.operand(root));
        }
        if (!plan.complete()) {
            throw new IllegalStateException(TWICE);
        }
        if (targets == null) {
            requireLiveGradients(label, context.nodes, plan);
        }
        boolean before = context.setGradEnabled(create);
        try {
            Value[] found = create || context.interpreter() != null ? new RecordedWalk(context, plan, targets).run(roots, gradients)
                    : new Walk(context, plan, targets).run(roots, gradients);
            if (!retain) {
                plan.release();
            }
            return found;
        } finally {
            context.setGradEnabled(before);
        }
    }

    private static void requireLiveGradients(String label, Nodes nodes, Plan plan) {
        for (int i = 0; i < plan.size(); i++) {
            Value leaf = nodes.opcode(plan.id(i)) == Nodes.LEAF ? nodes.leaf(plan.id(i)) : null;
            if (leaf != null && leaf.leaf.grad() != null) {
                leaf.leaf.grad().check(label + ", adding to a gradient that was made with createGraph (call zeroGrad())");
            }
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
    private static Value[] withoutTape(Value[] roots, Value[] gradients, Value[] targets) {
        Value[] found = new Value[targets == null ? 0 : targets.length];
        for (int i = 0; i < roots.length; i++) {
            Value gradient = gradients == null || gradients[i] == null
                    ? Rules.ones(roots[i].cell(), Pointwise.contiguous(roots[i].layout())) : Values.keep(gradients[i].detach());
            Value root = roots[i];
            if (targets == null) {
                Value sum = root.leaf.grad() == null ? gradient
                        : Pointwise.apply(dev.lanegrad.internal.op.Binary.ADD, root.leaf.grad().detach(), gradient.detach());
                root.leaf.set(sum);
            } else {
                int own = Arrays.asList(targets).indexOf(root);
                if (own >= 0) {
                    found[own] = gradient;
                }
            }
        }
        return found;
    }
}

package dev.lanegrad.internal.graph;

import dev.lanegrad.internal.memory.TapeScope;
import dev.lanegrad.internal.op.Binary;
import dev.lanegrad.internal.shape.Layout;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;

/**
 * Brings the gradients of a finished walk to the leaves. All memory is taken before the first leaf is touched; what
 * follows cannot fail, but for the hooks that run at the very end.
 */
final class LeafSums {
    private LeafSums() {
    }

    /**
     * Takes the leaves of the plan for this thread. Fails with {@code IllegalStateException} if another thread is gathering
     * gradients in one of them, or if a gradient to add to is gone.
     */
    static void gather(String label, Nodes nodes, Plan plan) {
        for (int i = 0; i < plan.leafCount(); i++) {
            int id = plan.leaf(i);
            Leaf leaf = nodes.leaf(id).leaf;
            String other = leaf.gather();
            if (other != null) {
                giveUp(nodes, plan, i);
                throw new IllegalStateException(label + ": " + other + " is gathering gradients in a leaf of shape "
                        + nodes.layout(id) + " that this walk of thread '" + Thread.currentThread().getName()
                        + "' would add to; the sum would depend on who comes first. Call zeroGrad() between them, or take "
                        + "Grad.grad in each thread and add the results in one.");
            }
            try {
                requireAlive(label, leaf);
            } catch (IllegalStateException gone) {
                giveUp(nodes, plan, i + 1);
                throw gone;
            }
        }
    }

    private static void requireAlive(String label, Leaf leaf) {
        if (leaf.grad() != null) {
            leaf.grad().check(label + ", adding to a gradient that was made with createGraph (call zeroGrad())");
        }
    }

    /** Gives up what {@link #gather} took and nothing was added to, in the first {@code count} leaves. */
    static void giveUp(Nodes nodes, Plan plan, int count) {
        for (int i = 0; i < count; i++) {
            nodes.leaf(plan.leaf(i)).leaf.giveUp();
        }
    }

    /** Adds what has arrived at the leaves of the plan to their gradients, and gives up those where nothing has. */
    static void addAll(Context context, Plan plan, Gradients gradients) {
        Nodes nodes = context.nodes;
        for (int i = 0; i < plan.leafCount(); i++) {
            int id = plan.leaf(i);
            Value owner = nodes.leaf(id);
            if (nodes.gradient(id) != 0 && !isReady(nodes, id, owner.leaf)) {
                reserve(context, owner, owner.leaf);
            }
        }
        List<Leaf> waiting = null;
        for (int i = 0; i < plan.leafCount(); i++) {
            int id = plan.leaf(i);
            long gradient = nodes.gradient(id);
            Value owner = nodes.leaf(id);
            if (gradient == 0) {
                owner.leaf.giveUp();
                continue;
            }
            if (owner.leaf.hasAfterwards()) {
                waiting = waiting == null ? new ArrayList<>() : waiting;
                waiting.add(owner.leaf);
            }
            if (isReady(nodes, id, owner.leaf)) {
                owner.leaf.takeBack(true);
                nodes.clear(id, Nodes.LENT);
                nodes.setGradient(id, 0);
            } else {
                add(context, owner.leaf, new Value(context.scope(), context.scope().generation(), gradient,
                        gradients.layout(id), owner.cell));
                gradients.free(id);
            }
        }
        if (waiting != null) {
            waiting.forEach(Leaf::runAfterwards);
        }
    }

    // The walk has written it where it stays. If a walk inside this one has made a gradient meanwhile, it is added to that.
    private static boolean isReady(Nodes nodes, int id, Leaf leaf) {
        return nodes.has(id, Nodes.LENT) && leaf.grad() == null;
    }

    /** Takes the memory that {@link #add} will need. */
    static void reserve(Context context, Value owner, Leaf leaf) {
        Value grad = leaf.grad();
        if (leaf.spare() == null && (grad == null || grad.requiresGrad() || !grad.layout.isContiguous())) {
            Layout layout = Pointwise.contiguous(owner.layout);
            leaf.reserve(owner.home instanceof TapeScope && owner.home == context.scope()
                    ? context.allocate(owner.cell, layout) : Context.managed(owner.cell, layout));
        }
    }

    /** Adds {@code gradient}, of the type of the leaf and in its sizes or one element for all. */
    static void add(Context context, Leaf leaf, Value gradient) {
        Value grad = leaf.grad();
        if (grad == null) {
            Structures.copyInto(context, gradient, leaf.spare());
            leaf.set(leaf.spare());
            return;
        }
        Value target = grad.requiresGrad() || !grad.layout.isContiguous() ? leaf.spare() : grad;
        context.workspace.begin(Binary.ADD.kernels().in(gradient.cell.lane()));
        context.workspace.output(target.address, target.cell);
        context.workspace.input(grad.address, grad.cell, grad.layout);
        context.workspace.input(gradient.address, gradient.cell, gradient.layout);
        context.workspace.run(target.layout);
        Reference.reachabilityFence(grad);
        Reference.reachabilityFence(target);
        if (target != grad) {
            leaf.set(target);
        } else if (leaf.isSeen()) {
            context.changed(grad);
        }
    }
}

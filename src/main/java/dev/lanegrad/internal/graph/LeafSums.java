package dev.lanegrad.internal.graph;

import dev.lanegrad.internal.memory.TapeScope;
import dev.lanegrad.internal.op.Binary;
import dev.lanegrad.internal.shape.Layout;

/**
 * Brings the gradients of a finished walk to the leaves. All memory is taken before the first leaf is touched; what
 * follows cannot fail.
 */
final class LeafSums {
    private final Context context;
    private final Nodes nodes;
    private final Plan plan;

    LeafSums(Context context, Plan plan) {
        this.context = context;
        this.nodes = context.nodes;
        this.plan = plan;
    }

    void addAll() {
        for (int i = 0; i < plan.size(); i++) {
            int id = plan.id(i);
            if (isLeafWithGradient(id)) {
                reserve(nodes.leaf(id));
            }
        }
        for (int i = 0; i < plan.size(); i++) {
            int id = plan.id(i);
            if (isLeafWithGradient(id)) {
                add(id, nodes.leaf(id));
            }
        }
    }

    private boolean isLeafWithGradient(int id) {
        return nodes.opcode(id) == Nodes.LEAF && nodes.gradient(id) != 0;
    }

    private void reserve(Value owner) {
        Leaf leaf = owner.leaf;
        Value grad = leaf.grad();
        if (leaf.spare() == null && (grad == null || grad.requiresGrad())) {
            Layout layout = Pointwise.contiguous(owner.layout);
            leaf.reserve(owner.home instanceof TapeScope && owner.home == context.scope()
                    ? context.allocate(owner.cell, layout) : Context.managed(owner.cell, layout));
        }
    }

    private void add(int id, Value owner) {
        Leaf leaf = owner.leaf;
        Layout layout = Pointwise.contiguous(owner.layout);
        Value gradient = new Value(context.scope(), context.scope().generation(), nodes.gradient(id), layout, owner.cell);
        Value grad = leaf.grad();
        if (grad == null) {
            Structures.copyInto(context, gradient, leaf.spare());
            leaf.set(leaf.spare());
            return;
        }
        Value target = grad.requiresGrad() ? leaf.spare() : grad;
        context.workspace.begin(Binary.ADD.kernels().in(owner.cell.lane()));
        context.workspace.output(target.address, target.cell);
        context.workspace.input(grad.address, grad.cell, grad.layout);
        context.workspace.input(gradient.address, gradient.cell, layout);
        context.workspace.run(layout);
        java.lang.ref.Reference.reachabilityFence(grad);
        java.lang.ref.Reference.reachabilityFence(target);
        if (target != grad) {
            leaf.set(target);
        }
    }
}

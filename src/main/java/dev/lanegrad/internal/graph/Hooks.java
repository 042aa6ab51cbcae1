package dev.lanegrad.internal.graph;

import java.util.function.UnaryOperator;

/** What a user fastens to the gradient of a value. */
public final class Hooks {
    private Hooks() {
    }

    /** Calls {@code hook} with the gradient of {@code value} in each walk; the result removes it. */
    public static Runnable onGradient(Value value, UnaryOperator<Value> hook) {
        value.check("registerHook");
        if (Context.current().interpreter() instanceof BatchInterpreter batch) {
            batch.refuse("registerHook", new Value[] {value});
        }
        if (!value.requiresGrad()) {
            throw new IllegalStateException("registerHook: cannot register a hook on a tensor that doesn't require gradient; call "
                    + "requiresGrad(true) first, or compute it from something that does.");
        }
        if (value.isLeaf()) {
            return value.leaf.addHook(hook);
        }
        Nodes.Attached attached = attached(value, "registerHook");
        attached.hooks.add(hook);
        return () -> attached.hooks.remove(hook);
    }

    /** Runs {@code hook} after gradients were added to the leaf {@code value}; the result removes it. */
    public static Runnable onAccumulated(Value value, Runnable hook) {
        value.check("registerPostAccumulateGradHook");
        if (!value.isLeaf()) {
            throw new IllegalStateException("registerPostAccumulateGradHook: post accumulate grad hooks cannot be registered on "
                    + "non-leaf tensors; use registerHook.");
        }
        if (value.leaf == null) {
            throw new IllegalStateException("registerPostAccumulateGradHook: cannot register a hook on a tensor that doesn't require "
                    + "gradient; call requiresGrad(true) first.");
        }
        return value.leaf.addAfterwards(hook);
    }

    /** Keeps the gradient of the computed {@code value} too. */
    public static void retain(Value value) {
        value.check("retainGrad");
        if (!value.requiresGrad()) {
            throw new IllegalStateException("retainGrad: can't retain_grad on Tensor that has requires_grad=False; compute it from "
                    + "something with requiresGrad(true).");
        }
        if (!value.isLeaf()) {
            Nodes.Attached attached = attached(value, "retainGrad");
            value.leaf = value.leaf == null ? new Leaf() : value.leaf;
            attached.retained = value.leaf;
        }
    }

    /** True if the computed {@code value} keeps its gradient. */
    public static boolean retains(Value value) {
        return value.leaf != null;
    }

    /** How often the memory of {@code value} has been changed in place. */
    public static int version(Value value) {
        value.check("version");
        if (value.view != null && value.view.has(View.INFERENCE)) {
            throw new IllegalStateException("version: Inference tensors do not track version counter.");
        }
        return Context.current().versions.version(value);
    }

    private static Nodes.Attached attached(Value value, String label) {
        Context context = Context.current();
        int id = context.nodes.operand(value);
        if (value.isLeaf()) {
            throw new IllegalStateException(label + ": the record of this tensor is gone.");
        }
        return context.nodes.attach(id);
    }
}

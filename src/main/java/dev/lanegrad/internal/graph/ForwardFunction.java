package dev.lanegrad.internal.graph;

import java.util.ArrayList;
import java.util.List;

/**
 * Forward mode through functions whose backward the user states: that is linear in the gradient, so its own derivative by
 * the gradient, weighted with the tangents, is the tangent of the result.
 */
final class ForwardFunction {
    private ForwardFunction() {
    }

    /** The tangent of result number {@code k} of {@code function}, or null for zeros. */
    static Value tangent(CustomFunction function, int k, Value result, Value[] operands, Value[] tangents, boolean create) {
        Context context = Context.current();
        boolean before = context.setGradEnabled(true);
        try {
            Value gradient = Values.fill(context.allocate(result.cell, Pointwise.contiguous(result.layout)), 0);
            gradient.requireGrad(true);
            Value[] given = new Value[function.results()];
            given[k] = gradient;
            Value[] found = function.gradients(given, operands);
            List<Value> roots = new ArrayList<>();
            List<Value> seeds = new ArrayList<>();
            for (int i = 0; i < operands.length; i++) {
                if (found[i] != null && tangents[i] != null) {
                    requireLinear(function, found[i]);
                    roots.add(found[i]);
                    seeds.add(Shaped.expand(tangents[i], found[i].layout.sizes()));
                }
            }
            return roots.isEmpty() ? null : Backward.gradients(roots.toArray(Value[]::new), seeds.toArray(Value[]::new),
                    new Value[] {gradient}, true, create)[0];
        } finally {
            context.setGradEnabled(before);
        }
    }

    private static void requireLinear(CustomFunction function, Value found) {
        if (function.isOnce() || !found.requiresGrad()) {
            throw new IllegalStateException("jvp: the backward of " + function.label() + " is not stated in differentiable ops of its "
                    + "gradient, so that there is no forward mode of it; state it in tensor ops, without once_differentiable.");
        }
    }
}

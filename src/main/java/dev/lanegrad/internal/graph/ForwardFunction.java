package dev.lanegrad.internal.graph;

import dev.lanegrad.internal.op.Binary;

/**
 * Forward mode through functions whose backward the user states: that is linear in the gradient, so its own derivative
 * by the gradient, weighted with the tangents, is the tangent of the result.
 */
final class ForwardFunction {
    private ForwardFunction() {
    }

    /** The tangent of result number {@code k} of {@code function}, or null for zeros. */
    static Value tangent(CustomFunction function, int k, Value result, Value[] operands, Value[] tangents,
            boolean create) {
        Context context = Context.current();
        boolean before = context.setGradEnabled(true);
        try {
            Value gradient = Rules.ones(result.cell, Pointwise.contiguous(result.layout));
            gradient.requireGrad(true);
            Value[] given = new Value[function.results()];
            given[k] = gradient;
            Value[] found = function.gradients(given, operands);
            Value sum = null;
            for (int i = 0; i < operands.length; i++) {
                Value part = found[i] == null || tangents[i] == null ? null
                        : part(function, found[i], tangents[i], gradient, create);
                context.setGradEnabled(create);
                sum = sum == null ? part : part == null ? sum : Pointwise.apply(Binary.ADD, sum, part);
                context.setGradEnabled(true);
            }
            return sum;
        } finally {
            context.setGradEnabled(before);
        }
    }

    private static Value part(CustomFunction function, Value found, Value tangent, Value gradient, boolean create) {
        Value part = null;
        if (found.requiresGrad() && !function.isOnce()) {
            Value seed = Shaped.expand(tangent, found.layout.sizes());
            part = Backward.gradients(new Value[] {found}, new Value[] {seed}, new Value[] {gradient}, true, create)[0];
        }
        if (part == null && !isZero(found)) {
            throw new IllegalStateException("jvp: the backward of " + function.label() + " is not stated in "
                    + "differentiable ops of its gradient, so that there is no forward mode of it; state it in tensor "
                    + "ops, without once_differentiable.");
        }
        return part;
    }

    private static boolean isZero(Value value) {
        for (long i = 0; i < value.count(); i++) {
            if (value.isSymbolic() || Values.get(value, i) != 0) {
                return false;
            }
        }
        return true;
    }
}

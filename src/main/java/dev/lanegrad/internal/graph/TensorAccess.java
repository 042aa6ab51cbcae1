package dev.lanegrad.internal.graph;

import java.util.function.Function;

/** How the other packages of the module reach a tensor's value, which its users do not see. */
public final class TensorAccess {
    private static volatile Function<Object, Value> values;

    private TensorAccess() {
    }

    /** Set once, by the tensor class. */
    public static void set(Function<Object, Value> access) {
        values = access;
    }

    /** The value of a tensor. */
    public static Value value(Object tensor) {
        return values.apply(tensor);
    }
}

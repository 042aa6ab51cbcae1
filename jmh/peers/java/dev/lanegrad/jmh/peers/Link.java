package dev.lanegrad.jmh.peers;

import java.lang.invoke.LambdaMetafactory;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.function.BiFunction;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;

/**
 * Methods found by the name of an op, as the method reference that a user would write: the call costs what
 * {@code Tensor::exp} costs, and an op that is added later needs no line here.
 */
final class Link {
    private static final MethodHandles.Lookup LOOKUP = MethodHandles.lookup();

    private Link() {
    }

    /** The static method {@code name} of {@code home} of this type, or null. */
    static MethodHandle statically(Class<?> home, String name, Class<?> result, Class<?>... parameters) {
        try {
            return LOOKUP.findStatic(home, name, MethodType.methodType(result, parameters));
        } catch (NoSuchMethodException | IllegalAccessException e) {
            return null;
        }
    }

    /** The method {@code name} of {@code home} of this type, or null. */
    static MethodHandle virtually(Class<?> home, String name, Class<?> result, Class<?>... parameters) {
        try {
            return LOOKUP.findVirtual(home, name, MethodType.methodType(result, parameters));
        } catch (NoSuchMethodException | IllegalAccessException e) {
            return null;
        }
    }

    @SuppressWarnings("unchecked")
    static <T> UnaryOperator<T> unary(MethodHandle method) {
        return (UnaryOperator<T>) link(UnaryOperator.class, method, 1);
    }

    @SuppressWarnings("unchecked")
    static <T> BinaryOperator<T> binary(MethodHandle method) {
        return (BinaryOperator<T>) link(BinaryOperator.class, method, 2);
    }

    @SuppressWarnings("unchecked")
    static <T, U> BiFunction<T, U, T> mixed(MethodHandle method) {
        return (BiFunction<T, U, T>) link(BiFunction.class, method, 2);
    }

    @SuppressWarnings("unchecked")
    static <T> Dialect.TernaryOperator<T> ternary(MethodHandle method) {
        return (Dialect.TernaryOperator<T>) link(Dialect.TernaryOperator.class, method, 3);
    }

    private static Object link(Class<?> type, MethodHandle method, int operands) {
        MethodType erased = MethodType.genericMethodType(operands);
        try {
            return LambdaMetafactory.metafactory(LOOKUP, "apply", MethodType.methodType(type), erased, method,
                    method.type().wrap().changeReturnType(Object.class)).getTarget().invoke();
        } catch (Throwable e) {
            throw new IllegalStateException("Link: " + method + " cannot be called as a " + type.getSimpleName() + ".",
                    e);
        }
    }
}

package dev.lanegrad.internal.graph;

import dev.lanegrad.internal.op.Elementwise;
import dev.lanegrad.internal.op.Kernels;
import dev.lanegrad.internal.op.Structural;
import java.util.function.DoubleSupplier;

/**
 * Another meaning of ops on the values it has made: a batch that hides a dimension, a trace that computes nothing. While
 * one is active in a thread ({@link Context#interpret}), every op asks it first. Each method gives null (or false) if no
 * operand is a value of its own; else it has done all there is to do, recording for gradients included.
 *
 * <p>Its values are {@linkplain Value#symbolic symbolic}: they have sizes and a type, and no memory. Ops that it carries
 * out itself on other values go to the interpreter around it, see {@link Context#interpret}.
 */
public interface Interpreter {
    /** The result of an element-wise op; a null operand is a number, in the order of the scalars. */
    Value apply(Elementwise op, Value x, Value y, Value z, double s0, double s1);

    /** The result of a structural op; arguments have been checked against the sizes of the operands. */
    Value apply(Structural op, Value[] operands);

    /** The index of the first extreme along {@code dim}, or among all elements if {@code dim} is negative. */
    Value arg(boolean max, Value x, int dim, boolean keepDim);

    /** An update in place, see {@link Updates#run}. */
    boolean update(Kernels kernels, Value[] outputs, Value[] inputs, double[] scalars);

    /** An update with numbers that may differ each time; false if they may as well be asked for now. */
    default boolean update(Kernels kernels, Value[] outputs, Value[] inputs, DoubleSupplier[] scalars) {
        return false;
    }

    /** {@code op} of all operands, written over {@code x}, which has memory; false if it may be done so now. */
    default boolean change(Elementwise op, Value x, Value y, Value z, double s0, double s1) {
        return false;
    }

    /** {@code source}, broadcast and converted, written over {@code x}, which has memory; false if it may be done so now. */
    default boolean change(Value x, Value source) {
        return false;
    }

    /** The value whose record stands for that of an operand from outside; the operand itself, unless it is copied in. */
    default Value own(Value operand) {
        return operand;
    }

    /** What is to be done each time the function is called that is being traced; false if it is to be done now. */
    default boolean each(Runnable action) {
        return false;
    }
}

package dev.lanegrad.internal.graph;

import dev.lanegrad.internal.kernel.Workspace;
import dev.lanegrad.internal.op.Kernels;
import java.lang.ref.Reference;
import java.util.Arrays;
import java.util.function.DoubleSupplier;

/** Element-wise updates in place, outside the graph: what optimisers do to parameters. */
public final class Updates {
    private Updates() {
    }

    /**
     * Runs {@code kernels} once over elements of the same contiguous sizes: its inputs are {@code inputs} and then
     * {@code scalars}, its outputs are written to {@code outputs}, which may be among the inputs.
     */
    public static void run(Kernels kernels, Value[] outputs, Value[] inputs, double... scalars) {
        Context context = Context.current();
        if (context.interprets() && context.interpreter().update(kernels, outputs, inputs, scalars)) {
            return;
        }
        for (Value value : outputs) {
            value.check("update");
        }
        for (Value value : inputs) {
            value.check("update");
        }
        Workspace workspace = context.workspace;
        workspace.begin(kernels.in(outputs[0].cell.lane()));
        for (Value value : outputs) {
            workspace.output(value.address, value.cell);
        }
        for (Value value : inputs) {
            workspace.input(value.address, value.cell, value.layout);
        }
        for (double scalar : scalars) {
            workspace.input(scalar);
        }
        workspace.run(outputs[0].layout);
        for (Value value : outputs) {
            context.changed(value);
        }
        Reference.reachabilityFence(outputs);
        Reference.reachabilityFence(inputs);
    }

    /**
     * As {@link #run(Kernels, Value[], Value[], double...)} with numbers that may differ each time: a traced function asks
     * for them at each call.
     */
    public static void run(Kernels kernels, Value[] outputs, Value[] inputs, DoubleSupplier... scalars) {
        Context context = Context.current();
        if (!context.interprets() || !context.interpreter().update(kernels, outputs, inputs, scalars)) {
            double[] numbers = new double[scalars.length];
            Arrays.setAll(numbers, i -> scalars[i].getAsDouble());
            run(kernels, outputs, inputs, numbers);
        }
    }

    /** Does {@code action}, and while a function is traced has it done at each of its calls instead. */
    public static void each(Runnable action) {
        Context context = Context.current();
        if (!context.interprets() || !context.interpreter().each(action)) {
            action.run();
        }
    }

    /** The gradient of a leaf without making it known outside, or null. */
    public static Value gradient(Value parameter) {
        parameter.check("gradient");
        return parameter.leaf == null ? null : parameter.leaf.grad();
    }

    /** Zeros of the sizes of {@code like} that live as long as they are reachable. */
    public static Value managedZeros(Value like) {
        return Values.fill(Context.managed(like.cell, Pointwise.contiguous(like.layout)), 0);
    }
}

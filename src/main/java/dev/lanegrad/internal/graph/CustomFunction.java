package dev.lanegrad.internal.graph;

import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.shape.Layout;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;

/** A function whose derivative the user states, as one call of it was recorded. */
public final class CustomFunction {
    private final String label;
    private final UnaryOperator<Value[]> backward;
    private final Value[] saved;
    private final boolean materialized;
    private final boolean once;
    private final Layout[] layouts;
    private final Cell[] cells;
    private int record = -1;
    private boolean released;
    private int summed = Integer.MAX_VALUE;

    /**
     * A call that gave {@code results}.
     *
     * @param backward     gives one gradient for each operand, or null, for the gradients of the results
     * @param saved        what {@link #saved} gives to it; nulls stay nulls
     * @param materialized whether the gradient of a result that was not used is zeros instead of null
     * @param once         whether its gradients cannot be derived again
     */
    public CustomFunction(String label, UnaryOperator<Value[]> backward, List<Value> saved, boolean materialized, boolean once,
            Value[] results) {
        this.label = label;
        this.backward = backward;
        this.saved = saved.toArray(Value[]::new);
        this.materialized = materialized;
        this.once = once;
        this.layouts = Arrays.stream(results).map(Value::layout).toArray(Layout[]::new);
        this.cells = Arrays.stream(results).map(Value::cell).toArray(Cell[]::new);
    }

    /**
     * Lets backward go on with the gradients of the operands from number {@code first} on: it is given those that they have so
     * far, null for none, behind the gradients of the results, and gives the sums in their place. Returns this.
     */
    public CustomFunction summing(int first) {
        summed = first;
        return this;
    }

    /** The first operand of which backward takes the gradient so far and gives the sum. */
    int sumsFrom() {
        return summed;
    }

    /**
     * Records the call if an operand requires grad.
     *
     * @param results one each; those that are null are not differentiable
     */
    public void record(Value[] results, Value[] operands) {
        Context context = Context.current();
        if (context.interpreter() instanceof BatchInterpreter batch) {
            batch.refuse(label, operands);
        }
        if (context.records() && Structures.needsGrad(operands)) {
            record = context.nodes.record(this, results, operands);
        }
    }

    /** The name of the function. */
    public String label() {
        return label;
    }

    /** What was saved. Fails with {@code IllegalStateException} if it has been released. */
    public Value[] saved() {
        if (released) {
            throw new IllegalStateException(label + ": " + Plan.TWICE + label + ").");
        }
        return saved.clone();
    }

    int results() {
        return layouts.length;
    }

    /** True if its gradients cannot be derived again. */
    boolean isOnce() {
        return once;
    }

    /** The checked gradients of its operands, null for those without. */
    Value[] gradients(Value[] given, Value[] operands) {
        return gradients(given, operands, new Value[operands.length]);
    }

    /** As {@link #gradients(Value[], Value[])}, where operands that are summed have the gradients {@code before}. */
    Value[] gradients(Value[] given, Value[] operands, Value[] before) {
        int continued = Math.max(0, operands.length - summed);
        Value[] gradients = Arrays.copyOf(given, given.length + continued);
        System.arraycopy(before, operands.length - continued, gradients, given.length, continued);
        for (int i = 0; i < given.length; i++) {
            if (gradients[i] == null && materialized) {
                gradients[i] = Values.fill(Values.allocate(cells[i], Pointwise.contiguous(layouts[i])), 0);
            }
        }
        Value[] found = backward.apply(gradients);
        for (int i = operands.length; i < found.length; i++) {
            if (found[i] != null) {
                throw wrongCount(operands.length, found.length);
            }
        }
        if (found.length < operands.length) {
            throw wrongCount(operands.length, found.length);
        }
        for (int i = 0; i < operands.length; i++) {
            if (found[i] != null) {
                requireShape(i, found[i].check(label), operands[i]);
            }
        }
        return found;
    }

    private IllegalStateException wrongCount(int expected, int got) {
        return new IllegalStateException(label + ": function " + label + "Backward returned an incorrect number of gradients "
                + "(expected " + expected + ", got " + got + "); return one gradient or null for each input of forward.");
    }

    private void requireShape(int i, Value gradient, Value operand) {
        if (!dev.lanegrad.internal.shape.Broadcasting.reaches(operand.layout, gradient.layout)) {
            throw new IllegalStateException(label + ": Function " + label + "Backward returned an invalid gradient at index " + i
                    + " - got " + gradient.layout + " but expected shape compatible with " + operand.layout
                    + "; a gradient has the sizes of its input.");
        }
    }

    /** Lets go of what was saved; false if that was nothing. */
    boolean release() {
        released |= saved.length > 0;
        return released;
    }

    /** Fails with {@code IllegalStateException} if what was saved has been changed in place since. */
    void requireUnchanged(String walk, Versions versions) {
        for (Value value : saved) {
            if (value != null && versions.changedSince(value.address, value.layout.extent() * value.cell.bytes(), record)) {
                throw new IllegalStateException(walk + ": one of the variables needed for gradient computation has been modified by "
                        + "an inplace operation: [" + value.cell + " " + value.layout + "], saved by " + label + ", is at version "
                        + versions.versionAt(value.address, Integer.MAX_VALUE) + "; expected version "
                        + versions.versionAt(value.address, record) + " instead. Change a clone() instead, or change it after "
                        + "backward.");
            }
        }
    }

    /** What was saved, for accounts. */
    Value[] kept() {
        return released ? new Value[0] : saved;
    }
}

package dev.lanegrad.internal.program;

import dev.lanegrad.internal.graph.Context;
import dev.lanegrad.internal.graph.Symbols;
import dev.lanegrad.internal.graph.Value;
import dev.lanegrad.internal.graph.Values;
import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.memory.Managed;
import dev.lanegrad.internal.shape.Layout;
import java.lang.ref.Reference;
import java.util.List;

/**
 * A function ready to be run again and again for arguments of the same sizes and types: a flat list of steps whose operands
 * are at known distances from a few bases. A call moves the bases that have changed and runs the steps; it looks nothing up
 * and allocates nothing. One thread at a time.
 */
public final class Compiled {
    private final Trace trace;
    private final Step[] steps;
    private final Operand[][] operands;
    private final long[] bases;
    private final List<Value> kept;
    private final List<Value> gradients;
    private final boolean[] replacing;
    private final Runnable[] actions;
    private final Trace.Supplied[] supplied;
    private final Managed block;
    private final Explanation explanation;
    private final Node[] arguments;

    /** An operand of a step: {@code offset} bytes behind base number {@code base}. */
    record Operand(int base, int step, int position, long offset) {
    }

    Compiled(Trace trace, List<Step> steps, List<Operand> operands, List<Value> kept, List<Value> gradients,
            boolean[] replacing, Managed block, Explanation explanation) {
        this.trace = trace;
        this.steps = steps.toArray(Step[]::new);
        this.kept = kept;
        this.gradients = gradients;
        this.replacing = replacing;
        actions = trace.actions().toArray(Runnable[]::new);
        supplied = trace.supplied().toArray(Trace.Supplied[]::new);
        this.block = block;
        this.explanation = explanation;
        arguments = new Node[trace.inputs()];
        for (int id = 0; id < trace.graph().size(); id++) {
            if (trace.graph().get(id).origin() instanceof Node.Input(int index)) {
                arguments[index] = trace.graph().get(id);
            }
        }
        bases = new long[1 + trace.inputs() + trace.outputs().size() + kept.size()];
        this.operands = new Operand[bases.length][];
        for (int base = 0; base < bases.length; base++) {
            int number = base;
            this.operands[base] = operands.stream().filter(operand -> operand.base() == number).toArray(Operand[]::new);
        }
        move(0, block.address());
        for (int i = 0; i < kept.size(); i++) {
            move(bases.length - kept.size() + i, kept.get(i).address());
        }
    }

    /** The same once more, in memory of its own, for another thread. */
    Compiled again() {
        return Builder.build(trace, explanation.plan());
    }

    /** Number of results. */
    public int results() {
        return trace.outputs().size();
    }

    /** The sizes of result {@code index}. */
    public Layout layout(int index) {
        return trace.outputs().get(index).layout();
    }

    /** The type of result {@code index}. */
    public Cell cell(int index) {
        return trace.outputs().get(index).cell();
    }

    /** Runs everything on contiguous arguments, and writes contiguous results with room for a vector behind them. */
    public void run(Value[] inputs, Value[] outputs) {
        for (int i = 0; i < inputs.length; i++) {
            if (bases[1 + i] != inputs[i].address()) {
                Aliasing.requireApart(i, inputs[i], trace.effects());
                move(1 + i, inputs[i].address());
            }
        }
        for (int i = 0; i < outputs.length; i++) {
            move(1 + inputs.length + i, outputs[i].address());
        }
        repeat();
        Reference.reachabilityFence(inputs);
        Reference.reachabilityFence(outputs);
    }

    /** Runs everything on what it was run on, which is kept alive by the caller. */
    void repeat() {
        for (Runnable action : actions) {
            action.run();
        }
        for (Trace.Supplied number : supplied) {
            Values.set(number.value(), 0, number.number().getAsDouble());
        }
        runSteps();
        for (int i = 0; i < gradients.size(); i++) {
            Symbols.setGradient(trace.gradients().get(i).target(), gradients.get(i));
        }
        Reference.reachabilityFence(this);
    }

    /** Number of arguments. */
    public int arguments() {
        return arguments.length;
    }

    /** True if {@code value} lies where argument {@code index} of the call before did, and is like it. */
    public boolean isArgument(int index, Value value) {
        return bases[1 + index] == value.address() && value.cell() == arguments[index].cell()
                && isLike(value.layout(), arguments[index].layout());
    }

    /** True if {@code value} lies where result {@code index} of the call before did, is like it and has its memory to itself. */
    public boolean isResult(int index, Value value) {
        return bases[1 + arguments.length + index] == value.address() && value.cell() == cell(index)
                && isLike(value.layout(), layout(index)) && Symbols.isWhole(value);
    }

    private static boolean isLike(Layout layout, Layout expected) {
        return layout == expected || layout.isContiguous() && layout.sameSizes(expected);
    }

    /** True if result {@code k} may be written over argument {@code k}. */
    boolean mayReplace(int k) {
        return replacing[k];
    }

    /** Computes with the bases where they are. */
    void runSteps() {
        for (Step step : steps) {
            step.run();
        }
    }

    /**
     * As {@link #run}, into values of the user: fails with {@code IllegalArgumentException} if one does not have the sizes
     * and the type of its result or overlaps another tensor.
     */
    public void into(Value[] inputs, Value[] outputs) {
        boolean moved = outputs.length != results();
        for (int i = 0; i < inputs.length; i++) {
            moved |= inputs[i].address() != bases[1 + i];
        }
        boolean whole = true;
        for (int i = 0; i < outputs.length; i++) {
            moved |= outputs[i].address() != bases[1 + inputs.length + i] || outputs[i].cell() != cell(i)
                    || !outputs[i].layout().sameSizes(layout(i)) || !outputs[i].layout().isContiguous();
            whole &= Symbols.isWhole(outputs[i]);
        }
        if (moved) {
            new Aliasing(inputs, outputs, kept).check(this);
        }
        if (whole) {
            run(inputs, outputs);
        } else {
            staged(inputs, outputs);
        }
    }

    // A vector too far would be written into what lies behind a view.
    private void staged(Value[] inputs, Value[] outputs) {
        Value[] staged = new Value[outputs.length];
        for (int i = 0; i < staged.length; i++) {
            staged[i] = Context.managed(cell(i), layout(i));
        }
        run(inputs, staged);
        for (int i = 0; i < staged.length; i++) {
            Symbols.copy(staged[i], outputs[i]);
        }
    }

    /** Tells all steps that base {@code base} is at {@code address} now. */
    void move(int base, long address) {
        if (bases[base] != address) {
            bases[base] = address;
            for (Operand operand : operands[base]) {
                steps[operand.step()].place(operand.position(), address + operand.offset());
            }
        }
    }

    /** The tensors outside that are read or written. */
    public List<Value> kept() {
        return kept;
    }

    /** What it does, for people. */
    Explanation explanation() {
        return explanation;
    }

    /** Its kernels, one a line, and what they cost. */
    public String explain() {
        return explanation.text();
    }

    /** Its graph in the language of Graphviz. */
    public String dot() {
        return explanation.dot();
    }

    /** Its graph in the language of Mermaid. */
    public String mermaid() {
        return explanation.mermaid();
    }

    /** Bytes of the block for intermediate values. */
    public long plannedBytes() {
        return explanation.planned();
    }
}

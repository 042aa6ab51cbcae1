package dev.lanegrad.internal.program;

import dev.lanegrad.internal.graph.Batch;
import dev.lanegrad.internal.graph.CustomFunction;
import dev.lanegrad.internal.graph.Symbols;
import dev.lanegrad.internal.graph.Value;
import dev.lanegrad.internal.graph.Values;
import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.op.Structural;
import dev.lanegrad.internal.program.Node.Looped;
import dev.lanegrad.internal.program.Node.Part;
import dev.lanegrad.internal.shape.Layout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Loops that are traced as one node. The step is traced once, as a function of its own; its gradient is another loop,
 * which goes the other way over the carries of the first one and what else that has kept of each step.
 */
public final class Loops {
    private final UnaryOperator<Value[]> step;
    private final Value[] init;
    private final Value[] xs;
    private final int length;
    private final boolean reverse;
    private final boolean[] wanted;
    /** The loop that this is the gradient of, or null. */
    private final LoopSplit.Front front;
    private boolean recorded;
    private Trace.Body body;
    private List<Node> constants;
    private Node loop;
    private Value[] results;

    /** A loop that is yet to be traced; {@code front} is the one that it is the gradient of, or null. */
    Loops(UnaryOperator<Value[]> step, Value[] init, Value[] xs, int length, boolean reverse, LoopSplit.Front front) {
        this.step = step;
        this.init = init;
        this.xs = xs;
        this.length = length;
        this.reverse = reverse;
        this.front = front;
        this.wanted = new boolean[init.length + xs.length];
    }

    /** True if a function is being traced in this thread, by which a loop becomes one node. */
    public static boolean areTraced() {
        return Symbols.meaning() instanceof Tracer;
    }

    /**
     * The last carries of a traced loop, and what else {@code step} gives each time, along a new first dimension.
     *
     * @param step   gives the next carries and then other results, for the carries and then a row of each of {@code xs}
     * @param init   the first carries
     * @param xs     tensors of {@code length} rows; of the last row first if {@code reverse}
     * @param length how often, at least once
     */
    public static Value[] run(UnaryOperator<Value[]> step, Value[] init, Value[] xs, int length, boolean reverse) {
        return new Loops(step, init, xs, length, reverse, null).run((Tracer) Symbols.meaning());
    }

    private Value[] run(Tracer tracer) {
        trace(tracer);
        return build(tracer);
    }

    /** Finds out what a step does. */
    void trace(Tracer tracer) {
        recorded = Symbols.isRecording();
        for (int i = 0; i < wanted.length; i++) {
            wanted[i] = recorded && input(i).requiresGrad();
        }
        do {
            body = Trace.body(tracer, layouts(), cells(), recorded, wanted, this::augmented);
        } while (reachesMoreCarries());
        constants = body.trace().graph().constants();
    }

    /** Makes the node; the results. */
    Value[] build(Tracer tracer) {
        Graph graph = tracer.graph();
        List<Node> operands = new ArrayList<>();
        for (Value value : inputs()) {
            operands.add(tracer.node(value));
        }
        List<Node> walked = operands.subList(init.length, operands.size());
        LoopSplit.Split split = recorded || front == null
                ? new LoopSplit.Split(body.trace(), List.copyOf(walked), body.outer())
                : LoopSplit.of(graph, body, init.length, List.copyOf(walked), front);
        walked.clear();
        operands.addAll(split.walked());
        operands.addAll(split.outer());
        loop = graph.add(new Looped(split.trace(), length, reverse, init.length, split.walked().size()),
                operands.stream().map(graph::dense).toList(), Layout.SCALAR, Cell.FLOAT32);
        results = new Value[body.dependent().length];
        for (int i = 0; i < results.length; i++) {
            results[i] = tracer.value(part(graph, loop, split.trace().outputs().get(i), i));
        }
        record(tracer);
        return Arrays.copyOf(results, results.length - init.length);
    }

    private Value input(int i) {
        return i < init.length ? init[i] : xs[i - init.length];
    }

    private List<Layout> layouts() {
        List<Layout> layouts = new ArrayList<>();
        for (int i = 0; i < wanted.length; i++) {
            int[] sizes = input(i).layout().sizes();
            layouts.add(Layout.contiguous(i < init.length ? sizes : Arrays.copyOfRange(sizes, 1, sizes.length)));
        }
        return layouts;
    }

    private List<Cell> cells() {
        return Arrays.stream(inputs()).map(Value::cell).toList();
    }

    /** The step, which gives the carries it has got too: the gradient needs them, and may be derived itself. */
    private Value[] augmented(Value[] inputs) {
        Value[] given = step.apply(inputs);
        Value[] all = Arrays.copyOf(given, given.length + init.length);
        System.arraycopy(inputs, 0, all, given.length, init.length);
        Arrays.setAll(all, i -> Symbols.meaning().own(all[i]));
        return all;
    }

    /** True if a carry depends on what needs gradients only from the second step on, which has been found just now. */
    private boolean reachesMoreCarries() {
        boolean more = false;
        for (int k = 0; k < init.length; k++) {
            more |= body.dependent()[k] && !wanted[k];
            wanted[k] |= body.dependent()[k];
        }
        return more;
    }

    /**
     * Tensors of no rows of what {@code step} gives besides carries, for {@code init} and rows of {@code xs}, of which
     * there are none.
     */
    public static Value[] none(UnaryOperator<Value[]> step, Value[] init, Value[] xs) {
        Loops loop = new Loops(step, init, xs, 0, false, null);
        List<Node> outputs = (Symbols.meaning() instanceof Tracer tracer
                ? Trace.body(tracer, loop.layouts(), loop.cells(), false, loop.wanted, step).trace()
                : Trace.of(loop.layouts(), loop.cells(), step, false)).outputs();
        return outputs.stream().skip(init.length).map(output -> Values.allocate(output.cell(), rows(0, output)))
                .toArray(Value[]::new);
    }

    static Layout rows(int rows, Node row) {
        int[] sizes = new int[row.layout().rank() + 1];
        sizes[0] = rows;
        System.arraycopy(row.layout().sizes(), 0, sizes, 1, sizes.length - 1);
        return Layout.contiguous(sizes);
    }

    private Node part(Graph graph, Node loop, Node inner, int i) {
        return i < init.length ? graph.add(new Part(Part.Kind.LAST, i), List.of(loop), inner.layout(), inner.cell())
                : each(graph, loop, inner);
    }

    /** What {@code inner}, a node of the body of {@code loop}, is each time. */
    static Node each(Graph graph, Node loop, Node inner) {
        Looped looped = (Looped) loop.origin();
        Layout sizes = rows(looped.length(), inner);
        int next = looped.body().outputs().subList(0, looped.carries()).indexOf(inner);
        if (inner.origin() instanceof Node.Input(int index) && index < looped.carries()) {
            return slice(graph, loop, inner, index, looped.reverse() ? 1 : 0);
        } else if (next >= 0) {
            return slice(graph, loop, inner, next, looped.reverse() ? 0 : 1);
        }
        return graph.add(new Part(Part.Kind.EACH, inner.id()), List.of(loop), sizes, inner.cell());
    }

    private static Node slice(Graph graph, Node loop, Node carry, int number, int begin) {
        int length = ((Looped) loop.origin()).length();
        Node all = graph.add(new Part(Part.Kind.ALL, number), List.of(loop), rows(length + 1, carry), carry.cell());
        return graph.shape(new Structural.Slice(0, begin, 1, length), List.of(all), rows(length, carry), carry.cell());
    }

    private void record(Tracer tracer) {
        List<Value> operands = new ArrayList<>();
        for (Value input : inputs()) {
            operands.add(tracer.own(input));
        }
        body.sources().forEach(source -> operands.add(tracer.own(source)));
        Value[] recorded = results.clone();
        for (int i = 0; i < recorded.length; i++) {
            recorded[i] = body.dependent()[i] ? recorded[i] : null;
        }
        new CustomFunction("scan", this::backward, List.of(), false, false, results)
                .summing(wanted.length).record(recorded, operands.toArray(Value[]::new));
    }

    /** The gradients of the operands for those of the results, null for zeros, and those that sources have so far. */
    private Value[] backward(Value[] given) {
        // A batch of gradients, as for a Jacobian, is a loop for each.
        return Batch.oneByOne(gradients -> new LoopGradient(this, gradients).run(), given);
    }

    /** Gives the results of a step, and then the carries it has got, for carries and rows. */
    Value[] once(Value[] inputs) {
        return augmented(inputs);
    }

    /** Number of carries. */
    int carries() {
        return init.length;
    }

    /** Carries in the beginning, and what is walked along. */
    Value[] inputs() {
        Value[] inputs = Arrays.copyOf(init, wanted.length);
        System.arraycopy(xs, 0, inputs, init.length, xs.length);
        return inputs;
    }

    /** All results, the carries that the steps got last. */
    Value[] results() {
        return results;
    }

    /** True if gradients flow into input {@code i}. */
    boolean isWanted(int i) {
        return wanted[i];
    }

    int length() {
        return length;
    }

    boolean reverse() {
        return reverse;
    }

    Trace.Body body() {
        return body;
    }

    /** The numbers that were known when a step was traced, in order. */
    List<Node> constants() {
        return constants;
    }

    Node node() {
        return loop;
    }
}

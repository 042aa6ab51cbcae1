package dev.lanegrad.internal.program;

import dev.lanegrad.internal.graph.Backward;
import dev.lanegrad.internal.graph.Batch;
import dev.lanegrad.internal.graph.Context;
import dev.lanegrad.internal.graph.CustomFunction;
import dev.lanegrad.internal.graph.Pointwise;
import dev.lanegrad.internal.graph.Symbols;
import dev.lanegrad.internal.graph.Value;
import dev.lanegrad.internal.graph.Values;
import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.op.Binary;
import dev.lanegrad.internal.op.Structural;
import dev.lanegrad.internal.program.Node.Looped;
import dev.lanegrad.internal.program.Node.Part;
import dev.lanegrad.internal.shape.Layout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Loops that are traced as one node. The step is traced once, as a function of its own; its gradient is another loop, which
 * goes the other way over the carries of the first one, computes each step again and derives it.
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
    private Trace.Body body;
    private Node loop;
    private Value[] results;

    private Loops(UnaryOperator<Value[]> step, Value[] init, Value[] xs, int length, boolean reverse, LoopSplit.Front front) {
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
        boolean recorded = Symbols.isRecording();
        for (int i = 0; i < wanted.length; i++) {
            wanted[i] = recorded && input(i).requiresGrad();
        }
        do {
            body = Trace.body(tracer, layouts(), cells(), recorded, wanted, this::augmented);
        } while (reachesMoreCarries());
        Graph graph = tracer.graph();
        List<Node> operands = new ArrayList<>();
        for (Value value : inputs()) {
            operands.add(tracer.node(value));
        }
        List<Node> walked = operands.subList(init.length, operands.size());
        LoopSplit.Split split = recorded || front == null ? new LoopSplit.Split(body.trace(), List.copyOf(walked), body.outer())
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

    private Value[] inputs() {
        Value[] inputs = Arrays.copyOf(init, wanted.length);
        System.arraycopy(xs, 0, inputs, init.length, xs.length);
        return inputs;
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
     * Tensors of no rows of what {@code step} gives besides carries, for {@code init} and rows of {@code xs}, of which there
     * are none.
     */
    public static Value[] none(UnaryOperator<Value[]> step, Value[] init, Value[] xs) {
        Loops loop = new Loops(step, init, xs, 0, false, null);
        List<Node> outputs = (Symbols.meaning() instanceof Tracer tracer
                ? Trace.body(tracer, loop.layouts(), loop.cells(), false, loop.wanted, step).trace()
                : Trace.of(loop.layouts(), loop.cells(), step)).outputs();
        return outputs.stream().skip(init.length).map(output -> Values.allocate(output.cell(), rows(0, output)))
                .toArray(Value[]::new);
    }

    private static Layout rows(int rows, Node row) {
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
        if (!areTraced()) {
            throw new IllegalStateException("scan: the gradient of a loop in a program cannot be taken for a batch of gradients at "
                    + "once; take the derivative by a forward or reverse product, or outside of the program.");
        }
        return new LoopGradient(given).run();
    }

    /** The loop that goes back: its carries are gradients of carries, and sums of those of everything around. */
    private final class LoopGradient {
        private final List<Integer> carries = new ArrayList<>();
        private final List<Integer> walked = new ArrayList<>();
        /** Numbers of the results whose gradients come a row at a time. */
        private final List<Integer> rows = new ArrayList<>();
        private final List<Value> begin = new ArrayList<>();
        private final List<Value> along = new ArrayList<>();
        /** Which inputs and sources are reached by a gradient. */
        private final boolean[] reached = new boolean[wanted.length + body.sources().size()];

        private final boolean[] taken = new boolean[body.sources().size()];

        LoopGradient(Value[] given) {
            for (int i = 0; i < wanted.length; i++) {
                if (wanted[i]) {
                    (i < init.length ? carries : walked).add(i);
                }
            }
            for (int k : carries) {
                begin.add(given[k] != null ? given[k] : nothing(init[k]));
            }
            for (int e = 0; e < body.sources().size(); e++) {
                Value before = given[results.length + e];
                taken[e] = before != null;
                begin.add(before != null ? before : nothing(body.sources().get(e)));
            }
            along.addAll(Arrays.asList(results).subList(results.length - init.length, results.length));
            along.addAll(List.of(xs));
            for (int i = init.length; i < results.length; i++) {
                if (given[i] != null) {
                    rows.add(i);
                    along.add(given[i]);
                }
            }
        }

        /** What leaves every bit of a number that it is added to. */
        private Value nothing(Value like) {
            Tracer in = (Tracer) Symbols.meaning();
            return in.value(in.graph().fill(-0.0, Layout.contiguous(like.layout().sizes()), like.cell()));
        }

        Value[] run() {
            Value[] found = new Loops(this::step, begin.toArray(Value[]::new), along.toArray(Value[]::new), length, !reverse,
                    new LoopSplit.Front(loop, body, begin.size())).run((Tracer) Symbols.meaning());
            Value[] gradients = new Value[reached.length];
            int next = 0;
            for (int k : carries) {
                gradients[k] = reached[k] ? found[next] : null;
                next++;
            }
            for (int e = wanted.length; e < reached.length; e++) {
                // A gradient that was taken so far is given back.
                gradients[e] = reached[e] ? found[next] : taken[e - wanted.length] ? begin.get(next) : null;
                next++;
            }
            for (int x : walked) {
                if (reached[x]) {
                    // A sum of rows among zeros, as it is for rows that are taken one by one.
                    Value sum = found[next++];
                    gradients[x] = length == 1 ? sum : Pointwise.apply(Binary.ADD, sum, 0.0);
                }
            }
            return gradients;
        }

        private Value[] step(Value[] values) {
            boolean create = Context.current().setGradEnabled(true);
            List<Value> inputs = new ArrayList<>();
            List<Value> targets = new ArrayList<>();
            List<Value> roots = new ArrayList<>();
            List<Value> seeds = new ArrayList<>();
            Value[] derived;
            try {
                for (int i = 0; i < wanted.length; i++) {
                    Value value = values[begin.size() + i];
                    inputs.add(wanted[i] ? Batch.variable(value, true) : value);
                    if (wanted[i]) {
                        targets.add(inputs.getLast());
                    }
                }
                Value[] outs = augmented(inputs.toArray(Value[]::new));
                Tracer inner = (Tracer) Symbols.meaning();
                for (int c = 0; c < carries.size(); c++) {
                    add(roots, seeds, outs[carries.get(c)], values[c]);
                }
                for (int r = 0; r < rows.size(); r++) {
                    add(roots, seeds, outs[rows.get(r)], values[begin.size() + wanted.length + r]);
                }
                for (int e = 0; e < body.sources().size(); e++) {
                    targets.add(inner.own(body.sources().get(e)));
                    add(roots, seeds, targets.getLast(), values[carries.size() + e]);
                }
                derived = Backward.gradients(roots.toArray(Value[]::new), seeds.toArray(Value[]::new),
                        targets.toArray(Value[]::new), true, create);
            } finally {
                Context.current().setGradEnabled(create);
            }
            return ordered(values, derived);
        }

        private static void add(List<Value> roots, List<Value> seeds, Value root, Value seed) {
            if (root.requiresGrad()) {
                roots.add(root);
                seeds.add(seed);
            }
        }

        /** Gradients of carries and sums, and then those of rows that are reached. */
        private Value[] ordered(Value[] values, Value[] derived) {
            List<Value> next = new ArrayList<>();
            List<Value> found = new ArrayList<>(Arrays.asList(derived));
            for (int k : carries) {
                Value gradient = found.removeFirst();
                reached[k] = gradient != null;
                next.add(gradient != null ? gradient : nothing(init[k]));
            }
            List<Value> each = new ArrayList<>();
            for (int x : walked) {
                Value gradient = found.removeFirst();
                reached[x] = gradient != null;
                each.addAll(gradient != null ? List.of(gradient) : Collections.emptyList());
            }
            for (int e = 0; e < body.sources().size(); e++) {
                Value sum = found.removeFirst();
                reached[wanted.length + e] = sum != values[carries.size() + e];
                next.add(sum);
            }
            next.addAll(each);
            return next.toArray(Value[]::new);
        }
    }
}

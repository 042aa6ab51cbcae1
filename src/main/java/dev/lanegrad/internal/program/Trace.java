package dev.lanegrad.internal.program;

import dev.lanegrad.internal.graph.Context;
import dev.lanegrad.internal.graph.Interpreter;
import dev.lanegrad.internal.graph.Symbols;
import dev.lanegrad.internal.graph.Value;
import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.memory.TapeScope;
import dev.lanegrad.internal.shape.Layout;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleSupplier;
import java.util.function.UnaryOperator;

/**
 * What a function of tensors does, found by running it once on values without memory.
 *
 * @param graph     its values
 * @param inputs    number of arguments
 * @param outputs   the results, in order
 * @param effects   what it writes to tensors outside
 * @param gradients what it leaves as gradients of tensors outside
 * @param actions   what is done before each call
 * @param supplied  numbers that are asked for before each call
 */
record Trace(Graph graph, int inputs, List<Node> outputs, List<Effect> effects, List<Effect> gradients,
        List<Runnable> actions, List<Supplied> supplied) {
    /** A tensor outside and what it holds, or has as its gradient, in the end. */
    record Effect(Value target, Node node) {
    }

    /** A tensor without dimensions that holds a number which may be another one at each call. */
    record Supplied(Value value, DoubleSupplier number) {
    }

    /**
     * The trace of {@code body} for arguments of these sizes and types, simplified by {@link Approximations} too if
     * {@code approximate}. Whatever happens, leaves keep their gradients.
     */
    static Trace of(List<Layout> layouts, List<Cell> cells, UnaryOperator<Value[]> body, boolean approximate) {
        Context context = Context.current();
        boolean recorded = context.setGradEnabled(true);
        TapeScope tape = context.open();
        Tracer tracer = new Tracer(tape);
        if (approximate) {
            tracer.graph().approximate();
        }
        Interpreter before = context.interpret(tracer);
        try {
            Value[] inputs = new Value[layouts.size()];
            for (int i = 0; i < inputs.length; i++) {
                inputs[i] = tracer.input(i, layouts.get(i), cells.get(i));
            }
            List<Node> outputs = new ArrayList<>();
            for (Value output : body.apply(inputs)) {
                outputs.add(tracer.node(output));
            }
            return new Trace(tracer.graph(), inputs.length, outputs, tracer.effects(), gradients(tracer),
                    tracer.actions(), tracer.supplied());
        } finally {
            context.interpret(before);
            forgetGradients(tracer);
            tracer.close();
            // A tape that the function has left open ends with it.
            while (context.scope() != tape) {
                context.close(context.scope());
            }
            context.close(tape);
            context.setGradEnabled(recorded);
        }
    }

    /**
     * The body of a loop.
     *
     * @param trace     what it does; its arguments are those it was traced for, and then the nodes of {@code outer}
     * @param outer     what it reads of the function around it
     * @param sources   values around it that gradients flow into
     * @param dependent for each result whether gradients flow through it
     */
    record Body(Trace trace, List<Node> outer, List<Value> sources, boolean[] dependent) {
    }

    /**
     * The trace of {@code step}, which is the body of a loop in a function that {@code around} traces.
     *
     * @param wanted which arguments gradients flow into, if they are {@code recorded}
     */
    static Body body(Tracer around, List<Layout> layouts, List<Cell> cells, boolean recorded, boolean[] wanted,
            UnaryOperator<Value[]> step) {
        Context context = Context.current();
        boolean grads = context.setGradEnabled(recorded);
        TapeScope tape = context.open();
        Tracer tracer = new Tracer(tape, around, layouts.size());
        if (around.graph().isApproximate()) {
            tracer.graph().approximate();
        }
        Interpreter before = context.interpret(tracer);
        try {
            Value[] inputs = new Value[layouts.size()];
            for (int i = 0; i < inputs.length; i++) {
                inputs[i] = tracer.input(i, layouts.get(i), cells.get(i));
                inputs[i].requireGrad(recorded && wanted[i]);
            }
            Value[] results = step.apply(inputs);
            List<Node> outputs = new ArrayList<>();
            boolean[] dependent = new boolean[results.length];
            for (int i = 0; i < results.length; i++) {
                outputs.add(tracer.node(results[i]));
                dependent[i] = tracer.own(results[i]).requiresGrad();
            }
            requireNoGradients(inputs);
            requireNoGradients(tracer.variables().values().toArray(Value[]::new));
            List<Node> outer = tracer.outer();
            return new Body(new Trace(tracer.graph(), inputs.length + outer.size(), outputs, List.of(), List.of(), List.of(),
                    List.of()), outer, List.copyOf(tracer.variables().keySet()), dependent);
        } finally {
            context.interpret(before);
            tracer.close();
            while (context.scope() != tape) {
                context.close(context.scope());
            }
            context.close(tape);
            context.setGradEnabled(grads);
        }
    }

    private static void requireNoGradients(Value[] variables) {
        for (Value variable : variables) {
            if (Symbols.gradient(variable) != null) {
                throw new IllegalStateException("backward: the step of a loop can leave no gradient outside of it; take the "
                        + "gradient by Grad.grad in the step, or call backward() after the loop.");
            }
        }
    }

    /** This with other results. */
    Trace with(List<Node> results) {
        return over(graph, inputs, results);
    }

    /** This with another graph, number of arguments and results. */
    Trace over(Graph other, int arguments, List<Node> results) {
        return new Trace(other, arguments, results, effects, gradients, actions, supplied);
    }

    private static List<Effect> gradients(Tracer tracer) {
        Map<Value, Node> found = new IdentityHashMap<>();
        List<Effect> gradients = new ArrayList<>();
        for (Value leaf : tracer.leaves()) {
            Value gradient = Symbols.gradient(leaf);
            if (gradient != null && Symbols.isSymbolic(gradient) && found.put(leaf, tracer.node(gradient)) == null) {
                tracer.requireFresh(leaf);
                gradients.add(new Effect(leaf, found.get(leaf)));
            }
        }
        return gradients;
    }

    private static void forgetGradients(Tracer tracer) {
        tracer.leaves().forEach(Symbols::forgetGradient);
    }

    /** True if it changes something outside, or asks for something there. */
    boolean hasEffects() {
        return !(effects.isEmpty() && gradients.isEmpty() && actions.isEmpty() && supplied.isEmpty());
    }

    /** All that must be computed. */
    List<Node> roots() {
        List<Node> roots = new ArrayList<>(outputs);
        effects.forEach(effect -> roots.add(effect.node()));
        gradients.forEach(effect -> roots.add(effect.node()));
        return roots;
    }
}

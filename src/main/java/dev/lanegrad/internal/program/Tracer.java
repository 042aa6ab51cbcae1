package dev.lanegrad.internal.program;

import dev.lanegrad.internal.graph.CallerLine;
import dev.lanegrad.internal.graph.Context;
import dev.lanegrad.internal.graph.Interpreter;
import dev.lanegrad.internal.graph.Symbols;
import dev.lanegrad.internal.graph.Value;
import dev.lanegrad.internal.graph.Values;
import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.lane.LaneCode;
import dev.lanegrad.internal.memory.Symbolic;
import dev.lanegrad.internal.memory.TapeScope;
import dev.lanegrad.internal.op.Elementwise;
import dev.lanegrad.internal.op.Kernels;
import dev.lanegrad.internal.op.Structural;
import dev.lanegrad.internal.program.Node.Captured;
import dev.lanegrad.internal.program.Node.Extreme;
import dev.lanegrad.internal.program.Node.Input;
import dev.lanegrad.internal.shape.Dims;
import dev.lanegrad.internal.shape.Layout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleSupplier;

/**
 * The meaning of ops while a function is traced: each becomes a node of a graph. A tensor from outside is captured: it is
 * read, where it lies, at each call; one that the function itself makes from Java numbers is a constant.
 */
final class Tracer implements Interpreter {
    private final Graph graph = new Graph();
    private final Symbolic home = new Symbolic("traced");
    private final TapeScope tape;
    private final List<Held> captured = new ArrayList<>();
    private final List<Runnable> actions = new ArrayList<>();
    private final List<Trace.Supplied> supplied = new ArrayList<>();
    /** What traces the function that the loop is in; null outside of loops. */
    private final Tracer around;
    private final int arguments;
    /** Nodes of {@link #around} that the body reads: its arguments behind its own. */
    private final List<Node> outer = new ArrayList<>();
    /** What stands in the body for values from around that require grad. */
    private final Map<Value, Value> variables = new LinkedHashMap<>();

    /** A tensor from outside, and its elements now: they change when the function updates it. */
    private static final class Held {
        private final Value value;
        private final Node before;
        private final boolean hadGradient;
        private Node now;

        private Held(Value value, Node node) {
            this.value = value;
            this.before = node;
            this.hadGradient = Symbols.gradient(value) != null && !Symbols.isSymbolic(Symbols.gradient(value));
            this.now = node;
        }
    }

    Tracer(TapeScope tape) {
        this(tape, null, 0);
    }

    /** Traces the body of a loop that has {@code arguments} arguments and is in a function that {@code around} traces. */
    Tracer(TapeScope tape, Tracer around, int arguments) {
        this.tape = tape;
        this.around = around;
        this.arguments = arguments;
    }

    /** The graph of all that has been traced. */
    Graph graph() {
        return graph;
    }

    /** Ends the life of all values of this. */
    void close() {
        home.close();
    }

    /** The value that stands for argument {@code index}. */
    Value input(int index, Layout layout, Cell cell) {
        Layout sizes = Layout.contiguous(layout.sizes());
        return value(graph.add(new Input(index), List.of(), sizes, cell));
    }

    /** The value that stands for {@code node} in the function. */
    Value value(Node node) {
        return Symbols.make(home, node.id(), node.layout(), node.cell());
    }

    /** The node of a value: its own, or that of a captured one. */
    Node node(Value value) {
        value.check("trace");
        if (Symbols.isOf(value, home)) {
            return graph.reshape(graph.get(Symbols.number(value)), Layout.contiguous(value.layout().sizes()));
        }
        if (around != null && !Symbols.isIn(value, tape)) {
            return outside(value);
        }
        if (Symbols.isSymbolic(value)) {
            throw new IllegalStateException("trace: a tensor of another transformation that is under way was used inside a "
                    + "traced function" + CallerLine.text() + "; pass it as an argument instead.");
        }
        return Symbols.isIn(value, tape) && value.count() == 1 && value.cell().isReal() && !isChanged(value)
                ? graph.fill(Values.get(value, 0), Layout.contiguous(value.layout().sizes()), value.cell()) : held(value).now;
    }

    private Node outside(Value value) {
        Node node = around.node(value);
        if (node.origin() instanceof Node.Fill fill) {
            return graph.fill(fill.number(), node.layout(), node.cell());
        }
        if (!outer.contains(node)) {
            outer.add(node);
        }
        return graph.add(new Input(arguments + outer.indexOf(node)), List.of(), node.layout(), node.cell());
    }

    /** The nodes of the tracer around that this reads. */
    List<Node> outer() {
        return outer;
    }

    /** The values from around that gradients flow into, and what stands for them here. */
    Map<Value, Value> variables() {
        return variables;
    }

    // The body is derived by itself, so its records end here.
    @Override
    public Value own(Value operand) {
        if (around == null || operand == null || !operand.requiresGrad() || !Symbols.isRecording()
                || Symbols.isOf(operand, home) || Symbols.isIn(operand, tape)) {
            return operand;
        }
        Value known = variables.get(operand);
        if (known == null) {
            known = value(node(operand));
            known.requireGrad(true);
            variables.put(operand, known);
        }
        return known;
    }

    private void refuse(String label) {
        if (around != null) {
            throw new IllegalStateException(label + ": the step of a loop can change nothing outside of it" + CallerLine.text()
                    + "; make what changes a carry, and update after the loop.");
        }
    }

    private Held held(Value value) {
        for (Held known : captured) {
            if (Symbols.isSame(known.value, value)) {
                return known;
            }
            if (known.now != known.before && Symbols.shareMemory(known.value, value)) {
                throw new IllegalStateException("trace: a view of a tensor that this function has updated before is used"
                        + CallerLine.text() + "; use the whole tensor, or take the view before the update.");
            }
        }
        Value kept = Symbols.isManaged(value) ? value : Values.keep(value);
        Held held = new Held(value, Symbols.isIn(value, tape) ? constant(value, kept) : capture(kept));
        captured.add(held);
        return held;
    }

    private Node capture(Value value) {
        return graph.add(new Captured(value), List.of(), Layout.contiguous(value.layout().sizes()), value.cell());
    }

    // Made by the function from numbers, so it never changes; often it is one number again and again.
    private Node constant(Value value, Value kept) {
        if (value.cell() == Cell.INT64 || value.count() == 0) {
            return capture(kept);
        }
        double first = Values.get(kept, 0);
        for (long i = 1; i < kept.count(); i++) {
            if (Double.doubleToRawLongBits(Values.get(kept, i)) != Double.doubleToRawLongBits(first)) {
                return capture(kept);
            }
        }
        return graph.fill(first, Layout.contiguous(value.layout().sizes()), value.cell());
    }

    /** True if all operands were made by the function from numbers, so that the op can be computed once and for all. */
    private boolean isConstant(Value... operands) {
        for (Value operand : operands) {
            if (operand != null && (!Symbols.isIn(operand, tape) || isChanged(operand))) {
                return false;
            }
        }
        return true;
    }

    private boolean isChanged(Value value) {
        for (Held held : captured) {
            if (held.now != held.before && Symbols.shareMemory(held.value, value)) {
                return true;
            }
        }
        return false;
    }

    @Override
    public Value apply(Elementwise op, Value x, Value y, Value z, double s0, double s1) {
        if (isConstant(x, y, z)) {
            return null;
        }
        return Symbols.record(op, value(map(op, x, y, z, s0, s1)), own(x), own(y), own(z), s0, s1);
    }

    private Node map(Elementwise op, Value x, Value y, Value z, double s0, double s1) {
        Layout layout = Symbols.sizes(op, x, y, z);
        Cell computed = Symbols.computed(op, x, y, z, s0, s1);
        Cell natural = natural(computed);
        List<Node> operands = new ArrayList<>();
        double scalar = s0;
        for (int i = 0; i < op.arity(); i++) {
            Value operand = i == 0 ? x : i == 1 ? y : z;
            operands.add(operand != null ? node(operand) : graph.fill(scalar, Layout.SCALAR, natural));
            scalar = operand != null ? scalar : s1;
        }
        return graph.map(op, computed.lane(), operands, layout, op.isPredicate() ? Cell.BOOL : computed);
    }

    @Override
    public boolean change(Elementwise op, Value x, Value y, Value z, double s0, double s1) {
        if (isConstant(x, y, z) && !isKnown(x)) {
            return false;
        }
        requireNoGradients(op.label() + "_", x, y, z);
        Held held = updatable(x);
        held.now = graph.cast(map(op, x, y, z, s0, s1), x.cell());
        return true;
    }

    @Override
    public boolean change(Value x, Value source) {
        if (isConstant(x, source) && !isKnown(x)) {
            return false;
        }
        requireNoGradients("copy_", x, source);
        Held held = updatable(x);
        Layout sizes = Layout.contiguous(x.layout().sizes());
        held.now = graph.cast(graph.shape(new Structural.Expand(sizes), List.of(node(source)), sizes, source.cell()), x.cell());
        return true;
    }

    private boolean isKnown(Value value) {
        return captured.stream().anyMatch(held -> Symbols.shareMemory(held.value, value));
    }

    private static void requireNoGradients(String label, Value... values) {
        for (Value value : values) {
            if (value != null && value.requiresGrad() && Context.current().gradEnabled()) {
                throw new IllegalStateException(label + ": a traced function can change a tensor in place only outside the graph"
                        + CallerLine.text() + "; do it inside GradMode.noGrad(), or use detach() or the op that gives a new "
                        + "tensor.");
            }
        }
    }

    private static Cell natural(Cell computed) {
        return computed.lane() == dev.lanegrad.internal.lane.Lane.FLOAT ? Cell.FLOAT32 : Cell.FLOAT64;
    }

    @Override
    public Value apply(Structural op, Value[] operands) {
        if (isConstant(operands)) {
            return null;
        }
        Value composed = Symbols.composed(op, operands);
        Node node = composed != null ? node(composed) : shaped(op, operands);
        return Symbols.record(op, value(node), own(operands));
    }

    private Value[] own(Value[] operands) {
        return around == null ? operands : Arrays.stream(operands).map(this::own).toArray(Value[]::new);
    }

    private Node shaped(Structural op, Value[] operands) {
        Layout sizes = Symbols.sizes(op, operands);
        Cell cell = Symbols.cell(op, operands);
        List<Node> nodes = new ArrayList<>();
        for (Value operand : operands) {
            nodes.add(node(operand));
        }
        if (op instanceof Structural.Reduce && !operands[0].cell().isReal()) {
            Node real = graph.cast(nodes.getFirst(), Cell.FLOAT64);
            return graph.cast(graph.shape(op, List.of(real), sizes, Cell.FLOAT64), cell);
        }
        return graph.shape(op, nodes, sizes, cell);
    }

    @Override
    public Value arg(boolean max, Value x, int dim, boolean keepDim) {
        if (isConstant(x)) {
            return null;
        }
        Node real = x.cell().isReal() ? node(x) : graph.cast(node(x), Cell.FLOAT64);
        boolean all = dim < 0 || x.layout().rank() == 0;
        Layout sizes = Dims.without(x.layout(), all ? Dims.all(x.layout().rank()) : 1 << dim, keepDim && !all);
        return value(graph.add(new Extreme(max, all ? -1 : dim), List.of(real), sizes, Cell.INT64));
    }

    @Override
    public boolean update(Kernels kernels, Value[] outputs, Value[] inputs, double[] scalars) {
        Cell natural = natural(outputs[0].cell());
        update(kernels, outputs, inputs, Arrays.stream(scalars)
                .mapToObj(scalar -> graph.fill(scalar, Layout.SCALAR, natural)).toList());
        return true;
    }

    @Override
    public boolean update(Kernels kernels, Value[] outputs, Value[] inputs, DoubleSupplier[] scalars) {
        List<Node> numbers = new ArrayList<>();
        for (DoubleSupplier scalar : scalars) {
            numbers.add(capture(supplied(scalar, natural(outputs[0].cell()))));
        }
        update(kernels, outputs, inputs, numbers);
        return true;
    }

    private Value supplied(DoubleSupplier number, Cell cell) {
        for (Trace.Supplied known : supplied) {
            if (known.number() == number && known.value().cell() == cell) {
                return known.value();
            }
        }
        Value value = Context.managed(cell, Layout.SCALAR);
        supplied.add(new Trace.Supplied(value, number));
        return value;
    }

    private void update(Kernels kernels, Value[] outputs, Value[] inputs, List<Node> scalars) {
        LaneCode code = kernels.in(outputs[0].cell().lane()).code();
        List<Node> operands = new ArrayList<>();
        for (Value input : inputs) {
            operands.add(node(input));
        }
        operands.addAll(scalars);
        List<Held> targets = new ArrayList<>();
        for (Value output : outputs) {
            targets.add(updatable(output));
        }
        for (int i = 0; i < outputs.length; i++) {
            targets.get(i).now = graph.code(code, i, operands, Layout.contiguous(outputs[i].layout().sizes()),
                    outputs[i].cell());
        }
    }

    @Override
    public boolean each(Runnable action) {
        refuse("step");
        actions.add(action);
        return true;
    }

    /** What is to be done before each call. */
    List<Runnable> actions() {
        return actions;
    }

    /** The numbers that are asked for before each call. */
    List<Trace.Supplied> supplied() {
        return supplied;
    }

    private Held updatable(Value output) {
        if (!Symbols.isIn(output, tape)) {
            refuse("update");
        }
        if (Symbols.isSymbolic(output) || !output.layout().isContiguous()
                || !Symbols.isManaged(output) && !Symbols.isIn(output, tape)) {
            throw new IllegalStateException("update: only a contiguous tensor from outside all tapes, or one it has made itself, "
                    + "can be updated by a traced function (this one has shape " + output.layout() + ")"
                    + CallerLine.text() + "; keep() it before, or return the new value as a result.");
        }
        Held held = held(output);
        for (Held other : captured) {
            if (other != held && Symbols.shareMemory(other.value, output)) {
                throw new IllegalStateException("update: a view of this tensor is used by the traced function too"
                        + CallerLine.text() + "; use the whole tensor only.");
            }
        }
        return held;
    }

    /** What is to be written at the end: captured tensors with their new elements. */
    List<Trace.Effect> effects() {
        List<Trace.Effect> effects = new ArrayList<>();
        for (Held held : captured) {
            if (held.now != held.before && Symbols.isManaged(held.value)) {
                // What another tensor held before must not be read after that has been written.
                Node node = held.now;
                while (node.isView()) {
                    node = node.operand();
                }
                effects.add(new Trace.Effect(held.value,
                        node.origin() instanceof Captured ? graph.copy(held.now) : held.now));
            }
        }
        return effects;
    }

    /** The captured leaves, whose gradients the function may have changed. */
    List<Value> leaves() {
        return captured.stream().map(held -> held.value).filter(value -> value.isLeaf() && value.requiresGrad()).toList();
    }

    /** Fails if {@code leaf} had a gradient that the function has added to. */
    void requireFresh(Value leaf) {
        if (captured.stream().anyMatch(held -> held.value == leaf && held.hadGradient)) {
            throw new IllegalStateException("trace: backward() in a traced function would add to the gradient that a parameter of "
                    + "shape " + leaf.layout() + " has from before; call zeroGrad() on it first, or take the gradients as "
                    + "results of Program.valueAndGrad.");
        }
    }
}

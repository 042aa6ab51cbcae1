package dev.lanegrad.internal.graph;

import dev.lanegrad.internal.kernel.Workspace;
import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.op.Binary;
import dev.lanegrad.internal.op.Derivative;
import dev.lanegrad.internal.op.Elementwise;
import dev.lanegrad.internal.op.Kernels;
import dev.lanegrad.internal.op.Structural;
import dev.lanegrad.internal.op.Term;
import dev.lanegrad.internal.shape.Layout;
import java.lang.ref.Reference;

/**
 * Forward mode over what has been recorded: the records between inputs and outputs in ascending order, each with its
 * tangent. The contribution of a partial is linear in the gradient, so the same formulas and kernels carry tangents:
 * with the tangent of the operand in place of the gradient, summed over the operands. With recording the tangents are
 * differentiable themselves.
 */
public final class Forward {
    private final Context context;
    private final Nodes nodes;
    private final boolean create;
    private final int floor;
    private final Value[] tangents;
    /** How many element-wise ops have yet to read a tangent that is given back then; negative if it stays. */
    private final int[] readers;

    private Forward(Context context, boolean create, int floor, int size) {
        this.context = context;
        this.nodes = context.nodes;
        this.create = create;
        this.floor = floor;
        this.tangents = new Value[size];
        this.readers = new int[size];
    }

    /**
     * The tangents of {@code outputs} where {@code inputs} have the tangents {@code seeds}, of their sizes; null for an
     * output that does not depend on them. Fails with {@code IllegalStateException} if no tape is open.
     */
    public static Value[] tangents(Value[] inputs, Value[] seeds, Value[] outputs, boolean create) {
        Context context = Context.current();
        if (context.scope() == null) {
            throw new IllegalStateException("jvp: no tape is open, so nothing has been recorded; open one before "
                    + "computing.");
        }
        Plan plan = context.beginWalk("jvp");
        boolean before = context.setGradEnabled(create);
        try {
            int[] sources = new int[inputs.length];
            int floor = Integer.MAX_VALUE;
            for (int i = 0; i < inputs.length; i++) {
                sources[i] = context.nodes.operand(inputs[i].check("jvp"));
                floor = Math.min(floor, sources[i]);
            }
            int last = floor - 1;
            for (Value output : outputs) {
                if (output.check("jvp").requiresGrad()) {
                    int id = context.nodes.operand(output);
                    plan.root(id);
                    last = Math.max(last, id);
                }
            }
            plan.complete("jvp", inputs);
            return new Forward(context, create, floor, last - floor + 1).run(plan, sources, seeds, outputs);
        } finally {
            context.checkpoints.leaveAll();
            context.endWalk();
            context.setGradEnabled(before);
        }
    }

    private Value[] run(Plan plan, int[] sources, Value[] seeds, Value[] outputs) {
        for (int i = 0; i < sources.length; i++) {
            int at = sources[i] - floor;
            if (at < tangents.length) {
                tangents[at] = tangents[at] == null ? seeds[i] : Pointwise.apply(Binary.ADD, tangents[at], seeds[i]);
            }
        }
        countReaders(plan, sources, outputs);
        for (int i = plan.size() - 1; i >= 0; i--) {
            int id = plan.id(i);
            if (id >= floor && tangents[id - floor] == null) {
                if (!context.checkpoints.isEmpty()) {
                    context.checkpoints.visit(id, create);
                }
                tangents[id - floor] = switch (nodes.opcode(id)) {
                    case Nodes.LEAF, Nodes.FUNCTION -> null;
                    case Nodes.RESULT -> result(id);
                    case Nodes.STRUCTURAL -> structural(id);
                    default -> elementwise(id);
                };
                for (int o = 0; nodes.isElementwise(id) && o < nodes.operands(id); o++) {
                    give(nodes.anyOperand(id, o));
                }
                give(id);
            }
        }
        Value[] found = new Value[outputs.length];
        for (int i = 0; i < found.length; i++) {
            found[i] = outputs[i].requiresGrad() ? tangent(nodes.operand(outputs[i])) : null;
        }
        return found;
    }

    /** Only what this has allocated for itself can be given back: views of it and results of other ops stay. */
    private void countReaders(Plan plan, int[] sources, Value[] outputs) {
        boolean gives = !create && !context.interprets() && context.region() == null;
        for (int i = 0; i < plan.size(); i++) {
            int id = plan.id(i);
            boolean elementwise = nodes.isElementwise(id);
            int operands = nodes.operands(id);
            for (int o = 0; o < operands; o++) {
                count(nodes.anyOperand(id, o), gives && elementwise);
            }
            count(id, gives && elementwise);
        }
        for (int source : sources) {
            count(source, false);
        }
        for (Value output : outputs) {
            count(output.requiresGrad() ? nodes.operand(output) : -1, false);
        }
    }

    private void count(int id, boolean reader) {
        if (id >= floor && id - floor < readers.length) {
            readers[id - floor] = reader && readers[id - floor] >= 0 ? readers[id - floor] + 1 : -1;
        }
    }

    // Each record counts as a reader of its own tangent until it has been made.
    private void give(int id) {
        int at = id - floor;
        if (id >= floor && at < readers.length && readers[at] > 0 && --readers[at] == 0 && tangents[at] != null) {
            context.scope().free(tangents[at].address, Context.bytes(tangents[at].cell, tangents[at].layout));
            tangents[at] = null;
        }
    }

    private Value tangent(int id) {
        return id >= floor && id - floor < tangents.length ? tangents[id - floor] : null;
    }

    private boolean contributes(Elementwise op, int id, int i) {
        int operand = nodes.operand(id, i);
        return operand >= 0 && tangent(operand) != null && op.derivative(i) != null && !op.derivative(i).isZero();
    }

    private Value elementwise(int id) {
        Elementwise op = nodes.elementwise(id);
        boolean any = false;
        for (int i = 0; i < op.arity(); i++) {
            any |= contributes(op, id, i);
        }
        return !any ? null : create || context.interprets() ? recorded(op, id) : fused(op, id);
    }

    /** The kernels of the backward walk, with tangents where gradients would be. */
    private Value fused(Elementwise op, int id) {
        Layout sizes = Pointwise.contiguous(nodes.layout(id));
        Value result = context.allocate(nodes.cell(id), sizes);
        boolean first = true;
        for (int i = 0; i < op.arity(); i++) {
            if (contributes(op, id, i)) {
                Derivative derivative = op.derivative(i);
                Value tangent = tangent(nodes.operand(id, i));
                run(first ? derivative.writing() : derivative.adding(), derivative, id, tangent, result, !first);
                first = false;
            }
        }
        return result;
    }

    private void run(Kernels kernels, Derivative derivative, int id, Value tangent, Value result, boolean adds) {
        Workspace workspace = context.workspace;
        workspace.begin(kernels.in(nodes.cell(id).lane()));
        workspace.output(result.address, result.cell);
        for (int variable : derivative.inputs()) {
            if (variable == 4) {
                workspace.input(tangent.address, tangent.cell, tangent.layout);
            } else if (variable == 3) {
                workspace.input(nodes.address(id), nodes.cell(id), nodes.layout(id));
            } else if (nodes.operand(id, variable) < 0) {
                workspace.input(nodes.scalar(id, variable));
            } else {
                int operand = nodes.operand(id, variable);
                workspace.input(nodes.address(operand), nodes.cell(operand), nodes.layout(operand));
            }
        }
        if (adds) {
            workspace.input(result.address, result.cell, result.layout);
        }
        workspace.run(result.layout);
        Reference.reachabilityFence(tangent);
        Reference.reachabilityFence(result);
    }

    private Value recorded(Elementwise op, int id) {
        Cell cell = nodes.cell(id);
        Value[] variables = new Value[Term.VARIABLES];
        for (int i = 0; i < op.arity(); i++) {
            int operand = nodes.operand(id, i);
            variables[i] = operand >= 0 ? nodes.value(operand)
                    : Values.fill(context.allocate(cell, Layout.SCALAR), nodes.scalar(id, i));
        }
        variables[3] = nodes.value(id);
        Value sum = null;
        for (int i = 0; i < op.arity(); i++) {
            if (contributes(op, id, i)) {
                variables[4] = Shaped.cast(tangent(nodes.operand(id, i)), cell);
                Value part = TermEvaluator.evaluate(op.derivative(i).contribution(), variables);
                sum = sum == null ? part : Pointwise.apply(Binary.ADD, sum, part);
            }
        }
        Value typed = Shaped.cast(sum, cell);
        Layout sizes = nodes.layout(id);
        return typed.layout.sameSizes(sizes) ? typed
                : Structures.apply(new Structural.Expand(Pointwise.contiguous(sizes)), typed);
    }

    private Value result(int id) {
        Nodes.Recorded recorded = nodes.structural(id);
        int[] operands = nodes.structural(recorded.operands()[0]).operands();
        Value[] values = new Value[operands.length];
        Value[] moved = new Value[operands.length];
        for (int i = 0; i < operands.length; i++) {
            values[i] = nodes.value(operands[i]);
            moved[i] = tangent(operands[i]);
        }
        return ForwardFunction.tangent(recorded.function(), recorded.operands()[1], nodes.value(id), values, moved,
                create);
    }

    private Value structural(int id) {
        Nodes.Recorded recorded = nodes.structural(id);
        Value[] operands = new Value[recorded.operands().length];
        Value[] moved = new Value[operands.length];
        boolean any = false;
        for (int i = 0; i < operands.length; i++) {
            operands[i] = nodes.value(recorded.operands()[i]);
            moved[i] = tangent(recorded.operands()[i]);
            any |= moved[i] != null;
        }
        return any ? ForwardRules.tangent(recorded.op(), operands, moved, nodes.value(id)) : null;
    }
}

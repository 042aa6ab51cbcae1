package dev.lanegrad.internal.graph;

import dev.lanegrad.internal.kernel.FoldOp;
import dev.lanegrad.internal.kernel.Folds;
import dev.lanegrad.internal.kernel.Workspace;
import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.memory.TapeScope;
import dev.lanegrad.internal.op.Binary;
import dev.lanegrad.internal.op.Derivative;
import dev.lanegrad.internal.op.Elementwise;
import dev.lanegrad.internal.op.Kernels;
import dev.lanegrad.internal.op.Structural;
import dev.lanegrad.internal.op.Term;
import dev.lanegrad.internal.shape.Broadcasting;
import dev.lanegrad.internal.shape.Layout;

/**
 * The first derivative, on addresses: element-wise ops run their fused backward kernel straight into the gradient of the
 * operand, each gradient is given back as soon as it has been used, and nothing is recorded.
 */
final class Walk {
    private static final Derivative SUM = Binary.ADD.derivative(0);
    private static final Kernels COPY = Kernels.of(java.util.List.of(Term.X), new Term.Var(0));

    private final Context context;
    private final Nodes nodes;
    private final TapeScope scope;
    private final Workspace workspace;
    private final Plan plan;
    private final Value[] targets;
    private final Value[] found;

    Walk(Context context, Plan plan, Value[] targets) {
        this.context = context;
        this.nodes = context.nodes;
        this.scope = context.scope();
        this.workspace = context.workspace;
        this.plan = plan;
        this.targets = targets;
        this.found = targets == null ? null : new Value[targets.length];
    }

    /** Runs the plan; what {@link Backward#gradients} returns, or null if there are no targets. */
    Value[] run(Value[] roots, Value[] gradients) {
        try {
            for (int i = 0; i < roots.length; i++) {
                seed(nodes.operand(roots[i]), gradients == null ? null : gradients[i]);
            }
            for (int i = 0; i < plan.size(); i++) {
                int id = plan.id(i);
                if (nodes.gradient(id) != 0) {
                    if (targets != null) {
                        capture(id);
                    }
                    if (nodes.opcode(id) != Nodes.LEAF) {
                        step(id);
                    }
                }
            }
            if (targets == null) {
                new LeafSums(context, plan).addAll();
            }
            return found;
        } finally {
            dropGradients();
        }
    }

    private void dropGradients() {
        for (int i = 0; i < plan.size(); i++) {
            int id = plan.id(i);
            long gradient = nodes.gradient(id);
            if (gradient != 0) {
                free(gradient, id);
            }
        }
    }

    private void free(long gradient, int id) {
        scope.free(gradient, bytes(id));
        nodes.setGradient(id, 0);
    }

    private long bytes(int id) {
        return nodes.layout(id).count() * nodes.cell(id).bytes();
    }

    private void seed(int id, Value gradient) {
        Layout layout = Pointwise.contiguous(nodes.layout(id));
        if (gradient == null) {
            Value one = context.allocate(nodes.cell(id), layout);
            Values.fill(one, 1);
            add(id, one.address, one.cell, layout, true);
        } else {
            add(id, gradient.address, gradient.cell, gradient.layout, false);
            java.lang.ref.Reference.reachabilityFence(gradient);
        }
    }

    private void capture(int id) {
        for (int i = 0; i < targets.length; i++) {
            if (nodes.isOf(targets[i], id)) {
                Value copy = context.allocate(nodes.cell(id), Pointwise.contiguous(nodes.layout(id)));
                copy(nodes.gradient(id), copy.cell, copy.layout, copy.address, copy.cell, copy.layout);
                found[i] = found[i] == null ? copy : Pointwise.apply(Binary.ADD, found[i], copy);
            }
        }
    }

    private void step(int id) {
        long gradient = nodes.gradient(id);
        if (nodes.opcode(id) == Nodes.STRUCTURAL) {
            structural(id, gradient);
        } else {
            Elementwise op = nodes.elementwise(id);
            int last = -1;
            for (int i = 0; i < op.arity(); i++) {
                int operand = nodes.operand(id, i);
                last = operand >= 0 && nodes.has(operand, Nodes.NEEDS_GRAD) && op.derivative(i) != null ? i : last;
            }
            for (int i = 0; i <= last; i++) {
                int operand = nodes.operand(id, i);
                if (operand >= 0 && nodes.has(operand, Nodes.NEEDS_GRAD) && op.derivative(i) != null) {
                    elementwise(op.derivative(i), id, operand, gradient, i == last);
                }
            }
        }
        if (nodes.gradient(id) != 0) {
            free(gradient, id);
        }
    }

    /** Adds the contribution of record {@code id} to its operand; {@code last}: nobody needs the gradient after it. */
    private void elementwise(Derivative derivative, int id, int operand, long gradient, boolean last) {
        Layout sizes = Pointwise.contiguous(nodes.layout(id));
        Layout own = nodes.layout(operand);
        Cell cell = nodes.cell(operand);
        if (derivative.isIdentity() && cell == nodes.cell(id) && sizes.sameSizes(own)) {
            if (last && nodes.gradient(operand) == 0) {
                nodes.setGradient(operand, gradient);
                nodes.setGradient(id, 0);
            } else {
                add(operand, gradient, cell, sizes, false);
            }
        } else if (sizes.sameSizes(own)) {
            long sum = nodes.gradient(operand);
            if (sum == 0) {
                sum = scope.allocate(bytes(operand));
                run(derivative.writing(), derivative, id, gradient, sizes, sum, cell, false);
                nodes.setGradient(operand, sum);
            } else if (!derivative.isZero()) {
                run(derivative.adding(), derivative, id, gradient, sizes, sum, cell, true);
            }
        } else {
            broadcast(derivative, id, operand, gradient, sizes);
        }
    }

    private void broadcast(Derivative derivative, int id, int operand, long gradient, Layout sizes) {
        Cell cell = nodes.cell(operand);
        Layout own = nodes.layout(operand);
        boolean direct = derivative.isIdentity() && cell == nodes.cell(id);
        long wide = direct ? gradient : scope.allocate(sizes.count() * cell.bytes());
        if (!direct) {
            run(derivative.writing(), derivative, id, gradient, sizes, wide, cell, false);
        }
        long sum = scope.allocate(bytes(operand));
        Folds.run(FoldOp.SUM, cell.lane(), wide, sizes, Broadcasting.repeated(own, sizes), sum);
        if (!direct) {
            scope.free(wide, sizes.count() * cell.bytes());
        }
        add(operand, sum, cell, Pointwise.contiguous(own), true);
    }

    private void run(Kernels kernels, Derivative derivative, int id, long gradient, Layout sizes, long target, Cell cell,
            boolean adds) {
        workspace.begin(kernels.in(nodes.cell(id).lane()));
        workspace.output(target, cell);
        for (int variable : derivative.inputs()) {
            if (variable == 4) {
                workspace.input(gradient, nodes.cell(id), sizes);
            } else if (variable == 3) {
                workspace.input(nodes.address(id), nodes.cell(id), nodes.layout(id));
            } else {
                int operand = nodes.operand(id, variable);
                if (operand < 0) {
                    workspace.input(nodes.scalar(id, variable));
                } else {
                    workspace.input(nodes.address(operand), nodes.cell(operand), nodes.layout(operand));
                }
            }
        }
        if (adds) {
            workspace.input(target, cell, sizes);
        }
        workspace.run(sizes);
    }

    /** Adds to the gradient of {@code id}; {@code owned}: the block is of that size and may become the gradient. */
    private void add(int id, long address, Cell cell, Layout layout, boolean owned) {
        long sum = nodes.gradient(id);
        Layout target = Pointwise.contiguous(nodes.layout(id));
        boolean same = cell == nodes.cell(id);
        if (sum == 0 && owned && same) {
            nodes.setGradient(id, address);
            return;
        }
        if (sum == 0) {
            sum = scope.allocate(bytes(id));
            copy(address, cell, layout, sum, nodes.cell(id), target);
            nodes.setGradient(id, sum);
        } else {
            workspace.begin(SUM.adding().in(nodes.cell(id).lane()));
            workspace.output(sum, nodes.cell(id));
            workspace.input(address, cell, layout);
            workspace.input(sum, nodes.cell(id), target);
            workspace.run(target);
        }
        if (owned) {
            scope.free(address, target.count() * cell.bytes());
        }
    }

    private void copy(long from, Cell cell, Layout layout, long to, Cell toCell, Layout target) {
        workspace.begin(COPY.in(cell.lane()));
        workspace.output(to, toCell);
        workspace.input(from, cell, layout);
        workspace.run(target);
    }

    private void structural(int id, long gradient) {
        Nodes.Recorded recorded = nodes.structural(id);
        Value g = new Value(scope, scope.generation(), gradient, Pointwise.contiguous(nodes.layout(id)), nodes.cell(id));
        Structural op = recorded.op();
        Value[] operands = new Value[recorded.operands().length];
        for (int i = 0; i < operands.length; i++) {
            operands[i] = nodes.value(recorded.operands()[i]);
        }
        Value result = nodes.value(id);
        for (int i = 0; i < operands.length; i++) {
            int operand = recorded.operands()[i];
            if (nodes.has(operand, Nodes.NEEDS_GRAD) && operands[i].cell.isReal()) {
                int mark = context.watchTemporaries();
                try {
                    Value product = Rules.product(op, i, g, operands, result);
                    boolean owned = product.cell == nodes.cell(operand)
                            && product.layout.sameSizes(nodes.layout(operand)) && context.claim(product, mark);
                    add(operand, product.address, product.cell, product.layout, owned);
                } finally {
                    context.release(mark);
                }
            }
        }
    }
}

package dev.lanegrad.internal.graph;

import dev.lanegrad.internal.kernel.FoldOp;
import dev.lanegrad.internal.kernel.Folds;
import dev.lanegrad.internal.kernel.Workspace;
import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.memory.TapeScope;
import dev.lanegrad.internal.op.Binary;
import dev.lanegrad.internal.op.Derivative;
import dev.lanegrad.internal.op.Kernels;
import dev.lanegrad.internal.op.Structural;
import dev.lanegrad.internal.op.Term;
import dev.lanegrad.internal.shape.Broadcasting;
import dev.lanegrad.internal.shape.Layout;
import java.lang.ref.Reference;
import java.util.List;

/**
 * The first derivative, on addresses: element-wise ops run their fused backward kernel straight into the gradient of the
 * operand, which takes the place of their own where nobody else needs that; each gradient is given back as soon as it has
 * been used, and nothing is recorded. What an op passes on unchanged is not copied ({@link Gradients}), and the user's
 * gradient is read where it lies.
 */
final class Walk {
    private static final Derivative SUM = Binary.ADD.derivative(0);
    private static final Kernels COPY = Kernels.of(List.of(Term.X), new Term.Var(0));

    private final Context context;
    private final Nodes nodes;
    private final TapeScope scope;
    private final Workspace workspace;
    private final Plan plan;
    private final Gradients gradients;
    private final Value[] targets;
    private final Value[] found;
    private Value[] seeds;
    private Visits visits;

    Walk(Context context, Plan plan, Value[] targets) {
        this.context = context;
        this.nodes = context.nodes;
        this.scope = context.scope();
        this.workspace = context.workspace;
        this.plan = plan;
        this.gradients = new Gradients(context);
        this.targets = targets;
        this.found = targets == null ? null : new Value[targets.length];
    }

    /** Runs the plan; what {@link Backward#gradients} returns, or null if there are no targets. */
    Value[] run(Value[] roots, Value[] given) {
        seeds = given;
        boolean done = false;
        try {
            for (int i = 0; i < roots.length; i++) {
                int id = nodes.operand(roots[i]);
                if (nodes.has(id, Nodes.WANTED)) {
                    seed(id, given == null ? null : given[i]);
                }
            }
            for (int i = 0; i < plan.size(); i++) {
                visit(plan.id(i));
            }
            if (targets == null) {
                LeafSums.addAll(context, plan, gradients);
            }
            if (visits != null) {
                visits.finish();
            }
            done = true;
            return found;
        } finally {
            if (!done || targets != null) {
                dropGradients(done);
            }
            gradients.end();
            context.checkpoints.leaveAll();
            Reference.reachabilityFence(given);
        }
    }

    private void visit(int id) {
        if (!context.checkpoints.isEmpty()) {
            context.checkpoints.visit(id, false);
        }
        if (context.diagnoses() && nodes.opcode(id) != Nodes.LEAF && nodes.opcode(id) != Nodes.FUNCTION
                && nodes.gradient(id) != 0) {
            visitWatched(id);
        } else {
            visitPlain(id);
        }
    }

    // The operands' gradients are looked at before and after: the op that adds the first NaN is named.
    private void visitWatched(int id) {
        Value before = gradientCopy(id);
        int operands = nodes.operands(id);
        boolean[] finite = new boolean[operands];
        for (int i = 0; i < operands; i++) {
            int operand = nodes.anyOperand(id, i);
            finite[i] = nodes.opcode(id) == Nodes.RESULT || operand < 0 || nodes.gradient(operand) == 0
                    || Values.isFinite(gradientCopy(operand));
        }
        visitPlain(id);
        for (int i = 0; i < operands && nodes.opcode(id) != Nodes.RESULT; i++) {
            int operand = nodes.anyOperand(id, i);
            if (operand >= 0 && finite[i] && nodes.gradient(operand) != 0) {
                context.diagnostics().walked(nodes, id, i, gradientCopy(operand), before);
            }
        }
    }

    private void visitPlain(int id) {
        int opcode = nodes.opcode(id);
        if (opcode == Nodes.FUNCTION) {
            if (visits != null) {
                function(id);
            }
            return;
        }
        if (nodes.gradient(id) == 0) {
            return;
        }
        if (nodes.has(id, Nodes.HOOKED) || opcode == Nodes.LEAF && nodes.leaf(id).leaf.hooks() != null) {
            hooks(id);
        }
        if (targets != null) {
            capture(id);
        }
        switch (opcode) {
            case Nodes.LEAF -> { }
            case Nodes.RESULT -> {
                visits().result(id, gradientCopy(id));
                gradients.free(id);
            }
            case Nodes.STRUCTURAL -> {
                structural(id);
                gradients.free(id);
            }
            default -> elementwise(id);
        }
    }

    private Visits visits() {
        visits = visits == null ? new Visits(context) : visits;
        return visits;
    }

    private void hooks(int id) {
        Value before = gradientCopy(id);
        Value after = visits().hooked(id, before);
        context.requireScope("backward", scope);
        if (after != before) {
            gradients.free(id);
            add(id, after.address, after.cell, after.layout, false);
            Reference.reachabilityFence(after);
        }
    }

    private void function(int id) {
        Value[] contributions = visits.function(id, false);
        context.requireScope("backward", scope);
        int[] operands = nodes.structural(id).operands();
        for (int i = 0; contributions != null && i < operands.length; i++) {
            if (contributions[i] != null && nodes.has(operands[i], Nodes.WANTED)) {
                Value own = Shaped.sumTo(contributions[i], nodes.layout(operands[i]));
                add(operands[i], own.address, own.cell, own.layout, false);
                Reference.reachabilityFence(own);
            }
        }
    }

    /** {@code done}: only leaves have gradients still. */
    private void dropGradients(boolean done) {
        int count = done ? plan.leafCount() : plan.size();
        for (int i = 0; i < count; i++) {
            gradients.free(done ? plan.leaf(i) : plan.id(i));
        }
    }

    private void seed(int id, Value gradient) {
        if (gradient == null) {
            Cell cell = nodes.cell(id);
            long one = scope.allocate(cell.bytes());
            Values.set(one, cell, 1);
            add(id, one, cell, Layout.SCALAR, true);
        } else if (nodes.gradient(id) == 0 && gradient.cell == nodes.cell(id) && gradient.layout.isContiguous()) {
            gradients.set(id, gradient.address, false);
            gradients.borrow(id);
        } else {
            add(id, gradient.address, gradient.cell, gradient.layout, false);
        }
    }

    // The last one gets the gradient itself, which may not be the walk's after that.
    private void capture(int id) {
        int last = -1;
        for (int i = 0; i < targets.length; i++) {
            if (nodes.isOf(targets[i], id)) {
                if (last >= 0) {
                    found(last, gradientCopy(id));
                }
                last = i;
            }
        }
        if (last >= 0) {
            found(last, give(id));
        }
    }

    private void found(int target, Value gradient) {
        found[target] = found[target] == null ? gradient : Pointwise.apply(Binary.ADD, found[target], gradient);
    }

    /** The gradient of {@code id} as a value that the walk only reads from now on. */
    private Value give(int id) {
        long address = nodes.gradient(id);
        Layout layout = Structures.expanded(gradients.layout(id), Pointwise.contiguous(nodes.layout(id)));
        for (int i = 0; seeds != null && i < seeds.length; i++) {
            if (seeds[i] != null && seeds[i].address == address) {
                return new Value(seeds[i].home, seeds[i].stamp, address, layout, nodes.cell(id));
            }
        }
        if (nodes.opcode(id) == Nodes.LEAF && gradients.isOwn(id)) {
            gradients.take(id);
        } else {
            gradients.borrow(id);
        }
        return new Value(scope, scope.generation(), address, layout, nodes.cell(id));
    }

    private Value gradientCopy(int id) {
        Value copy = context.allocate(nodes.cell(id), Pointwise.contiguous(nodes.layout(id)));
        copy(nodes.gradient(id), copy.cell, gradients.layout(id), copy.address, copy.cell, copy.layout);
        return copy;
    }

    private void elementwise(int id) {
        int taking = 0;
        for (int i = 0; i < 3; i++) {
            int operand = nodes.operand(id, i);
            if (operand >= 0 && nodes.has(operand, Nodes.WANTED) && nodes.derivative(id, i) != null) {
                taking |= 1 << i;
            }
        }
        if (taking == 3 && nodes.derivative(id, 0).isIdentity() && !isOfSizes(nodes.operand(id, 1), id)) {
            // As behind a layer's bias: the gradient is summed up first, and then passed on.
            contribute(nodes.derivative(id, 1), id, nodes.operand(id, 1), false);
            taking = 1;
        }
        for (int i = 0; taking != 0; i++) {
            if ((taking & 1) != 0) {
                contribute(nodes.derivative(id, i), id, nodes.operand(id, i), taking == 1);
            }
            taking >>>= 1;
        }
        gradients.free(id);
    }

    private boolean isOfSizes(int operand, int id) {
        return nodes.layout(operand).sameSizes(nodes.layout(id));
    }

    /** Adds the contribution of record {@code id} to its operand; {@code last}: nobody needs the gradient after it. */
    private void contribute(Derivative derivative, int id, int operand, boolean last) {
        Layout sizes = Pointwise.contiguous(nodes.layout(id));
        Cell cell = nodes.cell(operand);
        boolean sameCell = cell == nodes.cell(id);
        boolean first = nodes.gradient(operand) == 0;
        if (!sizes.sameSizes(nodes.layout(operand))) {
            broadcast(derivative, id, operand, sizes);
        } else if (derivative.isIdentity() && sameCell) {
            if (first && last) {
                gradients.pass(id, operand);
            } else if (first) {
                gradients.share(id, operand);
            } else {
                add(operand, nodes.gradient(id), cell, gradients.layout(id), false);
            }
        } else if (first && last && sameCell && gradients.isOwn(id) && nodes.opcode(operand) != Nodes.LEAF) {
            run(derivative.writing(), derivative, id, sizes, nodes.gradient(id), cell, 0);
            gradients.pass(id, operand);
        } else if (first) {
            boolean uniform = nodes.has(id, Nodes.UNIFORM) && isUniform(derivative, id);
            long sum = uniform ? scope.allocate(cell.bytes()) : gradients.place(operand, targets == null);
            run(derivative.writing(), derivative, id, uniform ? Layout.SCALAR : sizes, sum, cell, 0);
            gradients.set(operand, sum, uniform);
        } else if (!derivative.isZero()) {
            materialize(operand);
            long sum = gradients.writable(operand);
            run(derivative.adding(), derivative, id, sizes, sum, cell, nodes.gradient(operand));
            gradients.replace(operand, sum);
        }
    }

    /** True if the contribution reads nothing but the gradient and numbers. */
    private boolean isUniform(Derivative derivative, int id) {
        for (int variable : derivative.inputs()) {
            if (variable == 3 || variable < 3 && nodes.operand(id, variable) >= 0) {
                return false;
            }
        }
        return true;
    }

    private void broadcast(Derivative derivative, int id, int operand, Layout sizes) {
        Cell cell = nodes.cell(operand);
        Layout own = nodes.layout(operand);
        boolean direct = derivative.isIdentity() && cell == nodes.cell(id);
        RepeatedSums rows = direct ? null : RepeatedSums.of(nodes, gradients, derivative, id, operand, sizes);
        boolean written = !direct && rows == null;
        long wide = direct ? nodes.gradient(id) : written ? scope.allocate(sizes.count() * cell.bytes()) : 0;
        if (written) {
            run(derivative.writing(), derivative, id, sizes, wide, cell, 0);
        }
        boolean first = nodes.gradient(operand) == 0;
        long sum = first ? begin(operand) : gradients.allocate(operand);
        if (rows != null) {
            rows.run(sum);
        } else {
            Layout layout = direct ? Structures.expanded(gradients.layout(id), sizes) : sizes;
            Folds.run(FoldOp.SUM, cell.lane(), wide, layout, Broadcasting.repeated(own, sizes), sum);
        }
        if (written) {
            scope.free(wide, sizes.count() * cell.bytes());
        }
        if (!first) {
            add(operand, sum, cell, Pointwise.contiguous(own), true);
        }
    }

    /** Runs a kernel of a derivative; {@code old} is what it adds to, or 0. */
    private void run(Kernels kernels, Derivative derivative, int id, Layout sizes, long target, Cell cell, long old) {
        // The user's hooks run ops: before this one is prepared.
        Object[] packed = nodes.has(id, Nodes.PACKED) ? visits().unpacked(id) : null;
        workspace.begin(kernels.in(nodes.cell(id).lane()));
        workspace.output(target, cell);
        for (int variable : derivative.inputs()) {
            if (variable == 4) {
                workspace.input(nodes.gradient(id), nodes.cell(id), gradients.layout(id));
            } else if (packed != null && packed[variable] instanceof Value value) {
                workspace.input(value.address, value.cell, value.layout);
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
        if (old != 0) {
            workspace.input(old, cell, sizes);
        }
        workspace.run(sizes);
        Reference.reachabilityFence(packed);
    }

    /** Gives the gradient of {@code id} all its elements. */
    private void materialize(int id) {
        if (!gradients.isWhole(id)) {
            Layout target = Pointwise.contiguous(nodes.layout(id));
            Cell cell = nodes.cell(id);
            long full = gradients.allocate(id);
            copy(nodes.gradient(id), cell, gradients.layout(id), full, cell, target);
            gradients.free(id);
            gradients.set(id, full, false);
        }
    }

    /**
     * Adds to the gradient of {@code id} what lies at {@code address}: in its sizes, or one element for all.
     * {@code owned}: the block is of that size and may become the gradient.
     */
    private void add(int id, long address, Cell cell, Layout layout, boolean owned) {
        Layout target = Pointwise.contiguous(nodes.layout(id));
        boolean uniform = layout.count() == 1 && target.count() != 1;
        if (nodes.gradient(id) == 0) {
            if (owned && cell == nodes.cell(id)) {
                gradients.set(id, address, uniform);
                return;
            }
            long sum = uniform ? scope.allocate(nodes.cell(id).bytes()) : gradients.place(id, targets == null);
            copy(address, cell, layout, sum, nodes.cell(id), uniform ? Layout.SCALAR : target);
            gradients.set(id, sum, uniform);
        } else {
            materialize(id);
            long sum = gradients.writable(id);
            workspace.begin(SUM.adding().in(nodes.cell(id).lane()));
            workspace.output(sum, nodes.cell(id));
            workspace.input(address, cell, layout);
            workspace.input(nodes.gradient(id), nodes.cell(id), target);
            workspace.run(target);
            gradients.replace(id, sum);
        }
        if (owned) {
            scope.free(address, layout.count() * cell.bytes());
        }
    }

    private void copy(long from, Cell cell, Layout layout, long to, Cell toCell, Layout target) {
        workspace.begin(COPY.in(cell.lane()));
        workspace.output(to, toCell);
        workspace.input(from, cell, layout);
        workspace.run(target);
    }

    private void structural(int id) {
        Nodes.Recorded recorded = nodes.structural(id);
        Structural op = recorded.op();
        int first = recorded.operands()[0];
        if (op instanceof Structural.Reduce(FoldOp fold, int dims, boolean kept) && fold == FoldOp.SUM
                && gradients.layout(id).count() == 1 && nodes.cell(first) == nodes.cell(id)) {
            // A sum over all: what its rule gives is one element, and no value is needed to say so.
            if (nodes.has(first, Nodes.WANTED) && nodes.gradient(first) == 0) {
                gradients.passToAll(id, first);
            } else if (nodes.has(first, Nodes.WANTED)) {
                add(first, nodes.gradient(id), nodes.cell(id), Layout.SCALAR, false);
            }
            return;
        }
        Layout sizes = Pointwise.contiguous(nodes.layout(id));
        Value g = new Value(scope, scope.generation(), nodes.gradient(id), Structures.expanded(gradients.layout(id), sizes),
                nodes.cell(id));
        Value[] operands = new Value[recorded.operands().length];
        for (int i = 0; i < operands.length; i++) {
            operands[i] = nodes.value(recorded.operands()[i]);
        }
        Value result = nodes.value(id);
        if (nodes.has(id, Nodes.PACKED)) {
            result = visits().unpack(id, operands, result);
        }
        for (int i = 0; i < operands.length; i++) {
            int operand = recorded.operands()[i];
            if (nodes.has(operand, Nodes.WANTED) && operands[i].cell.isReal() && op.reaches(i)) {
                product(op, i, id, operand, g, operands, result);
            }
        }
    }

    /** Makes a block, whose elements are still to be written, the gradient of {@code operand}. */
    private long begin(int operand) {
        long block = gradients.place(operand, targets == null);
        gradients.set(operand, block, false);
        return block;
    }

    private void product(Structural op, int i, int id, int operand, Value g, Value[] operands, Value result) {
        int mark = context.watchTemporaries();
        try {
            boolean first = nodes.gradient(operand) == 0 && nodes.cell(operand) == g.cell;
            Value fused = Fusions.product(context, op, i, g, operands, result, first ? () -> begin(operand) : null);
            if (first && nodes.gradient(operand) != 0) {
                return;
            }
            Value product = fused != null ? fused : Rules.product(op, i, g, operands, result);
            boolean same = product.cell == nodes.cell(operand);
            if (same && product.address == g.address && nodes.gradient(operand) == 0) {
                Layout layout = Structures.expanded(product.layout, Pointwise.contiguous(nodes.layout(operand)));
                if (layout.extent() == g.layout.extent()) {
                    gradients.share(id, operand, layout);
                    return;
                }
            }
            boolean owned = same && product.layout.sameSizes(nodes.layout(operand)) && product.layout.isContiguous()
                    && product.root().count() == product.count() && context.claim(product, mark);
            add(operand, product.address, product.cell, product.layout, owned);
        } finally {
            context.release(mark);
        }
    }
}

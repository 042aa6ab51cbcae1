package dev.lanegrad.internal.graph;

import dev.lanegrad.internal.kernel.Indexing;
import dev.lanegrad.internal.kernel.Workspace;
import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.memory.Symbolic;
import dev.lanegrad.internal.op.Derivative;
import dev.lanegrad.internal.op.Elementwise;
import dev.lanegrad.internal.op.Structural;
import dev.lanegrad.internal.shape.Broadcasting;
import dev.lanegrad.internal.shape.Layout;
import java.lang.ref.Reference;

/**
 * Ops whose result takes the place of their first operand, with the meaning of PyTorch. A change that is recorded gives
 * the value a new record; a change of a view gives its base one that overwrites a window of what the base was, and other
 * views of the base are views of that from then on. What the tape has saved of the memory before cannot be walked any
 * more: {@link Versions}.
 */
public final class InPlace {
    private InPlace() {
    }

    /** {@code op} of all operands, written over {@code x}; a null operand is a number, in the order of the scalars. */
    public static void apply(Elementwise op, Value x, Value y, Value z, double s0, double s1) {
        Context context = Context.current();
        String label = op.label() + "_";
        requireChangeable(context, label, x, needs(y) || needs(z));
        requireSizes(label, x, y, z);
        Cell computed = Pointwise.computed(op, x, y, z, s0, s1);
        if (rank(computed) > rank(x.cell)) {
            throw new IllegalArgumentException(label + ": result type " + computed + " can't be cast to the desired output type "
                    + x.cell + "; compute it out of place, or convert the tensor first.");
        }
        if (context.interprets() && context.interpreter().change(op, x, y, z, s0, s1)) {
            return;
        }
        requireReadable(label, y, z);
        boolean records = context.records() && x.cell.isReal() && (x.requiresGrad() || needs(y) || needs(z));
        if (records) {
            requireOwned(context, label, x);
        }
        Value first = x;
        boolean before = context.setGradEnabled(records);
        try {
            if (records && readsFirst(op, x, y, z)) {
                first = Structures.apply(new Structural.Clone(), x);
            }
            Value second = apart(x, y);
            Value third = apart(x, z);
            if (!records) {
                write(context, op, x, first, second, third, s0, s1, computed);
                context.changed(x);
                return;
            }
            // Their records come first, so that the change is later than all that has used the old contents.
            int old = context.nodes.operand(first);
            int base = x.isView() ? context.nodes.operand(x.root()) : -1;
            write(context, op, x, first, second, third, s0, s1, computed);
            Value result = x.arranged();
            context.nodes.record(op, result, context.nodes.value(old), second, third, s0, s1);
            context.changed(x, result.node());
            context.recorded(result);
            rebase(context, x, result, base);
        } finally {
            context.setGradEnabled(before);
        }
    }

    /** Writes {@code source}, broadcast and converted, over {@code x}. */
    public static void set(Value x, Value source) {
        Context context = Context.current();
        requireChangeable(context, "copy_", x, needs(source));
        source.check("copy_");
        if (!Broadcasting.reaches(source.layout, x.layout)) {
            throw new IllegalArgumentException("copy_: output with shape " + x.layout + " doesn't match the broadcast shape "
                    + source.layout + "; the source must broadcast to the sizes of the target.");
        }
        if (context.interprets() && context.interpreter().change(x, source)) {
            return;
        }
        requireReadable("copy_", source);
        boolean records = context.records() && x.cell.isReal() && (x.requiresGrad() || needs(source));
        if (records) {
            requireOwned(context, "copy_", x);
        }
        boolean before = context.setGradEnabled(records);
        try {
            Value apart = apart(x, source);
            Value converted = Shaped.cast(apart, x.cell);
            Value whole = converted.layout.sameSizes(x.layout) ? converted
                    : Structures.apply(new Structural.Expand(Layout.contiguous(x.layout.sizes())), converted);
            int base = records && x.isView() ? context.nodes.operand(x.root()) : -1;
            int from = records ? context.nodes.operand(whole) : -1;
            Indexing.copyStrided(x.cell.bytes(), whole.address, whole.layout, x.address, x.layout);
            Reference.reachabilityFence(whole);
            Reference.reachabilityFence(source);
            Reference.reachabilityFence(x);
            if (!records) {
                context.changed(x);
                return;
            }
            Value result = x.arranged();
            context.nodes.record(new Structural.Clone(), result, context.nodes.value(from));
            context.changed(x, result.node());
            context.recorded(result);
            rebase(context, x, result, base);
        } finally {
            context.setGradEnabled(before);
        }
    }

    private static void requireReadable(String label, Value... operands) {
        for (Value operand : operands) {
            if (operand != null) {
                operand.readable(label);
            }
        }
    }

    // The result is the value of x now; if x is a view, of a window of its base.
    static void rebase(Context context, Value x, Value result, int base) {
        if (base >= 0) {
            Value root = x.root();
            Value changed = root.arranged();
            context.nodes.record(new Structural.Overwrite((x.address - root.address) / x.cell.bytes(), x.layout), changed,
                    context.nodes.value(base), result);
            adopt(context, root, changed.node());
        } else {
            adopt(context, x, result.node());
        }
    }

    private static void adopt(Context context, Value value, int node) {
        Nodes.Attached before = context.nodes.attached(value.node());
        if (before != null && before.retained == value.leaf) {
            before.retained = null;
        }
        value.setNode(node, true);
        if (value.leaf != null) {
            context.nodes.attach(node).retained = value.leaf;
        }
    }

    private static void write(Context context, Elementwise op, Value x, Value first, Value second, Value third, double s0,
            double s1, Cell computed) {
        boolean direct = x.layout.isContiguous() && x.root().count() == x.count();
        int mark = context.watchTemporaries();
        try {
            Value target = direct ? x : context.allocate(x.cell, Layout.contiguous(x.layout.sizes()));
            Workspace workspace = context.workspace;
            workspace.begin(op.kernels().in(computed.lane()));
            workspace.output(target.address, target.cell);
            double scalar = s0;
            for (int i = 0; i < op.arity(); i++) {
                Value operand = i == 0 ? first : i == 1 ? second : third;
                if (operand != null) {
                    workspace.input(operand.address, operand.cell, operand.layout);
                } else {
                    workspace.input(scalar);
                    scalar = s1;
                }
            }
            workspace.run(target.layout);
            if (!direct) {
                Indexing.copyStrided(x.cell.bytes(), target.address, target.layout, x.address, x.layout);
            }
        } finally {
            context.release(mark);
        }
        Reference.reachabilityFence(x);
        Reference.reachabilityFence(first);
        Reference.reachabilityFence(second);
        Reference.reachabilityFence(third);
    }

    // An operand in the memory that is written to is copied first.
    private static Value apart(Value x, Value operand) {
        return operand == null || operand.root() != x.root() ? operand : Structures.apply(new Structural.Clone(), operand);
    }

    private static boolean readsFirst(Elementwise op, Value x, Value y, Value z) {
        for (int i = 0; i < op.arity(); i++) {
            Value operand = i == 0 ? x : i == 1 ? y : z;
            Derivative derivative = needs(operand) ? op.derivative(i) : null;
            if (derivative != null && (derivative.saved() & 1) != 0) {
                return true;
            }
        }
        return false;
    }

    private static boolean needs(Value operand) {
        return operand != null && operand.requiresGrad();
    }

    private static int rank(Cell cell) {
        return switch (cell) {
            case BOOL -> 0;
            case INT64 -> 1;
            case FLOAT32, FLOAT64 -> 2;
        };
    }

    private static void requireSizes(String label, Value x, Value y, Value z) {
        Layout sizes = x.layout;
        for (Value operand : new Value[] {y, z}) {
            if (operand != null) {
                operand.check(label);
                sizes = Broadcasting.common(label, sizes, operand.layout);
            }
        }
        if (!sizes.sameSizes(x.layout)) {
            throw new IllegalArgumentException(label + ": output with shape " + x.layout + " doesn't match the broadcast shape "
                    + sizes + "; what is changed in place keeps its sizes.");
        }
    }

    /** Fails unless {@code x} may be written to here and now. */
    static void requireChangeable(Context context, String label, Value x, boolean othersNeedGrad) {
        if (x.check(label).home instanceof Symbolic symbolic) {
            throw new IllegalStateException(label + ": this tensor is " + symbolic.kind() + " and cannot be changed in place; use the "
                    + "op that gives a new tensor.");
        }
        for (int d = 0; d < x.layout.rank(); d++) {
            if (x.layout.size(d) > 1 && x.layout.stride(d) == 0) {
                throw new IllegalArgumentException(label + ": unsupported operation: more than one element of the written-to tensor "
                        + "refers to a single memory location (shape " + x.layout + ", expanded). Please clone() the tensor before "
                        + "performing the operation.");
            }
        }
        if (x.view != null && x.view.has(View.INFERENCE) && !context.inference()) {
            throw new IllegalStateException(label + ": Inplace update to inference tensor outside InferenceMode is not allowed. "
                    + "You can make a clone() to get a normal tensor before doing inplace update.");
        }
        if (!context.gradEnabled()) {
            return;
        }
        if (x.isLeaf() && x.leaf != null) {
            throw new IllegalStateException(label + ": a leaf Variable that requires grad is being used in an in-place operation. "
                    + "Change it inside GradMode.noGrad(), or change a clone().");
        }
        if (x.isView() && x.root().isLeaf() && x.root().leaf != null) {
            throw new IllegalStateException(label + ": a view of a leaf Variable that requires grad is being used in an in-place "
                    + "operation. Change it inside GradMode.noGrad(), or change a view of a clone().");
        }
        if (x.view != null && x.view.base != null && !x.view.has(View.DETACHED)
                && (x.root().requiresGrad() || othersNeedGrad)) {
            requireOrdinaryView(label, x);
        }
    }

    private static void requireOrdinaryView(String label, Value x) {
        if (x.view.has(View.NO_GRAD)) {
            throw new IllegalStateException(label + ": A view was created in no_grad mode and is being modified inplace with grad "
                    + "mode enabled. Given that this use case is ambiguous and error-prone, it is forbidden. You can clarify your "
                    + "code by moving both the view and the inplace either both inside the no_grad block (if you don't want the "
                    + "inplace to be tracked) or both outside (if you want the inplace to be tracked).");
        }
        if (x.view.has(View.ONE_OF_MANY)) {
            throw new IllegalStateException(label + ": Output 0 of Unbind is a view and is being modified inplace. This view is the "
                    + "output of a function that returns multiple views. Such functions do not allow the output views to be "
                    + "modified inplace. You should replace the inplace operation by an out-of-place one.");
        }
    }

    // What is recorded lives in the tape; a value from outside would point into it when it is gone.
    private static void requireOwned(Context context, String label, Value x) {
        if (context.region() != null) {
            throw new IllegalStateException(label + ": a recorded change in place inside a checkpointed function could not be "
                    + "computed again; use the op that gives a new tensor.");
        }
        if (x.root().home != context.scope()) {
            throw new IllegalStateException(label + ": this tensor of shape " + x.layout + " was made outside the innermost tape, "
                    + "and the change would make it part of the tape's graph; change a clone() made inside the tape, or change it "
                    + "inside GradMode.noGrad().");
        }
    }
}

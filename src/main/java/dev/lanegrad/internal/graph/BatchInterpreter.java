package dev.lanegrad.internal.graph;

import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.memory.Symbolic;
import dev.lanegrad.internal.op.Binary;
import dev.lanegrad.internal.op.Composite;
import dev.lanegrad.internal.op.Elementwise;
import dev.lanegrad.internal.op.Kernels;
import dev.lanegrad.internal.op.Structural;
import dev.lanegrad.internal.op.Ternary;
import dev.lanegrad.internal.op.Unary;
import dev.lanegrad.internal.shape.Layout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * A batch: its values, the facades, stand for one example each and hide a leading dimension of the whole values behind
 * them. Ops on facades are ops on the wholes, carried out with the meaning around this one; the wholes are recorded,
 * and a facade has the record of its whole.
 */
final class BatchInterpreter implements Interpreter {
    private final Context context;
    private final int size;
    private final Interpreter outer;
    private final Symbolic home = new Symbolic("one example of a batch in vmap");
    // A facade's address is the number of its whole, so that what is cut out of the graph keeps it.
    private final List<Value> wholes = new ArrayList<>();
    private final Map<Value, Value> leaves = new IdentityHashMap<>();

    BatchInterpreter(Context context, int size) {
        this.context = context;
        this.size = size;
        this.outer = context.interpreter();
    }

    /** Number of examples. */
    int size() {
        return size;
    }

    /** Ends the life of all facades. */
    void close() {
        home.close();
        wholes.clear();
        leaves.clear();
    }

    boolean owns(Value value) {
        return value != null && value.home == home;
    }

    private boolean ownsAny(Value... values) {
        for (Value value : values) {
            if (owns(value)) {
                return true;
            }
        }
        return false;
    }

    /** What {@code body} gives with the ops' meaning around this batch. */
    <T> T around(Supplier<T> body) {
        Interpreter before = context.interpret(outer);
        try {
            return body.get();
        } finally {
            context.interpret(before);
        }
    }

    /** The facade of {@code whole}, whose first dimension is the batch. */
    Value facade(Value whole) {
        // A leaf has no record of its own to share, and what was changed in place an old one: a view of them has.
        boolean unshared = whole.requiresGrad() && (!whole.recorded() || whole.isStale());
        Value recorded = !unshared || !context.records() ? whole : around(() -> Structures.apply(
                new Structural.Expand(Pointwise.contiguous(whole.layout)), whole));
        int[] sizes = recorded.layout.sizes();
        Value facade = new Value(home, home.generation(), wholes.size(),
                Layout.contiguous(Arrays.copyOfRange(sizes, 1, sizes.length)), recorded.cell);
        if (recorded.recorded()) {
            facade.setNode(recorded.node(), true);
        }
        wholes.add(recorded);
        return facade;
    }

    /** The whole value behind {@code facade}, which must be of this batch. */
    Value whole(Value facade) {
        Value whole = wholes.get((int) facade.check("vmap").address);
        if (facade.recorded()) {
            return whole;
        }
        if (facade.leaf == null) {
            return whole.requiresGrad() ? cut(whole) : whole;
        }
        return leaves.computeIfAbsent(facade, leaf -> {
            Value cut = cut(whole);
            cut.requireGrad(true);
            return cut;
        });
    }

    private Value cut(Value whole) {
        return around(() -> Batch.cut(whole));
    }

    /** A whole value for any: what is of no batch is repeated. */
    Value raised(Value value) {
        if (owns(value)) {
            return whole(value);
        }
        return around(() -> {
            int[] sizes = with(size, value.layout.sizes());
            return Structures.apply(new Structural.Expand(Layout.contiguous(sizes)), Shaped.unsqueeze(value, 0));
        });
    }

    static int[] with(int first, int... rest) {
        int[] all = new int[rest.length + 1];
        all[0] = first;
        System.arraycopy(rest, 0, all, 1, rest.length);
        return all;
    }

    @Override
    public Value apply(Elementwise op, Value x, Value y, Value z, double s0, double s1) {
        if (!ownsAny(x, y, z)) {
            return outer == null ? null : around(() -> outer.apply(op, x, y, z, s0, s1));
        }
        int rank = Pointwise.layout(op, x, y, z).rank();
        Cell cell = Pointwise.computed(op, x, y, z, s0, s1);
        return around(() -> {
            Value a = aligned(x, rank, op == Ternary.WHERE ? null : cell);
            Value b = aligned(y, rank, cell);
            Value c = aligned(z, rank, cell);
            return facade(switch (op) {
                case Unary u -> Pointwise.apply(u, a);
                case Binary two -> a == null ? Pointwise.apply(two, s0, b) : b == null ? Pointwise.apply(two, a, s0)
                        : Pointwise.apply(two, a, b);
                case Ternary three -> Pointwise.apply(three, a, b, c, s0, s1);
                case Composite own -> Pointwise.apply(own, Arrays.copyOf(new Value[] {a, b, c}, own.arity()));
            });
        });
    }

    // What has no dimensions of its own has that of the batch, and would count as dimensioned when types are chosen.
    private Value aligned(Value operand, int rank, Cell computed) {
        if (!owns(operand)) {
            return operand;
        }
        Value whole = ranked(operand, rank);
        return computed != null && computed.isReal() && whole.cell.isReal() ? Shaped.cast(whole, computed) : whole;
    }

    /** The whole of a facade, with dimensions of size 1 behind the batch's until there are {@code rank} others. */
    Value ranked(Value facade, int rank) {
        Value whole = whole(facade);
        int own = facade.layout.rank();
        if (own == rank) {
            return whole;
        }
        int[] sizes = new int[rank + 1];
        Arrays.fill(sizes, 1);
        sizes[0] = size;
        System.arraycopy(facade.layout.sizes(), 0, sizes, rank + 1 - own, own);
        return Shaped.reshape(whole, Layout.contiguous(sizes));
    }

    @Override
    public Value apply(Structural op, Value[] operands) {
        if (!ownsAny(operands)) {
            return outer == null ? null : around(() -> outer.apply(op, operands));
        }
        for (Value operand : operands) {
            operand.check(op.label());
        }
        return around(() -> facade(BatchRules.whole(this, op, operands)));
    }

    @Override
    public Value arg(boolean max, Value x, int dim, boolean keepDim) {
        if (!owns(x)) {
            return outer == null ? null : around(() -> outer.arg(max, x, dim, keepDim));
        }
        boolean all = dim < 0 || x.layout.rank() == 0;
        return around(() -> facade(all ? Shaped.arg(max, Shaped.reshape(whole(x), size, (int) x.count()), 1, false)
                : Shaped.arg(max, whole(x), dim + 1, keepDim)));
    }

    @Override
    public boolean update(Kernels kernels, Value[] outputs, Value[] inputs, double[] scalars) {
        if (ownsAny(outputs) || ownsAny(inputs)) {
            throw new IllegalStateException("update: a tensor inside vmap is one example of a batch and cannot be "
                    + "changed in place; compute a new one and return it.");
        }
        return outer != null && around(() -> outer.update(kernels, outputs, inputs, scalars));
    }

    /** Fails if one of {@code roots} is an example of this batch: leaves would gather the sum over all. */
    void refuse(Value[] roots) {
        if (ownsAny(roots)) {
            throw new IllegalStateException("backward: this tensor is one example of a batch in vmap, and leaves would "
                    + "gather the sum over all examples; use Grad.grad inside vmap, or call backward on its result.");
        }
    }

    /** Fails if what would have a hook or a backward of its own is an example of this batch. */
    void refuse(String label, Value[] operands) {
        if (ownsAny(operands)) {
            throw new IllegalStateException(label + ": hooks and functions with a backward of their own cannot be "
                    + "applied to one example of a batch in vmap; write it in tensor ops, or apply it to the whole "
                    + "batch outside of vmap.");
        }
    }

    /** Gradients inside the batch, see {@link Batch#gradients}. */
    Value[] gradients(Value[] roots, Value[] seeds, Value[] targets, boolean retain, boolean create) {
        if (!ownsAny(roots)) {
            requireNotAround(seeds, roots);
            return seeds == null || !ownsAny(seeds)
                    ? around(() -> Batch.gradients(roots, seeds, targets, retain, create))
                    : Backward.gradients(roots, seeds, targets, retain, create);
        }
        for (int i = 0; i < targets.length; i++) {
            if (!owns(targets[i])) {
                throw new IllegalStateException("grad: input " + i + " is not part of the batch of vmap and an output "
                        + "is, so that this gradient would be the sum over all examples; pass the input to the "
                        + "function given to vmap, use perSampleGrad, or take the gradient outside of vmap.");
            }
        }
        Value[] wholeRoots = all(roots);
        Value[] wholeSeeds = new Value[roots.length];
        for (int i = 0; i < roots.length; i++) {
            wholeSeeds[i] = seed(roots[i], seeds == null ? null : seeds[i], wholeRoots[i], i);
        }
        Value[] wholeTargets = all(targets);
        Value[] found = around(() -> Batch.gradients(wholeRoots, wholeSeeds, wholeTargets, retain, create));
        return facades(found);
    }

    private void requireNotAround(Value[] seeds, Value[] values) {
        for (Interpreter i = outer; seeds != null && ownsAny(seeds) && i instanceof BatchInterpreter b; i = b.outer) {
            if (b.ownsAny(values)) {
                throw new IllegalStateException("vmap: a pullback or pushforward made inside one vmap cannot be "
                        + "applied to the examples of another inside it; use jacobian, or loop over the examples.");
            }
        }
    }

    private Value seed(Value root, Value seed, Value whole, int i) {
        if (seed != null && !seed.check("grad").layout.sameSizes(root.layout)) {
            throw new IllegalArgumentException("grad: Mismatch in shape: grad_output[" + i + "] has a shape of "
                    + seed.layout + " and output[" + i + "] has a shape of " + root.layout + ".");
        }
        if (seed == null && root.count() != 1) {
            throw new IllegalStateException("grad: grad can be implicitly created only for scalar outputs; this one "
                    + "has shape "
                    + root.layout + ". Reduce it with sum() or mean(), or pass a gradient of that shape.");
        }
        return seed == null ? Rules.ones(whole.cell, Layout.contiguous(whole.layout.sizes())) : raised(seed);
    }

    private Value[] all(Value[] values) {
        return Arrays.stream(values).map(this::raised).toArray(Value[]::new);
    }

    private Value[] facades(Value[] found) {
        return Arrays.stream(found).map(value -> value == null ? null : facade(value)).toArray(Value[]::new);
    }

    /** Tangents inside the batch, see {@link Batch#tangents}. */
    Value[] tangents(Value[] inputs, Value[] seeds, Value[] outputs, boolean create) {
        if (!ownsAny(inputs) && !ownsAny(outputs)) {
            requireNotAround(seeds, inputs);
            requireNotAround(seeds, outputs);
            return ownsAny(seeds) ? Forward.tangents(inputs, seeds, outputs, create)
                    : around(() -> Batch.tangents(inputs, seeds, outputs, create));
        }
        Value[] ins = inputs.clone();
        Value[] moves = seeds.clone();
        Value[] outs = outputs.clone();
        for (int i = 0; i < ins.length; i++) {
            if (!owns(ins[i]) && owns(moves[i])) {
                throw new IllegalStateException("jvp: input " + i + " is not part of the batch of vmap, but its "
                        + "tangent is; pass the input to the function given to vmap.");
            }
            moves[i] = owns(ins[i]) ? raised(moves[i]) : moves[i];
            ins[i] = owns(ins[i]) ? whole(ins[i]) : ins[i];
        }
        for (int i = 0; i < outs.length; i++) {
            outs[i] = owns(outs[i]) ? whole(outs[i]) : outs[i];
        }
        Value[] found = around(() -> Batch.tangents(ins, moves, outs, create));
        for (int i = 0; i < found.length; i++) {
            found[i] = found[i] != null && owns(outputs[i]) ? facade(found[i]) : found[i];
        }
        return found;
    }

    /** What {@code function} gives for each example by itself, see {@link Batch#oneByOne}. */
    Value[] oneByOne(UnaryOperator<Value[]> function, Value[] values) {
        if (!ownsAny(values)) {
            return around(() -> Batch.oneByOne(function, values));
        }
        Value[] wholes = Arrays.stream(values).map(value -> owns(value) ? whole(value) : value).toArray(Value[]::new);
        return facades(around(() -> {
            Value[][] results = new Value[size][];
            for (int example = 0; example < size; example++) {
                Value[] own = wholes.clone();
                for (int i = 0; i < own.length; i++) {
                    own[i] = owns(values[i]) ? Shaped.select(own[i], 0, example) : own[i];
                }
                results[example] = Batch.oneByOne(function, own);
            }
            Value[] found = new Value[results[0].length];
            Arrays.setAll(found, i -> results[0][i] == null ? null
                    : Shaped.stack(Arrays.stream(results).map(result -> result[i]).toArray(Value[]::new), 0));
            return found;
        }));
    }

    /** {@code value} as one that differs between the examples of this batch and of all around it. */
    Value separate(Value value) {
        Value whole = raised(value);
        Value separate = around(() -> Batch.separate(whole));
        return owns(value) && separate == whole ? value : facade(separate);
    }

    /** The value on the tape behind {@code value}. */
    Value bottom(Value value) {
        Value whole = owns(value) ? whole(value) : value;
        return around(() -> Batch.bottom(whole));
    }
}

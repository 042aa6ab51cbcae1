package dev.lanegrad.internal.graph;

import dev.lanegrad.internal.memory.Symbolic;
import dev.lanegrad.internal.op.Structural;
import dev.lanegrad.internal.shape.Layout;
import java.util.function.UnaryOperator;

/**
 * Functions of one example applied to a batch, and derivatives that know of batches: inside one, a gradient is that of
 * each example.
 */
public final class Batch {
    /** In place of a dimension: not of the batch. */
    public static final int NONE = Integer.MIN_VALUE;

    private Batch() {
    }

    /**
     * The results of {@code function} for each example of the batch that {@code inputs} are along {@code inDims}, put
     * together along {@code outDims}: one for all results, or one for each.
     */
    public static Value[] map(UnaryOperator<Value[]> function, Value[] inputs, int[] inDims, int[] outDims) {
        Context context = Context.current();
        int[] dims = new int[inputs.length];
        int size = batchSize(inputs, inDims, dims);
        BatchInterpreter batch = new BatchInterpreter(context, size);
        Value[] examples = new Value[inputs.length];
        for (int i = 0; i < inputs.length; i++) {
            examples[i] = dims[i] < 0 ? inputs[i] : batch.facade(moved(inputs[i], dims[i], 0));
        }
        Interpreter before = context.interpret(batch);
        try {
            Value[] results = function.apply(examples);
            if (outDims.length != 1 && outDims.length != results.length) {
                throw new IllegalArgumentException("vmap: got " + outDims.length + " out_dims for " + results.length
                        + " results; give one for all or one for each.");
            }
            Value[] wholes = new Value[results.length];
            for (int i = 0; i < wholes.length; i++) {
                wholes[i] = result(batch, results[i], outDims[outDims.length == 1 ? 0 : i], i);
            }
            return wholes;
        } finally {
            context.interpret(before);
            batch.close();
        }
    }

    private static int batchSize(Value[] inputs, int[] inDims, int[] dims) {
        if (inDims.length != inputs.length) {
            throw new IllegalArgumentException("vmap: in_dims is not compatible with the structure of inputs: got "
                    + inDims.length + " in_dims for " + inputs.length + " inputs; give one for each, or null.");
        }
        int size = -1;
        for (int i = 0; i < inputs.length; i++) {
            Value input = inputs[i].check("vmap");
            int rank = input.layout.rank();
            dims[i] = inDims[i] == NONE ? -1 : inDims[i] < 0 ? inDims[i] + rank : inDims[i];
            if (inDims[i] != NONE && (dims[i] < 0 || dims[i] >= rank)) {
                throw new IllegalArgumentException("vmap: Got in_dim=" + inDims[i] + " for an input but in_dim must be "
                        + "in the range [" + -rank + ", " + rank + "); input " + i + " has shape " + input.layout
                        + ", and null means that it is not of the batch.");
            }
            if (dims[i] >= 0 && size >= 0 && input.layout.size(dims[i]) != size) {
                throw new IllegalArgumentException("vmap: Expected all tensors to have the same size in the mapped "
                        + "dimension, got sizes " + size + " and " + input.layout.size(dims[i]) + " (input " + i
                        + " of shape " + input.layout + ", in_dim " + inDims[i] + ").");
            }
            size = dims[i] >= 0 ? input.layout.size(dims[i]) : size;
        }
        if (size < 0) {
            throw new IllegalArgumentException("vmap: Expected at least one Tensor to vmap over, but no input has an "
                    + "in_dim; give one, or call the function itself.");
        }
        return size;
    }

    private static Value result(BatchInterpreter batch, Value result, int outDim, int i) {
        result.check("vmap");
        if (outDim == NONE) {
            if (batch.owns(result)) {
                throw new IllegalArgumentException("vmap: result " + i + " is batched (shape of one example: "
                        + result.layout
                        + "), but its out_dim is null; give the dimension at which the examples are put together.");
            }
            return result;
        }
        int rank = result.layout.rank() + 1;
        if (outDim < -rank || outDim >= rank) {
            throw new IllegalArgumentException("vmap: out_dim " + outDim + " of result " + i + " is not in the range ["
                    + -rank + ", " + rank + "); one example has shape " + result.layout + ".");
        }
        Value whole = batch.raised(result);
        return batch.around(() -> moved(whole, 0, outDim < 0 ? outDim + rank : outDim));
    }

    private static Value moved(Value x, int from, int to) {
        if (from == to) {
            return x;
        }
        int[] order = new int[x.layout.rank()];
        int next = 0;
        for (int d = 0; d < order.length; d++) {
            if (d == to) {
                order[d] = from;
            } else {
                next += next == from ? 1 : 0;
                order[d] = next++;
            }
        }
        return Structures.apply(new Structural.Permute(order), x);
    }

    /** {@link Backward#gradients}, where inside a batch every example has its own gradient. */
    public static Value[] gradients(Value[] roots, Value[] seeds, Value[] targets, boolean retain, boolean create) {
        return Context.current().interpreter() instanceof BatchInterpreter batch
                ? batch.gradients(roots, seeds, targets, retain, create)
                : Backward.gradients(roots, seeds, targets, retain, create);
    }

    /** {@link Forward#tangents}, for facades too. */
    public static Value[] tangents(Value[] inputs, Value[] seeds, Value[] outputs, boolean create) {
        return Context.current().interpreter() instanceof BatchInterpreter batch
                ? batch.tangents(inputs, seeds, outputs, create) : Forward.tangents(inputs, seeds, outputs, create);
    }

    /** {@code x} as a value of every batch that is under way, so that its gradient is one for each example. */
    public static Value separate(Value x) {
        return Context.current().interpreter() instanceof BatchInterpreter batch ? batch.separate(x) : x;
    }

    /** The value on the tape behind {@code x}; {@code x} itself outside of batches. */
    public static Value bottom(Value x) {
        return Context.current().interpreter() instanceof BatchInterpreter batch ? batch.bottom(x) : x;
    }

    /**
     * The variable of a derivative with the elements of {@code x}: part of the graph of {@code x} if that requires grad
     * and ops are recorded, else a leaf of its own.
     */
    public static Value variable(Value x, boolean connected) {
        x.check("grad");
        Context context = Context.current();
        if (connected && x.requiresGrad() && context.records()) {
            return alias(x);
        }
        Value leaf = cut(x);
        leaf.requireGrad(true);
        if (context.records()) {
            // Numbered before what is computed from it, also if that happens in a tape inside this one.
            context.nodes.operand(bottom(leaf));
        }
        return leaf;
    }

    /** The elements of {@code x} outside of the graph, as a value of its own. */
    public static Value cut(Value x) {
        if (!(x.home instanceof Symbolic)) {
            return x.detach();
        }
        Context context = Context.current();
        boolean before = context.setGradEnabled(false);
        try {
            return alias(x);
        } finally {
            context.setGradEnabled(before);
        }
    }

    private static Value alias(Value x) {
        return Structures.apply(new Structural.Expand(Layout.contiguous(x.layout.sizes())), x);
    }

    /**
     * What {@code function} gives for {@code values}, applied outside of all batches, to each example by itself. Nulls stay
     * nulls, and which results are null does not depend on the example.
     */
    public static Value[] oneByOne(UnaryOperator<Value[]> function, Value[] values) {
        return Context.current().interpreter() instanceof BatchInterpreter batch ? batch.oneByOne(function, values)
                : function.apply(values);
    }

    /** True inside a function that is applied to a batch. */
    public static boolean isUnderWay() {
        return Context.current().interpreter() instanceof BatchInterpreter;
    }
}

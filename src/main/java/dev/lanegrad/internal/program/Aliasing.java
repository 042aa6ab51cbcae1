package dev.lanegrad.internal.program;

import dev.lanegrad.internal.graph.Symbols;
import dev.lanegrad.internal.graph.Value;
import java.util.List;

/** The checks of tensors that results are written to. */
final class Aliasing {
    private final Value[] inputs;
    private final Value[] outputs;
    private final List<Value> kept;

    Aliasing(Value[] inputs, Value[] outputs, List<Value> kept) {
        this.inputs = inputs;
        this.outputs = outputs;
        this.kept = kept;
    }

    /** Fails unless each output fits its result of {@code program} and overlaps nothing else. */
    void check(Compiled program) {
        if (outputs.length != program.results()) {
            throw new IllegalArgumentException("run: the program has " + program.results() + " results, but got "
                    + outputs.length + " tensors to write to; give one for each.");
        }
        for (int i = 0; i < outputs.length; i++) {
            Value output = outputs[i];
            if (output.cell() != program.cell(i) || !output.layout().sameSizes(program.layout(i))
                    || !output.layout().isContiguous() || Symbols.isSymbolic(output)) {
                throw new IllegalArgumentException("run: result " + i + " has shape " + program.layout(i) + " of "
                        + program.cell(i) + ", but the tensor to write to has " + output.layout() + " of " + output.cell()
                        + (output.layout().isContiguous() ? "" : ", not contiguous")
                        + "; give a contiguous one of that shape and dtype.");
            }
            requireApart("argument", i, inputs, inputs.length);
            requireApart("result", i, outputs, i);
            requireApart("tensor from outside", i, kept.toArray(Value[]::new), kept.size());
        }
    }

    /** Fails if an argument lies where the program writes. */
    static void requireApart(int index, Value input, List<Trace.Effect> effects) {
        for (Trace.Effect effect : effects) {
            if (Symbols.shareMemory(input, effect.target())) {
                throw new IllegalArgumentException("call: argument " + index + " of shape " + input.layout() + " is, or overlaps, a "
                        + "tensor that the program updates; the function can use that tensor without getting it as an "
                        + "argument, or pass a copy.");
            }
        }
    }

    private void requireApart(String kind, int output, Value[] others, int count) {
        for (int k = 0; k < count; k++) {
            if (Symbols.shareMemory(outputs[output], others[k])) {
                throw new IllegalArgumentException("run: result " + output + " would be written over " + kind + " " + k
                        + ", which the program may still read; give a tensor of its own, and copy afterwards.");
            }
        }
    }
}

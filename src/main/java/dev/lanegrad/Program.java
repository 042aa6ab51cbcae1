package dev.lanegrad;

import dev.lanegrad.internal.graph.Backward;
import dev.lanegrad.internal.graph.Symbols;
import dev.lanegrad.internal.graph.Value;
import dev.lanegrad.internal.graph.Values;
import dev.lanegrad.internal.program.Call;
import dev.lanegrad.internal.program.Compiled;
import dev.lanegrad.internal.program.Programs;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * A function of tensors that is run once to see what it does, and from then on replayed: forward and backward fused into
 * few passes over memory, all intermediate values in one block, no tape, no allocation.
 *
 * <pre>{@code
 * Program loss = Program.valueAndGrad((w, x) -> x.matmul(w).tanh().square().mean());
 * List<Tensor> results = loss.call(w, x);     // the value, its gradient by w, its gradient by x
 * }</pre>
 *
 * <p><b>What is traced.</b> At the first call for arguments of certain dtypes and sizes the function runs on traced tensors,
 * which have sizes and no elements; its Java code does not run again for such arguments. So it may loop and branch on
 * sizes: a Java loop is traced round by round. {@link Loop} is for long ones, of which one round is traced; a trace of
 * more than 100,000 ops is refused. But reading an element ({@code item()}, {@code toFloatArray()}) is an
 * {@code IllegalStateException} that names the line: choose with {@code where} instead. A traced tensor that is kept and
 * used later is refused in the same way. The same holds inside for {@link Grad}, {@code backward()} and other programs.
 *
 * <p><b>What is read.</b> A tensor from outside that the function uses without getting it as an argument is read where it
 * lies at each call, if it lives outside all tapes; of one in a tape a copy is taken. Tensors that the function makes from
 * Java numbers, random ones included, are the same at every call.
 *
 * <p><b>Training steps.</b> A function may call {@code backward()} on tensors from outside, and have an optimiser update
 * them; the program then does both at each call. Gradients that are left at its end replace those the parameters had.
 * <pre>{@code
 * Program step = Program.of((x, y) -> {
 *     Tensor loss = model(x).crossEntropy(y);
 *     loss.backward();
 *     adam.step();
 *     adam.zeroGrad();
 *     return loss;
 * });
 * }</pre>
 *
 * <p><b>What it computes.</b> The bits of the function itself, unless {@link #fastMath} was asked for: every value is
 * rounded as if it had been stored, and folds keep their order. A function of scalars, or of a vector's single elements,
 * is plain arithmetic on them in few kernels, and under {@link Grad#vmap} few loops. Results are no part of a graph: take
 * gradients inside.
 *
 * <p><b>Threads.</b> Calls from several threads run at the same time, as many as there are processors, each with a block
 * of its own for intermediate values; further ones wait, as do those that need a trace while one is made. Inside a call as
 * many threads share the rows as {@link Lanegrad#threads()} allowed when the trace was made. A program that
 * changes something outside (updates tensors, leaves gradients, has an optimiser count its steps or a schedule asked for a
 * rate) runs one call at a time; nothing keeps other programs from reading the same tensors meanwhile.
 */
public final class Program implements AutoCloseable {
    private static final int SIGNATURES = 64;

    private final Function<List<Tensor>, List<Tensor>> function;
    private final Programs programs;

    /** A function of three tensors. */
    @FunctionalInterface
    public interface TernaryOperator {
        /** The result for these arguments. */
        Tensor apply(Tensor x, Tensor y, Tensor z);
    }

    private Program(Function<List<Tensor>, List<Tensor>> function) {
        this.function = function;
        this.programs = new Programs(this::values, SIGNATURES);
    }

    private Value[] values(Value[] inputs) {
        List<Tensor> results = function.apply(Arrays.stream(inputs).map(Tensor::new).toList());
        if (results == null || results.stream().anyMatch(java.util.Objects::isNull)) {
            throw new IllegalStateException("call: the function returned null where a tensor was expected; return a tensor for "
                    + "each result.");
        }
        return Grad.values(results);
    }

    /** The program of a function of one tensor. */
    public static Program of(UnaryOperator<Tensor> function) {
        return ofList(inputs -> Arrays.asList(function.apply(one(inputs, 1).get(0))));
    }

    /** The program of a function of two tensors. */
    public static Program of(BinaryOperator<Tensor> function) {
        return ofList(inputs -> Arrays.asList(function.apply(one(inputs, 2).get(0), inputs.get(1))));
    }

    /** The program of a function of three tensors. */
    public static Program of(TernaryOperator function) {
        return ofList(inputs -> Arrays.asList(function.apply(one(inputs, 3).get(0), inputs.get(1), inputs.get(2))));
    }

    /** The program of a function of any number of tensors, with any number of results. */
    public static Program ofList(Function<List<Tensor>, List<Tensor>> function) {
        return new Program(function);
    }

    /** The program of the value of a one-element function and of its gradient. */
    public static Program valueAndGrad(UnaryOperator<Tensor> function) {
        return valueAndGradList(inputs -> function.apply(one(inputs, 1).get(0)));
    }

    /** The program of the value of a one-element function and of its gradients by both arguments. */
    public static Program valueAndGrad(BinaryOperator<Tensor> function) {
        return valueAndGradList(inputs -> function.apply(one(inputs, 2).get(0), inputs.get(1)));
    }

    /** The program of the value of a one-element function and of its gradients by all arguments. */
    public static Program valueAndGrad(TernaryOperator function) {
        return valueAndGradList(inputs -> function.apply(one(inputs, 3).get(0), inputs.get(1), inputs.get(2)));
    }

    /**
     * The program whose results are the value of a one-element function and then its gradient by each floating-point
     * argument, zeros by those it does not depend on.
     */
    public static Program valueAndGradList(Function<List<Tensor>, Tensor> function) {
        return ofList(inputs -> withGradients(function, inputs));
    }

    private static List<Tensor> one(List<Tensor> inputs, int expected) {
        if (inputs.size() != expected) {
            throw new IllegalArgumentException("Program: the function has " + expected + " arguments, but got " + inputs.size()
                    + "; call it with " + expected + " tensors.");
        }
        return inputs;
    }

    private static List<Tensor> withGradients(Function<List<Tensor>, Tensor> function, List<Tensor> inputs) {
        boolean create = inputs.stream().anyMatch(Tensor::requiresGrad);
        List<Tensor> sources = inputs.stream().map(input -> input.requiresGrad() || !input.dtype().cell().isReal() ? input
                : input.detach().requiresGrad(true)).toList();
        Tensor value = function.apply(sources);
        if (value == null || value.numel() != 1) {
            throw new IllegalStateException("valueAndGrad: Gradient only defined for scalar-output functions; this one returned "
                    + (value == null ? "null" : "a tensor of shape " + value.value.layout()) + "; reduce it with sum() or mean().");
        }
        List<Tensor> by = sources.stream().filter(Tensor::requiresGrad).toList();
        Value[] gradients = !value.requiresGrad() ? new Value[by.size()]
                : Backward.gradients(new Value[] {value.value}, null, Grad.values(by), true, create);
        List<Tensor> results = new ArrayList<>(List.of(value));
        for (int i = 0; i < gradients.length; i++) {
            results.add(gradients[i] == null ? by.get(i).zerosLike() : new Tensor(gradients[i]));
        }
        return results;
    }

    /**
     * Keeps the traces of at most {@code signatures} combinations of dtypes and sizes, instead of 64; the one that has not
     * been used for longest goes first. Returns this.
     */
    public Program limit(int signatures) {
        if (signatures < 1) {
            throw new IllegalArgumentException("limit: a program keeps 1 trace or more, but got " + signatures + ".");
        }
        programs.limit(signatures);
        return this;
    }

    /**
     * Lets this be called with arguments of one combination of dtypes and sizes only, that of its first call: another one
     * is an {@code IllegalArgumentException} instead of a new trace. Returns this.
     */
    public Program fixed() {
        programs.fix();
        return this;
    }

    /**
     * Simplifies by algebra that holds for real numbers and changes results a little: by rounding, the sign of a zero,
     * and where numbers are infinite, NaN, or too large or small for what they are combined to. Without this results are
     * those of the function bit for bit. To be asked for before the first call. Returns this. The rules, for floating-point
     * values {@code x} and constants {@code a}, {@code b}:
     * <ul>
     * <li>{@code x * 0}, {@code 0 / x} and {@code x - x} are 0, {@code x / x} is 1
     * <li>{@code x + 0} is {@code x}, {@code 0 - x} and {@code x * -1} are {@code -x},
     *     {@code -(x - y)} is {@code y - x}
     * <li>{@code x / a} is {@code x * (1 / a)}
     * <li>{@code (x * a) * b} is {@code x * (a * b)}, {@code -(x * a)} and {@code -x * a} are {@code x * -a}
     * <li>{@code (x + a) + b} is {@code x + (a + b)}, and so on for differences
     * <li>{@code exp(log(x))}, {@code log(exp(x))}, {@code expm1(log1p(x))}, {@code log1p(expm1(x))},
     *     {@code sqrt(x).square()} and {@code x.reciprocal().reciprocal()} are {@code x};
     *     {@code sqrt(x.square())} is {@code |x|}
     * <li>{@code sum(x * a)} is {@code sum(x) * a}, {@code sum(-x)} is {@code -sum(x)}, and a sum of equal numbers is a
     *     product
     * </ul>
     *
     * @throws IllegalStateException if this has been called
     */
    public synchronized Program fastMath() {
        programs.requireOpen("fastMath");
        if (programs.traces() > 0) {
            throw new IllegalStateException("fastMath: this program has been called, and its results would change from one "
                    + "call to the next; ask for fastMath() before the first call.");
        }
        programs.approximate();
        return this;
    }

    /** How often a trace was there, and how often one had to be made. */
    public ProgramStatistics statistics() {
        synchronized (programs) {
            return new ProgramStatistics(programs.hits(), programs.traces(), programs.evictions(), programs.size());
        }
    }

    /**
     * Bytes of the block for intermediate values, of the program for the arguments used last; there is one block for each
     * call that was under way at the same time as others.
     */
    public long plannedBytes() {
        return latest("plannedBytes").plannedBytes();
    }

    /** The results for {@code inputs}, in the innermost open tape or else managed. */
    public List<Tensor> call(Tensor... inputs) {
        if (Symbols.isInterpreting()) {
            return function.apply(List.of(inputs));
        }
        Call call = programs.begin("call");
        try {
            arguments(call, inputs, "call");
            Compiled compiled = call.find("call");
            Value[] results = call.outputs(compiled.results());
            for (int i = 0; i < results.length; i++) {
                results[i] = Values.allocate(compiled.cell(i), compiled.layout(i));
            }
            call.run();
            return Arrays.stream(results).map(Tensor::new).toList();
        } finally {
            call.end();
        }
    }

    /**
     * Computes the results for {@code inputs} into {@code outputs}, contiguous tensors of the right sizes and types that do
     * not overlap any other tensor the program uses. A call for arguments of sizes that have been seen allocates nothing if
     * the arguments are contiguous and the outputs, made while no tape was open, are no views; what is to go elsewhere is
     * computed into new memory, and copied.
     */
    public void run(Tensor[] inputs, Tensor[] outputs) {
        if (Symbols.isInterpreting()) {
            throw new IllegalStateException("run: inside another transformation there is no memory to write to; use call(...).");
        }
        Call call = programs.begin("run");
        try {
            Compiled last = call.repeatable();
            if (last != null && isRepeated(last, inputs, outputs)) {
                call.repeat(last);
                Reference.reachabilityFence(inputs);
                Reference.reachabilityFence(outputs);
                return;
            }
            arguments(call, inputs, "run");
            call.find("run");
            Value[] results = call.outputs(outputs.length);
            for (int i = 0; i < outputs.length; i++) {
                results[i] = outputs[i].value.check("run");
            }
            call.into();
        } finally {
            call.end();
        }
    }

    /** The only result for {@code inputs}. */
    public Tensor apply(Tensor... inputs) {
        List<Tensor> results = call(inputs);
        if (results.size() != 1) {
            throw new IllegalStateException("apply: this program has " + results.size() + " results; use call(...).");
        }
        return results.getFirst();
    }

    /**
     * The program for the arguments used last as text: its kernels with the formulas that were fused, planned bytes, bytes
     * moved and arithmetic. Fails with {@code IllegalStateException} before the first call.
     */
    public String explain() {
        return latest("explain").explain();
    }

    /** The graph of the program for the arguments used last, in the language of Graphviz. */
    public String toDot() {
        return latest("toDot").dot();
    }

    /** The graph of the program for the arguments used last, in the language of Mermaid. */
    public String toMermaid() {
        return latest("toMermaid").mermaid();
    }

    private Compiled latest(String label) {
        programs.requireOpen(label);
        Compiled latest = programs.latest();
        if (latest == null) {
            throw new IllegalStateException(label + ": this program has not been called, so there is nothing to show; call it "
                    + "first.");
        }
        return latest;
    }

    private static void arguments(Call call, Tensor[] inputs, String label) {
        Value[] arguments = call.inputs(inputs.length);
        for (int i = 0; i < inputs.length; i++) {
            arguments[i] = contiguous(inputs[i].value.check(label));
        }
    }

    /** True if all tensors lie where those of the call before did and are like them: then none need be taken down. */
    private static boolean isRepeated(Compiled last, Tensor[] inputs, Tensor[] outputs) {
        if (inputs.length != last.arguments() || outputs.length != last.results()) {
            return false;
        }
        for (int i = 0; i < inputs.length; i++) {
            if (!last.isArgument(i, inputs[i].value.check("run"))) {
                return false;
            }
        }
        for (int i = 0; i < outputs.length; i++) {
            if (!last.isResult(i, outputs[i].value.check("run"))) {
                return false;
            }
        }
        return true;
    }

    private static Value contiguous(Value value) {
        return value.layout().isContiguous() ? value : Values.keep(value);
    }

    /**
     * Forgets all traces and gives their memory back; using this afterwards is an {@code IllegalStateException}. Calls that
     * other threads have begun go on to their end.
     */
    @Override
    public void close() {
        programs.close();
    }
}

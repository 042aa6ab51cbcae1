package dev.lanegrad.jmh;

import dev.lanegrad.Program;
import dev.lanegrad.Rng;
import dev.lanegrad.Tape;
import dev.lanegrad.Tensor;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Question: how much does a network of 784-256-10 at batch 128 take beyond its matrix products?
 *
 * <p>To run: {@code mvn -Pjmh verify -Djmh.args="NetworkFloorBenchmark"}, nothing else running. {@code program} is value and
 * all gradients, that of the input among them, as a program; {@code products} is the six matrix products of it alone.
 *
 * <p>What would refute the answer: {@code program} more than a quarter slower than {@code products}.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 8, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 2, jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class NetworkFloorBenchmark {
    private Tensor x;
    private Tensor w;
    private Tensor v;
    private Tensor hidden;
    private Tensor scores;
    private Program program;
    private Tensor[] inputs;
    private Tensor[] outputs;
    private Tape tape;

    /** Makes the network, and stand-ins for what its backward pass multiplies. */
    @Setup
    public void fill() {
        Rng rng = new Rng(5);
        x = Tensor.randn(rng, 128, 784);
        w = Tensor.randn(rng, 784, 256);
        v = Tensor.randn(rng, 256, 10);
        hidden = Tensor.randn(rng, 128, 256);
        scores = Tensor.randn(rng, 128, 10);
        program = Program.valueAndGradList(in -> in.get(0).matmul(in.get(1)).add(in.get(2)).tanh().matmul(in.get(3))
                .add(in.get(4)).square().mean());
        inputs = Stream.of(x, w, Tensor.randn(rng, 256), v, Tensor.randn(rng, 10)).toArray(Tensor[]::new);
        outputs = program.call(inputs).toArray(Tensor[]::new);
        tape = Tape.open();
    }

    /** Gives the memory back. */
    @TearDown
    public void close() {
        tape.close();
        program.close();
    }

    @Benchmark
    public void program() {
        program.run(inputs, outputs);
    }

    /** Baseline: two products forward, and two backward for each of them. */
    @Benchmark
    public Object products() {
        List<Tensor> products = List.of(x.matmul(w), hidden.matmul(v), scores.matmul(v.t()), hidden.t().matmul(scores),
                hidden.matmul(w.t()), x.t().matmul(hidden));
        tape.reset();
        return products;
    }
}

package dev.lanegrad.jmh;

import dev.lanegrad.Loop;
import dev.lanegrad.Program;
import dev.lanegrad.Rng;
import dev.lanegrad.Tape;
import dev.lanegrad.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Question: how much faster is the value and gradient of a model as a program than op by op on a tape?
 *
 * <p>To run: {@code mvn -Pjmh verify -Djmh.args="ProgramModelsBenchmark -prof gc"}, nothing else running. Each row of
 * {@code program} is to be compared with the row of {@code eager} of the same model.
 *
 * <p>What would refute the answer: a program that is slower than its eager twin, or, matrix products aside, not at least
 * 1.5 times faster.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 12, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 2, jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class ProgramModelsBenchmark {
    private static final int OPTIONS = 1 << 20;
    private static final int ROUNDS = 1000;

    /** What is computed. */
    @Param({"logistic", "mlp-1", "mlp-32", "mlp-784", "feed-forward", "cross-entropy", "layer-norm-gelu",
        "black-scholes", "recurrent", "recurrent-scan"})
    public String model;

    private Function<List<Tensor>, Tensor> function;
    /** The same, or with a loop of the library in place of Java's. */
    private Function<List<Tensor>, Tensor> traced;
    private Program program;
    private Tape tape;
    private Tensor[] inputs;
    private Tensor[] outputs;
    private List<Tensor> leaves;

    /** Makes the model and its data, and compares both gradients. */
    @Setup
    public void fillAndCheck() {
        Rng rng = new Rng(5);
        List<Tensor> data = new ArrayList<>();
        function = switch (model) {
            case "logistic" -> {
                data.addAll(random(rng, new int[][] {{4096, 32}, {32, 1}, {1}}));
                yield in -> in.get(0).matmul(in.get(1)).add(in.get(2)).neg().softplus().mean();
            }
            case "mlp-1" -> network(data, rng, 1, 32, 64);
            case "mlp-32" -> network(data, rng, 32, 32, 64);
            case "mlp-784" -> network(data, rng, 128, 784, 256);
            case "feed-forward" -> {
                data.addAll(random(rng, new int[][] {{4096, 64}, {64, 512}, {512}, {512, 64}}));
                // Small, as weights are: else one element of gelu in 70 is subnormal, and all takes 105 ms instead of 15.
                data.replaceAll(tensor -> tensor.size(0) == 4096 ? tensor : tensor.mul(0.1));
                yield in -> in.get(0).matmul(in.get(1)).add(in.get(2)).gelu().matmul(in.get(3)).square().mean();
            }
            case "cross-entropy" -> {
                data.addAll(random(rng, new int[][] {{256, 1000}}));
                Tensor classes = Tensor.of(new long[256], 256);
                yield in -> in.get(0).crossEntropy(classes);
            }
            case "layer-norm-gelu" -> {
                data.addAll(random(rng, new int[][] {{4096, 768}, {768}, {768}}));
                yield in -> normalised(in.get(0)).mul(in.get(1)).add(in.get(2)).gelu().sum();
            }
            case "black-scholes" -> {
                data.add(Tensor.rand(rng, OPTIONS).add(1));
                data.add(Tensor.rand(rng, OPTIONS).add(1));
                data.add(Tensor.rand(rng, OPTIONS).mul(0.3).add(0.1));
                data.add(Tensor.rand(rng, OPTIONS).add(0.5));
                yield ProgramModelsBenchmark::prices;
            }
            case "recurrent", "recurrent-scan" -> recurrence(data, rng);
            default -> throw new IllegalArgumentException("ProgramModelsBenchmark: no model " + model + "; see @Param.");
        };
        traced = !model.equals("recurrent-scan") ? function : in -> Loop.forLoop(ROUNDS, in.get(2),
                (i, state) -> round(state, in)).square().sum();
        prepare(data);
    }

    private static Function<List<Tensor>, Tensor> recurrence(List<Tensor> data, Rng rng) {
        data.addAll(random(rng, new int[][] {{64, 64}, {64}, {1, 64}}));
        data.set(0, data.getFirst().mul(0.1));
        return in -> {
            Tensor state = in.get(2);
            for (int i = 0; i < ROUNDS; i++) {
                state = round(state, in);
            }
            return state.square().sum();
        };
    }

    private static Tensor round(Tensor state, List<Tensor> in) {
        return state.matmul(in.get(0)).add(in.get(1)).tanh();
    }

    private void prepare(List<Tensor> data) {
        program = Program.valueAndGradList(traced);
        inputs = data.toArray(Tensor[]::new);
        outputs = program.call(inputs).toArray(Tensor[]::new);
        leaves = data.stream().map(tensor -> tensor.detach().requiresGrad(true)).toList();
        tape = Tape.open();
        eager();
        for (int i = 0; i < inputs.length; i++) {
            if (!Arrays.equals(leaves.get(i).grad().toFloatArray(), outputs[i + 1].toFloatArray())) {
                throw new IllegalStateException("ProgramModelsBenchmark: gradients differ; the figures would mean nothing.");
            }
        }
    }

    private static List<Tensor> random(Rng rng, int[][] shapes) {
        return Arrays.stream(shapes).map(shape -> Tensor.randn(rng, shape)).toList();
    }

    private static Function<List<Tensor>, Tensor> network(List<Tensor> data, Rng rng, int batch, int width, int hidden) {
        data.addAll(random(rng, new int[][] {{batch, width}, {width, hidden}, {hidden}, {hidden, 10}, {10}}));
        return in -> in.get(0).matmul(in.get(1)).add(in.get(2)).tanh().matmul(in.get(3)).add(in.get(4)).square().mean();
    }

    private static Tensor normalised(Tensor x) {
        return x.sub(x.mean(true, -1)).div(x.var(0, true, -1).add(1e-5).sqrt());
    }

    private static Tensor prices(List<Tensor> in) {
        Tensor deviation = in.get(2).mul(in.get(3).sqrt());
        Tensor d1 = in.get(0).div(in.get(1)).log().add(in.get(2).square().mul(0.5).add(0.02).mul(in.get(3))).div(deviation);
        Tensor discounted = in.get(1).mul(in.get(3).mul(-0.02).exp());
        return in.get(0).mul(normal(d1)).sub(discounted.mul(normal(d1.sub(deviation)))).sum();
    }

    private static Tensor normal(Tensor x) {
        return x.mul(Math.sqrt(0.5)).erf().add(1).mul(0.5);
    }

    @TearDown
    public void close() {
        tape.close();
        program.close();
    }

    @Benchmark
    public void program() {
        program.run(inputs, outputs);
    }

    /** Baseline: each op by itself. */
    @Benchmark
    public void eager() {
        leaves.forEach(Tensor::zeroGrad);
        function.apply(leaves).backward();
        tape.reset();
    }
}

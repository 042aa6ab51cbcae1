package dev.lanegrad.jmh;

import dev.lanegrad.Program;
import dev.lanegrad.Rng;
import dev.lanegrad.Tensor;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Question: how long does the first call of a program take, its trace and the making of its kernels included, in a JVM that
 * has made others before?
 *
 * <p>To run: {@code mvn -Pjmh verify -Djmh.args="FirstCallBenchmark"}, nothing else running. Each call is that of a new
 * function of 50 ops on 16 numbers, with its gradient. Its constants are its own, so none of its kernels is known.
 *
 * <p>What would refute the answer: a call of more than 100 ms ({@code p1.00} is the longest).
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 2, jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class FirstCallBenchmark {
    private static final int OPS = 50;

    private Tensor x;
    private long functions;

    /** Makes the argument of all functions. */
    @Setup
    public void fill() {
        x = Tensor.rand(new Rng(1), 16);
    }

    /** The value and gradient of a function that has not been there before. */
    @Benchmark
    public List<Tensor> first() {
        long number = functions++;
        try (Program program = Program.valueAndGrad(input -> chain(input, new Rng(number)))) {
            return program.call(x);
        }
    }

    /** A mean of ops in a row, together {@link #OPS}. */
    private static Tensor chain(Tensor x, Rng rng) {
        Tensor y = x;
        for (int i = 1; i < OPS; i++) {
            double number = 0.5 + rng.nextDouble();
            y = switch (i % 7) {
                case 0 -> y.mul(number);
                case 1 -> y.add(number);
                case 2 -> y.tanh();
                case 3 -> y.mul(x);
                case 4 -> y.sub(number);
                case 5 -> y.sigmoid();
                default -> y.div(number).exp();
            };
        }
        return y.mean();
    }
}

package dev.lanegrad.jmh;

import dev.lanegrad.Rng;
import dev.lanegrad.Tape;
import dev.lanegrad.Tensor;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Question: what do recording and walking a small graph cost, where arithmetic costs nothing?
 *
 * <p>To run: {@code mvn -Pjmh verify -Djmh.args="TapeBenchmark -prof gc"}, nothing else running. The baseline is the same
 * arithmetic by hand on a Java array. The heap is there from the start: the first use of each page costs more than many
 * records.
 *
 * <p>What would refute the answer: more than 100 bytes of heap for each recorded op, for then something besides the tensor
 * is allocated.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 6, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(value = 2, jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED",
    "-Xms1g", "-Xmx1g", "-XX:+AlwaysPreTouch"})
public class TapeBenchmark {
    private static final int ELEMENTS = 16;
    private static final int CHAIN = 100;

    private Tape tape;
    private Tensor x;
    private float[] byHand;

    /** Makes the leaf and checks one gradient. */
    @Setup
    public void open() {
        x = Tensor.randn(new Rng(1), ELEMENTS).requiresGrad(true);
        byHand = x.toFloatArray();
        tape = Tape.open();
        squareSumBackward();
        if (x.grad().get(0) != 2 * byHand[0]) {
            throw new IllegalStateException("TapeBenchmark: the gradient is wrong; its figures would mean nothing.");
        }
    }

    @TearDown
    public void close() {
        tape.close();
    }

    /** {@code x.mul(x).sum().backward()} on 16 floats, and the reset of the tape. */
    @Benchmark
    public void squareSumBackward() {
        x.zeroGrad();
        x.mul(x).sum().backward();
        tape.reset();
    }

    /** One recorded addition of 16 floats. */
    @Benchmark
    @OperationsPerInvocation(CHAIN)
    public void recordedAdd() {
        Tensor y = x;
        for (int i = 0; i < CHAIN; i++) {
            y = y.add(x);
        }
        tape.reset();
    }

    /** Baseline: the value and the gradient of the sum of squares, by hand. */
    @Benchmark
    public float[] squareSumByHand() {
        float sum = 0;
        float[] gradient = new float[ELEMENTS + 1];
        for (int i = 0; i < ELEMENTS; i++) {
            sum += byHand[i] * byHand[i];
            gradient[i] = 2 * byHand[i];
        }
        gradient[ELEMENTS] = sum;
        return gradient;
    }
}

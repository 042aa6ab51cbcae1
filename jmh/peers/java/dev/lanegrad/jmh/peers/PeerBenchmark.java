package dev.lanegrad.jmh.peers;

import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
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
 * Question: is the library at least as fast as libtorch, for every op, at every size, forward and backward?
 *
 * <p>To run: {@code mvn -Pjmh,peers verify}, nothing else running; {@link Report} says what else may be asked for. The
 * time of a step is that of the counter {@code steps}, since one invocation does many steps where the side is
 * {@link Side#LOOP}. That is the baseline that counts, libtorch without any binding: it asks for gradients by
 * {@code torch.grad}, which adds to no {@code grad}, while the library's side does all of {@code backward}.
 * {@link Side#BINDING} is what a user of libtorch in Java feels.
 *
 * <p>What would refute the answer: a ratio below 1 in the report; results that do not agree ({@link Agreement} compares
 * them before anything is timed); more bytes of heap for an eager op than its small objects; times of libtorch that are
 * shorter in a JVM that measures one case alone ({@code forks=1}).
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class PeerBenchmark {
    /** What is counted beside invocations. */
    @State(Scope.Thread)
    @AuxCounters(AuxCounters.Type.OPERATIONS)
    public static class Counter {
        /** Steps done. */
        public long steps;
    }

    /** A family of steps. */
    @Param("elementwise")
    public String family;

    /** A step of the family. */
    @Param("tanh")
    public String op;

    /** The sizes of its operands. */
    @Param("4096")
    public String shape;

    /** The type of its operands. */
    @Param("FLOAT32")
    public String precision;

    /** Whether the gradient is computed. */
    @Param("BACKWARD")
    public String direction;

    /** Who computes it. */
    @Param({"EAGER", "LOOP"})
    public String side;

    /** The property with the seconds that a case may run before it is measured. */
    static final String SETTLE = "lanegrad.peers.settle";

    private Step step;

    /** Makes the operands, in the thread that measures, and runs the case until the compiler is idle. */
    @Setup
    public void open() {
        step = Side.valueOf(side.toUpperCase(Locale.ROOT)).step(new Case(Family.named(family), op, shape,
                Precision.valueOf(precision), Direction.valueOf(direction)));
        Settling.run(step, Double.parseDouble(System.getProperty(SETTLE, "20")));
    }

    /** Gives their memory back, before the next case of this JVM is measured. */
    @TearDown
    public void close() {
        step.close();
        System.gc();
    }

    /** The case, once or {@link Step#times} times. */
    @Benchmark
    public Object step(Counter counter) {
        counter.steps += step.times();
        return step.run();
    }
}

package dev.lanegrad.jmh;

import dev.lanegrad.GradMode;
import dev.lanegrad.Rng;
import dev.lanegrad.Tape;
import dev.lanegrad.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.concurrent.TimeUnit;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
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
 * Question: what does an element-wise op on a tensor cost beside a vector loop written by hand for it?
 *
 * <p>To run: {@code mvn -Pjmh verify -Djmh.args="ElementwiseBenchmark"}, nothing else running. {@code add} is to be compared
 * with {@code addByHand} (the same loop without tensors) and {@code addScalar}; {@code exp} and {@code tanh} with their
 * numbers of vectors, {@code n / 16} at 512 bits.
 *
 * <p>What would refute the answer: bytes per operation beyond the two small objects of a tensor ({@code -prof gc}), for then
 * vectors were boxed.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 6, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(value = 2, jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class ElementwiseBenchmark {
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final int VBYTES = S.vectorByteSize();
    private static final int BLOCK = 32 << 10;
    @SuppressWarnings("restricted")
    private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    /** Elements. */
    @Param({"16", "1024", "1048576"})
    public int n;

    private Arena arena;
    private Tape tape;
    private GradMode mode;
    private Tensor x;
    private Tensor y;
    private MemorySegment a;
    private MemorySegment b;
    private MemorySegment c;

    /** Makes the operands and compares the loops. */
    @Setup
    public void fillAndCheck() {
        x = Tensor.randn(new Rng(1), n);
        y = Tensor.randn(new Rng(2), n);
        arena = Arena.ofConfined();
        a = arena.allocate(n * 4L + 128, 64);
        b = arena.allocate(n * 4L + 128, 64);
        c = arena.allocate(n * 4L + 128, 64);
        MemorySegment.copy(MemorySegment.ofArray(x.toFloatArray()), 0, a, 0, n * 4L);
        MemorySegment.copy(MemorySegment.ofArray(y.toFloatArray()), 0, b, 0, n * 4L);
        tape = Tape.open();
        mode = GradMode.noGrad();
        addByHand();
        if (c.getAtIndex(ValueLayout.JAVA_FLOAT, n - 1) != x.add(y).get(n - 1)) {
            throw new IllegalStateException("ElementwiseBenchmark: the sums differ; the figures would mean nothing.");
        }
    }

    @TearDown
    public void close() {
        mode.close();
        tape.close();
        arena.close();
    }

    @Benchmark
    public void add() {
        x.add(y);
        tape.reset();
    }

    @Benchmark
    public void exp() {
        x.exp();
        tape.reset();
    }

    @Benchmark
    public void tanh() {
        x.tanh();
        tape.reset();
    }

    /** Baseline: the vector loop alone. */
    @Benchmark
    public void addByHand() {
        long bytes = (n * 4L + VBYTES - 1) / VBYTES * VBYTES;
        for (long at = 0; at < bytes; at += BLOCK) {
            addBlock(a.address() + at, b.address() + at, c.address() + at, (int) Math.min(BLOCK, bytes - at));
        }
    }

    /** Baseline: one float at a time, left to the compiler. */
    @Benchmark
    public void addScalar() {
        for (int i = 0; i < n; i++) {
            c.setAtIndex(ValueLayout.JAVA_FLOAT, i,
                    a.getAtIndex(ValueLayout.JAVA_FLOAT, i) + b.getAtIndex(ValueLayout.JAVA_FLOAT, i));
        }
    }

    private static void addBlock(long a, long b, long c, int bytes) {
        for (int d = 0; d < bytes; d += VBYTES) {
            FloatVector.fromMemorySegment(S, ALL, a + d, ByteOrder.nativeOrder())
                    .add(FloatVector.fromMemorySegment(S, ALL, b + d, ByteOrder.nativeOrder()))
                    .intoMemorySegment(ALL, c + d, ByteOrder.nativeOrder());
        }
    }
}

package dev.lanegrad.jmh;

import dev.lanegrad.internal.kernel.MatMul;
import dev.lanegrad.internal.lane.Lane;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import java.util.concurrent.TimeUnit;
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
 * Question: how near does the float matrix product of n x n come to the multiply-add roof of one core?
 *
 * <p>To run: {@code mvn -Pjmh verify -Djmh.args="MatMulBenchmark RoofBenchmark.fmaPeak"}, nothing else running. A product is
 * {@code 2 n^3} operations: divide them by the time and compare with {@code fmaPeak} of the same run.
 *
 * <p>What would refute the answer: {@code scalar} within a factor of ten of {@code packed} at 512, or more than 1,000 bytes
 * allocated per product ({@code -prof gc}), for then vectors were boxed.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(value = 2, jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class MatMulBenchmark {
    private static final long SEED = 3;
    private static final int PADDING = 128;

    /** Rows and columns. */
    @Param({"16", "64", "128", "256", "512"})
    public int n;

    private Arena arena;
    private MemorySegment a;
    private MemorySegment b;
    private MemorySegment c;

    /** Fills A and B and compares one product with a chain of fused multiply-adds. */
    @Setup
    public void fillAndCheck() {
        arena = Arena.ofConfined();
        Random random = new Random(SEED);
        a = filled(random);
        b = filled(random);
        c = filled(random);
        packed();
        float expected = 0;
        for (int p = 0; p < n; p++) {
            expected = Math.fma(at(a, n - 1, p), at(b, p, n - 1), expected);
        }
        if (at(c, n - 1, n - 1) != expected) {
            throw new IllegalStateException("MatMulBenchmark: the product is wrong; its figures would mean nothing.");
        }
    }

    private MemorySegment filled(Random random) {
        MemorySegment memory = arena.allocate((long) n * n * Float.BYTES + PADDING, 64);
        for (int i = 0; i < n * n; i++) {
            memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, random.nextFloat() - 0.5f);
        }
        return memory;
    }

    private float at(MemorySegment memory, int row, int column) {
        return memory.getAtIndex(ValueLayout.JAVA_FLOAT, (long) row * n + column);
    }

    @TearDown
    public void close() {
        arena.close();
    }

    /** The library's product. */
    @Benchmark
    public void packed() {
        MatMul.run(Lane.FLOAT, n, n, n, a.address(), n, 1, b.address(), n, 1, c.address(), false);
    }

    /** Baseline: three loops, the inner one along rows, left to the compiler. */
    @Benchmark
    public void scalar() {
        c.asSlice(0, (long) n * n * Float.BYTES).fill((byte) 0);
        for (int i = 0; i < n; i++) {
            for (int p = 0; p < n; p++) {
                float x = at(a, i, p);
                for (int j = 0; j < n; j++) {
                    long index = (long) i * n + j;
                    c.setAtIndex(ValueLayout.JAVA_FLOAT, index,
                            c.getAtIndex(ValueLayout.JAVA_FLOAT, index) + x * at(b, p, j));
                }
            }
        }
    }
}

package dev.lanegrad.jmh;

import dev.lanegrad.internal.kernel.FoldOp;
import dev.lanegrad.internal.kernel.Folds;
import dev.lanegrad.internal.lane.Lane;
import dev.lanegrad.internal.shape.Layout;
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
 * Question: what does a fold that is the same at every vector width and for every layout cost, beside the sum of the
 * same bytes in the fastest order?
 *
 * <p>{@code handWritten} and {@code scalar} are the baselines: all elements added with four vector accumulators in
 * blocks, and one after the other. The others are {@code Folds.run} on the same elements: over both dimensions, over
 * the inner one (a result for each row) and over the outer one (a result for each column).
 *
 * <p>To run: {@code mvn -Pjmh verify -Djmh.args="FoldBenchmark"}, nothing else running. Add {@code -prof gc}: a fold
 * allocates nothing.
 *
 * <p>What would refute the design: {@code all} above 1.1 times {@code handWritten} from a thousand elements on;
 * {@code rows} or {@code columns} above twice {@code handWritten} on a large matrix with long rows; {@code scalar}
 * faster than any of them beyond 16 elements, where no result is a fold of one element.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 6, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(value = 2, jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class FoldBenchmark {
    private static final int BLOCK = 64 << 10;
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final int VBYTES = S.vectorByteSize();
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    @SuppressWarnings("restricted")
    private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    /** Rows and columns of the matrix; the product is a multiple of 64. */
    @Param({"1x64", "1x1024", "1x1048576", "4096x16", "1024x64", "100x768", "128x256", "1024x1024", "65536x16"})
    public String shape;

    private Arena arena;
    private Layout layout;
    private long in;
    private long out;
    private long lanes;
    private int bytes;

    /** Fills the matrix with small integers, whose sums are exact in any order, and compares all sums. */
    @Setup
    public void fillAndCheck() {
        int rows = Integer.parseInt(shape.substring(0, shape.indexOf('x')));
        int columns = Integer.parseInt(shape.substring(shape.indexOf('x') + 1));
        layout = Layout.contiguous(rows, columns);
        bytes = rows * columns * Float.BYTES;
        arena = Arena.ofConfined();
        in = arena.allocate(bytes + 64L, 64).address();
        out = arena.allocate(2L * bytes + 64L, 64).address();
        lanes = arena.allocate(VBYTES, 64).address();
        for (int i = 0; i < rows * columns; i++) {
            ALL.set(ValueLayout.JAVA_FLOAT, in + i * (long) Float.BYTES, i % 7);
        }
        float expected = scalar();
        require(handWritten() == expected, "handWritten");
        all();
        require(total(1) == expected, "all");
        rows();
        require(total(rows) == expected, "rows");
        columns();
        require(total(columns) == expected, "columns");
    }

    @TearDown
    public void close() {
        arena.close();
    }

    private float total(int results) {
        float sum = 0;
        for (int i = 0; i < results; i++) {
            sum += ALL.get(ValueLayout.JAVA_FLOAT, out + i * (long) Float.BYTES);
        }
        return sum;
    }

    private static void require(boolean holds, String name) {
        if (!holds) {
            throw new IllegalStateException("FoldBenchmark: " + name + " is not the sum; its time would mean nothing.");
        }
    }

    /** All elements, one after the other. */
    @Benchmark
    public float scalar() {
        float sum = 0;
        for (int d = 0; d < bytes; d += Float.BYTES) {
            sum += ALL.get(ValueLayout.JAVA_FLOAT, in + d);
        }
        return sum;
    }

    /** All elements, four vectors at a time. */
    @Benchmark
    public float handWritten() {
        float sum = 0;
        for (int block = 0; block < bytes; block += BLOCK) {
            handWritten(in + block, Math.min(BLOCK, bytes - block), lanes);
            for (int d = 0; d < VBYTES; d += Float.BYTES) {
                sum += ALL.get(ValueLayout.JAVA_FLOAT, lanes + d);
            }
        }
        return sum;
    }

    private static void handWritten(long address, int bytes, long lanes) {
        FloatVector a = FloatVector.zero(S);
        FloatVector b = FloatVector.zero(S);
        FloatVector c = FloatVector.zero(S);
        FloatVector e = FloatVector.zero(S);
        for (int d = 0; d < bytes; d += 4 * VBYTES) {
            a = a.add(FloatVector.fromMemorySegment(S, ALL, address + d, ORDER));
            b = b.add(FloatVector.fromMemorySegment(S, ALL, address + d + VBYTES, ORDER));
            c = c.add(FloatVector.fromMemorySegment(S, ALL, address + d + 2 * VBYTES, ORDER));
            e = e.add(FloatVector.fromMemorySegment(S, ALL, address + d + 3 * VBYTES, ORDER));
        }
        a.add(b).add(c.add(e)).intoMemorySegment(ALL, lanes, ORDER);
    }

    /** The sum of all elements. */
    @Benchmark
    public void all() {
        Folds.run(FoldOp.SUM, Lane.FLOAT, in, layout, 0b11, out);
    }

    /** The sum of each row. */
    @Benchmark
    public void rows() {
        Folds.run(FoldOp.SUM, Lane.FLOAT, in, layout, 0b10, out);
    }

    /** The largest of each row. */
    @Benchmark
    public void rowMaxima() {
        Folds.run(FoldOp.AMAX, Lane.FLOAT, in, layout, 0b10, out);
    }

    /** The place of the largest of each row. */
    @Benchmark
    public void rowArgMax() {
        Folds.arg(true, Lane.FLOAT, in, layout, 1, out);
    }

    /** The sum of each column. */
    @Benchmark
    public void columns() {
        Folds.run(FoldOp.SUM, Lane.FLOAT, in, layout, 0b01, out);
    }
}

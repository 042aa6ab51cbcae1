package dev.lanegrad.jmh;

import dev.lanegrad.Program;
import dev.lanegrad.Rng;
import dev.lanegrad.Tape;
import dev.lanegrad.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.concurrent.TimeUnit;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
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
 * Question: what does the value and gradient of a formula cost as a program, beside one vector loop written by hand for
 * exactly this formula, and beside the same ops one by one on a tape?
 *
 * <p>To run: {@code mvn -Pjmh verify -Djmh.args="ProgramBenchmark -prof gc"}, nothing else running. {@code mean} is
 * {@code mean(2 (x + 1)^2)} and its gradient; {@code wexp} is {@code sum(w exp(-(x w + b)^2))} and its gradients by x, w and b.
 *
 * <p>What would refute the answer: {@code mean} or {@code wexp} above 1.2 times its {@code ByHand}, more than 150 ns at 16
 * elements, or any bytes per call.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 10, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(value = 2, jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class ProgramBenchmark {
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final int VBYTES = S.vectorByteSize();
    private static final int TURN = 16 << 10;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    @SuppressWarnings("restricted")
    private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    /** Elements. */
    @Param({"16", "1024", "16384", "262144", "1048576", "4194304", "16777216"})
    public int n;

    private Arena arena;
    private Tape tape;
    private Program mean;
    private Program wexp;
    private Tensor[] x;
    private Tensor[] xwb;
    private Tensor[] meanResults;
    private Tensor[] wexpResults;
    private Tensor leaf;
    private final long[] at = new long[6];

    /** Makes programs and operands, and compares the results with those by hand. */
    @Setup
    public void fillAndCheck() {
        mean = Program.valueAndGrad(a -> a.add(1).square().mul(2).mean());
        wexp = Program.valueAndGrad((a, w, b) -> w.mul(a.mul(w).add(b).square().neg().exp()).sum());
        xwb = new Tensor[] {Tensor.randn(new Rng(1), n), Tensor.randn(new Rng(2), n), Tensor.randn(new Rng(3), n)};
        x = new Tensor[] {xwb[0]};
        meanResults = mean.call(x).toArray(Tensor[]::new);
        wexpResults = wexp.call(xwb).toArray(Tensor[]::new);
        leaf = xwb[0].detach().requiresGrad(true);
        tape = Tape.open();
        arena = Arena.ofConfined();
        for (int i = 0; i < at.length; i++) {
            MemorySegment memory = arena.allocate(n * 4L + 128, 64);
            at[i] = memory.address();
            if (i < 3) {
                MemorySegment.copy(MemorySegment.ofArray(xwb[i].toFloatArray()), 0, memory, 0, n * 4L);
            }
        }
        requireNear(meanByHand(), meanResults);
        requireNear(wexpByHand(), wexpResults);
    }

    private void requireNear(float value, Tensor[] results) {
        double expected = results[0].item();
        for (int i = 1; i < results.length; i++) {
            double last = ALL.get(ValueLayout.JAVA_FLOAT, at[2 + i] + (n - 1) * 4L);
            if (Math.abs(value - expected) > 1e-3 * Math.abs(expected) + 1e-3
                    || Math.abs(last - results[i].get(n - 1)) > 1e-4 * Math.abs(last) + 1e-6) {
                throw new IllegalStateException("ProgramBenchmark: results differ; the figures would mean nothing.");
            }
        }
    }

    @TearDown
    public void close() {
        tape.close();
        arena.close();
        mean.close();
        wexp.close();
    }

    @Benchmark
    public void mean() {
        mean.run(x, meanResults);
    }

    @Benchmark
    public void wexp() {
        wexp.run(xwb, wexpResults);
    }

    /** Baseline: the same ops, one by one. */
    @Benchmark
    public void meanEager() {
        leaf.zeroGrad();
        leaf.add(1).square().mul(2).mean().backward();
        tape.reset();
    }

    /** Baseline: one loop; sums of four vectors of lanes. */
    @Benchmark
    public float meanByHand() {
        float sum = 0;
        long bytes = (n * 4L + VBYTES - 1) / VBYTES * VBYTES;
        for (long d = 0; d < bytes; d += TURN) {
            sum += meanTurn(at[0] + d, at[3] + d, (int) Math.min(TURN, bytes - d), 4f / n);
        }
        return sum / n;
    }

    private static float meanTurn(long x, long gx, int bytes, float scale) {
        FloatVector a0 = FloatVector.zero(S);
        FloatVector a1 = FloatVector.zero(S);
        int d = 0;
        for (; d + VBYTES < bytes; d += 2 * VBYTES) {
            FloatVector t0 = FloatVector.fromMemorySegment(S, ALL, x + d, ORDER).add(1f);
            FloatVector t1 = FloatVector.fromMemorySegment(S, ALL, x + d + VBYTES, ORDER).add(1f);
            t0.mul(scale).intoMemorySegment(ALL, gx + d, ORDER);
            t1.mul(scale).intoMemorySegment(ALL, gx + d + VBYTES, ORDER);
            a0 = a0.add(t0.mul(t0).mul(2f));
            a1 = a1.add(t1.mul(t1).mul(2f));
        }
        for (; d < bytes; d += VBYTES) {
            FloatVector t0 = FloatVector.fromMemorySegment(S, ALL, x + d, ORDER).add(1f);
            t0.mul(scale).intoMemorySegment(ALL, gx + d, ORDER);
            a0 = a0.add(t0.mul(t0).mul(2f));
        }
        return a0.add(a1).reduceLanes(VectorOperators.ADD);
    }

    /** Baseline: one loop, with the exponential of the JDK. */
    @Benchmark
    public float wexpByHand() {
        float sum = 0;
        long bytes = (n * 4L + VBYTES - 1) / VBYTES * VBYTES;
        for (long d = 0; d < bytes; d += TURN) {
            sum += wexpTurn(at[0] + d, at[1] + d, at[2] + d, at[3] + d, at[4] + d, at[5] + d, (int) Math.min(TURN, bytes - d));
        }
        return sum;
    }

    private static float wexpTurn(long x, long w, long b, long gx, long gw, long gb, int bytes) {
        FloatVector sum = FloatVector.zero(S);
        for (int d = 0; d < bytes; d += VBYTES) {
            FloatVector vx = FloatVector.fromMemorySegment(S, ALL, x + d, ORDER);
            FloatVector vw = FloatVector.fromMemorySegment(S, ALL, w + d, ORDER);
            FloatVector t = vx.mul(vw).add(FloatVector.fromMemorySegment(S, ALL, b + d, ORDER));
            FloatVector e = t.mul(t).neg().lanewise(VectorOperators.EXP);
            FloatVector value = vw.mul(e);
            FloatVector byT = value.mul(t).mul(-2f);
            byT.intoMemorySegment(ALL, gb + d, ORDER);
            byT.mul(vw).intoMemorySegment(ALL, gx + d, ORDER);
            e.add(byT.mul(vx)).intoMemorySegment(ALL, gw + d, ORDER);
            sum = sum.add(value);
        }
        return sum.reduceLanes(VectorOperators.ADD);
    }
}

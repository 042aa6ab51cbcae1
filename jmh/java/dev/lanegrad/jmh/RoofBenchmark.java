package dev.lanegrad.jmh;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.concurrent.TimeUnit;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
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
 * Question: what is the most that one core of this machine can do, in bytes moved and in multiply-adds, through the
 * Vector API? Every other figure is read against these two roofs.
 *
 * <p>Units: one operation is one byte (memory) or one floating-point operation (an fma is two), so {@code ops/ns} reads
 * as GB/s and as GFLOP/s. Copied bytes count twice, once read and once written; the read for ownership that a plain
 * store costs is not counted.
 *
 * <p>To run: {@code mvn -Pjmh verify -Djmh.args="RoofBenchmark"}, nothing else running. Add {@code -prof gc}: the
 * allocation per invocation must be below one byte per thousand operations, otherwise vectors were boxed.
 *
 * <p>What would refute the roofs: a kernel of the library, or {@code fillByTheJdk}, faster than the loop of the same name
 * here by more than the error; {@code copyByTheJdk} more than 3/2 of {@code copy} (up to there it saves the read for
 * ownership with stores that pass by the cache, which the Vector API cannot express); {@code fmaPeak} below 0.9 of
 * lanes x 2 x fma units x clock under load, where a unit counts as a half if it takes two cycles for a vector of this
 * width; {@code fmaOneChain} not slower than {@code fmaPeak} by about latency x units, for then the chains were not
 * independent.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 6, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(value = 2, jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class RoofBenchmark {
    private static final int FLOATS = 16 << 20;
    private static final int BYTES = FLOATS * Float.BYTES;
    /** Bytes of one call of a memory loop: small enough that no loop runs long in a method that is not yet compiled. */
    private static final int BLOCK = 64 << 10;
    /** Floating-point operations of one invocation of an fma benchmark; a multiple of what one step does at any width. */
    private static final int FLOPS = 16 << 20;
    private static final int CHAINS = 16;
    /** Calls that share the operations of one invocation. */
    private static final int CALLS = 16;

    private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;
    private static final int VBYTES = F.vectorByteSize();
    // What a loop carries is of unknown width to the compiler until it is cast to this, and may become an object.
    private static final Class<?> TYPE = F.vectorType();
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    @SuppressWarnings("restricted")
    private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    private static final FloatVector HALF = FloatVector.broadcast(F, 0.5f);
    private static final FloatVector ONE = FloatVector.broadcast(F, 1f);

    private Arena arena;
    private MemorySegment source;
    private MemorySegment target;
    private float start = 3f;

    /** Touches every page, then runs each loop once and compares its result with the scalar meaning. */
    @Setup
    public void fillAndCheck() {
        arena = Arena.ofConfined();
        source = arena.allocate(BYTES, 64);
        target = arena.allocate(BYTES, 64);
        for (int i = 0; i < FLOATS; i++) {
            source.setAtIndex(ValueLayout.JAVA_FLOAT, i, i % 1021);
        }
        copy();
        require(source.mismatch(target) == -1, "copy does not copy");
        int xor = 0;
        for (int i = 0; i < FLOATS; i++) {
            xor ^= source.getAtIndex(ValueLayout.JAVA_INT, i);
        }
        require(read() == xor, "read does not read every float once");
        fill();
        require(target.getAtIndex(ValueLayout.JAVA_FLOAT, FLOATS - 1) == 1f, "fill does not reach the end");
        require(Math.abs(fmaPeak() - 2f * CHAINS * CALLS) < 1e-3f, "the chains do not converge to 2");
        require(Math.abs(fmaOneChain() - 2f * CALLS) < 1e-3f, "the chain does not converge to 2");
    }

    @TearDown
    public void close() {
        arena.close();
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalStateException("RoofBenchmark: " + otherwise + "; its figures would mean nothing.");
        }
    }

    /** Reads 64 MiB; the exclusive or of all bits is what keeps the loads. */
    @Benchmark
    @OperationsPerInvocation(BYTES)
    public int read() {
        int xor = 0;
        for (int block = 0; block < BYTES; block += BLOCK) {
            xor ^= readBlock(source.address() + block, BLOCK);
        }
        return xor;
    }

    /** Writes 64 MiB. */
    @Benchmark
    @OperationsPerInvocation(BYTES)
    public void fill() {
        for (int block = 0; block < BYTES; block += BLOCK) {
            fillBlock(target.address() + block, BLOCK);
        }
    }

    /** Reads 64 MiB and writes 64 MiB. */
    @Benchmark
    @OperationsPerInvocation(2 * BYTES)
    public void copy() {
        for (int block = 0; block < BYTES; block += BLOCK) {
            copyBlock(target.address() + block, source.address() + block, BLOCK);
        }
    }

    /** Baseline of {@link #fill}. */
    @Benchmark
    @OperationsPerInvocation(BYTES)
    public void fillByTheJdk() {
        target.fill((byte) 0);
    }

    /** Baseline of {@link #copy}. */
    @Benchmark
    @OperationsPerInvocation(2 * BYTES)
    public void copyByTheJdk() {
        MemorySegment.copy(source, 0, target, 0, BYTES);
    }

    /** Baseline of {@link #copy}: one float at a time, left to the compiler. */
    @Benchmark
    @OperationsPerInvocation(2 * BYTES)
    public void copyScalar() {
        for (int block = 0; block < BYTES; block += BLOCK) {
            copyScalarBlock(target.address() + block, source.address() + block, BLOCK);
        }
    }

    /** Sixteen chains of fma that do not wait for each other. */
    @Benchmark
    @OperationsPerInvocation(FLOPS)
    public float fmaPeak() {
        float sum = 0;
        for (int call = 0; call < CALLS; call++) {
            sum += sixteenChains(start, FLOPS / CALLS / (2 * F.length() * CHAINS));
        }
        return sum;
    }

    /** Baseline of {@link #fmaPeak}: each fma waits for the one before. */
    @Benchmark
    @OperationsPerInvocation(FLOPS)
    public float fmaOneChain() {
        float sum = 0;
        for (int call = 0; call < CALLS; call++) {
            sum += oneChain(start, FLOPS / CALLS / (2 * F.length()));
        }
        return sum;
    }

    private static int readBlock(long address, int bytes) {
        IntVector a = IntVector.zero(I);
        IntVector b = a;
        IntVector c = a;
        IntVector d = a;
        for (int i = 0; i < bytes; i += 4 * VBYTES) {
            a = a.lanewise(VectorOperators.XOR, IntVector.fromMemorySegment(I, ALL, address + i, ORDER));
            b = b.lanewise(VectorOperators.XOR, IntVector.fromMemorySegment(I, ALL, address + i + VBYTES, ORDER));
            c = c.lanewise(VectorOperators.XOR, IntVector.fromMemorySegment(I, ALL, address + i + 2 * VBYTES, ORDER));
            d = d.lanewise(VectorOperators.XOR, IntVector.fromMemorySegment(I, ALL, address + i + 3 * VBYTES, ORDER));
        }
        IntVector ab = a.lanewise(VectorOperators.XOR, b);
        IntVector cd = c.lanewise(VectorOperators.XOR, d);
        return ab.lanewise(VectorOperators.XOR, cd)
                .reduceLanes(VectorOperators.XOR);
    }

    private static void fillBlock(long address, int bytes) {
        for (int i = 0; i < bytes; i += VBYTES) {
            ONE.intoMemorySegment(ALL, address + i, ORDER);
        }
    }

    private static void copyBlock(long to, long from, int bytes) {
        for (int i = 0; i < bytes; i += VBYTES) {
            FloatVector.fromMemorySegment(F, ALL, from + i, ORDER).intoMemorySegment(ALL, to + i, ORDER);
        }
    }

    private static void copyScalarBlock(long to, long from, int bytes) {
        for (int i = 0; i < bytes; i += Float.BYTES) {
            ALL.set(ValueLayout.JAVA_FLOAT_UNALIGNED, to + i, ALL.get(ValueLayout.JAVA_FLOAT_UNALIGNED, from + i));
        }
    }

    private static float oneChain(float start, int steps) {
        FloatVector a = FloatVector.broadcast(F, start);
        for (int i = 0; i < steps; i++) {
            a = ((FloatVector) TYPE.cast(a)).fma(HALF, ONE);
        }
        return a.lane(0);
    }

    // The chains start apart, or the compiler could make one of two equal ones.
    private static float sixteenChains(float start, int steps) {
        FloatVector c0 = FloatVector.broadcast(F, start);
        FloatVector c1 = c0.add(ONE);
        FloatVector c2 = c1.add(ONE);
        FloatVector c3 = c2.add(ONE);
        FloatVector c4 = c3.add(ONE);
        FloatVector c5 = c4.add(ONE);
        FloatVector c6 = c5.add(ONE);
        FloatVector c7 = c6.add(ONE);
        FloatVector c8 = c7.add(ONE);
        FloatVector c9 = c8.add(ONE);
        FloatVector c10 = c9.add(ONE);
        FloatVector c11 = c10.add(ONE);
        FloatVector c12 = c11.add(ONE);
        FloatVector c13 = c12.add(ONE);
        FloatVector c14 = c13.add(ONE);
        FloatVector c15 = c14.add(ONE);
        for (int i = 0; i < steps; i++) {
            c0 = ((FloatVector) TYPE.cast(c0)).fma(HALF, ONE);
            c1 = ((FloatVector) TYPE.cast(c1)).fma(HALF, ONE);
            c2 = ((FloatVector) TYPE.cast(c2)).fma(HALF, ONE);
            c3 = ((FloatVector) TYPE.cast(c3)).fma(HALF, ONE);
            c4 = ((FloatVector) TYPE.cast(c4)).fma(HALF, ONE);
            c5 = ((FloatVector) TYPE.cast(c5)).fma(HALF, ONE);
            c6 = ((FloatVector) TYPE.cast(c6)).fma(HALF, ONE);
            c7 = ((FloatVector) TYPE.cast(c7)).fma(HALF, ONE);
            c8 = ((FloatVector) TYPE.cast(c8)).fma(HALF, ONE);
            c9 = ((FloatVector) TYPE.cast(c9)).fma(HALF, ONE);
            c10 = ((FloatVector) TYPE.cast(c10)).fma(HALF, ONE);
            c11 = ((FloatVector) TYPE.cast(c11)).fma(HALF, ONE);
            c12 = ((FloatVector) TYPE.cast(c12)).fma(HALF, ONE);
            c13 = ((FloatVector) TYPE.cast(c13)).fma(HALF, ONE);
            c14 = ((FloatVector) TYPE.cast(c14)).fma(HALF, ONE);
            c15 = ((FloatVector) TYPE.cast(c15)).fma(HALF, ONE);
        }
        FloatVector s0 = c0.add(c1).add(c2.add(c3));
        FloatVector s1 = c4.add(c5).add(c6.add(c7));
        FloatVector s2 = c8.add(c9).add(c10.add(c11));
        FloatVector s3 = c12.add(c13).add(c14.add(c15));
        return s0.add(s1).add(s2.add(s3)).lane(0);
    }
}

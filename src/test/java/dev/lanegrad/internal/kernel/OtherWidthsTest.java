package dev.lanegrad.internal.kernel;

import com.sun.management.ThreadMXBean;
import dev.lanegrad.DType;
import dev.lanegrad.Program;
import dev.lanegrad.Rng;
import dev.lanegrad.Tensor;
import dev.lanegrad.build.OwnJvm;
import dev.lanegrad.internal.lane.Lane;
import dev.lanegrad.internal.shape.Layout;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Loops make no objects of what they carry from turn to turn, though other code in the JVM uses vectors of other widths: the
 * methods of vectors, and so the profiles that the compiler goes by, are the same for all.
 */
@Tag("slow")
class OtherWidthsTest {
    @Test
    void loopsAllocateNothing() throws IOException, InterruptedException {
        // With C1, loops that were called while it had time have profiles of their own.
        OwnJvm.run(Loops.class, List.of("-XX:-TieredCompilation", "-Dlanegrad.tier=1"));
    }

    /** Uses vectors of all widths, and then runs each fold and each tile until it allocates nothing. */
    static final class Loops {
        private static final long PATIENCE = 10_000_000_000L;
        private static final int CALLS = 20;
        private static final int BYTES = 4096;
        private static final ByteOrder ORDER = ByteOrder.nativeOrder();
        private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

        private Loops() {
        }

        public static void main(String[] arguments) {
            Workers.threads(1);
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment memory = arena.allocate(BYTES, 64);
                for (int i = 0; i < 3000; i++) {
                    for (var species : List.of(FloatVector.SPECIES_64, FloatVector.SPECIES_128, FloatVector.SPECIES_256,
                            FloatVector.SPECIES_512)) {
                        ofFloats(species, memory);
                    }
                    for (var species : List.of(ByteVector.SPECIES_64, ByteVector.SPECIES_128, ByteVector.SPECIES_256,
                            ByteVector.SPECIES_512)) {
                        ofBytes(species, memory);
                    }
                    for (var species : List.of(DoubleVector.SPECIES_64, DoubleVector.SPECIES_128, DoubleVector.SPECIES_256,
                            DoubleVector.SPECIES_512)) {
                        ofDoubles(species, memory);
                    }
                }
                long a = arena.allocate(1 << 20, 64).address();
                long b = arena.allocate(1 << 20, 64).address();
                calls(a, b).forEach(Loops::check);
            }
            checkRows(x -> x.softmax(1).square().sum());
            checkRows(x -> x.logSoftmax(1).exp().mul(x).mean());
        }

        /** Loops over rows that are emitted for a program. */
        private static void checkRows(UnaryOperator<Tensor> function) {
            Tensor x = Tensor.rand(new Rng(3), DType.FLOAT32, 200, 768);
            try (Program program = Program.valueAndGrad(function)) {
                Tensor[] outputs = program.call(x).toArray(Tensor[]::new);
                Tensor[] inputs = {x};
                check("program of rows", () -> program.run(inputs, outputs));
            }
        }

        private static Map<String, Runnable> calls(long a, long b) {
            Map<String, Runnable> calls = new LinkedHashMap<>();
            for (Lane lane : Lane.values()) {
                for (FoldOp op : FoldOp.values()) {
                    for (int[] shape : new int[][] {{64, 7}, {64, 30}, {64, 300}, {300, 8}, {300, 64}, {9, 1000}}) {
                        Layout layout = Layout.contiguous(shape);
                        for (int dims = 1; dims <= 3; dims++) {
                            int folded = dims;
                            calls.put(lane + " " + op + " " + layout + " " + dims,
                                    () -> Folds.run(op, lane, a, layout, folded, b));
                        }
                    }
                }
                for (int m : new int[] {1, 2, 4, MatMulTiles.ROWS}) {
                    for (int vectors : new int[] {1, 2, 4, 8}) {
                        int n = vectors * MatMulTiles.VB / lane.bytes();
                        calls.put(lane + " product " + m + " x 64 x " + n,
                                () -> MatMul.run(lane, m, n, 64, a, 64, 1, a, n, 1, b, false));
                    }
                }
                calls.put(lane + " product of packed factors",
                        () -> MatMul.run(lane, 192, 256, 256, a, 256, 1, a, 256, 1, b, false));
                calls.put(lane + " product of packed factors, transposed",
                        () -> MatMul.run(lane, 192, 256, 256, a, 1, 192, a, 1, 256, b, false));
            }
            long product = a + (1 << 18);
            calls.put("FLOAT running products", () -> {
                RunningFloatProducts.before(a, 64, b, 64, 300, product);
                RunningFloatProducts.behind(a, 64, b, 64, 300, product);
            });
            calls.put("DOUBLE running products", () -> {
                RunningDoubleProducts.before(a, 64, b, 64, 300, product);
                RunningDoubleProducts.behind(a, 64, b, 64, 300, product);
            });
            return calls;
        }

        private static void check(String name, Runnable call) {
            long start = System.nanoTime();
            long bytes;
            do {
                long before = THREADS.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < CALLS; i++) {
                    call.run();
                }
                bytes = THREADS.getCurrentThreadAllocatedBytes() - before;
            } while (bytes > 0 && System.nanoTime() - start < PATIENCE);
            if (bytes > 0) {
                throw new AssertionError(name + " allocates " + bytes + " bytes in " + CALLS + " calls");
            }
        }

        private static void ofBytes(VectorSpecies<Byte> species, MemorySegment memory) {
            for (int d = 0; d < BYTES; d += species.vectorByteSize()) {
                ByteVector.fromMemorySegment(species, memory, d, ORDER).intoMemorySegment(memory, d, ORDER);
            }
        }

        private static void ofFloats(VectorSpecies<Float> species, MemorySegment memory) {
            FloatVector a = FloatVector.broadcast(species, 1);
            for (int d = 0; d < BYTES; d += species.vectorByteSize()) {
                FloatVector x = FloatVector.fromMemorySegment(species, memory, d, ORDER);
                a = x.fma(a, a).add(x).mul(x).max(a);
                a = a.blend(x, a.compare(VectorOperators.LT, x)).rearrange(species.iotaShuffle(1, 1, true));
                a.intoMemorySegment(memory, d, ORDER);
            }
        }

        private static void ofDoubles(VectorSpecies<Double> species, MemorySegment memory) {
            DoubleVector a = DoubleVector.broadcast(species, 1);
            for (int d = 0; d < BYTES; d += species.vectorByteSize()) {
                DoubleVector x = DoubleVector.fromMemorySegment(species, memory, d, ORDER);
                a = x.fma(a, a).add(x).mul(x).max(a);
                a = a.blend(x, a.compare(VectorOperators.LT, x)).rearrange(species.iotaShuffle(1, 1, true));
                a.intoMemorySegment(memory, d, ORDER);
            }
        }
    }
}

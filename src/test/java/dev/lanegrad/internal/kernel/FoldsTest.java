package dev.lanegrad.internal.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.lanegrad.internal.lane.Lane;
import dev.lanegrad.internal.shape.Dims;
import dev.lanegrad.internal.shape.Layout;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every fold against its law, written out in scalars, bit for bit; a NaN equals any NaN. */
class FoldsTest {
    private static final int PADDING = 64;
    private static final byte CANARY = 0x5A;
    private static final int[] SIZES = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 127, 128, 129,
        207, 768, 1000, 1023, 4095, 4096, 4097, 4160, 8192, 12_300, 70_001};

    /** Elements, where they lie and what they are: {@code offset} elements stand before the first. */
    private record Operand(Layout layout, int offset) {
        long capacity() {
            return offset + layout.extent();
        }
    }

    /** The first few folds of a JVM are in scalars. */
    @BeforeAll
    static void comeToVectors() {
        run(FoldOp.SUM, Lane.FLOAT, new double[4096], new Operand(Layout.contiguous(4096), 0), 1);
    }

    @ParameterizedTest
    @EnumSource(FoldOp.class)
    void theFirstFoldsKeepTheLaw(FoldOp op) {
        for (int n : SIZES) {
            Operand operand = new Operand(Layout.contiguous(n), 1);
            for (Lane lane : Lane.values()) {
                for (boolean special : new boolean[] {false, true}) {
                    assertFirstFold(op, lane, operand, values(lane, op, operand, special));
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(FoldOp.class)
    void theFirstOfEqualZerosStays(FoldOp op) {
        for (int n : SIZES) {
            Operand operand = new Operand(Layout.contiguous(n), 0);
            SplittableRandom random = new SplittableRandom(n);
            double[] values = random.doubles(n).map(number -> Math.copySign(0.0, number - 0.5)).toArray();
            for (Lane lane : Lane.values()) {
                assertLaw(op, lane, operand, 1, values, run(op, lane, values, operand, 1));
                assertFirstFold(op, lane, operand, values);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(FoldOp.class)
    void flatFoldsKeepTheLaw(FoldOp op) {
        for (int n : SIZES) {
            check(op, new Operand(Layout.contiguous(n), 0), 1);
            check(op, new Operand(Layout.contiguous(n), 3), 1);
        }
        check(op, new Operand(Layout.SCALAR, 1), 0);
        check(op, new Operand(Layout.contiguous(4096 * 64 * 3 + 4096 * 5 + 17), 0), 1);
    }

    @ParameterizedTest
    @EnumSource(FoldOp.class)
    void rowFoldsKeepTheLaw(FoldOp op) {
        for (int n : SIZES) {
            for (int rows : new int[] {1, 2, 3, 17, n < 70 ? 1100 : 5}) {
                check(op, new Operand(Layout.contiguous(rows, n), 0), 0b10);
                check(op, new Operand(Layout.of(new int[] {rows, n}, new long[] {n + 3L, 1}), 5), 0b10);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(FoldOp.class)
    void columnFoldsKeepTheLaw(FoldOp op) {
        for (int n : SIZES) {
            for (int columns : new int[] {1, 2, n < 2000 ? 64 : 3, n < 5000 ? 17 : 5, n < 200 ? 1111 : 10}) {
                check(op, new Operand(Layout.contiguous(n, columns), 0), 0b01);
                check(op, new Operand(Layout.of(new int[] {n, columns}, new long[] {columns + 3L, 1}), 5), 0b01);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(FoldOp.class)
    void anyDimensionsOfAnyLayoutKeepTheLaw(FoldOp op) {
        for (Operand operand : operands()) {
            for (int dims = 0; dims < 1 << operand.layout().rank(); dims++) {
                check(op, operand, dims);
            }
        }
    }

    @Test
    void extremesStandWhereTheFirstOfThemIs() {
        for (Operand operand : operands()) {
            for (int dim = -1; dim < operand.layout().rank(); dim++) {
                checkArg(operand, dim);
            }
        }
        for (int n : SIZES) {
            checkArg(new Operand(Layout.contiguous(n), 1), -1);
            checkArg(new Operand(Layout.contiguous(3, n), 0), 1);
            checkArg(new Operand(Layout.contiguous(n, 3), 0), 0);
            checkArg(new Operand(Layout.contiguous(n < 2000 ? n : 3, 300), 0), 0);
            checkArg(new Operand(Layout.of(new int[] {n, 5}, new long[] {10, 2}), 0), 0);
        }
        checkArg(new Operand(Layout.contiguous(4096 * 130 + 5), 0), -1);
    }

    @Test
    void emptyFoldsAreTheIdentityAndASumIsPositiveZero() {
        double[] expected = {0.0, 1, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY};
        for (FoldOp op : FoldOp.values()) {
            for (Lane lane : Lane.values()) {
                long[] result = run(op, lane, new double[0], new Operand(Layout.contiguous(3, 0), 0), 0b10);
                long[] all = new long[3];
                Arrays.fill(all, lane.bits(expected[op.ordinal()]));
                assertEquals(Arrays.toString(all), Arrays.toString(result), op + " " + lane);
                assertEquals(0, run(op, lane, new double[0], new Operand(Layout.contiguous(3, 0), 0), 0b01).length);
            }
        }
        Layout empty = Layout.contiguous(3, 0);
        assertThrows(IllegalArgumentException.class, () -> Folds.arg(true, Lane.FLOAT, 0, empty, 1, 0));
    }

    @Test
    void sumsAreNoLessAccurateThanPairwiseOnes() {
        int n = 1 << 20;
        double[] values = new double[n];
        Arrays.fill(values, 0.1f);
        Lane lane = Lane.FLOAT;
        double sum = lane.value(run(FoldOp.SUM, lane, values, new Operand(Layout.contiguous(n), 0), 1)[0]);
        assertEquals(n * (double) 0.1f, sum, n * 0.1 * 64 * Math.ulp(1f) / 2);
    }

    /**
     * In a JVM of its own: what other tests have done to the profiles of these loops can leave one of them boxing its
     * vectors for good, which is a weakness of the compiler and not what is asked here.
     */
    @Test
    @Tag("slow")
    void warmFoldsAllocateNothing() throws IOException, InterruptedException {
        dev.lanegrad.build.OwnJvm.run(FoldsTest.class, 3);
    }

    /** Folds until a round allocates nothing; ends with status 1 if none does. */
    public static void main(String[] arguments) {
        com.sun.management.ThreadMXBean threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        Layout layout = Layout.contiguous(40, 50, 30);
        Layout shortRows = Layout.contiguous(16, 8, 10);
        long least = Long.MAX_VALUE;
        try (Arena arena = Arena.ofConfined()) {
            long in = arena.allocate(layout.count() * Double.BYTES + PADDING, 64).address();
            long out = arena.allocate(layout.count() * Double.BYTES + PADDING, 64).address();
            for (int attempt = 0; attempt < 8000 && least > 0; attempt++) {
                long before = threads.getCurrentThreadAllocatedBytes();
                foldAll(layout, in, out);
                foldAll(shortRows, in, out);
                least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
            }
        }
        System.out.println(least + " bytes allocated by one round of all folds");
        System.exit(least == 0 ? 0 : 1);
    }

    private static void foldAll(Layout layout, long in, long out) {
        // On x86, the compiler has no masks for vectors of two lanes, and boxes them.
        int types = FoldLoops.VBYTES == 2 * Double.BYTES ? 1 : 2;
        for (int k = 0; k < 8; k++) {
            for (int lane = 0; lane < types; lane++) {
                Lane type = lane == 0 ? Lane.FLOAT : Lane.DOUBLE;
                Folds.run(FoldOp.SUM, type, in, layout, k, out);
                Folds.run(FoldOp.PROD, type, in, layout, k, out);
                Folds.run(FoldOp.AMAX, type, in, layout, k, out);
                Folds.run(FoldOp.AMIN, type, in, layout, k, out);
                Folds.arg((k & 1) == 0, type, in, layout, (k >> 1) - 1, out);
            }
        }
    }

    private static List<Operand> operands() {
        List<Operand> all = new ArrayList<>();
        all.add(new Operand(Layout.of(new int[] {5, 7}, new long[] {1, 5}), 2));
        all.add(new Operand(Layout.of(new int[] {130, 70}, new long[] {1, 131}), 2));
        all.add(new Operand(Layout.of(new int[] {130, 70}, new long[] {140, 2}), 1));
        all.add(new Operand(Layout.of(new int[] {130, 70}, new long[] {2, 270}), 1));
        all.add(new Operand(Layout.of(new int[] {66, 300}, new long[] {0, 1}), 1));
        all.add(new Operand(Layout.of(new int[] {300, 66}, new long[] {1, 0}), 1));
        all.add(new Operand(Layout.of(new int[] {9, 4, 5}, new long[] {0, 0, 0}), 1));
        all.add(new Operand(Layout.contiguous(4, 1, 33, 17), 1));
        all.add(new Operand(Layout.contiguous(70, 3, 90), 1));
        all.add(new Operand(Layout.of(new int[] {3, 40, 5, 6}, new long[] {1, 90, 3, 15}), 7));
        all.add(new Operand(Layout.of(new int[] {12, 20, 30}, new long[] {1, 360, 12}), 0));
        all.add(new Operand(Layout.of(new int[] {12, 20, 30}, new long[] {30, 360, 1}), 0));
        all.add(new Operand(Layout.of(new int[] {20, 30, 12}, new long[] {390, 13, 1}), 4));
        all.add(new Operand(Layout.of(new int[] {3, 700, 5}, new long[] {7000, 10, 2}), 4));
        all.add(new Operand(Layout.of(new int[] {3, 2500, 4}, new long[] {4, 24, 1}), 4));
        all.add(new Operand(Layout.of(new int[] {3, 2500, 4}, new long[] {30_000, 3, 7600}), 4));
        all.add(new Operand(Layout.of(new int[] {100, 3, 70}, new long[] {300, 90, 1}), 4));
        return all;
    }

    private static void check(FoldOp op, Operand operand, int dims) {
        for (Lane lane : Lane.values()) {
            for (boolean special : new boolean[] {false, true}) {
                double[] values = values(lane, op, operand, special);
                assertLaw(op, lane, operand, dims, values, run(op, lane, values, operand, dims));
            }
        }
    }

    /** Of one chunk, as that is all that they take. */
    private static void assertFirstFold(FoldOp op, Lane lane, Operand operand, double[] values) {
        int count = (int) operand.layout().count();
        if (count <= 4096) {
            assertLaw(op, lane, operand, 1, values, withMemory(lane, values, operand, 1, lane.bytes(),
                    (in, out) -> ScalarFold.fold(op, lane, in, count, out)));
        }
    }

    private static void assertLaw(FoldOp op, Lane lane, Operand operand, int dims, double[] values, long[] actual) {
        long[] expected = reference(op, lane, values, operand, dims);
        for (int i = 0; i < expected.length; i++) {
            double e = lane.value(expected[i]);
            double a = lane.value(actual[i]);
            assertTrue(expected[i] == actual[i] || e != e && a != a, () -> op + " of " + lane + " over dims "
                    + Integer.toBinaryString(dims) + " of " + operand.layout() + " strides "
                    + Arrays.toString(operand.layout().strides()) + ": expected " + e + ", but got " + a + ".");
        }
    }

    private static void checkArg(Operand operand, int dim) {
        int dims = dim < 0 ? Dims.all(operand.layout().rank()) : 1 << dim;
        for (Lane lane : Lane.values()) {
            for (int kind = 0; kind < 4; kind++) {
                double[] values = values(lane, FoldOp.AMAX, operand, kind > 1);
                boolean max = (kind & 1) == 0;
                for (int i = 0; i < values.length; i++) {
                    boolean frequent = kind > 1 && i % 1009 > 2 && values[i] != values[i];
                    values[i] = frequent ? 0 : lane.value(lane.bits(Math.rint(values[i] * 4)));
                }
                long[] actual = withMemory(lane, values, operand, dims, Long.BYTES,
                        (in, out) -> Folds.arg(max, lane, in, operand.layout(), dim, out));
                List<int[]> sequences = sequences(operand.layout(), dims);
                for (int i = 0; i < sequences.size(); i++) {
                    int[] sequence = sequences.get(i);
                    int best = 0;
                    for (int k = 1; k < sequence.length; k++) {
                        double b = values[operand.offset() + sequence[best]];
                        double x = values[operand.offset() + sequence[k]];
                        best = b == b && (x != x || (max ? x > b : x < b)) ? k : best;
                    }
                    assertEquals(best, actual[i], "arg " + max + " " + lane + " dim " + dim + " of " + operand);
                }
            }
        }
    }

    private static double[] values(Lane lane, FoldOp op, Operand operand, boolean special) {
        SplittableRandom random = new SplittableRandom(operand.capacity() * 31 + op.ordinal());
        double[] values = new double[(int) operand.capacity()];
        double[] specials = {0.0, -0.0, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, 1e-300, 3e38};
        for (int i = 0; i < values.length; i++) {
            double value = op == FoldOp.PROD ? 0.9 + random.nextDouble() * 0.2105 : random.nextDouble() * 2 - 1;
            value = special && random.nextInt(50) == 0 ? specials[random.nextInt(specials.length)] : value;
            values[i] = special && op != FoldOp.PROD && i % 3 == 0 ? Math.copySign(0.0, value) : value;
            values[i] = lane.value(lane.bits(values[i]));
        }
        return values;
    }

    private static long[] run(FoldOp op, Lane lane, double[] values, Operand operand, int dims) {
        return withMemory(lane, values, operand, dims, lane.bytes(),
                (in, out) -> Folds.run(op, lane, in, operand.layout(), dims, out));
    }

    private interface Call {
        void on(long in, long out);
    }

    private static long[] withMemory(Lane lane, double[] values, Operand operand, int dims, int cell, Call call) {
        long results = Dims.without(operand.layout(), dims, false).count();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment in = arena.allocate((long) values.length * lane.bytes() + PADDING, 64);
            in.fill((byte) -1);
            for (int i = 0; i < values.length; i++) {
                if (lane == Lane.FLOAT) {
                    in.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) values[i]);
                } else {
                    in.setAtIndex(ValueLayout.JAVA_DOUBLE, i, values[i]);
                }
            }
            MemorySegment out = arena.allocate(results * cell + 2 * PADDING, 64);
            out.fill(CANARY);
            call.on(in.address() + (long) operand.offset() * lane.bytes(), out.address());
            for (long i = results * cell + PADDING; i < out.byteSize(); i++) {
                assertEquals(CANARY, out.get(ValueLayout.JAVA_BYTE, i), "written behind the padding");
            }
            long[] bits = new long[(int) results];
            for (int i = 0; i < bits.length; i++) {
                bits[i] = cell == Float.BYTES ? out.getAtIndex(ValueLayout.JAVA_INT, i)
                        : out.getAtIndex(ValueLayout.JAVA_LONG, i);
            }
            return bits;
        }
    }

    private static long[] reference(FoldOp op, Lane lane, double[] values, Operand operand, int dims) {
        return sequences(operand.layout(), dims).stream().mapToLong(sequence -> {
            double[] s = new double[sequence.length];
            for (int i = 0; i < s.length; i++) {
                s[i] = values[operand.offset() + sequence[i]];
            }
            return lane.bits(law(op, lane, s));
        }).toArray();
    }

    private static double law(FoldOp op, Lane lane, double[] s) {
        List<Double> level = new ArrayList<>();
        for (int first = 0; first < s.length; first += 4096) {
            double[] lanes = new double[64];
            Arrays.fill(lanes, op.identity());
            for (int i = first; i < Math.min(s.length, first + 4096); i++) {
                lanes[i % 64] = join(op, lane, lanes[i % 64], s[i]);
            }
            for (int w = 32; w > 0; w /= 2) {
                for (int j = 0; j < w; j++) {
                    lanes[j] = join(op, lane, lanes[j], lanes[j + w]);
                }
            }
            level.add(lanes[0]);
        }
        while (level.size() > 1) {
            List<Double> next = new ArrayList<>();
            for (int i = 0; i < level.size(); i += 2) {
                next.add(i + 1 < level.size() ? join(op, lane, level.get(i), level.get(i + 1)) : level.get(i));
            }
            level = next;
        }
        return level.get(0);
    }

    private static double join(FoldOp op, Lane lane, double a, double b) {
        return switch (op) {
            case SUM -> lane == Lane.FLOAT ? (float) a + (float) b : a + b;
            case PROD -> lane == Lane.FLOAT ? (float) a * (float) b : a * b;
            case AMAX -> b > a || b != b ? b : a;
            case AMIN -> b < a || b != b ? b : a;
        };
    }

    /** For each result in row-major order, the places of its elements in row-major order of the folded dimensions. */
    private static List<int[]> sequences(Layout layout, int dims) {
        List<int[]> result = new ArrayList<>();
        for (int base : places(layout, ~dims)) {
            result.add(Arrays.stream(places(layout, dims)).map(place -> base + place).toArray());
        }
        return result;
    }

    private static int[] places(Layout layout, int dims) {
        int[] places = {0};
        for (int d = 0; d < layout.rank(); d++) {
            if ((dims >> d & 1) != 0) {
                int[] wider = new int[places.length * layout.size(d)];
                for (int i = 0; i < wider.length; i++) {
                    wider[i] = places[i / layout.size(d)] + (int) (i % layout.size(d) * layout.stride(d));
                }
                places = wider;
            }
        }
        return places;
    }
}

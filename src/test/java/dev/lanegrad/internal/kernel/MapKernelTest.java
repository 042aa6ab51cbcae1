package dev.lanegrad.internal.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.lane.Lane;
import dev.lanegrad.internal.lane.LaneBuilder;
import dev.lanegrad.internal.lane.LaneCode;
import dev.lanegrad.internal.lane.LaneValue;
import dev.lanegrad.internal.lane.ScalarInterpreter;
import dev.lanegrad.internal.memory.Raw;
import dev.lanegrad.internal.shape.Layout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Kernels over tensors: every layout, every type of element, every size. */
@Tag("widths")
class MapKernelTest {
    /** One operand: its memory, and where its elements are. */
    private record Operand(long address, Cell cell, Layout layout) {
        /** The element at a place of the result, as lane bits. */
        long bits(Lane lane, int[] index) {
            long offset = 0;
            for (int d = 0; d < layout.rank(); d++) {
                int own = index[index.length - layout.rank() + d];
                offset += layout.size(d) == 1 ? 0 : own * layout.stride(d);
            }
            return switch (cell) {
                case FLOAT32 -> lane.bits(Raw.ALL.get(ValueLayout.JAVA_FLOAT, address + offset * 4));
                case FLOAT64 -> lane.bits(Raw.ALL.get(ValueLayout.JAVA_DOUBLE, address + offset * 8));
                case INT64 -> lane == Lane.FLOAT
                        ? Float.floatToRawIntBits(Raw.ALL.get(ValueLayout.JAVA_LONG, address + offset * 8))
                        : lane.bits(Raw.ALL.get(ValueLayout.JAVA_LONG, address + offset * 8));
                case BOOL -> lane.bits(Raw.ALL.get(ValueLayout.JAVA_BYTE, address + offset));
            };
        }
    }

    private static final int[][] SHAPES = {{}, {0}, {1}, {5}, {16}, {1023}, {4098}, {20000}, {3, 0, 2}, {1, 1},
        {128, 10}, {33, 17}, {7, 1000}, {3, 256}, {2, 3, 4}, {4, 5, 200}, {2, 20, 33}, {1, 40, 128}, {3, 1, 7, 2},
        {70, 2100}, {2, 9000}};

    @Test
    void everyLayoutAndTypeGivesTheBitsOfTheScalarInterpreter() {
        Random random = new Random(31);
        for (int i = 0; i < 700; i++) {
            Lane lane = Lane.values()[i & 1];
            int[] sizes = SHAPES[random.nextInt(SHAPES.length)];
            LaneCode code = MapCases.random(lane, 1 + random.nextInt(3), 1 + random.nextInt(8),
                    1 + random.nextInt(2), random);
            compare(code, sizes, random, i % 3 != 0);
        }
    }

    @Test
    void singlePrimitivesGiveTheSameForEveryLayout() {
        Random random = new Random(32);
        LaneBuilder floats = new LaneBuilder(Lane.FLOAT);
        LaneBuilder doubles = new LaneBuilder(Lane.DOUBLE);
        for (int i = 0; i < 500; i++) {
            LaneBuilder b = i % 2 == 0 ? floats : doubles;
            compare(b.build(2, b.input(0).sub(b.input(1))), SHAPES[i % SHAPES.length], random, i % 5 == 0);
        }
    }

    @Test
    void numbersAreOperands() {
        LaneBuilder b = new LaneBuilder(Lane.FLOAT);
        MapKernel kernel = MapKernel.of(b.build(3, b.input(0).mul(b.input(1)).add(b.input(2))));
        try (Arena arena = Arena.ofConfined()) {
            for (int n : new int[] {1, 16, 100, 20000}) {
                long x = MapCases.numbers(arena, Lane.FLOAT, n, new Random(n));
                long y = MapCases.numbers(arena, Lane.FLOAT, n, new Random(n));
                Workspace workspace = Workspace.current();
                workspace.begin(kernel);
                workspace.output(y, Cell.FLOAT32);
                workspace.input(x, Cell.FLOAT32, Layout.contiguous(n));
                workspace.input(0.1);
                workspace.input(-2);
                workspace.run(Layout.contiguous(n));
                for (int i = 0; i < n; i++) {
                    float at = Raw.ALL.get(ValueLayout.JAVA_FLOAT, x + 4L * i);
                    assertEquals(at * 0.1f + -2f, Raw.ALL.get(ValueLayout.JAVA_FLOAT, y + 4L * i));
                }
            }
        }
    }

    @Test
    void aResultMayBeTheMemoryOfAFlatOperandWhateverTheOtherIs() {
        Random random = new Random(33);
        for (Lane lane : Lane.values()) {
            LaneBuilder b = new LaneBuilder(lane);
            LaneCode code = b.build(2, b.input(0).sub(b.input(1)));
            Cell own = lane == Lane.FLOAT ? Cell.FLOAT32 : Cell.FLOAT64;
            for (int[] sizes : new int[][] {{37, 129}, {64, 256}, {50, 33}, {128, 10}, {3, 5000}}) {
                for (int kind = 0; kind < 5; kind++) {
                    try (Arena arena = Arena.ofConfined()) {
                        Layout result = Layout.contiguous(sizes);
                        Operand x = new Operand(MapCases.numbers(arena, lane, (int) result.count(), random), own,
                                result);
                        Operand y = operand(arena, own, sizes, kind, random);
                        long[][] inputs = bits(lane, sizes, x, y);
                        run(MapKernel.of(code), new long[] {x.address}, own, result, x, y);
                        MapCases.check(code, inputs, new long[] {x.address},
                                "in place " + Arrays.toString(sizes) + " " + kind);
                    }
                }
            }
        }
    }

    @Test
    void resultsAreConvertedToTheirType() {
        Random random = new Random(34);
        for (Lane lane : Lane.values()) {
            LaneBuilder b = new LaneBuilder(lane);
            LaneCode code = b.build(1, b.input(0).mul(b.constant(3)));
            for (Cell cell : Cell.values()) {
                for (int[] sizes : new int[][] {{}, {5}, {1025}, {30, 70}, {3000}}) {
                    try (Arena arena = Arena.ofConfined()) {
                        Operand x = operand(arena, lane == Lane.FLOAT ? Cell.FLOAT32 : Cell.FLOAT64, sizes, 3, random);
                        Layout result = Layout.contiguous(sizes);
                        long out = arena.allocate(result.count() * 8 + 128, 64).address();
                        long[][] inputs = bits(lane, sizes, x);
                        run(MapKernel.of(code), new long[] {out}, cell, result, x);
                        for (int i = 0; i < result.count(); i++) {
                            double value = lane.value(ScalarInterpreter.run(code, inputs[0][i])[0]);
                            assertEquals(converted(cell, value), stored(cell, out, i), cell + " " + value);
                        }
                    }
                }
            }
        }
    }

    @Test
    void nothingIsWrittenBeyondTheVectorThatHoldsTheLastElement() {
        LaneBuilder b = new LaneBuilder(Lane.FLOAT);
        MapKernel kernel = MapKernel.of(b.build(2, b.input(0).mul(b.input(1)).add(1)));
        Random random = new Random(35);
        try (Arena arena = Arena.ofConfined()) {
            for (int[] sizes : SHAPES) {
                for (int kind = 0; kind < 5; kind++) {
                    Layout result = Layout.contiguous(sizes);
                    long bytes = result.count() * 4;
                    MemorySegment out = arena.allocate(bytes + 256, 64);
                    out.fill((byte) 0x5a);
                    run(kernel, new long[] {out.address() + 64}, Cell.FLOAT32, result,
                            operand(arena, Cell.FLOAT32, sizes, kind, random),
                            operand(arena, Cell.FLOAT32, sizes, 0, random));
                    for (long i = 0; i < out.byteSize(); i++) {
                        if (i < 64 || i >= 128 + bytes) {
                            assertEquals(0x5a, out.get(ValueLayout.JAVA_BYTE, i), Arrays.toString(sizes) + " at " + i);
                        }
                    }
                }
            }
        }
    }

    @Test
    void equalCodesShareAKernel() {
        LaneBuilder a = new LaneBuilder(Lane.FLOAT);
        LaneBuilder b = new LaneBuilder(Lane.FLOAT);
        assertSame(MapKernel.of(a.build(1, a.input(0).sqrt())), MapKernel.of(b.build(1, b.input(0).sqrt())));
    }

    @Test
    void moreOperandsThanAKernelCanHaveAreRefused() {
        LaneBuilder b = new LaneBuilder(Lane.FLOAT);
        LaneValue sum = b.input(0);
        for (int i = 1; i < 61; i++) {
            sum = sum.add(b.input(i));
        }
        LaneCode most = b.build(61, sum);
        compare(most, new int[] {100, 3}, new Random(36), false);
        LaneCode more = b.build(62, sum);
        assertTrue(assertThrows(IllegalArgumentException.class, () -> MapKernel.of(more)).getMessage().contains("63"));
    }

    @Test
    void aHotKernelGetsALoopOfItsOwnAndKeepsItsBits() throws InterruptedException {
        LaneBuilder b = new LaneBuilder(Lane.FLOAT);
        LaneValue x = b.input(0);
        LaneCode code = b.build(2, x.mul(x).add(b.input(1)).sqrt().mul(x).add(0.25));
        MapKernel kernel = MapKernel.of(code);
        Random random = new Random(39);
        // Where nothing is emitted, or at once, there is nothing to wait for.
        boolean waits = Tier.CHOSEN != 0 && Tier.CHOSEN != 1;
        long deadline = System.nanoTime() + 60_000_000_000L;
        try (Arena arena = Arena.ofConfined()) {
            Layout line = Layout.contiguous(1000);
            Operand in = new Operand(MapCases.numbers(arena, Lane.FLOAT, 1000, random), Cell.FLOAT32, line);
            long out = MapCases.numbers(arena, Lane.FLOAT, 1000, random);
            long[][] inputs = bits(Lane.FLOAT, new int[] {1000}, in, in);
            int calls = 0;
            while (calls < 400 || waits && !isEmitted(kernel) && System.nanoTime() < deadline) {
                run(kernel, new long[] {out}, Cell.FLOAT32, line, in, in);
                if (calls++ % 100 == 0) {
                    MapCases.check(code, inputs, new long[] {out}, "call " + calls);
                    Thread.sleep(5);
                }
            }
            run(kernel, new long[] {out}, Cell.FLOAT32, line, in, in);
            MapCases.check(code, inputs, new long[] {out}, "after " + calls + " calls");
            assertTrue(!waits || isEmitted(kernel), "not emitted after " + calls + " calls");
        }
    }

    private static boolean isEmitted(MapKernel kernel) {
        return kernel.variant(0).loop.getClass().isHidden();
    }

    @Test
    void aKernelGoesFromPlainJavaToVectorLoopsAndKeepsItsBits() throws InterruptedException {
        LaneBuilder b = new LaneBuilder(Lane.DOUBLE);
        LaneCode code = b.build(2, b.input(0).mul(b.input(1)).div(b.input(0).abs().add(2)));
        MapKernel kernel = MapKernel.of(code);
        Random random = new Random(40);
        // Where vector loops run at once, and where they are compiled already, there is nothing to see.
        boolean waits = kernel.variant(0).loop instanceof ScalarLoop;
        long deadline = System.nanoTime() + 60_000_000_000L;
        try (Arena arena = Arena.ofConfined()) {
            Layout line = Layout.contiguous(100);
            Operand in = new Operand(MapCases.numbers(arena, Lane.DOUBLE, 100, random), Cell.FLOAT64, line);
            long out = MapCases.numbers(arena, Lane.DOUBLE, 100, random);
            long[][] inputs = bits(Lane.DOUBLE, new int[] {100}, in, in);
            int calls = 0;
            while (calls < 50 || kernel.variant(0).loop instanceof ScalarLoop && System.nanoTime() < deadline) {
                run(kernel, new long[] {out}, Cell.FLOAT64, line, in, in);
                MapCases.check(code, inputs, new long[] {out}, "call " + calls++);
                Thread.sleep(waits ? 5 : 0);
            }
            run(kernel, new long[] {out}, Cell.FLOAT64, line, in, in);
            MapCases.check(code, inputs, new long[] {out}, "after " + calls + " calls");
            assertFalse(kernel.variant(0).loop instanceof ScalarLoop, "plain Java after " + calls + " calls");
        }
    }

    @Test
    @Tag("slow")
    void warmCallsAllocateNothing() throws java.io.IOException, InterruptedException {
        dev.lanegrad.build.OwnJvm.run(MapKernelTest.class, 3);
    }

    /** Runs kernels until a batch of calls allocates nothing; ends with status 1 if none does. */
    public static void main(String[] arguments) {
        LaneBuilder b = new LaneBuilder(Lane.FLOAT);
        MapKernel kernel = MapKernel.of(b.build(2, b.input(0).add(b.input(1))));
        Layout square = Layout.contiguous(40, 40);
        Layout transposed = Layout.of(new int[] {40, 40}, new long[] {1, 40});
        Layout row = Layout.contiguous(40);
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (Arena arena = Arena.ofConfined()) {
            long x = MapCases.numbers(arena, Lane.FLOAT, 1600, new Random(37));
            long y = MapCases.numbers(arena, Lane.FLOAT, 1600, new Random(38));
            long least = Long.MAX_VALUE;
            for (int batch = 0; batch < 4000 && least > 0; batch++) {
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < 300; i++) {
                    call(kernel, y, x, square, square, square);
                    call(kernel, y, x, transposed, square, square);
                    call(kernel, y, x, square, row, square);
                }
                least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
            }
            System.out.println(least + " bytes allocated by a batch of warm calls");
            System.exit(least == 0 ? 0 : 1);
        }
    }

    private static void call(MapKernel kernel, long out, long in, Layout a, Layout b, Layout result) {
        Workspace workspace = Workspace.current();
        workspace.begin(kernel);
        workspace.output(out, Cell.FLOAT32);
        workspace.input(in, Cell.FLOAT32, a);
        workspace.input(in, Cell.FLOAT32, b);
        workspace.run(result);
    }

    private static void compare(LaneCode code, int[] sizes, Random random, boolean anyCell) {
        Lane lane = code.lane();
        Cell own = lane == Lane.FLOAT ? Cell.FLOAT32 : Cell.FLOAT64;
        try (Arena arena = Arena.ofConfined()) {
            Layout result = Layout.contiguous(sizes);
            Operand[] operands = new Operand[code.inputs()];
            for (int p = 0; p < operands.length; p++) {
                Cell cell = anyCell && random.nextInt(3) == 0 ? Cell.values()[random.nextInt(4)] : own;
                operands[p] = operand(arena, cell, sizes, random.nextInt(9), random);
            }
            long[] outputs = new long[code.outputs().size()];
            for (int o = 0; o < outputs.length; o++) {
                outputs[o] = arena.allocate(result.count() * lane.bytes() + 128, 64).address();
            }
            run(MapKernel.of(code), outputs, own, result, operands);
            MapCases.check(code, bits(lane, sizes, operands), outputs,
                    Arrays.toString(sizes) + " " + Arrays.toString(operands));
        }
    }

    private static void run(MapKernel kernel, long[] outputs, Cell cell, Layout result, Operand... operands) {
        Workspace workspace = Workspace.current();
        workspace.begin(kernel);
        for (long output : outputs) {
            workspace.output(output, cell);
        }
        for (Operand operand : operands) {
            workspace.input(operand.address, operand.cell, operand.layout);
        }
        workspace.run(result);
    }

    private static long[][] bits(Lane lane, int[] sizes, Operand... operands) {
        int count = (int) Layout.contiguous(sizes).count();
        long[][] bits = new long[operands.length][count];
        int[] index = new int[sizes.length];
        for (int i = 0; i < count; i++) {
            int rest = i;
            for (int d = sizes.length - 1; d >= 0; d--) {
                index[d] = rest % sizes[d];
                rest /= sizes[d];
            }
            for (int p = 0; p < operands.length; p++) {
                bits[p][i] = operands[p].bits(lane, index);
            }
        }
        return bits;
    }

    /** 0: contiguous, 1: the last dimension alone, 2: one column, 3: transposed, 4: strided, 7 and 8: some sizes 1. */
    private static Operand operand(Arena arena, Cell cell, int[] sizes, int kind, Random random) {
        int rank = sizes.length;
        int[] own = kind == 1 && rank > 1 ? Arrays.copyOfRange(sizes, rank - 1, rank) : sizes.clone();
        for (int d = 0; d < own.length; d++) {
            own[d] = kind == 2 && d == rank - 1 || kind > 6 && random.nextBoolean() ? 1 : own[d];
        }
        long[] strides = new long[own.length];
        long step = kind == 4 ? 2 : kind == 5 ? 0 : 1;
        for (int i = 0; i < own.length; i++) {
            int d = kind == 3 || kind == 6 ? i : own.length - 1 - i;
            strides[d] = step;
            step = step == 0 ? 1 : step * Math.max(own[d], 1);
        }
        Layout layout = Layout.of(own, strides);
        int n = (int) Math.max(layout.extent(), 1);
        int offset = kind % 2;
        if (cell.isReal()) {
            long numbers = MapCases.numbers(arena, cell.lane(), n + offset, random);
            return new Operand(numbers + (long) offset * cell.bytes(), cell, layout);
        }
        long address = arena.allocate((long) n * 8 + 128, 64).address();
        for (int i = 0; i < n; i++) {
            if (cell == Cell.BOOL) {
                Raw.ALL.set(ValueLayout.JAVA_BYTE, address + i, (byte) random.nextInt(2));
            } else {
                Raw.ALL.set(ValueLayout.JAVA_LONG, address + i * 8L, random.nextLong() >> random.nextInt(64));
            }
        }
        return new Operand(address, cell, layout);
    }

    private static Object converted(Cell cell, double value) {
        return switch (cell) {
            case FLOAT32 -> (float) value;
            case FLOAT64 -> value;
            case INT64 -> (long) value;
            case BOOL -> (byte) (value == 0 ? 0 : 1);
        };
    }

    private static Object stored(Cell cell, long address, int i) {
        return switch (cell) {
            case FLOAT32 -> Raw.ALL.get(ValueLayout.JAVA_FLOAT, address + i * 4L);
            case FLOAT64 -> Raw.ALL.get(ValueLayout.JAVA_DOUBLE, address + i * 8L);
            case INT64 -> Raw.ALL.get(ValueLayout.JAVA_LONG, address + i * 8L);
            case BOOL -> Raw.ALL.get(ValueLayout.JAVA_BYTE, address + i);
        };
    }
}

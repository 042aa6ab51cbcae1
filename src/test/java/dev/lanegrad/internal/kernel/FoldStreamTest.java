package dev.lanegrad.internal.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.lane.Lane;
import dev.lanegrad.internal.lane.LaneBuilder;
import dev.lanegrad.internal.lane.LaneValue;
import dev.lanegrad.internal.shape.Layout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Folds that are fed piece by piece, or taken in the loop that computes their elements, have the bits of folds. */
@Tag("widths")
class FoldStreamTest {
    private static MemorySegment numbers(Arena arena, Lane lane, long count, Random random) {
        MemorySegment memory = arena.allocate(count * lane.bytes() + 256, 64);
        for (long i = 0; i < count; i++) {
            if (lane == Lane.FLOAT) {
                memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextGaussian());
            } else {
                memory.setAtIndex(ValueLayout.JAVA_DOUBLE, i, random.nextGaussian());
            }
        }
        return memory;
    }

    private static byte[] bytes(MemorySegment memory, long count, Lane lane) {
        return memory.asSlice(0, count * lane.bytes()).toArray(ValueLayout.JAVA_BYTE);
    }

    private static void feed(FoldStream stream, long address, int rows, int width, Lane lane, Random random, long out) {
        for (int again = 0; again < 2; again++) {
            stream.begin();
            int row = 0;
            while (row < rows) {
                int n = Math.min(1 + random.nextInt(1 + rows / 3), rows - row);
                stream.feed(address + (long) row * width * lane.bytes(), n);
                row += n;
            }
            stream.end(out);
        }
    }

    @Test
    void piecesOfAnySizeFoldAsAWhole() {
        for (int seed = 0; seed < 120; seed++) {
            Random random = new Random(seed);
            Lane lane = Lane.values()[seed % 2];
            FoldOp op = FoldOp.values()[random.nextInt(FoldOp.values().length)];
            int rows = 1 + random.nextInt(seed % 10 == 0 ? 20_000 : 300);
            int width = 1 + random.nextInt(seed % 10 == 0 ? 5 : 90);
            Layout layout = Layout.contiguous(rows, width);
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment in = numbers(arena, lane, (long) rows * width, random);
                MemorySegment expected = arena.allocate(width * 8L + 256, 64);
                MemorySegment actual = arena.allocate(width * 8L + 256, 64);
                String message = "seed " + seed + ", " + op + " of " + layout;
                Folds.run(op, lane, in.address(), layout, 0b11, expected.address());
                feed(FoldStream.total(op, lane, width), in.address(), rows, width, lane, random, actual.address());
                assertArrayEquals(bytes(expected, 1, lane), bytes(actual, 1, lane), message + " to one");
                Folds.run(op, lane, in.address(), layout, 0b01, expected.address());
                feed(FoldStream.columns(op, lane, width, rows), in.address(), rows, width, lane, random, actual.address());
                assertArrayEquals(bytes(expected, width, lane), bytes(actual, width, lane), message + " to columns");
            }
        }
    }

    @Test
    void sumsTakenInTheEmittedLoopAreFolds() {
        for (int seed = 0; seed < 40; seed++) {
            Random random = new Random(seed);
            Lane lane = Lane.values()[seed % 2];
            LaneBuilder b = new LaneBuilder(lane);
            LaneValue x = b.input(0);
            LaneValue y = b.input(1);
            var code = b.build(2, x.mul(y), x.fma(y, 0.5), x.sub(y).abs());
            Loop plain = BlockInterpreter.of(code);
            Loop summing = SumEmitter.emit(code, 0, 0b101);
            int count = seed % 4 == 0 ? 64 * (1 + random.nextInt(64)) : 1 + random.nextInt(4096);
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment[] operands = new MemorySegment[5];
                Arrays.setAll(operands, i -> numbers(arena, lane, count, random));
                MemorySegment[] sums = new MemorySegment[5];
                Arrays.setAll(sums, i -> i == 0 || i == 2 ? arena.allocate(64L * lane.bytes(), 64) : i == 1 ? numbers(arena, lane, count, random)
                        : operands[i]);
                run(arena, plain, operands, count * lane.bytes());
                run(arena, summing, sums, count * lane.bytes());
                String message = "seed " + seed + ", " + count + " of " + lane;
                assertArrayEquals(bytes(operands[1], count, lane), bytes(sums[1], count, lane), message + ", stored");
                for (int o : new int[] {0, 2}) {
                    MemorySegment expected = arena.allocate(256, 64);
                    MemorySegment actual = arena.allocate(256, 64);
                    Folds.run(FoldOp.SUM, lane, operands[o].address(), Layout.contiguous(count), 1, expected.address());
                    // What is left of a chunk is one vector of halved sums.
                    Folds.loops(FoldOp.SUM, lane).rows(sums[o].address(), FoldLoops.VBYTES, FoldLoops.VBYTES / lane.bytes(), 1,
                            actual.address());
                    assertArrayEquals(bytes(expected, 1, lane), bytes(actual, 1, lane), message + ", sum " + o);
                }
            }
        }
    }

    private static void run(Arena arena, Loop loop, MemorySegment[] operands, int bytes) {
        MemorySegment frame = arena.allocate(64 + operands.length * (long) Loop.ENTRY, 64);
        frame.set(ValueLayout.JAVA_LONG, 56, arena.allocate(64 << 10, 4096).address());
        for (int p = 0; p < operands.length; p++) {
            Workspace.place(frame.address() + 64, p, operands[p].address(), -1);
        }
        loop.run(frame.address() + 64, bytes);
    }

    @Test
    void aPreparedCallFoldsAndStoresInAnySize() {
        for (int count : new int[] {1, 15, 16, 63, 64, 65, 1000, 4096, 4097, 8192, 70_000, 64 * 4096 + 5}) {
            Random random = new Random(count);
            LaneBuilder b = new LaneBuilder(Lane.FLOAT);
            LaneValue x = b.input(0);
            MapKernel kernel = MapKernel.of(b.build(2, x.mul(b.input(1)), x.mul(x)));
            Layout line = Layout.contiguous(count);
            Cell cell = Cell.FLOAT32;
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment in = numbers(arena, Lane.FLOAT, count, random);
                MemorySegment one = numbers(arena, Lane.FLOAT, 1, random);
                MemorySegment stored = arena.allocate(count * 4L + 256, 64);
                MemorySegment squares = arena.allocate(count * 4L + 256, 64);
                MemorySegment sum = arena.allocate(256, 64);
                MemorySegment expected = arena.allocate(256, 64);
                MapCall call = new MapCall(kernel, line, List.of(cell, cell, cell, cell), List.of(line, Layout.SCALAR),
                        Arrays.asList(null, FoldOp.SUM));
                call.place(0, stored.address());
                call.place(1, sum.address());
                call.place(2, in.address());
                call.place(3, one.address());
                call.run();
                float factor = one.get(ValueLayout.JAVA_FLOAT, 0);
                for (int i = 0; i < count; i++) {
                    float value = in.getAtIndex(ValueLayout.JAVA_FLOAT, i);
                    assertEquals(value * factor, stored.getAtIndex(ValueLayout.JAVA_FLOAT, i), "element " + i + " of " + count);
                    squares.setAtIndex(ValueLayout.JAVA_FLOAT, i, value * value);
                }
                Folds.run(FoldOp.SUM, Lane.FLOAT, squares.address(), line, 1, expected.address());
                assertEquals(expected.get(ValueLayout.JAVA_FLOAT, 0), sum.get(ValueLayout.JAVA_FLOAT, 0), count + " elements");
            }
        }
    }
}

package dev.lanegrad.internal.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.lane.LaneBuilder;
import dev.lanegrad.internal.lane.LaneCode;
import dev.lanegrad.internal.lane.LaneValue;
import dev.lanegrad.internal.shape.Layout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Sums of the rows that a kernel computes, made in its own loop: they have the bits of rows that are written and folded. */
@Tag("widths")
class RowSumsTest {
    private static final long SEED = 7;
    private static final int[][] SHAPES = {{9, 512}, {300, 640}, {3, 4096}, {7, 1000}, {5, 777}, {5, 500}, {40, 128}, {33, 129}, {6, 191}, {4, 127}, {4, 64}};

    /** How the second operand lies. */
    enum Second { ROWS, COLUMN, ONE, NUMBER }

    @ParameterizedTest
    @EnumSource(value = Cell.class, names = {"FLOAT32", "FLOAT64"})
    void theLoopHasTheBitsOfTheFold(Cell cell) {
        System.out.println("RowSumsTest: seed " + SEED);
        LaneBuilder builder = new LaneBuilder(cell.lane());
        LaneCode code = builder.build(2, builder.input(0).mul(builder.input(1)).add(builder.constant(0.1)));
        MapKernel kernel = MapKernel.of(code);
        Random random = new Random(SEED);
        try (Arena arena = Arena.ofConfined()) {
            for (int[] shape : SHAPES) {
                for (Second second : Second.values()) {
                    check(kernel, cell, Layout.contiguous(shape), second, random, arena);
                }
            }
        }
    }

    private static void check(MapKernel kernel, Cell cell, Layout rows, Second second, Random random, Arena arena) {
        long a = numbers(cell, (int) rows.count(), random, arena).address();
        long b = numbers(cell, (int) rows.count(), random, arena).address();
        long spare = numbers(cell, (int) rows.count(), random, arena).address();
        int count = rows.size(0);
        MemorySegment written = numbers(cell, count, random, arena);
        begin(kernel, cell, rows, second, a, b, spare).run(rows);
        Folds.run(FoldOp.SUM, cell.lane(), spare, rows, 0b10, written.address());

        MemorySegment before = numbers(cell, count, random, arena);
        begin(kernel, cell, rows, second, a, b, spare).runSums(rows, before.address());
        assertArrayEquals(bytes(written, cell, count), bytes(before, cell, count), second + " " + rows);

        MapKernel.Variant variant = kernel.sums(second == Second.ROWS ? 0 : 0b100, 1);
        Loop loop = variant.emit();
        assertNotNull(loop);
        variant.publish(loop);
        MemorySegment after = numbers(cell, count, random, arena);
        begin(kernel, cell, rows, second, a, b, spare).runSums(rows, after.address());
        assertArrayEquals(bytes(written, cell, count), bytes(after, cell, count), second + " " + rows + " in a loop");
    }

    @ParameterizedTest
    @EnumSource(value = Cell.class, names = {"FLOAT32", "FLOAT64"})
    void theStepsOfARowHaveTheBitsOfStepsOverAllRows(Cell cell) {
        System.out.println("RowSumsTest: seed " + SEED);
        LaneBuilder builder = new LaneBuilder(cell.lane());
        LaneCode code = builder.build(2, builder.input(0).mul(builder.input(1)).add(builder.constant(0.1)));
        LaneBuilder ofInputs = new LaneBuilder(cell.lane());
        LaneValue difference = ofInputs.input(0).sub(ofInputs.input(1).mul(ofInputs.input(2).sqrt().add(ofInputs.constant(1))));
        LaneBuilder ofRow = new LaneBuilder(cell.lane());
        LaneValue quotient = ofRow.input(0).mul(ofRow.constant(1).div(ofRow.input(1)));
        Random random = new Random(SEED);
        try (Arena arena = Arena.ofConfined()) {
            for (int[] shape : SHAPES) {
                for (Second second : Second.values()) {
                    Layout rows = Layout.contiguous(shape);
                    checkSteps(new Steps(MapKernel.of(code), MapKernel.of(ofInputs.build(3, difference)), false), cell, rows, second,
                            random, arena);
                    checkSteps(new Steps(MapKernel.of(code), MapKernel.of(ofRow.build(2, quotient)), true), cell, rows, second,
                            random, arena);
                }
            }
        }
    }

    /** A kernel that is summed, and what follows on its inputs, or on its rows if they are stored. */
    private record Steps(MapKernel summed, MapKernel then, boolean stored) {
    }

    private static void checkSteps(Steps steps, Cell cell, Layout rows, Second second, Random random, Arena arena) {
        int count = (int) rows.count();
        Layout column = Layout.contiguous(rows.size(0), 1);
        long a = numbers(cell, count, random, arena).address();
        long b = numbers(cell, count, random, arena).address();
        MemorySegment row = numbers(cell, count, random, arena);
        MemorySegment sums = numbers(cell, rows.size(0), random, arena);
        MemorySegment expected = numbers(cell, count, random, arena);
        begin(steps.summed, cell, rows, second, a, b, row.address()).run(rows);
        Folds.run(FoldOp.SUM, cell.lane(), row.address(), rows, 0b10, sums.address());
        Workspace workspace = Workspace.current();
        if (steps.stored) {
            workspace.begin(steps.then);
            workspace.output(expected.address(), cell);
            workspace.input(row.address(), cell, rows);
        } else {
            begin(steps.then, cell, rows, second, a, b, expected.address());
        }
        workspace.input(sums.address(), cell, column);
        workspace.run(rows);

        RowKernel both = steps.summed.rows(second == Second.ROWS ? 0 : 0b100, steps.stored, steps.then);
        MemorySegment spare = numbers(cell, count, random, arena);
        MemorySegment actual = numbers(cell, count, random, arena);
        MemorySegment own = numbers(cell, rows.size(0), random, arena);
        for (int half = 0; half < 2; half++) {
            // Some rows, with others to be touched behind them, and then the rest.
            int from = half == 0 ? 0 : rows.size(0) / 2;
            int now = half == 0 ? rows.size(0) / 2 : rows.size(0) - from;
            Layout some = Layout.contiguous(now, rows.size(1));
            long offset = (long) from * rows.size(1) * cell.bytes();
            long other = second == Second.ROWS ? offset : second == Second.COLUMN ? (long) from * cell.bytes() : 0;
            long out = actual.address() + offset;
            begin(steps, cell, some, second, a + offset, b + other, steps.stored ? out : spare.address());
            long sum = own.address() + (long) from * cell.bytes();
            if (both.loop == null) {
                assertFalse(workspace.runRows(some, steps.stored, sum, out, now, rows.size(0) - from), "no loop yet");
                both.publish(both.emit());
            }
            boolean isLong = rows.size(1) >= 512;
            assertEquals(isLong, workspace.runRows(some, steps.stored, sum, out, now, rows.size(0) - from), second + " " + rows);
            if (!isLong) {
                return;
            }
        }
        String message = second + " " + rows + (steps.stored ? " stored" : "");
        assertArrayEquals(bytes(sums, cell, rows.size(0)), bytes(own, cell, rows.size(0)), message + ": sums");
        assertArrayEquals(bytes(expected, cell, count), bytes(actual, cell, count), message);
    }

    private static void begin(Steps steps, Cell cell, Layout rows, Second second, long a, long b, long out) {
        Workspace.current().begin(steps.summed, steps.then);
        operands(Workspace.current(), cell, rows, second, a, b, out);
    }

    private static Workspace begin(MapKernel kernel, Cell cell, Layout rows, Second second, long a, long b, long out) {
        Workspace workspace = Workspace.current();
        workspace.begin(kernel);
        return operands(workspace, cell, rows, second, a, b, out);
    }

    private static Workspace operands(Workspace workspace, Cell cell, Layout rows, Second second, long a, long b, long out) {
        workspace.output(out, cell);
        workspace.input(a, cell, rows);
        switch (second) {
            case ROWS -> workspace.input(b, cell, rows);
            case COLUMN -> workspace.input(b, cell, Layout.contiguous(rows.size(0), 1));
            case ONE -> workspace.input(b, cell, Layout.SCALAR);
            case NUMBER -> workspace.input(-1.75);
        }
        return workspace;
    }

    /** Numbers of either sign among which are zeros, and room for a vector behind them. */
    private static MemorySegment numbers(Cell cell, int count, Random random, Arena arena) {
        MemorySegment segment = arena.allocate((long) count * cell.bytes() + 64, 64);
        for (int i = 0; i < count; i++) {
            double value = random.nextInt(9) == 0 ? -0.0 : random.nextGaussian() * Math.exp(random.nextGaussian());
            if (cell == Cell.FLOAT32) {
                segment.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) value);
            } else {
                segment.setAtIndex(ValueLayout.JAVA_DOUBLE, i, value);
            }
        }
        return segment;
    }

    private static byte[] bytes(MemorySegment segment, Cell cell, int count) {
        return segment.asSlice(0, (long) count * cell.bytes()).toArray(ValueLayout.JAVA_BYTE);
    }
}

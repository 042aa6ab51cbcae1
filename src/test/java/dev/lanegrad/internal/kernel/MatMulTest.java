package dev.lanegrad.internal.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.lanegrad.internal.lane.Lane;
import dev.lanegrad.internal.memory.Raw;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every product against its law, a chain of fused multiply-adds for each element, bit for bit; NaNs are equal. */
@Tag("widths")
class MatMulTest {
    private static final int PADDING = 64;
    private static final byte CANARY = 0x5A;
    private static final int[] EDGES = {1, 2, 3, 4, 5, 7, 8, 9, 13, 15, 16, 17, 31, 32, 33, 47, 65};

    /** How the elements of an operand lie in memory. */
    private enum Order {
        ROWS, COLUMNS, SPACED_ROWS, SPACED_COLUMNS, EVERY_THIRD, UPWARDS, LEFTWARDS, ONE_ROW, ONE_COLUMN;

        /** The elements from one row to the next. */
        long row(int columns) {
            return switch (this) {
                case ROWS -> columns;
                case COLUMNS, SPACED_COLUMNS, ONE_COLUMN -> 1;
                case SPACED_ROWS -> columns + 5L;
                case EVERY_THIRD -> 3L * columns + 1;
                case UPWARDS -> -columns;
                case LEFTWARDS -> columns + 2L;
                case ONE_ROW -> 0;
            };
        }

        /** The elements from one column to the next. */
        long column(int rows) {
            return switch (this) {
                case ROWS, SPACED_ROWS, UPWARDS, ONE_ROW -> 1;
                case COLUMNS -> rows;
                case SPACED_COLUMNS -> rows + 3L;
                case EVERY_THIRD -> 3;
                case LEFTWARDS -> -1;
                case ONE_COLUMN -> 0;
            };
        }
    }

    /** A matrix in memory of its own, with what the kernel may read after it. */
    private record Matrix(MemorySegment memory, long first, long row, long column, Lane lane) {
        static Matrix of(Arena arena, Lane lane, int rows, int columns, Order order, SplittableRandom random) {
            long row = order.row(columns);
            long column = order.column(rows);
            long down = Math.max(rows - 1, 0) * row;
            long right = Math.max(columns - 1, 0) * column;
            long elements = Math.abs(down) + Math.abs(right) + 1;
            MemorySegment memory = arena.allocate(elements * lane.bytes() + PADDING, 64);
            for (long i = 0; i < elements; i++) {
                MatMulTest.put(lane, memory.address(), i, random.nextInt(7) - 3 + random.nextDouble());
            }
            return new Matrix(memory, -Math.min(down, 0) - Math.min(right, 0), row, column, lane);
        }

        long address() {
            return memory.address() + first * lane.bytes();
        }

        double get(int i, int j) {
            return MatMulTest.get(lane, address(), i * row + j * column);
        }

        void put(int i, int j, double value) {
            MatMulTest.put(lane, address(), i * row + j * column, value);
        }
    }

    private static double get(Lane lane, long address, long i) {
        return lane == Lane.FLOAT ? Raw.ALL.get(ValueLayout.JAVA_FLOAT, address + i * Float.BYTES)
                : Raw.ALL.get(ValueLayout.JAVA_DOUBLE, address + i * Double.BYTES);
    }

    private static void put(Lane lane, long address, long i, double value) {
        if (lane == Lane.FLOAT) {
            Raw.ALL.set(ValueLayout.JAVA_FLOAT, address + i * Float.BYTES, (float) value);
        } else {
            Raw.ALL.set(ValueLayout.JAVA_DOUBLE, address + i * Double.BYTES, value);
        }
    }

    private static double law(Matrix a, Matrix b, int i, int j, int k, double start) {
        double sum = start;
        for (int p = 0; p < k; p++) {
            sum = a.lane == Lane.FLOAT ? Math.fma((float) a.get(i, p), (float) b.get(p, j), (float) sum)
                    : Math.fma(a.get(i, p), b.get(p, j), sum);
        }
        return sum;
    }

    private static void check(Lane lane, int m, int n, int k, Order orderA, Order orderB) {
        SplittableRandom random = new SplittableRandom(31L * m + 17L * n + k);
        try (Arena arena = Arena.ofConfined()) {
            Matrix a = Matrix.of(arena, lane, m, k, orderA, random);
            Matrix b = Matrix.of(arena, lane, k, n, orderB, random);
            check(m, n, k, a, b, false);
            check(m, n, k, a, b, true);
        }
    }

    private static void check(int m, int n, int k, Matrix a, Matrix b, boolean accumulate) {
        Lane lane = a.lane;
        int count = m * n;
        try (Arena arena = Arena.ofConfined()) {
            long bytes = (long) count * lane.bytes();
            MemorySegment memory = arena.allocate(bytes + 2 * PADDING, 64).fill(CANARY);
            long c = memory.address() + PADDING;
            for (int i = 0; i < count; i++) {
                put(lane, c, i, accumulate ? i % 11 - 5.25 : Double.NaN);
            }
            MatMul.run(lane, m, n, k, a.address(), a.row, a.column, b.address(), b.row, b.column, c, accumulate);
            for (int at = 0; at < count; at++) {
                double expected = law(a, b, at / n, at % n, k, accumulate ? at % 11 - 5.25 : 0);
                double actual = get(lane, c, at);
                if (Double.doubleToLongBits(expected) != Double.doubleToLongBits(actual)) {
                    assertEquals(expected, actual, "%s element %d of %d x %d x %d, accumulate %s"
                            .formatted(lane, at, m, n, k, accumulate));
                }
            }
            for (int i = 0; i < PADDING; i++) {
                assertEquals(CANARY, memory.get(ValueLayout.JAVA_BYTE, i), "before C");
                assertEquals(CANARY, memory.get(ValueLayout.JAVA_BYTE, PADDING + bytes + i), "after C");
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Lane.class)
    void smallProductsKeepTheLaw(Lane lane) {
        for (int m : EDGES) {
            for (int n : EDGES) {
                for (int k : new int[] {0, 1, 2, 5, 33}) {
                    check(lane, m, n, k, Order.ROWS, Order.ROWS);
                    check(lane, m, n, k, Order.COLUMNS, Order.ROWS);
                    check(lane, m, n, k, Order.ROWS, Order.COLUMNS);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Lane.class)
    void operandsMayLieInAnyOrder(Lane lane) {
        for (Order a : Order.values()) {
            for (Order b : Order.values()) {
                check(lane, 9, 21, 4, a, b);
                check(lane, 29, 70, 19, a, b);
                check(lane, 41, 75, 300, a, b);
                check(lane, 1, 37, 12, a, b);
                check(lane, 37, 1, 12, a, b);
                check(lane, 37, 35, 1, a, b);
                check(lane, 1, 1, 1, a, b);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Lane.class)
    void aColumnTimesARowKeepsTheLaw(Lane lane) {
        for (int m : new int[] {1, 2, 63, 64, 65, 130}) {
            for (int n : new int[] {16, 32, 48, 64, 112, 130}) {
                for (Order order : Order.values()) {
                    check(lane, m, n, 1, order, Order.ROWS);
                    check(lane, m, n, 1, Order.ROWS, order);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Lane.class)
    void largeProductsKeepTheLaw(Lane lane) {
        check(lane, 200, 130, 257, Order.ROWS, Order.ROWS);
        check(lane, 200, 350, 401, Order.ROWS, Order.SPACED_ROWS);
        check(lane, 200, 130, 513, Order.COLUMNS, Order.COLUMNS);
        check(lane, 130, 1100, 270, Order.SPACED_ROWS, Order.SPACED_ROWS);
        check(lane, 395, 70, 200, Order.COLUMNS, Order.COLUMNS);
        check(lane, 3, 1100, 1000, Order.ROWS, Order.ROWS);
        check(lane, 1, 1, 9000, Order.ROWS, Order.COLUMNS);
        check(lane, 1000, 1, 700, Order.COLUMNS, Order.ROWS);
        check(lane, 1000, 1, 700, Order.ROWS, Order.ROWS);
        check(lane, 900, 3, 830, Order.COLUMNS, Order.EVERY_THIRD);
        check(lane, 2, 5, 6000, Order.ROWS, Order.ROWS);
    }

    @ParameterizedTest
    @EnumSource(Lane.class)
    void emptyResultsAreLeftAlone(Lane lane) {
        for (int k : new int[] {0, 3}) {
            check(lane, 0, 5, k, Order.ROWS, Order.ROWS);
            check(lane, 5, 0, k, Order.ROWS, Order.ROWS);
            check(lane, 0, 0, k, Order.ROWS, Order.ROWS);
        }
    }

    @ParameterizedTest
    @EnumSource(Lane.class)
    void notANumberAndInfinityReachTheirRowsAndColumnsOnly(Lane lane) {
        SplittableRandom random = new SplittableRandom(5);
        for (int size : new int[] {3, 20, 90}) {
            try (Arena arena = Arena.ofConfined()) {
                Matrix a = Matrix.of(arena, lane, size, size, Order.ROWS, random);
                Matrix b = Matrix.of(arena, lane, size, size, Order.COLUMNS, random);
                a.put(1, 2, Double.NaN);
                a.put(0, size - 1, Double.POSITIVE_INFINITY);
                b.put(size - 1, 1, 0);
                b.put(0, 0, -0.0);
                b.put(2, size - 1, Double.NEGATIVE_INFINITY);
                check(size, size, size, a, b, false);
                check(size, size, size, a, b, true);
            }
        }
    }

    @Test
    @org.junit.jupiter.api.Tag("slow")
    void aWarmProductAllocatesNothing() throws java.io.IOException, InterruptedException {
        dev.lanegrad.build.OwnJvm.run(MatMulTest.class, 3);
    }

    /** Runs products until a round of them allocates nothing; fails if none does. */
    public static void main(String[] arguments) {
        com.sun.management.ThreadMXBean threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        int[][] shapes = {{64, 64, 64}, {128, 32, 64}, {128, 10, 32}, {32, 128, 128}, {1, 500, 100}, {300, 1, 50}};
        try (Arena arena = Arena.ofConfined()) {
            long operand = 128 * 500 * Double.BYTES;
            long a = arena.allocate(3 * operand, 64).address();
            long least = Long.MAX_VALUE;
            // Until the loops are compiled each vector is an object.
            long deadline = System.nanoTime() + 30_000_000_000L;
            while (least > 0 && System.nanoTime() < deadline) {
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int[] s : shapes) {
                    both(Lane.FLOAT, s[0], s[1], s[2], a, a + operand, a + 2 * operand);
                    both(Lane.DOUBLE, s[0], s[1], s[2], a, a + operand, a + 2 * operand);
                }
                least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
            }
            assertEquals(0, least, "bytes that a round of warm products allocated");
        }
    }

    private static void both(Lane lane, int m, int n, int k, long a, long b, long c) {
        MatMul.run(lane, m, n, k, a, k, 1, b, n, 1, c, false);
        MatMul.run(lane, m, n, k, a, 1, m, b, 1, k, c, true);
    }
}

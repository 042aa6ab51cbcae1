package dev.lanegrad.internal.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.lanegrad.internal.lane.Lane;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Every element of a product is one chain of fused multiply-adds with k ascending, bit for bit, whatever the path. */
@Tag("widths")
class MatMulTest {
    private static final long SEED = 42;
    private static final int[][] SHAPES = {{1, 1, 1}, {1, 10, 7}, {12, 32, 5}, {13, 33, 17}, {5, 64, 300}, {97, 10, 64},
        {32, 64, 10}, {64, 65, 513}, {100, 1, 40}, {1, 100, 40}, {25, 1030, 3}, {31, 47, 257}, {0, 3, 2}, {2, 0, 3}, {3, 5, 0}};

    @Test
    void floatsAreChainsOfFusedMultiplyAdds() {
        checkAll(Lane.FLOAT);
    }

    @Test
    void doublesAreChainsOfFusedMultiplyAdds() {
        checkAll(Lane.DOUBLE);
    }

    private static void checkAll(Lane lane) {
        System.out.println("MatMulTest: seed " + SEED);
        Random random = new Random(SEED);
        for (int[] s : SHAPES) {
            for (int layout = 0; layout < 4; layout++) {
                check(lane, s[0], s[1], s[2], (layout & 1) != 0, (layout & 2) != 0, layout == 3, random);
            }
        }
    }

    private static void check(Lane lane, int m, int n, int k, boolean transposeA, boolean transposeB, boolean accumulate,
            Random random) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment a = filled(arena, lane, m * k, random);
            MemorySegment b = filled(arena, lane, k * n, random);
            MemorySegment c = filled(arena, lane, m * n, random);
            long aRow = transposeA ? 1 : k;
            long aCol = transposeA ? m : 1;
            long bRow = transposeB ? 1 : n;
            long bCol = transposeB ? k : 1;
            double[] expected = new double[m * n];
            for (int i = 0; i < m; i++) {
                for (int j = 0; j < n; j++) {
                    double sum = accumulate ? get(lane, c, i * n + j) : 0;
                    for (int p = 0; p < k; p++) {
                        double x = get(lane, a, (int) (i * aRow + p * aCol));
                        double y = get(lane, b, (int) (p * bRow + j * bCol));
                        sum = lane == Lane.FLOAT ? Math.fma((float) x, (float) y, (float) sum) : Math.fma(x, y, sum);
                    }
                    expected[i * n + j] = sum;
                }
            }
            MatMul.run(lane, m, n, k, a.address(), aRow, aCol, b.address(), bRow, bCol, c.address(), accumulate);
            for (int i = 0; i < m * n; i++) {
                assertEquals(expected[i], get(lane, c, i), m + "x" + k + "x" + n + " element " + i);
            }
        }
    }

    private static MemorySegment filled(Arena arena, Lane lane, int count, Random random) {
        MemorySegment memory = arena.allocate((long) count * lane.bytes() + 128, 64);
        for (int i = 0; i < count; i++) {
            float value = random.nextFloat() - 0.5f;
            if (lane == Lane.FLOAT) {
                memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
            } else {
                memory.setAtIndex(ValueLayout.JAVA_DOUBLE, i, value / 3);
            }
        }
        return memory;
    }

    private static double get(Lane lane, MemorySegment memory, int i) {
        return lane == Lane.FLOAT ? memory.getAtIndex(ValueLayout.JAVA_FLOAT, i) : memory.getAtIndex(ValueLayout.JAVA_DOUBLE, i);
    }
}

package dev.lanegrad.internal.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.lanegrad.internal.shape.Layout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The laws of {@link Indexing} on memory. */
class IndexingTest {
    private static final int GAP = 256;

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 8})
    void oneElementIsRepeatedAsOftenAsAskedForAndNothingElseIsWritten(int size) {
        int[] counts = IntStream.concat(IntStream.rangeClosed(1, 140),
                IntStream.of(1023, 1024, 1025, 4095, 4096, 4097, 9_001, 70_003)).toArray();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment one = arena.allocate(size);
            for (int b = 0; b < size; b++) {
                one.set(ValueLayout.JAVA_BYTE, b, (byte) (17 + 3 * b));
            }
            for (int n : counts) {
                long bytes = (long) n * size;
                MemorySegment all = arena.allocate(bytes + 2 * GAP, 64).fill((byte) -1);
                MemorySegment expected = arena.allocate(all.byteSize()).fill((byte) -1);
                for (int i = 0; i < n; i++) {
                    MemorySegment.copy(one, 0, expected, GAP + (long) i * size, size);
                }
                Indexing.copyStrided(size, one.address(), Layout.of(new int[] {n}, new long[] {0}), all.address() + GAP,
                        Layout.contiguous(n));
                assertEquals(-1, all.mismatch(expected), n + " elements of " + size + " bytes");
            }
        }
    }
}

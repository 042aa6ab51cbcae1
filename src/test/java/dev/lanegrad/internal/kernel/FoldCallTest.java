package dev.lanegrad.internal.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.lanegrad.internal.lane.Lane;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The short calls that have the loops of folds compiled stay in the memory they are given. */
class FoldCallTest {
    private static final int GUARD = 4096;
    private static final byte PATTERN = 0x5a;

    @ParameterizedTest
    @EnumSource(FoldCall.class)
    void writesNothingOutsideItsMemory(FoldCall call) {
        for (Lane lane : Lane.values()) {
            for (FoldOp op : FoldOp.values()) {
                try (Arena arena = Arena.ofConfined()) {
                    MemorySegment all = arena.allocate(FoldCall.BYTES + 2 * GUARD, 64);
                    all.fill(PATTERN);
                    all.asSlice(GUARD, FoldCall.BYTES).fill((byte) 0);
                    if (call != FoldCall.WHOLE || FoldLoops.VBYTES == FoldLoops.WIDE) {
                        call.run(Folds.loops(op, lane), all.address() + GUARD);
                    }
                    for (long i = 0; i < GUARD; i++) {
                        assertEquals(PATTERN, all.get(ValueLayout.JAVA_BYTE, i), call + " before");
                        assertEquals(PATTERN, all.get(ValueLayout.JAVA_BYTE, GUARD + FoldCall.BYTES + i), call + " behind");
                    }
                }
            }
        }
    }

    @Test
    void rowsAreToldByTheirVectors() {
        assertEquals(FoldCall.ROWS_1, FoldCall.rows(4));
        assertEquals(FoldCall.ROWS_1, FoldCall.rows(FoldLoops.VBYTES));
        assertEquals(FoldCall.ROWS_2, FoldCall.rows(FoldLoops.VBYTES + 4));
        assertEquals(FoldCall.ROWS_4, FoldCall.rows(4 * FoldLoops.VBYTES));
    }
}

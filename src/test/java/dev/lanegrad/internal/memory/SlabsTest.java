package dev.lanegrad.internal.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The process's memory: the limit and life after it, what the collector gives back, threads that end, user segments. */
class SlabsTest {
    private static final long MEGABYTE = 1 << 20;

    @Test
    void limitsAreReadWithUnits() {
        assertEquals(Long.MAX_VALUE, Slabs.parseLimit(null));
        assertEquals(1_000_000, Slabs.parseLimit("1000000"));
        assertEquals(3 << 10, Slabs.parseLimit("3k"));
        assertEquals(512 << 20, Slabs.parseLimit(" 512M "));
        assertEquals(2L << 30, Slabs.parseLimit("2G"));
        for (String wrong : List.of("", "M", "-1", "0", "1T", "1.5G", "99999999999G")) {
            var e = assertThrows(IllegalArgumentException.class, () -> Slabs.parseLimit(wrong));
            assertTrue(e.getMessage().contains("'" + wrong + "'") && e.getMessage().contains("512M"), e.getMessage());
        }
    }

    @Test
    void overTheLimitTheHoldersAreNamedAndTheProgramGoesOn() {
        long before = Slabs.setLimit(Slabs.stats().reserved() + 40 * MEGABYTE);
        try (TapeScope scope = ThreadArena.current().open()) {
            Managed held = Managed.allocate(MEGABYTE);
            long block = scope.allocate(12 * MEGABYTE);
            Raw.ALL.set(ValueLayout.JAVA_LONG, block, 42);
            long live = scope.liveBytes();
            var e = assertThrows(OutOfMemoryError.class, () -> scope.allocate(200 * MEGABYTE));
            String message = e.getMessage();
            assertTrue(message.contains("lanegrad.maxMemory is ") && message.contains("outside tapes ")
                    && message.contains("tapes of thread '" + Thread.currentThread().getName())
                    && message.contains(" " + live + " bytes"), message);
            assertThrows(OutOfMemoryError.class, () -> Managed.allocate(200 * MEGABYTE));
            assertEquals(live, scope.liveBytes());
            assertEquals(42, Raw.ALL.get(ValueLayout.JAVA_LONG, block));
            scope.free(block, 12 * MEGABYTE);
            assertEquals(block, scope.allocate(12 * MEGABYTE));
            assertTrue(held.bytes() > MEGABYTE);
        } finally {
            Slabs.setLimit(before);
        }
    }

    @Test
    void theLimitDoesNotCountWhatIsUnreachable() {
        TapeScopeTest.requireSoon(() -> Slabs.stats().managed() < 100 * MEGABYTE);
        long before = Slabs.setLimit(Slabs.stats().reserved() + 64 * MEGABYTE);
        try {
            for (int i = 0; i < 40; i++) {
                assertTrue(Managed.allocate(8 * MEGABYTE).address() != 0);
            }
        } finally {
            Slabs.setLimit(before);
        }
    }

    @Test
    void managedBlocksAreCountedUntilTheyAreUnreachable() {
        TapeScopeTest.requireSoon(() -> Slabs.stats().managed() < 100 * MEGABYTE);
        long managed = Slabs.stats().managed();
        List<Managed> held = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            Managed block = Managed.allocate(MEGABYTE);
            assertEquals(0, block.address() % 64);
            assertEquals(MEGABYTE + 64, block.bytes());
            assertTrue(block.isAlive(block.generation()));
            assertNull(block.owner());
            held.add(block);
        }
        assertTrue(Slabs.stats().managed() >= 10 * MEGABYTE);
        assertTrue(Slabs.stats().live() >= Slabs.stats().managed());
        assertTrue(Slabs.stats().reserved() >= Slabs.stats().managed() && Slabs.stats().peak() >= 10 * MEGABYTE);
        assertEquals(10, held.size());
        held.clear();
        TapeScopeTest.requireSoon(() -> Slabs.stats().managed() <= managed);
    }

    @Test
    void theSlabsOfThreadsThatEndAreUsedAgain() throws InterruptedException {
        Thread.Builder[] kinds = {Thread.ofPlatform(), Thread.ofVirtual()};
        for (Thread.Builder kind : kinds) {
            long before = Slabs.stats().slabs();
            for (int i = 0; i < 200; i++) {
                kind.start(() -> {
                    try (TapeScope scope = ThreadArena.current().open()) {
                        scope.allocate(200_000);
                        scope.allocate(MEGABYTE);
                    }
                }).join();
            }
            TapeScopeTest.requireSoon(() -> Slabs.stats().slabs() - before < 130 * MEGABYTE);
        }
    }

    @Test
    void aVirtualThreadGivesItsSlabsBackWithItsLastTape() throws InterruptedException {
        Runnable work = () -> {
            try (TapeScope scope = ThreadArena.current().open()) {
                scope.allocate(MEGABYTE);
            }
        };
        Thread.ofVirtual().start(work).join();
        long before = Slabs.stats().slabs();
        for (int i = 0; i < 100; i++) {
            Thread.ofVirtual().start(work).join();
        }
        assertTrue(Slabs.stats().slabs() <= before, () -> before + " before, then " + Slabs.stats());
    }

    @Test
    void openTapesAreReported() {
        try (TapeScope scope = ThreadArena.current().open()) {
            scope.allocate(1000);
            assertTrue(Slabs.reportLeaks().stream().anyMatch(leak -> leak.contains(Thread.currentThread().getName())
                    && leak.contains("1088 bytes")), () -> Slabs.reportLeaks().toString());
        }
    }

    @Test
    void aUserSegmentIsWrappedOnlyIfItCannotEndAndHasRoomForPadding() {
        MemorySegment automatic = Arena.ofAuto().allocate(1064 + 24, 64);
        Managed wrapped = Managed.wrap(automatic, 1024);
        assertNotNull(wrapped);
        assertEquals(automatic.address(), wrapped.address());
        assertNotNull(Managed.wrap(Arena.global().allocate(128, 64), 64));
        assertNotNull(Managed.wrap(automatic.asSlice(64), 960));
        assertNull(Managed.wrap(automatic, 1025), "no room for the padding");
        assertNull(Managed.wrap(automatic.asSlice(32), 64), "not aligned");
        assertNull(Managed.wrap(automatic.asReadOnly(), 64), "read-only");
        assertNull(Managed.wrap(MemorySegment.ofArray(new double[64]), 64), "on the heap");
        try (Arena confined = Arena.ofConfined(); Arena shared = Arena.ofShared()) {
            assertNull(Managed.wrap(confined.allocate(1024, 64), 64), "confined");
            assertNull(Managed.wrap(shared.allocate(1024, 64), 64), "shared");
        }
    }
}

package dev.lanegrad.internal.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** Scopes: blocks that do not overlap, reuse, nesting, generations, threads, and a steady state that takes nothing. */
class TapeScopeTest {
    private final ThreadArena arena = ThreadArena.current();

    @Test
    void blocksAreAlignedPaddedAndDoNotOverlap() {
        record Range(long begin, long end) {
        }
        Random random = new Random(7);
        try (TapeScope scope = arena.open()) {
            List<Range> taken = new ArrayList<>();
            for (int i = 0; i < 400; i++) {
                long bytes = random.nextInt(4) == 0 ? random.nextInt(3 << 20) : random.nextInt(5000);
                long block = scope.allocate(bytes);
                assertEquals(0, block % 64);
                long end = block + bytes + 64;
                for (Range other : taken) {
                    assertTrue(end <= other.begin || other.end <= block, "overlap");
                }
                taken.add(new Range(block, end));
            }
            for (Range range : taken) {
                for (long at = range.begin; at + 8 <= range.end; at += 8) {
                    Raw.ALL.set(ValueLayout.JAVA_LONG, at, range.begin);
                }
            }
            for (Range range : taken) {
                for (long at = range.begin; at + 8 <= range.end; at += 8) {
                    assertEquals(range.begin, Raw.ALL.get(ValueLayout.JAVA_LONG, at));
                }
            }
        }
    }

    @Test
    void theBlockFreedLastIsUsedFirst() {
        try (TapeScope scope = arena.open()) {
            for (long bytes : new long[] {0, 1, 64, 1000, 4096, 4097, 100_000, 3 << 20, 20 << 20}) {
                long a = scope.allocate(bytes);
                long b = scope.allocate(bytes);
                assertNotEquals(a, b);
                scope.free(a, bytes);
                scope.free(b, bytes);
                assertEquals(b, scope.allocate(bytes));
                assertEquals(a, scope.allocate(bytes));
            }
        }
    }

    @Test
    void bytesInUseAreCounted() {
        try (TapeScope scope = arena.open()) {
            long a = scope.allocate(1000);
            assertEquals(1024 + 64, scope.liveBytes());
            long b = scope.allocate(64);
            scope.free(a, 1000);
            scope.free(b, 64);
            assertEquals(0, scope.liveBytes());
            assertEquals(1024 + 64 + 128, scope.peakBytes());
            scope.allocate(1000);
            assertTrue(Slabs.stats().live() >= 1088);
            scope.reset();
            assertEquals(0, scope.liveBytes());
        }
    }

    @Test
    void anInnerScopeBeginsWhereTheOuterOneIsAndGoesBackThere() {
        try (TapeScope outer = arena.open()) {
            long before = outer.allocate(256);
            Raw.ALL.set(ValueLayout.JAVA_LONG, before, 42);
            long first;
            try (TapeScope inner = arena.open()) {
                assertSame(outer, inner.parent());
                assertSame(inner, arena.top());
                first = inner.allocate(256);
                inner.allocate(5 << 20);
                inner.allocate(30 << 20);
                inner.allocate(100);
            }
            assertSame(outer, arena.top());
            assertEquals(first, outer.allocate(256));
            assertEquals(42, Raw.ALL.get(ValueLayout.JAVA_LONG, before));
        }
    }

    @Test
    void theFreeListsOfAnInnerScopeEndWithIt() {
        try (TapeScope outer = arena.open()) {
            long own = outer.allocate(512);
            try (TapeScope inner = arena.open()) {
                inner.free(inner.allocate(512), 512);
            }
            long a = outer.allocate(512);
            long b = outer.allocate(512);
            assertTrue(own != a && a != b && own != b);
        }
    }

    @Test
    void noGenerationOfAnyThreadComesTwice() throws InterruptedException {
        Set<Integer> seen = ConcurrentHashMap.newKeySet();
        AtomicInteger twice = new AtomicInteger();
        Runnable resets = () -> {
            try (TapeScope scope = ThreadArena.current().open()) {
                for (int i = 0; i < 1000; i++) {
                    if (scope.generation() <= 0 || !seen.add(scope.generation())) {
                        twice.incrementAndGet();
                    }
                    scope.reset();
                }
            }
        };
        Thread other = Thread.ofVirtual().start(resets);
        resets.run();
        other.join();
        assertEquals(0, twice.get());
    }

    @Test
    void generationsTellWhatIsGone() {
        TapeScope scope = arena.open();
        int first = scope.generation();
        assertTrue(scope.isAlive(first));
        scope.reset();
        assertFalse(scope.isAlive(first));
        int second = scope.generation();
        assertTrue(scope.isAlive(second));
        scope.close();
        assertFalse(scope.isAlive(second));
        assertFalse(scope.isOpen());
        scope.close();
        try (TapeScope next = arena.open()) {
            assertTrue(next.generation() != first && next.generation() != second);
            assertTrue(next.generation() > 0);
        }
        assertNull(arena.top());
    }

    @Test
    void aClosedScopeIsRefused() {
        TapeScope scope = arena.open();
        long block = scope.allocate(8);
        scope.close();
        for (Runnable use : List.<Runnable>of(() -> scope.allocate(8), () -> scope.free(block, 8), scope::reset)) {
            var e = assertThrows(IllegalStateException.class, use::run);
            assertTrue(e.getMessage().endsWith("this tape is closed; open a new one."), e.getMessage());
        }
    }

    @Test
    void onlyTheInnermostScopeCanBeResetOrClosed() {
        TapeScope outer = arena.open();
        TapeScope inner = arena.open();
        long block = inner.allocate(8);
        assertThrows(IllegalStateException.class, outer::close);
        assertThrows(IllegalStateException.class, outer::reset);
        assertTrue(outer.isOpen() && inner.isOpen());
        inner.free(block, 8);
        inner.close();
        outer.close();
    }

    @Test
    void anotherThreadIsRefusedByName() throws InterruptedException {
        try (TapeScope scope = arena.open()) {
            long block = scope.allocate(8);
            for (Runnable use : List.<Runnable>of(() -> scope.allocate(8), () -> scope.free(block, 8), scope::reset,
                    scope::close, arena::open, arena::recordChunk, () -> arena.releaseRecordChunk(0))) {
                var thrown = new AtomicReference<Throwable>();
                Thread other = Thread.ofPlatform().name("stranger").start(() -> {
                    try {
                        use.run();
                    } catch (IllegalStateException e) {
                        thrown.set(e);
                    }
                });
                other.join();
                String message = thrown.get().getMessage();
                assertTrue(message.contains("'stranger'") && message.contains(Thread.currentThread().getName()), message);
            }
            scope.free(block, 8);
        }
    }

    @Test
    void aSteadyStateTakesNothingFromTheSystem() {
        try (TapeScope scope = arena.open()) {
            step(scope);
            scope.reset();
            step(scope);
            long reserved = Slabs.stats().slabs();
            // The debug allocator fills all that is released with NaN.
            int steps = RedZones.ENABLED ? 30 : 1000;
            for (int i = 0; i < steps; i++) {
                scope.reset();
                step(scope);
            }
            assertTrue(Slabs.stats().slabs() <= reserved, () -> reserved + " before, then " + Slabs.stats());
        }
    }

    private void step(TapeScope scope) {
        for (long bytes : new long[] {4, 300, 70_000, 1 << 20, 5 << 20, 9 << 20, 12 << 20, 9 << 20, 64}) {
            scope.allocate(bytes);
        }
        try (TapeScope inner = arena.open()) {
            inner.free(inner.allocate(10 << 20), 10 << 20);
            inner.allocate(1 << 20);
        }
    }

    @Test
    void growingStepsDoNotAddUp() {
        long before = Slabs.stats().reserved();
        try (TapeScope scope = arena.open()) {
            for (long megabytes = 9; megabytes < 40; megabytes++) {
                scope.allocate(megabytes << 20);
                scope.reset();
            }
            // The pool keeps up to two of the largest slabs; all sizes together would be 759 MiB.
            long more = Slabs.stats().reserved() - before;
            if (more > 300L << 20) {
                System.gc();
            }
        }
        requireSoon(() -> Slabs.stats().reserved() - before < 300L << 20);
    }

    @Test
    void aWarmScopeAllocatesNothingOnTheHeap() {
        Assumptions.assumeFalse(RedZones.ENABLED, "the debug allocator keeps books on the heap");
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (TapeScope scope = arena.open()) {
            // Until the JVM has compiled it for good: it makes what it had optimized away when it goes back from compiled code.
            for (int i = 0; i < 100; i++) {
                churn(scope, 1000);
            }
            threads.getCurrentThreadAllocatedBytes();
            long before = threads.getCurrentThreadAllocatedBytes();
            churn(scope, 1000);
            assertEquals(0, threads.getCurrentThreadAllocatedBytes() - before);
        }
    }

    private static void churn(TapeScope scope, int times) {
        for (int i = 0; i < times; i++) {
            long a = scope.allocate(64);
            long b = scope.allocate(100_000);
            scope.free(a, 64);
            scope.allocate(1 << 20);
            scope.free(b, 100_000);
            scope.reset();
        }
    }

    @Test
    void recordChunksComeAndGo() {
        long a = arena.recordChunk();
        long b = arena.recordChunk();
        assertEquals(0, a % 64);
        Raw.ALL.set(ValueLayout.JAVA_BYTE, a + ThreadArena.RECORD_CHUNK - 1, (byte) 1);
        assertTrue(Math.abs(a - b) >= ThreadArena.RECORD_CHUNK);
        arena.releaseRecordChunk(a);
        assertThrows(IllegalArgumentException.class, () -> arena.releaseRecordChunk(a));
        arena.releaseRecordChunk(b);
    }

    static void requireSoon(java.util.function.BooleanSupplier condition) {
        for (int i = 0; i < 50 && !condition.getAsBoolean(); i++) {
            System.gc();
            try {
                Thread.sleep(20);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
        assertTrue(condition.getAsBoolean());
    }
}

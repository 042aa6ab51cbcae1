package dev.lanegrad.internal.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The debug allocator, in a JVM of its own that has it switched on. */
class DebugAllocatorTest {
    private static final String HERE = DebugAllocatorTest.class.getSimpleName() + ".java:";

    @Test
    void mistakesAreFoundWithTheDebugSwitch() throws IOException, InterruptedException {
        Process child = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED", "-Dlanegrad.debug=true", "-cp", System.getProperty("java.class.path"),
                DebugAllocatorTest.class.getName()).redirectErrorStream(true).start();
        String output = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, child.waitFor(), output);
        assertTrue(output.contains("all found"), output);
    }

    /** What the child does; any failure ends it with a stack trace and another exit status than 0. */
    public static void main(String[] args) throws InterruptedException {
        assertTrue(RedZones.ENABLED);
        overruns();
        wrongFrees();
        poison();
        forgotten();
        System.out.println("all found");
    }

    private static void overruns() {
        for (long offset : new long[] {-64, -1, 1088, 1151}) {
            for (int way = 0; way < 3; way++) {
                TapeScope scope = ThreadArena.current().open();
                long block = scope.allocate(1000);
                // The padding is the block's own.
                Raw.ALL.set(ValueLayout.JAVA_BYTE, block + 1087, (byte) 1);
                Raw.ALL.set(ValueLayout.JAVA_BYTE, block + offset, (byte) 1);
                List<Runnable> ends = List.of(() -> scope.free(block, 1000), scope::reset, scope::close);
                var e = assertThrows(IllegalStateException.class, ends.get(way)::run);
                assertTrue(e.getMessage().contains("1088 bytes") && e.getMessage().contains(HERE), e.getMessage());
                scope.close();
            }
        }
        try (TapeScope scope = ThreadArena.current().open()) {
            assertEquals(0, scope.liveBytes());
        }
    }

    private static void wrongFrees() {
        try (TapeScope scope = ThreadArena.current().open()) {
            long block = scope.allocate(100);
            assertThrows(IllegalStateException.class, () -> scope.free(block, 1000));
            scope.free(block, 100);
            var twice = assertThrows(IllegalStateException.class, () -> scope.free(block, 100));
            assertTrue(twice.getMessage().contains("freed twice"), twice.getMessage());
            Raw.ALL.set(ValueLayout.JAVA_INT, block + 16, 5);
            var late = assertThrows(IllegalStateException.class, () -> scope.allocate(100));
            assertTrue(late.getMessage().contains("after it had been freed"), late.getMessage());
        }
        try (TapeScope outer = ThreadArena.current().open()) {
            long block = outer.allocate(100);
            try (TapeScope inner = ThreadArena.current().open()) {
                inner.free(block, 100);
                assertEquals(block, inner.allocate(100));
            }
        }
    }

    private static void poison() {
        try (TapeScope scope = ThreadArena.current().open()) {
            long block = scope.allocate(64);
            Raw.ALL.set(ValueLayout.JAVA_DOUBLE, block + 8, 1);
            scope.free(block, 64);
            assertTrue(Double.isNaN(Raw.ALL.get(ValueLayout.JAVA_DOUBLE, block + 8)));
            assertTrue(Float.isNaN(Raw.ALL.get(ValueLayout.JAVA_FLOAT, block + 8)));
            assertTrue(Float.isNaN(Raw.ALL.get(ValueLayout.JAVA_FLOAT, block + 12)));
            long other = scope.allocate(200);
            Raw.ALL.set(ValueLayout.JAVA_DOUBLE, other, 1);
            scope.reset();
            assertTrue(Double.isNaN(Raw.ALL.get(ValueLayout.JAVA_DOUBLE, other)));
        }
    }

    private static void forgotten() throws InterruptedException {
        Thread careless = Thread.ofPlatform().start(() -> ThreadArena.current().open());
        careless.join();
        careless = null;
        TapeScopeTest.requireSoon(() -> Slabs.reportLeaks().stream()
                .anyMatch(leak -> leak.contains("never closed") && leak.contains(HERE)));
        overrunManaged();
        TapeScopeTest.requireSoon(() -> Slabs.reportLeaks().stream()
                .anyMatch(leak -> leak.contains("outside a block") && leak.contains(HERE)));
    }

    private static void overrunManaged() {
        Managed block = Managed.allocate(100);
        Raw.ALL.set(ValueLayout.JAVA_BYTE, block.address() + block.bytes(), (byte) 1);
    }
}

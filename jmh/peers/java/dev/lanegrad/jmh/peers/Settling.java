package dev.lanegrad.jmh.peers;

import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;

/**
 * Runs a step until the JVM has compiled what it needs: until the compiler has been idle twice in a row. A warm-up of
 * fixed length would measure, on a machine with few cores, how long the compiler's queue is.
 */
final class Settling {
    private static final long SLICE_NANOS = 80_000_000;
    /** Milliseconds of compilation in a slice that still count as idle. */
    private static final long IDLE_MILLIS = 4;

    private Settling() {
    }

    /** Runs {@code step} until the compiler is idle, but not longer than {@code seconds}. */
    static void run(Step step, double seconds) {
        CompilationMXBean compiler = ManagementFactory.getCompilationMXBean();
        long end = System.nanoTime() + (long) (seconds * 1e9);
        int idle = 0;
        while (idle < 2 && System.nanoTime() < end) {
            long before = compiler.getTotalCompilationTime();
            slice(step);
            idle = compiler.getTotalCompilationTime() - before <= IDLE_MILLIS ? idle + 1 : 0;
        }
    }

    /** Runs {@code step} for a moment. */
    static void slice(Step step) {
        long end = System.nanoTime() + SLICE_NANOS;
        do {
            step.run();
        } while (System.nanoTime() < end);
    }
}

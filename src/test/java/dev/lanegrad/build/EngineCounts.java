package dev.lanegrad.build;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.UniqueId;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/**
 * Counts the executed tests of a JVM by engine and writes them to the file named by {@code lanegrad.counts}.
 *
 * <p>Skipped and aborted tests do not count: neither shows anything. The file has one line {@code engine=count} for each
 * engine and is rewritten at the end of every test plan. Without the property nothing is written. The JUnit platform
 * finds this class through {@code META-INF/services}; {@code CountGuard} reads the file at {@code mvn verify}.
 */
public final class EngineCounts implements TestExecutionListener {
    private final Map<String, Integer> executed = new TreeMap<>();

    @Override
    public synchronized void executionFinished(TestIdentifier test, TestExecutionResult result) {
        if (test.isTest() && result.getStatus() != TestExecutionResult.Status.ABORTED) {
            count(test.getUniqueIdObject());
        }
    }

    @Override
    public synchronized void testPlanExecutionFinished(TestPlan plan) {
        String file = System.getProperty("lanegrad.counts");
        if (file != null) {
            write(Path.of(file));
        }
    }

    void count(UniqueId test) {
        executed.merge(test.getEngineId().orElse("none"), 1, Integer::sum);
    }

    String text() {
        return executed.entrySet().stream()
                .map(engine -> engine.getKey() + "=" + engine.getValue() + "\n")
                .collect(Collectors.joining());
    }

    private void write(Path file) {
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            Files.writeString(file, text());
        } catch (IOException e) {
            throw new UncheckedIOException("The test counts could not be written to " + file, e);
        }
    }
}

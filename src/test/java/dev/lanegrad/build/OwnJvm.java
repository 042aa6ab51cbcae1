package dev.lanegrad.build;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;

/**
 * Runs a main class in a JVM of its own: for questions of allocation, since what other tests have done to the profiles of a
 * loop can leave it boxing its vectors.
 */
public final class OwnJvm {
    private OwnJvm() {
    }

    /** Fails with the output unless {@code main} ends with status 0. */
    public static void run(Class<?> main) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-cp",
                System.getProperty("java.class.path"), main.getName()).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes());
        assertEquals(0, process.waitFor(), output);
    }
}

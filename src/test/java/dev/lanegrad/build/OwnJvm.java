package dev.lanegrad.build;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs a main class in a JVM of its own: for questions of allocation, since what other tests have done to the profiles of a
 * loop can leave it boxing its vectors.
 */
public final class OwnJvm {
    private OwnJvm() {
    }

    /** Fails with the output unless {@code main} ends with status 0. */
    public static void run(Class<?> main) throws IOException, InterruptedException {
        run(main, 1);
    }

    /**
     * Fails with the last output unless {@code main} ends with status 0 in one of {@code attempts} JVMs. A loop that the JVM has
     * compiled while its profile was a bad one boxes vectors as long as that JVM lives; whether this happens depends on when
     * its compiler threads get their turn, not on the code under test.
     */
    public static void run(Class<?> main, int attempts) throws IOException, InterruptedException {
        String output = "";
        int status = 1;
        for (int attempt = 0; attempt < attempts && status != 0; attempt++) {
            Process process = start(main);
            output = new String(process.getInputStream().readAllBytes());
            status = process.waitFor();
        }
        assertEquals(0, status, output);
    }

    /** Fails with the output unless {@code main} ends with status 0 in a JVM with these options more. */
    public static void run(Class<?> main, List<String> options) throws IOException, InterruptedException {
        Process process = start(main, options.toArray(String[]::new));
        String output = new String(process.getInputStream().readAllBytes());
        assertEquals(0, process.waitFor(), output);
    }

    /** What {@code main} prints in a JVM with these options more. */
    public static String output(Class<?> main, String... options) throws IOException {
        return new String(start(main, options).getInputStream().readAllBytes());
    }

    private static Process start(Class<?> main, String... options) throws IOException {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-cp",
                System.getProperty("java.class.path")));
        command.addAll(List.of(options));
        command.add(main.getName());
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }
}

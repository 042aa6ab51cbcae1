package dev.lanegrad.build;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sources that a program writes are what it writes. */
class GeneratedSourcesTest {
    @ParameterizedTest
    @ValueSource(strings = {"FoldSources", "MatMulSources"})
    void filesAreAsTheirProgramWritesThem(String program) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "src/build/java/" + program + ".java", "check").redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes());
        assertEquals(0, process.waitFor(), output);
    }
}

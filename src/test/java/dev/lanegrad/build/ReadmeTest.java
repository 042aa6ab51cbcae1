package dev.lanegrad.build;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What README and the notebook example show is what happens. */
class ReadmeTest {
    private static String block(String readme, String fence) {
        int start = readme.indexOf(fence + "\n") + fence.length() + 1;
        return readme.substring(start, readme.indexOf("```", start));
    }

    @Test
    void theExamplePrintsWhatReadmeSays(@TempDir Path directory) throws Exception {
        check(Files.readString(Path.of("README.md")), directory);
    }

    @Test
    void theTransformsPrintWhatReadmeSays(@TempDir Path directory) throws Exception {
        String readme = Files.readString(Path.of("README.md"));
        check(readme.substring(readme.indexOf("## Functional transforms")), directory);
    }

    /** The first example of {@code readme} prints what it says. */
    private static void check(String readme, Path directory) throws Exception {
        String code = block(readme, "```java");
        int body = code.indexOf("\n\n");
        Path source = directory.resolve("Snippet.java");
        Files.writeString(source, code.substring(0, body) + "\npublic class Snippet { public static void main(String[] a) {"
                + code.substring(body) + "}}");
        int status = ToolProvider.getSystemJavaCompiler().run(null, null, null, "-cp", System.getProperty("java.class.path"),
                "-d", directory.toString(), source.toString());
        assertEquals(0, status, "README's example does not compile");
        PrintStream before = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        try (URLClassLoader loader = new URLClassLoader(new URL[] {directory.toUri().toURL()})) {
            System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
            loader.loadClass("Snippet").getMethod("main", String[].class).invoke(null, (Object) new String[0]);
        } finally {
            System.setOut(before);
        }
        assertEquals(block(readme, "prints\n```"), printed.toString(StandardCharsets.UTF_8));
    }

    @Test
    @SuppressWarnings("unchecked")
    void theNotebookHasTheValuesOfItsCells() throws Exception {
        List<String> lines = new ArrayList<>();
        try (URLClassLoader loader = new URLClassLoader(new URL[] {Path.of("target/example-classes/dev.lanegrad.examples")
                .toUri().toURL()})) {
            Consumer<String> out = lines::add;
            loader.loadClass("dev.lanegrad.examples.Notebook").getMethod("run", Consumer.class).invoke(null, out);
        }
        String text = String.join("\n", lines);
        for (String expected : List.of("requiresGrad of x, y, z: true, false, true", "x.grad = tensor(6.), y.grad = none",
                "y = tensor(1.7830)", "w.grad = tensor([1.5000, 2.0000, 3.0000]), b.grad = tensor(3.)",
                "requiresGrad of x, y, z, f: true, true, true, true",
                "x.grad = tensor([[1.3333, 2.0000, 2.6667],\n        [3.3333, 4.0000, 4.6667]])",
                "x.grad = tensor([[  3., 500.,   7.],\n        [  9.,  11.,  13.]])",
                "Mismatch in shape: grad_output[0] has a shape of [3] and output[0] has a shape of [2, 3]",
                "grad can be implicitly created only for scalar outputs",
                "y shared: Trying to backward through the graph a second time", "d x^3 / dx at 2 = tensor(12., dtype=float64)",
                "d2 x^3 / dx2 at 2 = tensor(12., dtype=float64)")) {
            assertTrue(text.contains(expected), "missing: " + expected + "\nin:\n" + text);
        }
    }
}

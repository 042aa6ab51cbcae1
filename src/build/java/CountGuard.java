import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.stream.Stream;

/**
 * Ends with status 1 when a test run executed fewer tests than it must, so that an engine cannot silently run nothing.
 *
 * <p>Arguments: the directory in which {@code EngineCounts} left its files, then one {@code run:engine:minimum} for each
 * demand, for example {@code all:jqwik:30}. The files of a run are {@code run-<fork>.properties}, one for each test JVM,
 * and are added up; {@code *} stands for all engines together. A run without a file has executed 0 tests.
 */
final class CountGuard {
    private record Demand(String run, String engine, int minimum) {
        static Demand parse(String text) {
            String[] parts = text.split(":");
            if (parts.length != 3 || !parts[2].matches("\\d{1,9}")) {
                throw new IllegalArgumentException(
                        "CountGuard: '" + text + "' is not run:engine:minimum (for example all:jqwik:30); "
                                + "correct the arguments of the execution test-counts in pom.xml.");
            }
            return new Demand(parts[0], parts[1], Integer.parseInt(parts[2]));
        }

        int executed(Path directory) {
            int sum = 0;
            for (Path file : files(directory)) {
                Properties counts = read(file);
                for (String name : counts.stringPropertyNames()) {
                    if (engine.equals("*") || engine.equals(name)) {
                        sum += Integer.parseInt(counts.getProperty(name));
                    }
                }
            }
            return sum;
        }

        private List<Path> files(Path directory) {
            if (!Files.isDirectory(directory)) {
                return List.of();
            }
            try (Stream<Path> all = Files.list(directory)) {
                return all.filter(file -> file.getFileName().toString().matches("\\Q" + run + "\\E-\\d+\\.properties"))
                        .toList();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private CountGuard() {
    }

    private static Properties read(Path file) {
        Properties counts = new Properties();
        try (var in = Files.newBufferedReader(file)) {
            counts.load(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return counts;
    }

    public static void main(String[] arguments) {
        Path directory = Path.of(arguments[0]);
        List<String> missing = new ArrayList<>();
        for (int i = 1; i < arguments.length; i++) {
            Demand demand = Demand.parse(arguments[i]);
            int executed = demand.executed(directory);
            System.out.printf("Executed in run %-10s by %-14s %6d (minimum %d)%n",
                    demand.run, demand.engine, executed, demand.minimum);
            if (executed < demand.minimum) {
                missing.add("Run '" + demand.run + "' executed " + executed + " tests of engine '" + demand.engine
                        + "', but at least " + demand.minimum + " must run: an engine, a source root or a pattern is "
                        + "missing, or tests were removed; find them, or lower tests.min.* in pom.xml if that was meant.");
            }
        }
        missing.forEach(System.out::println);
        if (!missing.isEmpty()) {
            System.exit(1);
        }
    }
}

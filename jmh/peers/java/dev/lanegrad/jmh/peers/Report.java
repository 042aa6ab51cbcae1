package dev.lanegrad.jmh.peers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.lang.management.ManagementFactory;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Makes the report: compares the results of all sides, measures each side in a JVM of its own, an op at a time in
 * {@link Turns}, and writes the figures, the pictures and the page.
 *
 * <pre>
 * mvn -Pjmh,peers verify                                          what takes ten minutes
 * mvn -Pjmh,peers verify -Djmh.args=full                          everything, an hour and a half
 * mvn -Pjmh,peers verify -Djmh.args="quick ops=exp|tanh"          some ops
 * mvn -Pjmh,peers verify -Djmh.args="quick families=step threads=2 forks=1 rounds=2 warm=1000 measure=500"
 * mvn -Pjmh,peers verify -Djmh.args=render                        pictures, page and README, of the kept figures
 * </pre>
 *
 * <p>Everything goes to {@code target/peers}; of a report of all families and ops the figures, the pictures and what
 * JMH gave, compressed, also go to {@code jmh/results}, and the table in README is replaced.
 */
final class Report {
    private static final Path KEPT = Path.of("jmh", "results");
    private static final Path README = Path.of("README.md");
    private static final int STARTS = 3;
    private static final String FIGURES = "figures.tsv";
    private static final List<String> FLAGS = List.of("--add-modules", "jdk.incubator.vector",
            "--enable-native-access=ALL-UNNAMED", "-Xmx3g", "-XX:MaxDirectMemorySize=6g", "-XX:+UseG1GC");
    /**
     * For the JVMs that measure steps: a heap that grows, and shrinks between the cases, is new memory of the system time
     * and again, and what a step leaves to the collector costs more than the step.
     */
    private static final List<String> HEAP = List.of("-Xms3g", "-XX:+AlwaysPreTouch");

    private final Settings settings;
    private final Path directory;

    private Report(Settings settings) {
        this.settings = settings;
        this.directory = Path.of("target", "peers", settings.plan());
    }

    /**
     * Makes a report.
     *
     * @param args those of {@link Settings}
     */
    public static void main(String[] args) throws IOException, InterruptedException {
        Settings settings = Settings.parse(args);
        if (settings.plan().equals("render")) {
            Results results = Results.read(KEPT.resolve(FIGURES));
            render(results, KEPT);
            Figures.write(results, README);
        } else {
            new Report(settings).make();
        }
    }

    private void make() throws IOException, InterruptedException {
        delete(directory);
        Files.createDirectories(directory);
        Map<String, String> facts = facts();
        Path differences = directory.resolve("differs.tsv");
        Path instructions = directory.resolve("instructions.txt");
        run(Agreement.class, Side.LOOP, "agreement", settings.plan(), settings.families(), settings.ops(),
                differences.toString(), instructions.toString());
        facts.merge("libtorch", Files.readString(instructions), (version, used) -> version + ", " + used);
        List<Row> rows = new ArrayList<>();
        for (int round = 0; round < settings.rounds(); round++) {
            rows.addAll(measureSides(round));
            rows.addAll(measureRoofs(round));
        }
        if (settings.isWhole()) {
            rows.addAll(coldStarts());
        }
        Results results = Results.of(facts, Files.readAllLines(differences), rows);
        results.write(directory.resolve(FIGURES));
        render(results, directory);
        if (settings.isWhole()) {
            delete(KEPT);
            results.write(KEPT.resolve(FIGURES));
            render(results, KEPT);
            compress(KEPT.resolve("jmh.zip"));
            Figures.write(results, README);
        }
        System.out.println(Figures.markdown(results));
        System.out.println("The report is " + directory.resolve("report.html").toAbsolutePath());
    }

    /** Measures all sides, each in a JVM of its own, in turns. */
    private List<Row> measureSides(int round) throws IOException, InterruptedException {
        Path turns = directory.resolve(Sweep.TURNS);
        delete(turns);
        Files.createDirectories(turns);
        Map<Path, Process> processes = new LinkedHashMap<>();
        for (Side side : Side.values()) {
            String name = side.name().toLowerCase(Locale.ROOT);
            Path into = into(name, round);
            processes.put(into, builder(Sweep.class, side, sweep(name, into)).start());
        }
        // One that fails would be waited for by all others.
        processes.values().forEach(process -> process.onExit().thenAccept(ended -> {
            if (ended.exitValue() != 0) {
                processes.values().forEach(Process::destroy);
            }
        }));
        List<Row> rows = new ArrayList<>();
        for (Map.Entry<Path, Process> process : processes.entrySet()) {
            requireDone(process.getValue().waitFor(), process.getKey().getFileName().toString());
            rows.addAll(rows(process.getKey()));
        }
        delete(turns);
        return rows;
    }

    private List<Row> measureRoofs(int round) throws IOException, InterruptedException {
        Path into = into(Sweep.ROOFS, round);
        run(Sweep.class, Side.EAGER, into.getFileName().toString(), sweep(Sweep.ROOFS, into));
        return rows(into);
    }

    private Path into(String name, int round) throws IOException {
        return Files.createDirectories(directory.resolve(name + "-" + round));
    }

    private String[] sweep(String name, Path into) {
        List<String> args = new ArrayList<>(List.of(name, into.toString()));
        args.addAll(List.of(settings.args()));
        return args.toArray(String[]::new);
    }

    private static List<Row> rows(Path into) throws IOException {
        return Files.readAllLines(into.resolve("rows.tsv")).stream().map(Row::parse).toList();
    }

    private List<Row> coldStarts() throws IOException, InterruptedException {
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < STARTS; i++) {
            for (String what : List.of(ColdStart.FIRST, ColdStart.HUNDRED)) {
                for (Side side : List.of(Side.EAGER, Side.PROGRAM, Side.BINDING)) {
                    long start = System.nanoTime();
                    Process process = builder(ColdStart.class, side, what, side.name()).redirectOutput(Redirect.PIPE)
                            .start();
                    String line = process.inputReader().readLine();
                    double nanos = System.nanoTime() - start;
                    if (process.waitFor() != 0 || line == null) {
                        throw new IllegalStateException("Report: the JVM of " + what + " ended without a result.");
                    }
                    rows.add(new Row(Results.START, what, "-", "float32", "backward",
                            side.name().toLowerCase(Locale.ROOT), nanos, Double.NaN, Double.NaN));
                }
            }
        }
        return rows;
    }

    /** Runs a class in a JVM of its own. */
    private void run(Class<?> main, Side side, String name, String... args) throws IOException, InterruptedException {
        System.out.println("== " + name);
        requireDone(builder(main, side, args).start().waitFor(), name);
    }

    private static void requireDone(int status, String name) {
        if (status != 0) {
            throw new IllegalStateException("Report: the JVM of " + name + " ended with status " + status
                    + "; what it wrote is above.");
        }
    }

    private ProcessBuilder builder(Class<?> main, Side side, String... args) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(FLAGS);
        if (main == Sweep.class) {
            command.addAll(HEAP);
        }
        command.add("-D" + PeerBenchmark.SETTLE + "=" + settings.settle());
        command.add("-Dlanegrad.threads=" + settings.threads());
        if (side.isTorch()) {
            // JavaCPP would count what each tensor holds, and ask the system how much memory is used.
            command.addAll(List.of("-Dorg.bytedeco.javacpp.maxphysicalbytes=0", "-Dorg.bytedeco.javacpp.maxbytes=0",
                    "-Dorg.bytedeco.javacpp.nopointergc=true"));
        }
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(List.of(args));
        ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
        for (String variable : List.of("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")) {
            builder.environment().put(variable, String.valueOf(settings.threads()));
        }
        return builder;
    }

    private Map<String, String> facts() throws IOException, InterruptedException {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("report", String.join(" ", settings.args()));
        facts.put("date", LocalDate.now().toString());
        String commit = output("git", "rev-parse", "--short=12", "HEAD");
        boolean changed = !output("git", "status", "--porcelain", "src/main").isEmpty();
        facts.put("commit", commit + (changed ? " with changes" : ""));
        facts.put("machine", processor() + ", " + Runtime.getRuntime().availableProcessors() + " processors");
        facts.put("system", System.getProperty("os.name") + " " + System.getProperty("os.version"));
        facts.put("JDK", "JDK " + System.getProperty("java.vendor.version") + " " + Runtime.version());
        facts.put("flags", String.join(" ", FLAGS) + " " + String.join(" ", HEAP));
        facts.put("threads", String.valueOf(settings.threads()));
        facts.put("libtorch", "2.13.0, org.bytedeco 1.5.14, OpenBLAS 0.3.31");
        facts.put("load", String.format(Locale.ROOT, "%.1f",
                ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage()));
        return facts;
    }

    private static String processor() throws IOException {
        Path file = Path.of("/proc/cpuinfo");
        if (!Files.exists(file)) {
            return System.getProperty("os.arch");
        }
        try (Stream<String> lines = Files.lines(file)) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 2))
                    .findFirst().orElse(System.getProperty("os.arch"));
        }
    }

    private static String output(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes()).strip();
        return process.waitFor() == 0 ? output : "unknown";
    }

    private static void render(Results results, Path into) throws IOException {
        Map<String, String> charts = Charts.of(results);
        for (Map.Entry<String, String> chart : charts.entrySet()) {
            String name = chart.getKey().toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-") + ".svg";
            Files.writeString(into.resolve(name), chart.getValue());
        }
        Files.writeString(into.resolve("report.html"), Page.of(results, charts));
    }

    /** What JMH gave, in one archive. */
    private void compress(Path archive) throws IOException {
        try (FileSystem zip = FileSystems.newFileSystem(archive, Map.of("create", "true"));
                Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.filter(path -> path.toString().endsWith(".json")).toList()) {
                // Where this machine keeps its JDK is nobody's business.
                Files.writeString(zip.getPath(directory.relativize(file).toString().replace('/', '-')),
                        Files.readString(file).replace(System.getProperty("java.home"), "JDK"));
            }
        }
    }

    private static void delete(Path directory) throws IOException {
        if (Files.exists(directory)) {
            try (Stream<Path> files = Files.walk(directory)) {
                files.sorted(Comparator.reverseOrder()).forEach(Report::deleteOne);
            }
        }
    }

    private static void deleteOne(Path file) {
        try {
            Files.delete(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

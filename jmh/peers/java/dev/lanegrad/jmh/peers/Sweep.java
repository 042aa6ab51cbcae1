package dev.lanegrad.jmh.peers;

import dev.lanegrad.jmh.ElementwiseBenchmark;
import dev.lanegrad.jmh.RoofBenchmark;
import java.io.IOException;
import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Measures all cases of one side in this JVM, after all of them have been run in it, so that the library's code has met
 * what it meets in a program that uses all of it; with {@code forks=1} each case has a JVM of its own instead.
 */
final class Sweep {
    /** The side that is not one: what the machine can do, and a loop by hand. */
    static final String ROOFS = "roofs";
    /** Directory beside those of the sides in which they agree about their turns. */
    static final String TURNS = "turns";

    /** Share of the time that the compiler may still be busy when measuring begins. */
    private static final double BUSY = 0.05;
    /** Bytes of a case above which the time would go into making operands. */
    private static final long LARGEST_MIXED = 64 << 20;
    private static final int MEASUREMENTS = 5;

    private final Settings settings;
    private final String side;
    private final Path directory;
    private final List<Row> rows = new ArrayList<>();
    private int runs;

    private Sweep(Settings settings, String side, Path directory) {
        this.settings = settings;
        this.side = side;
        this.directory = directory;
    }

    /**
     * Writes {@code rows.tsv} and what JMH gives into a directory.
     *
     * @param args the side, the directory, then the {@link Settings}
     */
    public static void main(String[] args) throws IOException, RunnerException {
        Sweep sweep = new Sweep(Settings.parse(Arrays.copyOfRange(args, 2, args.length)), args[0], Path.of(args[1]));
        if (args[0].equals(ROOFS)) {
            sweep.roofs();
        } else {
            sweep.cases(Side.valueOf(args[0].toUpperCase(Locale.ROOT)));
        }
        Files.write(sweep.directory.resolve("rows.tsv"), sweep.rows.stream().map(Row::line).toList());
        // Threads that libraries left must not keep the JVM.
        System.exit(0);
    }

    private void cases(Side measured) throws RunnerException {
        List<Block> all = Plan.of(settings.plan(), settings.families(), settings.ops());
        List<Block> own = all.stream().filter(block -> block.sides().contains(measured)).toList();
        Turns turns = new Turns(directory.resolveSibling(TURNS), measured);
        int part = 0;
        turns.await(part);
        if (settings.forks() == 0 && !measured.isTorch()) {
            mix(measured, own);
        }
        turns.done(part++);
        for (Block block : all) {
            for (String op : block.ops()) {
                turns.await(part);
                if (own.contains(block)) {
                    cases(measured, block, op);
                }
                turns.done(part++);
            }
        }
    }

    private void cases(Side measured, Block block, String op) throws RunnerException {
        long start = System.nanoTime();
        ChainedOptionsBuilder options = options(PeerBenchmark.class.getName() + ".step")
                .param("family", block.family().label())
                .param("op", op)
                .param("shape", block.shapes().toArray(String[]::new))
                .param("precision", names(block.precisions()))
                .param("direction", names(block.directions()))
                .param("side", measured.name());
        for (RunResult result : run(options)) {
            rows.add(row(result));
        }
        System.out.printf(Locale.ROOT, "%s: %s %s %s in %d s%n", side, block.family().label(), op,
                String.join(" ", block.shapes()), (System.nanoTime() - start) / 1_000_000_000);
    }

    private static String[] names(List<? extends Enum<?>> constants) {
        return constants.stream().map(Enum::name).toArray(String[]::new);
    }

    /** Runs all cases in turns, until the compiler has nothing more to do for them, or the time is up. */
    private void mix(Side measured, List<Block> blocks) {
        CompilationMXBean compiler = ManagementFactory.getCompilationMXBean();
        long end = System.nanoTime() + settings.mix() * 1_000_000_000L;
        double share = 1;
        int turns = 0;
        while (share > BUSY && System.nanoTime() < end) {
            long start = System.nanoTime();
            long compiled = compiler.getTotalCompilationTime();
            blocks.stream().flatMap(block -> block.cases().stream()).filter(of -> of.bytes() < LARGEST_MIXED)
                    .forEach(of -> mix(measured, of));
            share = (compiler.getTotalCompilationTime() - compiled) * 1e6 / (System.nanoTime() - start);
            turns++;
        }
        System.out.printf(Locale.ROOT, "%s: all cases run in %d turns; in the last the compiler was busy for %.0f %%%n",
                side, turns, 100 * share);
    }

    private static void mix(Side side, Case of) {
        try (Step step = side.step(of)) {
            Settling.slice(step);
        } catch (RuntimeException e) {
            System.out.println("cannot be run: " + of + ": " + e.getMessage());
        }
    }

    private ChainedOptionsBuilder options(String include) {
        return new OptionsBuilder().include(include).forks(settings.forks()).shouldFailOnError(false)
                .warmupIterations(1).warmupTime(TimeValue.milliseconds(settings.warm()))
                .measurementIterations(MEASUREMENTS).measurementTime(TimeValue.milliseconds(settings.measure()))
                .addProfiler(GCProfiler.class).verbosity(VerboseMode.NORMAL)
                .output(directory.resolve("jmh-" + runs + ".log").toString())
                .resultFormat(ResultFormatType.JSON).result(directory.resolve("jmh-" + runs++ + ".json").toString());
    }

    private static Collection<RunResult> run(ChainedOptionsBuilder options) throws RunnerException {
        return new Runner(options.build()).run();
    }

    private Row row(RunResult result) {
        Result<?> steps = result.getSecondaryResults().get("steps");
        double invocation = result.getPrimaryResult().getScore();
        return new Row(param(result, "family"), param(result, "op"), param(result, "shape"), lower(result, "precision"),
                lower(result, "direction"), side, steps.getScore(), steps.getScoreError(),
                heap(result) * steps.getScore() / invocation);
    }

    private static String param(RunResult result, String name) {
        return result.getParams().getParam(name);
    }

    private static String lower(RunResult result, String name) {
        return param(result, name).toLowerCase(Locale.ROOT);
    }

    private static double heap(RunResult result) {
        Result<?> norm = result.getSecondaryResults().get("gc.alloc.rate.norm");
        return norm == null ? Double.NaN : norm.getScore();
    }

    /** For benchmarks that do not wait for the compiler themselves. */
    private ChainedOptionsBuilder warm(String include) {
        return options(include).warmupIterations(5).warmupTime(TimeValue.milliseconds(200));
    }

    private void roofs() throws RunnerException {
        for (RunResult result : run(warm(RoofBenchmark.class.getName() + ".(copy|fmaPeak)$"))) {
            String label = result.getPrimaryResult().getLabel();
            rows.add(new Row("roof", label, "-", "float32", "forward", "roof", 1 / result.getPrimaryResult().getScore(),
                    Double.NaN, Double.NaN));
        }
        String[] sizes = Plan.of(settings.plan(), "elementwise", "add").stream()
                .flatMap(block -> block.shapes().stream()).distinct()
                .toArray(String[]::new);
        for (RunResult result : run(warm(ElementwiseBenchmark.class.getName() + ".addByHand$").param("n", sizes))) {
            rows.add(new Row("elementwise", "add", result.getParams().getParam("n"), "float32", "forward", "hand",
                    result.getPrimaryResult().getScore(), result.getPrimaryResult().getScoreError(), heap(result)));
        }
    }
}

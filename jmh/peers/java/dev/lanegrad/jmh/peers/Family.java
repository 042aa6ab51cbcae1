package dev.lanegrad.jmh.peers;

import java.util.List;
import java.util.function.Function;

/** A kind of steps: what their names and shapes mean. */
sealed interface Family permits ElementwiseFamily, BroadcastFamily, FoldFamily, MatMulFamily, StepFamily {
    /** All of them, in the order of the report. */
    List<Family> ALL = List.of(new ElementwiseFamily(), new BroadcastFamily(), new FoldFamily(), new MatMulFamily(),
            new StepFamily());

    /** The name, one word. */
    String label();

    /** The steps there are. */
    List<String> ops();

    /** Whether the step has a gradient. */
    boolean isDifferentiable(String op);

    /** The operands of a case. */
    List<Operand> operands(Case of);

    /** The sizes of the result of a case. */
    long[] result(Case of);

    /** What a case computes. */
    <T> Function<List<T>, T> in(Dialect<T> dialect, Case of);

    /** Floating-point operations of the matrix products of a case. */
    default long flops(Case of) {
        return 0;
    }

    /** How many times the tolerance of its precision a case may miss the other side's results by. */
    default double slack(Case of) {
        return 1;
    }

    /** The family called {@code label}. */
    static Family named(String label) {
        return ALL.stream().filter(family -> family.label().equals(label)).findFirst().orElseThrow(() ->
                new IllegalArgumentException("There is no family " + label + "; there are "
                        + ALL.stream().map(Family::label).toList() + "."));
    }

    /** The numbers of a shape such as {@code 128x10}. */
    static long[] sizes(String shape) {
        return java.util.Arrays.stream(shape.split("x")).mapToLong(Long::parseLong).toArray();
    }
}

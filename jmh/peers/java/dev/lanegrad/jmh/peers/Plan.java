package dev.lanegrad.jmh.peers;

import static dev.lanegrad.jmh.peers.Direction.BACKWARD;
import static dev.lanegrad.jmh.peers.Direction.FORWARD;
import static dev.lanegrad.jmh.peers.Precision.FLOAT32;
import static dev.lanegrad.jmh.peers.Precision.FLOAT64;
import static dev.lanegrad.jmh.peers.Side.BINDING;
import static dev.lanegrad.jmh.peers.Side.EAGER;
import static dev.lanegrad.jmh.peers.Side.LOOP;
import static dev.lanegrad.jmh.peers.Side.PROGRAM;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What a report measures. */
final class Plan {
    private static final List<Direction> BOTH = List.of(FORWARD, BACKWARD);
    private static final List<Direction> BACK = List.of(BACKWARD);
    private static final List<Direction> FORTH = List.of(FORWARD);
    private static final Set<Side> TWO = Set.of(EAGER, LOOP);
    private static final Set<Side> REST = Set.of(PROGRAM, BINDING);
    private static final Set<Side> FOUR = Set.of(EAGER, PROGRAM, LOOP, BINDING);
    private static final String MAIN = "add mul div exp log tanh sigmoid gelu pow";
    private static final String LINES = "softmax logSoftmax logSumExp";
    private static final String SIZES = "16 256 4096 65536 1048576";

    private final List<Block> blocks = new ArrayList<>();

    private Plan() {
    }

    private void add(String family, String ops, String shapes, Precision precision, List<Direction> directions,
            Set<Side> sides) {
        blocks.add(new Block(Family.named(family), List.of(ops.split(" ")), List.of(shapes.split(" ")),
                List.of(precision), directions, sides));
    }

    /** What is measured in ten minutes. */
    static List<Block> quick() {
        Plan plan = new Plan();
        plan.elementwise("16 4096 1048576", BACK);
        plan.add("elementwise", MAIN, "16 65536", FLOAT32, FORTH, FOUR);
        plan.add("elementwise", "add exp tanh", "65536", FLOAT64, BACK, TWO);
        plan.add("broadcast", "add.row add.column add.scalar add.transposed add.sliced", "512x512", FLOAT32, BACK, TWO);
        plan.add("fold", "sum amax var norm", "1048576 1024x1024:0 1024x1024:1", FLOAT32, BACK, TWO);
        plan.add("fold", LINES, "128x10:1 256x1000:1", FLOAT32, BACK, TWO);
        plan.add("fold", "crossEntropy", "128x10 256x1000", FLOAT32, BACK, TWO);
        plan.add("matmul", "matmul", "16x16x16 64x64x64 128x128x128 256x256x256 512x512x512 64x32x32x32", FLOAT32,
                FORTH, TWO);
        plan.steps("16 65536 1048576");
        return plan.blocks;
    }

    /** Everything. */
    static List<Block> full() {
        Plan plan = new Plan();
        plan.elementwise(SIZES + " 16777216", BOTH);
        plan.add("elementwise", MAIN, SIZES, FLOAT64, BACK, TWO);
        plan.add("elementwise", MAIN, SIZES, FLOAT32, BACK, REST);
        plan.add("broadcast", String.join(" ", Family.named("broadcast").ops()), "64x64 1024x1024", FLOAT32, BOTH, TWO);
        plan.add("fold", "sum mean prod amax amin var std norm", "256 1048576 128x128x64:0 128x128x64:1 128x128x64:2",
                FLOAT32, BOTH, TWO);
        plan.add("fold", LINES + " var norm", "128x10:1 256x1000:1 4096x768:1 64x12x128x128:3", FLOAT32, BOTH, TWO);
        plan.add("fold", "crossEntropy", "128x10 256x1000 4096x768", FLOAT32, BOTH, FOUR);
        plan.add("matmul", "matmul", "16x16x16 32x32x32 64x64x64 128x128x128 256x256x256 512x512x512 1024x1024x1024 "
                + "1x4096x1 1x4096x4096 1024x1024x1 4096x32x1 4096x1x4096 32x1024x32 64x32x32x32", FLOAT32, BOTH, TWO);
        plan.add("matmul", "matmul.leftTransposed matmul.rightTransposed", "64x64x64 512x512x512", FLOAT32, FORTH, TWO);
        plan.add("matmul", "matmul", "64x64x64 512x512x512", FLOAT64, FORTH, TWO);
        plan.steps(SIZES + " 16777216");
        return plan.blocks;
    }

    private void elementwise(String sizes, List<Direction> directions) {
        Family family = Family.named("elementwise");
        for (boolean differentiable : new boolean[] {true, false}) {
            String ops = family.ops().stream().filter(op -> family.isDifferentiable(op) == differentiable)
                    .collect(Collectors.joining(" "));
            add("elementwise", ops, sizes, FLOAT32, differentiable ? directions : FORTH, TWO);
        }
    }

    private void steps(String sizes) {
        add("step", "squares bell", sizes, FLOAT32, BACK, FOUR);
        add("step", "logisticRegression", "128x30 4096x30", FLOAT32, BACK, FOUR);
        add("step", "mlp", "1x8x8x10 32x64x64x10 128x784x256x10", FLOAT32, BACK, FOUR);
        add("step", "block", "4x64x128", FLOAT32, BACK, FOUR);
    }

    /** The blocks of {@code name}, less the families and ops that the patterns do not match. */
    static List<Block> of(String name, String families, String ops) {
        List<Block> blocks = switch (name) {
            case "quick" -> quick();
            case "full" -> full();
            default -> throw new IllegalArgumentException("There is no report " + name
                    + "; ask for quick, full or render.");
        };
        Pattern pattern = Pattern.compile(ops);
        return blocks.stream().filter(block -> block.family().label().matches(families))
                .map(block -> block.with(block.ops().stream().filter(op -> pattern.matcher(op).matches()).toList()))
                .filter(block -> !block.ops().isEmpty()).toList();
    }
}

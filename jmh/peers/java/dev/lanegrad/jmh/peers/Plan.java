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

/** What a report measures. */
final class Plan {
    private static final List<Precision> FLOATS = List.of(FLOAT32);
    private static final List<Direction> BOTH = List.of(FORWARD, BACKWARD);
    private static final Set<Side> TWO = Set.of(EAGER, LOOP);
    private static final Set<Side> FOUR = Set.of(EAGER, PROGRAM, LOOP, BINDING);
    private static final List<String> MAIN = List.of("add", "mul", "div", "exp", "log", "tanh", "sigmoid", "gelu", "pow");
    private static final List<String> SMALL = List.of("softmax", "logSoftmax", "logSumExp");

    private Plan() {
    }

    /** What is measured in ten minutes. */
    static List<Block> quick() {
        Family elementwise = Family.named("elementwise");
        Family fold = Family.named("fold");
        List<Block> blocks = new ArrayList<>(elementwise(List.of("16", "4096", "1048576"), List.of(BACKWARD), TWO));
        blocks.add(new Block(elementwise, MAIN, List.of("16", "65536"), FLOATS, List.of(FORWARD), FOUR));
        blocks.add(new Block(elementwise, List.of("add", "exp", "tanh"), List.of("65536"), List.of(FLOAT64), List.of(BACKWARD),
                TWO));
        blocks.add(new Block(Family.named("broadcast"), List.of("add.row", "add.column", "add.scalar", "add.transposed",
                "add.sliced"), List.of("512x512"), FLOATS, List.of(BACKWARD), TWO));
        blocks.add(new Block(fold, List.of("sum", "amax", "var"), List.of("1048576", "1024x1024:0", "1024x1024:1"), FLOATS,
                List.of(BACKWARD), TWO));
        blocks.add(new Block(fold, SMALL, List.of("128x10:1", "256x1000:1"), FLOATS, List.of(BACKWARD), TWO));
        blocks.add(new Block(fold, List.of("crossEntropy"), List.of("128x10", "256x1000"), FLOATS, List.of(BACKWARD), TWO));
        blocks.add(new Block(Family.named("matmul"), List.of("matmul"), List.of("16x16x16", "64x64x64", "128x128x128",
                "256x256x256", "512x512x512", "64x32x32x32"), FLOATS, List.of(FORWARD), TWO));
        blocks.addAll(steps(List.of("16", "65536", "1048576")));
        return blocks;
    }

    /** Everything. */
    static List<Block> full() {
        Family fold = Family.named("fold");
        List<String> folds = fold.ops().stream().filter(op -> !op.equals("crossEntropy") && !SMALL.contains(op)).toList();
        List<String> sizes = List.of("16", "256", "4096", "65536", "1048576", "16777216");
        List<Block> blocks = new ArrayList<>(elementwise(sizes, BOTH, TWO));
        blocks.add(new Block(Family.named("elementwise"), MAIN, sizes.subList(0, 5), List.of(FLOAT64), List.of(BACKWARD), TWO));
        blocks.add(new Block(Family.named("elementwise"), MAIN, sizes.subList(0, 5), FLOATS, List.of(BACKWARD),
                Set.of(PROGRAM, BINDING)));
        blocks.add(new Block(Family.named("broadcast"), Family.named("broadcast").ops(), List.of("64x64", "1024x1024"), FLOATS,
                BOTH, TWO));
        blocks.add(new Block(fold, folds, List.of("256", "1048576", "128x128x64:0", "128x128x64:1", "128x128x64:2"), FLOATS,
                BOTH, TWO));
        blocks.add(new Block(fold, SMALL, List.of("128x10:1", "256x1000:1", "4096x768:1", "64x12x128x128:3"), FLOATS, BOTH,
                TWO));
        blocks.add(new Block(fold, List.of("crossEntropy"), List.of("128x10", "256x1000", "4096x768"), FLOATS, BOTH, FOUR));
        blocks.add(new Block(Family.named("matmul"), List.of("matmul"), List.of("16x16x16", "32x32x32", "64x64x64",
                "128x128x128", "256x256x256", "512x512x512", "1024x1024x1024", "1x4096x1", "4096x1x4096", "32x1024x32",
                "64x32x32x32"), FLOATS, BOTH, TWO));
        blocks.add(new Block(Family.named("matmul"), List.of("matmul.leftTransposed", "matmul.rightTransposed"),
                List.of("64x64x64", "512x512x512"), FLOATS, List.of(FORWARD), TWO));
        blocks.addAll(steps(sizes));
        return blocks;
    }

    private static List<Block> elementwise(List<String> sizes, List<Direction> directions, Set<Side> sides) {
        Family family = Family.named("elementwise");
        return List.of(
                new Block(family, family.ops().stream().filter(family::isDifferentiable).toList(), sizes, FLOATS, directions, sides),
                new Block(family, family.ops().stream().filter(op -> !family.isDifferentiable(op)).toList(), sizes, FLOATS,
                        List.of(FORWARD), sides));
    }

    private static List<Block> steps(List<String> sizes) {
        Family family = Family.named("step");
        List<Direction> directions = List.of(BACKWARD);
        return List.of(new Block(family, List.of("squares", "bell"), sizes, FLOATS, directions, FOUR),
                new Block(family, List.of("logisticRegression"), List.of("128x30", "4096x30"), FLOATS, directions, FOUR),
                new Block(family, List.of("mlp"), List.of("1x8x8x10", "32x64x64x10", "128x784x256x10"), FLOATS, directions, FOUR),
                new Block(family, List.of("block"), List.of("4x64x128"), FLOATS, directions, FOUR));
    }

    /** The blocks of {@code name}, less the families and ops that the patterns do not match. */
    static List<Block> of(String name, String families, String ops) {
        List<Block> blocks = switch (name) {
            case "quick" -> quick();
            case "full" -> full();
            default -> throw new IllegalArgumentException("There is no report " + name + "; ask for quick, full or render.");
        };
        Pattern pattern = Pattern.compile(ops);
        return blocks.stream().filter(block -> block.family().label().matches(families))
                .map(block -> block.with(block.ops().stream().filter(op -> pattern.matcher(op).matches()).toList()))
                .filter(block -> !block.ops().isEmpty()).toList();
    }
}

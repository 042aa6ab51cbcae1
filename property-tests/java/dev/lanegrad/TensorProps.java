package dev.lanegrad;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tag;
import net.jqwik.api.constraints.IntRange;

/** Laws that hold for every tensor. */
@Tag("widths")
class TensorProps {
    private static final int TRIES = 150;

    @Provide
    Arbitrary<int[]> shapes() {
        return Arbitraries.integers().between(0, 9).array(int[].class).ofMinSize(0).ofMaxSize(4);
    }

    private static Tensor random(long seed, int... shape) {
        return Tensor.randn(new Rng(seed), shape);
    }

    @Property(tries = TRIES)
    void addingBroadcastOperandsIsAddingTheirExpansions(@ForAll("shapes") int[] shape, @ForAll @IntRange(max = 15) int ones,
            @ForAll long seed) {
        int[] narrow = shape.clone();
        for (int d = 0; d < narrow.length; d++) {
            narrow[d] = (ones >> d & 1) != 0 ? 1 : narrow[d];
        }
        Tensor x = random(seed, shape);
        Tensor y = random(seed + 1, narrow);
        assertArrayEquals(x.add(y.expand(shape).keep()).toFloatArray(), x.add(y).toFloatArray());
        assertArrayEquals(y.add(x).toFloatArray(), x.add(y).toFloatArray());
    }

    @Property(tries = TRIES)
    void aFoldOfAViewIsTheFoldOfItsCopy(@ForAll("shapes") int[] shape, @ForAll @IntRange(max = 15) int dims, @ForAll long seed) {
        Tensor x = random(seed, shape);
        int[] reversed = new int[shape.length];
        Arrays.setAll(reversed, d -> shape.length - 1 - d);
        Tensor view = x.permute(reversed);
        Tensor copy = view.keep();
        int[] chosen = java.util.stream.IntStream.range(0, shape.length).filter(d -> (dims >> d & 1) != 0).toArray();
        assertArrayEquals(copy.sum(chosen).toFloatArray(), view.sum(chosen).toFloatArray());
        assertArrayEquals(copy.prod(chosen).toFloatArray(), view.prod(chosen).toFloatArray());
        if (x.numel() > 0) {
            assertArrayEquals(copy.amax(chosen).toFloatArray(), view.amax(chosen).toFloatArray());
        }
    }

    @Property(tries = TRIES)
    void permutingBackGivesTheTensor(@ForAll("shapes") int[] shape, @ForAll long seed) {
        Tensor x = random(seed, shape);
        int[] rotated = new int[shape.length];
        int[] back = new int[shape.length];
        for (int d = 0; d < shape.length; d++) {
            rotated[d] = (d + 1) % shape.length;
            back[(d + 1) % shape.length] = d;
        }
        assertArrayEquals(x.toFloatArray(), x.permute(rotated).permute(back).toFloatArray());
    }

    /** The gradient is linear in what arrives, and nothing of the walk stays in the tape. */
    @Property(tries = TRIES)
    void backwardIsLinearInTheUpstreamGradient(@ForAll("shapes") int[] shape, @ForAll long seed) {
        Tensor x = random(seed, shape).to(DType.FLOAT64).requiresGrad(true);
        try (Tape tape = Tape.open()) {
            Tensor y = x.tanh().mul(x).add(x.sum());
            Tensor g = random(seed + 1, shape).to(DType.FLOAT64);
            long before = tape.liveBytes();
            y.backward(g, true);
            assertEquals(before, tape.liveBytes());
            double[] once = x.grad().toDoubleArray();
            x.zeroGrad();
            y.backward(g.mul(4));
            double[] fourfold = x.grad().toDoubleArray();
            for (int i = 0; i < once.length; i++) {
                assertEquals(4 * once[i], fourfold[i], 1e-12 * (1 + Math.abs(once[i])));
            }
        }
    }

    @Property(tries = TRIES)
    void aSecondDerivativeIsTheDifferenceOfFirstOnes(@ForAll @IntRange(min = -20, max = 20) int tenths) {
        double at = tenths / 10.0 + 0.05;
        double h = 1e-5;
        double difference = (slope(at + h) - slope(at - h)) / (2 * h);
        try (Tape tape = Tape.open()) {
            Tensor x = Tensor.scalar(at, DType.FLOAT64).requiresGrad(true);
            Tensor first = Grad.grad(function(x), x, true);
            assertEquals(difference, Grad.grad(first, x, false).item(), 1e-6 * (1 + Math.abs(difference)));
        }
    }

    private static Tensor function(Tensor x) {
        return x.sin().mul(x.exp()).add(x.sigmoid().square());
    }

    private static double slope(double at) {
        try (Tape tape = Tape.open()) {
            Tensor x = Tensor.scalar(at, DType.FLOAT64).requiresGrad(true);
            return Grad.grad(function(x), x, false).item();
        }
    }
}

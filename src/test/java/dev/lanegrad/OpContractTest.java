package dev.lanegrad;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.lanegrad.internal.graph.Pointwise;
import dev.lanegrad.internal.graph.Value;
import dev.lanegrad.internal.lane.Lane;
import dev.lanegrad.internal.lane.ScalarInterpreter;
import dev.lanegrad.internal.op.Binary;
import dev.lanegrad.internal.op.Domain;
import dev.lanegrad.internal.op.Elementwise;
import dev.lanegrad.internal.op.Ternary;
import dev.lanegrad.internal.op.Unary;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What every op of the tables promises, checked for all of them: a new constant needs no new test. */
@Tag("widths")
class OpContractTest {
    private static final long SEED = 20261124;
    private static final double FLOAT_ULPS = 3.5;
    private static final double DOUBLE_ULPS = 4;
    /** What the references themselves lose where they subtract, as 1 + erf does; the ulp tables have no such slack. */
    private static final double CANCELLATION = 4e-15;

    static Stream<Elementwise> ops() {
        return Stream.of(Unary.values(), Binary.values(), Ternary.values()).flatMap(Arrays::stream);
    }

    static Stream<Elementwise> differentiableOps() {
        return ops().filter(op -> !op.isPredicate());
    }

    static Tensor apply(Elementwise op, List<Tensor> operands) {
        Value[] values = operands.stream().map(tensor -> tensor.value).toArray(Value[]::new);
        return new Tensor(Pointwise.apply(op, values));
    }

    private static double sample(Rng rng, Domain domain) {
        while (true) {
            double x = domain.low() + (domain.high() - domain.low()) * rng.nextUniform();
            if (domain.kinks().stream().allMatch(kink -> Math.abs(x - kink) > 0.05)) {
                return x;
            }
        }
    }

    /** Samples of all operands; no two operands come near each other, where maximum and clamp have kinks. */
    static List<Tensor> samples(Elementwise op, DType dtype, Rng rng, int... shape) {
        int count = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
        double[][] numbers = new double[op.arity()][count];
        for (int i = 0; i < count; i++) {
            boolean apart;
            do {
                apart = true;
                for (int o = 0; o < op.arity(); o++) {
                    numbers[o][i] = (float) sample(rng, op.domain(o));
                    for (int p = 0; p < o; p++) {
                        apart &= Math.abs(numbers[o][i] - numbers[p][i]) > 0.05;
                    }
                }
            } while (!apart);
        }
        return Arrays.stream(numbers).map(n -> Tensor.of(n, shape).to(dtype)).toList();
    }

    @ParameterizedTest
    @MethodSource("ops")
    void valuesAreThoseOfTheReference(Elementwise op) {
        System.out.println("OpContractTest: seed " + SEED);
        for (DType dtype : List.of(DType.FLOAT32, DType.FLOAT64)) {
            for (int n : new int[] {0, 1, 15, 16, 17, 31, 65, 207, 1023, 4098}) {
                List<Tensor> operands = samples(op, dtype, new Rng(SEED + n), n);
                double[] actual = apply(op, operands).toDoubleArray();
                double[][] in = operands.stream().map(Tensor::toDoubleArray).toArray(double[][]::new);
                for (int i = 0; i < n; i++) {
                    int at = i;
                    double expected = op.reference(Arrays.stream(in).mapToDouble(o -> o[at]).toArray());
                    double ulp = dtype == DType.FLOAT32 ? Math.ulp((float) expected) : Math.ulp(expected);
                    double bound = (dtype == DType.FLOAT32 ? FLOAT_ULPS : DOUBLE_ULPS) * ulp + CANCELLATION;
                    assertEquals(expected, actual[i], bound, op + " of " + dtype + ", element " + i + " of " + n);
                }
            }
        }
    }

    /** One meaning: kernels give the bits of the scalar interpreter, wherever an element stands. */
    @ParameterizedTest
    @MethodSource("ops")
    void kernelsGiveTheBitsOfTheScalarInterpreter(Elementwise op) {
        double[] points = {0, -0.0, 1, -1, 0.5, 3.75, -2.5, 100, -100, 1e-40, -1e-40, 3e38, -3e38, Double.NaN,
            Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, 0.1, 20.5, -20.5};
        for (DType dtype : List.of(DType.FLOAT32, DType.FLOAT64)) {
            double[][] in = new double[op.arity()][points.length * points.length];
            for (int i = 0; i < in[0].length; i++) {
                for (int o = 0; o < op.arity(); o++) {
                    double point = points[o == 0 ? i % points.length : o == 1 ? i / points.length
                            : (i * 7 + 3) % points.length];
                    in[o][i] = dtype == DType.FLOAT32 ? (float) point : point;
                }
            }
            List<Tensor> operands = Arrays.stream(in).map(n -> Tensor.of(n).to(dtype)).toList();
            double[] actual = apply(op, operands).toDoubleArray();
            Lane lane = dtype == DType.FLOAT32 ? Lane.FLOAT : Lane.DOUBLE;
            for (int i = 0; i < actual.length; i++) {
                int at = i;
                double expected = ScalarInterpreter.evaluate(op.kernels().in(lane).code(),
                        Arrays.stream(in).mapToDouble(o -> o[at]).toArray());
                assertEquals(Double.doubleToLongBits(expected), Double.doubleToLongBits(actual[i]),
                        op + " of " + dtype + " at " + in[0][i] + ": " + expected + " and " + actual[i]);
            }
        }
    }

    /** A view and its copy give the same bits. */
    @ParameterizedTest
    @MethodSource("ops")
    void layoutsDoNotMatter(Elementwise op) {
        List<Tensor> operands = samples(op, DType.FLOAT32, new Rng(SEED), 6, 35);
        for (int layout = 0; layout < 4; layout++) {
            int kind = layout;
            List<Tensor> views = operands.stream().map(tensor -> view(tensor, kind)).toList();
            List<Tensor> copies = views.stream().map(Tensor::keep).toList();
            assertArrayEquals(apply(op, copies).toFloatArray(), apply(op, views).toFloatArray(), op + " layout " + kind);
            List<Tensor> mixed = new java.util.ArrayList<>(copies);
            mixed.set(0, views.getFirst());
            assertArrayEquals(apply(op, copies).toFloatArray(), apply(op, mixed).toFloatArray(), op + " mixed " + kind);
        }
    }

    private static Tensor view(Tensor tensor, int kind) {
        return switch (kind) {
            case 0 -> tensor.t();
            case 1 -> tensor.slice(1, 3, 30, 2);
            case 2 -> tensor.slice(0, 1, 2).expand(4, 35);
            default -> tensor.slice(1, 0, 1).expand(6, 300);
        };
    }

    @ParameterizedTest
    @MethodSource("differentiableOps")
    void gradientsAgreeWithFiniteDifferences(Elementwise op) {
        Tensor[] operands = tracked(op, samples(op, DType.FLOAT64, new Rng(SEED), 7));
        GradCheck.check(in -> apply(op, in), operands);
        GradCheck.checkSecond(in -> apply(op, in), operands);
    }

    /** The derivative of the second derivative, by finite differences. */
    @ParameterizedTest
    @MethodSource("differentiableOps")
    void thirdDerivativesAgreeWithFiniteDifferences(Elementwise op) {
        Tensor[] operands = tracked(op, samples(op, DType.FLOAT64, new Rng(SEED), 4));
        GradCheck.check(in -> second(in, apply(op, in)), operands);
    }

    /** A weighted sum of the second derivatives of {@code result} by all inputs; 0 if there is none. */
    static Tensor second(List<Tensor> inputs, Tensor result) {
        List<Tensor> tracked = inputs.stream().filter(Tensor::requiresGrad).toList();
        Tensor value = result;
        for (int order = 0; order < 2; order++) {
            Tensor weights = Tensor.linspace(0.5, 1.5, (int) value.numel()).to(DType.FLOAT64).reshape(value.shape());
            Tensor sum = value.mul(weights).sum();
            if (!sum.requiresGrad()) {
                return tracked.getFirst().mul(0);
            }
            List<Tensor> gradients = Grad.grad(List.of(sum), tracked, null, true, true, true, true);
            value = Tensor.cat(0, gradients.stream().map(Tensor::flatten).toArray(Tensor[]::new));
        }
        return value.requiresGrad() ? value : value.add(tracked.getFirst().flatten().sum().mul(0));
    }

    @ParameterizedTest
    @MethodSource("differentiableOps")
    void broadcastGradientsAgreeWithFiniteDifferences(Elementwise op) {
        List<Tensor> wide = samples(op, DType.FLOAT64, new Rng(SEED + 1), 2, 3);
        if (op == Ternary.CLAMP || op == Binary.MAXIMUM || op == Binary.MINIMUM) {
            return; // Repeated operands would come near each other's kinks.
        }
        Tensor[] operands = tracked(op, wide);
        operands[0] = operands[0].detach().slice(0, 0, 1).keep().requiresGrad(operands[0].requiresGrad());
        GradCheck.check(in -> apply(op, in), operands);
    }

    static Tensor[] tracked(Elementwise op, List<Tensor> samples) {
        Tensor[] operands = samples.toArray(Tensor[]::new);
        for (int i = 0; i < operands.length; i++) {
            operands[i] = operands[i].requiresGrad(op.derivative(i) != null);
        }
        return operands;
    }

    @ParameterizedTest
    @MethodSource("ops")
    void sizesThatDoNotFitAreAnError(Elementwise op) {
        if (op.arity() > 1) {
            List<Tensor> operands = new java.util.ArrayList<>(samples(op, DType.FLOAT32, new Rng(SEED), 3));
            operands.set(1, Tensor.ones(4));
            assertTrue(assertThrows(IllegalArgumentException.class, () -> apply(op, operands)).getMessage()
                    .contains("must match the size of tensor b (4)"));
        }
    }

    /** The derived saves: an op keeps its operand, its result, or nothing; the reviewer sees it here. */
    @Test
    void whatTheTapeKeeps() {
        assertEquals(0, Binary.ADD.derivative(0).saved());
        assertEquals(0b1000, Unary.EXP.derivative(0).saved());
        assertEquals(0b1000, Unary.TANH.derivative(0).saved());
        assertEquals(0b0001, Unary.LOG.derivative(0).saved());
        assertEquals(0b0010, Binary.MUL.derivative(0).saved());
    }
}

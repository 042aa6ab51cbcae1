package dev.lanegrad.internal.lane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import java.util.function.BiFunction;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every lowering against exact results, in ulps; its special values; and how many instructions it takes. */
class LoweringsTest {
    private static final long SEED = 20_260_101;
    private static final int SAMPLES = 200_000;
    private static final double[] SPECIALS = {0.0, -0.0, inf(), -inf(), nan()};
    /** Where float and double lanes stop reducing the operands of sine and cosine. */
    private static final double FLOAT_TURNS = 0x1p21;
    private static final double DOUBLE_TURNS = 0x1p50;

    /**
     * The columns: largest error of the double and of the float lane, most instructions of either, special values,
     * reference.
     */
    enum Function {
        EXP(1.0, 1.0, 49, 38, Lowerings::exp, specials(1, 1, inf(), 0), StrictMath::exp),
        EXPM1(1.6, 1.5, 50, 40, Lowerings::expm1, specials(0.0, -0.0, inf(), -1), StrictMath::expm1),
        LOG(1.0, 1.0, 62, 54, Lowerings::log, specials(-inf(), -inf(), inf(), nan()), StrictMath::log),
        LOG1P(1.5, 1.6, 64, 56, Lowerings::log1p, specials(0.0, -0.0, inf(), nan()), StrictMath::log1p),
        SIN(1.5, 1.6, 62, 50, Lowerings::sin, specials(0.0, -0.0, nan(), nan()), StrictMath::sin),
        COS(1.5, 1.6, 59, 47, Lowerings::cos, specials(1, 1, nan(), nan()), StrictMath::cos),
        TANH(1.9, 1.8, 56, 46, Lowerings::tanh, specials(0.0, -0.0, 1, -1), StrictMath::tanh),
        SIGMOID(1.8, 1.9, 55, 44, Lowerings::sigmoid, specials(0.5, 0.5, 1, 0), x -> 1 / (1 + StrictMath.exp(-x))),
        SILU(1.8, 1.9, 56, 45, Lowerings::silu, specials(0.0, -0.0, inf(), nan()), x -> x / (1 + StrictMath.exp(-x))),
        SOFTPLUS(1.7, 2.0, 100, 81, Lowerings::softplus, specials(Math.log(2), Math.log(2), inf(), 0),
                x -> x > 20 ? x : StrictMath.log1p(StrictMath.exp(x))),
        ERF(1.2, 1.2, 112, 68, Lowerings::erf, specials(0.0, -0.0, 1, -1), x -> inDoubles("ERF", x)),
        GELU(2.7, 3.2, 102, 65, Lowerings::gelu, specials(0.0, -0.0, inf(), nan()), x -> inDoubles("GELU", x)),
        NDTR(2.7, 3.5, 105, 68, Lowerings::ndtr, specials(0.5, 0.5, 1, 0), x -> inDoubles("NDTR", x)),
        NORMAL_DENSITY(2.0, 2.2, 46, 35, Lowerings::normalDensity,
                specials(1 / Math.sqrt(2 * Math.PI), 1 / Math.sqrt(2 * Math.PI), 0, 0),
                x -> inDoubles("NORMAL_DENSITY", x)),
        RSQRT(1.5, 1.5, 4, 4, Lowerings::rsqrt, specials(inf(), -inf(), 0.0, nan()), x -> 1 / Math.sqrt(x));

        final double doubleBound;
        final double floatBound;
        final int doubleInsts;
        final int floatInsts;
        final LaneCode doubles;
        final LaneCode floats;
        final double[] specials;
        final DoubleUnaryOperator reference;

        Function(double doubleBound, double floatBound, int doubleInsts, int floatInsts,
                UnaryOperator<LaneValue> lowering, double[] specials, DoubleUnaryOperator reference) {
            this.doubleBound = doubleBound;
            this.floatBound = floatBound;
            this.doubleInsts = doubleInsts;
            this.floatInsts = floatInsts;
            this.doubles = code(Lane.DOUBLE, lowering);
            this.floats = code(Lane.FLOAT, lowering);
            this.specials = specials;
            this.reference = reference;
        }

        List<UlpTable.Row> table() {
            List<UlpTable.Row> rows = UlpTable.read(name().toLowerCase(java.util.Locale.ROOT));
            return this != SOFTPLUS ? rows : rows.stream().map(row -> row.operands()[0] <= 20 ? row
                    : new UlpTable.Row(row.operands(), row.operands()[0], 0)).toList();
        }

        boolean covers(double x, double turns) {
            return this != SIN && this != COS || Math.abs(x) <= turns;
        }
    }

    private static double inf() {
        return Double.POSITIVE_INFINITY;
    }

    private static double nan() {
        return Double.NaN;
    }

    /** Results at 0, -0, infinity, negative infinity and NaN. */
    private static double[] specials(double... results) {
        return new double[] {results[0], results[1], results[2], results[3], Double.NaN};
    }

    private static double inDoubles(String function, double x) {
        return ScalarInterpreter.evaluate(Function.valueOf(function).doubles, x);
    }

    private static LaneCode code(Lane lane, UnaryOperator<LaneValue> lowering) {
        LaneBuilder builder = new LaneBuilder(lane);
        return builder.build(1, lowering.apply(builder.input(0)));
    }

    private static LaneCode code(Lane lane, BiFunction<LaneValue, LaneValue, LaneValue> lowering) {
        LaneBuilder builder = new LaneBuilder(lane);
        return builder.build(2, lowering.apply(builder.input(0), builder.input(1)));
    }

    @ParameterizedTest
    @EnumSource
    void doublesAreWithinTheirBoundOfTheTable(Function function) {
        for (UlpTable.Row row : function.table()) {
            double value = ScalarInterpreter.evaluate(function.doubles, row.operands());
            if (function.covers(row.operands()[0], DOUBLE_TURNS)) {
                double ulps = row.ulps(value);
                assertTrue(ulps <= function.doubleBound,
                        () -> function + " " + row + ": " + value + ", " + ulps + " ulp");
            } else {
                assertTrue(Math.abs(value) <= 1, () -> function + " " + row + ": " + value);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void floatsAreWithinTheirBoundOfTheTable(Function function) {
        for (UlpTable.Row row : function.table()) {
            if (row.isFloat() && function.covers(row.operands()[0], FLOAT_TURNS)) {
                double value = ScalarInterpreter.evaluate(function.floats, row.operands());
                double ulps = row.floatUlps(value);
                assertTrue(ulps <= function.floatBound,
                        () -> function + " " + row + ": " + value + ", " + ulps + " ulp");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void floatsOfAnySizeAreWithinTheirBound(Function function) {
        Random random = random();
        for (int i = 0; i < SAMPLES; i++) {
            double x = sample(random, i);
            double value = ScalarInterpreter.evaluate(function.floats, x);
            if (function.covers(x, FLOAT_TURNS)) {
                double ulps = UlpTable.floatUlps(value, function.reference.applyAsDouble(x));
                assertTrue(ulps <= function.floatBound,
                        () -> function + " " + x + ": " + value + ", " + ulps + " ulp");
            } else if (Double.isFinite(x)) {
                assertTrue(Math.abs(value) <= 1, () -> function + " " + x + ": " + value);
            } else {
                assertTrue(Double.isNaN(value), () -> function + " " + x + ": " + value);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void specialValuesAreExact(Function function) {
        for (int i = 0; i < SPECIALS.length; i++) {
            String name = function + " at " + SPECIALS[i];
            assertEquals(function.specials[i], ScalarInterpreter.evaluate(function.doubles, SPECIALS[i]), name);
            double single = (float) function.specials[i];
            assertEquals(single, ScalarInterpreter.evaluate(function.floats, SPECIALS[i]), name);
        }
    }

    @ParameterizedTest
    @EnumSource
    void noPayloadOfANaNIsTakenForANumber(Function function) {
        for (long payload : new long[] {1, 0x7f, 0xff, 0x1ff, 0x3fffff}) {
            for (int sign : new int[] {0, 1}) {
                int single = 0x7fc00000 | (int) payload | sign << 31;
                long wide = 0x7ff8000000000000L | payload << 10 | payload | (long) sign << 63;
                assertTrue(Float.isNaN(Float.intBitsToFloat((int) ScalarInterpreter.run(function.floats, single)[0])));
                assertTrue(Double.isNaN(Double.longBitsToDouble(ScalarInterpreter.run(function.doubles, wide)[0])));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void noFunctionGrowsUnnoticed(Function function) {
        assertTrue(function.doubles.insts().size() <= function.doubleInsts,
                () -> function + " in doubles: " + function.doubles.insts().size());
        assertTrue(function.floats.insts().size() <= function.floatInsts,
                () -> function + " in floats: " + function.floats.insts().size());
    }

    @ParameterizedTest
    @EnumSource(names = {"SIN", "TANH", "ERF"})
    void oddFunctionsAreOddToTheLastBit(Function function) {
        Random random = random();
        for (int i = 0; i < 20_000; i++) {
            double x = Math.abs(sample(random, i));
            if (!Double.isNaN(x) && (function != Function.SIN || Double.isFinite(x))) {
                for (LaneCode code : List.of(function.doubles, function.floats)) {
                    assertEquals(-ScalarInterpreter.evaluate(code, x), ScalarInterpreter.evaluate(code, -x),
                            () -> function + " " + x);
                }
            }
        }
    }

    @Test
    void powersAreWithinTheirBoundOfTheTable() {
        LaneCode doubles = code(Lane.DOUBLE, Lowerings::pow);
        LaneCode floats = code(Lane.FLOAT, Lowerings::pow);
        for (UlpTable.Row row : UlpTable.read("pow")) {
            double value = ScalarInterpreter.evaluate(doubles, row.operands());
            assertTrue(row.ulps(value) <= 1, () -> row + ": " + value + ", " + row.ulps(value) + " ulp");
            if (row.isFloat()) {
                double single = ScalarInterpreter.evaluate(floats, row.operands());
                assertTrue(row.floatUlps(single) <= 1,
                        () -> row + ": " + single + ", " + row.floatUlps(single) + " ulp");
            }
        }
    }

    @Test
    void powersOfFloatsOfAnySizeAreWithinTheirBound() {
        LaneCode floats = code(Lane.FLOAT, Lowerings::pow);
        Random random = random();
        for (int i = 0; i < SAMPLES; i++) {
            double x = Math.abs(sample(random, i));
            double exponent = (float) (random.nextGaussian() * 60 / (i % 2 == 0 ? Math.log(x) : 20));
            double value = ScalarInterpreter.evaluate(floats, x, exponent);
            double exact = power(x, exponent);
            double ulps = UlpTable.floatUlps(value, exact);
            assertTrue(ulps <= 1, () -> x + " ^ " + exponent + ": " + value + " for " + exact + ", " + ulps + " ulp");
        }
    }

    @Test
    void powersHaveTheSpecialCasesOfIeee754() {
        double[] numbers = {0.0, -0.0, 1, -1, 2, -2, 0.5, -0.5, 3, -3, 1.5, -1.5, 2.5, 0x1p-10, 7, -7, 0x1p22 + 1,
            0x1p23 - 0.5, 0x1p23 + 1, -0x1p23 - 1, 0x1p24 - 1, 0x1p24, 0x1p30, -0x1p30, 0x1p100, -0x1p100,
            Float.MIN_VALUE, -Float.MIN_VALUE, Float.MAX_VALUE, -Float.MAX_VALUE, 1 - 0x1p-24, 1 + 0x1p-23,
            inf(), -inf(), nan()};
        LaneCode doubles = code(Lane.DOUBLE, Lowerings::pow);
        LaneCode floats = code(Lane.FLOAT, Lowerings::pow);
        for (double x : numbers) {
            for (double y : numbers) {
                double exact = power(x, y);
                double wide = ScalarInterpreter.evaluate(doubles, x, y);
                double single = ScalarInterpreter.evaluate(floats, x, y);
                String name = x + " ^ " + y + ": " + wide + " and " + single + " for " + exact;
                assertTrue(new UlpTable.Row(new double[] {x, y}, exact, 0).ulps(wide) <= 1.5, name);
                assertTrue(UlpTable.floatUlps(single, exact) <= 1, name);
            }
        }
        for (double odd : new double[] {0x1p52 + 1, 0x1p53 - 1}) {
            assertEquals(-1, ScalarInterpreter.evaluate(doubles, -1, odd));
            assertEquals(1, ScalarInterpreter.evaluate(doubles, -1, 2 * odd));
        }
        assertEquals(nan(), ScalarInterpreter.evaluate(doubles, -1, 0x1p51 + 0.5));
    }

    /** Java's function, but 1 to any power is 1, and -1 to an infinite one. */
    private static double power(double x, double y) {
        return x == 1 || x == -1 && Double.isInfinite(y) ? 1 : StrictMath.pow(x, y);
    }

    @Test
    void theSimpleFunctionsAreWhatTheySay() {
        check(Lowerings::reciprocal, x -> 1 / x);
        check(Lowerings::square, x -> x * x);
        check(Lowerings::sign, x -> x > 0 ? 1 : x < 0 ? -1 : 0);
        check(Lowerings::relu, x -> x < 0 ? 0 : x);
    }

    private static void check(UnaryOperator<LaneValue> lowering, DoubleUnaryOperator exact) {
        LaneCode doubles = code(Lane.DOUBLE, lowering);
        LaneCode floats = code(Lane.FLOAT, lowering);
        Random random = random();
        for (int i = 0; i < 20_000; i++) {
            double x = i < SPECIALS.length ? SPECIALS[i] : sample(random, i);
            assertEquals(exact.applyAsDouble(x), ScalarInterpreter.evaluate(doubles, x));
            assertEquals((double) (float) exact.applyAsDouble(x), ScalarInterpreter.evaluate(floats, x));
        }
    }

    @Test
    void powersOfTwoReachTheEndsOfTheRange() {
        DoubleBinaryOperator both = (x, y) -> ScalarInterpreter.evaluate(code(Lane.FLOAT, Lowerings::pow), x, y);
        assertEquals(0x1p100, both.applyAsDouble(2, 100));
        assertEquals(0x1p-149, both.applyAsDouble(2, -149));
        assertFalse(Double.isNaN(both.applyAsDouble(-0x1p-126, -3)));
    }

    private static Random random() {
        System.out.println("LoweringsTest: seed " + SEED);
        return new Random(SEED);
    }

    /** Every fourth of them any bits, the others about 1, 10 and 100. */
    private static double sample(Random random, int index) {
        return switch (index % 4) {
            case 0 -> Float.intBitsToFloat(random.nextInt());
            case 1 -> (float) random.nextGaussian();
            case 2 -> (float) (10 * random.nextGaussian());
            default -> (float) (100 * random.nextGaussian());
        };
    }
}

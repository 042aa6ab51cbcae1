package dev.lanegrad;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Tag;
import net.jqwik.api.constraints.IntRange;

/** Laws of compiled programs, on random functions that a seed determines. */
@Tag("widths")
class ProgramProps {
    private static final int TRIES = 200;

    private static void assertSame(List<Tensor> expected, List<Tensor> actual) {
        assertEquals(expected.size(), actual.size());
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i).shape(), actual.get(i).shape());
            assertArrayEquals(expected.get(i).toDoubleArray(), actual.get(i).toDoubleArray());
        }
    }

    @Property(tries = TRIES)
    void aProgramComputesWhatItsFunctionDoes(@ForAll long seed, @ForAll @IntRange(min = 1, max = 20) int length) {
        RandomFunction function = new RandomFunction(seed, length);
        List<Tensor> arguments = RandomFunction.arguments(seed);
        try (Program program = Program.ofList(function)) {
            assertSame(function.apply(arguments), program.call(arguments.toArray(Tensor[]::new)));
        }
    }

    @Property(tries = TRIES)
    void aProgramOfOnePartAfterTheOtherIsTheProgramOfBoth(@ForAll long seed, @ForAll @IntRange(min = 1, max = 8) int length) {
        RandomFunction first = new RandomFunction(seed, length);
        RandomFunction second = new RandomFunction(seed + 1, length);
        Tensor[] arguments = RandomFunction.arguments(seed).toArray(Tensor[]::new);
        try (Program one = Program.ofList(first); Program other = Program.ofList(second);
                Program both = Program.ofList(inputs -> second.apply(first.apply(inputs)))) {
            assertSame(other.call(one.call(arguments).toArray(Tensor[]::new)), both.call(arguments));
        }
    }

    @Property(tries = TRIES)
    void theGradientOfASumOfProgramsIsTheSumOfTheirGradients(@ForAll long seed, @ForAll @IntRange(min = 1, max = 8) int length) {
        RandomFunction function = new RandomFunction(seed, length);
        Tensor[] arguments = RandomFunction.arguments(seed).stream().map(argument -> argument.to(DType.FLOAT64))
                .toArray(Tensor[]::new);
        try (Program once = Program.valueAndGradList(inputs -> function.apply(inputs).getFirst().tanh().sum());
                Program twice = Program.valueAndGradList(inputs -> {
                    Tensor value = function.apply(inputs).getFirst().tanh().sum();
                    return value.add(value);
                })) {
            List<Tensor> single = once.call(arguments);
            List<Tensor> doubled = twice.call(arguments);
            for (int i = 0; i < single.size(); i++) {
                // Doubling is exact, so this holds to the last bit (a zero's sign aside).
                assertArrayEquals(single.get(i).mul(2).add(0.0).toDoubleArray(), doubled.get(i).add(0.0).toDoubleArray());
            }
        }
    }
}

package dev.lanegrad.acceptance;

import static dev.lanegrad.acceptance.Cases.fails;
import static dev.lanegrad.acceptance.Cases.leaf;
import static dev.lanegrad.acceptance.Cases.near;
import static dev.lanegrad.acceptance.Cases.numbers;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.lanegrad.DType;
import dev.lanegrad.GradCheck;
import dev.lanegrad.Tape;
import dev.lanegrad.Tensor;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Elements chosen by slices, indices and masks, broadcast views, and choices: the cases of PyTorch's own tests. */
class IndexingCasesTest {
    private Tape tape;

    @BeforeEach
    void open() {
        tape = Tape.open();
    }

    @AfterEach
    void close() {
        tape.close();
    }

    private record Choice(String name, UnaryOperator<Tensor> by, int... places) {
    }

    @Test // A72
    void chosenElementsAndTheirGradients() {
        Tensor mask = numbers(3, 4, 4).gt(0);
        int[] chosen = java.util.stream.IntStream.range(0, 16).filter(i -> mask.get(i / 4, i % 4) != 0).toArray();
        for (Choice choice : List.of(new Choice("0", t -> t.select(0, 0), 0, 1, 2, 3),
                new Choice("1, 1", t -> t.select(0, 1).select(0, 1), 5),
                new Choice("1:", t -> t.slice(0, 1, 4), 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
                new Choice(":2", t -> t.slice(0, 0, 2), 0, 1, 2, 3, 4, 5, 6, 7),
                new Choice(":2, 2", t -> t.slice(0, 0, 2).select(1, 2), 2, 6),
                new Choice("1, 2:", t -> t.select(0, 1).slice(0, 2, 4), 6, 7),
                new Choice(":, 2:", t -> t.slice(1, 2, 4), 2, 3, 6, 7, 10, 11, 14, 15),
                new Choice("-1, ::2", t -> t.select(0, -1).slice(0, 0, 4, 2), 12, 14),
                new Choice("[0, 2]", t -> t.index(Tensor.of(0L, 2L)), 0, 1, 2, 3, 8, 9, 10, 11),
                new Choice("mask", t -> t.index(mask), chosen),
                new Choice("[1, 2, 3], [0]", t -> t.index(Tensor.of(1L, 2L, 3L), Tensor.of(0L)), 4, 8, 12),
                new Choice("[[1, 2], [3, 0]], [[0, 1], [2, 3]]",
                        t -> t.index(Tensor.of(new long[] {1, 2, 3, 0}, 2, 2), Tensor.of(new long[] {0, 1, 2, 3}, 2, 2)), 4, 9, 14, 3),
                new Choice("negative", t -> t.index(Tensor.of(-1L), Tensor.of(-4L)), 12),
                new Choice("rows by mask", t -> t.index(Tensor.of(1.0, 0, 0, 1).gt(0)), 0, 1, 2, 3, 12, 13, 14, 15))) {
            Tensor x = Tensor.arange(1, 17, 1, DType.FLOAT64).reshape(4, 4).requiresGrad(true);
            Tensor result = choice.by.apply(x);
            double[] values = new double[choice.places.length];
            double[] gradient = new double[16];
            for (int i = 0; i < values.length; i++) {
                values[i] = choice.places[i] + 1;
                gradient[choice.places[i]] = 1;
            }
            assertArrayEquals(values, result.toDoubleArray(), choice.name);
            result.sum().backward();
            assertArrayEquals(gradient, x.grad().toDoubleArray(), choice.name);
        }
    }

    @Test // A73
    void elementsChosenTwiceGatherBothGradients() {
        Tensor x = Tensor.arange(1, 17, 1, DType.FLOAT64).reshape(4, 4).requiresGrad(true);
        x.index(Tensor.of(1L, 1L, 3L, 2L, 1L, 2L)).sum().backward();
        near(new double[] {0, 0, 0, 0, 3, 3, 3, 3, 2, 2, 2, 2, 1, 1, 1, 1}, x.grad());
        x.zeroGrad();
        x.index(Tensor.of(new long[] {1, 2, 0, 0}, 2, 2), Tensor.of(new long[] {0, 1, 1, 1}, 2, 2)).sum().backward();
        near(new double[] {0, 2, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0}, x.grad());
    }

    @Test
    void indicesThatDoNotFit() {
        Tensor x = leaf(1, 4, 3);
        fails(IndexOutOfBoundsException.class, "index 4 is out of bounds for dimension 0 with size 4", () -> x.index(Tensor.of(4L)));
        fails(IndexOutOfBoundsException.class, "too many indices",
                () -> x.index(Tensor.of(0L), Tensor.of(0L), Tensor.of(0L)));
        fails(IndexOutOfBoundsException.class, "The shape of the mask [3]", () -> x.index(Tensor.of(1.0, 0, 1).gt(0)));
        fails(IllegalArgumentException.class, "shape mismatch", () -> x.clone().indexPut_(numbers(1, 5), Tensor.of(0L)));
    }

    @Test // A75
    void aMatrixTimesAnExpandedVector() {
        GradCheck.check(in -> in.get(0).matmul(in.get(1).expand(2)).sum(), leaf(1, 2, 2), leaf(2, 1));
    }

    @Test // A76
    void theSumOfASelectedSlice() {
        GradCheck.check(in -> in.get(0).select(0, 1).sum(), leaf(1, 10));
        GradCheck.check(in -> in.get(0).select(0, 1).sum(), leaf(1, 3, 4));
    }

    @Test // A79
    void choicesAndTheirGradients() {
        Tensor condition = numbers(3, 5, 5).gt(0);
        GradCheck.check(in -> condition.where(in.get(0), in.get(1)), leaf(1, 5, 5), leaf(2, 5, 5));
        GradCheck.checkSecond(in -> condition.where(in.get(0), in.get(1)), leaf(1, 5, 5), leaf(2, 5, 5));
        Tensor wide = numbers(4, 5, 1, 5).gt(0);
        GradCheck.check(in -> wide.where(in.get(0), in.get(1)), leaf(1, 5, 5, 1), leaf(2, 5));
        GradCheck.check(in -> condition.where(in.get(0), 3.5), leaf(1, 5, 5));
        GradCheck.check(in -> condition.where(-1, in.get(0)), leaf(1, 5, 5));
    }

    @Test // A81
    void powersOfZero() {
        for (Tensor exponent : List.of(Tensor.full(0, DType.FLOAT64, 10), Tensor.full(0, DType.FLOAT64))) {
            Tensor x = Tensor.full(0, DType.FLOAT64, 10).requiresGrad(true);
            x.pow(exponent).sum().backward();
            assertEquals(0, x.grad().abs().sum().item());
        }
        Tensor x = Tensor.full(0, DType.FLOAT64, 10).requiresGrad(true);
        x.pow(0).sum().backward();
        assertEquals(0, x.grad().abs().sum().item());
    }
}

package dev.lanegrad;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Values and shapes, with numbers that can be checked by hand. */
@Tag("widths")
class TensorTest {
    private static final Tensor MATRIX = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);

    private static void assertValues(Tensor tensor, double... expected) {
        assertArrayEquals(expected, tensor.toDoubleArray());
    }

    @Test
    void factoriesGiveWhatTheySay() {
        assertValues(Tensor.zeros(2, 2), 0, 0, 0, 0);
        assertValues(Tensor.ones(3), 1, 1, 1);
        assertValues(Tensor.full(2.5, DType.FLOAT64, 2), 2.5, 2.5);
        assertValues(Tensor.arange(1, 4, 1), 1, 2, 3);
        assertValues(Tensor.arange(3, 0, -1), 3, 2, 1);
        assertValues(Tensor.linspace(0, 1, 5), 0, 0.25, 0.5, 0.75, 1);
        assertValues(Tensor.linspace(2, 3, 1), 2);
        assertEquals(DType.INT64, Tensor.of(1L, 2L).dtype());
        assertEquals(0, Tensor.zeros(0, 3).numel());
        assertThrows(IllegalArgumentException.class, () -> Tensor.of(new float[3], 2, 2));
        assertThrows(IllegalArgumentException.class, () -> Tensor.zeros(-1));
    }

    @Test
    void randomNumbersFollowFromTheSeed() {
        assertArrayEquals(Tensor.randn(new Rng(5), 100).toFloatArray(), Tensor.randn(new Rng(5), 100).toFloatArray());
        Tensor uniform = Tensor.rand(new Rng(1), 10_000);
        assertEquals(0.5, uniform.mean().item(), 0.02);
        assertTrue(uniform.amin().item() >= 0 && uniform.amax().item() < 1);
        Tensor normal = Tensor.randn(new Rng(2), 10_000);
        assertEquals(0, normal.mean().item(), 0.05);
        assertEquals(1, normal.std().item(), 0.05);
    }

    @Test
    void broadcastingFollowsNumPy() {
        assertValues(MATRIX.add(Tensor.of(10f, 20f, 30f)), 11, 22, 33, 14, 25, 36);
        assertValues(MATRIX.add(Tensor.of(new float[] {10, 20}, 2, 1)), 11, 12, 13, 24, 25, 26);
        assertValues(MATRIX.mul(Tensor.scalar(2)), 2, 4, 6, 8, 10, 12);
        assertValues(Tensor.of(new float[] {1, 2}, 2, 1).mul(Tensor.of(3f, 4f)), 3, 4, 6, 8);
        assertArrayEquals(new int[] {0, 3}, Tensor.zeros(0, 3).add(Tensor.ones(3)).shape());
        IllegalArgumentException wrong = assertThrows(IllegalArgumentException.class,
                () -> MATRIX.add(Tensor.zeros(2, 4)));
        assertTrue(wrong.getMessage().startsWith(
                "add: The size of tensor a (3) must match the size of tensor b (4) at non-singleton dimension 1"));
    }

    @Test
    void viewsReadTheSameElements() {
        assertValues(MATRIX.t(), 1, 4, 2, 5, 3, 6);
        assertValues(MATRIX.t().add(0), 1, 4, 2, 5, 3, 6);
        assertValues(MATRIX.t().reshape(6), 1, 4, 2, 5, 3, 6);
        assertValues(MATRIX.slice(1, 1, 3), 2, 3, 5, 6);
        assertValues(MATRIX.slice(1, 0, 3, 2), 1, 3, 4, 6);
        assertValues(MATRIX.slice(1, -2, 100), 2, 3, 5, 6);
        assertValues(MATRIX.select(0, -1), 4, 5, 6);
        assertValues(MATRIX.select(1, 1).expand(2, 2), 2, 5, 2, 5);
        assertArrayEquals(new int[] {2, 1, 3}, MATRIX.unsqueeze(1).shape());
        assertArrayEquals(new int[] {2, 3}, MATRIX.unsqueeze(-1).squeeze().shape());
        assertValues(Tensor.cat(1, MATRIX, MATRIX.slice(1, 0, 1)), 1, 2, 3, 1, 4, 5, 6, 4);
        assertValues(Tensor.stack(0, Tensor.of(1f, 2f), Tensor.of(3f, 4f)), 1, 2, 3, 4);
        assertThrows(IndexOutOfBoundsException.class, () -> MATRIX.select(0, 2));
        assertThrows(IllegalArgumentException.class, () -> MATRIX.reshape(4));
        assertThrows(IllegalArgumentException.class, () -> MATRIX.permute(0, 0));
    }

    @Test
    void foldsOverAnySetOfDimensions() {
        assertValues(MATRIX.sum(), 21);
        assertValues(MATRIX.sum(0), 5, 7, 9);
        assertValues(MATRIX.sum(-1), 6, 15);
        assertArrayEquals(new int[] {2, 1}, MATRIX.sum(true, 1).shape());
        assertValues(MATRIX.mean(1), 2, 5);
        assertValues(MATRIX.prod(0), 4, 10, 18);
        assertValues(MATRIX.amax(1), 3, 6);
        assertValues(MATRIX.amin(0), 1, 2, 3);
        assertValues(MATRIX.var(1), 1, 1);
        assertEquals(3.5, MATRIX.var().item(), 1e-6);
        assertEquals(2L, MATRIX.argmax(1).toLongArray()[0]);
        assertEquals(0, Tensor.zeros(0).sum().item());
        assertEquals(1, Tensor.zeros(0).prod().item());
        assertTrue(Double.isNaN(Tensor.zeros(0).mean().item()));
        assertThrows(IllegalArgumentException.class, () -> Tensor.zeros(0).amax());
        assertThrows(IndexOutOfBoundsException.class, () -> MATRIX.sum(2));
    }

    @Test
    void comparisonsAndChoices() {
        Tensor big = MATRIX.gt(3);
        assertEquals(DType.BOOL, big.dtype());
        assertValues(big, 0, 0, 0, 1, 1, 1);
        assertValues(big.where(MATRIX, 0), 0, 0, 0, 4, 5, 6);
        assertValues(MATRIX.clamp(2, 4), 2, 2, 3, 4, 4, 4);
        assertEquals(3, big.sum().item());
        assertFalse(big.requiresGrad());
    }

    @Test
    void productsOfMatrices() {
        Tensor square = MATRIX.matmul(MATRIX.t());
        assertValues(square, 14, 32, 32, 77);
        assertValues(MATRIX.matmul(Tensor.of(1f, 0f, 1f)), 4, 10);
        assertValues(Tensor.of(1f, 1f).matmul(MATRIX), 5, 7, 9);
        assertEquals(14, Tensor.of(1f, 2f, 3f).matmul(Tensor.of(1f, 2f, 3f)).item());
        Tensor batch = Tensor.stack(0, MATRIX, MATRIX.mul(2)).matmul(Tensor.ones(3, 1));
        assertValues(batch, 6, 15, 12, 30);
        assertValues(Tensor.zeros(2, 0).matmul(Tensor.zeros(0, 2)), 0, 0, 0, 0);
        IllegalArgumentException wrong = assertThrows(IllegalArgumentException.class, () -> MATRIX.matmul(MATRIX));
        assertTrue(wrong.getMessage().contains("mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3"), wrong.getMessage());
    }

    @Test
    void elementsChosenByIndex() {
        assertValues(MATRIX.indexSelect(1, Tensor.of(2L, 0L, 2L)), 3, 1, 3, 6, 4, 6);
        assertValues(MATRIX.gather(1, Tensor.of(new long[] {0, 2}, 2, 1)), 1, 6);
        assertThrows(IndexOutOfBoundsException.class, () -> MATRIX.indexSelect(1, Tensor.of(3L)));
        assertThrows(IllegalArgumentException.class, () -> MATRIX.indexSelect(1, Tensor.of(1f)));
    }

    @Test
    void softmaxSumsToOneWithoutOverflow() {
        assertValues(Tensor.of(1000.0, 1000.0).softmax(0), 0.5, 0.5);
        assertValues(Tensor.of(1e4, 0.0).logSoftmax(0), 0, -1e4);
        assertEquals(1000 + Math.log(2), Tensor.of(1000.0, 1000.0).logSumExp().item(), 1e-12);
        assertEquals(Double.NEGATIVE_INFINITY, Tensor.zeros(0).logSumExp().item());
        Tensor loss = Tensor.of(new double[] {0, 0, 0, 0}, 2, 2).crossEntropy(Tensor.of(0L, 1L));
        assertEquals(Math.log(2), loss.item(), 1e-15);
        assertThrows(IndexOutOfBoundsException.class,
                () -> Tensor.zeros(1, 2).crossEntropy(Tensor.of(2L)));
    }

    @Test
    void typesAreWidenedAsInPyTorch() {
        assertEquals(DType.FLOAT64, Tensor.ones(2).add(Tensor.of(1.0, 2.0)).dtype());
        assertEquals(DType.FLOAT32, Tensor.ones(2).add(Tensor.scalar(1, DType.FLOAT64)).dtype());
        assertEquals(DType.FLOAT32, Tensor.of(1L, 2L).add(Tensor.ones(2)).dtype());
        assertEquals(DType.INT64, Tensor.of(1L, 2L).add(1).dtype());
        assertEquals(DType.FLOAT32, Tensor.of(1L, 2L).div(2).dtype());
        assertValues(Tensor.of(1L, 3L).to(DType.FLOAT64).div(2), 0.5, 1.5);
    }

    @Test
    void textIsPyTorchs() {
        assertEquals("tensor([1., 2.])", Tensor.of(1f, 2f).toString());
        assertEquals("tensor([1.5000, 2.0000])", Tensor.of(1.5f, 2f).toString());
        assertEquals("tensor(1.5000, requires_grad=True)", Tensor.scalar(1.5).requiresGrad(true).toString());
        assertEquals("tensor([], size=(0, 3))", Tensor.zeros(0, 3).toString());
        assertEquals("tensor([[1., 2., 3.],\n        [4., 5., 6.]])", MATRIX.toString());
        assertEquals("tensor([1, 2])", Tensor.of(1L, 2L).toString());
        assertEquals("tensor([ True, False])", Tensor.of(1f, -1f).gt(0).toString());
        assertEquals("tensor([1.0000e-05, 1.0000e+00])", Tensor.of(1e-5f, 1f).toString());
        assertEquals("tensor([0.0000e+00, 1.0000e+00, 2.0000e+00,  ..., 1.9970e+03, 1.9980e+03,\n        1.9990e+03])",
                Tensor.arange(0, 2000, 1).toString());
        assertEquals("tensor([nan, inf])", Tensor.of(Float.NaN, Float.POSITIVE_INFINITY).toString());
    }

    @Test
    void anErrorOfAnElementCountIsAnErrorOfItem() {
        assertThrows(IllegalStateException.class, MATRIX::item);
        assertNull(MATRIX.grad());
        assertEquals(6, MATRIX.get(1, 2));
        assertThrows(IndexOutOfBoundsException.class, () -> MATRIX.get(2, 0));
    }

    /** Around the lengths of vectors: elements of two tensors in turns. */
    @Test
    void twoTensorsStackedAlongTheLastDimensionAlternate() {
        for (DType dtype : List.of(DType.FLOAT32, DType.FLOAT64, DType.INT64)) {
            for (int n : new int[] {1, 2, 7, 8, 9, 31, 64, 100, 4096, 5000}) {
                Tensor first = Tensor.arange(0, n, 1, dtype);
                Tensor second = Tensor.arange(n, 2 * n, 1, dtype);
                double[] both = Tensor.stack(1, first, second).to(DType.FLOAT64).toDoubleArray();
                for (int i = 0; i < n; i++) {
                    assertEquals(i, both[2 * i]);
                    assertEquals(n + i, both[2 * i + 1]);
                }
            }
        }
    }
}

package dev.lanegrad;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What {@code backward} means: accumulation, freeing, several roots, higher orders, and errors that change nothing. */
class AutogradTest {
    private Tape tape;

    @BeforeEach
    void open() {
        tape = Tape.open();
    }

    @AfterEach
    void close() {
        tape.close();
    }

    private static Tensor leaf(double... values) {
        return Tensor.of(values).requiresGrad(true);
    }

    private static void assertValues(Tensor tensor, double... expected) {
        assertArrayEquals(expected, tensor.toDoubleArray(), 1e-12);
    }

    private static <T extends Throwable> String message(Class<T> type, Runnable wrong) {
        return assertThrows(type, wrong::run).getMessage();
    }

    @Test
    void gradientsOfAPolynomialOfSeveralLeaves() {
        Tensor x = leaf(1, 2);
        Tensor y = leaf(3, 4);
        Tensor z = leaf(5, 6);
        x.add(y.mul(z)).add(z.square().mul(4).mul(x).div(y)).backward(Tensor.of(1.0, 2.0));
        assertValues(x.grad(), 4 * 25 / 3.0 + 1, 2 * (4 * 36 / 4.0 + 1));
        assertValues(y.grad(), 5 - 4 * 25 / 9.0, 2 * (6 - 4 * 2 * 36 / 16.0));
        assertValues(z.grad(), 8 * 5 / 3.0 + 3, 2 * (8 * 6 * 2 / 4.0 + 4));
    }

    @Test
    void oneRootMayBeComputedFromAnother() {
        Tensor x = leaf(2);
        Tensor y = x.square();
        Tensor z = y.pow(3);
        Grad.backward(List.of(y, z), Arrays.asList(Tensor.of(1.0), Tensor.of(10.0)), false, false);
        assertValues(x.grad(), 2 * 2 + 10 * 6 * 32);
    }

    @Test
    void theSameRootTwiceCountsTwice() {
        Tensor a = leaf(2, 3);
        Tensor b = leaf(5, 7);
        Tensor x = a.mul(b);
        Tensor g = Tensor.of(1.0, 1.0);
        Grad.backward(List.of(x, x), List.of(g, g), false, false);
        assertValues(a.grad(), 10, 14);
        assertValues(b.grad(), 4, 6);
    }

    @Test
    void whatNeedsNoGradientMakesNoneAndNothingIsWritten() {
        Tensor x = leaf(1);
        Tensor q = Tensor.of(2.0).mul(3);
        Tensor z = x.add(1);
        String message = message(IllegalStateException.class,
                () -> Grad.backward(List.of(z, q), null, false, false));
        assertTrue(message.contains("element 1 of tensors does not require grad and does not have a grad_fn"), message);
        assertNull(x.grad());
    }

    @Test
    void gradientsAddUpUntilTheyAreForgotten() {
        Tensor x = leaf(1, 2);
        Tensor y = x.add(2);
        y.backward(Tensor.of(1.0, 1.0));
        y.backward(Tensor.of(1.0, 1.0));
        assertValues(x.grad(), 2, 2);
        Tensor held = x.grad();
        x.zeroGrad();
        assertNull(x.grad());
        x.mul(5).sum().backward();
        assertValues(x.grad(), 5, 5);
        assertValues(held, 2, 2);
    }

    @Test
    void aSecondTimeFailsIfSomethingWasSavedAndChangesNothing() {
        Tensor x = leaf(1, 2);
        Tensor z = leaf(3, 4);
        Tensor squares = x.square();
        squares.sum().backward();
        Tensor both = squares.add(z).sum();
        String message = message(IllegalStateException.class, both::backward);
        assertTrue(message.startsWith("Trying to backward through the graph a second time"), message);
        assertNull(z.grad());
        assertValues(x.grad(), 2, 4);
        assertValues(squares, 1, 4);
    }

    @Test
    void aSecondTimeSucceedsIfNothingWasSaved() {
        Tensor x = leaf(1, 2);
        Tensor y = x.add(2).neg().sum();
        y.backward();
        y.backward();
        assertValues(x.grad(), -2, -2);
        Tensor doubled = x.detach().requiresGrad(true);
        Tensor w = doubled.mul(2).sum();
        w.backward();
        w.backward();
        assertValues(doubled.grad(), 4, 4);
    }

    @Test
    void aRetainedGraphCanBeWalkedAgain() {
        Tensor x = leaf(3);
        Tensor y = x.square();
        y.backward(null, true);
        y.backward();
        assertValues(x.grad(), 12);
        assertThrows(IllegalStateException.class, y::backward);
    }

    @Test
    void severalElementsNeedAGradientOfTheirShape() {
        Tensor y = leaf(1, 2).mul(2);
        assertTrue(message(IllegalStateException.class, y::backward)
                .contains("grad can be implicitly created only for scalar outputs"));
        assertTrue(message(IllegalArgumentException.class, () -> y.backward(Tensor.of(1.0)))
                .contains("Mismatch in shape: grad_output[0] has a shape of [1] and output[0] has a shape of [2]"));
    }

    @Test
    void aLeafIsItsOwnGraph() {
        Tensor x = Tensor.scalar(3).requiresGrad(true);
        x.backward();
        assertEquals(1, x.grad().item());
        tape.close();
        Tensor outside = Tensor.scalar(3).requiresGrad(true);
        outside.backward();
        outside.backward();
        assertEquals(2, outside.grad().item());
        tape = Tape.open();
    }

    @Test
    void higherDerivativesOfAPower() {
        Tensor x = leaf(2);
        Tensor y = x.pow(4.0).sum();
        Tensor first = Grad.grad(y, x, true);
        Tensor second = Grad.grad(first.sum(), x, true);
        Tensor third = Grad.grad(second.sum(), x, true);
        assertValues(first, 32);
        assertValues(second, 48);
        assertValues(third, 48);
        assertNull(x.grad());
    }

    @Test
    void hessianVectorProductAccumulates() {
        Tensor x = leaf(1, 2);
        Tensor y = leaf(3, 4);
        Tensor z = x.square().add(y.mul(x)).add(y.square());
        z.backward(z.onesLike(), true, true);
        assertValues(x.grad(), 5, 8);
        assertValues(y.grad(), 7, 10);
        Tensor sum = x.grad().mul(2).add(y.grad());
        sum.backward(sum.onesLike());
        assertValues(x.grad(), 5 + 5, 8 + 5);
        assertValues(y.grad(), 7 + 4, 10 + 4);
    }

    @Test
    void gradientsByInnerResultsAndDuplicates() {
        Tensor x = leaf(3);
        Tensor mid = x.mul(2);
        Tensor y = mid.square().sum();
        List<Tensor> found = Grad.grad(List.of(y), List.of(x, mid, x), null, false, false);
        assertValues(found.get(0), 24);
        assertValues(found.get(1), 12);
        assertValues(found.get(2), 24);
        Tensor unused = leaf(1);
        Tensor again = x.square().sum();
        assertTrue(message(IllegalStateException.class, () -> Grad.grad(again, unused, false))
                .contains("appears to not have been used in the graph"));
    }

    @Test
    void noGradRecordsNothingAndEndsAfterAnException() {
        Tensor x = leaf(1);
        Supplier<Tensor> compute = () -> x.mul(2);
        try (GradMode off = GradMode.noGrad()) {
            assertFalse(compute.get().requiresGrad());
            try (GradMode on = GradMode.enableGrad()) {
                assertTrue(compute.get().requiresGrad());
            }
            assertFalse(GradMode.isEnabled());
        }
        assertThrows(IllegalStateException.class, () -> GradMode.noGrad(() -> {
            throw new IllegalStateException("body");
        }));
        assertTrue(GradMode.isEnabled());
        assertTrue(compute.get().requiresGrad());
        assertFalse(compute.get().isLeaf());
        assertTrue(x.isLeaf());
    }

    @Test
    void detachCutsTheGraph() {
        Tensor x = leaf(2, 3);
        Tensor y = x.mul(2).detach();
        x.add(y).sum().backward();
        assertValues(x.grad(), 1, 1);
        assertFalse(y.requiresGrad());
    }

    @Test
    void onlyRealLeavesCanRequireGradients() {
        assertTrue(message(IllegalArgumentException.class, () -> Tensor.of(1L).requiresGrad(true))
                .startsWith("only Tensors of floating point dtype can require gradients"));
        Tensor y = leaf(1).mul(2);
        assertTrue(message(IllegalStateException.class, () -> y.requiresGrad(false))
                .startsWith("you can only change requires_grad flags of leaf variables"));
        Tensor x = leaf(1, 2);
        assertThrows(IllegalArgumentException.class, () -> x.setGrad(Tensor.of(1.0)));
        assertThrows(IllegalArgumentException.class, () -> x.setGrad(Tensor.of(1f, 1f)));
        assertThrows(IllegalArgumentException.class, () -> x.setGrad(x));
        assertNull(x.grad());
    }

    @Test
    void gradientsOfBroadcastOperandsAreSummedToTheirShape() {
        Tensor a = Tensor.of(new double[] {1, 2, 3}, 3, 1).requiresGrad(true);
        Tensor b = Tensor.of(new double[] {4, 5}, 2).requiresGrad(true);
        Tensor c = Tensor.scalar(2, DType.FLOAT64).requiresGrad(true);
        a.mul(b).mul(c).sum().backward();
        assertValues(a.grad(), 18, 18, 18);
        assertArrayEquals(new int[] {3, 1}, a.grad().shape());
        assertValues(b.grad(), 12, 12);
        assertEquals(54, c.grad().item(), 1e-12);
    }

    @Test
    void aGradientHasTheTypeOfItsLeaf() {
        Tensor f = Tensor.of(1f, 2f).requiresGrad(true);
        f.mul(Tensor.of(3.0, 4.0)).sum().backward();
        assertEquals(DType.FLOAT32, f.grad().dtype());
        assertValues(f.grad(), 3, 4);
    }

    @Test
    void selectedElementsGatherTheirGradients() {
        Tensor x = Tensor.of(new double[] {1, 2, 3, 4, 5, 6, 7, 8}, 4, 2).requiresGrad(true);
        x.indexSelect(0, Tensor.of(1L, 1L, 3L, 2L, 1L, 2L)).sum().backward();
        assertValues(x.grad(), 0, 0, 3, 3, 2, 2, 1, 1);
        x.zeroGrad();
        x.slice(0, 1, 4, 2).mul(3).sum().backward();
        assertValues(x.grad(), 0, 0, 3, 3, 0, 0, 3, 3);
    }

    @Test
    void aTapeThatWasResetOrClosedTakesItsValuesAlong() {
        Tensor x = leaf(1);
        tape.reset();
        assertThrows(IllegalStateException.class, () -> x.add(1));
        assertThrows(IllegalStateException.class, x::item);
        Tensor kept = Tensor.of(5.0).mul(2).keep();
        tape.close();
        assertEquals(10, kept.item());
        assertThrows(IllegalStateException.class, tape::reset);
        tape.close();
        tape = Tape.open();
    }

    @Test
    void tapesNestAndCloseFromTheInside() {
        Tensor outer = leaf(2).mul(3);
        Tape inner = Tape.open();
        Tensor y = outer.square().sum();
        assertThrows(IllegalStateException.class, tape::reset);
        assertThrows(IllegalStateException.class, tape::close);
        y.backward();
        inner.close();
        assertEquals(6, outer.item());
        assertThrows(IllegalStateException.class, y::item);
        outer.add(1).sum().backward();
    }

    @Test
    void aTapeBelongsToItsThread() throws InterruptedException {
        Tensor here = leaf(1);
        Tape mine = tape;
        Throwable[] caught = new Throwable[2];
        Thread other = new Thread(() -> {
            caught[0] = catching(() -> here.add(1));
            caught[1] = catching(mine::reset);
        });
        other.start();
        other.join();
        assertTrue(caught[0] instanceof IllegalStateException, String.valueOf(caught[0]));
        assertTrue(caught[1] instanceof IllegalStateException, String.valueOf(caught[1]));
        assertEquals(2, here.add(1).item());
    }

    private static Throwable catching(Runnable wrong) {
        try {
            wrong.run();
            return null;
        } catch (RuntimeException e) {
            return e;
        }
    }

    @Test
    void threadsWithTapesOfTheirOwnDoNotDisturbEachOther() throws InterruptedException {
        double[] found = new double[8];
        Thread[] threads = new Thread[found.length];
        for (int t = 0; t < threads.length; t++) {
            int number = t;
            threads[t] = Thread.ofVirtual().start(() -> {
                try (Tape own = Tape.open()) {
                    Tensor x = leaf(number);
                    for (int i = 0; i < 50; i++) {
                        x.zeroGrad();
                        x.add(3).mul(x.add(4)).mul(0.5).sum().backward();
                    }
                    found[number] = x.grad().item();
                }
            });
        }
        for (Thread thread : threads) {
            thread.join();
        }
        for (int t = 0; t < found.length; t++) {
            assertEquals(t + 3.5, found[t]);
        }
    }

    @Test
    @Tag("slow")
    void aMillionNodesNeedNoStack() {
        Tensor x = Tensor.scalar(1, DType.FLOAT64).requiresGrad(true);
        Tensor y = x;
        for (int i = 0; i < 1_000_000; i++) {
            y = y.mul(1.000001);
        }
        y.backward();
        assertEquals(Math.pow(1.000001, 1_000_000), x.grad().item(), 1e-8);
    }

    @Test
    void aGradientMayStayWhereItLiesRepeatedOrInAnotherOrder() {
        Tensor x = Tensor.of(new double[] {1, 2, 3, 4, 5, 6}, 2, 3).requiresGrad(true);
        Tensor rows = Tensor.of(10.0, 20.0);
        // Repeated along the rows, used as it lies, and added to.
        x.sum(1).backward(rows);
        assertValues(x.grad(), 10, 10, 10, 20, 20, 20);
        x.zeroGrad();
        Tensor doubled = x.mul(2);
        doubled.sum(1).mul(rows).sum().add(doubled.square().sum()).backward();
        assertValues(x.grad(), 2 * (10 + 4), 2 * (10 + 8), 2 * (10 + 12), 2 * (20 + 16), 2 * (20 + 20), 2 * (20 + 24));
        x.zeroGrad();
        // In another order: to an element-wise op, to a product, to a leaf, and to two of them at once.
        Tensor c = Tensor.of(new double[] {1, 2, 3, 4, 5, 6}, 3, 2);
        Tensor turned = x.mul(x).transpose(0, 1);
        turned.mul(c).sum().add(turned.sum(0).mul(rows).sum()).backward();
        assertValues(x.grad(), 2 * (1 + 10), 4 * (3 + 10), 6 * (5 + 10), 8 * (2 + 20), 10 * (4 + 20), 12 * (6 + 20));
        x.zeroGrad();
        Tensor w = Tensor.of(new double[] {1, 0, 2, 1, 0, 3}, 2, 3).requiresGrad(true);
        w.matmul(x.transpose(0, 1)).backward(Tensor.of(new double[] {1, 2, 3, 4}, 2, 2));
        assertValues(x.grad(), 1 + 3, 0, 2 + 9, 2 + 4, 0, 4 + 12);
        assertValues(w.grad(), 1 + 8, 2 + 10, 3 + 12, 3 + 16, 6 + 20, 9 + 24);
        Tensor gradient = x.grad();
        assertSame(gradient, gradient.contiguous());
    }

    @Test
    void gradientsThatStayWhereTheyLieAreGivenBackOnce() {
        Tensor x = Tensor.ones(300, 200).requiresGrad(true);
        Tensor seed = Tensor.ones(300);
        Tensor sums = x.square().transpose(0, 1).sum(0);
        Tensor more = sums.mul(2).sum();
        long values = tape.liveBytes();
        List<Tensor> found = Grad.grad(List.of(sums, more), List.of(x), Arrays.asList(seed, null), false, false);
        assertEquals(2 * (1 + 2), found.getFirst().get(299, 199), 0);
        long gradient = tape.liveBytes() - values;
        assertTrue(gradient <= 300 * 200 * 4 + 8192, gradient + " bytes for one gradient");
        assertEquals(1, seed.get(0), 0);
        long before = tape.liveBytes();
        Tensor repeated = Grad.grad(List.of(x.sum(1)), List.of(x), List.of(seed.mul(3)), false, false).getFirst();
        assertTrue(tape.liveBytes() - before < 300 * 200 * 4, "a gradient that only repeats another took memory");
        assertEquals(3 * 300 * 200, repeated.sum().item(), 0);
    }

    /** Ten million records need the memory of the records and the values, and no stack: in a JVM with a small one. */
    @Test
    @Tag("slow")
    void tenMillionNodes() throws Exception {
        dev.lanegrad.build.OwnJvm.run(TenMillionNodes.class);
    }

    /** The chain. */
    public static final class TenMillionNodes {
        private TenMillionNodes() {
        }

        /** Fails if the gradient is wrong or more memory was taken than 64 bytes a record and a block a value. */
        public static void main(String[] args) {
            int nodes = 10_000_000;
            Tensor x = Tensor.scalar(1, DType.FLOAT64).requiresGrad(true);
            try (Tape tape = Tape.open()) {
                Tensor y = x;
                for (int i = 0; i < nodes; i++) {
                    y = y.mul(1.0000001);
                }
                long values = tape.liveBytes();
                y.backward();
                assertEquals(Math.E, x.grad().item(), 1e-6);
                assertEquals(values, tape.liveBytes(), 512);
                long reserved = Memory.stats().reserved();
                long needed = values + 64L * nodes;
                assertTrue(reserved < needed * 1.1 + (64 << 20), reserved + " bytes reserved for " + needed);
            }
        }
    }

    @Test
    @Tag("slow")
    void theEndOfALongTapeCostsWhatItReaches() {
        Tensor x = leaf(1);
        Tensor y = x;
        for (int i = 0; i < 150_000; i++) {
            y = y.add(y.mul(1e-6));
        }
        y.sum().backward();
        assertEquals(1.1618341555764393, x.grad().item(), 1e-9);
    }
}

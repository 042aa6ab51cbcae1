package dev.lanegrad.acceptance;

import static dev.lanegrad.acceptance.Cases.leaf;
import static dev.lanegrad.acceptance.Cases.near;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.lanegrad.DifferentiableFunction;
import dev.lanegrad.Grad;
import dev.lanegrad.GradMode;
import dev.lanegrad.Tape;
import dev.lanegrad.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** Independent tapes in threads, and a leaf that several of them want to add to. */
class ThreadCasesTest {
    private static Tensor loss(Tensor x) {
        return x.add(3).mul(x.add(4)).mul(0.5).sum();
    }

    private static <T> List<T> inThreads(boolean virtual, int count, Callable<T> body) throws Exception {
        try (ExecutorService threads = virtual ? Executors.newVirtualThreadPerTaskExecutor() : Executors.newFixedThreadPool(count)) {
            List<Future<T>> futures = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                futures.add(threads.submit(body));
            }
            List<T> results = new ArrayList<>();
            for (Future<T> future : futures) {
                results.add(future.get());
            }
            return results;
        }
    }

    @Test // A96
    void tenThreadsWithGraphsOfTheirOwn() throws Exception {
        for (boolean virtual : new boolean[] {false, true}) {
            for (Tensor x : inThreads(virtual, 10, () -> {
                Tensor own = leaf(1, 5, 5);
                try (Tape tape = Tape.open()) {
                    loss(own).backward();
                }
                return own;
            })) {
                near(x.detach().add(3.5), x.grad());
            }
        }
    }

    @Test // A97
    void gradientsTakenPerThreadCanBeAdded() throws Exception {
        Tensor x = leaf(1, 5, 5);
        for (Tensor gradient : inThreads(false, 10, () -> {
            try (Tape tape = Tape.open()) {
                return Grad.grad(loss(x), x, false).keep();
            }
        })) {
            near(x.detach().add(3.5), gradient);
        }
        assertNull(x.grad());
    }

    @Test // A97
    void aSecondThreadIsRefusedWhileAnotherGathers() throws Exception {
        Tensor x = leaf(1, 5, 5);
        Tensor other = leaf(2, 5, 5);
        try (Tape tape = Tape.open()) {
            loss(x).backward();
        }
        Tensor before = x.grad().clone();
        Callable<String> backward = () -> {
            try (Tape tape = Tape.open()) {
                Grad.backward(List.of(loss(other), loss(x)), null, false, false);
                return "";
            } catch (IllegalStateException e) {
                return e.getMessage();
            }
        };
        String message = inThreads(false, 1, backward).getFirst();
        assertTrue(message.contains("is gathering gradients in a leaf of shape [5, 5]"), message);
        near(before, x.grad());
        assertNull(other.grad(), "an error adds nothing to any leaf");
        try (Tape tape = Tape.open()) {
            loss(x).add(loss(other)).backward();
        }
        near(before.mul(2), x.grad());
        x.zeroGrad();
        other.zeroGrad();
        assertEquals("", inThreads(false, 1, backward).getFirst());
        near(before, x.grad());
    }

    /** Doubles, and has no gradient. */
    private static final class Constant extends DifferentiableFunction {
        @Override
        protected List<Tensor> forward(Call call, List<Tensor> inputs) {
            return List.of(inputs.getFirst().mul(2));
        }

        @Override
        protected List<Tensor> backward(Call call, List<Tensor> gradients) {
            return Collections.singletonList(null);
        }
    }

    @Test
    void aLeafThatNothingArrivesAtIsNotTaken() throws Exception {
        Tensor x = leaf(1, 5, 5);
        try (Tape tape = Tape.open()) {
            new Constant().apply(x).getFirst().sum().backward();
        }
        assertNull(x.grad());
        Tensor gradient = inThreads(false, 1, () -> {
            try (Tape tape = Tape.open()) {
                loss(x).backward();
                return x.grad();
            }
        }).getFirst();
        assertEquals(x.numel(), gradient.numel());
    }

    @Test // A97
    void ofManyThreadsOneGathers() throws Exception {
        Tensor x = leaf(1, 5, 5);
        List<Boolean> added = inThreads(false, 10, () -> {
            try (Tape tape = Tape.open()) {
                loss(x).backward();
                return true;
            } catch (IllegalStateException e) {
                return false;
            }
        });
        long winners = added.stream().filter(won -> won).count();
        assertTrue(winners >= 1);
        near(x.detach().add(3.5).mul(winners), x.grad());
        assertEquals(1, winners, "threads of a pool of ten each run one walk");
    }

    @Test
    void theModeBelongsToTheThread() throws Exception {
        try (GradMode off = GradMode.noGrad()) {
            assertTrue(inThreads(false, 1, GradMode::isEnabled).getFirst());
            assertFalse(GradMode.isEnabled());
        }
    }

    @Test
    void aGraphOfAnotherThreadIsRefused() throws ExecutionException, InterruptedException {
        Tensor x = leaf(1, 3);
        try (Tape tape = Tape.open(); ExecutorService thread = Executors.newSingleThreadExecutor()) {
            Tensor y = loss(x);
            String message = thread.submit(() -> {
                try {
                    y.backward();
                    return "";
                } catch (IllegalStateException e) {
                    return e.getMessage();
                }
            }).get();
            assertTrue(message.contains("lives in a tape of thread"), message);
            y.backward();
        }
    }
}

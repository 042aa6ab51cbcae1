package dev.lanegrad;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.lanegrad.optim.Adam;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Test;

/** Programs that several threads call at the same time. */
class ProgramThreadsTest {
    private static final int THREADS = 4;

    /** Runs {@code work} on four threads, with the number of each; fails as the first of them that fails. */
    private static void together(IntConsumer work) throws InterruptedException {
        CountDownLatch ready = new CountDownLatch(THREADS);
        AtomicReference<Throwable> failure = new AtomicReference<>();
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < THREADS; t++) {
            int number = t;
            threads.add((t % 2 == 0 ? Thread.ofPlatform() : Thread.ofVirtual())
                    .uncaughtExceptionHandler((thread, e) -> failure.compareAndSet(null, e)).start(() -> {
                        ready.countDown();
                        met(ready);
                        work.accept(number);
                    }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        if (failure.get() != null) {
            throw new AssertionError(failure.get());
        }
    }

    private static void met(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void eachThreadGetsItsOwnResults() throws InterruptedException {
        int calls = 3000;
        Tensor w = Tensor.randn(new Rng(1), 96);
        try (Program program = Program.valueAndGrad(x -> x.mul(w).exp().softmax(0).mul(x).square().sum())) {
            together(t -> {
                Tensor[] inputs = {Tensor.randn(new Rng(10 + t), 96)};
                Tensor[] outputs = program.call(inputs).toArray(Tensor[]::new);
                GradResult eager = GradResult.of(inputs[0], w);
                for (int i = 0; i < calls; i++) {
                    outputs[0].zero_();
                    outputs[1].zero_();
                    program.run(inputs, outputs);
                    assertEquals(eager.value, outputs[0].item(), "thread " + t + ", call " + i);
                    assertArrayEquals(eager.gradient, outputs[1].toFloatArray(), "thread " + t + ", call " + i);
                }
            });
            ProgramStatistics statistics = program.statistics();
            assertEquals(new ProgramStatistics(THREADS * (calls + 1) - 1, 1, 0, 1), statistics);
        }
    }

    /** The value and the gradient without a program. */
    private record GradResult(double value, float[] gradient) {
        static GradResult of(Tensor x, Tensor w) {
            try (Tape tape = Tape.open()) {
                Tensor leaf = x.detach().requiresGrad(true);
                Tensor value = leaf.mul(w).exp().softmax(0).mul(leaf).square().sum();
                value.backward();
                return new GradResult(value.item(), leaf.grad().toFloatArray());
            }
        }
    }

    @Test
    void threadsWithArgumentsOfManySizesShareTheCache() throws InterruptedException {
        int calls = 600;
        int sizes = 7;
        try (Program program = Program.of(x -> x.mul(3).sum()).limit(3)) {
            together(t -> {
                for (int i = 0; i < calls; i++) {
                    int n = 1 + (i * (t + 1) + t) % sizes;
                    assertEquals(3 * n, program.apply(Tensor.ones(n)).item(), "thread " + t + ", call " + i);
                }
            });
            ProgramStatistics statistics = program.statistics();
            assertEquals(THREADS * calls, statistics.hits() + statistics.traces(), statistics.toString());
            assertEquals(statistics.traces(), statistics.evictions() + statistics.programs(), statistics.toString());
            assertEquals(3, statistics.programs());
        }
    }

    @Test
    void updatesHappenOneAfterTheOther() throws InterruptedException {
        int calls = 2000;
        Tensor counter = Tensor.zeros(40).keep();
        try (Program program = Program.of(x -> {
            counter.add_(x);
            return counter.sum();
        })) {
            Tensor one = Tensor.ones(40);
            together(t -> {
                double before = 0;
                for (int i = 0; i < calls; i++) {
                    double now = program.apply(one).item();
                    assertTrue(now > before, "the sum went from " + before + " to " + now);
                    before = now;
                }
            });
            assertEquals(40.0 * THREADS * calls, counter.sum().item());
        }
    }

    @Test
    void trainingStepsOfSeveralThreadsAreThoseOfOne() throws InterruptedException {
        Tensor x = Tensor.randn(new Rng(3), 20, 5);
        Tensor alone = trained(x, (step, calls) -> {
            for (int i = 0; i < THREADS * calls; i++) {
                step.apply(x);
            }
        });
        Tensor shared = trained(x, (step, calls) -> {
            try {
                together(t -> {
                    for (int i = 0; i < calls; i++) {
                        step.apply(x);
                    }
                });
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        assertArrayEquals(alone.toFloatArray(), shared.toFloatArray());
    }

    private interface Training {
        void run(Program step, int calls);
    }

    private static Tensor trained(Tensor x, Training training) {
        Tensor w = Tensor.ones(5).keep().requiresGrad(true);
        Adam adam = new Adam(List.of(w), 0.01);
        try (Program step = Program.of(y -> {
            Tensor loss = y.mul(w).sum(1).sub(2).square().mean();
            loss.backward();
            adam.step();
            adam.zeroGrad();
            return loss;
        })) {
            training.run(step, 50);
        }
        return w.detach();
    }

    @Test
    void closingWhileOthersCallEndsTheirCallsCleanly() throws InterruptedException {
        for (int round = 0; round < 20; round++) {
            Program program = Program.of(x -> x.add(1).sum());
            AtomicInteger done = new AtomicInteger();
            int after = 1 + round * 20;
            together(t -> {
                try {
                    for (int i = 0; i < 100_000; i++) {
                        int n = 5 + i % 2;
                        assertEquals(2 * n, program.apply(Tensor.ones(n)).item());
                        if (done.incrementAndGet() == after) {
                            program.close();
                        }
                    }
                } catch (IllegalStateException e) {
                    assertEquals("call: this program is closed; make a new one.", e.getMessage());
                }
            });
            program.close();
            assertEquals(0, program.statistics().programs());
        }
    }
}

package dev.lanegrad.internal.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.lanegrad.internal.lane.Lane;
import dev.lanegrad.internal.lane.LaneBuilder;
import dev.lanegrad.internal.shape.Layout;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Work is done once, by several threads, and whatever happens in it, it is over when the call is. */
class WorkersTest {
    private static final double LONG = 1e9;
    private static final long PATIENCE = 30_000_000_000L;
    private int before;

    @BeforeEach
    void remember() {
        before = Workers.threads();
    }

    @AfterEach
    void restore() {
        Workers.threads(before);
    }

    @Test
    void eachUnitIsDoneOnce() {
        for (int threads : new int[] {1, 2, 3, 4, 7}) {
            Workers.threads(threads);
            for (int units : new int[] {1, 2, 3, 5, 17, 1000}) {
                AtomicIntegerArray done = new AtomicIntegerArray(units);
                for (int i = 1; i <= 50; i++) {
                    Workers.share((from, to) -> {
                        for (long unit = from; unit < to; unit++) {
                            done.incrementAndGet((int) unit);
                        }
                    }, units, LONG);
                    for (int unit = 0; unit < units; unit++) {
                        assertEquals(i, done.get(unit), "unit " + unit + " of " + units + ", " + threads + " threads");
                    }
                }
            }
        }
    }

    @Test
    void threadsTakeTheirSharesAtTheSameTime() {
        Workers.threads(3);
        CountDownLatch all = new CountDownLatch(3);
        Set<Thread> threads = ConcurrentHashMap.newKeySet();
        AtomicInteger late = new AtomicInteger();
        // A thread that is the first time here waits until there are three of them.
        Workers.share((from, to) -> {
            if (threads.add(Thread.currentThread())) {
                all.countDown();
                late.addAndGet(met(all) ? 0 : 1);
            }
        }, 300, LONG);
        assertEquals(0, late.get());
        assertEquals(3, threads.size());
        assertTrue(threads.remove(Thread.currentThread()));
        for (Thread worker : threads) {
            assertTrue(worker.isDaemon());
            assertTrue(worker.getName().matches("lanegrad-worker-[0-9]+"), worker.getName());
        }
    }

    private static boolean met(CountDownLatch latch) {
        try {
            return latch.await(30, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    @Test
    void littleWorkStaysWithTheCaller() {
        Workers.threads(4);
        Workers.share((from, to) -> {
            assertEquals(0, from);
            assertEquals(1000, to);
            assertFalse(Thread.currentThread().isDaemon() && Thread.currentThread().getName().startsWith("lanegrad"));
        }, 1000, Workers.LEAST - 1);
    }

    @Test
    void shortWorkIsDoneAloneWhileWorkersSleep() throws InterruptedException {
        Workers.threads(2);
        AtomicInteger whole = new AtomicInteger();
        // Workers fall asleep when the system lets them.
        for (long start = System.nanoTime(); whole.get() == 0 && System.nanoTime() - start < PATIENCE;) {
            Thread.sleep(20);
            Workers.share((from, to) -> whole.addAndGet(from == 0 && to == 1000 ? 1 : 0), 1000, Workers.LEAST);
        }
        assertEquals(1, whole.get());
    }

    @Test
    void shortWorkInQuickSuccessionIsShared() {
        Workers.threads(2);
        Set<Thread> threads = ConcurrentHashMap.newKeySet();
        int[] units = new int[16];
        int calls = 0;
        for (long start = System.nanoTime(); threads.size() < 2 && System.nanoTime() - start < PATIENCE; calls++) {
            Workers.share((from, to) -> {
                threads.add(Thread.currentThread());
                for (long unit = from; unit < to; unit++) {
                    units[(int) unit]++;
                }
            }, units.length, Workers.LEAST);
        }
        assertEquals(2, threads.size());
        for (int times : units) {
            assertEquals(calls, times);
        }
    }

    @Test
    void whoFindsTheWorkersBusyWorksAlone() {
        Workers.threads(2);
        AtomicInteger inner = new AtomicInteger();
        AtomicInteger outer = new AtomicInteger();
        Workers.share((from, to) -> {
            outer.addAndGet((int) (to - from));
            Thread caller = Thread.currentThread();
            Workers.share((first, last) -> {
                assertSame(caller, Thread.currentThread());
                inner.addAndGet((int) (last - first));
            }, 10, LONG);
        }, 8, LONG);
        assertEquals(8, outer.get());
        assertTrue(inner.get() >= 20 && inner.get() % 10 == 0, "inner units " + inner.get());
    }

    @Test
    void aFailureOfAnyThreadIsTheCallersAndAllOthersHaveEnded() {
        Workers.threads(3);
        Thread caller = Thread.currentThread();
        for (boolean own : new boolean[] {true, false}) {
            for (int i = 0; i < 100; i++) {
                AtomicInteger inside = new AtomicInteger();
                CountDownLatch failed = new CountDownLatch(1);
                RuntimeException planted = new RuntimeException("planted " + own + " " + i);
                RuntimeException thrown = assertThrows(RuntimeException.class, () -> Workers.share((from, to) -> {
                    inside.incrementAndGet();
                    try {
                        if (Thread.currentThread() == caller == own) {
                            failed.countDown();
                            throw planted;
                        }
                        assertTrue(met(failed));
                    } finally {
                        inside.decrementAndGet();
                    }
                }, 100, LONG));
                assertSame(planted, thrown);
                assertEquals(0, inside.get());
            }
        }
        eachUnitIsDoneOnce();
    }

    @Test
    void anErrorIsThrownAsItIs() {
        Workers.threads(2);
        StackOverflowError planted = new StackOverflowError("planted");
        assertSame(planted, assertThrows(StackOverflowError.class, () -> Workers.share((from, to) -> {
            throw planted;
        }, 100, LONG)));
    }

    @Test
    void anInterruptOfTheCallerNeitherEndsTheWorkNorIsLost() {
        Workers.threads(2);
        Thread caller = Thread.currentThread();
        CountDownLatch begun = new CountDownLatch(1);
        AtomicInteger done = new AtomicInteger();
        caller.interrupt();
        Workers.share((from, to) -> {
            if (Thread.currentThread() == caller) {
                while (begun.getCount() > 0) {
                    Thread.onSpinWait();
                }
            } else {
                begun.countDown();
                long end = System.nanoTime() + 20_000_000;
                while (System.nanoTime() < end) {
                    Thread.onSpinWait();
                }
            }
            done.addAndGet((int) (to - from));
        }, 4, LONG);
        assertTrue(Thread.interrupted());
        assertEquals(4, done.get());
    }

    @Test
    void manyCallersAtOnceEachGetAllUnitsDone() throws InterruptedException {
        Workers.threads(2);
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread[] users = new Thread[8];
        for (int t = 0; t < users.length; t++) {
            Runnable user = () -> {
                long[] sums = new long[64];
                for (int i = 1; i <= 2000; i++) {
                    Workers.share((from, to) -> {
                        for (long unit = from; unit < to; unit++) {
                            sums[(int) unit]++;
                        }
                    }, sums.length, LONG);
                    for (long sum : sums) {
                        assertEquals(i, sum);
                    }
                }
            };
            users[t] = (t % 2 == 0 ? Thread.ofVirtual() : Thread.ofPlatform())
                    .uncaughtExceptionHandler((thread, e) -> failure.set(e)).start(user);
        }
        for (Thread user : users) {
            user.join();
        }
        assertEquals(null, failure.get());
    }

    @Test
    @Tag("allocation")
    void warmCallsAllocateNothingOnAnyThread() {
        Workers.threads(2);
        int n = 1 << 19;
        try (Arena arena = Arena.ofConfined()) {
            long a = arena.allocate(4L * n + 64, 64).address();
            long b = arena.allocate(4L * n + 64, 64).address();
            LaneBuilder builder = new LaneBuilder(Lane.FLOAT);
            MapKernel kernel = MapKernel.of(builder.build(1, builder.input(0).abs().sqrt()));
            Layout flat = Layout.contiguous(n);
            Layout rows = Layout.contiguous(1 << 9, 1 << 10);
            Layout matrix = Layout.contiguous(8, 256, 256);
            Layout batch = Layout.of(new int[] {8}, new long[] {256 * 256});
            Runnable calls = () -> {
                Workspace workspace = Workspace.current();
                workspace.begin(kernel);
                workspace.output(b, kernel.cell);
                workspace.input(a, kernel.cell, flat);
                workspace.run(flat);
                Folds.run(FoldOp.SUM, Lane.FLOAT, a, flat, 1, b);
                Folds.run(FoldOp.SUM, Lane.FLOAT, a, rows, 1, b);
                Folds.run(FoldOp.SUM, Lane.FLOAT, a, rows, 2, b);
                MatMul.runMany(Lane.FLOAT, a, matrix, batch, a, matrix, batch, b);
                MatMul.run(Lane.FLOAT, 256, 256, 256, a, 256, 1, a, 256, 1, b, false);
            };
            long least = Long.MAX_VALUE;
            // As long as the compilers may take beside other work.
            for (long start = System.nanoTime(); least > 0 && System.nanoTime() - start < PATIENCE;) {
                long[] ids = Thread.getAllStackTraces().keySet().stream()
                        .filter(thread -> thread == Thread.currentThread() || thread.getName().startsWith("lanegrad-worker"))
                        .mapToLong(Thread::threadId).toArray();
                long first = allocated(ids);
                long between = allocated(ids);
                for (int k = 0; k < 10; k++) {
                    calls.run();
                }
                // What asking takes is taken off; it took less the second time if that is too much.
                long bytes = allocated(ids) - between - (between - first);
                least = bytes < 0 ? least : Math.min(least, bytes);
            }
            assertEquals(0, least, "bytes for 10 calls of each kernel");
        }
    }

    private static long allocated(long[] ids) {
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        return Arrays.stream(threads.getThreadAllocatedBytes(ids)).sum();
    }

    @Test
    void aNumberOfThreadsThatMakesNoSenseIsRefused() {
        for (int count : new int[] {0, -1, 257, Integer.MIN_VALUE}) {
            String message = assertThrows(IllegalArgumentException.class, () -> Workers.threads(count)).getMessage();
            assertTrue(message.contains("got " + count), message);
            assertEquals(before, Workers.threads());
        }
        for (int count : Arrays.asList(1, 256)) {
            Workers.threads(count);
            assertEquals(count, Workers.threads());
        }
    }
}

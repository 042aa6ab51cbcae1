package dev.lanegrad;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Memory that is used again, given back, and limited. */
class MemoryTest {
    private static long heap() {
        return ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean())
                .getThreadAllocatedBytes(Thread.currentThread().threadId());
    }

    @Test
    void aLoopThatResetsItsTapeReservesNothingNew() {
        Tensor x = Tensor.randn(new Rng(1), 64, 64).requiresGrad(true);
        try (Tape tape = Tape.open()) {
            long reserved = 0;
            for (int i = 0; i < 300; i++) {
                x.zeroGrad();
                x.matmul(x).tanh().add(x).square().mean().backward();
                tape.reset();
                if (i == 20) {
                    reserved = Memory.stats().reserved();
                }
            }
            // Less where the collector freed what earlier tests dropped.
            long after = Memory.stats().reserved();
            assertTrue(after <= reserved, "reserved " + (after - reserved) + " bytes more");
            assertEquals(0, tape.liveBytes());
        }
    }

    @Test
    void gradientsInsideTheWalkAreGivenBack() {
        Tensor x = Tensor.ones(1024).requiresGrad(true);
        try (Tape tape = Tape.open()) {
            Tensor y = x;
            for (int i = 0; i < 100; i++) {
                y = y.mul(1.001);
            }
            Tensor loss = y.sum();
            long before = tape.liveBytes();
            loss.backward();
            assertEquals(before, tape.liveBytes());
            assertTrue(tape.peakBytes() - before <= 4 * (1024 * 4 + 1100), "peak " + (tape.peakBytes() - before));
        }
    }

    /** What an op leaves on the heap is its tensor: nothing is boxed. */
    @Test
    @Tag("slow")
    void aWarmRecordedOpAllocatesItsTensorOnly() throws java.io.IOException, InterruptedException {
        dev.lanegrad.build.OwnJvm.run(MemoryTest.class);
    }

    /** Records ops until they allocate no more than their tensors; ends with status 1 if they never do. */
    public static void main(String[] arguments) {
        Tensor x = Tensor.ones(16).requiresGrad(true);
        try (Tape tape = Tape.open()) {
            long least = Long.MAX_VALUE;
            for (int round = 0; round < 400 && least > 64; round++) {
                long before = heap();
                for (int i = 0; i < 1000; i++) {
                    Tensor y = x.add(x);
                    for (int k = 0; k < 9; k++) {
                        y = y.add(x);
                    }
                    tape.reset();
                }
                least = Math.min(least, (heap() - before) / 10_000);
            }
            System.out.println(least + " bytes of heap for each recorded op");
            System.exit(least <= 64 ? 0 : 1);
        }
    }

    /** Rows are folded in some hundred blocks, and none of them leaves anything on the heap. */
    @Test
    @Tag("slow")
    void whatIsDoneInBlocksAllocatesOnce() throws java.io.IOException, InterruptedException {
        dev.lanegrad.build.OwnJvm.run(NormsOfRows.class, 3);
    }

    /** Takes norms until one allocates little; ends with status 1 if none does in twenty seconds. */
    static final class NormsOfRows {
        private static final long LITTLE = 2048;

        private NormsOfRows() {
        }

        public static void main(String[] arguments) {
            Tensor x = Tensor.ones(4096, 768);
            long end = System.nanoTime() + 20_000_000_000L;
            long least = Long.MAX_VALUE;
            try (Tape tape = Tape.open()) {
                while (least > LITTLE && System.nanoTime() < end) {
                    long before = heap();
                    x.norm(1);
                    least = Math.min(least, heap() - before);
                    tape.reset();
                }
            }
            System.out.println(least + " bytes of heap for the norms of 4,096 rows");
            System.exit(least <= LITTLE ? 0 : 1);
        }
    }

    @Test
    void sizesThatCannotBeAreErrors() {
        assertThrows(IllegalArgumentException.class, () -> Tensor.zeros(Integer.MAX_VALUE, Integer.MAX_VALUE, 9));
        assertThrows(OutOfMemoryError.class, () -> Tensor.zeros(1 << 30, 1 << 25));
        assertEquals(3, Tensor.ones(3).sum().item());
    }

    @Test
    void virtualThreadsLeaveTheirMemoryToTheNext() throws InterruptedException {
        for (int round = 0; round < 3; round++) {
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                threads.add(Thread.ofVirtual().start(() -> {
                    try (Tape tape = Tape.open()) {
                        Tensor.ones(1000).requiresGrad(true).square().sum().backward();
                    }
                }));
            }
            for (Thread thread : threads) {
                thread.join();
            }
        }
        assertTrue(Memory.stats().live() >= 0);
    }
}

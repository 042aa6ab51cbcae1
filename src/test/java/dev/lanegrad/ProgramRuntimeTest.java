package dev.lanegrad;

import dev.lanegrad.build.OwnJvm;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What programs cost at run time, each question in a JVM of its own. */
@Tag("slow")
class ProgramRuntimeTest {
    /** Loops are compiled before this time is over; where they are sooner, nobody waits. */
    private static final long WARM_NANOS = 60_000_000_000L;

    @Test
    void aWarmCallAllocatesNothing() throws IOException, InterruptedException {
        OwnJvm.run(WarmCalls.class, 3);
    }

    @Test
    void resultsAreTheSameBeforeDuringAndAfterCompilation() throws IOException, InterruptedException {
        OwnJvm.run(SameBits.class);
    }

    @Test
    void manyDistinctProgramsLeaveClassesAndMemoryBounded() throws IOException, InterruptedException {
        OwnJvm.run(ManyPrograms.class);
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new AssertionError(message);
        }
    }

    /** Calls programs of several kinds until they are compiled, and measures what one more allocates. */
    static final class WarmCalls {
        private WarmCalls() {
        }

        public static void main(String[] arguments) {
            Tensor x = Tensor.randn(new Rng(1), 64, 40);
            Tensor w = Tensor.randn(new Rng(2), 40);
            measure("formula", Program.valueAndGrad((a, b) -> a.mul(b).exp().neg().add(1).mean()), x, w);
            measure("softmax", Program.valueAndGrad(a -> a.softmax(1).square().sum()), x);
            measure("network", Program.valueAndGrad((a, b) -> a.matmul(b.unsqueeze(1)).tanh().square().sum()), x, w);
            measure("views", Program.of((a, b) -> Tensor.cat(1, a.transpose(0, 1).mul(2), a.slice(0, 0, 40, 1)).sum(1)), x, w);
            Tensor classes = Tensor.of(new long[64], 64);
            measure("classes", Program.valueAndGrad(a -> a.crossEntropy(classes)), x);
            Tensor square = Tensor.randn(new Rng(3), 40, 40).mul(0.1).keep();
            measure("loop", Program.valueAndGrad((a, b) -> Loop.scan((h, row) -> {
                Tensor next = h.matmul(square).add(row).mul(b).tanh();
                return new Loop.Single(next, next);
            }, b, a).ys().square().sum()), x, w);
            Tensor rows = Tensor.of(3L, 1L, 3L);
            measure("rows", Program.valueAndGrad(a -> a.indexSelect(0, rows).exp().sum()), x);
        }

        private static void measure(String name, Program program, Tensor... inputs) {
            Tensor[] outputs = program.call(inputs).toArray(Tensor[]::new);
            var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
            long end = System.nanoTime() + WARM_NANOS;
            long least = Long.MAX_VALUE;
            while (least > 0 && System.nanoTime() < end) {
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < 500; i++) {
                    program.run(inputs, outputs);
                }
                least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
            }
            require(least == 0, name + ": 500 warm calls allocate " + least + " bytes");
        }
    }

    /** Compares the bits of each call with those of the first while kernels are replaced in the background. */
    static final class SameBits {
        private SameBits() {
        }

        public static void main(String[] arguments) {
            Tensor x = Tensor.randn(new Rng(1), 37, 211);
            Tensor w = Tensor.randn(new Rng(2), 211);
            Program program = Program.valueAndGrad((a, b) -> a.mul(b).gelu().sub(a.tanh()).logSumExp(1).sum());
            List<Tensor> first = program.call(x, w);
            Tensor[] inputs = {x, w};
            Tensor[] outputs = program.call(inputs).toArray(Tensor[]::new);
            long end = System.nanoTime() + WARM_NANOS / 15;
            while (System.nanoTime() < end) {
                program.run(inputs, outputs);
                for (int i = 0; i < outputs.length; i++) {
                    require(Arrays.equals(first.get(i).toFloatArray(), outputs[i].toFloatArray()), "result " + i);
                }
            }
        }
    }

    /** Makes programs that each need a kernel of their own. */
    static final class ManyPrograms {
        private static final int PROGRAMS = 10_000;
        private static final long MOST_CLASSES = 4096 + 500;
        private static final long MOST_BYTES = 1 << 20;
        private static final long MOST_CODE = 32 << 20;

        private ManyPrograms() {
        }

        public static void main(String[] arguments) throws InterruptedException {
            // Every kernel becomes a class at once.
            System.setProperty("lanegrad.tier", "1");
            Tensor x = Tensor.randn(new Rng(1), 16);
            // The library's own classes and the JDK's are loaded by the first programs.
            make(x, 0, 50);
            int before = ManagementFactory.getClassLoadingMXBean().getLoadedClassCount();
            make(x, 50, PROGRAMS);
            // The kernels remembered for other programs are 4,096; the rest must have been unloaded, and all memory be free.
            var classes = ManagementFactory.getClassLoadingMXBean();
            long kept = Long.MAX_VALUE;
            long live = Long.MAX_VALUE;
            for (int i = 0; i < 50 && (kept > MOST_CLASSES || live > MOST_BYTES); i++) {
                System.gc();
                Thread.sleep(100);
                kept = classes.getLoadedClassCount() - before;
                live = Memory.stats().live();
            }
            require(kept <= MOST_CLASSES && live <= MOST_BYTES, kept + " more classes and " + live + " live bytes");
            require(code() <= MOST_CODE, code() + " bytes of compiled code");
        }

        private static long code() {
            return ManagementFactory.getMemoryPoolMXBeans().stream().filter(pool -> pool.getName().startsWith("Code"))
                    .mapToLong(pool -> pool.getUsage().getUsed()).sum();
        }

        private static void make(Tensor x, int from, int to) {
            for (int i = from; i < to; i++) {
                double number = 1 + i * 0.01;
                try (Program program = Program.valueAndGrad(y -> y.mul(number).add(1).square().sum())) {
                    program.call(x);
                }
            }
        }
    }
}

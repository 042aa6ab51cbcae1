package dev.lanegrad.examples;

import dev.lanegrad.GradMode;
import dev.lanegrad.Memory;
import dev.lanegrad.Rng;
import dev.lanegrad.Tape;
import dev.lanegrad.Tensor;
import dev.lanegrad.optim.Adam;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Locale;

/**
 * Trains a classifier of handwritten digits: 64 pixels, two hidden layers, cross entropy, Adam. Prints the progress, the
 * accuracy on digits it has not seen, which it mistakes for which, and what memory a training step takes.
 */
public final class Digits {
    private static final long SEED = 7;
    private static final int EPOCHS = 40;
    private static final int BATCH = 32;
    private static final int HIDDEN = 64;
    private static final double TRAINING_SHARE = 0.8;
    private static final double LEARNING_RATE = 2e-3;
    private static final int SHOWN_ERRORS = 3;

    private final DigitsData.Split data;
    private final Rng rng = new Rng(SEED);
    private final Tensor w1 = layer(DigitsData.PIXELS, HIDDEN);
    private final Tensor b1 = Tensor.zeros(HIDDEN).requiresGrad(true);
    private final Tensor w2 = layer(HIDDEN, HIDDEN);
    private final Tensor b2 = Tensor.zeros(HIDDEN).requiresGrad(true);
    private final Tensor w3 = layer(HIDDEN, DigitsData.CLASSES);
    private final Tensor b3 = Tensor.zeros(DigitsData.CLASSES).requiresGrad(true);
    private final Adam optimizer = new Adam(List.of(w1, b1, w2, b2, w3, b3), LEARNING_RATE);
    private final int[] order;
    private double loss;
    private int right;

    private Digits(DigitsData.Split data) {
        this.data = data;
        order = new int[data.train().size()];
        for (int i = 0; i < order.length; i++) {
            order[i] = i;
        }
    }

    /** Runs the example; it takes no arguments and must be started in the directory of the repository. */
    public static void main(String[] arguments) throws IOException {
        DigitsData all = DigitsData.load().shuffled(SEED);
        new Digits(all.split((int) (all.size() * TRAINING_SHARE))).run();
    }

    // Weights of He's scale, for rectified units.
    private Tensor layer(int in, int out) {
        return Tensor.randn(rng, in, out).mul(Math.sqrt(2.0 / in)).requiresGrad(true);
    }

    private Tensor scores(Tensor pixels) {
        Tensor h1 = pixels.matmul(w1).add(b1).relu();
        Tensor h2 = h1.matmul(w2).add(b2).relu();
        return h2.matmul(w3).add(b3);
    }

    private void run() {
        System.out.printf("%d digits to learn from, %d to be tested on%n", data.train().size(), data.test().size());
        Tensor pixels = Tensor.of(data.train().pixels(), data.train().size(), DigitsData.PIXELS);
        Tensor labels = Tensor.of(longs(data.train().labels()));
        try (Tape tape = Tape.open()) {
            long reserved = 0;
            long leastHeap = Long.MAX_VALUE;
            for (int epoch = 1; epoch <= EPOCHS; epoch++) {
                if (epoch == EPOCHS / 2) {
                    reserved = Memory.stats().reserved();
                }
                long start = System.nanoTime();
                long heap = allocatedHeap();
                epoch(tape, pixels, labels);
                leastHeap = Math.min(leastHeap, allocatedHeap() - heap);
                report(epoch, System.nanoTime() - start);
            }
            int steps = (order.length + BATCH - 1) / BATCH;
            System.out.printf("%nsteady state: %d bytes of off-heap memory reserved in the last %d epochs, "
                    + "%,d bytes of heap a step in the best epoch%n", Memory.stats().reserved() - reserved, EPOCHS / 2,
                    leastHeap / steps);
        }
        test();
    }

    private void epoch(Tape tape, Tensor pixels, Tensor labels) {
        loss = 0;
        right = 0;
        for (int i = order.length - 1; i > 0; i--) {
            int j = rng.nextInt(i + 1);
            int swapped = order[i];
            order[i] = order[j];
            order[j] = swapped;
        }
        long[] batch = new long[BATCH];
        for (int from = 0; from < order.length; from += BATCH) {
            int size = Math.min(BATCH, order.length - from);
            if (size != batch.length) {
                batch = new long[size];
            }
            for (int i = 0; i < size; i++) {
                batch[i] = order[from + i];
            }
            step(Tensor.of(batch), pixels, labels, size);
            tape.reset();
        }
    }

    private void step(Tensor batch, Tensor pixels, Tensor labels, int size) {
        Tensor classes = labels.indexSelect(0, batch);
        Tensor scores = scores(pixels.indexSelect(0, batch));
        Tensor mean = scores.crossEntropy(classes);
        optimizer.zeroGrad();
        mean.backward();
        optimizer.step();
        loss += mean.item() * size;
        right += (int) scores.argmax(1).eq(classes).sum().item();
    }

    private void report(int epoch, long nanos) {
        String news = String.format(Locale.ROOT, "loss %.4f  accuracy %.3f  %,9.0f samples/s", loss / order.length,
                (double) right / order.length, order.length * 1e9 / nanos);
        System.out.print("\r" + Terminal.progress(epoch, EPOCHS, news) + (epoch % 10 == 0 ? "\n" : ""));
    }

    private void test() {
        DigitsData digits = data.test();
        long[] guesses;
        try (Tape tape = Tape.open(); GradMode off = GradMode.noGrad()) {
            guesses = scores(Tensor.of(digits.pixels(), digits.size(), DigitsData.PIXELS)).argmax(1).toLongArray();
        }
        int[][] counts = new int[DigitsData.CLASSES][DigitsData.CLASSES];
        int hits = 0;
        int shown = 0;
        StringBuilder misread = new StringBuilder();
        for (int i = 0; i < guesses.length; i++) {
            counts[digits.labels()[i]][(int) guesses[i]]++;
            if (guesses[i] == digits.labels()[i]) {
                hits++;
            } else if (shown++ < SHOWN_ERRORS) {
                misread.append(String.format(Locale.ROOT, "%na %d, read as %d:%n%s", digits.labels()[i], guesses[i],
                        Terminal.digit(digits, i)));
            }
        }
        System.out.println("\n" + Terminal.confusion(counts) + misread);
        System.out.printf(Locale.ROOT, "test accuracy: %.3f%n", (double) hits / guesses.length);
    }

    private static long[] longs(int[] values) {
        return java.util.Arrays.stream(values).asLongStream().toArray();
    }

    // The JDK's own counter for the current thread; 0 where there is none.
    private static long allocatedHeap() {
        return ManagementFactory.getThreadMXBean() instanceof com.sun.management.ThreadMXBean threads
                ? threads.getThreadAllocatedBytes(Thread.currentThread().threadId()) : 0;
    }
}

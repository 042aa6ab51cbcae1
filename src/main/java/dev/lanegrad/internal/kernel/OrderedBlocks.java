package dev.lanegrad.internal.kernel;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Blocks that several threads compute, each the next that is left, and whose results are taken in the order of the blocks
 * by whoever has computed them: so what gathers the results, which needs them in order, does not depend on who does what.
 * For one caller at a time.
 */
public final class OrderedBlocks implements Workers.Shared {
    /** Turns of a wait between two offers of the processor. */
    private static final int TURNS = 1 << 10;

    private final Part[] parts;
    private final int blocks;
    private final double work;
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicInteger taken = new AtomicInteger();
    private volatile boolean failed;

    /** What one thread computes with. */
    public interface Part {
        /** Computes block number {@code block}. */
        void compute(int block);

        /** Takes the results of the block that this has computed last. */
        void take();
    }

    /** {@code blocks} blocks, by as many threads as there are parts; {@code work} is what {@link #work} says of all. */
    public OrderedBlocks(Part[] parts, int blocks, double work) {
        this.parts = parts;
        this.blocks = blocks;
        this.work = work;
    }

    /** How much work it is to compute for about {@code nanos} nanoseconds on operands of so many bytes. */
    public static double work(double nanos, long bytes) {
        return Workers.work(nanos, bytes);
    }

    /** The parts of so much work that there should be: as many as there may be threads. */
    public static int parts(double work) {
        return work < Workers.LEAST ? 1 : Workers.threads();
    }

    /** Computes and takes all blocks; with the help of other threads, if the caller lets them, who has parts for them, and it pays. */
    public void run(boolean shares) {
        if (shares && Workers.helps(work)) {
            next.set(0);
            taken.set(0);
            failed = false;
            Workers.shareNow(this, parts.length, work);
            return;
        }
        Part own = parts[0];
        for (int block = 0; block < blocks; block++) {
            own.compute(block);
            own.take();
        }
    }

    @Override
    public void share(long from, long to) {
        for (long part = from; part < to; part++) {
            takeBlocks(parts[(int) part]);
        }
    }

    private void takeBlocks(Part part) {
        int block;
        while ((block = next.getAndIncrement()) < blocks) {
            boolean done = false;
            try {
                part.compute(block);
                if (!await(block)) {
                    return;
                }
                part.take();
                done = true;
            } finally {
                failed |= !done;
            }
            taken.set(block + 1);
        }
    }

    /** Waits until the blocks before have been taken; false if one never will be. */
    private boolean await(int block) {
        for (int turn = 1; taken.get() != block; turn++) {
            if (failed) {
                return false;
            }
            if (turn % TURNS == 0) {
                Thread.yield();
            } else {
                Thread.onSpinWait();
            }
        }
        return true;
    }
}

package dev.lanegrad.internal.kernel;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.LockSupport;

/**
 * The threads that help with long kernels. Work is cut into units, and the units into one contiguous region for each
 * thread; the caller takes the first region and, like every thread that has done its own, what is left of the others.
 * So it never waits for a worker that has not begun. A caller that finds the workers busy does all by itself.
 *
 * <p>Between two pieces of work a worker spins for a short time, and then sleeps until it is wanted. To wake one takes
 * longer than short work does: such work is shared with workers that are awake, and wakes them only where it comes in quick
 * succession.
 */
public final class Workers {
    /** Nanoseconds of work, as estimated, from which on it is shared with workers that are awake. */
    static final double LEAST = 10_000;
    /** Nanoseconds of work for which workers are woken: that takes several thousand. */
    static final double WAKING = 50_000;
    /** With this 256 KB are just enough to be shared. */
    private static final double NANOS_OF_BYTE = 0.04;
    /** The least nanoseconds of work for each thread, and for each that is woken. */
    private static final double SHARE = LEAST / 2;
    private static final double WAKING_SHARE = WAKING / 2;
    private static final String PROPERTY = "lanegrad.threads";
    /** The most threads that can be asked for. */
    private static final int MOST = 256;
    /** Pieces that a region is taken in: what is left of it when another thread comes to help is in whole pieces. */
    private static final int PIECES = 4;
    /** Integers between two counters that are written by different threads: more than a line of the cache. */
    private static final int APART = 32;
    /** How long a thread spins before it sleeps. */
    private static final long SPIN_NANOS = 50_000;
    /** Turns of a spin between two looks at the clock, and offers of the processor to others. */
    private static final int SPINS = 64;
    /**
     * Calls in which a worker has found nothing left to do, one after the other, after which it sleeps at once: it may be on the
     * caller's processor, where the system has been seen to leave both for seconds, and is given another when it is woken.
     */
    private static final int LATE = 4;
    private static final Workers POOL = new Workers();
    private static volatile int threads = count(System.getProperty(PROPERTY, "1"));

    private final AtomicBoolean busy = new AtomicBoolean();
    /** Workers that look at the job or work on it; the job ends when there are none. */
    private final AtomicInteger inside = new AtomicInteger();
    private final AtomicIntegerArray taken = new AtomicIntegerArray(MOST * APART);
    /** The workers that sleep, or are about to. */
    private final AtomicReferenceArray<Thread> sleeping = new AtomicReferenceArray<>(MOST);
    private final AtomicInteger awake = new AtomicInteger();
    /** When short work last found no worker awake; threads may overwrite each other's. */
    private long alone = System.nanoTime() - 2 * SPIN_NANOS;
    private volatile int calls;
    private volatile Shared job;
    private volatile Thread waiting;
    private volatile Throwable failure;
    // Written before the job and read after it.
    private int regions;
    private long units;
    // Of the thread that has made the workers busy.
    private int started;

    private Workers() {
    }

    /** Work that several threads may do, each some of its units. */
    interface Shared {
        /** Does the units from {@code from} to, and not with, {@code to}; at the same time as others do others. */
        void share(long from, long to);
    }

    /** The most threads that one operation uses, the caller included. */
    public static int threads() {
        return threads;
    }

    /** Sets {@link #threads()}. Fails with {@code IllegalArgumentException} if it is not from 1 to 256. */
    public static void threads(int count) {
        if (count < 1 || count > MOST) {
            throw new IllegalArgumentException("threads: the number of threads is from 1 to " + MOST + ", but got "
                    + count + "; 1 computes on the caller's thread alone.");
        }
        threads = count;
    }

    private static int count(String text) {
        int count = text.matches("[0-9]{1,3}") ? Integer.parseInt(text) : 0;
        if (count < 1 || count > MOST) {
            throw new IllegalArgumentException(PROPERTY + ": the value is a number from 1 to " + MOST + ", but got \""
                    + text + "\"; start with, for example, -D" + PROPERTY + "=2.");
        }
        return count;
    }

    /**
     * Does {@code units} units of {@code job}, with the help of workers if it is expected to take {@code nanos}
     * nanoseconds and that is enough. All is done, and seen by the caller, when this returns or fails.
     */
    static void share(Shared job, long units, double nanos) {
        if (units > 1 && helps(nanos)) {
            shareNow(job, units, nanos);
        } else {
            job.share(0, units);
        }
    }

    /**
     * What to take for the nanoseconds of work on {@code bytes} bytes of operands that lie side by side: those that were
     * computed if it is worth waking workers for them. Less is shared by its size, so that ops on the same operands are shared,
     * or not, all alike: what one thread has written is slow to read for another.
     */
    static double work(double computed, long bytes) {
        return computed >= WAKING ? computed : Math.min(WAKING - 1, NANOS_OF_BYTE * bytes);
    }

    /** True if work of so many nanoseconds is to be shared now; the caller does it in any case. */
    static boolean helps(double nanos) {
        return nanos >= LEAST && threads > 1 && (nanos >= WAKING || POOL.awake.get() > 0 || POOL.followsSoon());
    }

    /** As {@link #share} of work for which {@link #helps} is true. */
    static void shareNow(Shared job, long units, double nanos) {
        int most = (int) Math.min(Math.min(threads, units), nanos / SHARE);
        if (most > 1 && !POOL.busy.get() && POOL.busy.compareAndSet(false, true)) {
            POOL.run(job, units, most, Math.max(2, (int) (nanos / WAKING_SHARE)));
        } else {
            job.share(0, units);
        }
    }

    private boolean followsSoon() {
        long now = System.nanoTime();
        boolean soon = now - alone < SPIN_NANOS;
        alone = now;
        return soon;
    }

    /** Shares among {@code most} threads, and wakes those below number {@code woken}. */
    private void run(Shared shared, long all, int most, int woken) {
        Throwable failed = null;
        try {
            units = all;
            regions = Math.min(most, start(most - 1) + 1);
            for (int r = 0; r < regions; r++) {
                taken.set(r * APART, 0);
            }
            job = shared;
            wake(Math.min(regions, woken));
            work(shared, 0);
        } catch (Throwable e) {
            failed = e;
        } finally {
            // Whatever has happened, no worker may touch the operands any more when the caller goes on.
            job = null;
            await();
        }
        failed = failed == null ? failure : failed;
        failure = null;
        busy.set(false);
        switch (failed) {
            case null -> { }
            case Error e -> throw e;
            case RuntimeException e -> throw e;
            case Throwable e -> throw new IllegalStateException("A share of an operation failed.", e);
        }
    }

    /** Starts workers until there are {@code wanted}; returns how many there are. */
    private int start(int wanted) {
        try {
            while (started < wanted) {
                int worker = started + 1;
                Thread.ofPlatform().name("lanegrad-worker-" + worker).daemon(true).inheritInheritableThreadLocals(false)
                        .start(() -> serve(worker));
                started++;
            }
        } catch (OutOfMemoryError e) {
            // The system has no thread to give: those that there are do the work.
            return started;
        }
        return started;
    }

    private void wake(int woken) {
        calls++;
        for (int r = 1; r < woken; r++) {
            Thread worker = sleeping.get(r);
            if (worker != null) {
                LockSupport.unpark(worker);
            }
        }
    }

    /** Takes pieces of region {@code own} and then of the others; false if there were none left. */
    private boolean work(Shared shared, int own) {
        boolean worked = false;
        long pieces = (long) regions * PIECES;
        for (int r = 0; r < regions; r++) {
            int region = (own + r) % regions;
            int next;
            while (taken.get(region * APART) < PIECES && (next = taken.getAndIncrement(region * APART)) < PIECES) {
                long piece = (long) region * PIECES + next;
                long from = units * piece / pieces;
                long to = units * (piece + 1) / pieces;
                if (from < to) {
                    shared.share(from, to);
                    worked = true;
                }
            }
        }
        return worked;
    }

    private void await() {
        boolean interrupted = false;
        long start = System.nanoTime();
        int turn = 0;
        while (inside.get() != 0) {
            if (spins(start, ++turn)) {
                continue;
            }
            waiting = Thread.currentThread();
            while (inside.get() != 0) {
                LockSupport.park(this);
                // An interrupt ends every sleep at once; it is the caller's, and given back.
                interrupted |= Thread.interrupted();
            }
            waiting = null;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Waits for a moment in turn number {@code turn} of a spin; false if that has gone on for long enough. */
    private static boolean spins(long start, int turn) {
        if (turn % SPINS != 0) {
            Thread.onSpinWait();
            return true;
        }
        // Who is waited for may have been put on this very processor. Eight times as rarely is too rare.
        Thread.yield();
        return System.nanoTime() - start < SPIN_NANOS;
    }

    private void serve(int worker) {
        awake.incrementAndGet();
        int seen = 0;
        int late = 0;
        while (true) {
            seen = next(worker, seen, late < LATE);
            late = late < LATE ? late + 1 : 1;
            inside.incrementAndGet();
            try {
                Shared shared = job;
                if (shared != null && worker < regions && work(shared, worker)) {
                    late = 0;
                }
            } catch (Throwable e) {
                failure = e;
            } finally {
                leave();
            }
        }
    }

    private void leave() {
        if (inside.decrementAndGet() == 0) {
            Thread caller = waiting;
            if (caller != null) {
                LockSupport.unpark(caller);
            }
        }
    }

    /** Waits for a call after the one with number {@code seen}, at first awake if {@code spins}, and returns its number. */
    private int next(int worker, int seen, boolean spins) {
        long start = System.nanoTime();
        int turn = 0;
        while (calls == seen) {
            if (spins && spins(start, ++turn)) {
                continue;
            }
            awake.decrementAndGet();
            sleeping.set(worker, Thread.currentThread());
            while (calls == seen) {
                LockSupport.park(this);
                Thread.interrupted();
            }
            sleeping.set(worker, null);
            awake.incrementAndGet();
        }
        return calls;
    }
}

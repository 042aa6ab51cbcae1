package dev.lanegrad.internal.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Cleaner;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The off-heap memory of the process: large pieces that tapes take their blocks from, never zeroed again after their
 * first use, and the accounts. A piece is freed by the collector when the thread that had it is gone.
 */
public final class Slabs {
    /** Bytes of a thread's first slab; each next one is twice as large, up to {@link #LARGEST}. */
    static final long FIRST = 256 << 10;
    static final long LARGEST = 64L << 20;
    private static final int HOLDERS_NAMED = 5;

    private static final Cleaner CLEANER = Cleaner.create();
    private static final long LIMIT = limit(System.getProperty("lanegrad.maxMemory"));
    private static final AtomicLong RESERVED = new AtomicLong();
    private static final AtomicLong MANAGED = new AtomicLong();
    private static final AtomicLong PEAK = new AtomicLong();
    private static final ConcurrentLinkedDeque<WeakReference<ThreadArena>> ARENAS = new ConcurrentLinkedDeque<>();
    /** Slabs of virtual threads that closed their last tape. */
    private static final ConcurrentLinkedDeque<MemorySegment> POOL = new ConcurrentLinkedDeque<>();

    /**
     * A moment of the accounts, in bytes.
     *
     * @param live     occupied by values, gradients and managed blocks
     * @param peak     the most that was reserved at once
     * @param reserved taken from the system
     * @param managed  of the live bytes, those outside tapes
     */
    public record MemoryStats(long live, long peak, long reserved, long managed) {
    }

    private Slabs() {
    }

    /** The accounts now. Other threads' tapes are read while they run, so their part is approximate. */
    public static MemoryStats stats() {
        long live = MANAGED.get();
        for (ThreadArena arena : arenas()) {
            live += arena.liveBytes();
        }
        return new MemoryStats(live, PEAK.get(), RESERVED.get(), MANAGED.get());
    }

    /** A limit as it is written: a number of bytes, with an optional K, M or G. No limit if null. */
    static long limit(String text) {
        if (text == null) {
            return Long.MAX_VALUE;
        }
        String upper = text.trim().toUpperCase(Locale.ROOT);
        int unit = upper.isEmpty() ? -1 : "KMG".indexOf(upper.charAt(upper.length() - 1));
        try {
            long number = Long.parseLong(unit < 0 ? upper : upper.substring(0, upper.length() - 1));
            return Math.multiplyExact(number, 1L << 10 * (unit + 1));
        } catch (ArithmeticException | NumberFormatException e) {
            throw new IllegalArgumentException("lanegrad.maxMemory: '" + text + "' is not a number of bytes such as 1000000, "
                    + "512M or 2G.", e);
        }
    }

    static void register(ThreadArena arena) {
        ARENAS.removeIf(reference -> reference.get() == null);
        ARENAS.add(new WeakReference<>(arena));
    }

    /** A slab of at least {@code bytes}. Fails with {@code OutOfMemoryError} over the limit. */
    static MemorySegment take(long bytes, long preferred) {
        for (MemorySegment slab : POOL) {
            if (slab.byteSize() >= bytes && POOL.remove(slab)) {
                return slab;
            }
        }
        long size = Math.max(bytes, Math.min(preferred, Math.max(bytes, LIMIT / 8)));
        reserve(size, false);
        MemorySegment slab;
        try {
            slab = Arena.ofAuto().allocate(size, Blocks.ALIGNMENT);
        } catch (OutOfMemoryError e) {
            unreserve(size, false);
            throw e;
        }
        // The counter outlives the slab: it is registered on the scope that the segment keeps alive.
        CLEANER.register(slab.scope(), () -> unreserve(size, false));
        return slab;
    }

    static void recycle(List<MemorySegment> slabs) {
        POOL.addAll(slabs);
    }

    static void reserve(long bytes, boolean managed) {
        long now = RESERVED.addAndGet(bytes);
        if (now > LIMIT || now < 0) {
            RESERVED.addAndGet(-bytes);
            throw new OutOfMemoryError("Allocating " + bytes + " bytes would exceed lanegrad.maxMemory=" + LIMIT + " (reserved: "
                    + (now - bytes) + "). The largest holders: " + holders() + ". Close or reset tapes, drop tensors, or raise "
                    + "the limit.");
        }
        if (managed) {
            MANAGED.addAndGet(bytes);
        }
        PEAK.accumulateAndGet(now, Math::max);
    }

    static void unreserve(long bytes, boolean managed) {
        RESERVED.addAndGet(-bytes);
        if (managed) {
            MANAGED.addAndGet(-bytes);
        }
    }

    private static String holders() {
        List<ThreadArena> all = arenas();
        all.sort((a, b) -> Long.compare(b.liveBytes(), a.liveBytes()));
        StringBuilder text = new StringBuilder("tensors outside tapes " + MANAGED.get() + " bytes");
        for (ThreadArena arena : all.subList(0, Math.min(HOLDERS_NAMED, all.size()))) {
            text.append(", tapes of thread '").append(arena.threadName()).append("' ").append(arena.liveBytes())
                    .append(" bytes");
        }
        return text.toString();
    }

    private static List<ThreadArena> arenas() {
        List<ThreadArena> all = new ArrayList<>();
        for (WeakReference<ThreadArena> reference : ARENAS) {
            ThreadArena arena = reference.get();
            if (arena != null) {
                all.add(arena);
            }
        }
        return all;
    }
}

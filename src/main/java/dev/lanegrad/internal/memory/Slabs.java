package dev.lanegrad.internal.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The off-heap memory of the process: large pieces that tapes take their blocks from, never zeroed again after their
 * first use, the pool of those that no thread has, the limit and the accounts.
 */
public final class Slabs {
    /**
     * Bytes of a thread's first slab; each next one is twice as large, up to {@link #LARGEST}. The first touch of memory
     * costs 0.2 to 3 ms a megabyte, so that 2 MiB at once would make the first small tape of a thread a slow one.
     */
    static final long FIRST = 256L << 10;
    static final long LARGEST = 64L << 20;
    /** Blocks over this have a slab of their own, or what is left of a slab when they do not fit would be too much. */
    static final long DEDICATED = LARGEST / 8;
    private static final long HUGE_PAGE = 2L << 20;
    private static final long POOLED = 2 * LARGEST;
    private static final int HOLDERS_NAMED = 5;
    private static final long LONGEST_WAIT_MILLIS = 128;

    static final Cleaner CLEANER = Cleaner.create();
    private static final AtomicLong RESERVED = new AtomicLong();
    private static final AtomicLong MANAGED = new AtomicLong();
    private static final AtomicLong MANAGED_RESERVED = new AtomicLong();
    private static final AtomicLong PEAK = new AtomicLong();
    private static final ConcurrentLinkedQueue<WeakReference<ThreadArena>> ARENAS = new ConcurrentLinkedQueue<>();
    private static final ConcurrentLinkedQueue<String> FINDINGS = new ConcurrentLinkedQueue<>();
    private static final SlabPool POOL = new SlabPool(POOLED);
    private static final String PROPERTY = "lanegrad.maxMemory";
    private static volatile long limit = parseLimit(System.getProperty(PROPERTY));

    private Slabs() {
    }

    /** The accounts now. Other threads' tapes are read while they run, so their part is approximate. */
    public static MemoryStats stats() {
        long live = MANAGED.get();
        for (ThreadArena arena : arenas()) {
            live += arena.liveBytes();
        }
        long reserved = RESERVED.get();
        return new MemoryStats(live, PEAK.get(), reserved, MANAGED.get(), reserved - MANAGED_RESERVED.get());
    }

    /**
     * A sentence for each tape that is open now and, with the debug allocator, for each that was never closed and whose
     * thread is gone, and for each block outside tapes that something wrote past; they say where it was opened or allocated.
     */
    public static List<String> reportLeaks() {
        List<String> leaks = new ArrayList<>(FINDINGS);
        for (ThreadArena arena : arenas()) {
            leaks.addAll(arena.openScopes());
        }
        return leaks;
    }

    /** Gives the memory that no thread has back to the system, once the collector has run. */
    public static void trim() {
        POOL.clear();
    }

    /** The limit written as a number of bytes with an optional K, M or G; no limit if null. */
    static long parseLimit(String text) {
        if (text == null) {
            return Long.MAX_VALUE;
        }
        String upper = text.trim().toUpperCase(Locale.ROOT);
        int unit = upper.isEmpty() ? -1 : "KMG".indexOf(upper.charAt(upper.length() - 1));
        try {
            long number = Long.parseLong(unit < 0 ? upper : upper.substring(0, upper.length() - 1));
            if (number > 0) {
                return Math.multiplyExact(number, 1L << 10 * (unit + 1));
            }
        } catch (ArithmeticException | NumberFormatException e) {
            // The sentence below says all that they do.
        }
        throw new IllegalArgumentException(PROPERTY + ": '" + text + "' is not a positive number of bytes; write it like "
                + "1000000, 512M or 2G.");
    }

    /** Changes the limit; returns what it was. */
    static long setLimit(long bytes) {
        long before = limit;
        limit = bytes;
        return before;
    }

    static void register(ThreadArena arena) {
        ARENAS.removeIf(reference -> reference.get() == null);
        ARENAS.add(new WeakReference<>(arena));
    }

    /**
     * A slab of at least {@code bytes}, and of about {@code preferred} if that is more. Fails with
     * {@code OutOfMemoryError} over the limit.
     */
    static MemorySegment take(long bytes, long preferred) {
        MemorySegment pooled = POOL.take(bytes, 2 * Math.max(bytes, preferred));
        if (pooled != null) {
            return pooled;
        }
        // Under a limit, a slab that is mostly empty must not be what exceeds it.
        long size = Math.max(bytes, Math.min(preferred, limit / 8 & -Blocks.ALIGNMENT));
        MemorySegment slab = fromSystem(size, size < HUGE_PAGE ? Blocks.ALIGNMENT : HUGE_PAGE, false);
        // On the scope, which the segment keeps alive: the account is settled when the JDK frees the memory.
        CLEANER.register(slab.scope(), () -> unreserve(size, false));
        return slab;
    }

    /** A segment of zeros that the collector frees; the caller sees to its being unreserved then. */
    static MemorySegment fromSystem(long size, long alignment, boolean managed) {
        reserve(size, managed);
        try {
            return Arena.ofAuto().allocate(size, alignment);
        } catch (OutOfMemoryError e) {
            unreserve(size, managed);
            throw outOfMemory(size, "the JVM has no more for buffers outside its heap (-XX:MaxDirectMemorySize, which is the "
                    + "size of the heap if not given: " + e.getMessage() + ")");
        }
    }

    static void give(List<MemorySegment> slabs) {
        slabs.forEach(POOL::give);
        slabs.clear();
    }

    static void report(String sentence) {
        FINDINGS.add(sentence);
        System.getLogger("dev.lanegrad.memory").log(System.Logger.Level.WARNING, sentence);
    }

    /** Checks the zones of a managed block that is gone. A failure is reported, since no caller is there to throw to. */
    static void checkManaged(MemorySegment whole, long block, RedZones.Block known) {
        try {
            RedZones.check(block, known);
        } catch (IllegalStateException e) {
            report(e.getMessage());
        }
        RedZones.fill(block, known.size());
        Reference.reachabilityFence(whole);
    }

    /** Counts blocks that come to life and go outside tapes. */
    static void countManaged(long bytes) {
        MANAGED.addAndGet(bytes);
    }

    private static void reserve(long bytes, boolean managed) {
        if (!tryReserve(bytes) && !reserveAfterCollection(bytes)) {
            throw outOfMemory(bytes, PROPERTY + " is " + limit + " bytes");
        }
        if (managed) {
            MANAGED_RESERVED.addAndGet(bytes);
        }
    }

    private static boolean tryReserve(long bytes) {
        long before = RESERVED.get();
        while (bytes <= limit - before) {
            long seen = RESERVED.compareAndExchange(before, before + bytes);
            if (seen == before) {
                PEAK.accumulateAndGet(before + bytes, Math::max);
                return true;
            }
            before = seen;
        }
        return false;
    }

    // Unreachable tensors hold memory until the collector runs, which does not know how much: it is asked to, and given
    // the time to free it.
    private static boolean reserveAfterCollection(long bytes) {
        if (bytes > limit) {
            return false;
        }
        trim();
        System.gc();
        try {
            for (long wait = 1; wait <= LONGEST_WAIT_MILLIS; wait *= 2) {
                if (tryReserve(bytes)) {
                    return true;
                }
                Thread.sleep(wait);
                trim();
                if (wait == LONGEST_WAIT_MILLIS / 8) {
                    // What the first collection found unreachable may have held more.
                    System.gc();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return tryReserve(bytes);
    }

    static void unreserve(long bytes, boolean managed) {
        RESERVED.addAndGet(-bytes);
        if (managed) {
            MANAGED_RESERVED.addAndGet(-bytes);
        }
    }

    private static OutOfMemoryError outOfMemory(long bytes, String reason) {
        return new OutOfMemoryError("Cannot allocate " + bytes + " bytes: " + reason + ", and " + RESERVED.get()
                + " bytes are reserved. The largest holders: " + holders() + ". Close or reset tapes, drop tensors, or raise "
                + "the limit.");
    }

    private static String holders() {
        record Holder(String name, long bytes) {
        }
        List<Holder> all = new ArrayList<>();
        all.add(new Holder("tensors outside tapes", MANAGED.get()));
        for (ThreadArena arena : arenas()) {
            all.add(new Holder("tapes of thread " + arena.threadName(), arena.liveBytes()));
        }
        all.sort((a, b) -> Long.compare(b.bytes, a.bytes));
        StringBuilder text = new StringBuilder();
        for (Holder holder : all.subList(0, Math.min(HOLDERS_NAMED, all.size()))) {
            text.append(text.isEmpty() ? "" : ", ").append(holder.name).append(' ').append(holder.bytes).append(" bytes");
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

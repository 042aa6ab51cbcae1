package dev.lanegrad.internal.memory;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The slabs of one thread: a stack that its nested tapes take blocks from by moving a pointer, and a second one of slabs
 * for one large block each. They stay for the thread's next tape.
 */
public final class ThreadArena {
    /** Bytes of a chunk of tape records. */
    public static final int RECORD_CHUNK = 256 << 10;

    private static final AtomicInteger GENERATIONS = new AtomicInteger();
    /** Generations that a thread takes at a time: one by one, what all threads share would cost each reset 5 ns. */
    private static final int TAKEN = 64;
    private static final ThreadLocal<ThreadArena> CURRENT = ThreadLocal.withInitial(ThreadArena::new);

    private final Thread thread = Thread.currentThread();
    private final Holdings held = new Holdings();
    /** The slab that blocks are taken from now, and what is free of it; -1 and nothing at first. */
    private int slab = -1;
    private long next;
    private long end;
    /** The dedicated slabs below this are in use. */
    private int dedicated;
    private int generation = TAKEN - 1;
    private TapeScope top;
    private long[] spareHeads;

    /** What outlives the arena, for the pool. */
    private static final class Holdings {
        private final List<MemorySegment> slabs = new ArrayList<>();
        private final List<MemorySegment> dedicated = new ArrayList<>();
        private final List<MemorySegment> recordChunks = new ArrayList<>();
        /** Where the open scopes were opened, outermost first, with the debug allocator. */
        private final List<String> sites = new ArrayList<>();

        private void release() {
            Slabs.give(slabs);
            Slabs.give(dedicated);
            Slabs.give(recordChunks);
            sites.forEach(site -> Slabs.report("A tape was never closed, and its thread is gone; it was opened at " + site
                    + ". Use try-with-resources."));
        }
    }

    private ThreadArena() {
        Slabs.register(this);
        Holdings holdings = held;
        Slabs.CLEANER.register(this, holdings::release);
    }

    /** The arena of the current thread. */
    public static ThreadArena current() {
        return CURRENT.get();
    }

    /** The innermost open scope, or null. */
    public TapeScope top() {
        return top;
    }

    /** Opens a scope inside those that are open. Fails with {@code IllegalStateException} in another thread. */
    public TapeScope open() {
        requireOwner("open");
        if (RedZones.ENABLED) {
            held.sites.add(RedZones.site());
        }
        long[] heads = spareHeads == null ? new long[Blocks.CLASSES] : spareHeads;
        spareHeads = null;
        top = new TapeScope(this, top, heads, slab, next, dedicated);
        return top;
    }

    /**
     * Address of a chunk of {@link #RECORD_CHUNK} bytes with undefined contents, aligned to 64, that stays with the thread
     * until {@link #releaseRecordChunk}. Fails with {@code OutOfMemoryError} over the limit.
     */
    public long recordChunk() {
        requireOwner("recordChunk");
        MemorySegment chunk = Slabs.take(RECORD_CHUNK, RECORD_CHUNK);
        held.recordChunks.add(chunk);
        return chunk.address();
    }

    /** Takes a record chunk back. Fails with {@code IllegalArgumentException} if {@code address} is not that of one. */
    public void releaseRecordChunk(long address) {
        requireOwner("releaseRecordChunk");
        for (int i = held.recordChunks.size() - 1; i >= 0; i--) {
            if (held.recordChunks.get(i).address() == address) {
                List<MemorySegment> released = held.recordChunks.subList(i, i + 1);
                Slabs.give(released);
                return;
            }
        }
        throw new IllegalArgumentException("releaseRecordChunk: there is no record chunk at 0x" + Long.toHexString(address)
                + " in " + threadName() + "; pass what recordChunk() returned, once.");
    }

    /** A positive number that no other home has, of any thread, until all have been used. */
    int nextGeneration() {
        if (generation % TAKEN == TAKEN - 1) {
            // Itself is left out, as it may be 0.
            generation = GENERATIONS.getAndAdd(TAKEN) & Integer.MAX_VALUE;
        }
        return ++generation;
    }

    private void requireOwner(String label) {
        if (thread != Thread.currentThread()) {
            throw new IllegalStateException(label + ": this memory belongs to thread " + threadName()
                    + " and was used from thread " + name(Thread.currentThread()) + "; use ThreadArena.current().");
        }
    }

    /** How messages call a thread: virtual ones mostly have no name. */
    static String name(Thread thread) {
        return "'" + thread.getName() + "' (#" + thread.threadId() + ")";
    }

    String threadName() {
        return name(thread);
    }

    Thread thread() {
        return thread;
    }

    long liveBytes() {
        long live = 0;
        for (TapeScope scope = top; scope != null; scope = scope.parent()) {
            live += scope.liveBytes();
        }
        return live;
    }

    List<String> openScopes() {
        List<String> open = new ArrayList<>();
        for (TapeScope scope = top; scope != null; scope = scope.parent()) {
            int depth = open.size();
            List<String> sites = held.sites;
            open.add("A tape of thread " + threadName() + " with " + scope.liveBytes() + " bytes is open"
                    + (depth < sites.size() ? ", opened at " + sites.get(sites.size() - 1 - depth) : "") + ".");
        }
        return open;
    }

    /** Address of {@code bytes} more bytes, a multiple of 64. */
    long bump(long bytes) {
        long at = next;
        if (bytes > end - at) {
            return bumpElsewhere(bytes);
        }
        next = at + bytes;
        return at;
    }

    private long bumpElsewhere(long bytes) {
        if (bytes > Slabs.DEDICATED) {
            return dedicate(bytes);
        }
        int candidate = slab + 1;
        while (candidate < held.slabs.size() && held.slabs.get(candidate).byteSize() < bytes) {
            candidate++;
        }
        if (candidate == held.slabs.size()) {
            long last = held.slabs.isEmpty() ? Slabs.FIRST / 2 : held.slabs.getLast().byteSize();
            held.slabs.add(Slabs.take(bytes, Math.min(2 * last, Slabs.LARGEST)));
        }
        enter(candidate, held.slabs.get(candidate).address());
        return bump(bytes);
    }

    private long dedicate(long bytes) {
        List<MemorySegment> all = held.dedicated;
        int candidate = dedicated;
        while (candidate < all.size() && !fits(all.get(candidate), bytes)) {
            candidate++;
        }
        if (candidate == all.size()) {
            // Those that are free and too small would add up if every step were a little larger than the one before.
            Slabs.give(all.subList(dedicated, all.size()));
            candidate = all.size();
            all.add(Slabs.take(bytes, bytes));
        }
        // In the order of their use, so that the next step of a loop finds its own at once.
        Collections.swap(all, dedicated, candidate);
        return all.get(dedicated++).address();
    }

    private static boolean fits(MemorySegment slab, long bytes) {
        return slab.byteSize() >= bytes && slab.byteSize() / 2 <= bytes;
    }

    private void enter(int index, long position) {
        slab = index;
        if (index < 0) {
            next = 0;
            end = 0;
        } else {
            MemorySegment segment = held.slabs.get(index);
            next = position;
            end = segment.address() + segment.byteSize();
        }
    }

    /** Goes back to where a scope began. */
    void release(int toSlab, long position, int toDedicated) {
        dedicated = toDedicated;
        if (toSlab == slab) {
            next = position;
        } else {
            enter(toSlab, position);
        }
    }

    /** The innermost scope is closed; {@code heads} are empty again. */
    void closed(TapeScope scope, long[] heads) {
        top = scope.parent();
        spareHeads = heads;
        if (RedZones.ENABLED) {
            held.sites.removeLast();
        }
        // Virtual threads come and go: their slabs serve the next one.
        if (top == null && thread.isVirtual()) {
            Slabs.give(held.slabs);
            Slabs.give(held.dedicated);
            enter(-1, 0);
        }
    }
}

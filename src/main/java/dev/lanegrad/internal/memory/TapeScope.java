package dev.lanegrad.internal.memory;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The memory of one tape. Blocks come from the list of freed blocks of their size, last freed first, or from the top of
 * the thread's slabs; all go at once at {@link #reset} and {@link #close}.
 */
public final class TapeScope extends Home implements AutoCloseable {
    private static final AtomicInteger GENERATIONS = new AtomicInteger();
    private static final int CLOSED = -1;
    private static final MemorySegment ALL = Raw.ALL;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

    private final ThreadArena arena;
    private final TapeScope parent;
    private final int beginSlab;
    private final long beginPosition;
    // The heads of the lists; the links are in the freed blocks themselves.
    private final long[] freed = new long[Blocks.CLASSES];
    private int highestClass;
    private final RedZones zones = RedZones.ENABLED ? new RedZones() : null;
    private long live;
    private long peak;

    TapeScope(ThreadArena arena, TapeScope parent, int beginSlab, long beginPosition) {
        super(nextGeneration(), arena.thread());
        this.arena = arena;
        this.parent = parent;
        this.beginSlab = beginSlab;
        this.beginPosition = beginPosition;
    }

    // Positive: -1 is "closed" and 0 is that of managed blocks.
    private static int nextGeneration() {
        int generation = GENERATIONS.incrementAndGet() & Integer.MAX_VALUE;
        return generation == 0 ? nextGeneration() : generation;
    }

    /** The scope around this one, or null. */
    public TapeScope parent() {
        return parent;
    }

    /** False once it has been closed. */
    public boolean isOpen() {
        return generation() != CLOSED;
    }

    /** Bytes of the blocks that are in use, padding included. */
    public long liveBytes() {
        return live;
    }

    /** The most that {@link #liveBytes} was since this was opened. */
    public long peakBytes() {
        return peak;
    }

    /**
     * Address of a block for {@code bytes} bytes with undefined contents: 64-byte aligned, and followed by at least 64 bytes
     * that may be written. Fails with {@code IllegalStateException} from another thread or when closed, with
     * {@code OutOfMemoryError} over the limit.
     */
    public long allocate(long bytes) {
        requireUsable("allocate");
        long size = Blocks.rounded(Blocks.padded(bytes));
        int sizeClass = Blocks.sizeClass(size);
        long block = freed[sizeClass];
        if (block != 0) {
            freed[sizeClass] = ALL.get(LONG, block);
        } else {
            block = zones == null ? arena.bump(size) : zones.after(arena.bump(size + RedZones.BYTES));
        }
        if (zones != null) {
            zones.opened(block, size);
        }
        live += size;
        if (live > peak) {
            peak = live;
        }
        return block;
    }

    /** Takes a block of this scope or an outer one back, allocated for the same number of bytes. */
    public void free(long address, long bytes) {
        requireUsable("free");
        long size = Blocks.rounded(Blocks.padded(bytes));
        int sizeClass = Blocks.sizeClass(size);
        if (zones != null) {
            zones.closed(address, size);
        }
        ALL.set(LONG, address, freed[sizeClass]);
        freed[sizeClass] = address;
        highestClass = Math.max(highestClass, sizeClass);
        live -= size;
    }

    /** Ends the life of everything in it; the memory is used again. */
    public void reset() {
        requireUsable("reset");
        requireInnermost("reset");
        release();
        age(nextGeneration());
    }

    /** Ends the life of everything in it and gives the memory back to the scope around. Closing twice does nothing. */
    @Override
    public void close() {
        if (isOpen()) {
            requireUsable("close");
            requireInnermost("close");
            release();
            age(CLOSED);
            arena.closed(this);
        }
    }

    private void release() {
        try {
            if (zones != null) {
                zones.releaseAll();
            }
        } finally {
            Arrays.fill(freed, 0, highestClass + 1, 0);
            highestClass = 0;
            live = 0;
            arena.release(beginSlab, beginPosition);
        }
    }

    private void requireInnermost(String label) {
        if (arena.top() != this) {
            throw new IllegalStateException(label + ": a tape opened inside this one is still open; close the inner one first.");
        }
    }

    private void requireUsable(String label) {
        if (owner() != Thread.currentThread()) {
            throw new IllegalStateException(label + ": this tape belongs to thread '" + owner().getName()
                    + "' and was used from thread '" + Thread.currentThread().getName() + "'; open one in each thread.");
        }
        if (generation() == CLOSED) {
            throw new IllegalStateException(label + ": this tape is closed; open a new one.");
        }
    }
}

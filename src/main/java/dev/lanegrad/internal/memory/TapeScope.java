package dev.lanegrad.internal.memory;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * The memory of one tape. Blocks come from the list of freed blocks of their size, last freed first, or from the top of
 * the thread's slabs; all go at once at {@link #reset} and {@link #close}.
 */
public final class TapeScope extends Home implements AutoCloseable {
    private static final int CLOSED = -1;
    private static final MemorySegment ALL = Raw.ALL;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

    private final ThreadArena arena;
    private final TapeScope parent;
    // The heads of the lists by size class; the links are in the freed blocks themselves.
    private final long[] freed;
    private final int beginSlab;
    private final long beginPosition;
    private final int beginDedicated;
    private final RedZones zones;
    private int highestClass;
    private long live;
    private long peak;

    TapeScope(ThreadArena arena, TapeScope parent, long[] heads, int beginSlab, long beginPosition, int beginDedicated) {
        super(arena.nextGeneration(), arena.thread());
        this.arena = arena;
        this.parent = parent;
        this.freed = heads;
        this.beginSlab = beginSlab;
        this.beginPosition = beginPosition;
        this.beginDedicated = beginDedicated;
        this.zones = RedZones.ENABLED ? new RedZones(parent == null ? null : parent.zones) : null;
    }

    /** A number that no home has had yet. */
    int nextGeneration() {
        return arena.nextGeneration();
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
        int sizeClass = Blocks.sizeClass(bytes);
        long size = Blocks.blockBytes(sizeClass);
        long block = freed[sizeClass];
        if (block == 0) {
            block = RedZones.ENABLED ? arena.bump(size + RedZones.BYTES) + RedZones.ZONE_BYTES : arena.bump(size);
            if (RedZones.ENABLED) {
                zones.opened(block, size);
            }
        } else {
            freed[sizeClass] = ALL.get(LONG, block);
            if (RedZones.ENABLED) {
                zones.reopened(block, size);
            }
        }
        live += size;
        if (live > peak) {
            peak = live;
        }
        return block;
    }

    /**
     * Takes a block of this scope or one around it back, allocated for the same number of bytes; the next block of about
     * that size is this one. Fails with {@code IllegalStateException} from another thread or when closed.
     */
    public void free(long address, long bytes) {
        requireUsable("free");
        int sizeClass = Blocks.sizeClass(bytes);
        long size = Blocks.blockBytes(sizeClass);
        if (RedZones.ENABLED) {
            zones.closed(address, size);
        }
        ALL.set(LONG, address, freed[sizeClass]);
        freed[sizeClass] = address;
        if (sizeClass > highestClass) {
            highestClass = sizeClass;
        }
        live -= size;
    }

    /**
     * Ends the life of everything in it; the memory is used again. Fails with {@code IllegalStateException} from another
     * thread, when closed, or if a scope inside it is open.
     */
    public void reset() {
        requireUsable("reset");
        requireInnermost("reset");
        try {
            release();
        } finally {
            age(nextGeneration());
        }
    }

    /**
     * Ends the life of everything in it and gives the memory back to the scope around. Closing twice does nothing. Fails
     * with {@code IllegalStateException} from another thread, or if a scope inside it is open.
     */
    @Override
    public void close() {
        if (isOpen()) {
            requireUsable("close");
            requireInnermost("close");
            try {
                release();
            } finally {
                age(CLOSED);
                arena.closed(this, freed);
            }
        }
    }

    private void release() {
        try {
            if (RedZones.ENABLED) {
                zones.releaseAll();
            }
        } finally {
            Arrays.fill(freed, 0, highestClass + 1, 0);
            highestClass = 0;
            live = 0;
            arena.release(beginSlab, beginPosition, beginDedicated);
        }
    }

    private void requireInnermost(String label) {
        if (arena.top() != this) {
            throw new IllegalStateException(label + ": a tape opened inside this one is still open; close the inner one "
                    + "first (try-with-resources does).");
        }
    }

    private void requireUsable(String label) {
        if (owner() != Thread.currentThread() || generation() == CLOSED) {
            throw unusable(label);
        }
    }

    private IllegalStateException unusable(String label) {
        if (owner() == Thread.currentThread()) {
            return new IllegalStateException(label + ": this tape is closed; open a new one.");
        }
        return new IllegalStateException(label + ": this tape belongs to thread " + arena.threadName()
                + " and was used from thread " + ThreadArena.name(Thread.currentThread()) + "; open one in each thread.");
    }
}

package dev.lanegrad.internal.memory;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * The slabs of one thread, as one stack that its nested tapes take blocks from by moving a pointer. They stay for the
 * thread's next tape.
 */
public final class ThreadArena {
    /** Bytes of a chunk of tape records. */
    public static final int RECORD_CHUNK = 256 << 10;

    private static final ThreadLocal<ThreadArena> CURRENT = ThreadLocal.withInitial(ThreadArena::new);

    private final Thread thread = Thread.currentThread();
    private final List<MemorySegment> slabs = new ArrayList<>();
    private final List<MemorySegment> recordChunks = new ArrayList<>();
    private int slab = -1;
    private long next;
    private long end;
    private TapeScope top;

    private ThreadArena() {
        Slabs.register(this);
    }

    /** The arena of the current thread. */
    public static ThreadArena current() {
        return CURRENT.get();
    }

    /** The innermost open scope, or null. */
    public TapeScope top() {
        return top;
    }

    /** Opens a scope inside those that are open. */
    public TapeScope open() {
        top = new TapeScope(this, top, slab, next);
        return top;
    }

    /** Address of a new chunk of {@link #RECORD_CHUNK} bytes, which stays with the thread. */
    public long recordChunk() {
        MemorySegment chunk = Slabs.take(RECORD_CHUNK, RECORD_CHUNK);
        recordChunks.add(chunk);
        return chunk.address();
    }

    String threadName() {
        return thread.getName();
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

    long bump(long bytes) {
        long at = next;
        if (bytes > end - at) {
            return bumpInNextSlab(bytes);
        }
        next = at + bytes;
        return at;
    }

    private long bumpInNextSlab(long bytes) {
        int candidate = slab + 1;
        while (candidate < slabs.size() && slabs.get(candidate).byteSize() < bytes) {
            candidate++;
        }
        if (candidate == slabs.size()) {
            long last = slabs.isEmpty() ? Slabs.FIRST / 2 : slabs.getLast().byteSize();
            slabs.add(Slabs.take(bytes, Math.min(2 * last, Slabs.LARGEST)));
        }
        enter(candidate, slabs.get(candidate).address());
        return bump(bytes);
    }

    private void enter(int index, long position) {
        slab = index;
        if (index < 0) {
            next = 0;
            end = 0;
        } else {
            next = position;
            end = slabs.get(index).address() + slabs.get(index).byteSize();
        }
    }

    /** Goes back to where a scope began. */
    void release(int toSlab, long position) {
        enter(toSlab, position);
    }

    void closed(TapeScope scope) {
        top = scope.parent();
        // Virtual threads come and go: their slabs serve the next one.
        if (top == null && thread.isVirtual()) {
            Slabs.recycle(slabs);
            slabs.clear();
            enter(-1, 0);
        }
    }
}

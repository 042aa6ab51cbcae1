package dev.lanegrad.internal.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Cleaner;

/** A block outside all tapes; the collector frees it when it is unreachable. Any thread may use it. */
public final class Managed extends Home {
    private static final Cleaner CLEANER = Cleaner.create();

    private final MemorySegment segment;

    private Managed(MemorySegment segment) {
        super(0, null);
        this.segment = segment;
    }

    /** A block of zeros for {@code bytes} bytes, aligned and padded. Fails with {@code OutOfMemoryError} over the limit. */
    public static Managed allocate(long bytes) {
        long size = Blocks.padded(bytes);
        Slabs.reserve(size, true);
        MemorySegment segment;
        try {
            segment = Arena.ofAuto().allocate(size, Blocks.ALIGNMENT);
        } catch (OutOfMemoryError e) {
            Slabs.unreserve(size, true);
            throw e;
        }
        Managed managed = new Managed(segment);
        CLEANER.register(managed, () -> Slabs.unreserve(size, true));
        return managed;
    }

    /** Address of the first byte; keep this object reachable while it is used. */
    public long address() {
        return segment.address();
    }

    /** Bytes of the block, padding included. */
    public long bytes() {
        return segment.byteSize();
    }
}

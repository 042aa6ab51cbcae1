package dev.lanegrad.internal.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/**
 * A block outside all tapes; the collector frees it when it is unreachable. Any thread may use it. Its address keeps
 * nothing alive: fence this object ({@link Reference#reachabilityFence}) after the last access.
 */
public final class Managed extends Home {
    private static final Object GLOBAL = Arena.global().scope();
    private static final Class<?> AUTOMATIC = Arena.ofAuto().scope().getClass();

    private final MemorySegment segment;
    private final long address;
    private volatile int changes;

    private Managed(MemorySegment segment) {
        super(0, null);
        this.segment = segment;
        this.address = segment.address();
    }

    /**
     * A block for {@code bytes} bytes with undefined contents, aligned and padded. Fails with {@code OutOfMemoryError} over
     * the limit.
     */
    public static Managed allocate(long bytes) {
        long size = size(bytes);
        if (RedZones.ENABLED) {
            return allocateChecked(size);
        }
        Managed managed = new Managed(Slabs.fromSystem(size, Blocks.ALIGNMENT, true));
        Slabs.countManaged(size);
        Slabs.CLEANER.register(managed, () -> {
            Slabs.countManaged(-size);
            Slabs.unreserve(size, true);
        });
        return managed;
    }

    // Exact and not a size class: these blocks are not used again, and parameters stay for long.
    private static long size(long bytes) {
        Blocks.sizeClass(bytes);
        return (bytes + Blocks.ALIGNMENT - 1 & -Blocks.ALIGNMENT) + Blocks.PADDING;
    }

    private static Managed allocateChecked(long size) {
        long total = size + RedZones.BYTES;
        MemorySegment whole = Slabs.fromSystem(total, Blocks.ALIGNMENT, true);
        MemorySegment segment = whole.asSlice(RedZones.ZONE_BYTES, size);
        long block = segment.address();
        RedZones.fill(block, size);
        RedZones.Block known = RedZones.begin(block, size);
        Managed managed = new Managed(segment);
        Slabs.countManaged(size);
        Slabs.CLEANER.register(managed, () -> {
            Slabs.countManaged(-size);
            Slabs.unreserve(total, true);
            Slabs.checkManaged(whole, block, known);
        });
        return managed;
    }

    /**
     * The first {@code bytes} of {@code user} without a copy, or null if the caller must copy them. That is the case unless
     * it is native, writable memory that is aligned to 64 bytes, goes on for at least 64 bytes behind (what stands there may
     * be overwritten) and cannot end while it is reachable: of the global or an automatic arena, and not mapped from a file.
     */
    public static Managed wrap(MemorySegment user, long bytes) {
        boolean lasting = user.scope().equals(GLOBAL) || user.scope().getClass() == AUTOMATIC;
        boolean suitable = user.isNative() && !user.isReadOnly() && !user.isMapped() && lasting
                && (user.address() & Blocks.ALIGNMENT - 1) == 0 && bytes >= 0 && bytes <= user.byteSize() - Blocks.PADDING;
        return suitable ? new Managed(user) : null;
    }

    /** Counts a change in place of its contents. */
    public void countChange() {
        changes++;
    }

    /** How often its contents have been changed in place. */
    public int changes() {
        return changes;
    }

    /** Address of the first byte; keep this object reachable while it is used. */
    public long address() {
        return address;
    }

    /** Bytes of the block, padding included. */
    public long bytes() {
        return segment.byteSize();
    }
}

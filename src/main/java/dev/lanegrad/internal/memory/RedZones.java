package dev.lanegrad.internal.memory;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;

/**
 * The debug allocator's view of a scope, with {@code -Dlanegrad.debug=true}: a zone of known bytes before and behind each
 * block, checked when the block goes; released memory filled with NaN; and where each block was asked for.
 */
final class RedZones {
    /** Whether the debug allocator is on. */
    static final boolean ENABLED = Boolean.getBoolean("lanegrad.debug");
    /** What a block needs more: a zone on either side. */
    static final long BYTES = 2L * Blocks.ALIGNMENT;

    /** A NaN in every position, as a float and as a double. */
    private static final long POISON = 0x7FF4DEAD7FF4DEADL;
    private static final long ZONE = 0xFACEFEEDFACEFEEDL;
    private static final MemorySegment ALL = Raw.ALL;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final String INTERNAL = "dev.lanegrad.";

    private final Map<Long, Block> blocks = new HashMap<>();

    private record Block(long size, StackWalker.StackFrame site) {
    }

    /** The block's address in what was allocated with {@link #BYTES} more. */
    long after(long raw) {
        return raw + Blocks.ALIGNMENT;
    }

    /** A block begins: its zones are written. */
    void opened(long block, long size) {
        fill(block - Blocks.ALIGNMENT, Blocks.ALIGNMENT, ZONE);
        fill(block, size, POISON);
        fill(block + size, Blocks.ALIGNMENT, ZONE);
        blocks.put(block, new Block(size, site()));
    }

    private static StackWalker.StackFrame site() {
        return StackWalker.getInstance().walk(frames -> frames
                .filter(frame -> !frame.getClassName().startsWith(INTERNAL) || frame.getClassName().endsWith("Test"))
                .findFirst().orElse(null));
    }

    /** A block ends: its zones must be as they were. Fails with {@code IllegalStateException}, as for an unknown block. */
    void closed(long block, long size) {
        Block known = blocks.remove(block);
        if (known == null) {
            // A block of an outer scope: that one checks it.
            return;
        }
        if (known.size != size) {
            throw new IllegalStateException("free: the block at " + Long.toHexString(block) + " has " + known.size
                    + " bytes and was freed as " + size + " (allocated at " + known.site + ").");
        }
        check(block, known);
        fill(block, size, POISON);
    }

    /** All blocks end. */
    void releaseAll() {
        try {
            blocks.forEach(RedZones::check);
        } finally {
            blocks.forEach((block, known) -> fill(block, known.size, POISON));
            blocks.clear();
        }
    }

    private static void check(long block, Block known) {
        for (long i = 0; i < Blocks.ALIGNMENT; i += Long.BYTES) {
            if (ALL.get(LONG, block - Blocks.ALIGNMENT + i) != ZONE || ALL.get(LONG, block + known.size + i) != ZONE) {
                throw new IllegalStateException("A kernel wrote outside the block of " + known.size + " bytes at "
                        + Long.toHexString(block) + ", allocated at " + known.site + ".");
            }
        }
    }

    private static void fill(long address, long bytes, long pattern) {
        for (long i = 0; i < bytes; i += Long.BYTES) {
            ALL.set(LONG, address + i, pattern);
        }
    }
}

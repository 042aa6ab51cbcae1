package dev.lanegrad.internal.memory;

import java.lang.StackWalker.StackFrame;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The debug allocator's view of a scope, with {@code -Dlanegrad.debug=true}: a zone of known bytes before and behind each
 * block, checked when the block goes; released memory filled with signalling NaN, checked when it is used again; and
 * where each block was asked for. The padding belongs to the block: kernels may write there.
 */
final class RedZones {
    /** Whether the debug allocator is on. */
    static final boolean ENABLED = Boolean.getBoolean("lanegrad.debug");
    /** Bytes of one zone. */
    static final int ZONE_BYTES = Blocks.ALIGNMENT;
    /** What a block needs more: a zone on either side. */
    static final long BYTES = 2L * ZONE_BYTES;
    /**
     * NaN in every position: signalling as a double and as every other float. The rest must be quiet: the upper half of a
     * double's NaN begins with 0x7FF, and that is a quiet one as a float.
     */
    static final long POISON = 0x7FF4DEAD7FA0DEADL;

    private static final long ZONE = 0xFACEFEEDFACEFEEDL;
    private static final MemorySegment ALL = Raw.ALL;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final String LIBRARY = "dev.lanegrad.";
    private static final String INTERNAL = "dev.lanegrad.internal.";

    private final RedZones outer;
    private final Map<Long, Block> blocks = new HashMap<>();

    /** What is known of a block in use. */
    record Block(long size, String site) {
    }

    RedZones(RedZones outer) {
        this.outer = outer;
    }

    /** A block begins in memory of unknown contents. */
    void opened(long block, long size) {
        fill(block, size);
        blocks.put(block, begin(block, size));
    }

    /** A freed block begins again. Fails with {@code IllegalStateException} if it was written to meanwhile. */
    void reopened(long block, long size) {
        for (long i = Long.BYTES; i < size; i += Long.BYTES) {
            if (ALL.get(LONG, block + i) != POISON) {
                throw new IllegalStateException("A block of " + size + " bytes at 0x" + Long.toHexString(block)
                        + " was written to at byte " + i + " after it had been freed; find who still holds its address.");
            }
        }
        opened(block, size);
    }

    /**
     * A block ends: its zones must be as they were. Fails with {@code IllegalStateException} if not, or if it is not a
     * block of this size.
     */
    void closed(long block, long size) {
        RedZones owner = this;
        while (owner != null && !owner.blocks.containsKey(block)) {
            owner = owner.outer;
        }
        if (owner == null) {
            throw new IllegalStateException("free: there is no block at 0x" + Long.toHexString(block)
                    + " in the open tapes of this thread; it was freed twice or never allocated here.");
        }
        Block known = owner.blocks.get(block);
        if (known.size != size) {
            throw new IllegalStateException("free: the block at 0x" + Long.toHexString(block) + " has " + known.size
                    + " bytes and was freed as one of " + size + "; it was allocated at " + known.site + ".");
        }
        owner.blocks.remove(block);
        check(block, known);
        fill(block, size);
    }

    /** All blocks end. Fails with {@code IllegalStateException} if the zones of one are not as they were. */
    void releaseAll() {
        try {
            blocks.forEach(RedZones::check);
        } finally {
            blocks.forEach((block, known) -> fill(block, known.size));
            blocks.clear();
        }
    }

    /** Writes the zones around a block. */
    static Block begin(long block, long size) {
        for (long i = 0; i < ZONE_BYTES; i += Long.BYTES) {
            ALL.set(LONG, block - ZONE_BYTES + i, ZONE);
            ALL.set(LONG, block + size + i, ZONE);
        }
        return new Block(size, site());
    }

    /** Fails with {@code IllegalStateException} if the zones around a block are not as they were written. */
    static void check(long block, Block known) {
        for (long i = 0; i < ZONE_BYTES; i += Long.BYTES) {
            if (ALL.get(LONG, block - ZONE_BYTES + i) != ZONE) {
                throw overrun(block, known, i - ZONE_BYTES);
            }
            if (ALL.get(LONG, block + known.size + i) != ZONE) {
                throw overrun(block, known, known.size + i);
            }
        }
    }

    private static IllegalStateException overrun(long block, Block known, long offset) {
        return new IllegalStateException("A kernel wrote outside a block, in the 8 bytes at offset " + offset
                + ": the block at 0x" + Long.toHexString(block) + " has " + known.size
                + " bytes with its padding and was allocated at " + known.site + ".");
    }

    /** The first frame of the user's; or else, as in the library's own tests, the first outside its internals. */
    static String site() {
        return StackWalker.getInstance().walk(frames -> {
            List<StackFrame> outside = frames.filter(frame -> !frame.getClassName().startsWith(INTERNAL)
                    || frame.getClassName().contains("Test")).toList();
            return outside.stream().filter(frame -> !frame.getClassName().startsWith(LIBRARY)
                    || frame.getClassName().contains("Test")).findFirst()
                    .or(() -> outside.stream().findFirst()).map(StackFrame::toString).orElse("an unknown place");
        });
    }

    /** Fills a block with signalling NaN. */
    static void fill(long address, long bytes) {
        for (long i = 0; i < bytes; i += Long.BYTES) {
            ALL.set(LONG, address + i, POISON);
        }
    }
}

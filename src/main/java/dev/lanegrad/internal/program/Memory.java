package dev.lanegrad.internal.program;

import java.util.ArrayList;
import java.util.List;

/** Places in one block for values whose lives overlap: each at the lowest offset that is free for as long as it lives. */
final class Memory {
    private static final long ALIGNMENT = 64;
    /** Whole vectors are written behind the last element. */
    private static final long PADDING = 64;

    private final List<Piece> live = new ArrayList<>();
    private long peak;
    private long total;

    /** A piece of the block. */
    private record Piece(long offset, long bytes) {
    }

    /** Offset of a free piece for {@code bytes} bytes, which is in use from now on. */
    long take(long bytes) {
        long size = (bytes + ALIGNMENT - 1 & -ALIGNMENT) + PADDING;
        long offset = 0;
        int at = 0;
        while (at < live.size() && live.get(at).offset - offset < size) {
            offset = live.get(at).offset + live.get(at).bytes;
            at++;
        }
        live.add(at, new Piece(offset, size));
        peak = Math.max(peak, offset + size);
        total += size;
        return offset;
    }

    /** Ends the use of the piece at {@code offset}. */
    void release(long offset) {
        live.removeIf(piece -> piece.offset == offset);
    }

    /** Bytes of the block. */
    long peak() {
        return peak;
    }

    /** Bytes that a piece for each value alone would have taken. */
    long total() {
        return total;
    }
}

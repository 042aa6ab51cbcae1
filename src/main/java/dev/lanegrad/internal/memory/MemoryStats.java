package dev.lanegrad.internal.memory;

/**
 * A moment of the accounts, in bytes.
 *
 * @param live     occupied by the blocks of tapes and by managed blocks
 * @param peak     the most that was reserved at once
 * @param reserved taken from the system, in use or kept for use
 * @param managed  of the live bytes, those outside tapes
 * @param slabs    of the reserved bytes, those of slabs and record chunks
 */
public record MemoryStats(long live, long peak, long reserved, long managed, long slabs) {
}

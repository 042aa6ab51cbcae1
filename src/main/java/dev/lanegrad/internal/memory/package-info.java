/**
 * Off-heap memory. Tapes take blocks from slabs by moving a pointer, or from the blocks of that size which were freed last;
 * a reset gives all back at once, and the slabs stay with the thread. Outside tapes a block is the collector's.
 *
 * <p>Blocks are 64-byte aligned and followed by 64 bytes that may be read and written, so that kernels run whole vectors to
 * the end. A value remembers the generation of its tape: after a reset it is refused, so nothing is used after its end.
 * {@code -Dlanegrad.maxMemory=2G} limits what is taken; {@code -Dlanegrad.debug=true} surrounds blocks with zones that are
 * checked, fills released memory with NaN, and remembers where blocks were asked for.
 */
package dev.lanegrad.internal.memory;

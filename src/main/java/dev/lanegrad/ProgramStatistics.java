package dev.lanegrad;

/**
 * What a {@link Program} has done since it was made.
 *
 * @param hits      calls for which a trace was there
 * @param traces    calls for which the function was traced
 * @param evictions traces that were given up for newer ones
 * @param programs  traces that are kept now
 */
public record ProgramStatistics(long hits, long traces, long evictions, int programs) {
}

package dev.lanegrad.internal.program;

/** What a program does, for people. */
record Explanation(Trace trace, Fuser.Plan plan, int steps, long peak, long total) {
}

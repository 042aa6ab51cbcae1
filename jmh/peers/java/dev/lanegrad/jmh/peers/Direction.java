package dev.lanegrad.jmh.peers;

/** How much of a step is done. */
enum Direction {
    /** The result, of operands that do not require gradients. */
    FORWARD,
    /** The result, and the gradients by all operands that have one. */
    BACKWARD
}

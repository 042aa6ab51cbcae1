package dev.lanegrad.jmh.peers;

import java.util.List;

/** A case, ready to be run by one side; it belongs to the thread that made it. */
interface Step extends AutoCloseable {
    /** Does the case once, or as often as {@link #times} says, and returns something that depends on it. */
    Object run();

    /** How often {@link #run} does the case. */
    default int times() {
        return 1;
    }

    /** The result and then the gradients of all parameters, of one more run. */
    List<double[]> results();

    /** Gives its memory back. */
    @Override
    void close();
}

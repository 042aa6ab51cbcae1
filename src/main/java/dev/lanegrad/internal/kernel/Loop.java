package dev.lanegrad.internal.kernel;

/**
 * A compiled loop over lanes. Its operands stand in a frame: an off-heap table of pairs of longs, outputs before
 * inputs, where the first long is an address and the second is -1, or 0 for an operand whose one vector serves all
 * lanes. The long just before the frame is the address of scratch memory for {@link BlockInterpreter}.
 *
 * <p>A call is virtual on purpose: with more than two loops in use it is not inlined, so each loop stays a compilation
 * of its own and within the limits up to which the compiler inlines the methods of vectors.
 */
abstract class Loop {
    /** Bytes of one operand in a frame. */
    static final int ENTRY = 16;

    /** True if the JVM is known to have compiled it; for the thread that sees to that, and hints for others. */
    boolean compiled;

    /**
     * Computes {@code bytes} bytes of each output, rounded up to whole vectors. An output may be the very memory of an
     * input; otherwise they do not overlap.
     */
    abstract void run(long frame, int bytes);
}

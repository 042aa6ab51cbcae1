package dev.lanegrad.internal.kernel;

import java.lang.invoke.VarHandle;

/** What is run by a loop of its own, as an emitted class, once it has proved hot. */
abstract sealed class HotLoop permits MapKernel.Variant, RowKernel {
    private static final int CALLS = 200;
    private static final long ELEMENTS = 200_000;

    /** What runs it, replaced by what is faster, or null. A loop has no state that matters, so a race is harmless. */
    Loop loop;
    /** True until it is decided whether a loop is emitted. */
    boolean counting;
    /** Whether a loop was emitted, and how often it was not compiled in time or badly; for the thread that does it. */
    boolean emitted;
    int attempts;
    private int calls;
    private long elements;

    /** The loop as a class of its own, or null. */
    abstract Loop emit();

    /** Has calls counted, if there is to be a loop once there have been enough; in tier 1 that is at once. */
    final void begin(boolean emits) {
        counting = emits && Tier.CHOSEN != 1;
        if (emits && !counting) {
            Loop made = emit();
            loop = made != null ? made : loop;
        }
    }

    /** Counts a call over {@code count} elements, and has the loop emitted when there have been enough. */
    final void count(long count) {
        elements += count;
        if (++calls >= CALLS || elements >= ELEMENTS) {
            counting = false;
            KernelWarmup.queue(this);
        }
    }

    /** Puts {@code emitted} in place of what runs now. */
    final void publish(Loop emitted) {
        VarHandle.releaseFence();
        loop = emitted;
    }
}

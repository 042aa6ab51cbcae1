package dev.lanegrad.internal.program;

import dev.lanegrad.internal.graph.Value;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One of the calls of a function that may be under way at the same time: room for its operands, and the programs that are
 * for it alone. {@link Programs#begin} gives it to one thread, {@link #end} takes it back.
 */
public final class Call {
    private final Programs programs;
    /** Which of the calls this is. */
    final int number;
    private final AtomicBoolean taken = new AtomicBoolean();
    private final AtomicLong hits = new AtomicLong();
    /** The hits that have been taken into account in the order of use. */
    long seen;
    // Here and in Programs written by threads that hold its lock, so that what is dropped is not used again.
    private volatile Ready latest;
    private Ready ready;
    private Value[] inputs = {};
    private Value[] outputs = {};
    /** True if there may be operands in these. */
    private boolean holding;

    /** A program for one call at a time, and the arguments it is for. */
    record Ready(Signature signature, Compiled compiled, boolean alone) {
    }

    Call(Programs programs, int number) {
        this.programs = programs;
        this.number = number;
    }

    /** True if nobody had this; now it is the caller's. */
    boolean take() {
        return !taken.get() && taken.compareAndSet(false, true);
    }

    /** Room for {@code count} arguments. */
    public Value[] inputs(int count) {
        holding = true;
        inputs = inputs.length == count ? inputs : new Value[count];
        return inputs;
    }

    /** Room for {@code count} results. */
    public Value[] outputs(int count) {
        outputs = outputs.length == count ? outputs : new Value[count];
        return outputs;
    }

    /**
     * The program for the arguments, made if there is none. Fails with {@code IllegalStateException} if the programs have
     * been closed.
     */
    public Compiled find(String label) {
        Ready found = latest;
        if (found != null && found.signature.fits(inputs)) {
            hit();
        } else {
            found = programs.find(this, inputs, label);
        }
        programs.used(found);
        ready = found;
        return found.compiled;
    }

    /** Computes the results into the outputs, which are contiguous and have room for a vector behind them. */
    public void run() {
        if (ready.alone) {
            programs.enter();
            try {
                ready.compiled.run(inputs, outputs);
            } finally {
                programs.leave();
            }
        } else {
            ready.compiled.run(inputs, outputs);
        }
    }

    /** As {@link #run}, into values of the user, which are checked. */
    public void into() {
        if (ready.alone) {
            programs.enter();
            try {
                ready.compiled.into(inputs, outputs);
            } finally {
                programs.leave();
            }
        } else {
            ready.compiled.into(inputs, outputs);
        }
    }

    /** The program used last, if it may be run again as it is; null if it is one for one call at a time. */
    public Compiled repeatable() {
        Ready last = latest;
        return last == null || last.alone ? null : last.compiled;
    }

    /**
     * Runs {@code last}, which is {@link #repeatable}, on what it was run on. Nothing is taken down: a reference in an old array
     * costs a fence with most collectors.
     */
    public void repeat(Compiled last) {
        Ready found = latest;
        if (found != null && found.compiled == last) {
            hit();
            programs.used(found);
        }
        last.repeat();
    }

    /** Lets the next thread have this. */
    public void end() {
        if (holding) {
            // A program keeps no argument alive.
            Arrays.fill(inputs, null);
            Arrays.fill(outputs, null);
            ready = null;
            holding = false;
        }
        // Without a fence, which costs some nanoseconds in each call: who waits looks again by itself.
        taken.setRelease(false);
        programs.ended();
    }

    void hit() {
        // Only the thread that has this counts.
        hits.setOpaque(hits.getPlain() + 1);
    }

    /** How often a program was there. */
    long hits() {
        return hits.getOpaque();
    }

    /** The program used last, or null. */
    Ready latest() {
        return latest;
    }

    void latest(Ready ready) {
        latest = ready;
    }
}

package dev.lanegrad.internal.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;

/**
 * The gradient of a leaf, or of another value that retains it: null until something is added. A cleared buffer that
 * nobody has seen is used again. The gradient belongs to the thread that began it until it is cleared: sums of several
 * threads would depend on who came first.
 */
final class Leaf {
    /** The identifier of the thread that gathers, or 0. */
    private final AtomicLong gathering = new AtomicLong();
    /** One that gathered, for its name. */
    private volatile Thread gatherer;
    // The gradient is the buffer or another value. Storing a reference in an old object costs a fence with G1: what
    // happens in each step changes flags.
    private Value buffer;
    private boolean isBuffer;
    private Value other;
    private boolean seen;
    private boolean lent;
    private List<UnaryOperator<Value>> hooks;
    private List<Runnable> afterwards;

    /** The gradient, or null; from now on its buffer may be known outside. */
    Value exposed() {
        Value grad = grad();
        seen |= grad != null;
        return grad;
    }

    /** The gradient for the engine and the optimisers, who do not hold on to it. */
    Value grad() {
        return isBuffer ? buffer : other;
    }

    /** True if somebody outside may know the gradient's buffer. */
    boolean isSeen() {
        return seen;
    }

    /** A buffer to write the first gradient to, or null if there is none to use again. */
    Value spare() {
        return isBuffer ? null : buffer;
    }

    /** Lends the spare buffer to a walk, which writes the first gradient to it; null if there is none or it is lent. */
    Value lend() {
        if (grad() != null || buffer == null || lent || hooks() != null) {
            return null;
        }
        lent = true;
        return buffer;
    }

    /** Takes the buffer back; what was written to it is the gradient if {@code written}. */
    void takeBack(boolean written) {
        lent = false;
        if (written) {
            set(buffer);
        }
    }

    /** Keeps {@code spare} for the first gradient. */
    void reserve(Value spare) {
        other = grad();
        isBuffer = false;
        buffer = spare;
    }

    /** Makes {@code value} the gradient. */
    void set(Value value) {
        isBuffer = value != null && value == buffer;
        if (!isBuffer) {
            buffer = null;
        }
        if (!isBuffer || other != null) {
            other = isBuffer ? null : value;
        }
        seen = false;
    }

    /** Makes a value the user holds the gradient. */
    void assign(Value value) {
        set(value);
        seen = true;
    }

    /** No gradient; its buffer is kept if only this leaf knows it. */
    void clear() {
        if (isBuffer && (seen || buffer.requiresGrad())) {
            buffer = null;
        }
        isBuffer = false;
        if (other != null) {
            buffer = seen || other.requiresGrad() ? buffer : other;
            other = null;
        }
        gathering.setRelease(0);
    }

    /** Begins to gather in this thread, unless another one gathers: then it says which, else null. */
    String gather() {
        Thread own = Thread.currentThread();
        long first = gathering.compareAndExchange(0, own.threadId());
        if (first == 0 && gatherer != own) {
            gatherer = own;
        }
        if (first == 0 || first == own.threadId()) {
            return null;
        }
        Thread known = gatherer;
        return "thread " + (known != null && known.threadId() == first ? "'" + known.getName() + "' " : "") + "(#" + first + ")";
    }

    /** Gives a gathering up that has added nothing. */
    void giveUp() {
        if (grad() == null) {
            gathering.compareAndSet(Thread.currentThread().threadId(), 0);
        }
    }

    /** Calls {@code hook} with each new gradient before it is added; the result removes it. */
    Runnable addHook(UnaryOperator<Value> hook) {
        hooks = hooks == null ? new ArrayList<>() : hooks;
        hooks.add(hook);
        return () -> hooks.remove(hook);
    }

    /** The hooks, or null. */
    List<UnaryOperator<Value>> hooks() {
        return hooks == null || hooks.isEmpty() ? null : List.copyOf(hooks);
    }

    /** Calls {@code hook} after something has been added; the result removes it. */
    Runnable addAfterwards(Runnable hook) {
        afterwards = afterwards == null ? new ArrayList<>() : afterwards;
        afterwards.add(hook);
        return () -> afterwards.remove(hook);
    }

    /** True if something waits for a gradient. */
    boolean hasAfterwards() {
        return afterwards != null && !afterwards.isEmpty();
    }

    /** Runs what waits for a gradient. */
    void runAfterwards() {
        if (afterwards != null) {
            List.copyOf(afterwards).forEach(Runnable::run);
        }
    }
}

package dev.lanegrad.internal.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;

/**
 * The gradient of a leaf, or of another value that retains it: null until something is added. A cleared buffer that
 * nobody has seen is used again. The gradient belongs to the thread that began it until it is cleared: sums of several
 * threads would depend on who came first.
 */
final class Leaf {
    private final AtomicReference<Thread> gathering = new AtomicReference<>();
    private Value grad;
    private Value spare;
    private boolean seen;
    private boolean lent;
    private List<UnaryOperator<Value>> hooks;
    private List<Runnable> afterwards;

    /** The gradient, or null; from now on its buffer may be known outside. */
    Value exposed() {
        seen |= grad != null;
        return grad;
    }

    /** The gradient for the engine and the optimisers, who do not hold on to it. */
    Value grad() {
        return grad;
    }

    /** True if somebody outside may know the gradient's buffer. */
    boolean isSeen() {
        return seen;
    }

    /** A buffer to write the first gradient to, or null if there is none to use again. */
    Value spare() {
        return spare;
    }

    /** Lends the spare buffer to a walk, which writes the first gradient to it; null if there is none or it is lent. */
    Value lend() {
        if (grad != null || spare == null || lent || hooks() != null) {
            return null;
        }
        lent = true;
        return spare;
    }

    /** Takes the buffer back; what was written to it is the gradient if {@code written}. */
    void takeBack(boolean written) {
        lent = false;
        if (written) {
            set(spare);
        }
    }

    /** Keeps {@code buffer} for the first gradient. */
    void reserve(Value buffer) {
        spare = buffer;
    }

    /** Makes {@code value} the gradient. */
    void set(Value value) {
        grad = value;
        spare = null;
        seen = false;
    }

    /** Makes a value the user holds the gradient. */
    void assign(Value value) {
        set(value);
        seen = true;
    }

    /** No gradient; its buffer is kept if only this leaf knows it. */
    void clear() {
        if (grad != null && !seen && !grad.requiresGrad()) {
            spare = grad;
        }
        grad = null;
        gathering.setRelease(null);
    }

    /** Begins to gather in this thread, unless another one gathers: then it returns that one, else null. */
    Thread gather() {
        Thread own = Thread.currentThread();
        Thread other = gathering.compareAndExchange(null, own);
        return other == own ? null : other;
    }

    /** Gives a gathering up that has added nothing. */
    void giveUp() {
        if (grad == null) {
            gathering.compareAndSet(Thread.currentThread(), null);
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

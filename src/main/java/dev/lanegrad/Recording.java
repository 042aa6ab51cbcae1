package dev.lanegrad;

import dev.lanegrad.internal.graph.Batch;
import dev.lanegrad.internal.graph.Context;
import dev.lanegrad.internal.graph.ForwardReach;
import dev.lanegrad.internal.graph.Value;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The stretch of computation of a transform. Inside an open tape it records there, so that its results are part of that
 * graph; without one it has a tape of its own, and copies its results out.
 */
final class Recording implements AutoCloseable {
    private final Tape own;
    private final boolean before;
    private final int mark;
    private final Set<Value> leaves = new HashSet<>();

    private Recording(Tape own, boolean before) {
        this.own = own;
        this.before = before;
        this.mark = ForwardReach.mark();
    }

    /** A stretch in which ops are recorded, also inside noGrad. */
    static Recording open() {
        Recording recording = unchanged();
        Context.current().setGradEnabled(true);
        return recording;
    }

    /** A stretch in which ops are recorded as they were before. */
    static Recording unchanged() {
        Context context = Context.current();
        return new Recording(context.scope() == null ? Tape.open() : null, context.gradEnabled());
    }

    /** True if results outlive this without a copy. */
    boolean isInside() {
        return own == null;
    }

    /**
     * The variable to derive by in place of {@code x}; inside batches a {@code separate} one differs between examples.
     */
    Tensor variable(Tensor x, boolean separate) {
        boolean connected = own == null && before;
        Value value = Batch.variable(separate ? Batch.separate(x.value) : x.value, connected);
        if (value.isLeaf()) {
            leaves.add(Batch.bottom(value));
        }
        return new Tensor(value);
    }

    /** True if {@code results} depend on something around this stretch that requires grad. */
    boolean isConnected(List<Tensor> results) {
        return own == null && before && results.stream().anyMatch(result -> result != null && result.requiresGrad()
                && ForwardReach.beyond(Batch.bottom(result.value), mark, leaves));
    }

    /** {@code result} as it outlives this stretch; part of the graph around only if it depends on it. */
    Tensor out(Tensor result) {
        return out(result, own == null && result.requiresGrad() && isConnected(List.of(result)));
    }

    /** {@code result} as it outlives this stretch; part of the graph around only if {@code connected}. */
    Tensor out(Tensor result, boolean connected) {
        if (own != null) {
            return result.keep();
        }
        return connected || !result.requiresGrad() ? result : new Tensor(Batch.cut(result.value));
    }

    /** All of {@code results}, as they outlive this stretch. */
    List<Tensor> out(List<Tensor> results) {
        return results.stream().map(this::out).toList();
    }

    @Override
    public void close() {
        Context.current().setGradEnabled(before);
        if (own != null) {
            own.close();
        }
    }
}

package dev.lanegrad.internal.graph;

import dev.lanegrad.internal.memory.Region;
import dev.lanegrad.internal.op.Structural;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Functions whose intermediate values are given back after the forward computation and computed again when a walk reaches
 * their records. The records stay; a second run of the function gives each its new address, in the order of recording, and
 * must do the same ops on the same operands.
 */
public final class Checkpoints {
    private final Context context;
    private final Nodes nodes;
    private final List<Checkpoint> all = new ArrayList<>();

    /** A function as it was recorded: records {@code from} (inclusive) to {@code to} (exclusive). */
    private static final class Checkpoint {
        final Supplier<Value> function;
        final int from;
        int to;
        /** Where its values are while they are there. */
        Region region;
        boolean stays;

        Checkpoint(Supplier<Value> function, int from) {
            this.function = function;
            this.from = from;
        }
    }

    Checkpoints(Context context) {
        this.context = context;
        this.nodes = context.nodes;
    }

    /** The result of {@code function}, whose values are not kept. It must give the same whenever it is called. */
    public static Value run(Supplier<Value> function) {
        Context context = Context.current();
        if (!context.records() || context.region() != null || context.interprets()) {
            return function.get();
        }
        return context.checkpoints.first(function);
    }

    private Value first(Supplier<Value> function) {
        Checkpoint checkpoint = new Checkpoint(function, nodes.count());
        Region region = new Region(context.scope());
        Region before = context.setRegion(region);
        try {
            Value result = function.get().check("checkpoint");
            context.setRegion(before);
            checkpoint.to = nodes.count();
            all.add(checkpoint);
            return Structures.apply(new Structural.Clone(), result);
        } finally {
            context.setRegion(before);
            region.close();
        }
    }

    /** True if no function has been checkpointed. */
    boolean isEmpty() {
        return all.isEmpty();
    }

    /** Forgets those whose records are gone. */
    void reset(int records) {
        if (!all.isEmpty()) {
            all.removeIf(checkpoint -> checkpoint.from >= records);
        }
    }

    /** True if the value of record {@code id} is not there now. */
    boolean isAway(int id) {
        Checkpoint checkpoint = at(id);
        return checkpoint != null && checkpoint.region == null;
    }

    private Checkpoint at(int id) {
        for (Checkpoint checkpoint : all) {
            if (checkpoint.from <= id && id < checkpoint.to) {
                return checkpoint;
            }
        }
        return null;
    }

    /**
     * Brings the values back that a visit of record {@code id} needs, and gives those back that lie behind it in the walk;
     * with {@code stay}, they stay for as long as the tape.
     */
    void visit(int id, boolean stay) {
        for (Checkpoint checkpoint : all) {
            if (checkpoint.from > id) {
                leave(checkpoint);
            }
        }
        Checkpoint checkpoint = at(id);
        if (checkpoint != null) {
            checkpoint.stays |= stay;
            if (checkpoint.region == null) {
                replay(checkpoint);
            }
        }
    }

    /** Gives back what a walk has brought back. */
    void leaveAll() {
        all.forEach(this::leave);
    }

    private void leave(Checkpoint checkpoint) {
        if (checkpoint.region != null && !checkpoint.stays) {
            checkpoint.region.close();
            checkpoint.region = null;
        }
    }

    private void replay(Checkpoint checkpoint) {
        Region region = new Region(context.scope());
        Region before = context.setRegion(region);
        boolean recording = context.setGradEnabled(true);
        nodes.beginReplay(checkpoint.from, checkpoint.to);
        boolean done = false;
        try {
            checkpoint.function.get();
            nodes.requireReplayed();
            checkpoint.region = region;
            done = true;
        } finally {
            nodes.endReplay();
            context.setGradEnabled(recording);
            context.setRegion(before);
            if (!done) {
                region.close();
            }
        }
    }
}

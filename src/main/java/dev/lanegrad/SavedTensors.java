package dev.lanegrad;

import dev.lanegrad.internal.graph.Context;
import dev.lanegrad.internal.graph.SavedHooks;
import java.util.function.Function;

/**
 * What happens to tensors that ops save for backward, until this is closed: {@code pack} is given each when its op is
 * recorded, and {@code unpack} gives it back when a backward needs it. It concerns the current thread, and nests: the
 * innermost pair counts.
 */
public final class SavedTensors implements AutoCloseable {
    private final SavedHooks before;
    private boolean open = true;

    private SavedTensors(SavedHooks hooks) {
        before = Context.current().setSavedHooks(hooks);
    }

    /**
     * Begins to hand saved tensors out. {@code pack} must not change its argument; {@code unpack} gives a tensor of the same
     * sizes and type for what pack returned, each time a backward needs it.
     */
    public static SavedTensors hooks(Function<Tensor, Object> pack, Function<Object, Tensor> unpack) {
        return new SavedTensors(new SavedHooks(value -> pack.apply(new Tensor(value)), kept -> {
            Tensor tensor = unpack.apply(kept);
            return tensor == null ? null : tensor.value;
        }));
    }

    /** Brings back the pair before. Closing twice does nothing. */
    @Override
    public void close() {
        if (open) {
            open = false;
            Context.current().setSavedHooks(before);
        }
    }
}

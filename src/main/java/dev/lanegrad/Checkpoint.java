package dev.lanegrad;

import dev.lanegrad.internal.graph.Checkpoints;
import java.util.function.Supplier;

/**
 * Gradients for less memory: a function whose intermediate values are given back at once and computed a second time when
 * a backward reaches them.
 */
public final class Checkpoint {
    private Checkpoint() {
    }

    /**
     * The result of {@code function}, as part of the graph. What it computes on the way is not kept. A second run must do the
     * same: the generators {@code random} are set back for it, and go on afterwards as if there had been one run; another
     * order of ops or other sizes are an {@code IllegalStateException} in the backward. Tensors made in the function end
     * with it. Inside another checkpointed function this is a plain call.
     */
    public static Tensor run(Supplier<Tensor> function, Rng... random) {
        Rng[] before = new Rng[random.length];
        for (int i = 0; i < random.length; i++) {
            before[i] = random[i].copy();
        }
        boolean[] again = {false};
        return new Tensor(Checkpoints.run(() -> {
            Rng[] after = new Rng[random.length];
            for (int i = 0; again[0] && i < random.length; i++) {
                after[i] = random[i].copy();
                random[i].become(before[i]);
            }
            try {
                return function.get().value;
            } finally {
                for (int i = 0; again[0] && i < random.length; i++) {
                    random[i].become(after[i]);
                }
                again[0] = true;
            }
        }));
    }
}

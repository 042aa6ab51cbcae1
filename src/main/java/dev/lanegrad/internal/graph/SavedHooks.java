package dev.lanegrad.internal.graph;

import java.util.function.Function;

/** What the user does with saved values: {@code pack} at the time of recording, {@code unpack} when a walk needs them. */
public record SavedHooks(Function<Value, Object> pack, Function<Object, Value> unpack) {
    private record Packed(Object kept, SavedHooks hooks) {
    }

    /** Packs what record {@code id} has saved. */
    void pack(Nodes nodes, int id) {
        int saved = nodes.saved(id);
        if (saved == 0) {
            return;
        }
        Object[] packed = new Object[4];
        for (int i = 0; i <= 3; i++) {
            if ((saved >> i & 1) != 0) {
                Value value = nodes.value(i == 3 ? id : nodes.anyOperand(id, i)).detach();
                packed[i] = new Packed(pack.apply(value), this);
            }
        }
        nodes.attach(id).packed = packed;
        nodes.set(id, Nodes.PACKED);
    }

    /** The values of what was packed; null for what was not. */
    static Object[] unpacked(Object[] packed) {
        Object[] values = new Object[packed.length];
        for (int i = 0; i < packed.length; i++) {
            if (packed[i] instanceof Packed(Object kept, SavedHooks hooks)) {
                Value value = hooks.unpack.apply(kept);
                if (value == null) {
                    throw new IllegalStateException("savedTensorHooks: unpack returned null; return a tensor of the sizes and "
                            + "type that pack was given.");
                }
                values[i] = value.check("unpack");
            }
        }
        return values;
    }
}

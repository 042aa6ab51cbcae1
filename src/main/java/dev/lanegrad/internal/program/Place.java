package dev.lanegrad.internal.program;

import dev.lanegrad.internal.graph.Value;
import dev.lanegrad.internal.op.Structural;
import dev.lanegrad.internal.op.Structural.Expand;
import dev.lanegrad.internal.op.Structural.Permute;
import dev.lanegrad.internal.op.Structural.Slice;
import dev.lanegrad.internal.shape.Layout;

/**
 * Where the elements of a node lie: in the memory of {@code base}, from element {@code offset} of it on.
 *
 * @param base   the node whose memory it is
 * @param offset elements from its beginning
 * @param layout how they lie
 */
record Place(Node base, long offset, Layout layout) {
    /** The place of a node that has memory of its own, or was given it. */
    static Place own(Node node) {
        if (node.origin() instanceof Node.Captured(Value value)) {
            return new Place(node, 0, value.layout());
        }
        Layout layout = node.layout();
        // One number in memory is all the elements of a constant.
        return new Place(node, 0, node.isFill() ? Layout.of(layout.sizes(), new long[layout.rank()]) : layout);
    }

    /** The place of a view of what lies here; null if its elements cannot be found by strides. */
    Place view(Node view) {
        Structural op = view.structural();
        long[] strides = layout.strides();
        if (op instanceof Permute(int[] order)) {
            long[] moved = new long[order.length];
            java.util.Arrays.setAll(moved, d -> strides[order[d]]);
            return new Place(base, offset, Layout.of(view.layout().sizes(), moved));
        } else if (op instanceof Slice s) {
            strides[s.dim()] *= s.step();
            return new Place(base, offset + s.start() * layout.stride(s.dim()), Layout.of(view.layout().sizes(), strides));
        } else if (op instanceof Expand) {
            return new Place(base, offset, expanded(view.layout()));
        }
        Layout reshaped = reshaped(view.layout());
        return reshaped == null ? null : new Place(base, offset, reshaped);
    }

    private Layout expanded(Layout target) {
        long[] strides = new long[target.rank()];
        for (int d = target.rank() - layout.rank(); d < strides.length; d++) {
            int own = d - (target.rank() - layout.rank());
            strides[d] = layout.size(own) == 1 && target.size(d) != 1 ? 0 : layout.stride(own);
        }
        return Layout.of(target.sizes(), strides);
    }

    /**
     * The strides with which these elements, row-major, have the sizes of {@code target}; null if there are none. Runs of
     * dimensions are matched from the end that hold equally many elements on both sides.
     */
    private Layout reshaped(Layout target) {
        if (layout.isContiguous()) {
            return Layout.contiguous(target.sizes());
        }
        long[] strides = new long[target.rank()];
        int from = layout.rank() - 1;
        int to = target.rank() - 1;
        while (to >= 0) {
            while (from >= 0 && layout.size(from) == 1) {
                from--;
            }
            if (from < 0) {
                break;
            }
            long have = layout.size(from);
            long step = layout.stride(from);
            long made = 1;
            while (made != have) {
                if (made < have) {
                    if (to < 0) {
                        return null;
                    }
                    strides[to] = step * made;
                    made *= target.size(to--);
                } else {
                    from--;
                    if (from < 0 || layout.size(from) != 1 && layout.stride(from) != step * have) {
                        return null;
                    }
                    have *= layout.size(from);
                }
            }
            from--;
        }
        return Layout.of(target.sizes(), strides);
    }
}

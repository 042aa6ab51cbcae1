package dev.lanegrad.internal.graph;

import dev.lanegrad.internal.kernel.Indexing;
import dev.lanegrad.internal.shape.Layout;
import java.lang.ref.Reference;

/** Reads and adds elements at the places an int64 tensor names. Indices are checked before anything is written. */
final class Gathering {
    private Gathering() {
    }

    static Value gather(Context context, int dim, Value x, Value index) {
        requireInside("gather", index, dim, x.layout.size(dim));
        Value result = context.allocate(x.cell, Layout.contiguous(index.layout.sizes()));
        Indexing.gather(x.cell.bytes(), x.address, x.layout, index.address, index.layout, dim, result.address, result.layout);
        return result;
    }

    static Value scatterAdd(Context context, int dim, int size, Value source, Value index) {
        requireInside("scatterAdd", index, dim, size);
        int[] sizes = source.layout.sizes();
        sizes[dim] = size;
        return zeros(context, source, sizes, dim, index, index.layout);
    }

    /**
     * Adds into zeros of {@code sizes}; the sizes along other dimensions are those of the tensor that was gathered from,
     * which may be larger than the index's: {@link Rules} passes them through an {@code Embed}.
     */
    private static Value zeros(Context context, Value source, int[] sizes, int dim, Value index, Layout indices) {
        Value result = context.allocate(source.cell, Layout.contiguous(sizes));
        Indexing.fillZero(result.address, Context.bytes(result.cell, result.layout));
        Indexing.scatterAdd(source.cell.lane(), source.address, source.layout, index.address, indices, dim,
                result.address, result.layout);
        Reference.reachabilityFence(index);
        return result;
    }

    static Value indexSelect(Context context, int dim, Value x, Value index) {
        requireInside("indexSelect", index, dim, x.layout.size(dim));
        int[] sizes = x.layout.sizes();
        sizes[dim] = index.layout.size(0);
        Value result = context.allocate(x.cell, Layout.contiguous(sizes));
        Indexing.gather(x.cell.bytes(), x.address, x.layout, index.address, along(index.layout, dim, sizes), dim,
                result.address, result.layout);
        return result;
    }

    static Value indexAdd(Context context, int dim, int size, Value source, Value index) {
        requireInside("indexAdd", index, dim, size);
        int[] sizes = source.layout.sizes();
        Layout indices = along(index.layout, dim, sizes);
        sizes[dim] = size;
        return zeros(context, source, sizes, dim, index, indices);
    }

    /** The vector {@code index} along {@code dim} of {@code sizes}, repeated along the others. */
    private static Layout along(Layout index, int dim, int[] sizes) {
        long[] strides = new long[sizes.length];
        strides[dim] = index.stride(0);
        return Layout.of(sizes, strides);
    }

    static void requireInside(String label, Value index, int dim, int size) {
        if (!Indexing.areInside(index.address, index.layout, size)) {
            long bad = Indexing.firstOutside(index.address, index.layout, size);
            long value = Indexing.elementAt(index.address, index.layout, bad);
            throw new IndexOutOfBoundsException(label + ": index " + value + " is out of bounds for dimension " + dim
                    + " with size " + size + "; indices run from 0 to " + (size - 1) + ".");
        }
        Reference.reachabilityFence(index);
    }
}

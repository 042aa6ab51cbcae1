package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.shape.Layout;

/** Where elements go among zeros: into a larger tensor, some steps apart along one dimension. */
public final class Embedding {
    private final int size;
    private final Layout source;
    private final int start;
    private final long bytes;
    /** The elements of a row of the larger tensor if every second is one of the source, with zeros between them; or 0. */
    private final int pairs;
    /** Where the elements go; null if they go there in pairs. */
    private final Layout target;
    private final long offset;

    /**
     * Puts elements of {@code size} bytes at {@code start}, {@code start + step} and so on, of dimension {@code dim} of {@code
     * whole}, which is contiguous and in its other sizes as {@code source}.
     */
    public Embedding(int size, Layout source, Layout whole, int dim, int start, int step) {
        this.size = size;
        this.source = source;
        this.start = start;
        bytes = whole.count() * size;
        offset = start * whole.stride(dim) * size;
        boolean pairwise = step == 2 && dim == source.rank() - 1 && source.count() > 0 && source.isContiguous()
                && Indexing.hasPairs(size);
        pairs = pairwise ? whole.size(dim) : 0;
        target = pairwise ? null : apart(source, whole, dim, step);
    }

    private static Layout apart(Layout source, Layout whole, int dim, int step) {
        long[] strides = whole.strides();
        strides[dim] *= step;
        return Layout.of(source.sizes(), strides);
    }

    /** Writes the elements at {@code from} and the zeros to {@code to}, which shares no memory with them. */
    public void run(long from, long to) {
        if (target == null) {
            int n = source.size(source.rank() - 1);
            Indexing.apart(from, to, source.count() / n, n, start, pairs);
        } else {
            Indexing.fillZero(to, bytes);
            Indexing.copyStrided(size, from, source, to + offset, target);
        }
    }
}

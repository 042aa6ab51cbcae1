package dev.lanegrad.internal.shape;

import java.util.Arrays;

/**
 * Sizes and strides of a tensor, in elements: element {@code (i0, i1, ...)} lies {@code i0 * stride(0) + i1 * stride(1)
 * + ...} elements behind the first. Immutable. A stride may be 0 (expanded) and is never negative.
 */
public final class Layout {
    /** The layout of a tensor without dimensions: one element. */
    public static final Layout SCALAR = new Layout(new int[0], new long[0]);

    /** Contiguous layouts of late, each where the hash of its sizes says: programs ask for the same few again and again. */
    private static final Layout[] RECENT = new Layout[256];

    private final int[] sizes;
    private final long[] strides;
    private final long count;
    private final long extent;
    private final boolean contiguous;

    private Layout(int[] sizes, long[] strides) {
        this.sizes = sizes;
        this.strides = strides;
        long product = 1;
        long last = 0;
        boolean dense = true;
        for (int d = sizes.length - 1; d >= 0; d--) {
            dense &= sizes[d] == 1 || strides[d] == product;
            product = Math.multiplyExact(product, (long) sizes[d]);
            last += (sizes[d] - 1L) * strides[d];
        }
        this.count = product;
        this.extent = product == 0 ? 0 : last + 1;
        this.contiguous = dense || product == 0;
    }

    /** Row-major, without gaps. Fails with {@code IllegalArgumentException} if the product of the sizes is over 2^63. */
    public static Layout contiguous(int... sizes) {
        int slot = sizes.length;
        for (int size : sizes) {
            slot = 31 * slot + size;
        }
        slot = (slot ^ slot >>> 8) & RECENT.length - 1;
        // Threads may overwrite each other's: all fields are final, so what one finds there is whole.
        Layout known = RECENT[slot];
        if (known == null || !known.hasSizes(sizes)) {
            known = newContiguous(sizes);
            RECENT[slot] = known;
        }
        return known;
    }

    private boolean hasSizes(int[] others) {
        if (others.length != sizes.length) {
            return false;
        }
        for (int d = 0; d < sizes.length; d++) {
            if (others[d] != sizes[d]) {
                return false;
            }
        }
        return true;
    }

    private static Layout newContiguous(int[] sizes) {
        if (sizes.length > Dims.MAX_RANK) {
            throw new IllegalArgumentException("A tensor has at most " + Dims.MAX_RANK + " dimensions, but "
                    + Arrays.toString(sizes) + " has " + sizes.length + "; combine some.");
        }
        long[] strides = new long[sizes.length];
        long step = 1;
        for (int d = sizes.length - 1; d >= 0; d--) {
            if (sizes[d] < 0) {
                throw new IllegalArgumentException("Trying to create tensor with negative dimension " + sizes[d] + ": "
                        + Arrays.toString(sizes) + "; every size must be 0 or more.");
            }
            strides[d] = step;
            try {
                step = Math.multiplyExact(step, (long) Math.max(sizes[d], 1));
            } catch (ArithmeticException e) {
                throw new IllegalArgumentException("The sizes " + Arrays.toString(sizes)
                        + " multiply to more than 2^63 elements; choose smaller ones.");
            }
        }
        return new Layout(sizes.clone(), strides);
    }

    /** The given sizes and strides, in arrays that nobody else changes: they are not copied. */
    public static Layout ofOwned(int[] sizes, long[] strides) {
        return new Layout(sizes, strides);
    }

    /** The given sizes and strides. */
    public static Layout of(int[] sizes, long[] strides) {
        return new Layout(sizes.clone(), strides.clone());
    }

    /**
     * The same elements of memory in other sizes with the same product, or null if no strides express that: a new dimension
     * can only span old ones that follow each other without gaps.
     */
    public Layout viewedAs(int... wanted) {
        if (count == 0 || contiguous) {
            return contiguous(wanted);
        }
        long[] found = new long[wanted.length];
        int d = wanted.length - 1;
        int own = sizes.length - 1;
        while (own >= 0) {
            // One run of old dimensions without gaps between them, as far out as it goes.
            long step = strides[own];
            long run = sizes[own];
            int outer = own - 1;
            while (outer >= 0 && (sizes[outer] == 1 || run == 1 || strides[outer] == step * run)) {
                step = run == 1 ? strides[outer] : step;
                run *= sizes[outer--];
            }
            long taken = 1;
            while (d >= 0 && (taken < run || wanted[d] == 1) && taken * wanted[d] <= run) {
                found[d] = step * taken;
                taken *= wanted[d--];
            }
            if (taken != run) {
                return null;
            }
            own = outer;
        }
        return d >= 0 ? null : of(wanted, found);
    }

    /** Number of dimensions. */
    public int rank() {
        return sizes.length;
    }

    /** Size of dimension {@code d}. */
    public int size(int d) {
        return sizes[d];
    }

    /** Elements between neighbours along dimension {@code d}. */
    public long stride(int d) {
        return strides[d];
    }

    /** Number of elements: the product of the sizes, 1 without dimensions. */
    public long count() {
        return count;
    }

    /** True if the elements lie row-major without gaps; also if there are none. */
    public boolean isContiguous() {
        return contiguous;
    }

    /** A copy of the sizes. */
    public int[] sizes() {
        return sizes.clone();
    }

    /** A copy of the strides. */
    public long[] strides() {
        return strides.clone();
    }

    /** True if both have the same sizes. */
    public boolean sameSizes(Layout other) {
        return this == other || Arrays.equals(sizes, other.sizes);
    }

    /** Elements from the first to the last, both included, as they lie in memory; 0 if there are none. */
    public long extent() {
        return extent;
    }

    /** The sizes as PyTorch prints them: {@code [2, 3]}. */
    @Override
    public String toString() {
        return Arrays.toString(sizes);
    }
}

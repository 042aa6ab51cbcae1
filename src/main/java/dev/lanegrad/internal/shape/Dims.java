package dev.lanegrad.internal.shape;

import java.util.Arrays;

/** Dimension arguments, checked; sets of dimensions are bits of an int, so a tensor has at most 31 dimensions. */
public final class Dims {
    /** The most dimensions a tensor can have. */
    public static final int MAX_RANK = 31;

    private Dims() {
    }

    /**
     * {@code dim} as a number from 0, where a negative one counts from the end. A tensor without dimensions accepts 0 and
     * -1, as in PyTorch. Fails with {@code IndexOutOfBoundsException} otherwise.
     */
    public static int one(String label, int dim, int rank) {
        int range = Math.max(rank, 1);
        if (dim < -range || dim >= range) {
            throw new IndexOutOfBoundsException(label + ": Dimension out of range (expected to be in range of [" + -range
                    + ", " + (range - 1) + "], but got " + dim + ")");
        }
        return dim < 0 ? dim + range : dim;
    }

    /** The set of {@code dims}; all dimensions if none is named. Fails if one is named twice. */
    public static int set(String label, int[] dims, int rank) {
        if (dims.length == 0) {
            return all(rank);
        }
        int set = 0;
        for (int dim : dims) {
            int bit = 1 << one(label, dim, rank);
            if ((set & bit) != 0) {
                throw new IllegalArgumentException(label + ": dim " + dim + " appears multiple times in the list of dims "
                        + Arrays.toString(dims) + "; name every dimension once.");
            }
            set |= bit;
        }
        return rank == 0 ? 0 : set;
    }

    /** The set of all dimensions. */
    public static int all(int rank) {
        return (1 << rank) - 1;
    }

    /** Number of elements that a fold over {@code dims} takes together. */
    public static long folded(Layout layout, int dims) {
        long count = 1;
        for (int d = 0; d < layout.rank(); d++) {
            count *= (dims >> d & 1) != 0 ? layout.size(d) : 1;
        }
        return count;
    }

    /** The contiguous layout after a fold over {@code dims}: they become 1, or vanish. */
    public static Layout without(Layout layout, int dims, boolean keep) {
        if (dims == all(layout.rank()) && (!keep || layout.rank() == 0)) {
            return Layout.SCALAR;
        }
        int[] sizes = new int[keep ? layout.rank() : layout.rank() - Integer.bitCount(dims)];
        int next = 0;
        for (int d = 0; d < layout.rank(); d++) {
            boolean folded = (dims >> d & 1) != 0;
            if (!folded || keep) {
                sizes[next++] = folded ? 1 : layout.size(d);
            }
        }
        return Layout.contiguous(sizes);
    }

    /** The sizes with one -1 replaced by what is left of {@code count} elements. */
    public static Layout inferred(int[] sizes, long count) {
        long product = 1;
        int unknown = -1;
        for (int d = 0; d < sizes.length; d++) {
            if (sizes[d] == -1 && unknown >= 0) {
                throw new IllegalArgumentException("reshape: only one dimension can be inferred; the sizes "
                        + Arrays.toString(sizes) + " have more than one -1.");
            }
            if (sizes[d] < -1) {
                throw new IllegalArgumentException("reshape: invalid shape dimension " + sizes[d] + " in "
                        + Arrays.toString(sizes) + "; sizes are 0 or more, or -1 once.");
            }
            if (sizes[d] == -1) {
                unknown = d;
            } else {
                product = Math.multiplyExact(product, (long) sizes[d]);
            }
        }
        if (unknown >= 0 && product == 0) {
            throw new IllegalArgumentException("reshape: cannot reshape tensor of " + count + " elements into shape "
                    + Arrays.toString(sizes) + " because the unspecified dimension size -1 can be any value and is ambiguous");
        }
        if (unknown < 0 ? product != count : count % product != 0 || count / product > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("reshape: shape '" + Arrays.toString(sizes)
                    + "' is invalid for input of size " + count);
        }
        int[] known = sizes.clone();
        if (unknown >= 0) {
            known[unknown] = (int) (count / product);
        }
        return Layout.contiguous(known);
    }
}

package dev.lanegrad.internal.shape;

/** NumPy's rules: sizes are aligned at the last dimension, and a missing dimension or one of size 1 is repeated. */
public final class Broadcasting {
    private Broadcasting() {
    }

    /**
     * The contiguous layout that both broadcast to. Fails with {@code IllegalArgumentException} if there is none; the
     * message begins with {@code label}.
     */
    public static Layout common(String label, Layout a, Layout b) {
        if (a.sameSizes(b)) {
            return a.isContiguous() ? a : b.isContiguous() ? b : Layout.contiguous(a.sizes());
        }
        if (a.isContiguous() && reaches(b, a)) {
            return a;
        }
        if (b.isContiguous() && reaches(a, b)) {
            return b;
        }
        int rank = Math.max(a.rank(), b.rank());
        int[] sizes = new int[rank];
        for (int d = rank - 1; d >= 0; d--) {
            int sizeA = sizeFromEnd(a, rank - d);
            int sizeB = sizeFromEnd(b, rank - d);
            if (sizeA != sizeB && sizeA != 1 && sizeB != 1) {
                throw new IllegalArgumentException(label + ": The size of tensor a (" + sizeA
                        + ") must match the size of tensor b (" + sizeB + ") at non-singleton dimension " + d
                        + " (shapes " + a + " and " + b + "); reshape or expand one of them.");
            }
            sizes[d] = sizeA == 1 ? sizeB : sizeA;
        }
        return Layout.contiguous(sizes);
    }

    /** True if {@code from} broadcasts to exactly the sizes of {@code to}. */
    public static boolean reaches(Layout from, Layout to) {
        if (from.rank() > to.rank()) {
            return false;
        }
        for (int i = 1; i <= from.rank(); i++) {
            int size = from.size(from.rank() - i);
            if (size != 1 && size != to.size(to.rank() - i)) {
                return false;
            }
        }
        return true;
    }

    /** The dimensions of {@code to}, as a set of bits, along which {@code from} is repeated to reach it. */
    public static int repeated(Layout from, Layout to) {
        int dims = 0;
        for (int d = 0; d < to.rank(); d++) {
            int own = d - (to.rank() - from.rank());
            if (own < 0 || from.size(own) == 1 && to.size(d) != 1) {
                dims |= 1 << d;
            }
        }
        return dims;
    }

    private static int sizeFromEnd(Layout layout, int distance) {
        return distance > layout.rank() ? 1 : layout.size(layout.rank() - distance);
    }
}

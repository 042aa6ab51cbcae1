package dev.lanegrad.internal.program;

import dev.lanegrad.internal.shape.Layout;

/**
 * An arrangement as rows in equal distances.
 *
 * @param step    elements between the beginnings of rows; 0 if all rows are the same elements
 * @param sizes   sizes within a row
 * @param strides strides within a row
 */
record RowView(long step, int[] sizes, long[] strides) {
    /** Number of leading dimensions of {@code sizes} that make up {@code rows} rows; -1 if none do. */
    static int prefix(Layout sizes, long rows) {
        long product = 1;
        for (int d = 0; d < sizes.rank(); d++) {
            product *= sizes.size(d);
            if (product >= rows) {
                return product == rows ? d + 1 : -1;
            }
        }
        return -1;
    }

    /** {@code layout}, which broadcasts to {@code sizes}, as {@code rows} rows; null if they are not in equal distances. */
    static RowView of(Layout layout, Layout sizes, long rows) {
        int prefix = prefix(sizes, rows);
        if (prefix < 0) {
            return null;
        }
        int missing = sizes.rank() - layout.rank();
        long step = 0;
        long next = -1;
        for (int d = prefix - 1; d >= 0; d--) {
            if (sizes.size(d) != 1) {
                long stride = d < missing || layout.size(d - missing) == 1 ? 0 : layout.stride(d - missing);
                if (next >= 0 && stride != next) {
                    return null;
                }
                step = next < 0 ? stride : step;
                next = stride * sizes.size(d);
            }
        }
        int[] inner = new int[sizes.rank() - prefix];
        long[] strides = new long[inner.length];
        for (int d = prefix; d < sizes.rank(); d++) {
            inner[d - prefix] = d < missing ? 1 : layout.size(d - missing);
            strides[d - prefix] = d < missing ? 0 : layout.stride(d - missing);
        }
        return new RowView(step, inner, strides);
    }

    /** The arrangement of {@code rows} of the rows. */
    Layout block(int rows) {
        int[] all = new int[sizes.length + 1];
        long[] steps = new long[all.length];
        all[0] = step == 0 ? 1 : rows;
        steps[0] = step;
        System.arraycopy(sizes, 0, all, 1, sizes.length);
        System.arraycopy(strides, 0, steps, 1, strides.length);
        return Layout.of(all, steps);
    }

    /** Elements of a row. */
    long count() {
        long count = 1;
        for (int size : sizes) {
            count *= size;
        }
        return count;
    }

    /** Elements from the first of a row to its last, both included. */
    long extent() {
        long last = 0;
        for (int d = 0; d < sizes.length; d++) {
            last += (sizes[d] - 1L) * strides[d];
        }
        return last + 1;
    }
}

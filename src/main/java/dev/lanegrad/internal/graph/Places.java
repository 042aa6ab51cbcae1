package dev.lanegrad.internal.graph;

import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.op.Ternary;
import dev.lanegrad.internal.shape.Broadcasting;
import dev.lanegrad.internal.shape.Layout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The places that index tensors name along the first dimensions of a tensor, as numbers of rows of what is behind. */
final class Places {
    private final String label;
    private final int dims;
    private final Layout named;
    private final long[] rows;

    private Places(String label, int dims, Layout named, long[] rows) {
        this.label = label;
        this.dims = dims;
        this.named = named;
        this.rows = rows;
    }

    static Places of(String label, Value x, Value[] indices) {
        x.check(label);
        List<Value> whole = new ArrayList<>();
        for (Value index : indices) {
            index.check(label).readable(label);
            if (index.cell == Cell.BOOL) {
                whole.addAll(trues(label, x, index, whole.size()));
            } else if (index.cell == Cell.INT64) {
                whole.add(index);
            } else {
                throw new IndexOutOfBoundsException(label + ": tensors used as indices must be int64 or bool tensors, but one is "
                        + index.cell + "; convert it with to(DType.INT64).");
            }
        }
        if (whole.isEmpty() || whole.size() > x.layout.rank()) {
            throw new IndexOutOfBoundsException(label + ": too many indices for tensor of dimension " + x.layout.rank() + ": "
                    + whole.size() + "; give one for each of the first dimensions.");
        }
        Layout named = whole.getFirst().layout;
        for (Value index : whole) {
            named = Broadcasting.common(label, named, index.layout);
        }
        Layout sizes = Layout.contiguous(named.sizes());
        long[] rows = new long[Math.toIntExact(sizes.count())];
        for (int d = 0; d < whole.size(); d++) {
            Value index = whole.get(d);
            Value wide = new Value(index.home, index.stamp, index.address, Structures.expanded(index.layout, sizes), index.cell);
            int size = x.layout.size(d);
            for (int i = 0; i < rows.length; i++) {
                long at = Values.getLong(wide, i);
                if (at < -size || at >= size) {
                    throw new IndexOutOfBoundsException(label + ": index " + at + " is out of bounds for dimension " + d
                            + " with size " + size + "; indices run from " + -size + " to " + (size - 1) + ".");
                }
                rows[i] = rows[i] * size + (at < 0 ? at + size : at);
            }
            java.lang.ref.Reference.reachabilityFence(index);
        }
        return new Places(label, whole.size(), sizes, rows);
    }

    private static List<Value> trues(String label, Value x, Value mask, int dim) {
        int rank = mask.layout.rank();
        for (int d = 0; d < rank; d++) {
            if (dim + d >= x.layout.rank() || mask.layout.size(d) != x.layout.size(dim + d)) {
                throw new IndexOutOfBoundsException(label + ": The shape of the mask " + mask.layout + " at index " + d
                        + " does not match the shape of the indexed tensor " + x.layout + " at index " + (dim + d) + ".");
            }
        }
        List<long[]> found = new ArrayList<>();
        for (long i = 0; i < mask.count(); i++) {
            if (Values.get(mask, i) != 0) {
                long[] at = new long[rank];
                long rest = i;
                for (int d = rank - 1; d >= 0; d--) {
                    at[d] = rest % mask.layout.size(d);
                    rest /= mask.layout.size(d);
                }
                found.add(at);
            }
        }
        List<Value> indices = new ArrayList<>();
        for (int d = 0; d < rank; d++) {
            Value index = Context.managed(Cell.INT64, Layout.contiguous(found.size()));
            for (int i = 0; i < found.size(); i++) {
                Values.set(index, i, found.get(i)[d]);
            }
            indices.add(index);
        }
        return indices;
    }

    private Value vector(long[] numbers) {
        Value vector = Values.allocate(Cell.INT64, Layout.contiguous(numbers.length));
        for (int i = 0; i < numbers.length; i++) {
            Values.set(vector, i, numbers[i]);
        }
        return vector;
    }

    private int[] behind(Value x) {
        return Arrays.copyOfRange(x.layout.sizes(), dims, x.layout.rank());
    }

    private int[] joined(int[] first, int[] second) {
        int[] all = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, all, first.length, second.length);
        return all;
    }

    private Value asRows(Value x) {
        long count = 1;
        for (int d = 0; d < dims; d++) {
            count *= x.layout.size(d);
        }
        return Shaped.reshape(x, joined(new int[] {Math.toIntExact(count)}, behind(x)));
    }

    Value read(Value x) {
        Value chosen = Shaped.indexSelect(asRows(x), 0, vector(rows));
        return Shaped.reshape(chosen, joined(named.sizes(), behind(x)));
    }

    void write(Value x, Value source) {
        int[] sizes = joined(named.sizes(), behind(x));
        if (!Broadcasting.reaches(source.check(label).layout, Layout.contiguous(sizes))) {
            throw new IllegalArgumentException(label + ": shape mismatch: value tensor of shape " + source.layout
                    + " cannot be broadcast to indexing result of shape " + Arrays.toString(sizes) + ".");
        }
        if (rows.length == 0) {
            return;
        }
        Value wide = asManyRows(Shaped.expand(source, sizes), x);
        Value old = asRows(x);
        int count = old.layout.size(0);
        long[] from = new long[count];
        Value replaced = Context.managed(Cell.BOOL, Layout.contiguous(count));
        Values.fill(replaced, 0);
        for (int i = 0; i < rows.length; i++) {
            from[(int) rows[i]] = i;
            Values.set(replaced, rows[i], 1);
        }
        int[] column = new int[old.layout.rank()];
        Arrays.fill(column, 1);
        column[0] = count;
        Value mask = Shaped.reshape(replaced, column);
        Value moved = Shaped.indexSelect(Shaped.cast(wide, x.cell), 0, vector(from));
        Value all = Pointwise.apply(Ternary.WHERE, mask, moved, old, 0, 0);
        InPlace.set(x, Shaped.reshape(all, x.layout.sizes()));
    }

    private Value asManyRows(Value wide, Value x) {
        return Shaped.reshape(wide, joined(new int[] {rows.length}, behind(x)));
    }
}

package dev.lanegrad.internal.graph;

import dev.lanegrad.internal.kernel.ProdOfOthers;
import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.op.Binary;
import dev.lanegrad.internal.op.Structural.Permute;
import dev.lanegrad.internal.shape.Dims;
import dev.lanegrad.internal.shape.Layout;
import java.lang.ref.Reference;

/** The product of all others, for each element of a fold, and how it changes. */
final class Products {
    private Products() {
    }

    /** The partials of the products over {@code dims}, in the sizes of {@code x}. */
    static Value others(Context context, Value x, int dims) {
        if (x.count() == 0) {
            return Structures.copy(context, x, x.cell, Layout.contiguous(x.layout.sizes()));
        }
        ProdOfOthers direct = ProdOfOthers.of(x.cell.lane(), x.layout, dims);
        if (direct != null) {
            return run(context, direct, x);
        }
        int[] order = order(x.layout.rank(), dims);
        Value moved = Structures.apply(new Permute(order), x);
        long folded = Dims.folded(x.layout, dims);
        Value products = run(context, ProdOfOthers.ofRows(x.cell.lane(), x.count() / folded, folded), moved);
        return Structures.contiguous(context, Structures.apply(new Permute(Rules.inverse(order)), products));
    }

    private static Value run(Context context, ProdOfOthers products, Value x) {
        Value from = Structures.contiguous(context, x);
        Value result = context.allocate(x.cell, Pointwise.contiguous(x.layout));
        products.run(from.address, result.address);
        Reference.reachabilityFence(from);
        Reference.reachabilityFence(result);
        return result;
    }

    /** The dimensions in order, but those of {@code dims} last. */
    private static int[] order(int rank, int dims) {
        int[] order = new int[rank];
        int next = 0;
        for (int pass = 0; pass < 2; pass++) {
            for (int d = 0; d < rank; d++) {
                if ((dims >> d & 1) == pass) {
                    order[next++] = d;
                }
            }
        }
        return order;
    }

    /** A value and what it changes by, per unit of something. */
    private record Dual(Value value, Value change) {
        Dual times(Dual other) {
            return new Dual(mul(value, other.value), Pointwise.apply(Binary.ADD, mul(value, other.change),
                    mul(change, other.value)));
        }
    }

    /**
     * What the partials change by if {@code x} changes by {@code change}, for each element. Since partials of partials do
     * not depend on their order, that is also what a gradient {@code change} of the partials adds to that of {@code x}.
     */
    static Value change(Value x, Value change, int dims) {
        if (x.count() == 0) {
            return x;
        }
        int[] order = order(x.layout.rank(), dims);
        int folded = (int) Dims.folded(x.layout, dims);
        int outer = (int) (x.count() / folded);
        Value moved = Structures.apply(new Permute(order), x);
        Value rows = Shaped.reshape(moved, outer, folded);
        Value whole = Shaped.expand(change, x.layout.sizes());
        Value with = Shaped.reshape(Structures.apply(new Permute(order), whole), outer, folded);
        Value back = Shaped.reshape(othersInRow(new Dual(rows, with)).change, Pointwise.contiguous(moved.layout));
        return Structures.apply(new Permute(Rules.inverse(order)), back);
    }

    // By a tree, in as many ops as it has levels: neighbours are multiplied up to the root; down from it, the others of a
    // child are those of its parent and its neighbour.
    private static Dual othersInRow(Dual rows) {
        Cell cell = rows.value.cell;
        int outer = rows.value.layout.size(0);
        int count = rows.value.layout.size(1);
        Layout column = Layout.contiguous(outer, 1);
        Value one = Rules.ones(cell, column);
        Value zero = Values.fill(Context.current().allocate(cell, column), 0);
        if (count == 1) {
            return new Dual(one, zero);
        }
        boolean odd = count % 2 != 0;
        Value value = odd ? Shaped.cat(new Value[] {rows.value, one}, 1) : rows.value;
        Value change = odd ? Shaped.cat(new Value[] {rows.change, zero}, 1) : rows.change;
        Dual first = new Dual(everySecond(value, 0), everySecond(change, 0));
        Dual second = new Dual(everySecond(value, 1), everySecond(change, 1));
        Dual others = othersInRow(first.times(second));
        Dual ofFirst = others.times(second);
        Dual ofSecond = others.times(first);
        return new Dual(inTurns(ofFirst.value, ofSecond.value, count), inTurns(ofFirst.change, ofSecond.change, count));
    }

    private static Value everySecond(Value rows, int start) {
        return Shaped.slice(rows, 1, start, rows.layout.size(1), 2);
    }

    private static Value inTurns(Value first, Value second, int count) {
        Value both = Shaped.reshape(Shaped.stack(new Value[] {first, second}, 2), first.layout.size(0),
                2 * first.layout.size(1));
        return Shaped.slice(both, 1, 0, count, 1);
    }

    private static Value mul(Value a, Value b) {
        return Pointwise.apply(Binary.MUL, a, b);
    }
}

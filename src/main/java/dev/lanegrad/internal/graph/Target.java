package dev.lanegrad.internal.graph;

import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.shape.Layout;

/** Where the product of a backward pass is to be written: the place of the gradient that it begins. */
@FunctionalInterface
interface Target {
    /** The address, which is to be asked for once, and only by what writes all of it. */
    long place();

    /** A contiguous value in {@code sizes} at {@code target}, or a new one if that is null. */
    static Value in(Context context, Target target, Cell cell, Layout sizes) {
        Layout layout = Pointwise.contiguous(sizes);
        return target == null ? context.allocate(cell, layout)
                : new Value(context.scope(), context.scope().generation(), target.place(), layout, cell);
    }
}

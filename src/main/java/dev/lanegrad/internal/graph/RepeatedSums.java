package dev.lanegrad.internal.graph;

import dev.lanegrad.internal.kernel.Folds;
import dev.lanegrad.internal.kernel.RowBlocks;
import dev.lanegrad.internal.kernel.Workspace;
import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.op.Derivative;
import dev.lanegrad.internal.shape.Broadcasting;
import dev.lanegrad.internal.shape.Dims;
import dev.lanegrad.internal.shape.Layout;

/**
 * What an element-wise op adds to the gradient of an operand that was repeated along the last dimensions, or along all:
 * a block of rows of the products at a time, which stays in the cache until it is summed up. The bits are those of all
 * products written first and {@link Folds folded} then.
 */
final class RepeatedSums {
    /** About what a product and its sum take, in nanoseconds. */
    private static final double NANOS = 0.3;

    private final Nodes nodes;
    private final Gradients gradients;
    private final Derivative derivative;
    private final int id;
    private final Layout own;
    private final Layout sizes;
    private final Cell cell;
    private final boolean whole;
    private final int length;
    private final long rows;

    private RepeatedSums(Nodes nodes, Gradients gradients, Derivative derivative, int id, int operand, Layout sizes,
            boolean whole, int length) {
        this.nodes = nodes;
        this.gradients = gradients;
        this.derivative = derivative;
        this.id = id;
        this.sizes = sizes;
        own = nodes.layout(operand);
        cell = nodes.cell(operand);
        this.whole = whole;
        this.length = length;
        rows = sizes.count() / length;
    }

    /** For the operand {@code operand} of record {@code id}; null where the products are to be written. */
    static RepeatedSums of(Nodes nodes, Gradients gradients, Derivative derivative, int id, int operand, Layout sizes) {
        int dims = Broadcasting.repeated(nodes.layout(operand), sizes);
        boolean last = dims != 0 && dims + Integer.lowestOneBit(dims) == 1 << sizes.rank();
        if (!last || sizes.count() == 0 || nodes.has(id, Nodes.PACKED)) {
            return null;
        }
        long folded = Dims.folded(sizes, dims);
        boolean whole = folded == sizes.count();
        Cell cell = nodes.cell(operand);
        if (!(whole ? RowBlocks.paysAsOne(cell, folded) : RowBlocks.pays(cell, sizes.count() / folded, folded))) {
            return null;
        }
        int length = whole ? RowBlocks.CHUNK : (int) folded;
        RepeatedSums sums = new RepeatedSums(nodes, gradients, derivative, id, operand, sizes, whole, length);
        return sums.readsRows() ? sums : null;
    }

    /** True if what the derivative reads can be cut into rows. */
    private boolean readsRows() {
        for (int variable : derivative.inputs()) {
            Layout layout = layout(variable);
            if (layout != null && layout.count() != 1 && !isMatrix(layout) && !isColumn(layout)) {
                return false;
            }
        }
        return true;
    }

    private boolean isMatrix(Layout layout) {
        return layout.isContiguous() && layout.sameSizes(sizes);
    }

    private boolean isColumn(Layout layout) {
        return layout.isContiguous() && layout.sameSizes(own);
    }

    /** The layout of what stands for {@code variable}; null if it is a number. */
    private Layout layout(int variable) {
        int operand = variable < 3 ? nodes.operand(id, variable) : id;
        return variable == 4 ? gradients.layout(id) : operand < 0 ? null : nodes.layout(operand);
    }

    /** Writes the sums to {@code out}, row-major without gaps. */
    void run(long out) {
        if (whole) {
            RowBlocks.sum(cell, sizes.count(), NANOS, out, this::step);
        } else {
            RowBlocks.run(cell, rows, length, 1, NANOS, out, this::step);
        }
    }

    private void step(long first, Layout block, Layout column, long out, RowBlocks.Spare spare) {
        Workspace workspace = Workspace.current();
        workspace.begin(derivative.writing().in(nodes.cell(id).lane()));
        workspace.output(spare.block(), cell);
        for (int variable : derivative.inputs()) {
            int operand = variable < 3 ? nodes.operand(id, variable) : id;
            if (operand < 0) {
                workspace.input(nodes.scalar(id, variable));
                continue;
            }
            long address = variable == 4 ? nodes.gradient(id) : nodes.address(operand);
            Layout layout = layout(variable);
            Cell type = nodes.cell(operand);
            if (layout.count() == 1) {
                workspace.input(address, type, Layout.SCALAR);
            } else if (isMatrix(layout)) {
                workspace.input(address + first * length * type.bytes(), type, block);
            } else {
                workspace.input(address + first * type.bytes(), type, column);
            }
        }
        workspace.runSums(block, out);
    }
}

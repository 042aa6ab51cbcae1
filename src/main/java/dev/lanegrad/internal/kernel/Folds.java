package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.lane.Lane;
import dev.lanegrad.internal.memory.Raw;
import dev.lanegrad.internal.shape.Dims;
import dev.lanegrad.internal.shape.Layout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Folds of dimensions. What a fold means is a law that names no layout, vector width or thread, and every path keeps it
 * bit for bit (but which NaN a NaN is, it leaves open).
 *
 * <p>The elements that make one result, in row-major order of the folded dimensions, are a sequence {@code s[0..n)}.
 * <ol>
 * <li>It is cut into chunks of 4,096; the last may be shorter.
 * <li>In a chunk, element {@code i} goes to accumulator {@code i % 64}, in ascending order, from the identity on.
 * <li>The 64 accumulators are halved: {@code a[j] = a[j] op a[j + w]} for {@code j < w}, with {@code w} = 32, 16, 8,
 *     4, 2 and 1.
 * <li>The results of the chunks are joined in adjacent pairs, level by level, an odd last one being carried up, until
 *     one is left.
 * </ol>
 * An empty fold is {@link FoldOp#empty()}.
 */
public final class Folds {
    private static final MemorySegment ALL = Raw.ALL;
    // Each lane's loops for itself: the first use of a vector class costs a starting JVM some 15 ms.
    private static final class Floats {
        static final FoldLoops SUM = new FoldFloatSum();
        static final FoldLoops PROD = new FoldFloatProd();
        static final FoldLoops MAX = new FoldFloatMax();
        static final FoldLoops MIN = new FoldFloatMin();
    }

    private static final class Doubles {
        static final FoldLoops SUM = new FoldDoubleSum();
        static final FoldLoops PROD = new FoldDoubleProd();
        static final FoldLoops MAX = new FoldDoubleMax();
        static final FoldLoops MIN = new FoldDoubleMin();
    }

    private Folds() {
    }

    /**
     * Folds the dimensions in the set {@code dims} (bit {@code d} is dimension {@code d}) and writes one element for
     * each index that remains, row-major without gaps. The loops may read, and in the result write, a vector behind the
     * last element.
     */
    public static void run(FoldOp op, Lane lane, long in, Layout layout, int dims, long out) {
        long count = layout.count();
        boolean isChunk = count <= FoldRows.CHUNK && count > 0 && layout.isContiguous() && dims == Dims.all(layout.rank());
        if (isChunk && ScalarFold.run(op, lane, in, (int) count, out)) {
            return;
        }
        FoldLoops loops = loops(op, lane);
        if (isChunk) {
            FoldRows.chunk(loops, FoldScratch.ofThread(), lane.bytes(), in, (int) count, out);
            return;
        }
        FoldScratch scratch = FoldScratch.ofThread();
        FoldPlan plan = scratch.plan;
        plan.set(lane, layout, dims);
        if (plan.folded == 0) {
            fill(lane, op.empty(), plan.kept, out);
        } else if (plan.kept > 0) {
            planned(loops, scratch, plan, in, out);
        }
    }

    private static void planned(FoldLoops loops, FoldScratch scratch, FoldPlan plan, long in, long out) {
        boolean gather = !plan.oneRun() || plan.foldStride() != plan.cell;
        long least = plan.leastKeptStride();
        FoldJob job = scratch.job;
        job.set(loops, plan, in, out, gather);
        if (gather && (least == plan.cell || least < plan.foldStride())) {
            plan.takeColumns();
            job.columns(scratch);
        } else {
            job.rows(scratch);
        }
    }

    /**
     * Writes the index along dimension {@code dim}, as an int64, of the first largest element, or the first smallest,
     * for each index that remains; a NaN is more extreme than any number, and the first one wins. {@code dim} -1 takes
     * all elements in row-major order as one sequence. There must be at least one element along {@code dim}.
     */
    public static void arg(boolean max, Lane lane, long in, Layout layout, int dim, long out) {
        FoldScratch scratch = FoldScratch.ofThread();
        FoldPlan plan = scratch.plan;
        plan.set(lane, layout, dim < 0 ? Dims.all(layout.rank()) : 1 << dim);
        if (plan.folded == 0) {
            throw new IllegalArgumentException((max ? "argmax" : "argmin") + ": Expected reduction dim " + dim
                    + " to have non-zero size, but the shape is " + layout + "; give it at least one element.");
        }
        if (plan.kept > 0) {
            ArgFold.run(loops(max ? FoldOp.AMAX : FoldOp.AMIN, lane), scratch, plan, in, out);
        }
    }

    static FoldLoops loops(FoldOp op, Lane lane) {
        return switch (op) {
            case SUM -> lane == Lane.FLOAT ? Floats.SUM : Doubles.SUM;
            case PROD -> lane == Lane.FLOAT ? Floats.PROD : Doubles.PROD;
            case AMAX -> lane == Lane.FLOAT ? Floats.MAX : Doubles.MAX;
            case AMIN -> lane == Lane.FLOAT ? Floats.MIN : Doubles.MIN;
        };
    }

    private static void fill(Lane lane, double value, long count, long out) {
        for (long i = 0; i < count; i++) {
            switch (lane) {
                case FLOAT -> ALL.set(ValueLayout.JAVA_FLOAT_UNALIGNED, out + i * Float.BYTES, (float) value);
                case DOUBLE -> ALL.set(ValueLayout.JAVA_DOUBLE_UNALIGNED, out + i * Double.BYTES, value);
            }
        }
    }
}

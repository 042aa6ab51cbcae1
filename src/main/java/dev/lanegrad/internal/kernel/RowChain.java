package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.lane.Lane;
import dev.lanegrad.internal.lane.LaneCode;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Steps over one row, each of which goes through all of it: codes that may sum what they compute, and use the sums of those
 * before. A softmax, for one, is the exponentials and their sum, and then each divided by it. A value object.
 *
 * @param operands what the steps read and write
 * @param touches  true if there is one more row, which is read to no other end than to be in the cache when it is wanted:
 *                 memory would wait while the steps compute
 */
public record RowChain(List<Step> steps, List<Operand> operands, boolean touches) {
    /**
     * Instructions of one method, each as often as it is written. In one of 350, a layer norm with gelu, each vector of the longest
     * step was an object on the heap, however it was written; why is not known. Loops of up to 270 have not been seen to do that.
     */
    private static final int MOST = 270;

    /** A row, or one number for it; rows and sums are of the type of the lanes. */
    public record Operand(Cell cell, boolean isRow) {
    }

    /**
     * One step.
     *
     * @param inputs for each input of the code the number of an operand, or the complement of that of a sum of a step before
     * @param stored for each output the number of the row where it is stored, or -1
     * @param summed for each output the number of the operand where its sum is written, or -1
     */
    public record Step(LaneCode code, List<Integer> inputs, List<Integer> stored, List<Integer> summed) {
        /** Copies the lists. */
        public Step {
            inputs = List.copyOf(inputs);
            stored = List.copyOf(stored);
            summed = List.copyOf(summed);
        }

        /** True if something is summed. */
        boolean sums() {
            return summed.stream().anyMatch(operand -> operand >= 0);
        }
    }

    /** Copies the lists. */
    public RowChain {
        steps = List.copyOf(steps);
        operands = List.copyOf(operands);
    }

    /** The type of the arithmetic. */
    Lane lane() {
        return steps.getFirst().code().lane();
    }

    /** Instructions of a step with {@code code}, each as often as it is written. */
    public static int size(LaneCode code, boolean sums) {
        return code.insts().size() * (sums ? SumLoop.times(code) : LoopEmitter.vectors(code));
    }

    /** True if steps whose {@link #size}s add up to {@code size} may well be one method. */
    public static boolean fits(int size) {
        return size <= MOST;
    }

    /** The rows that are written. */
    IntStream stored() {
        return steps.stream().flatMap(step -> step.stored().stream()).mapToInt(Integer::intValue).filter(p -> p >= 0).distinct();
    }

    /** Set of the inputs of {@code step} that are one number for the whole row. */
    long scalars(Step step) {
        long scalars = 0;
        for (int i = 0; i < step.inputs().size(); i++) {
            int operand = step.inputs().get(i);
            scalars |= operand < 0 || !operands.get(operand).isRow() ? 1L << i : 0;
        }
        return scalars;
    }
}

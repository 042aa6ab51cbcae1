package dev.lanegrad.internal.op;

import dev.lanegrad.internal.lane.LaneValue;
import java.util.List;

/** An op that computes each element of its result from the elements of its operands at the same place. */
public sealed interface Elementwise extends Op permits Unary, Binary, Ternary, Composite {
    /** Number of operands, 1 to 3. */
    int arity();

    /** The function as primitives. */
    LaneValue lower(List<LaneValue> operands);

    /** The derivative by operand {@code index}, or null if there is none because the result or the operand is discrete. */
    Derivative derivative(int index);

    /** True if the result is a truth value. */
    boolean isPredicate();

    /** Where operand {@code index} may be sampled. */
    Domain domain(int index);

    /** The exact function, in doubles, for one element: what tests compare with. */
    double reference(double... operands);

    /** The kernels of the forward function. */
    Kernels kernels();
}

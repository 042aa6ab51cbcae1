/**
 * What arithmetic in one lane is made of: the primitives, code of primitives, and the functions of the library as
 * such code.
 *
 * <p>A {@linkplain dev.lanegrad.internal.lane.Prim primitive} is exact or correctly rounded by IEEE 754. A
 * {@linkplain dev.lanegrad.internal.lane.Lowerings lowering} states a function as an expression of primitives, once for
 * float and once for double lanes where the coefficients differ; {@link dev.lanegrad.internal.lane.LaneBuilder}
 * turns the
 * expression into a {@link dev.lanegrad.internal.lane.LaneCode}, and
 * {@link dev.lanegrad.internal.lane.ScalarInterpreter} says what that means. There is no second implementation of any
 * function: no scalar tail, no variant for a vector width.
 *
 * <p>What the lowerings share: an integer is rounded by adding {@code 1.5 * 2^fractionBits} and read from the lowest
 * bits
 * of the sum, so there are no conversions; cases are chosen by compare and select after all of them are computed; a
 * subtraction that would cancel is made exact by a fused product. The polynomials are minimax fits with coefficients
 * rounded one after the other; the scripts that computed them are {@code src/build/python/coefficients_*.py}.
 */
package dev.lanegrad.internal.lane;

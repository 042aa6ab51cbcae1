/**
 * Values, their records on the tape, and the walk back.
 *
 * <p>A record is 64 bytes off-heap, made only when an operand requires grad; no object is kept for it. Records are numbered
 * in the order of recording, so the walk takes the largest number that waits: every record is visited once, after all that
 * used it, without recursion and at a cost that follows what is reached. The plan is made and checked first: a walk through
 * released saves fails before any gradient has changed, and leaves receive their sums at the very end.
 *
 * <p>{@code Walk} is the first derivative on addresses; {@code RecordedWalk} evaluates the same rules with recorded ops.
 * Neither knows an op by name. Broadcasting, accumulation and types are theirs: rules never mention them.
 *
 * <p>{@code Forward} reads the same records in ascending order: contributions are linear in the gradient, so the formulas
 * and kernels of the walk carry tangents too. {@code Batch} gives ops another meaning, by {@code Interpreter}: the values
 * of a batch, its facades, hide a leading dimension of whole values, which are computed with and recorded in their place.
 */
package dev.lanegrad.internal.graph;

/**
 * Loops over raw addresses. Nothing is checked here: callers check extents and lifetimes once for each op and fence the
 * owners of the memory.
 *
 * <p>An element-wise function is a {@link dev.lanegrad.internal.lane.LaneCode}; {@code MapKernel} runs it in one of two ways
 * with the same bits: at first by {@code BlockInterpreter}, one hand-written vector loop for each primitive over blocks
 * that stay in the first level of cache; once it is hot, by a class that {@code LoopEmitter} writes, with the whole function in
 * one loop. The loop is written out whole because a call of our own code in it stops being inlined after one
 * exponential, and every vector is boxed then.
 *
 * <p>Folds have one meaning for all layouts and widths, stated in {@code Folds}; the matrix product has one, stated in
 * {@code MatMul}. Neither depends on the width of a vector.
 *
 * <p>{@code -Dlanegrad.tier=0} never writes a class, {@code 1} writes it at the first use; {@code -Dlanegrad.dump=DIR} keeps
 * the classes and {@code -Dlanegrad.verify=true} verifies them.
 */
package dev.lanegrad.internal.kernel;

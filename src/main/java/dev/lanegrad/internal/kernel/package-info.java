/**
 * Loops over raw addresses. Nothing is checked here: callers check extents and lifetimes once for each op and fence the
 * owners of the memory.
 *
 * <p>An element-wise function is a {@link dev.lanegrad.internal.lane.LaneCode}; {@code MapKernel} runs it in one of
 * two ways with the same bits: at first by {@code BlockInterpreter}, one hand-written vector loop for each primitive
 * over blocks that stay in the first level of cache; once it is hot, by a class that {@code LoopEmitter} writes, with
 * the whole function in one loop. The loop is written out whole because a call of our own code in it stops being
 * inlined after one exponential, and every vector is boxed then.
 *
 * <p>Folds have one meaning for all layouts and widths, stated in {@code Folds}; the matrix product has one, stated in
 * {@code MatMul}. Neither depends on the width of a vector.
 *
 * <p>{@code Workers} are the threads that take shares of long calls. Work is shared where no result depends on how it
 * is cut: elements, results of folds, whole chunks of a sequence, rows and columns of a product, and products; never
 * the inner index of a product or the inside of a chunk. Loops write whole vectors, up to 64 bytes behind what they
 * were asked for, so the last results of each share but the last pass through scratch memory and are copied exactly.
 * Every thread has scratch memory of its own; what a call is, is written by the caller and only read by the others.
 * The caller fences the owners of its operands until it returns, and it returns when all have ended.
 *
 * <p><b>What shapes cost</b> (microseconds, one thread, 512-bit vectors, before and after): maxima of 256 rows of 1,000
 * floats 37 and 15 since NaNs are told from a sum, their sums 23 and 12 since what is left of a row is folded from
 * registers; a product of 4,096 x 32 with a column 35 and 19 since it is a row of the transposed product; one of a column
 * with 30 elements 36 and 10 since tiles may write over what is written later.
 *
 * <p><b>Starting.</b> What limits a young JVM is the queue of C2, full of the Vector API's fallbacks. Tried without
 * gain: products on arrays of the heap until the tiles are compiled (the hundredth step of a network comes no
 * earlier); calling each primitive loop thousands of times with nothing to do, so that C2 takes it before the
 * fallbacks become hot (an exponential is warm a quarter earlier, the first gradient later); JDK 25's cache of classes
 * and profiles (it leaves incubator modules out).
 *
 * <p>{@code -Dlanegrad.tier=0} never writes a class, {@code 1} writes it at the first use; {@code -Dlanegrad.dump=DIR}
 * keeps the classes and {@code -Dlanegrad.verify=true} verifies them.
 */
package dev.lanegrad.internal.kernel;

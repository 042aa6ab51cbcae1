/**
 * Loops over raw addresses. Nothing is checked here: callers check extents and lifetimes once for each op and fence the
 * owners of the memory.
 *
 * <p>An element-wise function is a {@link dev.lanegrad.internal.lane.LaneCode}; {@code MapKernel} runs it in one of
 * three ways with the same bits. At first {@code ScalarLoop} runs it in plain Java, whose loops the JVM has compiled within
 * milliseconds. When it has also compiled them, {@code BlockInterpreter} runs one hand-written vector loop for each
 * primitive over blocks that stay in the first level of cache. Once the function is hot, a class that {@code LoopEmitter}
 * writes, or {@code SumEmitter} if results are summed, has the whole of it in one loop. The loop is written out whole because
 * a call of our own code in it stops being inlined after one exponential, and every vector is boxed then.
 *
 * <p>A vector is cast to the class of its width, {@code S.vectorType()}, where the compiler cannot tell it when it reads a
 * method: one that a loop carries from turn to turn, or one number in all lanes. It would call what the profiles of the
 * vector's methods name; all code in the JVM that uses vectors shares these, and if they name two widths the vector becomes an
 * object, an accumulator one in each turn: 64-64-10 took 150 microseconds instead of 9 in JVMs in which C1 had no time to
 * make a profile of the tile itself. The cast takes no time. {@code OtherWidthsTest} runs the loops without C1 beside vectors of
 * all widths. Not understood yet: in 2 of 11 JVMs that had run all ops, one result of a selection in the row loop of softmax
 * of 256 x 1,000 became an object in each turn, and the call took 105 microseconds instead of 98.
 *
 * <p>A loop with more constants than registers keeps some on the stack, and now and then C2 moves one there in each turn, from
 * its place to the same place. A frame is aligned to 16 bytes, a vector of 512 bits to 64, so if a caller happens to be so
 * deep that this place lies in two lines of the cache, each turn waits for the one before: softplus, then of 31 constants, took
 * 0.65 nanoseconds a float from some callers and 1.43 from others in the same second (AMD EPYC); with 28 it takes 0.58 from all.
 * Constants read from memory in the loop instead, beyond the 12 to 24 that are used most, cured it too, but loops that sum, or
 * work on two vectors in turn, became up to half slower.
 *
 * <p>Folds have one meaning for all layouts and widths, stated in {@code Folds}; the matrix product has one, stated in
 * {@code MatMul}. Neither depends on the width of a vector.
 *
 * <p>{@code Workers} are the threads that take shares of long calls. Work is shared where no result depends on how it
 * is cut: elements, results of folds, whole chunks of a sequence, rows and columns of a product, and products; never
 * the inner index of a product or the inside of a chunk. Loops write whole vectors, up to 64 bytes behind what they
 * were asked for, so the last results of each share but the last pass through scratch memory and are copied exactly.
 * Every thread has scratch memory of its own; what a call is, is written by the caller and only read by the others.
 * The caller fences the owners of its operands until it returns, and it returns when all have ended. {@code OrderedBlocks}
 * are blocks that threads take one by one, and whose results are gathered in order. What takes less than 50 microseconds is
 * shared by its size, not by its cost, since what one core has written is slow to read for another: relu of 65,536 floats
 * takes 5.2 microseconds with one thread and 3.2 with two, with its gradient 15 and 8.5, but 23 where only the gradient was
 * shared; softmax of 64 x 1,000 with its gradient 55 and 34, but 71 where only its exponentials were (AMD EPYC).
 *
 * <p><b>What shapes cost</b> (microseconds, one thread, 512-bit vectors, before and after): maxima of 256 rows of 1,000
 * floats 37 and 15 since NaNs are told from a sum, their sums 23 and 12 since what is left of a row is folded from
 * registers; a product of 4,096 x 32 with a column 35 and 19 since it is a row of the transposed product; one of a column
 * with 30 elements 36 and 10 since tiles may write over what is written later; sums of 128 x 128 x 64 floats along the middle
 * 95 and 57 since columns of few rows are folded depth first in registers; softmax of 4,096 x 768 floats 2,200 and 1,600 since
 * its steps pass a block of rows ({@code RowBlocks}) instead of the whole matrix; the norm of 1,048,576 floats 158 and 59 and
 * their variance 240 and 108 since squares are summed in the loop that computes them ({@code RowSums}); the gradient of their
 * product 2,620 and 510 since it is made of running products ({@code ProdOfOthers}) instead of a tree of ops; softmax of
 * 4,096 x 768 with its gradient 3,500 and 2,600, of 256 x 1,000 166 and 124, since the loop that sums a row reads it once
 * more for what needs the sum, and reads ahead while it computes exponentials ({@code RowEmitter}). Two loops for a row, or
 * the next row's sum between the two, so that none waits for the other, take 3,200 to 3,700. On a slower machine: softmax of
 * 128 x 10 with its gradient 7.9 and 3.7 since columns are repeated along short rows by one loop ({@code Packing#lines}).
 *
 * <p><b>Products</b> of large matrices pack both factors, since a tile whose distances are constants needs no arithmetic for
 * addresses: from the first level of cache it reaches 203 GFLOP/s where the processor can 231 (Intel, 3.4 GHz), the tile that
 * knows strides 175, and 122 with two steps in a turn, as addresses are spilled then. So 512^3 takes 1.70 ms instead of 1.86,
 * with the left factor transposed 1.71 instead of 2.1, and 1,024^3 14 instead of 17.6; blocks of 192 inner indices instead of
 * 256 are 5 % slower there, of 320 to 512 no faster. Rows of A come 48 at a time, so that what is visited of C stays in the
 * cache: of 192, 1,024^3 with its gradients, whose matrices are 24 MB, takes 46.5 ms instead of 43.5, and of doubles 111 instead
 * of 97. Packing all inner indices of B first, so that C is visited in a row, reads B from further away and gains nothing.
 * What is left of 512^3: the tile's loop, which loads a number for every two multiply-adds, reaches 88 % of the peak in the
 * first level of cache (two steps in a turn no more), and packing takes 8 %. Twelve rows reach 92 %, but such a method is too
 * much for C1 ("out of virtual registers", from ten rows on), and in most JVMs C2 is then never asked for it. A column times
 * a row needs no tile: 64 x 64 takes 88 ns instead of 290, and one that leaves the cache 6 to 12 % less. A matrix times a
 * column is mostly its transposition, since bits do not depend on the shape: 4,096 x 32 takes 20 microseconds instead of 27,
 * 256 x 784 29 instead of 39, 1,024 x 1,024 205 instead of 260, since what is transposed stays in the first level of cache
 * and squares of 16 are made of selections from two rows (AMD EPYC). Multiplying in the registers that hold the square
 * spills them, and is slower.
 *
 * <p><b>Reading memory</b> is what large operands wait for: the maxima of 4,096 x 768 floats take 660 microseconds of one
 * thread, 18 GB/s, as many lines as a core waits for at once. Loops that touch what comes next while they compute gain little,
 * since a load that waits keeps what follows from retiring: in a program's band, maxima and exponentials took 1,250 apart and
 * 1,610 with touching. Huge pages ({@code madvise} on slabs, called through the linker) change nothing: loops over 1 to 60 MB
 * ran at 0.98 to 1.05 of their speed.
 *
 * <p><b>Starting.</b> What limits a young JVM are the queues of its compilers: a vector loop is compiled five times, by
 * C1 for 15 ms each time, and runs a hundred times slower until the last of them, with a queue full of the Vector API's
 * fallbacks. Since plain Java comes first, an exponential of 4,096 floats takes 2.7 ns a float 0.3 s after its first call,
 * where vector loops took 1,000 to 2,000 until a second after it; the hundredth step of a network comes a sixth earlier, for a
 * quarter less processor time. The JVM makes vectors of these plain loops by itself, as long as numbers and their bits are
 * in arrays of their own and choices are arithmetic on bits (one array of bits for both, and 8 ns). The price: between one
 * and three seconds after the start these 2.7 ns stand
 * against 1.2 by vector loops, because those are compiled later. A process that ends before touches no class of vectors at
 * all ({@code Spread}, {@code ScalarFold}): its first gradient is printed after 390 ms instead of 480.
 *
 * <p>Tried without gain: compiling vector loops in the first two seconds (the network is slower; an exponential by vector
 * loops from the start takes 1.0 ns a float, but 1.3 seconds after the start, and 600 to 2,500 before); shorter blocks of
 * plain Java (3.1, 3.4 and 4.9 ns for 384, 256 and 128 lanes, 2.7 for 512); products on arrays of the heap until the tiles
 * are compiled; calling each primitive loop thousands of times with nothing to do; JDK 25's cache of classes and profiles (it
 * leaves incubator modules out); folds in plain Java (sums of rows take 23 ns an element for 700 in the first 0.3 seconds,
 * but then 1.6 instead of 0.16 until their vector loops' turn comes, and the network is no faster).
 *
 * <p>What is compiled late is what is called seldom because it is slow: rows of 1,000 floats were folded by C1's code for 8
 * seconds. So the warm-up makes short calls of the loops of folds, too ({@code FoldCall}; compiled after 0.15 s of these), and
 * an emitted loop that is compiled and as fast as the one before is taken at once, where waiting for it to be faster had kept
 * all others waiting for 2 seconds. Cross entropy of 256 x 1,000 has its full speed since the fourth second (before: the sixth
 * to the eighth). Beginning before {@code SETTLING} helps it by half a second, and costs the network a tenth.
 *
 * <p>{@code -Dlanegrad.tier=0} never writes a class, {@code 1} writes it at the first use, and {@code 2} begins with vector
 * loops and writes it when it is hot; {@code -Dlanegrad.dump=DIR}
 * keeps the classes and {@code -Dlanegrad.verify=true} verifies them.
 */
package dev.lanegrad.internal.kernel;

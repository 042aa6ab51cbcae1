/**
 * Functions of tensors, traced once, fused into few passes over memory, and replayed.
 *
 * <p><b>Trace.</b> {@code Tracer} is an interpreter: while a function runs under it, ops compute nothing and append
 * nodes to a {@code Graph}, gradients included, which are taken by the recorded walk on the same symbolic values. What
 * the function makes from numbers is computed at once and becomes a constant; what it reads from outside is read at
 * each call. The graph simplifies while it grows: equal nodes are one, movements cancel, constants fold, and nothing
 * is dropped that could change a bit. {@code Choices} turns the choice of one element of a row, and its derivative,
 * into element-wise work. {@code Pieces} does so with single elements that are taken out of a vector and stacked
 * again: all that lies between is arithmetic of scalars, or of columns in a batch. {@code Approximations} simplifies
 * by algebra of real numbers, if the program was told that it may.
 *
 * <p><b>Loop.</b> A loop is one node. Its body is traced by a tracer inside the first one into a graph of its own, and
 * what it reads from around becomes an operand. {@code LoopGradient} is another loop that goes back, with sums that
 * begin where the walk is, so that they are those of the loop unrolled; {@code LoopSplit} lets the first loop keep
 * what is dear, and what is the same each time is computed before it: the transposed weight of a recurrence is put in order
 * once. What is read of a loop are its {@code Part}s: carries in the end, or a node of the body as it was each time, which
 * is stored only if somebody asks. {@code LoopStep} runs the body, a program like any other, with its bases moved on for
 * each round. A recurrence of 1,000 rounds and width 64 takes 1.5 ms (unrolled 1.95, op by op 2.65), with
 * 325 KB planned instead of 6.9 MB, and its first call 65 to 150 ms instead of 500. Tried without gain: the outer
 * product of a weight's gradient as a broadcast product fused with its sum (1.2 us a round instead of 0.7).
 *
 * <p><b>Fuse.</b> {@code Fuser} puts element-wise nodes of equal sizes and arithmetic into {@code Region}s, wherever they
 * stand in the graph, as long as no region then waits for itself; forward and backward of a formula meet in one loop. A
 * region lowers to one {@code LaneCode}; a value that costs a few primitives is computed again instead of being stored, also
 * from what has to be stored for others: the mask of a relu from its result, which the next product reads. A value that
 * would be rounded on its way through memory still is: nodes of another type than the region's arithmetic are stored.
 * A transposed factor of several products of few rows is put in order once instead of by each (2.5 to 1.95 ms above). Sums
 * of all elements are taken in the same loop, in the order that {@code Folds} states. {@code Band} then puts regions and
 * folds that go along the same rows together and computes them some rows at a time, so that a softmax or a normalisation,
 * forward and backward, goes through memory once; folds over the rows are fed on the way ({@code FoldStream}). Where rows
 * are long and are summed, a {@code Chain} of members is one loop for each row, in which a sum stays in a register and what
 * only the chain needs in one row of memory; what is computed from sums is computed where it is needed. A matrix product
 * whose second factor stays in the second level of cache is part of a band too: bias, activation and next product of a
 * network, and the gradients of its rows, are computed 32 or 64 rows at a time. Where several threads are in use a product
 * is shared among them instead, and the band ends there; blocks of other bands are shared, too ({@code OrderedBlocks}): each
 * thread takes the next block, with steps and memory of its own, and folds over the rows are fed in the order of the blocks.
 * Cross entropy of 256 x 1,000 with its gradient takes 126 microseconds with one thread and 63 with two, layer norm with gelu
 * of 4,096 x 768 9.5 and 4.7 ms (AMD EPYC).
 *
 * <p><b>Plan.</b> {@code Builder} gives every stored value a place: the caller's result, a tensor that is updated, or
 * a piece of one block, where lives that do not overlap share ({@code Memory}) and a value may take the place of one
 * that ends.
 *
 * <p><b>Replay.</b> {@code Compiled} is a list of {@code Step}s, prepared kernel calls whose operands stand at known
 * distances from a few bases. A call moves the bases that differ from those of the call before, and runs the steps: no
 * lookup, no tape, no object. Kernels begin in the block interpreter and are replaced in the background, as
 * everywhere. Each {@code Call} that is under way at the same time as others has a {@code Compiled} of its own, made
 * from the same plan; there are as many as have been needed at once, and where a program changes something outside
 * there is one.
 *
 * <p><b>Why this way.</b> Nanoseconds for value and gradients, JDK 25, 512-bit vectors, one thread of two, all rows
 * from one run of {@code mvn -Pjmh verify -Djmh.args="ProgramBenchmark -f 1 -wi 14 -i 3"} (the two largest from a
 * second one); by hand is one Vector API loop for this formula alone:
 * <pre>
 *                                     16    1,024    16,384     262,144   1,048,576   4,194,304  16,777,216 floats
 * mean(2(x+1)^2)        program       74      142     1,062      32,500     125,000   1,040,000   4,340,000
 *                       by hand        6       50       913      27,900     108,000   1,170,000   7,630,000
 * sum(w exp(-(xw+b)^2)) program      107      475     8,060     151,000     855,000   4,850,000  23,000,000
 *                       by hand       17      951    14,100     524,000   1,990,000  11,200,000  33,000,000
 * </pre>
 * (The exponential by hand is the JDK's.) About 70 of the 142 ns are the call and the second kernel, a division of one
 * number. Regions of many elements end at 72 primitives, what members share counted once, and follow each other
 * in the cache: one loop of 300 was a third faster, but C1 refuses it and C2 takes four seconds for it, see
 * {@code KernelWarmup}. So gelu meets its derivative in one loop: layer norm with gelu of 4,096 x 768 takes 8.1 ms instead
 * of 8.9. A sum that is taken from
 * a block in the first level of cache behind the loop, instead of in it, costs three times as much at 16,384 elements
 * (2,950): each value is stored and loaded once more. Products by rows save memory more than time: value and gradients of
 * {@code gelu(x w + b) v} for 4,096 x 64 x 512 took 17.4 and 21.4 ms with them, 18.2 and 21.2 without (the six
 * products alone 8.5), and 18 MB planned instead of 43; those of a network of 784-256-10 at batch 128 0.91 and 1.23 ms
 * with them, 1.21 and 1.23 without: the machine's clock makes more of a difference. By rows, layer norm with gelu of
 * 1,024 x 768 keeps 16 of its 18 intermediate values in the cache (346 KB planned instead of 22 MB). Chains are what makes
 * programs of long rows faster than op by op: softmax of 256 x 1,000 with its gradient took 302 microseconds by blocks of rows
 * and 206 in a chain (212 op by op), of 4,096 x 768 5,490 and 2,900 (3,050), cross entropy of 4,096 x 768 1,700 (2,600).
 */
package dev.lanegrad.internal.program;

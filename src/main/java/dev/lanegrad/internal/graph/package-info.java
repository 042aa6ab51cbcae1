/**
 * Values, their records on the tape, and the walk back.
 *
 * <p>A record is 64 bytes off-heap, made only when an operand requires grad; no object is kept for it. Records are
 * numbered in the order of recording, so the walk takes the largest number that waits: every record is visited once,
 * after all that used it, without recursion and at a cost that follows what is reached. The plan is made and checked
 * first: a walk through released saves fails before any gradient has changed, and leaves receive their sums at the
 * very end.
 *
 * <p>{@code Walk} is the first derivative on addresses; {@code RecordedWalk} evaluates the same rules with recorded
 * ops. Neither knows an op by name. Broadcasting, accumulation and types are theirs: rules never mention them.
 *
 * <p><b>Changes in place</b> give a value a new record; a change of a view gives its base one that overwrites a window
 * ({@code Structural.Overwrite}), and other views of the base, being older than its record, are renewed as windows of
 * it when they are used. {@code Versions} is a log of changed memory with the length of the tape at the time: a record
 * older than a change of what it saved cannot be walked. So versions cost nothing until something is changed.
 *
 * <p><b>What only some records have</b> (hooks, retained gradients, packed saves, lines) stands in side tables and
 * shows as a flag in the record. Functions of the user's are one record for the function and one for each result. A
 * walk may start inside a hook or such a function: plans are a stack, and the marks of the outer ones are taken off
 * meanwhile.
 *
 * <p><b>Checkpoints</b> keep the records of a function and give its memory, a {@code Region} of the tape, back. When a
 * walk reaches these records the function runs again, its ops meet their records in the same order, and give them new
 * addresses.
 *
 * <p>A gradient whose elements are all equal, as behind a sum, is one element ({@code Records.UNIFORM}); it is spread
 * out when something else is added to it. One that passes an op unchanged is not copied ({@code SharedGradients}):
 * several records have the same block, or the user's, and whoever adds to it takes a new one. {@code Fusions} computes
 * composed ops and their first derivatives in fewer passes than the ops they are composed of, with the same bits;
 * {@code RowFusions} does so block by block of rows, and so does {@code RepeatedSums} for the gradient of an operand that was
 * repeated. What begins a gradient is written to its place ({@code Target}), which
 * for a leaf is where it stays.
 *
 * <p>A leaf's gradient belongs to the thread that began it, until it is cleared: a second thread is refused, since
 * floating sums depend on their order.
 *
 * <p><b>What a small walk costs</b> is its code, not its work: {@code x.square().sum().backward()} of 16 floats runs through
 * 33 KB of machine code in forty methods, none of which takes a tenth of the time, and the first level of cache has 32. So
 * passes over the plan are few (what ends a walk releases it, what adds to leaves gives them up), memory is read without a
 * test of its alignment ({@code Raw}), and a kernel finds its version without a lock: together 400 to 444 ns instead of 518 for
 * the sum of squares and its gradient. More inlining does not help.
 *
 * <p>{@code Forward} reads the same records in ascending order: contributions are linear in the gradient, so the
 * formulas and kernels of the walk carry tangents too. {@code Batch} gives ops another meaning, by {@code
 * Interpreter}: the values of a batch, its facades, hide a leading dimension of whole values, which are computed with
 * and recorded in their place.
 */
package dev.lanegrad.internal.graph;

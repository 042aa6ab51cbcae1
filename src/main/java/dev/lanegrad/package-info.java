/**
 * Tensors with gradients: all that a user meets first.
 *
 * <p>Two rules. Outside a {@link dev.lanegrad.Tape} a tensor lives as long as it is reachable, and nothing is recorded:
 * parameters and data live there. Inside one, everything computed lives in the tape's memory and is gone when the tape is
 * reset or closed; what touches a tensor that requires grad is recorded, and {@link dev.lanegrad.Tensor#backward()} walks
 * the record, adds gradients to the leaves and releases what was saved, with the meaning of PyTorch.
 *
 * <p>An operation is done by the thread that asks for it, or by several with {@link dev.lanegrad.Lanegrad#threads(int)};
 * results have the same bits.
 *
 * <h2>Words</h2>
 * The same everywhere in the sources:
 * <ul>
 * <li><b>lane</b>: an element of a vector; arithmetic is done in float or double lanes;</li>
 * <li><b>primitive</b>: one exact instruction on lanes, with the same bits on every machine;</li>
 * <li><b>lowering</b>: a function written as primitives;</li>
 * <li><b>kernel</b>: a loop that runs a lowered function over memory;</li>
 * <li><b>fold</b>: a reduction;</li>
 * <li><b>partial</b>: the derivative of an op by one operand;</li>
 * <li><b>save</b>: what backward needs of the forward computation;</li>
 * <li><b>worker</b>: a thread of the library's that takes a share of long kernels;</li>
 * <li><b>slab</b>: a large piece of off-heap memory that blocks are taken from;</li>
 * <li><b>tape</b>: the record of a computation, with its memory;</li>
 * <li><b>view</b>: a tensor that shares memory with the one it was made from, its base;</li>
 * <li><b>version</b>: how often the memory of a tensor has been changed in place;</li>
 * <li><b>hook</b>: code of the user's that sees gradients or saves on their way;</li>
 * <li><b>checkpoint</b>: a function whose values are computed a second time instead of kept;</li>
 * <li><b>tangent</b>: the change of a value for a small change of the inputs, as forward mode computes it;</li>
 * <li><b>pullback</b>: the function from gradients of results to gradients of inputs;</li>
 * <li><b>pushforward</b>: the function from tangents of inputs to tangents of results;</li>
 * <li><b>batch</b>: examples side by side along a dimension that the function applied to them does not see.</li>
 * </ul>
 *
 * <h2>Layers</h2>
 * Packages use those below them only; a test over the class files holds it.
 * <pre>
 * dev.lanegrad, .optim     what users see
 * internal.program         functions traced once, fused and replayed
 * internal.graph           values, records, the backward walk, rules of structural ops
 * internal.op              the vocabulary: one op, one line
 * internal.kernel          loops: element-wise, folds, matrix product, indexing, workers
 * internal.lane            primitives, lowerings, scalar interpreter
 * internal.shape           sizes, strides, broadcasting
 * internal.memory          slabs, tape memory, accounts
 * </pre>
 */
package dev.lanegrad;

/**
 * The vocabulary. An op is declared in one place, and its kernels, saves, backward, higher derivatives and tests follow.
 *
 * <p>To add an element-wise op, write one constant in {@link dev.lanegrad.internal.op.Unary},
 * {@link dev.lanegrad.internal.op.Binary} or {@link dev.lanegrad.internal.op.Ternary}: the function in doubles (what tests
 * compare with), where it is smooth, its lowering to primitives, and its partials; and one method on the tensor interface.
 *
 * <p>State the partial, never the product with the gradient; prefer the result {@code r} to the operand where both would
 * do, since it is there anyway; choose with {@code where} and never multiply by 0 or 1, since a gradient may be infinite:
 * <pre>{@code
 * TANH(Math::tanh, Domain.ALL, Lowerings::tanh, (x, r) -> ONE.sub(r.square()))      // good: keeps the result
 * RELU(..., (x, r) -> where(r.le(ZERO), ZERO, ONE))                                 // good: a choice
 * RELU(..., (x, r) -> ZERO.lt(x))                                                   // bad: inf * 0 is NaN
 * }</pre>
 *
 * <p>From the partial {@link dev.lanegrad.internal.op.Derivative} derives the contribution {@code g * partial}; the variables
 * it mentions are what the tape keeps. The first derivative runs it as one fused kernel that writes or adds to the
 * operand's gradient; a recorded walk evaluates the same term with recorded ops, so every order exists.
 *
 * <p>An op that moves or combines elements is a record in {@link dev.lanegrad.internal.op.Structural}. Its value
 * ({@code Structures}), its vector-Jacobian product ({@code Rules}), its tangent ({@code ForwardRules}), what it is for a
 * batch ({@code BatchRules}) and the sizes of its result ({@code Symbols}) stand in exhaustive switches of
 * {@code internal.graph}, so a forgotten one does not compile.
 *
 * <p>{@link dev.lanegrad.internal.op.Composite} is a user's element-wise function: a formula over the tables, whose
 * derivatives are found by the chain rule on the formula and have kernels of their own like any other.
 */
package dev.lanegrad.internal.op;

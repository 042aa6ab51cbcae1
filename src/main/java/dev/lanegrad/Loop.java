package dev.lanegrad;

import dev.lanegrad.internal.graph.Value;
import dev.lanegrad.internal.program.Loops;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.BinaryOperator;

/**
 * Loops over tensors in which each step goes on from what the one before has left, the carry.
 *
 * <pre>{@code
 * Loop.Single states = Loop.scan((h, x) -> {
 *     Tensor next = h.matmul(w).add(x).tanh();
 *     return new Loop.Single(next, next);
 * }, h0, xs);                                      // states.ys(): all states; states.carry(): the last one
 * Tensor power = Loop.forLoop(100, x, (i, y) -> y.mul(x));
 * }</pre>
 *
 * <p>By itself a loop is the same as a Java loop. Inside a {@link Program} it is one piece of it, traced once and
 * replayed, where a Java loop would be traced again and again; so is its gradient, a loop that goes back. It keeps the
 * carries of all steps and what is dear to compute again, or with {@link Options#checkpointEvery} some carries. The
 * step must do the same each time and change nothing outside of it: whatever differs between steps, random numbers too,
 * is a carry or a row of {@code xs}.
 *
 * <p>Values and gradients are the bits of the Java loop. Sums of second derivatives are taken in another order, as are
 * sums for a computed tensor from outside that a step hands on as its carry. Inside {@code vmap} a loop is a Java loop.
 */
public final class Loop {
    /** Up to so many steps a loop in a program is traced as they are, so that they can be fused. */
    private static final int UNROLLED = 4;

    private Loop() {
    }

    /**
     * A carry, and what a step gives besides, or null; after the loop that is of all steps, along a new first
     * dimension.
     */
    public record Single(Tensor carry, Tensor ys) {
    }

    /** Carries, and what a step gives besides; after the loop that is of all steps, along a new first dimension. */
    public record Result(List<Tensor> carry, List<Tensor> ys) {
        /** Copies of the lists. */
        public Result {
            carry = Collections.unmodifiableList(new ArrayList<>(carry));
            ys = Collections.unmodifiableList(new ArrayList<>(ys));
        }
    }

    /**
     * How a loop is run.
     *
     * @param length          number of steps; negative for as many as there are rows
     * @param checkpointEvery of how many steps one keeps its carries for the gradient; 0 for all
     * @param reverse         whether the last row comes first
     */
    public record Options(int length, int checkpointEvery, boolean reverse) {
        /** As many steps as there are rows, from the first to the last, and all carries kept. */
        public static final Options DEFAULT = new Options(-1, 0, false);

        /** This with a number of steps, needed if there are no rows. */
        public Options length(int steps) {
            return new Options(steps, checkpointEvery, reverse);
        }

        /**
         * This with the carries of every {@code steps}-th step kept only; the steps from there on are done again when
         * the gradient comes to them. Of {@code n} steps {@code n / steps} carries are kept and {@code steps} made
         * again at a time, so the root of {@code n} needs least memory, for about one more run of the loop.
         */
        public Options checkpointEvery(int steps) {
            return new Options(length, steps, reverse);
        }

        /** This from the last row to the first; results stay beside their rows. */
        public Options backwards() {
            return new Options(length, checkpointEvery, true);
        }
    }

    /** {@link #scan(BiFunction, List, List, Options)} of one carry and one tensor, with nothing special. */
    public static Single scan(BiFunction<Tensor, Tensor, Single> step, Tensor init, Tensor xs) {
        return scan(step, init, xs, Options.DEFAULT);
    }

    /** {@link #scan(BiFunction, List, List, Options)} of one carry and one tensor. */
    public static Single scan(BiFunction<Tensor, Tensor, Single> step, Tensor init, Tensor xs, Options options) {
        Result result = scan((carry, rows) -> {
            Single given = step.apply(carry.getFirst(), rows.getFirst());
            return given == null ? null : new Result(Collections.singletonList(given.carry),
                    given.ys == null ? List.of() : List.of(given.ys));
        }, List.of(init), List.of(xs), options);
        return new Single(result.carry.getFirst(), result.ys.isEmpty() ? null : result.ys.getFirst());
    }

    /** {@link #scan(BiFunction, List, List, Options)} with nothing special. */
    public static Result scan(BiFunction<List<Tensor>, List<Tensor>, Result> step, List<Tensor> init, List<Tensor> xs) {
        return scan(step, init, xs, Options.DEFAULT);
    }

    /**
     * The carries that {@code step} leaves in the end, and what else it gives. It gets the carries of the step before,
     * first {@code init}, and a row of each of {@code xs}, their elements at one index of the first dimension.
     *
     * @throws IllegalArgumentException if {@code xs} do not have equally many rows, or there are none and no length is
     *     given
     * @throws IllegalStateException    if a next carry has other sizes or another type than the one before
     */
    public static Result scan(BiFunction<List<Tensor>, List<Tensor>, Result> step, List<Tensor> init, List<Tensor> xs,
            Options options) {
        int length = length("scan", xs, options);
        return run(new Body("scan", step, init.size()), init, xs, options.length(length));
    }

    /**
     * The carry that {@code step} leaves after {@code count} times; it gets the number of the step, from 0, and the
     * carry.
     */
    public static Tensor forLoop(int count, Tensor init, BinaryOperator<Tensor> step) {
        return forLoop(count, List.of(init), (i, carry) -> Collections.singletonList(step.apply(i, carry.getFirst())),
                Options.DEFAULT).getFirst();
    }

    /**
     * The carries that {@code step} leaves after {@code count} times; it gets the number of the step, from 0, an int64
     * tensor without dimensions, and the carries.
     */
    public static List<Tensor> forLoop(int count, List<Tensor> init,
            BiFunction<Tensor, List<Tensor>, List<Tensor>> step, Options options) {
        if (count < 0) {
            throw new IllegalArgumentException("forLoop: a loop has 0 steps or more, but got " + count + ".");
        }
        long[] numbers = new long[count];
        Arrays.setAll(numbers, i -> i);
        Body body = new Body("forLoop", (carry, rows) -> {
            List<Tensor> next = step.apply(rows.getFirst(), carry);
            return next == null ? null : new Result(next, List.of());
        }, init.size());
        List<Tensor> xs = List.of(Tensor.of(numbers, count));
        return run(body, init, xs, options.length(length("forLoop", xs, options))).carry;
    }

    private static int length(String label, List<Tensor> xs, Options options) {
        int length = options.length;
        for (int i = 0; i < xs.size(); i++) {
            Tensor x = xs.get(i);
            if (x.dim() == 0) {
                throw new IllegalArgumentException(label + ": tensor " + i + " to walk along has no dimensions; "
                        + "close over it, or "
                        + "give it a first dimension with expand(...).");
            }
            if (length >= 0 && x.size(0) != length) {
                throw new IllegalArgumentException(label + ": scan got values with different leading axis sizes: "
                        + "tensor " + i + " of shape " + Arrays.toString(x.shape()) + " does not have " + length
                        + " rows; each step takes one of "
                        + "each.");
            }
            length = x.size(0);
        }
        if (length < 0) {
            throw new IllegalArgumentException(label + ": there are no tensors to walk along, so the number of steps "
                    + "is not known; "
                    + "give it with Options.length(...).");
        }
        if (options.checkpointEvery < 0) {
            throw new IllegalArgumentException(label + ": checkpointEvery must be 1 or more, or 0 to keep all "
                    + "carries, but got "
                    + options.checkpointEvery + ".");
        }
        return length;
    }

    /** A step on values that has been checked: the next carries, and then what else it gives. */
    private record Body(String label, BiFunction<List<Tensor>, List<Tensor>, Result> step, int carries) {
        Value[] apply(Value[] inputs) {
            List<Tensor> tensors = Grad.tensors(inputs);
            List<Tensor> before = tensors.subList(0, carries);
            Result given = step.apply(before, tensors.subList(carries, tensors.size()));
            if (given == null || isMissing(given.carry) || isMissing(given.ys)) {
                throw new IllegalStateException(label + ": the step returned null where tensors were expected; "
                        + "return the next carry.");
            }
            if (given.carry.size() != carries) {
                throw new IllegalStateException(label + ": the step got " + carries + " carries and returned "
                        + given.carry.size()
                        + "; return the next one for each.");
            }
            for (int k = 0; k < carries; k++) {
                Tensor old = before.get(k);
                Tensor next = given.carry.get(k);
                if (!Arrays.equals(old.shape(), next.shape()) || old.dtype() != next.dtype()) {
                    throw new IllegalStateException(label + ": the step made carry " + k + " of shape "
                            + Arrays.toString(old.shape()) + " and dtype " + old.dtype() + " one of shape "
                            + Arrays.toString(next.shape()) + " and dtype " + next.dtype()
                            + ", but carries keep both; convert it with to(...) or reshape(...), or begin with "
                            + "one like it.");
                }
            }
            List<Tensor> all = new ArrayList<>(given.carry);
            all.addAll(given.ys);
            return separate(Grad.values(all), carries);
        }
    }

    private static boolean isMissing(List<Tensor> tensors) {
        return tensors.stream().anyMatch(java.util.Objects::isNull);
    }

    /**
     * What may have gradients from elsewhere becomes a value of its own, whose gradient is summed in its step: results
     * besides carries, leaves, and what is there twice.
     */
    private static Value[] separate(Value[] values, int carries) {
        Map<Value, Boolean> known = new IdentityHashMap<>();
        for (int i = 0; i < values.length; i++) {
            boolean again = known.put(values[i], true) != null;
            if (again || values[i].requiresGrad() && (i >= carries || values[i].isLeaf())) {
                Tensor same = new Tensor(values[i]);
                values[i] = same.expand(same.shape()).value;
            }
        }
        return values;
    }

    private static Result run(Body body, List<Tensor> init, List<Tensor> xs, Options options) {
        Value[] first = separate(Grad.values(init), init.size());
        Value[] walked = Grad.values(xs);
        int every = options.checkpointEvery;
        Value[] results;
        if (options.length == 0) {
            Value[] none = Loops.none(body::apply, first, walked);
            results = Arrays.copyOf(first, first.length + none.length);
            System.arraycopy(none, 0, results, first.length, none.length);
        } else if (!Loops.areTraced()) {
            results = LoopSteps.run(body::apply, first, walked, options);
        } else if (every > 0 && every < options.length) {
            results = LoopSteps.chunked(body::apply, first, walked, options);
        } else {
            results = traced(body::apply, first, walked, options);
        }
        List<Tensor> tensors = Grad.tensors(results);
        return new Result(tensors.subList(0, body.carries), tensors.subList(body.carries, tensors.size()));
    }

    /** The results of a loop in a program. */
    static Value[] traced(java.util.function.UnaryOperator<Value[]> body, Value[] init, Value[] xs, Options options) {
        return options.length <= UNROLLED ? LoopSteps.run(body, init, xs, options)
                : Loops.run(body, init, xs, options.length, options.reverse);
    }
}

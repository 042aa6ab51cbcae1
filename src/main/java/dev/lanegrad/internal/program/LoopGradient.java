package dev.lanegrad.internal.program;

import dev.lanegrad.internal.graph.Backward;
import dev.lanegrad.internal.graph.Batch;
import dev.lanegrad.internal.graph.CallerLine;
import dev.lanegrad.internal.graph.Context;
import dev.lanegrad.internal.graph.Pointwise;
import dev.lanegrad.internal.graph.Shaped;
import dev.lanegrad.internal.graph.Symbols;
import dev.lanegrad.internal.graph.Value;
import dev.lanegrad.internal.graph.Values;
import dev.lanegrad.internal.op.Binary;
import dev.lanegrad.internal.shape.Layout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The gradient of a loop: one that goes back. Its carries are the gradients of carries, and the sums for everything
 * that the step reads from around. While the set of carries that a gradient has reached changes from step to step, each
 * of these steps is a loop by itself, so that no gradient is computed from a zero where there is none.
 */
final class LoopGradient {
    /** Steps by themselves, after which zeros are good enough. */
    private static final int MOST_ALONE = 4;

    private final Loops loop;
    private final List<Value> sources;
    private final Value[] given;
    /** The inputs walked along that gradients flow into, and the results whose gradients come a row at a time. */
    private final List<Integer> walked = new ArrayList<>();
    private final List<Integer> rows = new ArrayList<>();
    /** The gradients of carries, and of sources, so far; null for none. */
    private Value[] carry;
    private final Value[] sums;
    private final List<Stretch> stretches = new ArrayList<>();

    /**
     * The gradient for those of the results of {@code loop}, null for none, and then those that sources have so far.
     */
    LoopGradient(Loops loop, Value[] given) {
        this.loop = loop;
        this.given = given;
        sources = loop.body().sources();
        carry = Arrays.copyOf(given, loop.carries());
        sums = Arrays.copyOfRange(given, loop.results().length, given.length);
        for (int i = loop.carries(); i < loop.inputs().length; i++) {
            if (loop.isWanted(i)) {
                walked.add(i);
            }
        }
        for (int i = loop.carries(); i < loop.results().length; i++) {
            if (given[i] != null) {
                rows.add(i);
            }
        }
    }

    /** The gradients of the inputs, null for zeros, and the sums of the sources. */
    Value[] run() {
        int left = loop.length();
        Stretch rest = new Stretch(0, left, reached(), false);
        for (int alone = 0; alone < MOST_ALONE && left > 1 && !rest.isSteady(); alone++) {
            left--;
            new Stretch(loop.reverse() ? loop.length() - left - 1 : left, 1, reached(), true).take();
            rest = new Stretch(loop.reverse() ? loop.length() - left : 0, left, reached(), false);
        }
        if (!rest.isSteady()) {
            rest = new Stretch(rest.begin, left, wanted(), false);
        }
        rest.take();
        Value[] gradients = new Value[loop.inputs().length + sums.length];
        System.arraycopy(carry, 0, gradients, 0, carry.length);
        for (int x : walked) {
            gradients[x] = joined(x);
        }
        System.arraycopy(sums, 0, gradients, loop.inputs().length, sums.length);
        return gradients;
    }

    // The step has been run a second time, and begins with the same constants unless it draws them.
    private static void requireSame(List<Node> before, List<Node> now) {
        for (int i = 0; i < before.size(); i++) {
            if (i >= now.size() || !isSame(before.get(i), now.get(i))) {
                throw new IllegalStateException("scan: the step made other numbers when it was traced for the gradient"
                        + CallerLine.text() + "; draw random numbers before the loop and walk along them.");
            }
        }
    }

    private static boolean isSame(Node before, Node now) {
        if (before.origin() instanceof Node.Captured(Value a) && now.origin() instanceof Node.Captured(Value b)) {
            boolean same = a.cell() == b.cell() && a.layout().sameSizes(b.layout());
            for (long i = 0; same && i < a.count(); i++) {
                same = Double.doubleToRawLongBits(Values.get(a, i)) == Double.doubleToRawLongBits(Values.get(b, i));
            }
            return same;
        }
        return before.origin().equals(now.origin()) && before.layout().sameSizes(now.layout());
    }

    private List<Integer> reached() {
        return wanted().stream().filter(k -> carry[k] != null).toList();
    }

    private List<Integer> wanted() {
        return java.util.stream.IntStream.range(0, loop.carries()).filter(loop::isWanted).boxed().toList();
    }

    /** The gradient of input {@code x}, which is walked along. */
    private Value joined(int x) {
        if (stretches.stream().allMatch(stretch -> stretch.found(x) == null)) {
            return null;
        }
        Value[] parts = stretches.stream().sorted(java.util.Comparator.comparingInt(stretch -> stretch.begin))
                .map(stretch -> stretch.found(x) != null ? stretch.found(x) : stretch.zeros(x)).toArray(Value[]::new);
        // A sum of rows among zeros, as it is for rows that are taken one by one.
        return Pointwise.apply(Binary.ADD, parts.length == 1 ? parts[0] : Shaped.cat(parts, 0), 0.0);
    }

    private static Value filled(double number, int[] sizes, Value like) {
        Tracer tracer = (Tracer) Symbols.meaning();
        return tracer.value(tracer.graph().fill(number, Layout.contiguous(sizes), like.cell()));
    }

    /** What leaves every bit of a number that it is added to. */
    private static Value nothing(Value like) {
        return filled(-0.0, like.layout().sizes(), like);
    }

    /** Steps that are done by one loop. */
    private final class Stretch {
        private final int begin;
        private final int size;
        private final List<Integer> carries;
        /** True for one step, which has no carries, since others come out than go in. */
        private final boolean alone;
        private final Loops back;
        private final int first;
        /** For each input and source, whether this adds to its gradient. */
        private final boolean[] adds = new boolean[loop.inputs().length + sources.size()];
        private Value[] found;

        Stretch(int begin, int size, List<Integer> carries, boolean alone) {
            this.begin = begin;
            this.size = size;
            this.carries = carries;
            this.alone = alone;
            List<Value> starts = new ArrayList<>();
            Value[] inputs = loop.inputs();
            carries.forEach(k -> starts.add(carry[k] != null ? carry[k] : nothing(inputs[k])));
            for (int e = 0; e < sums.length; e++) {
                starts.add(sums[e] != null ? sums[e] : nothing(sources.get(e)));
            }
            first = starts.size();
            List<Value> along = new ArrayList<>();
            Value[] results = loop.results();
            for (int k = 0; k < loop.carries(); k++) {
                along.add(part(results[results.length - loop.carries() + k]));
            }
            for (int x = loop.carries(); x < inputs.length; x++) {
                along.add(part(inputs[x]));
            }
            rows.forEach(row -> along.add(part(given[row])));
            if (alone) {
                along.addAll(0, starts.stream().map(start -> Shaped.unsqueeze(start, 0)).toList());
                starts.clear();
            }
            back = new Loops(this::step, starts.toArray(Value[]::new), along.toArray(Value[]::new), size,
                    !loop.reverse(), new LoopSplit.Front(loop.node(), loop.body(), first, begin, size));
            back.trace((Tracer) Symbols.meaning());
            requireSame(loop.constants(), back.constants());
        }

        private Value part(Value whole) {
            return size == loop.length() ? whole : Shaped.slice(whole, 0, begin, begin + size, 1);
        }

        /** True if a gradient comes out of a step for just those carries for which one goes in. */
        boolean isSteady() {
            for (int k : wanted()) {
                if (adds[k] != carries.contains(k)) {
                    return false;
                }
            }
            return true;
        }

        /** Makes the loop, and its results those so far. */
        void take() {
            stretches.add(this);
            found = back.build((Tracer) Symbols.meaning());
            int next = 0;
            Value[] after = new Value[carry.length];
            for (int k : alone ? wanted() : carries) {
                if (adds[k] || !alone) {
                    Value gradient = result(next++);
                    after[k] = adds[k] ? gradient : null;
                }
            }
            carry = after;
            for (int e = 0; e < sums.length; e++) {
                Value sum = result(next++);
                sums[e] = adds[loop.inputs().length + e] ? sum : sums[e];
            }
            found = Arrays.copyOfRange(found, next, found.length);
        }

        private Value result(int i) {
            return alone ? Shaped.select(found[i], 0, 0) : found[i];
        }

        /** The gradient of rows of input {@code x}, or null. */
        Value found(int x) {
            int before = (int) walked.stream().filter(other -> other < x && adds[other]).count();
            return adds[x] ? found[before] : null;
        }

        Value zeros(int x) {
            Value whole = loop.inputs()[x];
            int[] sizes = whole.layout().sizes();
            sizes[0] = size;
            return filled(0.0, sizes, whole);
        }

        private Value[] step(Value[] values) {
            boolean create = Context.current().setGradEnabled(true);
            try {
                Value[] inputs = Arrays.copyOfRange(values, first, first + loop.inputs().length);
                List<Value> targets = new ArrayList<>();
                for (int i = 0; i < inputs.length; i++) {
                    if (loop.isWanted(i)) {
                        inputs[i] = Batch.variable(inputs[i], true);
                        targets.add(inputs[i]);
                    }
                }
                sources.forEach(source -> targets.add(Symbols.meaning().own(source)));
                return ordered(values, derived(values, loop.once(inputs), targets, create));
            } finally {
                Context.current().setGradEnabled(create);
            }
        }

        private Value[] derived(Value[] values, Value[] results, List<Value> targets, boolean create) {
            List<Value> roots = new ArrayList<>();
            List<Value> seeds = new ArrayList<>();
            for (int c = 0; c < carries.size(); c++) {
                add(roots, seeds, results[carries.get(c)], values[c]);
            }
            for (int r = 0; r < rows.size(); r++) {
                add(roots, seeds, results[rows.get(r)], values[first + loop.inputs().length + r]);
            }
            for (int e = 0; e < sources.size(); e++) {
                // What it has so far comes first in the sum.
                add(roots, seeds, targets.get(targets.size() - sources.size() + e), values[carries.size() + e]);
            }
            return roots.isEmpty() ? new Value[targets.size()] : Backward.gradients(roots.toArray(Value[]::new),
                    seeds.toArray(Value[]::new), targets.toArray(Value[]::new), true, create);
        }

        private void add(List<Value> roots, List<Value> seeds, Value root, Value seed) {
            if (root.requiresGrad()) {
                roots.add(root);
                seeds.add(seed);
            }
        }

        /** Gradients of carries, sums, and then gradients of rows, those that there are. */
        private Value[] ordered(Value[] values, Value[] derived) {
            int next = 0;
            for (int i = 0; i < loop.inputs().length; i++) {
                adds[i] = loop.isWanted(i) && derived[next++] != null;
            }
            List<Value> all = new ArrayList<>();
            List<Value> last = new ArrayList<>();
            next = 0;
            for (int i = 0; i < loop.inputs().length; i++) {
                Value gradient = loop.isWanted(i) ? derived[next++] : null;
                if (i >= loop.carries()) {
                    last.addAll(adds[i] ? List.of(gradient) : List.of());
                } else if (adds[i] && (alone || carries.contains(i))) {
                    all.add(gradient);
                } else if (!alone && carries.contains(i)) {
                    all.add(nothing(loop.inputs()[i]));
                }
            }
            for (int e = 0; e < sources.size(); e++) {
                Value sum = derived[next++];
                adds[loop.inputs().length + e] = sum != values[carries.size() + e];
                all.add(sum);
            }
            all.addAll(last);
            return all.toArray(Value[]::new);
        }
    }
}

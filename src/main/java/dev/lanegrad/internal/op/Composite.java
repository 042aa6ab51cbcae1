package dev.lanegrad.internal.op;

import dev.lanegrad.internal.lane.LaneValue;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * An element-wise function of the user's, stated as a formula over the tables: one kernel forward, one for each
 * derivative, which is found by differentiating the formula unless it is stated.
 */
public final class Composite implements Elementwise {
    private final String label;
    private final int arity;
    private final Term body;
    private final Derivative[] derivatives;
    private final Kernels kernels;

    /**
     * The function {@code body} of the first {@code arity} of {@link Term#X}, {@link Term#Y}, {@link Term#Z}.
     *
     * @param partials the derivatives that are stated, in these and {@link Term#R}; null where it is to be found
     */
    public Composite(String label, int arity, Term body, Term[] partials) {
        this.label = label;
        this.arity = arity;
        this.body = body;
        this.derivatives = new Derivative[arity];
        for (int i = 0; i < arity; i++) {
            derivatives[i] = partials[i] != null ? new Derivative(partials[i])
                    : Derivative.ofContribution(contribution(body, new Term.Var(i)));
        }
        Term.Var[] inputs = new Term.Var[arity];
        java.util.Arrays.setAll(inputs, Term.Var::new);
        this.kernels = Kernels.of(List.of(body), inputs);
    }

    /** What {@code variable} gathers if {@link Term#G} arrives at {@code body}: the chain rule, from the outside inwards. */
    static Term contribution(Term body, Term.Var variable) {
        Set<Term> order = new LinkedHashSet<>();
        collect(body, order);
        Map<Term, Term> gathered = new HashMap<>();
        gathered.put(body, Term.G);
        List<Term> outwards = new ArrayList<>(order);
        for (Term term : outwards.reversed()) {
            Term arrived = gathered.get(term);
            if (arrived != null && term instanceof Term.Apply(Elementwise op, List<Term> operands)) {
                for (int i = 0; i < operands.size(); i++) {
                    Derivative derivative = op.derivative(i);
                    if (derivative != null && !derivative.isZero() && operands.get(i).mentions(variable.index())) {
                        Term added = substitute(derivative.contribution(), places(operands, term, arrived), new HashMap<>());
                        gathered.merge(operands.get(i), added, Term::add);
                    }
                }
            }
        }
        return gathered.getOrDefault(variable, Term.ZERO);
    }

    /** Number of different parts of {@code body}. */
    public static int size(Term body) {
        Set<Term> parts = new LinkedHashSet<>();
        collect(body, parts);
        return parts.size();
    }

    private static void collect(Term term, Set<Term> order) {
        if (!order.contains(term)) {
            if (term instanceof Term.Apply apply) {
                apply.operands().forEach(operand -> collect(operand, order));
            }
            order.add(term);
        }
    }

    private static Term[] places(List<Term> operands, Term result, Term gradient) {
        Term[] places = new Term[Term.VARIABLES];
        for (int i = 0; i < operands.size(); i++) {
            places[i] = operands.get(i);
        }
        places[3] = result;
        places[4] = gradient;
        return places;
    }

    private static Term substitute(Term term, Term[] places, Map<Term, Term> known) {
        Term found = known.get(term);
        if (found == null) {
            found = switch (term) {
                case Term.Const c -> c;
                case Term.Var v -> places[v.index()];
                case Term.Apply(Elementwise op, List<Term> operands) -> new Term.Apply(op, operands.stream()
                        .map(operand -> substitute(operand, places, known)).toList());
            };
            known.put(term, found);
        }
        return found;
    }

    @Override
    public String label() {
        return label;
    }

    @Override
    public int arity() {
        return arity;
    }

    @Override
    public LaneValue lower(List<LaneValue> operands) {
        Map<Term, LaneValue> known = new HashMap<>();
        for (int i = 0; i < arity; i++) {
            known.put(new Term.Var(i), operands.get(i));
        }
        return lower(body, known, operands.getFirst());
    }

    private static LaneValue lower(Term term, Map<Term, LaneValue> known, LaneValue like) {
        LaneValue value = known.get(term);
        if (value == null) {
            value = switch (term) {
                case Term.Const c -> like.constant(c.value());
                case Term.Var v -> throw new IllegalStateException("Composite: the formula mentions operand " + v.index()
                        + ", which the function does not have.");
                case Term.Apply(Elementwise op, List<Term> operands) -> op.lower(operands.stream()
                        .map(operand -> lower(operand, known, like)).toList());
            };
            known.put(term, value);
        }
        return value;
    }

    @Override
    public Derivative derivative(int index) {
        return derivatives[index];
    }

    @Override
    public boolean isPredicate() {
        return false;
    }

    @Override
    public Domain domain(int index) {
        return Domain.ALL;
    }

    @Override
    public double reference(double... operands) {
        return value(body, operands);
    }

    private static double value(Term term, double[] operands) {
        return switch (term) {
            case Term.Const c -> c.value();
            case Term.Var v -> operands[v.index()];
            case Term.Apply(Elementwise op, List<Term> parts) -> op.reference(parts.stream()
                    .mapToDouble(part -> value(part, operands)).toArray());
        };
    }

    @Override
    public Kernels kernels() {
        return kernels;
    }
}

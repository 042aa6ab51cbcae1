package dev.lanegrad.internal.graph;

import dev.lanegrad.internal.op.Elementwise;
import dev.lanegrad.internal.op.Term;
import dev.lanegrad.internal.shape.Layout;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Evaluates a term with recorded ops: the derivative of a derivative is that of the ops this leaves on the tape. */
final class TermEvaluator {
    private final Map<Term, Value> known = new HashMap<>();

    /** {@code values[i]} is variable {@code i}; null if the term does not mention it. */
    static Value evaluate(Term term, Value[] values) {
        TermEvaluator evaluator = new TermEvaluator();
        for (int i = 0; i < values.length; i++) {
            if (values[i] != null) {
                evaluator.known.put(new Term.Var(i), values[i]);
            }
        }
        return evaluator.value(term, values[values.length - 1]);
    }

    private Value value(Term term, Value like) {
        Value value = known.get(term);
        if (value == null) {
            value = switch (term) {
                case Term.Const(double number) -> constant(number, like);
                case Term.Var v -> throw new IllegalStateException("TermEvaluator: no value for variable " + v.index());
                case Term.Apply(Elementwise op, List<Term> operands) -> Pointwise.apply(op,
                        operands.stream().map(operand -> value(operand, like)).toArray(Value[]::new));
            };
            known.put(term, value);
        }
        return value;
    }

    // Without dimensions, so that it does not widen a type.
    private static Value constant(double number, Value like) {
        Value value = Context.current().allocate(like.cell, Layout.SCALAR);
        Values.fill(value, number);
        return value;
    }
}

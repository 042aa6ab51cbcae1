package dev.lanegrad.internal.op;

import dev.lanegrad.internal.kernel.MapKernel;
import dev.lanegrad.internal.lane.Lane;
import dev.lanegrad.internal.lane.LaneBuilder;
import dev.lanegrad.internal.lane.LaneValue;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** The kernels of one function, one for each lane type, made at the first use. */
public final class Kernels {
    private final Function<LaneBuilder, LaneValue[]> body;
    private final int inputs;
    private MapKernel floats;
    private MapKernel doubles;

    Kernels(int inputs, Function<LaneBuilder, LaneValue[]> body) {
        this.inputs = inputs;
        this.body = body;
    }

    /** Kernels that compute {@code terms} from the values of the variables {@code inputs}, in this order. */
    public static Kernels of(List<Term> terms, Term.Var... inputs) {
        return new Kernels(inputs.length, builder -> {
            Map<Term, LaneValue> known = new HashMap<>();
            for (int i = 0; i < inputs.length; i++) {
                known.put(inputs[i], builder.input(i));
            }
            return terms.stream().map(term -> lower(builder, term, known)).toArray(LaneValue[]::new);
        });
    }

    /** The kernel for {@code lane}. */
    public MapKernel in(Lane lane) {
        MapKernel kernel = lane == Lane.FLOAT ? floats : doubles;
        return kernel != null ? kernel : make(lane);
    }

    // Two threads may both make it: MapKernel.of returns the same one.
    private MapKernel make(Lane lane) {
        LaneBuilder builder = new LaneBuilder(lane);
        MapKernel kernel = MapKernel.of(builder.build(inputs, body.apply(builder)));
        if (lane == Lane.FLOAT) {
            floats = kernel;
        } else {
            doubles = kernel;
        }
        return kernel;
    }

    private static LaneValue lower(LaneBuilder builder, Term term, Map<Term, LaneValue> known) {
        LaneValue value = known.get(term);
        if (value == null) {
            value = switch (term) {
                case Term.Const c -> builder.constant(c.value());
                case Term.Var v -> throw new IllegalStateException("Kernels: variable " + v + " is not among the inputs.");
                case Term.Apply a -> a.op().lower(a.operands().stream()
                        .map(operand -> lower(builder, operand, known)).toList());
            };
            known.put(term, value);
        }
        return value;
    }
}

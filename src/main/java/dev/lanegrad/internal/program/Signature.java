package dev.lanegrad.internal.program;

import dev.lanegrad.internal.graph.Value;
import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.shape.Layout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** The types and sizes of the arguments that a program is for. */
final class Signature {
    private final Cell[] cells;
    private final int[][] sizes;

    private Signature(Cell[] cells, int[][] sizes) {
        this.cells = cells;
        this.sizes = sizes;
    }

    /** That of {@code inputs}. */
    static Signature of(Value[] inputs) {
        return new Signature(Arrays.stream(inputs).map(Value::cell).toArray(Cell[]::new),
                Arrays.stream(inputs).map(input -> input.layout().sizes()).toArray(int[][]::new));
    }

    /** True if {@code inputs} have these types and sizes. */
    boolean fits(Value[] inputs) {
        if (inputs.length != cells.length) {
            return false;
        }
        for (int i = 0; i < cells.length; i++) {
            Layout layout = inputs[i].layout();
            int[] own = sizes[i];
            if (inputs[i].cell() != cells[i] || layout.rank() != own.length) {
                return false;
            }
            for (int d = 0; d < own.length; d++) {
                if (layout.size(d) != own[d]) {
                    return false;
                }
            }
        }
        return true;
    }

    /** The types. */
    List<Cell> cells() {
        return List.of(cells);
    }

    /** Contiguous arrangements of these sizes. */
    List<Layout> layouts() {
        List<Layout> layouts = new ArrayList<>();
        for (int[] own : sizes) {
            layouts.add(Layout.contiguous(own));
        }
        return layouts;
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < cells.length; i++) {
            text.append(i == 0 ? "" : ", ").append(cells[i].name().toLowerCase(Locale.ROOT))
                    .append(Arrays.toString(sizes[i]));
        }
        return "(" + text + ")";
    }
}

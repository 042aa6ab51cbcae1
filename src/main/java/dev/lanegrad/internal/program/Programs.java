package dev.lanegrad.internal.program;

import dev.lanegrad.internal.graph.Value;
import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.shape.Layout;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;

/**
 * The programs that were made of one function, one for each combination of types and sizes of its arguments, up to a bound;
 * the one that has not been used for longest goes first.
 */
public final class Programs {
    private final UnaryOperator<Value[]> body;
    private int bound;
    private boolean fixed;
    private boolean approximate;
    // The latest last. The one found before is asked first, so a loop compares one signature.
    private final List<Entry> entries = new ArrayList<>();
    private Entry latest;
    private long hits;
    private long traces;
    private long evictions;

    private record Entry(Cell[] cells, int[][] sizes, Compiled compiled) {
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
    }

    /** Programs of {@code body}, at most {@code bound} at a time. */
    public Programs(UnaryOperator<Value[]> body, int bound) {
        this.body = body;
        this.bound = bound;
    }

    /** The program for arguments of the sizes and types of {@code inputs}, made if there is none. */
    public Compiled of(Value[] inputs) {
        Entry entry = latest;
        if (entry != null && entry.fits(inputs)) {
            hits++;
            return entry.compiled;
        }
        for (int i = entries.size() - 1; i >= 0; i--) {
            if (entries.get(i).fits(inputs)) {
                latest = entries.remove(i);
                entries.add(latest);
                hits++;
                return latest.compiled;
            }
        }
        return trace(inputs);
    }

    private Compiled trace(Value[] inputs) {
        if (fixed && !entries.isEmpty()) {
            throw new IllegalArgumentException("call: this program is fixed to arguments " + text(entries.getLast())
                    + ", but got " + text(inputs) + "; reshape or convert them, or use a program that is not fixed.");
        }
        List<Layout> layouts = new ArrayList<>();
        List<Cell> cells = new ArrayList<>();
        for (Value input : inputs) {
            layouts.add(Layout.contiguous(input.layout().sizes()));
            cells.add(input.cell());
        }
        Compiled compiled = Builder.build(Trace.of(layouts, cells, body, approximate));
        traces++;
        while (entries.size() >= bound) {
            drop();
        }
        latest = new Entry(cells.toArray(Cell[]::new), layouts.stream().map(Layout::sizes).toArray(int[][]::new), compiled);
        entries.add(latest);
        return compiled;
    }

    private static String text(Entry entry) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < entry.cells.length; i++) {
            text.append(i == 0 ? "" : ", ").append(entry.cells[i].name().toLowerCase(Locale.ROOT))
                    .append(java.util.Arrays.toString(entry.sizes[i]));
        }
        return "(" + text + ")";
    }

    private static String text(Value[] inputs) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < inputs.length; i++) {
            text.append(i == 0 ? "" : ", ").append(inputs[i].cell().name().toLowerCase(Locale.ROOT)).append(inputs[i].layout());
        }
        return "(" + text + ")";
    }

    /** Keeps at most {@code bound} programs from now on. */
    public void limit(int bound) {
        this.bound = bound;
        while (entries.size() > bound) {
            drop();
        }
    }

    /** Lets no further program be made once there is one. */
    public void fix() {
        fixed = true;
    }

    /** Lets programs that are made from now on have results that are equal in real arithmetic only. */
    public void approximate() {
        approximate = true;
    }

    private void drop() {
        Entry gone = entries.removeFirst();
        latest = latest == gone ? null : latest;
        evictions++;
    }

    /** The program used last, or null. */
    public Compiled latest() {
        return latest == null ? null : latest.compiled;
    }

    /** Number of programs that are kept. */
    public int size() {
        return entries.size();
    }

    /** How often a program was there. */
    public long hits() {
        return hits;
    }

    /** How often one was made. */
    public long traces() {
        return traces;
    }

    /** How often one was given up for another. */
    public long evictions() {
        return evictions;
    }

    /** Forgets all programs. */
    public void clear() {
        entries.clear();
        latest = null;
    }
}

package dev.lanegrad.internal.graph;

import dev.lanegrad.internal.memory.TapeScope;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** A tape in words and pictures. */
public final class TapeText {
    private final Context context = Context.current();
    private final Nodes nodes = context.nodes;
    private final int first;

    /** The records of {@code tape}, which is open in this thread. */
    public TapeText(TapeScope tape) {
        this.first = nodes.first(tape);
    }

    /** Something that is kept for a backward. */
    public record Saved(String op, String what, String shape, long bytes, String line) {
    }

    /** What is kept for the derivative of each op that has not been released; memory kept by several counts once. */
    public List<Saved> saved() {
        List<Saved> all = new ArrayList<>();
        Set<Long> counted = new HashSet<>();
        for (int id = first; id < nodes.count(); id++) {
            int saved = nodes.has(id, Nodes.FREED) ? 0 : nodes.saved(id);
            for (int i = 0; i <= 3; i++) {
                if ((saved >> i & 1) != 0) {
                    int kept = i == 3 ? id : nodes.anyOperand(id, i);
                    all.add(entry(id, i == 3 ? "result" : "operand " + i, nodes.value(kept), counted));
                }
            }
            if (nodes.opcode(id) == Nodes.FUNCTION) {
                for (Value value : nodes.structural(id).function().kept()) {
                    if (value != null) {
                        all.add(entry(id, "saved", value, counted));
                    }
                }
            }
        }
        return all;
    }

    private Saved entry(int id, String what, Value value, Set<Long> counted) {
        long bytes = counted.add(value.address) ? Context.bytes(value.cell, value.layout) : 0;
        return new Saved(nodes.label(id), what, value.cell.name().toLowerCase(java.util.Locale.ROOT) + " " + value.layout, bytes,
                nodes.line(id));
    }

    /** The graph in the language of Graphviz: records and their operands, with shapes. */
    public String dot() {
        StringBuilder text = new StringBuilder("digraph tape {\n  rankdir=TB;\n");
        for (int id = first; id < nodes.count(); id++) {
            text.append("  n").append(id).append(" [label=\"").append(caption(id, "\\n")).append("\" shape=")
                    .append(nodes.opcode(id) == Nodes.LEAF ? "ellipse" : "box")
                    .append(nodes.has(id, Nodes.NEEDS_GRAD) ? "" : " style=dashed").append("];\n");
        }
        edges(text, " -> ", ";");
        return text.append("}\n").toString();
    }

    /** The graph in the language of Mermaid. */
    public String mermaid() {
        StringBuilder text = new StringBuilder("flowchart TD\n");
        for (int id = first; id < nodes.count(); id++) {
            boolean leaf = nodes.opcode(id) == Nodes.LEAF;
            text.append("  n").append(id).append(leaf ? "([\"" : "[\"").append(caption(id, "<br>"))
                    .append(leaf ? "\"])" : "\"]").append('\n');
        }
        edges(text, " --> ", "");
        return text.toString();
    }

    private void edges(StringBuilder text, String arrow, String end) {
        for (int id = first; id < nodes.count(); id++) {
            for (int i = 0; i < nodes.operands(id); i++) {
                int operand = nodes.opcode(id) == Nodes.RESULT && i > 0 ? -1 : nodes.anyOperand(id, i);
                if (operand >= first) {
                    text.append("  n").append(operand).append(arrow).append('n').append(id).append(end).append('\n');
                }
            }
        }
    }

    private String caption(int id, String separator) {
        String label = nodes.opcode(id) == Nodes.LEAF && !nodes.has(id, Nodes.NEEDS_GRAD) ? "constant" : nodes.label(id);
        return label + separator + nodes.cell(id).name().toLowerCase(java.util.Locale.ROOT) + " " + nodes.layout(id);
    }
}

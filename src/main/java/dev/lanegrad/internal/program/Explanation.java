package dev.lanegrad.internal.program;

import dev.lanegrad.internal.lane.LaneCode;
import dev.lanegrad.internal.op.Structural;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What a program does, for people: its passes over memory, and the graph it came from. */
final class Explanation {
    private static final int LONGEST = 160;

    private final Trace trace;
    private final Fuser.Plan plan;
    private final Map<Node, LoopStep> loops;
    private final long peak;
    private final long total;

    Explanation(Trace trace, Fuser.Plan plan, Map<Node, LoopStep> loops, long peak, long total) {
        this.trace = trace;
        this.plan = plan;
        this.loops = loops;
        this.peak = peak;
        this.total = total;
    }

    /** The passes. */
    Fuser.Plan plan() {
        return plan;
    }

    /** Bytes of the block for intermediate values, those of loops included. */
    long planned() {
        return peak;
    }

    /** One line for each kernel, and the sums. */
    String text() {
        StringBuilder text = new StringBuilder();
        int number = 0;
        for (Band band : plan.bands()) {
            if (band.isByRows()) {
                String threads = band.parts() == 1 ? "" : " by up to " + band.parts() + " threads";
                text.append(String.format(Locale.ROOT, "     together, %d of %d rows at a time%s, %s in cache only:%n", band.block(),
                        band.rows, threads, band.local.stream().sorted(java.util.Comparator.comparingInt(Node::id)).toList()));
            }
            for (Region region : band.members) {
                for (Chain chain : band.chains) {
                    if (chain.members.getFirst() == region) {
                        text.append(String.format(Locale.ROOT, "     | row by row in one loop, once that is hot, %d to %d:%n", number,
                                number + chain.members.size() - 1));
                    }
                }
                text.append(String.format(Locale.ROOT, "%3d  %s%s%n", number++, band.isByRows() ? "| " : "", describe(region)));
            }
        }
        return text.append(String.format(Locale.ROOT, "%d kernels; %,d bytes planned (%,d without sharing); %,d bytes moved; "
                + "%,d flops%n", number, peak, total, moved(), flops())).toString();
    }

    /** Bytes loaded and stored. */
    long moved() {
        return plan.bands().stream().mapToLong(band -> band.members.stream().mapToLong(region ->
                moved(region, band.local)).sum()).sum();
    }

    /** Operations on numbers. */
    long flops() {
        return plan.regions().stream().mapToLong(this::flops).sum();
    }

    private String describe(Region region) {
        if (!region.isKernel()) {
            Node node = region.only();
            if (node.origin() instanceof Node.Looped looped) {
                return String.format(Locale.ROOT, "%s = loop of %,d%s %s gives %s:%n%s", region.results(), looped.length(),
                        looped.reverse() ? " backwards" : "", node.operands(), region.results().stream().map(Node::label).toList(),
                        loops.get(node).body().text().indent(7).stripTrailing());
            }
            return node + " = " + node.label() + node.operands() + " " + node.layout();
        }
        StringBuilder text = new StringBuilder("fused ").append(region.sizes).append(' ')
                .append(region.lane.name().toLowerCase(Locale.ROOT)).append(", ").append(region.primitives)
                .append(" primitives, loads ").append(region.inputs).append(':');
        for (Node node : region.stored) {
            text.append("\n       ").append(node).append(" = ").append(formula(region, node));
        }
        for (Node fold : region.folds) {
            text.append("\n       ").append(fold).append(" = ").append(fold.label()).append(' ')
                    .append(formula(region, plan.places().get(fold.operand()).base()));
        }
        return text.toString();
    }

    private String formula(Region region, Node node) {
        StringBuilder text = new StringBuilder();
        append(text, region, node);
        return text.length() > LONGEST ? text.substring(0, LONGEST) + "..." : text.toString();
    }

    private void append(StringBuilder text, Region region, Node node) {
        if (text.length() > LONGEST) {
            return;
        }
        if (node.isFill() || !node.isElementwise() || region.inputs.contains(node)) {
            text.append(node.isElementwise() || node.structural() != null ? node.toString() : node.label());
            return;
        }
        text.append(node.label()).append('(');
        for (int i = 0; i < node.operands().size(); i++) {
            text.append(i == 0 ? "" : ", ");
            append(text, region, node.operands().get(i));
        }
        text.append(')');
    }

    /** Bytes that a region loads and stores. */
    private long moved(Region region, java.util.Set<Node> local) {
        if (!region.isKernel() && region.only().origin() instanceof Node.Looped looped) {
            return looped.length() * loops.get(region.only()).body().moved();
        }
        List<Node> loaded = region.isKernel() ? region.inputs : region.only().operands();
        List<Node> written = region.isKernel() ? region.stored : region.results();
        long bytes = 0;
        for (Node node : loaded) {
            bytes += local.contains(plan.places().get(node).base()) ? 0
                    : Math.min(plan.places().get(node).layout().extent(), node.layout().count()) * node.cell().bytes();
        }
        for (Node node : written) {
            bytes += local.contains(node) ? 0 : node.layout().count() * node.cell().bytes();
        }
        return bytes;
    }

    private long flops(Region region) {
        long flops = 0;
        for (Node fold : region.folds) {
            flops += fold.operand().layout().count();
        }
        if (region.isKernel()) {
            LaneCode code = region.code;
            long each = code.insts().stream().filter(inst -> !inst.prim().operands().isEmpty()).count();
            return flops + each * region.sizes.count();
        }
        Node node = region.only();
        if (node.origin() instanceof Node.Looped looped) {
            return looped.length() * loops.get(node).body().flops();
        }
        Structural op = node.structural();
        if (op instanceof Structural.Matmul) {
            return 2 * node.layout().count() * node.operand().layout().size(node.operand().layout().rank() - 1);
        }
        return op instanceof Structural.Reduce ? node.operand().layout().count() : 0;
    }

    /** The graph in the language of Graphviz, one cluster for each kernel. */
    String dot() {
        StringBuilder text = new StringBuilder("digraph program {\n  node [shape=box];\n");
        for (int i = 0; i < plan.regions().size(); i++) {
            text.append("  subgraph cluster").append(i).append(" { label=\"").append(i).append("\";");
            for (Node node : plan.regions().get(i).members) {
                text.append(" n").append(node.id()).append(';');
            }
            text.append(" }\n");
        }
        for (Node node : plan.places().keySet().stream().sorted(java.util.Comparator.comparingInt(Node::id)).toList()) {
            text.append("  n").append(node.id()).append(" [label=\"").append(node.label()).append(' ').append(node.layout())
                    .append("\"];\n");
            node.operands().forEach(operand -> text.append("  n").append(operand.id()).append(" -> n").append(node.id())
                    .append(";\n"));
        }
        for (int j = 0; j < trace.outputs().size(); j++) {
            text.append("  out").append(j).append(" [shape=oval];\n  n").append(trace.outputs().get(j).id())
                    .append(" -> out").append(j).append(";\n");
        }
        return text.append("}\n").toString();
    }

    /** The graph in the language of Mermaid. */
    String mermaid() {
        StringBuilder text = new StringBuilder("flowchart TD\n");
        for (Node node : plan.places().keySet().stream().sorted(java.util.Comparator.comparingInt(Node::id)).toList()) {
            text.append("  n").append(node.id()).append("[\"").append(node.label()).append(' ').append(node.layout())
                    .append("\"]\n");
            node.operands().forEach(operand -> text.append("  n").append(operand.id()).append(" --> n").append(node.id())
                    .append('\n'));
        }
        for (int j = 0; j < trace.outputs().size(); j++) {
            text.append("  n").append(trace.outputs().get(j).id()).append(" --> out").append(j).append('\n');
        }
        return text.toString();
    }
}

package dev.lanegrad.jmh.peers;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The report as one HTML page without anything from outside. */
final class Page {
    private static final String STYLE = "body{font:14px sans-serif;margin:2em;max-width:1500px}table{border-collapse:collapse}"
            + "td,th{padding:2px 10px;text-align:right;border-bottom:1px solid #ddd}th{position:sticky;top:0;background:#fff}"
            + "td:nth-child(-n+4),th:nth-child(-n+4){text-align:left}.slow{background:#fbb}.fast{background:#cec}"
            + "svg{max-width:100%;height:auto;display:block;margin:1em 0}";

    private Page() {
    }

    static String of(Results results, Map<String, String> charts) {
        StringBuilder html = new StringBuilder("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                + "<title>Lanegrad beside libtorch</title><style>" + STYLE + "</style></head><body>\n"
                + "<h1>Lanegrad beside libtorch</h1>\n<table>\n");
        results.facts().forEach((name, fact) -> html.append("<tr><td>").append(escape(name)).append("</td><td style=\"text-align:"
                + "left\">").append(escape(fact)).append("</td></tr>\n"));
        html.append("</table>\n<p>Ratios are libtorch's time divided by Lanegrad's, libtorch measured in a loop of its own, "
                + "without a binding. GB/s count what must be read and written at least; GFLOP/s only matrix products. "
                + "The roof is the larger share of the copy and multiply-add rates measured in the same run; above 100 % the "
                + "operands lay in a cache.</p>\n");
        starts(html, results);
        charts.values().forEach(svg -> html.append(svg).append('\n'));
        table(html, results);
        if (!results.differs().isEmpty()) {
            html.append("<h2>Not timed, because the results differ</h2>\n<ul>\n");
            results.differs().forEach(line -> html.append("<li>").append(escape(line)).append("</li>\n"));
            html.append("</ul>\n");
        }
        return html.append("</body></html>\n").toString();
    }

    private static void starts(StringBuilder html, Results results) {
        html.append("<table>\n<tr><th>from the start of a JVM to</th><th>op by op</th><th>program</th><th>libtorch's binding"
                + "</th></tr>\n");
        for (Comparison start : results.starts()) {
            html.append("<tr>");
            for (String cell : List.of(start.sides().values().iterator().next().op(), Text.time(start.nanos(Side.EAGER)),
                    Text.time(start.nanos(Side.PROGRAM)), Text.time(start.nanos(Side.BINDING)))) {
                html.append("<td>").append(cell).append("</td>");
            }
            html.append("</tr>\n");
        }
        html.append("</table>\n");
    }

    private static void table(StringBuilder html, Results results) {
        html.append("<table>\n<tr>");
        for (String head : List.of("op", "sizes", "type", "direction", "op by op", "program", "libtorch's loop",
                "libtorch's binding", "by hand", "ratio", "+- %", "ratio of the program", "ratio of the binding", "GB/s",
                "GFLOP/s", "% of roof", "heap B")) {
            html.append("<th>").append(head).append("</th>");
        }
        html.append("</tr>\n");
        results.comparisons().forEach(comparison -> row(html, results, comparison));
        html.append("</table>\n");
    }

    private static void row(StringBuilder html, Results results, Comparison comparison) {
        Case of = comparison.of();
        double eager = comparison.nanos(Side.EAGER);
        double bytes = of.bytes() / eager;
        double flops = of.flops() / eager;
        html.append("<tr>");
        for (String cell : List.of(escape(of.op()), Text.size(of.shape()), of.precision().name().toLowerCase(Locale.ROOT),
                Text.direction(of.direction()), Text.time(eager), Text.time(comparison.nanos(Side.PROGRAM)),
                Text.time(comparison.nanos(Side.LOOP)), Text.time(comparison.nanos(Side.BINDING)),
                Text.time(comparison.byHand()))) {
            html.append("<td>").append(cell).append("</td>");
        }
        ratio(html, comparison.ratio(Side.EAGER));
        html.append("<td>").append(Text.digits(100 * comparison.error(Side.EAGER))).append("</td>");
        ratio(html, comparison.ratio(Side.PROGRAM));
        ratio(html, comparison.ratio(Side.BINDING));
        double roof = 100 * Math.max(bytes / results.roof("copy"), flops / results.roof("fmaPeak"));
        for (String cell : List.of(Text.digits(bytes), flops == 0 ? "" : Text.digits(flops), Text.digits(roof),
                comparison.row(Side.EAGER) == null ? "" : Text.digits(comparison.row(Side.EAGER).heap()))) {
            html.append("<td>").append(cell).append("</td>");
        }
        html.append("</tr>\n");
    }

    private static void ratio(StringBuilder html, double ratio) {
        html.append("<td").append(ratio < 0.95 ? " class=\"slow\"" : ratio >= 3 ? " class=\"fast\"" : "").append('>')
                .append(Text.ratio(ratio)).append("</td>");
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}

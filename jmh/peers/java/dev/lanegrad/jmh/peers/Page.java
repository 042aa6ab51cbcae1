package dev.lanegrad.jmh.peers;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The report as one HTML page without anything from outside. */
final class Page {
    private static final String HEAD = """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><title>Lanegrad beside libtorch</title><style>
            body { font: 14px sans-serif; margin: 2em; max-width: 1500px }
            table { border-collapse: collapse }
            td, th { padding: 2px 10px; text-align: right; border-bottom: 1px solid #ddd }
            th { position: sticky; top: 0; background: #fff }
            td:nth-child(-n+4), th:nth-child(-n+4) { text-align: left }
            .slow { background: #fbb }
            .fast { background: #cec }
            svg { max-width: 100%; height: auto; display: block; margin: 1em 0 }
            </style></head><body>
            <h1>Lanegrad beside libtorch</h1>
            """;
    private static final String EXPLANATION = """
            <p>Ratios are libtorch's time divided by Lanegrad's, libtorch measured in a loop of its own, without a
            binding. GB/s count what must be read and written at least; GFLOP/s only matrix products. The roof is the
            larger share of the rates of copying and of multiply-adds in the same run; above 100 % the operands lay in
            a cache.</p>
            """;

    private Page() {
    }

    static String of(Results results, Map<String, String> charts) {
        StringBuilder html = new StringBuilder(HEAD).append("<table>\n");
        results.facts().forEach((name, fact) -> cells(html, List.of(escape(name), escape(fact))));
        html.append("</table>\n").append(EXPLANATION);
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

    private static void cells(StringBuilder html, List<String> cells) {
        html.append("<tr>");
        cells.forEach(cell -> html.append("<td>").append(cell).append("</td>"));
        html.append("</tr>\n");
    }

    private static void heads(StringBuilder html, String... heads) {
        html.append("<table>\n<tr>");
        List.of(heads).forEach(head -> html.append("<th>").append(head).append("</th>"));
        html.append("</tr>\n");
    }

    private static void starts(StringBuilder html, Results results) {
        if (!results.starts().isEmpty()) {
            heads(html, "from the start of a JVM to", "op by op", "program", "libtorch's binding");
            results.starts().forEach(start -> cells(html, List.of(start.op(), Text.time(start.nanos(Side.EAGER)),
                    Text.time(start.nanos(Side.PROGRAM)), Text.time(start.nanos(Side.BINDING)))));
            html.append("</table>\n");
        }
    }

    private static void table(StringBuilder html, Results results) {
        heads(html, "op", "sizes", "type", "direction", "op by op", "program", "libtorch's loop", "libtorch's binding",
                "by hand", "ratio", "+- %", "ratio of the program", "binding / op by op", "GB/s", "GFLOP/s",
                "% of roof", "heap B");
        results.comparisons().forEach(comparison -> row(html, results, comparison));
        html.append("</table>\n");
    }

    private static void row(StringBuilder html, Results results, Comparison comparison) {
        Case of = comparison.of();
        double eager = comparison.nanos(Side.EAGER);
        double bytes = of.bytes() / eager;
        double flops = of.flops() / eager;
        double roof = 100 * Math.max(bytes / results.roof("copy"), flops / results.roof("fmaPeak"));
        Row row = comparison.row(Side.EAGER);
        html.append("<tr>");
        List<String> names = List.of(of.op(), Text.size(of.shape()), of.precision().name().toLowerCase(Locale.ROOT),
                Text.direction(of.direction()));
        names.forEach(name -> html.append("<td>").append(escape(name)).append("</td>"));
        for (Side side : List.of(Side.EAGER, Side.PROGRAM, Side.LOOP, Side.BINDING)) {
            html.append("<td>").append(Text.time(comparison.nanos(side))).append("</td>");
        }
        html.append("<td>").append(Text.time(comparison.byHand())).append("</td>");
        ratio(html, comparison.ratio(Side.EAGER));
        html.append("<td>").append(Text.digits(100 * comparison.error(Side.EAGER))).append("</td>");
        ratio(html, comparison.ratio(Side.PROGRAM));
        ratio(html, comparison.nanos(Side.BINDING) / eager);
        double heap = row == null ? Double.NaN : row.heap();
        for (double figure : new double[] {bytes, flops == 0 ? Double.NaN : flops, roof, heap}) {
            html.append("<td>").append(Text.digits(figure)).append("</td>");
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

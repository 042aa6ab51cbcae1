package dev.lanegrad.jmh.peers;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Rectangle2D;
import java.text.DecimalFormat;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jfree.chart.ChartFactory;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.axis.AxisLocation;
import org.jfree.chart.axis.LogAxis;
import org.jfree.chart.axis.NumberTickUnit;
import org.jfree.chart.plot.CategoryPlot;
import org.jfree.chart.plot.PlotOrientation;
import org.jfree.chart.plot.ValueMarker;
import org.jfree.chart.renderer.category.LineAndShapeRenderer;
import org.jfree.data.category.DefaultCategoryDataset;
import org.jfree.svg.SVGGraphics2D;

/** Ratios to libtorch as pictures: above the line at 1 the library is faster. */
final class Charts {
    private static final int WIDTH = 1000;
    private static final int MARGIN = 130;
    private static final int LINE = 17;
    // Light to dark: sizes have an order.
    private static final Color[] COLORS = {new Color(0x9ecae1), new Color(0x6baed6), new Color(0x4292c6),
        new Color(0x2171b5), new Color(0x08519c), new Color(0x08306b)};

    private Charts() {
    }

    /** Every picture of the report as SVG, by its title. */
    static Map<String, String> of(Results results) {
        Map<String, String> charts = new LinkedHashMap<>();
        for (Direction direction : Direction.values()) {
            List<Comparison> all = results.comparisons().stream()
                    .filter(comparison -> comparison.of().direction() == direction).toList();
            for (Precision precision : Precision.values()) {
                add(charts, "Element-wise ops, " + precision.name().toLowerCase(Locale.ROOT) + ", "
                        + Text.direction(direction), bySize(all.stream().filter(comparison -> isElementwise(comparison)
                        && comparison.of().precision() == precision).toList()));
            }
            add(charts, "Other ops and steps, " + Text.direction(direction),
                    byShape(all.stream().filter(comparison -> !isElementwise(comparison)).toList()));
        }
        return charts;
    }

    private static boolean isElementwise(Comparison comparison) {
        return comparison.of().family() instanceof ElementwiseFamily;
    }

    private static void add(Map<String, String> charts, String title, DefaultCategoryDataset data) {
        if (data.getColumnCount() > 0) {
            charts.put(title, svg(title, data));
        }
    }

    private static DefaultCategoryDataset bySize(List<Comparison> comparisons) {
        DefaultCategoryDataset data = new DefaultCategoryDataset();
        List<Comparison> ordered = comparisons.stream()
                .sorted(Comparator.comparingLong(comparison -> Long.parseLong(comparison.of().shape()))).toList();
        for (Comparison comparison : ordered) {
            put(data, comparison.ratio(Side.EAGER), Text.size(comparison.of().shape()) + " elements",
                    comparison.op());
        }
        return data;
    }

    private static DefaultCategoryDataset byShape(List<Comparison> comparisons) {
        DefaultCategoryDataset data = new DefaultCategoryDataset();
        for (Side side : List.of(Side.EAGER, Side.PROGRAM)) {
            for (Comparison comparison : comparisons) {
                put(data, comparison.ratio(side), side == Side.EAGER ? "op by op" : "program",
                        comparison.op() + " " + comparison.of().shape()
                                + (comparison.of().precision() == Precision.FLOAT32 ? "" : " float64"));
            }
        }
        return data;
    }

    private static void put(DefaultCategoryDataset data, double ratio, String series, String category) {
        if (!Double.isNaN(ratio)) {
            data.addValue(ratio, series, category);
        }
    }

    private static String svg(String title, DefaultCategoryDataset data) {
        SVGGraphics2D graphics = new SVGGraphics2D(WIDTH, MARGIN + LINE * data.getColumnCount());
        chart(title, data).draw(graphics, new Rectangle2D.Double(0, 0, graphics.getWidth(), graphics.getHeight()));
        return graphics.getSVGElement();
    }

    private static JFreeChart chart(String title, DefaultCategoryDataset data) {
        JFreeChart chart = ChartFactory.createLineChart(title, null, null, data, PlotOrientation.HORIZONTAL, true,
                false, false);
        chart.setBackgroundPaint(Color.WHITE);
        chart.getTitle().setFont(chart.getTitle().getFont().deriveFont(16f));
        CategoryPlot plot = chart.getCategoryPlot();
        plot.setBackgroundPaint(Color.WHITE);
        plot.setRangeGridlinePaint(Color.LIGHT_GRAY);
        plot.setDomainGridlinesVisible(true);
        plot.setDomainGridlinePaint(new Color(0xeeeeee));
        plot.getDomainAxis().setLowerMargin(0.01);
        plot.getDomainAxis().setUpperMargin(0.01);
        plot.getDomainAxis().setMaximumCategoryLabelWidthRatio(0.4f);
        LogAxis axis = new LogAxis("libtorch's time / Lanegrad's");
        axis.setBase(2);
        axis.setTickUnit(new NumberTickUnit(1));
        axis.setNumberFormatOverride(new DecimalFormat("0.##x"));
        plot.setRangeAxis(axis);
        plot.setRangeAxisLocation(AxisLocation.BOTTOM_OR_LEFT);
        plot.addRangeMarker(new ValueMarker(1, Color.RED, new BasicStroke(1.5f)));
        plot.setRenderer(dots(data.getRowCount()));
        return chart;
    }

    private static LineAndShapeRenderer dots(int series) {
        LineAndShapeRenderer renderer = new LineAndShapeRenderer(false, true);
        for (int i = 0; i < series; i++) {
            renderer.setSeriesPaint(i, COLORS[series == 1 ? 3 : i * (COLORS.length - 1) / (series - 1)]);
            renderer.setSeriesShape(i, new Ellipse2D.Double(-4, -4, 8, 8));
        }
        return renderer;
    }
}

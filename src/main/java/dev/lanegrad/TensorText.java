package dev.lanegrad;

import java.util.Locale;

/**
 * Tensors as text, in the form of PyTorch's default printing: four digits, scientific if the magnitudes ask for it, all
 * elements of one width, and only the ends of dimensions once there are more than 1,000 elements.
 */
final class TensorText {
    private static final int SUMMARIZED_ABOVE = 1000;
    private static final int EDGE = 3;
    private static final int LINE = 80;
    private static final String HEAD = "tensor(";

    private final Tensor tensor;
    private final boolean summarized;
    private boolean scientific;
    private boolean whole = true;
    private int width;
    private final StringBuilder text = new StringBuilder(HEAD);

    private TensorText(Tensor tensor) {
        this.tensor = tensor;
        this.summarized = tensor.numel() > SUMMARIZED_ABOVE;
    }

    static String of(Tensor tensor) {
        tensor.value.check("toString");
        return new TensorText(tensor).print();
    }

    private String print() {
        chooseFormat();
        int[] index = new int[tensor.dim()];
        if (tensor.numel() == 0) {
            text.append("[]");
        } else {
            append(index, 0);
        }
        if (tensor.numel() == 0 && tensor.dim() != 1) {
            text.append(", size=").append(tuple(tensor.shape()));
        }
        switch (tensor.dtype()) {
            case FLOAT32 -> { }
            case FLOAT64 -> text.append(", dtype=float64");
            case INT64 -> text.append(tensor.numel() == 0 ? ", dtype=int64" : "");
            case BOOL -> text.append(tensor.numel() == 0 ? ", dtype=bool" : "");
        }
        if (tensor.requiresGrad()) {
            text.append(tensor.isLeaf() ? ", requires_grad=True" : ", grad_fn=<recorded>");
        }
        return text.append(')').toString();
    }

    private static String tuple(int[] sizes) {
        StringBuilder tuple = new StringBuilder("(");
        for (int i = 0; i < sizes.length; i++) {
            tuple.append(i == 0 ? "" : ", ").append(sizes[i]);
        }
        return tuple.append(sizes.length == 1 ? ",)" : ")").toString();
    }

    // PyTorch's rules: whole numbers get a point and no digits; magnitudes over 1e8, under 1e-4 or more than 1,000 apart
    // (for fractions) are written with exponents.
    private void chooseFormat() {
        double largest = 0;
        double smallest = Double.POSITIVE_INFINITY;
        for (double number : shown()) {
            if (number != 0 && Double.isFinite(number)) {
                largest = Math.max(largest, Math.abs(number));
                smallest = Math.min(smallest, Math.abs(number));
                whole &= number == Math.rint(number);
            }
        }
        if (largest > 0) {
            scientific = whole ? largest / smallest > 1000 || largest > 1e8
                    : largest / smallest > 1000 || largest > 1e8 || smallest < 1e-4;
        }
        for (double number : shown()) {
            width = Math.max(width, format(number).length());
        }
    }

    private double[] shown() {
        java.util.stream.DoubleStream.Builder numbers = java.util.stream.DoubleStream.builder();
        if (tensor.numel() > 0) {
            collect(new int[tensor.dim()], 0, numbers);
        }
        return numbers.build().toArray();
    }

    private void collect(int[] index, int d, java.util.stream.DoubleStream.Builder numbers) {
        if (d == index.length) {
            numbers.add(tensor.get(index));
            return;
        }
        for (int i = 0; i < tensor.size(d); i++) {
            if (skips(d, i)) {
                i = tensor.size(d) - EDGE;
            }
            index[d] = i;
            collect(index, d + 1, numbers);
        }
    }

    private boolean skips(int d, int i) {
        return summarized && i == EDGE && tensor.size(d) > 2 * EDGE;
    }

    private void append(int[] index, int d) {
        if (d == index.length) {
            String number = format(tensor.get(index));
            text.append(" ".repeat(Math.max(0, (index.length == 0 ? 0 : width) - number.length()))).append(number);
            return;
        }
        text.append('[');
        boolean last = d == index.length - 1;
        int perLine = Math.max(1, (LINE - HEAD.length() - d) / (width + 2));
        int column = 0;
        for (int i = 0; i < tensor.size(d); i++) {
            if (i > 0) {
                text.append(last ? ++column % perLine == 0 ? ",\n" + indent(d) : ", "
                        : "," + "\n".repeat(index.length - 1 - d) + indent(d));
            }
            if (skips(d, i)) {
                text.append(last ? " ..., " : "...,\n" + indent(d));
                i = tensor.size(d) - EDGE;
                column++;
            }
            index[d] = i;
            append(index, d + 1);
        }
        text.append(']');
    }

    private static String indent(int d) {
        return " ".repeat(HEAD.length() + d + 1);
    }

    private String format(double number) {
        if (tensor.dtype() == DType.BOOL) {
            return number != 0 ? "True" : "False";
        }
        if (tensor.dtype() == DType.INT64) {
            return Long.toString((long) number);
        }
        if (Double.isNaN(number)) {
            return "nan";
        }
        if (Double.isInfinite(number)) {
            return number > 0 ? "inf" : "-inf";
        }
        if (scientific) {
            return String.format(Locale.ROOT, "%.4e", number);
        }
        return whole ? String.format(Locale.ROOT, "%.0f.", number) : String.format(Locale.ROOT, "%.4f", number);
    }
}

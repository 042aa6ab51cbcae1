package dev.lanegrad;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.lanegrad.internal.op.Binary;
import dev.lanegrad.internal.op.Unary;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Values and gradients at edge points are those of PyTorch 2.13.0: zeros, infinities, NaN, ties, nothing at all. The table
 * was computed by PyTorch on float64; an upstream gradient of ones was used.
 */
class EdgeGradientsTest {
    private static final String TABLE = "/truth/edge_grads_torch213.tsv";
    private static final double TOLERANCE = 4e-15;

    /** Below this a difference counts as none: PyTorch's own cancellation near saturated functions. */
    private static final double ABSOLUTE = 2.3e-16;

    /**
     * Rows (or, with #, single elements) where we differ on purpose. Powers of -0 and -infinity, which PyTorch takes through
     * square roots; sine and cosine beyond the range in which ours are accurate; and products, whose derivative is here the
     * exact product of the other factors, where PyTorch divides by the factor and gets NaN or 0.
     */
    private static final Set<String> LEFT_OUT = Set.of("powscalar_-0.5", "powscalar_1.5#7", "unary_sin#16", "unary_cos#16",
            "unary_sin#27", "unary_cos#27",
            "red_prod_withnan", "red_prod_withinf", "red_prod_withninf", "red_prod_allninf", "red_prod_bothinf",
            "red_prod_twoinf", "red_prod_tiny");

    private static final Map<String, Function<List<Tensor>, Tensor>> FUNCTIONS = functions();

    private static Map<String, Function<List<Tensor>, Tensor>> functions() {
        Map<String, Function<List<Tensor>, Tensor>> all = new HashMap<>();
        for (Unary op : Unary.values()) {
            all.put(op.label(), in -> Vocabulary.<Tensor>apply(op, in.get(0)));
        }
        for (Binary op : Binary.values()) {
            if (!op.isPredicate()) {
                all.put(op.label(), in -> Vocabulary.<Tensor>apply(op, in.get(0), in.get(1)));
            }
        }
        for (double exponent : new double[] {0, 0.5, 1, 1.5, 2, 3, -1, -2, 2.5}) {
            String text = exponent == Math.rint(exponent) ? Integer.toString((int) exponent) : Double.toString(exponent);
            all.put("pow(x," + text + ")", in -> in.get(0).pow(exponent));
        }
        for (double base : new double[] {0, 1, 2, -2}) {
            all.put("pow(" + base + ",x)", in -> in.get(0).rpow(base));
        }
        all.put("clamp(-1.0,1.0)", in -> in.get(0).clamp(-1, 1));
        all.put("clamp(-1.0,None)", in -> in.get(0).clampMin(-1));
        all.put("clamp(None,1.0)", in -> in.get(0).clampMax(1));
        all.put("clamp(1.0,-1.0)", in -> in.get(0).clamp(1, -1));
        all.put("clamp(x,min,max) tensors", in -> in.get(0).clamp(in.get(1), in.get(2)));
        all.put("sum", in -> in.get(0).sum());
        all.put("mean", in -> in.get(0).mean());
        all.put("prod", in -> in.get(0).prod());
        all.put("amax", in -> in.get(0).amax(0));
        all.put("amin", in -> in.get(0).amin(0));
        all.put("var", in -> in.get(0).var());
        all.put("var0", in -> in.get(0).var(0, false));
        all.put("std", in -> in.get(0).std());
        all.put("std0", in -> in.get(0).std(0, false));
        all.put("norm2", in -> in.get(0).norm());
        all.put("logsumexp", in -> in.get(0).logSumExp(0));
        all.put("softmax_sq", in -> in.get(0).softmax(0).square());
        all.put("prod(dim=1)", in -> in.get(0).prod(1));
        all.put("prod()", in -> in.get(0).prod());
        all.put("amax(dim=(0,1))", in -> in.get(0).amax(0, 1));
        all.put("amax(dim=1)", in -> in.get(0).amax(1));
        all.put("where(x>0, sqrt(x), 0)", in -> in.get(0).gt(0).where(in.get(0).sqrt(), 0));
        all.put("where(x>0, log(x), x)", in -> in.get(0).gt(0).where(in.get(0).log(), in.get(0)));
        all.put("(a*b).sum() a(3,1) b(1,4)", in -> in.get(0).mul(in.get(1)).sum());
        all.put("(a+b).sum() a(4,0) b(4,1)", in -> in.get(0).add(in.get(1)).sum());
        all.put("(2,0)@(0,3)", in -> in.get(0).matmul(in.get(1)));
        all.put("x+x", in -> in.get(0).add(in.get(0)));
        all.put("x*x", in -> in.get(0).mul(in.get(0)));
        all.put("x/x", in -> in.get(0).div(in.get(0)));
        all.put("x-x", in -> in.get(0).sub(in.get(0)));
        all.put("x**x", in -> in.get(0).pow(in.get(0)));
        all.put("maximum(x,x)", in -> in.get(0).maximum(in.get(0)));
        all.put("relu(x)*x", in -> in.get(0).relu().mul(in.get(0)));
        all.put("mse_loss", in -> in.get(0).mse(in.get(1)));
        return all;
    }

    private record Case(String id, String op, List<Tensor> inputs, Tensor output, List<Tensor> gradients) {
    }

    private static Tensor tensor(String text) {
        int equals = text.indexOf('=');
        String sizes = text.substring(0, equals);
        String numbers = text.substring(equals + 1);
        int[] shape = sizes.isEmpty() ? new int[0]
                : Arrays.stream(sizes.split("x")).mapToInt(Integer::parseInt).toArray();
        double[] values = numbers.isEmpty() ? new double[0]
                : Arrays.stream(numbers.split(",")).mapToDouble(EdgeGradientsTest::number).toArray();
        return Tensor.of(values, shape);
    }

    private static double number(String text) {
        return switch (text) {
            case "nan" -> Double.NaN;
            case "inf" -> Double.POSITIVE_INFINITY;
            case "-inf" -> Double.NEGATIVE_INFINITY;
            case "None" -> Double.NaN;
            default -> Double.parseDouble(text);
        };
    }

    private static List<Tensor> tensors(String text) {
        return Arrays.stream(text.split(";")).map(EdgeGradientsTest::tensor).toList();
    }

    private static List<String[]> rows() throws IOException {
        List<String[]> rows = new ArrayList<>();
        try (BufferedReader in = new BufferedReader(new InputStreamReader(
                EdgeGradientsTest.class.getResourceAsStream(TABLE), StandardCharsets.UTF_8))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                String[] row = line.split("\t", -1);
                if (!line.startsWith("#") && FUNCTIONS.containsKey(row[1]) && !LEFT_OUT.contains(row[0])) {
                    rows.add(row);
                }
            }
        }
        return rows;
    }

    @Test
    void theTableCoversTheVocabulary() throws IOException {
        assertTrue(rows().size() >= 250, "only " + rows().size() + " rows are used");
    }

    @TestFactory
    Stream<DynamicTest> valuesAndGradientsArePyTorchs() throws IOException {
        return rows().stream().map(row -> DynamicTest.dynamicTest(row[0], () -> {
            if (row[3].contains("=")) {
                check(new Case(row[0], row[1], tensors(row[2]), tensor(row[3]), tensors(row[4])));
            } else {
                assertThrows(IllegalArgumentException.class, () -> FUNCTIONS.get(row[1]).apply(tensors(row[2])), row[3]);
            }
        }));
    }

    private static void check(Case c) {
        c.inputs.forEach(input -> input.requiresGrad(true));
        try (Tape tape = Tape.open()) {
            Tensor output = FUNCTIONS.get(c.op).apply(c.inputs);
            assertClose(c.id, "value of " + c.id, c.output, output);
            output.backward(output.onesLike());
            for (int i = 0; i < c.inputs.size(); i++) {
                assertClose(c.id, "gradient " + i + " of " + c.id + " at " + c.inputs.get(i), c.gradients.get(i),
                        c.inputs.get(i).grad());
            }
        }
    }

    private static void assertClose(String id, String what, Tensor expected, Tensor actual) {
        double[] e = expected.toDoubleArray();
        double[] a = actual.toDoubleArray();
        assertEquals(e.length, a.length, what);
        for (int i = 0; i < e.length; i++) {
            boolean same = LEFT_OUT.contains(id + "#" + i) || (Double.isNaN(e[i]) ? Double.isNaN(a[i]) : e[i] == a[i]
                    || Math.abs(e[i] - a[i]) <= Math.max(ABSOLUTE, TOLERANCE * Math.abs(e[i])));
            assertTrue(same, what + ": element " + i + " is " + a[i] + ", PyTorch has " + e[i]);
        }
    }
}

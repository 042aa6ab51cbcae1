package dev.lanegrad.internal.graph;

import dev.lanegrad.internal.op.Op;
import java.util.Set;

/**
 * Looks at every op for the first NaN or infinity, and remembers the Java line that each record comes from. Slow, and only
 * there when it is wanted.
 *
 * @param checksValues whether an op that makes a NaN or an infinity out of finite numbers is an error
 */
public record Diagnostics(boolean checksValues) {
    private static final StackWalker WALKER = StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE);
    private static final Set<String> OWN = Set.of("dev.lanegrad", "dev.lanegrad.expr", "dev.lanegrad.optim");
    private static final String INTERNAL = "dev.lanegrad.internal.";

    /** The line of the user's that called into the library, as {@code Model.loss(Model.java:42)}. */
    public static String line() {
        return WALKER.walk(frames -> frames
                .filter(frame -> !OWN.contains(frame.getDeclaringClass().getPackageName())
                        && !frame.getClassName().startsWith(INTERNAL) && !frame.getClassName().startsWith("java."))
                .findFirst().map(frame -> frame.toStackTraceElement().toString()).orElse("an unknown line"));
    }

    /** Fails with {@code IllegalStateException} if {@code result} is the first that is not finite. */
    void computed(Op op, Value result, Value... operands) {
        if (checksValues && result.cell.isReal() && !result.isSymbolic() && !Values.isFinite(result)) {
            for (Value operand : operands) {
                if (operand != null && !Values.isFinite(operand)) {
                    return;
                }
            }
            throw new IllegalStateException(op.label() + ": the result of shape " + result.layout + " has " + Values.notFinite(result)
                    + ", and its operands are finite; computed at " + line() + ". Change the operands there, or choose them with "
                    + "where before the op.");
        }
    }

    /** Remembers the line of record {@code id}. */
    void recorded(Nodes nodes, int id) {
        nodes.setLine(id, line());
    }

    /** Fails with {@code IllegalStateException} if the gradient of operand {@code index} is not finite and {@code before} is. */
    void walked(Nodes nodes, int id, int index, Value gradient, Value before) {
        if (checksValues && !Values.isFinite(gradient) && Values.isFinite(before)) {
            String label = nodes.label(id);
            String line = nodes.line(id);
            throw new IllegalStateException("Function '" + Character.toUpperCase(label.charAt(0)) + label.substring(1)
                    + "Backward0' returned " + Values.notFinite(gradient) + " values in its " + index + "th output (backward of "
                    + label + " of shape " + nodes.layout(id) + "), computed at " + (line == null ? "a line that was not "
                    + "remembered: detect anomalies during the forward computation too" : line)
                    + ". Keep its operands away from where the derivative is not finite.");
        }
    }
}

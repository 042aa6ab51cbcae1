package dev.lanegrad.internal.op;

/** Functions that {@link Math} lacks, in doubles and by slow, plain means: the truth for tests, never a kernel. */
final class Reference {
    private static final int TERMS = 200;

    private Reference() {
    }

    /**
     * The error function: its power series around 0, multiplied out so that all terms are positive (Abramowitz and
     * Stegun, 7.1.6), up to |x| = 6, where it is 1 to the last bit.
     */
    static double erf(double x) {
        if (Math.abs(x) > 6) {
            return Math.signum(x);
        }
        double term = x;
        double sum = x;
        for (int n = 1; n < TERMS; n++) {
            term *= 2 * x * x / (2 * n + 1);
            sum += term;
        }
        double square = x * x;
        double rest = Math.fma(x, x, -square);
        return Double.isNaN(x) ? x : 2 / Math.sqrt(Math.PI) * Math.exp(-square) * (1 - rest) * sum;
    }
}

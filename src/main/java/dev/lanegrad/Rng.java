package dev.lanegrad;

/**
 * Random numbers that depend on the seed alone: the same on every machine and JDK. The bits are those of SplitMix64
 * (Steele, Lea and Flood, 2014). For one thread; {@link #split} gives another one its own.
 */
public final class Rng {
    private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;
    private static final double TWO_TO_MINUS_24 = 0x1p-24;
    private static final double TWO_TO_MINUS_53 = 0x1p-53;

    private long state;
    private double spare;
    private boolean hasSpare;

    /** A generator whose numbers follow from {@code seed}. */
    public Rng(long seed) {
        state = seed;
    }

    /** A generator whose next numbers are those of this. */
    public Rng copy() {
        Rng copy = new Rng(state);
        copy.become(this);
        return copy;
    }

    /** The next numbers are those of {@code other} from now on. */
    void become(Rng other) {
        state = other.state;
        spare = other.spare;
        hasSpare = other.hasSpare;
    }

    /** The next 64 random bits. */
    public long nextLong() {
        state += GOLDEN_GAMMA;
        long z = state;
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }

    /** A number from 0 (inclusive) to {@code bound} (exclusive), all equally likely to within {@code bound / 2^63}. */
    public int nextInt(int bound) {
        if (bound <= 0) {
            throw new IllegalArgumentException("nextInt: bound must be positive, but is " + bound + ".");
        }
        return (int) Math.unsignedMultiplyHigh(nextLong(), (long) bound);
    }

    /** A uniform number from 0 (inclusive) to 1 (exclusive), a multiple of 2^-24: exact as a float. */
    public double nextUniform() {
        return (nextLong() >>> 40) * TWO_TO_MINUS_24;
    }

    /** A uniform number from 0 (inclusive) to 1 (exclusive), a multiple of 2^-53. */
    public double nextDouble() {
        return (nextLong() >>> 11) * TWO_TO_MINUS_53;
    }

    /** A normal number of mean 0 and deviation 1, by the polar method of Marsaglia on exact JDK functions. */
    public double nextNormal() {
        if (hasSpare) {
            hasSpare = false;
            return spare;
        }
        double u;
        double v;
        double s;
        do {
            u = 2 * ((nextLong() >>> 11) * TWO_TO_MINUS_53) - 1;
            v = 2 * ((nextLong() >>> 11) * TWO_TO_MINUS_53) - 1;
            s = u * u + v * v;
        } while (s >= 1 || s == 0);
        double scale = StrictMath.sqrt(-2 * StrictMath.log(s) / s);
        spare = v * scale;
        hasSpare = true;
        return u * scale;
    }

    /** A generator for another thread or purpose; its numbers do not overlap with the next ones of this in practice. */
    public Rng split() {
        return new Rng(nextLong() * 0xD1342543DE82EF95L + 1);
    }
}

package dev.lanegrad.internal.lane;

/** The two types a lane can have: what arithmetic is done in. Every tensor of another type is converted on its way in. */
public enum Lane {
    /** IEEE 754 binary32; its bits are an {@code int}. */
    FLOAT(Float.BYTES, 23),
    /** IEEE 754 binary64; its bits are a {@code long}. */
    DOUBLE(Double.BYTES, 52);

    private final int bytes;
    private final int fractionBits;

    Lane(int bytes, int fractionBits) {
        this.bytes = bytes;
        this.fractionBits = fractionBits;
    }

    /** Bytes of one lane. */
    public int bytes() {
        return bytes;
    }

    /** Bits of the fraction: 23 or 52. */
    public int fractionBits() {
        return fractionBits;
    }

    /** The bits of {@code value} rounded to this type; a float's bits are sign-extended from 32. */
    public long bits(double value) {
        return this == FLOAT ? Float.floatToRawIntBits((float) value) : Double.doubleToRawLongBits(value);
    }

    /** The number whose bits these are. */
    public double value(long bits) {
        return this == FLOAT ? Float.intBitsToFloat((int) bits) : Double.longBitsToDouble(bits);
    }
}

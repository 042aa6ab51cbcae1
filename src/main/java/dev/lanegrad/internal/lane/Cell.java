package dev.lanegrad.internal.lane;

/** What one element of a tensor is in memory. */
public enum Cell {
    /** IEEE 754 binary32. */
    FLOAT32(4, Lane.FLOAT),
    /** IEEE 754 binary64. */
    FLOAT64(8, Lane.DOUBLE),
    /** A signed 64-bit integer; arithmetic on it is done in doubles, exact up to 2^53. */
    INT64(8, Lane.DOUBLE),
    /** A byte, 0 or 1. */
    BOOL(1, Lane.FLOAT);

    private final int bytes;
    private final Lane lane;

    Cell(int bytes, Lane lane) {
        this.bytes = bytes;
        this.lane = lane;
    }

    /** Bytes of one element. */
    public int bytes() {
        return bytes;
    }

    /** What arithmetic on such elements is done in. */
    public Lane lane() {
        return lane;
    }

    /** True for the types that can carry a derivative. */
    public boolean isReal() {
        return this == FLOAT32 || this == FLOAT64;
    }
}

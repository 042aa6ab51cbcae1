package dev.lanegrad.jmh.peers;

/** The floating-point type of a case. */
enum Precision {
    /** Four bytes. */
    FLOAT32(Float.BYTES, 2e-4),
    /** Eight bytes. */
    FLOAT64(Double.BYTES, 1e-9);

    final int bytes;
    /** How far results of the two libraries may lie apart, in parts of the largest number of the result. */
    final double tolerance;

    Precision(int bytes, double tolerance) {
        this.bytes = bytes;
        this.tolerance = tolerance;
    }
}

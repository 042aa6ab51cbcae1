package dev.lanegrad;

import dev.lanegrad.internal.lane.Cell;

/** The type of a tensor's elements. */
public enum DType {
    /** IEEE 754 binary32, the default of all factories. */
    FLOAT32(Cell.FLOAT32),
    /** IEEE 754 binary64. */
    FLOAT64(Cell.FLOAT64),
    /** Signed 64-bit integers, for labels and indices; arithmetic on them is exact up to 2^53. */
    INT64(Cell.INT64),
    /** Truth values, a byte each: what comparisons give. */
    BOOL(Cell.BOOL);

    private static final DType[] ALL = values();

    private final Cell cell;

    DType(Cell cell) {
        this.cell = cell;
    }

    Cell cell() {
        return cell;
    }

    static DType of(Cell cell) {
        return ALL[cell.ordinal()];
    }

    /** Bytes of one element. */
    public int bytes() {
        return cell.bytes();
    }

    /** True for the types that can require gradients. */
    public boolean isFloatingPoint() {
        return cell.isReal();
    }
}

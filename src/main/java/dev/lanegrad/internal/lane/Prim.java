package dev.lanegrad.internal.lane;

import static dev.lanegrad.internal.lane.Prim.Kind.BITS;
import static dev.lanegrad.internal.lane.Prim.Kind.MASK;
import static dev.lanegrad.internal.lane.Prim.Kind.REAL;

import java.util.List;

/**
 * The primitives: each is exact or correctly rounded by IEEE 754, and so gives the same bits on every machine, at every
 * vector width and in each of the three executions. Every function of the library is a {@link LaneCode} of these.
 */
public enum Prim {
    /** Operand number {@code bits} of the code. */
    INPUT(REAL),
    /** A real constant, given by its bits. */
    CONST(REAL),
    /** An integer constant of the lane's width. */
    CONST_BITS(BITS),
    /** {@code a + b}. */
    ADD(REAL, REAL, REAL),
    /** {@code a - b}. */
    SUB(REAL, REAL, REAL),
    /** {@code a * b}. */
    MUL(REAL, REAL, REAL),
    /** {@code a / b}. */
    DIV(REAL, REAL, REAL),
    /** {@code a * b + c}, rounded once. */
    FMA(REAL, REAL, REAL, REAL),
    /** Square root, correctly rounded. */
    SQRT(REAL, REAL),
    /** {@code -a}: the sign bit flipped. */
    NEG(REAL, REAL),
    /** {@code |a|}: the sign bit cleared. */
    ABS(REAL, REAL),
    /** {@code a < b}; false if either is NaN. */
    LT(MASK, REAL, REAL),
    /** {@code a <= b}; false if either is NaN. */
    LE(MASK, REAL, REAL),
    /** {@code a == b}; false if either is NaN. */
    EQ(MASK, REAL, REAL),
    /** {@code a} and {@code b}. */
    MASK_AND(MASK, MASK, MASK),
    /** {@code a} or {@code b}. */
    MASK_OR(MASK, MASK, MASK),
    /** Not {@code a}. */
    MASK_NOT(MASK, MASK),
    /** {@code a ? b : c}, bit for bit. */
    SELECT(REAL, MASK, REAL, REAL),
    /** The bits of a real as an integer. */
    TO_BITS(BITS, REAL),
    /** The real with these bits. */
    FROM_BITS(REAL, BITS),
    /** {@code a + b}, wrapping. */
    BITS_ADD(BITS, BITS, BITS),
    /** {@code a - b}, wrapping. */
    BITS_SUB(BITS, BITS, BITS),
    /** {@code a & b}. */
    BITS_AND(BITS, BITS, BITS),
    /** {@code a | b}. */
    BITS_OR(BITS, BITS, BITS),
    /** {@code a ^ b}. */
    BITS_XOR(BITS, BITS, BITS),
    /** {@code a << bits}, the distance a constant of the instruction from 0 to the width less one. */
    BITS_SHL(BITS, BITS),
    /** {@code a >> bits}, keeping the sign. */
    BITS_SHR(BITS, BITS),
    /** {@code a >>> bits}. */
    BITS_USHR(BITS, BITS),
    /** {@code a < b}, signed. */
    BITS_LT(MASK, BITS, BITS),
    /** {@code a == b}. */
    BITS_EQ(MASK, BITS, BITS);

    /** What a value is: a number, its integer bits, or a truth value. */
    public enum Kind { REAL, BITS, MASK }

    private final Kind result;
    private final List<Kind> operands;

    Prim(Kind result, Kind... operands) {
        this.result = result;
        this.operands = List.of(operands);
    }

    /** The kind of the result. */
    public Kind result() {
        return result;
    }

    /** The kinds of the operands, at most three. */
    public List<Kind> operands() {
        return operands;
    }

    /** True if the instruction's {@code bits} are a shift distance. */
    public boolean isShift() {
        return this == BITS_SHL || this == BITS_SHR || this == BITS_USHR;
    }
}

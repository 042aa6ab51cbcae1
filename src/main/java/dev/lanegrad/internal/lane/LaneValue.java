package dev.lanegrad.internal.lane;

import dev.lanegrad.internal.lane.Prim.Kind;

/**
 * A value of a code under construction; its methods append the instruction of that name and return its result. All
 * operands must come from the same {@link LaneBuilder}.
 */
public final class LaneValue {
    private final LaneBuilder builder;
    private final Kind kind;
    private final int index;

    LaneValue(LaneBuilder builder, Kind kind, int index) {
        this.builder = builder;
        this.kind = kind;
        this.index = index;
    }

    int index() {
        return index;
    }

    /** The kind of this value. */
    public Kind kind() {
        return kind;
    }

    /** The builder this value belongs to. */
    public LaneBuilder builder() {
        return builder;
    }

    /** True for float lanes, false for double lanes. */
    public boolean isFloat() {
        return builder.lane() == Lane.FLOAT;
    }

    /** The number {@code value} as a constant. */
    public LaneValue constant(double value) {
        return builder.constant(value);
    }

    /** {@code this + b}. */
    public LaneValue add(LaneValue b) {
        return append(kind == Kind.BITS ? Prim.BITS_ADD : Prim.ADD, b);
    }

    /** {@code this + b}. */
    public LaneValue add(double b) {
        return add(constant(b));
    }

    /** {@code this - b}. */
    public LaneValue sub(LaneValue b) {
        return append(kind == Kind.BITS ? Prim.BITS_SUB : Prim.SUB, b);
    }

    /** {@code this - b}. */
    public LaneValue sub(double b) {
        return sub(constant(b));
    }

    /** {@code this * b}. */
    public LaneValue mul(LaneValue b) {
        return append(Prim.MUL, b);
    }

    /** {@code this * b}. */
    public LaneValue mul(double b) {
        return mul(constant(b));
    }

    /** {@code this / b}. */
    public LaneValue div(LaneValue b) {
        return append(Prim.DIV, b);
    }

    /** {@code this * b + c}, rounded once. */
    public LaneValue fma(LaneValue b, LaneValue c) {
        return builder.value(Prim.FMA, index, b.index, c.index, 0);
    }

    /** {@code this * b + c}, rounded once. */
    public LaneValue fma(LaneValue b, double c) {
        return fma(b, constant(c));
    }

    /** {@code this * b + c}, rounded once. */
    public LaneValue fma(double b, LaneValue c) {
        return fma(constant(b), c);
    }

    /** Square root. */
    public LaneValue sqrt() {
        return append(Prim.SQRT);
    }

    /** {@code -this}. */
    public LaneValue neg() {
        return append(Prim.NEG);
    }

    /** {@code |this|}. */
    public LaneValue abs() {
        return append(Prim.ABS);
    }

    /** {@code this < b}. */
    public LaneValue lt(LaneValue b) {
        return append(kind == Kind.BITS ? Prim.BITS_LT : Prim.LT, b);
    }

    /** {@code this < b}. */
    public LaneValue lt(double b) {
        return lt(constant(b));
    }

    /** {@code this > b}. */
    public LaneValue gt(LaneValue b) {
        return b.lt(this);
    }

    /** {@code this > b}. */
    public LaneValue gt(double b) {
        return gt(constant(b));
    }

    /** {@code this <= b}. */
    public LaneValue le(LaneValue b) {
        return append(Prim.LE, b);
    }

    /** {@code this <= b}. */
    public LaneValue le(double b) {
        return le(constant(b));
    }

    /** {@code this >= b}. */
    public LaneValue ge(double b) {
        return constant(b).le(this);
    }

    /** {@code this == b}. */
    public LaneValue eq(LaneValue b) {
        return append(kind == Kind.BITS ? Prim.BITS_EQ : Prim.EQ, b);
    }

    /** {@code this == b}. */
    public LaneValue eq(double b) {
        return eq(constant(b));
    }

    /** True where this is a NaN. */
    public LaneValue isNaN() {
        return eq(this).not();
    }

    /** Both bits or both truths. */
    public LaneValue and(LaneValue b) {
        return append(kind == Kind.MASK ? Prim.MASK_AND : Prim.BITS_AND, b);
    }

    /** Either bit or either truth. */
    public LaneValue or(LaneValue b) {
        return append(kind == Kind.MASK ? Prim.MASK_OR : Prim.BITS_OR, b);
    }

    /** The bits that differ. */
    public LaneValue xor(LaneValue b) {
        return append(Prim.BITS_XOR, b);
    }

    /** The opposite truth. */
    public LaneValue not() {
        return append(Prim.MASK_NOT);
    }

    /** This truth value chooses: {@code this ? yes : no}. */
    public LaneValue select(LaneValue yes, LaneValue no) {
        return builder.value(Prim.SELECT, index, yes.index, no.index, 0);
    }

    /** This truth value chooses: {@code this ? yes : no}. */
    public LaneValue select(double yes, LaneValue no) {
        return select(constant(yes), no);
    }

    /** This truth value chooses: {@code this ? yes : no}. */
    public LaneValue select(LaneValue yes, double no) {
        return select(yes, constant(no));
    }

    /** The bits of this number. */
    public LaneValue toBits() {
        return append(Prim.TO_BITS);
    }

    /** The number with these bits. */
    public LaneValue fromBits() {
        return append(Prim.FROM_BITS);
    }

    /** {@code this << distance}. */
    public LaneValue shl(int distance) {
        return builder.value(Prim.BITS_SHL, index, -1, -1, distance);
    }

    /** {@code this >> distance}. */
    public LaneValue shr(int distance) {
        return builder.value(Prim.BITS_SHR, index, -1, -1, distance);
    }

    /** {@code this >>> distance}. */
    public LaneValue ushr(int distance) {
        return builder.value(Prim.BITS_USHR, index, -1, -1, distance);
    }

    /** {@code this + b} on bits. */
    public LaneValue addBits(long b) {
        return add(builder.bits(b));
    }

    /** {@code this & b} on bits. */
    public LaneValue andBits(long b) {
        return and(builder.bits(b));
    }

    private LaneValue append(Prim prim) {
        return builder.value(prim, index, -1, -1, 0);
    }

    private LaneValue append(Prim prim, LaneValue b) {
        return builder.value(prim, index, b.index, -1, 0);
    }
}

package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.lane.Lane;
import dev.lanegrad.internal.lane.LaneCode.Inst;
import dev.lanegrad.internal.lane.Prim;
import dev.lanegrad.internal.memory.Raw;
import java.lang.classfile.CodeBuilder;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.function.IntConsumer;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/** Writes the calls of the methods of vectors that {@link LoopEmitter} puts into a loop, for one type of lanes. */
final class VectorWriter {
    /** In place of a local with an offset: the first vector. */
    static final int FIRST = ~0;
    static final ClassDesc SEGMENT = desc(MemorySegment.class);
    static final ClassDesc SPECIES = desc(VectorSpecies.class);

    static final ClassDesc SHUFFLE = desc(VectorShuffle.class);

    private static final ClassDesc ORDER = desc(ByteOrder.class);
    private static final ClassDesc VECTOR = desc(jdk.incubator.vector.Vector.class);
    private static final ClassDesc MASK = desc(VectorMask.class);
    private static final ClassDesc OPERATORS = desc(VectorOperators.class);

    /** The class of vectors of lanes, and of their bits as integers. */
    final ClassDesc real;
    final ClassDesc bits;
    final int vectorBytes;
    private final Lane lane;
    private final ClassDesc element;
    private final ClassDesc bitElement;

    VectorWriter(Lane lane) {
        this.lane = lane;
        boolean floats = lane == Lane.FLOAT;
        real = desc(floats ? FloatVector.class : DoubleVector.class);
        bits = desc(floats ? IntVector.class : LongVector.class);
        element = floats ? ConstantDescs.CD_float : ConstantDescs.CD_double;
        bitElement = floats ? ConstantDescs.CD_int : ConstantDescs.CD_long;
        vectorBytes = (floats ? FloatVector.SPECIES_PREFERRED : DoubleVector.SPECIES_PREFERRED).vectorByteSize();
    }

    static ClassDesc desc(Class<?> type) {
        return type.describeConstable().orElseThrow();
    }

    static CodeBuilder all(CodeBuilder body) {
        return body.getstatic(desc(Raw.class), "ALL", SEGMENT);
    }

    /** Puts a vector on the stack whose lanes have these bits: real ones, in which a NaN keeps its payload, or integers. */
    void broadcast(CodeBuilder body, long value, boolean isReal) {
        ClassDesc type = isReal ? real : bits;
        body.getstatic(type, "SPECIES_PREFERRED", SPECIES);
        if (lane == Lane.FLOAT) {
            body.loadConstant((int) value);
        } else {
            body.loadConstant(value);
        }
        if (isReal) {
            ClassDesc box = lane == Lane.FLOAT ? ConstantDescs.CD_Float : ConstantDescs.CD_Double;
            body.invokestatic(box, lane == Lane.FLOAT ? "intBitsToFloat" : "longBitsToDouble",
                    MethodTypeDesc.of(element, bitElement));
        }
        body.invokestatic(type, "broadcast", MethodTypeDesc.of(type, SPECIES, isReal ? element : bitElement));
    }

    /**
     * Puts a vector on the stack that is read at the address in a local: at the offset in the local {@code by}, or vector
     * number {@code ~by} if that is negative.
     */
    CodeBuilder load(CodeBuilder body, int address, int by) {
        body.getstatic(real, "SPECIES_PREFERRED", SPECIES);
        all(body);
        offset(body, address, by);
        return order(body).invokestatic(real, "fromMemorySegment",
                MethodTypeDesc.of(real, SPECIES, SEGMENT, ConstantDescs.CD_long, ORDER));
    }

    /** Stores the vector on the stack, where {@link #load} would read it. */
    void store(CodeBuilder body, int address, int by) {
        all(body);
        offset(body, address, by);
        order(body).invokevirtual(real, "intoMemorySegment",
                MethodTypeDesc.of(ConstantDescs.CD_void, SEGMENT, ConstantDescs.CD_long, ORDER));
    }

    /** Casts the vector on the stack to the class of its width, as the package says. */
    CodeBuilder cast(CodeBuilder body) {
        return body.getstatic(real, "SPECIES_PREFERRED", SPECIES)
                .invokeinterface(SPECIES, "vectorType", MethodTypeDesc.of(ConstantDescs.CD_Class)).swap()
                .invokevirtual(ConstantDescs.CD_Class, "cast", MethodTypeDesc.of(ConstantDescs.CD_Object, ConstantDescs.CD_Object))
                .checkcast(real);
    }

    /** Adds the two vectors on the stack. */
    CodeBuilder add(CodeBuilder body) {
        return body.invokevirtual(real, "add", MethodTypeDesc.of(real, VECTOR));
    }

    /** The lanes of a vector. */
    int lanes() {
        return vectorBytes / lane.bytes();
    }

    /** Puts the shuffle on the stack that brings each lane {@code by} places nearer to the first. */
    void rotation(CodeBuilder body, int by) {
        body.getstatic(real, "SPECIES_PREFERRED", SPECIES).loadConstant(by).iconst_1().iconst_1()
                .invokestatic(SHUFFLE, "iota", MethodTypeDesc.of(SHUFFLE, SPECIES, ConstantDescs.CD_int, ConstantDescs.CD_int,
                        ConstantDescs.CD_boolean));
    }

    /** Shuffles the vector on the stack by the shuffle there. */
    void rearrange(CodeBuilder body) {
        body.invokevirtual(real, "rearrange", MethodTypeDesc.of(real, SHUFFLE));
    }

    /** Puts a vector on the stack that has the first lane of the one in a local in all lanes. */
    CodeBuilder spreadFirst(CodeBuilder body, int vector) {
        return cast(body.getstatic(real, "SPECIES_PREFERRED", SPECIES).aload(vector).iconst_0()
                .invokevirtual(real, "lane", MethodTypeDesc.of(element, ConstantDescs.CD_int))
                .invokestatic(real, "broadcast", MethodTypeDesc.of(real, SPECIES, element)));
    }

    /** Puts a vector on the stack that has in all lanes the number, converted, at the address in a local. */
    CodeBuilder loadOne(CodeBuilder body, int address, Cell cell) {
        body.getstatic(real, "SPECIES_PREFERRED", SPECIES);
        if (cell == Cell.INT64) {
            one(body, "JAVA_LONG_UNALIGNED", ValueLayout.OfLong.class, address).invokeinterface(SEGMENT, "get",
                    MethodTypeDesc.of(ConstantDescs.CD_long, desc(ValueLayout.OfLong.class), ConstantDescs.CD_long));
            body = lane == Lane.FLOAT ? body.l2f() : body.l2d();
        } else {
            one(body, address).invokeinterface(SEGMENT, "get", MethodTypeDesc.of(element, elements(), ConstantDescs.CD_long));
        }
        return cast(body.invokestatic(real, "broadcast", MethodTypeDesc.of(real, SPECIES, element)));
    }

    /** Stores the first lane of the vector in a local at the address in another. */
    void storeFirst(CodeBuilder body, int vector, int address) {
        one(body, address).aload(vector).iconst_0().invokevirtual(real, "lane", MethodTypeDesc.of(element, ConstantDescs.CD_int))
                .invokeinterface(SEGMENT, "set", MethodTypeDesc.of(ConstantDescs.CD_void, elements(), ConstantDescs.CD_long,
                        element));
    }

    private CodeBuilder one(CodeBuilder body, int address) {
        return one(body, lane == Lane.FLOAT ? "JAVA_FLOAT_UNALIGNED" : "JAVA_DOUBLE_UNALIGNED",
                lane == Lane.FLOAT ? ValueLayout.OfFloat.class : ValueLayout.OfDouble.class, address);
    }

    private static CodeBuilder one(CodeBuilder body, String layout, Class<?> type, int address) {
        return all(body).getstatic(desc(ValueLayout.class), layout, desc(type)).lload(address);
    }

    private ClassDesc elements() {
        return desc(lane == Lane.FLOAT ? ValueLayout.OfFloat.class : ValueLayout.OfDouble.class);
    }

    /** Puts the vector 0, 1, 2 and so on, on the stack. */
    void iota(CodeBuilder body) {
        body.getstatic(real, "SPECIES_PREFERRED", SPECIES)
                .invokestatic(real, "zero", MethodTypeDesc.of(real, SPECIES)).iconst_1()
                .invokevirtual(real, "addIndex", MethodTypeDesc.of(real, ConstantDescs.CD_int));
    }

    /**
     * Of two vectors and an {@link #iota} on the stack makes one: of the second so many first lanes as remain between two
     * offsets in locals, and behind them the first.
     */
    void blendFirst(CodeBuilder body, int from, int to) {
        operator(body, "LT", "Comparison");
        body.iload(to).iload(from).isub().loadConstant(lane.bytes()).idiv();
        if (lane == Lane.FLOAT) {
            body.i2f();
        } else {
            body.i2d();
        }
        body.invokevirtual(real, "compare", MethodTypeDesc.of(MASK, operators("Comparison"), element))
                .invokevirtual(real, "blend", MethodTypeDesc.of(real, VECTOR, MASK));
    }

    private void offset(CodeBuilder body, int address, int by) {
        body.lload(address);
        if (by >= 0) {
            body.iload(by).i2l().ladd();
        } else if (by != FIRST) {
            body.loadConstant((long) ~by * vectorBytes).ladd();
        }
    }

    private static CodeBuilder order(CodeBuilder body) {
        String native_ = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? "LITTLE_ENDIAN" : "BIG_ENDIAN";
        return body.getstatic(ORDER, native_, ORDER);
    }

    /** Computes an instruction's result, which stays on the stack; {@code value} puts that of another there. */
    void compute(CodeBuilder body, Inst inst, IntConsumer value) {
        boolean floats = lane == Lane.FLOAT;
        if (inst.prim() == Prim.SELECT) {
            value.accept(inst.c());
            value.accept(inst.b());
            value.accept(inst.a());
            body.invokevirtual(real, "blend", MethodTypeDesc.of(real, VECTOR, MASK));
            return;
        }
        value.accept(inst.a());
        switch (inst.prim()) {
            case INPUT, CONST, CONST_BITS, SELECT -> throw new AssertionError(inst.prim() + " is written elsewhere");
            case ADD -> binary(body, real, "add", inst, value);
            case SUB -> binary(body, real, "sub", inst, value);
            case MUL -> binary(body, real, "mul", inst, value);
            case DIV -> binary(body, real, "div", inst, value);
            case FMA -> {
                value.accept(inst.b());
                value.accept(inst.c());
                body.invokevirtual(real, "fma", MethodTypeDesc.of(real, VECTOR, VECTOR));
            }
            case SQRT -> body.invokevirtual(real, "sqrt", MethodTypeDesc.of(real));
            case NEG -> body.invokevirtual(real, "neg", MethodTypeDesc.of(real));
            case ABS -> body.invokevirtual(real, "abs", MethodTypeDesc.of(real));
            case LT -> compare(body, real, "LT", inst, value);
            case LE -> compare(body, real, "LE", inst, value);
            case EQ -> compare(body, real, "EQ", inst, value);
            case MASK_AND -> mask(body, "and", inst, value);
            case MASK_OR -> mask(body, "or", inst, value);
            case MASK_NOT -> body.invokevirtual(MASK, "not", MethodTypeDesc.of(MASK));
            case TO_BITS -> body.invokevirtual(real, floats ? "reinterpretAsInts" : "reinterpretAsLongs",
                    MethodTypeDesc.of(bits));
            case FROM_BITS -> body.invokevirtual(bits, floats ? "reinterpretAsFloats" : "reinterpretAsDoubles",
                    MethodTypeDesc.of(real));
            case BITS_ADD -> binary(body, bits, "add", inst, value);
            case BITS_SUB -> binary(body, bits, "sub", inst, value);
            case BITS_AND -> binary(body, bits, "and", inst, value);
            case BITS_OR -> binary(body, bits, "or", inst, value);
            case BITS_XOR -> {
                operator(body, "XOR", "Associative");
                value.accept(inst.b());
                body.invokevirtual(bits, "lanewise", MethodTypeDesc.of(bits, operators("Binary"), VECTOR));
            }
            case BITS_SHL -> shift(body, "LSHL", inst);
            case BITS_SHR -> shift(body, "ASHR", inst);
            case BITS_USHR -> shift(body, "LSHR", inst);
            case BITS_LT -> compareBits(body, "LT", inst, value);
            case BITS_EQ -> compareBits(body, "EQ", inst, value);
        }
    }

    private void binary(CodeBuilder body, ClassDesc type, String method, Inst inst, IntConsumer value) {
        value.accept(inst.b());
        body.invokevirtual(type, method, MethodTypeDesc.of(type, VECTOR));
    }

    private void mask(CodeBuilder body, String method, Inst inst, IntConsumer value) {
        value.accept(inst.b());
        body.invokevirtual(MASK, method, MethodTypeDesc.of(MASK, MASK));
    }

    private void compare(CodeBuilder body, ClassDesc type, String operator, Inst inst, IntConsumer value) {
        operator(body, operator, "Comparison");
        value.accept(inst.b());
        body.invokevirtual(type, "compare", MethodTypeDesc.of(MASK, operators("Comparison"), VECTOR));
    }

    /** Every mask is one of the real vectors, as that is what a selection asks for. */
    private void compareBits(CodeBuilder body, String operator, Inst inst, IntConsumer value) {
        compare(body, bits, operator, inst, value);
        body.getstatic(real, "SPECIES_PREFERRED", SPECIES)
                .invokevirtual(MASK, "cast", MethodTypeDesc.of(MASK, SPECIES));
    }

    private void shift(CodeBuilder body, String operator, Inst inst) {
        operator(body, operator, "Binary");
        if (lane == Lane.FLOAT) {
            body.loadConstant((int) inst.bits());
        } else {
            body.loadConstant(inst.bits());
        }
        body.invokevirtual(bits, "lanewise", MethodTypeDesc.of(bits, operators("Binary"), bitElement));
    }

    private static void operator(CodeBuilder body, String name, String kind) {
        body.getstatic(OPERATORS, name, operators(kind));
    }

    private static ClassDesc operators(String kind) {
        return OPERATORS.nested(kind);
    }
}

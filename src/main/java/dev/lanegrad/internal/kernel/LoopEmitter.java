package dev.lanegrad.internal.kernel;

import static java.lang.classfile.ClassFile.ACC_FINAL;
import static java.lang.classfile.ClassFile.ACC_PRIVATE;
import static java.lang.classfile.ClassFile.ACC_STATIC;

import dev.lanegrad.internal.lane.Lane;
import dev.lanegrad.internal.lane.LaneCode;
import dev.lanegrad.internal.lane.LaneCode.Inst;
import dev.lanegrad.internal.lane.Prim;
import dev.lanegrad.internal.memory.Raw;
import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.attribute.SourceFileAttribute;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.TreeSet;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Writes the loop of a code as a class. For {@code x * y + 1} on floats, where y is the same for all lanes, it is:
 * <pre>{@code
 * final class Map extends Loop {
 *     private static final FloatVector C0 = FloatVector.broadcast(FloatVector.SPECIES_PREFERRED, 1f);
 *     void run(long frame, int bytes) {
 *         long out0 = Raw.ALL.get(ValueLayout.JAVA_LONG, frame);
 *         long in0 = Raw.ALL.get(ValueLayout.JAVA_LONG, frame + 16);
 *         long in1 = Raw.ALL.get(ValueLayout.JAVA_LONG, frame + 32);
 *         FloatVector y = FloatVector.fromMemorySegment(SPECIES_PREFERRED, Raw.ALL, in1, ORDER);
 *         for (int d = 0; d < bytes; d += VBYTES) {
 *             FloatVector v0 = FloatVector.fromMemorySegment(SPECIES_PREFERRED, Raw.ALL, in0 + d, ORDER);
 *             FloatVector v1 = v0.mul(y);
 *             FloatVector v2 = v1.add(C0);
 *             v2.intoMemorySegment(Raw.ALL, out0 + d, ORDER);
 *         }
 *     }
 * }
 * }</pre>
 * All of it is one method that calls nothing but the methods of vectors, because a call to any other method stops being
 * inlined in long bodies, and then every vector that crosses it is an object on the heap. Results are stored after the
 * last load, as an output may be the memory of an input. Long chains of instructions work on two vectors in turn.
 */
final class LoopEmitter {
    /** {@code lanegrad.tier}: 0 never emits, 1 emits at once, 2 and -1 ({@code auto}) emit what is hot. */
    static final int TIER = tier(System.getProperty("lanegrad.tier", "auto"));

    private static final ClassDesc LOOP = desc(Loop.class);
    private static final ClassDesc SELF = ClassDesc.of(Loop.class.getPackageName() + ".Map");
    private static final ClassDesc SEGMENT = desc(MemorySegment.class);
    private static final ClassDesc ORDER = desc(ByteOrder.class);
    private static final ClassDesc OF_LONG = desc(ValueLayout.OfLong.class);
    private static final ClassDesc SPECIES = desc(VectorSpecies.class);
    private static final ClassDesc VECTOR = desc(jdk.incubator.vector.Vector.class);
    private static final ClassDesc MASK = desc(VectorMask.class);
    private static final ClassDesc OPERATORS = desc(VectorOperators.class);
    private static final MethodTypeDesc RUN = MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_long,
            ConstantDescs.CD_int);

    private static final int FRAME = 1;
    private static final int BYTES = 3;
    private static final int OFFSET = 4;
    /** Offset of the second vector of a turn. */
    private static final int SECOND = 5;
    private static final int FIRST_LOCAL = 6;
    /**
     * Codes in which a result waits for more instructions than this, one after the other, work on two vectors in turn:
     * of shorter ones the processor has the next vector in flight by itself.
     */
    private static final int LONG_CHAIN = 32;

    private final LaneCode code;
    private final long scalars;
    private final ClassDesc real;
    private final ClassDesc bits;
    private final ClassDesc element;
    private final ClassDesc bitElement;
    private final int vectorBytes;
    private final int vectors;
    /** Set of the outputs that are summed instead of stored. */
    private final long folds;
    private final int[] local;
    private int nextLocal;

    private LoopEmitter(LaneCode code, long scalars, int vectors) {
        this(code, scalars, vectors, 0);
    }

    private LoopEmitter(LaneCode code, long scalars, int vectors, long folds) {
        this.folds = folds;
        this.code = code;
        this.scalars = scalars;
        boolean floats = code.lane() == Lane.FLOAT;
        real = desc(floats ? FloatVector.class : DoubleVector.class);
        bits = desc(floats ? IntVector.class : LongVector.class);
        element = floats ? ConstantDescs.CD_float : ConstantDescs.CD_double;
        bitElement = floats ? ConstantDescs.CD_int : ConstantDescs.CD_long;
        vectorBytes = (floats ? FloatVector.SPECIES_PREFERRED : DoubleVector.SPECIES_PREFERRED).vectorByteSize();
        this.vectors = vectors;
        local = new int[code.insts().size() * vectors];
    }

    /**
     * The loop of {@code code} in which the operands {@code scalars}, a set of places in the frame, are read once; null
     * if its method would be larger than what the JVM compiles, or no class can be defined here.
     */
    static Loop emit(LaneCode code, long scalars) {
        byte[] bytes = new LoopEmitter(code, scalars, depth(code) > LONG_CHAIN ? 2 : 1).write();
        if (EmittedClass.size(bytes) > EmittedClass.LIMIT) {
            bytes = new LoopEmitter(code, scalars, 1).write();
        }
        return EmittedClass.define(code, bytes);
    }

    /**
     * As {@link #emit} for whole groups of 64 lanes, where the outputs {@code folds} are summed: the 64 sums of {@link
     * Folds}, halved to one vector, are stored at the address of the output.
     */
    static Loop emitSums(LaneCode code, long scalars, long folds) {
        int vectors = FoldLoops.LANES * code.lane().bytes() / FoldLoops.VBYTES;
        return EmittedClass.define(code, new LoopEmitter(code, scalars, vectors, folds).write());
    }

    /** Instructions that wait for each other, on the longest way from an input to a result. */
    private static int depth(LaneCode code) {
        int[] depths = new int[code.insts().size()];
        int longest = 0;
        for (int i = 0; i < depths.length; i++) {
            Inst inst = code.insts().get(i);
            for (int p = 0; p < inst.prim().operands().size(); p++) {
                depths[i] = Math.max(depths[i], depths[inst.operand(p)] + 1);
            }
            longest = Math.max(longest, depths[i]);
        }
        return longest;
    }

    private static int tier(String property) {
        return switch (property) {
            case "0" -> 0;
            case "1" -> 1;
            case "2" -> 2;
            case "auto" -> -1;
            default -> throw new IllegalArgumentException("lanegrad.tier: the value is 0, 1, 2 or auto, but got "
                    + property + "; correct the system property.");
        };
    }

    private static ClassDesc desc(Class<?> type) {
        return type.describeConstable().orElseThrow();
    }

    private byte[] write() {
        return ClassFile.of().build(SELF, this::writeClass);
    }

    private void writeClass(ClassBuilder type) {
        type.withFlags(ACC_FINAL).withSuperclass(LOOP).with(SourceFileAttribute.of(LaneText.of(code)));
        TreeSet<String> constants = new TreeSet<>();
        for (Inst inst : code.insts()) {
            if (isConstant(inst) && constants.add(name(inst))) {
                type.withField(name(inst), inst.prim() == Prim.CONST ? real : bits,
                        ACC_PRIVATE | ACC_STATIC | ACC_FINAL);
            }
        }
        type.withMethodBody(ConstantDescs.INIT_NAME, ConstantDescs.MTD_void, 0, body -> body.aload(0)
                .invokespecial(LOOP, ConstantDescs.INIT_NAME, ConstantDescs.MTD_void).return_());
        type.withMethodBody(ConstantDescs.CLASS_INIT_NAME, ConstantDescs.MTD_void, ACC_STATIC, this::writeConstants);
        type.withMethodBody("run", RUN, 0, folds != 0 ? this::writeSums : this::writeLoop);
    }

    private static boolean isConstant(Inst inst) {
        return inst.prim() == Prim.CONST || inst.prim() == Prim.CONST_BITS;
    }

    private static String name(Inst inst) {
        return (inst.prim() == Prim.CONST ? "R" : "B") + Long.toHexString(inst.bits());
    }

    private void writeConstants(CodeBuilder body) {
        TreeSet<String> written = new TreeSet<>();
        for (Inst inst : code.insts()) {
            if (!isConstant(inst) || !written.add(name(inst))) {
                continue;
            }
            ClassDesc type = inst.prim() == Prim.CONST ? real : bits;
            body.getstatic(type, "SPECIES_PREFERRED", SPECIES);
            if (code.lane() == Lane.FLOAT) {
                body.loadConstant((int) inst.bits());
            } else {
                body.loadConstant(inst.bits());
            }
            if (inst.prim() == Prim.CONST) {
                // By way of its bits: a NaN keeps its payload.
                ClassDesc box = code.lane() == Lane.FLOAT ? ConstantDescs.CD_Float : ConstantDescs.CD_Double;
                body.invokestatic(box, code.lane() == Lane.FLOAT ? "intBitsToFloat" : "longBitsToDouble",
                        MethodTypeDesc.of(element, bitElement));
            }
            body.invokestatic(type, "broadcast", MethodTypeDesc.of(type, SPECIES,
                    inst.prim() == Prim.CONST ? element : bitElement)).putstatic(SELF, name(inst), type);
        }
        body.return_();
    }

    /** Reads the addresses and the scalars; returns the locals of the addresses, and leaves {@link #nextLocal} behind all. */
    private int[] writeOperands(CodeBuilder body, int first) {
        int outputs = code.outputs().size();
        int[] addresses = new int[outputs + code.inputs()];
        int next = first;
        for (int i = 0; i < addresses.length; i++) {
            addresses[i] = next;
            all(body).getstatic(desc(ValueLayout.class), "JAVA_LONG", OF_LONG).lload(FRAME)
                    .loadConstant((long) i * Loop.ENTRY).ladd()
                    .invokeinterface(SEGMENT, "get",
                            MethodTypeDesc.of(ConstantDescs.CD_long, OF_LONG, ConstantDescs.CD_long)).lstore(next);
            next += 2;
        }
        int size = code.insts().size();
        for (int i = 0; i < local.length; i++) {
            local[i] = next++;
            Inst inst = code.insts().get(i % size);
            if (inst.prim() == Prim.INPUT && isScalar(inst)) {
                // Of several vectors in turn all read the same.
                local[i] = local[i % size];
                if (i < size) {
                    load(body, addresses[outputs + (int) inst.bits()], -1).astore(local[i]);
                }
            }
        }
        nextLocal = next;
        return addresses;
    }

    private void writeLoop(CodeBuilder body) {
        int outputs = code.outputs().size();
        int size = code.insts().size();
        int[] addresses = writeOperands(body, FIRST_LOCAL);
        Label top = body.newLabel();
        Label end = body.newLabel();
        body.iconst_0().istore(OFFSET).labelBinding(top).iload(OFFSET).iload(BYTES).if_icmpge(end);
        if (vectors == 2) {
            writeSecondOffset(body);
        }
        for (int i = 0; i < size; i++) {
            for (int v = 0; v < vectors; v++) {
                writeInst(body, i, v, addresses);
            }
        }
        for (int o = 0; o < outputs; o++) {
            for (int v = 0; v < vectors; v++) {
                value(body, code.outputs().get(o), v);
                store(body, addresses[o], OFFSET + v);
            }
        }
        body.iinc(OFFSET, vectors * vectorBytes).goto_(top).labelBinding(end).return_();
    }

    /** One vector after the other, each with an accumulator of its own; these are joined by halves behind the loop. */
    private void writeSums(CodeBuilder body) {
        int[] addresses = writeOperands(body, OFFSET + vectors);
        int sums = nextLocal;
        for (int k = 0; k < Long.bitCount(folds) * vectors; k++) {
            // Not the constant object, which could only be merged with vectors around the loop by boxing all of them.
            body.getstatic(real, "SPECIES_PREFERRED", SPECIES);
            if (code.lane() == Lane.FLOAT) {
                body.loadConstant(-0f);
            } else {
                body.loadConstant(-0.0);
            }
            body.invokestatic(real, "broadcast", MethodTypeDesc.of(real, SPECIES, element)).astore(sums + k);
        }
        Label top = body.newLabel();
        Label end = body.newLabel();
        body.iconst_0().istore(OFFSET).labelBinding(top).iload(OFFSET).iload(BYTES).if_icmpge(end);
        for (int v = 0; v < vectors; v++) {
            if (v > 0) {
                body.iload(OFFSET).loadConstant(v * vectorBytes).iadd().istore(OFFSET + v);
            }
            for (int i = 0; i < code.insts().size(); i++) {
                writeInst(body, i, v, addresses);
            }
            int next = sums + v;
            for (int o = 0; o < code.outputs().size(); o++) {
                if ((folds >> o & 1) != 0) {
                    body.aload(next);
                    value(body, code.outputs().get(o), v);
                    body.invokevirtual(real, "add", MethodTypeDesc.of(real, VECTOR)).astore(next);
                    next += vectors;
                } else {
                    value(body, code.outputs().get(o), v);
                    store(body, addresses[o], OFFSET + v);
                }
            }
        }
        body.iinc(OFFSET, vectors * vectorBytes).goto_(top).labelBinding(end);
        int next = sums;
        for (int o = 0; o < code.outputs().size(); o++) {
            if ((folds >> o & 1) != 0) {
                writeHalves(body, next);
                body.aload(next);
                store(body, addresses[o], -1);
                next += vectors;
            }
        }
        body.return_();
    }

    private void writeHalves(CodeBuilder body, int first) {
        for (int w = vectors / 2; w >= 1; w /= 2) {
            for (int j = 0; j < w; j++) {
                body.aload(first + j).aload(first + j + w).invokevirtual(real, "add", MethodTypeDesc.of(real, VECTOR))
                        .astore(first + j);
            }
        }
    }

    /** Stores the vector on the stack. */
    private void store(CodeBuilder body, int address, int by) {
        all(body);
        offset(body, address, by);
        order(body).invokevirtual(real, "intoMemorySegment",
                MethodTypeDesc.of(ConstantDescs.CD_void, SEGMENT, ConstantDescs.CD_long, ORDER));
    }

    /** {@code d + (VBYTES & d + VBYTES - bytes >> 31)}: the next vector, or the same one again if it is the last. */
    private void writeSecondOffset(CodeBuilder body) {
        body.iload(OFFSET).loadConstant(vectorBytes).iload(OFFSET).loadConstant(vectorBytes).iadd().iload(BYTES).isub()
                .loadConstant(31).ishr().iand().iadd().istore(SECOND);
    }

    private void writeInst(CodeBuilder body, int i, int vector, int[] addresses) {
        Inst inst = code.insts().get(i);
        int to = local[vector * code.insts().size() + i];
        if (inst.prim() == Prim.INPUT && !isScalar(inst)) {
            load(body, addresses[code.outputs().size() + (int) inst.bits()], OFFSET + vector).astore(to);
        } else if (inst.prim() != Prim.INPUT && !isConstant(inst)) {
            compute(body, inst, vector);
            body.astore(to);
        }
    }

    private boolean isScalar(Inst input) {
        return (scalars >> (code.outputs().size() + input.bits()) & 1) != 0;
    }

    private CodeBuilder load(CodeBuilder body, int address, int by) {
        body.getstatic(real, "SPECIES_PREFERRED", SPECIES);
        all(body);
        offset(body, address, by);
        return order(body).invokestatic(real, "fromMemorySegment",
                MethodTypeDesc.of(real, SPECIES, SEGMENT, ConstantDescs.CD_long, ORDER));
    }

    private static CodeBuilder all(CodeBuilder body) {
        return body.getstatic(desc(Raw.class), "ALL", SEGMENT);
    }

    private static CodeBuilder order(CodeBuilder body) {
        String native_ = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? "LITTLE_ENDIAN" : "BIG_ENDIAN";
        return body.getstatic(ORDER, native_, ORDER);
    }

    private static void offset(CodeBuilder body, int address, int by) {
        body.lload(address);
        if (by >= 0) {
            body.iload(by).i2l().ladd();
        }
    }

    private void value(CodeBuilder body, int i, int vector) {
        Inst inst = code.insts().get(i);
        if (isConstant(inst)) {
            body.getstatic(SELF, name(inst), inst.prim() == Prim.CONST ? real : bits);
        } else {
            body.aload(local[vector * code.insts().size() + i]);
        }
    }

    private void compute(CodeBuilder body, Inst inst, int vector) {
        boolean floats = code.lane() == Lane.FLOAT;
        if (inst.prim() == Prim.SELECT) {
            value(body, inst.c(), vector);
            value(body, inst.b(), vector);
            value(body, inst.a(), vector);
            body.invokevirtual(real, "blend", MethodTypeDesc.of(real, VECTOR, MASK));
            return;
        }
        value(body, inst.a(), vector);
        switch (inst.prim()) {
            case INPUT, CONST, CONST_BITS, SELECT -> throw new AssertionError(inst.prim() + " is written elsewhere");
            case ADD -> binary(body, real, "add", inst, vector);
            case SUB -> binary(body, real, "sub", inst, vector);
            case MUL -> binary(body, real, "mul", inst, vector);
            case DIV -> binary(body, real, "div", inst, vector);
            case FMA -> {
                value(body, inst.b(), vector);
                value(body, inst.c(), vector);
                body.invokevirtual(real, "fma", MethodTypeDesc.of(real, VECTOR, VECTOR));
            }
            case SQRT -> body.invokevirtual(real, "sqrt", MethodTypeDesc.of(real));
            case NEG -> body.invokevirtual(real, "neg", MethodTypeDesc.of(real));
            case ABS -> body.invokevirtual(real, "abs", MethodTypeDesc.of(real));
            case LT -> compare(body, real, "LT", inst, vector);
            case LE -> compare(body, real, "LE", inst, vector);
            case EQ -> compare(body, real, "EQ", inst, vector);
            case MASK_AND -> mask(body, "and", inst, vector);
            case MASK_OR -> mask(body, "or", inst, vector);
            case MASK_NOT -> body.invokevirtual(MASK, "not", MethodTypeDesc.of(MASK));
            case TO_BITS -> body.invokevirtual(real, floats ? "reinterpretAsInts" : "reinterpretAsLongs",
                    MethodTypeDesc.of(bits));
            case FROM_BITS -> body.invokevirtual(bits, floats ? "reinterpretAsFloats" : "reinterpretAsDoubles",
                    MethodTypeDesc.of(real));
            case BITS_ADD -> binary(body, bits, "add", inst, vector);
            case BITS_SUB -> binary(body, bits, "sub", inst, vector);
            case BITS_AND -> binary(body, bits, "and", inst, vector);
            case BITS_OR -> binary(body, bits, "or", inst, vector);
            case BITS_XOR -> {
                operator(body, "XOR", "Associative");
                value(body, inst.b(), vector);
                body.invokevirtual(bits, "lanewise", MethodTypeDesc.of(bits, operators("Binary"), VECTOR));
            }
            case BITS_SHL -> shift(body, "LSHL", inst);
            case BITS_SHR -> shift(body, "ASHR", inst);
            case BITS_USHR -> shift(body, "LSHR", inst);
            case BITS_LT -> compareBits(body, "LT", inst, vector);
            case BITS_EQ -> compareBits(body, "EQ", inst, vector);
        }
    }

    private void binary(CodeBuilder body, ClassDesc type, String method, Inst inst, int vector) {
        value(body, inst.b(), vector);
        body.invokevirtual(type, method, MethodTypeDesc.of(type, VECTOR));
    }

    private void mask(CodeBuilder body, String method, Inst inst, int vector) {
        value(body, inst.b(), vector);
        body.invokevirtual(MASK, method, MethodTypeDesc.of(MASK, MASK));
    }

    private void compare(CodeBuilder body, ClassDesc type, String operator, Inst inst, int vector) {
        operator(body, operator, "Comparison");
        value(body, inst.b(), vector);
        body.invokevirtual(type, "compare", MethodTypeDesc.of(MASK, operators("Comparison"), VECTOR));
    }

    /** Every mask is one of the real vectors, as that is what a selection asks for. */
    private void compareBits(CodeBuilder body, String operator, Inst inst, int vector) {
        compare(body, bits, operator, inst, vector);
        body.getstatic(real, "SPECIES_PREFERRED", SPECIES)
                .invokevirtual(MASK, "cast", MethodTypeDesc.of(MASK, SPECIES));
    }

    private void shift(CodeBuilder body, String operator, Inst inst) {
        operator(body, operator, "Binary");
        if (code.lane() == Lane.FLOAT) {
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

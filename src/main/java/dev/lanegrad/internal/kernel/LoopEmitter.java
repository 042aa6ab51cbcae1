package dev.lanegrad.internal.kernel;

import static java.lang.classfile.ClassFile.ACC_FINAL;
import static java.lang.classfile.ClassFile.ACC_PRIVATE;
import static java.lang.classfile.ClassFile.ACC_STATIC;

import dev.lanegrad.internal.lane.LaneCode;
import dev.lanegrad.internal.lane.LaneCode.Inst;
import dev.lanegrad.internal.lane.Prim;
import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.attribute.SourceFileAttribute;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.foreign.ValueLayout;
import java.util.TreeSet;

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
    private static final ClassDesc LOOP = VectorWriter.desc(Loop.class);
    private static final ClassDesc SELF = ClassDesc.of(Loop.class.getPackageName() + ".Map");
    private static final ClassDesc OF_LONG = VectorWriter.desc(ValueLayout.OfLong.class);
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
    /**
     * Instructions beyond which the accumulators of a loop that sums are in memory. Those in local variables are merged
     * around the loop, so the compiler knows their class by its profile only, and where it has none, as of methods that are
     * too long for C1, it makes an object of each sum. Memory costs short loops a third of their time.
     */
    private static final int LONG_BODY = 96;

    private final LaneCode code;
    private final long scalars;
    private final VectorWriter write;
    private final int vectors;
    /** Set of the outputs that are summed instead of stored. */
    private final long folds;
    private final boolean sumsInMemory;
    private final int[] local;
    private int nextLocal;
    /** The first of the accumulators. */
    private int sums;

    private LoopEmitter(LaneCode code, long scalars, int vectors) {
        this(code, scalars, vectors, 0, false);
    }

    private LoopEmitter(LaneCode code, long scalars, int vectors, long folds, boolean sumsInMemory) {
        this.folds = folds;
        this.sumsInMemory = sumsInMemory;
        this.code = code;
        this.scalars = scalars;
        write = new VectorWriter(code.lane());
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
     * Folds}, halved to one vector, are stored at the address of the output, where there is room for all 64.
     */
    static Loop emitSums(LaneCode code, long scalars, long folds) {
        int vectors = FoldLoops.LANES * code.lane().bytes() / FoldLoops.VBYTES;
        byte[] bytes = new LoopEmitter(code, scalars, vectors, folds, code.insts().size() * vectors > LONG_BODY).write();
        if (EmittedClass.size(bytes) > EmittedClass.LIMIT) {
            bytes = new LoopEmitter(code, scalars, vectors, folds, false).write();
        }
        return EmittedClass.define(code, bytes);
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

    private byte[] write() {
        return ClassFile.of().build(SELF, this::writeClass);
    }

    private void writeClass(ClassBuilder type) {
        type.withFlags(ACC_FINAL).withSuperclass(LOOP).with(SourceFileAttribute.of(LaneText.of(code)));
        TreeSet<String> constants = new TreeSet<>();
        for (Inst inst : code.insts()) {
            if (isConstant(inst) && constants.add(name(inst))) {
                type.withField(name(inst), inst.prim() == Prim.CONST ? write.real : write.bits,
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
            boolean isReal = inst.prim() == Prim.CONST;
            write.broadcast(body, inst.bits(), isReal);
            body.putstatic(SELF, name(inst), isReal ? write.real : write.bits);
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
            VectorWriter.all(body).getstatic(VectorWriter.desc(ValueLayout.class), "JAVA_LONG", OF_LONG).lload(FRAME)
                    .loadConstant((long) i * Loop.ENTRY).ladd()
                    .invokeinterface(VectorWriter.SEGMENT, "get",
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
                    write.load(body, addresses[outputs + (int) inst.bits()], VectorWriter.FIRST).astore(local[i]);
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
                write.store(body, addresses[o], OFFSET + v);
            }
        }
        body.iinc(OFFSET, vectors * write.vectorBytes).goto_(top).labelBinding(end).return_();
    }

    /** One vector after the other, each with an accumulator of its own; these are joined by halves behind the loop. */
    private void writeSums(CodeBuilder body) {
        int[] addresses = writeOperands(body, OFFSET + vectors);
        sums = nextLocal;
        nextLocal += code.outputs().size() * vectors;
        for (int o = 0; o < code.outputs().size(); o++) {
            for (int v = 0; isSummed(o) && v < vectors; v++) {
                // Not the constant object, which could only be merged with vectors around the loop by boxing all of them.
                write.broadcast(body, code.lane().bits(-0.0), true);
                storeSum(body, addresses, o, v);
            }
        }
        Label top = body.newLabel();
        Label end = body.newLabel();
        body.iconst_0().istore(OFFSET).labelBinding(top).iload(OFFSET).iload(BYTES).if_icmpge(end);
        for (int v = 0; v < vectors; v++) {
            if (v > 0) {
                body.iload(OFFSET).loadConstant(v * write.vectorBytes).iadd().istore(OFFSET + v);
            }
            for (int i = 0; i < code.insts().size(); i++) {
                writeInst(body, i, v, addresses);
            }
            for (int o = 0; o < code.outputs().size(); o++) {
                if (isSummed(o)) {
                    loadSum(body, addresses, o, v);
                    value(body, code.outputs().get(o), v);
                    write.add(body);
                    storeSum(body, addresses, o, v);
                } else {
                    value(body, code.outputs().get(o), v);
                    write.store(body, addresses[o], OFFSET + v);
                }
            }
        }
        body.iinc(OFFSET, vectors * write.vectorBytes).goto_(top).labelBinding(end);
        for (int o = 0; o < code.outputs().size(); o++) {
            if (isSummed(o)) {
                writeHalves(body, addresses, o);
            }
        }
        body.return_();
    }

    private boolean isSummed(int output) {
        return (folds >> output & 1) != 0;
    }

    private void loadSum(CodeBuilder body, int[] addresses, int output, int vector) {
        if (sumsInMemory) {
            write.load(body, addresses[output], ~vector);
        } else {
            body.aload(sums + output * vectors + vector);
        }
    }

    private void storeSum(CodeBuilder body, int[] addresses, int output, int vector) {
        if (sumsInMemory) {
            write.store(body, addresses[output], ~vector);
        } else {
            body.astore(sums + output * vectors + vector);
        }
    }

    private void writeHalves(CodeBuilder body, int[] addresses, int output) {
        for (int v = 0; v < vectors; v++) {
            loadSum(body, addresses, output, v);
            body.astore(nextLocal + v);
        }
        for (int w = vectors / 2; w >= 1; w /= 2) {
            for (int v = 0; v < w; v++) {
                write.add(body.aload(nextLocal + v).aload(nextLocal + v + w)).astore(nextLocal + v);
            }
        }
        body.aload(nextLocal);
        write.store(body, addresses[output], VectorWriter.FIRST);
    }

    /** {@code d + (VBYTES & d + VBYTES - bytes >> 31)}: the next vector, or the same one again if it is the last. */
    private void writeSecondOffset(CodeBuilder body) {
        body.iload(OFFSET).loadConstant(write.vectorBytes).iload(OFFSET).loadConstant(write.vectorBytes).iadd().iload(BYTES).isub()
                .loadConstant(31).ishr().iand().iadd().istore(SECOND);
    }

    private void writeInst(CodeBuilder body, int i, int vector, int[] addresses) {
        Inst inst = code.insts().get(i);
        int to = local[vector * code.insts().size() + i];
        if (inst.prim() == Prim.INPUT && !isScalar(inst)) {
            write.load(body, addresses[code.outputs().size() + (int) inst.bits()], OFFSET + vector).astore(to);
        } else if (inst.prim() != Prim.INPUT && !isConstant(inst)) {
            write.compute(body, inst, of -> value(body, of, vector));
            body.astore(to);
        }
    }

    private boolean isScalar(Inst input) {
        return (scalars >> (code.outputs().size() + input.bits()) & 1) != 0;
    }

    private void value(CodeBuilder body, int i, int vector) {
        Inst inst = code.insts().get(i);
        if (isConstant(inst)) {
            body.getstatic(SELF, name(inst), inst.prim() == Prim.CONST ? write.real : write.bits);
        } else {
            body.aload(local[vector * code.insts().size() + i]);
        }
    }
}

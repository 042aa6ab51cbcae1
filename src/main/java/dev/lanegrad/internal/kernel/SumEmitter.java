package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.lane.LaneCode;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * Writes the loop of a code some of whose outputs are summed as {@link Folds} does it: group after group of 64 lanes, each
 * vector of which has an accumulator of its own; then what is left of a group. Two codes may be one class: the sum of a row,
 * and the row that needs it.
 */
final class SumEmitter {
    /**
     * Instructions beyond which the accumulators are in memory. Those in local variables are merged around the loop, so the
     * compiler knows their class by its profile only, and where it has none, as of methods that are too long for C1, it
     * makes an object of each sum. Memory costs short loops a third of their time.
     */
    private static final int LONG_BODY = 96;
    /**
     * Vectors of a group up to which each has code of its own. Of more, of narrow vectors, there would be so much that C1 has
     * been seen to run out of its stack (JDK 25, doubles in vectors of 128 bits).
     */
    private static final int FEW = 8;
    private static final int OFFSET = EmittedClass.FREE;
    /** The constant of the numbers of the lanes. */
    private static final String IOTA = "IOTA";
    private static final ClassDesc OF_INT = VectorWriter.desc(ValueLayout.OfInt.class);

    private final LaneCode code;
    private final VectorWriter write;
    private final int vectors;
    private final LoopBody loop;
    /** Set of the outputs that are summed, and set of those that are stored. */
    private final long folds;
    private final long stored;
    /** The code that follows, or null. */
    private final LoopBody then;
    private final boolean inMemory;
    private int[] addresses;
    /** The sum of what is read to no other end, in a local. */
    private int touched;
    /** The first of the accumulators, and the first local behind them. */
    private int sums;
    private int free;

    private SumEmitter(LaneCode code, long scalars, long folds, long stored, LaneCode then, boolean inMemory) {
        this.code = code;
        this.folds = folds;
        this.stored = stored;
        this.inMemory = inMemory;
        write = new VectorWriter(code.lane());
        vectors = FoldLoops.LANES / write.lanes();
        long own = scalars >> code.outputs().size();
        loop = new LoopBody(code, own, vectors > FEW ? 1 : vectors);
        this.then = then == null ? null : new LoopBody(then, stored != 0 ? 0b10 : own | 1L << code.inputs(),
                LoopEmitter.vectors(then));
    }

    /**
     * The loop of {@code code}, as {@link LoopEmitter#emit} has it, where the outputs {@code folds} are summed: the 64 sums,
     * halved to one vector, are stored at the address of the output, where there is room for all 64.
     */
    static Loop emit(LaneCode code, long scalars, long folds) {
        return emit(code, scalars, folds, ~folds, null);
    }

    /**
     * The loop of a code with one output twice that sums the second, over one row, and then runs {@code then}, whose result
     * goes to the address of the first. The inputs of {@code then} are those of the code, or, if the first output is {@code
     * stored}, what is stored there; and the sum, which is left in all lanes of the vector at the address of the second.
     * The frame has one more entry: a row that is touched, so that it is in the cache when it is wanted, since memory would
     * wait while the loop computes.
     */
    static Loop emit(LaneCode code, long scalars, boolean stored, LaneCode then) {
        return emit(code, scalars, 0b10, stored ? 0b01 : 0, then);
    }

    private static Loop emit(LaneCode code, long scalars, long folds, long stored, LaneCode then) {
        boolean inMemory = code.insts().size() * FoldLoops.LANES * code.lane().bytes() / FoldLoops.VBYTES > LONG_BODY;
        byte[] bytes = new SumEmitter(code, scalars, folds, stored, then, inMemory).write();
        if (inMemory && EmittedClass.size(bytes) > EmittedClass.LIMIT) {
            bytes = new SumEmitter(code, scalars, folds, stored, then, false).write();
        }
        return EmittedClass.define(code, bytes);
    }

    private byte[] write() {
        List<EmittedClass.Constant> constants = new ArrayList<>(loop.constants());
        constants.add(new EmittedClass.Constant(IOTA, write.real, write::iota));
        if (then != null) {
            constants.addAll(then.constants());
            eachHalf(by -> constants.add(new EmittedClass.Constant(rotation(by), VectorWriter.SHUFFLE,
                    body -> write.rotation(body, by))));
        }
        return EmittedClass.write(LaneText.of(code), constants, this::writeRun);
    }

    private static String rotation(int by) {
        return "BY_" + by;
    }

    /** Half of a vector's lanes, half of these, and so on. */
    private void eachHalf(IntConsumer action) {
        for (int by = write.lanes() / 2; by >= 1; by /= 2) {
            action.accept(by);
        }
    }

    private void writeRun(CodeBuilder body) {
        int whole = OFFSET + vectors;
        int outputs = code.outputs().size();
        int operands = outputs + code.inputs();
        int entries = then == null ? operands : operands + 1;
        addresses = EmittedClass.readAddresses(body, entries, whole + 1);
        touched = whole + 1 + 2 * entries;
        body.iconst_0().istore(touched);
        sums = loop.begin(body, Arrays.copyOfRange(addresses, outputs, operands), touched + 1);
        free = sums + outputs * vectors;
        body.iload(EmittedClass.BYTES).loadConstant(-vectors * write.vectorBytes).iand().istore(whole);
        if (vectors > FEW) {
            writeBegin(body);
            writeVectorsInLoop(body, whole);
        } else {
            eachSum((o, v) -> {
                // Not the constant object, which could only be merged with vectors around the loop by boxing all of them.
                write.broadcast(body, code.lane().bits(-0.0), true);
                storeSum(body, o, v, inMemory);
            });
            writeGroups(body, whole);
        }
        // The two ways do not meet before all is stored: where they did, accumulators would be merged again.
        Label rest = body.newLabel();
        Label end = body.newLabel();
        if (vectors <= FEW) {
            body.iload(whole).iload(EmittedClass.BYTES).if_icmplt(rest);
            writeHalves(body, inMemory);
            body.goto_(end).labelBinding(rest);
        }
        if (!inMemory && vectors <= FEW) {
            eachSum((o, v) -> {
                loadSum(body, o, v, false);
                storeSum(body, o, v, true);
            });
        }
        writeRest(body);
        writeHalves(body, true);
        body.labelBinding(end);
        if (then != null) {
            writeThen(body);
        }
        body.return_();
    }

    /** Stores the accumulators as they begin. */
    private void writeBegin(CodeBuilder body) {
        int place = OFFSET + 1;
        Label top = body.newLabel();
        body.iconst_0().istore(place).labelBinding(top);
        for (int o = 0; o < code.outputs().size(); o++) {
            if (isSummed(o)) {
                write.broadcast(body, code.lane().bits(-0.0), true);
                write.store(body, addresses[o], place);
            }
        }
        body.iinc(place, write.vectorBytes).iload(place).loadConstant(vectors * write.vectorBytes).if_icmplt(top);
    }

    /** Vector after vector, each added to its accumulator in memory. */
    private void writeVectorsInLoop(CodeBuilder body, int whole) {
        int place = OFFSET + 1;
        Label top = body.newLabel();
        Label end = body.newLabel();
        body.iconst_0().istore(OFFSET).labelBinding(top).iload(OFFSET).iload(whole).if_icmpge(end);
        loop.instructions(body, 0, 1, OFFSET);
        if (then != null && !touchesLast()) {
            writeTouch(body, OFFSET);
        }
        body.iload(OFFSET).loadConstant(vectors * write.vectorBytes - 1).iand().istore(place);
        for (int o = 0; o < code.outputs().size(); o++) {
            if (isSummed(o)) {
                write.load(body, addresses[o], place);
                loop.output(body, o, 0);
                write.add(body);
                write.store(body, addresses[o], place);
            } else {
                writeStore(body, o, 0);
            }
        }
        body.iinc(OFFSET, write.vectorBytes).goto_(top).labelBinding(end);
    }

    private void writeGroups(CodeBuilder body, int whole) {
        Label top = body.newLabel();
        Label end = body.newLabel();
        body.iconst_0().istore(OFFSET).labelBinding(top).iload(OFFSET).iload(whole).if_icmpge(end);
        int turn = Math.min(vectors, LoopEmitter.vectors(code));
        for (int v = 0; v < vectors; v += turn) {
            writeVectors(body, v, turn);
        }
        body.iinc(OFFSET, vectors * write.vectorBytes).goto_(top).labelBinding(end);
    }

    /** The vectors of a group from number {@code first} on, {@code turn} of them in turn. */
    private void writeVectors(CodeBuilder body, int first, int turn) {
        for (int v = Math.max(first, 1); v < first + turn; v++) {
            body.iload(OFFSET).loadConstant(v * write.vectorBytes).iadd().istore(OFFSET + v);
        }
        loop.instructions(body, first, turn, OFFSET);
        for (int v = first; v < first + turn && then != null && !touchesLast(); v++) {
            writeTouch(body, OFFSET + v);
        }
        for (int v = first; v < first + turn; v++) {
            for (int o = 0; o < code.outputs().size(); o++) {
                if (isSummed(o)) {
                    loadSum(body, o, v, inMemory);
                    loop.output(body, o, v);
                    write.add(body);
                    storeSum(body, o, v, inMemory);
                } else {
                    writeStore(body, o, v);
                }
            }
        }
    }

    private void writeStore(CodeBuilder body, int output, int vector) {
        if ((stored >> output & 1) != 0) {
            loop.output(body, output, vector);
            write.store(body, addresses[output], OFFSET + vector);
        }
    }

    /** The vectors behind the last whole group, whose lanes behind the end count as -0; the accumulators are in memory. */
    private void writeRest(CodeBuilder body) {
        int place = OFFSET + 1;
        Label top = body.newLabel();
        Label end = body.newLabel();
        body.iconst_0().istore(place).labelBinding(top).iload(OFFSET).iload(EmittedClass.BYTES).if_icmpge(end);
        loop.instructions(body, 0, 1, OFFSET);
        for (int o = 0; o < code.outputs().size(); o++) {
            if (isSummed(o)) {
                write.load(body, addresses[o], place);
                write.broadcast(body, code.lane().bits(-0.0), true);
                loop.output(body, o, 0);
                write.blendFirst(body.getstatic(EmittedClass.SELF, IOTA, write.real), OFFSET, EmittedClass.BYTES);
                write.add(body);
                write.store(body, addresses[o], place);
            } else {
                writeStore(body, o, 0);
            }
        }
        body.iinc(OFFSET, write.vectorBytes).iinc(place, write.vectorBytes).goto_(top).labelBinding(end);
    }

    /** Joins the accumulators of each summed output by halves, and stores the vector that is left at its address. */
    private void writeHalves(CodeBuilder body, boolean fromMemory) {
        for (int o = 0; o < code.outputs().size(); o++) {
            if (!isSummed(o)) {
                continue;
            }
            if (vectors > FEW) {
                writeHalvesInLoop(body, addresses[o]);
                continue;
            }
            for (int v = 0; v < vectors; v++) {
                loadSum(body, o, v, fromMemory);
                body.astore(free + v);
            }
            for (int w = vectors / 2; w >= 1; w /= 2) {
                for (int v = 0; v < w; v++) {
                    write.add(body.aload(free + v).aload(free + v + w)).astore(free + v);
                }
            }
            write.store(body.aload(free), addresses[o], VectorWriter.FIRST);
        }
    }

    /** The same in little code, in memory. */
    private void writeHalvesInLoop(CodeBuilder body, int address) {
        int half = OFFSET;
        int place = OFFSET + 1;
        int second = OFFSET + 2;
        Label nextHalf = body.newLabel();
        Label next = body.newLabel();
        body.loadConstant(vectors / 2 * write.vectorBytes).istore(half).labelBinding(nextHalf).iconst_0().istore(place);
        body.labelBinding(next).iload(place).iload(half).iadd().istore(second);
        write.load(body, address, place);
        write.add(write.load(body, address, second));
        write.store(body, address, place);
        body.iinc(place, write.vectorBytes).iload(place).iload(half).if_icmplt(next);
        body.iload(half).iconst_1().ishr().dup().istore(half).loadConstant(write.vectorBytes).if_icmpge(nextHalf);
    }

    /** Joins the lanes of the sum, again by halves, and runs the code that needs it. */
    private void writeThen(CodeBuilder body) {
        int sum = free;
        write.load(body, addresses[1], VectorWriter.FIRST).astore(sum);
        eachHalf(by -> {
            write.rearrange(body.aload(sum).aload(sum).getstatic(EmittedClass.SELF, rotation(by), VectorWriter.SHUFFLE));
            write.add(body).astore(sum);
        });
        write.spreadFirst(body, sum).astore(sum);
        write.store(body.aload(sum), addresses[1], VectorWriter.FIRST);
        int[] inputs = stored != 0 ? new int[] {addresses[0], ~sum} : Arrays.copyOfRange(addresses, 2, 3 + code.inputs());
        inputs[inputs.length - 1] = ~sum;
        then.begin(body, inputs, sum + 1);
        LoopEmitter.writeTurns(body, then, addresses, offset -> {
            if (touchesLast()) {
                writeTouch(body, offset);
            }
        });
        writeTouched(body);
    }

    /** True if the loop of the code that follows takes the longer. */
    private boolean touchesLast() {
        return then.instructions() > loop.instructions();
    }

    /** Reads a number of the row that is touched, which brings its line of the cache. */
    private void writeTouch(CodeBuilder body, int offset) {
        VectorWriter.all(body.iload(touched)).getstatic(VectorWriter.desc(ValueLayout.class), "JAVA_INT_UNALIGNED", OF_INT)
                .lload(addresses[addresses.length - 1]).iload(offset).i2l().ladd()
                .invokeinterface(VectorWriter.SEGMENT, "get", MethodTypeDesc.of(ConstantDescs.CD_int, OF_INT,
                        ConstantDescs.CD_long)).iadd().istore(touched);
    }

    /** Stores what has been touched behind the sum, since what nobody wants need not be read. */
    private void writeTouched(CodeBuilder body) {
        VectorWriter.all(body).getstatic(VectorWriter.desc(ValueLayout.class), "JAVA_INT_UNALIGNED", OF_INT)
                .lload(addresses[1]).loadConstant((long) write.vectorBytes).ladd().iload(touched)
                .invokeinterface(VectorWriter.SEGMENT, "set", MethodTypeDesc.of(ConstantDescs.CD_void, OF_INT,
                        ConstantDescs.CD_long, ConstantDescs.CD_int));
    }

    private boolean isSummed(int output) {
        return (folds >> output & 1) != 0;
    }

    private void eachSum(SumWriter writer) {
        for (int o = 0; o < code.outputs().size(); o++) {
            for (int v = 0; isSummed(o) && v < vectors; v++) {
                writer.write(o, v);
            }
        }
    }

    /** Writes what is done with the accumulator of one vector of an output. */
    private interface SumWriter {
        void write(int output, int vector);
    }

    private void loadSum(CodeBuilder body, int output, int vector, boolean fromMemory) {
        if (fromMemory) {
            write.load(body, addresses[output], ~vector);
        } else {
            body.aload(sums + output * vectors + vector);
        }
    }

    private void storeSum(CodeBuilder body, int output, int vector, boolean toMemory) {
        if (toMemory) {
            write.store(body, addresses[output], ~vector);
        } else {
            body.astore(sums + output * vectors + vector);
        }
    }
}

package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.lane.LaneCode;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.util.function.IntConsumer;

/**
 * Writes into a method the loop of a code some of whose outputs are summed as {@link Folds} does it: group after group of 64
 * lanes, each vector of which has an accumulator of its own; then what is left of a group.
 */
final class SumLoop {
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
    /**
     * Instructions up to which all vectors of a group are written out. A loop of one vector, or two, is as fast for longer codes,
     * and a fraction as long.
     */
    private static final int WRITTEN = 192;
    /** In place of the local of an address: the output is not summed, or not stored. */
    private static final int NONE = -1;
    private static final int OFFSET = EmittedClass.FREE;
    /** The bytes of the whole groups. */
    private static final int WHOLE = OFFSET + FEW;
    /** The constant of the numbers of the lanes. */
    private static final String IOTA = "IOTA";

    /** The first local that is free: those before are of what the method is given, and of the loop. */
    static final int FREE = WHOLE + 1;

    private final LoopBody loop;
    private final VectorWriter write;
    private final int vectors;
    /** For each output the local of the address of its accumulators, and of where it is stored; or {@link #NONE}. */
    private final int[] sums;
    private final int[] stored;
    /** True if each vector of a group has code of its own. */
    private final boolean written;
    private final boolean inMemory;
    private final IntConsumer beside;
    /** The first of the accumulators, and the first local behind them. */
    private int accumulators;
    private int free;

    /**
     * A loop whose result is written when all has been summed: at the address in {@code sums}, where there is room for all 64
     * lanes, the sum halved to one vector.
     *
     * @param loop   made by {@link #body}
     * @param sums   for each output the local of the address, -1 if it is not summed
     * @param stored for each output the local of the address where it is stored, -1 if it is not
     * @param inLocals true if accumulators may be in locals however long the code is
     * @param beside what else is written for each vector of a whole group, whose offset is in the given local
     */
    SumLoop(LoopBody loop, int[] sums, int[] stored, boolean inLocals, IntConsumer beside) {
        this.loop = loop;
        this.sums = sums;
        this.stored = stored;
        this.beside = beside;
        inMemory = !inLocals && isLong(loop.code);
        write = loop.write;
        vectors = vectors(write);
        written = loop.vectors == vectors;
    }

    /** The instructions of a loop that sums; {@code scalars} are the inputs that are the same for all lanes. */
    static LoopBody body(LaneCode code, long scalars) {
        return new LoopBody(code, scalars, written(code));
    }

    /** The vectors for which {@code code} is written out. */
    private static int written(LaneCode code) {
        int vectors = vectors(new VectorWriter(code.lane()));
        return vectors > FEW ? 1 : code.insts().size() * vectors > WRITTEN ? LoopEmitter.vectors(code) : vectors;
    }

    /** How many times the instructions of {@code code} are written, about. */
    static int times(LaneCode code) {
        // Once more for what is left of a group.
        return written(code) + 1;
    }

    /** True if the accumulators of a loop of {@code code} should be in memory. */
    static boolean isLong(LaneCode code) {
        return code.insts().size() * FoldLoops.LANES * code.lane().bytes() / FoldLoops.VBYTES > LONG_BODY;
    }

    /** The constant that the class needs. */
    static EmittedClass.Constant constant(VectorWriter write) {
        return new EmittedClass.Constant(IOTA, write.real, write::iota);
    }

    private static int vectors(VectorWriter write) {
        return FoldLoops.LANES / write.lanes();
    }

    /** Writes all of it, with locals from {@code next} on. */
    void write(CodeBuilder body, int next) {
        accumulators = next;
        free = accumulators + sums.length * vectors;
        body.iload(EmittedClass.BYTES).loadConstant(-vectors * write.vectorBytes).iand().istore(WHOLE);
        if (!written) {
            writeBegin(body);
            writeVectorsInLoop(body);
        } else {
            eachSum((o, v) -> {
                // Not the constant object, which could only be merged with vectors around the loop by boxing all of them.
                write.broadcast(body, loop.code.lane().bits(-0.0), true);
                storeSum(body, o, v, inMemory);
            });
            writeGroups(body);
        }
        // The two ways do not meet before all is stored: where they did, accumulators would be merged again.
        Label rest = body.newLabel();
        Label end = body.newLabel();
        if (written) {
            body.iload(WHOLE).iload(EmittedClass.BYTES).if_icmplt(rest);
            writeHalves(body, inMemory);
            body.goto_(end).labelBinding(rest);
        }
        if (!inMemory && written) {
            eachSum((o, v) -> {
                loadSum(body, o, v, false);
                storeSum(body, o, v, true);
            });
        }
        writeRest(body);
        writeHalves(body, true);
        body.labelBinding(end);
    }

    /** Stores the accumulators as they begin. */
    private void writeBegin(CodeBuilder body) {
        int place = OFFSET + 1;
        Label top = body.newLabel();
        body.iconst_0().istore(place).labelBinding(top);
        for (int o = 0; o < sums.length; o++) {
            if (isSummed(o)) {
                write.broadcast(body, loop.code.lane().bits(-0.0), true);
                write.store(body, sums[o], place);
            }
        }
        body.iinc(place, write.vectorBytes).iload(place).loadConstant(vectors * write.vectorBytes).if_icmplt(top);
    }

    /** Vector after vector, or two in turn, each added to its accumulator in memory. */
    private void writeVectorsInLoop(CodeBuilder body) {
        int turn = loop.vectors;
        int place = OFFSET + turn;
        Label top = body.newLabel();
        Label end = body.newLabel();
        body.iconst_0().istore(OFFSET).labelBinding(top).iload(OFFSET).iload(WHOLE).if_icmpge(end);
        writeTurn(body, 0, turn);
        for (int v = 0; v < turn; v++) {
            body.iload(OFFSET + v).loadConstant(vectors * write.vectorBytes - 1).iand().istore(place);
            for (int o = 0; o < sums.length; o++) {
                writeStore(body, o, v);
                if (isSummed(o)) {
                    write.load(body, sums[o], place);
                    loop.output(body, o, v);
                    write.add(body);
                    write.store(body, sums[o], place);
                }
            }
        }
        body.iinc(OFFSET, turn * write.vectorBytes).goto_(top).labelBinding(end);
    }

    private void writeGroups(CodeBuilder body) {
        Label top = body.newLabel();
        Label end = body.newLabel();
        body.iconst_0().istore(OFFSET).labelBinding(top).iload(OFFSET).iload(WHOLE).if_icmpge(end);
        int turn = Math.min(vectors, LoopEmitter.vectors(loop.code));
        for (int v = 0; v < vectors; v += turn) {
            writeVectors(body, v, turn);
        }
        body.iinc(OFFSET, vectors * write.vectorBytes).goto_(top).labelBinding(end);
    }

    /** The vectors of a group from number {@code first} on, {@code turn} of them in turn. */
    private void writeVectors(CodeBuilder body, int first, int turn) {
        writeTurn(body, first, turn);
        for (int v = first; v < first + turn; v++) {
            for (int o = 0; o < sums.length; o++) {
                writeStore(body, o, v);
                if (isSummed(o)) {
                    loadSum(body, o, v, inMemory);
                    loop.output(body, o, v);
                    write.add(body);
                    storeSum(body, o, v, inMemory);
                }
            }
        }
    }

    /** The instructions for {@code turn} vectors in turn from number {@code first} on, and their offsets. */
    private void writeTurn(CodeBuilder body, int first, int turn) {
        for (int v = Math.max(first, 1); v < first + turn; v++) {
            body.iload(OFFSET).loadConstant(v * write.vectorBytes).iadd().istore(OFFSET + v);
        }
        loop.instructions(body, first, turn, OFFSET);
        for (int v = first; v < first + turn; v++) {
            beside.accept(OFFSET + v);
        }
    }

    private void writeStore(CodeBuilder body, int output, int vector) {
        if (stored[output] != NONE) {
            loop.output(body, output, vector);
            write.store(body, stored[output], OFFSET + vector);
        }
    }

    /** The vectors behind the last whole group, whose lanes behind the end count as -0; the accumulators are in memory. */
    private void writeRest(CodeBuilder body) {
        int place = OFFSET + 1;
        Label top = body.newLabel();
        Label end = body.newLabel();
        body.iconst_0().istore(place).labelBinding(top).iload(OFFSET).iload(EmittedClass.BYTES).if_icmpge(end);
        loop.instructions(body, 0, 1, OFFSET);
        for (int o = 0; o < sums.length; o++) {
            writeStore(body, o, 0);
            if (isSummed(o)) {
                write.load(body, sums[o], place);
                write.broadcast(body, loop.code.lane().bits(-0.0), true);
                loop.output(body, o, 0);
                write.blendFirst(body.getstatic(EmittedClass.SELF, IOTA, write.real), OFFSET, EmittedClass.BYTES);
                write.add(body);
                write.store(body, sums[o], place);
            }
        }
        body.iinc(OFFSET, write.vectorBytes).iinc(place, write.vectorBytes).goto_(top).labelBinding(end);
    }

    /** Joins the accumulators of each summed output by halves, and stores the vector that is left at its address. */
    private void writeHalves(CodeBuilder body, boolean fromMemory) {
        for (int o = 0; o < sums.length; o++) {
            if (!isSummed(o)) {
                continue;
            }
            if (vectors > FEW) {
                writeHalvesInLoop(body, sums[o]);
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
            write.store(body.aload(free), sums[o], VectorWriter.FIRST);
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

    private boolean isSummed(int output) {
        return sums[output] != NONE;
    }

    private void eachSum(SumWriter writer) {
        for (int o = 0; o < sums.length; o++) {
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
            write.load(body, sums[output], ~vector);
        } else {
            write.cast(body.aload(accumulators + output * vectors + vector));
        }
    }

    private void storeSum(CodeBuilder body, int output, int vector, boolean toMemory) {
        if (toMemory) {
            write.store(body, sums[output], ~vector);
        } else {
            body.astore(accumulators + output * vectors + vector);
        }
    }
}

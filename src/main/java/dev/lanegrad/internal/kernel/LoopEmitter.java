package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.lane.LaneCode;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.util.Arrays;
import java.util.function.IntConsumer;

/**
 * Writes the loop of a code as a class. For {@code x * y + 1} on floats, where y is the same for all lanes, it is:
 * <pre>{@code
 * final class Map extends Loop {
 *     private static final FloatVector C0 = FloatVector.broadcast(FloatVector.SPECIES_PREFERRED, 1f);
 *     void run(long frame, int bytes) {
 *         frame &= Raw.ADDRESS;
 *         long out0 = Raw.ALL.get(ValueLayout.JAVA_LONG_UNALIGNED, frame) & Raw.ADDRESS;
 *         long in0 = Raw.ALL.get(ValueLayout.JAVA_LONG_UNALIGNED, frame + 16) & Raw.ADDRESS;
 *         long in1 = Raw.ALL.get(ValueLayout.JAVA_LONG_UNALIGNED, frame + 32) & Raw.ADDRESS;
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
    /**
     * Codes in which a result waits for more instructions than this, one after the other, work on two vectors in turn:
     * of shorter ones the processor has the next vector in flight by itself.
     */
    private static final int LONG_CHAIN = 32;

    private static final int OFFSET = EmittedClass.FREE;
    /** Offset of the second vector of a turn. */
    private static final int SECOND = OFFSET + 1;

    private LoopEmitter() {
    }

    /**
     * The loop of {@code code} in which the operands {@code scalars}, a set of places in the frame, are read once; null
     * if its method would be larger than what the JVM compiles, or no class can be defined here.
     */
    static Loop emit(LaneCode code, long scalars) {
        byte[] bytes = write(code, scalars, vectors(code));
        if (EmittedClass.size(bytes) > EmittedClass.LIMIT) {
            bytes = write(code, scalars, 1);
        }
        return EmittedClass.define(LaneText.of(code), bytes);
    }

    /** The vectors that {@code code} works on in turn. */
    static int vectors(LaneCode code) {
        return LoopBody.depth(code) > LONG_CHAIN ? 2 : 1;
    }

    private static byte[] write(LaneCode code, long scalars, int vectors) {
        LoopBody loop = new LoopBody(code, scalars >> code.outputs().size(), vectors);
        return EmittedClass.write(LaneText.of(code), loop.constants(), body -> writeLoop(body, loop));
    }

    private static void writeLoop(CodeBuilder body, LoopBody loop) {
        int outputs = loop.code.outputs().size();
        int operands = outputs + loop.code.inputs();
        int[] addresses = EmittedClass.readAddresses(body, operands, SECOND + 1);
        loop.begin(body, Arrays.copyOfRange(addresses, outputs, operands), SECOND + 1 + 2 * operands);
        writeTurns(body, loop, addresses, offset -> { });
        body.return_();
    }

    /**
     * Writes the loop itself: over all bytes, each output to the address in its local.
     *
     * @param beside what else is written for each vector, whose offset is in the given local
     */
    static void writeTurns(CodeBuilder body, LoopBody loop, int[] outputs, IntConsumer beside) {
        Label top = body.newLabel();
        Label end = body.newLabel();
        body.iconst_0().istore(OFFSET).labelBinding(top).iload(OFFSET).iload(EmittedClass.BYTES).if_icmpge(end);
        if (loop.vectors == 2) {
            writeSecondOffset(body, loop.write.vectorBytes);
        }
        loop.instructions(body, 0, loop.vectors, OFFSET);
        for (int v = 0; v < loop.vectors; v++) {
            beside.accept(OFFSET + v);
        }
        for (int o = 0; o < loop.code.outputs().size(); o++) {
            for (int v = 0; v < loop.vectors; v++) {
                loop.output(body, o, v);
                loop.write.store(body, outputs[o], OFFSET + v);
            }
        }
        body.iinc(OFFSET, loop.vectors * loop.write.vectorBytes).goto_(top).labelBinding(end);
    }

    /** {@code d + (VBYTES & d + VBYTES - bytes >> 31)}: the next vector, or the same one again if it is the last. */
    private static void writeSecondOffset(CodeBuilder body, int vector) {
        body.iload(OFFSET).loadConstant(vector).iload(OFFSET).loadConstant(vector).iadd().iload(EmittedClass.BYTES).isub()
                .loadConstant(31).ishr().iand().iadd().istore(SECOND);
    }
}

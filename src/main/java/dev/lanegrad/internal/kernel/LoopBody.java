package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.lane.LaneCode;
import dev.lanegrad.internal.lane.LaneCode.Inst;
import dev.lanegrad.internal.lane.Prim;
import java.lang.classfile.CodeBuilder;
import java.lang.constant.ClassDesc;
import java.util.ArrayList;
import java.util.List;

/** The instructions of a code as they stand in an emitted loop, for one vector or several: each value has a local variable. */
final class LoopBody {
    final LaneCode code;
    final int vectors;
    final VectorWriter write;
    /** Set of the inputs that are the same for all lanes. */
    private final long scalars;
    /** For each instruction, whether its result is the same for all lanes: then it is written before the loop. */
    private final boolean[] invariant;
    private final int[] locals;
    private int[] inputs;

    LoopBody(LaneCode code, long scalars, int vectors) {
        this.code = code;
        this.scalars = scalars;
        this.vectors = vectors;
        write = new VectorWriter(code.lane());
        locals = new int[code.insts().size() * vectors];
        invariant = new boolean[code.insts().size()];
        for (int i = 0; i < invariant.length; i++) {
            Inst inst = code.insts().get(i);
            invariant[i] = inst.prim() != Prim.INPUT || isScalar(inst);
            for (int p = 0; p < inst.prim().operands().size(); p++) {
                invariant[i] &= invariant[inst.operand(p)];
            }
        }
    }

    /** The numbers of the code, which are vectors that the class keeps. */
    List<EmittedClass.Constant> constants() {
        List<EmittedClass.Constant> constants = new ArrayList<>();
        for (Inst inst : code.insts()) {
            if (isConstant(inst)) {
                constants.add(new EmittedClass.Constant(name(inst), type(inst),
                        body -> write.broadcast(body, inst.bits(), inst.prim() == Prim.CONST)));
            }
        }
        return constants;
    }

    /**
     * Gives the values local variables, from {@code next} on, and computes those that are the same for all lanes; returns the
     * first local that is free.
     *
     * @param inputs for each input the local of its address; for one that is a vector already, the complement of its local
     */
    int begin(CodeBuilder body, int[] inputs, int next) {
        this.inputs = inputs;
        int size = invariant.length;
        int free = next;
        for (int i = 0; i < locals.length; i++) {
            Inst inst = code.insts().get(i % size);
            if (i >= size && invariant[i % size]) {
                // Of several vectors in turn all read the same.
                locals[i] = locals[i % size];
            } else if (inst.prim() == Prim.INPUT && isScalar(inst) && input(inst) < 0) {
                locals[i] = ~input(inst);
            } else {
                locals[i] = free++;
                if (invariant[i % size]) {
                    instruction(body, i, 0, VectorWriter.FIRST);
                }
            }
        }
        return free;
    }

    /**
     * Writes the instructions for {@code count} vectors in turn from number {@code first} on. Vector v is at the offset in local
     * {@code offset + v}.
     */
    void instructions(CodeBuilder body, int first, int count, int offset) {
        for (int i = 0; i < invariant.length; i++) {
            for (int v = first; v < first + count && !invariant[i]; v++) {
                instruction(body, i, v, offset + v);
            }
        }
    }

    private void instruction(CodeBuilder body, int i, int vector, int offset) {
        Inst inst = code.insts().get(i);
        int to = locals[vector * code.insts().size() + i];
        if (inst.prim() == Prim.INPUT) {
            write.load(body, input(inst), offset).astore(to);
        } else if (!isConstant(inst)) {
            write.compute(body, inst, of -> value(body, of, vector));
            body.astore(to);
        }
    }

    /** The instructions that are within the loop. */
    int instructions() {
        int count = 0;
        for (boolean before : invariant) {
            count += before ? 0 : 1;
        }
        return count;
    }

    /** Puts an output on the stack. */
    void output(CodeBuilder body, int output, int vector) {
        value(body, code.outputs().get(output), vector);
    }

    /** Instructions that wait for each other, on the longest way from an input to a result. */
    static int depth(LaneCode code) {
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

    private void value(CodeBuilder body, int i, int vector) {
        Inst inst = code.insts().get(i);
        if (isConstant(inst)) {
            body.getstatic(EmittedClass.SELF, name(inst), type(inst));
        } else {
            body.aload(locals[vector * code.insts().size() + i]);
        }
    }

    private int input(Inst inst) {
        return inputs[(int) inst.bits()];
    }

    private boolean isScalar(Inst input) {
        return (scalars >> input.bits() & 1) != 0;
    }

    private static boolean isConstant(Inst inst) {
        return inst.prim() == Prim.CONST || inst.prim() == Prim.CONST_BITS;
    }

    private ClassDesc type(Inst constant) {
        return constant.prim() == Prim.CONST ? write.real : write.bits;
    }

    private static String name(Inst constant) {
        return (constant.prim() == Prim.CONST ? "R" : "B") + Long.toHexString(constant.bits());
    }
}

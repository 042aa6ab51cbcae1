package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.lane.LaneCode;
import java.lang.classfile.CodeBuilder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Writes the loop of a code some of whose outputs are summed as a class. */
final class SumEmitter {
    private SumEmitter() {
    }

    /**
     * The loop of {@code code}, as {@link LoopEmitter#emit} has it, where the outputs {@code folds} are summed: the 64 sums,
     * halved to one vector, are stored at the address of the output, where there is room for all 64.
     */
    static Loop emit(LaneCode code, long scalars, long folds) {
        byte[] bytes = write(code, scalars, folds, false);
        if (SumLoop.isLong(code) && EmittedClass.size(bytes) > EmittedClass.LIMIT) {
            bytes = write(code, scalars, folds, true);
        }
        return EmittedClass.define(LaneText.of(code), bytes);
    }

    private static byte[] write(LaneCode code, long scalars, long folds, boolean inLocals) {
        LoopBody loop = SumLoop.body(code, scalars >> code.outputs().size());
        List<EmittedClass.Constant> constants = new ArrayList<>(loop.constants());
        constants.add(SumLoop.constant(loop.write));
        return EmittedClass.write(LaneText.of(code), constants, body -> writeRun(body, loop, folds, inLocals));
    }

    private static void writeRun(CodeBuilder body, LoopBody loop, long folds, boolean inLocals) {
        int outputs = loop.code.outputs().size();
        int operands = outputs + loop.code.inputs();
        int[] addresses = EmittedClass.readAddresses(body, operands, SumLoop.FREE);
        int next = loop.begin(body, Arrays.copyOfRange(addresses, outputs, operands), SumLoop.FREE + 2 * operands);
        int[] sums = Arrays.copyOf(addresses, outputs);
        int[] stored = sums.clone();
        for (int o = 0; o < outputs; o++) {
            boolean summed = (folds >> o & 1) != 0;
            sums[o] = summed ? sums[o] : -1;
            stored[o] = summed ? -1 : stored[o];
        }
        new SumLoop(loop, sums, stored, inLocals, offset -> { }).write(body, next);
        body.return_();
    }
}

package dev.lanegrad.internal.kernel;

import java.lang.classfile.CodeBuilder;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * Writes the steps over a row as the loops of one method, in a class: what one stores is in the first level of cache for the
 * next, and a sum stays in a vector. In the frame, behind the operands, stands the address of memory for accumulators, and
 * then, if there is one, that of the row which is touched.
 */
final class RowEmitter {
    /** Bytes of the accumulators of one sum. */
    private static final int ACCUMULATORS = FoldLoops.LANES * Double.BYTES;
    private static final ClassDesc OF_INT = VectorWriter.desc(ValueLayout.OfInt.class);

    private final RowChain chain;
    private final boolean inLocals;
    private final VectorWriter write;
    private final List<LoopBody> loops = new ArrayList<>();
    /** The locals of the addresses in the frame, and of the vectors of what is one number. */
    private int[] addresses;
    private int[] singles;
    /** The sum of what is read to no other end, in a local. */
    private int touched;
    private int free;

    private RowEmitter(RowChain chain, boolean inLocals) {
        this.chain = chain;
        this.inLocals = inLocals;
        write = new VectorWriter(chain.lane());
        for (RowChain.Step step : chain.steps()) {
            loops.add(step.sums() ? SumLoop.body(step.code(), chain.scalars(step))
                    : new LoopBody(step.code(), chain.scalars(step), LoopEmitter.vectors(step.code())));
        }
    }

    /** Bytes that the accumulators of {@code chain} take, and what is touched. */
    static int scratch(RowChain chain) {
        return ACCUMULATORS * (1 + chain.steps().stream().mapToInt(step -> step.summed().size()).max().orElse(0));
    }

    /** The loop of {@code chain}; null if its method would be larger than what the JVM compiles, or no class can be defined. */
    static Loop emit(RowChain chain) {
        byte[] bytes = new RowEmitter(chain, false).write();
        if (EmittedClass.size(bytes) > EmittedClass.LIMIT) {
            bytes = new RowEmitter(chain, true).write();
        }
        return EmittedClass.define(text(chain), bytes);
    }

    private static String text(RowChain chain) {
        return String.join(", then ", chain.steps().stream().map(step -> LaneText.of(step.code())).toList());
    }

    private byte[] write() {
        List<EmittedClass.Constant> constants = new ArrayList<>();
        loops.forEach(loop -> constants.addAll(loop.constants()));
        constants.add(SumLoop.constant(write));
        eachHalf(by -> constants.add(new EmittedClass.Constant(rotation(by), VectorWriter.SHUFFLE,
                body -> write.rotation(body, by))));
        return EmittedClass.write(text(chain), constants, this::writeRun);
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
        int operands = chain.operands().size();
        addresses = EmittedClass.readAddresses(body, operands + (chain.touches() ? 2 : 1), SumLoop.FREE);
        free = SumLoop.FREE + 2 * addresses.length;
        touched = free++;
        body.iconst_0().istore(touched);
        singles = new int[operands];
        for (int p = 0; p < operands; p++) {
            if (!chain.operands().get(p).isRow()) {
                singles[p] = free++;
                if (isRead(p)) {
                    write.loadOne(body, addresses[p], chain.operands().get(p).cell()).astore(singles[p]);
                }
            }
        }
        LoopBody longest = loops.getFirst();
        for (LoopBody loop : loops) {
            longest = loop.instructions() > longest.instructions() ? loop : longest;
        }
        for (int s = 0; s < loops.size(); s++) {
            boolean touches = chain.touches() && loops.get(s) == longest;
            writeStep(body, chain.steps().get(s), loops.get(s), touches ? offset -> writeTouch(body, offset) : offset -> { });
        }
        if (chain.touches()) {
            writeTouched(body);
        }
        body.return_();
    }

    private boolean isRead(int operand) {
        return chain.steps().stream().anyMatch(step -> step.inputs().contains(operand));
    }

    private void writeStep(CodeBuilder body, RowChain.Step step, LoopBody loop, IntConsumer beside) {
        int[] inputs = step.inputs().stream().mapToInt(p -> p < 0 ? ~singles[~p]
                : chain.operands().get(p).isRow() ? addresses[p] : ~singles[p]).toArray();
        int[] stored = step.stored().stream().mapToInt(p -> p < 0 ? -1 : addresses[p]).toArray();
        int next = loop.begin(body, inputs, free);
        if (!step.sums()) {
            LoopEmitter.writeTurns(body, loop, stored, beside);
            return;
        }
        int[] sums = new int[stored.length];
        int bytes = 0;
        for (int o = 0; o < sums.length; o++) {
            sums[o] = -1;
            if (step.summed().get(o) >= 0) {
                sums[o] = next;
                body.lload(scratch()).loadConstant((long) bytes).ladd().lstore(next);
                next += 2;
                bytes += ACCUMULATORS;
            }
        }
        new SumLoop(loop, sums, stored, inLocals, beside).write(body, next);
        for (int o = 0; o < sums.length; o++) {
            if (sums[o] >= 0) {
                writeSum(body, sums[o], step.summed().get(o));
            }
        }
    }

    private int scratch() {
        return addresses[chain.operands().size()];
    }

    /** Joins the lanes of a sum, again by halves, and has it in all lanes of a vector and as an operand. */
    private void writeSum(CodeBuilder body, int at, int operand) {
        int sum = singles[operand];
        write.load(body, at, VectorWriter.FIRST).astore(sum);
        eachHalf(by -> {
            write.rearrange(body.aload(sum).aload(sum).getstatic(EmittedClass.SELF, rotation(by), VectorWriter.SHUFFLE));
            write.add(body).astore(sum);
        });
        write.storeFirst(body, sum, addresses[operand]);
        write.spreadFirst(body, sum).astore(sum);
    }

    /** Reads a number of the row that is touched, which brings its line of the cache. */
    private void writeTouch(CodeBuilder body, int offset) {
        VectorWriter.all(body.iload(touched)).getstatic(VectorWriter.desc(ValueLayout.class), "JAVA_INT_UNALIGNED", OF_INT)
                .lload(addresses[addresses.length - 1]).iload(offset).i2l().ladd()
                .invokeinterface(VectorWriter.SEGMENT, "get", MethodTypeDesc.of(ConstantDescs.CD_int, OF_INT,
                        ConstantDescs.CD_long)).iadd().istore(touched);
    }

    /** Stores what has been touched, since what nobody wants need not be read. */
    private void writeTouched(CodeBuilder body) {
        VectorWriter.all(body).getstatic(VectorWriter.desc(ValueLayout.class), "JAVA_INT_UNALIGNED", OF_INT)
                .lload(scratch()).iload(touched).invokeinterface(VectorWriter.SEGMENT, "set",
                        MethodTypeDesc.of(ConstantDescs.CD_void, OF_INT, ConstantDescs.CD_long, ConstantDescs.CD_int));
    }
}

package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.lane.Lane;
import dev.lanegrad.internal.lane.LaneCode;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A code ready to run over tensors: it begins in plain Java, goes on with the vector loops of its primitives when the JVM
 * has compiled them, and once it has proved hot runs as a loop of its own.
 * Equal codes share one kernel. Safe for use by many threads.
 */
public final class MapKernel {
    /** The most kernels that are remembered; one that is forgotten is made again when it is asked for. */
    private static final int REMEMBERED = 4096;
    /** The most loops that are emitted for one code. */
    private static final int MOST_EMITTED = 8;
    /** What it takes to move a byte of an operand, and to compute one of a primitive's result. */
    private static final double NANOS_OF_OPERAND = 0.01;
    private static final double NANOS_OF_BYTE = 0.003;
    private static final Map<LaneCode, MapKernel> KNOWN = new LinkedHashMap<>(64, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<LaneCode, MapKernel> eldest) {
            return size() > REMEMBERED;
        }
    };

    /** The type of elements that are lanes as they are. */
    final Cell cell;
    /** Logarithm of the bytes of a lane. */
    final int shift;
    /** Number of outputs. */
    final int outputs;
    /** Operations of the code. */
    final int operations;
    /** Operands, or blocks of scratch memory, that a workspace must have room for. */
    final int width;
    /** About how many nanoseconds an element takes, when the kernel is warm and memory is not near. */
    final double nanos;

    private final LaneCode code;
    /** The loops of the primitives, behind each other or the only one. */
    private final Loop vectors;
    private final List<Loop> primitives;
    private final boolean single;
    /** What runs at first. */
    private Loop first;
    // Read without the lock that guards changes: variants are immutable but for their counters and loop.
    private Variant[] variants = new Variant[0];
    private Pair[] pairs = new Pair[0];

    private MapKernel(LaneCode code) {
        this.code = code;
        cell = code.lane() == Lane.FLOAT ? Cell.FLOAT32 : Cell.FLOAT64;
        shift = code.lane() == Lane.FLOAT ? 2 : 3;
        outputs = code.outputs().size();
        operations = code.operations();
        BlockInterpreter interpreter = BlockInterpreter.of(code);
        Loop primitive = BlockInterpreter.single(code);
        single = primitive != null;
        vectors = single ? primitive : interpreter;
        primitives = single ? List.of(primitive) : interpreter.steps().stream().distinct().toList();
        first = Tier.CHOSEN > 0 || isCompiled() ? vectors : new ScalarLoop(this);
        width = Math.max(outputs + code.inputs(), interpreter.blocks());
        nanos = nanos(code);
        find(0, 0);
    }

    /**
     * The kernel of {@code code}. Fails with {@code IllegalArgumentException} if it has more than 62 inputs and
     * outputs.
     */
    public static MapKernel of(LaneCode code) {
        int operands = code.inputs() + code.outputs().size();
        if (operands > Workspace.MAX_OPERANDS) {
            throw new IllegalArgumentException("MapKernel: the code has " + operands + " inputs and outputs, "
                    + "and a kernel can have " + Workspace.MAX_OPERANDS + "; split it.");
        }
        synchronized (KNOWN) {
            return KNOWN.computeIfAbsent(code, MapKernel::new);
        }
    }

    /** About how many nanoseconds an element of {@code code} takes, when its kernel is warm and memory is not near. */
    public static double nanos(LaneCode code) {
        return ((code.outputs().size() + code.inputs()) * NANOS_OF_OPERAND + code.insts().size() * NANOS_OF_BYTE)
                * code.lane().bytes();
    }

    /** What {@link Workers} are told of a call over {@code count} elements, of which some outputs are {@code folded}. */
    double work(long count, int folded) {
        return Workers.work(count * (nanos + folded * MapCall.FOLDED_NANOS), count << shift);
    }

    /** What this kernel computes. */
    public LaneCode code() {
        return code;
    }

    /** The vector loops that it consists of. */
    List<Loop> primitives() {
        return primitives;
    }

    /** True if it is one primitive, whose loop is as fast as an emitted one. */
    boolean isSingle() {
        return single;
    }

    private boolean isCompiled() {
        return primitives.stream().allMatch(loop -> loop.compiled);
    }

    /** Has the vector loops run from now on where plain Java did. */
    synchronized void startVectors() {
        first = vectors;
        for (Variant variant : variants) {
            if (variant.loop instanceof ScalarLoop) {
                variant.publish(vectors);
            }
        }
    }

    /** The version for calls in which just the operands in the set {@code scalars} are the same for all lanes. */
    Variant variant(long scalars) {
        return find(scalars, 0);
    }

    /**
     * The version that sums the outputs {@code folds}. It has no loop until that has been emitted, and never one if it cannot
     * be.
     */
    Variant sums(long scalars, long folds) {
        return find(scalars, folds);
    }

    /**
     * The loop that sums a row of the only output, which is stored or not, and then runs a kernel on it: its operands are the
     * result, the sum and the inputs; those of {@code then} are the row as it is stored, or else the inputs, and the sum.
     */
    RowKernel rows(long scalars, boolean stored, MapKernel then) {
        for (Pair pair : pairs) {
            if (pair.scalars == scalars && pair.stored == stored && pair.then == then) {
                return pair.kernel;
            }
        }
        return pair(scalars, stored, then);
    }

    private synchronized RowKernel pair(long scalars, boolean stored, MapKernel then) {
        List<RowChain.Operand> operands = new ArrayList<>();
        operands.add(new RowChain.Operand(cell, true));
        operands.add(new RowChain.Operand(cell, false));
        List<Integer> inputs = new ArrayList<>();
        for (int i = 0; i < code.inputs(); i++) {
            inputs.add(operands.size());
            operands.add(new RowChain.Operand(cell, (scalars >> outputs + i & 1) == 0));
        }
        List<Integer> read = new ArrayList<>(stored ? List.of(0) : inputs);
        read.add(~1);
        RowKernel kernel = RowKernel.of(new RowChain(List.of(
                new RowChain.Step(code, inputs, List.of(stored ? 0 : -1), List.of(1)),
                new RowChain.Step(then.code, read, List.of(0), List.of(-1))), operands, true));
        // Two threads may both make it: it is the same one.
        Pair[] more = Arrays.copyOf(pairs, pairs.length + 1);
        more[pairs.length] = new Pair(scalars, stored, then, kernel);
        VarHandle.releaseFence();
        pairs = more;
        return kernel;
    }

    /** A kernel that follows this one on each row, and the loop of both. */
    private record Pair(long scalars, boolean stored, MapKernel then, RowKernel kernel) {
    }

    private Variant find(long scalars, long folds) {
        Variant known = known(scalars, folds);
        return known != null ? known : make(scalars, folds);
    }

    private Variant known(long scalars, long folds) {
        // They are few, and to remember the last one would be a store, which costs more than to look at them.
        for (Variant variant : variants) {
            if (variant.scalars == scalars && variant.folds == folds) {
                return variant;
            }
        }
        return null;
    }

    private synchronized Variant make(long scalars, long folds) {
        Variant known = known(scalars, folds);
        if (known != null) {
            return known;
        }
        Variant made = new Variant(this, scalars, folds);
        Variant[] more = Arrays.copyOf(variants, variants.length + 1);
        more[variants.length] = made;
        VarHandle.releaseFence();
        variants = more;
        return made;
    }

    /** True if a loop is emitted that would be {@code faster} than what there is without. */
    private boolean emits(boolean faster) {
        // The loop of a primitive is as fast as the emitted one and warm before, but it reads a scalar again and again.
        return switch (Tier.CHOSEN) {
            case 0 -> false;
            case 1 -> true;
            default -> faster && variants.length < MOST_EMITTED;
        };
    }

    /** A kernel for one set of scalar operands. */
    static final class Variant extends HotLoop {
        final MapKernel kernel;
        final long scalars;
        /** Set of the outputs that are summed. */
        final long folds;

        Variant(MapKernel kernel, long scalars, long folds) {
            this.kernel = kernel;
            this.scalars = scalars;
            this.folds = folds;
            loop = folds == 0 ? kernel.first : null;
            begin(kernel.emits(folds != 0 || !kernel.single || scalars != 0));
        }

        @Override
        Loop emit() {
            return folds != 0 ? SumEmitter.emit(kernel.code, scalars, folds) : LoopEmitter.emit(kernel.code, scalars);
        }
    }
}

package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.lane.Lane;
import dev.lanegrad.internal.lane.LaneCode;
import java.lang.invoke.VarHandle;
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
    private MapKernel twice;
    // Read without the lock that guards changes: variants are immutable but for their counters and loop.
    private Variant[] variants = new Variant[0];

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
        nanos = (outputs + code.inputs()) * NANOS_OF_OPERAND * code.lane().bytes() + code.insts().size() * NANOS_OF_BYTE
                * code.lane().bytes();
        find(0, 0, null, false);
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

    /** What this kernel computes. */
    public LaneCode code() {
        return code;
    }

    /** The vector loops that it consists of. */
    List<Loop> primitives() {
        return primitives;
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
        return find(scalars, 0, null, false);
    }

    /**
     * The version that sums the outputs {@code folds}. It has no loop until that has been emitted, and never one if it cannot
     * be.
     */
    Variant sums(long scalars, long folds) {
        return find(scalars, folds, null, false);
    }

    /**
     * The version that sums a row of the only output and then runs a kernel on it: see {@link SumEmitter#emit(LaneCode, long,
     * boolean, LaneCode)}. It has two outputs, the second of which is the sum, and a loop as {@link #sums} has.
     */
    Variant rows(long scalars, boolean stored, MapKernel then) {
        // Two threads may both find it: they find the same.
        if (twice == null) {
            int output = code.outputs().getFirst();
            twice = of(new LaneCode(code.lane(), code.inputs(), code.insts(), List.of(output, output)));
        }
        return twice.find(scalars << 1, 0b10, then, stored);
    }

    private Variant find(long scalars, long folds, MapKernel then, boolean stored) {
        Variant known = known(scalars, folds, then, stored);
        return known != null ? known : make(scalars, folds, then, stored);
    }

    private Variant known(long scalars, long folds, MapKernel then, boolean stored) {
        // They are few, and to remember the last one would be a store, which costs more than to look at them.
        for (Variant variant : variants) {
            if (variant.scalars == scalars && variant.folds == folds && variant.then == then && variant.stored == stored) {
                return variant;
            }
        }
        return null;
    }

    private synchronized Variant make(long scalars, long folds, MapKernel then, boolean stored) {
        Variant known = known(scalars, folds, then, stored);
        if (known != null) {
            return known;
        }
        Variant made = new Variant(this, scalars, folds, then, stored);
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
    static final class Variant {
        private static final int CALLS = 200;
        private static final long ELEMENTS = 200_000;

        final MapKernel kernel;
        final long scalars;
        /** Set of the outputs that are summed. */
        final long folds;
        /** What runs on a row after its sum, or null, and whether it reads the row as it is stored. */
        final MapKernel then;
        final boolean stored;
        /** What runs it, replaced by what is faster. A loop has no state that matters, so a race is harmless. */
        Loop loop;
        /** True until it is decided whether a loop is emitted. */
        boolean counting;
        /** Whether a loop was emitted, and how often it was not compiled in time or badly; for the thread that does it. */
        boolean emitted;
        int attempts;
        private int calls;
        private long elements;

        Variant(MapKernel kernel, long scalars, long folds, MapKernel then, boolean stored) {
            this.kernel = kernel;
            this.scalars = scalars;
            this.folds = folds;
            this.then = then;
            this.stored = stored;
            loop = folds == 0 ? kernel.first : null;
            counting = kernel.emits(folds != 0 || !kernel.single || scalars != 0);
            if (counting && Tier.CHOSEN == 1) {
                counting = false;
                Loop emitted = emit();
                loop = emitted != null ? emitted : loop;
            }
        }

        /** The loop as a class of its own, or null. */
        Loop emit() {
            return then != null ? SumEmitter.emit(kernel.code, scalars, stored, then.code)
                    : folds != 0 ? SumEmitter.emit(kernel.code, scalars, folds) : LoopEmitter.emit(kernel.code, scalars);
        }

        /** Counts a call over {@code count} elements, and has the loop emitted when there have been enough. */
        void count(long count) {
            elements += count;
            if (++calls >= CALLS || elements >= ELEMENTS) {
                counting = false;
                KernelWarmup.queue(this);
            }
        }

        /** Puts {@code emitted} in place of what runs now. */
        void publish(Loop emitted) {
            VarHandle.releaseFence();
            loop = emitted;
        }
    }
}

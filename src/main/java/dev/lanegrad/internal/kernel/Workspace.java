package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.memory.Raw;
import dev.lanegrad.internal.shape.Layout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * What one thread needs to run kernels: the operands of the call being prepared, and scratch memory. A call is
 * {@link #begin}, then every output, then every input, then {@link #run}; a warm call allocates nothing. Nothing is
 * checked and nothing is kept alive: the caller checks extents, and fences the owners of its operands.
 */
public final class Workspace {
    /** Bytes of a block that is worked on in scratch memory: a few of them fit the first level of cache. */
    static final int BLOCK = 4096;
    /** The most operands of a kernel: their sets are bits of a long. */
    static final int MAX_OPERANDS = 62;
    /** Up to this many elements a call of a kernel is one call of its loop. */
    private static final int ONE_CALL = 16 << 10;

    private static final MemorySegment ALL = Raw.ALL;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final ThreadLocal<Workspace> CURRENT = ThreadLocal.withInitial(Workspace::new);

    final Cell[] cells = new Cell[MAX_OPERANDS];
    final Layout[] layouts = new Layout[MAX_OPERANDS];
    /** Set of the operands that are already spread in {@link #spreads}. */
    long scalars;
    /** Set of the contiguous operands of one element, which lie in their own memory. */
    long ones;
    /** Set of the contiguous operands of another type than the kernel's. */
    private long converted;

    private final MapDriver driver = new MapDriver(this);
    private final MapPlan plan = new MapPlan(cells, layouts);
    private final RowSums rowSums = new RowSums(this);
    private MapKernel kernel;
    /** The kernel that follows, if the call is one of two. */
    private MapKernel next;
    private int operands;
    private boolean simple;
    private long common;

    private MemorySegment memory;
    private int width;
    private long frame;
    private MemorySegment scratch;

    Workspace() {
        grow(16);
    }

    /** The workspace of this thread. */
    public static Workspace current() {
        return CURRENT.get();
    }

    /** Starts a call of {@code kernel}; what was prepared before and not run is forgotten. */
    public void begin(MapKernel kernel) {
        this.kernel = kernel;
        operands = 0;
        simple = true;
        scalars = 0;
        ones = 0;
        converted = 0;
        common = -1;
        if (kernel.width > width) {
            grow(kernel.width);
        }
    }

    /** Starts a call of {@code kernel} that {@code then} is to follow, for {@link #runRows}. */
    public void begin(MapKernel kernel, MapKernel then) {
        begin(kernel);
        next = then;
        if (then.width > width) {
            grow(then.width);
        }
    }

    /** Gives the frame of a prepared call of {@code kernel} the scratch memory of this thread. */
    void reserve(MapKernel kernel, long prepared) {
        if (kernel.width > width) {
            grow(kernel.width);
        }
        ALL.set(LONG, prepared - 8, slots());
    }

    /**
     * The next output: contiguous in the sizes of the result, of elements {@code cell}, followed by 64 bytes of
     * padding. It may be the very memory of an input that is contiguous in the same sizes and of the same elements.
     */
    public void output(long address, Cell cell) {
        int i = operands++;
        place(frame, i, address, -1);
        setCell(i, cell);
        converted |= cell == kernel.cell ? 0 : 1L << i;
    }

    /** The next input: elements {@code cell} in {@code layout}, which broadcasts to the sizes of the result. */
    public void input(long address, Cell cell, Layout layout) {
        int i = operands++;
        place(frame, i, address, -1);
        setCell(i, cell);
        if (layouts[i] != layout) {
            layouts[i] = layout;
        }
        long count = layout.count();
        boolean own = cell == kernel.cell;
        converted |= own ? 0 : 1L << i;
        if (!layout.isContiguous() || count == 1 && !own) {
            simple = false;
        } else if (count == 1) {
            ones |= 1L << i;
        } else if (common < 0) {
            common = count;
        } else {
            simple &= common == count;
        }
    }

    /** The next input: the number {@code scalar}, rounded to the kernel's lane type. */
    public void input(double scalar) {
        int i = operands++;
        scalars |= 1L << i;
        place(frame, i, spread(i, scalar), 0);
    }

    /** Computes all outputs, in the sizes of {@code result}; then the workspace is ready for the next call. */
    public void run(Layout result) {
        long count = result.count();
        if (simple && (common == count || common < 0) && count <= (converted == 0 ? ONE_CALL : BLOCK >> kernel.shift)) {
            if (ones != 0 && count != 1) {
                spreadOnes();
            }
            if (converted != 0) {
                convertInputs((int) count);
            }
            MapKernel.Variant variant = kernel.variant(scalars);
            variant.loop.run(frame, (int) count << kernel.shift);
            if (converted != 0) {
                convertOutputs((int) count);
            }
            if (variant.counting) {
                variant.count(count);
            }
        } else if (count > 0) {
            plan.run(this, kernel, operands, result);
        }
    }

    /**
     * Computes the only output, which is contiguous rows of the kernel's type, and writes the sum of each row, as {@link
     * Folds} has it, to {@code sums}. The rows themselves are undefined then.
     */
    public void runSums(Layout rows, long sums) {
        rowSums.run(kernel, operands, rows, sums);
    }

    /**
     * Computes the sums of the rows of the only output, and with each of them the kernel that follows, which writes a row to
     * {@code out}. Its inputs are those of the call, or, if {@code stored}, the row itself, which then stands there; and the
     * sum. False if nothing has been done, since the rows are not long ones or there is no loop yet.
     *
     * @param ahead how many rows behind its own that of the first input lies which will be wanted next
     * @param left  how many rows the first input has from here on
     */
    public boolean runRows(Layout rows, boolean stored, long sums, long out, int ahead, long left) {
        return rowSums.run(kernel, next, operands, rows, stored, sums, out, ahead, left);
    }

    /** At least {@code bytes} bytes of scratch memory of this thread, 64-byte aligned, and good until the next call. */
    public long scratch(int bytes) {
        if (scratch == null || scratch.byteSize() < bytes + 64L) {
            scratch = Arena.ofAuto().allocate(Math.max(128 << 10, bytes + 64L), 64);
        }
        return scratch.address();
    }

    /** Writes {@code value}, rounded to the kernel's lane type, to all lanes of the vector of operand {@code i}. */
    long spread(int i, double value) {
        long at = spreads() + ((long) i << 6);
        Spread.value(kernel.shift, at, value);
        return at;
    }

    /** What runs parts of calls in this workspace. */
    MapDriver driver() {
        return driver;
    }

    /** The plan of the calls that are prepared in this workspace. */
    MapPlan plan() {
        return plan;
    }

    static void place(long frame, int i, long address, long mask) {
        long entry = frame + (long) i * Loop.ENTRY & Raw.ADDRESS;
        ALL.set(LONG, entry, address);
        ALL.set(LONG, entry + 8, mask);
    }

    /** Moves operand {@code i}, whose mask stays. */
    static void aim(long frame, int i, long address) {
        ALL.set(LONG, frame + (long) i * Loop.ENTRY & Raw.ADDRESS, address);
    }

    static long address(long frame, int i) {
        return ALL.get(LONG, frame + (long) i * Loop.ENTRY & Raw.ADDRESS);
    }

    private void setCell(int i, Cell cell) {
        // A store of a reference costs more than this test, and operands are mostly of the type they were of before.
        if (cells[i] != cell) {
            cells[i] = cell;
        }
    }

    /** Converts the inputs of another type to blocks, and has the outputs written to blocks; both frames are used. */
    private void convertInputs(int n) {
        for (long left = converted; left != 0; left &= left - 1) {
            int i = Long.numberOfTrailingZeros(left);
            long address = address(frame, i);
            place(blockFrame(), i, address, -1);
            place(frame, i, block(i), -1);
            if (i >= kernel.outputs) {
                Packing.line(cells[i], kernel.shift, address, cells[i].bytes(), block(i), n);
            }
        }
    }

    private void convertOutputs(int n) {
        for (long left = converted & (1L << kernel.outputs) - 1; left != 0; left &= left - 1) {
            int i = Long.numberOfTrailingZeros(left);
            Packing.unpack(cells[i], kernel.shift, block(i), address(blockFrame(), i), n);
        }
    }

    private void spreadOnes() {
        for (long left = ones; left != 0; left &= left - 1) {
            int i = Long.numberOfTrailingZeros(left);
            long address = address(frame, i);
            place(frame, i, spread(i, kernel.shift == 2 ? ALL.get(ValueLayout.JAVA_FLOAT_UNALIGNED, address)
                    : ALL.get(ValueLayout.JAVA_DOUBLE_UNALIGNED, address)), 0);
        }
        scalars |= ones;
    }

    /** Makes room for kernels of {@code needed} operands, and of as many blocks for the interpreter. */
    private void grow(int needed) {
        int size = Math.max(needed + 3 & -4, 16);
        long each = 2L * Loop.ENTRY + 64 + 2L * BLOCK + 64;
        memory = Arena.ofAuto().allocate(4096 + size * each + 128, 4096);
        width = size;
        frame = memory.address() + (2L * BLOCK + 64) * width + 64;
        ALL.set(LONG, frame - 8, slots());
        ALL.set(LONG, blockFrame() - 8, slots());
        Arrays.fill(layouts, null);
    }

    /** The operands that there is room for. */
    int width() {
        return width;
    }

    /** The operands as given: addresses of first elements. */
    long frame() {
        return frame;
    }

    /** A second frame, for the operands of one block. */
    long blockFrame() {
        return frame + (long) width * Loop.ENTRY + 64;
    }

    /** One vector for each operand that is the same for all lanes. */
    long spreads() {
        return blockFrame() + (long) width * Loop.ENTRY;
    }

    /** Blocks for the values of the interpreter. */
    long slots() {
        return memory.address();
    }

    /** The block for operand {@code i} where it has to be copied or converted, and a vector of padding. */
    long block(int i) {
        return memory.address() + (long) width * BLOCK + (long) i * (BLOCK + 64);
    }
}

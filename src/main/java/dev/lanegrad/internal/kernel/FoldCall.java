package dev.lanegrad.internal.kernel;

/**
 * The loops of {@link FoldLoops}, each with the shortest call that shows the JVM that it makes turns. A loop that has come to
 * use is run like this by the thread of {@link KernelWarmup} until it is compiled: the JVM counts calls, and those of a
 * program are too few as long as they are slow.
 */
enum FoldCall {
    ROWS_1, ROWS_2, ROWS_3, ROWS_4, LANES, WHOLE, COLUMN, JOIN_FOUR, JOIN_FOUR_NARROW, JOIN, JOIN_NARROW;

    /** Bytes that a call needs. */
    static final int BYTES = 16 << 10;
    private static final int OUT = 8 << 10;
    private static final int WORK = 12 << 10;
    private static final int TURNS = 4;

    /** The call for {@link FoldLoops#rows} of so many bytes. */
    static FoldCall rows(int bytes) {
        return switch ((bytes - 1) / FoldLoops.VBYTES) {
            case 0 -> ROWS_1;
            case 1 -> ROWS_2;
            case 2 -> ROWS_3;
            default -> ROWS_4;
        };
    }

    /** Calls the loop on scratch memory at {@code in}. */
    void run(FoldLoops loops, long in) {
        long out = in + OUT;
        switch (this) {
            case ROWS_1, ROWS_2, ROWS_3, ROWS_4 -> loops.rows(in, 0, (1 + ordinal()) * FoldLoops.VBYTES / loops.cell, TURNS, out);
            case LANES -> loops.lanes(in, 0, TURNS * FoldLoops.LANES + 1, 1, out, in + WORK);
            case WHOLE -> loops.whole(in, TURNS * FoldLoops.LANES * loops.cell, out);
            case COLUMN -> loops.column(in, 0, 2 * FoldLoops.LANES + 1, in + WORK, out);
            case JOIN_FOUR -> loops.joinFour(out, 0, in, 0, 0, TURNS, TURNS * FoldLoops.VBYTES);
            case JOIN_FOUR_NARROW -> loops.joinFourNarrow(out, 0, in, 0, 0, TURNS);
            case JOIN -> loops.join(in, 0, in, 0, out, 0, 2, 7 * FoldLoops.VBYTES);
            case JOIN_NARROW -> loops.joinNarrow(in, 0, in, 0, out, 0, TURNS);
        }
    }
}

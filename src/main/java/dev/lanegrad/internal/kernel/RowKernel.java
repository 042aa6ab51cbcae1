package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.memory.Raw;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Steps over one row, as one loop that is emitted once they have proved hot; until then there is none, and they are done one
 * after the other for many rows. Equal steps share one. Safe for use by many threads.
 */
final class RowKernel extends HotLoop {
    /** The least elements of a row that is worth a call of its own. */
    static final int LONG = 512;
    /** The most that are summed at once. */
    static final int MOST = FoldRows.CHUNK;
    /** The most that are remembered; one that is forgotten is made again when it is asked for. */
    private static final int REMEMBERED = 1024;
    private static final Map<RowChain, RowKernel> KNOWN = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<RowChain, RowKernel> eldest) {
            return size() > REMEMBERED;
        }
    };

    final RowChain chain;

    private RowKernel(RowChain chain) {
        this.chain = chain;
        begin(Tier.CHOSEN != 0);
    }

    /** The kernel of {@code chain}. */
    static RowKernel of(RowChain chain) {
        synchronized (KNOWN) {
            return KNOWN.computeIfAbsent(chain, RowKernel::new);
        }
    }

    /** True if a row of {@code length} elements is long enough, and short enough to be summed at once. */
    static boolean pays(long length) {
        return length >= LONG && length <= MOST;
    }

    @Override
    Loop emit() {
        return RowEmitter.emit(chain);
    }

    /** Runs {@code loop} for each row; the first {@code steps} operands in the frame move on by so many bytes each time. */
    static void run(Loop loop, long frame, int bytes, long rows, long[] steps, int operands) {
        for (long row = 0; row < rows; row++) {
            loop.run(frame, bytes);
            for (int p = 0; p < operands; p++) {
                long at = frame + (long) p * Loop.ENTRY;
                Raw.ALL.set(ValueLayout.JAVA_LONG_UNALIGNED, at, Raw.ALL.get(ValueLayout.JAVA_LONG_UNALIGNED, at) + steps[p]);
            }
        }
    }
}

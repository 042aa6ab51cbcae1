package dev.lanegrad.internal.memory;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Slabs that no thread has, for the next that needs one of about that size. */
final class SlabPool {
    private final long capacity;
    private final List<MemorySegment> slabs = new ArrayList<>();
    private long bytes;

    SlabPool(long capacity) {
        this.capacity = capacity;
    }

    /** The smallest slab of at least {@code least} and at most {@code most} bytes, or null. */
    synchronized MemorySegment take(long least, long most) {
        int best = -1;
        for (int i = 0; i < slabs.size(); i++) {
            long size = slabs.get(i).byteSize();
            if (size >= least && size <= most && (best < 0 || size < slabs.get(best).byteSize())) {
                best = i;
            }
        }
        if (best < 0) {
            return null;
        }
        MemorySegment slab = slabs.get(best);
        MemorySegment last = slabs.removeLast();
        if (best < slabs.size()) {
            slabs.set(best, last);
        }
        bytes -= slab.byteSize();
        return slab;
    }

    /** Keeps {@code slab}; over the capacity it is left to the collector. */
    synchronized void give(MemorySegment slab) {
        if (bytes + slab.byteSize() <= capacity) {
            slabs.add(slab);
            bytes += slab.byteSize();
        }
    }

    /** Leaves all to the collector. */
    synchronized void clear() {
        slabs.clear();
        bytes = 0;
    }

    synchronized long bytes() {
        return bytes;
    }
}

package dev.lanegrad.internal.graph;

import dev.lanegrad.internal.memory.Home;
import dev.lanegrad.internal.memory.Managed;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/**
 * The changes in place that a thread has made while it has a tape open: which memory, and at which length of the tape. A
 * record whose saves lie in memory that was changed later cannot be walked. Nothing is kept for values that are never
 * changed, and records carry no version.
 */
final class Versions {
    private long[] starts = new long[16];
    private long[] ends = new long[16];
    private int[] times = new int[16];
    private Home[] homes = new Home[16];
    private int count;
    private TreeMap<Long, Changes> index;

    /** All changes of one block of memory, ascending in time. */
    private record Changes(long end, int[] times) {
    }

    /** True if there has been no change. */
    boolean isEmpty() {
        return count == 0;
    }

    /** The block of {@code value} changes: what records below {@code time} have saved of it is gone. */
    void changed(Value value, int time, boolean tapeOpen) {
        Value root = value.root();
        if (root.home instanceof Managed managed) {
            managed.countChange();
        }
        if (!tapeOpen) {
            return;
        }
        if (count == starts.length) {
            starts = Arrays.copyOf(starts, 2 * count);
            ends = Arrays.copyOf(ends, 2 * count);
            times = Arrays.copyOf(times, 2 * count);
            homes = Arrays.copyOf(homes, 2 * count);
        }
        starts[count] = root.address;
        ends[count] = root.address + Math.max(1, Context.bytes(root.cell, root.layout));
        times[count] = time;
        homes[count++] = root.home;
        index = null;
    }

    /** How often the block of {@code value} has been changed in place. */
    int version(Value value) {
        Value root = value.root();
        if (root.home instanceof Managed managed) {
            return managed.changes();
        }
        int version = 0;
        for (int i = 0; i < count; i++) {
            version += starts[i] == root.address && homes[i] == root.home ? 1 : 0;
        }
        return version;
    }

    /** {@code scope} loses its values, and all records from {@code records} on are gone. */
    void reset(Home scope, int records) {
        int kept = 0;
        for (int i = 0; i < count; i++) {
            int time = Math.min(times[i], records);
            if (homes[i] != scope && time > 0) {
                starts[kept] = starts[i];
                ends[kept] = ends[i];
                times[kept] = time;
                homes[kept++] = homes[i];
            }
        }
        Arrays.fill(homes, kept, count, null);
        count = kept;
        index = null;
    }

    /** True if the memory at {@code address} has been changed since record {@code id}. */
    boolean changedSince(long address, int id) {
        Changes changes = at(address);
        return changes != null && changes.times[changes.times.length - 1] > id;
    }

    /** The number of changes of the memory at {@code address} up to record {@code id}. */
    int versionAt(long address, int id) {
        Changes changes = at(address);
        int version = 0;
        while (changes != null && version < changes.times.length && changes.times[version] <= id) {
            version++;
        }
        return version;
    }

    private Changes at(long address) {
        if (index == null) {
            index = new TreeMap<>();
            for (int i = 0; i < count; i++) {
                Changes added = new Changes(ends[i], new int[] {times[i]});
                index.merge(starts[i], added, Versions::joined);
            }
        }
        Map.Entry<Long, Changes> entry = index.floorEntry(address);
        return entry == null || entry.getValue().end <= address ? null : entry.getValue();
    }

    private static Changes joined(Changes earlier, Changes later) {
        int[] all = Arrays.copyOf(earlier.times, earlier.times.length + 1);
        all[all.length - 1] = later.times[0];
        return new Changes(Math.max(earlier.end, later.end), all);
    }
}

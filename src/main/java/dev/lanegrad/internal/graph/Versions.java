package dev.lanegrad.internal.graph;

import dev.lanegrad.internal.memory.Home;
import dev.lanegrad.internal.memory.Managed;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The changes in place that a thread has made while it has a tape open: which memory, and at which length of the tape. A
 * record whose saves lie in memory that was changed later cannot be walked; changes of other parts of the same block do
 * not matter to it. Nothing is kept for values that are never changed, and records carry no version.
 */
final class Versions {
    // Of the block that was changed, and of the part of it.
    private long[] starts = new long[16];
    private long[] ends = new long[16];
    private long[] lows = new long[16];
    private long[] highs = new long[16];
    private int[] times = new int[16];
    private Home[] homes = new Home[16];
    private int count;
    private TreeMap<Long, Changes> index;

    /** The numbers of all changes of one block, ascending in time. */
    private record Changes(long end, List<Integer> numbers) {
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
            lows = Arrays.copyOf(lows, 2 * count);
            highs = Arrays.copyOf(highs, 2 * count);
            times = Arrays.copyOf(times, 2 * count);
            homes = Arrays.copyOf(homes, 2 * count);
        }
        starts[count] = root.address;
        ends[count] = root.address + Math.max(1, Context.bytes(root.cell, root.layout));
        lows[count] = value.address;
        highs[count] = value.address + value.layout.extent() * value.cell.bytes();
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
                lows[kept] = lows[i];
                highs[kept] = highs[i];
                times[kept] = time;
                homes[kept++] = homes[i];
            }
        }
        Arrays.fill(homes, kept, count, null);
        count = kept;
        index = null;
    }

    /** True if some of the {@code bytes} at {@code address} have been changed since record {@code id}. */
    boolean changedSince(long address, long bytes, int id) {
        Changes changes = at(address);
        for (int i = changes == null ? -1 : changes.numbers.size() - 1; i >= 0; i--) {
            int number = changes.numbers.get(i);
            if (times[number] <= id) {
                return false;
            }
            if (lows[number] < address + bytes && address < highs[number]) {
                return true;
            }
        }
        return false;
    }

    /** The number of changes of the block around {@code address} up to record {@code id}. */
    int versionAt(long address, int id) {
        Changes changes = at(address);
        int version = 0;
        while (changes != null && version < changes.numbers.size() && times[changes.numbers.get(version)] <= id) {
            version++;
        }
        return version;
    }

    private Changes at(long address) {
        if (index == null) {
            index = new TreeMap<>();
            for (int i = 0; i < count; i++) {
                long end = ends[i];
                index.computeIfAbsent(starts[i], start -> new Changes(end, new ArrayList<>())).numbers.add(i);
            }
        }
        Map.Entry<Long, Changes> entry = index.floorEntry(address);
        return entry == null || entry.getValue().end <= address ? null : entry.getValue();
    }
}

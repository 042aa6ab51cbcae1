package dev.lanegrad.internal.graph;

import dev.lanegrad.internal.kernel.Workspace;
import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.memory.Home;
import dev.lanegrad.internal.memory.Managed;
import dev.lanegrad.internal.memory.Region;
import dev.lanegrad.internal.memory.TapeScope;
import dev.lanegrad.internal.memory.ThreadArena;
import dev.lanegrad.internal.shape.Layout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What a thread computes with: its open tapes, whether it records, and its kernels' workspace. */
public final class Context {
    private static final int MAX_WALKS = 128;
    private static final ThreadLocal<Context> CURRENT = ThreadLocal.withInitial(Context::new);
    /** That of one thread that has a tape open: to compare threads costs less than to look a context up. */
    private static Context quick;

    private final Thread thread = Thread.currentThread();
    final Workspace workspace = Workspace.current();
    final ThreadArena arena = ThreadArena.current();
    final Nodes nodes = new Nodes(arena);
    final Versions versions = new Versions();
    final Checkpoints checkpoints = new Checkpoints(this);
    // One plan for each walk under way: a hook or a function of the user's may start another inside.
    private final List<Plan> plans = new ArrayList<>();
    private SharedGradients sharedGradients;
    private int walks;
    private SavedHooks savedHooks;
    private Diagnostics diagnostics;
    private TapeScope scope;
    private boolean gradEnabled = true;
    private boolean inference;
    private Region region;
    private Interpreter interpreter;

    // What has been allocated since temporaries are being watched, so that they can be given back.
    private long[] addresses = new long[32];
    private long[] sizes = new long[32];
    private int watched;
    private int watchers;

    private Context() {
        nodes.setAway(checkpoints::isAway);
    }

    /** The context of the current thread. */
    public static Context current() {
        Context quick = Context.quick;
        return quick != null && quick.thread == Thread.currentThread() ? quick : CURRENT.get();
    }

    /** Opens a tape inside those that are open. */
    public TapeScope open() {
        scope = arena.open();
        nodes.open(scope);
        // Threads may overwrite each other's: each finds its own or none.
        if (quick == null) {
            quick = this;
        }
        return scope;
    }

    /** Empties the innermost tape; fails with {@code IllegalStateException} if {@code tape} is not that. */
    public void reset(TapeScope tape) {
        requireInnermost(tape, "reset");
        requireNoWalk("reset", tape);
        nodes.reset();
        forget(tape);
        tape.reset();
    }

    private void forget(TapeScope tape) {
        versions.reset(tape, nodes.count());
        checkpoints.reset(nodes.count());
    }

    /** Closes the innermost tape; does nothing if {@code tape} is closed already. */
    public void close(TapeScope tape) {
        if (tape.isOpen()) {
            requireInnermost(tape, "close");
            requireNoWalk("close", tape);
            nodes.close();
            forget(tape);
            tape.close();
            scope = tape.parent();
            if (scope == null && quick == this) {
                quick = null;
            }
        }
    }

    private void requireNoWalk(String label, TapeScope tape) {
        for (int i = 0; i < walks; i++) {
            if (plans.get(i).scope == tape) {
                throw new IllegalStateException(label + ": a backward walk over this tape is under way; let it end first.");
            }
        }
    }

    /** Fails with {@code IllegalStateException} if {@code expected} is not the innermost tape. */
    void requireScope(String label, TapeScope expected) {
        if (scope != expected) {
            throw new IllegalStateException(label + ": a hook or function called by this walk has opened a tape and not closed it; "
                    + "close it before it returns (try-with-resources does).");
        }
    }

    private void requireInnermost(TapeScope tape, String label) {
        if (!tape.isOpen()) {
            throw new IllegalStateException(label + ": this tape is closed; open a new one.");
        }
        if (tape.owner() != Thread.currentThread()) {
            throw new IllegalStateException(label + ": this tape belongs to thread '" + tape.owner().getName()
                    + "' and was used from thread '" + Thread.currentThread().getName() + "'; open one in each thread.");
        }
        if (tape != scope) {
            throw new IllegalStateException(label + ": a tape opened inside this one is still open; close the inner one "
                    + "first (try-with-resources does).");
        }
    }

    /** The innermost tape, or null. */
    public TapeScope scope() {
        return scope;
    }

    /** Whether ops are recorded while a tape is open. */
    public boolean gradEnabled() {
        return gradEnabled;
    }

    /** Switches recording; returns what it was. */
    public boolean setGradEnabled(boolean enabled) {
        boolean before = gradEnabled;
        gradEnabled = enabled;
        return before;
    }

    /** Whether an inference scope is open: what is computed is never part of a graph. */
    public boolean inference() {
        return inference;
    }

    /** Opens or ends an inference scope; returns what it was. */
    public boolean setInference(boolean inferring) {
        boolean before = inference;
        inference = inferring;
        return before;
    }

    // A question of its own, and so the next: a method with a class in its signature that is not loaded yet, as here as long
    // as nobody has used it, is not inlined.
    /** True if there is an {@link #interpreter}. */
    boolean interprets() {
        return interpreter != null;
    }

    /** What ops mean now, or null: what they are. */
    Interpreter interpreter() {
        return interpreter;
    }

    /**
     * Makes {@code next} the meaning of ops in this thread, null for themselves; returns what it was. An interpreter that
     * computes with ops puts the one around it back meanwhile.
     */
    public Interpreter interpret(Interpreter next) {
        Interpreter before = interpreter;
        interpreter = next;
        return before;
    }

    /** An empty table for a walk, which gives it back when it ends. */
    SharedGradients takeSharedGradients() {
        SharedGradients taken = sharedGradients;
        sharedGradients = null;
        return taken == null ? new SharedGradients() : taken;
    }

    void giveBack(SharedGradients table) {
        table.clear();
        sharedGradients = table;
    }

    /**
     * The plan of a walk that begins; walks inside others see none of their marks. Fails with
     * {@code IllegalStateException} if they are nested too deeply for a thread's stack.
     */
    Plan beginWalk(String label) {
        if (walks == MAX_WALKS) {
            throw new IllegalStateException(label + ": " + MAX_WALKS + " backward walks run inside each other already; a backward "
                    + "or a hook of yours starts another walk each time: end one before the next begins.");
        }
        if (walks > 0) {
            plans.get(walks - 1).suspend();
        }
        if (walks == plans.size()) {
            plans.add(new Plan(nodes, versions));
        }
        Plan plan = plans.get(walks++);
        plan.clear();
        if (plan.scope != scope) {
            plan.scope = scope;
        }
        return plan;
    }

    /** Ends the walk that began last. */
    void endWalk() {
        plans.get(--walks).end();
        if (walks > 0) {
            plans.get(walks - 1).resume();
        }
    }

    /** Remembers that the contents of {@code value} have changed in place, after the last record. */
    void changed(Value value) {
        changed(value, nodes.count());
    }

    /** Remembers that the contents of {@code value} have changed in place: records below {@code time} saved others. */
    void changed(Value value, int time) {
        versions.changed(value, time, scope != null);
    }

    /** Does what waits for each record: hooks for saved values, and lines for {@link Diagnostics}. */
    void recorded(Value result) {
        if (savedHooks != null) {
            savedHooks.pack(nodes, result.node());
        }
        if (diagnostics != null) {
            diagnostics.recorded(nodes, result.node());
        }
    }

    /** True if there are {@link #diagnostics}. */
    boolean diagnoses() {
        return diagnostics != null;
    }

    /** The diagnostics that are wanted, or null. */
    Diagnostics diagnostics() {
        return diagnostics;
    }

    /** What is watched from now on, or null; returns what was. */
    public Diagnostics setDiagnostics(Diagnostics wanted) {
        Diagnostics before = diagnostics;
        diagnostics = wanted;
        return before;
    }

    /** What the hooks for saved values are from now on, or null; returns what they were. */
    public SavedHooks setSavedHooks(SavedHooks hooks) {
        SavedHooks before = savedHooks;
        savedHooks = hooks;
        return before;
    }

    boolean records() {
        return gradEnabled && scope != null;
    }

    /** A contiguous value with undefined elements: in the innermost tape, or managed if none is open. */
    public Value allocate(Cell cell, Layout layout) {
        long bytes = bytes(cell, layout);
        if (scope == null) {
            Value value = managed(cell, layout);
            value.view = inference ? new View(null, View.INFERENCE) : null;
            return value;
        }
        long address = scope.allocate(bytes);
        boolean inRegion = inRegion();
        if (watchers > 0) {
            watch(address, bytes);
        } else if (inRegion) {
            region.add(address, bytes);
        }
        Home home = inRegion ? region : scope;
        Value value = new Value(home, home.generation(), address, layout, cell);
        if (inference) {
            value.view = new View(null, View.INFERENCE);
        }
        return value;
    }

    private boolean inRegion() {
        return region != null && region.scope() == scope;
    }

    /** Where values are made now: a region of the innermost tape, the tape, or null if none is open. */
    Home home() {
        return inRegion() ? region : scope;
    }

    /** The region that values of its tape are made in, or null. */
    Region region() {
        return inRegion() ? region : null;
    }

    /** Makes values in {@code next} from now on, null for the tape itself; returns where they were made. */
    Region setRegion(Region next) {
        Region before = region;
        region = next;
        return before;
    }

    /** A contiguous value with undefined elements that lives as long as it is reachable. */
    public static Value managed(Cell cell, Layout layout) {
        Managed block = Managed.allocate(bytes(cell, layout));
        return new Value(block, block.generation(), block.address(), layout, cell);
    }

    static long bytes(Cell cell, Layout layout) {
        try {
            return Math.multiplyExact(layout.count(), (long) cell.bytes());
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException("A tensor of sizes " + layout + " has " + layout.count() + " elements of "
                    + cell.bytes() + " bytes, more than 2^63 bytes; choose smaller sizes.");
        }
    }

    private void watch(long address, long bytes) {
        if (watched == addresses.length) {
            addresses = Arrays.copyOf(addresses, 2 * watched);
            sizes = Arrays.copyOf(sizes, 2 * watched);
        }
        addresses[watched] = address;
        sizes[watched++] = bytes;
    }

    /** Begins to watch allocations; returns the mark for {@link #release}. */
    int watchTemporaries() {
        watchers++;
        return watched;
    }

    /** Takes the block that {@code value} lies in out of the watched ones; false if it was not among them. */
    boolean claim(Value value, int mark) {
        Value owner = value.root();
        for (int i = watched - 1; i >= mark; i--) {
            if (addresses[i] == owner.address) {
                watched--;
                addresses[i] = addresses[watched];
                sizes[i] = sizes[watched];
                return true;
            }
        }
        return false;
    }

    /** Gives all blocks watched since {@code mark} back, and stops watching for this caller. */
    void release(int mark) {
        while (watched > mark) {
            watched--;
            scope.free(addresses[watched], sizes[watched]);
        }
        watchers--;
    }

    /** Gives back all but {@code result}, which the caller before goes on watching. */
    void releaseAllBut(Value result, int mark) {
        boolean claimed = claim(result, mark);
        release(mark);
        if (claimed) {
            handOn(result);
        }
    }

    /** As {@link #releaseAllBut(Value, int)}, with another value that stays. */
    void releaseAllBut(Value result, Value other, int mark) {
        boolean claimed = claim(other, mark);
        releaseAllBut(result, mark);
        if (claimed) {
            handOn(other);
        }
    }

    private void handOn(Value result) {
        if (watchers > 0) {
            watch(result.root().address, bytes(result.cell, result.root().layout));
        } else if (inRegion()) {
            region.add(result.root().address, bytes(result.cell, result.root().layout));
        }
    }
}

package dev.lanegrad.internal.program;

import dev.lanegrad.internal.graph.Value;
import dev.lanegrad.internal.program.Call.Ready;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.UnaryOperator;

/**
 * The programs that were made of one function, one for each combination of types and sizes of its arguments, up to a bound;
 * the one that has not been used for longest goes first.
 *
 * <p>As many calls as there are processors may be under way at the same time, each with memory of its own: a trace is
 * compiled once more for each call that is under way at the same time as others. Calls that change something outside wait
 * for each other.
 */
public final class Programs {
    private static final int PROCESSORS = Runtime.getRuntime().availableProcessors();

    private final UnaryOperator<Value[]> body;
    private final ReentrantLock alone = new ReentrantLock();
    private int bound;
    private boolean fixed;
    private boolean approximate;
    // The latest last.
    private final List<Entry> entries = new ArrayList<>();
    private volatile Call[] calls = {new Call(this, 0)};
    private volatile Ready latest;
    private volatile boolean closed;
    /** Threads that wait until a call is over. */
    private volatile int waiting;
    private long traces;
    private long evictions;

    /** A trace, what was made of it first, and what there is for each call. */
    private record Entry(Ready first, Ready[] own) {
        Signature signature() {
            return first.signature();
        }

        Ready of(int call) {
            if (own[call] == null) {
                own[call] = first.alone() ? first : new Ready(signature(), first.compiled().again(), false);
            }
            return own[call];
        }
    }

    /** Programs of {@code body}, at most {@code bound} at a time. */
    public Programs(UnaryOperator<Value[]> body, int bound) {
        this.body = body;
        this.bound = bound;
    }

    /**
     * A call for the caller alone, until it ends it; waits for one if as many are under way as there are processors. Fails
     * with {@code IllegalStateException} after {@link #close}.
     */
    public Call begin(String label) {
        requireOpen(label);
        // The first that is free: so there are no more copies of a program than calls have been under way at once.
        for (Call call : calls) {
            if (call.take()) {
                return call;
            }
        }
        return await(label);
    }

    private synchronized Call await(String label) {
        if (alone.isHeldByCurrentThread()) {
            throw nested(label);
        }
        boolean interrupted = false;
        waiting++;
        try {
            while (true) {
                requireOpen(label);
                for (Call call : calls) {
                    if (call.take()) {
                        return call;
                    }
                }
                if (calls.length < PROCESSORS) {
                    Call[] more = Arrays.copyOf(calls, calls.length + 1);
                    more[calls.length] = new Call(this, calls.length);
                    calls = more;
                    continue;
                }
                try {
                    // The end of a call may just not have been seen, and who ended it may not have seen this.
                    wait(1);
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            waiting--;
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Wakes a thread that waits until a call is over. */
    void ended() {
        if (waiting > 0) {
            synchronized (this) {
                notifyAll();
            }
        }
    }

    /** Waits until no other call runs that changes something outside, and keeps others waiting until {@link #leave}. */
    void enter() {
        if (alone.isHeldByCurrentThread()) {
            throw nested("call");
        }
        alone.lock();
    }

    /** Lets the next call run that changes something outside. */
    void leave() {
        alone.unlock();
    }

    private static IllegalStateException nested(String label) {
        return new IllegalStateException(label + ": this program was called by what one of its own calls does outside; call it "
                + "when that is over.");
    }

    /** Fails with {@code IllegalStateException} after {@link #close}. */
    public void requireOpen(String label) {
        if (closed) {
            throw new IllegalStateException(label + ": this program is closed; make a new one.");
        }
    }

    /** The program for arguments of the sizes and types of {@code inputs}, made if there is none. */
    synchronized Ready find(Call call, Value[] inputs, String label) {
        requireOpen(label);
        sort();
        for (int i = entries.size() - 1; i >= 0; i--) {
            if (entries.get(i).signature().fits(inputs)) {
                Entry entry = entries.get(i);
                Ready ready = entry.of(call.number);
                use(entry);
                call.hit();
                call.latest(ready);
                return ready;
            }
        }
        Ready ready = trace(call, inputs);
        call.latest(ready);
        return ready;
    }

    /** Brings what has been used since into the order of use. */
    private void sort() {
        for (Call call : calls) {
            Ready ready = call.latest();
            long hits = call.hits();
            if (ready != null && hits != call.seen) {
                entries.stream().filter(entry -> entry.signature() == ready.signature()).findFirst().ifPresent(this::use);
            }
            call.seen = hits;
        }
    }

    private void use(Entry entry) {
        entries.remove(entry);
        entries.add(entry);
    }

    private Ready trace(Call call, Value[] inputs) {
        Signature signature = Signature.of(inputs);
        if (fixed && !entries.isEmpty()) {
            throw new IllegalArgumentException("call: this program is fixed to arguments " + entries.getLast().signature()
                    + ", but got " + signature + "; reshape or convert them, or use a program that is not fixed.");
        }
        Trace trace = Trace.of(signature.layouts(), signature.cells(), body, approximate);
        Entry entry = new Entry(new Ready(signature, Builder.build(trace), trace.hasEffects()), new Ready[PROCESSORS]);
        entry.own[call.number] = entry.first;
        traces++;
        while (entries.size() >= bound) {
            drop();
        }
        entries.add(entry);
        return entry.first;
    }

    /** Keeps at most {@code bound} programs from now on. */
    public synchronized void limit(int bound) {
        sort();
        this.bound = bound;
        while (entries.size() > bound) {
            drop();
        }
    }

    /** Lets no further program be made once there is one. */
    public synchronized void fix() {
        fixed = true;
    }

    /** Lets programs that are made from now on have results that are equal in real arithmetic only. */
    public synchronized void approximate() {
        approximate = true;
    }

    private void drop() {
        forget(entries.removeFirst().signature());
        evictions++;
    }

    private void forget(Signature gone) {
        for (Call call : calls) {
            if (call.latest() != null && call.latest().signature() == gone) {
                call.latest(null);
            }
        }
        Ready last = latest;
        latest = last != null && last.signature() == gone ? null : last;
    }

    /** Notes that {@code ready} is being used. */
    void used(Ready ready) {
        // A look is free, and a write is not if other threads look.
        if (latest != ready) {
            latest = ready;
            if (closed) {
                latest = null;
            }
        }
    }

    /** The program used last, or null. */
    public Compiled latest() {
        Ready last = latest;
        return last == null ? null : last.compiled();
    }

    /** Number of programs that are kept. */
    public synchronized int size() {
        return entries.size();
    }

    /** How often a program was there. */
    public synchronized long hits() {
        return Arrays.stream(calls).mapToLong(Call::hits).sum();
    }

    /** How often one was made. */
    public synchronized long traces() {
        return traces;
    }

    /** How often one was given up for another. */
    public synchronized long evictions() {
        return evictions;
    }

    /** Forgets all programs for ever; calls that are under way go on to their end. */
    public synchronized void close() {
        closed = true;
        entries.forEach(entry -> forget(entry.signature()));
        entries.clear();
        latest = null;
        notifyAll();
    }
}

package dev.lanegrad.internal.memory;

/** The home of values that have no memory: they stand for something until this is closed. */
public final class Symbolic extends Home {
    private final String kind;

    /** A home of values of the current thread that messages call {@code kind}, for example "traced". */
    public Symbolic(String kind) {
        super(1, Thread.currentThread());
        this.kind = kind;
    }

    /** What messages call a value of it. */
    public String kind() {
        return kind;
    }

    /** Ends the life of its values. */
    public void close() {
        age(0);
    }
}

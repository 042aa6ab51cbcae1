package dev.lanegrad.internal.memory;

/** Where values live, and whether they still do: a value remembers the generation in which it was made. */
public abstract sealed class Home permits Managed, Region, Symbolic, TapeScope {
    private int generation;
    private final Thread owner;

    Home(int generation, Thread owner) {
        this.generation = generation;
        this.owner = owner;
    }

    /** True if what was made in generation {@code stamp} is still there. */
    public final boolean isAlive(int stamp) {
        return generation == stamp;
    }

    /** The generation of what is made now. */
    public final int generation() {
        return generation;
    }

    /** The only thread that may use it, or null if any may. */
    public final Thread owner() {
        return owner;
    }

    final void age(int next) {
        generation = next;
    }
}

package dev.lanegrad.jmh.peers;

import java.util.function.Function;

/** What runs a case. */
enum Side {
    /** The library, op by op in a tape. */
    EAGER(EagerStep::new),
    /** The library, as a program. */
    PROGRAM(ProgramStep::new),
    /** libtorch through JavaCPP's binding: what a user of it in Java feels. */
    BINDING(BindingStep::new),
    /** libtorch alone: a loop inside it, without the cost of any binding. */
    LOOP(LoopStep::new);

    private final Function<Case, Step> maker;

    Side(Function<Case, Step> maker) {
        this.maker = maker;
    }

    /** The case, ready to be run in this thread. */
    Step step(Case of) {
        return maker.apply(of);
    }

    boolean isTorch() {
        return this == BINDING || this == LOOP;
    }
}

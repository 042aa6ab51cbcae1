package dev.lanegrad.jmh.peers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The order in which the sides, each in its JVM, measure: one works while the others wait, and all do one part of the
 * report before the first does the next, so that what is compared was measured within seconds. A shared machine is slower
 * for minutes now and then, which would be taken for a difference otherwise.
 *
 * @param directory where each side leaves a file for each part that it has done
 * @param own       the side of this JVM
 */
record Turns(Path directory, Side own) {
    private static final long LOOK_AGAIN_MILLIS = 20;

    /** Returns when this side may do part number {@code part}, counted from 0. */
    void await(int part) {
        for (Side side : Side.values()) {
            int last = side.ordinal() < own.ordinal() ? part : part - 1;
            while (last >= 0 && !Files.exists(mark(last, side))) {
                pause();
            }
        }
    }

    /** Says that this side has done part number {@code part}, or has nothing to do for it. */
    void done(int part) {
        try {
            Files.createFile(mark(part, own));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Path mark(int part, Side side) {
        return directory.resolve(part + "-" + side);
    }

    private static void pause() {
        try {
            Thread.sleep(LOOK_AGAIN_MILLIS);
        } catch (InterruptedException e) {
            throw new IllegalStateException("Turns: a JVM that waited for its turn was interrupted.", e);
        }
    }
}

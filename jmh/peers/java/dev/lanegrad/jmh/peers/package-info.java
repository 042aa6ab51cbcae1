/**
 * The library beside libtorch: the same steps, stated once in {@link dev.lanegrad.jmh.peers.Dialect}, run by the
 * library's eager ops, by its programs, by libtorch through JavaCPP's binding and by a loop inside libtorch, each in a
 * JVM of its own.
 *
 * <p>{@code mvn -Pjmh,peers verify} makes the report of ten minutes, {@code mvn -Pjmh,peers verify -Djmh.args=full} the
 * whole one; {@link dev.lanegrad.jmh.peers.Report} says what else may be asked for.
 */
package dev.lanegrad.jmh.peers;

package dev.lanegrad.internal.kernel;

/**
 * The vector loops that find where a known extreme stands. An element is found if it equals the extreme or is a NaN: if
 * the extreme is a number, no element of its sequence is a NaN. Addresses and strides are in bytes.
 */
abstract sealed class ArgFoldLoops permits ArgFoldFloat, ArgFoldDouble {
    /** Writes, for each row, {@code add} and the index of the first element found; there must be one. */
    abstract void rows(long in, long rowStride, int rows, long extremes, long add, long out);

    /**
     * Replaces each column's index by the number of its first row, from {@code first} on, in which the column's extreme
     * is found, if there is one. Indices have the size of an element.
     */
    abstract void columns(long in, long rowStride, int first, int rows, int bytes, long extremes, long indices);
}

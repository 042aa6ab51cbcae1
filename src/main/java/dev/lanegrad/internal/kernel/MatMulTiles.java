package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.lane.Lane;
import dev.lanegrad.internal.memory.Raw;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.VectorSpecies;

/** The loops of the matrix product for one type. All strides are in bytes. */
abstract class MatMulTiles {
    /** Bytes of a vector. */
    static final int VB = ByteVector.SPECIES_PREFERRED.vectorByteSize();
    /**
     * Rows of the main tile, which is two vectors wide: 16 accumulators, 2 operands and a broadcast for the 32
     * registers that go with vectors of 512 bits, and with the 128 bits of Neon; 12 accumulators for the 16 of AVX2.
     */
    static final int ROWS = VB == 32 ? 6 : 8;
    /** Bytes that are copied at a time where rows are cut into panels. */
    static final int PIECE = 32;
    /** The most bytes in a row of a tile. */
    static final int WIDEST = 8 * VB;

    private static final MemorySegment ALL = Raw.ALL;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final VectorSpecies<Byte> B = ByteVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Byte> B32 = ByteVector.SPECIES_256;
    private static final VectorSpecies<Byte> B16 = ByteVector.SPECIES_128;
    // A vector whose width the compiler has to guess may become an object; these widths differ, so each is cast to its class.
    private static final Class<?> T32 = B32.vectorType();
    private static final Class<?> T16 = B16.vectorType();
    private static final MatMulTiles FLOAT = new MatMulFloat();
    private static final MatMulTiles DOUBLE = new MatMulDouble();

    /** The loops for elements of this type. */
    static MatMulTiles of(Lane lane) {
        return lane == Lane.FLOAT ? FLOAT : DOUBLE;
    }

    /**
     * Writes {@code rows} rows of {@code vectors} vectors to {@code c}: what stands at {@code init}, plus the products
     * of {@code k} columns of A and rows of B, added one after the other. {@code aRow} must not be negative, nor
     * {@code bRow} 0.
     */
    abstract void tile(int rows, int vectors, long a, long aRow, long aCol, long b, long bRow, int k,
            long init, long initRow, long c, long cRow);

    /**
     * As {@link #tile} with {@link #ROWS} rows of two vectors, for factors that are packed: each column of A behind the one
     * before, each row of B so.
     */
    abstract void packed(long a, long b, int k, long init, long initRow, long c, long cRow);

    /**
     * Writes the products of each of {@code rows} elements of A, {@code aRow} bytes apart, and {@code vectors} vectors of B, as
     * {@link #tile} has them with one column of A from zero.
     */
    abstract void outer(long a, long aRow, int rows, long b, int vectors, long c, long cRow);

    /**
     * Writes {@code rows} rows of {@code columns} elements that are {@code row} and {@code column} bytes apart as rows
     * of contiguous elements, {@code pitch} bytes apart.
     */
    abstract void transpose(long from, long row, long column, long to, long pitch, int rows, int columns);

    /**
     * Does the same for as many rows as columns, {@code lanes} of them, as a vector of some width has elements, where
     * each element of a row stands next to the one in the row above.
     */
    abstract void square(int lanes, long from, long column, long to, long pitch);

    /** Rows of the next tile where so many are left. */
    static int next(int left) {
        return left >= ROWS ? ROWS : left >= 4 ? 4 : left >= 2 ? 2 : 1;
    }

    /** Vectors of the next tile of so many rows where so many bytes of a row are left: each holds some of them. */
    static int next(int rows, long left) {
        if (rows == 1 && left > 7 * VB) {
            return 8;
        }
        return rows <= 2 && left > 3 * VB ? 4 : left > VB ? 2 : 1;
    }

    /**
     * Cuts {@code rows} rows of {@code bytes}, rounded up to {@link #PIECE}, into panels of {@code width} bytes, a multiple
     * of it, one behind the other.
     */
    static void copyPanels(long from, long fromPitch, long to, int width, int rows, int bytes) {
        long next = (long) (rows - 1) * width;
        for (int i = 0; i < rows; i++) {
            long p = from + i * fromPitch;
            long end = p + bytes;
            long q = to + (long) i * width;
            while (p < end) {
                int d = 0;
                do {
                    ((ByteVector) T32.cast(ByteVector.fromMemorySegment(B32, ALL, p, ORDER))).intoMemorySegment(ALL, q, ORDER);
                    p += PIECE;
                    q += PIECE;
                    d += PIECE;
                } while (d < width && p < end);
                q += next;
            }
        }
    }

    /** Copies {@code rows} rows of {@code bytes}, a multiple of four, and writes nothing between them. */
    static void copy(long from, long fromPitch, long to, long toPitch, int rows, int bytes) {
        // Bits of the count instead of loops: a loop of a few turns costs more than what it copies.
        for (int i = 0; i < rows; i++) {
            long p = from + i * fromPitch;
            long q = to + i * toPitch;
            for (int d = bytes >> 6; d > 0; d--) {
                ((ByteVector) T16.cast(ByteVector.fromMemorySegment(B16, ALL, p, ORDER))).intoMemorySegment(ALL, q, ORDER);
                ((ByteVector) T16.cast(ByteVector.fromMemorySegment(B16, ALL, p + 16, ORDER))).intoMemorySegment(ALL, q + 16, ORDER);
                ((ByteVector) T16.cast(ByteVector.fromMemorySegment(B16, ALL, p + 32, ORDER))).intoMemorySegment(ALL, q + 32, ORDER);
                ((ByteVector) T16.cast(ByteVector.fromMemorySegment(B16, ALL, p + 48, ORDER))).intoMemorySegment(ALL, q + 48, ORDER);
                p += 64;
                q += 64;
            }
            if ((bytes & 32) != 0) {
                ((ByteVector) T16.cast(ByteVector.fromMemorySegment(B16, ALL, p, ORDER))).intoMemorySegment(ALL, q, ORDER);
                ((ByteVector) T16.cast(ByteVector.fromMemorySegment(B16, ALL, p + 16, ORDER))).intoMemorySegment(ALL, q + 16, ORDER);
                p += 32;
                q += 32;
            }
            if ((bytes & 16) != 0) {
                ((ByteVector) T16.cast(ByteVector.fromMemorySegment(B16, ALL, p, ORDER))).intoMemorySegment(ALL, q, ORDER);
                p += 16;
                q += 16;
            }
            if ((bytes & 8) != 0) {
                ALL.set(ValueLayout.JAVA_LONG_UNALIGNED, q, ALL.get(ValueLayout.JAVA_LONG_UNALIGNED, p));
                p += 8;
                q += 8;
            }
            if ((bytes & 4) != 0) {
                ALL.set(ValueLayout.JAVA_INT_UNALIGNED, q, ALL.get(ValueLayout.JAVA_INT_UNALIGNED, p));
            }
        }
    }

    /** Writes zeros to {@code bytes}, rounded up to whole vectors. */
    static void zero(long to, int bytes) {
        ByteVector zero = ByteVector.zero(B);
        for (int d = 0; d < bytes; d += VB) {
            zero.intoMemorySegment(ALL, to + d, ORDER);
        }
    }
}

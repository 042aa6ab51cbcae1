import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * Writes the tiles of the matrix product for each type from one text: accumulators live in registers only as local
 * variables, so each height and width of a tile is a method in which all of them are written out.
 *
 * <p>To run, in the project's directory: {@code java src/build/java/MatMulSources.java}. With the argument
 * {@code check} nothing is written, and the status is 1 if a file differs.
 */
final class MatMulSources {
    private static final Path TARGET = Path.of("src/main/java/dev/lanegrad/internal/kernel");
    /** Rows and vectors of the tiles. */
    private static final int[][] TALL = {{8, 2}, {8, 1}, {6, 2}, {6, 1}};
    /** Those of few rows, which are wide, for eight chains have to be under way at a time. */
    private static final int[][] LOW = {{4, 2}, {4, 1}, {2, 4}, {2, 2}, {2, 1}, {1, 8}, {1, 4}, {1, 2}, {1, 1}};

    private static final String TEXT = """
            package dev.lanegrad.internal.kernel;

            import dev.lanegrad.internal.memory.Raw;
            import java.lang.foreign.MemorySegment;
            import java.lang.foreign.ValueLayout;
            import java.nio.ByteOrder;
            import jdk.incubator.vector.@T@Vector;
            import jdk.incubator.vector.VectorSpecies;

            /** Tiles of products of @t@s. Written by src/build/java/MatMulSources.java: change it there. */
            final class MatMul@T@ extends MatMulTiles {
                private static final MemorySegment ALL = Raw.ALL;
            @FIELDS@
                // Rows of C that are written before those below them, so that what is written lies together.
                private static final int SOME = 64;

                @Override
                void tile(int rows, int vectors, long a, long aRow, long aCol, long b, long bRow, int k,
                        long init, long initRow, long c, long cRow) {
                    switch (rows << 4 | vectors) {
            @CASES@
                        default -> MatMulLow@T@.tile(rows, vectors, a, aRow, aCol, b, bRow, k, init, initRow, c, cRow);
                    }
                }

                @Override
                void packed(long a, long b, int k, long init, long initRow, long c, long cRow) {
                    MatMulPacked@T@.tile(a, b, k, init, initRow, c, cRow);
                }

                @Override
                void outer(long a, long aRow, int rows, long b, int vectors, long c, long cRow) {
                    for (int i = 0; i < rows; i += SOME) {
                        int some = Math.min(SOME, rows - i);
                        long x = a + i * aRow;
                        long to = c + i * cRow;
                        int j = 0;
                        for (; j < vectors - 3; j += 4) {
                            outer4(x, aRow, some, b + j * VB, to + j * VB, cRow);
                        }
                        if ((vectors & 2) != 0) {
                            outer2(x, aRow, some, b + j * VB, to + j * VB, cRow);
                            j += 2;
                        }
                        if (j < vectors) {
                            outer1(x, aRow, some, b + j * VB, to + j * VB, cRow);
                        }
                    }
                }

                @Override
                void transpose(long from, long row, long column, long to, long pitch, int rows, int columns) {
                    int j = 0;
                    for (; j < columns - 3; j += 4) {
                        fourColumns(from + j * column, row, column, to + j * @T@.BYTES, pitch, rows);
                    }
                    for (; j < columns; j++) {
                        oneColumn(from + j * column, row, to + j * @T@.BYTES, pitch, rows);
                    }
                }

                @Override
                void square(int lanes, long from, long column, long to, long pitch) {
                    MatMulSquare@T@.transpose(lanes, from, column, to, pitch);
                }

                private static void fourColumns(long from, long row, long column, long to, long pitch, int rows) {
                    for (int i = 0; i < rows; i++) {
                        long p = from + i * row;
                        long q = to + i * pitch;
                        @t@ x0 = ALL.get(ONE, p);
                        @t@ x1 = ALL.get(ONE, p + column);
                        @t@ x2 = ALL.get(ONE, p + 2 * column);
                        @t@ x3 = ALL.get(ONE, p + 3 * column);
                        ALL.set(ONE, q, x0);
                        ALL.set(ONE, q + @T@.BYTES, x1);
                        ALL.set(ONE, q + 2 * @T@.BYTES, x2);
                        ALL.set(ONE, q + 3 * @T@.BYTES, x3);
                    }
                }

                private static void oneColumn(long from, long row, long to, long pitch, int rows) {
                    for (int i = 0; i < rows; i++) {
                        ALL.set(ONE, to + i * pitch, ALL.get(ONE, from + i * row));
                    }
                }
            @OUTER@@TILES@}
            """;

    private static final String OUTER = """

                private static void outer@W@(long a, long aRow, int rows, long b, long c, long cRow) {
                    @T@Vector zero = @T@Vector.zero(S);
            @LOADS@
                    for (int i = 0; i < rows; i++) {
                        @T@Vector x = @T@Vector.broadcast(S, ALL.get(ONE, a));
                        long q = c & ADDRESS;
            @STORES@
                        a += aRow;
                        c += cRow;
                    }
                }
            """;

    private static final String LOW_TEXT = """
            package dev.lanegrad.internal.kernel;

            import dev.lanegrad.internal.memory.Raw;
            import java.lang.foreign.MemorySegment;
            import java.lang.foreign.ValueLayout;
            import java.nio.ByteOrder;
            import jdk.incubator.vector.@T@Vector;
            import jdk.incubator.vector.VectorSpecies;

            /** The tiles of few rows of @t@s. Written by src/build/java/MatMulSources.java: change it there. */
            final class MatMulLow@T@ {
                private static final MemorySegment ALL = Raw.ALL;
            @FIELDS@

                private MatMulLow@T@() {
                }

                /** See {@link MatMulTiles#tile}. */
                static void tile(int rows, int vectors, long a, long aRow, long aCol, long b, long bRow, int k,
                        long init, long initRow, long c, long cRow) {
                    switch (rows << 4 | vectors) {
            @CASES@
                        default -> throw new IllegalArgumentException(
                                "There is no tile of " + rows + " rows and " + vectors + " vectors.");
                    }
                }
            @TILES@}
            """;

    private static final String PACKED_TEXT = """
            package dev.lanegrad.internal.kernel;

            import dev.lanegrad.internal.memory.Raw;
            import java.lang.foreign.MemorySegment;
            import java.lang.foreign.ValueLayout;
            import java.nio.ByteOrder;
            import jdk.incubator.vector.@T@Vector;
            import jdk.incubator.vector.VectorSpecies;

            /**
             * The main tiles of @t@s where both factors are packed: all distances are constants, so addresses take no
             * arithmetic. Written by src/build/java/MatMulSources.java: change it there.
             */
            final class MatMulPacked@T@ {
                private static final MemorySegment ALL = Raw.ALL;
            @FIELDS@

                private MatMulPacked@T@() {
                }

                /** See {@link MatMulTiles#packed}. */
                static void tile(long a, long b, int k, long init, long initRow, long c, long cRow) {
                    if (MatMulTiles.ROWS == 8) {
                        tile8x2(a, b, k, init, initRow, c, cRow);
                    } else {
                        tile6x2(a, b, k, init, initRow, c, cRow);
                    }
                }
            @TILES@}
            """;

    private static final String FIELDS = """
                private static final ByteOrder ORDER = ByteOrder.nativeOrder();
                private static final ValueLayout.Of@T@ ONE = ValueLayout.JAVA_@U@_UNALIGNED;
                private static final VectorSpecies<@T@> S = @T@Vector.SPECIES_PREFERRED;
                private static final int VB = S.vectorByteSize();
                // What a loop carries from turn to turn is of unknown width to the compiler until it is cast to this.
                private static final Class<?> TYPE = S.vectorType();
                private static final long ADDRESS = Raw.ADDRESS;
            """;

    // The loop counts by the address of B: a counter besides takes a register from the addresses of A, and one that is
    // carried from turn to turn is then spilled, which takes longer than the arithmetic. Rows of A are addressed by
    // their distance from the first, because a sum that is a constant at the loop's start becomes a variable of it.
    private static final String TILE = """

                private static void tile@R@x@W@(long a, long aRow, long aCol, long b, long bRow, int k,
                        long init, long initRow, long c, long cRow) {
            @BEGIN@
                    for (; b != end; b += bRow) {
            @STEP@
                    }
            @END@
                }
            """;

    private static final String PACKED_TILE = """

                private static void tile@R@x@W@(long a, long b, int k, long init, long initRow, long c, long cRow) {
            @BEGIN@
                    for (; b != end; b += @W@ * VB) {
            @STEP@
                    }
            @END@
                }
            """;

    // On vectors of integers: only bits move, and the profiles of the methods of real vectors then know one width.
    private static final String SQUARE = """
            package dev.lanegrad.internal.kernel;

            import dev.lanegrad.internal.memory.Raw;
            import java.lang.foreign.MemorySegment;
            import java.nio.ByteOrder;
            import jdk.incubator.vector.@B@Vector;
            import jdk.incubator.vector.VectorMask;
            import jdk.incubator.vector.VectorShuffle;
            import jdk.incubator.vector.VectorSpecies;

            /**
             * Transposes squares of @t@s. Written by src/build/java/MatMulSources.java: change it there.
             *
             * <p>A step exchanges one bit of the numbers of row and column: of two rows that differ in it, the upper
             * gives its elements in columns with the bit set for those of the lower in columns without.
             */
            final class MatMulSquare@T@ {
                private static final MemorySegment ALL = Raw.ALL;
                private static final ByteOrder ORDER = ByteOrder.nativeOrder();
            @CONSTANTS@

                private MatMulSquare@T@() {
                }

                private static VectorShuffle<@I@> other(VectorSpecies<@I@> species, int bit) {
                    return VectorShuffle.fromOp(species, i -> (i ^ bit) & species.length() - 1);
                }

                private static VectorMask<@I@> set(VectorSpecies<@I@> species, int bit) {
                    long bits = 0;
                    for (int i = 0; i < species.length(); i++) {
                        bits |= (i & bit) != 0 ? 1L << i : 0;
                    }
                    return VectorMask.fromLong(species, bits);
                }

                // Of two rows, the second of which is counted on, what becomes one of them: two steps in one instruction.
                private static @b@[] chosen(int lanes, int bit, boolean upper) {
                    @b@[] from = new @b@[lanes];
                    for (int i = 0; i < lanes; i++) {
                        boolean set = (i & bit) != 0;
                        from[i] = (set == upper ? i : i ^ bit) + (set ? lanes : 0);
                    }
                    return from;
                }

                /** See {@link MatMulTiles#square}. */
                static void transpose(int lanes, long from, long column, long to, long pitch) {
                    switch (lanes) {
            @CASES@
                        default -> throw new IllegalStateException("There are no squares of " + lanes + " elements.");
                    }
                }
            @METHODS@}
            """;

    /** Bits of the widest vectors. */
    private static final int WIDEST = 512;
    // Two rows exchange a bit: of vectors that are not the widest, a machine may have no instruction that reads both.
    private static final String SHUFFLE = """
                    t = x%1$d.rearrange(OTHER%3$d_%4$d).blend(x%2$d, SET%3$d_%4$d);
                    x%1$d = x%1$d.blend(x%2$d.rearrange(OTHER%3$d_%4$d), SET%3$d_%4$d);
                    x%2$d = t;
            """;
    private static final String SELECT = """
                    t = UPPER%3$d_%4$d.selectFrom(x%1$d, x%2$d);
                    x%1$d = LOWER%3$d_%4$d.selectFrom(x%1$d, x%2$d);
                    x%2$d = t;
            """;

    private MatMulSources() {
    }

    /** Writes or checks the files. */
    public static void main(String[] arguments) throws IOException {
        boolean check = arguments.length > 0 && arguments[0].equals("check");
        boolean equal = true;
        for (String type : List.of("Float", "Double")) {
            equal &= put("MatMul" + type, text(type, TEXT, TALL), check);
            equal &= put("MatMulLow" + type, text(type, LOW_TEXT, LOW), check);
            equal &= put("MatMulPacked" + type, typed(type, PACKED_TEXT.replace("@FIELDS@\n", FIELDS)
                    .replace("@TILES@", tile(8, 2, true) + tile(6, 2, true))), check);
            equal &= put("MatMulSquare" + type, squares(type), check);
        }
        System.exit(equal ? 0 : 1);
    }

    private static boolean put(String name, String text, boolean check) throws IOException {
        Path file = TARGET.resolve(name + ".java");
        if (!check) {
            Files.writeString(file, text);
        }
        return Files.exists(file) && Files.readString(file).equals(text);
    }

    private static String typed(String type, String text) {
        return text.replace("@B@", type.equals("Float") ? "Int" : "Long").replace("@I@", type.equals("Float") ? "Integer" : "Long")
                .replace("@b@", type.equals("Float") ? "int" : "long")
                .replace("@U@", type.toUpperCase(Locale.ROOT)).replace("@T@", type)
                .replace("@t@", type.toLowerCase(Locale.ROOT));
    }

    private static String squares(String type) {
        int bits = type.equals("Float") ? Float.SIZE : Double.SIZE;
        StringBuilder constants = new StringBuilder();
        StringBuilder cases = new StringBuilder();
        StringBuilder methods = new StringBuilder();
        for (int lanes = 128 / bits; lanes * bits <= WIDEST; lanes *= 2) {
            cases.append("            case %d -> square%d(from, column, to, pitch);\n".formatted(lanes, lanes));
            methods.append(square(lanes, lanes * bits == WIDEST ? SELECT : SHUFFLE));
            constants.append("    private static final VectorSpecies<@I@> S%d = @B@Vector.SPECIES_%d;\n"
                    .formatted(lanes, lanes * bits));
            constants.append("    private static final Class<?> TYPE%d = S%d.vectorType();\n".formatted(lanes, lanes));
            for (int bit = 1; bit < lanes; bit *= 2) {
                String kinds = lanes * bits == WIDEST ? """
                            private static final @B@Vector LOWER%1$d_%2$d = @B@Vector.fromArray(S%1$d, chosen(%1$d, %2$d, false), 0);
                            private static final @B@Vector UPPER%1$d_%2$d = @B@Vector.fromArray(S%1$d, chosen(%1$d, %2$d, true), 0);
                        """ : """
                            private static final VectorShuffle<@I@> OTHER%1$d_%2$d = other(S%1$d, %2$d);
                            private static final VectorMask<@I@> SET%1$d_%2$d = set(S%1$d, %2$d);
                        """;
                constants.append(kinds.formatted(lanes, bit));
            }
        }
        return typed(type, SQUARE.replace("@CONSTANTS@\n", constants).replace("@CASES@\n", cases)
                .replace("@METHODS@", methods));
    }

    private static String square(int lanes, String exchange) {
        StringBuilder text = new StringBuilder("\n    private static void square" + lanes
                + "(long from, long column, long to, long pitch) {\n        @B@Vector t;\n");
        for (int i = 0; i < lanes; i++) {
            text.append("        @B@Vector x%d = @B@Vector.fromMemorySegment(S%d, ALL, from%s, ORDER);\n"
                    .formatted(i, lanes, times(i, "column")));
        }
        for (int bit = 1; bit < lanes; bit *= 2) {
            for (int i = 0; i < lanes; i++) {
                if ((i & bit) == 0) {
                    text.append(exchange.formatted(i, i + bit, lanes, bit));
                }
            }
        }
        for (int i = 0; i < lanes; i++) {
            text.append("        ((@B@Vector) TYPE%d.cast(x%d)).intoMemorySegment(ALL, to%s, ORDER);\n"
                    .formatted(lanes, i, times(i, "pitch")));
        }
        return text.append("    }\n").toString();
    }

    private static String times(int n, String stride) {
        return n == 0 ? "" : n == 1 ? " + " + stride : " + " + n + " * " + stride;
    }

    private static String text(String type, String text, int[][] shapes) {
        StringBuilder cases = new StringBuilder();
        StringBuilder tiles = new StringBuilder();
        for (int[] tile : shapes) {
            String name = tile[0] + "x" + tile[1];
            cases.append("            case " + tile[0] + " << 4 | " + tile[1] + " -> tile" + name
                    + "(a, aRow, aCol, b, bRow, k, init, initRow, c, cRow);\n");
            tiles.append(tile(tile[0], tile[1], false));
        }
        return typed(type, text.replace("@FIELDS@\n", FIELDS).replace("@CASES@\n", cases)
                .replace("@OUTER@", outer(4) + outer(2) + outer(1)).replace("@TILES@", tiles));
    }

    private static String outer(int vectors) {
        StringBuilder loads = new StringBuilder();
        StringBuilder stores = new StringBuilder();
        for (int j = 0; j < vectors; j++) {
            loads.append("        @T@Vector b%d = @T@Vector.fromMemorySegment(S, ALL, b%s, ORDER);\n".formatted(j, plus(j)));
            stores.append("            b%d.fma(x, zero).intoMemorySegment(ALL, q%s, ORDER);\n".formatted(j, plus(j)));
        }
        return OUTER.replace("@W@", "" + vectors).replace("@LOADS@\n", loads).replace("@STORES@\n", stores);
    }

    private static String tile(int rows, int vectors, boolean packed) {
        StringBuilder begin = new StringBuilder();
        StringBuilder step = new StringBuilder();
        StringBuilder end = new StringBuilder();
        for (int i = 1; i < rows && !packed; i++) {
            begin.append("        long r%d = %saRow & ADDRESS;\n".formatted(i, i == 1 ? "" : i + " * "));
        }
        begin.append("        long q = init;\n");
        end.append("        q = c;\n");
        begin.append("        long end = b + k * %s;\n".formatted(packed ? "(%dL * VB)".formatted(vectors) : "bRow"));
        step.append("            long u = a & ADDRESS;\n            long v = b & ADDRESS;\n");
        for (int j = 0; j < vectors; j++) {
            step.append("            @T@Vector b%d = @T@Vector.fromMemorySegment(S, ALL, v%s, ORDER);\n"
                    .formatted(j, plus(j)));
        }
        for (int i = 0; i < rows; i++) {
            step.append("            @T@Vector x%d = @T@Vector.broadcast(S, ALL.get(ONE, u%s));\n"
                    .formatted(i, i == 0 ? "" : !packed ? " + r" + i : i == 1 ? " + @T@.BYTES" : " + %d * @T@.BYTES".formatted(i)));
            for (int j = 0; j < vectors; j++) {
                String name = "c" + i + "_" + j;
                begin.append("        @T@Vector %s = @T@Vector.fromMemorySegment(S, ALL, q%s, ORDER);\n"
                        .formatted(name, plus(j)));
                step.append("            %s = b%d.fma(x%d, %s);\n".formatted(name, j, i, name));
                end.append("        ((@T@Vector) TYPE.cast(%s)).intoMemorySegment(ALL, q%s, ORDER);\n".formatted(name, plus(j)));
            }
            if (i < rows - 1) {
                begin.append("        q += initRow;\n");
                end.append("        q += cRow;\n");
            }
        }
        step.append("            a += %s;\n".formatted(packed ? rows + " * @T@.BYTES" : "aCol"));
        return (packed ? PACKED_TILE : TILE).replace("@R@", "" + rows).replace("@W@", "" + vectors).replace("@BEGIN@\n", begin)
                .replace("@STEP@\n", step).replace("@END@\n", end);
    }

    private static String plus(int vectors) {
        return vectors == 0 ? "" : vectors == 1 ? " + VB" : " + " + vectors + " * VB";
    }
}

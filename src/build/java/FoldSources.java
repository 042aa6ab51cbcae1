import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Writes the loops of the folds, one class for each operation and type, from one text: the compiler turns a loop into
 * vector code only if the operation stands in it as a constant, and Java has no other way to say that once.
 *
 * <p>To run, in the project's directory: {@code java src/build/java/FoldSources.java}. With the argument {@code check}
 * nothing is written, and the status is 1 if a file differs.
 */
final class FoldSources {
    private static final Path TARGET = Path.of("src/main/java/dev/lanegrad/internal/kernel");

    /**
     * An operation: its name, what it is in words, the identity, and the expression of two operands of a type, in
     * general and for numbers only.
     */
    private record Op(String name, String words, String identity, String expression, String ofNumbers) {
        boolean compares() {
            return !expression.equals(ofNumbers);
        }
    }

    private static final List<Op> OPS = List.of(
            new Op("Sum", "Sums", "-0@s@", "$1.add($2)", "$1.add($2)"),
            new Op("Prod", "Products", "1", "$1.mul($2)", "$1.mul($2)"),
            new Op("Max", "Maxima", "@T@.NEGATIVE_INFINITY",
                    "$1.blend($2, $1.compare(LT, $2).or($2.compare(NE, $2)))", "$1.blend($2, $1.compare(LT, $2))"),
            new Op("Min", "Minima", "@T@.POSITIVE_INFINITY",
                    "$1.blend($2, $2.compare(LT, $1).or($2.compare(NE, $2)))", "$1.blend($2, $2.compare(LT, $1))"));

    private static final String TEXT = """
            package dev.lanegrad.internal.kernel;

            @OPERATORS@import dev.lanegrad.internal.memory.Raw;
            import java.lang.foreign.MemorySegment;
            import java.lang.foreign.ValueLayout;
            import java.nio.ByteOrder;
            import jdk.incubator.vector.@T@Vector;
            import jdk.incubator.vector.VectorMask;
            import jdk.incubator.vector.VectorOperators;
            import jdk.incubator.vector.VectorShuffle;
            import jdk.incubator.vector.VectorSpecies;

            /** @WORDS@ of @t@s. Written by src/build/java/FoldSources.java: change it there. */
            final class Fold@T@@NAME@ extends FoldLoops {
                private static final MemorySegment ALL = Raw.ALL;
                private static final ByteOrder ORDER = ByteOrder.nativeOrder();
                private static final VectorSpecies<@T@> S = @T@Vector.SPECIES_PREFERRED;
                private static final Class<?> TYPE = S.vectorType();
                private static final int V = S.length();
                private static final int VB = S.vectorByteSize();
                private static final int BYTES = @T@.BYTES;
                private static final int GROUP = LANES * BYTES;
                private static final @t@ IDENTITY = @IDENTITY@;
                private static final @T@Vector ID = @T@Vector.broadcast(S, IDENTITY);
                private static final @T@Vector IOTA = @T@Vector.zero(S).addIndex(1);
                private static final VectorShuffle<@T@> BY_8 = VectorShuffle.iota(S, 8 % V, 1, true);
                private static final VectorShuffle<@T@> BY_4 = VectorShuffle.iota(S, 4 % V, 1, true);
                private static final VectorShuffle<@T@> BY_2 = VectorShuffle.iota(S, 2 % V, 1, true);
                private static final VectorShuffle<@T@> BY_1 = VectorShuffle.iota(S, 1, 1, true);

                Fold@T@@NAME@() {
                    super(BYTES);
                }

            @LANES@
                @Override
                void rows(long in, long rowStride, int n, int rows, long out) {
                    switch ((n - 1) / V) {
                        case 0 -> rows1(in, rowStride, n, rows, out);
                        case 1 -> rows2(in, rowStride, n, rows, out);
                        case 2 -> rows3(in, rowStride, n, rows, out);
                        default -> rows4(in, rowStride, n, rows, out);
                    }
                }

            @ROWS@
            @COLUMN@
                @Override
                void joinFour(long to, long toStride, long in, long inStride, long far, int rows, int bytes) {
                    for (int row = 0; row < rows; row++) {
                        long p = to + row * toStride;
                        long q = in + row * inStride;
                        for (int d = 0; d < bytes; d += VB) {
                            @T@Vector a = @T@Vector.fromMemorySegment(S, ALL, p + d, ORDER);
            @FAR@
                            a.intoMemorySegment(ALL, p + d, ORDER);
                        }
                    }
                }

                @Override
                void joinFourNarrow(long to, long toStride, long in, long inStride, long far, int rows) {
                    for (int row = 0; row < rows; row++) {
                        long p = to + row * toStride;
                        long q = in + row * inStride;
                        @T@Vector a = @T@Vector.fromMemorySegment(S, ALL, p, ORDER);
            @NEAR@
                        a.intoMemorySegment(ALL, p, ORDER);
                    }
                }

                @Override
                void join(long a, long aStride, long b, long bStride, long out, long outStride, int rows, int bytes) {
                    for (int row = 0; row < rows; row++) {
                        long p = a + row * aStride;
                        long q = b + row * bStride;
                        long r = out + row * outStride;
                        int d = 0;
                        for (; d < bytes - 3 * VB; d += 4 * VB) {
            @JOIN@
                        }
                        for (; d < bytes; d += VB) {
                            @T@Vector x = @T@Vector.fromMemorySegment(S, ALL, p + d, ORDER);
                            @T@Vector y = @T@Vector.fromMemorySegment(S, ALL, q + d, ORDER);
                            {x, y}.intoMemorySegment(ALL, r + d, ORDER);
                        }
                    }
                }

                @Override
                void joinNarrow(long a, long aStride, long b, long bStride, long out, long outStride, int rows) {
                    for (int row = 0; row < rows; row++) {
                        @T@Vector x = @T@Vector.fromMemorySegment(S, ALL, a + row * aStride, ORDER);
                        @T@Vector y = @T@Vector.fromMemorySegment(S, ALL, b + row * bStride, ORDER);
                        {x, y}.intoMemorySegment(ALL, out + row * outStride, ORDER);
                    }
                }

                @Override
                void fill(long out, int bytes) {
                    for (int d = 0; d < bytes; d += VB) {
                        ID.intoMemorySegment(ALL, out + d, ORDER);
                    }
                }
            }
            """;

    private static final String FIND = """
            package dev.lanegrad.internal.kernel;

            import dev.lanegrad.internal.memory.Raw;
            import java.lang.foreign.MemorySegment;
            import java.lang.foreign.ValueLayout;
            import java.nio.ByteOrder;
            import jdk.incubator.vector.@T@Vector;
            import jdk.incubator.vector.@I@Vector;
            import jdk.incubator.vector.VectorMask;
            import jdk.incubator.vector.VectorOperators;
            import jdk.incubator.vector.VectorSpecies;

            /** Search for known extremes among @t@s. Written by src/build/java/FoldSources.java: change it there. */
            final class ArgFold@T@ extends ArgFoldLoops {
                private static final MemorySegment ALL = Raw.ALL;
                private static final ByteOrder ORDER = ByteOrder.nativeOrder();
                private static final VectorSpecies<@T@> S = @T@Vector.SPECIES_PREFERRED;
                private static final VectorSpecies<@IB@> I = @I@Vector.SPECIES_PREFERRED;
                private static final int V = S.length();
                private static final int VB = S.vectorByteSize();

                @Override
                void rows(long in, long rowStride, int rows, long extremes, long add, long out) {
                    for (int row = 0; row < rows; row++) {
                        @t@ extreme = ALL.get(ValueLayout.JAVA_@U@_UNALIGNED, extremes + row * (long) @T@.BYTES);
                        @T@Vector e = @T@Vector.broadcast(S, extreme);
                        long p = in + row * rowStride;
                        int lane = V;
                        int d = 0;
                        for (; lane == V; d += VB) {
                            @T@Vector x = @T@Vector.fromMemorySegment(S, ALL, p + d, ORDER);
                            lane = x.compare(VectorOperators.EQ, e).or(x.compare(VectorOperators.NE, x)).firstTrue();
                        }
                        ALL.set(ValueLayout.JAVA_LONG_UNALIGNED, out + row * (long) Long.BYTES,
                                add + d / @T@.BYTES - V + lane);
                    }
                }

                @Override
                void columns(long in, long rowStride, int first, int rows, int bytes, long extremes, long indices) {
                    for (int row = rows - 1; row >= 0; row--) {
                        @I@Vector i = @I@Vector.broadcast(I, first + row);
                        long p = in + row * rowStride;
                        for (int d = 0; d < bytes; d += VB) {
                            @T@Vector x = @T@Vector.fromMemorySegment(S, ALL, p + d, ORDER);
                            @T@Vector e = @T@Vector.fromMemorySegment(S, ALL, extremes + d, ORDER);
                            VectorMask<@T@> found = x.compare(VectorOperators.EQ, e).or(x.compare(VectorOperators.NE, x));
                            @I@Vector known = @I@Vector.fromMemorySegment(I, ALL, indices + d, ORDER);
                            known.blend(i, found.cast(I)).intoMemorySegment(ALL, indices + d, ORDER);
                        }
                    }
                }
            }
            """;

    private static final String LANES = """
            package dev.lanegrad.internal.kernel;

            @OPERATORS@import dev.lanegrad.internal.memory.Raw;
            import java.lang.foreign.MemorySegment;
            import java.nio.ByteOrder;
            import jdk.incubator.vector.@T@Vector;
            import jdk.incubator.vector.VectorOperators;
            import jdk.incubator.vector.VectorSpecies;

            /**
             * @WORDS@ of rows of @t@s by lanes. Written by src/build/java/FoldSources.java: change it there.
             *
             * <p>Each loop is one method: accumulators live in registers only as locals. They begin as broadcasts, not as
             * the constant ID, because the compiler cannot merge a constant object with vectors around a loop but by
             * boxing all of them.
             */
            final class Fold@T@@NAME@Lanes {
                private static final MemorySegment ALL = Raw.ALL;
                private static final ByteOrder ORDER = ByteOrder.nativeOrder();
                private static final VectorSpecies<@T@> S = @T@Vector.SPECIES_PREFERRED;
                private static final Class<?> TYPE = S.vectorType();
                private static final int V = S.length();
                private static final int VB = S.vectorByteSize();
                private static final int BYTES = @T@.BYTES;
                private static final int LANES = FoldLoops.LANES;
                private static final int GROUP = LANES * BYTES;
                private static final @t@ IDENTITY = @IDENTITY@;
                private static final @T@Vector ID = @T@Vector.broadcast(S, IDENTITY);
                private static final @T@Vector IOTA = @T@Vector.zero(S).addIndex(1);

                private Fold@T@@NAME@Lanes() {
                }

            @ALL@
                /** As {@link FoldLoops#lanes}, with narrow vectors: some lanes at a time, and what is left of a row beside it. */
                static void parts(long in, long rowStride, int n, int rows, long out, long work) {
                    int whole = (n & -LANES) * BYTES;
                    int rest = n & LANES - 1;
                    long slabs = work + GROUP;
                    if (rest > 0) {
                        for (int d = 0; d < GROUP; d += VB) {
                            ID.intoMemorySegment(ALL, work + d, ORDER);
                        }
                    }
                    for (int row = 0; row < rows; row++) {
                        long p = in + row * rowStride;
                        for (int i = 0; i < rest; i += V) {
                            @T@Vector x = @T@Vector.fromMemorySegment(S, ALL, p + whole + i * BYTES, ORDER);
                            x = ID.blend(x, IOTA.compare(VectorOperators.LT, (@t@) (rest - i)));
                            x.intoMemorySegment(ALL, work + i * BYTES, ORDER);
                        }
                        for (int s = 0; s < GROUP; s += 8 * VB) {
            @BEGIN@
                            for (int part = 0; part < 2; part++) {
                                long q = s + (part == 0 ? p : work);
                                int bytes = part == 0 ? whole : rest == 0 ? 0 : GROUP;
                                for (int d = 0; d < bytes; d += GROUP) {
            @GROUP@
                                }
                            }
            @PUT@
                        }
                        for (int w = GROUP / 2; w >= VB; w >>= 1) {
                            for (int d = 0; d < w; d += VB) {
                                @T@Vector x = @T@Vector.fromMemorySegment(S, ALL, slabs + d, ORDER);
                                @T@Vector y = @T@Vector.fromMemorySegment(S, ALL, slabs + d + w, ORDER);
                                x = {x, y};
                                x.intoMemorySegment(ALL, w == VB ? out + (long) row * VB : slabs + d, ORDER);
                            }
                        }
                    }
                }
            }
            """;
    private static final String WIDE = """
                /** As {@link FoldLoops#lanes}, where @A@ vectors hold the lanes. */
                static void lanes@A@(long in, long rowStride, int n, int rows, long out) {
                    int whole = (n & -LANES) * BYTES;
                    int rest = n & LANES - 1;
                    for (int row = 0; row < rows; row++) {
                        long p = in + row * rowStride;
            @BEGIN@
            @ROW@
                    }
                }

            """;
    private static final String BEGIN = """
                        @T@Vector a# = @T@Vector.broadcast(S, IDENTITY);
            """;
    private static final String ROW = """
                        long end = p + whole;
                        for (long d = p; d != end; d += GROUP) {
            @WHOLE@
                        }
            @REST@
            @TREE@
                        a0 = {a0, a1};
                        a0.intoMemorySegment(ALL, out + (long) row * VB, ORDER);
            """;
    // As in WHOLE: a row that may hold a NaN is folded again, by a method of its own, since C1 refuses the two in one, and C2
    // without the profile of C1 was seen to make an object of each accumulator in every other JVM.
    private static final String NUMBERS = """
                /** As {@link #lanes@A@} for numbers, from row {@code first} on: the first row that may hold a NaN, or {@code rows}. */
                static int numbers@A@(long in, long rowStride, int n, int first, int rows, long out) {
                    int whole = (n & -LANES) * BYTES;
                    int rest = n & LANES - 1;
                    for (int row = first; row < rows; row++) {
                        long p = in + row * rowStride;
            @BEGIN@
            @SENTRIES@
            @ROW@
                        if (@SOME@) {
                            return row;
                        }
                    }
                    return rows;
                }

            """;
    private static final String REST = """
                        if (rest > # * V) {
                            @T@Vector x# = @T@Vector.fromMemorySegment(S, ALL, p + whole + # * VB, ORDER);
                            x# = ID.blend(x#, IOTA.compare(VectorOperators.LT, (@t@) (rest - # * V)));
                            a# = {a#, x#};
                        }
            """;
    private static final String PUT = """
                            a#.intoMemorySegment(ALL, slabs + s + # * VB, ORDER);
            """;
    private static final String CHOICE = """
                @Override
                void lanes(long in, long rowStride, int n, int rows, long out, long work) {
            @FOUR@
                    if (8 * VB == GROUP) {
            @EIGHT@
                    } else {
                        Fold@T@@NAME@Lanes.parts(in, rowStride, n, rows, out, work);
                    }
                }

            """;
    private static final String FOUR = """
                    if (4 * VB == GROUP) {
            @WIDE@
                        return;
                    }
            """;
    private static final String LANES_OF_ALL = """
                        Fold@T@@NAME@Lanes.lanes@A@(in, rowStride, n, rows, out);
            """;
    private static final String LANES_OF_NUMBERS = """
                        for (int row = 0; row < rows; row++) {
                            row = Fold@T@@NAME@Lanes.numbers@A@(in, rowStride, n, row, rows, out);
                            if (row < rows) {
                                Fold@T@@NAME@Lanes.lanes@A@(in + row * rowStride, rowStride, n, 1, out + (long) row * VB);
                            }
                        }
            """;
    // The whole fold of a row in one loop: of a loop for each halving, the last would make so few turns that the
    // compiler takes it up late or never, and its vectors are boxed until then.
    private static final String ROWS = """
                private static void rows#(long in, long rowStride, int n, int rows, long out) {
                    VectorMask<@T@> valid = IOTA.compare(VectorOperators.LT, (@t@) @N@);
                    for (int row = 0; row < rows; row++) {
                        long p = in + row * rowStride;
                        @T@Vector y;
            @LOAD@
                        x@LAST@ = ID.blend(x@LAST@, valid);
            @FIRST@
            @NAN@
            @ROTATE@
                    }
                }

            """;
    // For one sequence of some hundred elements each call, and each vector that passes through memory, counts. And a
    // comparison costs more than a sum: of NaNs it is a sum of all that tells, by being one; it also is if there were
    // infinities, and then the fold is done again.
    private static final String WHOLE = """
                @Override
                boolean whole(long in, int bytes, long out) {
            @BEGIN@
            @SENTRIES@
                    for (int d = 0; d < bytes; d += GROUP) {
            @GROUP@
                    }
            @TREE@
                    @T@Vector y;
                    @T@Vector x0 = <a0, a1>;
            @ROTATE@
                    return @NUMBERS@;
                }

            """;
    private static final String LOAD = """
                        @T@Vector x# = @T@Vector.fromMemorySegment(S, ALL, p + # * VB, ORDER);
            """;
    private static final String ROTATE = """
                        if (V > 8) {
                            y = x0.rearrange(BY_8);
                            x0 = <x0, y>;
                        }
                        if (V > 4) {
                            y = x0.rearrange(BY_4);
                            x0 = <x0, y>;
                        }
                        if (V > 2) {
                            y = x0.rearrange(BY_2);
                            x0 = <x0, y>;
                        }
                        y = x0.rearrange(BY_1);
                        x0 = <x0, y>;
                        ALL.set(ValueLayout.JAVA_@U@_UNALIGNED, out + row * (long) BYTES, @VALUE@);
            """;
    // Depth first, by eighths of the accumulators: eight, 8 apart, are held in registers and halved to one, which waits in
    // memory for the other seven. Breadth first, all 64 pass through memory six times.
    private static final String COLUMN = """
                @Override
                boolean column(long in, long stride, int n, long work, long out) {
                    int whole = n & -LANES;
                    long step = LANES / 8 * stride;
            @SENTRIES@
                    for (int first = 0; first < LANES / 8; first++) {
                        long p = in + first * stride;
                        int rest = n - whole - first;
            @BEGIN@
                        for (int i = 0; i < whole; i += LANES) {
                            long q = p + i * stride;
            @GROUP@
                        }
                        long q = p + whole * stride;
            @REST@
            @TREE@
                        a0 = <a0, a1>;
                        a0.intoMemorySegment(ALL, work + first * (long) VB, ORDER);
                    }
            @LOAD@
            @TREE@
                    a0 = <a0, a1>;
                    a0.intoMemorySegment(ALL, out, ORDER);
                    return @NUMBERS@;
                }

            """;
    private static final String COLUMN_GROUP = """
                            @T@Vector x# = @T@Vector.fromMemorySegment(S, ALL, q + # * step, ORDER);
                            a# = {a#, x#};
            """;
    private static final String COLUMN_REST = """
                        if (rest > # * 8) {
                            @T@Vector x# = @T@Vector.fromMemorySegment(S, ALL, q + # * step, ORDER);
                            a# = {a#, x#};
                        }
            """;
    private static final String COLUMN_LOAD = """
                    @T@Vector a# = @T@Vector.fromMemorySegment(S, ALL, work + # * VB, ORDER);
            """;
    private static final String FAR = """
                            @T@Vector x# = @T@Vector.fromMemorySegment(S, ALL, q + # * far + d, ORDER);
                            a = {a, x#};
            """;
    private static final String NEAR = """
                        @T@Vector x# = @T@Vector.fromMemorySegment(S, ALL, q + # * far, ORDER);
                        a = {a, x#};
            """;
    private static final String GROUP = """
                                    @T@Vector x# = @T@Vector.fromMemorySegment(S, ALL, q + d + # * VB, ORDER);
                                    a# = {a#, x#};
            """;
    private static final String JOIN = """
                            @T@Vector x# = @T@Vector.fromMemorySegment(S, ALL, p + d + # * VB, ORDER);
                            @T@Vector y# = @T@Vector.fromMemorySegment(S, ALL, q + d + # * VB, ORDER);
                            {x#, y#}.intoMemorySegment(ALL, r + d + # * VB, ORDER);
            """;

    // What a loop carries from turn to turn is of unknown width to the compiler, which then goes by the profiles of the Vector
    // API's methods; and where those have seen several widths, it makes an object of each accumulator in each turn.
    private static final Pattern CARRIED = Pattern.compile("\\b([as]\\d?)\\.(add|mul|blend|compare|intoMemorySegment|test)\\b");
    private static final Pattern SUMMED = Pattern.compile("( +)a(\\d) = .*x\\d.*\n");

    private FoldSources() {
    }

    /** Writes or checks the files. */
    public static void main(String[] arguments) throws IOException {
        boolean check = arguments.length > 0 && arguments[0].equals("check");
        boolean equal = true;
        for (String type : List.of("Float", "Double")) {
            for (Op op : OPS) {
                equal &= put("Fold" + type + op.name(), text(type, op), check);
                equal &= put("Fold" + type + op.name() + "Lanes", lanes(type, op), check);
            }
            equal &= put("ArgFold" + type, typed(type, FIND), check);
        }
        System.exit(equal ? 0 : 1);
    }

    private static boolean put(String name, String text, boolean check) throws IOException {
        Path file = TARGET.resolve(name + ".java");
        if (check) {
            return Files.exists(file) && Files.readString(file).equals(text);
        }
        Files.writeString(file, text);
        return true;
    }

    private static String typed(String type, String text) {
        boolean isFloat = type.equals("Float");
        return text.replace("@s@", isFloat ? "f" : "d").replace("@IB@", isFloat ? "Integer" : "Long")
                .replace("@I@", isFloat ? "Int" : "Long").replace("@U@", type.toUpperCase(Locale.ROOT))
                .replace("@T@", type).replace("@t@", type.toLowerCase(Locale.ROOT));
    }

    private static String text(String type, Op op) {
        boolean compares = op.compares();
        boolean isFloat = type.equals("Float");
        String text = TEXT
                .replace("@LANES@\n", choice(isFloat, compares) + whole(isFloat ? 4 : 8, compares))
                .replace("@ROWS@\n", rows(1) + rows(2) + rows(3) + rows(4))
                .replace("@NAN@\n", compares ? "            boolean nan = x0.compare(NE, x0).anyTrue();\n" : "")
                .replace("@VALUE@", compares ? "nan ? @T@.NaN : x0.lane(0)" : "x0.lane(0)")
                .replace("@COLUMN@\n", column(compares))
                .replace("@FAR@\n", times(4, FAR)).replace("@NEAR@\n", times(4, NEAR))
                .replace("@JOIN@\n", times(4, JOIN));
        return filled(type, op, text);
    }

    private static String choice(boolean isFloat, boolean compares) {
        String wide = compares ? LANES_OF_NUMBERS : LANES_OF_ALL;
        return CHOICE.replace("@FOUR@\n", isFloat ? FOUR.replace("@WIDE@\n", wide.replace("@A@", "4")) : "")
                .replace("@EIGHT@\n", wide.replace("@A@", "8"));
    }

    private static String lanes(String type, Op op) {
        String wide = (type.equals("Float") ? wide(4, op.compares()) : "") + wide(8, op.compares());
        return filled(type, op, LANES.replace("@ALL@\n", wide).replace("@BEGIN@\n", times(8, BEGIN).indent(4))
                .replace("@GROUP@\n", times(8, GROUP)).replace("@PUT@\n", times(8, PUT)));
    }

    private static String filled(String type, Op op, String lines) {
        String text = lines
                .replace("@OPERATORS@", op.compares() ? """
                        import static jdk.incubator.vector.VectorOperators.LT;
                        import static jdk.incubator.vector.VectorOperators.NE;

                        """ : "")
                .replace("@NAME@", op.name()).replace("@WORDS@", op.words())
                .replace("@IDENTITY@", op.identity());
        Matcher joins = Pattern.compile("\\{(\\w+), (\\w+)}").matcher(typed(type, text));
        Matcher ofNumbers = Pattern.compile("<(\\w+), (\\w+)>").matcher(joins.replaceAll(op.expression()));
        return CARRIED.matcher(ofNumbers.replaceAll(op.ofNumbers())).replaceAll("((" + type + "Vector) TYPE.cast($1)).$2");
    }

    private static String rows(int vectors) {
        String line = "            x%d = {x%d, x%d};\n";
        String first = (vectors > 2 ? line.formatted(0, 0, 2) : "") + (vectors > 3 ? line.formatted(1, 1, 3) : "")
                + (vectors > 1 ? line.formatted(0, 0, 1) : "");
        return ROWS.replace("#", Integer.toString(vectors))
                .replace("@N@", vectors == 1 ? "n" : vectors == 2 ? "(n - V)" : "(n - " + (vectors - 1) + " * V)")
                .replace("@LOAD@\n", times(vectors, LOAD)).replace("@LAST@", Integer.toString(vectors - 1))
                .replace("@FIRST@\n", first).replace("@ROTATE@\n", ROTATE);
    }

    private static String column(boolean compares) {
        String group = ofNumbers(times(8, COLUMN_GROUP));
        String rest = ofNumbers(times(8, COLUMN_REST));
        return COLUMN.replace("@BEGIN@\n", times(8, BEGIN)).replace("@LOAD@\n", times(8, COLUMN_LOAD))
                .replace("@SENTRIES@\n", compares ? outdent(sentries(8), 4) : "")
                .replace("@GROUP@\n", compares ? watched(group, 8) : group)
                .replace("@REST@\n", compares ? watched(rest, 8) : rest)
                .replaceFirst("@TREE@\n", ofNumbers(tree(8, "            ")))
                .replace("@TREE@\n", ofNumbers(tree(8, "        ")))
                .replace("@NUMBERS@", compares ? areNumbers(8) : "true");
    }

    private static String tree(int a, String indent) {
        StringBuilder tree = new StringBuilder();
        for (int w = a / 2; w > 1; w /= 2) {
            for (int j = 0; j < w; j++) {
                tree.append(indent).append("a%d = {a%d, a%d};\n".formatted(j, j, j + w));
            }
        }
        return tree.toString();
    }

    private static String whole(int a, boolean compares) {
        String group = ofNumbers(outdent(times(a, GROUP).replace("q + d", "in + d"), 12));
        return WHOLE.replace("@BEGIN@\n", outdent(times(a, BEGIN), 4))
                .replace("@SENTRIES@\n", compares ? outdent(sentries(a), 4) : "")
                .replace("@GROUP@\n", compares ? watched(group, a) : group)
                .replace("@TREE@\n", ofNumbers(tree(a, "        ")))
                .replace("@NUMBERS@", compares ? areNumbers(a) : "true")
                .replace("@ROTATE@\n", outdent(ROTATE, 4).replace(" + row * (long) BYTES, @VALUE@", ", x0.lane(0)"));
    }

    private static String ofNumbers(String lines) {
        return lines.replaceAll("\\{(\\w+, \\w+)}", "<$1>");
    }

    // Half as many as accumulators: with all of them the compiler may run out of registers.
    private static String sentries(int a) {
        return times(a / 2, BEGIN).replace(" a", " s").replace("IDENTITY", "0");
    }

    /** Adds to each fold of an accumulator {@code a#} and an operand {@code x#} the sum that becomes NaN with it. */
    private static String watched(String lines, int a) {
        return SUMMED.matcher(lines).replaceAll(line -> {
            int j = Integer.parseInt(line.group(2));
            int k = j % (a / 2);
            return "%s%ss%d = s%d.add(x%d);\n".formatted(line.group(), line.group(1), k, k, j);
        });
    }

    private static String areNumbers(int a) {
        StringBuilder sum = new StringBuilder("s0");
        for (int j = 1; j < a / 2; j++) {
            sum.append(".add(s%d)".formatted(j));
        }
        return "!" + sum + ".test(VectorOperators.IS_NAN).anyTrue()";
    }

    private static String outdent(String lines, int spaces) {
        return Pattern.compile("^ {" + spaces + "}", Pattern.MULTILINE).matcher(lines).replaceAll("");
    }

    private static String wide(int a, boolean compares) {
        String row = ROW.replace("@WHOLE@\n", outdent(times(a, GROUP).replace("q + d", "d"), 8))
                .replace("@REST@\n", times(a, REST)).replace("@TREE@\n", tree(a, "            "));
        String begin = times(a, BEGIN);
        String numbers = NUMBERS.replace("@BEGIN@\n", begin).replace("@SENTRIES@\n", sentries(a))
                .replace("@ROW@\n", ofNumbers(watched(row, a))).replace("@SOME@", areNumbers(a).substring(1));
        return ((compares ? numbers : "") + WIDE.replace("@BEGIN@\n", begin).replace("@ROW@\n", row))
                .replace("@A@", Integer.toString(a));
    }

    private static String times(int n, String lines) {
        StringBuilder all = new StringBuilder();
        for (int i = 0; i < n; i++) {
            all.append(lines.replace(" + # * VB", i == 0 ? "" : i == 1 ? " + VB" : " + " + i + " * VB")
                    .replace(" + # * step", i == 0 ? "" : i == 1 ? " + step" : " + " + i + " * step")
                    .replace("rest > # * 8", "rest > " + 8 * i)
                    .replace(" + # * far", i == 0 ? "" : i == 1 ? " + far" : " + " + i + " * far")
                    .replace("# * VB", i == 1 ? "VB" : i + " * VB")
                    .replace("rest > # * V", i == 0 ? "rest > 0" : i == 1 ? "rest > V" : "rest > " + i + " * V")
                    .replace("(rest - # * V)", i == 0 ? "rest" : i == 1 ? "(rest - V)" : "(rest - " + i + " * V)")
                    .replace("#", Integer.toString(i)));
        }
        return all.toString();
    }
}

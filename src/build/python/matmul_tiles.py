"""Writes FloatTiles.java and DoubleTiles.java: the register tiles of the matrix product, with every accumulator a local.

    python3 src/build/python/matmul_tiles.py src/main/java/dev/lanegrad/internal/kernel
"""
import sys

ROWS = [8, 6, 4, 1]


def tile(t, v, size, rows, vectors):
    acc = [[f"c{r}{'xy'[j]}" for j in range(vectors)] for r in range(rows)]
    out = [f"    static void tile{rows}x{vectors}(int k, long a, long b, long bStep, long c, long cStep) {{"]
    for r in range(rows):
        out.append(f"        long t{r} = c + {r} * cStep;" if r else "        long t0 = c;")
    for r in range(rows):
        for j in range(vectors):
            at = f"t{r} + VBYTES" if j else f"t{r}"
            out.append(f"        {v} {acc[r][j]} = {v}.fromMemorySegment(S, ALL, {at}, ORDER);")
    out.append(f"        for (int p = 0; p < k; p++) {{")
    out.append(f"            long from = b + p * bStep;")
    out.append(f"            long left = a + (p * {rows * size}L);")
    out.append(f"            {v} x = {v}.fromMemorySegment(S, ALL, from, ORDER);")
    if vectors == 2:
        out.append(f"            {v} y = {v}.fromMemorySegment(S, ALL, from + VBYTES, ORDER);")
    for r in range(rows):
        at = f"left + {r * size}" if r else "left"
        out.append(f"            {v} a{r} = {v}.broadcast(S, ALL.get(LAYOUT, {at}));")
        for j in range(vectors):
            out.append(f"            {acc[r][j]} = a{r}.fma({'xy'[j]}, {acc[r][j]});")
    out.append("        }")
    for r in range(rows):
        for j in range(vectors):
            at = f"t{r} + VBYTES" if j else f"t{r}"
            out.append(f"        {acc[r][j]}.intoMemorySegment(ALL, {at}, ORDER);")
    out.append("    }")
    return "\n".join(out)


def pack(t, size, rows):
    out = [f"    static void pack{rows}(int k, long a, long aRow, long aCol, long to) {{"]
    for r in range(rows):
        out.append(f"        long r{r} = a + {r} * aRow;" if r else "        long r0 = a;")
    out.append("        for (int p = 0; p < k; p++) {")
    out.append("            long at = p * aCol;")
    out.append(f"            long target = to + (p * {rows * size}L);")
    for r in range(rows):
        out.append(f"            ALL.set(LAYOUT, target + {r * size}, ALL.get(LAYOUT, r{r} + at));")
    out.append("        }")
    out.append("    }")
    return "\n".join(out)


def java(t):
    v, size, layout = ("FloatVector", 4, "JAVA_FLOAT") if t == "Float" else ("DoubleVector", 8, "JAVA_DOUBLE")
    parts = []
    for n in (1, 2):
        body = [f"    /** One tile of {n} {'vector' if n == 1 else 'vectors'} a row: {{@code rows}} rows of C, "
                "to which products are added. */",
                f"    static void run{n}(int rows, int k, long a, long b, long bStep, long c, long cStep) {{",
                "        switch (rows) {"]
        for r in ROWS[:-1]:
            body.append(f"            case {r} -> tile{r}x{n}(k, a, b, bStep, c, cStep);")
        body.append(f"            default -> tile1x{n}(k, a, b, bStep, c, cStep);")
        body += ["        }", "    }"]
        parts.append("\n".join(body))
    body = ["    /** Lays {@code rows} rows of A side by side: element (r, p) goes to place p * rows + r. */",
            "    static void pack(int rows, int k, long a, long aRow, long aCol, long to) {", "        switch (rows) {"]
    for r in ROWS[:-1]:
        body.append(f"            case {r} -> pack{r}(k, a, aRow, aCol, to);")
    body += ["            default -> pack1(k, a, aRow, aCol, to);", "        }", "    }"]
    parts.append("\n".join(body))
    for r in ROWS:
        for n in (2, 1):
            parts.append(tile(t, v, size, r, n))
        parts.append(pack(t, size, r))
    return f'''package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.memory.Raw;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.{v};
import jdk.incubator.vector.VectorSpecies;

/**
 * The register tiles of the {t.lower()} matrix product, written by {{@code src/build/python/matmul_tiles.py}} and not by
 * hand. Every element of C is one accumulator, to which products are added with k ascending, each by one fused
 * multiply-add. A is packed by {{@link #pack}}; rows of B are {{@code bStep}} bytes apart, rows of C {{@code cStep}}.
 */
final class {t}Tiles {{
    static final VectorSpecies<{t}> S = {v}.SPECIES_PREFERRED;
    static final int VBYTES = S.vectorByteSize();
    private static final MemorySegment ALL = Raw.ALL;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final ValueLayout.Of{t} LAYOUT = ValueLayout.{layout};

    private {t}Tiles() {{
    }}

''' + "\n\n".join(parts) + "\n}\n"


for kind in ("Float", "Double"):
    with open(f"{sys.argv[1]}/{kind}Tiles.java", "w") as f:
        f.write(java(kind))

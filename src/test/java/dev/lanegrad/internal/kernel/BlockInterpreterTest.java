package dev.lanegrad.internal.kernel;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.lanegrad.internal.lane.Lane;
import dev.lanegrad.internal.lane.LaneBuilder;
import dev.lanegrad.internal.lane.LaneCode;
import dev.lanegrad.internal.lane.Prim;
import java.lang.foreign.Arena;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The block interpreter, and its stand-in in plain Java, compute the bits that the scalar interpreter computes. */
@Tag("widths")
class BlockInterpreterTest {
    private static final int[] SIZES = {1, 3, 16, 17, 207, 1024, 1025, 2500};

    @Test
    void eachPrimitiveIsExact() {
        Random random = new Random(11);
        for (Lane lane : Lane.values()) {
            for (Prim prim : Prim.values()) {
                runs(MapCases.one(lane, prim), 1025, 0, random, false);
                runs(MapCases.one(lane, prim), 40, 0b1010, random, false);
                runs(MapCases.one(lane, prim), 40, 0b1110, random, false);
            }
        }
    }

    @Test
    void randomCodesAreExactForEachSizeAndSetOfScalars() {
        Random random = new Random(12);
        for (int i = 0; i < 400; i++) {
            Lane lane = Lane.values()[i & 1];
            int outputs = 1 + random.nextInt(3);
            LaneCode code = MapCases.random(lane, 1 + random.nextInt(4), 2 + random.nextInt(50), outputs, random);
            long scalars = random.nextInt(16) << outputs;
            runs(code, SIZES[random.nextInt(SIZES.length)], i % 3 == 0 ? scalars : 0, random, false);
        }
    }

    @Test
    void outputsMayBeTheMemoryOfInputs() {
        Random random = new Random(13);
        for (int i = 0; i < 300; i++) {
            Lane lane = Lane.values()[i & 1];
            LaneCode code = MapCases.random(lane, 3, 2 + random.nextInt(12), 1 + random.nextInt(3), random);
            runs(code, SIZES[random.nextInt(SIZES.length)], 0, random, true);
        }
        LaneBuilder b = new LaneBuilder(Lane.FLOAT);
        runs(b.build(3, b.input(1), b.input(0), b.input(0).add(b.input(2))), 1500, 0, random, true);
    }

    @Test
    void onlyAPrimitiveOfTheInputsInTheirOrderIsALoopAlone() {
        LaneBuilder b = new LaneBuilder(Lane.FLOAT);
        assertNotNull(BlockInterpreter.single(b.build(2, b.input(0).sub(b.input(1)))));
        assertNotNull(BlockInterpreter.single(b.build(3, b.input(0).fma(b.input(1), b.input(2)))));
        assertNull(BlockInterpreter.single(b.build(2, b.input(1).sub(b.input(0)))));
        assertNull(BlockInterpreter.single(b.build(1, b.input(0).mul(b.input(0)))));
        assertNull(BlockInterpreter.single(b.build(1, b.input(0))));
        assertNull(BlockInterpreter.single(b.build(1, b.input(0).mul(2))));
    }

    private static void runs(LaneCode code, int n, long scalars, Random random, boolean inPlace) {
        LoopRun.check(BlockInterpreter.of(code), code, n, scalars, random, inPlace, "interpreter");
        LoopRun.check(new ScalarLoop(MapKernel.of(code)), code, n, scalars, random, inPlace, "plain Java");
        Loop single = BlockInterpreter.single(code);
        if (single != null) {
            LoopRun.check(single, code, n, scalars, random, inPlace, "primitive");
        }
    }

    /** Runs a loop on a frame and compares it with the scalar interpreter. */
    static final class LoopRun {
        private LoopRun() {
        }

        static void check(Loop loop, LaneCode code, int n, long scalars, Random random, boolean inPlace, String what) {
            Workspace workspace = Workspace.current();
            workspace.begin(MapKernel.of(code));
            int outputs = code.outputs().size();
            try (Arena arena = Arena.ofConfined()) {
                long[][] inputs = new long[code.inputs()][n];
                long[] results = new long[outputs];
                for (int p = 0; p < code.inputs(); p++) {
                    boolean scalar = (scalars >> outputs + p & 1) != 0;
                    long at = MapCases.numbers(arena, code.lane(), n, random);
                    long first = MapCases.bitsAt(code.lane(), at, 0);
                    for (int i = 0; i < (scalar ? 64 / code.lane().bytes() : 0); i++) {
                        MapCases.setBits(code.lane(), at, i, first);
                    }
                    for (int i = 0; i < n; i++) {
                        inputs[p][i] = scalar ? first : MapCases.bitsAt(code.lane(), at, i);
                    }
                    Workspace.place(workspace.frame(), outputs + p, at, scalar ? 0 : -1);
                    if (inPlace && p < outputs) {
                        results[p] = at;
                    }
                }
                for (int o = 0; o < outputs; o++) {
                    results[o] = results[o] != 0 ? results[o] : MapCases.numbers(arena, code.lane(), n, random);
                    Workspace.place(workspace.frame(), o, results[o], -1);
                }
                loop.run(workspace.frame(), n * code.lane().bytes());
                MapCases.check(code, inputs, results, what);
            }
        }
    }
}

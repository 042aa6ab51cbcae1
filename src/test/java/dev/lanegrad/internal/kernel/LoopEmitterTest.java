package dev.lanegrad.internal.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.lanegrad.internal.lane.Lane;
import dev.lanegrad.internal.lane.LaneBuilder;
import dev.lanegrad.internal.lane.LaneCode;
import dev.lanegrad.internal.lane.LaneValue;
import dev.lanegrad.internal.lane.Prim;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Emitted loops compute the bits that the scalar interpreter computes. */
@Tag("widths")
class LoopEmitterTest {
    @Test
    void eachPrimitiveIsExactBeforeAndAfterCompilation() {
        Random random = new Random(21);
        for (Lane lane : Lane.values()) {
            for (Prim prim : Prim.values()) {
                LaneCode code = MapCases.one(lane, prim);
                Loop loop = LoopEmitter.emit(code, 0b100);
                for (int i = 0; i < 3; i++) {
                    BlockInterpreterTest.LoopRun.check(loop, code, 333, 0b100, random, false, "emitted");
                }
            }
        }
    }

    @Test
    void compiledLoopsAreExact() {
        Random random = new Random(22);
        for (Lane lane : Lane.values()) {
            LaneCode code = MapCases.random(lane, 3, 60, 2, random);
            Loop loop = LoopEmitter.emit(code, 0);
            for (int i = 0; i < 1500; i++) {
                BlockInterpreterTest.LoopRun.check(loop, code, 1 + i % 90, 0, random, i % 2 == 0, "emitted, call " + i);
            }
        }
    }

    @Test
    void randomCodesAreExact() {
        Random random = new Random(23);
        for (int i = 0; i < 200; i++) {
            Lane lane = Lane.values()[i & 1];
            int outputs = 1 + random.nextInt(3);
            LaneCode code = MapCases.random(lane, 1 + random.nextInt(4), 2 + random.nextInt(50), outputs, random);
            long scalars = i % 3 == 0 ? random.nextInt(16) << outputs : 0;
            BlockInterpreterTest.LoopRun.check(LoopEmitter.emit(code, scalars), code, 1 + random.nextInt(300), scalars,
                    random, i % 2 == 0 && scalars == 0, "emitted");
        }
    }

    @Test
    void longChainsWorkOnTwoVectorsInTurn() {
        Random random = new Random(25);
        for (Lane lane : Lane.values()) {
            LaneBuilder b = new LaneBuilder(lane);
            LaneValue x = b.input(0);
            LaneValue y = b.input(1);
            for (int i = 0; i < 50; i++) {
                x = x.lt(y).select(x.fma(y, 0.5), x.neg().mul(0.75));
            }
            LaneCode code = b.build(2, x, x.add(y));
            Loop loop = LoopEmitter.emit(code, 0);
            Loop scalar = LoopEmitter.emit(code, 8);
            for (int n = 1; n < 100; n++) {
                BlockInterpreterTest.LoopRun.check(loop, code, n, 0, random, n % 2 == 0, "chain");
                BlockInterpreterTest.LoopRun.check(scalar, code, n, 8, random, false, "chain, scalar");
            }
        }
    }

    @Test
    void aCodeThatTheJvmWouldNotCompileIsRefusedAndRunsInTheInterpreter() {
        LaneBuilder b = new LaneBuilder(Lane.FLOAT);
        LaneValue x = b.input(0);
        for (int i = 0; i < 400; i++) {
            x = x.mul(1 + i * 0.25).add(i);
        }
        LaneCode large = b.build(1, x);
        assertNull(LoopEmitter.emit(large, 0));
        BlockInterpreterTest.LoopRun.check(BlockInterpreter.of(large), large, 77, 0, new Random(24), false, "large");
        LaneValue y = b.input(0);
        for (int i = 0; i < 150; i++) {
            y = y.mul(1 + i * 0.25).add(i);
        }
        assertNotNull(LoopEmitter.emit(b.build(1, y), 0));
    }

    @Test
    void theTextOfACodeIsItsFormula() {
        LaneBuilder b = new LaneBuilder(Lane.FLOAT);
        LaneValue x = b.input(0);
        assertEquals("float add(mul(x0, x1), 1.0)", LaneText.of(b.build(2, x.mul(b.input(1)).add(1))));
        LaneValue long_ = x;
        for (int i = 0; i < 60; i++) {
            long_ = long_.mul(long_);
        }
        String text = LaneText.of(b.build(1, long_));
        assertTrue(text.length() < 500, text);
    }
}

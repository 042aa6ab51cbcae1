package dev.lanegrad.internal.program;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.lanegrad.internal.graph.Context;
import dev.lanegrad.internal.graph.Pointwise;
import dev.lanegrad.internal.graph.Updates;
import dev.lanegrad.internal.graph.Value;
import dev.lanegrad.internal.graph.Values;
import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.op.Unary;
import dev.lanegrad.internal.shape.Layout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Calls under way at the same time have nothing in common, and there are no more of them than are needed. */
class ProgramsTest {
    private static final int PROCESSORS = Runtime.getRuntime().availableProcessors();

    private static Programs negation() {
        return new Programs(inputs -> new Value[] {Pointwise.apply(Unary.NEG, inputs)}, 2);
    }

    private static Value filled(double number) {
        return Values.fill(Context.managed(Cell.FLOAT32, Layout.contiguous(5)), number);
    }

    @Test
    void twoCallsAtOnceHaveProgramsOfTheirOwn() {
        assumeTrue(PROCESSORS > 1);
        Programs programs = negation();
        Call first = programs.begin("call");
        Call second = programs.begin("call");
        first.inputs(1)[0] = filled(1);
        second.inputs(1)[0] = filled(2);
        Compiled one = second.find("call");
        assertNotSame(one, first.find("call"));
        Value a = first.outputs(1)[0] = filled(0);
        Value b = second.outputs(1)[0] = filled(0);
        first.run();
        second.into();
        assertEquals(-1, Values.get(a, 0));
        assertEquals(-2, Values.get(b, 4));
        assertEquals(1, programs.traces());
        assertEquals(1, programs.hits());
        first.end();
        second.end();
    }

    @Test
    void callsOneAfterTheOtherHaveTheSameProgram() {
        Programs programs = negation();
        Compiled before = null;
        for (int i = 0; i < 5; i++) {
            Call call = programs.begin("call");
            call.inputs(1)[0] = filled(i);
            Compiled compiled = call.find("call");
            assertSame(before == null ? compiled : before, compiled);
            before = compiled;
            call.end();
        }
        assertEquals(4, programs.hits());
    }

    @Test
    void aCallTooManyWaitsUntilOneIsOverOrAllAreClosed() throws InterruptedException {
        Programs programs = negation();
        List<Call> calls = new ArrayList<>();
        for (int i = 0; i < PROCESSORS; i++) {
            calls.add(programs.begin("call"));
        }
        AtomicReference<Object> got = new AtomicReference<>();
        Thread waiting = waiting(programs, got);
        calls.get(PROCESSORS - 1).end();
        waiting.join();
        assertSame(calls.get(PROCESSORS - 1), got.get());
        waiting = waiting(programs, got);
        programs.close();
        waiting.join();
        assertEquals("run: this program is closed; make a new one.", ((Exception) got.get()).getMessage());
        assertThrows(IllegalStateException.class, () -> programs.begin("run"));
    }

    private static Thread waiting(Programs programs, AtomicReference<Object> got) throws InterruptedException {
        got.set(null);
        Thread thread = Thread.ofPlatform().start(() -> {
            try {
                got.set(programs.begin("run"));
            } catch (IllegalStateException e) {
                got.set(e);
            }
        });
        while (thread.getState() != Thread.State.WAITING && thread.getState() != Thread.State.TIMED_WAITING) {
            Thread.sleep(1);
        }
        assertEquals(null, got.get());
        return thread;
    }

    @Test
    void whatACallUsesWithoutAskingTheCacheCountsAsUsed() {
        assumeTrue(PROCESSORS > 1);
        Programs programs = negation();
        Call busy = programs.begin("call");
        Call other = programs.begin("call");
        busy.inputs(1)[0] = filled(1);
        busy.find("call");
        for (int n = 1; n < 4; n++) {
            other.inputs(1)[0] = Context.managed(Cell.FLOAT32, Layout.contiguous(n));
            other.find("call");
            busy.find("call");
        }
        // Of two that are kept, the one used in between is never the oldest.
        assertEquals(4, programs.traces());
        assertEquals(2, programs.evictions());
        assertEquals(3, programs.hits());
    }

    @Test
    void aCallThatAnActionOfItsOwnProgramMakesIsRefused() {
        AtomicReference<Programs> self = new AtomicReference<>();
        Programs programs = new Programs(inputs -> {
            Updates.each(() -> negate(self.get()));
            return new Value[] {Pointwise.apply(Unary.NEG, inputs)};
        }, 2);
        self.set(programs);
        for (int i = 0; i < 2; i++) {
            String message = assertThrows(IllegalStateException.class, () -> negate(programs)).getMessage();
            assertTrue(message.startsWith("call: this program was called by what one of its own calls does"), message);
        }
    }

    private static void negate(Programs programs) {
        Call call = programs.begin("call");
        try {
            call.inputs(1)[0] = filled(1);
            call.find("call");
            call.outputs(1)[0] = filled(0);
            call.run();
        } finally {
            call.end();
        }
    }

    @Test
    void aProgramWithActionsIsOneForAllCalls() {
        assumeTrue(PROCESSORS > 1);
        Programs programs = new Programs(inputs -> {
            Updates.each(() -> { });
            return new Value[] {Pointwise.apply(Unary.NEG, inputs)};
        }, 2);
        Call first = programs.begin("call");
        Call second = programs.begin("call");
        first.inputs(1)[0] = filled(1);
        second.inputs(1)[0] = filled(2);
        assertSame(second.find("call"), first.find("call"));
    }
}

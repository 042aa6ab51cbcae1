package dev.lanegrad.internal.kernel;

import dev.lanegrad.internal.lane.LaneCode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.attribute.CodeAttribute;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;

/** Makes an emitted loop usable, and dumps and verifies it first where that is asked for. */
final class EmittedClass {
    /** The JVM compiles no method with more bytes of bytecode. */
    static final int LIMIT = 8000;
    private static final boolean VERIFY = Boolean.getBoolean("lanegrad.verify");
    private static final String DUMP = System.getProperty("lanegrad.dump");
    private static final AtomicInteger DUMPED = new AtomicInteger();

    private EmittedClass() {
    }

    /** The loop that {@code bytes} are; null if a method is too large to be compiled, or no class can be defined here. */
    static Loop define(LaneCode code, byte[] bytes) {
        if (size(bytes) > LIMIT) {
            return null;
        }
        dumpAndVerify(bytes);
        try {
            MethodHandles.Lookup own = MethodHandles.lookup().defineHiddenClass(bytes, true);
            return (Loop) own.findConstructor(own.lookupClass(), MethodType.methodType(void.class)).invoke();
        } catch (UnsupportedOperationException e) {
            return null;
        } catch (Throwable e) {
            throw new IllegalStateException("LoopEmitter: the emitted loop of " + LaneText.of(code) + " was refused; "
                    + "run with -Dlanegrad.verify=true to see why, or with -Dlanegrad.tier=0 to do without.", e);
        }
    }

    /** Bytes of bytecode of the largest method. */
    static int size(byte[] bytes) {
        return ClassFile.of().parse(bytes).methods().stream()
                .mapToInt(method -> ((CodeAttribute) method.code().orElseThrow()).codeLength()).max().orElseThrow();
    }

    private static void dumpAndVerify(byte[] bytes) {
        if (DUMP != null) {
            Path file = Path.of(DUMP, "Map" + DUMPED.incrementAndGet() + ".class");
            try {
                Files.createDirectories(file.getParent());
                Files.write(file, bytes);
            } catch (IOException e) {
                throw new UncheckedIOException("lanegrad.dump: could not write " + file, e);
            }
        }
        if (VERIFY) {
            var errors = ClassFile.of().verify(bytes);
            if (!errors.isEmpty()) {
                throw new IllegalStateException("lanegrad.verify: an emitted loop is not valid: " + errors);
            }
        }
    }
}

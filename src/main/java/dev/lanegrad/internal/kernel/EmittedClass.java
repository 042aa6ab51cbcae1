package dev.lanegrad.internal.kernel;

import static java.lang.classfile.ClassFile.ACC_FINAL;
import static java.lang.classfile.ClassFile.ACC_PRIVATE;
import static java.lang.classfile.ClassFile.ACC_STATIC;

import dev.lanegrad.internal.memory.Raw;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.attribute.CodeAttribute;
import java.lang.classfile.attribute.SourceFileAttribute;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** Makes a class of an emitted loop, and dumps and verifies it first where that is asked for. */
final class EmittedClass {
    /** The class that is written. */
    static final ClassDesc SELF = ClassDesc.of(Loop.class.getPackageName() + ".Map");
    /** Locals of what {@link Loop#run} is given, and the first that is free. */
    static final int FRAME = 1;
    static final int BYTES = 3;
    static final int FREE = 4;
    /** The JVM compiles no method with more bytes of bytecode. */
    static final int LIMIT = 8000;
    private static final boolean VERIFY = Boolean.getBoolean("lanegrad.verify");
    private static final String DUMP = System.getProperty("lanegrad.dump");
    private static final AtomicInteger DUMPED = new AtomicInteger();

    private static final ClassDesc LOOP = VectorWriter.desc(Loop.class);
    private static final ClassDesc OF_LONG = VectorWriter.desc(ValueLayout.OfLong.class);
    private static final MethodTypeDesc RUN = MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_long,
            ConstantDescs.CD_int);

    /** A static constant of the class, which {@code value} puts on the stack. */
    record Constant(String name, ClassDesc type, Consumer<CodeBuilder> value) {
    }

    private EmittedClass() {
    }

    /**
     * The class whose {@link Loop#run} is {@code run}.
     *
     * @param text      what it computes
     * @param constants of those of one name the first
     */
    static byte[] write(String text, List<Constant> constants, Consumer<CodeBuilder> run) {
        Map<String, Constant> named = new LinkedHashMap<>();
        constants.forEach(constant -> named.putIfAbsent(constant.name(), constant));
        return ClassFile.of().build(SELF, type -> {
            type.withFlags(ACC_FINAL).withSuperclass(LOOP).with(SourceFileAttribute.of(text));
            named.values().forEach(constant -> type.withField(constant.name(), constant.type(),
                    ACC_PRIVATE | ACC_STATIC | ACC_FINAL));
            type.withMethodBody(ConstantDescs.INIT_NAME, ConstantDescs.MTD_void, 0, body -> body.aload(0)
                    .invokespecial(LOOP, ConstantDescs.INIT_NAME, ConstantDescs.MTD_void).return_());
            type.withMethodBody(ConstantDescs.CLASS_INIT_NAME, ConstantDescs.MTD_void, ACC_STATIC, body -> {
                for (Constant constant : named.values()) {
                    constant.value().accept(body);
                    body.putstatic(SELF, constant.name(), constant.type());
                }
                body.return_();
            });
            type.withMethodBody("run", RUN, 0, run::accept);
        });
    }

    /** Reads the first {@code count} addresses of the frame into locals from {@code next} on, and returns these. */
    static int[] readAddresses(CodeBuilder body, int count, int next) {
        int[] addresses = new int[count];
        body.lload(FRAME).loadConstant(Raw.ADDRESS).land().lstore(FRAME);
        for (int i = 0; i < count; i++) {
            addresses[i] = next + 2 * i;
            VectorWriter.all(body).getstatic(VectorWriter.desc(ValueLayout.class), "JAVA_LONG_UNALIGNED", OF_LONG)
                    .lload(FRAME).loadConstant((long) i * Loop.ENTRY).ladd()
                    .invokeinterface(VectorWriter.SEGMENT, "get",
                            MethodTypeDesc.of(ConstantDescs.CD_long, OF_LONG, ConstantDescs.CD_long))
                    .loadConstant(Raw.ADDRESS).land().lstore(addresses[i]);
        }
        return addresses;
    }

    /**
     * The loop that {@code bytes} are, and {@code text} says; null if a method is too large to be compiled, or no class can be
     * defined here.
     */
    static Loop define(String text, byte[] bytes) {
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
            throw new IllegalStateException("LoopEmitter: the emitted loop of " + text + " was refused; "
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

package dev.lanegrad.build;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.lanegrad.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.FieldRefEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LineNumber;
import java.lang.reflect.AccessFlag;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Rules that hold for the compiled library: layers, what vector loops may call, and sizes. */
class ClassFilesTest {
    private static final String ROOT = "dev/lanegrad/";
    /** A package, and those of the library it may use besides itself. Arrows point one way. */
    private static final Map<String, Set<String>> LAYERS = Map.of(
            "internal/lane", Set.of(),
            "internal/shape", Set.of(),
            "internal/memory", Set.of(),
            "internal/kernel", Set.of("internal/lane", "internal/shape", "internal/memory"),
            "internal/op", Set.of("internal/lane", "internal/shape", "internal/kernel"),
            "internal/graph", Set.of("internal/lane", "internal/shape", "internal/memory", "internal/kernel", "internal/op"),
            "internal/program", Set.of("internal/lane", "internal/shape", "internal/memory", "internal/kernel", "internal/op",
                    "internal/graph"),
            "", Set.of("internal/lane", "internal/shape", "internal/memory", "internal/kernel", "internal/op", "internal/graph",
                    "internal/program"),
            "optim", Set.of("", "internal/op", "internal/graph", "internal/shape"));
    private static final int HUGE_METHOD = 8000;
    private static final int FILE_LINES = 500;
    private static final int METHOD_LINES = 50;
    private static final String VECTOR = "Ljdk/incubator/vector/";
    private static final List<ClassModel> CLASSES = classes();

    private static List<ClassModel> classes() {
        try {
            Path directory = Path.of(Tensor.class.getProtectionDomain().getCodeSource().getLocation().toURI());
            try (Stream<Path> files = Files.walk(directory)) {
                List<ClassModel> models = new ArrayList<>();
                for (Path file : files.filter(f -> f.toString().endsWith(".class") && !f.endsWith("module-info.class")).toList()) {
                    models.add(ClassFile.of().parse(file));
                }
                return models;
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String name(ClassModel model) {
        return model.thisClass().asInternalName();
    }

    private static String packageOf(String internalName) {
        String path = internalName.substring(ROOT.length());
        int slash = path.lastIndexOf('/');
        return slash < 0 ? "" : path.substring(0, slash);
    }

    @Test
    void everyPackageUsesOnlyWhatIsBelowIt() {
        List<String> wrong = new ArrayList<>();
        for (ClassModel model : CLASSES) {
            String own = packageOf(name(model));
            assertTrue(LAYERS.containsKey(own), "the package of " + name(model) + " has no layer; give it one here");
            for (PoolEntry entry : model.constantPool()) {
                if (entry instanceof ClassEntry used && used.asInternalName().startsWith(ROOT)) {
                    String other = packageOf(used.asInternalName());
                    if (!other.equals(own) && !LAYERS.get(own).contains(other)) {
                        wrong.add(name(model) + " uses " + used.asInternalName());
                    }
                }
            }
        }
        assertEquals(List.of(), wrong);
    }

    @Test
    void noSumOfLanesInAnOrderThatTheCompilerChooses() {
        List<String> wrong = new ArrayList<>();
        forEachCall((where, call) -> {
            String owner = call.owner().asInternalName();
            if (call.name().equalsString("reduceLanes")
                    && (owner.endsWith("/FloatVector") || owner.endsWith("/DoubleVector"))) {
                wrong.add(where);
            }
        });
        assertEquals(List.of(), wrong);
    }

    /** A method that loads or stores vectors calls nothing of ours: such a call would box every vector. */
    @Test
    void vectorLoopsCallOnlyTheJdk() {
        List<String> wrong = new ArrayList<>();
        for (ClassModel model : CLASSES) {
            for (MethodModel method : model.methods()) {
                List<InvokeInstruction> calls = calls(method);
                boolean vectors = calls.stream().anyMatch(call -> call.name().equalsString("fromMemorySegment")
                        || call.name().equalsString("intoMemorySegment"));
                calls.stream().filter(call -> vectors && call.owner().asInternalName().startsWith(ROOT))
                        .forEach(call -> wrong.add(name(model) + "." + method.methodName().stringValue() + " calls "
                                + call.name().stringValue()));
            }
        }
        assertEquals(List.of(), wrong);
    }

    @Test
    void noVectorInAFieldOrAMethodSignature() {
        List<String> wrong = new ArrayList<>();
        for (ClassModel model : CLASSES) {
            model.fields().stream().filter(field -> field.fieldType().stringValue().matches(VECTOR + "\\w*Vector;")
                    && !(field.flags().has(AccessFlag.STATIC) && field.flags().has(AccessFlag.FINAL)))
                    .forEach(field -> wrong.add(name(model) + "." + field.fieldName().stringValue()));
            model.methods().stream().filter(method -> method.methodType().stringValue().matches(".*" + VECTOR + "\\w*Vector;.*"))
                    .forEach(method -> wrong.add(name(model) + "." + method.methodName().stringValue()));
        }
        assertEquals(List.of(), wrong);
    }

    @Test
    void noMethodIsTooLargeForTheCompiler() {
        List<String> wrong = new ArrayList<>();
        for (ClassModel model : CLASSES) {
            model.methods().stream().filter(method -> method.code().isPresent())
                    .filter(method -> method.findAttribute(java.lang.classfile.Attributes.code()).orElseThrow().codeLength()
                            >= HUGE_METHOD)
                    .forEach(method -> wrong.add(name(model) + "." + method.methodName().stringValue()));
        }
        assertEquals(List.of(), wrong);
    }

    @Test
    void noUnsafeAndNoReflectionInTheLibrary() {
        List<String> wrong = new ArrayList<>();
        for (ClassModel model : CLASSES) {
            for (PoolEntry entry : model.constantPool()) {
                if (entry instanceof ClassEntry used && (used.asInternalName().startsWith("sun/misc/")
                        || used.asInternalName().startsWith("java/lang/reflect/"))) {
                    wrong.add(name(model) + " uses " + used.asInternalName());
                }
            }
        }
        assertEquals(List.of(), wrong);
    }

    /** As {@code internal.memory.Raw} says: the aligned layouts test each address. */
    @Test
    void memoryIsAccessedWithoutATestOfItsAlignment() {
        List<String> wrong = new ArrayList<>();
        for (ClassModel model : CLASSES) {
            for (PoolEntry entry : model.constantPool()) {
                if (entry instanceof FieldRefEntry field && field.owner().asInternalName().equals("java/lang/foreign/ValueLayout")
                        && !field.name().equalsString("JAVA_BYTE") && !field.name().stringValue().endsWith("_UNALIGNED")) {
                    wrong.add(name(model) + " uses " + field.name().stringValue());
                }
            }
        }
        assertEquals(List.of(), wrong);
    }

    @Test
    void filesAreShortEnoughToBeRead() throws IOException {
        try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
            List<String> wrong = new ArrayList<>();
            for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
                long lines = Files.lines(file).count();
                if (lines > FILE_LINES) {
                    wrong.add(file + ": " + lines);
                }
            }
            assertEquals(List.of(), wrong);
        }
    }

    /** Longer than a screen: each with its reason. Accumulators of a loop must be locals of one method. */
    private static final Map<String, String> LONG_METHODS = Map.of(
            "internal/kernel/Fold", "64 accumulators, written by FoldSources",
            "internal/kernel/ArgFold", "accumulators, written by FoldSources",
            "internal/kernel/MatMul", "register tiles and squares, written by MatMulSources");

    @Test
    void methodsFitAScreen() {
        List<String> wrong = new ArrayList<>();
        for (ClassModel model : CLASSES) {
            boolean excused = LONG_METHODS.keySet().stream().anyMatch(prefix -> name(model).startsWith(ROOT + prefix));
            for (MethodModel method : model.methods()) {
                int lines = excused || method.methodName().equalsString("<clinit>") ? 0 : lines(method);
                if (lines > METHOD_LINES) {
                    wrong.add(name(model) + "." + method.methodName().stringValue() + ": " + lines);
                }
            }
        }
        assertEquals(List.of(), wrong);
    }

    private static int lines(MethodModel method) {
        int[] numbers = method.code().stream().flatMap(code -> code.elementStream())
                .filter(LineNumber.class::isInstance).mapToInt(element -> ((LineNumber) element).line()).sorted().toArray();
        return numbers.length == 0 ? 0 : numbers[numbers.length - 1] - numbers[0] + 1;
    }

    private interface Visitor {
        void call(String where, InvokeInstruction call);
    }

    private static void forEachCall(Visitor visitor) {
        for (ClassModel model : CLASSES) {
            for (MethodModel method : model.methods()) {
                calls(method).forEach(call -> visitor.call(name(model) + "." + method.methodName().stringValue(), call));
            }
        }
    }

    private static List<InvokeInstruction> calls(MethodModel method) {
        return method.code().stream().flatMap(code -> code.elementStream())
                .filter(InvokeInstruction.class::isInstance).map(InvokeInstruction.class::cast).toList();
    }
}

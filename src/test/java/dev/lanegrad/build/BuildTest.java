package dev.lanegrad.build;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The JVM of the tests is the one the build means: JDK, vector width, debug switch; and the module is what it says. */
class BuildTest {
    private static final String WIDTH_FLAG = "-XX:MaxVectorSize=";

    @Test
    void testsRunOnJdk25() {
        assertEquals(25, Runtime.version().feature());
    }

    @Test
    @Tag("widths")
    void aForcedWidthIsTheWidthOfThePreferredSpecies() {
        int bytes = FloatVector.SPECIES_PREFERRED.vectorByteSize();
        List<String> forced = jvmArguments().stream().filter(argument -> argument.startsWith(WIDTH_FLAG)).toList();
        if (forced.isEmpty()) {
            assertTrue(bytes >= 8, "no vectors: " + bytes + " bytes");
        } else {
            int limit = Integer.parseInt(forced.getLast().substring(WIDTH_FLAG.length()));
            assertTrue(bytes <= limit, bytes + " bytes although " + forced.getLast());
        }
    }

    @Test
    void theDebugRunHasTheDebugSwitch() {
        String counts = System.getProperty("lanegrad.counts");
        if (counts != null && Path.of(counts).getFileName().toString().startsWith("debug-")) {
            assertTrue(jvmArguments().contains("-Dlanegrad.debug=true"));
        }
    }

    @Test
    void theModuleNeedsTheJdkAloneAndExportsNoInternals() throws IOException, URISyntaxException {
        ModuleDescriptor module = library();
        assertEquals(List.of(), module.requires().stream().map(ModuleDescriptor.Requires::name)
                .filter(name -> !name.startsWith("java.") && !name.startsWith("jdk.")).toList());
        assertEquals(List.of(), module.exports().stream().map(ModuleDescriptor.Exports::source)
                .filter(name -> name.contains(".internal")).toList());
    }

    /** The library's descriptor, read from the class path: the tests run in the unnamed module. */
    private static ModuleDescriptor library() throws IOException, URISyntaxException {
        for (URL url : Collections.list(ClassLoader.getSystemResources("module-info.class"))) {
            if (url.getProtocol().equals("file")) {
                var found = ModuleFinder.of(Path.of(url.toURI()).getParent()).find("dev.lanegrad");
                if (found.isPresent()) {
                    return found.get().descriptor();
                }
            }
        }
        throw new AssertionError("no module dev.lanegrad in a directory of the class path");
    }

    private static List<String> jvmArguments() {
        return ManagementFactory.getRuntimeMXBean().getInputArguments();
    }
}

package dev.lanegrad.build;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.StringReader;
import java.util.List;
import java.util.Properties;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.AlphaChars;
import net.jqwik.api.constraints.NotEmpty;
import org.junit.platform.engine.UniqueId;

/** What the counter of tests writes is what was counted. */
class EngineCountsProps {
    @Property(tries = 200)
    void everyEngineIsWrittenWithItsNumberOfTests(@ForAll List<@AlphaChars @NotEmpty String> engines) throws IOException {
        EngineCounts counts = new EngineCounts();
        engines.forEach(engine -> counts.count(UniqueId.forEngine(engine).append("test", "t")));
        Properties written = new Properties();
        written.load(new StringReader(counts.text()));
        assertEquals(engines.stream().distinct().count(), written.size());
        for (String engine : engines) {
            long expected = engines.stream().filter(engine::equals).count();
            assertEquals(Long.toString(expected), written.getProperty(engine));
        }
    }
}

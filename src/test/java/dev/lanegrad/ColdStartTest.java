package dev.lanegrad;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.lanegrad.build.OwnJvm;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a JVM has to load before its first gradient: the classes of vectors alone would take a tenth of a second. */
class ColdStartTest {
    @Test
    void theFirstGradientTouchesNoVector() throws IOException {
        String output = OwnJvm.output(FirstGradient.class, "-Xlog:class+load:stdout");
        List<String> vectors = output.lines().filter(line -> line.matches(".*jdk\\.incubator\\.vector\\.\\w+\\d+Vector .*")).toList();
        assertEquals(List.of(), vectors);
        assertTrue(output.contains("gradient 5.4365"), output);
        assertTrue(output.contains("dev.lanegrad.Tensor "), "classes are printed");
    }

    /** The gradient of {@code sum(x e^x)} at 1, which is 2 e. */
    static final class FirstGradient {
        private FirstGradient() {
        }

        public static void main(String[] arguments) {
            Tensor x = Tensor.of(1f, 2f, 3f).requiresGrad(true);
            try (Tape tape = Tape.open()) {
                x.exp().mul(x).sum().backward();
                System.out.println("gradient " + x.grad().get(0));
            }
        }
    }
}

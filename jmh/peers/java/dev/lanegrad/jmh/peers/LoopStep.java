package dev.lanegrad.jmh.peers;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.CompilationUnit;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.QualifiedName;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * A case in a loop inside libtorch, run so often in one call that the call costs nothing.
 *
 * <p>The loop is TorchScript, whose interpreter calls the ops one after the other. Two things keep it from doing less
 * than was asked: its optimiser is off, and the operands might be changed after the loop, so that no op could be taken
 * out of it. The results of a step live until the next one has replaced them, and the last are returned.
 */
final class LoopStep implements Step {
    private static final int MOST = 2000;
    private static final long NANOS = 300_000;

    private final TorchOperands operands;
    private final CompilationUnit unit;
    private final org.bytedeco.pytorch.Function function;
    private final int times;

    LoopStep(Case of) {
        torch.setGraphExecutorOptimize(false);
        operands = TorchOperands.of(of);
        unit = torch.compile(script(of));
        function = unit.get_function(new QualifiedName("loop"));
        call(1).close();
        long nanos = Long.MAX_VALUE;
        for (int i = 0; i < 3; i++) {
            long start = System.nanoTime();
            call(1).close();
            nanos = Math.min(nanos, System.nanoTime() - start);
        }
        times = Math.clamp(NANOS / nanos * 10, 1, MOST);
    }

    /** The text of the loop. */
    static String script(Case of) {
        List<Operand> kinds = of.operands();
        List<String> names = IntStream.range(0, kinds.size()).mapToObj(i -> "x" + i).toList();
        ScriptDialect dialect = new ScriptDialect();
        String result = of.in(dialect).apply(names);
        String arguments = names.stream().map(name -> name + ": Tensor, ").collect(Collectors.joining());
        String parameters = IntStream.range(0, kinds.size()).filter(i -> kinds.get(i).kind() == Operand.Kind.PARAMETER)
                .mapToObj(names::get).collect(Collectors.joining(", "));
        boolean backward = of.direction() == Direction.BACKWARD;
        boolean seeded = backward && of.result().length > 0;
        StringBuilder text = new StringBuilder("def loop(" + arguments + (seeded ? "g: Tensor, " : "") + "n: int):\n");
        text.append(seeded ? "    gs: Optional[List[Optional[Tensor]]] = [g]\n" : "");
        text.append("    y = x0\n    d: List[Optional[Tensor]] = []\n    for i in range(n):\n");
        text.append(dialect.statements("        "));
        if (backward) {
            text.append("        d = torch.grad([").append(result).append("], [").append(parameters).append(']')
                    .append(seeded ? ", gs" : "").append(")\n");
        }
        text.append("        y = ").append(result).append("\n    if n < 0:\n");
        names.forEach(name -> text.append("        ").append(name).append(".zero_()\n"));
        return text.append("    return y, d\n").toString();
    }

    private IValue call(int n) {
        try (PointerScope scope = new PointerScope()) {
            IValueVector arguments = new IValueVector();
            operands.all().forEach(operand -> arguments.push_back(new IValue(operand)));
            if (operands.seed() != null) {
                arguments.push_back(new IValue(operands.seed()));
            }
            arguments.push_back(new IValue((long) n));
            IValue result = function.apply(arguments);
            result.retainReference();
            return result;
        }
    }

    @Override
    public Object run() {
        try (IValue result = call(times)) {
            return result;
        }
    }

    @Override
    public int times() {
        return times;
    }

    @Override
    public List<double[]> results() {
        try (PointerScope scope = new PointerScope(); IValue pair = call(2)) {
            List<double[]> results = new ArrayList<>();
            IValueVector parts = pair.toTuple().elements().vec();
            results.add(TorchOperands.elements(parts.get(0).toTensor()));
            IValue gradients = parts.get(1);
            for (IValue gradient : gradients.toListRef().vec().get()) {
                results.add(TorchOperands.elements(gradient.toTensor()));
            }
            return results;
        }
    }

    @Override
    public void close() {
        function.close();
        unit.close();
        operands.close();
    }
}

/**
 * Reverse-mode automatic differentiation on off-heap tensors.
 *
 * <p>The module requires {@code jdk.incubator.vector} because every kernel is written on the Vector API and there is no
 * second implementation: with a {@code requires} the incubator module is resolved by itself wherever Lanegrad is on the
 * module path, and only a program on the class path must say {@code --add-modules jdk.incubator.vector}. The
 * requirement is not {@code transitive}: no type of that API appears in an exported signature, so programs that use
 * Lanegrad do not have to change when the API leaves incubation.
 *
 * <p>Kernels read raw addresses, which is a restricted operation of the JDK: run with
 * {@code --enable-native-access=dev.lanegrad} (on the class path {@code ALL-UNNAMED}) to allow it without a warning.
 */
module dev.lanegrad {
    requires jdk.incubator.vector;

    exports dev.lanegrad;
    exports dev.lanegrad.optim;
}

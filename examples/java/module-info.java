/** Runnable examples; a module of its own, so that they use what Lanegrad exports and the JDK. */
module dev.lanegrad.examples {
    requires dev.lanegrad;
    requires jdk.management;
}

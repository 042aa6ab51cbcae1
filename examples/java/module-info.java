/** Runnable examples; a module of its own, so that they use what Lanegrad exports and nothing else. */
module dev.lanegrad.examples {
    requires dev.lanegrad;
}

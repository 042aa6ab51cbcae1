/** Optimisers: they change parameters in place, outside the graph, by one fused kernel for each parameter. */
package dev.lanegrad.optim;

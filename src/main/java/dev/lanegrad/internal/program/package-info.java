/** Functions of tensors, traced once, fused into few passes and replayed. */
package dev.lanegrad.internal.program;

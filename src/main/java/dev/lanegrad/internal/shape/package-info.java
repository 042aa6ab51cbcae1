/** Sizes, strides, broadcasting and dimension arguments: pure functions, without memory. */
package dev.lanegrad.internal.shape;

package dev.lanegrad.internal.op;

import dev.lanegrad.internal.kernel.FoldOp;
import dev.lanegrad.internal.lane.Cell;
import dev.lanegrad.internal.shape.Layout;

/**
 * The ops that move, gather or combine elements. Each states its vector-Jacobian product in differentiable ops, in one
 * exhaustive switch of {@code internal.graph}; {@link #saves} says what that product needs.
 */
public sealed interface Structural extends Op {
    /** What a product reads besides the gradient and the sizes: bit i the operand i, bit 3 the result. */
    int saves();

    /** True if the gradient of the result flows into this operand. */
    default boolean reaches(int operand) {
        return true;
    }

    @Override
    default String label() {
        String name = getClass().getSimpleName();
        return Character.toLowerCase(name.charAt(0)) + name.substring(1);
    }

    /** A fold over the dimensions whose bit is set in {@code dims}. */
    record Reduce(FoldOp fold, int dims, boolean keepDim) implements Structural {
        @Override
        public int saves() {
            return fold == FoldOp.SUM ? 0 : 0b1001;
        }

        @Override
        public String label() {
            return Op.camelCase(fold.name());
        }
    }

    /** For each element the product of all others that it is folded with over {@code dims}: a product's partials. */
    record ProdOfOthers(int dims) implements Structural {
        @Override
        public int saves() {
            return 0b1;
        }
    }

    /** The same elements, row-major, in other sizes. */
    record Reshape(Layout sizes) implements Structural {
        @Override
        public int saves() {
            return 0;
        }
    }

    /** Dimension {@code d} of the result is dimension {@code order[d]} of the operand. The array is not copied. */
    record Permute(int[] order) implements Structural {
        @Override
        public int saves() {
            return 0;
        }
    }

    /** Repetition along new dimensions and those of size 1. */
    record Expand(Layout sizes) implements Structural {
        @Override
        public int saves() {
            return 0;
        }
    }

    /** Every {@code step}-th element along {@code dim} from {@code start}; {@code size} of them. */
    record Slice(int dim, int start, int step, int size) implements Structural {
        @Override
        public int saves() {
            return 0;
        }
    }

    /** Zeros of size {@code size} along {@code dim}, with the operand at {@code start}, {@code start + step}, ... */
    record Embed(int dim, int start, int step, int size) implements Structural {
        @Override
        public int saves() {
            return 0;
        }
    }

    /** The elements of the operand's memory from {@code offset} on, in {@code layout}: a view of any kind. */
    record Window(long offset, Layout layout) implements Structural {
        @Override
        public int saves() {
            return 0;
        }
    }

    /** Zeros of {@code sizes}, with the operand added where a window of this offset and layout lies. */
    record Unwindow(long offset, Layout layout, Layout sizes) implements Structural {
        @Override
        public int saves() {
            return 0;
        }
    }

    /** The first operand, with the second in place of what lies in the window. */
    record Overwrite(long offset, Layout layout) implements Structural {
        @Override
        public int saves() {
            return 0;
        }
    }

    /** The elements whose indices along {@code first} and {@code second} are equal, along a new last dimension. */
    record Diagonal(int first, int second) implements Structural {
        @Override
        public int saves() {
            return 0;
        }

        /** Where they lie in an operand of this layout. */
        public Layout in(Layout layout) {
            int[] sizes = new int[layout.rank() - 1];
            long[] strides = new long[layout.rank() - 1];
            int kept = 0;
            for (int d = 0; d < layout.rank(); d++) {
                if (d != first && d != second) {
                    sizes[kept] = layout.size(d);
                    strides[kept++] = layout.stride(d);
                }
            }
            sizes[kept] = Math.min(layout.size(first), layout.size(second));
            strides[kept] = layout.stride(first) + layout.stride(second);
            return Layout.of(sizes, strides);
        }
    }

    /** The operand again, in memory of its own. */
    record Clone() implements Structural {
        @Override
        public int saves() {
            return 0;
        }
    }

    /** The operands one after the other along {@code dim}. */
    record Cat(int dim) implements Structural {
        @Override
        public int saves() {
            return 0;
        }
    }

    /** The product of matrices in the last two dimensions, broadcast over the others. */
    record Matmul() implements Structural {
        @Override
        public int saves() {
            return 0b11;
        }
    }

    /** The elements of the first operand that the second names along {@code dim}. */
    record Gather(int dim) implements Structural {
        @Override
        public int saves() {
            return 0b10;
        }
    }

    /** Zeros of size {@code size} along {@code dim}, to which the first operand is added where the second names. */
    record ScatterAdd(int dim, int size) implements Structural {
        @Override
        public int saves() {
            return 0b10;
        }
    }

    /** The slices of the first operand that the second, a vector, names along {@code dim}. */
    record IndexSelect(int dim) implements Structural {
        @Override
        public int saves() {
            return 0b10;
        }
    }

    /** Zeros of size {@code size} along {@code dim}, to which slices of the first operand are added where the second names. */
    record IndexAdd(int dim, int size) implements Structural {
        @Override
        public int saves() {
            return 0b10;
        }
    }

    /** Exponentials along {@code dim}, divided by their sum. */
    record Softmax(int dim) implements Structural {
        @Override
        public int saves() {
            return 0b1000;
        }
    }

    /** The logarithm of the softmax along {@code dim}. */
    record LogSoftmax(int dim) implements Structural {
        @Override
        public int saves() {
            return 0b1000;
        }
    }

    /**
     * For each row of the first operand, a matrix, minus the logarithm of the softmax at the class that the second names.
     * The third is that softmax: what the product needs, so that nothing else of the forward pass is kept.
     */
    record CrossEntropy() implements Structural {
        @Override
        public int saves() {
            return 0b110;
        }

        @Override
        public boolean reaches(int operand) {
            return operand == 0;
        }
    }

    /** The logarithm of the sum of exponentials over {@code dims}. */
    record LogSumExp(int dims, boolean keepDim) implements Structural {
        @Override
        public int saves() {
            return 0b1001;
        }
    }

    /** The mean squared distance from the mean over {@code dims}, with the count less {@code correction} as divisor. */
    record Var(int dims, double correction, boolean keepDim) implements Structural {
        @Override
        public int saves() {
            return 0b1;
        }

        /** The divisor for so many folded elements. */
        public double divisor(long count) {
            return Math.max(0, count - correction);
        }
    }

    /** The length over {@code dims}: the root of the sum of squares. */
    record Norm(int dims, boolean keepDim) implements Structural {
        @Override
        public int saves() {
            return 0b1001;
        }
    }

    /** The same numbers in another type. */
    record Cast(Cell to) implements Structural {
        @Override
        public int saves() {
            return 0;
        }
    }
}

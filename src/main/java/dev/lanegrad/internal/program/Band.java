package dev.lanegrad.internal.program;

import dev.lanegrad.internal.kernel.FoldOp;
import dev.lanegrad.internal.kernel.MapKernel;
import dev.lanegrad.internal.kernel.MatMul;
import dev.lanegrad.internal.kernel.OrderedBlocks;
import dev.lanegrad.internal.kernel.Workers;
import dev.lanegrad.internal.op.Structural;
import dev.lanegrad.internal.op.Structural.Reduce;
import dev.lanegrad.internal.shape.Layout;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Regions that are computed together, some rows at a time, so that what one leaves is still in the cache when the next one
 * reads it; values that only they need never lie in memory as a whole. A softmax, a normalisation or a loss by rows, with
 * its derivative, is one pass over memory then. Folds along the rows, or of everything, are fed on the way. Matrix products
 * whose rows are those of the band take part, so that what is done to a product, or makes its first factor, is done where
 * the rows still lie in the cache. A band of one region is just that region.
 */
final class Band {
    /** Elements that are computed at a time: a few operands of so many stay in the second level of cache. */
    private static final int BLOCK = 16384;
    /** From so many elements on it matters that they lie in memory. */
    static final long WORTHWHILE = 24 << 10;
    private static final int MOST_MEMBERS = 24;
    /** What it takes to fold an element. */
    private static final double NANOS_OF_FOLDED = 0.05;
    /** Bytes that a loop writes at once, at most: it may write behind what it was asked for if that is no multiple. */
    private static final int VECTOR = 64;
    /** Rows of which blocks are multiples if threads share them: one number for each is whole vectors. */
    private static final int SHARED_ROWS = VECTOR / Float.BYTES;
    /** The most elements of a row then, and the least blocks for each thread. */
    private static final int SHARED_WIDEST = 4 * BLOCK / SHARED_ROWS;
    private static final int SHARED_BLOCKS = 2;

    /** Number of rows; 0 if this is one region as it is. */
    final long rows;
    final List<Region> members = new ArrayList<>();
    /** Values that only members read, each a block at a time. */
    final Set<Node> local = new HashSet<>();
    /** Members that may be computed in one loop. */
    List<Chain> chains = List.of();
    private final Map<Node, Place> places;
    private final Set<Node> made = new HashSet<>();
    private final Set<Node> streamed = new HashSet<>();
    private long widest = 1;
    private boolean linked;
    private boolean products;
    private int parts = 1;

    private Band(long rows, Map<Node, Place> places) {
        this.rows = rows;
        this.places = places;
    }

    /** How a fold relates to rows. */
    enum Along { ROW, COLUMNS, ALL, NEITHER }

    /** Threads that may compute blocks at the same time: each has memory of its own for what is local. */
    int parts() {
        return parts;
    }

    /** Bytes that a block of {@code bytes} bytes of each part takes, one part behind the other. */
    long room(long bytes) {
        return parts == 1 ? bytes : (bytes + VECTOR - 1 & -VECTOR) + VECTOR;
    }

    /** Bytes of a block of {@code node}, which is local. */
    long blockBytes(Node node) {
        return width(node.layout()) * block() * node.cell().bytes();
    }

    /** How much work it is. */
    double work() {
        return OrderedBlocks.work(members.stream().mapToDouble(Band::nanos).sum(), rows * widest * Float.BYTES);
    }

    private static double nanos(Region region) {
        return region.isKernel() ? region.sizes.count() * MapKernel.nanos(region.code)
                : region.only().operand().layout().count() * NANOS_OF_FOLDED;
    }

    // What one block's loops write behind it may have been computed already, as part of the next one.
    private boolean canBeShared() {
        return widest <= SHARED_WIDEST && !products && made.stream().allMatch(node -> {
            long row = width(node.layout()) * node.cell().bytes();
            boolean number = width(node.layout()) == 1 && row * SHARED_ROWS % VECTOR == 0;
            return local.contains(node) || number || row % VECTOR == 0 || chains.stream().anyMatch(chain -> chain.stores(node));
        });
    }

    private void share() {
        parts = canBeShared() ? OrderedBlocks.parts(work()) : 1;
        parts = (int) Math.max(1, Math.min(parts, rows / block() / SHARED_BLOCKS));
    }

    /** Rows that are computed at a time. */
    int block() {
        int block = (int) Math.max(1, Math.min(rows, BLOCK / widest));
        if (parts > 1) {
            return Math.max(block - block % SHARED_ROWS, SHARED_ROWS);
        }
        return products && block >= MatMul.FEWEST ? block - block % MatMul.FEWEST : block;
    }

    /** True if this is several regions, or one by rows. */
    boolean isByRows() {
        return rows > 0;
    }

    /** Groups regions in an order in which they can be computed. */
    static List<Band> of(List<Region> regions, Map<Node, Place> places, Set<Node> roots) {
        List<Band> bands = new ArrayList<>();
        for (long rows : seeds(regions)) {
            List<Region> before = new ArrayList<>();
            List<Region> after = new ArrayList<>();
            Band band = new Band(rows, places);
            band.collect(regions, before, after);
            if (band.isWorthwhile()) {
                band.findLocals(before, after, roots);
                band.chains = Chain.of(band);
                band.share();
                bands.addAll(of(before, places, roots));
                bands.add(band);
                bands.addAll(of(after, places, roots));
                return bands;
            }
        }
        regions.forEach(region -> bands.add(alone(region, places)));
        return bands;
    }

    /** Numbers of rows to try: first those of folds by rows, then those in which long kernels may follow each other. */
    private static Set<Long> seeds(List<Region> regions) {
        Set<Long> seeds = new LinkedHashSet<>();
        regions.forEach(region -> seeds.add(folded(region)));
        regions.stream().filter(region -> region.isKernel() && region.sizes.count() >= WORTHWHILE)
                .forEach(region -> seeds.add(lines(region.sizes)));
        seeds.removeIf(rows -> rows <= 1);
        return seeds;
    }

    private static long lines(Layout sizes) {
        int last = sizes.size(sizes.rank() - 1);
        return sizes.rank() > 1 && last <= BLOCK ? sizes.count() / last : sizes.count();
    }

    private static Band alone(Region region, Map<Node, Place> places) {
        Band band = new Band(0, places);
        band.members.add(region);
        return band;
    }

    /** The number of rows that {@code region} folds each by itself; 0 if it does not. */
    private static long folded(Region region) {
        if (region.isKernel() || !(region.only().structural() instanceof Reduce reduce)) {
            return 0;
        }
        Layout sizes = region.only().operand().layout();
        long rows = 1;
        for (int d = 0; d < sizes.rank() && (reduce.dims() >> d & 1) == 0; d++) {
            rows *= sizes.size(d);
        }
        return rows < sizes.count() ? rows : 0;
    }

    private boolean isWorthwhile() {
        return linked && members.size() > 1 && rows * widest >= WORTHWHILE && widest <= BLOCK;
    }

    private void collect(List<Region> regions, List<Region> before, List<Region> after) {
        Set<Node> late = new HashSet<>(streamed);
        for (Region region : regions) {
            List<Node> read = reads(region);
            boolean waits = read.stream().anyMatch(node -> late.contains(base(node)) || streamed.contains(base(node)));
            boolean follows = read.stream().anyMatch(node -> made.contains(base(node)));
            if (!waits && members.size() < MOST_MEMBERS && fits(region)) {
                take(region);
                linked |= follows;
            } else if (waits || follows) {
                after.add(region);
                late.addAll(writes(region));
            } else {
                before.add(region);
            }
        }
    }

    /** The node whose memory {@code node} lies in. */
    Node base(Node node) {
        return places.get(node).base();
    }

    /** Elements of a row if {@code region} sums each row, otherwise 0. */
    int summed(Region region) {
        return !region.isKernel() && region.only().structural() instanceof Reduce reduce && reduce.fold() == FoldOp.SUM
                && along(region.only()) == Along.ROW ? (int) width(region.only().operand().layout()) : 0;
    }

    static List<Node> reads(Region region) {
        return region.isKernel() ? region.inputs : region.only().operands();
    }

    static List<Node> writes(Region region) {
        List<Node> writes = new ArrayList<>(region.isKernel() ? region.stored : region.results());
        writes.addAll(region.folds);
        return writes;
    }

    private void take(Region region) {
        members.add(region);
        Layout sizes = region.isKernel() || isProduct(region) ? region.members.getFirst().layout()
                : region.only().operand().layout();
        widest = Math.max(widest, sizes.count() / rows);
        if (region.isKernel()) {
            made.addAll(region.stored);
            streamed.addAll(region.folds);
        } else if (isProduct(region)) {
            made.add(region.only());
            products = true;
        } else if (along(region.only()) == Along.ROW) {
            made.add(region.only());
        } else {
            streamed.add(region.only());
        }
    }

    private boolean fits(Region region) {
        if (region.isKernel()) {
            return region.sizes.count() > 0 && region.inputs.stream().allMatch(input -> fits(input, region.sizes))
                    && RowView.prefix(region.sizes, rows) >= 0;
        }
        Node node = region.only();
        if (isProduct(region)) {
            return fitsProduct(node);
        }
        if (!(node.structural() instanceof Reduce) || node.operand().layout().count() == 0) {
            return false;
        }
        Layout sizes = node.operand().layout();
        if (!fits(node.operand(), sizes)) {
            return false;
        }
        Along along = along(node);
        RowView view = RowView.of(places.get(node.operand()).layout(), sizes, rows);
        return along == Along.ROW || along != Along.NEITHER && view.step() == sizes.count() / rows
                && view.block(1).isContiguous();
    }

    /** True if {@code region} is a product of matrices. */
    static boolean isProduct(Region region) {
        return !region.isKernel() && region.only().structural() instanceof Structural.Matmul;
    }

    /** True if each row is a row of the first factor with all of the second, which is read again for each block of rows. */
    private boolean fitsProduct(Node node) {
        Node a = node.operands().get(0);
        Node b = node.operands().get(1);
        Layout left = a.layout();
        Layout right = b.layout();
        int n = right.size(right.rank() - 1);
        // Several threads share a product, but not yet the blocks of a band.
        return Workers.threads() == 1 && left.count() > 0 && right.rank() == 2 && n <= BLOCK / MatMul.FEWEST
                && MatMul.staysInCache(right.count() * b.cell().bytes()) && !made.contains(base(b))
                && RowView.prefix(left, rows) == left.rank() - 1 && fits(a, left) && view(a, left).step() != 0;
    }

    /** True if the rows of the second factor of a product have to be laid one after the other first. */
    boolean isCopied(Region region) {
        return isProduct(region) && places.get(region.only().operands().get(1)).layout().stride(1) != 1;
    }

    /** True if each row needs {@code node}'s elements of that row only, in equal distances. */
    private boolean fits(Node node, Layout sizes) {
        Place place = places.get(node);
        RowView view = RowView.of(place.layout(), sizes, rows);
        if (view == null || !made.contains(place.base())) {
            return view != null;
        }
        long width = place.base().layout().count() / rows;
        return RowView.prefix(place.base().layout(), rows) >= 0 && view.step() == width
                && place.offset() + view.extent() <= width;
    }

    /** How {@code node}, a fold, relates to the rows of its operand. */
    Along along(Node node) {
        Layout sizes = node.operand().layout();
        int prefix = RowView.prefix(sizes, rows);
        if (prefix < 0 || !(node.structural() instanceof Reduce reduce)) {
            return Along.NEITHER;
        }
        boolean row = true;
        boolean columns = true;
        boolean all = true;
        for (int d = 0; d < sizes.rank(); d++) {
            if (sizes.size(d) != 1) {
                boolean folded = (reduce.dims() >> d & 1) != 0;
                row &= d >= prefix || !folded;
                columns &= d < prefix == folded;
                all &= folded;
            }
        }
        return row ? Along.ROW : all ? Along.ALL : columns ? Along.COLUMNS : Along.NEITHER;
    }

    private void findLocals(List<Region> before, List<Region> after, Set<Node> roots) {
        local.addAll(made);
        for (List<Region> others : List.of(before, after)) {
            others.forEach(region -> reads(region).forEach(node -> local.remove(base(node))));
        }
        local.removeAll(roots);
    }

    /** How rows of {@code node} lie for a consumer of sizes {@code sizes}. */
    RowView view(Node node, Layout sizes) {
        return RowView.of(places.get(node).layout(), sizes, rows);
    }

    /** Elements of a row of a value of these sizes. */
    long width(Layout sizes) {
        return sizes.count() / rows;
    }

    /** The dimensions of {@code node}'s fold, with all rows as one dimension. */
    int dims(Node node) {
        Structural.Reduce reduce = (Structural.Reduce) node.structural();
        return reduce.dims() >> RowView.prefix(node.operand().layout(), rows) << 1;
    }
}

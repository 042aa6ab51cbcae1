package dev.lanegrad.jmh.peers;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Cases that are measured in one run: every op with every shape, precision and direction. */
record Block(Family family, List<String> ops, List<String> shapes, List<Precision> precisions,
        List<Direction> directions, Set<Side> sides) {
    List<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (String op : ops) {
            for (String shape : shapes) {
                for (Precision precision : precisions) {
                    for (Direction direction : directions) {
                        cases.add(new Case(family, op, shape, precision, direction));
                    }
                }
            }
        }
        return cases;
    }

    /** The same with these ops only. */
    Block with(List<String> kept) {
        return new Block(family, kept, shapes, precisions, directions, sides);
    }
}

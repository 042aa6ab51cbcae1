package dev.lanegrad.internal.graph;

import java.security.CodeSource;

/** The line of the user's code that led to what is happening now, for messages. */
public final class CallerLine {
    private static final StackWalker WALKER = StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE);
    private static final CodeSource OWN = CallerLine.class.getProtectionDomain().getCodeSource();

    private CallerLine() {
    }

    /** {@code " (at Model.java:12)"}, the innermost frame outside the library; empty if there is none. */
    public static String text() {
        return WALKER.walk(frames -> frames.filter(frame -> !isOwn(frame.getDeclaringClass())).findFirst())
                .map(frame -> " (at " + frame.getFileName() + ":" + frame.getLineNumber() + ")").orElse("");
    }

    private static boolean isOwn(Class<?> type) {
        Module module = CallerLine.class.getModule();
        if (type.getClassLoader() == null) {
            return true;
        }
        if (module.isNamed()) {
            return type.getModule() == module;
        }
        CodeSource source = type.getProtectionDomain().getCodeSource();
        return source != null && OWN != null && source.getLocation().equals(OWN.getLocation());
    }
}

"""Weighted minimax polynomials whose coefficients are representable numbers.

fit() runs the Remez exchange on a fixed fine grid, then rounds one coefficient after the other, lowest power first, and
fits the rest again each time, so that later coefficients absorb the rounding of earlier ones. Those fits are least
squares: powers without the constant do not have the alternation property around 0. Needs mpmath.
"""
import struct

from mpmath import mp, mpf, matrix, lu_solve, cos, pi

mp.prec = 260


def to_double(x):
    return mpf(float(x))


def to_float(x):
    """The nearest binary32."""
    return mpf(struct.unpack('f', struct.pack('f', float(x)))[0])


def grid(a, b, count):
    a, b = mpf(a), mpf(b)
    return [(a + b) / 2 - (b - a) / 2 * cos(pi * i / (count - 1)) for i in range(count)]


def exchange(xs, target, weight, powers):
    """Coefficients that minimise the largest weight * |target - sum c x^p| on the grid, and that largest error."""
    n = len(powers)
    table = [[x ** p for p in powers] for x in xs]
    chosen = [round(i * (len(xs) - 1) / n) for i in range(n + 1)]
    # points at the extrema of a Chebyshev polynomial, as the grid itself is a Chebyshev grid
    coefficients = None
    for _ in range(60):
        system, right = matrix(n + 1, n + 1), matrix(n + 1, 1)
        for row, i in enumerate(chosen):
            for column in range(n):
                system[row, column] = table[i][column]
            system[row, n] = (-1) ** row / weight[i]
            right[row] = target[i]
        solution = lu_solve(system, right)
        coefficients = [solution[i] for i in range(n)]
        level = abs(solution[n])
        errors = [weight[i] * (target[i] - sum(c * t for c, t in zip(coefficients, table[i]))) for i in range(len(xs))]
        worst = max(abs(e) for e in errors)
        if worst <= level * mpf('1.0005') or worst == 0:
            break
        chosen = alternation(errors, n + 1) or chosen
    return coefficients, worst


def squares(xs, residual, weight, powers):
    """Coefficients that minimise the sum of squares of weight * |residual - sum c x^p|."""
    rows = [[w * x ** p for p in powers] for x, w in zip(xs, weight)]
    n = len(powers)
    normal, right = matrix(n, n), matrix(n, 1)
    for i in range(n):
        right[i] = sum(row[i] * w * t for row, w, t in zip(rows, weight, residual))
        for j in range(i, n):
            normal[i, j] = normal[j, i] = sum(row[i] * row[j] for row in rows)
    return list(lu_solve(normal, right))


def alternation(errors, wanted):
    """Indices of `wanted` extrema of alternating sign, among them the largest."""
    peaks = []
    for i, e in enumerate(errors):
        if e == 0:
            continue
        if peaks and (errors[peaks[-1]] > 0) == (e > 0):
            if abs(e) > abs(errors[peaks[-1]]):
                peaks[-1] = i
        else:
            peaks.append(i)
    while len(peaks) > wanted:
        if len(peaks) == wanted + 1:
            peaks.pop(0 if abs(errors[peaks[0]]) < abs(errors[peaks[-1]]) else -1)
        else:
            k = min(range(len(peaks) - 1), key=lambda j: min(abs(errors[peaks[j]]), abs(errors[peaks[j + 1]])))
            del peaks[k:k + 2]
    return peaks if len(peaks) == wanted else None


def fit(name, f, weight, interval, powers, roundings, density=24):
    """Prints and returns the rounded coefficients of the powers, in that order."""
    xs = grid(*interval, density * (len(powers) + 2))
    target, weights = [f(x) for x in xs], [mpf(weight(x)) for x in xs]
    free, worst = exchange(xs, target, weights, powers)
    fixed, left = [], list(powers)
    best = worst
    while left:
        c = roundings[len(fixed)](free[0])
        target = [t - c * x ** left[0] for t, x in zip(target, xs)]
        fixed.append(c)
        left = left[1:]
        if left:
            correction = squares(xs, [t - sum(c * x ** p for c, p in zip(free[1:], left)) for t, x in zip(target, xs)],
                                 weights, left)
            free = [c + d for c, d in zip(free[1:], correction)]
    final = max(abs(t * w) for t, w in zip(target, weights))
    print('// %s: powers %s on [%s, %s], largest error %s (unrounded %s)' % (
        name, powers, mp.nstr(interval[0], 6), mp.nstr(interval[1], 6), mp.nstr(final, 4), mp.nstr(best, 4)))
    print('{' + ', '.join(repr(float(c)) for c in fixed) + '}', flush=True)
    return fixed

"""Coefficients of LogLowerings and PowLowerings, errors relative to the result."""
from mpmath import mpf, log1p, atanh, sqrt
from minimax import fit, to_double, to_float

SMALL = mpf(2) ** -40


def tail(f):
    """log(1 + f) = f + f^2 tail(f)."""
    return (log1p(f) - f) / f ** 2 if f else -mpf(1) / 2


def atanh_tail(z):
    """2 atanh(s) = 2 s + s z tail(z), where z = s^2."""
    return (2 * atanh(sqrt(z)) / sqrt(z) - 2) / z if z else 2 / mpf(3)


def atanh_second(z):
    """atanh(s) = s + s z (1/3 + z second(z))."""
    return ((atanh(sqrt(z)) / sqrt(z) - 1) / z - mpf(1) / 3) / z if z > SMALL else 1 / mpf(5)


LIMIT = ((sqrt(mpf(2)) - 1) / (sqrt(mpf(2)) + 1)) ** 2 * mpf('1.0001')

if __name__ == '__main__':
    for count in (8, 9, 10):
        fit('float log, m from 2/3 to 4/3', tail, lambda f: abs(f ** 2 / log1p(f)) if f else mpf(0) + 1e-9,
            (-1 / mpf(3), 1 / mpf(3)), list(range(count)), [to_float] * count)
    fit('double log, s^2', atanh_tail, lambda z: z / 2 + SMALL, (0, LIMIT), list(range(7)), [to_double] * 7)
    for count in (3, 4):
        fit('float pow, s^2', atanh_second, lambda z: z ** 2 + SMALL, (0, LIMIT), list(range(count)), [to_float] * count)
    for count in (8, 9, 10):
        fit('double pow, s^2', atanh_second, lambda z: z ** 2 + SMALL, (0, LIMIT), list(range(count)), [to_double] * count)

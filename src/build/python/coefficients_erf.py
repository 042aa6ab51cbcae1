"""Coefficients of ErfLowerings, errors relative to the result."""
from mpmath import mpf, erf, erfc, exp, ldexp, log, nint, sqrt, pi
from minimax import fit, to_double, to_float

SMALL = mpf(2) ** -80


def central(z):
    """erf(x) = x + x central(x^2)."""
    return erf(sqrt(z)) / sqrt(z) - 1 if z > SMALL else 2 / sqrt(pi) - 1


def tail(v, k):
    """(t + k) exp(t^2 / 2) Phi(-t), where v = t / (t + k)."""
    t = k * v / (1 - v)
    return (t + k) * exp(t * t / 2) * erfc(t / sqrt(mpf(2))) / 2


def fit_tail(label, k, top, count, rounding):
    middle = mpf('0.375')
    fit('%s tail of the normal distribution, k=%s, count=%s, up to %s' % (label, k, count, top),
        lambda u: tail(u + middle, mpf(k)), lambda u: 1 / tail(u + middle, mpf(k)),
        (-middle, mpf(top) / (mpf(top) + mpf(k)) - middle), list(range(count)), [rounding] * count, density=8)


def split(label, value, bits, rounding):
    """The value as a number of so many bits behind the point, and the rest."""
    high = nint(ldexp(value, bits)) / mpf(2) ** bits
    print('%s: %r, %r' % (label, float(high), float(rounding(value - high))))


if __name__ == '__main__':
    # n times the first is exact: n <= 15^2 / (2 ln 2) has 8 bits, n <= 39^2 / (2 ln 2) has 11
    split('float 2 ln 2', 2 * log(mpf(2)), 15, to_float)
    split('double 2 ln 2', 2 * log(mpf(2)), 41, to_double)
    for n in (7,):
        fit('float erf, |x| <= 0.95', central, lambda z: 1 / (1 + central(z)), (0, mpf('0.9025')), list(range(n)), [to_float] * n)
    for n in (12,):
        fit('double erf, |x| <= 1', central, lambda z: 1 / (1 + central(z)), (0, mpf(1)), list(range(n)), [to_double] * n)
    for n in (7,):
        fit('float log erfc on [0.9, 4]', lambda t: log(erfc(t)), lambda t: erfc(t) / erf(t), (mpf('0.9'), 4),
            list(range(n)), [to_float] * n)
    for n in (18, 19):
        fit('double log erfc on [1, 6]', lambda t: log(erfc(t)), lambda t: erfc(t) / erf(t), (1, 6),
            list(range(n)), [to_double] * n)
    for k in ('2', '2.5', '3'):
        for n in (9, 10, 11):
            fit_tail('float', k, 15, n, to_float)
    for k in (3, 4):
        for n in (22, 23, 24):
            fit_tail('double', k, 39, n, to_double)

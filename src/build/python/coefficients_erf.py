"""Coefficients of ErfLowerings, errors relative to the result."""
from mpmath import mpf, erf, erfc, exp, log, sqrt, pi
from minimax import fit, to_double, to_float

SMALL = mpf(2) ** -80


def central(z):
    """erf(x) = x + x central(x^2)."""
    return erf(sqrt(z)) / sqrt(z) - 1 if z > SMALL else 2 / sqrt(pi) - 1


def tail(v, k):
    """t Phi(-t) = exp(-t^2 / 2) tail(v), where v = t / (t + k)."""
    t = k * v / (1 - v)
    return t * exp(t * t / 2) * erfc(t / sqrt(mpf(2))) / 2


def central_gelu(z):
    """x Phi(x) = x / 2 + x^2 central_gelu(x^2)."""
    return erf(sqrt(z / 2)) / sqrt(z) / 2 if z > SMALL else 1 / sqrt(2 * pi)


def fit_tail(label, k, top, count, rounding):
    low, high = mpf('0.92') / (mpf('0.92') + k), mpf(top) / (top + mpf(k))
    fit('%s tail of gelu, k=%s, count=%s, up to %s' % (label, k, count, top), lambda u: tail(u + mpf(1) / 2, mpf(k)),
        lambda u: 1 / tail(u + mpf(1) / 2, mpf(k)), (low - mpf(1) / 2, high - mpf(1) / 2), list(range(count)),
        [rounding] * count, density=8)


if __name__ == '__main__':
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
    for label, rounding, counts in (('float', to_float, (4, 5, 6)), ('double', to_double, (9, 10))):
        for n in counts:
            fit(label + ' gelu, |x| <= 0.93', central_gelu, lambda z: 1 / central_gelu(z), (0, mpf('0.8649')), list(range(n)),
                [rounding] * n)
    for k in (3, 4):
        for n in (7, 8, 9):
            fit_tail('float', k, 15, n, to_float)
    for k in (4, 5):
        for n in (19, 20, 21):
            fit_tail('double', k, 39, n, to_double)

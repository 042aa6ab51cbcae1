"""Coefficients of ExpLowerings: e^r = 1 + r + r^2 q(r), errors relative to the result."""
from mpmath import mpf, expm1, log
from minimax import fit, to_double, to_float

HALF = log(2) / 2 * mpf('1.002')


def constants(name, value):
    """A number as a sum of as few doubles or floats as needed, each the nearest to what is left."""
    for kind, rounding, count in (('double', to_double, 4), ('float', to_float, 4)):
        parts, rest = [], value
        for _ in range(count):
            parts.append(rounding(rest))
            rest -= parts[-1]
        print('// %s %s' % (kind, name))
        print('{' + ', '.join(repr(float(p)) for p in parts) + '}')


def tail(r):
    return (expm1(r) - r) / r ** 2 if r else mpf(1) / 2


if __name__ == '__main__':
    constants('ln 2', log(2))
    constants('1 / ln 2', 1 / log(2))
    for label, rounding, count in (('float', to_float, 5), ('double', to_double, 10)):
        fit(label + ' exp, |r| <= ln 2 / 2', tail, lambda r: abs(r ** 2 / expm1(r)) if r else mpf(10) ** -9, (-HALF, HALF),
            list(range(count)), [rounding] * count)

"""Coefficients of TrigLowerings, errors relative to the result; and pi/2 in parts."""
from mpmath import mpf, sin, cos, sqrt, pi
from minimax import fit, to_double, to_float
from coefficients_exp import constants

LIMIT = (pi / 4 * mpf('1.02')) ** 2
SMALL = mpf(2) ** -40


def sine(z):
    return (sin(sqrt(z)) / sqrt(z) - 1) / z if z > SMALL else -1 / mpf(6) + z / 120


def cosine(z):
    return (cos(sqrt(z)) - 1 + z / 2) / z ** 2 if z > SMALL else 1 / mpf(24)


if __name__ == '__main__':
    constants('pi / 2', pi / 2)
    constants('2 / pi', 2 / pi)
    for label, rounding, counts in (('float', to_float, ((3, 3), (4, 3))), ('double', to_double, ((6, 6), (7, 7)))):
        for s, c in counts:
            fit(label + ' sin', sine, lambda z: z + SMALL, (0, LIMIT), list(range(s)), [rounding] * s)
            fit(label + ' cos', cosine, lambda z: z ** 2 / cos(sqrt(z)) + SMALL, (0, LIMIT), list(range(c)), [rounding] * c)

"""Exact values of the normal distribution, as tables for LoweringsTest: truth_normal.py DIRECTORY.

Each line: the bits of the operand, of the correctly rounded result, and of what the exact result is beyond that.
"""
import gzip
import random
import struct
import sys

from mpmath import mp, mpf, erfc, exp, sqrt, pi

mp.prec = 300


def bits(x):
    return struct.pack('>d', x).hex()


def operands():
    special = [0.0, 5e-324, 1e-310, 1e-30, 1e-8, 0.5, 1.0, 2.0, 15.0, 38.4, 38.5, 38.6, 39.0, 1e5, 1e300]
    rng = random.Random(20260101)
    drawn = [rng.uniform(0, top) for top in (1e-3, 1, 2, 4, 8, 14, 38) for _ in range(40)]
    floats = [struct.unpack('f', struct.pack('f', x))[0] for x in drawn]
    return [sign * x for x in special + drawn + floats for sign in (1, -1)]


def write(directory, name, f):
    with gzip.GzipFile('%s/%s.f64.tsv.gz' % (directory, name), 'wb', mtime=0) as out:
        for x in operands():
            exact = f(mpf(x))
            high = float(exact)
            out.write(('%s\t%s\t%s\n' % (bits(x), bits(high), bits(float(exact - mpf(high))))).encode())


def ndtr(x):
    return mpf(x > 0) if abs(x) > 1000 else erfc(-x / sqrt(mpf(2))) / 2


def density(x):
    return mpf(0) if abs(x) > 1000 else exp(-x * x / 2) / sqrt(2 * pi)


if __name__ == '__main__':
    write(sys.argv[1], 'ndtr', ndtr)
    write(sys.argv[1], 'normal_density', density)

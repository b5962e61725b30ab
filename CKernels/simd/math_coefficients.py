#!/usr/bin/env python3
"""Prints the constants of math.h. Needs mpmath.

e^r = 1 + r + r^2 q(r) for |r| <= ln(2) / 2. The coefficients of q are found by the Remez exchange (E. Remez, 1934;
W. Cody, W. Fraser and J. Hart, "Rational Chebyshev approximation using linear equations", 1968), so that the error of
e^r relative to e^r is least, and then rounded. ln(2) is split so that n times the high part is exact.
"""
from mpmath import cos, exp, expm1, floor, log, lu_solve, matrix, mp, mpf, pi

mp.prec = 200
END = log(2) / 2 * (1 + mpf(2) ** -10)  # the rounding of n may overshoot a little


def target(r):
    return mpf(1) / 2 + r / 6 if abs(r) < mpf(2) ** -60 else (expm1(r) - r) / r**2


def error(coefficients, r):
    q = sum(c * r**i for i, c in enumerate(coefficients))
    return (q - target(r)) * r**2 / exp(r)


def remez(terms):
    # Chebyshev's points, moved a little so that none is 0, where the error is 0 for every q.
    points = [END * cos(pi * (i + mpf(2) / 5) / (terms + mpf(9) / 10)) for i in range(terms + 1)]
    for _ in range(30):
        system = matrix(terms + 1, terms + 1)
        for i, r in enumerate(points):
            for j in range(terms):
                system[i, j] = r**j
            system[i, terms] = (-1) ** i * exp(r) / r**2
        coefficients = list(lu_solve(system, matrix([target(r) for r in points])))[:terms]
        grid = [END * (2 * mpf(i) / 2001 - 1) for i in range(2002)]  # without 0
        errors = [error(coefficients, r) for r in grid]
        extrema, best = [], None  # the largest error of every run of one sign
        for r, e in zip(grid, errors):
            if best and (best[1] > 0) != (e > 0):
                extrema.append(best)
                best = None
            if best is None or abs(e) > abs(best[1]):
                best = (r, e)
        extrema.append(best)
        while len(extrema) > terms + 1:
            extrema.pop(0 if abs(extrema[0][1]) < abs(extrema[-1][1]) else -1)
        if len(extrema) < terms + 1:
            break
        points = [r for r, _ in extrema]
        sizes = [abs(e) for _, e in extrema]
        if max(sizes) / min(sizes) < 1.001:
            break
    return coefficients


def rounded(value, bits):
    scale = mpf(2) ** (bits - 1 - int(floor(log(abs(value), 2))))
    return floor(value * scale + mpf(1) / 2) / scale


for name, bits, terms, high_bits in (("f32", 24, 5, 15), ("f64", 53, 10, 41)):
    suffix = "f" if bits == 24 else ""
    coefficients = [rounded(c, bits) for c in remez(terms)]
    worst = max(abs(error(coefficients, END * (mpf(i) / 1000 - 1))) for i in range(2001))
    high = rounded(log(2), high_bits)
    print(name, "relative error of e^r: 2^%.2f" % log(worst, 2))
    print("  q:", ", ".join(float(c).hex() + suffix for c in coefficients))
    print("  ln 2:", float(high).hex() + suffix, "+", float(rounded(log(2) - high, bits)).hex() + suffix)
    print("  log2 e:", float(rounded(1 / log(2), bits)).hex() + suffix)

#!/usr/bin/env python3
"""Prints the constants of math.h. Needs mpmath.

e^r = 1 + r + r^2 q(r) for |r| <= ln(2) / 2. The coefficients of q are found by the Remez exchange (E. Remez, 1934;
W. Cody, W. Fraser and J. Hart, "Rational Chebyshev approximation using linear equations", 1968), so that the error of
e^r relative to e^r is least, and then rounded. ln(2) is split so that n times the high part is exact.

erf(x) / x is a polynomial in x^2 for small x. e^(x^2) erfc(x), and the same for the normal distribution, e^(a^2 / 2)
times its tail beyond a, are quotients of polynomials with positive coefficients. All are found likewise, for the least
relative error. Coefficients are rounded one by one, and the others fitted anew each time.
"""
from mpmath import (asin, atanh, cos, erf, erfc, exp, expm1, floor, log, log1p, lu_solve, matrix, mp, mpf, pi, polyval,
                    sin, sqrt, tanh)

mp.prec = 300
END = log(2) / 2 * (1 + mpf(2) ** -10)  # the rounding of n may overshoot a little


def rounded(value, bits):
    scale = mpf(2) ** (bits - 1 - int(floor(log(abs(value), 2))))
    return floor(value * scale + mpf(1) / 2) / scale


def alternation(errors, count):
    """Indices of the largest error of every run of one sign, at most `count`."""
    extrema, best = [], None
    for i, e in enumerate(errors):
        if best is not None and (errors[best] > 0) != (e > 0):
            extrema.append(best)
            best = None
        if best is None or abs(e) > abs(errors[best]):
            best = i
    extrema.append(best)
    while len(extrema) > count:
        extrema.pop(0 if abs(errors[extrema[0]]) < abs(errors[extrema[-1]]) else -1)
    return extrema


def is_even(errors):
    return max(map(abs, errors)) < 1.001 * min(map(abs, errors))


# ---- e^r ----


def target(r):
    return mpf(1) / 2 + r / 6 if abs(r) < mpf(2) ** -60 else (expm1(r) - r) / r**2


def error(coefficients, r):
    return (polyval(coefficients[::-1], r) - target(r)) * r**2 / exp(r)


def remez(terms):
    # Chebyshev's points, moved a little so that none is 0, where the error is 0 for every q.
    points = [END * cos(pi * (i + mpf(2) / 5) / (terms + mpf(9) / 10)) for i in range(terms + 1)]
    grid = [END * (2 * mpf(i) / 2001 - 1) for i in range(2002)]  # without 0
    for _ in range(30):
        system = matrix(terms + 1, terms + 1)
        for i, r in enumerate(points):
            for j in range(terms):
                system[i, j] = r**j
            system[i, terms] = (-1) ** i * exp(r) / r**2
        coefficients = list(lu_solve(system, matrix([target(r) for r in points])))[:terms]
        errors = [error(coefficients, r) for r in grid]
        extrema = alternation(errors, terms + 1)
        if len(extrema) < terms + 1:
            break
        points = [grid[i] for i in extrema]
        if is_even([errors[i] for i in extrema]):
            break
    return coefficients


# ---- quotients ----


def quotient(c, degrees, x):
    above, below = ([c[part, i] for i in range(degrees[part], -1, -1)] for part in (0, 1))
    return polyval(above, x) / polyval(below, x), polyval(below, x)


def term(key, x, y):
    """What a coefficient is multiplied with in above / y - below."""
    part, power = key
    return -(x**power) if part else x**power / y


def remez_quotient(grid, values, degrees, fixed):
    """Coefficients by (0 above or 1 below, power); some are given. Linear equations, with the denominator before."""
    free = [(part, i) for part in (0, 1) for i in range(degrees[part] + 1) if (part, i) not in fixed]
    count = len(free) + 1
    points = [int((1 - cos(pi * (i + mpf(1) / 2) / count)) / 2 * (len(grid) - 1)) for i in range(count)]
    c = None
    for _ in range(30):
        for _ in range(5):
            system, right = matrix(count, count), matrix(count, 1)
            for row, i in enumerate(points):
                x, y = grid[i], values[i]
                for column, key in enumerate(free):
                    system[row, column] = term(key, x, y)
                system[row, count - 1] = (-1) ** row * (quotient(c, degrees, x)[1] if c else 1)
                right[row] = -sum(v * term(key, x, y) for key, v in fixed.items())
            c = dict(fixed) | dict(zip(free, lu_solve(system, right)))
        errors = [quotient(c, degrees, x)[0] / y - 1 for x, y in zip(grid, values)]
        extrema = alternation(errors, count)
        if len(extrema) < count:
            break
        points = extrema
        if is_even([errors[i] for i in extrema]):
            break
    return c


def fitted_anew(grid, values, degrees, before, fixed):
    """The coefficients that are not fixed, by least squares of the relative error."""
    free = [key for key in before if key not in fixed]
    system, right = matrix(len(grid), len(free)), matrix(len(grid), 1)
    for row, (x, y) in enumerate(zip(grid, values)):
        weight = 1 / quotient(before, degrees, x)[1]
        for column, key in enumerate(free):
            system[row, column] = weight * term(key, x, y)
        right[row] = -weight * sum(v * term(key, x, y) for key, v in fixed.items())
    return dict(fixed) | dict(zip(free, lu_solve(system.T * system, system.T * right)))


def print_quotient(name, function, interval, degrees, bits, fixed, exact=True):
    """Unless the fixed ones are `exact`, that above joins after the exchange, which it would leave without alternation."""
    low, high = map(mpf, interval)
    # Points denser towards both ends, and more so towards the low one of a long interval.
    curve = 2 if high > 6 * low + 6 else 1
    grid = [low + (high - low) * ((1 - cos(pi * mpf(i) / 400)) / 2) ** curve for i in range(401)]
    values = [function(x) for x in grid]
    c = remez_quotient(grid, values, degrees, fixed if exact else {(1, 0): fixed[1, 0]})
    if not exact:
        c = fitted_anew(grid, values, degrees, c, fixed)
    fixed = dict(fixed)
    for power in range(max(degrees) + 1):
        for part in (0, 1):
            if power <= degrees[part] and (part, power) not in fixed:
                fixed[part, power] = rounded(c[part, power], bits)
                if len(fixed) < len(c):
                    c = fitted_anew(grid, values, degrees, c, fixed)
    c = fixed
    worst = max(abs(quotient(c, degrees, x)[0] / y - 1) for x, y in zip(grid, values))
    print(" ", name, "relative error: 2^%.2f" % log(worst, 2))
    for part, side in enumerate(("above", "below")):
        print("   ", side, ", ".join(float(c[part, i]).hex() for i in range(degrees[part] + 1)))


def erf_over_x(square):
    return erf(sqrt(square)) / sqrt(square) if square else 2 / sqrt(pi)


def scaled_erfc(x):
    return exp(x * x) * erfc(x)


def scaled_tail(a):
    return scaled_erfc(a / sqrt(mpf(2))) / 2


def rest_of_tanh(square):
    x = sqrt(square)
    return (tanh(x) / x - 1) / square + mpf(1) / 4 if square > mpf(2) ** -80 else -mpf(1) / 12 + 2 * square / 15


# log(1 + f) = f - f^2 / 2 + f^3 q(f)
def rest_of_log(f):
    return (log1p(f) - f + f * f / 2) / f**3 if abs(f) > mpf(2) ** -60 else mpf(1) / 3 - f / 4


# log((1 + s) / (1 - s)) = 2 s + s z q(z) with z = s^2
def rest_of_quotient_log(z):
    s = sqrt(z)
    return (2 * atanh(s) / s - 2) / z if z > mpf(2) ** -80 else mpf(2) / 3 + 2 * z / 5


def rest_of_sin(square):
    x = sqrt(square)
    return (sin(x) / x - 1) / square if square > mpf(2) ** -80 else -mpf(1) / 6 + square / 120


def rest_of_cos(square):
    return (cos(sqrt(square)) - 1 + square / 2) / square**2 if square > mpf(2) ** -80 else mpf(1) / 24 - square / 720


def rest_of_asin(square):
    x = sqrt(square)
    return (asin(x) / x - 1) / square if square > mpf(2) ** -80 else mpf(1) / 6 + 3 * square / 40


# (1 + z) log(1 + z) + (1 - z) log(1 - z) = z^2 q(z^2)
def divergence(square):
    z = sqrt(square)
    sum_of_logs = (1 + z) * log1p(z) + (1 - z) * log1p(-z)
    return sum_of_logs / square if square > mpf(2) ** -80 else 1 + square / 6


def print_parts(name, value, widths):
    """A number as a sum of parts with so many bits."""
    parts = []
    for width in widths:
        parts.append(rounded(value - sum(parts, mpf(0)), width))
    print(" ", name, ", ".join(float(part).hex() for part in parts))


def print_near(name, function, center, low, high, degree, bits):
    """A function about a center, as a polynomial whose first coefficient has two parts."""
    value = function(center)
    print_parts("%s(%s)" % (name, float(center)), value, (bits, bits))
    fixed = {(0, 0): value, (1, 0): mpf(1)}
    print_quotient(name + " about that", lambda s: function(center + s), (low, high), (degree, 0), bits, fixed, exact=False)


for name, bits, terms, high_bits in (("f32", 24, 5, 15), ("f64", 53, 10, 41)):
    coefficients = [rounded(c, bits) for c in remez(terms)]
    worst = max(abs(error(coefficients, END * (mpf(i) / 1000 - 1))) for i in range(2001))
    high = rounded(log(2), high_bits)
    print(name, "relative error of e^r: 2^%.2f" % log(worst, 2))
    print("  q:", ", ".join(float(c).hex() for c in coefficients))
    print("  ln 2:", float(high).hex(), "+", float(rounded(log(2) - high, bits)).hex())
    print("  log2 e:", float(rounded(1 / log(2), bits)).hex())

    is_short = bits == 24
    if is_short:
        fast = [rounded(c, bits) for c in remez(terms - 1)]
        worst = max(abs(error(fast, END * (mpf(i) / 1000 - 1))) for i in range(2001))
        print("  the fast one's q:", ", ".join(float(c).hex() for c in fast), "relative error: 2^%.2f" % log(worst, 2))
    first = 1 + rounded(2 / sqrt(pi) - 1, bits)
    print("  the next one's first coefficient less 1:", float(first - 1).hex())
    degrees = (6 if is_short else 13, 0)
    print_quotient("erf(x) / x", erf_over_x, (0, 1), degrees, bits, {(0, 0): first, (1, 0): mpf(1)}, exact=False)
    degrees = (6 if is_short else 12, 0)
    print_quotient("erf(x) / x below 0.85", erf_over_x, (0, mpf("0.85") ** 2), degrees, bits, {(0, 0): first, (1, 0): mpf(1)}, exact=False)
    print_near("erf", erf, mpf("0.953125"), mpf("-0.21"), mpf("0.35"), 7 if is_short else 15, bits)
    interval, degrees = ((1, "3.95"), (2, 3)) if is_short else ((1, 6), (6, 7))
    print_quotient("scaled erfc", scaled_erfc, interval, degrees, bits, {(1, 0): mpf(1)})
    interval, degrees = ((0, "14.5"), (4, 5)) if is_short else ((0, "38.7"), (10, 11))
    print_quotient("scaled tail", scaled_tail, interval, degrees, bits, {(0, 0): mpf(1) / 2, (1, 0): mpf(1)})

    # 2 u = x (c1 + c3 x^2) of tanh's GELU. The sum is below 16 (64), and c1 a multiple of that binade's unit.
    c1 = 2 * sqrt(2 / pi)
    c3 = c1 * mpf("0.044715")
    unit = mpf(2) ** (-20 if is_short else -47)
    c1_high, c3_high = floor(c1 / unit + mpf(1) / 2) * unit, rounded(c3, bits)
    print("  c1:", float(c1_high).hex(), "+", float(rounded(c1 - c1_high, bits)).hex())
    print("  c3:", float(c3_high).hex(), "+", float(rounded(c3 - c3_high, bits)).hex())

    one = {(1, 0): mpf(1)}
    print_quotient("rest of tanh", rest_of_tanh, (0, mpf("0.9") ** 2), (6 if is_short else 14, 0), bits, one)
    low, high = sqrt(mpf(1) / 2) - 1, sqrt(mpf(2)) - 1
    if is_short:
        print_quotient("rest of log", rest_of_log, (low, high), (8, 0), bits, one)
    else:
        print_quotient("rest of log of a quotient", rest_of_quotient_log, (0, mpf("0.02944")), (6, 0), bits, one)
    end = (pi / 4 * (1 + mpf(2) ** -10)) ** 2
    for bits, degree in ((53, 3), (24, 2)) if is_short else ((53, 5),):
        print_quotient("rest of sin", rest_of_sin, (0, end), (degree, 0), bits, one)
        print_quotient("rest of cos", rest_of_cos, (0, end), (degree, 0), bits, one)
    print_quotient("rest of asin", rest_of_asin, (0, mpf(1) / 4), (4 if is_short else 11, 0), 24 if is_short else 53, one)
    one_first = {(0, 0): mpf(1), (1, 0): mpf(1)}
    print_quotient("divergence", divergence, (0, mpf(1) / 4), (5 if is_short else 12, 0), 24 if is_short else 53, one_first)
    print_parts("pi / 2, products exact:", pi / 2, (33, 33, 53))
    print_parts("pi / 2:", pi / 2, (bits,) * 3)

print("64 bits each of 2 / pi:")
mp.prec = 1300
digits = int(floor(2 / pi * mpf(2) ** 1216))
print(" ", ", ".join("0x%016x" % (digits >> 64 * (18 - i) & (1 << 64) - 1) for i in range(19)))
print("64 bits of pi / 4:", hex(int(floor(pi / 4 * mpf(2) ** 64 + mpf(1) / 2))))

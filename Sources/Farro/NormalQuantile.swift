// Quantiles of the normal distribution, by additions, multiplications, divisions and square roots alone, each rounded as
// IEEE 754 says, so that the bits are the same on every platform. (Swift never fuses a multiplication with an addition
// unasked.) The relative error is below 1e-15.
//
// Source: M. Wichura, "Algorithm AS 241: The percentage points of the normal distribution", Applied Statistics 37(3),
// 1988 (PPND16).

/// Where ``centralQuantile(_:)`` ends: it serves 85% of all uniform numbers.
let leastCentral = 0.075

/// The number that a normal deviate exceeds with the probability `tail`, in `leastCentral...0.5`.
@inline(__always)
func centralQuantile(_ tail: Double) -> Double {
  let fromMedian = 0.5 - tail
  return fromMedian * quotient(center, 0.180625 - fromMedian * fromMedian)
}

/// Where ``nearTailQuantile(_:)`` ends: e^-25, which one uniform number in 36 billion is beyond.
let leastNear = 0x1.e8a37a45fc32ep-37

/// The same for a probability in `leastNear..<leastCentral`.
@inline(__always)
func nearTailQuantile(_ tail: Double) -> Double { quotient(nearTail, negativeLogarithm(tail).squareRoot() - 1.6) }

/// The same for a probability in `0x1p-54..<leastNear`.
@inline(__always)
func farTailQuantile(_ tail: Double) -> Double { quotient(farTail, negativeLogarithm(tail).squareRoot() - 5) }

private typealias Coefficients = (Double, Double, Double, Double, Double, Double, Double, Double)
private typealias Rational = (numerator: Coefficients, denominator: Coefficients)  // the highest power first

@inline(__always)
private func quotient(_ rational: Rational, _ r: Double) -> Double {
  polynomial(rational.numerator, r) / polynomial(rational.denominator, r)
}

@inline(__always)
private func polynomial(_ c: Coefficients, _ r: Double) -> Double {
  ((((((c.0 * r + c.1) * r + c.2) * r + c.3) * r + c.4) * r + c.5) * r + c.6) * r + c.7
}

private var center: Rational {
  (
    (
      2.5090809287301226727e+3, 3.3430575583588128105e+4, 6.7265770927008700853e+4, 4.5921953931549871457e+4,
      1.3731693765509461125e+4, 1.9715909503065514427e+3, 1.3314166789178437745e+2, 3.3871328727963666080e+0
    ),
    (
      5.2264952788528545610e+3, 2.8729085735721942674e+4, 3.9307895800092710610e+4, 2.1213794301586595867e+4,
      5.3941960214247511077e+3, 6.8718700749205790830e+2, 4.2313330701600911252e+1, 1
    )
  )
}

private var nearTail: Rational {
  (
    (
      7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1, 1.27045825245236838258e+0,
      3.64784832476320460504e+0, 5.76949722146069140550e+0, 4.63033784615654529590e+0, 1.42343711074968357734e+0
    ),
    (
      1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2, 1.48103976427480074590e-1,
      6.89767334985100004550e-1, 1.67638483018380384940e+0, 2.05319162663775882187e+0, 1
    )
  )
}

private var farTail: Rational {
  (
    (
      2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3, 2.65321895265761230930e-2,
      2.96560571828504891230e-1, 1.78482653991729133580e+0, 5.46378491116411436990e+0, 6.65790464350110377720e+0
    ),
    (
      2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5, 7.86869131145613259100e-4,
      1.48753612908506148525e-2, 1.36929880922735805310e-1, 5.99832206555887937690e-1, 1
    )
  )
}

/// -log(x) for a normal positive x, with an error of about an ulp: with x = 2^e m and s = (m - 1) / (m + 1),
/// log m = 2 (s + s^3/3 + s^5/5 + ...), where |s| < 0.172 makes eleven terms enough.
@inline(__always)
private func negativeLogarithm(_ x: Double) -> Double {
  // Subtracting the bits of sqrt(1/2) moves m into [sqrt(1/2), sqrt(2)). All in steps that SSE2 does on vectors.
  let (low, one): (UInt64, UInt64) = (0x3FE6_A09E_667F_3BCD, 1023 << 52)
  let biased = (x.bitPattern &- low &+ one) >> 52
  let significand = Double(bitPattern: x.bitPattern &- (biased << 52) &+ one)
  let exponent = Double(bitPattern: Double(0x1p52).bitPattern | biased) - (0x1p52 + 1023)
  let s = (significand - 1) / (significand + 1)
  let square = s * s
  // Two halves that do not wait for each other.
  let even = polynomial((0, 0, 1 / 21, 1 / 17, 1 / 13, 1 / 9, 1 / 5, 1), square * square)
  let odd = polynomial((0, 0, 0, 1 / 19, 1 / 15, 1 / 11, 1 / 7, 1 / 3), square * square)
  let sum = even + odd * square
  return -(exponent * 0.6931471805599453 + 2 * s * sum)
}

/// The number below which a normal deviate lies with a probability, in `0x1p-54...1 - 0x1p-53`.
package func normalQuantile(_ probability: Double) -> Double {
  let tail = min(probability, 1 - probability)
  let distance =
    tail >= leastCentral
    ? centralQuantile(tail) : tail >= leastNear ? nearTailQuantile(tail) : farTailQuantile(max(tail, 0x1p-54))
  return probability < 0.5 ? -distance : distance
}

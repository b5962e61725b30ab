import Farro

// What the bounds of norms (CKernels/include/normalization.h) are made of.

/// h(n) of the header: the most roundings that a term of a sum meets.
func normChain<Scalar: KernelScalar>(_ n: Int, _ type: Scalar.Type) -> Double {
  Double(min(n, 4096)) / 8 + 8 + (type.dtype == .f64 ? Double(n) / 4096 : 0)
}

/// What the bounds ask of each element: z and |g| = |grad_y scale|, and the means of |g| and |g z| over each run of elements
/// that are normalized as one.
struct NormFacts {
  private var z, g, gradY, scale: [Double]
  private var inverse, ofG, ofGZ: [Double]
  private let h, u: Double
  private let runs, places: Int
  private let isCentered: Bool
  let b: Double

  init<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>,
    scale: Tensor<Scalar>,
    runs: Int,
    isCentered: Bool,
    gradY: Tensor<Scalar>? = nil,
    places: Int = 1
  ) {
    (self.runs, self.places, self.isCentered) = (runs, places, isCentered)
    (h, u) = (normChain(runs, Scalar.self), unitRoundoff(Scalar.self))
    b = Double(min(runs, 1024)) / 2 + 8
    self.scale = scale.scalars.map { abs(Double($0)) }
    self.gradY = gradY.map { $0.scalars.map { abs(Double($0)) } } ?? []
    z = doubles(x)
    (g, inverse, ofG, ofGZ) = ([], [], [], [])
    for start in stride(from: 0, to: z.count, by: runs) {
      let run = z[start..<start + runs]
      let mean = isCentered ? run.reduce(0, +) / Double(runs) : 0
      let variance = run.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(runs)
      let inverse = 1 / (variance + 1e-5).squareRoot()
      for i in start..<start + runs { z[i] = abs(z[i] - mean) * inverse }
      self.inverse.append(inverse)
      guard gradY != nil else { continue }
      for i in start..<start + runs { g.append(self.gradY[i] * self.scale[i / places % self.scale.count]) }
      ofG.append(g[start...].reduce(0, +) / Double(runs))
      ofGZ.append(zip(g[start...], z[start...]).reduce(0) { $0 + $1.0 * $1.1 } / Double(runs))
    }
  }

  /// Of a norm without offset.
  func forward<Scalar: KernelScalar>(_ i: Int, _ y: Tensor<Scalar>) -> Double {
    let scale = scale[i / places % scale.count]
    return (h + 8) * u * 1.01 * (1 + z[i]) * scale + 3 * u * z[i] * scale
  }

  func gradX(_ i: Int) -> Double {
    let run = i / runs
    let k = (3 * h + b + 17) * u * 1.01 * inverse[run]
    return isCentered ? k * (g[i] + (1 + z[i]) * (ofG[run] + ofGZ[run])) : k * (g[i] + z[i] * ofGZ[run])
  }

  func gradScale(_ channel: Int, more: Double) -> Double {
    var sum = 0.0
    for start in stride(from: channel * places, to: z.count, by: scale.count * places) {
      for i in start..<start + places { sum += gradY[i] * (1 + z[i]) }
    }
    return (h + more + 1) * u * 1.01 * sum
  }
}

import Farro

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

func logarithm(_ x: Double) -> Double { log(x) }
func exponential(_ x: Double) -> Double { exp(x) }

/// The sum of numbers, in eight sums that are added at the end: of n numbers, each goes through n / 8 roundings at most.
func sum(_ values: [Double]) -> Double {
  var lanes = SIMD8<Double>()
  let whole = values.count / 8 * 8
  for i in stride(from: 0, to: whole, by: 8) {
    for lane in 0..<8 { lanes[lane] += values[i + lane] }
  }
  return values[whole...].reduce(lanes.sum(), +)
}

/// The mean of numbers that count by their weights.
func mean<Scalar: KernelScalar>(_ values: [Double], _ weights: Tensor<Scalar>?) -> Double {
  guard let weights = weights?.inDouble.scalars else { return sum(values) / Double(values.count) }
  var products = values
  for i in products.indices { products[i] *= weights[i] }
  return sum(products) / sum(weights)
}

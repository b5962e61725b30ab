import Farro

// Shapes are [elements].

let elementwiseKernels = bothTypes(elementwise(of: Float.self), elementwise(of: Double.self))

/// Operations of a definition are additions, multiplications and divisions; choosing the larger of two is none.
///
/// A transcendental function counts the operations of its polynomial (CKernels/simd/math.h), a fused multiply-add as two,
/// integers and clamps not at all: what is counted is work that this method cannot do without.
private func elementwise<Scalar: KernelScalar>(of type: Scalar.Type) -> [ProfiledKernel] {
  [
    binaryKernel(of: type, named: "add", { add($0, $1, into: &$2) }, exactly: { $0 + $1 }),
    binaryKernel(of: type, named: "multiply", { multiply($0, $1, into: &$2) }, exactly: { $0 * $1 }),
    multiplyAddKernel(of: type),
    mapKernel(of: type, named: "relu", flops: (0, 0), ulps: (0, 0), { relu($0, into: &$1) }, Reference.relu),
    mapKernel(of: type, named: "exp", flops: (21, 31), ulps: (1, 1), { exp($0, into: &$1) }, Reference.exp),
    mapKernel(of: type, named: "log", flops: (25, 29), ulps: (1, 1), { log($0, into: &$1) }, Reference.log),
    mapKernel(of: type, named: "sin", flops: (32, 49), ulps: (1, 1), { sin($0, into: &$1) }, Reference.sin),
    mapKernel(of: type, named: "cos", flops: (32, 49), ulps: (1, 1), { cos($0, into: &$1) }, Reference.cos),
    mapKernel(of: type, named: "tanh", flops: (62, 92), ulps: (1, 1), { tanh($0, into: &$1) }, Reference.tanh),
    mapKernel(of: type, named: "sigmoid", flops: (26, 36), ulps: (2, 2), { sigmoid($0, into: &$1) }, Reference.sigmoid),
    mapKernel(of: type, named: "erf", flops: (65, 121), ulps: (1, 1), { erf($0, into: &$1) }, Reference.erf),
    mapKernel(of: type, named: "silu", flops: (26, 36), ulps: (3, 3), { silu($0, into: &$1) }, Reference.silu),
    mapKernel(of: type, named: "gelu", flops: (48, 82), ulps: (7, 8), { gelu($0, into: &$1) }, Reference.gelu),
    mapKernel(
      of: type,
      named: "gelu_tanh",
      flops: (45, 55),
      ulps: (3, 4),
      { geluTanh($0, into: &$1) },
      Reference.geluTanh
    ),
  ]
}

private func binaryKernel<Scalar: KernelScalar>(
  of type: Scalar.Type,
  named name: String,
  _ kernel: @escaping @Sendable (Tensor<Scalar>, Tensor<Scalar>, inout Tensor<Scalar>) -> Void,
  exactly operation: @escaping @Sendable (Scalar, Scalar) -> Scalar
) -> ProfiledKernel {
  elementwiseKernel(of: type, named: name, operands: 2, flops: 1) { shape in
    let (a, b) = (operand(type, shape: shape, seed: 1), operand(type, shape: shape, seed: 2))
    var result = operand(type, shape: shape, seed: 3)
    return ProfiledKernel.Prepared(
      run: { kernel(a, b, &result) },
      error: { worstError(result, Reference.combine(a, b, operation), ulps: 0) }
    )
  }
}

private func multiplyAddKernel<Scalar: KernelScalar>(of type: Scalar.Type) -> ProfiledKernel {
  elementwiseKernel(of: type, named: "multiply_add", operands: 3, flops: 2) { shape in
    let (a, b) = (operand(type, shape: shape, seed: 1), operand(type, shape: shape, seed: 2))
    let c = operand(type, shape: shape, seed: 3)
    var result = operand(type, shape: shape, seed: 4)
    return ProfiledKernel.Prepared(
      run: { multiplyAdd(a, b, c, into: &result) },
      error: {
        // One rounding of the product, which is below 1, and one of the sum, below 2; the reference rounds the sum too.
        return worstError(result, Reference.multiplyAdd(a, b, c)) { _ in 5 * unitRoundoff(type) }
      }
    )
  }
}

func mapKernel<Scalar: KernelScalar>(
  of type: Scalar.Type,
  named name: String,
  flops: (f32: Double, f64: Double),
  ulps: (f32: Double, f64: Double),
  _ kernel: @escaping @Sendable (Tensor<Scalar>, inout Tensor<Scalar>) -> Void,
  _ reference: @escaping @Sendable (Tensor<Scalar>) -> Tensor<Scalar>
) -> ProfiledKernel {
  let (flops, ulps) = Scalar.dtype == .f32 ? (flops.f32, ulps.f32) : (flops.f64, ulps.f64)
  return elementwiseKernel(of: type, named: name, operands: 1, flops: flops) { shape in
    let x = operand(type, shape: shape, in: name == "log" ? 0...20 : -10...10, seed: 1)
    var result = operand(type, shape: shape, seed: 2)
    return ProfiledKernel.Prepared(
      run: { kernel(x, &result) },
      error: { worstError(result, reference(x), ulps: ulps) }
    )
  }
}

func elementwiseKernel<Scalar: KernelScalar>(
  of type: Scalar.Type,
  named name: String,
  operands: Int,
  flops: Double,
  prepare: @escaping Prepare
) -> ProfiledKernel {
  ProfiledKernel(
    family: "elementwise",
    name: name,
    dtype: Scalar.dtype,
    shapes: [[131], [1 << 14], [1 << 18], [1 << 24]],
    inCache: [1 << 14],
    outOfCache: [1 << 24],
    traffic: .copy,
    flops: { flops * Double($0[0]) },
    bytes: { Double((operands + 1) * $0[0] * MemoryLayout<Scalar>.stride) },
    prepare: prepare
  )
}

/// - Parameter ulps: the error that the kernel's header allows, in units in the last place of the exact value. The reference
///   is the exact value rounded to nearest, so that a kernel within n ulp is at most n steps away from it.
func worstError<Scalar: KernelScalar>(_ actual: Tensor<Scalar>, _ expected: Tensor<Scalar>, ulps: Double)
  -> Double
{
  expected.withUnsafeBufferPointer { steps in worstError(actual, expected) { ulps * Double(steps[$0].ulp) } }
}

import Farro

/// A kernel as the profiler, the tests that walk every instruction set, and the benchmarks see it.
///
/// To add one: an element of its family's list in Kernels/<Family>Kernels.swift, written once for both element types; a new
/// family's list is added to ``all``. Tests verify the two smallest of its shapes, so one of these ends in the middle of
/// a vector.
public struct ProfiledKernel: Sendable {
  /// The folder of the kernel under CKernels, and the operation.
  public let family, name: String
  /// The element type of its operands; for bytes, `u8`.
  public let dtype: DType
  /// The element type that it computes in: another one where operands are only stored in ``dtype``.
  public let arithmetic: DType
  /// Every shape to walk. What the integers of a shape mean is the kernel's own; for a matrix product they are (m, n, k), or
  /// (batch, m, n, k).
  public let shapes: [[Int]]
  /// The two shapes of the default run: operands that stay in a cache, and operands that do not.
  public let inCache, outOfCache: [Int]
  /// Which bandwidth bounds it.
  public let traffic: Traffic
  /// The floating-point operations of one call.
  public let flops: @Sendable (_ shape: [Int]) -> Double
  /// The bytes that one call must move: each operand read or written once.
  public let bytes: @Sendable (_ shape: [Int]) -> Double
  /// How a call on a shape is carried out, in a line, for kernels that have several ways; `nil` for others.
  public let detail: @Sendable (_ shape: [Int]) -> String?
  /// Makes operands and results. It is given no more time than a few copies of them take.
  public let prepare: @Sendable (_ shape: [Int]) -> Prepared

  /// A kernel ready to be called, over and over on the same operands.
  public struct Prepared {
    /// One call, into results that exist.
    public let run: () -> Void
    /// Calls the kernel and its reference, and returns the worst error divided by the error that the kernel's header
    /// allows: at most 1 when it is right, infinite for a NaN.
    public let verify: () -> Double

    /// A kernel whose operands and results the closures hold.
    public init(run: @escaping () -> Void, verify: @escaping () -> Double) {
      (self.run, self.verify) = (run, verify)
    }

    /// A kernel that leaves what `error` looks at.
    init(run: @escaping () -> Void, error: @escaping () -> Double) {
      self.init(
        run: run,
        verify: {
          run()
          return error()
        }
      )
    }
  }

  /// A kernel for ``Profiler``; the properties of the same names say what each parameter is, and without `arithmetic` it
  /// computes in `dtype`.
  ///
  /// - Precondition: `inCache` and `outOfCache` are among `shapes`.
  public init(
    family: String,
    name: String,
    dtype: DType,
    arithmetic: DType? = nil,
    shapes: [[Int]],
    inCache: [Int],
    outOfCache: [Int],
    traffic: Traffic,
    flops: @escaping @Sendable (_ shape: [Int]) -> Double,
    bytes: @escaping @Sendable (_ shape: [Int]) -> Double,
    detail: @escaping @Sendable (_ shape: [Int]) -> String? = { _ in nil },
    prepare: @escaping @Sendable (_ shape: [Int]) -> Prepared
  ) {
    require(
      shapes.contains(inCache) && shapes.contains(outOfCache),
      "ProfiledKernel \(family) \(name): the shapes \(inCache) and \(outOfCache) must be among \(shapes)"
    )
    (self.family, self.name, self.dtype, self.traffic) = (family, name, dtype, traffic)
    self.arithmetic = arithmetic ?? dtype
    (self.shapes, self.inCache, self.outOfCache) = (shapes, inCache, outOfCache)
    (self.flops, self.bytes, self.detail, self.prepare) = (flops, bytes, detail, prepare)
  }
}

/// Makes the operands and results of a shape: ``ProfiledKernel/prepare``.
typealias Prepare = @Sendable (_ shape: [Int]) -> ProfiledKernel.Prepared

extension ProfiledKernel {
  /// Every registered kernel.
  public static let all: [ProfiledKernel] =
    matmulKernels + elementwiseKernels + activationKernels + reductionKernels + normalizationKernels + normKernels
    + batchNormKernels + scalingKernels + distanceKernels + bitDistanceKernels + sparseDistanceKernels + boxKernels
    + neighborKernels + linearAlgebraKernels + hashingKernels + sketchKernels + countingKernels + nearDuplicateKernels
    + conversionKernels + sortingKernels + rankingKernels + supportVectorKernels + leastSquaresKernels + classKernels
    + optimizerKernels + randomKernels + embeddingKernels
    + softmaxKernels
    + bfloat16Kernels + attentionKernels + convolutionKernels

  /// The families that have a kernel registered, in order.
  public static var families: [String] {
    all.map(\.family).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  /// One call's work on a shape.
  public func work(_ shape: [Int]) -> Work {
    Work(flops: flops(shape), bytes: bytes(shape), dtype: arithmetic, traffic: traffic)
  }
}

/// The largest |actual - expected| / bound over all elements, infinite where one alone is a NaN.
///
/// - Parameters:
///   - actual: What the kernel gave.
///   - expected: What its reference gives.
///   - bound: The error that the kernel's header allows at an element; positive.
/// - Precondition: both have the same shape.
/// - Complexity: O(`actual.count`).
public func worstError<Scalar: KernelScalar>(
  _ actual: Tensor<Scalar>,
  _ expected: Tensor<Scalar>,
  bound: (_ element: Int) -> Double
) -> Double {
  require(actual.shape == expected.shape, "worstError: the shapes \(actual.shape) and \(expected.shape) differ")
  return actual.withUnsafeBufferPointer { actual in
    expected.withUnsafeBufferPointer { expected in
      var worst = 0.0
      for i in actual.indices where actual[i] != expected[i] && !(actual[i].isNaN && expected[i].isNaN) {
        let error = abs(Double(actual[i]) - Double(expected[i])) / bound(i)
        worst = error.isNaN ? .infinity : max(worst, error)
      }
      return worst
    }
  }
}

/// 0 where both are the same, infinite otherwise: the error of a kernel that must be exact.
func exactError<Result: Equatable>(_ actual: Result, _ expected: Result) -> Double {
  actual == expected ? 0 : .infinity
}

/// Half the distance from 1 to the next number: `u` of the kernels' headers.
func unitRoundoff<Scalar: KernelScalar>(_ type: Scalar.Type) -> Double { Double(Scalar.ulpOfOne) / 2 }

/// The kernels of two element types, those of one operation side by side.
func bothTypes(_ f32: [ProfiledKernel], _ f64: [ProfiledKernel]) -> [ProfiledKernel] {
  zip(f32, f64).flatMap { [$0, $1] }
}

import CKernels

/// What a norm of rows, or of groups of channels, normalized by, saved for its way back:
/// ``layerNorm(_:scale:offset:epsilon:statistics:into:)-(_,_,_,Scalar,_,_)`` and its like fill it, and
/// ``layerNormWithStatistics(_:scale:offset:epsilon:)->(Tensor<Scalar>,_)`` and its like return it.
///
/// In `Double` for every element type, so that a row far from zero keeps the digits that matter.
public struct RowStatistics: Sendable {
  /// The mean of each row or group; without elements after an RMS norm.
  public internal(set) var mean: Tensor<Double>
  /// `1 / sqrt(variance + epsilon)` of each row or group, or 1 over its root mean square.
  public internal(set) var inverse: Tensor<Double>

  /// Statistics of nothing, to be filled.
  public init() { (mean, inverse) = (Tensor(zeros: [0]), Tensor(zeros: [0])) }

  /// Makes room, unless it is there.
  private mutating func resize(means: Int, inverses: Int) {
    if mean.count != means { mean = Tensor(uninitialized: [means], count: means) }
    if inverse.count != inverses { inverse = Tensor(uninitialized: [inverses], count: inverses) }
  }

  /// Calls `body` with room for as many means and inverses.
  mutating func fill(
    means: Int,
    inverses: Int,
    _ body: (UnsafeMutablePointer<Double>, UnsafeMutablePointer<Double>) -> Void
  ) {
    resize(means: means, inverses: inverses)
    mean.withUnsafeMutableBufferPointer { mean in
      inverse.withUnsafeMutableBufferPointer { body(mean.baseAddress!, $0.baseAddress!) }
    }
  }
}

/// The gradients of a norm with a scale and an offset: of its argument, its scale and its offset.
public typealias NormGradients<Element: TensorScalar, Parameter: TensorScalar> = (
  x: Tensor<Element>, scale: Tensor<Parameter>, offset: Tensor<Parameter>
)

/// A tensor as contiguous rows of its last axis, and the norms of such rows. Parameters are `Float` where elements are
/// ``BFloat16``; otherwise both types are the same.
struct RowNorm<Element: TensorScalar, Parameter: KernelScalar> {
  enum Kind { case layer, rms }

  let kind: Kind
  let rows: Int
  let columns: Int
  let epsilon: Parameter
  let function: StaticString

  init(_ kind: Kind, _ x: Tensor<Element>, epsilon: Parameter, _ function: StaticString) {
    require(x.rank > 0, "\(function): a tensor of the shape \(x.shape) has no axis to work along")
    require(epsilon >= 0, "\(function): epsilon is \(epsilon), not 0 or more")
    (self.kind, self.epsilon, self.function) = (kind, epsilon, function)
    columns = x.shape[x.rank - 1]
    rows = columns == 0 ? 0 : x.count / columns
  }

  func requireFit(_ parameter: Tensor<Parameter>?, _ name: StaticString) {
    guard let shape = parameter?.shape else { return }
    require(
      shape.count == 1 && shape[0] == columns,
      "\(function): \(name) of the shape \(shape) does not fit rows of \(columns)"
    )
  }

  func requireSame(_ x: Tensor<Element>, _ y: Tensor<Element>) {
    require(x.shape == y.shape, "\(function): the shapes \(x.shape) and \(y.shape) differ")
  }

  // MARK: Forward

  /// The memory of one call: the norm of x + residual.
  struct Operands {
    var x: UnsafePointer<Element>
    var residual: UnsafePointer<Element>?
    var sum: UnsafeMutablePointer<Element>?
    var y: UnsafeMutablePointer<Element>
  }

  func forward(_ o: Operands, _ scale: Tensor<Parameter>?, _ offset: Tensor<Parameter>?) {
    run(o, scale, offset, nil, nil)
  }

  func forward(
    _ o: Operands,
    _ scale: Tensor<Parameter>?,
    _ offset: Tensor<Parameter>?,
    savingTo statistics: inout RowStatistics
  ) {
    statistics.fill(means: kind == .layer ? rows : 0, inverses: rows) { run(o, scale, offset, $0, $1) }
  }

  private func run(
    _ o: Operands,
    _ scale: Tensor<Parameter>?,
    _ offset: Tensor<Parameter>?,
    _ mean: UnsafeMutablePointer<Double>?,
    _ inverse: UnsafeMutablePointer<Double>?
  ) {
    requireFit(scale, "scale")
    requireFit(offset, "offset")
    let status = withPointers(scale, offset) { scale, offset in
      switch (kind, Element.dtype) {
      case (.layer, .f32):
        farro_layer_norm_forward_f32(
          rows,
          columns,
          o.x.f32,
          columns,
          o.residual?.f32,
          columns,
          scale?.f32,
          offset?.f32,
          epsilon.f32,
          o.sum?.f32,
          columns,
          o.y.f32,
          columns,
          mean,
          inverse
        )
      case (.layer, .f64):
        farro_layer_norm_forward_f64(
          rows,
          columns,
          o.x.f64,
          columns,
          o.residual?.f64,
          columns,
          scale?.f64,
          offset?.f64,
          epsilon.f64,
          o.sum?.f64,
          columns,
          o.y.f64,
          columns,
          mean,
          inverse
        )
      case (.layer, _):
        farro_layer_norm_forward_bf16(
          rows,
          columns,
          o.x.bf16,
          columns,
          o.residual?.bf16,
          columns,
          scale?.f32,
          offset?.f32,
          epsilon.f32,
          o.sum?.bf16,
          columns,
          o.y.bf16,
          columns,
          mean,
          inverse
        )
      case (.rms, .f32):
        farro_rms_norm_forward_f32(
          rows,
          columns,
          o.x.f32,
          columns,
          o.residual?.f32,
          columns,
          scale?.f32,
          epsilon.f32,
          o.sum?.f32,
          columns,
          o.y.f32,
          columns,
          inverse
        )
      case (.rms, .f64):
        farro_rms_norm_forward_f64(
          rows,
          columns,
          o.x.f64,
          columns,
          o.residual?.f64,
          columns,
          scale?.f64,
          epsilon.f64,
          o.sum?.f64,
          columns,
          o.y.f64,
          columns,
          inverse
        )
      case (.rms, _):
        farro_rms_norm_forward_bf16(
          rows,
          columns,
          o.x.bf16,
          columns,
          o.residual?.bf16,
          columns,
          scale?.f32,
          epsilon.f32,
          o.sum?.bf16,
          columns,
          o.y.bf16,
          columns,
          inverse
        )
      }
    }
    check(status, function)
  }

  // MARK: Backward

  /// Of `gradY` and `x` to `gradX` and, where they are wanted, the gradients of the parameters.
  func backward(
    _ gradY: UnsafePointer<Element>,
    _ x: UnsafePointer<Element>,
    _ scale: Tensor<Parameter>?,
    _ statistics: RowStatistics?,
    _ gradX: UnsafeMutablePointer<Element>,
    _ gradScale: UnsafeMutablePointer<Parameter>?,
    _ gradOffset: UnsafeMutablePointer<Parameter>?
  ) {
    requireFit(scale, "scale")
    if let statistics {
      require(
        statistics.inverse.count == rows && statistics.mean.count == (kind == .layer ? rows : 0),
        "\(function): statistics of \(statistics.inverse.count) rows are not those of \(rows) rows"
      )
    }
    let status = withPointers(statistics?.mean, statistics?.inverse) { mean, inverse in
      withPointers(scale, nil) { scale, _ in
        switch (kind, Element.dtype) {
        case (.layer, .f32):
          farro_layer_norm_backward_f32(
            rows,
            columns,
            gradY.f32,
            columns,
            x.f32,
            columns,
            mean,
            inverse,
            epsilon.f32,
            scale?.f32,
            gradX.f32,
            columns,
            gradScale?.f32,
            gradOffset?.f32
          )
        case (.layer, .f64):
          farro_layer_norm_backward_f64(
            rows,
            columns,
            gradY.f64,
            columns,
            x.f64,
            columns,
            mean,
            inverse,
            epsilon.f64,
            scale?.f64,
            gradX.f64,
            columns,
            gradScale?.f64,
            gradOffset?.f64
          )
        case (.layer, _):
          farro_layer_norm_backward_bf16(
            rows,
            columns,
            gradY.bf16,
            columns,
            x.bf16,
            columns,
            mean,
            inverse,
            epsilon.f32,
            scale?.f32,
            gradX.bf16,
            columns,
            gradScale?.f32,
            gradOffset?.f32
          )
        case (.rms, .f32):
          farro_rms_norm_backward_f32(
            rows,
            columns,
            gradY.f32,
            columns,
            x.f32,
            columns,
            inverse,
            epsilon.f32,
            scale?.f32,
            gradX.f32,
            columns,
            gradScale?.f32
          )
        case (.rms, .f64):
          farro_rms_norm_backward_f64(
            rows,
            columns,
            gradY.f64,
            columns,
            x.f64,
            columns,
            inverse,
            epsilon.f64,
            scale?.f64,
            gradX.f64,
            columns,
            gradScale?.f64
          )
        case (.rms, _):
          farro_rms_norm_backward_bf16(
            rows,
            columns,
            gradY.bf16,
            columns,
            x.bf16,
            columns,
            inverse,
            epsilon.f32,
            scale?.f32,
            gradX.bf16,
            columns,
            gradScale?.f32
          )
        }
      }
    }
    check(status, function)
  }
}

extension UnsafePointer {
  var bf16: UnsafePointer<UInt16> { `as`(UInt16.self) }
}

extension UnsafeMutablePointer {
  var bf16: UnsafeMutablePointer<UInt16> { `as`(UInt16.self) }
}

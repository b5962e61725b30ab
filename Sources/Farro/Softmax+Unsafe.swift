// The calls of the kernels of softmax: their shapes, masks and pointers.

import CKernels

/// A tensor's axis as kernels see it.
struct SoftmaxAxis {
  let view: farro_reduction_shape
  /// Counted from the front.
  let position: Int
  let function: StaticString

  /// - Parameter axis: Counted from the front, or, when negative, from behind the end.
  init(_ shape: [Int], _ axis: Int, _ function: StaticString) {
    position = axisPlace(axis, in: shape, function)
    var (outer, inner) = (1, 1)
    for i in 0..<position { outer *= shape[i] }
    for i in (position + 1)..<shape.count { inner *= shape[i] }
    view = farro_reduction_shape(outer: outer, axis: shape[position], inner: inner)
    self.function = function
  }

  /// Whether `reduced` is `shape` without the axis, or with its length 1.
  func reduces(_ shape: [Int], to reduced: [Int]) -> Bool {
    let isKept = reduced.count == shape.count
    return (isKept || reduced.count == shape.count - 1)
      && reduced.indices.allSatisfy { i in
        reduced[i] == (isKept ? (i == position ? 1 : shape[i]) : shape[i < position ? i : i + 1])
      }
  }

  func requireReduced(_ shape: [Int], to reduced: [Int]) {
    require(
      reduces(shape, to: reduced),
      "\(function): \(shape) without axis \(position) does not fit \(reduced)"
    )
  }

  func reduced(_ shape: [Int], keepingDimensions: Bool) -> [Int] {
    var reduced = shape
    if keepingDimensions { reduced[position] = 1 } else { reduced.remove(at: position) }
    return reduced
  }
}

/// A mask in the layout of the kernels: blocks of all elements from the axis on, repeated along the axes before it.
struct SoftmaxMask<Element: TensorScalar> {
  let blocks: Tensor<Element>
  let stride: Int
  /// The block of each number along the axes before; `nil` where they come in order, or where there is but one.
  let order: [Int]?

  /// - Precondition: `mask` can be broadcast to `shape`.
  init(_ mask: Tensor<Element>, over shape: [Int], _ axis: SoftmaxAxis, _ name: StaticString) {
    let missing = shape.count - mask.rank
    let fits = missing >= 0 && (0..<mask.rank).allSatisfy { [1, shape[missing + $0]].contains(mask.shape[$0]) }
    require(fits, "\(axis.function): \(name) of the shape \(mask.shape) cannot be repeated to \(shape)")
    let lengths = [Int](repeating: 1, count: missing) + mask.shape
    let leading = lengths[..<axis.position]
    let wanted = Array(leading) + shape[axis.position...]
    blocks = lengths == wanted ? mask : SoftmaxMask.repeated(mask, lengths, to: wanted)
    let block = axis.view.axis * axis.view.inner
    if leading.elementsEqual(shape[..<axis.position]) {
      (stride, order) = (block, nil)
    } else if leading.allSatisfy({ $0 == 1 }) {
      (stride, order) = (0, nil)
    } else {
      (stride, order) = (block, SoftmaxMask.positions(Array(leading), over: Array(shape[..<axis.position])))
    }
  }

  /// The position in a tensor of the lengths `lengths` of each element that it has when repeated to `shape`.
  private static func positions(_ lengths: [Int], over shape: [Int]) -> [Int] {
    var positions = [0]
    var step = 1
    for (length, repeated) in zip(lengths, shape).reversed() {
      let inner = positions
      positions = []
      positions.reserveCapacity(inner.count * repeated)
      for i in 0..<repeated {
        let offset = length == 1 ? 0 : i * step
        for position in inner { positions.append(offset + position) }
      }
      step *= length
    }
    return positions
  }

  private static func repeated(_ mask: Tensor<Element>, _ lengths: [Int], to shape: [Int]) -> Tensor<Element> {
    let positions = positions(lengths, over: shape)
    return mask.withUnsafeBufferPointer { elements in
      Tensor(unsafeUninitializedShape: shape) { out in
        for i in out.indices { out[i] = elements[positions[i]] }
      }
    }
  }
}

/// What happens to x first.
struct SoftmaxOptions<Scalar: TensorScalar> {
  let temperature: Double
  let keep: SoftmaxMask<Bool>?
  let bias: SoftmaxMask<Scalar>?

  init(
    _ shape: [Int],
    _ axis: SoftmaxAxis,
    _ temperature: Double,
    _ mask: Tensor<Bool>?,
    _ bias: Tensor<Scalar>?
  ) {
    require(temperature > 0, "\(axis.function): the temperature is \(temperature), not above 0")
    self.temperature = temperature
    keep = mask.map { SoftmaxMask($0, over: shape, axis, "a mask") }
    self.bias = bias.map { SoftmaxMask($0, over: shape, axis, "a bias") }
  }

  /// Calls `body` with what the kernels take; `nil` where x stays as it is.
  @inline(__always)
  func withUnsafeOptions(_ body: (UnsafePointer<farro_softmax_options>?) -> farro_status) -> farro_status {
    if temperature == 1 && keep == nil && bias == nil { return body(nil) }
    return withExtendedLifetime((keep, bias)) {
      (keep?.order ?? []).withUnsafeBufferPointer { keepOrder in
        (bias?.order ?? []).withUnsafeBufferPointer { biasOrder in
          var options = farro_softmax_options()
          options.temperature = temperature
          if let keep {
            keep.blocks.withUnsafeBufferPointer { options.keep = $0.baseAddress!.as(UInt8.self) }
            options.keep_stride = keep.stride
            if keep.order != nil { options.keep_blocks = keepOrder.baseAddress }
          }
          if let bias {
            bias.blocks.withUnsafeBufferPointer { options.bias = UnsafeRawPointer($0.baseAddress!) }
            options.bias_stride = bias.stride
            if bias.order != nil { options.bias_blocks = biasOrder.baseAddress }
          }
          return withUnsafePointer(to: options) { body($0) }
        }
      }
    }
  }
}

/// The operations that take x and its options, with their kernels for each element type.
enum SoftmaxOperation {
  case softmax, logSoftmax, logSumExp

  @inline(__always)
  func run<Scalar: TensorScalar>(
    _ axis: SoftmaxAxis,
    _ options: SoftmaxOptions<Scalar>,
    _ x: UnsafePointer<Scalar>,
    _ y: UnsafeMutablePointer<Scalar>
  ) {
    var view = axis.view
    let status = options.withUnsafeOptions { options in
      switch (self, Scalar.dtype) {
      case (.softmax, .f32): farro_softmax_axis_f32(&view, options, x.f32, y.f32)
      case (.softmax, .f64): farro_softmax_axis_f64(&view, options, x.f64, y.f64)
      case (.softmax, _): farro_softmax_axis_bf16(&view, options, x.bf16, y.bf16)
      case (.logSoftmax, .f32): farro_log_softmax_f32(&view, options, x.f32, y.f32)
      case (.logSoftmax, .f64): farro_log_softmax_f64(&view, options, x.f64, y.f64)
      case (.logSoftmax, _): farro_log_softmax_bf16(&view, options, x.bf16, y.bf16)
      case (.logSumExp, .f32): farro_log_sum_exp_f32(&view, options, x.f32, y.f32)
      case (.logSumExp, .f64): farro_log_sum_exp_f64(&view, options, x.f64, y.f64)
      case (.logSumExp, _): farro_log_sum_exp_bf16(&view, options, x.bf16, y.bf16)
      }
    }
    check(status, axis.function)
  }

  /// The gradient of x from that of y and, for log-sum-exp, x, otherwise y.
  @inline(__always)
  func runBackward<Scalar: TensorScalar>(
    _ axis: SoftmaxAxis,
    _ options: SoftmaxOptions<Scalar>,
    _ x: UnsafePointer<Scalar>?,
    _ y: UnsafePointer<Scalar>,
    _ gradY: UnsafePointer<Scalar>,
    _ gradX: UnsafeMutablePointer<Scalar>
  ) {
    var view = axis.view
    let temperature = options.temperature
    let status =
      switch (self, Scalar.dtype) {
      case (.softmax, .f32): farro_softmax_backward_f32(&view, temperature, y.f32, gradY.f32, gradX.f32)
      case (.softmax, .f64): farro_softmax_backward_f64(&view, temperature, y.f64, gradY.f64, gradX.f64)
      case (.softmax, _): farro_softmax_backward_bf16(&view, temperature, y.bf16, gradY.bf16, gradX.bf16)
      case (.logSoftmax, .f32): farro_log_softmax_backward_f32(&view, temperature, y.f32, gradY.f32, gradX.f32)
      case (.logSoftmax, .f64): farro_log_softmax_backward_f64(&view, temperature, y.f64, gradY.f64, gradX.f64)
      case (.logSoftmax, _): farro_log_softmax_backward_bf16(&view, temperature, y.bf16, gradY.bf16, gradX.bf16)
      case (.logSumExp, let dtype):
        options.withUnsafeOptions { options in
          switch dtype {
          case .f32: farro_log_sum_exp_backward_f32(&view, options, x!.f32, y.f32, gradY.f32, gradX.f32)
          case .f64: farro_log_sum_exp_backward_f64(&view, options, x!.f64, y.f64, gradY.f64, gradX.f64)
          default: farro_log_sum_exp_backward_bf16(&view, options, x!.bf16, y.bf16, gradY.bf16, gradX.bf16)
          }
        }
      }
    check(status, axis.function)
  }
}

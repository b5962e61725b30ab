import CKernels

/// The operands of pooling, checked, and the kernels that work on them.
struct PoolingShape {
  private var shape: farro_pooling_shape
  let result: [Int]

  init(_ motion: WindowMotion, _ x: [Int], _ size: Size2D, _ ceiling: Bool, _ function: StaticString) {
    let (rows, columns) = motion.windows(of: x, size, function)
    shape = farro_pooling_shape(planes: x[0] * x[1], rows: rows, columns: columns, ceiling: ceiling)
    result = motion.outputShape(x[0], x[1], rows, columns, ceiling: ceiling)
  }

  init(global x: [Int], _ function: StaticString) {
    require(
      x.count >= 3 && !x.dropFirst(2).contains(0),
      "\(function): the shape \(x) is not (batch, channels, ...) with elements behind the channels"
    )
    let length = x.dropFirst(2).reduce(1, *)
    let one = farro_window(length: 1, size: 1, stride: 1, dilation: 1, pad_before: 0, pad_after: 0)
    let all = farro_window(length: length, size: length, stride: 1, dilation: 1, pad_before: 0, pad_after: 0)
    shape = farro_pooling_shape(planes: x[0] * x[1], rows: one, columns: all, ceiling: false)
    result = [x[0], x[1]] + Array(repeating: 1, count: x.count - 2)
  }

  func max<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>,
    _ y: UnsafeMutablePointer<Scalar>,
    _ indices: UnsafeMutablePointer<Int>?,
    _ function: StaticString
  ) {
    var shape = shape
    let places = indices?.as(Int64.self)
    x.withUnsafeBufferPointer { x in
      let x = x.baseAddress!
      switch Scalar.dtype {
      case .f32: check(farro_max_pool_f32(&shape, x.f32, y.f32, places), function)
      default: check(farro_max_pool_f64(&shape, x.f64, y.f64, places), function)
      }
    }
  }

  func maxBackward<Scalar: KernelScalar>(
    _ gradY: Tensor<Scalar>,
    _ indices: Tensor<Int>,
    _ gradX: UnsafeMutablePointer<Scalar>,
    _ function: StaticString
  ) {
    var shape = shape
    gradY.withUnsafeBufferPointer { gradY in
      indices.withUnsafeBufferPointer { indices in
        let (gradY, places) = (gradY.baseAddress!, indices.baseAddress!.as(Int64.self))
        switch Scalar.dtype {
        case .f32: check(farro_max_pool_backward_f32(&shape, gradY.f32, places, gradX.f32), function)
        default: check(farro_max_pool_backward_f64(&shape, gradY.f64, places, gradX.f64), function)
        }
      }
    }
  }

  func average<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>,
    _ countsPadding: Bool,
    _ y: UnsafeMutablePointer<Scalar>,
    _ function: StaticString
  ) {
    var shape = shape
    x.withUnsafeBufferPointer { x in
      let x = x.baseAddress!
      switch Scalar.dtype {
      case .f32: check(farro_average_pool_f32(&shape, countsPadding, x.f32, y.f32), function)
      default: check(farro_average_pool_f64(&shape, countsPadding, x.f64, y.f64), function)
      }
    }
  }

  func averageBackward<Scalar: KernelScalar>(
    _ gradY: Tensor<Scalar>,
    _ countsPadding: Bool,
    _ gradX: UnsafeMutablePointer<Scalar>,
    _ function: StaticString
  ) {
    var shape = shape
    gradY.withUnsafeBufferPointer { gradY in
      let gradY = gradY.baseAddress!
      switch Scalar.dtype {
      case .f32: check(farro_average_pool_backward_f32(&shape, countsPadding, gradY.f32, gradX.f32), function)
      default: check(farro_average_pool_backward_f64(&shape, countsPadding, gradY.f64, gradX.f64), function)
      }
    }
  }
}

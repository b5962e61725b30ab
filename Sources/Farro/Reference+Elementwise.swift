import CKernels

extension Reference {
  /// `operation` on each pair of elements of one shape.
  package static func combine<Scalar: KernelScalar>(
    _ a: Tensor<Scalar>,
    _ b: Tensor<Scalar>,
    _ operation: (Scalar, Scalar) -> Scalar
  ) -> Tensor<Scalar> {
    Tensor(zip(a.scalars, b.scalars).map(operation), shape: a.shape)
  }

  /// As ``multiplyAdd(_:_:_:)``, for operands of one shape.
  package static func multiplyAdd<Scalar: KernelScalar>(
    _ a: Tensor<Scalar>,
    _ b: Tensor<Scalar>,
    _ c: Tensor<Scalar>
  ) -> Tensor<Scalar> {
    require(a.shape == b.shape && a.shape == c.shape, "Reference.multiplyAdd: \(a.shape) \(b.shape) \(c.shape)")
    var shape = farro_multiply_add_shape(
      rows: 1,
      columns: a.count,
      a_row: 0,
      a_step: 1,
      b_row: 0,
      b_step: 1,
      c_row: 0,
      c_step: 1,
      out_row: a.count
    )
    return Tensor(unsafeUninitializedShape: a.shape) { out in
      a.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in
          c.withUnsafeBufferPointer { c in
            let (a, b, c, out) = (a.baseAddress!, b.baseAddress!, c.baseAddress!, out.baseAddress!)
            let status =
              switch Scalar.dtype {
              case .f32: farro_multiply_add_reference_f32(&shape, a.f32, b.f32, c.f32, out.f32)
              default: farro_multiply_add_reference_f64(&shape, a.f64, b.f64, c.f64, out.f64)
              }
            check(status, "Reference.multiplyAdd")
          }
        }
      }
    }
  }

  package static func relu<Scalar: KernelScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
    map(x, farro_relu_reference_f32, farro_relu_reference_f64)
  }

  package static func exp<Scalar: KernelScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
    map(x, farro_exp_reference_f32, farro_exp_reference_f64)
  }

  package static func log<Scalar: KernelScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
    map(x, farro_log_reference_f32, farro_log_reference_f64)
  }

  package static func sin<Scalar: KernelScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
    map(x, farro_sin_reference_f32, farro_sin_reference_f64)
  }

  package static func cos<Scalar: KernelScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
    map(x, farro_cos_reference_f32, farro_cos_reference_f64)
  }

  package static func tanh<Scalar: KernelScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
    map(x, farro_tanh_reference_f32, farro_tanh_reference_f64)
  }

  package static func sigmoid<Scalar: KernelScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
    map(x, farro_sigmoid_reference_f32, farro_sigmoid_reference_f64)
  }

  package static func erf<Scalar: KernelScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
    map(x, farro_erf_reference_f32, farro_erf_reference_f64)
  }

  package static func silu<Scalar: KernelScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
    map(x, farro_silu_reference_f32, farro_silu_reference_f64)
  }

  package static func gelu<Scalar: KernelScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
    map(x, farro_gelu_reference_f32, farro_gelu_reference_f64)
  }

  package static func geluTanh<Scalar: KernelScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
    map(x, farro_gelu_tanh_reference_f32, farro_gelu_tanh_reference_f64)
  }

  private typealias Map<Scalar> = (Int, UnsafePointer<Scalar>?, UnsafeMutablePointer<Scalar>?) -> farro_status

  private static func map<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>,
    _ f32: Map<Float>,
    _ f64: Map<Double>
  ) -> Tensor<Scalar> {
    Tensor(unsafeUninitializedShape: x.shape) { out in
      x.withUnsafeBufferPointer { x in
        let (from, to) = (x.baseAddress!, out.baseAddress!)
        switch Scalar.dtype {
        case .f32: check(f32(x.count, from.f32, to.f32), "Reference")
        default: check(f64(x.count, from.f64, to.f64), "Reference")
        }
      }
    }
  }
}

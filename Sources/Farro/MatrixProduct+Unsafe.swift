import CKernels

/// The operand that a product's second factor comes as.
enum RightOperand<Scalar: KernelScalar> {
  case tensor(UnsafePointer<Scalar>)
  case packed(OpaquePointer)
}

extension MatrixProduct {
  /// `c = alpha op(a) op(b) + beta c`, then the epilogue, for operands and a result that the caller has checked.
  @inline(__always)
  func multiply<Scalar: KernelScalar>(
    _ alpha: Scalar,
    _ a: Tensor<Scalar>,
    _ b: Tensor<Scalar>,
    _ beta: Scalar,
    _ c: UnsafeMutablePointer<Scalar>,
    _ epilogue: Epilogue<Scalar>?
  ) {
    withExtendedLifetime((a, b)) {
      let (a, b) = (UnsafePointer(a.storage.base + a.offset), UnsafePointer(b.storage.base + b.offset))
      let (left, right) = isSwapped ? (b, a) : (a, b)
      if let epilogue {
        epilogue.withUnsafeEpilogue(of: self) {
          if outer.isEmpty {
            fuse(alpha, left, .tensor(right), beta, c, $0)
          } else {
            Self.multiply(problems(left, right, c), epilogues($0, of: Scalar.self), alpha, beta)
          }
        }
      } else if outer.isEmpty {
        multiply(alpha, left, right, beta, c)
      } else {
        Self.multiply(problems(left, right, c), [], alpha, beta)
      }
    }
  }

  @inline(__always)
  private func multiply<Scalar: KernelScalar>(
    _ alpha: Scalar,
    _ a: UnsafePointer<Scalar>,
    _ b: UnsafePointer<Scalar>,
    _ beta: Scalar,
    _ c: UnsafeMutablePointer<Scalar>
  ) {
    withUnsafePointer(to: shape) { shape in
      switch Scalar.dtype {
      case .f32: check(farro_matmul_f32(shape, alpha.f32, a.f32, b.f32, beta.f32, c.f32), "matmul")
      default: check(farro_matmul_f64(shape, alpha.f64, a.f64, b.f64, beta.f64, c.f64), "matmul")
      }
    }
  }

  /// One fused call for each index of the outer axes.
  func fuse<Scalar: KernelScalar>(
    _ alpha: Scalar,
    _ a: UnsafePointer<Scalar>,
    _ b: RightOperand<Scalar>,
    _ beta: Scalar,
    _ c: UnsafeMutablePointer<Scalar>?,
    _ epilogue: farro_epilogue
  ) {
    var (shape, epilogue) = (shape, epilogue)
    let residual = epilogue.residual
    forEachCall { aOffset, bOffset, cOffset in
      let (a, c) = (a + aOffset, c.map { $0 + cOffset })
      epilogue.residual = residual.map { $0 + cOffset * MemoryLayout<Scalar>.stride }
      let status =
        switch (Scalar.dtype, b) {
        case (.f32, .tensor(let b)):
          farro_matmul_fused_f32(&shape, alpha.f32, a.f32, (b + bOffset).f32, beta.f32, c?.f32, &epilogue)
        case (_, .tensor(let b)):
          farro_matmul_fused_f64(&shape, alpha.f64, a.f64, (b + bOffset).f64, beta.f64, c?.f64, &epilogue)
        case (.f32, .packed(let b)):
          farro_matmul_packed_f32(&shape, alpha.f32, a.f32, b, beta.f32, c?.f32, &epilogue)
        case (_, .packed(let b)):
          farro_matmul_packed_f64(&shape, alpha.f64, a.f64, b, beta.f64, c?.f64, &epilogue)
        }
      check(status, "matmul")
    }
  }

  /// The calls as problems of a group.
  func problems<Scalar: KernelScalar>(
    _ a: UnsafePointer<Scalar>,
    _ b: UnsafePointer<Scalar>,
    _ c: UnsafeMutablePointer<Scalar>
  ) -> [farro_matmul_problem] {
    var problems: [farro_matmul_problem] = []
    problems.reserveCapacity(calls)
    forEachCall { aOffset, bOffset, cOffset in
      problems.append(
        farro_matmul_problem(shape: shape, a: a + aOffset, b: b + bOffset, c: c + cOffset, epilogue: nil)
      )
    }
    return problems
  }

  /// The epilogue of each call, from that of the first.
  func epilogues<Scalar: KernelScalar>(_ first: farro_epilogue, of type: Scalar.Type) -> [farro_epilogue] {
    var epilogues: [farro_epilogue] = []
    epilogues.reserveCapacity(calls)
    forEachCall { _, _, cOffset in
      epilogues.append(first)
      epilogues[epilogues.count - 1].residual = first.residual.map { $0 + cOffset * MemoryLayout<Scalar>.stride }
    }
    return epilogues
  }

  /// - Parameter epilogues: One for each problem, or none at all.
  static func multiply<Scalar: KernelScalar>(
    _ problems: [farro_matmul_problem],
    _ epilogues: [farro_epilogue],
    _ alpha: Scalar,
    _ beta: Scalar
  ) {
    epilogues.withUnsafeBufferPointer { epilogues in
      var problems = problems
      for i in epilogues.indices { problems[i].epilogue = epilogues.baseAddress! + i }
      switch Scalar.dtype {
      case .f32: check(farro_matmul_grouped_f32(problems.count, problems, alpha.f32, beta.f32), "matmul")
      default: check(farro_matmul_grouped_f64(problems.count, problems, alpha.f64, beta.f64), "matmul")
      }
    }
  }
}

extension Epilogue {
  /// Calls `body` with what C knows of the epilogue of the product's first call.
  func withUnsafeEpilogue<Result>(of product: MatrixProduct, _ body: (farro_epilogue) -> Result) -> Result {
    withExtendedLifetime(self) {
      let pointer = { (tensor: Tensor<Scalar>?) in tensor.map { UnsafeRawPointer($0.storage.base + $0.offset) } }
      return body(
        farro_epilogue(
          scale: pointer(scale),
          bias: pointer(bias),
          activation: activation.code,
          residual: pointer(residual),
          ld_residual: product.shape.ldc,
          stride_residual: product.shape.stride_c,
          visit: nil,
          visit_context: nil
        )
      )
    }
  }
}

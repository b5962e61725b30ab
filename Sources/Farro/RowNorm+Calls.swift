// The calls that layer norm and RMS norm share, of tensors.

extension RowNorm {
  func normalized(_ x: Tensor<Element>, _ scale: Tensor<Parameter>?, _ offset: Tensor<Parameter>?) -> Tensor<Element> {
    Tensor(unsafeUninitializedShape: x.shape) { y in
      x.withUnsafeBufferPointer {
        forward(Operands(x: $0.baseAddress!, y: y.baseAddress!), scale, offset)
      }
    }
  }

  func normalize(
    _ x: Tensor<Element>,
    _ scale: Tensor<Parameter>?,
    _ offset: Tensor<Parameter>?,
    into y: inout Tensor<Element>
  ) {
    requireSame(x, y)
    y.withUnsafeMutableBufferPointer { y in
      x.withUnsafeBufferPointer { forward(Operands(x: $0.baseAddress!, y: y.baseAddress!), scale, offset) }
    }
  }

  func normalize(inPlace x: inout Tensor<Element>, _ scale: Tensor<Parameter>?, _ offset: Tensor<Parameter>?) {
    x.withUnsafeMutableBufferPointer { x in
      forward(Operands(x: UnsafePointer(x.baseAddress!), y: x.baseAddress!), scale, offset)
    }
  }

  func normalize(
    _ x: Tensor<Element>,
    _ scale: Tensor<Parameter>?,
    _ offset: Tensor<Parameter>?,
    _ statistics: inout RowStatistics,
    into y: inout Tensor<Element>
  ) {
    requireSame(x, y)
    y.withUnsafeMutableBufferPointer { y in
      x.withUnsafeBufferPointer {
        forward(Operands(x: $0.baseAddress!, y: y.baseAddress!), scale, offset, savingTo: &statistics)
      }
    }
  }

  func normalizedWithStatistics(
    _ x: Tensor<Element>,
    _ scale: Tensor<Parameter>?,
    _ offset: Tensor<Parameter>?
  ) -> (y: Tensor<Element>, statistics: RowStatistics) {
    var (y, statistics) = (Tensor<Element>(uninitialized: x.shape, count: x.count), RowStatistics())
    normalize(x, scale, offset, &statistics, into: &y)
    return (y, statistics)
  }

  func added(
    _ x: Tensor<Element>,
    _ residual: Tensor<Element>,
    _ scale: Tensor<Parameter>?,
    _ offset: Tensor<Parameter>?
  ) -> (sum: Tensor<Element>, y: Tensor<Element>) {
    var sum = Tensor<Element>(uninitialized: x.shape, count: x.count)
    var y = Tensor<Element>(uninitialized: x.shape, count: x.count)
    add(x, residual, scale, offset, into: &sum, &y)
    return (sum, y)
  }

  func add(
    _ x: Tensor<Element>,
    _ residual: Tensor<Element>,
    _ scale: Tensor<Parameter>?,
    _ offset: Tensor<Parameter>?,
    into sum: inout Tensor<Element>,
    _ y: inout Tensor<Element>
  ) {
    requireSame(x, residual)
    requireSame(x, sum)
    requireSame(x, y)
    y.withUnsafeMutableBufferPointer { y in
      sum.withUnsafeMutableBufferPointer { sum in
        x.withUnsafeBufferPointer { x in
          residual.withUnsafeBufferPointer { residual in
            let operands = Operands(
              x: x.baseAddress!,
              residual: residual.baseAddress!,
              sum: sum.baseAddress!,
              y: y.baseAddress!
            )
            forward(operands, scale, offset)
          }
        }
      }
    }
  }

  func add(
    _ x: Tensor<Element>,
    to residual: inout Tensor<Element>,
    _ scale: Tensor<Parameter>?,
    _ offset: Tensor<Parameter>?,
    _ statistics: UnsafeMutablePointer<RowStatistics>?,
    into y: inout Tensor<Element>
  ) {
    requireSame(x, residual)
    requireSame(x, y)
    y.withUnsafeMutableBufferPointer { y in
      residual.withUnsafeMutableBufferPointer { residual in
        x.withUnsafeBufferPointer { x in
          let operands = Operands(
            x: x.baseAddress!,
            residual: UnsafePointer(residual.baseAddress!),
            sum: residual.baseAddress!,
            y: y.baseAddress!
          )
          if let statistics {
            forward(operands, scale, offset, savingTo: &statistics.pointee)
          } else {
            forward(operands, scale, offset)
          }
        }
      }
    }
  }

  func gradients(
    _ gradY: Tensor<Element>,
    _ x: Tensor<Element>,
    _ scale: Tensor<Parameter>?,
    _ statistics: RowStatistics?
  ) -> NormGradients<Element, Parameter> {
    var gradX = Tensor<Element>(uninitialized: x.shape, count: x.count)
    var gradScale = Tensor<Parameter>(uninitialized: [columns], count: columns)
    let offsets = kind == .layer ? columns : 0
    var gradOffset = Tensor<Parameter>(uninitialized: [offsets], count: offsets)
    gradients(gradY, x, scale, statistics, &gradX, &gradScale, &gradOffset)
    return (gradX, gradScale, gradOffset)
  }

  func gradients(
    _ gradY: Tensor<Element>,
    _ x: Tensor<Element>,
    _ scale: Tensor<Parameter>?,
    _ statistics: RowStatistics?,
    _ gradX: inout Tensor<Element>,
    _ gradScale: inout Tensor<Parameter>,
    _ gradOffset: inout Tensor<Parameter>
  ) {
    requireSame(gradY, x)
    requireSame(gradX, x)
    requireFit(gradScale, "the gradient of scale")
    if kind == .layer { requireFit(gradOffset, "the gradient of offset") }
    gradX.withUnsafeMutableBufferPointer { gradX in
      gradScale.withUnsafeMutableBufferPointer { gradScale in
        gradOffset.withUnsafeMutableBufferPointer { gradOffset in
          gradY.withUnsafeBufferPointer { gradY in
            x.withUnsafeBufferPointer { x in
              backward(
                gradY.baseAddress!,
                x.baseAddress!,
                scale,
                statistics,
                gradX.baseAddress!,
                gradScale.baseAddress!,
                kind == .layer ? gradOffset.baseAddress! : nil
              )
            }
          }
        }
      }
    }
  }
}

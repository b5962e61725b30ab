import CKernels

/// Rows that belong to centres, and their sums.
struct Assignment {
  var labels: [Int32]
  var distances: [Double]
  var sums: [Double]
  var weights: [Double]
  var inertia = 0.0

  /// - Parameter measured: whether ``distances`` are wanted.
  init(rows: Int, shape: [Int], measured: Bool = false) {
    labels = Array(repeating: -1, count: rows)
    distances = measured ? Array(repeating: 0, count: rows) : []
    sums = Array(repeating: 0, count: shape[0] * shape[1])
    weights = Array(repeating: 0, count: shape[0])
  }

  /// - Parameter bounds: of the calls before for the same rows, which spare the measuring of rows that stay.
  mutating func assign<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>,
    to centers: Tensor<Scalar>,
    _ rowWeights: Tensor<Scalar>?,
    _ bounds: AssignmentBounds? = nil
  ) {
    var shape = farro_assignment_shape()
    (shape.n, shape.d, shape.k) = (x.shape[0], x.shape[1], centers.shape[0])
    (shape.ldx, shape.ld_centers) = (shape.d, shape.d)
    var result = farro_assignment()
    let isMeasured = !distances.isEmpty
    labels.withUnsafeMutableBufferPointer { labels in
      distances.withUnsafeMutableBufferPointer { distances in
        sums.withUnsafeMutableBufferPointer { sums in
          weights.withUnsafeMutableBufferPointer { weights in
            // Of no elements, an array's address may be nil; the kernel wants one.
            withUnsafeTemporaryAllocation(of: Double.self, capacity: 1) { spare in
              let none = UnsafeMutableRawPointer(spare.baseAddress!)
              result.labels = labels.baseAddress ?? none.assumingMemoryBound(to: Int32.self)
              result.distances = isMeasured ? distances.baseAddress : nil
              (result.sums, result.weights) = (sums.baseAddress ?? spare.baseAddress!, weights.baseAddress)
              withPointers(x, centers) { x, centers in
                withPointer(rowWeights) { rowWeights in
                  let status =
                    switch (Scalar.dtype, bounds) {
                    case (.f32, let bounds?):
                      farro_assign_bounded_f32(&shape, x.f32, centers.f32, rowWeights?.f32, &bounds.state, &result)
                    case (_, let bounds?):
                      farro_assign_bounded_f64(&shape, x.f64, centers.f64, rowWeights?.f64, &bounds.state, &result)
                    case (.f32, nil): farro_assign_f32(&shape, x.f32, centers.f32, rowWeights?.f32, &result)
                    default: farro_assign_f64(&shape, x.f64, centers.f64, rowWeights?.f64, &result)
                    }
                  check(status, "kMeans")
                }
              }
            }
          }
        }
      }
    }
    inertia = result.inertia
  }
}

/// What the iterations of one run know of the distances between rows and centres.
final class AssignmentBounds {
  fileprivate var state: OpaquePointer?

  deinit { farro_bounds_release(state) }

  /// How many rows changed their labels at last.
  var movedRows: Int { state.map { Int(farro_bounds_moved($0)) } ?? 0 }
}

/// Calls `next` for one row after the other, of which each is far from those before it, until it answers false.
func drawSpreadRows<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  _ weights: Tensor<Scalar>?,
  while next: (_ draw: ([Double]) -> Int) throws -> Bool
) rethrows {
  try withPointers(x, x) { pointer, _ in
    try withPointer(weights) { weights in
      var state: OpaquePointer?
      let (n, d) = (x.shape[0], x.shape[1])
      let status =
        switch Scalar.dtype {
        case .f32: farro_spread_begin_f32(n, d, pointer.f32, d, weights?.f32, &state)
        default: farro_spread_begin_f64(n, d, pointer.f64, d, weights?.f64, &state)
        }
      check(status, "kMeans")
      defer { farro_spread_release(state) }
      let draw = { (uniforms: [Double]) -> Int in
        var row = 0
        check(farro_spread_next(state, uniforms.count, uniforms, &row), "kMeans")
        return row
      }
      while try next(draw) {}
    }
  }
}

private func withPointers<Scalar>(
  _ x: Tensor<Scalar>,
  _ y: Tensor<Scalar>,
  _ body: (UnsafePointer<Scalar>, UnsafePointer<Scalar>) throws -> Void
) rethrows {
  try x.withUnsafeBufferPointer { x in try y.withUnsafeBufferPointer { try body(x.baseAddress!, $0.baseAddress!) } }
}

private func withPointer<Scalar>(_ x: Tensor<Scalar>?, _ body: (UnsafePointer<Scalar>?) throws -> Void) rethrows {
  if let x { try x.withUnsafeBufferPointer { try body($0.baseAddress!) } } else { try body(nil) }
}

import CKernels

/// A finished part of a matrix product, as ``withUnsafeTiles(of:_:transposeA:transposeB:epilogue:_:)`` shows it.
///
/// Valid only during the call that it is given to: it points into memory that the next tile overwrites.
public struct UnsafeMatmulTile<Scalar: KernelScalar> {
  /// The row and the column of the product that the tile begins at.
  public let row, column: Int
  /// The rows and columns of the tile.
  public let rows, columns: Int

  let base: UnsafePointer<Scalar>
  let stride: Int

  /// A row of the tile: elements ``column`` to ``column`` + ``columns`` - 1 of row ``row`` + `i` of the product.
  ///
  /// - Precondition: `i` is in `0..<rows`.
  /// - Complexity: O(1).
  public subscript(i: Int) -> UnsafeBufferPointer<Scalar> {
    require(i >= 0 && i < rows, "UnsafeMatmulTile: no row \(i) in a tile of \(rows) rows")
    return UnsafeBufferPointer(start: base + i * stride, count: columns)
  }
}

/// Computes the product of two matrices without ever storing it: `body` sees each tile while it is still in the core's
/// nearest memory, to take its least element or count what it looks for.
///
/// ```swift
/// let large = Mutex(0)
/// withUnsafeTiles(of: queries, corpus, transposeB: true) { tile in
///   let count = (0..<tile.rows).reduce(0) { $0 + tile[$1].count { $0 > 0.9 } }
///   large.withLock { $0 += count }
/// }
/// ```
///
/// Each element of the product is in one tile. `body` is called from several threads at a time, in an order that changes
/// from call to call.
///
/// - Parameters:
///   - a: Shape (m, k), or (k, m) when `transposeA`.
///   - b: Shape (k, n), or (n, k) when `transposeB`.
///   - transposeA: Whether `a` is given with its axes exchanged.
///   - transposeB: Whether `b` is.
///   - epilogue: What becomes of the product before `body` sees it.
///   - body: Is called with each tile.
/// - Precondition: both have two axes, and the shapes agree.
/// - Complexity: O(m n k) besides `body`.
public func withUnsafeTiles<Scalar: KernelScalar>(
  of a: Tensor<Scalar>,
  _ b: Tensor<Scalar>,
  transposeA: Bool = false,
  transposeB: Bool = false,
  epilogue: Epilogue<Scalar> = Epilogue(),
  _ body: @Sendable (UnsafeMatmulTile<Scalar>) -> Void
) {
  require(
    a.rank == 2 && b.rank == 2,
    "withUnsafeTiles: \(a.shape) and \(b.shape) must both be shapes of matrices"
  )
  let product = MatrixProduct(a.shape, b.shape, transposeA, transposeB)
  epilogue.checkShapes(forResult: product.resultShape(a.shape, b.shape))
  withoutActuallyEscaping(body) { body in
    let visitor = TileVisitor { row, column, rows, columns, base, stride in
      let base = base.assumingMemoryBound(to: Scalar.self)
      body(
        UnsafeMatmulTile(row: row, column: column, rows: rows, columns: columns, base: base, stride: stride)
      )
    }
    withExtendedLifetime((a, b, visitor)) {
      let (a, b) = (UnsafePointer(a.storage.base + a.offset), UnsafePointer(b.storage.base + b.offset))
      epilogue.withUnsafeEpilogue(of: product) {
        var epilogue = $0
        epilogue.visit = visitTile
        epilogue.visit_context = Unmanaged.passUnretained(visitor).toOpaque()
        product.fuse(1, a, .tensor(b), 0, nil, epilogue)
      }
    }
  }
}

/// A C function cannot be made of a closure that knows `Scalar`; the closure is in this object.
private final class TileVisitor {
  typealias Body = (
    _ row: Int, _ column: Int, _ rows: Int, _ columns: Int, _ base: UnsafeRawPointer, _ stride: Int
  ) -> Void

  let body: Body

  init(_ body: @escaping Body) { self.body = body }
}

private let visitTile: farro_tile_visitor = { context, _, row, column, rows, columns, tile, stride in
  Unmanaged<TileVisitor>.fromOpaque(context!).takeUnretainedValue().body(row, column, rows, columns, tile!, stride)
}

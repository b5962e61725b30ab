import CKernels

// Indices are as much the programmer's as a subscript is: one outside of the table stops the program.

// MARK: - Lookup

/// The rows of a table by their numbers.
///
/// - Parameters:
///   - table: Shape (rows, columns).
///   - indices: Of any shape, each in `0..<rows`.
/// - Returns: The shape of `indices`, and behind it the columns.
/// - Precondition: the parameters are as above.
/// - Complexity: O(`indices.count` columns).
public func embedding<Scalar: KernelScalar>(_ table: Tensor<Scalar>, _ indices: Tensor<Int>) -> Tensor<Scalar> {
  let lookup = Lookup("embedding", table.shape, indices)
  return Tensor(unsafeUninitializedShape: indices.shape + [lookup.columns]) { lookup.gather(table, indices, $0) }
}

/// ``embedding(_:_:)`` into a tensor that exists.
///
/// - Precondition: `y` has the shape of `indices`, and behind it the columns; indices are rows of the table.
/// - Complexity: O(`y.count`).
public func embedding<Scalar: KernelScalar>(
  _ table: Tensor<Scalar>,
  _ indices: Tensor<Int>,
  into y: inout Tensor<Scalar>
) {
  let lookup = Lookup("embedding", table.shape, indices)
  requireShape("embedding", y, indices.shape + [lookup.columns])
  y.withUnsafeMutableBufferPointer { lookup.gather(table, indices, $0) }
}

/// The gradient of ``embedding(_:_:)``'s table: each row is the sum of the gradients of its copies, in their order.
///
/// - Parameters:
///   - gradY: Of the result: the shape of `indices`, and behind it the columns.
///   - indices: As they were looked up.
///   - rows: Of the table.
///   - paddingIndex: A row of the table whose gradient stays 0.
/// - Returns: Shape (rows, columns).
/// - Precondition: the parameters are as above.
/// - Complexity: O(`gradY.count + rows columns`).
public func embeddingBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  _ indices: Tensor<Int>,
  rows: Int,
  paddingIndex: Int? = nil
) -> Tensor<Scalar> {
  require(
    gradY.rank > 0 && rows >= 0,
    "embeddingBackward: a gradient of the shape \(gradY.shape) for a table of \(rows) rows"
  )
  var gradTable = Tensor<Scalar>(zeros: [rows, gradY.shape[gradY.rank - 1]])
  embeddingBackward(gradY, indices, paddingIndex: paddingIndex, addingTo: &gradTable)
  return gradTable
}

/// ``embeddingBackward(_:_:rows:paddingIndex:)`` added to a gradient that exists; rows that no index names are not touched.
///
/// - Precondition: as there; `gradTable` has the shape of the table.
/// - Complexity: O(`gradY.count`).
public func embeddingBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  _ indices: Tensor<Int>,
  paddingIndex: Int? = nil,
  addingTo gradTable: inout Tensor<Scalar>
) {
  let lookup = Lookup("embeddingBackward", gradTable.shape, indices)
  lookup.requirePadding(paddingIndex)
  requireShape("embeddingBackward", gradY, indices.shape + [lookup.columns])
  gradTable.withUnsafeMutableBufferPointer { lookup.scatter(gradY, indices, paddingIndex, $0) }
}

// MARK: - Bags

/// What ``embeddingBag(_:_:offsets:_:paddingIndex:)`` makes of the rows of a bag.
public enum EmbeddingBagMode: Sendable, Hashable {
  /// Their sum, or their mean; 0 of none.
  case sum, mean
}

/// The sums or means of groups of rows of a table.
///
/// - Parameters:
///   - table: Shape (rows, columns).
///   - indices: Shape (n), each in `0..<rows`: those of the first bag, then those of the next.
///   - offsets: Bag b has the indices from `offsets[b]` up to `offsets[b + 1]`: one more number than there are bags, rising from
///     0 to n. A bag may be empty.
///   - mode: What becomes of the rows of a bag.
///   - paddingIndex: A row of the table that belongs to no bag.
/// - Returns: Shape (bags, columns).
/// - Precondition: the parameters are as above.
/// - Complexity: O(n columns).
public func embeddingBag<Scalar: KernelScalar>(
  _ table: Tensor<Scalar>,
  _ indices: Tensor<Int>,
  offsets: [Int],
  _ mode: EmbeddingBagMode = .mean,
  paddingIndex: Int? = nil
) -> Tensor<Scalar> {
  let bags = Bags("embeddingBag", table.shape, indices, offsets, mode, paddingIndex)
  return Tensor(unsafeUninitializedShape: [bags.count, bags.lookup.columns]) { bags.sum(table, indices, $0) }
}

/// ``embeddingBag(_:_:offsets:_:paddingIndex:)`` into a tensor that exists.
///
/// - Precondition: as there; `y` has the shape (bags, columns).
/// - Complexity: O(n columns).
public func embeddingBag<Scalar: KernelScalar>(
  _ table: Tensor<Scalar>,
  _ indices: Tensor<Int>,
  offsets: [Int],
  _ mode: EmbeddingBagMode = .mean,
  paddingIndex: Int? = nil,
  into y: inout Tensor<Scalar>
) {
  let bags = Bags("embeddingBag", table.shape, indices, offsets, mode, paddingIndex)
  requireShape("embeddingBag", y, [bags.count, bags.lookup.columns])
  y.withUnsafeMutableBufferPointer { bags.sum(table, indices, $0) }
}

/// The gradient of ``embeddingBag(_:_:offsets:_:paddingIndex:)``'s table.
///
/// - Parameters:
///   - gradY: Of the result, (bags, columns).
///   - indices: As they were given.
///   - offsets: As they were given.
///   - mode: As it was given.
///   - rows: Of the table.
///   - paddingIndex: As it was given.
/// - Returns: Shape (rows, columns).
/// - Precondition: the parameters are as above.
/// - Complexity: O(n columns + rows columns).
public func embeddingBagBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  _ indices: Tensor<Int>,
  offsets: [Int],
  _ mode: EmbeddingBagMode = .mean,
  rows: Int,
  paddingIndex: Int? = nil
) -> Tensor<Scalar> {
  require(
    gradY.rank == 2 && rows >= 0,
    "embeddingBagBackward: a gradient of the shape \(gradY.shape) for a table of \(rows) rows"
  )
  var gradTable = Tensor<Scalar>(zeros: [rows, gradY.shape[1]])
  embeddingBagBackward(gradY, indices, offsets: offsets, mode, paddingIndex: paddingIndex, addingTo: &gradTable)
  return gradTable
}

/// ``embeddingBagBackward(_:_:offsets:_:rows:paddingIndex:)`` added to a gradient that exists; rows that no index names are not
/// touched.
///
/// - Precondition: as there; `gradTable` has the shape of the table.
/// - Complexity: O(n columns).
public func embeddingBagBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  _ indices: Tensor<Int>,
  offsets: [Int],
  _ mode: EmbeddingBagMode = .mean,
  paddingIndex: Int? = nil,
  addingTo gradTable: inout Tensor<Scalar>
) {
  let bags = Bags("embeddingBagBackward", gradTable.shape, indices, offsets, mode, paddingIndex)
  requireShape("embeddingBagBackward", gradY, [bags.count, bags.lookup.columns])
  gradTable.withUnsafeMutableBufferPointer { bags.scatter(gradY, indices, $0) }
}

// MARK: - To C

private func requireShape<Scalar>(_ function: StaticString, _ tensor: Tensor<Scalar>, _ shape: [Int]) {
  require(tensor.shape == shape, "\(function): a tensor of the shape \(tensor.shape) where \(shape) is needed")
}

/// Indices into a table, both as C wants them.
struct Lookup {
  let function: StaticString
  let rows, columns: Int
  var shape: farro_embedding_shape

  init(_ function: StaticString, _ table: [Int], _ indices: Tensor<Int>) {
    require(table.count == 2, "\(function): the table's shape is \(table), not (rows, columns)")
    (self.function, rows, columns) = (function, table[0], table[1])
    shape = farro_embedding_shape(table_rows: rows, columns: columns, table_row: columns, count: indices.count)
  }

  func requirePadding(_ index: Int?) {
    guard let index else { return }
    require((0..<rows).contains(index), "\(function): paddingIndex \(index) is no row of a table of \(rows)")
  }

  func gather<Scalar: KernelScalar>(
    _ table: Tensor<Scalar>,
    _ indices: Tensor<Int>,
    _ y: UnsafeMutableBufferPointer<Scalar>
  ) {
    run(indices) { shape, indices, bad in
      table.withUnsafeBufferPointer { table in
        let (t, y) = (table.baseAddress!, y.baseAddress!)
        return switch Scalar.dtype {
        case .f32: farro_embedding_f32(shape, t.f32, indices, y.f32, columns, bad)
        default: farro_embedding_f64(shape, t.f64, indices, y.f64, columns, bad)
        }
      }
    }
  }

  func scatter<Scalar: KernelScalar>(
    _ gradY: Tensor<Scalar>,
    _ indices: Tensor<Int>,
    _ paddingIndex: Int?,
    _ gradTable: UnsafeMutableBufferPointer<Scalar>
  ) {
    let padding = Int64(paddingIndex ?? -1)
    run(indices) { shape, indices, bad in
      gradY.withUnsafeBufferPointer { gradY in
        let (g, t) = (gradY.baseAddress!, gradTable.baseAddress!)
        return switch Scalar.dtype {
        case .f32: farro_embedding_backward_f32(shape, indices, padding, g.f32, columns, t.f32, bad)
        default: farro_embedding_backward_f64(shape, indices, padding, g.f64, columns, t.f64, bad)
        }
      }
    }
  }

  /// Calls C, and stops the program at an index that is no row of the table.
  func run(
    _ indices: Tensor<Int>,
    _ body: (UnsafePointer<farro_embedding_shape>, UnsafePointer<Int64>, UnsafeMutablePointer<Int>) -> farro_status
  ) {
    var bad = indices.count
    let status = indices.withUnsafeBufferPointer { indices in
      withUnsafePointer(to: shape) { body($0, indices.baseAddress!.as(Int64.self), &bad) }
    }
    require(
      bad == indices.count,
      "\(function): index \(indices.scalar(at: min(bad, indices.count - 1))) at \(bad) is no row of a table of \(rows)"
    )
    check(status, function)
  }
}

/// Groups of indices into a table.
struct Bags {
  let lookup: Lookup
  let offsets: [Int64]
  let mode: EmbeddingBagMode
  let paddingIndex: Int?

  init(
    _ function: StaticString,
    _ table: [Int],
    _ indices: Tensor<Int>,
    _ offsets: [Int],
    _ mode: EmbeddingBagMode,
    _ paddingIndex: Int?
  ) {
    lookup = Lookup(function, table, indices)
    lookup.requirePadding(paddingIndex)
    require(indices.rank == 1, "\(function): the indices' shape is \(indices.shape), not (n)")
    require(
      offsets.first == 0 && offsets.last == indices.count && zip(offsets, offsets.dropFirst()).allSatisfy(<=),
      "\(function): offsets must rise from 0 to \(indices.count), the number of indices, and are \(offsets.prefix(20))"
    )
    (self.offsets, self.mode, self.paddingIndex) = (offsets.map(Int64.init), mode, paddingIndex)
  }

  var count: Int { offsets.count - 1 }

  func withC<Result>(_ body: (UnsafePointer<farro_embedding_bags>) -> Result) -> Result {
    offsets.withUnsafeBufferPointer { offsets in
      let bags = farro_embedding_bags(
        bags: count,
        offsets: offsets.baseAddress,
        padding_index: Int64(paddingIndex ?? -1),
        mean: mode == .mean
      )
      return withUnsafePointer(to: bags, body)
    }
  }

  func sum<Scalar: KernelScalar>(
    _ table: Tensor<Scalar>,
    _ indices: Tensor<Int>,
    _ y: UnsafeMutableBufferPointer<Scalar>
  ) {
    lookup.run(indices) { shape, indices, bad in
      withC { bags in
        table.withUnsafeBufferPointer { table in
          let (t, y) = (table.baseAddress!, y.baseAddress!)
          return switch Scalar.dtype {
          case .f32: farro_embedding_bag_f32(shape, bags, t.f32, indices, y.f32, lookup.columns, bad)
          default: farro_embedding_bag_f64(shape, bags, t.f64, indices, y.f64, lookup.columns, bad)
          }
        }
      }
    }
  }

  func scatter<Scalar: KernelScalar>(
    _ gradY: Tensor<Scalar>,
    _ indices: Tensor<Int>,
    _ gradTable: UnsafeMutableBufferPointer<Scalar>
  ) {
    lookup.run(indices) { shape, indices, bad in
      withC { bags in
        gradY.withUnsafeBufferPointer { gradY in
          let (g, t) = (gradY.baseAddress!, gradTable.baseAddress!)
          return switch Scalar.dtype {
          case .f32: farro_embedding_bag_backward_f32(shape, bags, indices, g.f32, lookup.columns, t.f32, bad)
          default: farro_embedding_bag_backward_f64(shape, bags, indices, g.f64, lookup.columns, t.f64, bad)
          }
        }
      }
    }
  }
}

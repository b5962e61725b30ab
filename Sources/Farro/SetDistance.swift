import CKernels

/// A type that the elements of a ``SortedSets`` can have: `UInt32` and `UInt64`. No other type may conform.
public protocol SetElement: ArithmeticScalar, FixedWidthInteger, UnsignedInteger {}

extension UInt32: SetElement {}
extension UInt64: SetElement {}

/// Sets of numbers as sorted lists behind one another: documents as hashes of their shingles, users as items.
///
/// ```swift
/// let documents = SortedSets<UInt64>([[3, 5, 9], [5, 9, 12], []])
/// print(jaccardDistances(documents))  // 0, 0.5, 1; 0.5, 0, 1; 1, 1, 0
/// ```
public struct SortedSets<Element: SetElement>: Sendable, Equatable {
  /// Where the elements of each set begin, and where those of the last one end.
  public let offsets: [Int64]
  /// The elements, set after set, ascending within each.
  public let elements: [Element]

  /// The number of sets.
  public var count: Int { offsets.count - 1 }

  /// Sets of elements in any order; those that are named twice are in once.
  ///
  /// - Complexity: O(n log n) for n elements.
  public init(_ sets: some Sequence<some Sequence<Element>>) {
    var (offsets, elements): ([Int64], [Element]) = ([0], [])
    for set in sets {
      for element in set.sorted() where elements.count == Int(offsets.last!) || elements.last! != element {
        elements.append(element)
      }
      offsets.append(Int64(elements.count))
    }
    (self.offsets, self.elements) = (offsets, elements)
  }

  /// The elements of a set.
  ///
  /// - Precondition: there is such a set.
  /// - Complexity: O(1).
  public subscript(set: Int) -> ArraySlice<Element> {
    require(0..<count ~= set, "SortedSets: there is no set \(set) of \(count)")
    return elements[Int(offsets[set])..<Int(offsets[set + 1])]
  }
}

// MARK: - Distances

/// The Jaccard distance between every set of `x` and every set of `y`: the number of elements that only one of them has,
/// divided by the number that either has; 0 where both are empty.
///
/// - Parameters:
///   - x: m sets.
///   - y: n sets; `x` itself when omitted.
/// - Returns: Shape (m, n).
/// - Complexity: O(m n (a + b)) for sets of a and b elements; less where one is much larger. Of many sets O(m n (1 + c) + m a +
///   n b) for c elements in common, with up to 20 MB of work space.
public func jaccardDistances<Element: SetElement>(
  _ x: SortedSets<Element>,
  _ y: SortedSets<Element>? = nil
) -> Tensor<Float> {
  let y = y ?? x
  return Tensor(unsafeUninitializedShape: [x.count, y.count]) { measure(x, y, $0.baseAddress!) }
}

/// ``jaccardDistances(_:_:)`` into a tensor that exists.
///
/// - Precondition: `distances` has the shape (m, n).
/// - Complexity: as there.
public func jaccardDistances<Element: SetElement>(
  _ x: SortedSets<Element>,
  _ y: SortedSets<Element>? = nil,
  into distances: inout Tensor<Float>
) {
  let y = y ?? x
  require(
    distances.shape == [x.count, y.count],
    "jaccardDistances: \(x.count) and \(y.count) sets have no distances of shape \(distances.shape)"
  )
  distances.withUnsafeMutableBufferPointer { measure(x, y, $0.baseAddress!) }
}

/// The Jaccard distance between set i of `x` and set i of `y`, for every i.
///
/// - Returns: Shape (sets).
/// - Precondition: there are as many sets in both.
/// - Complexity: O(elements).
public func pairedJaccardDistances<Element: SetElement>(
  _ x: SortedSets<Element>,
  _ y: SortedSets<Element>
) -> Tensor<Float> {
  require(x.count == y.count, "pairedJaccardDistances: \(x.count) sets and \(y.count) are not pairs")
  return Tensor(unsafeUninitializedShape: [x.count]) { out in
    let out = out.baseAddress!
    let status =
      switch Element.dtype {
      case .u32: x.withU32 { x in y.withU32 { farro_paired_set_distances_u32(x, $0, out) } }
      default: x.withU64 { x in y.withU64 { farro_paired_set_distances_u64(x, $0, out) } }
      }
    check(status, "pairedJaccardDistances")
  }
}

private func measure<Element>(
  _ x: SortedSets<Element>,
  _ y: SortedSets<Element>,
  _ out: UnsafeMutablePointer<Float>
) {
  let n = y.count
  let status =
    switch Element.dtype {
    case .u32: x.withU32 { x in y.withU32 { farro_set_distances_u32(x, $0, out, n) } }
    default: x.withU64 { x in y.withU64 { farro_set_distances_u64(x, $0, out, n) } }
    }
  check(status, "jaccardDistances")
}

extension SortedSets {
  fileprivate func withU32<Result>(_ body: (UnsafePointer<farro_sets_u32>) -> Result) -> Result {
    withPointers { offsets, elements in
      var sets = farro_sets_u32(sets: count, offsets: offsets, elements: elements.as(UInt32.self))
      return body(&sets)
    }
  }

  fileprivate func withU64<Result>(_ body: (UnsafePointer<farro_sets_u64>) -> Result) -> Result {
    withPointers { offsets, elements in
      var sets = farro_sets_u64(sets: count, offsets: offsets, elements: elements.as(UInt64.self))
      return body(&sets)
    }
  }

  private func withPointers<Result>(_ body: (UnsafePointer<Int64>, UnsafePointer<Element>) -> Result) -> Result {
    offsets.withUnsafeBufferPointer { offsets in
      elements.withUnsafeBufferPointer { body(offsets.baseAddress!, $0.baseAddress!) }
    }
  }
}

extension Reference {
  /// As ``jaccardDistances(_:_:)``.
  package static func jaccardDistances<Element: SetElement>(
    _ x: SortedSets<Element>,
    _ y: SortedSets<Element>
  ) -> Tensor<Float> {
    Tensor(unsafeUninitializedShape: [x.count, y.count]) { out in
      let (out, n) = (out.baseAddress!, y.count)
      let status =
        switch Element.dtype {
        case .u32: x.withU32 { x in y.withU32 { farro_set_distances_reference_u32(x, $0, out, n) } }
        default: x.withU64 { x in y.withU64 { farro_set_distances_reference_u64(x, $0, out, n) } }
        }
      check(status, "Reference.jaccardDistances")
    }
  }
}

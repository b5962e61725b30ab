import CKernels

/// How many different elements there are, within a percent or so, in a few kilobytes whatever their number.
///
/// ```swift
/// var visitors = HyperLogLog(precision: 14)
/// visitors.insert(contentsOf: ids)   // numbers of any kind
/// visitors.insert(hashes: hashes)    // or 64-bit hashes, such as of texts by XXH3
/// visitors.estimatedCount            // ± 0.8 %
/// ```
///
/// Of *n* different elements and m = 2^`precision` registers, the estimate has the relative standard error 1.04 / √m where *n*
/// is some times m, less below (``relativeStandardError``), and a bias within 0.5 / m. Up to m / 4 elements (4096 at most) are kept in a list, with the standard error 0.00009 *n*: exactly, in effect.
///
/// It is a function of the set of elements alone: any order, any number of repetitions and any union of parts give equal
/// sketches.
///
/// Sources: P. Flajolet, É. Fusy, O. Gandouet, F. Meunier, "HyperLogLog", AofA 2007; S. Heule, M. Nunkesser, A. Hall,
/// "HyperLogLog in practice", EDBT 2013 (the list); O. Ertl, "New cardinality estimation algorithms for HyperLogLog
/// sketches", arXiv 1702.01284, 2017 (the estimate).
public struct HyperLogLog: Sendable, Equatable {
  /// The registers are 2^precision: 4 to 18.
  public private(set) var precision: Int
  /// What chooses the hash function of numbers. Hashes that are ready do not depend on it.
  public let seed: UInt64

  /// Registers that are not 0, at a precision of 26, as long as there are few.
  package internal(set) var codes: [UInt32] = []
  /// A byte each; none as long as the list serves.
  package internal(set) var registers: [UInt8] = []

  /// The sketch of the empty set.
  ///
  /// - Parameters:
  ///   - precision: 2^precision bytes are taken, by many elements.
  ///   - seed: What chooses the hash function of numbers.
  /// - Precondition: `precision` is 4 to 18.
  public init(precision: Int = 14, seed: UInt64 = 0) {
    require(4...18 ~= precision, "HyperLogLog: a precision is 4 to 18, not \(precision)")
    (self.precision, self.seed) = (precision, seed)
  }

  /// A sketch from its parts; `nil` if no set has one such.
  package init?(precision: Int, seed: UInt64, codes: [UInt32], registers: [UInt8]) {
    self.init(precision: precision, seed: seed)
    let isSound =
      registers.isEmpty
      ? codes.count <= mostCodes && farro_hyperloglog_sparse_is_sound(codes, codes.count)
      : codes.isEmpty && registers.count == 1 << precision && registers.allSatisfy { $0 <= 65 - precision }
    guard isSound else { return nil }
    (self.codes, self.registers) = (codes, registers)
  }

  /// The most elements of the list.
  package var mostCodes: Int { min(1 << precision / 4, 4096) }

  /// Whether no element was inserted.
  public var isEmpty: Bool { codes.isEmpty && registers.isEmpty }

  /// Adds an element.
  ///
  /// - Complexity: O(1); O(`m`) once, and O(log `m`) and a move of up to 16 KiB before.
  public mutating func insert(_ key: UInt64) { insert(contentsOf: CollectionOfOne(key)) }

  /// Adds elements: numbers of any kind, in any order and as often as they like.
  ///
  /// - Complexity: O(*n*) for *n* elements.
  public mutating func insert(contentsOf keys: some Sequence<UInt64>) {
    withElements(keys) { insert($0, areKeys: true) }
  }

  /// Adds elements by their hashes, which look random in all 64 bits, such as ``XXH3`` makes.
  ///
  /// - Complexity: O(*n*) for *n* elements.
  public mutating func insert(hashes: some Sequence<UInt64>) {
    withElements(hashes) { insert($0, areKeys: false) }
  }

  /// The estimate of how many different elements were inserted.
  ///
  /// - Complexity: O(m) for m registers; O(1) of few elements.
  public var estimatedCount: Double {
    if registers.isEmpty { return farro_hyperloglog_sparse_estimate(codes.count) }
    var estimate = 0.0
    check(farro_hyperloglog_estimate(registers, UInt32(precision), &estimate), "HyperLogLog")
    return estimate
  }

  /// The standard error of estimates divided by the truth, for many elements: 1.04 / √m.
  public var relativeStandardError: Double { 1.04 / Double(1 << precision).squareRoot() }

  /// Makes this the sketch of the union of both sets, of the lower precision of both.
  ///
  /// - Throws: ``SketchMismatch`` unless both have the same seed.
  /// - Complexity: O(m) for m registers of the larger.
  public mutating func formUnion(_ other: HyperLogLog) throws(SketchMismatch) {
    try requireEqual("HyperLogLog", "seeds", seed, other.seed)
    if other.precision < precision { self = reduced(to: other.precision) }
    merge(other)
  }

  /// The sketch of the union of both sets, of the lower precision of both.
  ///
  /// - Throws: ``SketchMismatch`` unless both have the same seed.
  /// - Complexity: O(m) for m registers of the larger.
  public func union(_ other: HyperLogLog) throws(SketchMismatch) -> HyperLogLog {
    var result = self
    try result.formUnion(other)
    return result
  }

  /// What a sketch of lower precision would have become.
  ///
  /// - Precondition: `precision` is 4 to this one's.
  /// - Complexity: O(m) for m registers.
  public func reduced(to precision: Int) -> HyperLogLog {
    require(
      precision <= self.precision,
      "HyperLogLog: a sketch of precision \(self.precision) cannot become one of \(precision)"
    )
    var result = HyperLogLog(precision: precision, seed: seed)
    result.merge(self)
    return result
  }
}

import Farro
import FarroData

/// What a column of categories holds in a row: a number, a text, or nothing.
///
/// ```swift
/// let sizes: [Category] = ["small", "large", 3, .missing]
/// ```
public enum Category: Hashable, Sendable {
  /// A number that is neither NaN nor infinite.
  case number(Double)
  /// A text.
  case text(String)
  /// Nothing: NaN among numbers, a missing text of a table.
  case missing
}

extension Category: ExpressibleByStringLiteral, ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
  public init(stringLiteral text: String) { self = .text(text) }
  public init(floatLiteral number: Double) { self = .number(number) }
  public init(integerLiteral number: Int) { self = .number(Double(number)) }
}

/// Numbers come first, in ascending order, then texts, in the order of their bytes in UTF-8, and last what is missing.
extension Category: Comparable {
  public static func < (a: Category, b: Category) -> Bool {
    switch (a, b) {
    case (.number(let a), .number(let b)): a < b
    case (.text(let a), .text(let b)): a.utf8.lexicographicallyPrecedes(b.utf8)
    case (.number, .text), (.number, .missing), (.text, .missing): true
    default: false
    }
  }
}

extension Category: CustomStringConvertible {
  /// The text, or the number with as few digits as tell it from others, and without a point when it is whole; `nan` for what is
  /// missing.
  public var description: String {
    switch self {
    case .number(let number):
      number == number.rounded() && abs(number) < 1e15 ? "\(Int(number))" : "\(number)"
    case .text(let text): text
    case .missing: "nan"
    }
  }
}

/// A number, a text, or null.
extension Category: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .missing
    } else if let text = try? container.decode(String.self) {
      self = .text(text)
    } else {
      let number = try container.decode(Double.self)
      guard number.isFinite else {
        throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(number) is no category")
      }
      self = .number(number)
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .number(let number): try container.encode(number)
    case .text(let text): try container.encode(text)
    case .missing: try container.encodeNil()
    }
  }
}

/// The categories of a column, and which of them each row has.
public struct CategoryCodes: Sendable, Equatable {
  /// The categories that occur, in ascending order.
  public let categories: [Category]
  /// The place among ``categories`` of each row's.
  public let codes: [Int32]

  /// Categories in any order, each once; of codes that none has, no category is kept.
  init(_ found: [Category], codes: [Int32]) {
    var occurs = [Bool](repeating: false, count: found.count)
    for code in codes { occurs[Int(code)] = true }
    let order = found.indices.filter { occurs[$0] }.sorted { found[$0] < found[$1] }
    var places = [Int32](repeating: 0, count: found.count)
    for (place, code) in order.enumerated() { places[code] = Int32(place) }
    categories = order.map { found[$0] }
    self.codes = codes.map { places[Int($0)] }
  }

  /// How many rows each category has.
  var counts: [Int] {
    var counts = [Int](repeating: 0, count: categories.count)
    for code in codes { counts[Int(code)] += 1 }
    return counts
  }
}

/// Rows whose columns can be taken for categories: a `Tensor`, of which NaN is missing, or a `Table`.
public protocol CategoricalRows: Rows {
  /// How many columns each row has.
  var columnCount: Int { get }
  /// What the columns are called, if they have names.
  var namesOfColumns: [String]? { get }

  /// The categories of a column.
  ///
  /// - Throws: ``ModelError/notFinite(row:column:)`` for an infinite number, ``ModelError/notRows(shape:)`` for what is no matrix.
  /// - Complexity: O(rows) for few categories.
  func categoryCodes(_ column: Int) throws(ModelError) -> CategoryCodes
}

extension Tensor: CategoricalRows where Scalar: KernelScalar {
  public var namesOfColumns: [String]? { nil }

  public func categoryCodes(_ column: Int) throws(ModelError) -> CategoryCodes {
    guard rank == 2 else { throw .notRows(shape: shape) }
    return try FarroModels.categoryCodes(doubles(ofColumn: column), column)
  }
}

extension Tensor where Scalar: KernelScalar {
  /// The elements of a column of a matrix.
  @_specialize(where Scalar == Float)
  @_specialize(where Scalar == Double)
  func doubles(ofColumn column: Int) -> [Double] {
    let (rows, columns) = (shape[0], shape[1])
    return withUnsafeBufferPointer { x in (0..<rows).map { Double(x[$0 * columns + column]) } }
  }
}

extension Table: CategoricalRows {
  public var columnCount: Int { columns.count }
  public var namesOfColumns: [String]? { columnNames }

  public func categoryCodes(_ column: Int) throws(ModelError) -> CategoryCodes {
    switch columns[column].values {
    case .numbers(let numbers): return try FarroModels.categoryCodes(numbers.scalars, column)
    case .categories(let categories):
      let missing = Int32(categories.names.count)
      return CategoryCodes(
        categories.names.map { .text($0) } + [.missing],
        codes: categories.codes.map { $0 < 0 ? missing : $0 }
      )
    }
  }
}

/// Numbers by a small table of those that were seen last, before a dictionary: few different ones cost some nanoseconds each.
private func categoryCodes(_ numbers: [Double], _ column: Int) throws(ModelError) -> CategoryCodes {
  var places: [UInt64: Int32] = [:]
  var found: [Category] = []
  var known = [(bits: UInt64, place: Int32)](repeating: (0, -1), count: 1 << 10)
  var codes = [Int32](repeating: 0, count: numbers.count)
  for (row, number) in numbers.enumerated() {
    // Of 0 and -0, 0; of all NaN, one.
    let bits = number.isNaN ? Double.nan.bitPattern : (number + 0).bitPattern
    // Fibonacci hashing: the highest bits depend on all.
    let slot = Int((bits &* 0x9e37_79b9_7f4a_7c15) >> 54)
    if known[slot].place < 0 || known[slot].bits != bits {
      if let place = places[bits] {
        known[slot] = (bits, place)
      } else {
        guard !number.isInfinite else { throw .notFinite(row: row, column: column) }
        known[slot] = (bits, Int32(found.count))
        places[bits] = Int32(found.count)
        found.append(number.isNaN ? .missing : .number(number + 0))
      }
    }
    codes[row] = known[slot].place
  }
  return CategoryCodes(found, codes: codes)
}

import Farro

/// Labels as numbers: the classes that occur, in order, and which of them each row has.
///
/// Classes are in ascending order where labels are `Comparable`, `false` comes before `true`, and labels of another type are
/// in the order in which they first occur. An order that a caller names comes before all that.
struct Classes<Label: Hashable & Sendable>: Sendable {
  /// The classes, each once.
  let labels: [Label]
  /// For each array of labels, the position in ``labels`` of each row's class.
  let codes: [[Int32]]

  /// The classes of some arrays of labels.
  ///
  /// - Parameter order: All classes that may occur, each once; when nil, those that do.
  /// - Throws: ``MetricError/unknownLabel(_:row:)`` for a label that `order` lacks, and ``MetricError/classes(_:reason:)`` for NaN.
  /// - Complexity: O(rows); for integers of a small range and short strings a few nanoseconds each.
  init(of columns: [Label]..., order: [Label]? = nil) throws(MetricError) {
    var (found, codes) = firstOccurrences(columns)
    guard found.allSatisfy({ $0 == $0 }) else {
      throw .classes(found.filter { $0 != $0 }, "what does not equal itself, as NaN, is no label")
    }
    guard let order else {
      labels = inNaturalOrder(found)
      let positions = Dictionary(uniqueKeysWithValues: zip(labels, Int32(0)...))
      let places = found.map { positions[$0]! }
      if !zip(places, Int32(0)...).allSatisfy({ $0 == $1 }) { renumber(&codes, places) }
      self.codes = codes
      return
    }
    let positions = try Self.positions(order)
    var places: [Int32] = []
    for (code, label) in found.enumerated() {
      guard let place = positions[label] else {
        let rows = codes.compactMap { $0.firstIndex(of: Int32(code)) }
        throw .unknownLabel("\(label)", row: rows.min()!)
      }
      places.append(place)
    }
    renumber(&codes, places)
    (labels, self.codes) = (order, codes)
  }

  /// Where each label of a caller's order stands in it.
  private static func positions(_ order: [Label]) throws(MetricError) -> [Label: Int32] {
    var positions: [Label: Int32] = [:]
    for (position, label) in order.enumerated() {
      guard positions.updateValue(Int32(position), forKey: label) == nil else {
        throw .parameter(name: "labels", reason: "\(label) is there twice")
      }
    }
    return positions
  }

  var count: Int { labels.count }
}

/// Ascending, if the type knows an order; otherwise as they are.
func inNaturalOrder<Label: Hashable>(_ labels: [Label]) -> [Label] {
  func ascending<Ordered: Comparable>(_: Ordered.Type) -> [Label] { (labels as! [Ordered]).sorted() as! [Label] }
  if let flags = labels as? [Bool] { return flags.sorted { !$0 && $1 } as! [Label] }
  guard let ordered = Label.self as? any Comparable.Type else { return labels }
  return ascending(ordered)
}

private func renumber(_ codes: inout [[Int32]], _ places: [Int32]) {
  codes = codes.map { column in column.map { places[Int($0)] } }
}

// MARK: - First occurrences

/// The labels that occur, in the order of their first occurrences, and the position among them of each row's label.
private func firstOccurrences<Label: Hashable>(_ columns: [[Label]]) -> (labels: [Label], codes: [[Int32]]) {
  // Each type by its name: of a type that the compiler knows an integer takes some nanoseconds, otherwise 200.
  func result<Found>(_ result: (labels: [Found], codes: [[Int32]])) -> ([Label], [[Int32]]) {
    (result.labels as! [Label], result.codes)
  }
  if let columns = known(columns, [Int].self) { return result(integerOccurrences(columns)) }
  if let columns = known(columns, [Int32].self) { return result(integerOccurrences(columns)) }
  if let columns = known(columns, [UInt8].self) { return result(integerOccurrences(columns)) }
  if let columns = known(columns, [Int64].self) { return result(integerOccurrences(columns)) }
  if let columns = known(columns, [Int8].self) { return result(integerOccurrences(columns)) }
  if let columns = known(columns, [Int16].self) { return result(integerOccurrences(columns)) }
  if let columns = known(columns, [UInt16].self) { return result(integerOccurrences(columns)) }
  if let columns = known(columns, [UInt32].self) { return result(integerOccurrences(columns)) }
  if let columns = known(columns, [Bool].self) {
    let (found, codes) = integerOccurrences(columns.map { $0.map { $0 ? 1 : 0 as UInt8 } })
    return result((found.map { $0 == 1 }, codes))
  }
  if let columns = known(columns, [String].self) { return result(stringOccurrences(columns)) }
  var numbers = LabelNumbers<Label>()
  let codes = columns.map { $0.map { numbers.number(of: $0) } }
  return (numbers.labels, codes)
}

/// Numbers of labels, given as they come.
struct LabelNumbers<Label: Hashable> {
  private(set) var labels: [Label] = []
  private var numbers: [Label: Int32] = [:]

  mutating func number(of label: Label) -> Int32 {
    if let number = numbers[label] { return number }
    let number = Int32(labels.count)
    numbers[label] = number
    labels.append(label)
    return number
  }
}

/// Integers of a range no wider than a table in the cache, or than the rows, are looked up in one; of others, a small table of
/// those that came last spares most hashing.
@inline(__always)
private func integerOccurrences<Integer: FixedWidthInteger>(
  _ columns: [[Integer]]
) -> (labels: [Integer], codes: [[Int32]]) {
  var (low, high) = (Integer.max, Integer.min)
  for column in columns {
    for label in column {
      low = min(low, label)
      high = max(high, label)
    }
  }
  guard low <= high else { return ([], columns.map { _ in [] }) }
  let rows = columns.reduce(0) { $0 + $1.count }
  let (width, overflow) = Int(truncatingIfNeeded: high).subtractingReportingOverflow(Int(truncatingIfNeeded: low))
  guard !overflow, (0..<max(1 << 14, min(rows, 1 << 20))).contains(width) else { return rareOccurrences(columns) }
  let least = Int(truncatingIfNeeded: low)
  var numbers = [Int32](repeating: -1, count: width + 1)
  var labels: [Integer] = []
  let codes = columns.map { column in
    column.map { label in
      let place = Int(truncatingIfNeeded: label) &- least
      if numbers[place] < 0 {
        numbers[place] = Int32(labels.count)
        labels.append(label)
      }
      return numbers[place]
    }
  }
  return (labels, codes)
}

@inline(__always)
private func rareOccurrences<Integer: FixedWidthInteger>(
  _ columns: [[Integer]]
) -> (labels: [Integer], codes: [[Int32]]) {
  var numbers = LabelNumbers<Integer>()
  var known = [(label: Integer, number: Int32)](repeating: (0, -1), count: 1 << 10)
  let codes = columns.map { column in
    column.map { label in
      // Fibonacci hashing: the highest bits depend on all.
      let place = Int((UInt64(truncatingIfNeeded: label) &* 0x9e37_79b9_7f4a_7c15) >> 54)
      if known[place].number >= 0 && known[place].label == label { return known[place].number }
      let number = numbers.number(of: label)
      known[place] = (label, number)
      return number
    }
  }
  return (numbers.labels, codes)
}

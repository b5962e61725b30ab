import Farro

/// Which categories an encoder knows.
public enum CategoryChoice: Hashable, Codable, Sendable {
  /// Those that occur in the rows that it learns from, in ascending order.
  case automatic
  /// These, of each column, in this order.
  case given([[Category]])
}

/// The categories of columns, and the group of each: rare ones share one.
struct LearnedCategories: Codable, Equatable, Sendable {
  /// Of each column, those that are known.
  let categories: [[Category]]
  /// Of each column, the group of each category: frequent ones have one each, in their order, and rare ones the last.
  let groups: [[Int32]]
  /// Of each column, how many groups there are.
  let groupCounts: [Int]
  /// Of each column, whether the last group is that of rare categories.
  let hasRare: [Bool]

  /// - Throws: ``ModelError`` for no rows, for rows that hold what `choice` does not give, unless that may be, and for a
  ///   choice that does not fit.
  init(
    _ x: some CategoricalRows,
    _ choice: CategoryChoice,
    minFrequency: RowShare?,
    maxCategories: Int?,
    allowsUnknown: Bool
  ) throws {
    try minFrequency?.checkFrequency("minFrequency")
    try checkRange(maxCategories, "maxCategories", atLeast: 1)
    guard x.rowCount > 0 else { throw ModelError.rows(0, needed: 1) }
    guard x.columnCount > 0 else { throw ModelError.notRows(shape: [x.rowCount, 0]) }
    if case .given(let given) = choice {
      guard given.count == x.columnCount else {
        throw ModelError.parameter(
          name: "categories",
          reason: "there must be categories of \(x.columnCount) columns, not of \(given.count)"
        )
      }
      guard given.allSatisfy({ !$0.isEmpty && Set($0).count == $0.count }) else {
        throw ModelError.parameter(name: "categories", reason: "a column has none, or one twice")
      }
    }
    var categories: [[Category]] = []
    var counts: [[Int]] = []
    for column in 0..<x.columnCount {
      try Task.checkCancellation()
      let found = try x.categoryCodes(column)
      guard case .given(let given) = choice else {
        categories.append(found.categories)
        counts.append(found.counts)
        continue
      }
      let places = LearnedCategories.places(of: found.categories, in: given[column])
      if !allowsUnknown { try checkKnown(found, places, column) }
      var known = given[column].map { _ in 0 }
      for (place, count) in zip(places, found.counts) where place >= 0 { known[Int(place)] = count }
      categories.append(given[column])
      counts.append(known)
    }
    let rare = counts.map { LearnedCategories.rare($0, x.rowCount, minFrequency, maxCategories) }
    self.init(categories, rare: rare)
  }

  private init(_ categories: [[Category]], rare: [[Bool]]) {
    self.categories = categories
    hasRare = rare.map { $0.contains(true) }
    let frequentCounts = rare.map { column in column.count { !$0 } }
    groupCounts = zip(frequentCounts, hasRare).map { $0 + ($1 ? 1 : 0) }
    groups = zip(rare, frequentCounts).map { rare, last in
      var next: Int32 = 0
      return rare.map { isRare in
        if isRare { return Int32(last) }
        next += 1
        return next - 1
      }
    }
  }

  /// Those of too few rows, and the rarest of too many; of equally rare ones the first.
  private static func rare(_ counts: [Int], _ rows: Int, _ minFrequency: RowShare?, _ maxCategories: Int?) -> [Bool] {
    let least = minFrequency?.number(of: rows) ?? 0
    var rare = counts.map { Double($0) < least }
    let groups = rare.count { !$0 } + 1
    if let most = maxCategories, most < groups {
      let order = counts.indices.sorted { (counts[$0], $0) < (counts[$1], $1) }
      for place in order.dropLast(most - 1) { rare[place] = true }
    }
    return rare
  }

  /// The place of each category among those that are known, -1 where it is none of them.
  static func places(of found: [Category], in known: [Category]) -> [Int32] {
    let places = Dictionary(uniqueKeysWithValues: zip(known, Int32(0)...))
    return found.map { places[$0] ?? -1 }
  }

  var columnCount: Int { categories.count }

  /// The place of each row's category among the known ones of the column, -1 where it is none of them.
  func places(_ x: some CategoricalRows, _ column: Int, allowsUnknown: Bool) throws -> [Int32] {
    let found = try x.categoryCodes(column)
    let places = LearnedCategories.places(of: found.categories, in: categories[column])
    if !allowsUnknown { try checkKnown(found, places, column) }
    return found.codes.map { places[Int($0)] }
  }

  /// What is wrong with what was read from a file.
  var flaw: String? {
    guard groups.count == columnCount, groupCounts.count == columnCount, hasRare.count == columnCount else {
      return "categories, their groups and numbers belong to different columns"
    }
    for column in 0..<columnCount {
      guard Set(categories[column]).count == categories[column].count else { return "a category is there twice" }
      let rare = groups[column].map { hasRare[column] && Int($0) == groupCounts[column] - 1 }
      guard groups[column].count == categories[column].count,
        LearnedCategories([categories[column]], rare: [rare]).groups[0] == groups[column],
        hasRare[column] == rare.contains(true),
        groupCounts[column] == rare.count(where: { !$0 }) + (hasRare[column] ? 1 : 0)
      else { return "groups of categories do not fit" }
    }
    return nil
  }
}

/// - Throws: ``ModelError/unknownCategory(_:row:column:)`` for the first row whose category has no place.
private func checkKnown(_ found: CategoryCodes, _ places: [Int32], _ column: Int) throws(ModelError) {
  guard places.contains(-1), let row = found.codes.firstIndex(where: { places[Int($0)] < 0 }) else { return }
  throw .unknownCategory("\(found.categories[Int(found.codes[row])])", row: row, column: column)
}

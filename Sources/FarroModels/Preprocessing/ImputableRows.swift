import Farro
import FarroData

/// Rows of which elements may be missing: `Tensor`, `CSRMatrix` and `Table`.
public protocol ImputableRows: ColumnSource {
  /// What can stand in for a missing element.
  associatedtype Statistic: Hashable & Codable & Sendable

  /// What elements are, for files' kinds.
  static var kindOfElements: String { get }
  /// Whether this is neither missing nor infinite.
  static func canStandIn(_ statistic: Statistic) -> Bool

  /// - Throws: ``ModelError/notRows(shape:)`` for what is no matrix, ``ModelError/notFinite(row:column:)`` for the first element
  ///   that is infinite; NaN is missing.
  func checkNotInfinite() throws(ModelError)

  /// Of each column, whether all is missing.
  func emptyColumns() throws -> [Bool]

  /// The columns of which something is missing, in ascending order.
  func incompleteColumns() -> [Int]

  /// What a strategy makes of each column; of one where all is missing, the constant, or 0 or an empty text.
  ///
  /// - Throws: ``ModelError/parameter(name:reason:)`` when it can make nothing of a column's kind.
  func statistics(_ strategy: ImputationStrategy, isEmpty: [Bool]) throws -> [Statistic]

  /// The columns that are kept, with `statistics` in place of what is missing, and behind them 1 for each missing element of
  /// the columns that are indicated, and 0 for others.
  func imputed(kept: [Int], statistics: [Statistic], indicated: [Int]) throws -> Self
}

extension ImputationStrategy {
  /// The number that is the constant.
  ///
  /// - Throws: ``ModelError/parameter(name:reason:)`` for a constant that is a text, NaN or infinite.
  fileprivate func number(_ constant: Category, _ column: String) throws(ModelError) -> Double {
    if case .number(let number) = constant, number.isFinite { return number }
    throw .parameter(name: "strategy", reason: "the constant must be a number for \(column), not \(constant)")
  }

  /// What is made of a column of numbers.
  fileprivate func statistic(_ numbers: SortedColumn, _ column: String) throws(ModelError) -> Double {
    switch self {
    case .constant(let constant): try number(constant, column)
    case .mean: numbers.mean
    case .median: numbers.median
    case .mostFrequent: numbers.mostFrequent
    }
  }
}

// MARK: - Dense rows

extension Tensor: ImputableRows where Scalar: KernelScalar {
  public static var kindOfElements: String { Scalar.dtype.rawValue }
  public static func canStandIn(_ statistic: Double) -> Bool { statistic.isFinite }

  public func checkNotInfinite() throws(ModelError) {
    guard rank == 2 else { throw .notRows(shape: shape) }
    guard count > 0 else { return }
    let ranges = columnRanges(self, skippingNaN: true)
    guard ranges.minimum.contains(-.infinity) || ranges.maximum.contains(.infinity) else { return }
    let position = scalars.firstIndex(where: { $0.isInfinite })!
    throw .notFinite(row: position / shape[1], column: position % shape[1])
  }

  public func emptyColumns() -> [Bool] { columnRanges(self, skippingNaN: true).minimum.map(\.isNaN) }

  public func incompleteColumns() -> [Int] {
    // A sum holds NaN if an element does.
    let sums = sum(axis: 0).scalars
    return sums.indices.filter { sums[$0].isNaN }
  }

  public func statistics(_ strategy: ImputationStrategy, isEmpty: [Bool]) throws -> [Double] {
    let found: [Double]
    switch strategy {
    case .mean: found = columnMoments(self, skippingNaN: true).mean
    case .median: found = columnQuantiles(self, [0.5], skippingNaN: true)[0]
    case .mostFrequent:
      found = try isEmpty.indices.map { column in
        guard case .number(let number) = try categoryCodes(column).mostFrequent else { return 0 }
        return number
      }
    case .constant(let constant):
      let number = try strategy.number(constant, "numbers")
      return isEmpty.map { _ in number }
    }
    return zip(found, isEmpty).map { $1 ? 0 : $0 }
  }

  @_specialize(where Scalar == Float)
  @_specialize(where Scalar == Double)
  public func imputed(kept: [Int], statistics: [Double], indicated: [Int]) -> Tensor {
    let (rows, columnCount, width) = (shape[0], shape[1], kept.count + indicated.count)
    var result = kept.count == columnCount && indicated.isEmpty ? self : Tensor(zeros: [rows, width])
    let fill = statistics.map { Scalar($0) }
    result.withUnsafeMutableBufferPointer { result in
      withUnsafeBufferPointer { x in
        for row in 0..<rows {
          for (place, column) in kept.enumerated() {
            let element = x[row * columnCount + column]
            result[row * width + place] = element.isNaN ? fill[place] : element
          }
          for (place, column) in indicated.enumerated() {
            result[row * width + kept.count + place] = x[row * columnCount + column].isNaN ? 1 : 0
          }
        }
      }
    }
    return result
  }
}

extension CategoryCodes {
  /// Of equally frequent categories the first one; ``Category/missing`` when there is none.
  fileprivate var mostFrequent: Category {
    var best = (count: 0, category: Category.missing)
    for (category, count) in zip(categories, counts) where count > best.count && category != .missing {
      best = (count, category)
    }
    return best.category
  }
}

// MARK: - Sparse rows

extension CSRMatrix: ImputableRows {
  public static var kindOfElements: String { "\(Scalar.dtype.rawValue) in sparse rows" }
  public static func canStandIn(_ statistic: Double) -> Bool { statistic.isFinite }

  public func checkNotInfinite() throws(ModelError) {
    guard values.contains(where: \.isInfinite) else { return }
    for row in 0..<rows {
      for place in elementsOfRow(row) where values[place].isInfinite {
        throw .notFinite(row: row, column: Int(indices[place]))
      }
    }
  }

  private var missingOfColumns: [Int] {
    var missing = [Int](repeating: 0, count: columns)
    for (place, column) in indices.enumerated() where values[place].isNaN { missing[Int(column)] += 1 }
    return missing
  }

  public func emptyColumns() -> [Bool] { missingOfColumns.map { $0 == rows } }

  public func incompleteColumns() -> [Int] {
    let missing = missingOfColumns
    return missing.indices.filter { missing[$0] > 0 }
  }

  public func statistics(_ strategy: ImputationStrategy, isEmpty: [Bool]) throws -> [Double] {
    let turned = transposed()
    return try isEmpty.indices.map { column in
      let stored = turned.values[turned.elementsOfRow(column)].map { Double($0) }
      let others = SortedColumn(stored, zeros: rows - stored.count)
      return try strategy.statistic(others, "numbers")
    }
  }

  @_specialize(where Scalar == Float)
  @_specialize(where Scalar == Double)
  public func imputed(kept: [Int], statistics: [Double], indicated: [Int]) -> CSRMatrix {
    var (placeOfColumn, indicator) = ([Int](repeating: -1, count: columns), [Int](repeating: -1, count: columns))
    for (place, column) in kept.enumerated() { placeOfColumn[column] = place }
    for (place, column) in indicated.enumerated() { indicator[column] = kept.count + place }
    var (offsets, indices, values): ([Int64], [Int32], [Scalar]) = ([0], [], [])
    offsets.reserveCapacity(rows + 1)
    for row in 0..<rows {
      for element in elementsOfRow(row) {
        let (column, value) = (Int(self.indices[element]), self.values[element])
        guard placeOfColumn[column] >= 0 else { continue }
        indices.append(Int32(placeOfColumn[column]))
        values.append(value.isNaN ? Scalar(statistics[placeOfColumn[column]]) : value)
      }
      for element in elementsOfRow(row) where self.values[element].isNaN {
        guard indicator[Int(self.indices[element])] >= 0 else { continue }
        indices.append(Int32(indicator[Int(self.indices[element])]))
        values.append(1)
      }
      offsets.append(Int64(indices.count))
    }
    return CSRMatrix(unchecked: rows, kept.count + indicated.count, offsets, indices, values)
  }
}

/// The numbers of a column in ascending order, those that are 0 counted alone.
private struct SortedColumn {
  private let negative, positive: [Double]
  private let zeros: Int

  /// - Parameter zeros: How many zeros there are beside `numbers`, of which NaN is missing.
  init(_ numbers: [Double], zeros: Int) {
    negative = numbers.filter { $0 < 0 }.sorted()
    positive = numbers.filter { $0 > 0 }.sorted()
    self.zeros = zeros + numbers.count { $0 == 0 }
  }

  private var count: Int { negative.count + zeros + positive.count }

  var mean: Double {
    count == 0 ? 0 : (negative.reduce(0, +) + positive.reduce(0, +)) / Double(count)
  }

  private subscript(place: Int) -> Double {
    if place < negative.count { return negative[place] }
    return place < negative.count + zeros ? 0 : positive[place - negative.count - zeros]
  }

  var median: Double {
    if count == 0 { return 0 }
    return count % 2 == 1 ? self[count / 2] : (self[count / 2 - 1] + self[count / 2]) / 2
  }

  var mostFrequent: Double {
    var best = (count: 0, number: 0.0)
    func look(_ numbers: [Double]) {
      var first = 0
      for place in numbers.indices where place + 1 == numbers.count || numbers[place + 1] != numbers[place] {
        if place + 1 - first > best.count { best = (place + 1 - first, numbers[place]) }
        first = place + 1
      }
    }
    look(negative)
    if zeros > best.count { best = (zeros, 0) }
    look(positive)
    return best.number
  }
}

// MARK: - Tables

extension Table: ImputableRows {
  public static var kindOfElements: String { "tables" }
  public static func canStandIn(_ statistic: Category) -> Bool {
    switch statistic {
    case .number(let number): number.isFinite
    case .text: true
    case .missing: false
    }
  }

  public func checkNotInfinite() throws(ModelError) {
    for (place, column) in columns.enumerated() {
      if case .numbers(let numbers) = column.values, let row = numbers.scalars.firstIndex(where: \.isInfinite) {
        throw .notFinite(row: row, column: place)
      }
    }
  }

  /// The columns' missing elements.
  private func missing(_ column: Int) -> [Bool] {
    switch columns[column].values {
    case .numbers(let numbers): numbers.scalars.map(\.isNaN)
    case .categories(let categories): categories.codes.map { $0 < 0 }
    }
  }

  public func emptyColumns() -> [Bool] { columns.indices.map { column in missing(column).allSatisfy { $0 } } }

  public func incompleteColumns() -> [Int] { columns.indices.filter { missing($0).contains(true) } }

  public func statistics(_ strategy: ImputationStrategy, isEmpty: [Bool]) throws -> [Category] {
    try columns.enumerated().map { place, column in
      switch (column.values, strategy) {
      case (.numbers, .constant(let constant)):
        return .number(try strategy.number(constant, "the column \(column.name.debugDescription)"))
      case (.numbers(let numbers), _):
        let matrix = Tensor(numbers.scalars, shape: [rowCount, 1])
        return .number(try matrix.statistics(strategy, isEmpty: [isEmpty[place]])[0])
      case (.categories, .constant(.text(let text))): return .text(text)
      case (.categories, .mostFrequent):
        let found = try categoryCodes(place).mostFrequent
        return found == .missing ? .text("") : found
      case (.categories, _):
        throw ModelError.parameter(
          name: "strategy",
          reason:
            "the column \(column.name.debugDescription) has texts: take the most frequent one, or a text as constant"
        )
      }
    }
  }

  public func imputed(kept: [Int], statistics: [Category], indicated: [Int]) throws -> Table {
    var made = try zip(kept, statistics).map { place, statistic in
      let column = columns[place]
      switch (column.values, statistic) {
      case (.numbers(let numbers), .number(let fill)):
        return Table.Column(column.name, numbers.map { $0.isNaN ? fill : $0 })
      case (.categories(let categories), .text(let text)):
        return Table.Column(column.name, (0..<rowCount).map { categories[$0] ?? text })
      case (.categories, _): throw TableError.notNumbers(column.name)
      case (.numbers, _):
        // Numbers where texts were: a file of which a column happens to hold numbers alone.
        let texts = try categories(of: column.name)
        return Table.Column(column.name, (0..<rowCount).map { texts[$0] ?? "\(statistic)" })
      }
    }
    for place in indicated {
      let missing = missing(place).map { $0 ? 1.0 : 0 }
      made.append(Table.Column(indicatorName(columns[place].name), Tensor(missing)))
    }
    return Table(made)
  }
}

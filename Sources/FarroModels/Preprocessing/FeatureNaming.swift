import Farro

/// A transformer that can tell what its columns are called.
public protocol FeatureNaming: Transformer {
  /// The names of the columns that it makes.
  ///
  /// - Parameter columns: The names of the columns that it takes; x0, x1, and so on, when nil. What takes texts has no use for them.
  func featureNames(in columns: [String]?) -> [String]
}

extension FeatureNaming {
  /// The names of the columns that it makes, the columns that it takes being called x0, x1, and so on.
  public var featureNamesOut: [String] { featureNames(in: nil) }
}

/// The caller's names, or x0, x1, and so on.
func columnNames(_ names: [String]?, _ count: Int) -> [String] {
  require(names == nil || names?.count == count, "featureNames: \(names?.count ?? 0) names for \(count) columns")
  return names ?? (0..<count).map { "x\($0)" }
}

extension PipelineModel: FeatureNaming
where First: FeatureNaming, Last: FeatureNaming, Last.Input == First.Output {
  public func featureNames(in columns: [String]?) -> [String] { last.featureNames(in: first.featureNames(in: columns)) }
}

extension RowShare {
  /// - Throws: for a negative number, and for a part that is not within 0 and 1.
  func checkFrequency(_ name: String) throws(ModelError) {
    switch self {
    case .count(let count): try checkRange(count, name, atLeast: 0)
    case .fraction(let part):
      guard 0...1 ~= part else { throw .parameter(name: name, reason: "a part must be from 0 to 1, not \(part)") }
    }
  }

  /// How many of `all` that is, not rounded.
  func number(of all: Int) -> Double {
    switch self {
    case .count(let count): Double(count)
    case .fraction(let part): part * Double(all)
    }
  }
}

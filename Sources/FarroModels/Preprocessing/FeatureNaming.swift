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

extension StandardScalerModel: FeatureNaming {
  public func featureNames(in columns: [String]?) -> [String] { columnNames(columns, moments.mean.count) }
}

/// A number, or a part of all: of rows, of texts.
public enum Amount: Hashable, Sendable {
  /// So many.
  case count(Int)
  /// So large a part of all, from 0 to 1.
  case fraction(Double)
}

extension Amount: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral {
  public init(integerLiteral count: Int) { self = .count(count) }
  public init(floatLiteral fraction: Double) { self = .fraction(fraction) }
}

extension Amount: Codable, CustomStringConvertible {
  private enum CodingKeys: CodingKey { case count, fraction }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    if let count = try container.decodeIfPresent(Int.self, forKey: .count) {
      self = .count(count)
    } else {
      self = .fraction(try container.decode(Double.self, forKey: .fraction))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .count(let count): try container.encode(count, forKey: .count)
    case .fraction(let part): try container.encode(part, forKey: .fraction)
    }
  }

  public var description: String {
    switch self {
    case .count(let count): "\(count)"
    case .fraction(let part): "\(part) of all"
    }
  }

  /// - Throws: for a negative number, and for a part that is not within 0 and 1.
  func check(_ name: String) throws(ModelError) {
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

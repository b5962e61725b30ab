import Farro

/// Values to try for one parameter of an estimator.
///
/// ```swift
/// let grid: [ParameterValues<SVC<Double>>] = [.grid(\.c, [0.1, 1, 10]), .grid(\.kernel, [.linear, .rbf()])]
/// ```
///
/// A parameter is a writable property, of a pipeline's step for example (`\.last.c`), so that a value of another type does not
/// compile.
public struct ParameterValues<Estimator: Sendable>: Sendable {
  /// What the parameter is called in results.
  public let name: String
  let choices: [Choice]

  struct Choice: Sendable {
    let text: String
    let number: Double?
    let set: @Sendable (inout Estimator) -> Void
  }

  /// All these values.
  ///
  /// - Parameters:
  ///   - path: The parameter.
  ///   - values: What it is set to.
  ///   - name: What it is called in results; the path unless it is given.
  public static func grid<Value: Sendable>(
    _ path: any WritableKeyPath<Estimator, Value> & Sendable,
    _ values: [Value],
    name: String? = nil
  ) -> ParameterValues {
    ParameterValues(
      name: name ?? parameterName(path),
      choices: values.map { value in
        Choice(text: parameterText(value), number: parameterNumber(value)) { $0[keyPath: path] = value }
      }
    )
  }
}

/// Where values of one parameter of an estimator are drawn from.
///
/// ```swift
/// let search = RandomizedSearchCV(SVC<Double>(), [.logUniform(\.c, 1e-2...1e3), .choice(\.kernel, [.linear, .rbf()])])
/// ```
public struct ParameterDistribution<Estimator: Sendable>: Sendable {
  /// What the parameter is called in results.
  public let name: String
  /// Set when there are only these, so that no combination need be drawn twice.
  let choices: [ParameterValues<Estimator>.Choice]?
  let draw: @Sendable (inout Xoshiro256) -> ParameterValues<Estimator>.Choice
  let flaw: String?

  /// Any of these values, each as likely as the others.
  public static func choice<Value: Sendable>(
    _ path: any WritableKeyPath<Estimator, Value> & Sendable,
    _ values: [Value],
    name: String? = nil
  ) -> ParameterDistribution {
    let grid = ParameterValues<Estimator>.grid(path, values, name: name)
    return ParameterDistribution(
      name: grid.name,
      choices: grid.choices,
      draw: { grid.choices.randomElement(using: &$0)! },
      flaw: values.isEmpty ? "there is no value" : nil
    )
  }

  /// A number of the range, all equally likely.
  public static func uniform(
    _ path: any WritableKeyPath<Estimator, Double> & Sendable,
    _ range: ClosedRange<Double>,
    name: String? = nil
  ) -> ParameterDistribution {
    drawn(path, name, flawOf(range)) { Double.random(in: range, using: &$0) }
  }

  /// A number of the range whose logarithm is drawn evenly, so that 0.01 to 0.1 is as likely as 10 to 100.
  public static func logUniform(
    _ path: any WritableKeyPath<Estimator, Double> & Sendable,
    _ range: ClosedRange<Double>,
    name: String? = nil
  ) -> ParameterDistribution {
    let flaw =
      flawOf(range) ?? (range.lowerBound > 0 ? nil : "a logarithm needs numbers above 0, not \(range.lowerBound)")
    let logarithms = flaw == nil ? logarithm(range.lowerBound)...logarithm(range.upperBound) : 0...0
    return drawn(path, name, flaw) { generator in
      let number = exponential(Double.random(in: logarithms, using: &generator))
      return min(max(number, range.lowerBound), range.upperBound)
    }
  }

  /// A whole number of the range, all equally likely.
  public static func integers(
    _ path: any WritableKeyPath<Estimator, Int> & Sendable,
    _ range: ClosedRange<Int>,
    name: String? = nil
  ) -> ParameterDistribution {
    drawn(path, name, nil) { Int.random(in: range, using: &$0) }
  }

  /// A whole number of the range, all equally likely, for a parameter that may be nil.
  public static func integers(
    _ path: any WritableKeyPath<Estimator, Int?> & Sendable,
    _ range: ClosedRange<Int>,
    name: String? = nil
  ) -> ParameterDistribution {
    drawn(path, name, nil) { Int.random(in: range, using: &$0) }
  }

  private static func drawn<Value: Sendable>(
    _ path: any WritableKeyPath<Estimator, Value> & Sendable,
    _ name: String?,
    _ flaw: String?,
    _ draw: @escaping @Sendable (inout Xoshiro256) -> Value
  ) -> ParameterDistribution {
    ParameterDistribution(
      name: name ?? parameterName(path),
      choices: nil,
      draw: { generator in
        let value = draw(&generator)
        return .init(text: parameterText(value), number: parameterNumber(value)) { $0[keyPath: path] = value }
      },
      flaw: flaw
    )
  }

  private static func flawOf(_ range: ClosedRange<Double>) -> String? {
    range.lowerBound.isFinite && range.upperBound.isFinite ? nil : "\(range) is no range of numbers"
  }
}

// MARK: - Candidates

/// An estimator whose parameters were set, and what they were set to.
struct SearchCandidate<Estimator: Sendable>: Sendable {
  var estimator: Estimator
  var parameters: [SearchedParameter] = []

  mutating func set(_ name: String, _ choice: ParameterValues<Estimator>.Choice) {
    choice.set(&estimator)
    parameters.append(SearchedParameter(name: name, value: choice.text))
  }
}

/// A parameter that a search has set.
public struct SearchedParameter: Sendable, Hashable, Codable, CustomStringConvertible {
  /// What it is called.
  public let name: String
  /// Its value as text.
  public let value: String

  public init(name: String, value: String) {
    (self.name, self.value) = (name, value)
  }

  public var description: String { "\(name)=\(value)" }
}

/// All combinations of each grid, the values of its last parameter changing fastest.
func gridCandidates<Estimator>(
  _ estimator: Estimator,
  _ grids: [[ParameterValues<Estimator>]]
) throws(ModelError) -> [SearchCandidate<Estimator>] {
  guard !grids.isEmpty else { throw .parameter(name: "grids", reason: "there is none") }
  var all: [SearchCandidate<Estimator>] = []
  for grid in grids {
    try checkNames(grid.map(\.name))
    var candidates = [SearchCandidate(estimator: estimator)]
    for values in grid {
      guard !values.choices.isEmpty else { throw .parameter(name: values.name, reason: "there is no value to try") }
      candidates = candidates.flatMap { candidate in
        values.choices.map { choice in
          var next = candidate
          next.set(values.name, choice)
          return next
        }
      }
    }
    all += candidates
  }
  return all
}

/// Combinations that are drawn; when all parameters have a few values only, no combination twice, and no more than there are.
func drawnCandidates<Estimator>(
  _ estimator: Estimator,
  _ distributions: [ParameterDistribution<Estimator>],
  count: Int,
  seed: UInt64
) throws(ModelError) -> [SearchCandidate<Estimator>] {
  try checkRange(count, "nIter", atLeast: 1)
  guard !distributions.isEmpty else { throw .parameter(name: "distributions", reason: "there is none") }
  try checkNames(distributions.map(\.name))
  for distribution in distributions {
    if let flaw = distribution.flaw { throw .parameter(name: distribution.name, reason: flaw) }
  }
  var generator = Xoshiro256(seed: seed)
  let lists = distributions.compactMap(\.choices)
  let size = lists.reduce(1) { product, list in
    let (size, overflow) = product.multipliedReportingOverflow(by: list.count)
    return overflow ? .max : size
  }
  guard lists.count == distributions.count, size <= max(count, 1 << 16) else {
    return (0..<count).map { _ in
      var candidate = SearchCandidate(estimator: estimator)
      for distribution in distributions { candidate.set(distribution.name, distribution.draw(&generator)) }
      return candidate
    }
  }
  return Array(0..<size).shuffled(using: &generator).prefix(count).map { number in
    var (candidate, rest) = (SearchCandidate(estimator: estimator), number)
    for (distribution, list) in zip(distributions, lists) {
      candidate.set(distribution.name, list[rest % list.count])
      rest /= list.count
    }
    return candidate
  }
}

private func checkNames(_ names: [String]) throws(ModelError) {
  guard let twice = names.first(where: { name in names.count { $0 == name } > 1 }) else { return }
  throw .parameter(name: twice, reason: "it is there twice")
}

// MARK: - Texts

/// The properties that lead to a parameter, with points between.
private func parameterName(_ path: AnyKeyPath) -> String {
  // As "\Pipeline<StandardScaler<Tensor<Double>>, SVC<Double>>.last.c": behind the type, whose name may have points and brackets.
  let text = "\(path)"
  var depth = 0
  for place in text.indices {
    if text[place] == "<" { depth += 1 }
    if text[place] == ">" { depth -= 1 }
    if depth == 0, text[place] == "." { return String(text[text.index(after: place)...]) }
  }
  return text
}

private func parameterText(_ value: Any) -> String {
  if let optional = value as? any OptionalValue { return optional.content.map(parameterText) ?? "nil" }
  return "\(value)"
}

private func parameterNumber(_ value: Any) -> Double? {
  if let optional = value as? any OptionalValue { return optional.content.flatMap(parameterNumber) }
  if let number = value as? any BinaryFloatingPoint { return Double(number) }
  if let number = value as? any BinaryInteger { return Double(number) }
  return nil
}

private protocol OptionalValue { var content: Any? { get } }
extension Optional: OptionalValue { fileprivate var content: Any? { map { $0 } } }

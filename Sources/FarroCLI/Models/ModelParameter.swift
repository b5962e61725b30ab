import FarroModels

/// A parameter of a model as the command line has it: `name=value`.
struct ModelParameter<Estimator>: Sendable {
  let name: String
  let help: String
  /// What values can be, in words.
  let values: String
  /// The value that an estimator has, as text.
  let text: @Sendable (Estimator) -> String
  /// Sets it.
  ///
  /// - Throws: ``ModelParameterError`` for a text that is no such value.
  let set: @Sendable (inout Estimator, String) throws -> Void
}

/// A text is no value of a parameter.
struct ModelParameterError: Error, CustomStringConvertible {
  let description: String
}

extension ModelParameter {
  typealias Path<Value> = any WritableKeyPath<Estimator, Value> & Sendable

  /// - Parameters:
  ///   - parse: The value of a text, nil when it is none.
  ///   - format: The text of a value.
  static func of<Value>(
    _ name: String,
    _ path: Path<Value>,
    _ help: String,
    _ values: String,
    _ parse: @escaping @Sendable (String) -> Value?,
    _ format: @escaping @Sendable (Value) -> String
  ) -> ModelParameter {
    ModelParameter(
      name: name,
      help: help,
      values: values,
      text: { format($0[keyPath: path]) },
      set: { estimator, text in
        guard let value = parse(text) else {
          throw ModelParameterError(description: "\(name) must be \(values), not \"\(text)\"")
        }
        estimator[keyPath: path] = value
      }
    )
  }

  static func number(_ name: String, _ path: Path<Double>, _ help: String) -> ModelParameter {
    of(name, path, help, "a number", { Double($0) }, shortText)
  }

  static func whole(_ name: String, _ path: Path<Int>, _ help: String) -> ModelParameter {
    of(name, path, help, "a whole number", { Int($0) }, { "\($0)" })
  }

  static func number(_ name: String, _ path: Path<Double?>, _ help: String) -> ModelParameter {
    of(name, path, help, "a number or none", { optional($0) { Double($0) } }, { $0.map(shortText) ?? "none" })
  }

  static func whole(_ name: String, _ path: Path<Int?>, _ help: String) -> ModelParameter {
    of(name, path, help, "a whole number or none", { optional($0) { Int($0) } }, { $0.map { "\($0)" } ?? "none" })
  }

  static func flag(_ name: String, _ path: Path<Bool>, _ help: String) -> ModelParameter {
    of(name, path, help, "true or false", { Bool($0.lowercased()) }, { "\($0)" })
  }

  static func seed(_ path: Path<UInt64>) -> ModelParameter {
    of("seed", path, "of all random choices", "a whole number from 0 on", { UInt64($0) }, { "\($0)" })
  }

  /// One of some values that have names.
  static func choice<Value: Equatable & Sendable>(
    _ name: String,
    _ path: Path<Value>,
    _ help: String,
    _ choices: [(String, Value)]
  ) -> ModelParameter {
    let names = choices.map(\.0)
    return of(
      name,
      path,
      help,
      names.count == 1 ? names[0] : names.dropLast().joined(separator: ", ") + " or " + names.last!,
      { text in choices.first { $0.0 == text }?.1 },
      { value in choices.first { $0.1 == value }?.0 ?? "other" }
    )
  }

  /// A value that a number or one of some names stands for.
  static func numberOr<Value: Equatable & Sendable>(
    _ name: String,
    _ path: Path<Value>,
    _ help: String,
    _ choices: [(String, Value)],
    number: @escaping @Sendable (Double) -> Value,
    asNumber: @escaping @Sendable (Value) -> Double?
  ) -> ModelParameter {
    of(
      name,
      path,
      help,
      (choices.map(\.0) + ["a number"]).joined(separator: " or "),
      { text in choices.first { $0.0 == text }?.1 ?? Double(text).map(number) },
      { value in asNumber(value).map(shortText) ?? choices.first { $0.1 == value }?.0 ?? "other" }
    )
  }

  /// How much classes count.
  static func classWeight(_ path: Path<ClassWeight?>) -> ModelParameter {
    of(
      "class_weight",
      path,
      "how much classes count",
      "none, balanced, or a number for each class in their order, as 1:5",
      { text in
        switch text.lowercased() {
        case "none": return .some(nil)
        case "balanced": return .balanced
        default:
          let weights = text.split(separator: ":", omittingEmptySubsequences: false).map { Double($0) }
          return weights.contains(nil) ? nil : .weights(weights.map { $0! })
        }
      },
      { value in
        switch value {
        case nil: "none"
        case .balanced: "balanced"
        case .weights(let weights): weights.map(shortText).joined(separator: ":")
        }
      }
    )
  }

  /// A choice that may be left to the model.
  static func automaticFlag(_ name: String, _ path: Path<Bool?>, _ help: String) -> ModelParameter {
    choice(name, path, help, [("auto", nil), ("true", true), ("false", false)])
  }

  /// The same parameter of what has the estimator as a part.
  func of<Whole>(_ path: any WritableKeyPath<Whole, Estimator> & Sendable) -> ModelParameter<Whole> {
    ModelParameter<Whole>(
      name: name,
      help: help,
      values: values,
      text: { text($0[keyPath: path]) },
      set: { try set(&$0[keyPath: path], $1) }
    )
  }
}

private func optional<Value>(_ text: String, _ parse: (String) -> Value?) -> Value?? {
  text.lowercased() == "none" ? .some(nil) : parse(text).map { .some($0) }
}

/// As few digits as tell the number from all others, and none after the point of a whole one.
func shortText(_ number: Double) -> String {
  number == number.rounded() && abs(number) < 1e15 ? "\(Int(number))" : "\(number)"
}

/// How a name is compared: `max_depth`, `maxDepth` and `max-depth` are one.
func plainName(_ name: String) -> String { name.lowercased().filter { $0 != "_" && $0 != "-" } }

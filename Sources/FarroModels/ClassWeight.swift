import Farro

/// How much classes count, besides the weights of rows.
public enum ClassWeight: Codable, Sendable, Equatable {
  /// Each class as much as any other: a row of a class counts n / (classes × rows of the class).
  case balanced
  /// The weight of each class, in the order in which a ``Classifier`` has them: at least 0, and one above.
  case weights([Double])

  /// The weight of each row: its own times its class's.
  ///
  /// - Throws: ``ModelError/parameter(name:reason:)`` when the classes are others, or weights what they cannot be.
  func applied(to weights: Tensor<Double>?, _ classes: [Int32], classCount: Int) throws(ModelError) -> Tensor<Double> {
    let factors: [Double]
    switch self {
    case .balanced:
      var counts = [Int](repeating: 0, count: classCount)
      for number in classes { counts[Int(number)] += 1 }
      factors = counts.map { $0 == 0 ? 0 : Double(classes.count) / (Double(classCount) * Double($0)) }
    case .weights(let given):
      guard given.count == classCount, given.allSatisfy({ $0 >= 0 && $0.isFinite }), given.contains(where: { $0 > 0 })
      else {
        throw .parameter(
          name: "classWeight",
          reason: "\(classCount) classes need as many finite weights of at least 0, and one above"
        )
      }
      factors = given
    }
    let own = weights?.scalars
    return Tensor(classes.indices.map { factors[Int(classes[$0])] * (own?[$0] ?? 1) })
  }
}

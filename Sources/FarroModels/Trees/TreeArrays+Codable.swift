import Farro
import FarroData

extension TreeArrays: Codable {
  private enum CodingKeys: CodingKey {
    case roots, feature, right, threshold, missingLeft, set, setBits, rows, weight, impurity, values
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func array<Scalar>(_ key: CodingKeys) throws -> Tensor<Scalar> {
      try container.decode(Tensor<Scalar>.self, forKey: key)
    }
    try self.init(
      roots: array(.roots),
      feature: array(.feature),
      right: array(.right),
      threshold: array(.threshold),
      missingLeft: array(.missingLeft),
      set: array(.set),
      setBits: array(.setBits),
      rows: array(.rows),
      weight: array(.weight),
      impurity: array(.impurity),
      values: array(.values)
    )
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(roots, forKey: .roots)
    try container.encode(feature, forKey: .feature)
    try container.encode(right, forKey: .right)
    try container.encode(threshold, forKey: .threshold)
    try container.encode(missingLeft, forKey: .missingLeft)
    try container.encode(set, forKey: .set)
    try container.encode(setBits, forKey: .setBits)
    try container.encode(rows, forKey: .rows)
    try container.encode(weight, forKey: .weight)
    try container.encode(impurity, forKey: .impurity)
    try container.encode(values, forKey: .values)
  }
}

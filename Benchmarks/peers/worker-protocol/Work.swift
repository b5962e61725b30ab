import Farro
import Foundation

/// The row's parameters, `NAME=VALUE` on the line; an absent one is empty.
public struct Parameters {
  private let values: [String: String]

  init(_ fields: some Sequence<String>) {
    let pairs = fields.map { $0.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init) }
    values = Dictionary(pairs.map { ($0[0], $0.count > 1 ? $0[1] : "") }) { _, last in last }
  }

  public subscript(name: String) -> String { values[name] ?? "" }

  /// A number that the row has; 0 where it is absent.
  public func number(_ name: String) -> Int { Int(self[name]) ?? 0 }

  /// Operand `index`, of the shape that its parameter gives.
  public func operand<Scalar: TensorScalar>(_ index: Int, as: Scalar.Type) throws -> Tensor<Scalar> {
    let bytes = try Data(contentsOf: URL(fileURLWithPath: self["in\(index)"]))
    let shape = self["shape\(index)"].split(separator: ",").map { Int($0)! }
    return Tensor(unsafeUninitializedShape: shape) { _ = bytes.copyBytes(to: $0) }
  }

  public var outputShape: [Int] { self["output_shape"].split(separator: ",").map { Int($0)! } }
}

/// Something that can be called many times over.
public struct Work {
  /// A word on how it runs.
  public let way: String
  let call: (_ count: Int) -> Void
  /// What a call gives, as bytes.
  let result: () -> Data

  public init(way: String, call: @escaping (_ count: Int) -> Void, result: @escaping () -> Data) {
    (self.way, self.call, self.result) = (way, call, result)
  }

  /// The same with more words on how it runs.
  public func telling(_ more: String) -> Work { Work(way: "\(way), \(more)", call: call, result: result) }
}

import Farro
import FarroModels
import Foundation
import WorkerProtocol

/// The worker of models, for `Benchmarks/peers/compare.py`: `WorkerProtocol` tells how it is asked, `families/learning.py` what
/// for.
///
/// Another model is a line in the table of its area, `ModelsWorker+<Area>.swift`, and an area is a table in ``load(_:)``.
@main
enum ModelsWorker {
  static func main() throws { try serve(name: "ModelsWorker", load: load) }

  static func load(_ parameters: Parameters) throws -> Work? {
    switch parameters["type"] {
    case "f32": try work(of: Problem<Float>(parameters))
    case "f64": try work(of: Problem<Double>(parameters))
    default: nil
    }
  }

  private static func work<Scalar: KernelScalar>(of problem: Problem<Scalar>) throws -> Work? {
    let areas: [[String: Maker<Scalar>]] = [
      boosting(), clustering(), preparing(), linear(), linearClasses(), neighbors(), trees(), supportVectors(),
    ]
    return try areas.lazy.compactMap { $0[problem.parameters["operation"]] }.first?(problem)
  }
}

/// Makes what a row asks for of its data.
typealias Maker<Scalar: KernelScalar> = (Problem<Scalar>) throws -> Work

/// The operands of a row of models: rows to learn from, and rows that are held out.
struct Problem<Scalar: KernelScalar> {
  let parameters: Parameters
  let x: Tensor<Scalar>
  let held: Tensor<Scalar>
  /// The class of each row of ``x``; none in a regression.
  let classes: [Int32]
  /// The number that belongs to each row of ``x``; none in a classification.
  let y: Tensor<Scalar>

  init(_ parameters: Parameters) throws {
    self.parameters = parameters
    (x, held) = try (parameters.operand(0, as: Scalar.self), parameters.operand(2, as: Scalar.self))
    if parameters["dtype1"] == "int32" {
      (classes, y) = try (parameters.operand(1, as: Int32.self).scalars.map { $0 }, Tensor(zeros: [0]))
    } else {
      (classes, y) = try ([], parameters.operand(1, as: Scalar.self))
    }
  }

  /// A row that times `fit`, and then says what the model makes of the held-out rows. How it runs tells the memory that the first
  /// fit took, model included.
  func fitting<Model>(
    _ fit: @escaping (Problem) throws -> Model,
    _ results: @escaping (Model, Tensor<Scalar>) throws -> [Tensor<Scalar>]
  ) throws -> Work {
    let fitted = Box<Model>()
    let taken = try peakMemory { fitted.value = try fit(self) }
    let share = taken.map { String(format: "%.2f", Double($0) / Double(x.count * MemoryLayout<Scalar>.size)) }
    return Work(way: "\(Model.self), \(share ?? "?") times the data's memory") { count in
      for _ in 0..<count { fitted.value = try! fit(self) }
    } result: {
      bytes(try! results(fitted.value!, held))
    }
  }

  /// A row that times what a model makes of the held-out rows.
  func predicting<Model>(
    _ fit: (Problem) throws -> Model,
    _ results: @escaping (Model, Tensor<Scalar>) throws -> [Tensor<Scalar>]
  ) throws -> Work {
    let model = try fit(self)
    return Work(way: "\(Model.self)") { count in
      for _ in 0..<count { _ = try! results(model, held) }
    } result: {
      bytes(try! results(model, held))
    }
  }

  /// A classifier's fit; its answers are the classes of the held-out rows.
  func fitting<Estimator: ClassifierEstimator>(_ estimator: Estimator) throws -> Work
  where Estimator.Input == Tensor<Scalar> {
    try fitting({ try $0.fit(estimator) }, { [try classes(of: $1, by: $0)] })
  }

  /// A classifier's prediction.
  func predicting<Estimator: ClassifierEstimator>(_ estimator: Estimator) throws -> Work
  where Estimator.Input == Tensor<Scalar> {
    try predicting({ try $0.fit(estimator) }, { [try classes(of: $1, by: $0)] })
  }

  /// A regressor's fit; its answers are the numbers of the held-out rows.
  func fitting<Estimator: RegressorEstimator>(_ estimator: Estimator) throws -> Work
  where Estimator.Input == Tensor<Scalar>, Estimator.Model.Scalar == Scalar {
    try fitting({ try $0.fit(estimator) }, { [try $0.predict($1)] })
  }

  /// A regressor's prediction.
  func predicting<Estimator: RegressorEstimator>(_ estimator: Estimator) throws -> Work
  where Estimator.Input == Tensor<Scalar>, Estimator.Model.Scalar == Scalar {
    try predicting({ try $0.fit(estimator) }, { [try $0.predict($1)] })
  }

  func fit<Estimator: ClassifierEstimator>(_ estimator: Estimator) throws -> Estimator.Model
  where Estimator.Input == Tensor<Scalar> {
    try estimator.fit(x, classes: classes, classCount: parameters.number("classes"), weights: nil)
  }

  func fit<Estimator: RegressorEstimator>(_ estimator: Estimator) throws -> Estimator.Model
  where Estimator.Input == Tensor<Scalar>, Estimator.Model.Scalar == Scalar {
    try estimator.fit(x, y, weights: nil)
  }

  private func classes<Model: ClassModel<Tensor<Scalar>>>(of x: Tensor<Scalar>, by model: Model) throws -> Tensor<
    Scalar
  > {
    Tensor(try model.predictClasses(x).map { Scalar($0) })
  }

  private func bytes(_ results: [Tensor<Scalar>]) -> Data {
    results.reduce(into: Data()) { data, result in result.scalars.withUnsafeBytes { data.append(contentsOf: $0) } }
  }
}

private final class Box<Value> {
  var value: Value?
}

/// How many bytes more than before the process had at most while `body` ran, pages of the program itself apart; `nil` where
/// the system does not tell.
private func peakMemory(_ body: () throws -> Void) rethrows -> Int? {
  func bytes(_ name: String) -> Int? {
    let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = status?.split(separator: "\n").first { $0.hasPrefix(name) }
    return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 << 10 }
  }
  try? "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8)  // the peak is that of now
  let before = bytes("VmRSS")
  let program = bytes("RssFile")
  try body()
  guard let before, let program, let peak = bytes("VmHWM"), let programAfter = bytes("RssFile") else { return nil }
  return max(peak - before - max(programAfter - program, 0), 0)
}

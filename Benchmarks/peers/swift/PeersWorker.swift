import Farro
import Foundation
import WorkerProtocol

/// The worker of Farro's Swift interface, for `Benchmarks/peers/compare.py`: `WorkerProtocol` tells how it is asked.
///
/// Another operation is a function that makes an `Work`, and a case in ``load(_:)``.
@main
enum PeersWorker {
  static func main() throws { try serve(name: "PeersWorker", load: load) }

  /// What the row asks for, or `nil` where this worker does not have it.
  static func load(_ parameters: Parameters) throws -> Work? {
    guard parameters["sets"] == "1" else { return nil }
    switch (parameters["operation"], parameters["type"]) {
    case ("matmul", "f32"): return try matmulInto(parameters)
    case (let name, "f32"): return try newTensor(name, parameters)
    default: return nil
    }
  }
}

/// `matmul(a, b, into: &c)` of `Float`, into a tensor that exists.
func matmulInto(_ parameters: Parameters) throws -> Work {
  var (a, b) = try (parameters.operand(0, as: Float.self), parameters.operand(1, as: Float.self))
  var c = Tensor<Float>(repeating: 0, shape: parameters.outputShape)
  if a.shape[0] == 1 {
    a = a.reshaped(Array(a.shape.dropFirst()))
    b = b.reshaped(Array(b.shape.dropFirst()))
    c = c.reshaped(Array(c.shape.dropFirst()))
  }
  let (left, right) = (a, b)
  return Work(way: "matmul(into:)") { count in
    // A variable of this function, as it would be a user's: one that closures share pays for checks.
    var local = Tensor<Float>(repeating: 0, shape: [0])
    swap(&local, &c)
    for _ in 0..<count { matmul(left, right, into: &local) }
    swap(&local, &c)
  } result: {
    c.scalars.withUnsafeBytes { Data($0) }
  }
}

/// A function whose result is a new tensor each time, of the names of `families/`.
func newTensor(_ name: String, _ parameters: Parameters) throws -> Work? {
  let operands = try (0..<3).filter { !parameters["in\($0)"].isEmpty }.map {
    try parameters.operand($0, as: Float.self)
  }
  let functions: [String: () -> Tensor<Float>] = [
    "layer_norm_new": { layerNorm(operands[0], scale: operands[1], offset: operands[2]) },
    "rms_norm_new": { rmsNorm(operands[0], scale: operands[1]) },
    "batch_norm_new": {
      let channels = operands[0].shape[1]
      var (mean, variance) = (Tensor<Float>(zeros: [channels]), Tensor<Float>(ones: [channels]))
      return batchNorm(
        operands[0],
        scale: operands[1],
        offset: operands[2],
        runningMean: &mean,
        runningVariance: &variance
      ).y
    },
    "softmax_new": { softmax(operands[0]) },
    "kmeans_start_new": {
      // No iteration: what is left is the choice of first centres, and the inertia of them.
      var options = KMeansOptions<Float>()
      options.maximumIterations = 0
      return Tensor([Float(try! kMeans(operands[0], k: Int(parameters["k"])!, options: options).inertia)])
    },
    "mini_batch_kmeans_new": {
      Tensor([Float(try! miniBatchKMeans(operands[0], k: Int(parameters["k"])!).inertia)])
    },
    "gelu_new": { gelu(operands[0]) },
  ]
  guard let function = functions[name] else { return nil }
  return Work(way: "into a new tensor") { count in
    for _ in 0..<count { _ = function() }
  } result: {
    function().scalars.withUnsafeBytes { Data($0) }
  }
}

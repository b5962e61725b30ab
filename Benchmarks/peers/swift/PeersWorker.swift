import Farro
import Foundation

/// The worker of Farro's Swift interface, for `Benchmarks/peers/compare.py`: loads a row's operands once, then times one
/// repetition per line read on standard input. Requests and answers are those of `worker/worker.c`.
///
/// Another operation is a function that makes an ``Operation``, and a case in ``load(_:)``.
@main
enum PeersWorker {
  static func main() throws {
    guard CommandLine.arguments.count == 2, let threads = Int(CommandLine.arguments[1]), threads > 0 else {
      FileHandle.standardError.write(Data("usage: PeersWorker THREADS\n".utf8))
      exit(64)
    }
    Threads.setLimit(threads)
    var row: Row?
    while let line = readLine() {
      let fields = line.split(separator: "\t").map(String.init)
      switch (fields.first, row) {
      case ("facts", _):
        answer("ok", "this tree, Swift", InstructionSet.current?.rawValue ?? "none")
      case ("load", _):
        row = nil
        let parameters = Parameters(fields.dropFirst())
        if let operation = try load(parameters) {
          row = Row(operation)
          answer("ok", operation.way)
        } else {
          answer(
            "missing",
            "the Swift worker has no \(parameters["operation"]) of \(parameters["type"]) with these operands"
          )
        }
      case ("unload", _):
        row = nil
        answer("ok")
      case ("calibrate", let row?):
        let (calls, first) = row.calibrate(Double(fields[1])!)
        answer("ok", "\(calls)", "\(first)")
      case ("run", let row?):
        answer("ok", "\(row.run())")
      case ("result", let row?):
        try row.result().write(to: URL(fileURLWithPath: fields[1]))
        answer("ok")
      default:
        answer("error", "'\(line)' is unknown, or comes before a row was loaded")
      }
    }
  }

  static func answer(_ fields: String...) {
    FileHandle.standardOutput.write(Data((fields.joined(separator: "\t") + "\n").utf8))
  }

  /// What the row asks for, or `nil` where this worker does not have it.
  static func load(_ parameters: Parameters) throws -> Operation? {
    guard parameters["sets"] == "1" else { return nil }
    switch (parameters["operation"], parameters["type"]) {
    case ("matmul", "f32"): return try matmulInto(parameters)
    case (let name, "f32"): return try newTensor(name, parameters)
    default: return nil
    }
  }
}

/// The row's parameters, `NAME=VALUE` on the line; an absent one is empty.
struct Parameters {
  private let values: [String: String]

  init(_ fields: some Sequence<String>) {
    let pairs = fields.map { $0.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init) }
    values = Dictionary(pairs.map { ($0[0], $0.count > 1 ? $0[1] : "") }) { _, last in last }
  }

  subscript(name: String) -> String { values[name] ?? "" }

  /// Operand `index`, of the shape that its parameter gives.
  func operand<Scalar: KernelScalar>(_ index: Int, as: Scalar.Type) throws -> Tensor<Scalar> {
    let bytes = try Data(contentsOf: URL(fileURLWithPath: self["in\(index)"]))
    let shape = self["shape\(index)"].split(separator: ",").map { Int($0)! }
    return Tensor(unsafeUninitializedShape: shape) { _ = bytes.copyBytes(to: $0) }
  }

  var outputShape: [Int] { self["output_shape"].split(separator: ",").map { Int($0)! } }
}

/// Something that can be called many times over.
struct Operation {
  /// A word on how it runs.
  let way: String
  let call: (_ count: Int) -> Void
  /// What a call gives, as bytes.
  let result: () -> Data
}

/// `matmul(a, b, into: &c)` of `Float`, into a tensor that exists.
func matmulInto(_ parameters: Parameters) throws -> Operation {
  var (a, b) = try (parameters.operand(0, as: Float.self), parameters.operand(1, as: Float.self))
  var c = Tensor<Float>(repeating: 0, shape: parameters.outputShape)
  if a.shape[0] == 1 {
    a = a.reshaped(Array(a.shape.dropFirst()))
    b = b.reshaped(Array(b.shape.dropFirst()))
    c = c.reshaped(Array(c.shape.dropFirst()))
  }
  let (left, right) = (a, b)
  return Operation(way: "matmul(into:)") { count in
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
func newTensor(_ name: String, _ parameters: Parameters) throws -> Operation? {
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
  return Operation(way: "into a new tensor") { count in
    for _ in 0..<count { _ = function() }
  } result: {
    function().scalars.withUnsafeBytes { Data($0) }
  }
}

/// A loaded row and the calls of one repetition, fixed at calibration.
final class Row {
  private let operation: Operation
  private var calls = 1

  init(_ operation: Operation) { self.operation = operation }

  private func seconds(of calls: Int) -> Double {
    let elapsed = ContinuousClock().measure { operation.call(calls) }
    return elapsed / .seconds(1)
  }

  /// The least of three; long calls are let off with one, as in worker.c.
  private func leastSeconds(of calls: Int) -> Double {
    var least = seconds(of: calls)
    for _ in 0..<2 where least < 0.1 { least = min(least, seconds(of: calls)) }
    return least
  }

  func calibrate(_ wanted: Double) -> (calls: Int, first: Double) {
    let first = seconds(of: 1)
    calls = 1
    var taken = leastSeconds(of: calls)
    while taken < wanted / 4 {
      calls *= 2
      taken = leastSeconds(of: calls)
    }
    calls = max(1, Int(wanted * Double(calls) / taken))
    return (calls, first)
  }

  /// Seconds per call, after a millisecond of calls that are not counted, as in worker.c.
  func run() -> Double {
    if calls > 1 {
      let clock = ContinuousClock()
      let warm = clock.now.advanced(by: .milliseconds(1))
      repeat { operation.call(1) } while clock.now < warm
    }
    return seconds(of: calls) / Double(calls)
  }

  func result() -> Data {
    operation.call(1)
    return operation.result()
  }
}

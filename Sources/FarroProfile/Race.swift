import Farro

/// One way to add 1 to every element.
///
/// The ways that make a new array and those that work in place move the same bytes, so their rates can be compared; but what
/// is in place has no new memory to find, and fresh pages cost more than the addition does.
public enum AddOne: String, CaseIterable, Sendable, Codable {
  /// `for i in x.indices { y[i] = x[i] + 1 }` into an array of zeros.
  case forLoop = "for loop over indices"
  /// `append` to an array with reserved capacity.
  case append = "append"
  /// `x.map { $0 + 1 }`.
  case map = "map"
  /// A loop over unsafe buffers into an array that is not first cleared.
  case unsafeBuffers = "withUnsafeBufferPointer"
  /// `for i in x.indices { x[i] += 1 }`.
  case inPlace = "for loop in place"
  /// The same within `withUnsafeMutableBufferPointer`.
  case unsafeInPlace = "withUnsafeMutableBufferPointer in place"
  /// `Tensor + 1`, a new tensor from the pool.
  case tensor = "Tensor + 1"
  /// `Tensor += 1`.
  case tensorInPlace = "Tensor += 1"
  /// The C kernel, into a tensor that exists.
  case kernel = "Farro kernel into:"
}

// MARK: - The ways

/// Every access is checked against the bounds, unless the optimizer proves that it need not be.
func addOneForLoop(_ x: [Float]) -> [Float] {
  var y = [Float](repeating: 0, count: x.count)
  for i in x.indices { y[i] = x[i] + 1 }
  return y
}

/// Each append looks whether there is room: a branch per element, and no vectors.
func addOneAppend(_ x: [Float]) -> [Float] {
  var y: [Float] = []
  y.reserveCapacity(x.count)
  for value in x { y.append(value + 1) }
  return y
}

/// The shortest to write; inside it appends one element after the other.
func addOneMap(_ x: [Float]) -> [Float] { x.map { $0 + 1 } }

/// No checks, and memory that is written once: nothing between the compiler and its vectors.
func addOneUnsafe(_ x: [Float]) -> [Float] {
  x.withUnsafeBufferPointer { x in
    [Float](unsafeUninitializedCapacity: x.count) { y, count in
      for i in x.indices { y.initializeElement(at: i, to: x[i] + 1) }
      count = x.count
    }
  }
}

/// As fast as unsafe code where the array is unique: that is looked up once, not per element.
func addOneInPlace(_ x: inout [Float]) {
  for i in x.indices { x[i] += 1 }
}

func addOneUnsafeInPlace(_ x: inout [Float]) {
  x.withUnsafeMutableBufferPointer { x in
    for i in x.indices { x[i] += 1 }
  }
}

// MARK: - The race

extension AddOne {
  /// A closure that runs this way on `x` again and again, and one that tells what it last made.
  func contestant(on x: [Float]) -> (run: () -> Void, result: () -> [Float]) {
    var array = x
    var tensor = Tensor(x, shape: [x.count])
    switch self {
    case .forLoop: return ({ array = addOneForLoop(x) }, { array })
    case .append: return ({ array = addOneAppend(x) }, { array })
    case .map: return ({ array = addOneMap(x) }, { array })
    case .unsafeBuffers: return ({ array = addOneUnsafe(x) }, { array })
    case .inPlace: return ({ addOneInPlace(&array) }, { array })
    case .unsafeInPlace: return ({ addOneUnsafeInPlace(&array) }, { array })
    case .tensor:
      let source = tensor
      return ({ tensor = source + 1 }, { Array(tensor) })
    case .tensorInPlace: return ({ tensor += 1 }, { Array(tensor) })
    case .kernel:
      let (source, one) = (tensor, Tensor<Float>(repeating: 1, shape: [1]))
      return ({ add(source, one, into: &tensor) }, { Array(tensor) })
    }
  }

  /// Whether this way adds 1 to every element, for lengths around those of vectors.
  var isCorrect: Bool {
    [0, 1, 7, 16, 33, 1000].allSatisfy { count in
      let x = (0..<count).map(Float.init)
      let (run, result) = contestant(on: x)
      run()
      return result() == (0..<count).map { Float($0 + 1) }
    }
  }
}

/// How the ways of ``AddOne`` compare on one number of elements; encoded, the JSON of `farro race`.
public struct RaceResult: Sendable, Equatable, Codable {
  /// The number of elements.
  public var count: Int
  /// Whether the ways were compiled without optimization: their times then tell nothing about release builds, except for
  /// the kernels', which are always optimized.
  public var isDebugBuild: Bool
  /// Threads that Farro's kernels may use; Swift's loops use one.
  public var threads: Int
  /// One for each way, in the order of ``AddOne``.
  public var lanes: [Lane]

  /// How one way did.
  public struct Lane: Sendable, Equatable, Codable {
    /// The way.
    public var name: AddOne
    /// Of one pass over the elements.
    public var medianSeconds: Double
    /// The interquartile range of the time, divided by its median.
    public var spread: Double
    /// Four bytes read and four written per element.
    public var gbps: Double
    /// How many times as fast as the for loop, round by round: the median, and the interval that holds it with 95%.
    public var speedup, speedupLow, speedupHigh: Double

    enum CodingKeys: String, CodingKey {
      case name, spread, gbps, speedup
      case medianSeconds = "median_s"
      case speedupLow = "speedup_low"
      case speedupHigh = "speedup_high"
    }
  }

  enum CodingKeys: String, CodingKey {
    case count, threads, lanes
    case isDebugBuild = "debug_build"
  }
}

/// Times every way of ``AddOne`` in turn on `count` elements: in each round all of them once, every other round backwards.
///
/// - Parameters:
///   - count: The number of elements.
///   - budget: How long to take; at least five rounds are made.
/// - Precondition: `count` is positive. Every way is first seen to be right.
public func race(count: Int, budget: Duration = .seconds(2)) -> RaceResult {
  require(count > 0, "race: \(count) elements cannot be raced over")
  for way in AddOne.allCases { require(way.isCorrect, "race: \(way) gives a wrong result") }
  let x = [Float](repeating: 1, count: count)
  let runs = AddOne.allCases.map { $0.contestant(on: x).run }
  let clock = Stopwatch()
  let calls = runs.map { calibrate(lasting: 200e-6, $0).calls }
  var samples: [[Double]] = runs.map { _ in [] }
  while samples[0].count < 5 || (clock.seconds < budget.seconds && samples[0].count < 10_000) {
    let order = samples[0].count.isMultiple(of: 2) ? Array(runs.indices) : runs.indices.reversed()
    for i in order { samples[i].append(secondsPerCall(calls[i], runs[i])) }
  }
  let reference = samples[AddOne.allCases.firstIndex(of: .forLoop)!]
  let lanes = zip(AddOne.allCases, samples).map { way, samples in
    let (seconds, ratio) = (Summary(samples), ratioSummary(of: reference, to: samples))
    return RaceResult.Lane(
      name: way,
      medianSeconds: seconds.median,
      spread: seconds.spread,
      gbps: 8e-9 * Double(count) / seconds.median,
      speedup: ratio.median,
      speedupLow: ratio.interval.lowerBound,
      speedupHigh: ratio.interval.upperBound
    )
  }
  return RaceResult(count: count, isDebugBuild: isDebugBuild, threads: Threads.current, lanes: lanes)
}

#if DEBUG
  private let isDebugBuild = true
#else
  private let isDebugBuild = false
#endif

import Benchmark
import Farro
import FarroProfile

/// Adds a benchmark for each kernel of a family, each of its shapes, on one thread and on all.
///
/// The kernels come from the profiler's registry. Beside the time, each reports its rate and the fraction of the limit that
/// applies to it, measured once per suite; the instruction set stands in the name. `farro profile` measures limits and
/// kernels in turn, and is the one to trust on a machine that drifts.
public func addBenchmarks(family: String) {
  guard let isa = InstructionSet.current else { fatalError(InstructionSet.refusal ?? "") }
  for threads in Set([1, Threads.current]).sorted() {
    let configuration = Configuration(isa: isa, threads: threads)
    let roofline = LazyRoofline(configuration)
    for kernel in ProfiledKernel.all where kernel.family == family {
      for shape in kernel.shapes { add(kernel, shape, roofline) }
    }
  }
}

private func add(_ kernel: ProfiledKernel, _ shape: [Int], _ roofline: LazyRoofline) {
  let configuration = roofline.configuration
  let size = shape.map(String.init).joined(separator: "x")
  let work = kernel.work(shape)
  Benchmark(
    "\(kernel.name) \(kernel.dtype.rawValue) \(size) \(configuration.isa) threads \(configuration.threads)",
    configuration: .init(
      metrics: [.wallClock, .megaflops, .megabytes, .permilleOfBound],
      maxDuration: .milliseconds(500)
    )
  ) { benchmark in
    try configuration.run {
      let prepared = kernel.prepare(shape)
      prepared.run()
      let options = TimingOptions(budget: .milliseconds(1), leastSamples: 1)
      for _ in benchmark.scaledIterations {
        benchmark.startMeasurement()
        prepared.run()
        benchmark.stopMeasurement()
        let seconds = measure(options, prepared.run).seconds.median
        guard let point = try roofline.measured().point(work, seconds: seconds) else { continue }
        benchmark.measurement(.megaflops, Int(point.gflops * 1000))
        benchmark.measurement(.megabytes, Int(point.gbps * 1000))
        benchmark.measurement(.permilleOfBound, Int(point.fractionOfBound * 1000))
      }
    }
  }
}

extension BenchmarkMetric {
  static var megaflops: Self { .custom("MFLOP/s", polarity: .prefersLarger, useScalingFactor: false) }
  static var megabytes: Self { .custom("MB/s", polarity: .prefersLarger, useScalingFactor: false) }
  static var permilleOfBound: Self { .custom("per mille of bound", polarity: .prefersLarger, useScalingFactor: false) }
}

/// The limits of one configuration, measured when a benchmark first asks: listing benchmarks must not take seconds.
private final class LazyRoofline: @unchecked Sendable {  // The benchmark runner runs one benchmark at a time.
  let configuration: Configuration
  private var roofline: Roofline?

  init(_ configuration: Configuration) { self.configuration = configuration }

  func measured() throws -> Roofline {
    if let roofline { return roofline }
    let measured = try Roofline(measuring: configuration, budget: .seconds(2))
    roofline = measured
    return measured
  }
}

import Farro

/// Measures the machine's limits and what registered kernels reach of them.
public struct Profiler: Sendable {
  /// What to measure, and for how long.
  public struct Options: Sendable {
    /// Kernels of these families only; `nil` for all.
    public var families: Set<String>?
    /// Kernels of these element types only; `nil` for all.
    public var dtypes: Set<DType>?
    /// Instruction sets and numbers of threads; every kernel runs in each.
    public var configurations: [Configuration]
    /// Every registered shape, instead of one in cache and one out of it.
    public var allShapes: Bool
    /// For the whole run. Rows share it equally, except that a slow one gets more where it needs more for three samples.
    /// When the budget does not last for that, slow rows have fewer samples; one is taken of each, whatever it costs.
    public var budget: Duration

    /// What to measure, and for how long; by default, everything in 180 seconds.
    ///
    /// - Parameters:
    ///   - families: Kernels of these families only; `nil` for all.
    ///   - dtypes: Kernels of these element types only; `nil` for all.
    ///   - configurations: What to run each kernel in; when `nil`, the current instruction set with one thread, and with all.
    ///   - allShapes: Whether to walk every registered shape.
    ///   - budget: The time to take in all.
    public init(
      families: Set<String>? = nil,
      dtypes: Set<DType>? = nil,
      configurations: [Configuration]? = nil,
      allShapes: Bool = false,
      budget: Duration = .seconds(180)
    ) {
      self.families = families
      self.dtypes = dtypes
      self.configurations = configurations ?? Options.defaultConfigurations
      self.allShapes = allShapes
      self.budget = budget
    }

    /// What a quick run is about: every kernel, in single precision where it has a choice. With one number of threads
    /// besides, a row gets as much time in 60 seconds as it gets in 240 of the whole.
    public static let quickTypes: Set<DType> = [.f32, .u8]

    static var defaultConfigurations: [Configuration] {
      let isa = InstructionSet.current ?? .baseline
      return Set([1, Threads.current]).sorted().map { Configuration(isa: isa, threads: $0) }
    }
  }

  /// How far a run has come.
  public struct Progress: Sendable {
    /// Measurements made, and to be made in all.
    public let completed, total: Int
    /// What is measured now.
    public let activity: String
  }

  /// What to measure, and for how long.
  public let options: Options
  let kernels: [ProfiledKernel]

  /// A profiler of those of `kernels` whose family and element type `options` ask for.
  public init(_ options: Options = Options(), kernels: [ProfiledKernel] = ProfiledKernel.all) {
    self.options = options
    self.kernels = kernels.filter {
      (options.families?.contains($0.family) ?? true) && (options.dtypes?.contains($0.dtype) ?? true)
    }
  }

  /// Measures the limits, then every kernel.
  ///
  /// - Parameter progress: Called before each measurement.
  /// - Throws: `CancellationError` when the current task is cancelled.
  public func run(progress: (Progress) -> Void = { _ in }) throws -> Profile {
    let machine = Machine.current
    let hierarchy = MemoryHierarchy(machine)
    var prober = Prober(hierarchy, mostThreads: options.configurations.map(\.threads).max() ?? 1)
    var schedule = Schedule(options, hierarchy, kernels)
    let peaks = try measurePeaks(&prober, &schedule, progress)
    let rooflines = options.configurations.map { Roofline(hierarchy, peaks, $0) }
    schedule.expect(expectedCosts(rooflines))
    let results = try measureKernels(rooflines, &prober, &schedule, progress)
    return Profile(machine: machine, peaks: peaks, kernels: results)
  }

  private func measurePeaks(
    _ prober: inout Prober,
    _ schedule: inout Schedule,
    _ progress: (Progress) -> Void
  ) throws -> [Peak] {
    var peaks: [Peak] = []
    for configuration in options.configurations {
      for target in ProbeTarget.all(in: prober.hierarchy, threads: configuration.threads) {
        try Task.checkCancellation()
        progress(schedule.progress("peaks: \(target.kind.rawValue) \(target.level?.rawValue ?? "")"))
        peaks.append(prober.peak(of: target, configuration, seconds: schedule.peakSeconds))
        schedule.completed += 1
      }
    }
    return peaks
  }

  /// What each row is expected to cost, in the order in which they are measured.
  private func expectedCosts(_ rooflines: [Roofline]) -> [RowCost] {
    kernels.flatMap { kernel in
      options.shapes(of: kernel).flatMap { shape in
        rooflines.indices.map { RowCost(of: kernel.work(shape), rooflines[$0], prepares: $0 == 0) }
      }
    }
  }

  private func measureKernels(
    _ rooflines: [Roofline],
    _ prober: inout Prober,
    _ schedule: inout Schedule,
    _ progress: (Progress) -> Void
  ) throws -> [KernelResult] {
    var results: [KernelResult] = []
    for kernel in kernels {
      for shape in options.shapes(of: kernel) {
        progress(schedule.progress("\(kernel.name) \(kernel.dtype.rawValue) \(shape)"))
        let prepared = kernel.prepare(shape)
        for roofline in rooflines {
          let row = ProfileRow(kernel, shape, prepared, roofline)
          results.append(try row.measure(&prober, seconds: schedule.secondsForNextRow))
          schedule.completed += 1
        }
      }
    }
    return results
  }
}

extension Profiler.Options {
  func shapes(of kernel: ProfiledKernel) -> [[Int]] {
    if allShapes { return kernel.shapes }
    return kernel.inCache == kernel.outOfCache ? [kernel.inCache] : [kernel.inCache, kernel.outOfCache]
  }
}

extension Roofline {
  /// Measures the limits of this machine in one configuration, to see where work of one's own stands:
  ///
  /// ```swift
  /// let roofline = try Roofline(measuring: Configuration(isa: .avx2, threads: 1))
  /// let timing = measure { scale(vector) }
  /// let point = roofline.point(Work(flops: 1e6, bytes: 8e6), seconds: timing.seconds.median)
  /// ```
  ///
  /// - Throws: `CancellationError` when the current task is cancelled.
  public init(measuring configuration: Configuration, budget: Duration = .seconds(2)) throws {
    let options = Profiler.Options(configurations: [configuration], budget: budget)
    self.init(try Profiler(options, kernels: []).run(), configuration)
  }
}

import Farro

/// Divides the time of a run: a fixed part to the peaks, the rest among the rows not yet measured.
struct Schedule {
  /// The peaks are the yardstick of all rows; a seventh gives each of some 50 of them 40 ms in the shortest default run.
  private var shareOfPeaks: Double { rows == 0 ? 1 : 1.0 / 7 }

  private let clock: @Sendable () -> Double
  let budget: Double
  let peaks, rows: Int
  var completed = 0
  private var costs: [RowCost]

  /// - Parameter clock: the seconds since the run began.
  init(budget: Double, peaks: Int, rows: Int, clock: @escaping @Sendable () -> Double) {
    (self.budget, self.peaks, self.rows, self.clock) = (budget, peaks, rows, clock)
    costs = Array(repeating: RowCost(), count: rows)
  }

  init(_ options: Profiler.Options, _ hierarchy: MemoryHierarchy, _ kernels: [ProfiledKernel]) {
    let stopwatch = Stopwatch()
    self.init(
      budget: options.budget.seconds,
      peaks: options.configurations.map { ProbeTarget.all(in: hierarchy, threads: $0.threads).count }.reduce(0, +),
      rows: kernels.map { options.shapes(of: $0).count }.reduce(0, +) * options.configurations.count,
      clock: { stopwatch.seconds }
    )
  }

  var peakSeconds: Double { budget * shareOfPeaks / Double(max(1, peaks)) }

  /// Takes what the rows are expected to cost, in their order, into account.
  mutating func expect(_ costs: [RowCost]) {
    require(costs.count == rows, "Schedule: \(costs.count) costs are not those of \(rows) rows")
    self.costs = costs
  }

  /// What the next row may take of what is left, however much it is expected to cost: on a busy machine a peak may have been
  /// measured so low that a row seems to take hours.
  ///
  /// - Complexity: O(rows).
  var secondsForNextRow: Double {
    let left = max(0, budget - clock())
    let toCome = costs.dropFirst(completed - peaks)
    guard let next = toCome.first else { return left }
    // The next row's operands exist.
    let preparation = toCome.dropFirst().reduce(0) { $0 + $1.preparation }
    let share = next.share(at: level(for: toCome, dividing: max(0, left - preparation)))
    return min(share, max(left, RowCost.notWorthSaving))
  }

  /// The level at which the shares of rows add up to `seconds`; 0 when even a single sample of each takes longer.
  private func level(for costs: ArraySlice<RowCost>, dividing seconds: Double) -> Double {
    func total(_ level: Double) -> Double { costs.reduce(0) { $0 + $1.share(at: level) } }
    var (low, high) = (0.0, seconds / Double(costs.count))
    if total(high) <= seconds { return high }
    // To a thousandth.
    for _ in 0..<10 {
      let middle = (low + high) / 2
      if total(middle) <= seconds { low = middle } else { high = middle }
    }
    return low
  }

  func progress(_ activity: String) -> Profiler.Progress {
    Profiler.Progress(completed: completed, total: peaks + rows, activity: activity)
  }
}

/// What a row is expected to cost, in seconds.
struct RowCost {
  /// Seconds that a row has in any case.
  static let notWorthSaving = 1e-3

  /// One sample of the kernel and three, with their probes; for a short call, three in both.
  var once = 0.0
  var thrice = 0.0
  /// Operands and results, made before the row's own time begins.
  var preparation = 0.0

  /// An equal share for all rows, and up to four of them for one that needs as many for three samples. One sample it
  /// gets in any case.
  func share(at level: Double) -> Double { max(level, min(thrice, 4 * level), once) }
}

extension RowCost {
  /// The cost of `work` in the configuration of a roofline; nothing where that has no peak for it.
  ///
  /// - Parameter prepares: Whether the operands must be made; they serve all configurations.
  init(of work: Work, _ roofline: Roofline, prepares: Bool) {
    // Reused pages are filled at 30 GB/s, fresh ones of a virtual machine at 0.4; over all shapes it was 4.
    preparation = prepares ? work.bytes / 4e9 : 0
    guard let bound = roofline.bound(of: work), let peak = roofline.peak(of: bound) else { return }
    // The median row reaches two thirds of its bound, or a little more.
    let call = 1.5 * amount(of: work, bound) / peak.rate
    let sweep = peak.level.map {
      Double(roofline.hierarchy.probeBytes(at: $0, threads: roofline.configuration.threads)) / peak.rate
    }
    let sample = max(call, Prober.leastSeconds)
    let probe = max(sweep ?? 0, Prober.leastSeconds)
    let warmUp = call >= ProfileRow.longCall ? 0 : sample
    thrice = warmUp + 3 * sample + 4 * probe
    once = max(warmUp + sample + 2 * probe, min(thrice, RowCost.notWorthSaving))
  }
}

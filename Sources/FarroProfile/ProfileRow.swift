import Farro

/// One row of a profile: a kernel on one shape in one configuration.
struct ProfileRow {
  private let prepared: ProfiledKernel.Prepared
  private let roofline: Roofline
  private let work: Work
  private let key: KernelResult.Key
  private let detail: String?
  private let bound: Bound
  private let target: ProbeTarget

  /// - Precondition: `roofline` has every peak of its configuration.
  init(_ kernel: ProfiledKernel, _ shape: [Int], _ prepared: ProfiledKernel.Prepared, _ roofline: Roofline) {
    self.prepared = prepared
    self.roofline = roofline
    work = kernel.work(shape)
    key = KernelResult.Key(
      family: kernel.family,
      name: kernel.name,
      dtype: kernel.dtype,
      shape: shape,
      isa: roofline.configuration.isa,
      threads: roofline.configuration.threads
    )
    detail = roofline.configuration.run { kernel.detail(shape) }
    guard let bound = roofline.bound(of: work), let peak = roofline.peak(of: bound) else {
      stop("ProfileRow: no peaks of \(roofline.configuration) were measured")
    }
    self.bound = bound
    target = ProbeTarget(kind: peak.kind, level: peak.level)
  }

  /// A call this long is its own warm-up, and may be the only one.
  static let longCall = 30e-3

  /// Takes samples of the kernel between samples of its bound, for about `seconds` and one sample at least. Each sample's
  /// fraction is of the two probes beside it, so that a clock frequency or a neighbour that comes and goes cancels.
  func measure(_ prober: inout Prober, seconds: Double) throws -> KernelResult {
    let clock = Stopwatch()
    // Some ten rounds of two halves, but short enough to see the machine drift.
    let sample = min(max(seconds / 20, Prober.leastSeconds), 20e-3)
    let configuration = roofline.configuration
    let warmUp = configuration.run { calibrate(lasting: sample, prepared.run) }
    var before = prober.rate(of: target, configuration, seconds: sample)
    var times: [Double] = []
    var fractions: [Double] = []
    if warmUp.secondsPerCall >= ProfileRow.longCall {
      times.append(warmUp.secondsPerCall)
      fractions.append(amount(of: work, bound) / warmUp.secondsPerCall / before)
    }
    var round = warmUp.secondsPerCall * Double(warmUp.calls)
    // Half of the rounds that end beyond the time begin.
    while times.isEmpty || (clock.seconds + round / 2 < seconds && times.count < 1000) {
      try Task.checkCancellation()
      let roundClock = Stopwatch()
      let time = configuration.run {
        if probeEvictsOperands { prepared.run() }
        return secondsPerCall(warmUp.calls, prepared.run)
      }
      let after = prober.rate(of: target, configuration, seconds: sample)
      times.append(time)
      fractions.append(amount(of: work, bound) / time / ((before + after) / 2))
      before = after
      round = roundClock.seconds
    }
    return result(Summary(times), fraction: Summary(fractions).median)
  }

  /// Whether operands that a cache should hold must be brought back after a probe swept over other memory.
  private var probeEvictsOperands: Bool {
    switch bound {
    case .compute, .memory(.dram, _): false
    case .memory: true
    }
  }

  private func result(_ time: Summary, fraction: Double) -> KernelResult {
    KernelResult(
      key: key,
      medianSeconds: time.median,
      minSeconds: time.min,
      spread: time.spread,
      gflops: work.flops / time.median / 1e9,
      gbps: work.bytes / time.median / 1e9,
      intensity: work.intensity,
      bound: bound,
      fractionOfBound: fraction,
      detail: detail
    )
  }
}

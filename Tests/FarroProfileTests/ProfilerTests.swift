import Farro
import Foundation
import Synchronization
import Testing

@testable import FarroProfile

@Suite(.serialized) struct ProfilerTests {
  private let shortest = Profiler.Options(budget: .milliseconds(1))

  @Test func `a run has every peak and every row`() throws {
    let profile = try Profiler(shortest, kernels: [quickKernel()]).run()
    let configurations = shortest.configurations
    #expect(
      profile.kernels.map(\.shape) == [[64], [256]].flatMap { Array(repeating: $0, count: configurations.count) }
    )
    #expect(profile.kernels.map(\.threads) == (0..<2).flatMap { _ in configurations.map(\.threads) })
    for configuration in configurations {
      let targets = ProbeTarget.all(in: MemoryHierarchy(.current), threads: configuration.threads)
      let peaks = profile.peaks.filter { $0.configuration == configuration }
      #expect(peaks.map { ProbeTarget(kind: $0.kind, level: $0.level) } == targets)
      #expect(peaks.allSatisfy { $0.rate > 0 && $0.rate.isFinite })
    }
    for kernel in profile.kernels {
      #expect(kernel.minSeconds > 0 && kernel.minSeconds <= kernel.medianSeconds)
      #expect(kernel.bound == .memory(.l1, .read) && kernel.fractionOfBound > 0)
      #expect(kernel.detail == "\(kernel.shape[0]) additions")
    }
    #expect(try Profile(json: profile.jsonData()) == profile)
  }

  @Test func `options choose families, shapes and configurations`() throws {
    let isa = try #require(InstructionSet.current)
    let options = Profiler.Options(
      families: ["sums"],
      configurations: [Configuration(isa: isa, threads: 1)],
      allShapes: true,
      budget: .milliseconds(1)
    )
    let profile = try Profiler(options, kernels: [quickKernel(), quickKernel(family: "others")]).run()
    #expect(profile.kernels.map(\.shape) == [[64], [128], [256]])
    #expect(profile.kernels.allSatisfy { $0.family == "sums" && $0.threads == 1 })
  }

  @Test func `a quick run meets every kernel of Float or of bytes and leaves a row time for its samples`() throws {
    let isa = try #require(InstructionSet.current)
    let options = Profiler.Options(
      dtypes: Profiler.Options.quickTypes,
      configurations: [Configuration(isa: isa, threads: Threads.current)],
      budget: .seconds(60)
    )
    let kernels = Profiler(options).kernels
    #expect(kernels.map(\.name) == ProfiledKernel.all.filter { [.f32, .u8].contains($0.dtype) }.map(\.name))
    // Out of cache, where every other row is, operands are filled in 50 ms, and seven samples of 128 MiB or a few more are
    // taken in turn with probes, in 70 ms.
    let schedule = Schedule(options, MemoryHierarchy(.current), kernels)
    #expect((60 - Double(schedule.peaks) * schedule.peakSeconds) / Double(schedule.rows) >= 0.125)
  }

  @Test func `operands are prepared once per shape`() throws {
    let count = Atomic(0)
    _ = try Profiler(shortest, kernels: [quickKernel { count.add(1, ordering: .relaxed) }]).run()
    #expect(count.load(ordering: .relaxed) == 2)
  }

  @Test func `a call that outlasts its share is made once and is its own warm-up`() throws {
    let calls = Atomic(0)
    let slow = quickKernel(run: {
      calls.add(1, ordering: .relaxed)
      Thread.sleep(forTimeInterval: 0.05)
    })
    let profile = try Profiler(shortest, kernels: [slow]).run()
    #expect(calls.load(ordering: .relaxed) == profile.kernels.count)
    #expect(profile.kernels.allSatisfy { $0.medianSeconds >= 0.05 && $0.fractionOfBound > 0 && $0.spread == 0 })
  }

  @Test func `progress goes forward to the last row`() throws {
    var steps: [Profiler.Progress] = []
    _ = try Profiler(shortest, kernels: [quickKernel()]).run { steps.append($0) }
    #expect(steps.map(\.completed) == steps.map(\.completed).sorted())
    let last = try #require(steps.last)
    #expect(last.completed == last.total - shortest.configurations.count)
  }

  @Test func `a roofline of this machine takes work of any kind`() throws {
    let roofline = try Roofline(measuring: shortest.configurations[0], budget: .milliseconds(1))
    for traffic in [Traffic.read, .copy] {
      for bytes in [1e3, 1e5, 1e7, 1e9] {
        let point = try #require(roofline.point(Work(flops: 0, bytes: bytes, traffic: traffic), seconds: 1))
        #expect(point.fractionOfBound > 0)
      }
    }
  }

  @Test func `a cancelled run throws`() async {
    let options = shortest
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try Profiler(options, kernels: [quickKernel()]).run()
    }
    await #expect(throws: CancellationError.self) { try await task.value }
  }
}

@Suite struct ScheduleTests {
  private final class Clock: Sendable {
    private let time = Mutex(0.0)

    var now: Double {
      get { time.withLock { $0 } }
      set { time.withLock { $0 = newValue } }
    }
  }

  @Test func `rows share what the peaks leave`() {
    let clock = Clock()
    var schedule = Schedule(budget: 70, peaks: 10, rows: 4) { clock.now }
    #expect(schedule.peakSeconds == 1)
    (clock.now, schedule.completed) = (10, 10)
    #expect(schedule.secondsForNextRow == 15)
    // A row that takes long leaves less to the others; one that takes no time leaves more.
    (clock.now, schedule.completed) = (40, 11)
    #expect(schedule.secondsForNextRow == 10)
    schedule.completed = 12
    #expect(schedule.secondsForNextRow == 15)
  }

  @Test func `peaks alone take the whole budget`() {
    #expect(Schedule(budget: 6, peaks: 3, rows: 0) { 0 }.peakSeconds == 2)
  }

  @Test func `a spent budget leaves nothing`() {
    let clock = Clock()
    clock.now = 11
    #expect(Schedule(budget: 10, peaks: 0, rows: 3) { clock.now }.secondsForNextRow == 0)
  }

  @Test func `a slow row gets four shares at most for its samples and one sample in any case`() {
    let row = RowCost(once: 4, thrice: 10)
    #expect(row.share(at: 20) == 20)
    #expect(row.share(at: 5) == 10)
    #expect(row.share(at: 2) == 8)
    #expect(row.share(at: 0.5) == 4)
  }

  @Test func `what rows to come need is kept for them`() {
    var schedule = Schedule(budget: 100, peaks: 0, rows: 3) { 0 }
    let quick = RowCost(once: 1, thrice: 3)
    schedule.expect([quick, RowCost(once: 20, thrice: 60), RowCost(once: 1, thrice: 3, preparation: 10)])
    // 90 = 15 + 60 + 15
    #expect(abs(schedule.secondsForNextRow - 15) < 0.1)
    schedule.completed = 1
    #expect(abs(schedule.secondsForNextRow - 60) < 0.1, "90 = 60 + 30")
  }

  @Test func `where one sample of each takes longer than there is time there is no more`() {
    var schedule = Schedule(budget: 10, peaks: 0, rows: 2) { 0 }
    schedule.expect([RowCost(once: 2, thrice: 6), RowCost(once: 9, thrice: 27)])
    #expect(schedule.secondsForNextRow == 2)
  }

  @Test func `a row that is expected to outlast the run gets what is left`() {
    let clock = Clock()
    var schedule = Schedule(budget: 10, peaks: 0, rows: 2) { clock.now }
    schedule.expect([RowCost(once: 1e6, thrice: 3e6), RowCost(once: 1e6, thrice: 3e6)])
    clock.now = 4
    #expect(schedule.secondsForNextRow == 6)
    (clock.now, schedule.completed) = (11, 1)
    #expect(schedule.secondsForNextRow == 1e-3)
  }

  @Test func `the budget holds whatever rows cost`() {
    let clock = Clock()
    var schedule = Schedule(budget: 60, peaks: 0, rows: 100) { clock.now }
    schedule.expect((0..<100).map { RowCost(once: 0.01 * Double($0), thrice: 0.03 * Double($0), preparation: 0.05) })
    for _ in 0..<100 {
      clock.now += 0.05
      clock.now += schedule.secondsForNextRow
      schedule.completed += 1
    }
    #expect(clock.now > 59 && clock.now < 60.5)
  }

  @Test func `the cost of a row is of its calls and of the probes beside them`() {
    let roofline = Roofline(MemoryHierarchy(plainMachine), plainPeaks, single)
    // 0.2 s at 100 GFLOP/s, half as long again, and the shortest probe.
    let product = RowCost(of: Work(flops: 20e9, bytes: 1e6), roofline, prepares: true)
    #expect(abs(product.once - 0.3002) < 1e-9 && abs(product.thrice - 0.9004) < 1e-9)
    #expect(abs(product.preparation - 0.25e-3) < 1e-9)
    // 1 ms at 50 GB/s, and a sweep over four times the last cache; one call warms up.
    let sweep = Double(64 << 20) / 50e9
    let sum = RowCost(of: Work(flops: 0, bytes: 50e6, traffic: .read), roofline, prepares: false)
    #expect(abs(sum.once - (3e-3 + 2 * sweep)) < 1e-9 && abs(sum.thrice - (6e-3 + 4 * sweep)) < 1e-9)
    #expect(sum.preparation == 0)
    let short = RowCost(of: Work(flops: 1, bytes: 8), roofline, prepares: false)
    #expect(short.once == short.thrice)
  }

  @Test func `the budget holds however many rows there are`() {
    for rows in [1, 10, 1000] {
      let clock = Clock()
      var schedule = Schedule(budget: 60, peaks: 0, rows: rows) { clock.now }
      for _ in 0..<rows {
        clock.now += schedule.secondsForNextRow
        schedule.completed += 1
      }
      #expect(abs(clock.now - 60) < 1e-6)
    }
  }
}

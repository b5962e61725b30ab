import Testing

@testable import FarroProfile

@Suite struct RooflineTests {
  private let roofline = Roofline(MemoryHierarchy(plainMachine), plainPeaks, single)

  @Test func intenseWorkIsBoundByTheArithmeticOfItsType() {
    #expect(roofline.bound(of: Work(flops: 1e9, bytes: 1e6, dtype: .f32)) == .compute(.fmaF32))
    #expect(roofline.bound(of: Work(flops: 1e9, bytes: 1e6, dtype: .f64)) == .compute(.fmaF64))
    #expect(roofline.bound(of: Work(flops: 1e9, bytes: 1e6, dtype: .bf16)) == .compute(.dotBF16))
    #expect(roofline.bound(of: Work(flops: 1e9, bytes: 1e6, dtype: .f16)) == .compute(.fmaF32))
    #expect(roofline.bound(of: Work(flops: 1e9, bytes: 1e6, dtype: .i8)) == .compute(.dotU8S8))
  }

  @Test func lightWorkIsBoundByTheLevelThatHoldsIt() {
    let light = { Work(flops: $0 / 8, bytes: $0, traffic: .read) }
    #expect(roofline.bound(of: light(32 * 1024)) == .memory(.l1, .read))
    #expect(roofline.bound(of: light(32 * 1024 + 1)) == .memory(.l2, .read))
    #expect(roofline.bound(of: light(2e6)) == .memory(.l3, .read))
    #expect(roofline.bound(of: light(20e6)) == .memory(.dram, .read))
  }

  @Test func theBoundIsTheOneThatTakesLonger() {
    // In DRAM 50 GB/s against 100 GFLOP/s (60 GB/s copied): the roofline bends at 2 operations per byte read.
    #expect(roofline.bound(of: Work(flops: 1.9e9, bytes: 1e9, traffic: .read)) == .memory(.dram, .read))
    #expect(roofline.bound(of: Work(flops: 2.1e9, bytes: 1e9, traffic: .read)) == .compute(.fmaF32))
    #expect(roofline.bound(of: Work(flops: 1.9e9, bytes: 1e9, traffic: .copy)) == .compute(.fmaF32))
  }

  @Test func theCopyBoundIsTheFasterOfPlainAndNonTemporal() {
    #expect(roofline.peak(of: .memory(.l1, .copy))?.kind == .copy)
    #expect(roofline.peak(of: .memory(.dram, .copy))?.kind == .copyNonTemporal)
  }

  @Test func theWriteBoundIsTheFasterOfPlainAndNonTemporal() {
    #expect(roofline.peak(of: .memory(.l1, .write))?.kind == .write)
    #expect(roofline.peak(of: .memory(.dram, .write))?.kind == .writeNonTemporal)
    #expect(Bound(rawValue: "DRAM write") == .memory(.dram, .write))
  }

  @Test func workWithoutArithmeticIsBoundByMemory() throws {
    let point = try #require(roofline.point(Work(flops: 0, bytes: 1e9, dtype: .u8, traffic: .read), seconds: 0.04))
    #expect(point.bound == .memory(.dram, .read))
    #expect(point.gflops == 0 && point.intensity == 0)
    #expect(abs(point.gbps - 25) < 1e-9)
    #expect(abs(point.fractionOfBound - 0.5) < 1e-12)
  }

  @Test func aPointTellsRateIntensityAndFraction() throws {
    let point = try #require(roofline.point(Work(flops: 1e9, bytes: 1e8, dtype: .f64), seconds: 0.04))
    #expect(abs(point.gflops - 25) < 1e-9)
    #expect(abs(point.gbps - 2.5) < 1e-9)
    #expect(abs(point.intensity - 10) < 1e-12)
    #expect(point.bound == .compute(.fmaF64))
    #expect(abs(point.fractionOfBound - 0.5) < 1e-12)
  }

  @Test func peaksOfOtherConfigurationsAreLeftAside() {
    let other = Roofline(MemoryHierarchy(plainMachine), plainPeaks, Configuration(isa: .baseline, threads: 2))
    #expect(other.bound(of: Work(flops: 1, bytes: 1)) == nil)
  }
}

@Suite struct MemoryHierarchyTests {
  @Test func threadsPoolTheirOwnCachesButNotTheSharedOne() {
    let hierarchy = MemoryHierarchy(plainMachine)
    #expect(hierarchy.level(holding: 50_000, threads: 1) == .l2)
    #expect(hierarchy.level(holding: 50_000, threads: 2) == .l1)
    #expect(hierarchy.level(holding: 17e6, threads: 2) == .dram)
  }

  @Test func eachProbeFitsItsLevelAndNoNearerOne() {
    let hierarchy = MemoryHierarchy(plainMachine)
    for threads in 1...4 {
      for level in hierarchy.levels(threads: threads) {
        let bytes = hierarchy.probeBytes(at: level, threads: threads)
        #expect(hierarchy.level(holding: Double(bytes), threads: threads) == level)
      }
    }
  }

  @Test func aSharedCacheThatTheCoresOwnOnesFillIsNoLevel() {
    let hierarchy = MemoryHierarchy(plainMachine)
    #expect(hierarchy.levels(threads: 8) == MemoryLevel.allCases)
    #expect(hierarchy.levels(threads: 9) == [.l1, .l2, .dram])
  }

  @Test func unknownCachesAreSmallAndAnUnknownThirdLevelIsNone() {
    var machine = plainMachine
    (machine.l1DataBytes, machine.l2Bytes, machine.l3Bytes, machine.memoryBytes) = (nil, nil, nil, nil)
    let hierarchy = MemoryHierarchy(machine)
    #expect(hierarchy.levels(threads: 1) == [.l1, .l2, .dram])
    #expect(hierarchy.level(holding: 1e6, threads: 1) == .dram)
    #expect(hierarchy.probeBytes(at: .dram, threads: 1) >= 64 << 20)
  }
}

import Farro

@testable import FarroProfile

/// A machine whose caches hold 32 KiB, 1 MiB and 16 MiB.
let plainMachine = Machine(
  name: "plain",
  vendor: "nobody",
  logicalCores: 4,
  usableCores: 2,
  threads: 2,
  openMP: true,
  instructionSets: [.baseline],
  l1DataBytes: 32 << 10,
  l2Bytes: 1 << 20,
  l3Bytes: 16 << 20,
  cacheLineBytes: nil,
  memoryBytes: 8 << 30,
  frequencyHertz: 3e9
)

let single = Configuration(isa: .baseline, threads: 1)

/// 100 and 50 GFLOP/s, 200 and 400 of bf16 and bytes; read, write and copy at 400 GB/s in L1 and half of that at each further level,
/// where non-temporal copies reach 60 and non-temporal writes 70.
let plainPeaks: [Peak] = {
  var peaks = [
    Peak(kind: .fmaF32, isa: .baseline, threads: 1, gflops: 100),
    Peak(kind: .fmaF64, isa: .baseline, threads: 1, gflops: 50),
    Peak(kind: .dotBF16, isa: .baseline, threads: 1, gflops: 200),
    Peak(kind: .dotU8S8, isa: .baseline, threads: 1, gflops: 400),
  ]
  for (level, gbps) in zip(MemoryLevel.allCases, [400.0, 200, 100, 50]) {
    peaks.append(Peak(kind: .read, level: level, isa: .baseline, threads: 1, gbps: gbps))
    peaks.append(Peak(kind: .copy, level: level, isa: .baseline, threads: 1, gbps: gbps))
    peaks.append(Peak(kind: .copyNonTemporal, level: level, isa: .baseline, threads: 1, gbps: 60))
    peaks.append(Peak(kind: .write, level: level, isa: .baseline, threads: 1, gbps: gbps))
    peaks.append(Peak(kind: .writeNonTemporal, level: level, isa: .baseline, threads: 1, gbps: 70))
  }
  return peaks
}()

func result(
  shape: [Int] = [8, 8, 8],
  threads: Int = 1,
  median: Double = 1e-3,
  spread: Double = 0.01,
  bound: Bound = .compute(.fmaF32),
  fraction: Double = 0.9,
  detail: String? = nil
) -> KernelResult {
  KernelResult(
    key: .init(family: "matmul", name: "matmul", dtype: .f32, shape: shape, isa: .baseline, threads: threads),
    medianSeconds: median,
    minSeconds: median / 2,
    spread: spread,
    gflops: 90,
    gbps: 9,
    intensity: 10,
    bound: bound,
    fractionOfBound: fraction,
    detail: detail
  )
}

/// A kernel that takes no time and counts no arithmetic, so that memory bounds it whatever the peaks.
func quickKernel(
  family: String = "sums",
  prepare: @escaping @Sendable () -> Void = {},
  run: @escaping @Sendable () -> Void = {}
) -> ProfiledKernel {
  ProfiledKernel(
    family: family,
    name: "sum",
    dtype: .f32,
    shapes: [[64], [128], [256]],
    inCache: [64],
    outOfCache: [256],
    traffic: .read,
    flops: { _ in 0 },
    bytes: { Double($0[0] * 4) },
    detail: { "\($0[0]) additions" },
    prepare: { shape in
      prepare()
      let numbers = [Float](repeating: 1, count: shape[0])
      return .init(
        run: {
          run()
          blackHole(numbers.reduce(0, +))
        },
        verify: { 0 }
      )
    }
  )
}

import Farro

@testable import FarroProfile

extension Profile {
  /// A machine that does not exist, with the kernels of a default run: what reports are tested on.
  static let sample = Profile(
    machine: Machine(
      name: "Example <&> CPU, \"4.2 GHz\"",
      vendor: "AuthenticAMD",
      logicalCores: 2,
      usableCores: 2,
      threads: 2,
      openMP: true,
      instructionSets: [.baseline, .avx2, .avx512],
      l1DataBytes: 32 << 10,
      l2Bytes: 1 << 20,
      l3Bytes: 32 << 20,
      cacheLineBytes: 64,
      memoryBytes: 8 << 30,
      frequencyHertz: 3.7e9
    ),
    peaks: [1, 2].flatMap(samplePeaks(threads:)),
    kernels: sampleShapes.flatMap { sample in [1, 2].map { sample.result(threads: $0) } }
  )
}

private func samplePeaks(threads: Int) -> [Peak] {
  let scale = Double(threads) * 0.98
  let bandwidths: [(MemoryLevel, read: Double, copy: Double, nonTemporal: Double)] = [
    (.l1, 215, 232, 14), (.l2, 98, 104, 15), (.l3, 46, 41, 16), (.dram, 21, 17, 22),
  ]
  let arithmetic = [
    Peak(kind: .fmaF32, isa: .avx512, threads: threads, gflops: 132 * scale),
    Peak(kind: .fmaF64, isa: .avx512, threads: threads, gflops: 66 * scale),
    Peak(kind: .dotBF16, isa: .avx512, threads: threads, gflops: 133 * scale),
    Peak(kind: .dotU8S8, isa: .avx512, threads: threads, gflops: 240 * scale),
  ]
  return arithmetic
    + bandwidths.flatMap { level, read, copy, nonTemporal in
      let scale = level == .dram ? 1 + 0.45 * Double(threads - 1) : scale
      return [
        (Peak.Kind.read, read), (.write, copy * 0.6), (.copy, copy), (.copyNonTemporal, nonTemporal),
        (.triad, copy * 1.1),
      ]
      .map { Peak(kind: $0, level: level, isa: .avx512, threads: threads, gbps: $1 * scale) }
    }
}

private struct SampleShape {
  let family, name: String
  let dtype: DType
  let shape: [Int]
  let flops, bytes: Double
  let bound: Bound
  let fraction: Double

  func result(threads: Int) -> KernelResult {
    let scale = Double(threads) * 0.97
    let rate: Double
    switch bound {
    case .compute(let kind):
      let peaks: [Peak.Kind: Double] = [.fmaF64: 66, .dotU8S8: 240]
      rate = (peaks[kind] ?? 132) * 1e9 * scale * fraction / flops
    case .memory(.dram, _): rate = 21e9 * (1 + 0.45 * Double(threads - 1)) * fraction / bytes
    case .memory(.l3, _): rate = 44e9 * scale * fraction / bytes
    case .memory(.l2, _): rate = 100e9 * scale * fraction / bytes
    case .memory(.l1, _): rate = 220e9 * scale * fraction / bytes
    }
    return KernelResult(
      key: .init(family: family, name: name, dtype: dtype, shape: shape, isa: .avx512, threads: threads),
      medianSeconds: 1 / rate,
      minSeconds: 0.97 / rate,
      spread: 0.012,
      gflops: flops * rate * 1e-9,
      gbps: bytes * rate * 1e-9,
      intensity: flops / bytes,
      bound: bound,
      fractionOfBound: fraction
    )
  }
}

private let sampleShapes: [SampleShape] = [
  product(512, .f32, 0.955), product(2048, .f32, 0.962), product(64, .f32, 0.79), product(512, .f64, 0.95),
  product(2048, .f64, 0.957), product(512, .bf16, 0.9), product(512, .i8, 0.8),
  rowwise("elementwise", "add", .f32, [16384], flopsPerElement: 1, bytesPerElement: 12, .memory(.l2, .copy), 0.91),
  rowwise("elementwise", "add", .f32, [16 << 20], flopsPerElement: 1, bytesPerElement: 12, .memory(.dram, .copy), 0.97),
  rowwise("elementwise", "exp", .f32, [16384], flopsPerElement: 20, bytesPerElement: 8, .compute(.fmaF32), 0.46),
  rowwise("elementwise", "exp", .f32, [16 << 20], flopsPerElement: 20, bytesPerElement: 8, .memory(.dram, .copy), 0.93),
  rowwise(
    "elementwise",
    "exp",
    .f64,
    [16 << 20],
    flopsPerElement: 26,
    bytesPerElement: 16,
    .memory(.dram, .copy),
    0.94
  ),
  rowwise(
    "elementwise",
    "sum",
    .f32,
    [4096, 4096],
    flopsPerElement: 1,
    bytesPerElement: 4,
    .memory(.dram, .read),
    0.98
  ),
  rowwise("elementwise", "sum", .f32, [64, 256], flopsPerElement: 1, bytesPerElement: 4, .memory(.l1, .read), 0.83),
  rowwise(
    "elementwise",
    "sum",
    .f64,
    [4096, 2048],
    flopsPerElement: 1,
    bytesPerElement: 8,
    .memory(.dram, .read),
    0.97
  ),
  rowwise(
    "normalization",
    "layer_norm",
    .f32,
    [64, 768],
    flopsPerElement: 8,
    bytesPerElement: 8,
    .memory(.l2, .copy),
    0.72
  ),
  rowwise(
    "normalization",
    "layer_norm",
    .f32,
    [8192, 768],
    flopsPerElement: 8,
    bytesPerElement: 8,
    .memory(.dram, .copy),
    0.9
  ),
  rowwise(
    "normalization",
    "rms_norm",
    .f32,
    [64, 768],
    flopsPerElement: 4,
    bytesPerElement: 8,
    .memory(.l2, .copy),
    0.81
  ),
  rowwise(
    "normalization",
    "rms_norm",
    .f32,
    [8192, 768],
    flopsPerElement: 4,
    bytesPerElement: 8,
    .memory(.dram, .copy),
    0.92
  ),
  rowwise(
    "normalization",
    "softmax",
    .f32,
    [64, 1024],
    flopsPerElement: 24,
    bytesPerElement: 8,
    .compute(.fmaF32),
    0.38
  ),
  rowwise(
    "normalization",
    "softmax",
    .f32,
    [8192, 1024],
    flopsPerElement: 24,
    bytesPerElement: 8,
    .memory(.dram, .copy),
    0.89
  ),
  rowwise(
    "distance",
    "squared_euclidean",
    .f32,
    [512, 512, 128],
    flopsPerElement: 1.6,
    bytesPerElement: 0.047,
    .compute(.fmaF32),
    0.88
  ),
  rowwise(
    "distance",
    "manhattan",
    .f32,
    [512, 512, 128],
    flopsPerElement: 3,
    bytesPerElement: 0.047,
    .compute(.fmaF32),
    0.41
  ),
  rowwise(
    "distance",
    "cosine",
    .f32,
    [512, 512, 128],
    flopsPerElement: 2,
    bytesPerElement: 0.047,
    .compute(.fmaF32),
    0.84
  ),
  rowwise("hashing", "xxh3_64", .u8, [4096], flopsPerElement: 0, bytesPerElement: 1, .memory(.l1, .read), 0.31),
  rowwise("hashing", "xxh3_64", .u8, [64 << 20], flopsPerElement: 0, bytesPerElement: 1, .memory(.dram, .read), 1.08),
]

private func product(_ n: Int, _ dtype: DType, _ fraction: Double) -> SampleShape {
  let (flops, elements) = (2 * Double(n * n) * Double(n), Double(3 * n * n))
  let kinds: [DType: Peak.Kind] = [.f32: .fmaF32, .f64: .fmaF64, .bf16: .dotBF16, .i8: .dotU8S8]
  let bytes: [DType: Double] = [.f32: 4, .f64: 8, .bf16: 8 / 3, .i8: 2]
  return SampleShape(
    family: "matmul",
    name: "matmul",
    dtype: dtype,
    shape: [n, n, n],
    flops: flops,
    bytes: elements * bytes[dtype]!,
    bound: .compute(kinds[dtype]!),
    fraction: fraction
  )
}

private func rowwise(
  _ family: String,
  _ name: String,
  _ dtype: DType,
  _ shape: [Int],
  flopsPerElement: Double,
  bytesPerElement: Double,
  _ bound: Bound,
  _ fraction: Double
) -> SampleShape {
  let count = Double(shape.reduce(1, *))
  return SampleShape(
    family: family,
    name: name,
    dtype: dtype,
    shape: shape,
    flops: count * flopsPerElement,
    bytes: count * bytesPerElement,
    bound: bound,
    fraction: fraction
  )
}

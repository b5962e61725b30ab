// swift-tools-version: 6.2
import PackageDescription

/// One executable per kernel family, as the benchmark plugin wants them; what they run is in Suites.
func suite(_ name: String) -> Target {
  .executableTarget(
    name: "\(name)Benchmarks",
    dependencies: ["Suites", .product(name: "Benchmark", package: "benchmark")],
    path: "Benchmarks/\(name)",
    plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]
  )
}

let package = Package(
  name: "farro-benchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(name: "farro", path: ".."),
    // Without its traits: they replace the allocator and the reference counting that are being measured.
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
  ],
  targets: [
    .target(
      name: "Suites",
      dependencies: [
        .product(name: "Farro", package: "farro"), .product(name: "FarroProfile", package: "farro"),
        .product(name: "Benchmark", package: "benchmark"),
      ],
      path: "Suites"
    ),
    // The Swift sides of peers/compare.py: of kernels, and of models.
    .target(
      name: "WorkerProtocol",
      dependencies: [.product(name: "Farro", package: "farro")],
      path: "peers/worker-protocol"
    ),
    .executableTarget(
      name: "PeersWorker",
      dependencies: ["WorkerProtocol", .product(name: "Farro", package: "farro")],
      path: "peers/swift"
    ),
    .executableTarget(
      name: "ModelsWorker",
      dependencies: [
        "WorkerProtocol", .product(name: "Farro", package: "farro"), .product(name: "FarroModels", package: "farro"),
      ],
      path: "peers/models-worker"
    ),
    // Farro's side of peers/indexes.py.
    .executableTarget(
      name: "IndexWorker",
      dependencies: [
        .product(name: "Farro", package: "farro"), .product(name: "FarroData", package: "farro"),
        .product(name: "FarroSearch", package: "farro"),
      ],
      path: "peers/index-worker"
    ),
    suite("Matmul"), suite("Elementwise"), suite("Normalization"), suite("Distance"), suite("LinearAlgebra"),
    suite("Hashing"), suite("Reduction"), suite("Sorting"), suite("Ranking"), suite("Softmax"), suite("Attention"),
    suite("Convolution"), suite("Optimizer"), suite("Random"), suite("Embedding"), suite("Conversion"), suite("Boxes"),
    suite("Sketch"), suite("SupportVector"),
  ],
  swiftLanguageModes: [.v6]
)

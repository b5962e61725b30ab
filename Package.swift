// swift-tools-version: 6.2
import Foundation
import PackageDescription

// Debian and Ubuntu (libomp-dev) put the OpenMP runtime on the linker's path as libomp5.so; everyone else calls it libomp.
let isDebian = FileManager.default.fileExists(atPath: "/etc/debian_version")
// Homebrew keeps libomp out of the default search path.
let homebrewLibOMP = ["/opt/homebrew/opt/libomp/lib", "/usr/local/opt/libomp/lib"]
  .filter { FileManager.default.fileExists(atPath: $0) }

let openMP: BuildSettingCondition = .when(traits: ["OpenMP"])

let kernels = Target.target(
  name: "CKernels",
  path: "CKernels",
  exclude: [
    "Makefile", "farro.pc.in", "farro.map", "tests", "simd/math_coefficients.py", "text/unicode_tables.py",
  ],
  publicHeadersPath: "include",
  cSettings: [
    .headerSearchPath("."),
    // A kernel must run at full speed in a debug build too. -ffp-contract=off: a fused multiply-add happens only
    // where a kernel says so, so that results do not depend on the compiler's mood.
    .unsafeFlags(["-O3", "-std=gnu17", "-ffp-contract=off", "-fno-math-errno", "-Wall", "-Wextra"]),
    .unsafeFlags(["-fopenmp"], openMP),
    .define("FARRO_OPENMP", openMP),
  ]
    + (isDebian ? [.define("FARRO_DEBIAN_LIBOMP", openMP)] : []),
  linkerSettings: [
    .linkedLibrary(isDebian ? "omp5" : "omp", openMP),
    .linkedLibrary("m", .when(platforms: [.linux])),
  ]
    + homebrewLibOMP.map { .unsafeFlags(["-L\($0)", "-Xlinker", "-rpath", "-Xlinker", $0], openMP) }
)

let package = Package(
  name: "farro",
  platforms: [.macOS(.v15), .iOS(.v18)],
  products: [
    .library(name: "Farro", targets: ["Farro"]),
    .library(name: "FarroData", targets: ["FarroData"]),
    .library(name: "FarroSearch", targets: ["FarroSearch"]),
    .library(name: "FarroModels", targets: ["FarroModels"]),
    .library(name: "FarroDatasets", targets: ["FarroDatasets"]),
    .library(name: "FarroProfile", targets: ["FarroProfile"]),
    .executable(name: "farro", targets: ["FarroCLI"]),
  ],
  traits: [
    .trait(name: "OpenMP", description: "Run kernels on several threads (needs libomp)."),
    .default(enabledTraits: ["OpenMP"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"),
  ],
  targets: [
    kernels,
    .target(name: "Farro", dependencies: ["CKernels"]),
    .target(name: "FarroData", dependencies: ["Farro"]),
    .target(name: "FarroSearch", dependencies: ["Farro", "FarroData"]),
    .target(name: "FarroModels", dependencies: ["Farro", "FarroData"]),
    .target(name: "FarroDatasets", dependencies: ["Farro", "FarroData"], exclude: ["make.py"]),
    .target(name: "CProcessUsage"),
    .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .target(
      name: "FarroProfile",
      dependencies: ["CProcessUsage", "Farro", "FarroData", .product(name: "Subprocess", package: "swift-subprocess")]
    ),
    .executableTarget(
      name: "FarroCLI",
      dependencies: [
        "Farro", "FarroData", "FarroModels", "FarroProfile", "FarroSearch",
        "CZlib",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]
    ),
    .target(name: "TestSupport", dependencies: ["Farro", "FarroData"], path: "Tests/TestSupport"),
    .testTarget(name: "FarroTests", dependencies: ["Farro", "TestSupport"]),
    .testTarget(name: "FarroDataTests", dependencies: ["FarroData", "TestSupport"], resources: [.copy("Golden")]),
    .testTarget(name: "FarroSearchTests", dependencies: ["FarroSearch", "TestSupport"]),
    .testTarget(name: "FarroModelsTests", dependencies: ["FarroModels", "FarroDatasets", "TestSupport"]),
    .testTarget(name: "FarroDatasetsTests", dependencies: ["FarroDatasets"]),
    .testTarget(name: "FarroProfileTests", dependencies: ["FarroProfile", "TestSupport"]),
    .testTarget(
      name: "FarroCLITests",
      dependencies: [
        "Farro", "FarroData", "FarroDatasets", "FarroModels", "FarroSearch",
        .product(name: "Subprocess", package: "swift-subprocess"), "FarroCLI",
      ]
    ),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .gnu17
)

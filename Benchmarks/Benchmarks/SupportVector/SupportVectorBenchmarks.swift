import Benchmark
import Suites

let benchmarks: @Sendable () -> Void = { addBenchmarks(family: "svm") }

import Foundation
import Subprocess

/// What a run of the built `farro` gave.
struct Outcome {
  var status: Int
  var output: String
  var error: String
}

/// Runs the `farro` that was built with these tests.
func farro(
  _ arguments: String...,
  input: String = "",
  environment: [Environment.Key: String?] = [:],
  in directory: String? = nil
) async throws -> Outcome {
  try await runFarro(arguments, input: input, environment: environment, in: directory)
}

func runFarro(
  _ arguments: [String],
  input: String = "",
  environment: [Environment.Key: String?] = [:],
  in directory: String? = nil
) async throws -> Outcome {
  try await runProgram(executable().path, arguments, input: input, environment: environment, in: directory)
}

/// Runs any program; its output is kept up to 4 MiB.
func runProgram(
  _ path: String,
  _ arguments: [String],
  input: String = "",
  environment: [Environment.Key: String?] = [:],
  in directory: String? = nil
) async throws -> Outcome {
  let result = try await Subprocess.run(
    .path(.init(path)),
    arguments: Arguments(arguments),
    environment: .inherit.updating(environment),
    workingDirectory: directory.map { .init($0) },
    input: .string(input),
    output: .string(limit: 4 << 20),
    error: .string(limit: 4 << 20)
  )
  let status =
    switch result.terminationStatus {
    case .exited(let code): Int(code)
    case .signaled(let signal): -Int(signal)
    }
  return Outcome(status: status, output: result.standardOutput, error: result.standardError)
}

/// Beside the test bundle, which lies in the same folder for every configuration and scratch path.
func executable() -> URL {
  #if os(macOS)
    let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }!.bundleURL
  #else
    let bundle = Bundle.main.bundleURL.appendingPathComponent("bundle")
  #endif
  return bundle.deletingLastPathComponent().appendingPathComponent("farro")
}

/// A new folder that is removed after `body`.
func withTemporaryDirectory<Result>(_ body: (String) async throws -> Result) async throws -> Result {
  let path = NSTemporaryDirectory() + "farro-cli-\(UUID().uuidString)"
  try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: path) }
  return try await body(path)
}

import Foundation
import Testing

@Suite struct ProfileCommandTests {
  /// The fewest rows there are, for as little time as they take.
  private static let short = ["profile", "--quick", "--family", "matmul", "--time", "0.1"]

  @Test(arguments: [
    ["--family", "nonsense"], ["--isa", "nonsense"], ["--threads", "0"], ["--threads", "9999"], ["--threads", "1,"],
    ["--time", "0"], ["--time=-1"], ["--time", "nan"], ["--format", "xml"], ["--nonsense"],
  ])
  func `options that mean nothing here exit with 64 before anything is measured`(options: [String]) async throws {
    let outcome = try await runFarro(["profile"] + options)
    #expect(outcome.status == 64)
    #expect(outcome.error.contains("Usage: farro profile"))
    #expect(outcome.output.isEmpty)
  }

  @Test(arguments: [
    ("{", 65, "not valid JSON"), (#"{"peaks": []}"#, 65, #"there is no "machine""#),
    (#"{"machine": 1, "peaks": [], "kernels": []}"#, 65, "at .machine: "),
  ])
  func `a baseline that is no profile is refused with the place that is wrong`(
    contents: String,
    status: Int,
    place: String
  ) async throws {
    try await withTemporaryDirectory { directory in
      let file = directory + "/baseline.json"
      try contents.write(toFile: file, atomically: true, encoding: .utf8)
      let outcome = try await farro("profile", "--baseline", file)
      #expect(outcome.status == status)
      #expect(outcome.error.contains(file) && outcome.error.contains(place))
      #expect(outcome.output.isEmpty)
    }
  }

  @Test func `a baseline that cannot be read, and a directory that cannot be made, have their reasons`() async throws {
    let missing = try await farro("profile", "--baseline", "/nonexistent/profile.json")
    #expect(missing.status == 74)
    #expect(missing.error.contains("/nonexistent/profile.json: No such file or directory"))
    let output = try await farro("profile", "--output", "/dev/null/profile")
    #expect(output.status == 74)
    #expect(output.error.contains("/dev/null/profile: Not a directory"))
  }

  @Test func `the directory gets what standard output gets, and a picture and a page of it`() async throws {
    try await withTemporaryDirectory { directory in
      let output = directory + "/new/folder"
      let outcome = try await runFarro(Self.short + ["--format", "json", "--output", output])
      #expect(outcome.status == 0)
      #expect(try FileManager.default.contentsOfDirectory(atPath: output).sorted() == files)
      #expect(try String(contentsOfFile: output + "/profile.json", encoding: .utf8) == outcome.output)
    }
  }

  @Test func `plans of matrix products are printed`() async throws {
    let outcome = try await runFarro(Self.short)
    #expect(outcome.status == 0)
    let plans = outcome.output.split(separator: "plan of").last?.split(separator: "\n").dropFirst() ?? []
    #expect(plans.contains { $0.hasPrefix("matmul ") && $0.contains("512x512x512") && $0.contains("tiles") })
    #expect(plans.contains { $0.hasPrefix("matmul_bias_gelu ") })
    #expect(plans.contains { $0.hasPrefix("matmul_packed ") })
  }

  @Test func `a baseline that has no result in common does not pass`() async throws {
    try await withTemporaryDirectory { directory in
      let file = directory + "/baseline.json"
      let first = try await runFarro(Self.short + ["--format", "json"])
      try first.output.replacing(#""family" : "matmul""#, with: #""family" : "other""#)
        .write(toFile: file, atomically: true, encoding: .utf8)
      let outcome = try await runFarro(Self.short + ["--baseline", file])
      #expect(outcome.status == 65)
      #expect(outcome.output.contains("matmul"))
    }
  }
}

private let files = ["profile.json", "report.html", "roofline.svg"]

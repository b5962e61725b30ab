import Foundation
import Testing

@testable import FarroProfile

@Suite struct ProfileTests {
  private let profile = Profile(
    machine: plainMachine,
    peaks: [plainPeaks[0], plainPeaks[4]],
    kernels: [result(bound: .memory(.dram, .copy))]
  )

  @Test func `profile survives its JSON`() throws {
    #expect(try Profile(json: profile.jsonData()) == profile)
  }

  @Test func `JSON has these keys`() throws {
    let json = try #require(try JSONSerialization.jsonObject(with: profile.jsonData()) as? [String: Any])
    #expect(Set(json.keys) == ["machine", "peaks", "kernels"])
    let machine = try #require(json["machine"] as? [String: Any])
    #expect(
      Set(machine.keys) == [
        "name", "vendor", "logical_cores", "usable_cores", "threads", "openmp", "instruction_sets", "l1d_bytes",
        "l2_bytes", "l3_bytes", "memory_bytes", "frequency_hz",
      ],
      "line_bytes is unknown, and so left out"
    )
    let peaks = try #require(json["peaks"] as? [[String: Any]])
    #expect(Set(peaks[0].keys) == ["kind", "isa", "threads", "gflops"])
    #expect(Set(peaks[1].keys) == ["kind", "level", "isa", "threads", "gbps"])
    let kernel = try #require((json["kernels"] as? [[String: Any]])?.first)
    #expect(
      Set(kernel.keys) == [
        "family", "name", "dtype", "shape", "isa", "threads", "median_s", "min_s", "spread", "gflops", "gbps",
        "intensity", "bound", "fraction_of_bound",
      ]
    )
    #expect(kernel["bound"] as? String == "DRAM copy")
    #expect(kernel["shape"] as? [Int] == [8, 8, 8])
    #expect(kernel["dtype"] as? String == "f32")
  }

  @Test func `how a call was carried out is in the JSON, and may be missing there`() throws {
    let detailed = Profile(machine: plainMachine, peaks: [], kernels: [result(detail: "packed B, 14x32 tiles")])
    let json = try String(decoding: detailed.jsonData(), as: UTF8.self)
    #expect(json.contains(#""detail" : "packed B, 14x32 tiles","#))
    #expect(try Profile(json: Data(json.utf8)) == detailed)
    let earlier = json.replacing(#""detail" : "packed B, 14x32 tiles","#, with: "")
    #expect(try Profile(json: Data(earlier.utf8)).kernels == [result()])
  }

  @Test func `bounds are read as they are written`() {
    for text in ["fma_f32", "fma_f64", "dot_bf16", "dot_u8s8", "L1 read", "L2 copy", "L3 read", "DRAM copy"] {
      #expect(Bound(rawValue: text)?.rawValue == text)
    }
    for text in ["", "read", "L4 read", "L1 triad", "L1 read read"] {
      #expect(Bound(rawValue: text) == nil)
    }
  }

  @Test func `other files are no profiles`() {
    for text in ["", "[]", "{}", #"{"machine": 1}"#] {
      #expect(throws: DecodingError.self) { try Profile(json: Data(text.utf8)) }
    }
  }

  @Test func `scaling is against one thread`() {
    let (one, two) = (result(median: 1e-3), result(threads: 2, median: 0.625e-3))
    #expect(Profile(machine: plainMachine, peaks: [], kernels: [one, two]).scaling(of: two) == 1.6)
    #expect(Profile(machine: plainMachine, peaks: [], kernels: [two]).scaling(of: two) == nil)
  }

  @Test func `fractions above 105% are faults of the probe`() {
    #expect(!result(fraction: 1.05).isProbeFault)
    #expect(result(fraction: 1.06).isProbeFault)
  }
}

@Suite struct BaselineTests {
  private func regressions(_ earlier: KernelResult, _ now: KernelResult) -> [Regression] {
    Profile(machine: plainMachine, peaks: [], kernels: [now])
      .regressions(from: Profile(machine: plainMachine, peaks: [], kernels: [earlier]))
  }

  @Test func `a slower kernel on an equal machine regressed`() throws {
    let found = regressions(result(), result(median: 1.2e-3, fraction: 0.75))
    let regression = try #require(found.first)
    #expect(regression.key == result().key)
    #expect(abs(regression.slowdown - 1.2) < 1e-12)
    #expect(regression.tolerance == 0.05)
  }

  @Test func `a faster or equal kernel did not`() {
    #expect(regressions(result(), result()).isEmpty)
    #expect(regressions(result(), result(median: 0.5e-3, fraction: 1)).isEmpty)
  }

  @Test func `the noise of both runs is allowed for`() {
    let now = result(median: 1.2e-3, spread: 0.15, fraction: 0.75)
    #expect(regressions(result(spread: 0.01), now).count == 1)
    #expect(regressions(result(spread: 0.1), now).isEmpty)
  }

  @Test func `a slower machine is no regression`() {
    #expect(regressions(result(), result(median: 1.5e-3, fraction: 0.9)).isEmpty)
  }

  @Test func `a higher peak is no regression`() {
    #expect(regressions(result(), result(median: 1e-3, fraction: 0.6)).isEmpty)
  }

  @Test func `where another bound applies the time decides`() {
    let now = result(median: 1.5e-3, bound: .memory(.dram, .copy), fraction: 0.95)
    #expect(regressions(result(), now).count == 1)
  }

  @Test func `results that only one run has are left aside`() {
    #expect(regressions(result(shape: [4, 4, 4]), result(median: 1)).isEmpty)
  }
}

import Farro
import Testing

@testable import FarroProfile

@Suite struct ProbeTests {
  @Test func `every bandwidth has a pattern`() {
    let kinds = Peak.Kind.allCases.filter { !$0.isArithmetic }.map(\.rawValue)
    #expect(Set(kinds) == Set(Probe.Pattern.allCases.map(\.rawValue)))
  }

  @Test(arguments: Probe.Pattern.allCases)
  func `traffic counts the bytes of every sweep`(pattern: Probe.Pattern) {
    // Divisible among 3 arrays of 1 or 2 threads in pieces of 1 KiB.
    var memory = probeMemory(bytes: 12 << 10)
    let result = withThreads(min(2, Threads.current)) {
      Probe.traffic(pattern, bytes: 12 << 10, sweeps: 5, in: &memory)
    }
    #expect(result.amount == Double(5 * 12 << 10))
    #expect(result.seconds > 0)
  }

  @Test func `twice the rounds are twice the operations`() {
    let (one, two) = withThreads(1) {
      (Probe.multiplyAdd(Float.self, rounds: 100), Probe.multiplyAdd(Float.self, rounds: 200))
    }
    #expect(one.amount > 0 && two.amount == 2 * one.amount)
    for product in Probe.DotProduct.allCases {
      let (one, two) = withThreads(1) {
        (Probe.dotProduct(product, rounds: 100), Probe.dotProduct(product, rounds: 200))
      }
      #expect(one.amount > 0 && two.amount == 2 * one.amount)
    }
  }

  @Test(arguments: InstructionSet.supported)
  func `no probe is computed beforehand`(isa: InstructionSet) {
    func peak(_ probe: () -> Probe.Result) -> Double {
      Configuration(isa: isa, threads: 1).run { (0..<20).map { _ in probe().rate }.max()! }
    }
    let f32 = peak { Probe.multiplyAdd(Float.self, rounds: 2000) }
    let ratios = Probe.DotProduct.allCases.map { product in peak { Probe.dotProduct(product, rounds: 2000) } / f32 }
    // An instruction takes four times as many bytes as floats, and one or two of them begin where one or two of floats do.
    #expect(ratios.allSatisfy { $0 > 0.3 && $0 < 10 }, "\(ratios)")
  }
}

import Testing

@testable import FarroProfile

@Suite struct RaceTests {
  @Test(arguments: AddOne.allCases) func `every way adds one to each element`(way: AddOne) {
    #expect(way.isCorrect)
  }

  @Test func `every way is timed against the for loop`() {
    let result = race(count: 100, budget: .zero)
    #expect(result.lanes.map(\.name) == AddOne.allCases)
    #expect(result.lanes[0].speedup == 1, "the for loop against itself")
    #expect(result.lanes.allSatisfy { $0.medianSeconds > 0 && $0.gbps > 0 })
  }
}

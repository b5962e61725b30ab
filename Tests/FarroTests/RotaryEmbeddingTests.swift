import TestSupport
import Testing

@testable import Farro

@Suite struct RotaryEmbeddingTests {
  @Test func `pairs are turned by the angles of their positions`() {
    let table = RotaryTable<Double>(positions: 3, dimensions: 4, base: 100)
    #expect(table.positions == 3 && table.pairs == 2)
    #expect(table.cosines[2, 0] == -0.4161468365471424 && abs(table.sines[2, 1] - 0.19866933079506122) < 1e-16)
    let quarter = RotaryTable<Double>(cosines: [[0, 0]], sines: [[1, 1]])
    let x: Tensor<Double> = [[1, 2, 3, 4, 5]]
    #expect(rotaryEmbedding(x, quarter) == [[-3, -4, 1, 2, 5]])
    #expect(rotaryEmbedding(x, quarter, pairing: .neighbours) == [[-2, 1, -4, 3, 5]])
    #expect(rotaryEmbedding(x, quarter, inverse: true) == [[3, 4, -1, -2, 5]])
  }

  @Test func `products of turned rows depend on how far apart they stand`() {
    let table = RotaryTable<Double>(positions: 50, dimensions: 16)
    let q = Tensor<Double>(randomUniform: [1, 16], in: -1..<1, seed: 1)
    let k = Tensor<Double>(randomUniform: [1, 16], in: -1..<1, seed: 2)
    for pairing in [RotaryPairing.halves, .neighbours] {
      let product = { (i: Int, j: Int) in
        matmul(
          rotaryEmbedding(q, table, position: i, pairing: pairing),
          rotaryEmbedding(k, table, position: j, pairing: pairing),
          transposeB: true
        )[0, 0]
      }
      #expect(abs(product(3, 10) - product(41, 48)) < 1e-13)
      #expect(abs(product(3, 10) - product(3, 11)) > 1e-3)
    }
  }

  @Test(arguments: [AttentionLayout.headsFirst, .timeFirst])
  func `forms, layouts and positions agree`(layout: AttentionLayout) {
    let table = RotaryTable<Float>(positions: 12, dimensions: 6)
    let x = Tensor<Float>(randomUniform: layout == .headsFirst ? [2, 3, 4, 7] : [2, 4, 3, 7], in: -1..<1, seed: 1)
    let y = rotaryEmbedding(x, table, position: 5, layout: layout)
    var (into, inPlace) = (Tensor<Float>(zeros: x.shape), x)
    rotaryEmbedding(x, table, positions: [5, 6, 7, 8, 5, 6, 7, 8], layout: layout, into: &into)
    rotaryEmbedding(inPlace: &inPlace, table, position: 5, layout: layout)
    #expect(into == y && inPlace == y && x != y)
    let back = rotaryEmbedding(y, table, position: 5, inverse: true, layout: layout)
    #expect(worstError(back.scalars, x.scalars) { _ in 1e-6 } <= 1)
    let swapped = { (x: Tensor<Float>) in x.transposed(0, 2, 1, 3) }
    let other = rotaryEmbedding(
      swapped(x),
      table,
      position: 5,
      layout: layout == .headsFirst ? .timeFirst : .headsFirst
    )
    #expect(swapped(other) == y)
  }
}

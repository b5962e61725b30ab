import Farro
import Testing

/// The layers and their ways back together, as a program uses them.
@Suite struct TrainingTests {
  @Test func `a small transformer learns to turn sequences round`() {
    var generator = Xoshiro256(seed: 1)
    var model = Reverser(using: &generator)
    let (batch, time) = (32, Reverser.time)
    var losses: [Float] = []
    for step in 0..<100 {
      let digits = (0..<batch).map { _ in (0..<time).map { _ in Int.random(in: 0..<10, using: &generator) } }
      let tokens = Tensor(digits.flatMap { $0 }, shape: [batch, time])
      let labels = Tensor(digits.flatMap { $0.reversed() }, shape: [batch * time])
      losses.append(model.learn(tokens, labels, dropoutFrom: Philox(seed: 7, stream: UInt64(step))))
    }
    #expect(losses[0] > 2 && losses[99] < 0.05, "\(losses[0]) to \(losses[99])")
  }
}

/// Embedding, attention, a perceptron and a head, each block with a norm before it and a sum behind it.
private struct Reverser {
  static let (vocabulary, time, d, heads) = (10, 8, 32, 4)

  private var parameters: [Tensor<Float>]
  private var states: [AdamState<Float>]

  init(using generator: inout Xoshiro256) {
    let (n, d) = (Self.vocabulary, Self.d)
    let shapes = [[n, d], [Self.time, d], [d, 3 * d], [d, d], [d, 4 * d], [4 * d, d], [d, n]]
    let deviations: [Float] = [0.5, 0.5, 0.18, 0.18, 0.18, 0.09, 0.18]
    parameters = zip(shapes, deviations).map {
      Tensor(randomNormal: $0, standardDeviation: $1, using: &generator)
    }
    for _ in 0..<2 { parameters += [Tensor(ones: [d]), Tensor(zeros: [d])] }
    states = parameters.map { AdamState(for: $0) }
  }

  /// Takes a step, and gives the loss before it.
  mutating func learn(_ tokens: Tensor<Int>, _ labels: Tensor<Int>, dropoutFrom place: Philox) -> Float {
    let (batch, time, d, heads) = (tokens.shape[0], Self.time, Self.d, Self.heads)
    let rows = batch * time
    let p = parameters

    let e = embedding(p[0], tokens) + p[1]
    let (h, statistics) = layerNormWithStatistics(e.reshaped(rows, d), scale: p[7], offset: p[8])
    let qkv = matmul(h, p[2]).reshaped(batch, time, 3, heads, d / heads).transposed(2, 0, 3, 1, 4)
    let (q, k, v) = (qkv[row: 0], qkv[row: 1], qkv[row: 2])
    let (out, logSums) = scaledDotProductAttentionWithLogSums(q, k, v)
    let joined = out.transposed(0, 2, 1, 3).reshaped(rows, d)
    let attended = dropout(matmul(joined, p[3]), probability: 0.1, from: place)
    let (sum, normed) = addLayerNorm(attended, e.reshaped(rows, d), scale: p[9], offset: p[10])
    let u = matmul(normed, p[4])
    let g = gelu(u)
    let y = matmul(g, p[5]) + sum
    let (loss, gradLogits) = crossEntropyWithGradient(matmul(y, p[6]), labels: labels)

    let gradY = matmul(gradLogits, p[6], transposeB: true)
    let gradU = geluBackward(matmul(gradY, p[5], transposeB: true), u)
    let second = layerNormBackward(matmul(gradU, p[4], transposeB: true), sum, scale: p[9])
    let gradSum = second.x + gradY
    let gradAttended = dropout(gradSum, probability: 0.1, from: place)
    let gradJoined = matmul(gradAttended, p[3], transposeB: true).reshaped(batch, time, heads, d / heads)
    let back = scaledDotProductAttentionBackward(
      gradOut: gradJoined.transposed(0, 2, 1, 3),
      q,
      k,
      v,
      out: out,
      logSums: logSums
    )
    let gradQKV = stack([back.q, back.k, back.v]).transposed(1, 3, 0, 2, 4).reshaped(rows, 3 * d)
    let gradH = matmul(gradQKV, p[2], transposeB: true)
    let first = layerNormBackward(gradH, e.reshaped(rows, d), scale: p[7], statistics: statistics)
    let gradE = (first.x + gradSum).reshaped(batch, time, d)

    var gradients = [
      embeddingBackward(gradE, tokens, rows: Self.vocabulary),
      gradE.sum(axis: 0),
      matmul(h, gradQKV, transposeA: true),
      matmul(joined, gradAttended, transposeA: true),
      matmul(normed, gradU, transposeA: true),
      matmul(g, gradY, transposeA: true),
      matmul(y, gradLogits, transposeA: true),
      first.scale, first.offset, second.scale, second.offset,
    ]
    clipGlobalNorm(&gradients, to: 1)
    for i in parameters.indices {
      adamWStep(&parameters[i], gradient: gradients[i], state: &states[i], learningRate: 3e-3)
    }
    return loss[]
  }
}

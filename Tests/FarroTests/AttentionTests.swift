import TestSupport
import Testing

@testable import Farro

@Suite struct AttentionTests {
  private func random<Scalar: KernelScalar>(_ shape: [Int], _ seed: UInt64, _: Scalar.Type) -> Tensor<Scalar> {
    Tensor<Scalar>(randomUniform: shape, in: -1..<1, seed: seed)
  }

  /// Roundings as the header allows them for elements of at most 1; weights sum to 1.
  private func bound<Scalar: KernelScalar>(_ keys: Int, _ d: Int, _: Scalar.Type) -> Double {
    let m = Double(d).squareRoot() + 1
    return (2 * Double(d + 8) * m + Double(2 * keys + 17)) * Double(Scalar.ulpOfOne) / 2
  }

  @Test func `attention by hand`() {
    // Scores of 0 weigh all values alike; ln 3 weighs one three times another.
    let k: Tensor<Double> = [[1, 0], [0, 1]]
    let v: Tensor<Double> = [[1], [5]]
    let q = Tensor<Double>([0, 0, 0, 1.0986122886681098], shape: [2, 2])
    for isa in InstructionSet.supported {
      let y = withInstructionSet(isa) { scaledDotProductAttention(q, k, v, scale: 1) }
      #expect(y.shape == [2, 1])
      #expect(worstError(y.scalars, [3, 4]) { _ in 1e-15 * 5 } <= 1, "\(isa)")
    }
  }

  @Test func `attention is softmax of scaled products times values`() {
    let (q, k, v) = (
      random([50, 24], 1, Double.self), random([70, 24], 2, Double.self), random([70, 9], 3, Double.self)
    )
    let weights = softmax(matmul(q, k, transposeB: true) * (1 / 24.0.squareRoot()))
    let y = scaledDotProductAttention(q, k, v)
    #expect(worstError(y.scalars, matmul(weights, v).scalars) { _ in 2 * bound(70, 24, Double.self) } <= 1)
  }

  // MARK: - Options

  private func options<Scalar: KernelScalar>(_: Scalar.Type) -> [(String, AttentionOptions<Scalar>)] {
    let seen = Tensor<Bool>((0..<2 * 45).map { $0 % 3 != 1 }, shape: [2, 1, 1, 45])
    let additive = random([4, 31, 45], 9, Scalar.self)
    return [
      ("all keys", AttentionOptions()),
      ("upper left", AttentionOptions(isCausal: true)),
      ("lower right", AttentionOptions(isCausal: true, causalAlignment: .lowerRight)),
      ("offset", AttentionOptions(isCausal: true, causalAlignment: .upperLeft(offset: 5))),
      ("seen", AttentionOptions(mask: .seen(seen))),
      ("additive", AttentionOptions(mask: .additive(additive), isCausal: true)),
      ("lengths", AttentionOptions(keyLengths: [45, 7])),
      ("scale", AttentionOptions(scale: 0.3)),
    ]
  }

  private func checkOptions<Scalar: KernelScalar>(_ type: Scalar.Type, _ isa: InstructionSet) {
    let (q, k, v) = (
      random([2, 4, 31, 20], 1, type), random([2, 2, 45, 20], 2, type), random([2, 2, 45, 13], 3, type)
    )
    let gradOut = random([2, 4, 31, 13], 4, type)
    for (name, headsFirst) in options(type) {
      let (expected, expectedSums) = Reference.scaledDotProductAttention(q, k, v, options: headsFirst)
      let gradients = Reference.scaledDotProductAttentionBackward(gradOut: gradOut, q, k, v, options: headsFirst)
      var timeFirst = headsFirst
      timeFirst.layout = .timeFirst
      let swapped = { (x: Tensor<Scalar>) in x.transposed(0, 2, 1, 3) }
      let (out, sums) = scaledDotProductAttentionWithLogSums(q, k, v, options: headsFirst)
      let (other, _) = scaledDotProductAttentionWithLogSums(
        swapped(q),
        swapped(k),
        swapped(v),
        options: timeFirst
      )
      #expect(worstError(out.scalars, expected.scalars) { _ in bound(45, 20, type) } <= 1, "\(isa) \(name)")
      #expect(worstError(sums.scalars, expectedSums.scalars) { _ in bound(45, 20, type) } <= 1, "\(isa) \(name)")
      #expect(swapped(other) == out, "\(isa) \(name)")
      let actual = scaledDotProductAttentionBackward(
        gradOut: gradOut,
        q,
        k,
        v,
        out: out,
        logSums: sums,
        options: headsFirst
      )
      // Sums over 31 queries of 2 heads, of weights of at most 1 times A of at most 2 dv.
      let unit = 62 * 26 * 2 * bound(2 * 107, 20, type) / 20.0.squareRoot()
      #expect(worstError(actual.q.scalars, gradients.q.scalars) { _ in unit / 62 } <= 1, "\(isa) \(name)")
      #expect(worstError(actual.k.scalars, gradients.k.scalars) { _ in unit / 10 } <= 1, "\(isa) \(name)")
      #expect(worstError(actual.v.scalars, gradients.v.scalars) { _ in unit / 100 } <= 1, "\(isa) \(name)")
    }
  }

  @Test func `attention and its gradients are what their definitions give, in either layout`() {
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        checkOptions(Float.self, isa)
        checkOptions(Double.self, isa)
      }
    }
  }

  @Test func `results do not depend on the number of threads`() {
    let (q, k, v) = (
      random([2, 6, 200, 32], 1, Float.self), random([2, 3, 300, 32], 2, Float.self),
      random([2, 3, 300, 32], 3, Float.self)
    )
    let run = {
      let (out, sums) = scaledDotProductAttentionWithLogSums(q, k, v)
      let gradients = scaledDotProductAttentionBackward(gradOut: out, q, k, v, out: out, logSums: sums)
      return [out, sums, gradients.q, gradients.k, gradients.v]
    }
    #expect(withThreads(1, run) == run())
  }

  @Test func `a query that sees no key has the result 0`() {
    let x = random([3, 8], 1, Float.self)
    let none = Tensor<Bool>([false, false, false, true, true, true, false, true, false], shape: [3, 3])
    let y = scaledDotProductAttention(x, x, x, mask: .seen(none))
    #expect(y[row: 0].scalars.allSatisfy { $0 == 0 })
    #expect(worstError(y[row: 2].scalars, x[row: 1].scalars) { _ in 1e-6 } <= 1)
  }

  @Test func `attention into tensors that exist`() {
    let x = random([1, 2, 20, 16], 1, Double.self)
    var (out, sums) = (Tensor<Double>(zeros: x.shape), Tensor<Double>(zeros: [1, 2, 20]))
    let expected = scaledDotProductAttentionWithLogSums(x, x, x)
    scaledDotProductAttentionWithLogSums(x, x, x, into: &out, logSums: &sums)
    #expect(out == expected.out && sums == expected.logSums)
    out = Tensor(zeros: x.shape)
    scaledDotProductAttention(x, x, x, into: &out)
    #expect(out == expected.out)
  }

  // MARK: - Gradients

  @Test func `gradients agree with numeric differentiation`() {
    let (q, k, v) = (
      random([2, 5, 6], 1, Double.self), random([1, 7, 6], 2, Double.self), random([1, 7, 4], 3, Double.self)
    )
    let g = random([2, 5, 4], 4, Double.self)
    let options = AttentionOptions<Double>(isCausal: true, causalAlignment: .lowerRight)
    let loss = { (x: [Tensor<Double>]) in
      let y = scaledDotProductAttention(x[0], x[1], x[2], options: options)
      return zip(y.scalars, g.scalars).reduce(0) { $0 + $1.0 * $1.1 }
    }
    let (out, sums) = scaledDotProductAttentionWithLogSums(q, k, v, options: options)
    let gradients = scaledDotProductAttentionBackward(
      gradOut: g,
      q,
      k,
      v,
      out: out,
      logSums: sums,
      options: options
    )
    for (i, gradient) in [gradients.q, gradients.k, gradients.v].enumerated() {
      for element in 0..<gradient.count {
        let at = { (step: Double) in
          var x = [q, k, v]
          x[i].withUnsafeMutableBufferPointer { $0[element] += step }
          return loss(x)
        }
        let numeric = (at(1e-5) - at(-1e-5)) / 2e-5
        #expect(abs(numeric - gradient.scalars[element]) < 1e-9, "\(i) \(element)")
      }
    }
  }

  // MARK: - Concatenated sequences

  @Test func `concatenated sequences give what each gives alone`() {
    let sequences = SequenceOffsets(lengths: [5, 0, 130, 2])
    let (q, k, v) = (
      random([137, 4, 16], 1, Float.self), random([137, 2, 16], 2, Float.self), random([137, 2, 16], 3, Float.self)
    )
    let options = AttentionOptions<Float>(isCausal: true, layout: .timeFirst, sequences: sequences)
    let (y, sums) = scaledDotProductAttentionWithLogSums(q, k, v, options: options)
    #expect(y.shape == q.shape && sums.shape == [4, 137])
    let gradients = scaledDotProductAttentionBackward(gradOut: y, q, k, v, out: y, logSums: sums, options: options)
    let alone = AttentionOptions<Float>(isCausal: true, layout: .timeFirst)
    for (first, end) in zip(sequences.queries, sequences.queries.dropFirst()) where first < end {
      let (q, k, v) = (q[first..<end], k[first..<end], v[first..<end])
      let (one, logSums) = scaledDotProductAttentionWithLogSums(q, k, v, options: alone)
      let each = scaledDotProductAttentionBackward(gradOut: one, q, k, v, out: one, logSums: logSums, options: alone)
      #expect(y[first..<end] == one)
      #expect(gradients.q[first..<end] == each.q)
      #expect(gradients.k[first..<end] == each.k && gradients.v[first..<end] == each.v)
    }
  }

  // MARK: - Cache

  @Test(arguments: [AttentionLayout.headsFirst, .timeFirst])
  func `attention to a cache is causal attention to all positions`(layout: AttentionLayout) {
    let shape = { (heads: Int, time: Int) in layout == .headsFirst ? [2, heads, time, 8] : [2, time, heads, 8] }
    let axis = layout == .headsFirst ? 2 : 1
    let parts = [3, 1, 5].enumerated().map { i, time in
      (
        q: random(shape(4, time), UInt64(3 * i + 1), Double.self),
        k: random(shape(2, time), UInt64(3 * i + 2), Double.self),
        v: random(shape(2, time), UInt64(3 * i + 3), Double.self)
      )
    }
    var cache = KVCache<Double>(batch: 2, heads: 2, capacity: 20, d: 8, layout: layout)
    let results = parts.map { part in
      cache.append(part.k, part.v)
      return scaledDotProductAttention(part.q, cache, isCausal: true)
    }
    #expect(cache.lengths == [9, 9] && cache.capacity == 20)
    let all = scaledDotProductAttention(
      concatenate(parts.map(\.q), axis: axis),
      concatenate(parts.map(\.k), axis: axis),
      concatenate(parts.map(\.v), axis: axis),
      options: AttentionOptions(isCausal: true, layout: layout)
    )
    let y = concatenate(results, axis: axis)
    #expect(worstError(y.scalars, all.scalars) { _ in bound(9, 8, Double.self) } <= 1)
    var last = Tensor<Double>(zeros: results[2].shape)
    scaledDotProductAttention(parts[2].q, cache, isCausal: true, into: &last)
    #expect(last == results[2])
    cache.truncate(to: [9, 4])
    cache.append(parts[1].k, parts[1].v)
    #expect(cache.lengths == [10, 5])
  }

  @Test func `a copy of a cache is its own`() {
    var cache = KVCache<Float>(batch: 1, heads: 1, capacity: 4, d: 1)
    let one = Tensor<Float>([1], shape: [1, 1, 1, 1])
    cache.append(one, one)
    var copy = cache
    copy.append(one, one)
    cache.append(one * 5, one)
    #expect(copy.keys[0, 0, 1, 0] == 1 && cache.keys[0, 0, 1, 0] == 5 && copy.lengths == [2])
  }

  // MARK: - Shapes

  @Test func `shapes that do not belong together stop the program`() async {
    await #expect(processExitsWith: .failure) {
      let x = Tensor<Float>(zeros: [2, 3, 4])
      _ = scaledDotProductAttention(x, x, Tensor<Float>(zeros: [2, 5, 4]))
    }
    await #expect(processExitsWith: .failure) {
      let x = Tensor<Float>(zeros: [3, 5, 4])
      _ = scaledDotProductAttention(x, x[0..<2], x[0..<2])
    }
    await #expect(processExitsWith: .failure) {
      let x = Tensor<Float>(zeros: [3, 5, 4])
      _ = scaledDotProductAttention(x, x, x, mask: .additive(Tensor(zeros: [5, 4])))
    }
    await #expect(processExitsWith: .failure) {
      var cache = KVCache<Float>(batch: 1, heads: 1, capacity: 1, d: 1)
      cache.append(Tensor(zeros: [1, 1, 2, 1]), Tensor(zeros: [1, 1, 2, 1]))
    }
    await #expect(processExitsWith: .failure) {
      _ = rotaryEmbedding(Tensor<Float>(zeros: [5, 4]), RotaryTable(positions: 4, dimensions: 4))
    }
  }
}

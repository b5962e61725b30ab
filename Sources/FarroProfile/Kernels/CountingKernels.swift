import Farro

// Shapes are [keys, precision], [keys, blocks of 256 bits] or [keys, counters of each of 4 rows].
//
// The bound is the bandwidth of reading the keys and the sketch once. Each key is some dozen instructions, so that updates in
// cache stay below it by design; a filter that is not in cache costs a line of it for each key.

let countingKernels = [
  hyperLogLogKernel, bloomInsertionKernel, bloomSearchKernel,
  countMinKernel(named: "count_min", isConservative: false),
  countMinKernel(named: "count_min_conservative", isConservative: true),
]

private let seed: UInt64 = 7

private let hyperLogLogKernel = ProfiledKernel(
  family: "sketch",
  name: "hyperloglog_update",
  dtype: .u64,
  shapes: [[9001, 12], [1 << 15, 12], [1 << 15, 14], [1 << 24, 14]],
  inCache: [1 << 15, 14],
  outOfCache: [1 << 24, 14],
  traffic: .read,
  flops: { _ in 0 },
  bytes: { Double(8 * $0[0] + 1 << $0[1]) },
  prepare: { shape in
    let keys = keys(count: shape[0])
    var sketch = HyperLogLog(precision: shape[1], seed: seed)
    return ProfiledKernel.Prepared(
      run: { sketch.insert(contentsOf: keys) },
      error: {
        let registers = Reference.hyperLogLog(precision: shape[1], Reference.mixed(keys, seed: seed))
        return exactError(sketch.registers, registers)
      }
    )
  }
)

private let filterShapes = [[1001, 33], [1 << 15, 1 << 12], [1 << 15, 1 << 14], [1 << 22, 1 << 22]]

private let bloomInsertionKernel = ProfiledKernel(
  family: "sketch",
  name: "bloom_insert",
  dtype: .u64,
  shapes: filterShapes,
  inCache: [1 << 15, 1 << 12],
  outOfCache: [1 << 22, 1 << 22],
  traffic: .read,
  flops: { _ in 0 },
  bytes: { Double(8 * $0[0] + 32 * $0[1]) },
  prepare: { shape in
    let keys = keys(count: shape[0])
    var filter = BloomFilter(blocks: shape[1], seed: seed)
    return ProfiledKernel.Prepared(
      run: { filter.insert(contentsOf: keys) },
      error: {
        exactError(filter.words, Reference.bloomFilter(blocks: shape[1], Reference.mixed(keys, seed: seed)))
      }
    )
  }
)

private let bloomSearchKernel = ProfiledKernel(
  family: "sketch",
  name: "bloom_find",
  dtype: .u64,
  shapes: filterShapes,
  inCache: [1 << 15, 1 << 12],
  outOfCache: [1 << 22, 1 << 22],
  traffic: .read,
  flops: { _ in 0 },
  bytes: { Double(9 * $0[0] + 32 * $0[1]) },
  prepare: { shape in
    let keys = keys(count: shape[0])
    var filter = BloomFilter(blocks: shape[1], seed: seed)
    filter.insert(contentsOf: keys.prefix(shape[0] / 2))
    let filled = filter
    return ProfiledKernel.Prepared(
      run: { blackHole(filled.membership(of: keys)) },
      verify: {
        let expected = Reference.bloomMembership(filled.words, Reference.mixed(keys, seed: seed))
        return exactError(filled.membership(of: keys), expected)
      }
    )
  }
)

private func countMinKernel(named name: String, isConservative: Bool) -> ProfiledKernel {
  ProfiledKernel(
    family: "sketch",
    name: name,
    dtype: .u64,
    shapes: [[1001, 501], [1 << 15, 1 << 13], [1 << 22, 1 << 22]],
    inCache: [1 << 15, 1 << 13],
    outOfCache: [1 << 22, 1 << 22],
    traffic: .read,
    flops: { _ in 0 },
    bytes: { Double(8 * $0[0] + 32 * $0[1]) },
    prepare: { shape in
      let keys = keys(count: shape[0])
      let empty = CountMinSketch(width: shape[1], depth: 4, seed: seed, isConservative: isConservative)
      var sketch = empty
      return ProfiledKernel.Prepared(
        run: { sketch.insert(contentsOf: keys) },
        verify: {
          var once = empty
          once.insert(contentsOf: keys)
          return exactError(once.counters, Reference.countMin(empty, Reference.mixed(keys, seed: seed)))
        }
      )
    }
  )
}

private func keys(count: Int) -> [UInt64] { (0..<UInt64(count)).map { $0 &* 0xD134_2543_DE82_EF95 } }

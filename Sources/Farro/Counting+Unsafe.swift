import CKernels

// What stands between sketches that count and C's pointers.

/// Calls `body` with elements in memory.
func withElements<Result>(
  _ elements: some Sequence<UInt64>,
  _ body: (UnsafeBufferPointer<UInt64>) -> Result
) -> Result {
  elements.withContiguousStorageIfAvailable(body) ?? Array(elements).withUnsafeBufferPointer(body)
}

/// The hashes of numbers.
private func mixed(_ keys: UnsafeBufferPointer<UInt64>, seed: UInt64) -> [UInt64] {
  [UInt64](unsafeUninitializedCapacity: keys.count) { hashes, initializedCount in
    check(farro_mix_keys(seed, keys.baseAddress, keys.count, hashes.baseAddress), "HyperLogLog")
    initializedCount = keys.count
  }
}

extension HyperLogLog {
  mutating func insert(_ elements: UnsafeBufferPointer<UInt64>, areKeys: Bool) {
    var first = 0
    while registers.isEmpty, first < elements.count {
      let some = UnsafeBufferPointer(rebasing: elements[first..<min(first + 1024, elements.count)])
      let taken = areKeys ? mixed(some, seed: seed).withUnsafeBufferPointer { list($0) } : list(some)
      if taken < some.count { expand() }
      first += taken
    }
    guard first < elements.count else { return }
    let rest = UnsafeBufferPointer(rebasing: elements[first...])
    let precision = UInt32(precision)
    let status =
      areKeys
      ? farro_hyperloglog_update_keys(&registers, precision, seed, rest.baseAddress, rest.count)
      : farro_hyperloglog_update(&registers, precision, rest.baseAddress, rest.count)
    check(status, "HyperLogLog")
  }

  /// Adds as many to the list as it can take, and answers how many.
  private mutating func list(_ hashes: UnsafeBufferPointer<UInt64>) -> Int {
    list(hashes.count) { farro_hyperloglog_sparse_update($0, &$1, $2, hashes.baseAddress, hashes.count) }
  }

  private mutating func list(
    _ more: Int,
    _ add: (_ codes: UnsafeMutablePointer<UInt32>?, _ count: inout Int, _ room: Int) -> Int
  ) -> Int {
    var count = codes.count
    let room = min(count + more, mostCodes)
    codes.append(contentsOf: repeatElement(0, count: room - count))
    let taken = codes.withUnsafeMutableBufferPointer { add($0.baseAddress, &count, room) }
    codes.removeLast(room - count)
    return taken
  }

  /// From the list to registers.
  private mutating func expand() {
    registers = Array(repeating: 0, count: 1 << precision)
    expand(codes)
    codes = []
  }

  private mutating func expand(_ codes: [UInt32]) {
    check(farro_hyperloglog_expand(codes, codes.count, &registers, UInt32(precision)), "HyperLogLog")
  }

  /// Adds a set whose sketch is of the same precision or higher.
  mutating func merge(_ other: HyperLogLog) {
    if other.registers.isEmpty {
      if registers.isEmpty {
        let all = other.codes.count
        if list(all, { farro_hyperloglog_sparse_merge($0, &$1, $2, other.codes, all) }) == all { return }
        expand()
      }
      return expand(other.codes)
    }
    if registers.isEmpty { expand() }
    let (mine, theirs) = (UInt32(precision), UInt32(other.precision))
    check(farro_hyperloglog_merge(&registers, mine, other.registers, theirs), "HyperLogLog")
  }
}

extension BloomFilter {
  mutating func insert(_ elements: UnsafeBufferPointer<UInt64>, areKeys: Bool) {
    let (blocks, seed) = (blocks, seed)
    bits.withUnsafeMutableBufferPointer { bits in
      let status =
        areKeys
        ? farro_bloom_insert_keys(bits.baseAddress, blocks, seed, elements.baseAddress, elements.count)
        : farro_bloom_insert(bits.baseAddress, blocks, elements.baseAddress, elements.count)
      check(status, "BloomFilter")
    }
  }

  func membership(of elements: UnsafeBufferPointer<UInt64>, areKeys: Bool) -> [Bool] {
    [Bool](unsafeUninitializedCapacity: elements.count) { found, initializedCount in
      bits.withUnsafeBufferPointer { bits in
        let (bits, from, to) = (bits.baseAddress, elements.baseAddress, found.baseAddress)
        let status =
          areKeys
          ? farro_bloom_find_keys(bits, blocks, seed, from, elements.count, to)
          : farro_bloom_find(bits, blocks, from, elements.count, to)
        check(status, "BloomFilter")
      }
      initializedCount = elements.count
    }
  }

  mutating func merge(_ other: BloomFilter) {
    let blocks = blocks
    bits.withUnsafeMutableBufferPointer { bits in
      other.bits.withUnsafeBufferPointer {
        check(farro_bloom_merge(bits.baseAddress, $0.baseAddress, blocks), "BloomFilter")
      }
    }
  }
}

// MARK: - Count-Min and heavy hitters

func update(
  _ counters: inout [UInt64],
  _ kernel: farro_count_min,
  _ elements: UnsafeBufferPointer<UInt64>,
  _ counts: [UInt64]?,
  areKeys: Bool
) {
  var kernel = kernel
  let update = areKeys ? farro_count_min_update_keys : farro_count_min_update
  let status =
    counts.map { update(&kernel, &counters, elements.baseAddress, $0, elements.count) }
    ?? update(&kernel, &counters, elements.baseAddress, nil, elements.count)
  check(status, "CountMinSketch")
}

func estimates(
  _ counters: [UInt64],
  _ kernel: farro_count_min,
  _ elements: UnsafeBufferPointer<UInt64>,
  areKeys: Bool
) -> [UInt64] {
  [UInt64](unsafeUninitializedCapacity: elements.count) { estimates, initializedCount in
    var kernel = kernel
    let estimate = areKeys ? farro_count_min_estimate_keys : farro_count_min_estimate
    check(
      estimate(&kernel, counters, elements.baseAddress, elements.count, estimates.baseAddress),
      "CountMinSketch"
    )
    initializedCount = elements.count
  }
}

/// The keys, counts and errors of a block of heavy hitters.
func entries(_ block: [UInt64]) -> (keys: [UInt64], counts: [UInt64], errors: [UInt64]) {
  let count = farro_heavy_hitters_count(block)
  var (keys, counts) = ([UInt64](repeating: 0, count: count), [UInt64](repeating: 0, count: count))
  var errors = counts
  farro_heavy_hitters_entries(block, &keys, &counts, &errors)
  return (keys, counts, errors)
}

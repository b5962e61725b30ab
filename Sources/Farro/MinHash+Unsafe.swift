import CKernels

// What stands between signatures of sets and C's pointers.

/// The number of items that offsets tell the places of.
func checkOffsets(_ offsets: [Int], _ bytes: Int, _ name: String) -> Int {
  guard let first = offsets.first, let last = offsets.last else { return 0 }
  require(
    first >= 0 && last <= bytes,
    "\(name): offsets from \(first) to \(last) do not lie within \(bytes) bytes"
  )
  require(zip(offsets, offsets.dropFirst()).allSatisfy { $0 <= $1 }, "\(name): the offsets descend")
  return offsets.count - 1
}

extension [Int] {
  /// Numbers that are not negative, as C takes them.
  func withUInt64Pointer<Result>(_ body: (UnsafePointer<UInt64>) -> Result) -> Result {
    withUnsafeBufferPointer { numbers in
      numbers.baseAddress!.withMemoryRebound(to: UInt64.self, capacity: count) { body($0) }
    }
  }
}

// MARK: - Shingles

extension Shingler.WordRule {
  var rule: farro_word_rule {
    switch self {
    case .alphanumeric: FARRO_WORDS_ALPHANUMERIC
    case .betweenSpaces: FARRO_WORDS_BETWEEN_SPACES
    }
  }
}

extension Shingler {
  var kernel: farro_shingler {
    let unit =
      switch unit {
      case .words: FARRO_SHINGLE_WORDS
      case .characters: FARRO_SHINGLE_CHARACTERS
      case .bytes: FARRO_SHINGLE_BYTES
      }
    return farro_shingler(unit: unit, words: wordRule.rule, size: UInt32(size), seed: seed)
  }

  /// A C function that makes shingles: of a text into as much memory as there is, and how many there would be.
  typealias Kernel = (
    inout farro_shingler, UnsafeRawBufferPointer, UnsafeMutablePointer<UInt64>?, Int, UnsafeMutablePointer<Int>
  ) -> farro_status

  func collect(_ text: UnsafeRawBufferPointer, _ kernel: Kernel) -> [UInt64] {
    // Hardly any text has more shingles than bytes; one that has is read once more.
    var (capacity, wanted) = (unit == .words ? text.count / 2 + 1 : text.count + 1, 0)
    while true {
      let hashes = [UInt64](unsafeUninitializedCapacity: capacity) { hashes, initializedCount in
        var shingler = self.kernel
        check(kernel(&shingler, text, hashes.baseAddress, capacity, &wanted), "Shingler")
        initializedCount = min(wanted, capacity)
      }
      if wanted <= capacity { return hashes }
      capacity = wanted
    }
  }
}

// MARK: - Signatures

/// Two arrays of numbers that a C function writes.
func parameters<Number: FixedWidthInteger>(
  _ count: Int,
  _ body: (UnsafeMutablePointer<Number>?, UnsafeMutablePointer<Number>?) -> Void
) -> ([Number], [Number]) {
  var (multipliers, addends) = ([Number](repeating: 0, count: count), [Number](repeating: 0, count: count))
  multipliers.withUnsafeMutableBufferPointer { multipliers in
    addends.withUnsafeMutableBufferPointer { body(multipliers.baseAddress, $0.baseAddress) }
  }
  return (multipliers, addends)
}

extension MinHash.Scheme {
  func withKernel<Result>(_ body: (UnsafePointer<farro_minhash>) -> Result) -> Result {
    multipliers.withUnsafeBufferPointer { multipliers in
      addends.withUnsafeBufferPointer { addends in
        var minhash = farro_minhash(
          engine: engine == .bins ? FARRO_MINHASH_BINS : FARRO_MINHASH_PERMUTATIONS,
          slots: slots,
          multipliers: multipliers.baseAddress,
          addends: addends.baseAddress
        )
        return body(&minhash)
      }
    }
  }

  /// The slots of signatures as they are compared.
  func filled(_ rows: [UInt32]) -> [UInt32] {
    guard engine == .bins else { return rows }
    return [UInt32](unsafeUninitializedCapacity: rows.count) { filled, initializedCount in
      check(farro_minhash_densify(rows, rows.count / slots, slots, seed, filled.baseAddress), "MinHash")
      initializedCount = rows.count
    }
  }
}

func update(_ slots: inout [UInt32], _ scheme: MinHash.Scheme, _ elements: UnsafeBufferPointer<UInt64>) {
  scheme.withKernel { check(farro_minhash_update($0, elements.baseAddress, elements.count, &slots), "MinHash") }
}

func signatures(
  ofTextsIn bytes: UnsafeRawBufferPointer,
  _ offsets: [Int],
  _ shingler: Shingler,
  _ scheme: MinHash.Scheme,
  _ slots: UnsafeMutablePointer<UInt32>?
) {
  guard offsets.count > 1 else { return }
  var kernel = shingler.kernel
  let status = scheme.withKernel { minhash in
    offsets.withUInt64Pointer {
      farro_minhash_texts(minhash, &kernel, bytes.baseAddress, $0, offsets.count - 1, slots)
    }
  }
  check(status, "MinHashes")
}

/// Numbers of equal slots as estimates: those beyond `chance`, which agree by it, of those that may be.
func similarities(
  _ m: Int,
  _ n: Int,
  slots: Int,
  chance: Float = 0,
  _ matches: (UnsafeMutablePointer<UInt32>?) -> farro_status
) -> Tensor<Float> {
  let byChance = chance * Float(slots)
  return Tensor(unsafeUninitializedShape: [m, n]) { out in
    guard let base = out.baseAddress else { return }
    base.withMemoryRebound(to: UInt32.self, capacity: m * n) { check(matches($0), "jaccardSimilarities") }
    let counts = UnsafeMutableRawPointer(base).assumingMemoryBound(to: UInt32.self)
    for i in 0..<m * n { base[i] = (Float(counts[i]) - byChance) / (Float(slots) - byChance) }
  }
}

// MARK: - datasketch

extension DatasketchMinHash {
  /// The first 32 bits of the SHA-1 of each item.
  static func hashes(_ items: some Sequence<some Sequence<UInt8>>, mixed: Bool) -> [UInt32] {
    var (bytes, offsets): ([UInt8], [Int]) = ([], [0])
    for item in items {
      bytes += item
      offsets.append(bytes.count)
    }
    return [UInt32](unsafeUninitializedCapacity: offsets.count - 1) { hashes, initializedCount in
      initializedCount = offsets.count - 1
      let status = offsets.withUInt64Pointer {
        farro_datasketch_hashes(bytes, $0, offsets.count - 1, mixed, hashes.baseAddress)
      }
      check(status, "DatasketchMinHash")
    }
  }

  mutating func update(_ hashes: [UInt32]) {
    switch permutations {
    case .affine(let multipliers, let addends):
      multipliers.withUnsafeBufferPointer { multipliers in
        addends.withUnsafeBufferPointer { addends in
          var minhash = farro_minhash(
            engine: FARRO_MINHASH_PERMUTATIONS,
            slots: slots.count,
            multipliers: multipliers.baseAddress,
            addends: addends.baseAddress
          )
          check(farro_minhash_update_u32(&minhash, hashes, hashes.count, &slots), "DatasketchMinHash")
        }
      }
    case .legacy(let multipliers, let addends):
      farro_datasketch_legacy_update(multipliers, addends, slots.count, hashes, hashes.count, &slots)
    }
  }
}

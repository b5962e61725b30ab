import Farro
import Testing

@Suite struct HashGoldenTests {
  /// As Tests/Golden/hashes.py makes them.
  private static let bytes: [UInt8] = {
    var (state, bytes): (UInt64, [UInt8]) = (1, [])
    while bytes.count < 1120 {
      state &+= 0x9e37_79b9_7f4a_7c15
      var z = (state ^ state >> 30) &* 0xbf58_476d_1ce4_e5b9
      z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
      z ^= z >> 31
      bytes += (0..<8).map { UInt8(truncatingIfNeeded: z >> (8 * $0)) }
    }
    return bytes
  }()

  private func digest<Hash: ByteHasher>(_ type: Hash.Type, seeded: Bool = true) -> UInt64 {
    var digests = XXH3()
    for length in 0...1100 {
      let start = length * 7 % 16
      let seed = seeded ? UInt64(length) &* 0x9e37_79b9_7f4a_7c15 : 0
      let hash = Hash.hash(Self.bytes[start..<(start + length)], seed: Hash.Seed(truncatingIfNeeded: seed))
      withUnsafeBytes(of: hash.littleEndian) { digests.update($0) }
    }
    return digests.finalize()
  }

  @Test(arguments: InstructionSet.supported)
  func `hashes of every length up to 1100 are those of the packages xxhash and mmh3, and of zlib`(isa: InstructionSet) {
    withInstructionSet(isa) {
      #expect(digest(XXH32.self) == HashGolden.xxh32)
      #expect(digest(XXH64.self) == HashGolden.xxh64)
      #expect(digest(XXH3.self) == HashGolden.xxh3)
      #expect(digest(XXH128.self) == HashGolden.xxh128)
      #expect(digest(Murmur32.self) == HashGolden.murmur32)
      #expect(digest(Murmur128.self) == HashGolden.murmur128)
      #expect(digest(CRC32.self, seeded: false) == HashGolden.crc32)
      #expect(digest(CRC32C.self, seeded: false) == HashGolden.crc32c)
    }
  }

  @Test func `published values of FNV-1a and the checksums are given`() {
    #expect(FNV1a32.hash("foobar") == 0xbf9c_f968)
    #expect(FNV1a64.hash("foobar") == 0x8594_4171_f739_67e8)
    #expect(CRC32.hash("123456789") == 0xcbf4_3926)
    #expect(CRC32C.hash("123456789") == 0xe306_9283)
    #expect(CRC32C.hash([UInt8](repeating: 0, count: 32)) == 0x8a91_36aa)
    #expect(CRC32.hash("6789", seed: CRC32.hash("12345")) == 0xcbf4_3926)
    #expect(CRC32.combine(CRC32.hash("12345"), CRC32.hash("6789"), count: 4) == 0xcbf4_3926)
    #expect(CRC32C.combine(CRC32C.hash("12345"), CRC32C.hash("6789"), count: 4) == 0xe306_9283)
  }

  @Test func `a stream is cut where the whole is, whatever its pieces, and an insertion moves only cuts near it`() {
    let bytes = (0..<200_000).map {
      UInt8(truncatingIfNeeded: XXH3.hash([UInt8($0 & 255), UInt8($0 >> 8 & 255)], seed: UInt64($0 >> 16)))
    }
    let ends = Chunker.ends(of: bytes, average: 1024, seed: 3)
    #expect(ends.last == bytes.count && ends.count > 100)
    #expect(zip(ends, ends.dropFirst()).allSatisfy { 0...8192 ~= $1 - $0 })
    var (chunker, found, place): (Chunker, [Int], Int) = (Chunker(average: 1024, seed: 3), [], 0)
    while place < bytes.count {
      let piece = Array(bytes[place...].prefix(place % 777 + 1))
      found += chunker.ends(ofNext: piece).map { $0 + place }
      place += piece.count
    }
    #expect(found == ends.dropLast() || found == ends)
    let longer = Chunker.ends(of: bytes[..<5000] + [1, 2, 3] + bytes[5000...], average: 1024, seed: 3).map { $0 - 3 }
    #expect(Set(ends.filter { $0 > 30_000 }).isSubset(of: longer))
    #expect(Chunker.ends(of: [], average: 64) == [] && Chunker.ends(of: [1], average: 64) == [1])
  }

  @Test func `integers are hashed below 2^bits, by every seed otherwise`() {
    let keys = (0..<1000).map { UInt64($0) << 20 }
    for bits in [1, 10, 32] {
      let hashes = MultiplyShift(seed: 4).hashes(of: keys, bits: bits)
      #expect(hashes.count == 1000 && hashes.allSatisfy { UInt64($0) >> bits == 0 })
      #expect(hashes != MultiplyShift(seed: 5).hashes(of: keys, bits: bits))
      #expect(MultiplyShift(seed: 4).hashes(of: keys.map { UInt32($0 >> 20) }, bits: bits).count == 1000)
    }
    let hashes = Tabulation(seed: 4).hashes(of: keys)
    #expect(Set(hashes).count == 1000 && hashes != Tabulation(seed: 5).hashes(of: keys))
    // Exclusive or of a word for each byte: four keys that have each byte twice cancel.
    let four = Tabulation(seed: 4).hashes(of: [0x0101, 0x0102, 0x0201, 0x0202] as [UInt32])
    #expect(four[0] ^ four[1] ^ four[2] ^ four[3] == 0 && four[0] != four[1])
  }

  @Test func `sizes, bits and lengths out of range stop the program`() async {
    await #expect(processExitsWith: .failure) { _ = Chunker(average: 63) }
    await #expect(processExitsWith: .failure) { _ = Chunker(average: 1024, most: 1000) }
    await #expect(processExitsWith: .failure) { _ = MultiplyShift(seed: 1).hashes(of: [1] as [UInt32], bits: 33) }
    await #expect(processExitsWith: .failure) { _ = CRC32.combine(1, 2, count: -1) }
    await #expect(processExitsWith: .failure) { _ = CRC32.hashes(ofKeysIn: [1, 2], offsets: [0, 3]) }
  }
}

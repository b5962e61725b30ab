import Farro
import Testing

@Suite("Hashing")
struct HashingTests {
  /// "abc...zabc...z...", the text of the golden values.
  static let letters = (0..<10_000).map { UInt8(97 + $0 % 26) }

  struct Golden: Sendable, CustomTestStringConvertible {
    let count: Int
    let xxh32: UInt32
    let xxh64: UInt64
    let xxh3: UInt64
    let xxh128: UInt128
    var testDescription: String { "\(count) letters" }
  }

  /// As the program xxhsum 0.8.1 prints them (-H0, -H1, -H3, -H2).
  static let golden = [
    Golden(
      count: 0,
      xxh32: 0x02cc_5d05,
      xxh64: 0xef46_db37_51d8_e999,
      xxh3: 0x2d06_8005_38d3_94c2,
      xxh128: 0x99aa_06d3_0147_98d8_6001_c324_468d_497f
    ),
    Golden(
      count: 1,
      xxh32: 0x550d_7456,
      xxh64: 0xd24e_c4f1_a98c_6e5b,
      xxh3: 0xe6c6_32b6_1e96_4e1f,
      xxh128: 0xa96f_af70_5af1_6834_e6c6_32b6_1e96_4e1f
    ),
    Golden(
      count: 4,
      xxh32: 0xa364_3705,
      xxh64: 0xde03_27b0_d25d_92cc,
      xxh3: 0x6497_a96f_53a8_9890,
      xxh128: 0x8d6b_6038_3dfa_90c2_1be7_9eec_d1b1_353d
    ),
    Golden(
      count: 9,
      xxh32: 0xd03c_13fd,
      xxh64: 0x27f1_a34f_dbb9_5e13,
      xxh3: 0xe0dd_e4fc_1745_90a0,
      xxh128: 0xb43f_f5bc_5ff2_e0ad_c064_6b2d_7986_db98
    ),
    Golden(
      count: 17,
      xxh32: 0xb3b8_73e1,
      xxh64: 0x8fef_f49d_8f62_f402,
      xxh3: 0xca7f_3571_df47_cacf,
      xxh128: 0x1107_8c38_a5ca_3a8d_c3ac_c994_0596_efab
    ),
    Golden(
      count: 129,
      xxh32: 0x648b_0ad5,
      xxh64: 0x0dda_07dc_9171_bf6e,
      xxh3: 0x852c_b206_08c9_d2c7,
      xxh128: 0x8ebb_4a98_54af_5bc4_1ac4_68f6_7a44_2b6a
    ),
    Golden(
      count: 241,
      xxh32: 0x4631_ec39,
      xxh64: 0xa0a9_1933_0030_4900,
      xxh3: 0xbb0a_906a_f5b5_c211,
      xxh128: 0x4c1a_7e58_7365_bd1e_bb0a_906a_f5b5_c211
    ),
    Golden(
      count: 1025,
      xxh32: 0xb337_b8c9,
      xxh64: 0xb268_2374_dabf_1646,
      xxh3: 0xc180_5347_71fa_c3f5,
      xxh128: 0x3cfd_5791_794d_bdf7_c180_5347_71fa_c3f5
    ),
    Golden(
      count: 10000,
      xxh32: 0x5826_1266,
      xxh64: 0x9e66_3d19_71c5_1979,
      xxh3: 0x2ff3_7c80_1aad_7b39,
      xxh128: 0x4540_3355_8c25_bd41_2ff3_7c80_1aad_7b39
    ),
  ]

  @Test("Hashes of letters are those that xxhsum prints", arguments: golden)
  func goldenValues(_ golden: Golden) {
    let bytes = Self.letters.prefix(golden.count)
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        #expect(XXH32.hash(bytes) == golden.xxh32)
        #expect(XXH64.hash(bytes) == golden.xxh64)
        #expect(XXH3.hash(bytes) == golden.xxh3, "\(isa)")
        #expect(XXH128.hash(bytes) == golden.xxh128, "\(isa)")
      }
    }
  }

  @Test("A seed and a secret give the hashes that libxxhash 0.8.1 gives")
  func seedsAndSecrets() {
    let bytes = Self.letters.prefix(1025)
    let secret = Self.letters[100..<236]
    let seed: UInt64 = 0x9e37_79b1_85eb_ca8d
    #expect(XXH32.hash(bytes, seed: UInt32(truncatingIfNeeded: seed)) == 0xd22e_e519)
    #expect(XXH64.hash(bytes, seed: seed) == 0x586f_4926_2c2d_5941)
    #expect(XXH3.hash(bytes, seed: seed) == 0x449d_c34d_28a7_9e4d)
    #expect(XXH128.hash(bytes, seed: seed) == 0x1e3b_dfb4_582a_a5bd_449d_c34d_28a7_9e4d)
    #expect(XXH3.hash(bytes, secret: secret) == 0x61db_d3da_5459_87dc)
    #expect(XXH128.hash(bytes, secret: secret) == 0x6ca7_b160_41c7_b41e_61db_d3da_5459_87dc)
    #expect(XXH3.hash(bytes.prefix(100), secret: secret) == 0xb6c5_974c_c7a2_17ce)
  }

  /// Hashes in pieces of 0, 1, 2, ... bytes; `finalize` between them must not disturb what follows.
  private func expectPiecesAgree<Hash: ByteHasher>(_ type: Hash.Type, seed: Hash.Seed) {
    var hasher = Hash(seed: seed)
    var position = 0
    for count in 0..<140 {
      let end = min(position + count, Self.letters.count)
      hasher.update(Self.letters[position..<end])
      position = end
      #expect(hasher.finalize() == Hash.hash(Self.letters[..<position], seed: seed), "\(type), \(position) bytes")
    }
  }

  @Test("A message in pieces has the hash of the whole", arguments: InstructionSet.supported)
  func pieces(isa: InstructionSet) {
    withInstructionSet(isa) {
      expectPiecesAgree(XXH3.self, seed: 0)
      expectPiecesAgree(XXH3.self, seed: 11)
      expectPiecesAgree(XXH128.self, seed: 11)
      expectPiecesAgree(XXH64.self, seed: 11)
      expectPiecesAgree(XXH32.self, seed: 11)
      expectPiecesAgree(Murmur32.self, seed: 11)
      expectPiecesAgree(Murmur128.self, seed: 11)
      expectPiecesAgree(FNV1a32.self, seed: 11)
      expectPiecesAgree(FNV1a64.self, seed: 0)
      expectPiecesAgree(CRC32.self, seed: 11)
      expectPiecesAgree(CRC32C.self, seed: 0)
    }
  }

  @Test("A copy of a hasher goes its own way, with a secret too", arguments: InstructionSet.supported)
  func copies(isa: InstructionSet) {
    withInstructionSet(isa) {
      let secret = Self.letters[7..<207]
      let whole = Self.letters.prefix(2000)
      var second: XXH3
      do {
        var first = XXH3(secret: secret)
        first.update(whole.prefix(900))
        second = first
        first.update("something else")
        #expect(first.finalize() != second.finalize())
      }
      second.update(whole.dropFirst(900))
      #expect(second.finalize() == XXH3.hash(whole, secret: secret))
      var wide = XXH128(secret: secret)
      wide.update(whole)
      #expect(wide.finalize() == XXH128.hash(whole, secret: secret))
    }
  }

  @Test("Text, arrays, spans, buffers and sequences of the same bytes have the same hash")
  func inputs() {
    let bytes = Array("plum".utf8)
    let expected = XXH3.hash("plum", seed: 3)
    #expect(XXH3.hash(bytes, seed: 3) == expected)
    #expect(XXH3.hash(bytes.span.bytes, seed: 3) == expected)
    #expect(bytes.withUnsafeBytes { XXH3.hash($0, seed: 3) } == expected)
    #expect(XXH3.hash(sequence(first: 0) { $0 + 1 }.prefix(4).lazy.map { bytes[$0] }, seed: 3) == expected)
    var hasher = XXH3(seed: 3)
    hasher.update("p")
    hasher.update(bytes[1..<2].lazy.map { $0 })
    bytes.withUnsafeBytes { hasher.update(UnsafeRawBufferPointer(rebasing: $0[2..<3])) }
    hasher.update([bytes[3]].span.bytes)
    #expect(hasher.finalize() == expected)
    #expect(XXH64().finalize() == XXH64.hash(""))
  }

  private func expectKeysAgree<Hash: ByteHasher>(
    _ type: Hash.Type,
    _ bytes: [UInt8],
    _ offsets: [Int],
    seed: Hash.Seed
  ) {
    let keys = zip(offsets, offsets.dropFirst()).map { Hash.hash(bytes[$0..<$1], seed: seed) }
    #expect(Hash.hashes(ofKeysIn: bytes, offsets: offsets, seed: seed) == keys, "\(type)")
  }

  @Test("Many keys have the hashes that each has alone", arguments: InstructionSet.supported)
  func manyKeys(isa: InstructionSet) {
    var offsets = [0]
    for i in 0..<5000 { offsets.append(offsets[i] + i * 7 % 400) }
    let bytes = (0..<offsets.last!).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
    withInstructionSet(isa) {
      let hashes = XXH3.hashes(ofKeysIn: bytes, offsets: offsets, seed: 5)
      let wide = XXH128.hashes(ofKeysIn: bytes, offsets: offsets)
      var (into, wideInto) = ([UInt64](repeating: 0, count: hashes.count), [UInt128](repeating: 0, count: wide.count))
      XXH3.hashes(ofKeysIn: bytes, offsets: offsets, seed: 5, into: &into)
      XXH128.hashes(ofKeysIn: bytes, offsets: offsets, into: &wideInto)
      #expect(into == hashes && wideInto == wide)
      let keys = zip(offsets, offsets.dropFirst()).map { bytes[$0..<$1] }
      #expect(hashes == keys.map { XXH3.hash($0, seed: 5) })
      #expect(wide == keys.map { XXH128.hash($0) })
      #expect(withThreads(1) { XXH3.hashes(ofKeysIn: bytes, offsets: offsets, seed: 5) } == hashes)
    }
    withInstructionSet(isa) {
      expectKeysAgree(XXH64.self, bytes, offsets, seed: 5)
      expectKeysAgree(XXH32.self, bytes, offsets, seed: 5)
      expectKeysAgree(Murmur32.self, bytes, offsets, seed: 5)
      expectKeysAgree(Murmur128.self, bytes, offsets, seed: 5)
      expectKeysAgree(FNV1a32.self, bytes, offsets, seed: 5)
      expectKeysAgree(FNV1a64.self, bytes, offsets, seed: 0)
      expectKeysAgree(CRC32.self, bytes, offsets, seed: 5)
      expectKeysAgree(CRC32C.self, bytes, offsets, seed: 0)
      let integers = (0..<1003).map { UInt64($0) &* 0x9e37_79b9_7f4a_7c15 }
      let eights = integers.map { integer in (0..<8).map { UInt8(truncatingIfNeeded: integer >> (8 * $0)) } }
      #expect(XXH3.hashes(of: integers, seed: 2) == eights.map { XXH3.hash($0, seed: 2) })
    }
    #expect(XXH3.hashes(ofKeysIn: [], offsets: []) == [])
    #expect(XXH3.hashes(ofKeysIn: [1, 2], offsets: [1]) == [])
  }

  @Test("A secret that is too short, and offsets that descend or leave the bytes, stop the program")
  func misuse() async {
    await #expect(processExitsWith: .failure) { _ = XXH3(secret: [UInt8](repeating: 1, count: 135)) }
    await #expect(processExitsWith: .failure) { _ = XXH128.hash([1], secret: [UInt8](repeating: 1, count: 135)) }
    await #expect(processExitsWith: .failure) { _ = XXH3.hashes(ofKeysIn: [1, 2], offsets: [0, 3]) }
    await #expect(processExitsWith: .failure) { _ = XXH3.hashes(ofKeysIn: [1, 2], offsets: [-1, 2]) }
    await #expect(processExitsWith: .failure) { _ = XXH128.hashes(ofKeysIn: [1, 2], offsets: [0, 2, 1, 2]) }
    await #expect(processExitsWith: .failure) {
      var hashes: [UInt64] = [0]
      XXH3.hashes(ofKeysIn: [1, 2], offsets: [0, 1, 2], into: &hashes)
    }
  }
}

// Written by Tests/Golden/hashes.py with xxhash 4.1.0 and mmh3 5.3.1.

enum HashGolden {
  static let xxh32: UInt64 = 0x5ee5_551b_2d88_1992
  static let xxh64: UInt64 = 0xe7f2_c459_bb81_33d9
  static let xxh3: UInt64 = 0x0ad0_8381_2175_794b
  static let xxh128: UInt64 = 0x6961_a834_62f4_6cbd
  static let murmur32: UInt64 = 0x4274_e277_115d_beea
  static let murmur128: UInt64 = 0x4168_f54b_cf99_69da
  static let crc32: UInt64 = 0x9887_5e75_1a24_13d5
  static let crc32c: UInt64 = 0x2dda_04e5_e527_eb3e
}

import CKernels

/// Hashes with the seed 0, byte by byte as the specification reads.
extension Reference {
  package static func xxh3(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    farro_xxh3_reference_64(bytes.baseAddress, bytes.count, 0, nil, 0)
  }

  package static func xxh128(_ bytes: UnsafeRawBufferPointer) -> UInt128 {
    farro_xxh3_reference_128(bytes.baseAddress, bytes.count, 0, nil, 0).value
  }

  package static func xxh64(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    farro_xxh64_reference(bytes.baseAddress, bytes.count, 0)
  }

  package static func xxh32(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    farro_xxh32_reference(bytes.baseAddress, bytes.count, 0)
  }

  package static func murmur32(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    farro_murmur3_reference_32(bytes.baseAddress, bytes.count, 0)
  }

  package static func murmur128(_ bytes: UnsafeRawBufferPointer) -> UInt128 {
    farro_murmur3_reference_128(bytes.baseAddress, bytes.count, 0).value
  }

  package static func crc32(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    farro_crc32_reference(bytes.baseAddress, bytes.count, 0)
  }

  package static func crc32c(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    farro_crc32c_reference(bytes.baseAddress, bytes.count, 0)
  }
}

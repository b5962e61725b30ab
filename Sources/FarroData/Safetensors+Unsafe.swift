import Farro

// From the bytes of a mapped file to tensors.

extension MappedFile {
  /// The array of an entry whose type is that of `Scalar`; the header's checks hold for it.
  func tensor<Scalar: TensorScalar>(_ entry: Safetensors.Entry, _: Scalar.Type = Scalar.self) -> Tensor<Scalar> {
    let bytes = UnsafeRawBufferPointer(rebasing: memory[entry.range])
    // Swift's Bool is 0 or 1, and a file may hold any byte.
    if Scalar.dtype != .bool, Int(bitPattern: bytes.baseAddress) % MemoryLayout<Scalar>.alignment == 0 {
      return Tensor(lent: bytes.assumingMemoryBound(to: Scalar.self), by: self, shape: entry.shape)
    }
    return Tensor(unsafeUninitializedShape: entry.shape) { elements in
      let copy = UnsafeMutableRawBufferPointer(elements)
      copy.copyMemory(from: bytes)
      if Scalar.dtype == .bool { for i in copy.indices where copy[i] > 1 { copy[i] = 1 } }
    }
  }
}

extension ModelFile {
  /// The checksum of a whole file, in which 0s stand in its own place.
  static func checksum(_ memory: UnsafeRawBufferPointer) -> UInt64 {
    var hasher = XXH3(seed: 0)
    hasher.update(UnsafeRawBufferPointer(rebasing: memory[..<checksumRange.lowerBound]))
    Array(repeating: UInt8(ascii: "0"), count: checksumRange.count).withUnsafeBytes { hasher.update($0) }
    hasher.update(UnsafeRawBufferPointer(rebasing: memory[checksumRange.upperBound...]))
    return hasher.finalize()
  }
}

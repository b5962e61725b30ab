// Memory behind concatenate, stack and gather; their callers have checked the shapes.

extension Tensor {
  /// Tensors that are each `leading` blocks: block 0 of all, then block 1 of all, and so on.
  init(joining tensors: [Tensor], leading: Int, shape: [Int]) {
    self.init(unsafeUninitializedShape: shape) { out in
      guard !out.isEmpty else { return }
      let sources = tensors.map { tensor in
        // The array holds the tensors, and they their memory.
        BlockSource(
          next: UnsafeRawPointer(tensor.storage.base + tensor.offset),
          bytes: tensor.count / leading * MemoryLayout<Scalar>.stride
        )
      }
      withExtendedLifetime(tensors) { interleave(sources, leading, to: UnsafeMutableRawPointer(out.baseAddress!)) }
    }
  }

  /// The slices of `tensor` along the leading axis that `indices` name.
  init(gathering indices: [Int], of tensor: Tensor, shape: [Int]) {
    self.init(unsafeUninitializedShape: shape) { out in
      guard !out.isEmpty else { return }
      let bytes = out.count / indices.count * MemoryLayout<Scalar>.stride
      tensor.withUnsafeBufferPointer { rows in
        copyRows(UnsafeRawPointer(rows.baseAddress!), bytes, indices, to: UnsafeMutableRawPointer(out.baseAddress!))
      }
    }
  }
}

// In bytes, not elements, so that the loops are compiled once.

private struct BlockSource {
  var next: UnsafeRawPointer
  let bytes: Int
}

private func interleave(_ sources: [BlockSource], _ blocks: Int, to out: UnsafeMutableRawPointer) {
  var (sources, out) = (sources, out)
  for _ in 0..<blocks {
    for i in sources.indices {
      let bytes = sources[i].bytes
      out.copyMemory(from: sources[i].next, byteCount: bytes)
      sources[i].next += bytes
      out += bytes
    }
  }
}

private func copyRows(_ rows: UnsafeRawPointer, _ bytes: Int, _ indices: [Int], to out: UnsafeMutableRawPointer) {
  for (i, index) in indices.enumerated() {
    (out + i * bytes).copyMemory(from: rows + index * bytes, byteCount: bytes)
  }
}

// Memory behind concatenate, stack and gather; their callers have checked the shapes.

extension Tensor {
  /// Tensors that are each `leading` blocks: block 0 of all, then block 1 of all, and so on.
  init(joining tensors: [Tensor], leading: Int, shape: [Int]) {
    self.init(unsafeUninitializedShape: shape) { out in
      guard var next = out.baseAddress, !out.isEmpty else { return }
      for block in 0..<leading {
        for tensor in tensors {
          let length = tensor.count / leading
          tensor.withUnsafeBufferPointer { next.update(from: $0.baseAddress! + block * length, count: length) }
          next += length
        }
      }
    }
  }

  /// The slices of `tensor` along the leading axis that `indices` name.
  init(gathering indices: [Int], of tensor: Tensor, shape: [Int]) {
    self.init(unsafeUninitializedShape: shape) { out in
      guard var next = out.baseAddress, !out.isEmpty else { return }
      let length = out.count / indices.count
      tensor.withUnsafeBufferPointer { rows in
        for index in indices {
          next.update(from: rows.baseAddress! + index * length, count: length)
          next += length
        }
      }
    }
  }
}

import Farro

// Shapes are [m, n] of overlaps, and [n] of suppression and formats.

let boxKernels = bothTypes(boxes(of: Float.self), boxes(of: Double.self))

private func boxes<Scalar: KernelScalar>(of type: Scalar.Type) -> [ProfiledKernel] {
  [
    overlapKernel(of: type, named: "iou", generalized: false) { boxIoU($0, $1, into: &$2) },
    overlapKernel(of: type, named: "generalized_iou", generalized: true) { boxGeneralizedIoU($0, $1, into: &$2) },
    suppressionKernel(of: type), formatKernel(of: type),
  ]
}

private func overlapKernel<Scalar: KernelScalar>(
  of type: Scalar.Type,
  named name: String,
  generalized: Bool,
  _ overlap: @escaping @Sendable (Tensor<Scalar>, Tensor<Scalar>, inout Tensor<Scalar>) -> Void
) -> ProfiledKernel {
  ProfiledKernel(
    family: "boxes",
    name: name,
    dtype: Scalar.dtype,
    shapes: [[13, 37], [256, 400], [5000, 5000], [6000, 6000]],
    inCache: [256, 400],
    outOfCache: [6000, 6000],
    traffic: .write,
    // Two sides of the intersection, its area, the union and a quotient; as much for the hull.
    flops: { (generalized ? 22 : 12) * Double($0[0] * $0[1]) },
    bytes: { Double((4 * $0[0] + 4 * $0[1] + $0[0] * $0[1]) * MemoryLayout<Scalar>.stride) },
    prepare: { shape in
      let (x, y) = (someBoxes(type, shape[0], seed: 1), someBoxes(type, shape[1], seed: 3))
      var overlaps = Tensor<Scalar>(zeros: shape)
      return ProfiledKernel.Prepared(
        run: { overlap(x, y, &overlaps) },
        error: {
          let expected = Reference.boxIoU(x, y, generalized: generalized)
          let u = unitRoundoff(type)
          return expected.withUnsafeBufferPointer { expected in
            // One rounding more, of the reference.
            worstError(overlaps, Reference.boxIoU(x, y, generalized: generalized)) {
              generalized ? 41 * u : 17 * u * Double(expected[$0])
            }
          }
        }
      )
    }
  )
}

// What is counted is reading the boxes and their scores once; every box is compared with those that are kept.
private func suppressionKernel<Scalar: KernelScalar>(of type: Scalar.Type) -> ProfiledKernel {
  ProfiledKernel(
    family: "boxes",
    name: "nms",
    dtype: Scalar.dtype,
    shapes: [[37], [331], [5000], [1 << 23]],
    inCache: [5000],
    outOfCache: [1 << 23],
    traffic: .read,
    flops: { _ in 0 },
    bytes: { Double($0[0] * (5 * MemoryLayout<Scalar>.stride)) },
    prepare: { shape in
      // Many boxes lie in few places: else those kept would be too many to compare with.
      let boxes = someBoxes(type, shape[0], seed: 1)
      let scores = operand(type, shape: shape, seed: 2)
      var kept = Tensor<Int>(zeros: [0])
      return ProfiledKernel.Prepared(
        run: { kept = nonMaximumSuppression(boxes, scores: scores, iouThreshold: 0.3) },
        error: { exactError(kept, Reference.nonMaximumSuppression(boxes, scores: scores, iouThreshold: 0.3)) }
      )
    }
  )
}

private func formatKernel<Scalar: KernelScalar>(of type: Scalar.Type) -> ProfiledKernel {
  ProfiledKernel(
    family: "boxes",
    name: "center_size",
    dtype: Scalar.dtype,
    shapes: [[7], [331], [8192], [1 << 22]],
    inCache: [8192],
    outOfCache: [1 << 22],
    traffic: .copy,
    flops: { 6 * Double($0[0]) },
    bytes: { Double($0[0] * 8 * MemoryLayout<Scalar>.stride) },
    prepare: { shape in
      let boxes = someBoxes(type, shape[0], seed: 1)
      var result = Tensor<Scalar>(zeros: boxes.shape)
      return ProfiledKernel.Prepared(
        run: { convertBoxes(boxes, from: .corners, to: .centerSize, into: &result) },
        error: {
          let exact = convertBoxes(
            Tensor(boxes.scalars.map { Double($0) }, shape: boxes.shape),
            from: .corners,
            to: .centerSize
          )
          return worstError(result, Tensor(exact.scalars.map { Scalar($0) }, shape: boxes.shape)) { _ in
            2 * unitRoundoff(type)
          }
        }
      )
    }
  )
}

/// Boxes with sides up to 1 whose first corners lie in a square of side 2.
private func someBoxes<Scalar: KernelScalar>(_ type: Scalar.Type, _ count: Int, seed: UInt64) -> Tensor<Scalar> {
  let corners = operand(type, shape: [2 * count], seed: seed).scalars
  let sizes = operand(type, shape: [2 * count], in: 0...1, seed: seed + 1).scalars
  return Tensor(unsafeUninitializedShape: [count, 4]) { boxes in
    for i in 0..<2 * count {
      boxes[i / 2 * 4 + i % 2] = corners[i]
      boxes[i / 2 * 4 + i % 2 + 2] = corners[i] + sizes[i]
    }
  }
}

import Farro

// Shapes are [rows, columns], of top-k [rows, columns, k]. Sorting reads and writes its rows several times; what is
// counted is once.

let sortingKernels = bothTypes(sorting(of: Float.self), sorting(of: Double.self))

private func sorting<Scalar: KernelScalar>(of type: Scalar.Type) -> [ProfiledKernel] {
  let element = MemoryLayout<Scalar>.stride
  return [
    sortingKernel(of: type, named: "sort", resultBytes: element) { x in
      var values = Tensor<Scalar>(zeros: x.shape)
      return ProfiledKernel.Prepared(
        run: { sort(x, into: &values) },
        error: { exactError(values, Reference.sort(x).values) }
      )
    },
    sortingKernel(of: type, named: "argsort", resultBytes: MemoryLayout<Int>.stride) { x in
      var indices = Tensor<Int>(zeros: x.shape)
      return ProfiledKernel.Prepared(
        run: { argsort(x, into: &indices) },
        error: { exactError(indices, Reference.sort(x).indices) }
      )
    },
    topKKernel(of: type),
  ]
}

private func sortingKernel<Scalar: KernelScalar>(
  of type: Scalar.Type,
  named name: String,
  resultBytes: Int,
  prepare: @escaping @Sendable (Tensor<Scalar>) -> ProfiledKernel.Prepared
) -> ProfiledKernel {
  ProfiledKernel(
    family: "sorting",
    name: name,
    dtype: Scalar.dtype,
    shapes: [[7, 31], [3, 331], [1024, 64], [64, 1024], [1, 1 << 16], [32_768, 1024], [1, 1 << 25]],
    inCache: [64, 1024],
    outOfCache: [32_768, 1024],
    traffic: .copy,
    flops: { _ in 0 },
    bytes: { Double($0[0] * $0[1] * (MemoryLayout<Scalar>.stride + resultBytes)) },
    prepare: { prepare(operand(type, shape: $0, seed: 1)) }
  )
}

private func topKKernel<Scalar: KernelScalar>(of type: Scalar.Type) -> ProfiledKernel {
  ProfiledKernel(
    family: "sorting",
    name: "top_k",
    dtype: Scalar.dtype,
    shapes: [[7, 31, 5], [3, 997, 10], [64, 1024, 10], [1, 1 << 16, 100], [32_768, 1024, 10], [1, 1 << 25, 100]],
    inCache: [64, 1024, 10],
    outOfCache: [32_768, 1024, 10],
    traffic: .read,
    flops: { _ in 0 },
    bytes: { shape in
      let (element, index) = (MemoryLayout<Scalar>.stride, MemoryLayout<Int>.stride)
      return Double(shape[0] * shape[1] * element + shape[0] * shape[2] * (element + index))
    },
    prepare: { shape in
      let x = operand(type, shape: [shape[0], shape[1]], seed: 1)
      var values = Tensor<Scalar>(zeros: [shape[0], shape[2]])
      var indices = Tensor<Int>(zeros: [shape[0], shape[2]])
      return ProfiledKernel.Prepared(
        run: { topK(x, shape[2], into: &values, &indices) },
        error: {
          let exact = Reference.topK(x, shape[2])
          return max(exactError(values, exact.values), exactError(indices, exact.indices))
        }
      )
    }
  )
}

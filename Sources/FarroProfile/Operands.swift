// What kernels are run on. Filling it must cost little beside a run of the kernel.

import Farro
import Foundation

/// Memory for probes, whose every page has been written. It holds numbers, as operands of kernels do: past the caches of a
/// Zen 5 EPYC, zeros are copied at 60 GB/s, and numbers at 54, be they all the same or not.
func probeMemory(bytes: Int) -> Tensor<Float> { operand(shape: [(bytes + 3) / 4], in: 0.5...1) }

/// A tensor of numbers that look random in a range, the same for the same seed.
///
/// One block of them is repeated, at the speed of a copy. Its length is a prime, so that rows of the usual lengths differ.
///
/// - Complexity: O(count of the result).
public func operand<Scalar: KernelScalar>(
  _ type: Scalar.Type = Scalar.self,
  shape: [Int],
  in range: ClosedRange<Double> = -1...1,
  seed: UInt64 = 1
) -> Tensor<Scalar> {
  repeating(randomBlock(count: blockLength, in: range, seed: seed).map { Scalar($0) }, shape: shape)
}

/// The same with NaN at every fifth place of a block: numbers that are missing from data.
func operandWithGaps<Scalar: KernelScalar>(_ type: Scalar.Type, shape: [Int]) -> Tensor<Scalar> {
  let block = randomBlock(count: blockLength, in: -1...1, seed: 1)
  return repeating(block.indices.map { $0 % 5 == 4 ? .nan : Scalar(block[$0]) }, shape: shape)
}

/// A mask of which six elements in seven are true.
func maskOperand(shape: [Int]) -> Tensor<Bool> { repeating((0..<blockLength).map { $0 % 7 != 6 }, shape: shape) }

private let blockLength = 4093

private func repeating<Scalar: TensorScalar>(_ block: [Scalar], shape: [Int]) -> Tensor<Scalar> {
  Tensor(unsafeUninitializedShape: shape) { elements in
    block.withUnsafeBufferPointer { block in
      for start in stride(from: 0, to: elements.count, by: block.count) {
        let count = min(block.count, elements.count - start)
        memcpy(elements.baseAddress! + start, block.baseAddress!, count * MemoryLayout<Scalar>.stride)
      }
    }
  }
}

/// The absolute values of a tensor's elements, as error bounds ask for them.
///
/// - Complexity: O(`tensor.count`).
public func magnitudes<Scalar: KernelScalar>(of tensor: Tensor<Scalar>) -> Tensor<Scalar> {
  Tensor(unsafeUninitializedShape: tensor.shape) { magnitudes in
    tensor.withUnsafeBufferPointer { elements in
      for i in elements.indices { magnitudes[i] = abs(elements[i]) }
    }
  }
}

/// A tensor's elements as `Double`, for bounds to be computed of.
///
/// - Complexity: O(`tensor.count`).
func doubles<Scalar: KernelScalar>(_ tensor: Tensor<Scalar>) -> [Double] { tensor.scalars.map { Double($0) } }

/// Source of the generator: G. L. Steele, D. Lea, C. H. Flood, "Fast splittable pseudorandom number generators",
/// OOPSLA 2014 (SplitMix64).
private func randomBlock(count: Int, in range: ClosedRange<Double>, seed: UInt64) -> [Double] {
  var state = seed
  return (0..<count).map { _ in
    state &+= 0x9e37_79b9_7f4a_7c15
    var bits = state
    bits = (bits ^ (bits >> 30)) &* 0xbf58_476d_1ce4_e5b9
    bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
    bits ^= bits >> 31
    return range.lowerBound + Double(bits >> 11) * 0x1p-53 * (range.upperBound - range.lowerBound)
  }
}

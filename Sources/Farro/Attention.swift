/// `softmax(scale q kᵀ + mask) v`: each query's mean of the values, weighted by how well their keys match it.
///
/// ```swift
/// let y = scaledDotProductAttention(q, k, v, isCausal: true)  // all (batch, heads, time, d)
/// ```
///
/// Names are PyTorch's. Scores never lie in memory all at once, so long sequences need no more work space than short ones.
/// A query that sees no key has the result 0; NaN, or a score of infinity, makes its result NaN. Error bounds stand in
/// CKernels' `attention.h`.
///
/// Sources: A. Vaswani et al., "Attention is all you need", 2017; T. Dao et al., "FlashAttention", 2022; grouped heads: J.
/// Ainslie et al., "GQA", 2023.
///
/// - Parameters:
///   - q: Shape (batch, heads, queries, d); leading axes may be missing.
///   - k: Shape (batch, kvHeads, keys, d). Each of these heads serves `heads / kvHeads` heads of `q`, one behind another.
///   - v: Shape (batch, kvHeads, keys, dv).
///   - mask: Which keys a query sees, or what is added to its scores.
///   - isCausal: Whether query i sees the keys 0...i alone.
///   - scale: 1 / √d when `nil`.
/// - Returns: Shape (batch, heads, queries, dv), with as many axes as `q`.
/// - Precondition: the shapes agree as above.
/// - Complexity: O(batch heads queries keys (d + dv)).
public func scaledDotProductAttention<Scalar: KernelScalar>(
  _ q: Tensor<Scalar>,
  _ k: Tensor<Scalar>,
  _ v: Tensor<Scalar>,
  mask: AttentionMask<Scalar>? = nil,
  isCausal: Bool = false,
  scale: Scalar? = nil
) -> Tensor<Scalar> {
  scaledDotProductAttention(q, k, v, options: AttentionOptions(mask: mask, isCausal: isCausal, scale: scale))
}

/// ``scaledDotProductAttention(_:_:_:mask:isCausal:scale:)`` with other layouts, alignments, lengths or concatenated
/// sequences.
///
/// - Precondition: the shapes agree as `options` say.
/// - Complexity: O(batch heads queries keys (d + dv)).
public func scaledDotProductAttention<Scalar: KernelScalar>(
  _ q: Tensor<Scalar>,
  _ k: Tensor<Scalar>,
  _ v: Tensor<Scalar>,
  options: AttentionOptions<Scalar>
) -> Tensor<Scalar> {
  let plan = AttentionPlan(q.shape, k.shape, v.shape, options, "scaledDotProductAttention")
  return Tensor(unsafeUninitializedShape: plan.resultShape) { plan.attend(q, k, v, $0, nil) }
}

/// ``scaledDotProductAttention(_:_:_:options:)`` into a tensor that exists.
///
/// - Precondition: `out` has the shape of the result.
/// - Complexity: O(batch heads queries keys (d + dv)).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func scaledDotProductAttention<Scalar: KernelScalar>(
  _ q: Tensor<Scalar>,
  _ k: Tensor<Scalar>,
  _ v: Tensor<Scalar>,
  options: AttentionOptions<Scalar> = AttentionOptions(),
  into out: inout Tensor<Scalar>
) {
  let plan = AttentionPlan(q.shape, k.shape, v.shape, options, "scaledDotProductAttention")
  plan.require("out", out.shape, plan.resultShape)
  out.withUnsafeMutableBufferPointer { plan.attend(q, k, v, $0, nil) }
}

// MARK: - Gradients

/// ``scaledDotProductAttention(_:_:_:options:)``, and what its gradients need: the logarithm of each query's sum of
/// exponentials.
///
/// - Returns: The result, and the logarithms, of the shape (batch, heads, queries); (heads, queries) of concatenated
///   sequences.
/// - Precondition: the shapes agree as `options` say.
/// - Complexity: O(batch heads queries keys (d + dv)).
public func scaledDotProductAttentionWithLogSums<Scalar: KernelScalar>(
  _ q: Tensor<Scalar>,
  _ k: Tensor<Scalar>,
  _ v: Tensor<Scalar>,
  options: AttentionOptions<Scalar> = AttentionOptions()
) -> (out: Tensor<Scalar>, logSums: Tensor<Scalar>) {
  let plan = AttentionPlan(q.shape, k.shape, v.shape, options, "scaledDotProductAttention")
  var logSums = Tensor<Scalar>(unsafeUninitializedShape: plan.logSumsShape) { _ in }
  let out = Tensor<Scalar>(unsafeUninitializedShape: plan.resultShape) { out in
    logSums.withUnsafeMutableBufferPointer { plan.attend(q, k, v, out, $0.baseAddress!) }
  }
  return (out, logSums)
}

/// ``scaledDotProductAttentionWithLogSums(_:_:_:options:)`` into tensors that exist.
///
/// - Precondition: `out` and `logSums` have the shapes of the results.
/// - Complexity: O(batch heads queries keys (d + dv)).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func scaledDotProductAttentionWithLogSums<Scalar: KernelScalar>(
  _ q: Tensor<Scalar>,
  _ k: Tensor<Scalar>,
  _ v: Tensor<Scalar>,
  options: AttentionOptions<Scalar> = AttentionOptions(),
  into out: inout Tensor<Scalar>,
  logSums: inout Tensor<Scalar>
) {
  let plan = AttentionPlan(q.shape, k.shape, v.shape, options, "scaledDotProductAttention")
  plan.require("out", out.shape, plan.resultShape)
  plan.require("logSums", logSums.shape, plan.logSumsShape)
  out.withUnsafeMutableBufferPointer { out in
    logSums.withUnsafeMutableBufferPointer { plan.attend(q, k, v, out, $0.baseAddress!) }
  }
}

/// The gradients of a loss by `q`, `k` and `v`, from its gradient by the result of attention.
///
/// Scores are computed anew from `logSums`, so that nothing of the size of queries times keys has to be kept.
///
/// - Parameters:
///   - gradOut: The gradient by the result, of its shape.
///   - q: As given to ``scaledDotProductAttentionWithLogSums(_:_:_:options:)``; likewise `k`, `v` and `options`.
///   - k: The keys.
///   - v: The values.
///   - out: The result.
///   - logSums: The logarithms that came with it.
///   - options: The options.
/// - Returns: The gradients, of the shapes of `q`, `k` and `v`. Those of keys and values beyond an item's length are 0.
/// - Precondition: the shapes agree as above.
/// - Complexity: O(batch heads queries keys (3 d + 2 dv)).
public func scaledDotProductAttentionBackward<Scalar: KernelScalar>(
  gradOut: Tensor<Scalar>,
  _ q: Tensor<Scalar>,
  _ k: Tensor<Scalar>,
  _ v: Tensor<Scalar>,
  out: Tensor<Scalar>,
  logSums: Tensor<Scalar>,
  options: AttentionOptions<Scalar> = AttentionOptions()
) -> (q: Tensor<Scalar>, k: Tensor<Scalar>, v: Tensor<Scalar>) {
  var gradQ = Tensor<Scalar>(unsafeUninitializedShape: q.shape) { _ in }
  var gradK = Tensor<Scalar>(unsafeUninitializedShape: k.shape) { _ in }
  var gradV = Tensor<Scalar>(unsafeUninitializedShape: v.shape) { _ in }
  scaledDotProductAttentionBackward(
    gradOut: gradOut,
    q,
    k,
    v,
    out: out,
    logSums: logSums,
    options: options,
    intoQ: &gradQ,
    k: &gradK,
    v: &gradV
  )
  return (gradQ, gradK, gradV)
}

/// ``scaledDotProductAttentionBackward(gradOut:_:_:_:out:logSums:options:)`` into tensors that exist.
///
/// - Precondition: the gradients have the shapes of `q`, `k` and `v`.
/// - Complexity: O(batch heads queries keys (3 d + 2 dv)).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func scaledDotProductAttentionBackward<Scalar: KernelScalar>(
  gradOut: Tensor<Scalar>,
  _ q: Tensor<Scalar>,
  _ k: Tensor<Scalar>,
  _ v: Tensor<Scalar>,
  out: Tensor<Scalar>,
  logSums: Tensor<Scalar>,
  options: AttentionOptions<Scalar> = AttentionOptions(),
  intoQ gradQ: inout Tensor<Scalar>,
  k gradK: inout Tensor<Scalar>,
  v gradV: inout Tensor<Scalar>
) {
  let plan = AttentionPlan(q.shape, k.shape, v.shape, options, "scaledDotProductAttentionBackward")
  plan.require("gradOut", gradOut.shape, plan.resultShape)
  plan.require("out", out.shape, plan.resultShape)
  plan.require("logSums", logSums.shape, plan.logSumsShape)
  plan.require("the gradient of q", gradQ.shape, q.shape)
  plan.require("the gradient of k", gradK.shape, k.shape)
  plan.require("the gradient of v", gradV.shape, v.shape)
  plan.differentiate(q, k, v, out, logSums, gradOut, &gradQ, &gradK, &gradV)
}

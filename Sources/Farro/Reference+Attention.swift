extension Reference {
  /// As ``scaledDotProductAttentionWithLogSums(_:_:_:options:)``.
  package static func scaledDotProductAttention<Scalar: KernelScalar>(
    _ q: Tensor<Scalar>,
    _ k: Tensor<Scalar>,
    _ v: Tensor<Scalar>,
    options: AttentionOptions<Scalar> = AttentionOptions()
  ) -> (out: Tensor<Scalar>, logSums: Tensor<Scalar>) {
    let plan = AttentionPlan(q.shape, k.shape, v.shape, options, "Reference.scaledDotProductAttention")
    var logSums = Tensor<Scalar>(zeros: plan.logSumsShape)
    var out = Tensor<Scalar>(zeros: plan.resultShape)
    out.withUnsafeMutableBufferPointer { out in
      logSums.withUnsafeMutableBufferPointer { plan.attendByReference(q, k, v, out.baseAddress!, $0.baseAddress!) }
    }
    return (out, logSums)
  }

  /// As ``scaledDotProductAttentionBackward(gradOut:_:_:_:out:logSums:options:)``.
  package static func scaledDotProductAttentionBackward<Scalar: KernelScalar>(
    gradOut: Tensor<Scalar>,
    _ q: Tensor<Scalar>,
    _ k: Tensor<Scalar>,
    _ v: Tensor<Scalar>,
    options: AttentionOptions<Scalar> = AttentionOptions()
  ) -> (q: Tensor<Scalar>, k: Tensor<Scalar>, v: Tensor<Scalar>) {
    let plan = AttentionPlan(q.shape, k.shape, v.shape, options, "Reference.scaledDotProductAttentionBackward")
    var (gradQ, gradK, gradV) = (
      Tensor<Scalar>(zeros: q.shape), Tensor<Scalar>(zeros: k.shape), Tensor<Scalar>(zeros: v.shape)
    )
    gradQ.withUnsafeMutableBufferPointer { gradQ in
      gradK.withUnsafeMutableBufferPointer { gradK in
        gradV.withUnsafeMutableBufferPointer { gradV in
          plan.differentiateByReference(
            q,
            k,
            v,
            gradOut,
            gradQ.baseAddress!,
            gradK.baseAddress!,
            gradV.baseAddress!
          )
        }
      }
    }
    return (gradQ, gradK, gradV)
  }

  /// As ``rotaryEmbedding(_:_:position:positions:pairing:inverse:layout:)``.
  package static func rotaryEmbedding<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>,
    _ table: RotaryTable<Scalar>,
    pairing: RotaryPairing = .halves
  ) -> Tensor<Scalar> {
    let plan = RotaryPlan(x.shape, table, 0, nil, pairing, false, .headsFirst)
    return Tensor(unsafeUninitializedShape: x.shape) { y in
      x.withUnsafeBufferPointer { plan.rotateByReference(table, $0.baseAddress!, y.baseAddress!) }
    }
  }
}

import CKernels

/// The axes of queries, keys or values, with the missing ones as length 1.
struct AttentionAxes {
  let batch: Int
  let heads: Int
  let time: Int
  let d: Int
  let strides: farro_attention_layout

  init(_ shape: [Int], _ layout: AttentionLayout) {
    let missing = 4 - shape.count
    batch = missing > 0 ? 1 : shape[0]
    d = shape[shape.count - 1]
    let before = shape.count >= 3 ? shape[shape.count - 3] : 1
    let behind = shape[shape.count - 2]
    switch layout {
    case .headsFirst:
      (heads, time) = (before, behind)
      strides = farro_attention_layout(batch: before &* behind &* d, head: behind &* d, row: d)
    case .timeFirst:
      // A matrix is one head's rows in either layout.
      (heads, time) = shape.count == 2 ? (1, behind) : (behind, before)
      strides = farro_attention_layout(batch: before &* behind &* d, head: d, row: heads &* d)
    }
  }

  func shape(like shape: [Int], d: Int) -> [Int] { shape.dropLast() + [d] }
}

/// A checked call of attention.
struct AttentionPlan<Scalar: KernelScalar> {
  let resultShape: [Int]
  let logSumsShape: [Int]
  private var shape: farro_attention_shape
  private let options: AttentionOptions<Scalar>
  private let scale: Scalar
  private let function: StaticString

  init(_ q: [Int], _ k: [Int], _ v: [Int], _ options: AttentionOptions<Scalar>, _ function: StaticString) {
    let ranks = options.sequences == nil ? 2...4 : 3...3
    Farro.require(
      ranks.contains(q.count) && q.count == k.count && q.count == v.count,
      "\(function): \(q), \(k) and \(v) must each have \(ranks == 3...3 ? "three" : "the same two to four") axes"
    )
    let layout = options.layout
    let (qAxes, kAxes, vAxes) = (AttentionAxes(q, layout), AttentionAxes(k, layout), AttentionAxes(v, layout))
    Farro.require(
      qAxes.batch == kAxes.batch && kAxes.batch == vAxes.batch && kAxes.heads == vAxes.heads
        && kAxes.time == vAxes.time && qAxes.d == kAxes.d,
      "\(function): queries \(q), keys \(k) and values \(v) do not belong together"
    )
    Farro.require(
      qAxes.heads == 0 || (kAxes.heads > 0 && qAxes.heads % kAxes.heads == 0),
      "\(function): the heads of the queries \(q) cannot share those of the keys \(k)"
    )
    resultShape = qAxes.shape(like: q, d: vAxes.d)
    let batch = options.sequences.map { $0.queries.count - 1 } ?? qAxes.batch
    logSumsShape =
      options.sequences != nil
      ? [qAxes.heads, qAxes.time] : Array([qAxes.batch, qAxes.heads, qAxes.time].suffix(q.count - 1))
    shape = farro_attention_shape()
    (shape.batch, shape.heads, shape.kv_heads) = (batch, qAxes.heads, kAxes.heads)
    (shape.queries, shape.keys, shape.d, shape.dv) = (qAxes.time, kAxes.time, qAxes.d, vAxes.d)
    (shape.q, shape.k, shape.v) = (qAxes.strides, kAxes.strides, vAxes.strides)
    shape.out = AttentionAxes(resultShape, layout).strides
    if options.isCausal {
      shape.causal = options.causalAlignment.isLowerRight ? FARRO_CAUSAL_END : FARRO_CAUSAL_START
      shape.causal_offset = options.causalAlignment.offset
    }
    self.options = options
    self.function = function
    scale = options.scale ?? (qAxes.d == 0 ? 1 : 1 / Scalar(qAxes.d).squareRoot())
    checkLengths(k)
    layMask(batch)
  }

  func require(_ name: StaticString, _ actual: [Int], _ expected: [Int]) {
    Farro.require(actual == expected, "\(function): \(name) has the shape \(actual), not \(expected)")
  }

  private func checkLengths(_ k: [Int]) {
    if let lengths = options.keyLengths {
      Farro.require(
        options.sequences == nil && lengths.count == shape.batch
          && lengths.allSatisfy { (0...shape.keys).contains($0) },
        "\(function): \(lengths) are not the lengths of the keys \(k)"
      )
    }
    if let sequences = options.sequences {
      Farro.require(
        sequences.queries.last! == shape.queries && sequences.keys.last! == shape.keys,
        "\(function): sequences end at \(sequences.queries.last!) and \(sequences.keys.last!), and there are "
          + "\(shape.queries) queries and \(shape.keys) keys"
      )
    }
  }

  /// The mask's strides: 0 along axes that are missing or of length 1.
  private mutating func layMask(_ batch: Int) {
    guard let mask = options.mask?.shape else { return }
    let (queries, keys) = longestSequences()
    let full = [batch, shape.heads, queries, keys]
    var strides = [0, 0, 0, 0]
    var stride = 1
    for (axis, length) in zip((0..<4).reversed(), mask.reversed()) {
      Farro.require(
        mask.count <= 4 && (length == full[axis] || length == 1),
        "\(function): a mask of the shape \(mask) cannot be broadcast to \(full)"
      )
      strides[axis] = length == 1 ? 0 : stride
      stride *= length
    }
    (shape.mask.batch, shape.mask.head, shape.mask.query, shape.mask.key) =
      (strides[0], strides[1], strides[2], strides[3])
  }

  private func longestSequences() -> (queries: Int, keys: Int) {
    guard let sequences = options.sequences else { return (shape.queries, shape.keys) }
    let longest = { (offsets: [Int]) in zip(offsets.dropFirst(), offsets).map(-).max() ?? 0 }
    return (longest(sequences.queries), longest(sequences.keys))
  }

  // MARK: - Calls

  func attend(
    _ q: Tensor<Scalar>,
    _ k: Tensor<Scalar>,
    _ v: Tensor<Scalar>,
    _ out: UnsafeMutableBufferPointer<Scalar>,
    _ logSums: UnsafeMutablePointer<Scalar>?
  ) {
    let out = out.baseAddress!
    withShape { shape in
      withPointers(q, k, v) { q, k, v in
        switch Scalar.dtype {
        case .f32: farro_attention_f32(shape, scale.f32, q.f32, k.f32, v.f32, out.f32, logSums?.f32)
        default: farro_attention_f64(shape, scale.f64, q.f64, k.f64, v.f64, out.f64, logSums?.f64)
        }
      }
    }
  }

  func differentiate(
    _ q: Tensor<Scalar>,
    _ k: Tensor<Scalar>,
    _ v: Tensor<Scalar>,
    _ out: Tensor<Scalar>,
    _ logSums: Tensor<Scalar>,
    _ gradOut: Tensor<Scalar>,
    _ gradQ: inout Tensor<Scalar>,
    _ gradK: inout Tensor<Scalar>,
    _ gradV: inout Tensor<Scalar>
  ) {
    gradQ.withUnsafeMutableBufferPointer { gradQ in
      gradK.withUnsafeMutableBufferPointer { gradK in
        gradV.withUnsafeMutableBufferPointer { gradV in
          let (gq, gk, gv) = (gradQ.baseAddress!, gradK.baseAddress!, gradV.baseAddress!)
          withShape { shape in
            withPointers(q, k, v) { q, k, v in
              withPointers(out, logSums, gradOut) { o, l, g in
                switch Scalar.dtype {
                case .f32:
                  farro_attention_backward_f32(
                    shape,
                    scale.f32,
                    q.f32,
                    k.f32,
                    v.f32,
                    o.f32,
                    l.f32,
                    g.f32,
                    gq.f32,
                    gk.f32,
                    gv.f32
                  )
                default:
                  farro_attention_backward_f64(
                    shape,
                    scale.f64,
                    q.f64,
                    k.f64,
                    v.f64,
                    o.f64,
                    l.f64,
                    g.f64,
                    gq.f64,
                    gk.f64,
                    gv.f64
                  )
                }
              }
            }
          }
        }
      }
    }
  }

  /// ``attend(_:_:_:_:_:)`` by the reference.
  func attendByReference(
    _ q: Tensor<Scalar>,
    _ k: Tensor<Scalar>,
    _ v: Tensor<Scalar>,
    _ out: UnsafeMutablePointer<Scalar>,
    _ logSums: UnsafeMutablePointer<Scalar>
  ) {
    withShape { shape in
      withPointers(q, k, v) { q, k, v in
        switch Scalar.dtype {
        case .f32: farro_attention_reference_f32(shape, scale.f32, q.f32, k.f32, v.f32, out.f32, logSums.f32)
        default: farro_attention_reference_f64(shape, scale.f64, q.f64, k.f64, v.f64, out.f64, logSums.f64)
        }
      }
    }
  }

  /// The gradients by the reference, which finds the result itself.
  func differentiateByReference(
    _ q: Tensor<Scalar>,
    _ k: Tensor<Scalar>,
    _ v: Tensor<Scalar>,
    _ gradOut: Tensor<Scalar>,
    _ gq: UnsafeMutablePointer<Scalar>,
    _ gk: UnsafeMutablePointer<Scalar>,
    _ gv: UnsafeMutablePointer<Scalar>
  ) {
    withShape { shape in
      withPointers(q, k, v) { q, k, v in
        gradOut.withUnsafeBufferPointer { gradOut in
          let g = gradOut.baseAddress!
          return switch Scalar.dtype {
          case .f32:
            farro_attention_backward_reference_f32(
              shape,
              scale.f32,
              q.f32,
              k.f32,
              v.f32,
              g.f32,
              gq.f32,
              gk.f32,
              gv.f32
            )
          default:
            farro_attention_backward_reference_f64(
              shape,
              scale.f64,
              q.f64,
              k.f64,
              v.f64,
              g.f64,
              gq.f64,
              gk.f64,
              gv.f64
            )
          }
        }
      }
    }
  }

  /// Calls `body` with the shape, whose pointers are valid only during the call.
  private func withShape(_ body: (UnsafePointer<farro_attention_shape>) -> farro_status) {
    var shape = shape
    let status = withOptionalPointer(options.keyLengths) { lengths in
      withOptionalPointer(options.sequences?.queries) { queries in
        withOptionalPointer(options.sequences?.keys) { keys in
          (shape.key_lengths, shape.query_offsets, shape.key_offsets) = (lengths, queries, keys)
          switch options.mask {
          case .seen(let mask):
            return mask.withUnsafeBufferPointer { elements in
              shape.mask.seen = elements.baseAddress!.as(UInt8.self)
              return body(&shape)
            }
          case .additive(let mask):
            return mask.withUnsafeBufferPointer { elements in
              shape.mask.additive = UnsafeRawPointer(elements.baseAddress!)
              return body(&shape)
            }
          case nil: return body(&shape)
          }
        }
      }
    }
    check(status, function)
  }
}

/// Calls `body` with the numbers of an array that may be missing, as C takes sizes.
func withOptionalPointer<Result>(_ numbers: [Int]?, _ body: (UnsafePointer<Int>?) -> Result) -> Result {
  guard let numbers else { return body(nil) }
  return numbers.withUnsafeBufferPointer { body($0.baseAddress!) }
}

/// Calls `body` with the elements of three tensors.
@inline(__always)
func withPointers<Scalar, Result>(
  _ a: Tensor<Scalar>,
  _ b: Tensor<Scalar>,
  _ c: Tensor<Scalar>,
  _ body: (UnsafePointer<Scalar>, UnsafePointer<Scalar>, UnsafePointer<Scalar>) -> Result
) -> Result {
  withExtendedLifetime((a, b, c)) {
    body(
      UnsafePointer(a.storage.base + a.offset),
      UnsafePointer(b.storage.base + b.offset),
      UnsafePointer(c.storage.base + c.offset)
    )
  }
}

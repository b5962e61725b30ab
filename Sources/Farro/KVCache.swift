import CKernels

/// The keys and values of all positions so far, as a decoder keeps them for each of its layers.
///
/// ```swift
/// var cache = KVCache<Float>(batch: 1, heads: 4, capacity: 2048, d: 64)
/// cache.append(k, v)                                        // (1, 4, new, 64)
/// let y = scaledDotProductAttention(q, cache, isCausal: true)  // q: (1, heads, new, 64)
/// ```
///
/// Memory for the whole capacity is taken at once; a copy shares it until one of the two is appended to.
public struct KVCache<Scalar: KernelScalar>: Sendable {
  /// Shape (batch, heads, capacity, d), or (batch, capacity, heads, d) with the time first; rows at and beyond an item's
  /// length hold nothing of use.
  public private(set) var keys: Tensor<Scalar>
  /// The same with rows of dv elements.
  public private(set) var values: Tensor<Scalar>
  /// How many positions each batch item holds.
  public private(set) var lengths: [Int]
  /// The order of the axes, also of what is appended.
  public let layout: AttentionLayout

  /// How many positions there is room for.
  public var capacity: Int { keys.shape[layout == .headsFirst ? 2 : 1] }

  /// An empty cache.
  ///
  /// - Parameters:
  ///   - batch: How many sequences.
  ///   - heads: How many heads of keys.
  ///   - capacity: How many positions there is room for.
  ///   - d: Elements of a key.
  ///   - dv: Elements of a value; `d` when `nil`.
  ///   - layout: The order of the axes.
  /// - Precondition: no number is negative.
  /// - Complexity: O(1).
  public init(
    batch: Int,
    heads: Int,
    capacity: Int,
    d: Int,
    dv: Int? = nil,
    layout: AttentionLayout = .headsFirst
  ) {
    let shape = layout == .headsFirst ? [batch, heads, capacity] : [batch, capacity, heads]
    keys = Tensor(unsafeUninitializedShape: shape + [d]) { _ in }
    values = Tensor(unsafeUninitializedShape: shape + [dv ?? d]) { _ in }
    lengths = Array(repeating: 0, count: batch)
    self.layout = layout
  }

  /// Appends the keys and values of as many new positions to each item.
  ///
  /// - Parameters:
  ///   - k: Shape (batch, heads, new, d), or as `layout` says.
  ///   - v: Shape (batch, heads, new, dv).
  /// - Precondition: the shapes are as above, and there is room.
  /// - Complexity: O(`k.count + v.count`), and a copy when another cache shares the memory.
  public mutating func append(_ k: Tensor<Scalar>, _ v: Tensor<Scalar>) {
    let time = layout == .headsFirst ? 2 : 1
    let rows = k.rank == 4 ? k.shape[time] : 0
    for (new, held) in [(k.shape, keys.shape), (v.shape, values.shape)] {
      var expected = held
      expected[time] = rows
      require(new == expected, "KVCache.append: \(new) does not fit a cache of the shape \(held)")
    }
    require(
      lengths.allSatisfy { $0 + rows <= capacity },
      "KVCache.append: \(rows) more than \(lengths.max() ?? 0) positions exceed the capacity of \(capacity)"
    )
    copy(k, to: &keys)
    copy(v, to: &values)
    for i in lengths.indices { lengths[i] += rows }
  }

  /// Forgets the positions of each item at and beyond a length, for example those that were padding.
  ///
  /// - Precondition: there is a length for each item, none greater than it holds.
  /// - Complexity: O(batch).
  public mutating func truncate(to lengths: [Int]) {
    require(
      lengths.count == self.lengths.count && zip(lengths, self.lengths).allSatisfy { 0 <= $0 && $0 <= $1 },
      "KVCache.truncate: \(self.lengths) cannot be cut to \(lengths)"
    )
    self.lengths = lengths
  }

  fileprivate func options(
    _ mask: AttentionMask<Scalar>?,
    _ isCausal: Bool,
    _ scale: Scalar?
  ) -> AttentionOptions<Scalar> {
    AttentionOptions(
      mask: mask,
      isCausal: isCausal,
      causalAlignment: .lowerRight,
      keyLengths: lengths,
      scale: scale,
      layout: layout
    )
  }

  private func copy(_ new: Tensor<Scalar>, to cache: inout Tensor<Scalar>) {
    let (x, held) = (AttentionAxes(new.shape, layout), AttentionAxes(cache.shape, layout))
    var shape = farro_cache_shape()
    (shape.batch, shape.heads, shape.rows, shape.d) = (x.batch, x.heads, x.time, x.d)
    (shape.capacity, shape.x, shape.cache) = (held.time, x.strides, held.strides)
    let status = withOptionalPointer(lengths) { lengths in
      shape.lengths = lengths
      return new.withUnsafeBufferPointer { from in
        cache.withUnsafeMutableBufferPointer { to in
          switch Scalar.dtype {
          case .f32: farro_cache_append_f32(&shape, from.baseAddress!.f32, to.baseAddress!.f32)
          default: farro_cache_append_f64(&shape, from.baseAddress!.f64, to.baseAddress!.f64)
          }
        }
      }
    }
    check(status, "KVCache.append")
  }
}

/// Attention of queries to all that a cache holds.
///
/// With `isCausal`, the last query stands at the last position of its item, as new positions do that have just been
/// appended.
///
/// - Parameters:
///   - q: Shape (batch, heads, queries, d), or as the cache's layout says.
///   - cache: Keys and values.
///   - mask: Which keys a query sees, or what is added to its scores.
///   - isCausal: Whether a query sees no position behind its own.
///   - scale: 1 / √d when `nil`.
/// - Returns: Shape (batch, heads, queries, dv).
/// - Precondition: the shapes agree as for ``scaledDotProductAttention(_:_:_:mask:isCausal:scale:)``.
/// - Complexity: O(batch heads queries positions (d + dv)).
public func scaledDotProductAttention<Scalar: KernelScalar>(
  _ q: Tensor<Scalar>,
  _ cache: KVCache<Scalar>,
  mask: AttentionMask<Scalar>? = nil,
  isCausal: Bool = false,
  scale: Scalar? = nil
) -> Tensor<Scalar> {
  let options = cache.options(mask, isCausal, scale)
  return scaledDotProductAttention(q, cache.keys, cache.values, options: options)
}

/// ``scaledDotProductAttention(_:_:mask:isCausal:scale:)`` into a tensor that exists.
///
/// - Precondition: `out` has the shape of the result.
/// - Complexity: O(batch heads queries positions (d + dv)).
public func scaledDotProductAttention<Scalar: KernelScalar>(
  _ q: Tensor<Scalar>,
  _ cache: KVCache<Scalar>,
  mask: AttentionMask<Scalar>? = nil,
  isCausal: Bool = false,
  scale: Scalar? = nil,
  into out: inout Tensor<Scalar>
) {
  let options = cache.options(mask, isCausal, scale)
  scaledDotProductAttention(q, cache.keys, cache.values, options: options, into: &out)
}

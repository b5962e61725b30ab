import CKernels

// MARK: - Equal bins

/// How many elements lie in each of some equal bins.
///
/// A bin holds its lower edge and not its upper one, which the next holds; the last holds both. NaN and elements outside the
/// range are not counted. (As `numpy.histogram`.)
///
/// - Parameters:
///   - x: Any shape.
///   - bins: The number of bins, at least 1.
///   - range: From the first edge to the last, finite and not empty; from the smallest to the largest element when `nil`,
///     one half to either side of it where all are equal.
/// - Returns: The counts, of shape (bins), and the edges, of shape (bins + 1).
/// - Precondition: the parameters are as above.
/// - Complexity: O(`x.count` + `bins`).
public func histogram<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  bins: Int = 10,
  in range: ClosedRange<Scalar>? = nil
) -> (counts: Tensor<Int>, edges: Tensor<Scalar>) {
  let range = range ?? wholeRange(of: x)
  let edges = histogramEdges(bins: bins, in: range)
  var counts = Tensor<Int>(uninitialized: [bins], count: bins)
  histogram(x, in: range, into: &counts)
  return (counts, edges)
}

/// ``histogram(_:bins:in:)`` into a tensor that exists, with a bin for each of its elements.
///
/// - Precondition: `counts` has one axis, which is not empty; `range` is finite and not empty.
/// - Complexity: O(`x.count` + `counts.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func histogram<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  in range: ClosedRange<Scalar>,
  into counts: inout Tensor<Int>
) {
  require(counts.rank == 1, "histogram: counts do not go into the shape \(counts.shape)")
  requireBins(counts.count, range)
  let (n, bins) = (x.count, counts.count)
  counts.withUnsafeMutableBufferPointer { counts in
    x.withUnsafeBufferPointer { x in
      let (x, out) = (x.baseAddress!, counts.baseAddress!.as(Int64.self))
      let status =
        switch Scalar.dtype {
        case .f32: farro_histogram_f32(n, x.f32, bins, range.lowerBound.f32, range.upperBound.f32, out)
        default: farro_histogram_f64(n, x.f64, bins, range.lowerBound.f64, range.upperBound.f64, out)
        }
      check(status, "histogram")
    }
  }
}

/// The sums of the weights of the elements that lie in each of some equal bins, which are those of
/// ``histogram(_:bins:in:)``.
///
/// - Parameters:
///   - x: Any shape.
///   - weights: The shape of `x`.
///   - bins: The number of bins, at least 1.
///   - range: As there.
/// - Returns: The sums, of shape (bins), and the edges, of shape (bins + 1).
/// - Precondition: the parameters are as above.
/// - Complexity: O(`x.count` + `bins`).
public func histogram<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  weights: Tensor<Scalar>,
  bins: Int = 10,
  in range: ClosedRange<Scalar>? = nil
) -> (sums: Tensor<Double>, edges: Tensor<Scalar>) {
  let range = range ?? wholeRange(of: x)
  let edges = histogramEdges(bins: bins, in: range)
  var sums = Tensor<Double>(uninitialized: [bins], count: bins)
  histogram(x, weights: weights, in: range, into: &sums)
  return (sums, edges)
}

/// ``histogram(_:weights:bins:in:)`` into a tensor that exists, with a bin for each of its elements.
///
/// - Precondition: `weights` has the shape of `x`; `sums` has one axis, which is not empty; `range` is finite and not empty.
/// - Complexity: O(`x.count` + `sums.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func histogram<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  weights: Tensor<Scalar>,
  in range: ClosedRange<Scalar>,
  into sums: inout Tensor<Double>
) {
  requireWeights(weights, of: x)
  require(sums.rank == 1, "histogram: sums do not go into the shape \(sums.shape)")
  requireBins(sums.count, range)
  let (n, bins, low, high) = (x.count, sums.count, range.lowerBound, range.upperBound)
  sums.withUnsafeMutableBufferPointer { sums in
    withPointers(x, weights) { x, weights in
      let (x, weights, out) = (x!, weights!, sums.baseAddress!)
      let status =
        switch Scalar.dtype {
        case .f32: farro_weighted_histogram_f32(n, x.f32, weights.f32, bins, low.f32, high.f32, out)
        default: farro_weighted_histogram_f64(n, x.f64, weights.f64, bins, low.f64, high.f64, out)
        }
      check(status, "histogram")
    }
  }
}

/// The edges of equal bins: `low + i * ((high - low) / bins)`, computed in `Double`; the last is `high`.
///
/// - Returns: Shape (bins + 1).
/// - Precondition: `bins` is at least 1, and `range` finite and not empty.
/// - Complexity: O(`bins`).
public func histogramEdges<Scalar: KernelScalar>(bins: Int, in range: ClosedRange<Scalar>) -> Tensor<Scalar> {
  requireBins(bins, range)
  let (low, high) = (range.lowerBound, range.upperBound)
  return Tensor(unsafeUninitializedShape: [bins + 1]) { edges in
    let edges = edges.baseAddress!
    let status =
      switch Scalar.dtype {
      case .f32: farro_histogram_edges_f32(bins, low.f32, high.f32, edges.f32)
      default: farro_histogram_edges_f64(bins, low.f64, high.f64, edges.f64)
      }
    check(status, "histogramEdges")
  }
}

private func requireBins<Scalar: KernelScalar>(_ bins: Int, _ range: ClosedRange<Scalar>) {
  require(bins > 0 && bins < Int32.max, "histogram: \(bins) bins")
  require(
    range.lowerBound < range.upperBound && (Double(range.upperBound) - Double(range.lowerBound)).isFinite,
    "histogram: the range \(range) is empty or not finite"
  )
}

private func wholeRange<Scalar: KernelScalar>(of x: Tensor<Scalar>) -> ClosedRange<Scalar> {
  if x.count == 0 { return 0...1 }
  let (low, high) = (x.min(), x.max())
  require(low.isFinite && high.isFinite, "histogram: without a range, the elements must be finite")
  return low < high ? low...high : (low - 0.5)...(low + 0.5)
}

// MARK: - Given edges

/// How many elements lie between one edge and the next: at or above the first, and below the second, or at it in the last
/// bin.
///
/// - Parameters:
///   - x: Any shape.
///   - edges: Shape (bins + 1), in ascending order, at least two.
/// - Returns: Shape (bins). NaN and elements outside the edges are not counted.
/// - Precondition: the parameters are as above.
/// - Complexity: O(`x.count` log(bins)).
public func histogram<Scalar: KernelScalar>(_ x: Tensor<Scalar>, edges: Tensor<Scalar>) -> Tensor<Int> {
  requireEdges(edges)
  var counts = Tensor<Int>(uninitialized: [edges.count - 1], count: edges.count - 1)
  histogram(x, edges: edges, into: &counts)
  return counts
}

/// ``histogram(_:edges:)`` into a tensor that exists.
///
/// - Precondition: `counts` has one axis, one shorter than `edges`.
/// - Complexity: O(`x.count` log(bins)).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func histogram<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  edges: Tensor<Scalar>,
  into counts: inout Tensor<Int>
) {
  requireEdges(edges)
  require(
    counts.shape == [edges.count - 1],
    "histogram: the counts between edges of the shape \(edges.shape) do not fit into \(counts.shape)"
  )
  let (n, bins) = (x.count, counts.count)
  counts.withUnsafeMutableBufferPointer { counts in
    withPointers(x, edges) { x, edges in
      let (x, edges, out) = (x!, edges!, counts.baseAddress!.as(Int64.self))
      let status =
        switch Scalar.dtype {
        case .f32: farro_histogram_between_f32(n, x.f32, bins, edges.f32, out)
        default: farro_histogram_between_f64(n, x.f64, bins, edges.f64, out)
        }
      require(status != FARRO_ERROR_ARGUMENT, "histogram: the edges do not ascend")
      check(status, "histogram")
    }
  }
}

/// The sums of the weights of the elements between one edge and the next, as ``histogram(_:edges:)`` counts them.
///
/// - Parameters:
///   - x: Any shape.
///   - weights: The shape of `x`.
///   - edges: Shape (bins + 1), in ascending order, at least two.
/// - Returns: Shape (bins).
/// - Precondition: the parameters are as above.
/// - Complexity: O(`x.count` log(bins)).
public func histogram<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  weights: Tensor<Scalar>,
  edges: Tensor<Scalar>
) -> Tensor<Double> {
  requireEdges(edges)
  var sums = Tensor<Double>(uninitialized: [edges.count - 1], count: edges.count - 1)
  histogram(x, weights: weights, edges: edges, into: &sums)
  return sums
}

/// ``histogram(_:weights:edges:)`` into a tensor that exists.
///
/// - Precondition: as there; `sums` has one axis, one shorter than `edges`.
/// - Complexity: O(`x.count` log(bins)).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func histogram<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  weights: Tensor<Scalar>,
  edges: Tensor<Scalar>,
  into sums: inout Tensor<Double>
) {
  requireEdges(edges)
  requireWeights(weights, of: x)
  require(
    sums.shape == [edges.count - 1],
    "histogram: the sums between edges of the shape \(edges.shape) do not fit into \(sums.shape)"
  )
  let (n, bins) = (x.count, sums.count)
  sums.withUnsafeMutableBufferPointer { sums in
    edges.withUnsafeBufferPointer { edges in
      withPointers(x, weights) { x, weights in
        let (x, weights, edges, out) = (x!, weights!, edges.baseAddress!, sums.baseAddress!)
        let status =
          switch Scalar.dtype {
          case .f32: farro_weighted_histogram_between_f32(n, x.f32, weights.f32, bins, edges.f32, out)
          default: farro_weighted_histogram_between_f64(n, x.f64, weights.f64, bins, edges.f64, out)
          }
        require(status != FARRO_ERROR_ARGUMENT, "histogram: the edges do not ascend")
        check(status, "histogram")
      }
    }
  }
}

private func requireWeights<Scalar>(_ weights: Tensor<Scalar>, of x: Tensor<Scalar>) {
  require(x.shape == weights.shape, "histogram: weights of the shape \(weights.shape) are not those of \(x.shape)")
}

private func requireEdges<Scalar>(_ edges: Tensor<Scalar>) {
  require(edges.rank == 1 && edges.count > 1, "histogram: the shape \(edges.shape) is not that of two edges or more")
}

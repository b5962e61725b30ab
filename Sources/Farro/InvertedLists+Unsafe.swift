import CKernels

// What FarroSearch's index of inverted lists needs of CKernels: its arrays go down as pointers, and nothing keeps them.

/// The arrays of inverted lists, for the time of a call; CKernels' `lists.h` says what each holds.
package struct InvertedLists {
  private var c: farro_lists

  /// What stands in a list for a row.
  package enum Codes: Hashable, Sendable {
    case rows
    case bytes
    case product(subspaces: Int)

    fileprivate var c: farro_list_codes {
      switch self {
      case .rows: FARRO_LIST_ROWS
      case .bytes: FARRO_LIST_BYTES
      case .product: FARRO_LIST_PRODUCT
      }
    }

    fileprivate var subspaces: Int { if case .product(let subspaces) = self { subspaces } else { 1 } }

    /// Of one place.
    package func entryBytes(_ dimension: Int) -> Int { farro_list_entry_bytes(c, dimension, subspaces) }
  }

  package static let block = Int(FARRO_LIST_BLOCK)
  package static let mostSubspaces = Int(FARRO_LIST_MOST_SUBSPACES)
  package static let mostElements = Int(FARRO_LIST_MOST_ELEMENTS)
  package static let mostRows = Int(UInt32.max) - 1
  package static let codewords = 16

  /// Lists of these centres, without places as yet.
  package init(
    metric: DistanceMetric,
    codes: Codes,
    dimension: Int,
    count: Int,
    centers: UnsafePointer<Float>,
    starts: UnsafePointer<Int>,
    counts: UnsafePointer<Int>
  ) {
    c = farro_lists()
    (c.metric, c.codes, c.count, c.d) = (metric.code, codes.c, count, dimension)
    (c.centers, c.subspaces) = (centers, codes.subspaces)
    c.starts = UnsafeRawPointer(starts).assumingMemoryBound(to: Int64.self)
    c.counts = UnsafeRawPointer(counts).assumingMemoryBound(to: Int64.self)
  }

  package mutating func setPlaces(
    numbers: UnsafeMutablePointer<UInt32>,
    entries: UnsafeMutableRawPointer,
    terms: UnsafeMutablePointer<Float>?
  ) {
    (c.numbers, c.entries, c.terms) = (numbers, entries, terms)
  }

  package mutating func setCodes(mean: UnsafePointer<Float>?, scale: Float, codebooks: UnsafePointer<Float>) {
    (c.mean, c.scale, c.codebooks) = (mean, scale, codebooks)
  }

  package mutating func setRows(_ vectors: UnsafePointer<Float>?, ids: UnsafePointer<Int>) {
    c.vectors = vectors
    c.ids = UnsafeRawPointer(ids).assumingMemoryBound(to: Int64.self)
  }

  /// Writes rows as entries, each into its list at its place.
  package func write(_ rows: Tensor<Float>, labels: [Int32], places: [Int]) {
    places.withUnsafeBufferPointer { places in
      let places = UnsafeRawBufferPointer(places).bindMemory(to: Int64.self)
      rows.withUnsafeBufferPointer { rows in
        guard let first = rows.baseAddress, let to = places.baseAddress else { return }
        let status = withUnsafePointer(to: c) { farro_lists_write_f32($0, places.count, first, labels, to) }
        check(status, "InvertedLists.write")
      }
    }
  }

  package func move(from: Int, to: Int) { withUnsafePointer(to: c) { farro_lists_move($0, Int64(from), Int64(to)) } }

  /// How a search is done.
  package struct Walk {
    package var k: Int
    package var probes: Int
    package var measured: Int

    package init(k: Int, probes: Int, measured: Int) { (self.k, self.probes, self.measured) = (k, probes, measured) }
  }

  /// The nearest rows of each query.
  ///
  /// - Parameter accepted: A bit for each row that may be found; `nil`: all.
  package func search(_ queries: Tensor<Float>, _ walk: Walk, accepted: UnsafePointer<UInt64>?)
    -> (distances: Tensor<Float>, ids: Tensor<Int>)
  {
    let m = queries.shape[0]
    var found = Tensor<Int>(unsafeUninitializedShape: [m, walk.k]) { _ in }
    let distances = Tensor<Float>(unsafeUninitializedShape: [m, walk.k]) { distances in
      found.withUnsafeMutableBufferPointer { found in
        queries.withUnsafeBufferPointer { queries in
          var how = farro_lists_walk()
          (how.k, how.probes, how.measured, how.accepted) = (walk.k, walk.probes, walk.measured, accepted)
          let ids = UnsafeMutableRawPointer(found.baseAddress!).assumingMemoryBound(to: Int64.self)
          let out = distances.baseAddress!
          let status = withUnsafePointer(to: c) {
            farro_lists_search_f32($0, &how, m, queries.baseAddress!, out, ids)
          }
          check(status, "InvertedLists.search")
        }
      }
    }
    return (distances, found)
  }

  /// Rows divided by their lengths, bit for bit as the search for cosines divides them; zeros stay zeros.
  package static func unitRows(_ rows: Tensor<Float>) -> Tensor<Float> {
    let (n, d) = (rows.shape[0], rows.shape[1])
    return Tensor(unsafeUninitializedShape: [n, d]) { out in
      rows.withUnsafeBufferPointer { rows in
        guard let from = rows.baseAddress, let to = out.baseAddress else { return }
        check(farro_unit_rows_f32(n, d, from, to), "InvertedLists.unitRows")
      }
    }
  }
}

import CKernels

// What FarroSearch's graph index needs of CKernels: its arrays go down as pointers, and nothing keeps them.

/// The arrays of a navigable small-world graph, for the time of a call; CKernels' `graph.h` says what each holds.
package struct NeighborGraph {
  private var c: farro_graph

  package static let mostWidth = Int(FARRO_GRAPH_MOST_WIDTH)
  package static let mostLevels = Int(FARRO_GRAPH_MOST_LEVELS)
  package static let mostElements = Int(FARRO_GRAPH_MOST_ELEMENTS)
  package static let mostNodes = Int(Int32.max)
  /// What stands in place of a node.
  package static let noNode = UInt32.max

  /// A graph of `count` nodes with vectors, codes and levels; without lists as yet.
  package init(
    count: Int,
    dimension: Int,
    vectors: UnsafePointer<Float>,
    codes: UnsafePointer<UInt8>,
    codeStride: Int,
    norms: UnsafePointer<Int32>?,
    centre: UnsafePointer<Float>?,
    scale: Float
  ) {
    c = farro_graph()
    (c.count, c.d, c.vectors, c.codes, c.ld_codes) = (count, dimension, vectors, codes, codeStride)
    (c.norms, c.centre, c.scale) = (norms, centre, scale)
  }

  package mutating func setLists(
    _ lists: UnsafeMutablePointer<UInt32>,
    width: Int,
    upper: UnsafeMutablePointer<UInt32>,
    upperWidth: Int,
    levels: UnsafePointer<UInt8>,
    starts: UnsafePointer<UInt32>,
    entry: UInt32
  ) {
    (c.lists, c.width, c.upper, c.upper_width) = (lists, width, upper, upperWidth)
    (c.levels, c.starts, c.entry) = (levels, starts, entry)
  }

  package var count: Int { c.count }
  package var entry: UInt32 { c.entry }

  /// Links the nodes from `count` to `newCount - 1`.
  package mutating func insert(upTo newCount: Int, breadth: Int) {
    check(farro_graph_insert(&c, newCount, breadth), "NeighborGraph.insert")
  }

  /// Removes the nodes without a bit in `kept` and renumbers the others; answers how many upper lists remain.
  package mutating func remove(keeping kept: UnsafePointer<UInt64>, ids: UnsafeMutablePointer<Int>) -> Int {
    var lists = 0
    check(farro_graph_repair(&c, kept), "NeighborGraph.remove")
    ids.withMemoryRebound(to: Int64.self, capacity: c.count) {
      check(farro_graph_compact(&c, kept, $0, &lists), "NeighborGraph.remove")
    }
    return lists
  }

  package func isSound(upperLists: Int) -> Bool { withUnsafePointer(to: c) { farro_graph_is_sound($0, upperLists) } }

  /// How a search is done.
  package struct Walk {
    package var metric: DistanceMetric
    package var k: Int
    package var breadth: Int
    package var measured: Int

    package init(metric: DistanceMetric, k: Int, breadth: Int, measured: Int) {
      (self.metric, self.k, self.breadth, self.measured) = (metric, k, breadth, measured)
    }
  }

  /// The nearest nodes of each query that are accepted: bits of `accepted`, `nil` for all.
  package func search(
    _ queries: Tensor<Float>,
    _ walk: Walk,
    accepted: UnsafePointer<UInt64>?,
    acceptedCount: Int,
    ids: UnsafePointer<Int>
  ) -> (distances: Tensor<Float>, ids: Tensor<Int>) {
    let m = queries.shape[0]
    var found = Tensor<Int>(unsafeUninitializedShape: [m, walk.k]) { _ in }
    let distances = Tensor<Float>(unsafeUninitializedShape: [m, walk.k]) { distances in
      found.withUnsafeMutableBufferPointer { found in
        queries.withUnsafeBufferPointer { queries in
          var how = farro_graph_walk()
          (how.metric, how.k, how.breadth, how.measured) = (walk.metric.code, walk.k, walk.breadth, walk.measured)
          (how.accepted, how.accepted_count) = (accepted, acceptedCount)
          how.ids = UnsafeRawPointer(ids).assumingMemoryBound(to: Int64.self)
          let numbers = UnsafeMutableRawPointer(found.baseAddress!).assumingMemoryBound(to: Int64.self)
          let out = distances.baseAddress!
          let status = withUnsafePointer(to: c) {
            farro_graph_search_f32($0, &how, m, queries.baseAddress!, c.d, out, numbers)
          }
          check(status, "NeighborGraph.search")
        }
      }
    }
    return (distances, found)
  }
}

/// 8-bit codes of rows of numbers; CKernels' `codes.h` defines them.
package enum RowCodes {
  /// Bytes from one row of codes to the next.
  package static func stride(_ dimension: Int) -> Int { (dimension + 63) / 64 * 64 }

  package static func scale(_ rows: UnsafePointer<Float>, _ count: Int, _ d: Int, centre: UnsafePointer<Float>?)
    -> Float
  {
    var scale: Float = 0
    check(farro_codes_scale_f32(count, d, rows, d, centre, &scale), "RowCodes.scale")
    return scale
  }

  package static func encode(
    _ rows: UnsafePointer<Float>,
    _ count: Int,
    _ d: Int,
    centre: UnsafePointer<Float>?,
    scale: Float,
    into codes: UnsafeMutablePointer<UInt8>,
    norms: UnsafeMutablePointer<Int32>?
  ) {
    check(farro_codes_f32(count, d, rows, d, centre, scale, codes, stride(d), norms), "RowCodes.encode")
  }
}

/// Which keys a query sees.
public enum AttentionMask<Scalar: KernelScalar>: Sendable {
  /// True where the query may see the key. A shape that can be broadcast to (batch, heads, queries, keys).
  case seen(Tensor<Bool>)
  /// What is added to the scaled scores: minus infinity where a key is not seen. A shape as of `seen`.
  case additive(Tensor<Scalar>)

  var shape: [Int] {
    switch self {
    case .seen(let mask): mask.shape
    case .additive(let mask): mask.shape
    }
  }
}

/// The order of the axes of queries, keys and values.
public enum AttentionLayout: Sendable {
  /// (batch, heads, time, d).
  case headsFirst
  /// (batch, time, heads, d): what a projection to heads · d columns gives, without a copy.
  case timeFirst
}

/// Where a causal mask begins, when there are not as many queries as keys. Names are PyTorch's.
public struct CausalAlignment: Sendable, Equatable {
  var isLowerRight: Bool
  var offset: Int

  /// Query i sees the keys 0...i: the first query stands at the first key.
  public static let upperLeft = CausalAlignment(isLowerRight: false, offset: 0)

  /// The last query stands at the last key, and each before it one key earlier: new queries against a cache of all keys.
  public static let lowerRight = CausalAlignment(isLowerRight: true, offset: 0)

  /// Query i sees the keys 0...i + `offset`.
  public static func upperLeft(offset: Int) -> CausalAlignment {
    CausalAlignment(isLowerRight: false, offset: offset)
  }

  /// Each query sees `offset` keys more than with ``lowerRight``.
  public static func lowerRight(offset: Int) -> CausalAlignment {
    CausalAlignment(isLowerRight: true, offset: offset)
  }
}

/// Sequences of different lengths, one behind another without padding.
public struct SequenceOffsets: Sendable, Equatable {
  /// Where each sequence of queries begins, and the end of the last.
  public let queries: [Int]
  /// The same for keys and values.
  public let keys: [Int]

  /// - Precondition: both hold as many numbers, which begin at 0 and never fall.
  public init(queries: [Int], keys: [Int]) {
    require(
      queries.count == keys.count && Self.areOffsets(queries) && Self.areOffsets(keys),
      "SequenceOffsets: \(queries) and \(keys) are not the offsets of as many sequences"
    )
    (self.queries, self.keys) = (queries, keys)
  }

  /// Sequences that attend to themselves.
  ///
  /// - Precondition: no length is negative.
  public init(lengths: [Int]) {
    let offsets = lengths.reduce(into: [0]) { $0.append($0.last! + $1) }
    self.init(queries: offsets, keys: offsets)
  }

  private static func areOffsets(_ numbers: [Int]) -> Bool {
    numbers.first == 0 && zip(numbers, numbers.dropFirst()).allSatisfy { $0 <= $1 }
  }
}

/// How attention is to be computed; without arguments, every query sees every key.
public struct AttentionOptions<Scalar: KernelScalar>: Sendable {
  /// Which keys a query sees, or what is added to its scores; of concatenated sequences, positions count from the start of
  /// each.
  public var mask: AttentionMask<Scalar>?
  /// Whether a query sees no key behind its own place.
  public var isCausal: Bool
  /// What its own place is.
  public var causalAlignment: CausalAlignment
  /// How many keys each batch item has; the rest is padding, and is not read. `nil`: all.
  public var keyLengths: [Int]?
  /// What scores are multiplied by; 1 / √d when `nil`.
  public var scale: Scalar?
  /// The order of the axes.
  public var layout: AttentionLayout
  /// Concatenated sequences: `q`, `k` and `v` are then (rows, heads, d), or (heads, rows, d) with heads first.
  public var sequences: SequenceOffsets?

  /// Options; the properties of the same names say what each parameter is.
  public init(
    mask: AttentionMask<Scalar>? = nil,
    isCausal: Bool = false,
    causalAlignment: CausalAlignment = .upperLeft,
    keyLengths: [Int]? = nil,
    scale: Scalar? = nil,
    layout: AttentionLayout = .headsFirst,
    sequences: SequenceOffsets? = nil
  ) {
    (self.mask, self.isCausal, self.causalAlignment) = (mask, isCausal, causalAlignment)
    (self.keyLengths, self.scale, self.layout, self.sequences) = (keyLengths, scale, layout, sequences)
  }
}

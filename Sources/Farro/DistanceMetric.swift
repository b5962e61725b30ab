import CKernels

/// A measure of how far apart two rows of numbers x and y are.
///
/// Quotients of 0 by 0 are NaN unless said otherwise. Names are scikit-learn's and SciPy's.
public enum DistanceMetric: Sendable, Hashable {
  /// The length of x - y.
  case euclidean
  /// The squared length of x - y.
  case squaredEuclidean
  /// The sum of |x - y| over the coordinates.
  case manhattan
  /// 1 - cos of the angle between x and y, from 0 to 2; 1 when either row is zero.
  case cosine
  /// The sum of x y over the coordinates. A similarity: larger is nearer.
  case innerProduct
  /// The largest |x - y| of all coordinates.
  case chebyshev
  /// The p-th root of the sum of |x - y|ᵖ. p is above 0, and may be infinite; a metric where it is 1 or more.
  case minkowski(p: Double)
  /// The cosine distance of x - mean(x) and y - mean(y), from 0 to 2; NaN when either row is constant.
  case correlation
  /// The sum of |x - y| / (|x| + |y|) over the coordinates, where 0 / 0 counts as 0.
  case canberra
  /// The sum of |x - y| by the sum of |x + y|.
  case brayCurtis
  /// The length of √x - √y, by √2: between distributions, whose coordinates are not negative.
  case hellinger
  /// The root of the Jensen-Shannon divergence, in nats, between x and y by their sums; infinite when a row has a negative
  /// coordinate or sums to 0.
  case jensenShannon
  /// The angle on a sphere, in radians, between points of latitude and longitude in radians.
  case haversine

  /// The metrics that have no parameter.
  public static let simple: [DistanceMetric] = [
    .euclidean, .squaredEuclidean, .manhattan, .cosine, .innerProduct, .chebyshev, .correlation, .canberra,
    .brayCurtis, .hellinger, .jensenShannon, .haversine,
  ]

  /// The name that scikit-learn or SciPy has for it: `"euclidean"`, `"sqeuclidean"`, `"minkowski"`, `"jensenshannon"`...
  public var name: String { String(cString: farro_metric_name(code)) }

  /// The metric of a name.
  ///
  /// - Parameters:
  ///   - name: As ``name`` has it; SciPy's `"cityblock"` is ``manhattan``.
  ///   - p: Of ``minkowski(p:)``.
  /// - Returns: `nil` for a name that none has, and for a `p` that is not above 0.
  public init?(name: String, p: Double = 2) {
    let metrics = Self.simple + (p > 0 ? [.minkowski(p: p)] : [])
    guard let metric = metrics.first(where: { $0.name == (name == "cityblock" ? "manhattan" : name) }) else {
      return nil
    }
    self = metric
  }

  var code: farro_metric {
    switch self {
    case .euclidean: FARRO_METRIC_EUCLIDEAN
    case .squaredEuclidean: FARRO_METRIC_SQUARED_EUCLIDEAN
    case .manhattan: FARRO_METRIC_MANHATTAN
    case .cosine: FARRO_METRIC_COSINE
    case .innerProduct: FARRO_METRIC_INNER_PRODUCT
    case .chebyshev: FARRO_METRIC_CHEBYSHEV
    case .minkowski: FARRO_METRIC_MINKOWSKI
    case .correlation: FARRO_METRIC_CORRELATION
    case .canberra: FARRO_METRIC_CANBERRA
    case .brayCurtis: FARRO_METRIC_BRAY_CURTIS
    case .hellinger: FARRO_METRIC_HELLINGER
    case .jensenShannon: FARRO_METRIC_JENSEN_SHANNON
    case .haversine: FARRO_METRIC_HAVERSINE
    }
  }

  /// The C interface's form.
  var distance: farro_distance {
    if case .minkowski(let p) = self { farro_distance(metric: code, p: p) } else { farro_distance(metric: code, p: 0) }
  }
}

extension DistanceMetric: CustomStringConvertible {
  /// The name, with its parameter: `"canberra"`, `"minkowski(p: 3.0)"`.
  public var description: String {
    if case .minkowski(let p) = self { "\(name)(p: \(p))" } else { name }
  }
}

/// Written as its name, and Minkowski's as a dictionary with `minkowski` and p.
extension DistanceMetric: Codable {
  private enum CodingKeys: String, CodingKey { case minkowski }

  public init(from decoder: any Decoder) throws {
    if let container = try? decoder.container(keyedBy: CodingKeys.self) {
      let p = try container.decode(Double.self, forKey: .minkowski)
      guard p > 0 else {
        throw DecodingError.dataCorruptedError(
          forKey: .minkowski,
          in: container,
          debugDescription: "p of the Minkowski distance is \(p), not above 0"
        )
      }
      self = .minkowski(p: p)
      return
    }
    let container = try decoder.singleValueContainer()
    let name = try container.decode(String.self)
    guard name != "minkowski", let metric = DistanceMetric(name: name) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "no metric is called \"\(name)\"")
    }
    self = metric
  }

  public func encode(to encoder: any Encoder) throws {
    if case .minkowski(let p) = self {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(p, forKey: .minkowski)
    } else {
      var container = encoder.singleValueContainer()
      try container.encode(name)
    }
  }
}

import Farro

/// How similar two rows x and y are to a support vector machine.
public enum SVMKernel<Scalar: KernelScalar>: Sendable, Equatable {
  /// x·y
  case linear
  /// (gamma x·y + coef0)^degree
  case polynomial
  /// exp(-gamma |x - y|²)
  case rbf
  /// tanh(gamma x·y + coef0)
  case sigmoid
  /// A function of one's own.
  case custom(CustomKernel<Scalar>)
}

/// A similarity of rows that a program brings along.
///
/// ```swift
/// let kernel = CustomKernel<Double>("cosine") { x, y in 1 - pairwiseDistances(x, y, metric: .cosine) }
/// let model = try SVC(kernel: .custom(kernel)).fit(x, labels)
/// ```
///
/// The function gets two matrices of rows, (m, d) and (n, d), and gives a matrix (m, n), symmetric and positive semidefinite when
/// both are the same. It is called from several threads at a time, and must give the same for the same two rows whatever rows are
/// beside them.
///
/// A file cannot hold a function: of a kernel that was decoded only the name is known, and a model predicts once its `kernel`
/// was set to one of the same name.
public struct CustomKernel<Scalar: KernelScalar>: Sendable, Equatable, Codable {
  /// What tells it from others.
  public let name: String
  let values: (@Sendable (Tensor<Scalar>, Tensor<Scalar>) -> Tensor<Scalar>)?

  public init(_ name: String, values: @escaping @Sendable (Tensor<Scalar>, Tensor<Scalar>) -> Tensor<Scalar>) {
    (self.name, self.values) = (name, values)
  }

  public init(from decoder: any Decoder) throws {
    (name, values) = (try decoder.singleValueContainer().decode(String.self), nil)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(name)
  }

  /// Kernels of the same name are taken for the same.
  public static func == (a: Self, b: Self) -> Bool { a.name == b.name }

  func checked() throws(ModelError) -> @Sendable (Tensor<Scalar>, Tensor<Scalar>) -> Tensor<Scalar> {
    guard let values else {
      throw .parameter(name: "kernel", reason: "the function of \"\(name)\" is not stored: set it before use")
    }
    return values
  }
}

extension SVMKernel: Codable {
  private enum CodingKeys: CodingKey { case custom }

  /// A name, scikit-learn's, or the name of a custom kernel.
  public init(from decoder: any Decoder) throws {
    if let container = try? decoder.container(keyedBy: CodingKeys.self) {
      self = .custom(try container.decode(CustomKernel<Scalar>.self, forKey: .custom))
      return
    }
    let container = try decoder.singleValueContainer()
    switch try container.decode(String.self) {
    case "linear": self = .linear
    case "poly": self = .polynomial
    case "rbf": self = .rbf
    case "sigmoid": self = .sigmoid
    case let name:
      throw DecodingError.dataCorruptedError(
        in: container,
        debugDescription: "\"\(name)\" is none of the kernels linear, poly, rbf and sigmoid"
      )
    }
  }

  public func encode(to encoder: any Encoder) throws {
    if case .custom(let kernel) = self {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(kernel, forKey: .custom)
      return
    }
    var container = encoder.singleValueContainer()
    switch self {
    case .linear: try container.encode("linear")
    case .polynomial: try container.encode("poly")
    case .rbf: try container.encode("rbf")
    case .sigmoid, .custom: try container.encode("sigmoid")
    }
  }
}

/// The gamma of a kernel.
public enum SVMGamma: Sendable, Hashable, Codable {
  /// 1 / (columns × variance of all elements); 1 for elements that are all equal.
  case scale
  /// 1 / columns
  case auto
  /// This number, above 0.
  case value(Double)

  func resolved<Scalar: KernelScalar>(_ x: Tensor<Scalar>) throws(ModelError) -> Double {
    let columns = Double(max(x.columnCount, 1))
    switch self {
    case .auto: return 1 / columns
    case .scale:
      let variance = x.count > 0 ? Double(x.variance()) : 0
      let gamma = 1 / (columns * variance)
      guard variance > 0 else { return 1 }
      guard gamma.isFinite && variance.isFinite else {
        throw .parameter(name: "gamma", reason: "of a variance of \(variance) no scale can come: scale the columns")
      }
      return gamma
    case .value(let gamma):
      guard gamma >= 0 && gamma.isFinite else {
        throw .parameter(name: "gamma", reason: "must be a number of at least 0, not \(gamma)")
      }
      return gamma
    }
  }
}

extension SVMGamma: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
  public init(floatLiteral value: Double) { self = .value(value) }
  public init(integerLiteral value: Int) { self = .value(Double(value)) }
}

/// A kernel with all its numbers, as fitted models keep it.
struct ResolvedKernel<Scalar: KernelScalar>: Sendable, Equatable, Codable {
  var kernel: SVMKernel<Scalar>
  var gamma, coef0: Double
  var degree: Int

  var flaw: String? {
    guard gamma >= 0 && gamma.isFinite && coef0.isFinite else {
      return "gamma \(gamma) or coef0 \(coef0) are no numbers"
    }
    return 0...Int(Int32.max) ~= degree ? nil : "the degree \(degree) is none"
  }

  /// For C, of rows of `x` by their numbers.
  func similarity(rows x: Tensor<Scalar>) throws(ModelError) -> RowSimilarity {
    let form: RowSimilarity.Form
    switch kernel {
    case .linear: form = .linear
    case .polynomial: form = .polynomial
    case .rbf: form = .rbf
    case .sigmoid: form = .sigmoid
    case .custom(let custom):
      let values = try custom.checked()
      form = .custom { rows, others in
        guard !Task.isCancelled else { return nil }
        let block = values(x[rows: rows], x[rows: others])
        guard block.shape == [rows.count, others.count] else { return nil }
        return Tensor<Float>(casting: block).scalars
      }
    }
    return RowSimilarity(form, gamma: gamma, coef0: coef0, degree: degree)
  }

  /// Weighted sums of similarities to support vectors. Shape (queries, groups, functions).
  func sums(
    _ queries: Tensor<Scalar>,
    vectors: Tensor<Scalar>,
    starts: [Int],
    coefficients: Tensor<Double>
  ) throws(ModelError) -> Tensor<Double> {
    guard case .custom(let custom) = kernel else {
      return similaritySums(
        queries,
        vectors: vectors,
        starts: starts,
        coefficients: coefficients,
        similarity: try similarity(rows: vectors)
      )
    }
    let values = try custom.checked()
    var parts: [Tensor<Double>] = []
    for (first, last) in zip(starts, starts.dropFirst()) {
      let columns = Array(first..<last)
      let block = Tensor<Double>(casting: values(queries, vectors[rows: columns]))
      guard block.shape == [queries.rowCount, columns.count] else {
        throw .parameter(name: "kernel", reason: "\"\(custom.name)\" gave values of the shape \(block.shape)")
      }
      parts.append(matmul(block, coefficients.transposed()[rows: columns]))
    }
    return stack(parts, axis: 1)
  }
}

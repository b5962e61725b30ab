import Farro
import FarroDatasets
import FarroModels
import Foundation
import TestSupport
import Testing

/// Numbers of a golden text.
func goldenNumbers(_ text: String) -> [Double] { text.split(separator: " ").map { Double($0)! } }

/// The largest error, by the largest of the numbers.
func relativeError<Scalar: KernelScalar>(_ actual: Tensor<Scalar>, _ golden: String) -> Double {
  let expected = goldenNumbers(golden)
  let largest = expected.reduce(1e-300) { max($0, abs($1)) }
  return worstError(actual.scalars, expected.map { Scalar($0) }) { _ in largest }
}

@Suite struct LogisticRegressionTests {
  private static let cancer = Datasets.breastCancer()
  private static let iris = Datasets.iris()
  private static let wine = Datasets.wine()
  private static let digits = Datasets.digits()
  private static let weights = Tensor<Double>((0..<150).map { 0.5 + Double($0 % 3) })

  private static func scaled(_ x: Tensor<Double>) -> Tensor<Double> {
    try! StandardScaler().fit(x).transform(x)
  }

  private typealias Estimator = LogisticRegression<Tensor<Double>>

  private struct Case: Sendable {
    var golden: LogisticGolden
    var x: Tensor<Double>
    var y: [Int]
    var estimator = Estimator()
    var weights: Tensor<Double>?
  }

  private static func fewColumns(_ x: Tensor<Double>, _ count: Int) -> Tensor<Double> {
    Tensor((0..<x.shape[0]).flatMap { x[row: $0].scalars[..<count] }, shape: [x.shape[0], count])
  }

  private static let smooth: [Case] = [
    Case(golden: .iris, x: iris.x, y: iris.y),
    Case(
      golden: .weighted,
      x: iris.x,
      y: iris.y,
      estimator: Estimator(c: 0.3, classWeight: .balanced),
      weights: weights
    ),
    Case(golden: .cancer, x: scaled(cancer.x), y: cancer.y),
    Case(golden: .plain, x: scaled(fewColumns(cancer.x, 4)), y: cancer.y, estimator: Estimator(c: .infinity)),
    Case(golden: .origin, x: scaled(wine.x), y: wine.y, estimator: Estimator(c: 10, fitIntercept: false)),
    Case(
      golden: .digits,
      x: digits.x[0..<600] * (1 / 16),
      y: Array(digits.y[..<600]),
      estimator: Estimator(c: 0.1)
    ),
  ]
  private static let penalized: [Case] = [
    Case(golden: .sparse, x: scaled(cancer.x), y: cancer.y, estimator: Estimator(c: 0.2, l1Ratio: 1)),
    Case(golden: .elastic, x: scaled(wine.x), y: wine.y, estimator: Estimator(c: 0.5, l1Ratio: 0.5)),
    Case(
      golden: .sparseClasses,
      x: scaled(iris.x),
      y: iris.y,
      estimator: Estimator(c: 0.5, l1Ratio: 1),
      weights: weights
    ),
  ]

  @Test(arguments: [128.0, 4096])
  func `a penalty L1 finds the same coefficients far from the origin`(offset: Double) throws {
    let x = Self.scaled(Self.iris.x)
    let near = try Estimator(l1Ratio: 1, tolerance: 1e-9).fit(x, Self.iris.y).model
    let far = try Estimator(l1Ratio: 1, tolerance: 1e-7).fit(x + offset, Self.iris.y).model
    for (a, b) in zip(near.coefficients.scalars, far.coefficients.scalars) { #expect(abs(a - b) < 1e-3) }
  }

  @Test(arguments: 0..<9)
  func `coefficients are scikit-learn's`(number: Int) throws {
    let item = (Self.smooth + Self.penalized)[number]
    var estimator = item.estimator
    (estimator.tolerance, estimator.maxIterations) = (1e-10, 20_000)
    let model = try estimator.fit(item.x, item.y, weights: item.weights)
    #expect(relativeError(model.coefficients, item.golden.coefficients) < 1e-6)
    #expect(relativeError(model.intercepts, item.golden.intercepts) < 1e-6)
    #expect(try relativeError(model.predictProbabilities(item.x[0..<1]), item.golden.probabilities) < 1e-6)

    var single = LogisticRegression<Tensor<Float>>(
      c: estimator.c,
      l1Ratio: estimator.l1Ratio,
      fitIntercept: estimator.fitIntercept,
      classWeight: estimator.classWeight
    )
    (single.tolerance, single.maxIterations) = (1e-7, 2000)
    let rough = try single.fit(Tensor(casting: item.x), item.y, weights: item.weights)
    #expect(relativeError(rough.coefficients, item.golden.coefficients) < 1e-4)

    var sparse = LogisticRegression<CSRMatrix<Double>>(
      c: estimator.c,
      l1Ratio: estimator.l1Ratio,
      fitIntercept: estimator.fitIntercept,
      classWeight: estimator.classWeight
    )
    (sparse.tolerance, sparse.maxIterations) = (estimator.tolerance, estimator.maxIterations)
    let same = try sparse.fit(CSRMatrix(item.x), item.y, weights: item.weights)
    #expect(relativeError(same.coefficients, item.golden.coefficients) < 1e-6)
    #expect(
      try relativeError(same.predictProbabilities(CSRMatrix(item.x[0..<1])), item.golden.probabilities) < 1e-6
    )
  }

  @Test func `columns of very different scales are no harder`() throws {
    let model = try Estimator(tolerance: 1e-7, maxIterations: 300).fit(Self.cancer.x, Self.cancer.y)
    #expect(model.isConverged && model.iterations < 200)
    #expect(relativeError(model.coefficients, LogisticGolden.unscaled.coefficients) < 1e-6)
  }

  @Test func `any instruction set and number of threads gives the same model`() throws {
    let x = Self.scaled(Self.digits.x)
    let one = try withThreads(1) { try Estimator().fit(x, Self.digits.y) }
    let two = try withThreads(2) { try Estimator().fit(x, Self.digits.y) }
    #expect(one.model == two.model)
    for isa in InstructionSet.supported {
      let model = try withInstructionSet(isa) { try Estimator(tolerance: 1e-9).fit(Self.iris.x, Self.iris.y) }
      #expect(relativeError(model.coefficients, LogisticGolden.iris.coefficients) < 1e-5, "\(isa)")
    }
  }

  @Test func `order of rows and names of classes change rounding alone`() throws {
    let estimator = Estimator(tolerance: 1e-10, maxIterations: 1000)
    let model = try estimator.fit(Self.iris.x, Self.iris.y)
    let order = (0..<150).map { $0 * 77 % 150 }
    let shuffled = try estimator.fit(Self.iris.x[rows: order], order.map { Self.iris.y[$0] })
    let named = try estimator.fit(Self.iris.x, Self.iris.y.map { ["c", "b", "a"][$0] })
    #expect(worstError(shuffled.coefficients.scalars, model.coefficients.scalars) { _ in 1e-7 } < 1)
    #expect(named.classes == ["a", "b", "c"])
    let reversed = named.coefficients[rows: [2, 1, 0]]
    #expect(worstError(reversed.scalars, model.coefficients.scalars) { _ in 1e-7 } < 1)
    #expect(try named.predict(Self.iris.x).map { ["c": 0, "b": 1, "a": 2][$0]! } == model.predict(Self.iris.x))
  }

  @Test func `probabilities sum to 1 and agree with decisions`() throws {
    for data in [Self.iris, Self.cancer] {
      let model = try Estimator(maxIterations: 200).fit(Self.scaled(data.x), data.y)
      let probabilities = try model.predictProbabilities(Self.scaled(data.x))
      #expect(probabilities.sum(axis: 1).scalars.allSatisfy { abs($0 - 1) < 1e-12 })
      #expect(try probabilities.argmax(axis: 1).scalars == model.predict(Self.scaled(data.x)))
      let scores = try model.decisionFunction(Self.scaled(data.x))
      #expect(scores.shape == (data.classNames.count == 2 ? [data.y.count] : [data.y.count, 3]))
    }
  }

  @Test func `a row of weight 2 counts as two rows, and of weight 0 as none`() throws {
    let x = Self.scaled(Self.iris.x)
    let counts = (0..<150).map { $0 % 3 }
    let order = counts.indices.flatMap { Array(repeating: $0, count: counts[$0]) }
    let estimator = Estimator(tolerance: 1e-10, maxIterations: 1000)
    let weighted = try estimator.fit(x, Self.iris.y, weights: Tensor(counts.map { Double($0) }))
    let repeated = try estimator.fit(x[rows: order], order.map { Self.iris.y[$0] })
    #expect(worstError(weighted.coefficients.scalars, repeated.coefficients.scalars) { _ in 1e-7 } < 1)
    let balanced = try Estimator(tolerance: 1e-10, classWeight: .balanced, maxIterations: 1000).fit(x, Self.iris.y)
    let equal = try Estimator(tolerance: 1e-10, classWeight: .weights([1, 1, 1]), maxIterations: 1000).fit(
      x,
      Self.iris.y
    )
    #expect(worstError(balanced.coefficients.scalars, equal.coefficients.scalars) { _ in 1e-7 } < 1)
  }

  @Test func `a fit that begins with a model needs fewer iterations`() throws {
    let x = Self.scaled(Self.cancer.x)
    let first = try Estimator(tolerance: 1e-8, maxIterations: 500).fit(x, Self.cancer.labels)
    let again = try Estimator(tolerance: 1e-7).fit(x, Self.cancer.labels, from: first)
    #expect(again.iterations == 0 && again.coefficients == first.coefficients)
    let stopped = try Estimator(tolerance: 1e-8, maxIterations: 2).fit(x, Self.cancer.labels)
    #expect(!stopped.isConverged && stopped.iterations == 2)
    #expect(throws: MetricError.unknownLabel(Self.cancer.labels[0] + "?", row: 0)) {
      try Estimator().fit(x, Self.cancer.labels.map { $0 + "?" }, from: first)
    }
  }

  @Test func `separable classes without a penalty end cleanly`() throws {
    let x = Tensor<Double>([[0, 5], [1, 5], [2, 5], [3, 5]])
    let model = try Estimator(c: .infinity, maxIterations: 1000).fit(x, [0, 0, 1, 1])
    #expect(model.isConverged && model.coefficients.scalars.allSatisfy(\.isFinite))
    #expect(try model.predict(x) == [0, 0, 1, 1])
    let deep = try LogisticRegression<Tensor<Float>>(c: .infinity, tolerance: 0, maxIterations: 300)
      .fit(Tensor(casting: x), [0, 0, 1, 1])
    #expect(deep.coefficients.scalars.allSatisfy { $0.isFinite })
  }

  @Test func `constant columns, equal rows, more columns than rows, huge and tiny scales`() throws {
    let wide = Tensor<Double>((0..<200).map { Double($0 * 37 % 101) / 101 }, shape: [4, 50])
    #expect(try Estimator().fit(wide, [0, 1, 2, 1]).predict(wide) == [0, 1, 2, 1])
    let equal = try Estimator().fit(Tensor<Double>(ones: [6, 3]), [0, 0, 1, 1, 1, 1])
    let share = try equal.predictProbabilities(Tensor(ones: [1, 3]))
    #expect(abs(share[0, 1] - 2 / 3) < 1e-3)
    let x = Self.scaled(Self.iris.x)
    let plain = try Estimator(c: 1e6, tolerance: 1e-6, maxIterations: 500).fit(x, Self.iris.y).predict(x)
    for scale in [1e-60, 1e60] {
      let c = scale < 1 ? .infinity : 1.0
      let model = try Estimator(c: c, tolerance: 1e-6 * scale, maxIterations: 500).fit(x * scale, Self.iris.y)
      let agreeing = try zip(model.predict(x * scale), plain).count { $0 == $1 }
      #expect(agreeing >= 147, "\(scale)")
    }
  }

  @Test func `errors say what is wrong and where`() throws {
    var broken = Self.iris.x
    broken[41, 2] = .infinity
    #expect(throws: ModelError.notFinite(row: 41, column: 2)) { try Estimator().fit(broken, Self.iris.y) }
    #expect(throws: ModelError.classes(1, needed: 2)) {
      try Estimator().fit(Self.iris.x[0..<50], [Int](repeating: 0, count: 50))
    }
    #expect(throws: ModelError.rows(0, needed: 1)) { try Estimator().fit(Tensor(zeros: [0, 4]), [Int]()) }
    #expect(throws: ModelError.labels(3, rows: 150)) { try Estimator().fit(Self.iris.x, [0, 1, 2]) }
    #expect(throws: ModelError.parameter(name: "c", reason: "must be above 0, not 0.0")) {
      try Estimator(c: 0).fit(Self.iris.x, Self.iris.y)
    }
    #expect(throws: ModelError.self) { try Estimator(l1Ratio: 1.5).fit(Self.iris.x, Self.iris.y) }
    for weights in [[1], [1, -1, 1], [1, .nan, 1], [0, 0, 0]] {
      #expect {
        try Estimator(classWeight: .weights(weights)).fit(Self.iris.x, Self.iris.y)
      } throws: {
        "\($0)".contains("classWeight: 3 classes need")
      }
    }
    #expect(throws: ModelError.weights("all are 0")) {
      try Estimator().fit(Self.iris.x, Self.iris.y, weights: Tensor(zeros: [150]))
    }
    let model = try Estimator().fit(Self.iris.x, Self.iris.y)
    #expect(throws: ModelError.columns(3, expected: 4)) { try model.predict(Tensor(zeros: [1, 3])) }
    #expect(throws: ModelError.notFinite(row: 41, column: 2)) { try model.predictProbabilities(broken) }
    #expect(try model.predict(Tensor(zeros: [0, 4])).isEmpty)
  }

  @Test func `a cancelled task ends with an error`() async {
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try Estimator().fit(Self.iris.x, Self.iris.y)
    }
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test func `parameters and models survive being written`() throws {
    let estimator = Estimator(c: 2, l1Ratio: 0.5, classWeight: .weights([1, 2, 3]))
    #expect(try JSONDecoder().decode(Estimator.self, from: JSONEncoder().encode(estimator)) == estimator)
    let model = try Estimator().fit(Self.iris.x, Self.iris.y).model
    try checkDamage(to: model) { model in
      guard model.coefficients.shape[1] == 4 else { return }
      let answers = try model.predictClasses(Self.iris.x)
      #expect(answers.allSatisfy { 0..<Int32(model.classCount) ~= $0 })
    }
  }
}

import Farro
import FarroDatasets
import FarroModels
import Foundation
import TestSupport
import Testing

/// Data of Tests/Golden/svm.py.
enum SVMData {
  static func scaled(_ x: Tensor<Double>) -> Tensor<Double> { try! StandardScaler().fit(x).transform(x) }
  static let iris = (x: Datasets.iris().x, y: Datasets.iris().y)
  static let wine = (x: scaled(Datasets.wine().x), y: Datasets.wine().y)
  static let breastCancer = (x: scaled(Datasets.breastCancer().x), y: Datasets.breastCancer().y)
  static let digits = (x: Datasets.digits().x[0..<600], y: Array(Datasets.digits().y[..<600]))
  static let diabetes = (x: scaled(Datasets.diabetes().x), y: Datasets.diabetes().y)

  static func weights(_ count: Int) -> Tensor<Double> { Tensor((0..<count).map { 0.5 + Double($0 % 3) }) }
  static func everyTwentieth(_ x: Tensor<Double>) -> Tensor<Double> {
    x[rows: Array(stride(from: 0, to: x.rowCount, by: 20))]
  }
  static func isNear(_ a: [Double], _ b: [Double], _ relative: Double) -> Bool {
    let magnitude = b.reduce(0) { max($0, abs($1)) }
    return a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= relative * magnitude }
  }
}

@Suite struct SVCTests {
  private func estimator(_ kernel: SVMKernel<Double> = .rbf, c: Double = 1) -> SVC<Double> {
    SVC(c: c, kernel: kernel, tolerance: 1e-6, decisionFunctionShape: .ovo)
  }

  private func check(
    _ golden: SVCGolden,
    _ estimator: SVC<Double>,
    _ data: (x: Tensor<Double>, y: [Int]),
    weights: Tensor<Double>? = nil,
    at location: SourceLocation = #_sourceLocation
  ) throws {
    let model = try estimator.fit(data.x, data.y, weights: weights).model
    #expect(model.hasConverged.allSatisfy { $0 }, sourceLocation: location)
    #expect(SVMData.isNear(model.dualObjective, golden.objective, 1e-4), sourceLocation: location)
    let (count, expected) = (model.nSupport.reduce(0, +), golden.nSupport.reduce(0, +))
    #expect(abs(count - expected) <= max(2, expected / 100), "\(count), \(expected)", sourceLocation: location)
    #expect(SVMData.isNear(model.intercept, golden.intercept, 1e-4), sourceLocation: location)
    let decisions = try model.decisionFunction(SVMData.everyTwentieth(data.x))
    #expect(SVMData.isNear(decisions.scalars, golden.decisions, 1e-4), sourceLocation: location)
    #expect(model.dualCoefficients.shape == [model.classCount - 1, count], sourceLocation: location)
    #expect(data.x[rows: model.support] == model.supportVectors, sourceLocation: location)
  }

  @Test func `the same support vectors as scikit-learn`() throws {
    try check(.iris, estimator(), SVMData.iris)
    var polynomial = estimator(.polynomial)
    polynomial.coef0 = 1
    try check(.irisPolynomial, polynomial, SVMData.iris)
    var automatic = estimator(c: 10)
    automatic.gamma = .auto
    try check(.wine, automatic, SVMData.wine)
    try check(.breastCancer, estimator(), SVMData.breastCancer)
    try check(.breastCancerLinear, estimator(.linear, c: 0.1), SVMData.breastCancer)
    var fixed = estimator(c: 2)
    fixed.gamma = 0.001
    try check(.digits, fixed, SVMData.digits)
  }

  @Test func `weights of rows and of classes count as in scikit-learn`() throws {
    var balanced = estimator(c: 0.2)
    balanced.classWeight = .balanced
    try check(.weighted, balanced, SVMData.wine, weights: SVMData.weights(178))
  }

  /// No kernel, strictly: the dual problem has several minima, of which working sets of other sizes find others.
  @Test func `a kernel that is not positive is fitted as well`() throws {
    var sigmoid = estimator(.sigmoid, c: 0.5)
    sigmoid.coef0 = -0.5
    let model = try sigmoid.fit(SVMData.wine.x, SVMData.wine.y).model
    #expect(model.hasConverged.allSatisfy { $0 })
    let golden = SVCGolden.wineSigmoid
    #expect(zip(model.dualObjective, golden.objective).allSatisfy { $0 <= $1 + 0.02 * abs($1) })
  }

  @Test func `single precision finds the same borders`() throws {
    let x = Tensor<Float>(casting: SVMData.breastCancer.x)
    let model = try SVC(tolerance: 1e-6).fit(x, SVMData.breastCancer.y)
    #expect(SVMData.isNear(model.dualObjective, SVCGolden.breastCancer.objective, 1e-4))
    let decisions = try model.decisionFunction(x[rows: Array(stride(from: 0, to: 569, by: 20))])
    #expect(SVMData.isNear(decisions.scalars.map { Double($0) }, SVCGolden.breastCancer.decisions, 1e-3))
  }

  @Test func `any number of threads and a small cache: the same bits, the same minimum`() throws {
    let (x, y) = SVMData.digits
    let model = try SVC().fit(x, y).model
    let serial = try withThreads(1) { try SVC().fit(x, y).model }
    #expect(model == serial)
    let binary = try SVC().fit(SVMData.breastCancer.x, SVMData.breastCancer.y).model
    #expect(try withThreads(1) { try SVC().fit(SVMData.breastCancer.x, SVMData.breastCancer.y).model } == binary)
    #expect(
      try withThreads(1) { try model.decisionFunction(x).scalars } == model.decisionFunction(x).scalars
    )
    let small = try SVC(cacheSize: 0.05).fit(SVMData.breastCancer.x, SVMData.breastCancer.y).model
    #expect(SVMData.isNear(small.dualObjective, binary.dualObjective, 1e-4))
    let unshrunk = try SVC(shrinking: false).fit(SVMData.breastCancer.x, SVMData.breastCancer.y).model
    #expect(SVMData.isNear(unshrunk.dualObjective, binary.dualObjective, 1e-4))
  }

  @Test func `classes are voted for, and ties are broken by scores if asked`() throws {
    let (x, y) = SVMData.wine
    let classifier = try SVC(decisionFunctionShape: .ovr).fit(x, y)
    let scores = try classifier.decisionFunction(x)
    #expect(scores.shape == [178, 3])
    let answers = try classifier.predict(x)
    #expect(zip(answers, y).filter { $0 == $1 }.count >= 174)
    let broken = try SVC(breakTies: true).fit(x, y)
    let best = try broken.decisionFunction(x).argmax(axis: 1).scalars
    #expect(try broken.predict(x) == best.map { broken.classes[$0] })
    #expect(throws: ModelError.self) { try SVC(decisionFunctionShape: .ovo, breakTies: true).fit(x, y) }
  }

  @Test func `one against the rest is the other way to more than two classes`() throws {
    let (x, y) = SVMData.wine
    let classifier = try SVC(probability: true, strategy: .oneVsRest).fit(x, y)
    #expect(classifier.intercept.count == 3 && classifier.dualCoefficients.shape[0] == 3)
    #expect(zip(try classifier.predict(x), y).filter { $0 == $1 }.count >= 174)
    let probabilities = try classifier.predictProbabilities(x)
    #expect(probabilities.sum(axis: 1).scalars.allSatisfy { abs($0 - 1) < 1e-12 })
    // Each is the machine of two classes.
    let second = try SVC().fit(x, y.map { $0 == 1 })
    #expect(abs(second.dualObjective[0] - classifier.dualObjective[1]) <= 1e-6 * abs(second.dualObjective[0]))
  }

  @Test func `probabilities rank as decisions do, and sum to 1`() throws {
    let (x, y) = SVMData.breastCancer
    let classifier = try SVC(probability: true, seed: 3).fit(x, y)
    let probabilities = try classifier.predictProbabilities(x)
    let decisions = try classifier.decisionFunction(x)
    for row in 1..<569 where decisions[row] < decisions[row - 1] {
      #expect(probabilities[row, 1] <= probabilities[row - 1, 1])
    }
    let loss = -zip(0..<569, y).reduce(0) { $0 + log(probabilities[$1.0, $1.1]) } / 569
    #expect(loss < 0.08, "\(loss)")
    let three = try SVC(probability: true).fit(SVMData.wine.x, SVMData.wine.y).predictProbabilities(SVMData.wine.x)
    #expect(three.sum(axis: 1).scalars.allSatisfy { abs($0 - 1) < 1e-12 })
    #expect(zip(three.argmax(axis: 1).scalars, SVMData.wine.y).filter { $0 == $1 }.count >= 174)
    let plain = try SVC().fit(x, y)
    #expect(throws: ModelError.self) { try plain.predictProbabilities(x) }
    #expect(try SVC(probability: true, seed: 3).fit(x, y) == classifier)
  }

  @Test func `a kernel of one's own gives what the built-in one does`() throws {
    let (x, y) = SVMData.wine
    let custom = CustomKernel<Double>("rbf by hand") { x, y in
      let squares = pairwiseDistances(x, y, metric: .squaredEuclidean)
      return exp(squares * -0.05)
    }
    let own = try SVC(kernel: .custom(custom), tolerance: 1e-6).fit(x, y)
    let built = try SVC(gamma: 0.05, tolerance: 1e-6).fit(x, y)
    #expect(own.nSupport == built.nSupport)
    #expect(SVMData.isNear(own.dualObjective, built.dualObjective, 1e-6))
    #expect(
      SVMData.isNear(try own.decisionFunction(x).scalars, try built.decisionFunction(x).scalars, 1e-5)
    )
    var again = try JSONDecoder().decode(SVCModel<Double>.self, from: JSONEncoder().encode(own.model))
    #expect(throws: ModelError.self) { try again.predictClasses(x) }
    again.kernel = .custom(custom)
    #expect(try again.predictClasses(x) == own.model.predictClasses(x))
  }

  @Test func `rows in another order and classes of other names change rounding only`() throws {
    let (x, y) = SVMData.wine
    let order = (0..<178).map { ($0 * 55 + 3) % 178 }
    let plain = try SVC(tolerance: 1e-6).fit(x, y)
    let moved = try SVC(tolerance: 1e-6).fit(x[rows: order], order.map { y[$0] })
    #expect(SVMData.isNear(moved.dualObjective, plain.dualObjective, 1e-8))
    let named = try SVC(tolerance: 1e-6).fit(x, y.map { ["c", "a", "b"][$0] })
    #expect(try named.predict(x) == plain.predict(x).map { ["c", "a", "b"][$0] })
    #expect(Set(named.support) == Set(plain.support))
  }

  @Test func `the linear kernel finds the same plane far from the origin`() throws {
    let (x, y) = SVMData.wine
    let near = try SVC(kernel: .linear, tolerance: 1e-6).fit(x, y)
    let far = try SVC(kernel: .linear, tolerance: 1e-6).fit(x + 4096, y)
    #expect(SVMData.isNear(far.dualObjective, near.dualObjective, 1e-5))
    #expect(SVMData.isNear(try far.decisionFunction(x + 4096).scalars, try near.decisionFunction(x).scalars, 1e-3))
  }

  @Test func `weights that leave rows of one class are told of`() throws {
    let (x, y) = SVMData.breastCancer
    let classes = Array(Set(y))
    let weights = Tensor(y.map { $0 == classes[0] ? 1.0 : 0 })
    #expect(throws: ModelError.weights("rows that count are of 1 classes, and 2 are needed")) {
      try SVC().fit(x, y, weights: weights)
    }
  }

  @Test func `constant columns, equal rows, huge and tiny scales, few rows of many columns`() throws {
    let (x, y) = SVMData.iris
    let plain = try SVC(tolerance: 1e-6).fit(x, y)
    let constant = concatenate([x, Tensor<Double>(repeating: 3, shape: [150, 2])], axis: 1)
    let gamma = SVMGamma.value(plain.gamma)
    #expect(try SVC(gamma: gamma, tolerance: 1e-6).fit(constant, y).predict(constant) == plain.predict(x))
    for scale in [1e-30, 1e30] {
      #expect(try SVC(tolerance: 1e-6).fit(x * scale, y).predict(x * scale) == plain.predict(x), "\(scale)")
    }
    let doubled = Array(0..<150) + Array(0..<150)
    let twice = try SVC(c: 0.5, gamma: gamma, tolerance: 1e-6).fit(x[rows: doubled], y + y)
    #expect(SVMData.isNear(twice.dualObjective, plain.dualObjective, 1e-5))
    let equal = try SVC().fit(Tensor<Float>(ones: [6, 2]), [0, 1, 0, 1, 0, 0])
    #expect(try equal.predict(Tensor<Float>(ones: [1, 2])) == [0])
    let wide = Tensor<Double>(randomNormal: [6, 40], seed: 1)
    #expect(try SVC(c: 100).fit(wide, [1, 2, 1, 2, 1, 2]).predict(wide) == [1, 2, 1, 2, 1, 2])
    let pair = try SVC(kernel: .linear).fit(Tensor<Double>([[0], [1]]), ["a", "b"])
    #expect(try pair.decisionFunction(Tensor([[0.5]])).scalars == [0])
  }

  @Test func `errors say what is wrong and where`() throws {
    let (x, y) = SVMData.iris
    var broken = x
    broken[7, 2] = .nan
    #expect(throws: ModelError.notFinite(row: 7, column: 2)) { try SVC().fit(broken, y) }
    #expect(throws: ModelError.classes(1, needed: 2)) { try SVC().fit(x, Array(repeating: "a", count: 150)) }
    #expect(throws: ModelError.classes(1, needed: 2)) { try SVC().fit(x[0..<1], [1]) }
    #expect(throws: ModelError.rows(0, needed: 2)) { try SVC().fit(x[0..<0], [Int]()) }
    #expect(throws: ModelError.labels(149, rows: 150)) { try SVC().fit(x, Array(y.dropLast())) }
    #expect(throws: ModelError.weights("all are 0")) { try SVC().fit(x, y, weights: Tensor(zeros: [150])) }
    #expect(throws: ModelError.parameter(name: "c", reason: "must be a number above 0, not 0.0")) {
      try SVC(c: 0).fit(x, y)
    }
    #expect(throws: ModelError.self) { try SVC(gamma: -1).fit(x, y) }
    #expect(throws: ModelError.self) { try SVC(degree: -1).fit(x, y) }
    #expect(throws: ModelError.self) { try SVC(tolerance: .nan).fit(x, y) }
    let model = try SVC().fit(x, y)
    #expect(throws: ModelError.columns(3, expected: 4)) { try model.predict(Tensor(zeros: [2, 3])) }
    #expect(try model.predict(Tensor(zeros: [0, 4])).isEmpty)
    #expect(try SVC(maxIterations: 2).fit(x, y).hasConverged.contains(false))
  }

  @Test func `a task that is cancelled ends the fit`() async throws {
    let (x, y) = SVMData.digits
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try SVC().fit(x, y).support.count
    }
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test func `parameters and models survive being stored`() throws {
    let (x, y) = SVMData.iris
    let estimator = SVC<Double>(c: 2, kernel: .sigmoid, gamma: .auto, classWeight: .balanced, maxIterations: 9)
    #expect(try JSONDecoder().decode(SVC<Double>.self, from: JSONEncoder().encode(estimator)) == estimator)
    let model = try SVC(probability: true).fit(x, y).model
    try checkDamage(to: model) { model in
      guard let numbers = try? model.predictClasses(x[0..<20]) else { return }
      #expect(numbers.allSatisfy { 0..<Int32(model.classCount) ~= $0 })
      _ = try? model.predictProbabilities(x[0..<2])
    }
  }
}

import Farro
import FarroDatasets
import FarroModels
import Foundation
import TestSupport
import Testing

@Suite struct SGDTests {
  private static let iris = Datasets.iris()
  private static let cancer = Datasets.breastCancer()
  private static let diabetes = Datasets.diabetes()

  private static func scaled(_ x: Tensor<Double>) -> Tensor<Double> { try! StandardScaler().fit(x).transform(x) }
  private static let x = scaled(cancer.x)
  private static let flowers = scaled(iris.x)

  private typealias Estimator = SGDClassifier<Tensor<Double>>

  private func score<Label: Hashable>(_ answers: [Label], _ labels: [Label]) -> Double {
    Double(zip(answers, labels).count { $0 == $1 }) / Double(labels.count)
  }

  /// Three standard errors of the difference between the means of 10 seeds' scores and of scikit-learn's 40.
  private func least(_ golden: [Double], _ place: Int = 0) -> Double {
    golden[place] - 3 * golden[place + 1] * (1.0 / 10 + 1.0 / 40).squareRoot()
  }

  @Test(arguments: SGDClassifierLoss.allCases)
  func `scores are scikit-learn's`(loss: SGDClassifierLoss) throws {
    let golden = SGDGolden.scores[loss.rawValue]!
    var scores: [Double] = []
    var flowerScores: [Double] = []
    for seed in 0..<10 {
      let estimator = Estimator(loss: loss, seed: UInt64(seed))
      scores.append(try score(estimator.fit(Self.x, Self.cancer.y).predict(Self.x), Self.cancer.y))
      let flowers = try estimator.fit(Self.flowers, Self.iris.y)
      flowerScores.append(try score(flowers.predict(Self.flowers), Self.iris.y))
    }
    #expect(scores.reduce(0, +) / 10 > least(golden))
    #expect(flowerScores.reduce(0, +) / 10 > least(golden, 2))
  }

  @Test(arguments: SGDRegressorLoss.allCases)
  func `regressions explain what scikit-learn's do`(loss: SGDRegressorLoss) throws {
    let golden = SGDGolden.scores[loss.rawValue]!
    let (x, y) = (Self.scaled(Self.diabetes.x), Self.diabetes.y)
    var total = 0.0
    for seed in 0..<10 {
      let model = try SGDRegressor<Tensor<Double>>(loss: loss, seed: UInt64(seed)).fit(x, y)
      total += try r2Score(y, predicted: model.predict(x))
    }
    #expect(total / 10 > least(golden) - 1e-3)
  }

  @Test func `steps are those that the formulas say`() throws {
    // Two rows in their order, by hand: the squared error with a constant rate of 1/2 and no penalty.
    var estimator = SGDRegressor<Tensor<Double>>(penalty: .none, maxIterations: 1, tolerance: nil)
    (estimator.learningRate, estimator.eta0, estimator.shuffle) = (.constant, 0.5, false)
    let (x, y) = (Tensor<Double>([[1, 0], [2, 1]]), Tensor<Double>([1, 3]))
    let model = try estimator.fit(x, y)
    // First w = (1/2, 0), b = 1/2. Then z = 3/2 and r = -3/2: w + 3/4 (2, 1), b + 3/4.
    #expect(model.coefficients == Tensor([2, 0.75]) && model.intercept == 1.25 && model.iterations == 1)
    estimator.average = 1
    let mean = try estimator.fit(x, y)
    #expect(mean.coefficients == Tensor([1.25, 0.375]) && mean.intercept == 0.875)
    estimator.average = nil
    estimator.batchSize = 2
    // Of both rows at once: the mean of (1, 0) 1 and (2, 1) 3, half of it.
    let batch = try estimator.fit(x, y)
    #expect(batch.coefficients == Tensor([1.75, 0.75]) && batch.intercept == 1)
    estimator.batchSize = 1
    (estimator.penalty, estimator.alpha) = (.l1, 0.5)
    // Each step takes 1/4: (1/4, 0), then z = 1 and r = -2 make it (9/4, 1), from which 1/4 and, as it is new, 1/2 are taken.
    let sparse = try estimator.fit(x, y)
    #expect(sparse.coefficients == Tensor([2, 0.5]) && sparse.intercept == 1.5)
    (estimator.penalty, estimator.alpha) = (.l2, 0.5)
    let ridge = try estimator.fit(x, y)
    // Weights shrink by 3/4 before each step: (3/8, 0), where z was 3/2.
    #expect(worstError(ridge.coefficients.scalars, [1.875, 0.75]) { _ in 1e-15 } <= 1 && ridge.intercept == 1.25)
  }

  @Test func `a strong l1 penalty leaves few coefficients`() throws {
    let counts = try [1e-4, 1e-2, 0.05].map { alpha in
      let model = try Estimator(loss: .log, penalty: .l1, alpha: alpha, seed: 3).fit(Self.x, Self.cancer.y)
      return model.coefficients.scalars.count { $0 != 0 }
    }
    #expect(counts[0] > counts[1] && counts[1] > counts[2] && counts[2] > 0)
  }

  @Test func `sparse rows and threads change nothing that they should not`() throws {
    let one = try withThreads(1) { try Estimator(seed: 5).fit(Self.flowers, Self.iris.y) }
    let two = try withThreads(2) { try Estimator(seed: 5).fit(Self.flowers, Self.iris.y) }
    #expect(one.model == two.model)
    #expect(try Estimator(seed: 6).fit(Self.flowers, Self.iris.y).model != one.model)
    // Without intercepts, whose steps are shorter where rows are sparse.
    var (dense, sparse) = (Estimator(seed: 5), SGDClassifier<CSRMatrix<Double>>(seed: 5))
    (dense.fitIntercept, sparse.fitIntercept) = (false, false)
    for penalty in SGDPenalty.allCases where penalty != .l1 && penalty != .elasticNet {
      for average in [nil, 10] {
        (dense.penalty, sparse.penalty) = (penalty, penalty)
        (dense.average, sparse.average) = (average, average)
        let a = try dense.fit(Self.flowers, Self.iris.y).coefficients
        let b = try sparse.fit(CSRMatrix(Self.flowers), Self.iris.y).coefficients
        let largest = a.scalars.reduce(0) { max($0, abs($1)) }
        #expect(worstError(a.scalars, b.scalars) { _ in 1e-6 * largest } < 1, "\(penalty)")
      }
    }
    let single = try SGDClassifier<Tensor<Float>>(seed: 5).fit(Tensor(casting: Self.flowers), Self.iris.y)
    #expect(try score(single.predict(Tensor(casting: Self.flowers)), Self.iris.y) > 0.85)
  }

  @Test func `passes over parts go on from one another`() throws {
    var estimator = Estimator(loss: .log, seed: 2)
    estimator.shuffle = false
    let labels = Self.cancer.labels
    let names = ["benign", "malignant"]
    let first = try estimator.partialFit(Self.x[0..<300], Array(labels[..<300]), classes: names)
    let both = try estimator.partialFit(Self.x[300..<569], Array(labels[300...]), classes: names, from: first)
    estimator.maxIterations = 1
    estimator.tolerance = nil
    let whole = try estimator.fit(Self.x, labels)
    #expect(whole.classes == names)
    #expect(worstError(both.coefficients.scalars, whole.coefficients.scalars) { _ in 1e-9 } < 1)
    #expect(throws: MetricError.unknownLabel("malignant", row: labels.firstIndex(of: "malignant")!)) {
      try estimator.partialFit(Self.x, labels, classes: ["benign", "x"])
    }
    #expect(throws: ModelError.self) { try estimator.partialFit(Self.x, labels, classes: ["x", "y"], from: first) }
    let numbers = SGDRegressor<Tensor<Double>>()
    let once = try numbers.partialFit(Self.flowers, Tensor(Self.iris.y.map(Double.init)))
    #expect(try numbers.partialFit(Self.flowers, Tensor(Self.iris.y.map(Double.init)), from: once) != once)
  }

  @Test func `weights of rows and of classes count`() throws {
    let counts = (0..<569).map { Double($0 % 2) }
    let odd = (0..<569).filter { $0 % 2 == 1 }
    var estimator = Estimator(loss: .log, maxIterations: 3, tolerance: nil)
    estimator.shuffle = false
    (estimator.learningRate, estimator.penalty) = (.constant, .none)
    let weighted = try estimator.fit(Self.x, Self.cancer.y, weights: Tensor(counts))
    let chosen = try estimator.fit(Self.x[rows: odd], odd.map { Self.cancer.y[$0] })
    #expect(worstError(weighted.coefficients.scalars, chosen.coefficients.scalars) { _ in 1e-9 } < 1)
    let benign = try Estimator(classWeight: .weights([1e-6, 1])).fit(Self.x, Self.cancer.y)
    #expect(try score(benign.predict(Self.x), [Int](repeating: 1, count: 569)) > 0.9)
    #expect(
      try score(Estimator(classWeight: .balanced).fit(Self.x, Self.cancer.y).predict(Self.x), Self.cancer.y) > 0.93
    )
  }

  @Test func `probabilities are of the losses that have them`() throws {
    for loss in [SGDClassifierLoss.log, .modifiedHuber] {
      for (x, y, classes) in [(Self.x, Self.cancer.y, 2), (Self.flowers, Self.iris.y, 3)] {
        let model = try Estimator(loss: loss).fit(x, y)
        let probabilities = try model.predictProbabilities(x)
        #expect(probabilities.shape == [y.count, classes])
        #expect(probabilities.scalars.allSatisfy { 0...1 ~= $0 })
        #expect(probabilities.sum(axis: 1).scalars.allSatisfy { abs($0 - 1) < 1e-12 })
        #expect(try model.decisionFunction(x).shape == (classes == 2 ? [y.count] : [y.count, 3]))
      }
    }
    let hinge = try Estimator().fit(Self.flowers, Self.iris.y)
    #expect(throws: ModelError.self) { try hinge.predictProbabilities(Self.flowers) }
  }

  @Test func `rows held out, averages and all rates end with good scores`() throws {
    for rate in [SGDLearningRate.constant, .optimal, .invscaling, .adaptive] {
      for average in [nil, 1] {
        var estimator = Estimator(loss: .log, seed: 4)
        (estimator.learningRate, estimator.average, estimator.earlyStopping) = (rate, average, true)
        let model = try estimator.fit(Self.x, Self.cancer.y)
        #expect(try score(model.predict(Self.x), Self.cancer.y) > 0.94, "\(rate), \(average ?? 0)")
        #expect(model.iterations < 1000)
      }
    }
    var estimator = Estimator(seed: 4)
    estimator.batchSize = 16
    #expect(try score(estimator.fit(Self.x, Self.cancer.y).predict(Self.x), Self.cancer.y) > 0.94)
  }

  @Test func `a perceptron separates what can be separated`() throws {
    let two = (0..<150).filter { Self.iris.y[$0] < 2 }
    let x = Self.iris.x[rows: two]
    let model = try Perceptron(seed: 1).fit(x, two.map { Self.iris.y[$0] })
    #expect(try model.predict(x) == two.map { Self.iris.y[$0] })
    let golden = SGDGolden.scores["Perceptron"]!
    let total = try (0..<10).reduce(0.0) { total, seed in
      let model = try Perceptron<Tensor<Double>>(seed: UInt64(seed)).fit(Self.x, Self.cancer.y)
      return try total + score(model.predict(Self.x), Self.cancer.y)
    }
    #expect(total / 10 > least(golden))
  }

  @Test func `constant columns, equal rows, more columns than rows, huge and tiny scales`() throws {
    let wide = Tensor<Double>((0..<200).map { Double($0 * 37 % 101) / 101 - 0.5 }, shape: [4, 50])
    #expect(try Estimator().fit(wide, [0, 1, 2, 1]).predict(wide) == [0, 1, 2, 1])
    let equal = try Estimator(loss: .log).fit(Tensor<Double>(ones: [6, 3]), [0, 1, 1, 1, 1, 1])
    #expect(try equal.predict(Tensor(ones: [1, 3])) == [1])
    _ = try Estimator(loss: .log).fit(Self.flowers * 1e-150, Self.iris.y)
    var regressor = SGDRegressor<Tensor<Double>>()
    regressor.eta0 = 1e10
    #expect(throws: ModelError.self) { try regressor.fit(Self.flowers * 1e150, Tensor(Self.iris.y.map(Double.init))) }
  }

  @Test func `errors say what is wrong and where`() throws {
    var broken = Self.flowers
    broken[41, 2] = .nan
    #expect(throws: ModelError.notFinite(row: 41, column: 2)) { try Estimator().fit(broken, Self.iris.y) }
    #expect(throws: ModelError.classes(1, needed: 2)) { try Estimator().fit(Self.flowers[0..<5], [0, 0, 0, 0, 0]) }
    #expect(throws: ModelError.rows(0, needed: 1)) { try Estimator().fit(Tensor(zeros: [0, 4]), [Int]()) }
    #expect(throws: ModelError.labels(2, rows: 150)) { try SGDRegressor().fit(Self.flowers, Tensor([1, 2])) }
    #expect(throws: ModelError.parameter(name: "y", reason: "row 1 holds NaN or an infinity")) {
      try SGDRegressor().fit(Self.flowers[0..<2], Tensor([1, .nan]))
    }
    #expect(throws: ModelError.self) { try Estimator(alpha: -1).fit(Self.flowers, Self.iris.y) }
    #expect(throws: ModelError.self) { try Estimator(alpha: 0).fit(Self.flowers, Self.iris.y) }
    var estimator = Estimator()
    estimator.batchSize = 0
    #expect(throws: ModelError.self) { try estimator.fit(Self.flowers, Self.iris.y) }
    let model = try Estimator().fit(Self.flowers, Self.iris.y)
    #expect(throws: ModelError.columns(3, expected: 4)) { try model.predict(Tensor(zeros: [1, 3])) }
  }

  @Test func `a cancelled task ends with an error`() async {
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try Estimator().fit(Self.flowers, Self.iris.y)
    }
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test func `parameters and models survive being written`() throws {
    var estimator = Estimator(loss: .modifiedHuber, penalty: .elasticNet, classWeight: .balanced, seed: .max)
    estimator.average = 7
    #expect(try JSONDecoder().decode(Estimator.self, from: JSONEncoder().encode(estimator)) == estimator)
    let model = try estimator.fit(Self.flowers, Self.iris.y).model
    try checkDamage(to: model) { model in
      guard model.coefficients.shape[1] == 4 else { return }
      let answers = try model.predictClasses(Self.flowers)
      #expect(answers.allSatisfy { 0..<Int32(model.classCount) ~= $0 })
    }
    let numbers = try SGDRegressor<Tensor<Double>>().fit(Self.flowers, Tensor(Self.iris.y.map(Double.init)))
    try checkDamage(to: numbers) { model in
      guard model.coefficients.shape == [4] else { return }
      _ = try model.predict(Self.flowers)
    }
  }
}

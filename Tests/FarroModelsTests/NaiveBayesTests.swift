import Farro
import FarroData
import FarroDatasets
import FarroModels
import TestSupport
import Testing

@Suite struct GaussianNBTests {
  private static let iris = Datasets.iris(as: Double.self)
  private static let wine = Datasets.wine(as: Double.self)
  private static let digits = Datasets.digits(as: Double.self)

  @Test(arguments: [
    ("iris", GaussianNB<Double>(), iris, nil),
    ("priors", GaussianNB(priors: [0.5, 0.25, 0.25], varSmoothing: 0.01), wine, nil),
    ("weighted", GaussianNB(), digits, goldenWeights(1797)),
  ])
  func `means, variances, priors and likelihoods are scikit-learn's`(
    name: String,
    estimator: GaussianNB<Double>,
    set: ClassificationDataset<Double>,
    weights: Tensor<Double>?
  ) throws {
    let d = set.x.shape[1]
    let golden = linearGolden("gaussian." + name)
    let likelihoods = linearGolden("gaussian.\(name).likelihood")
    for isa in InstructionSet.supported {
      try withInstructionSet(isa) {
        let model = try estimator.fit(set.x, set.y, weights: weights).model
        #expect(relativeError(model.means[row: 1].scalars, golden[..<d]) < 1e-9)
        #expect(relativeError(model.variances[row: 1].scalars, golden[d..<2 * d]) < 1e-9)
        #expect(relativeError(model.classPriors, golden[(2 * d)...]) < 1e-9)
        let likelihood = try model.jointLogLikelihood(everyRow(set.x, 97))
        #expect(relativeError(likelihood.scalars, likelihoods) < 1e-9)
      }
    }
    let single = try GaussianNB<Float>(priors: estimator.priors, varSmoothing: estimator.varSmoothing)
      .fit(Tensor(casting: set.x), set.y, weights: weights).model
    #expect(relativeError(single.means[row: 1].scalars, golden[..<d]) < 1e-6)
    #expect(relativeError(single.variances[row: 1].scalars, golden[d..<2 * d]) < 1e-6)
    let likelihood = try single.jointLogLikelihood(Tensor(casting: everyRow(set.x, 97)))
    #expect(relativeError(likelihood.doubles, likelihoods) < 1e-5)
  }

  @Test func `a model goes on learning, of classes that come later too`() throws {
    let (x, y, half) = (Self.digits.x, Self.digits.y, 1797 / 2)
    var classifier = try GaussianNB(varSmoothing: 1e-4).fit(x[0..<half], Array(y[..<half]), classes: Array(0..<11))
    try classifier.update(x[half..<1797], Array(y[half...]))
    let golden = linearGolden("gaussian.updated")
    #expect(relativeError(classifier.means[row: 3].scalars, golden[..<64]) < 1e-9)
    // scikit-learn takes away what it adds to the new rows' variances, not what it has added to the old ones'.
    #expect(relativeError(classifier.variances[row: 3].scalars, golden[64..<128]) < 1e-6)
    #expect(relativeError(classifier.classPriors, golden[128...]) < 1e-9)
    #expect(try !classifier.predict(x).contains(10))
    #expect(throws: MetricError.self) { try classifier.update(x[0..<1], [11]) }
    #expect(throws: ModelError.columns(3, expected: 64)) { try classifier.update(Tensor(zeros: [1, 3]), [1]) }
  }

  @Test func `probabilities are those of their logarithms, and classes the most probable`() throws {
    let classifier = try GaussianNB().fit(Self.iris.x, Self.iris.labels)
    let probabilities = try classifier.predictProbabilities(Self.iris.x)
    #expect(
      relativeError(exp(try classifier.model.predictLogProbabilities(Self.iris.x)).scalars, probabilities.scalars)
        < 1e-12
    )
    let best = probabilities.argmax(axis: 1).scalars.map { classifier.classes[$0] }
    #expect(try classifier.predict(Self.iris.x) == best)
  }

  @Test func `classes are those of the highest likelihood, where one cannot be too`() throws {
    let model = try GaussianNB(priors: [0, 0.5, 0.5]).fit(Self.iris.x, Self.iris.y).model
    for x in [Self.iris.x, Self.iris.x[0..<1], Self.iris.x[3..<41]] {
      let likelihood = try model.jointLogLikelihood(x)
      #expect(likelihood[0, 0] == -.infinity)
      #expect(try model.predictClasses(x) == likelihood.argmax(axis: 1).scalars.map { Int32($0) })
    }
    // Farther away than numbers reach, all are as likely, and the first is taken.
    #expect(try model.predictClasses(Self.iris.x[0..<2] * 1e200) == [0, 0])
  }

  @Test func `the order of rows and the names of classes change rounding alone, and threads nothing`() throws {
    let (x, y) = (Self.wine.x, Self.wine.y)
    let order = (0..<178).map { $0 * 5 % 178 }
    let model = try GaussianNB().fit(x, y)
    let shuffled = try GaussianNB().fit(x[rows: order], order.map { ["c", "a", "b"][y[$0]] })
    #expect(shuffled.classes == ["a", "b", "c"])
    #expect(relativeError(shuffled.variances[row: 0].scalars, model.variances[row: 1].scalars) < 1e-12)
    let many = Tensor<Float>(randomNormal: [30_000, 16], mean: 1000, seed: 3)
    let classes = (0..<30_000).map { $0 % 5 }
    let one = try withThreads(1) { try GaussianNB().fit(many, classes) }
    #expect(try withThreads(2) { try GaussianNB().fit(many, classes) } == one)
    #expect(try withThreads(1) { try one.predict(many) } == withThreads(2) { try one.predict(many) })
  }

  @Test func `far means and any scale keep their digits`() throws {
    let (x, y) = (Self.iris.x, Self.iris.y)
    let model = try GaussianNB(varSmoothing: 0).fit(x, y)
    let far = try GaussianNB(varSmoothing: 0).fit(x + 1e7, y)
    #expect(relativeError(far.variances.scalars, model.variances.scalars) < 1e-6)
    for scale in [1e-100, 1e100] {
      #expect(try GaussianNB().fit(x * scale, y).predict(x * scale) == GaussianNB().fit(x, y).predict(x))
    }
    let single = Tensor<Float>(casting: x)
    for scale: Float in [0x1p-90, 0x1p90] {
      #expect(
        try GaussianNB().fit(single * scale, y).predict(single * scale) == GaussianNB().fit(single, y).predict(single)
      )
    }
    let twice = try GaussianNB().fit(concatenate([x, x]), y + y)
    #expect(relativeError(twice.variances.scalars, try GaussianNB().fit(x, y).variances.scalars) < 1e-12)
  }

  @Test func `one class, one row and constant columns`() throws {
    let one = try GaussianNB().fit(Self.iris.x[0..<1], ["a"])
    #expect(try one.predict(Self.iris.x[0..<3]) == ["a", "a", "a"])
    #expect(one.variances.scalars.allSatisfy { $0 == 0 })
    let same = try GaussianNB().fit(Self.iris.x, [Int](repeating: 4, count: 150))
    #expect(try same.predictProbabilities(Self.iris.x).scalars.allSatisfy { $0 == 1 })
    let constant = Tensor((0..<150).flatMap { [Self.iris.x[$0, 2], 5] }, shape: [150, 2])
    let model = try GaussianNB().fit(constant, Self.iris.y)
    let alone = try GaussianNB().fit(Tensor((0..<150).map { Self.iris.x[$0, 2] }, shape: [150, 1]), Self.iris.y)
    #expect(
      try model.predict(constant) == alone.predict(Tensor((0..<150).map { Self.iris.x[$0, 2] }, shape: [150, 1]))
    )
    let wide = try GaussianNB().fit(Tensor<Double>(randomNormal: [4, 30], seed: 1), [0, 1, 0, 1])
    #expect(wide.means.shape == [2, 30])
  }

  @Test func `errors say what is wrong and where`() throws {
    let (x, y) = (Self.iris.x, Self.iris.y)
    var broken = x
    broken[41, 2] = .infinity
    #expect(throws: ModelError.notFinite(row: 41, column: 2)) { try GaussianNB().fit(broken, y) }
    var zeros = [Double](repeating: 1, count: 150)
    zeros[41] = 0
    #expect(throws: ModelError.notFinite(row: 41, column: 2)) {
      try GaussianNB().fit(broken, y, weights: Tensor(zeros))
    }
    let far = Tensor((0..<32).map { $0 < 16 ? 0 : 1e200 }, shape: [32, 1])
    #expect {
      try GaussianNB().fit(far, [Int](repeating: 0, count: 32))
    } throws: {
      "\($0)".contains("scale the columns")
    }
    #expect(throws: ModelError.labels(2, rows: 150)) { try GaussianNB().fit(x, [1, 2]) }
    #expect(throws: ModelError.rows(0, needed: 1)) { try GaussianNB().fit(x[0..<0], [Int]()) }
    #expect(throws: ModelError.self) { try GaussianNB(priors: [1, 2]).fit(x, y) }
    #expect(throws: ModelError.self) { try GaussianNB(varSmoothing: -1).fit(x, y) }
    let model = try GaussianNB().fit(x, y).model
    #expect(throws: ModelError.columns(3, expected: 4)) { try model.predictClasses(Tensor(zeros: [2, 3])) }
    #expect(throws: ModelError.notFinite(row: 41, column: 2)) { try model.predictClasses(broken) }
    #expect(try model.predictClasses(Tensor(zeros: [0, 4])).isEmpty)
  }

  @Test func `models survive being saved`() throws {
    try checkDamage(to: try GaussianNB().fit(Self.iris.x, Self.iris.y).model) { model in
      guard model.means.shape == [3, 4] else { return }
      _ = try model.predictProbabilities(Self.iris.x)
    }
  }
}

@Suite struct DiscreteNBTests {
  private static let digits = Datasets.digits(as: Double.self)
  private static let (x, y) = (digits.x, digits.y)
  private static let weights = goldenWeights(1797)

  private func compare<Dense: ClassifierEstimator<Tensor<Double>>, Sparse: ClassifierEstimator<CSRMatrix<Double>>>(
    _ name: String,
    _ dense: Dense,
    _ sparse: Sparse,
    weights: Tensor<Double>?
  ) throws where Dense.Model == DiscreteNBModel<Tensor<Double>>, Sparse.Model == DiscreteNBModel<CSRMatrix<Double>> {
    let golden = linearGolden(name)
    let likelihood = linearGolden(name + ".likelihood")
    let some = everyRow(Self.x, 97)
    let model = try dense.fit(Self.x, Self.y, weights: weights)
    #expect(relativeError(model.featureLogProbabilities[row: 3].scalars, golden[..<64]) < 1e-9, "\(name)")
    #expect(relativeError(model.classLogPriors, golden[64...]) < 1e-9, "\(name)")
    #expect(relativeError(try model.model.jointLogLikelihood(some).scalars, likelihood) < 1e-9, "\(name)")
    let same = try sparse.fit(CSRMatrix(Self.x), Self.y, weights: weights)
    #expect(relativeError(same.featureCounts.scalars, model.featureCounts.scalars) < 1e-12, "\(name)")
    #expect(relativeError(try same.model.jointLogLikelihood(CSRMatrix(some)).scalars, likelihood) < 1e-9, "\(name)")
    let logs = try model.model.predictLogProbabilities(some)
    #expect(relativeError(exp(logs).scalars, try model.predictProbabilities(some).scalars) < 1e-12)
    #expect(try model.predict(some) == logs.argmax(axis: 1).scalars)
  }

  @Test func `multinomial counts are scikit-learn's`() throws {
    try compare("multinomial", MultinomialNB(), MultinomialNB(), weights: nil)
    try compare("multinomial.weighted", MultinomialNB(alpha: 0.25), MultinomialNB(alpha: 0.25), weights: Self.weights)
    try compare("multinomial.uniform", MultinomialNB(fitPrior: false), MultinomialNB(fitPrior: false), weights: nil)
    let single = try MultinomialNB().fit(Tensor<Float>(casting: Self.x), Self.y).model
    let likelihood = try single.jointLogLikelihood(Tensor(casting: everyRow(Self.x, 97)))
    #expect(relativeError(likelihood.doubles, linearGolden("multinomial.likelihood")) < 1e-6)
  }

  @Test func `Bernoulli counts are scikit-learn's`() throws {
    try compare("bernoulli", BernoulliNB(binarize: 7), BernoulliNB(binarize: 7), weights: nil)
    try compare(
      "bernoulli.weighted",
      BernoulliNB(alpha: 0.5, binarize: 3),
      BernoulliNB(alpha: 0.5, binarize: 3),
      weights: Self.weights
    )
    let flags = Self.x.map { $0 > 7 ? 1 : 0.0 }
    let ready = try BernoulliNB(binarize: nil).fit(flags, Self.y)
    #expect(ready.featureCounts == (try BernoulliNB(binarize: 7).fit(Self.x, Self.y).featureCounts))
    #expect(try ready.predict(flags) == BernoulliNB(binarize: 7).fit(Self.x, Self.y).predict(Self.x))
  }

  @Test func `complements are scikit-learn's`() throws {
    try compare("complement", ComplementNB(), ComplementNB(), weights: nil)
    try compare(
      "complement.norm",
      ComplementNB(alpha: 2, norm: true),
      ComplementNB(alpha: 2, norm: true),
      weights: Self.weights
    )
    let one = try ComplementNB().fit(Self.x, [Int](repeating: 4, count: 1797))
    #expect(try one.predictProbabilities(Self.x[0..<2]).scalars == [1, 1])
  }

  @Test func `columns have a smoothing of their own, where it is given`() throws {
    let rising = (1...64).map { Double($0) / 8 }
    try compare(
      "multinomial.columns",
      MultinomialNB(columnAlphas: rising),
      MultinomialNB(columnAlphas: rising),
      weights: nil
    )
    try compare(
      "complement.columns",
      ComplementNB(columnAlphas: rising),
      ComplementNB(columnAlphas: rising),
      weights: nil
    )
    // Columns of Bernoulli's are independent: each is as if its smoothing were that of all.
    let flags = try BernoulliNB(binarize: 7, columnAlphas: rising).fit(Self.x, Self.y).featureLogProbabilities
    let alike = try BernoulliNB(alpha: rising[20], binarize: 7).fit(Self.x, Self.y).featureLogProbabilities
    #expect(flags[3, 20] == alike[3, 20] && flags[3, 21] != alike[3, 21])
    for wrong in [[1, 2], rising.map { -$0 }, rising.map { $0 / 0 }] {
      #expect(throws: ModelError.parameter(name: "columnAlphas", reason: "64 finite numbers of at least 0 are needed"))
      {
        try MultinomialNB(columnAlphas: wrong).fit(Self.x, Self.y)
      }
    }
    #expect(throws: ModelError.self) { try MultinomialNB(alpha: .nan).fit(Self.x, Self.y) }
  }

  @Test func `a model goes on learning, of classes that come later too`() throws {
    let half = 1797 / 2
    var classifier = try MultinomialNB().fit(Self.x[0..<half], Array(Self.y[..<half]), classes: Array(0..<11))
    try classifier.update(Self.x[half..<1797], Array(Self.y[half...]))
    let logs = classifier.featureLogProbabilities
    #expect(relativeError(logs[row: 3].scalars + logs[row: 10].scalars, linearGolden("multinomial.updated")) < 1e-9)
  }

  @Test func `smoothing of 0 is kept only where it is forced`() throws {
    let x = Tensor<Double>([[1, 0], [0, 1]])
    let forced = try MultinomialNB(alpha: 0).fit(x, [0, 1])
    #expect(forced.featureLogProbabilities[0, 1] == -.infinity)
    let smoothed = try MultinomialNB(alpha: 0, forceAlpha: false).fit(x, [0, 1])
    #expect(abs(smoothed.featureLogProbabilities[0, 1] - Double(-23.02585093)) < 1e-6)
    let priors = try MultinomialNB(classPrior: [0.25, 0.75]).fit(x, [0, 1])
    #expect(relativeError(priors.classLogPriors, [-1.3862943611, -0.2876820724]) < 1e-9)
  }

  @Test func `threads, the order of rows and the names of classes change nothing but rounding`() throws {
    let many = concatenate(Array(repeating: Self.x, count: 6))
    let labels = Array(repeatElement(Self.y, count: 6).joined())
    let one = try withThreads(1) { try MultinomialNB().fit(many, labels) }
    #expect(try withThreads(2) { try MultinomialNB().fit(many, labels) } == one)
    let sparse = CSRMatrix(many)
    #expect(
      try withThreads(1) { try BernoulliNB().fit(sparse, labels) }
        == withThreads(2) { try BernoulliNB().fit(sparse, labels) }
    )
    let order = (0..<1797).map { $0 * 5 % 1797 }
    let shuffled = try ComplementNB().fit(Self.x[rows: order], order.map { 9 - Self.y[$0] })
    let straight = try ComplementNB().fit(Self.x, Self.y)
    #expect(try shuffled.predict(Self.x).map { 9 - $0 } == straight.predict(Self.x))
  }

  @Test func `constant columns, one row and any scale`() throws {
    let row = try MultinomialNB().fit(Self.x[0..<1], ["zero"])
    #expect(try row.predict(Self.x[0..<2]) == ["zero", "zero"])
    let constant = try BernoulliNB().fit(Tensor<Float>(ones: [4, 3]), [0, 0, 1, 1])
    #expect(try constant.predictProbabilities(Tensor(ones: [1, 3])).scalars == [0.5, 0.5])
    for scale in [1e-100, 1e100] {
      let model = try MultinomialNB(alpha: scale).fit(Self.x * scale, Self.y)
      #expect(model.featureLogProbabilities.scalars.allSatisfy { $0.isFinite })
    }
  }

  @Test func `errors say what is wrong and where`() throws {
    var negative = Self.x
    negative[5, 7] = -1
    let message = "row 5 is negative in column 7: counts are needed"
    for error in [ModelError.parameter(name: "x", reason: message)] {
      #expect(throws: error) { try MultinomialNB().fit(negative, Self.y) }
      #expect(throws: error) { try ComplementNB().fit(CSRMatrix(negative), Self.y) }
      #expect(throws: error) { try MultinomialNB().fit(Self.x, Self.y).predict(negative) }
    }
    var broken = Self.x
    broken[41, 2] = .nan
    #expect(throws: ModelError.notFinite(row: 41, column: 2)) { try MultinomialNB().fit(broken, Self.y) }
    #expect(throws: ModelError.notFinite(row: 41, column: 2)) { try BernoulliNB().fit(broken, Self.y) }
    #expect(throws: ModelError.notFinite(row: 41, column: 2)) { try BernoulliNB().fit(CSRMatrix(broken), Self.y) }
    let model = try BernoulliNB().fit(Self.x, Self.y)
    #expect(throws: ModelError.notFinite(row: 41, column: 2)) { try model.predict(broken) }
    for wrong in [Double.nan, .infinity] {
      broken[41, 2] = wrong
      #expect(throws: ModelError.notFinite(row: 41, column: 2)) {
        try MultinomialNB().fit(Self.x, Self.y).predict(broken)
      }
      #expect(throws: ModelError.notFinite(row: 41, column: 2)) {
        try ComplementNB(norm: true).fit(Self.x, Self.y).predictProbabilities(broken)
      }
    }
    #expect(throws: ModelError.columns(3, expected: 64)) { try model.predict(Tensor(zeros: [2, 3])) }
    #expect(throws: ModelError.self) { try MultinomialNB(alpha: -1).fit(Self.x, Self.y) }
    #expect(throws: ModelError.self) { try MultinomialNB(classPrior: [1]).fit(Self.x, Self.y) }
    #expect(throws: ModelError.self) { try BernoulliNB(binarize: -1).fit(Self.x, Self.y) }
    #expect(throws: ModelError.rows(0, needed: 1)) { try MultinomialNB().fit(Self.x[0..<0], [Int]()) }
  }

  @Test func `models survive being saved`() throws {
    let (x, y) = (Self.x[0..<60], Array(Self.y[0..<60]))
    try checkDamage(to: try BernoulliNB(binarize: 7).fit(x, y).model) { model in
      guard model.featureCounts.shape == [10, 64] else { return }
      _ = try model.jointLogLikelihood(x)
    }
  }
}

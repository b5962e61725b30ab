import Farro
import FarroModels
import TestSupport
import Testing

@Suite struct BoostingContinuationTests {
  private static let (x, y) = (BoostingData.diabetes.x, BoostingData.diabetes.y)

  @Test(arguments: BoostingRegressionLoss.allCases)
  func `continued numbers are those that are learned at once`(loss: BoostingRegressionLoss) throws {
    var estimator = HistGradientBoostingRegressor<Double>(loss: loss, maxIterations: 4, maxFeatures: 0.5)
    estimator.quantile = loss == .quantile ? 0.8 : nil
    for stopping in [BoostingEarlyStopping.never, .always] {
      (estimator.earlyStopping, estimator.maxIterations) = (stopping, 4)
      let x = BoostingData.withMissing(Self.x)
      let first = try estimator.fit(x, Self.y, weights: BoostingData.weights)
      estimator.maxIterations = 9
      let second = try estimator.fit(x, Self.y, weights: BoostingData.weights, from: first)
      #expect(first.nIterations == 4 && second.nIterations == 9)
      #expect(second.trainScore.count == (stopping == .never ? 0 : 10))
      #expect(second == (try estimator.fit(x, Self.y, weights: BoostingData.weights)))
    }
  }

  @Test func `continued classes and categories are those that are learned at once`() throws {
    let wine = BoostingData.wine
    var classes = HistGradientBoostingClassifier<Double>(maxIterations: 3, maxFeatures: 0.3, earlyStopping: .always)
    let first = try classes.fit(wine.x, wine.labels)
    classes.maxIterations = 6
    let second = try classes.fit(wine.x, wine.labels, from: first)
    #expect(second == (try classes.fit(wine.x, wine.labels)) && second.nIterations == 6)
    #expect(try classes.fit(wine.x, wine.labels, from: second) == second)
    var numbers = HistGradientBoostingRegressor<Double>(maxIterations: 3)
    numbers.categoricalFeatures = [4]
    let model = try numbers.fit(BoostingData.withCategories, Self.y)
    numbers.maxIterations = 6
    let all = try numbers.fit(BoostingData.withCategories, Self.y)
    #expect(try numbers.fit(BoostingData.withCategories, Self.y, from: model) == all)
  }

  @Test func `further trees learn from other rows`() throws {
    let half = HistGradientBoostingRegressor<Double>(maxIterations: 20)
    let first = try half.fit(Self.x[0..<200], Self.y[0..<200])
    let more = HistGradientBoostingRegressor<Double>(maxIterations: 40)
    let rest = (Self.x[200..<442], Self.y[200..<442])
    let second = try more.fit(rest.0, rest.1, from: first)
    let scores = try [first, second].map { try r2Score(rest.1, predicted: $0.predict(rest.0)) }
    #expect(scores[1] > scores[0] + 0.2)
  }

  @Test func `what cannot be continued is refused`() throws {
    var estimator = HistGradientBoostingRegressor<Double>(maxIterations: 3)
    estimator.categoricalFeatures = [4]
    let x = BoostingData.withCategories
    let model = try estimator.fit(x, Self.y)
    func expect(_ name: String, _ fit: () throws -> Void) {
      do {
        try fit()
        Issue.record("\(name) is taken")
      } catch ModelError.parameter(let found, _) {
        #expect(found == name)
      } catch {
        Issue.record("\(error)")
      }
    }
    var other = estimator
    other.maxIterations = 2
    expect("maxIterations") { _ = try other.fit(x, Self.y, from: model) }
    other = estimator
    other.loss = .absoluteError
    expect("from") { _ = try other.fit(x, Self.y, from: model) }
    other = estimator
    other.categoricalFeatures = []
    expect("from") { _ = try other.fit(x, Self.y, from: model) }
    var unknown = x
    unknown[3, 4] = 77
    expect("from") { _ = try estimator.fit(unknown, Self.y, from: model) }
    #expect(throws: ModelError.columns(10, expected: 5)) { try estimator.fit(Self.x, Self.y, from: model) }
    let wine = BoostingData.wine
    let classes = HistGradientBoostingClassifier<Double>(maxIterations: 2)
    let two = try classes.fit(wine.x, wine.y.map { $0 == 0 })
    #expect(try classes.fit(wine.x, wine.y.map { $0 == 1 }, from: two).nIterations == 2)
    let three = try classes.fit(wine.x, wine.y)
    #expect(throws: MetricError.unknownLabel("3", row: wine.y.firstIndex(of: 2)!)) {
      try classes.fit(wine.x, wine.y.map { $0 + 1 }, from: three)
    }
  }
}

import Farro
import FarroDatasets
import FarroModels
import Testing

/// What is true of every step that takes numbers, whatever they are.
@Suite struct PreprocessingPropertyTests {
  private struct Step: Sendable {
    let name: String
    let made: @Sendable (_ training: Tensor<Double>, _ x: Tensor<Double>) throws -> Tensor<Double>

    init<E: Estimator & Sendable>(_ estimator: E)
    where E.Input == Tensor<Double>, E.Model: Transformer, E.Model.Input == E.Input, E.Model.Output: MatrixRows {
      name = "\(E.self)"
      made = { try estimator.fit($0).transform($1).denseRows(as: Double.self) }
    }
  }

  private static let steps = [
    Step(StandardScaler<Tensor<Double>>()), Step(MinMaxScaler<Double>()), Step(MaxAbsScaler<Tensor<Double>>()),
    Step(RobustScaler<Tensor<Double>>()), Step(Normalizer<Tensor<Double>>()), Step(Binarizer<Tensor<Double>>()),
    Step(SimpleImputer<Tensor<Double>>(strategy: .median)), Step(PolynomialFeatures<Tensor<Double>>()),
    Step(OneHotEncoder<Tensor<Double>, CSRMatrix<Double>>()), Step(OrdinalEncoder<Tensor<Double>, Double>()),
    Step(KBinsDiscretizer<Double, CSRMatrix<Double>>()),
  ]

  private func areClose(_ a: Tensor<Double>, _ b: Tensor<Double>) -> Bool {
    a.shape == b.shape && zip(a.scalars, b.scalars).allSatisfy { abs($0 - $1) <= 1e-12 * max(1, abs($0)) }
  }

  @Test func `rows in another order, or each twice, change rounding only`() throws {
    let x = Datasets.wine(as: Double.self).x
    let order = (0..<x.shape[0]).map { $0 * 5 % x.shape[0] }
    let twice = concatenate([x, x])
    for step in Self.steps {
      let made = try step.made(x, x)
      #expect(areClose(try step.made(x[rows: order], x), made), "\(step.name)")
      #expect(areClose(try step.made(x, x[rows: order]), made[rows: order]), "\(step.name)")
      // Quantiles on a straight line between elements are others of more elements.
      if !step.name.hasPrefix("Robust") { #expect(areClose(try step.made(twice, x), made), "\(step.name)") }
    }
  }

  @Test func `one thread and two give the same bits`() throws {
    let x = Tensor<Double>(randomNormal: [3000, 12], seed: 3).map { ($0 * 8).rounded() }
    for step in Self.steps {
      #expect(try withThreads(1) { try step.made(x, x) } == withThreads(2) { try step.made(x, x) }, "\(step.name)")
    }
  }

  @Test func `more columns than rows, one row, constant columns, huge and tiny numbers give numbers`() throws {
    let wide = Tensor<Double>((0..<60).map { Double($0 * 37 % 23) }, shape: [3, 20])
    let scales = Tensor<Double>([[7, 1e150, 1e-150, 0], [7, -1e150, 3e-150, 0], [7, 0, 2e-150, 0]])
    for step in Self.steps {
      for x in [wide, wide[0..<1], scales] {
        let made = try step.made(x, x)
        #expect(made.shape[0] == x.shape[0], "\(step.name)")
        #expect(made.scalars.allSatisfy { !$0.isNaN && ($0.isFinite || step.name.hasPrefix("Poly")) }, "\(step.name)")
      }
    }
  }

  @Test func `no rows, and what is no matrix, are told`() {
    for step in Self.steps {
      #expect(throws: ModelError.self, "\(step.name)") {
        try step.made(Tensor(zeros: [3]), Tensor(zeros: [3]))
      }
      // These have nothing to learn, and take rows of any length.
      if step.name.hasPrefix("Norm") || step.name.hasPrefix("Bin") { continue }
      #expect(throws: ModelError.self, "\(step.name)") {
        try step.made(Tensor([[1, 2]]), Tensor([[1, 2, 3]]))
      }
      #expect(throws: ModelError.self, "\(step.name)") { try step.made(Tensor(zeros: [0, 2]), Tensor([[1, 2]])) }
    }
  }
}
